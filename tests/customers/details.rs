//! What is known of a customer beyond the profile.

use tests::{both, json};

const CUSTOMERS: &str = "/api/v1/customers";

both! {
    async fn details_are_sent_with_a_customer_and_shown_where_they_are_asked_for(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["details"] = json!({
            "needs": "数学提高\n晚上上课", "hobbies": ["篮球", "画画"], "region_code": "440300",
            "influence": ["position", "achievement"], "spending_power": "high", "membership_tier": "金卡",
        });
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let details = &made.json["details"];
        assert_eq!(details["needs"], "数学提高\n晚上上课");
        assert_eq!((&details["hobbies"], &details["influence"]), (&json!(["篮球", "画画"]), &json!(["position", "achievement"])));
        assert_eq!((&details["city_class"], &details["expectations"]), (&json!("first"), &json!(null)));
        let path = format!("{CUSTOMERS}/{}", made.id());
        assert_eq!(recruiter.get(&path).await.expect(200).json["details"], json!(null));
        let shown = recruiter.get(&format!("{path}?expand=details")).await.expect(200);
        assert_eq!(&shown.json["details"], details);
        let list = recruiter.get(&format!("{CUSTOMERS}?expand=details,holder")).await.expect(200);
        assert_eq!(&list.json["items"][0]["details"], details);
        let found = recruiter.post(&format!("{CUSTOMERS}/search"), &json!({"query": "张伟", "expand": ["details"]})).await.expect(200);
        assert_eq!(&found.json["items"][0]["details"], details);
        // Of whom nothing is known, nothing is told where it is asked for.
        let other = recruiter.post(CUSTOMERS, &w.new_customer("李雷")).await.expect(201);
        assert_eq!(other.json["details"], json!(null));
        let asked = recruiter.get(&format!("{CUSTOMERS}/{}?expand=details", other.id())).await.expect(200);
        assert_eq!((&asked.json["details"]["needs"], &asked.json["details"]["hobbies"]), (&json!(null), &json!([])));
    }

    async fn a_change_goes_into_the_details_and_raises_the_version_once(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["details"] = json!({"needs": "数学提高", "hobbies": ["篮球"], "region_code": "330106", "city_class": "first"});
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let change = json!({"intent": 4, "details": {"needs": null, "hobbies": ["画画", "围棋"], "city_class": null}});
        let changed = recruiter.patch(&path, &change).await.expect(200);
        let details = &changed.json["details"];
        assert_eq!((&changed.json["version"], &changed.json["intent"]), (&json!(2), &json!(4)));
        assert_eq!((&details["needs"], &details["hobbies"]), (&json!(null), &json!(["画画", "围棋"])));
        assert_eq!((&details["region_code"], &details["city_class"]), (&json!("330106"), &json!("second")));
        // What differs in nothing changes nothing, and what is not named stays.
        assert_eq!(recruiter.patch(&path, &change).await.expect(200).json, changed.json);
        assert_eq!(recruiter.patch(&path, &json!({"intent": 2})).await.expect(200).json["details"], *details);
        let gone = json!({"details": {"hobbies": [], "region_code": null}});
        let gone = recruiter.patch(&path, &gone).await.expect(200);
        assert_eq!((&gone.json["version"], &gone.json["details"]), (&json!(4), &json!(null)));
        let trail = w.as_boss().get("/api/v1/audit-events?operation=changeCustomer").await.expect(200);
        assert_eq!(trail.ids().len(), 3);
        let first = w.as_boss().get(&format!("/api/v1/audit-events/{}", trail.ids()[2])).await.expect(200);
        let after = &first.json["changes"][0]["after"];
        assert_eq!((&after["intent"], &after["details.hobbies"]), (&json!(4), &json!("***")));
        w.server.settle().await;
        let events = w.as_boss().get("/api/v1/events?type=customer.changed").await.expect(200);
        let mut told: Vec<_> = events.json["items"][0]["data"]["changed"].as_array().unwrap().clone();
        told.sort_by_key(|name| name.to_string());
        assert_eq!(told, ["details.city_class", "details.hobbies", "details.needs", "intent"]);
    }

    async fn a_field_is_refused_to_kinds_that_have_it_not_and_stands_in_the_way_of_another_kind(w: World) {
        let recruiter = w.as_recruiter();
        let of = |kind: &str, details: &tests::Value| {
            let mut body = w.new_customer("启明");
            body["kind"] = json!(kind);
            body["details"] = details.clone();
            body
        };
        for (kind, details, pointer) in [
            ("student", json!({"industry": "教育"}), "#/details/industry"),
            ("student", json!({"focus_of_concern": ["升学"]}), "#/details/focus_of_concern"),
            ("company", json!({"advantage_resources": "生源"}), "#/details/advantage_resources"),
            ("guardian", json!({"business_scope": "教育"}), "#/details/business_scope"),
        ] {
            let refused = recruiter.post(CUSTOMERS, &of(kind, &details)).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(pointer.into(), "detail_not_fitting".into())], "{kind}");
        }
        for (kind, details) in [
            ("guardian", json!({"focus_of_concern": ["升学"]})),
            ("partner", json!({"advantage_resources": "生源", "industry": "教育"})),
            ("school", json!({"website": "school.example", "size": "800人"})),
        ] {
            recruiter.post(CUSTOMERS, &of(kind, &details)).await.expect(201);
        }
        let company = recruiter.post(CUSTOMERS, &of("company", &json!({"industry": "教育", "needs": "合作"}))).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", company.id());
        let refused = recruiter.patch(&path, &json!({"kind": "other"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/details/industry".into(), "detail_not_fitting".into())]);
        let cleared = recruiter.patch(&path, &json!({"kind": "other", "details": {"industry": null}})).await.expect(200);
        assert_eq!(cleared.json["details"]["needs"], "合作");
    }

    async fn every_broken_detail_is_told_at_once(w: World) {
        let mut body = w.new_customer("张伟");
        body["birth_date"] = json!("2999-01-01");
        body["details"] = json!({"hobbies": ["篮球", "篮 球"], "membership_tier": " 金卡"});
        let refused = w.as_recruiter().post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        let told = |at: &str, code: &str| (at.to_owned(), code.to_owned());
        assert_eq!(refused.errors(), [
            told("#/birth_date", "birth_date_invalid"),
            told("#/details/hobbies/1", "item_repeated"), told("#/details/membership_tier", "blank"),
        ]);
        for code in ["990101", "110001"] {
            let mut body = w.new_customer("张伟");
            body["details"] = json!({"region_code": code});
            let refused = w.as_recruiter().post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [told("#/details/region_code", "region_code_invalid")]);
        }
        for details in [json!(null), json!({"shoe_size": 3}), json!({"region_code": "1101"}), json!({"spending_power": "vast"})] {
            let mut body = w.new_customer("张伟");
            body["details"] = details.clone();
            w.as_recruiter().post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        }
    }

    async fn details_are_within_the_reach_of_their_customer(w: World) {
        let mut body = w.new_customer("张伟");
        body["details"] = json!({"needs": "雀要飞"});
        let made = w.as_recruiter().post(CUSTOMERS, &body).await.expect(201);
        let path = format!("{CUSTOMERS}/{}?expand=details", made.id());
        for actor in [w.as_colleague(), w.as_stranger()] {
            actor.get(&path).await.expect_problem(404, "not_found");
            let list = actor.get(&format!("{CUSTOMERS}?expand=details")).await.expect(200);
            assert!(!list.text.contains("雀要飞"));
        }
        // They come with bulk calls, too.
        let call = json!({"mode": "all_or_nothing", "operations": [
            {"op": "create", "ref": "a", "data": body},
            {"op": "update", "ref": "b", "id": made.id(), "version": 1, "data": {"details": {"needs": "雀已飞"}}},
        ]});
        w.as_recruiter().post(&format!("{CUSTOMERS}/bulk"), &call).await.expect(200);
        assert_eq!(w.as_recruiter().get(&path).await.json["details"]["needs"], "雀已飞");
    }
}
