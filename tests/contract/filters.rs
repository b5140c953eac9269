//! Lists of what belongs to something else.

use tests::{both, json};

both! {
    async fn what_belongs_to_something_is_listed_by_it(w: World) {
        let boss = w.as_boss();
        let course = json!({"hours_hundredths": 100, "price": {"amount_minor": 1000, "currency": "CNY"}});
        let campus = json!({"legal_entity": "启明教育西部有限公司"});
        for (parents, children, field, more) in [
            ("subjects", "courses", "subject_id", course),
            ("tag-categories", "tags", "category_id", json!({})),
            ("regions", "campuses", "region_id", campus.clone()),
            ("departments", "departments", "parent_id", json!({})),
            ("campuses", "teams", "campus_id", json!({})),
        ] {
            let (mut ids, mut made) = (Vec::new(), Vec::new());
            for name in ["一", "二"] {
                let mut parent = json!({ "name": name });
                if parents == "campuses" {
                    parent["legal_entity"] = campus["legal_entity"].clone();
                }
                let parent = boss.post(&format!("/api/v1/{parents}"), &parent).await.expect(201).id();
                let mut child = more.clone();
                child["name"] = json!(format!("{name}之下"));
                child[field] = json!(parent);
                made.push(boss.post(&format!("/api/v1/{children}"), &child).await.expect(201).id());
                ids.push(parent);
            }
            let nothing = uuid::Uuid::now_v7().to_string();
            for (query, expected) in [
                (ids[0].clone(), &made[..1]), (ids[1].clone(), &made[1..]), (ids.join(","), &made[..]), (nothing, &[]),
            ] {
                let seen = boss.get(&format!("/api/v1/{children}?{field}={query}")).await.expect(200);
                assert_eq!(seen.ids(), expected, "{children} by {field}");
            }
            let all = boss.get(&format!("/api/v1/{children}?limit=200")).await.expect(200).ids();
            assert!(made.iter().all(|id| all.contains(id)), "{children}");
        }
    }
}
