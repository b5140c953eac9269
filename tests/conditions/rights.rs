use std::collections::BTreeSet;

use domain::conditions::FIELDS;
use tests::{Value, both, json};

use super::{SEARCH, found};
use crate::access::fields::reader_with;

both! {
    async fn nobody_asks_for_what_a_rule_hides_or_masks(w: World) {
        let ruled: BTreeSet<_> = FIELDS.iter().filter_map(|field| field.rule).collect();
        for rule in ruled {
            let rules = json!([{"record": "customers", "field": rule, "access": "hidden"}]);
            let reader = reader_with(&w, &["customers:read"], rules).await;
            let offered = reader.get("/api/v1/condition-fields").await.expect(200);
            for field in FIELDS.iter().filter(|field| field.permission.is_none()) {
                let is_offered = offered.json["items"].as_array().unwrap().iter().any(|item| item["field"] == *field.code);
                assert_eq!(is_offered, field.rule != Some(rule), "{rule} {}", field.code);
            }
            for field in FIELDS.iter().filter(|field| field.rule == Some(rule)) {
                let op = field.operators().last().unwrap();
                let leaf = json!({"field": field.code, "op": domain::text_enum::TextEnum::as_str(*op)});
                let tree = json!({"all": [{"field": "kind", "op": "is_known"}, {"not": leaf}]});
                let refused = reader.post(SEARCH, &json!({"conditions": tree})).await.expect_problem(422, "validation_failed");
                assert_eq!(refused.errors(), [("#/conditions/all/1/not/field".to_owned(), "field_not_readable".to_owned())]);
            }
        }
        let masked = json!([{"record": "customers", "field": "note", "access": "masked"}]);
        let reader = reader_with(&w, &["customers:read"], masked).await;
        let refused = reader.post(SEARCH, &json!({"note": "雀"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/note".to_owned(), "field_not_readable".to_owned())]);
    }

    async fn facts_need_the_permission_on_their_records_and_count_within_its_reach(w: World) {
        let reader = reader_with(&w, &["customers:read"], json!([])).await;
        for field in FIELDS.iter().filter(|field| field.permission.is_some()) {
            let (op, value) = match field.operators().last().unwrap() {
                domain::conditions::Operator::Eq => ("eq", json!(true)),
                _ => ("is_unknown", Value::Null),
            };
            let mut leaf = json!({"field": field.code, "op": op});
            if !value.is_null() {
                leaf["value"] = value;
            }
            let refused = reader.post(SEARCH, &json!({"conditions": leaf})).await.expect(422);
            assert_eq!(refused.errors(), [("#/conditions/field".to_owned(), "field_not_readable".to_owned())], "{}", field.code);
        }
        // Who reads all customers, but the follow-ups and money of one campus only.
        let boss = w.as_boss();
        let permissions = json!([
            {"permission": "customers:read", "reach": "institution"}, {"permission": "follow_ups:read", "reach": "campus"},
            {"permission": "payments:read", "reach": "campus"}, {"permission": "tags:read", "reach": "campus"},
        ]);
        let role = boss.post("/api/v1/roles", &json!({"name": "查询员", "permissions": permissions})).await.expect(201).id();
        let north = w.hire(&[], w.places.north, None).await;
        boss.put(&format!("/api/v1/staff/{}/roles", north.principal), &json!({"role_ids": [role]})).await.expect(200);
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "意愿"})).await.expect(201).id();
        let tag = boss.post("/api/v1/tags", &json!({"name": "画画", "category_id": category})).await.expect(201).id();
        let mut ids = Vec::new();
        for campus in [w.places.north, w.places.south] {
            let mut body = w.new_customer("张伟");
            (body["campus_id"], body["holder_id"]) = (json!(campus), json!(campus));
            let id = boss.post("/api/v1/customers", &body).await.expect(201).id();
            let follow_up = json!({"customer_id": id, "method": "phone", "outcome": "considering"});
            boss.post("/api/v1/follow-ups", &follow_up).await.expect(201);
            boss.post(&format!("/api/v1/customers/{id}/tags"), &json!({"tag_id": tag})).await.expect(201);
            let charge = json!({"customer_id": id, "amount": {"amount_minor": 500, "currency": "CNY"}, "description": "学费"});
            boss.post("/api/v1/charges", &charge).await.expect(201);
            ids.push(id);
        }
        ids.reverse();
        for asked in [
            json!({"field": "last_contact_at", "op": "is_known"}),
            json!({"field": "follow_up_count", "op": "gte", "value": 1, "last_days": 0}),
            json!({"field": "tag_id", "op": "eq", "value": tag}),
            json!({"field": "amount_outstanding", "op": "gt", "value": {"amount_minor": 0, "currency": "CNY"}}),
        ] {
            assert_eq!(found(&boss, &asked).await, ids, "{asked}");
            assert_eq!(found(&north, &asked).await, ids[1..], "{asked}");
            assert_eq!(found(&north, &json!({"not": asked})).await, ids[..1], "{asked}");
        }
    }

    async fn nobody_learns_the_class_of_a_place_by_the_code_of_a_region_that_is_hidden(w: World) {
        let mut ids = Vec::new();
        for details in [json!({"region_code": "110108"}), json!({"city_class": "first"})] {
            let mut body = w.new_customer("张伟");
            body["details"] = details;
            ids.push(w.as_boss().post("/api/v1/customers", &body).await.expect(201).id());
        }
        let asked = json!({"field": "details.city_class", "op": "eq", "value": "first"});
        let hidden = json!([{"record": "customers", "field": "details.region_code", "access": "hidden"}]);
        let reader = reader_with(&w, &["customers:read"], hidden).await;
        assert_eq!(found(&reader, &asked).await, ids[1..]);
        ids.reverse();
        assert_eq!(found(&w.as_boss(), &asked).await, ids);
    }

    async fn conditions_find_only_what_the_list_shows(w: World) {
        for who in ["recruiter", "outsider", "manager"] {
            w.actor(who).post("/api/v1/customers", &{
                let mut body = w.new_customer("张伟");
                body["campus_id"] = json!(w.post(who).campus);
                body
            }).await.expect(201);
        }
        let everything = json!({"not": {"field": "name", "op": "eq", "value": "nobody"}});
        for who in ["recruiter", "colleague", "outsider", "supervisor", "manager", "southerner", "boss", "teacher"] {
            let actor = w.actor(who);
            let listed = actor.get("/api/v1/customers?include_total=true").await.expect(200);
            assert_eq!(found(&actor, &everything).await, listed.ids(), "{who}");
            let counted = actor.post(SEARCH, &json!({"conditions": everything, "include_total": true})).await.expect(200);
            assert_eq!(counted.json["total"], listed.json["total"], "{who}");
        }
        assert!(found(&w.as_stranger(), &everything).await.is_empty());
    }

    async fn a_condition_on_a_shared_customer_goes_by_the_share(w: World) {
        let mut body = w.new_customer("张伟");
        body["intent"] = json!(4);
        let id = w.as_recruiter().post("/api/v1/customers", &body).await.expect(201).id();
        let asked = json!({"field": "intent", "op": "eq", "value": 4});
        let outsider = w.as_outsider();
        assert!(found(&outsider, &asked).await.is_empty());
        let share = json!({"grantee_id": outsider.principal, "access": "read"});
        let shared = w.as_boss().post(&format!("/api/v1/customers/{id}/shares"), &share).await;
        assert!(shared.is_success(), "{}", shared.text);
        assert_eq!(found(&outsider, &asked).await, std::slice::from_ref(&id));
        let counted = outsider.post(SEARCH, &json!({"conditions": asked, "include_total": true})).await.expect(200);
        assert_eq!(counted.json["total"], 1);
    }
}
