//! A hidden or masked field never leaves by any channel, and nobody finds out by asking for it
//! (I-23): for each rule and field, a canary is looked for wherever customers are shown.

use tests::{Actor, Value, World, both, json};
use uuid::Uuid;

/// Somebody whose only role reads and changes all customers, with these field rules.
async fn reader(w: &World, rules: Value) -> Actor {
    let about = ["customers:read", "customers:write", "customers:reveal"];
    reader_with(w, &about, rules).await
}

/// The same with these permissions.
pub(crate) async fn reader_with(w: &World, permissions: &[&str], rules: Value) -> Actor {
    let boss = w.as_boss();
    let permissions: Vec<Value> = permissions
        .iter()
        .map(|code| json!({"permission": code, "reach": "institution"}))
        .collect();
    let body = json!({"name": Uuid::now_v7().simple().to_string(), "permissions": permissions});
    let role = boss.post("/api/v1/roles", &body).await.expect(201).id();
    let path = format!("/api/v1/roles/{role}/field-rules");
    let set = boss.put(&path, &json!({"rules": rules})).await.expect(200);
    assert_eq!(set.json["rules"], rules);
    let actor = w.hire(&[], w.places.north, None).await;
    let roles = format!("/api/v1/staff/{}/roles", actor.principal);
    boss.put(&roles, &json!({"role_ids": [role]}))
        .await
        .expect(200);
    actor
}

fn rule(field: &str, access: &str) -> Value {
    json!([{"record": "customers", "field": field, "access": access}])
}

/// Every field of a customer with a value that stands nowhere else, and how it is written.
const CANARIES: &[(&str, &str, &str)] = &[
    ("name", "\"金丝雀\"", "金丝雀"),
    ("gender", "\"female\"", "female"),
    ("birth_date", "\"2011-07-19\"", "2011-07-19"),
    ("intent", "4", "\"intent\":4"),
    ("stage", "\"negotiating\"", "negotiating"),
    ("region", "\"滨海新区\"", "滨海新区"),
    ("education", "\"vocational\"", "vocational"),
    ("occupation", "\"civil_servant\"", "civil_servant"),
    ("school", "\"雀湖小学\"", "雀湖小学"),
    ("grade", "\"四年级\"", "四年级"),
    ("note", "\"雀在笼中\"", "雀在笼中"),
    (
        "contact_points",
        "[{\"kind\": \"phone\", \"value\": \"13912345678\"}]",
        "139****5678",
    ),
    ("source_channel", "\"public_lesson\"", "public_lesson"),
    (
        "collected_at",
        "\"2021-03-04T05:06:07Z\"",
        "2021-03-04T05:06:07",
    ),
    ("details.needs", "\"雀要飞\"", "雀要飞"),
    ("details.expectations", "\"雀想远行\"", "雀想远行"),
    ("details.background", "\"雀从南来\"", "雀从南来"),
    ("details.development_trend", "\"雀渐高\"", "雀渐高"),
    ("details.consumption_habits", "\"雀月底买\"", "雀月底买"),
    ("details.need_features", "\"雀挑食\"", "雀挑食"),
    ("details.residence", "\"雀租房\"", "雀租房"),
    ("details.hobbies", "[\"雀棋\"]", "雀棋"),
    ("details.preferences_product", "[\"雀课\"]", "雀课"),
    ("details.preferences_service", "[\"雀访\"]", "雀访"),
    ("details.region_code", "\"120103\"", "120103"),
    ("details.city_class", "\"rural\"", "rural"),
    ("details.influence", "[\"achievement\"]", "achievement"),
    ("details.influence_note", "\"雀鸣于林\"", "雀鸣于林"),
    (
        "details.consumption_potential",
        "\"high\"",
        "consumption_potential\":\"high",
    ),
    (
        "details.spending_power",
        "\"low\"",
        "spending_power\":\"low",
    ),
    ("details.membership_tier", "\"雀金卡\"", "雀金卡"),
];

/// What only organizations, and of them only partners, have.
const OF_PARTNERS: &[(&str, &str, &str)] = &[
    ("details.advantage_resources", "\"雀有渠道\"", "雀有渠道"),
    ("details.industry", "\"雀业\"", "雀业"),
    ("details.size", "\"雀百人\"", "雀百人"),
    ("details.website", "\"finch.example\"", "finch.example"),
    ("details.exhibitions", "\"雀展\"", "雀展"),
    ("details.credit", "\"雀信好\"", "雀信好"),
    ("details.operation", "\"雀稳\"", "雀稳"),
    ("details.sales_situation", "\"雀旺\"", "雀旺"),
    ("details.business_scope", "\"雀教\"", "雀教"),
];

/// Puts a value into the field of this name, or into a field of a part.
fn put(body: &mut Value, field: &str, value: &str) {
    let field = field.split('.').fold(body, |part, name| &mut part[name]);
    *field = serde_json::from_str(value).unwrap();
}

/// Of these, what the trail never tells.
const PERSONAL: &[&str] = &[
    "name",
    "birth_date",
    "region",
    "education",
    "occupation",
    "school",
    "grade",
    "note",
    "details.needs",
    "details.expectations",
    "details.background",
    "details.development_trend",
    "details.consumption_habits",
    "details.need_features",
    "details.residence",
    "details.hobbies",
    "details.preferences_product",
    "details.preferences_service",
    "details.influence_note",
];

/// What is left of a field where it is not read.
fn unread(field: &str) -> &'static [&'static str] {
    match domain::access::field("customers", field) {
        Some(known) if known.is_maskable => &["hidden", "masked"],
        _ => &["hidden"],
    }
}

async fn canary(w: &World) -> String {
    let mut body =
        json!({"kind": "student", "campus_id": w.places.north, "holder_id": w.places.north});
    for (field, value, _) in CANARIES {
        put(&mut body, field, value);
    }
    w.as_boss()
        .post("/api/v1/customers", &body)
        .await
        .expect(201)
        .id()
}

both! {
    async fn a_hidden_or_masked_field_is_shown_by_no_channel(w: World) {
        let path = format!("/api/v1/customers/{}?expand=details", canary(&w).await);
        let whole = w.as_boss().get(&path).await.expect(200).text;
        for (field, _, shown) in CANARIES {
            assert!(whole.contains(shown), "{field}");
            for access in unread(field) {
                let actor = reader(&w, rule(field, access)).await;
                let by = if *field == "contact_points" { "金丝雀" } else { "13912345678" };
                let answers = [
                    actor.get(&path).await.expect(200),
                    actor.get("/api/v1/customers?expand=details").await.expect(200),
                    actor.post("/api/v1/customers/search", &json!({"query": by, "expand": ["details"]})).await.expect(200),
                    actor.patch(path.trim_end_matches("?expand=details"), &json!({})).await.expect(200),
                ];
                for answer in answers {
                    assert!(!answer.text.contains(shown), "{access} {field}: {}", answer.text);
                    // What no rule is for is there.
                    for (other, _, shown) in CANARIES.iter().filter(|(other, ..)| other != field) {
                        assert!(answer.text.contains(shown), "{access} {field} took {other}: {}", answer.text);
                    }
                }
            }
        }
        assert_eq!(w.as_boss().get(&path).await.expect(200).text, whole);
    }

    async fn what_only_organizations_have_is_hidden_as_the_rest_is(w: World) {
        let mut body = json!({"kind": "partner", "name": "雀林", "campus_id": w.places.north, "source_channel": "hotline",
            "holder_id": w.places.north});
        for (field, value, _) in OF_PARTNERS {
            put(&mut body, field, value);
        }
        let path = format!("/api/v1/customers/{}", w.as_boss().post("/api/v1/customers", &body).await.expect(201).id());
        for (field, value, shown) in OF_PARTNERS {
            for access in unread(field) {
                let actor = reader(&w, rule(field, access)).await;
                for answer in [
                    actor.get(&format!("{path}?expand=details")).await.expect(200),
                    actor.patch(&path, &json!({})).await.expect(200),
                ] {
                    assert!(!answer.text.contains(shown), "{access} {field}: {}", answer.text);
                    for (other, _, shown) in OF_PARTNERS.iter().filter(|(other, ..)| other != field) {
                        assert!(answer.text.contains(shown), "{access} {field} took {other}: {}", answer.text);
                    }
                }
                let mut change = json!({});
                put(&mut change, field, value);
                let refused = actor.patch(&path, &change).await.expect(422);
                assert_eq!(refused.errors(), [(format!("#/{}", field.replace('.', "/")), "field_not_readable".to_owned())]);
            }
        }
    }

    async fn the_class_of_a_place_is_told_from_its_code_to_who_may_read_the_code(w: World) {
        let mut body = w.new_customer("雀");
        body["details"] = json!({"region_code": "110108"});
        let made = w.as_boss().post("/api/v1/customers", &body).await.expect(201);
        assert_eq!(made.json["details"]["city_class"], "first");
        let path = format!("/api/v1/customers/{}", made.id());
        let actor = reader(&w, rule("details.region_code", "hidden")).await;
        for answer in [
            actor.get(&format!("{path}?expand=details")).await.expect(200),
            actor.patch(&path, &json!({"intent": 2})).await.expect(200),
        ] {
            assert_eq!((&answer.json["details"]["region_code"], &answer.json["details"]["city_class"]), (&json!(null), &json!(null)));
        }
    }

    async fn the_trail_tells_no_name_and_follows_the_rules_of_its_reader(w: World) {
        let customer = canary(&w).await;
        let list = format!("/api/v1/audit-events?target_id={customer}");
        let event = w.as_boss().get(&list).await.expect(200).ids().remove(0);
        let event = format!("/api/v1/audit-events/{event}");
        let told = w.as_boss().get(&event).await.expect(200);
        for personal in PERSONAL {
            assert_eq!(told.json["changes"][0]["after"][personal], "***", "{}", told.text);
        }
        for (field, _, shown) in CANARIES.iter().filter(|(field, ..)| *field != "contact_points" && !PERSONAL.contains(field)) {
            assert!(told.text.contains(shown), "{field}: {}", told.text);
            let actor = reader_with(&w, &["customers:read", "audit:read"], rule(field, "hidden")).await;
            let told = actor.get(&event).await.expect(200);
            let left = &told.json["changes"][0]["after"][field];
            assert!(left.is_null() || *left == json!([]), "{field}: {}", told.text);
        }
    }

    async fn nobody_filters_or_searches_by_what_they_may_not_read(w: World) {
        canary(&w).await;
        for (field, query) in [("intent", "intent=4"), ("stage", "stage=negotiating"), ("education", "education=vocational"), ("occupation", "occupation=civil_servant"), ("source_channel", "source_channel=public_lesson"), ("collector_id", "collector_id=00000000-0000-7000-8000-000000000000")] {
            let refused = reader(&w, rule(field, "hidden")).await
                .get(&format!("/api/v1/customers?{query}")).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(field.to_owned(), "field_not_readable".to_owned())]);
            reader(&w, rule(field, "read_only")).await.get(&format!("/api/v1/customers?{query}")).await.expect(200);
        }
        for (field, access, queries) in [
            ("name", "hidden", ["金丝雀", "jinsique", "金"]),
            ("name", "masked", ["金丝雀", "jsq", "金"]),
            ("contact_points", "hidden", ["13912345678", "5678", "+8613912345678"]),
        ] {
            let actor = reader(&w, rule(field, access)).await;
            for query in queries {
                let refused = actor.post("/api/v1/customers/search", &json!({"query": query})).await.expect(422);
                assert_eq!(refused.errors(), [("#/query".to_owned(), "field_not_readable".to_owned())], "{query}");
            }
        }
        for (field, body, pointer) in [
            ("name", json!({"name": "金丝雀"}), "#/name"),
            ("contact_points", json!({"phone": "5678"}), "#/phone"),
            ("contact_points", json!({"email": "example"}), "#/email"),
            ("contact_points", json!({"address": "望京"}), "#/address"),
            ("intent", json!({"query": "jsq", "filters": {"intent": [4]}}), "#/filters/intent"),
            ("occupation", json!({"filters": {"occupation": ["civil_servant"]}}), "#/filters/occupation"),
        ] {
            let refused = reader(&w, rule(field, "hidden")).await.post("/api/v1/customers/search", &body).await.expect(422);
            assert_eq!(refused.errors(), [(pointer.to_owned(), "field_not_readable".to_owned())], "{body}");
        }
        // Without the permission on tags nobody learns who has one.
        let body = json!({"query": "jsq", "filters": {"tag_id": ["00000000-0000-7000-8000-000000000000"]}});
        let refused = reader(&w, json!([])).await.post("/api/v1/customers/search", &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/filters/tag_id".to_owned(), "field_not_readable".to_owned())]);
    }

    async fn nobody_writes_what_they_may_not_read_or_change(w: World) {
        let id = canary(&w).await;
        let path = format!("/api/v1/customers/{id}");
        let before = w.as_boss().get(&path).await.expect(200).text;
        for (field, value, _) in CANARIES.iter().filter(|(field, ..)| !["source_channel", "collected_at"].contains(field)) {
            for (access, code) in [("hidden", "field_not_readable"), ("read_only", "field_read_only")] {
                let actor = reader(&w, rule(field, access)).await;
                let mut change = json!({});
                put(&mut change, field, value);
                let refused = actor.patch(&path, &change).await.expect(422);
                let pointer = format!("#/{}", field.replace('.', "/"));
                assert_eq!(refused.errors(), [(pointer, code.to_owned())], "{access} {field}");
            }
        }
        let masked = reader(&w, rule("note", "masked")).await;
        let shown = masked.get(&path).await.expect(200).json["note"].clone();
        assert_eq!(shown, "***");
        let refused = masked.patch(&path, &json!({"note": shown, "intent": 1})).await.expect(422);
        assert_eq!(refused.errors(), [("#/note".to_owned(), "field_not_readable".to_owned())]);
        assert_eq!(w.as_boss().get(&path).await.expect(200).text, before);

        // What a customer must have is given; what it may have is not.
        let new = |field: &str| {
            let mut body = w.new_customer("张伟");
            body["holder_id"] = json!(w.places.north);
            body[field] = json!("雀");
            body
        };
        reader(&w, rule("name", "read_only")).await.post("/api/v1/customers", &new("name")).await.expect(201);
        reader(&w, rule("note", "read_only")).await.post("/api/v1/customers", &new("note")).await.expect(422);
    }

    async fn hidden_contact_points_are_not_revealed(w: World) {
        let path = format!("/api/v1/customers/{}/reveal", canary(&w).await);
        let reason = json!({"reason": "回访"});
        reader(&w, rule("contact_points", "hidden")).await.post(&path, &reason).await.expect_problem(422, "field_not_readable");
        let seen = reader(&w, rule("contact_points", "read_only")).await.post(&path, &reason).await.expect(200);
        assert!(seen.text.contains("+8613912345678"));
    }

    async fn a_rule_counts_at_once_and_the_most_generous_role_wins(w: World) {
        let boss = w.as_boss();
        let path = format!("/api/v1/customers/{}", canary(&w).await);
        let actor = reader(&w, rule("note", "hidden")).await;
        assert_eq!(actor.get(&path).await.expect(200).json["note"], Value::Null);
        let me = actor.get("/api/v1/me").await.expect(200);
        assert_eq!(me.json["field_rules"], rule("note", "hidden"));
        let roles = format!("/api/v1/staff/{}/roles", actor.principal);
        let mut held = boss.get(&roles).await.expect(200).json["role_ids"].as_array().unwrap().clone();
        // A role that is not about customers changes nothing.
        for (code, note) in [("report_designer", Value::Null), ("recruiter", json!("雀在笼中"))] {
            held.push(json!(crate::organization::role(&boss, code).await));
            boss.put(&roles, &json!({"role_ids": held})).await.expect(200);
            assert_eq!(actor.get(&path).await.expect(200).json["note"], note, "{code}");
        }
        // The books need no opinion on a customer.
        assert_eq!(w.actor("finance").get(&path).await.expect(200).json["note"], Value::Null);
    }

    async fn nobody_leaves_others_more_of_a_field_than_they_have(w: World) {
        let boss = w.as_boss();
        let actor = reader(&w, rule("note", "hidden")).await;
        let administers = crate::organization::role(&boss, "system_administrator").await;
        let roles = format!("/api/v1/staff/{}/roles", actor.principal);
        let mut held = boss.get(&roles).await.expect(200).json["role_ids"].as_array().unwrap().clone();
        let own = held[0].as_str().unwrap().to_owned();
        w.add_role("editor", &[("roles:write", domain::access::Reach::Institution)]).await;
        held.push(json!(crate::organization::role(&boss, "editor").await));
        boss.put(&roles, &json!({"role_ids": held})).await.expect(200);
        let reads = json!([{"permission": "customers:read", "reach": "own"}]);
        actor.post("/api/v1/roles", &json!({"name": "a", "permissions": reads})).await.expect_problem(403, "role_beyond_own");
        let copy = actor.post(&format!("/api/v1/roles/{own}/copy"), &json!({"name": "b"})).await.expect(201).id();
        let path = format!("/api/v1/roles/{copy}/field-rules");
        actor.put(&path, &json!({"rules": []})).await.expect_problem(403, "role_beyond_own");
        assert_eq!(actor.get(&path).await.expect(200).json["rules"], rule("note", "hidden"));
        let built_in = format!("/api/v1/roles/{administers}/field-rules");
        boss.put(&built_in, &json!({"rules": []})).await.expect_problem(409, "role_built_in");
        let refused = boss.put(&path, &json!({"rules": [rule("birth_date", "masked")[0], rule("holder_id", "hidden")[0]]})).await.expect(422);
        assert_eq!(refused.errors(), [
            ("#/rules/0".into(), "field_rule_unknown".into()), ("#/rules/1".into(), "field_rule_unknown".into()),
        ]);
    }

    async fn every_field_with_rules_can_be_left_out_of_its_record(w: World) {
        let list = w.as_boss().get("/api/v1/fields").await.expect(200);
        let document = w.server.contract.document();
        for item in list.json["items"].as_array().unwrap() {
            let record = item["record"].as_str().unwrap();
            let schemas = [("customers", "Customer"), ("follow_ups", "FollowUp"), ("enrollments", "Enrollment"), ("payments", "Payment")];
            let schema = schemas.iter().find(|(of, _)| *of == record);
            assert!(schema.is_some(), "name the schema of {record}");
            let (_, schema) = schema.unwrap();
            let field = item["field"].as_str().unwrap();
            let (schema, field) = match field.strip_prefix("details.") {
                Some(field) => (&"CustomerDetails", field),
                // It is told by itself.
                None if field == "screening" => (&"CustomerScreening", "standing"),
                None => (schema, field),
            };
            let property = &document["components"]["schemas"][*schema]["properties"][field];
            let text = property.to_string();
            assert!(text.contains("\"null\"") || property["type"] == "array", "{schema}.{field}: {text}");
        }
    }

    async fn a_name_that_may_not_be_read_stands_on_no_roster_roll_or_receipt(w: World) {
        let boss = w.as_boss();
        let student = canary(&w).await;
        let class = w.open_class(json!({})).await;
        let enrollment = w.enroll(&student, &class).await.expect(201).id();
        let lesson = json!({"held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": 100});
        let lesson = boss.post(&format!("/api/v1/classes/{class}/lessons"), &lesson).await.expect(201).id();
        let roll = json!({"students": [{"enrollment_id": enrollment, "status": "present"}]});
        boss.post(&format!("/api/v1/lessons/{lesson}/roll-call"), &roll).await.expect(200);
        let payment = json!({"payer_id": student, "campus_id": w.places.north, "method": "cash",
            "amount": {"amount_minor": 100, "currency": "CNY"}});
        let payment = boss.post("/api/v1/payments", &payment).await.expect(201);
        let receipt = payment.json["receipt_id"].as_str().unwrap();
        let print = format!("/api/v1/receipts/{receipt}/print");
        let parts = json!({"parts": 2});
        let paths = [
            format!("/api/v1/classes/{class}/roster"),
            format!("/api/v1/lessons/{lesson}/roll-call"),
            format!("/api/v1/payments/{}/receipt", payment.id()),
            format!("/api/v1/receipts/{receipt}/page"),
        ];
        let about = ["customers:read", "enrollments:read", "payments:read"];
        for (access, shows) in [("hidden", false), ("masked", false), ("read_only", true)] {
            let actor = reader_with(&w, &about, rule("name", access)).await;
            for path in &paths {
                let answer = actor.get(path).await.expect(200);
                assert_eq!(answer.text.contains("金丝雀"), shows, "{access} {path}");
                assert_eq!(answer.text.contains("***"), access == "masked", "{access} {path}");
            }
            let printed = actor.post(&print, &parts).await.expect(200);
            assert_eq!(printed.text.contains("金丝雀"), shows, "{access}");
        }
    }
}
