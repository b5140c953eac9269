//! A refused request leaves every business table as it was (I-24). The tables are those of the
//! database's catalogue, the requests are made from the published document.

use reqwest::Method;
use tests::{Call, Operation, Value, World, both, in_quarters, json};

use tests::policy::{DIRECTORY, NOT_BY_EXAMPLE, ONESELF, State, doer, record, row};

/// A call that must be refused, who sends it, and why.
struct Refusal {
    why: String,
    who: &'static str,
    call: Call,
}

/// Everything that can be wrong with one operation while the rest of it is right.
async fn refusals(w: &World, operation: &Operation) -> Vec<Refusal> {
    let boss = w.as_boss();
    let right = record(w, operation, &boss, false).await;
    let wrong = if right.is_empty() || row(&operation.id).1 == State::Any {
        None
    } else {
        Some(record(w, operation, &boss, true).await)
    };
    let example = operation.example(w).await;
    let call_on = |ids: &[String]| operation.call_with(ids, example.as_ref());
    let call = call_on(&right);
    let mut all = Vec::new();
    let mut add = |why: &str, who: &'static str, call: Call| {
        all.push(Refusal {
            why: format!("{}: {why}", operation.id),
            who,
            call,
        });
    };
    add("nobody", "anonymous", call.clone());
    // Everybody who works here may read the directory and reference data.
    let is_open = operation.permission.as_deref() == Some(DIRECTORY);
    if operation.permission.as_deref() != Some(ONESELF) && !is_open {
        add("no permission", "employee", call.clone());
    }
    let forged = call.clone().with("authorization", "Bearer a.b.c");
    add("forged", "anonymous", forged);
    if let Some(wrong) = wrong {
        add("other state", "boss", call_on(&wrong));
    }
    if !right.is_empty() {
        add("stranger", "stranger", call.clone());
        if !is_open {
            add("out of reach", "outsider", call.clone());
        }
        let nothing = call_on(&operation.random_ids());
        add("nothing there", "boss", nothing);
        for id in ["nonsense", "%00", "..%2f", "0", &right[0].replace('-', "")] {
            let ids = vec![id.to_owned(); right.len()];
            add(id, "boss", call_on(&ids));
        }
    }
    if operation.takes("if-match") {
        add("no If-Match", "boss", call.clone().without("if-match"));
        for tag in ["\"999-0\"", "W/\"999\"", "nonsense", "\"\"", "\"-1\""] {
            add(tag, "boss", call.clone().with("if-match", tag));
        }
    }
    if operation.takes("idempotency-key") {
        for key in ["", "\"\"", "with blank", "键", &"k".repeat(256)] {
            add(key, "boss", call.clone().with("idempotency-key", key));
        }
    }
    if operation.requires("idempotency-key") {
        add("no key", "boss", call.clone().without("idempotency-key"));
    }
    for query in [
        "limit=0",
        "limit=201",
        "cursor=AAAA",
        "cursor=%ff",
        "nonsense=1",
        "sort=;drop",
    ] {
        if operation.is_read && !operation.parameters.is_empty() {
            let mut call = call.clone();
            call.path = format!("{}?{query}", call.path);
            add(query, "boss", call);
        }
    }
    for method in [Method::PUT, Method::TRACE, Method::OPTIONS] {
        let mut call = call.clone();
        call.method = method.clone();
        call.body = None;
        add(method.as_str(), "boss", call);
    }
    if let Some(example) = &example {
        bad_bodies(w, operation, &call, example, &mut add);
    }
    all
}

fn bad_bodies(
    w: &World,
    operation: &Operation,
    call: &Call,
    example: &Value,
    add: &mut impl FnMut(&str, &'static str, Call),
) {
    let whole = example.to_string();
    let texts = [
        "",
        "{",
        "nul",
        "[]",
        "null",
        "\u{feff}{}",
        &whole[..whole.len() - 1],
        &format!("{whole} {whole}"),
        &"[".repeat(10_000),
        &"{\"a\":".repeat(10_000),
        &format!("{{\"a\":1,\"a\":2,{}", &whole[1..]),
        &format!("\"{}\"", "x".repeat(2_000_000)),
    ];
    for text in texts {
        let why: String = text.chars().take(20).collect();
        add(&why, "boss", call.clone().with_text(text));
    }
    for media in [
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "",
    ] {
        add(media, "boss", call.clone().with("content-type", media));
    }
    let schema = operation.body.as_ref().unwrap();
    for (name, property) in schema["properties"].as_object().unwrap() {
        let property = w.server.contract.resolve(property);
        let mut values = vec![json!({"a": 1}), json!([[]]), json!(true)];
        if property["type"] == "boolean" {
            values.pop();
        }
        if property["type"] != "string" {
            values.push(json!(1.5));
            values.push(json!(i64::MAX));
        }
        if property["maxLength"].is_u64() || property["enum"].is_array() {
            values.push(json!("客".repeat(9_999)));
            values.push(json!("\u{0}"));
        }
        if property["format"].is_string() {
            values.push(json!("nonsense"));
            values.push(json!(u64::MAX));
        }
        for value in values {
            let mut body = example.clone();
            body[name] = value.clone();
            let why: String = format!("{name}={value}").chars().take(40).collect();
            add(&why, "boss", call.clone().with_body(&body));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let mut body = example.clone();
        body.as_object_mut().unwrap().remove(name.as_str().unwrap());
        add(
            &format!("without {name}"),
            "boss",
            call.clone().with_body(&body),
        );
    }
    let mut body = example.clone();
    body["institution_id"] = json!(w.other);
    add("unknown field", "boss", call.clone().with_body(&body));
}

async fn send(w: &World, refusal: &Refusal) {
    let actor = match refusal.who {
        "anonymous" => w.as_anonymous(),
        "stranger" => w.as_stranger(),
        name => w.actor(name),
    };
    let answer = actor.call(&refusal.call).await;
    assert!(
        (400..500).contains(&answer.status),
        "{} by {} answered {}: {}",
        refusal.why,
        refusal.who,
        answer.status,
        answer.text
    );
}

/// Operations of the document that need a permission.
fn guarded(w: &World) -> impl Iterator<Item = Operation> {
    let all = w.server.contract.callable().into_iter();
    all.filter(|operation| operation.permission.is_some())
}

in_quarters! {
    async fn a_refused_request_changes_no_table(w: World, quarter: Quarter) {
        let mut sent = 0;
        for operation in quarter.of(guarded(&w)) {
            let refusals = refusals(&w, &operation).await;
            let before = (w.server.contents(w.institution).await, w.server.contents(w.other).await);
            for refusal in &refusals {
                send(&w, refusal).await;
            }
            sent += refusals.len();
            let after = (w.server.contents(w.institution).await, w.server.contents(w.other).await);
            assert_eq!(before, after, "{}", operation.id);
        }
        assert!(sent > 50, "only {sent} were sent");
    }

    async fn a_change_that_is_done_is_seen_in_the_tables(w: World, quarter: Quarter) {
        let changes = guarded(&w)
            .filter(|o| !o.is_read && !NOT_BY_EXAMPLE.contains(&o.id.as_str()));
        for operation in quarter.of(changes) {
            let (boss, ids) = doer(&w, &operation).await;
            let before = (w.server.contents(w.institution).await, w.server.contents(w.other).await);
            boss.call(&operation.call(&w, &ids).await).await.expect(operation.success);
            let after = (w.server.contents(w.institution).await, w.server.contents(w.other).await);
            assert_ne!(before.0, after.0, "{}", operation.id);
            assert_eq!(before.1, after.1, "{}", operation.id);
        }
    }

}

both! {
    async fn a_rule_broken_in_the_middle_of_a_command_leaves_nothing(w: World) {
        let boss = w.as_boss();
        boss.post_with_key("/api/v1/customers", "once", &w.new_customer("张伟")).await.expect(201);
        let before = w.server.contents(w.institution).await;
        for (field, value, status) in [
            ("birth_date", json!("2999-01-01"), 422),
            ("birth_date", json!("1899-12-31"), 422),
            ("collected_at", json!("2999-01-01T00:00:00Z"), 422),
            ("name", json!("  "), 422),
            ("name", json!("a\tb"), 422),
            ("holder_id", json!(w.as_outsider().principal), 422),
            ("holder_id", json!(w.as_stranger().principal), 422),
            ("collector_id", json!(uuid::Uuid::now_v7()), 422),
            ("campus_id", json!(w.other_places.north), 422),
        ] {
            let mut body = w.new_customer("李雷");
            body[field] = value.clone();
            boss.post("/api/v1/customers", &body).await.expect(status);
        }
        boss.post_with_key("/api/v1/customers", "once", &w.new_customer("李雷")).await
            .expect_problem(422, "idempotency_key_reused");
        assert_eq!(before, w.server.contents(w.institution).await);
    }
}
