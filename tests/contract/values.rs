//! Bounds of values: what is beyond them is refused with the name of its field, everything at once.

use tests::{Actor, Answer, Value, both, json};

const CUSTOMERS: &str = "/api/v1/customers";
const FOLLOW_UPS: &str = "/api/v1/follow-ups";

fn told(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    let errors = errors.iter();
    errors
        .map(|(at, code)| ((*at).into(), (*code).into()))
        .collect()
}

async fn refused(answer: Answer, errors: &[(&str, &str)]) {
    let refused = answer.expect_problem(422, "validation_failed");
    assert_eq!(refused.errors(), told(errors), "{}", refused.text);
}

/// Creates a customer that differs in some fields.
async fn create(actor: &Actor, mut body: Value, differs: &Value) -> Answer {
    for (name, value) in differs.as_object().unwrap() {
        body[name] = value.clone();
    }
    actor.post(CUSTOMERS, &body).await
}

/// Sends a body as it is written.
async fn written(actor: &Actor, path: &str, body: String) -> Answer {
    let key = uuid::Uuid::now_v7().to_string();
    let request = actor
        .request(reqwest::Method::POST, path)
        .header("idempotency-key", key);
    actor
        .send(
            request
                .header("content-type", "application/json")
                .body(body),
        )
        .await
}

/// The text of a body with another name.
fn with(body: &Value, more: &str) -> String {
    let text = body.to_string();
    format!("{},{more}}}", text.strip_suffix('}').unwrap())
}

both! {
    async fn instants_and_dates_lie_within_the_years_that_can_be_told(w: World) {
        let recruiter = w.as_recruiter();
        let customer = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        let follow_up = json!({"customer_id": customer, "method": "phone", "outcome": "considering"});
        for (instant, code) in [
            ("0000-01-01T00:00:00+23:00", "out_of_range"),
            ("0038-01-01T00:00:00Z", "out_of_range"),
            ("1900-01-01T00:00:00+00:01", "out_of_range"),
            ("1899-12-31T23:59:59.999999Z", "out_of_range"),
            ("9999-01-01T00:00:00Z", "out_of_range"),
            ("9998-12-31T23:59:59-00:01", "out_of_range"),
            ("9999-12-31T23:59:59Z", "out_of_range"),
            ("2020-01-01T00:00:00.0123456789Z", "wrong_format"),
            ("2020-01-01 00:00:00Z", "wrong_format"),
        ] {
            let mut body = follow_up.clone();
            body["occurred_at"] = json!(instant);
            refused(recruiter.post(FOLLOW_UPS, &body).await, &[("#/occurred_at", code)]).await;
            let body = json!({"collected_at": instant});
            refused(create(&recruiter, w.new_customer("李雷"), &body).await, &[("#/collected_at", code)]).await;
            let body = json!({"filters": {"created_at": {"gte": instant}}});
            let search = recruiter.post("/api/v1/customers/search", &body).await;
            refused(search, &[("#/filters/created_at/gte", code)]).await;
            let instant = instant.replace('+', "%2B");
            for (path, name) in [(CUSTOMERS, "created_at[gte]"), (FOLLOW_UPS, "occurred_at[lt]")] {
                refused(recruiter.get(&format!("{path}?{name}={instant}")).await, &[(name, code)]).await;
            }
        }
        for instant in ["1900-01-01T00:00:00Z", "1899-12-31T23:00:00-01:00", "9998-12-31T23:59:59.999999Z"] {
            let path = format!("{FOLLOW_UPS}?occurred_at[gte]={instant}");
            recruiter.get(&path).await.expect(200);
        }
        let mut first = follow_up.clone();
        first["occurred_at"] = json!("1900-01-01T00:00:00Z");
        let made = recruiter.post(FOLLOW_UPS, &first).await.expect(201);
        assert_eq!(made.json["occurred_at"], "1900-01-01T00:00:00Z");

        let body = json!({"birth_date": "1899-12-31"});
        refused(create(&recruiter, w.new_customer("李雷"), &body).await, &[("#/birth_date", "out_of_range")]).await;
        for (day, errors) in [("0000-01-01", 1), ("1899-12-31", 1), ("1900-01-01", 0), ("9999-12-31", 0)] {
            let read = recruiter.get(&format!("{FOLLOW_UPS}?next_on[lt]={day}")).await;
            match errors {
                0 => drop(read.expect(200)),
                _ => refused(read, &[("next_on[lt]", "out_of_range")]).await,
            }
        }
    }

    async fn all_that_is_beyond_its_bounds_is_named_at_once(w: World) {
        let recruiter = w.as_recruiter();
        let query = "intent=2147483647&created_at[gte]=9999-12-31T00:00:00Z&limit=0&nonsense=1";
        refused(recruiter.get(&format!("{CUSTOMERS}?{query}")).await, &[
            ("created_at[gte]", "out_of_range"), ("intent", "out_of_range"),
            ("limit", "out_of_range"), ("nonsense", "unknown_parameter"),
        ]).await;
        let path = "/api/v1/audit-events?time[lt]=9999-12-31T00:00:00Z";
        refused(w.as_boss().get(path).await, &[("time[lt]", "out_of_range")]).await;
        let body = json!({"intent": 5, "name": "", "collected_at": "9999-12-31T23:59:59Z", "kind": 1.5});
        refused(create(&recruiter, w.new_customer("李雷"), &body).await, &[
            ("#/collected_at", "out_of_range"), ("#/intent", "out_of_range"),
            ("#/kind", "not_in_list"), ("#/kind", "wrong_type"), ("#/name", "too_short"),
        ]).await;
        for version in ["10000000000000000000", "9223372036854775807", "1e300"] {
            let body = format!(r#"{{"operations": [{{"op": "delete",
                "id": "{}", "version": {version}}}]}}"#, uuid::Uuid::now_v7());
            let done = written(&w.as_boss(), "/api/v1/customers/bulk", body).await;
            assert!(done.text.contains("/version"), "{version}: {}", done.text);
        }
    }

    async fn a_whole_number_may_be_written_with_a_fraction_or_an_exponent(w: World) {
        let recruiter = w.as_recruiter();
        let body = w.new_customer("张伟");
        for (number, whole) in [("3.0", 3), ("3e0", 3), ("30e-1", 3), ("0.2E1", 2)] {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove("intent");
            let made = written(&recruiter, CUSTOMERS, with(&body, &format!("\"intent\":{number}"))).await;
            assert_eq!(made.expect(201).json["intent"], whole, "{number}");
        }
        let mut unnamed = body.clone();
        unnamed["name"] = json!("");
        unnamed.as_object_mut().unwrap().remove("intent");
        let sent = written(&recruiter, CUSTOMERS, with(&unnamed, "\"intent\":3.0")).await;
        refused(sent, &[("#/name", "too_short")]).await;
        let customer = recruiter.post(CUSTOMERS, &body).await.expect(201).id();
        let charge = |minor: &str| format!(r#"{{"customer_id": "{customer}", "description": "学费",
            "amount": {{"amount_minor": {minor}, "currency": "CNY"}}}}"#);
        for (minor, code) in [("1.5", "wrong_type"), ("99.99", "wrong_type"), ("1e20", "out_of_range"),
            ("9007199254740993.0", "out_of_range"), ("-1e2", "out_of_range")] {
            let sent = written(&w.as_boss(), "/api/v1/charges", charge(minor)).await;
            refused(sent, &[("#/amount/amount_minor", code)]).await;
        }
        let made = written(&w.as_boss(), "/api/v1/charges", charge("1e2")).await.expect(201);
        assert_eq!(made.json["amount"]["amount_minor"], 100);
    }

    async fn a_filter_by_intent_is_bounded_alike_in_queries_and_searches(w: World) {
        let recruiter = w.as_recruiter();
        for intent in [0, 5, 9, -1, 32_767, 32_768] {
            let listed = recruiter.get(&format!("{CUSTOMERS}?intent={intent}")).await;
            refused(listed, &[("intent", "out_of_range")]).await;
            let body = json!({"filters": {"intent": [intent]}});
            let found = recruiter.post("/api/v1/customers/search", &body).await;
            refused(found, &[("#/filters/intent/0", "out_of_range")]).await;
        }
        recruiter.get(&format!("{CUSTOMERS}?intent=1,2,3,4")).await.expect(200);
    }

    async fn an_id_is_the_same_in_upper_case(w: World) {
        let recruiter = w.as_recruiter();
        let id = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        let upper = id.to_uppercase();
        let read = recruiter.get(&format!("{CUSTOMERS}/{upper}")).await.expect(200);
        assert_eq!(read.id(), id);
        recruiter.patch(&format!("{CUSTOMERS}/{upper}"), &json!({"intent": 2})).await.expect(200);
        let follow_up = json!({"customer_id": upper, "method": "phone", "outcome": "considering"});
        let made = recruiter.post(FOLLOW_UPS, &follow_up).await.expect(201);
        assert_eq!(made.json["customer_id"], json!(id));
        let listed = recruiter.get(&format!("{FOLLOW_UPS}?customer_id={upper}")).await.expect(200);
        assert_eq!(listed.ids(), [made.id()]);
        for other in [id.replace('-', ""), format!("urn:uuid:{id}")] {
            recruiter.get(&format!("{CUSTOMERS}/{other}")).await.expect(422);
        }
    }

    async fn a_command_is_done_once_in_whichever_case_its_id_is_written(w: World) {
        let boss = w.as_boss();
        let customer = boss.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        let charge = json!({"customer_id": customer, "description": "学费",
            "amount": {"amount_minor": 100, "currency": "CNY"}});
        let charge = boss.post("/api/v1/charges", &charge).await.expect(201).id();
        let credit = json!({"amount": {"amount_minor": 10, "currency": "CNY"}, "reason": "教材退回"});
        for id in [charge.clone(), charge.to_uppercase()] {
            let path = format!("/api/v1/charges/{id}/credit");
            let done = boss.post_with_key(&path, "once", &credit).await.expect(200);
            assert_eq!(done.json["outstanding"]["amount_minor"], 90);
        }
    }

    async fn pointers_are_fragments_and_unknown_names_are_cut(w: World) {
        let recruiter = w.as_recruiter();
        for (name, pointer) in [
            ("a b/c~d%é", "#/a%20b~1c~0d%25%C3%A9"),
            ("x?y:z@!$&'()*+,;=", "#/x?y:z@!$&'()*+,;="),
            ("\"#<>[]^`{|}\\\n", "#/%22%23%3C%3E%5B%5D%5E%60%7B%7C%7D%5C%0A"),
        ] {
            let body = json!({name: 1});
            refused(create(&recruiter, w.new_customer("李雷"), &body).await, &[(pointer, "unknown_field")]).await;
        }
        let body = json!({"n".repeat(100_000): 1});
        let pointer = format!("#/{}", "n".repeat(100));
        refused(create(&recruiter, w.new_customer("李雷"), &body).await, &[(&pointer, "unknown_field")]).await;
        let body = json!({format!("{}~", "n".repeat(99)): 1});
        let pointer = format!("#/{}", "n".repeat(99));
        refused(create(&recruiter, w.new_customer("李雷"), &body).await, &[(&pointer, "unknown_field")]).await;
        for path in [CUSTOMERS, "/api/v1/enums"] {
            let answer = recruiter.get(&format!("{path}?{}=1", "n".repeat(4_000))).await;
            refused(answer, &[(&"n".repeat(100), "unknown_parameter")]).await;
        }
        let many: serde_json::Map<_, _> = (0..900).map(|n| (format!("n{n}"), json!(1))).collect();
        let answer = create(&recruiter, w.new_customer("李雷"), &many.into()).await;
        assert_eq!(answer.errors().len(), 900);
    }

    async fn a_name_that_nobody_can_see_is_blank(w: World) {
        let recruiter = w.as_recruiter();
        for name in ["\u{200b}", "\u{200b}\u{feff}\u{2060}", "\u{3164}", "\u{ad}\u{200d}"] {
            let made = create(&recruiter, w.new_customer("李雷"), &json!({"name": name})).await;
            refused(made, &[("#/name", "blank")]).await;
        }
        create(&recruiter, w.new_customer("李雷"), &json!({"name": "می\u{200c}خواهم"})).await.expect(201);
    }
}
