//! Tags beside their customers, and customers by tag.

use tests::{Actor, World, both, json};

use super::tag;

const CUSTOMERS: &str = "/api/v1/customers";

/// A customer of somebody's that has some tags.
async fn tagged(w: &World, actor: &Actor, name: &str, tags: &[&str]) -> String {
    let made = actor.post(CUSTOMERS, &w.new_customer(name)).await;
    let id = made.expect(201).id();
    for tag in tags {
        let path = format!("{CUSTOMERS}/{id}/tags");
        let body = json!({ "tag_id": tag });
        w.as_boss().post(&path, &body).await.expect(201);
    }
    id
}

/// The customers of all pages of a list, two a page.
async fn walked(actor: &Actor, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{CUSTOMERS}?limit=2&{query}{cursor}");
        let page = actor.get(&path).await.expect(200);
        all.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Somebody with permissions of these reaches.
async fn with(w: &World, permissions: &[(&str, &str)]) -> Actor {
    let boss = w.as_boss();
    let permissions: Vec<_> = permissions
        .iter()
        .map(|(code, reach)| json!({"permission": code, "reach": reach}))
        .collect();
    let name = format!("查看 {}", uuid::Uuid::now_v7());
    let role = json!({"name": name, "permissions": permissions});
    let role = boss.post("/api/v1/roles", &role).await.expect(201).id();
    let actor = w.hire(&[], w.places.north, None).await;
    let roles = format!("/api/v1/staff/{}/roles", actor.principal);
    let body = json!({"role_ids": [role]});
    boss.put(&roles, &body).await.expect(200);
    actor
}

both! {
    async fn a_customer_shows_its_tags_in_the_order_in_which_they_came(w: World) {
        let (one, other) = (tag(&w, "VIP").await, tag(&w, "数学").await);
        let recruiter = w.as_recruiter();
        let id = tagged(&w, &recruiter, "张伟", &[&other, &one]).await;
        let bare = tagged(&w, &recruiter, "李雷", &[]).await;
        let path = format!("{CUSTOMERS}/{id}");
        let read = recruiter.get(&path).await.expect(200);
        let names = |customer: &tests::Value| -> Vec<String> {
            let tags = customer["tags"].as_array().unwrap().iter();
            tags.map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&read.json), ["数学", "VIP"]);
        assert_eq!(read.json["tags"][0]["id"], other.as_str());
        // In every answer that shows a customer.
        let listed = recruiter.get(CUSTOMERS).await.expect(200);
        assert_eq!(listed.ids(), [bare, id.clone()]);
        let listed: Vec<_> = listed.json["items"].as_array().unwrap().iter().map(names).collect();
        assert_eq!(listed, [vec![], vec!["数学".to_owned(), "VIP".into()]]);
        let found = recruiter.post("/api/v1/customers/search", &json!({"query": "zw"})).await.expect(200);
        assert_eq!(names(&found.json["items"][0]), ["数学", "VIP"]);
        let changed = recruiter.patch(&path, &json!({"intent": 4})).await.expect(200);
        assert_eq!(names(&changed.json), ["数学", "VIP"]);
        // The representation is another one, the version is the same.
        recruiter.post(&format!("{path}/tags/{one}/take-off"), &json!({})).await.expect(200);
        let after = recruiter.get(&path).await.expect(200);
        assert_eq!(names(&after.json), ["数学"]);
        assert_eq!(after.json["version"], changed.json["version"]);
        assert_ne!(after.header("etag"), changed.header("etag"));
    }

    async fn customers_by_tag_come_in_pages_each_once(w: World) {
        let (one, other) = (tag(&w, "VIP").await, tag(&w, "数学").await);
        let recruiter = w.as_recruiter();
        let mut ids = Vec::new();
        for (name, tags) in [
            ("一", vec![&one]), ("二", vec![]), ("三", vec![&one, &other]), ("四", vec![&other]),
            ("五", vec![&one]), ("六", vec![&one]), ("七", vec![&one]),
        ] {
            let tags: Vec<_> = tags.into_iter().map(String::as_str).collect();
            ids.push(tagged(&w, &recruiter, name, &tags).await);
        }
        let chosen = |places: &[usize]| places.iter().map(|n| ids[*n].clone()).collect::<Vec<_>>();
        let changed = recruiter.patch(&format!("{CUSTOMERS}/{}", ids[4]), &json!({"intent": 2})).await;
        changed.expect(200);
        recruiter.post(&format!("{CUSTOMERS}/{}/tags/{one}/take-off", ids[5]), &json!({})).await.expect(200);
        let gone = w.as_boss().delete(&format!("{CUSTOMERS}/{}", ids[6])).await;
        gone.expect(204);
        for reader in [&recruiter, &w.as_boss(), &w.as_manager()] {
            assert_eq!(walked(reader, &format!("tag_id={one}")).await, chosen(&[4, 2, 0]));
            assert_eq!(walked(reader, &format!("tag_id={one}&sort=created_at")).await, chosen(&[0, 2, 4]));
            assert_eq!(walked(reader, &format!("tag_id={one},{other}")).await, chosen(&[4, 3, 2, 0]));
            assert_eq!(walked(reader, &format!("tag_id={one}&intent=2")).await, chosen(&[4]));
            assert!(walked(reader, &format!("tag_id={}", uuid::Uuid::now_v7())).await.is_empty());
        }
        assert!(walked(&w.as_stranger(), &format!("tag_id={one}")).await.is_empty());
        let many = [one.as_str(); 11].join(",");
        recruiter.get(&format!("{CUSTOMERS}?tag_id={many}")).await.expect_problem(422, "validation_failed");
    }

    async fn tags_out_of_reach_neither_show_nor_find(w: World) {
        let vip = tag(&w, "VIP").await;
        let own = with(&w, &[("customers:read", "institution"), ("customers:write", "own"), ("tags:read", "own")]).await;
        let none = with(&w, &[("customers:read", "institution")]).await;
        let narrow = with(&w, &[("customers:read", "own"), ("customers:write", "own"), ("tags:read", "institution")]).await;
        let of_own = tagged(&w, &own, "张伟", &[&vip]).await;
        let of_narrow = tagged(&w, &narrow, "李雷", &[&vip]).await;
        let tags = |answer: &tests::Answer| answer.json["tags"].as_array().unwrap().len();
        assert_eq!(tags(&own.get(&format!("{CUSTOMERS}/{of_own}")).await.expect(200)), 1);
        assert_eq!(tags(&own.get(&format!("{CUSTOMERS}/{of_narrow}")).await.expect(200)), 0);
        assert_eq!(tags(&none.get(&format!("{CUSTOMERS}/{of_own}")).await.expect(200)), 0);
        let by_tag = format!("tag_id={vip}");
        assert_eq!(walked(&own, &by_tag).await, std::slice::from_ref(&of_own));
        assert_eq!(walked(&narrow, &by_tag).await, std::slice::from_ref(&of_narrow));
        let refused = none.get(&format!("{CUSTOMERS}?{by_tag}")).await.expect(422);
        assert_eq!(refused.errors(), [("tag_id".into(), "field_not_readable".into())]);
        // A customer that is shared is found by its tags, as far as its tags are open.
        let share = json!({"grantee_id": narrow.principal, "access": "read"});
        w.as_boss().post(&format!("{CUSTOMERS}/{of_own}/shares"), &share).await.expect(201);
        assert_eq!(walked(&narrow, &by_tag).await, [of_narrow, of_own]);
    }
}
