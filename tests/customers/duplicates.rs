//! Whether somebody is there already: all of it within reach, and beyond only that there is somebody.

use jiff::SignedDuration;
use tests::{Actor, Answer, Engine, Server, Value, World, both, json, run_on};

const CHECK: &str = "/api/v1/customers/duplicate-check";
const LOOKUP: &str = "/api/v1/customers/lookup";

async fn take_in(actor: &Actor, w: &World, name: &str, more: Value) -> String {
    let mut body = w.new_customer(name);
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = actor.post("/api/v1/customers", &body).await.expect(201);
    made.id()
}

fn phone(number: &str) -> Value {
    json!([{"kind": "phone", "value": number}])
}

async fn relate(actor: &Actor, child: &str, guardian: &str) {
    let body = json!({"role": "guardian", "relative_id": guardian});
    let path = format!("/api/v1/customers/{child}/relations");
    actor.post(&path, &body).await.expect(201);
}

/// Candidates of an answer: id and reasons.
fn candidates(answer: &Answer, list: &str) -> Vec<(String, Vec<String>)> {
    let items = answer.json[list].as_array().unwrap().iter();
    let told = items.map(|item| {
        let reasons = item["reasons"].as_array().unwrap().iter();
        let reasons = reasons.map(|reason| reason.as_str().unwrap().to_owned());
        let id = item["customer"]["id"].as_str().unwrap().to_owned();
        (id, reasons.collect())
    });
    told.collect()
}

async fn check(actor: &Actor, body: Value) -> Answer {
    actor.post(CHECK, &body).await
}

both! {
    async fn within_reach_the_candidates_are_told_with_their_reasons(w: World) {
        let recruiter = w.as_recruiter();
        let born = json!({"birth_date": "2015-09-01", "school": "实验小学"});
        let same = take_in(&recruiter, &w, "张伟", born).await;
        let called = take_in(&recruiter, &w, "李雷", json!({"contact_points": phone("13800138000")})).await;
        let sounding = take_in(&recruiter, &w, "章薇", json!({"school": "实验小学"})).await;
        let mother = take_in(&recruiter, &w, "王芳", json!({"kind": "guardian", "contact_points": phone("13900139000")})).await;
        let ward = take_in(&recruiter, &w, "张维", json!({})).await;
        relate(&recruiter, &ward, &mother).await;
        take_in(&recruiter, &w, "韩梅梅", json!({"birth_date": "2015-09-01"})).await;

        let found = check(&recruiter, json!({
            "kind": "student", "name": "张伟", "birth_date": "2015-09-01", "school": "实验小学",
            "contact_points": phone("138 0013 8000"), "guardian_phone": "13900139000",
        })).await.expect(200);
        let told: std::collections::BTreeMap<_, _> = candidates(&found, "candidates").into_iter().collect();
        let expected = [
            (&same, ["same_name_and_birth_date", "same_name_and_school"].as_slice()),
            (&called, &["same_phone"]),
            (&sounding, &["same_name_and_school"]),
            (&mother, &["same_phone"]),
            (&ward, &["same_guardian"]),
        ];
        let expected: std::collections::BTreeMap<_, _> = expected.iter()
            .map(|(id, reasons)| ((*id).clone(), reasons.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>()))
            .collect();
        assert_eq!(told, expected);
        assert_eq!(found.json["candidates"][0]["customer"]["id"], json!(same), "the likeliest first");
        assert_eq!(found.json["beyond_reach"], json!([]));
        assert!(!found.text.contains("13800138000"), "{}", found.text);
        // The same of a customer who is there.
        let path = format!("/api/v1/customers/{sounding}/duplicates");
        let of = candidates(&recruiter.get(&path).await.expect(200), "items");
        assert_eq!(of, [(same, vec!["same_name_and_school".to_owned()])]);
    }

    async fn beyond_reach_only_that_there_is_somebody_by_which_key_and_with_which_team(w: World) {
        let (recruiter, outsider) = (w.as_recruiter(), w.as_outsider());
        let known = json!({"contact_points": phone("13800138000"), "birth_date": "2015-09-01", "school": "实验小学"});
        let held = take_in(&recruiter, &w, "金丝雀", known).await;
        let mut pooled = json!({"contact_points": phone("13900139000")});
        pooled["holder_id"] = json!(w.places.north);
        let pooled = take_in(&w.as_boss(), &w, "秦时月", pooled).await;
        let asked = json!({"name": "金丝雀", "birth_date": "2015-09-01", "school": "实验小学",
            "contact_points": phone("13800138000"), "guardian_phone": "13900139000"});
        let found = check(&outsider, asked.clone()).await.expect(200);
        assert_eq!(found.json["candidates"], json!([]));
        for secret in [&held, &pooled, "金丝雀", "秦时月", "8000", "实验小学"] {
            assert!(!found.text.contains(secret), "{secret}: {}", found.text);
        }
        let beyond = found.json["beyond_reach"].as_array().unwrap();
        let told: Vec<_> = beyond.iter().map(|one| (one["keys"].clone(), one["keeper"].clone())).collect();
        let team = json!({"kind": "team", "id": w.places.team, "name": "招生一组"});
        let pool = json!({"kind": "pool", "id": w.places.north, "name": "北校区"});
        assert_eq!(told, [(json!(["phone"]), team), (json!(["guardian_phone"]), pool)]);
        let names: Vec<_> = beyond[0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["keeper", "keys", "request_token"]);
        // A name and a birthday find nobody there, nor does an address.
        let named = json!({"name": "金丝雀", "birth_date": "2015-09-01", "school": "实验小学"});
        let found = check(&outsider, named).await.expect(200);
        assert_eq!(found.json, json!({"candidates": [], "beyond_reach": []}));
        // Nobody of another institution, nobody who was deleted.
        let stranger = check(&w.as_stranger(), asked.clone()).await.expect(200);
        assert_eq!(stranger.json, json!({"candidates": [], "beyond_reach": []}));
        for id in [held, pooled] {
            w.as_boss().delete(&format!("/api/v1/customers/{id}")).await.expect(204);
        }
        let found = check(&outsider, asked).await.expect(200);
        assert_eq!(found.json, json!({"candidates": [], "beyond_reach": []}));
    }

    async fn several_of_one_team_are_told_as_one_and_tokens_do_not_tell_whether_they_are_the_same(w: World) {
        let recruiter = w.as_recruiter();
        for name in ["张伟", "王芳"] {
            take_in(&recruiter, &w, name, json!({"contact_points": phone("13800138000")})).await;
        }
        let body = json!({"contact_points": phone("13800138000")});
        let mut tokens = std::collections::BTreeSet::new();
        for _ in 0..2 {
            let found = check(&w.as_outsider(), body.clone()).await.expect(200);
            assert_eq!(found.json["beyond_reach"].as_array().unwrap().len(), 1);
            tokens.insert(found.json["beyond_reach"][0]["request_token"].to_string());
        }
        assert_eq!(tokens.len(), 2);
    }

    async fn a_check_needs_something_to_look_by_and_looks_by_nothing_that_is_hidden(w: World) {
        let recruiter = w.as_recruiter();
        for body in [json!({}), json!({"name": "张伟"}), json!({"birth_date": "2015-09-01"}),
            json!({"contact_points": [{"kind": "address", "value": "幸福路一号"}]})] {
            check(&recruiter, body).await.expect_problem(422, "duplicate_key_missing");
        }
        let refused = check(&recruiter, json!({"contact_points": phone("138****8000"), "guardian_phone": "x"})).await;
        assert_eq!(refused.expect(422).errors()[0], ("#/contact_points/0/value".into(), "masked_value".into()));
        let child = take_in(&recruiter, &w, "张伟", json!({"birth_date": "2015-09-01", "contact_points": phone("13800138000")})).await;
        let twin = take_in(&recruiter, &w, "张伟", json!({"birth_date": "2015-09-01", "contact_points": phone("13800138000")})).await;
        for (field, body, pointer) in [
            ("contact_points", json!({"contact_points": phone("13800138000")}), "#/contact_points"),
            ("contact_points", json!({"guardian_phone": "13800138000"}), "#/guardian_phone"),
            ("birth_date", json!({"name": "张伟", "birth_date": "2015-09-01"}), "#/birth_date"),
        ] {
            let rules = json!([{"record": "customers", "field": field, "access": "hidden"}]);
            let about = ["customers:read", "customers:write"];
            let actor = crate::access::fields::reader_with(&w, &about, rules).await;
            let refused = check(&actor, body).await.expect(422);
            assert_eq!(refused.errors(), [(pointer.to_owned(), "field_not_readable".to_owned())]);
            let of = actor.get(&format!("/api/v1/customers/{child}/duplicates")).await.expect(200);
            let reason = if field == "birth_date" { "same_phone" } else { "same_name_and_birth_date" };
            assert_eq!(candidates(&of, "items"), [(twin.clone(), vec![reason.to_owned()])]);
        }
        let rules = json!([{"record": "customers", "field": "contact_points", "access": "hidden"}]);
        let actor = crate::access::fields::reader_with(&w, &["customers:read"], rules).await;
        actor.post(LOOKUP, &json!({"phone": "13800138000"})).await.expect(422);
    }

    async fn the_trail_tells_how_much_was_asked_and_found_and_never_what(w: World) {
        take_in(&w.as_recruiter(), &w, "张伟", json!({"contact_points": phone("13800138000")})).await;
        let outsider = w.as_outsider();
        check(&outsider, json!({"contact_points": phone("13800138000"), "guardian_phone": "13900139000"})).await.expect(200);
        outsider.post(LOOKUP, &json!({"phone": "13800138000"})).await.expect(200);
        let list = format!("/api/v1/audit-events?actor_id={}", outsider.principal);
        let events = w.as_boss().get(&list).await.expect(200);
        let mut told = Vec::new();
        for id in events.ids() {
            let event = w.as_boss().get(&format!("/api/v1/audit-events/{id}")).await.expect(200);
            assert!(!event.text.contains("8000"), "{}", event.text);
            told.push((event.json["operation"].clone(), event.json["changes"][0]["after"].clone()));
        }
        assert_eq!(told, [
            (json!("lookUpCaller"), json!({"keys": 1, "within_reach": 0, "beyond_reach": 1})),
            (json!("checkDuplicates"), json!({"keys": 2, "within_reach": 0, "beyond_reach": 1})),
        ]);
    }

    async fn who_calls_is_shown_with_holder_household_and_last_contact(w: World) {
        let recruiter = w.as_recruiter();
        let mother = take_in(&recruiter, &w, "王芳", json!({"kind": "guardian", "contact_points": phone("13900139000")})).await;
        let child = take_in(&recruiter, &w, "张伟", json!({})).await;
        relate(&recruiter, &child, &mother).await;
        for (at, content) in [("2026-03-02T02:00:00Z", "后一次"), ("2026-03-01T02:00:00Z", "前一次")] {
            let said = json!({"customer_id": mother, "method": "phone", "outcome": "interested", "content": content, "occurred_at": at});
            recruiter.post("/api/v1/follow-ups", &said).await.expect(201);
        }
        let found = recruiter.post(LOOKUP, &json!({"phone": "+86 139-0013-9000"})).await.expect(200);
        let caller = &found.json["callers"][0];
        assert_eq!(caller["customer"]["id"], json!(mother));
        assert_eq!(caller["customer"]["contact_points"][0]["value"], "139****9000");
        assert_eq!(caller["holder"], json!({"id": recruiter.principal, "name": "recruiter"}));
        assert_eq!(caller["household"][0]["relative_id"], json!(child));
        assert_eq!(caller["last_contact"]["content"], "后一次");
        assert_eq!(found.json["beyond_reach"], json!([]));
        // Another's customer: no more than a check tells.
        let beyond = w.as_outsider().post(LOOKUP, &json!({"phone": "13900139000"})).await.expect(200);
        assert_eq!(beyond.json["callers"], json!([]));
        assert_eq!(beyond.json["beyond_reach"][0]["keeper"]["name"], "招生一组");
        assert!(!beyond.text.contains(&mother) && !beyond.text.contains("王芳"));
        // Nobody has it.
        let nobody = recruiter.post(LOOKUP, &json!({"phone": "13700137000"})).await.expect(200);
        assert_eq!(nobody.json, json!({"callers": [], "beyond_reach": []}));
        recruiter.post(LOOKUP, &json!({"phone": "nonsense"})).await.expect(422);
    }
}

/// What was told yesterday, and how much was asked, bounds what is told today; a refusal comes
/// whether or not there is somebody, and from every instance.
fn bounds(engine: Engine) {
    let settings = [
        ("EDUCRM_DUPLICATE_KEYS_PER_DAY", "5"),
        ("EDUCRM_DUPLICATE_FINDS_PER_DAY", "2"),
        ("EDUCRM_LOOKUPS_PER_HOUR", "3"),
    ];
    let Some(server) = Server::own(engine, &settings) else {
        return;
    };
    run_on(server, |w: World| async move {
        let numbers = ["13800138001", "13800138002", "13800138003"];
        for number in numbers {
            take_in(
                &w.as_recruiter(),
                &w,
                "张伟",
                json!({"contact_points": phone(number)}),
            )
            .await;
        }
        let (outsider, free) = (w.as_outsider(), "13700137000");
        let by = |number: &str| json!({"contact_points": phone(number)});
        for number in &numbers[..2] {
            check(&outsider, by(number)).await.expect(200);
        }
        for number in [numbers[2], free] {
            let refused = check(&outsider, by(number))
                .await
                .expect_problem(429, "allowance_spent");
            let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
            assert!((86_000..=86_401).contains(&wait), "{wait}");
        }
        // Everybody has an own allowance, of keys too.
        let recruiter = w.as_recruiter();
        for _ in 0..5 {
            check(&recruiter, by(free)).await.expect(200);
        }
        check(&recruiter, by(free))
            .await
            .expect_problem(429, "allowance_spent");
        check(
            &recruiter,
            json!({"name": "张伟", "birth_date": "2015-09-01"}),
        )
        .await
        .expect(200);
        for _ in 0..3 {
            recruiter
                .post(LOOKUP, &json!({"phone": free}))
                .await
                .expect(200);
        }
        recruiter
            .post(LOOKUP, &json!({"phone": free}))
            .await
            .expect_problem(429, "allowance_spent");
        server.app.clock.advance(SignedDuration::from_hours(25));
        for who in [w.actor("outsider"), w.actor("recruiter")] {
            let who = w.acting_as(w.institution, who.principal).await;
            check(&who, by(free)).await.expect(200);
            who.post(LOOKUP, &json!({"phone": free})).await.expect(200);
        }
    });
}

#[test]
fn nobody_confirms_a_stolen_list_on_sqlite() {
    bounds(Engine::Sqlite);
}

#[test]
fn nobody_confirms_a_stolen_list_on_postgres() {
    bounds(Engine::Postgres);
}
