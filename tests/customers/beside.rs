//! What stands beside customers on request: names of people and places, and how many there are.

use tests::{both, json};

both! {
    async fn people_and_places_stand_beside_their_ids_where_a_request_asks(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let plain = recruiter.get(&path).await.expect(200);
        for field in ["holder", "campus", "collector"] {
            assert_eq!(plain.json[field], json!(null), "{field}");
        }
        let staff = recruiter.get(&format!("/api/v1/staff/{}", recruiter.principal)).await.expect(200);
        let campus = recruiter.get(&format!("/api/v1/campuses/{}", w.places.north)).await.expect(200);
        let holder = json!({"id": staff.json["id"], "name": staff.json["name"]});
        let campus = json!({"id": campus.json["id"], "name": campus.json["name"]});

        let one = recruiter.get(&format!("{path}?expand=holder")).await.expect(200);
        assert_eq!((&one.json["holder"], &one.json["campus"]), (&holder, &json!(null)));
        let asked = "expand=holder,campus,collector";
        let whole = recruiter.get(&format!("{path}?{asked}")).await.expect(200);
        for (field, expected) in [("holder", &holder), ("campus", &campus), ("collector", &holder)] {
            assert_eq!(&whole.json[field], expected, "{field}");
        }
        // What is shown is another representation of the same version.
        assert_ne!(whole.etag(), plain.etag());
        recruiter.patch_if(&path, &whole.etag(), &json!({"intent": 2})).await.expect(200);
        let whole = recruiter.get(&format!("{path}?{asked}")).await.expect(200);
        let listed = recruiter.get(&format!("/api/v1/customers?{asked}")).await.expect(200);
        assert_eq!(listed.json["items"], json!([whole.json]));
        let sought = json!({"query": "张伟", "expand": ["collector", "holder", "campus"]});
        let found = recruiter.post("/api/v1/customers/search", &sought).await.expect(200);
        assert_eq!(found.json["items"], listed.json["items"]);
        // The pool of a campus goes by its name.
        let pooled = w.new_student("李雷").await;
        let pooled = w.as_boss().get(&format!("/api/v1/customers/{pooled}?expand=holder")).await.expect(200);
        assert_eq!(pooled.json["holder"], campus);
        recruiter.get(&format!("{path}?expand=guardian")).await.expect_problem(422, "validation_failed");
    }

    async fn a_name_does_not_tell_what_a_field_rule_hides(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let rules = json!([{"record": "customers", "field": "collector_id", "access": "hidden"}]);
        let reader = crate::access::fields::reader_with(&w, &["customers:read"], rules).await;
        let path = format!("/api/v1/customers/{}?expand=collector,holder", made.id());
        let read = reader.get(&path).await.expect(200);
        assert_eq!((&read.json["collector_id"], &read.json["collector"]), (&json!(null), &json!(null)));
        assert_eq!(read.json["holder"]["id"], json!(w.as_recruiter().principal));
    }

    async fn a_list_says_how_many_there_are_on_all_pages_where_a_request_asks(w: World) {
        let recruiter = w.as_recruiter();
        let mut ids = Vec::new();
        for n in 0..5 {
            let body = w.new_customer(&format!("学员{n}"));
            ids.push(recruiter.post("/api/v1/customers", &body).await.expect(201).id());
        }
        let theirs = w.actor("colleague").post("/api/v1/customers", &w.new_customer("旁人")).await.expect(201).id();
        let total = async |who: &tests::Actor, query: &str| {
            let path = format!("/api/v1/customers?limit=2&include_total=true{query}");
            let page = who.get(&path).await.expect(200);
            assert_eq!(page.json["total_is_capped"], false);
            page.json["total"].as_u64().unwrap()
        };
        let plain = recruiter.get("/api/v1/customers?limit=2").await.expect(200);
        assert_eq!((&plain.json["total"], &plain.json["total_is_capped"]), (&json!(null), &json!(null)));
        assert_eq!(total(&recruiter, "").await, 5);
        assert_eq!(total(&recruiter, "&stage=lost").await, 0);
        assert_eq!(total(&w.actor("supervisor"), "").await, 6);
        assert_eq!(total(&w.as_boss(), "").await, 6);
        assert_eq!(total(&w.as_stranger(), "").await, 0);

        // What is shared counts once, whoever else it is shared with.
        let share = json!({"grantee_id": recruiter.principal, "access": "read"});
        w.as_boss().post(&format!("/api/v1/customers/{theirs}/shares"), &share).await.expect(201);
        assert_eq!(total(&recruiter, "").await, 6);

        let boss = w.as_boss();
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "来源"})).await.expect(201).id();
        let mut tags = Vec::new();
        for name in ["热线", "地推"] {
            let new = json!({"name": name, "category_id": category});
            tags.push(boss.post("/api/v1/tags", &new).await.expect(201).id());
        }
        for (customer, tag) in [(&ids[0], 0), (&ids[0], 1), (&ids[1], 1)] {
            let path = format!("/api/v1/customers/{customer}/tags");
            let put = json!({"tag_id": tags[tag], "reason": "来电"});
            boss.post(&path, &put).await.expect(201);
        }
        assert_eq!(total(&recruiter, &format!("&tag_id={},{}", tags[0], tags[1])).await, 2);
        assert_eq!(total(&recruiter, &format!("&tag_id={}", tags[0])).await, 1);

        // The walk goes on with the same number.
        let page = recruiter.get("/api/v1/customers?limit=4&include_total=true").await.expect(200);
        let cursor = page.json["next_cursor"].as_str().unwrap();
        let rest = recruiter.get(&format!("/api/v1/customers?limit=4&include_total=true&cursor={cursor}")).await.expect(200);
        assert_eq!((rest.ids().len(), rest.json["total"].as_u64()), (2, Some(6)));
    }
}
