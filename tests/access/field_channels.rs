//! Field rules of follow-ups, enrollments and payments: for each rule and field, a canary is looked
//! for wherever such a record is shown; and in answers that are given again.

use tests::{Value, World, both, json};

use super::fields::reader_with;

/// A record with its address, what list it stands on, and how its fields are written there.
struct Canary {
    record: &'static str,
    path: String,
    list: &'static str,
    /// Field, how it is shown, and whether it has a safe form.
    fields: &'static [(&'static str, &'static str, bool)],
}

/// A customer with a follow-up, an enrollment that was withdrawn, and a payment that was voided.
async fn canaries(w: &World) -> (String, [Canary; 3]) {
    let boss = w.as_boss();
    let mut body = w.new_customer("张伟");
    body["holder_id"] = json!(w.places.north);
    let customer = boss.post("/api/v1/customers", &body).await.expect(201).id();
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let today = w.server.app.clock.now().to_zoned(zone).date().to_string();
    let body = json!({"customer_id": customer, "method": "phone", "outcome": "other", "intent": 4,
        "content": "雀说不来", "next_on": today});
    let follow_up = boss
        .post("/api/v1/follow-ups", &body)
        .await
        .expect(201)
        .id();
    let class = w
        .open_class(json!({"price": {"amount_minor": 765_432, "currency": "CNY"}}))
        .await;
    let body = json!({"customer_id": customer, "class_id": class, "note": "雀要前排"});
    let enrollment = boss
        .post("/api/v1/enrollments", &body)
        .await
        .expect(201)
        .id();
    let withdraw = format!("/api/v1/enrollments/{enrollment}/withdraw");
    boss.post(&withdraw, &json!({"reason": "moved"}))
        .await
        .expect(200);
    let body = json!({"payer_id": customer, "campus_id": w.places.north, "method": "cash", "note": "雀的押金",
        "amount": {"amount_minor": 100, "currency": "CNY"}});
    let payment = boss.post("/api/v1/payments", &body).await.expect(201).id();
    let void = format!("/api/v1/payments/{payment}/void");
    boss.post(&void, &json!({"reason": "雀付错了"}))
        .await
        .expect(200);
    let canaries = [
        Canary {
            record: "follow_ups",
            path: format!("/api/v1/follow-ups/{follow_up}"),
            list: "/api/v1/follow-ups",
            fields: &[
                ("intent", "\"intent\":4", false),
                ("content", "雀说不来", true),
            ],
        },
        Canary {
            record: "enrollments",
            path: format!("/api/v1/enrollments/{enrollment}"),
            list: "/api/v1/enrollments",
            fields: &[
                ("price", "765432", false),
                ("withdrawal_reason", "\"moved\"", false),
                ("note", "雀要前排", true),
            ],
        },
        Canary {
            record: "payments",
            path: format!("/api/v1/payments/{payment}"),
            list: "/api/v1/payments",
            fields: &[
                ("note", "雀的押金", true),
                ("void_reason", "雀付错了", true),
            ],
        },
    ];
    (customer, canaries)
}

fn rule(record: &str, field: &str, access: &str) -> Value {
    json!([{"record": record, "field": field, "access": access}])
}

const EVERYTHING: &[&str] = &[
    "customers:read",
    "follow_ups:read",
    "follow_ups:write",
    "enrollments:read",
    "payments:read",
];

both! {
    async fn a_hidden_or_masked_field_of_any_record_is_shown_by_no_channel(w: World) {
        let (customer, canaries) = canaries(&w).await;
        for Canary { record, path, list, fields } in &canaries {
            let whole = w.as_boss().get(path).await.expect(200).text;
            for (field, shown, is_maskable) in *fields {
                assert!(whole.contains(shown), "{record}.{field}: {whole}");
                let accesses: &[&str] = if *is_maskable { &["hidden", "masked"] } else { &["hidden"] };
                for access in accesses {
                    let about: Vec<_> = EVERYTHING.iter().copied()
                        // The charge of an enrollment tells its price to those who see charges.
                        .filter(|code| *record == "payments" || *code != "payments:read")
                        .collect();
                    let actor = reader_with(&w, &about, rule(record, field, access)).await;
                    for path in [path.as_str(), list, &format!("/api/v1/customers/{customer}/timeline")] {
                        let answer = actor.get(path).await.expect(200);
                        assert!(!answer.text.contains(shown), "{access} {record}.{field} at {path}: {}", answer.text);
                    }
                    for (other, shown, _) in fields.iter().filter(|(other, ..)| other != field) {
                        let answer = actor.get(path).await.expect(200);
                        assert!(answer.text.contains(shown), "{access} {record}.{field} took {other}: {}", answer.text);
                    }
                }
            }
        }
        let due = reader_with(&w, EVERYTHING, rule("follow_ups", "content", "hidden")).await;
        let due = due.get("/api/v1/follow-ups/due").await.expect(200);
        assert!(!due.text.contains("雀") && due.ids().len() == 1, "{}", due.text);
    }

    async fn nobody_writes_what_they_may_not_read_or_change_in_any_record(w: World) {
        let (customer, canaries) = canaries(&w).await;
        for (access, code) in [("hidden", "field_not_readable"), ("masked", "field_not_readable"), ("read_only", "field_read_only")] {
            let actor = reader_with(&w, EVERYTHING, rule("follow_ups", "content", access)).await;
            let refused = actor.patch(&canaries[0].path, &json!({"content": "***"})).await.expect(422);
            assert_eq!(refused.errors(), [("#/content".to_owned(), code.to_owned())], "{access}");
            let body = json!({"customer_id": customer, "method": "phone", "outcome": "other", "content": "好"});
            let refused = actor.post("/api/v1/follow-ups", &body).await.expect(422);
            assert_eq!(refused.errors(), [("#/content".to_owned(), code.to_owned())], "{access}");
        }
        let whole = w.as_boss().get(&canaries[0].path).await.expect(200);
        assert!(whole.text.contains("雀说不来"));
    }

    async fn an_answer_is_not_given_again_once_less_of_it_may_be_seen(w: World) {
        let boss = w.as_boss();
        let actor = reader_with(&w, &["customers:read", "customers:write"], json!([])).await;
        let mut body = w.new_customer("张伟");
        body["note"] = json!("雀在笼中");
        body["holder_id"] = json!(w.places.north);
        let first = actor.post_with_key("/api/v1/customers", "once", &body).await.expect(201);
        let again = actor.post_with_key("/api/v1/customers", "once", &body).await.expect(201);
        assert_eq!((&again.text, again.header("idempotency-replayed")), (&first.text, Some("true")));
        let roles = format!("/api/v1/staff/{}/roles", actor.principal);
        let held = boss.get(&roles).await.expect(200).json["role_ids"][0].clone();
        let rules = format!("/api/v1/roles/{}/field-rules", held.as_str().unwrap());
        boss.put(&rules, &json!({"rules": rule("customers", "note", "hidden")})).await.expect(200);
        let withheld = actor.post_with_key("/api/v1/customers", "once", &body).await
            .expect_problem(409, "idempotency_answer_withheld");
        assert!(!withheld.text.contains("雀"));
        // The same at a smaller reach.
        boss.put(&rules, &json!({"rules": []})).await.expect(200);
        actor.post_with_key("/api/v1/customers", "once", &body).await.expect(201);
        let less = json!({"permissions": [
            {"permission": "customers:read", "reach": "own"}, {"permission": "customers:write", "reach": "own"},
        ]});
        let role = format!("/api/v1/roles/{}", held.as_str().unwrap());
        boss.patch(&role, &less).await.expect(200);
        actor.post_with_key("/api/v1/customers", "once", &body).await.expect_problem(409, "idempotency_answer_withheld");
        actor.get(&format!("/api/v1/customers/{}", first.id())).await.expect_problem(404, "not_found");
        let made = boss.get("/api/v1/customers").await.expect(200).ids();
        assert_eq!(made, [first.id()], "it was done once");
    }
}
