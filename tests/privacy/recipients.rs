//! Whom data is shared with: nobody who is not registered, and nothing that was not agreed to.

use tests::{Answer, Value, World, both, json};

use super::erasures::{path, take_in};

const RECIPIENTS: &str = "/api/v1/recipients";

fn recipient(name: &str, more: Value) -> Value {
    let mut body = json!({"name": name, "kind": "partner", "purpose": "考级报名", "lawful_basis": "contract",
        "categories": ["identity", "learning"], "country": "CN", "agreement": "协议 2026-07",
        "valid_from": "2026-01-01"});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn register(w: &World, name: &str, more: Value) -> String {
    let body = recipient(name, more);
    w.as_boss().post(RECIPIENTS, &body).await.expect(201).id()
}

/// Shares who a customer is.
async fn share(w: &World, customer: &str, recipient: &str, more: Value) -> Answer {
    let mut body = json!({"recipient_id": recipient, "categories": ["identity"]});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let disclosures = format!("{}/disclosures", path(customer));
    w.as_recruiter().post(&disclosures, &body).await
}

async fn publish(w: &World, purpose: &str) -> String {
    let body = json!({"purpose": purpose, "language": "zh-CN", "title": "告知书", "text": "我们会提供给合作方。",
        "asks_anew": true});
    let made = w.as_boss().post("/api/v1/privacy-notices", &body).await;
    made.expect(201).id()
}

async fn agree(w: &World, customer: &str, notice: &str, more: Value) -> String {
    let mut body = json!({"purpose": "sharing", "decision": "given", "notice_id": notice, "evidence": "同意书 7"});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let consents = format!("{}/consents", path(customer));
    w.as_recruiter()
        .post(&consents, &body)
        .await
        .expect(201)
        .id()
}

both! {
    async fn a_recipient_is_registered_changed_and_archived(w: World) {
        let boss = w.as_boss();
        let made = boss.post(RECIPIENTS, &recipient("考级中心", json!({"categories": ["learning", "identity", "learning"]})))
            .await.expect(201);
        assert_eq!((&made.json["categories"], &made.json["needs_consent"], &made.json["valid_until"]),
            (&json!(["identity", "learning"]), &json!(false), &json!(null)));
        let own = made.header("location").unwrap().to_owned();
        assert_eq!(w.as_recruiter().get(&own).await.expect(200).json, made.json);
        boss.post(RECIPIENTS, &recipient("考级中心", json!({}))).await.expect_problem(409, "name_taken");
        let changed = boss.patch(&own, &json!({"lawful_basis": "consent", "valid_until": "2027-01-01"})).await.expect(200);
        assert_eq!((&changed.json["version"], &changed.json["needs_consent"]), (&json!(2), &json!(true)));
        let changed = boss.patch(&own, &json!({"valid_until": null})).await.expect(200);
        assert_eq!(changed.json["valid_until"], json!(null));
        let refused = boss.patch(&own, &json!({"valid_until": "2026-01-01"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/valid_until".into(), "recipient_period_empty".into())]);
        w.as_recruiter().patch(&own, &json!({"name": "别的"})).await.expect_problem(403, "permission_missing");
        w.as_stranger().get(&own).await.expect_problem(404, "not_found");
        boss.post(&format!("{own}/archive"), &json!(null)).await.expect(200);
        assert!(!boss.get(RECIPIENTS).await.expect(200).ids().contains(&made.id()));
        boss.post(&format!("{own}/unarchive"), &json!(null)).await.expect(200);
    }

    async fn nothing_is_shared_without_an_entry_that_holds(w: World) {
        let person = take_in(&w, "张伟", json!({})).await;
        let boss = w.as_boss();
        let valid = register(&w, "考级中心", json!({"valid_until": "2099-01-01"})).await;
        let over = register(&w, "旧合作方", json!({"valid_until": "2026-06-01"})).await;
        let to_come = register(&w, "新合作方", json!({"valid_from": "2098-01-01"})).await;
        let archived = register(&w, "前合作方", json!({})).await;
        boss.post(&format!("{RECIPIENTS}/{archived}/archive"), &json!(null)).await.expect(200);
        let made = share(&w, &person, &valid, json!({"details": "报名表", "categories": ["learning", "identity"]})).await.expect(201);
        assert_eq!((&made.json["recipient_version"], &made.json["lawful_basis"], &made.json["consent_id"]),
            (&json!(1), &json!("contract"), &json!(null)));
        assert_eq!(w.as_recruiter().get(made.header("location").unwrap()).await.expect(200).json, made.json);
        for (recipient, code) in [(&over, "recipient_not_valid"), (&to_come, "recipient_not_valid"), (&archived, "unknown_reference"),
            (&person, "unknown_reference")] {
            let refused = share(&w, &person, recipient, json!({})).await.expect(422);
            assert_eq!(refused.errors(), [("#/recipient_id".into(), code.into())]);
        }
        // What was done in time may be recorded later.
        share(&w, &person, &over, json!({"disclosed_at": "2026-05-31T02:00:00Z"})).await.expect(201);
        let later = w.server.app.clock.now() + jiff::SignedDuration::from_hours(1);
        let refused = share(&w, &person, &valid, json!({"categories": ["payments"], "disclosed_at": later})).await.expect(422);
        assert_eq!(refused.errors(), [("#/categories", "category_not_registered"), ("#/disclosed_at", "disclosure_in_future")]
            .map(|(at, code)| (at.into(), code.into())));
        let listed = w.as_recruiter().get(&format!("{}/disclosures", path(&person))).await.expect(200);
        assert_eq!(listed.ids().len(), 2);
        assert_eq!(listed.ids()[0], made.id());
    }

    async fn whoever_has_to_agree_to_sharing_agrees_first(w: World) {
        let recruiter = w.as_recruiter();
        let person = take_in(&w, "张伟", json!({})).await;
        let by_consent = register(&w, "夏令营", json!({"lawful_basis": "consent"})).await;
        let abroad = register(&w, "Language school", json!({"country": "GB"})).await;
        for recipient in [&by_consent, &abroad] {
            share(&w, &person, recipient, json!({})).await.expect_problem(409, "sharing_not_agreed");
        }
        let notice = publish(&w, "sharing").await;
        let consent = agree(&w, &person, &notice, json!({})).await;
        for recipient in [&by_consent, &abroad] {
            let made = share(&w, &person, recipient, json!({})).await.expect(201);
            assert_eq!(made.json["consent_id"], json!(consent));
        }
        // Nobody agreed by then.
        let before = json!({"disclosed_at": "2026-02-01T02:00:00Z"});
        share(&w, &person, &by_consent, before).await.expect_problem(409, "sharing_not_agreed");
        // A notice that asks anew, and what is taken back, end it.
        let notice = publish(&w, "sharing").await;
        share(&w, &person, &by_consent, json!({})).await.expect_problem(409, "sharing_not_agreed");
        agree(&w, &person, &notice, json!({})).await;
        share(&w, &person, &by_consent, json!({})).await.expect(201);
        let body = json!({"purpose": "sharing", "decision": "withdrawn"});
        recruiter.post(&format!("{}/consents", path(&person)), &body).await.expect(201);
        share(&w, &person, &by_consent, json!({})).await.expect_problem(409, "sharing_not_agreed");
        // Agreeing to something else is not agreeing to this.
        let other = take_in(&w, "李娜", json!({})).await;
        let notice = publish(&w, "photos").await;
        let body = json!({"purpose": "photos", "decision": "given", "notice_id": notice, "evidence": "同意书 8"});
        recruiter.post(&format!("{}/consents", path(&other)), &body).await.expect(201);
        share(&w, &other, &by_consent, json!({})).await.expect_problem(409, "sharing_not_agreed");
    }

    async fn what_was_shared_is_on_the_timeline_in_the_persons_document_and_goes_with_it(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let center = register(&w, "考级中心", json!({})).await;
        let made = share(&w, &person, &center, json!({"details": "canary details"})).await.expect(201);
        let timeline = boss.get(&format!("{}/timeline?kind=disclosure", path(&person))).await.expect(200);
        let entry = &timeline.json["items"][0];
        assert_eq!((&entry["kind"], &entry["text"]), (&json!("disclosure"), &json!("考级中心")));
        let requests = "/api/v1/privacy-requests";
        let body = json!({"customer_id": person, "kind": "access", "identity": "身份证"});
        let request = boss.post(requests, &body).await.expect(201).id();
        let body = json!({"verdict": "grant", "reason": "已核实"});
        boss.post(&format!("{requests}/{request}/decide"), &body).await.expect(200);
        let body = json!({"reason": "家长要求查阅"});
        let export = boss.post(&format!("{requests}/{request}/exports"), &body).await.expect(201).id();
        let told = boss.get(&format!("/api/v1/personal-data-exports/{export}/content")).await.expect(200).text;
        let told: Value = serde_json::from_str(&told).unwrap();
        let told = &told["tables"]["disclosures"][0];
        assert_eq!((&told["recipient"], &told["country"], &told["categories"], &told["details"]),
            (&json!("考级中心"), &json!("CN"), &json!(["identity"]), &json!("canary details")));
        boss.post(&format!("{requests}/{request}/complete"), &json!({"outcome": "已交付"})).await.expect(200);
        let erasure = format!("{}/erasure", path(&person));
        let version = boss.get(&erasure).await.expect(200).json["version"].clone();
        boss.post(&erasure, &json!({"version": version, "reason": "requested"})).await.expect(201);
        let left = w.server.texts("SELECT 'left' FROM disclosures WHERE institution_id = ? AND id = ? AND details IS NOT NULL",
            vec![w.institution.uuid().into(), uuid::Uuid::parse_str(&made.id()).unwrap().into()]).await;
        assert_eq!(left, Vec::<String>::new());
    }

    async fn who_teaches_a_customer_is_not_told_with_whom_its_data_were_shared(w: World) {
        let teacher = w.actor("teacher");
        let class = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let person = take_in(&w, "张伟", json!({})).await;
        w.enroll(&person, &class).await.expect(201);
        let center = register(&w, "考级中心", json!({})).await;
        share(&w, &person, &center, json!({})).await.expect(201);
        let notice = publish(&w, "sharing").await;
        agree(&w, &person, &notice, json!({})).await;
        let timeline = format!("{}/timeline?kind=disclosure,consent,collection", path(&person));
        assert_eq!(w.as_boss().get(&timeline).await.expect(200).json["items"].as_array().unwrap().len(), 2);
        assert_eq!(teacher.get(&timeline).await.expect(200).json["items"], json!([]));
    }

    async fn who_does_not_reach_the_customer_shares_nothing_of_it(w: World) {
        let person = take_in(&w, "张伟", json!({})).await;
        let center = register(&w, "考级中心", json!({})).await;
        let made = share(&w, &person, &center, json!({})).await.expect(201);
        let disclosures = format!("{}/disclosures", path(&person));
        let body = json!({"recipient_id": center, "categories": ["identity"]});
        for who in [w.as_colleague(), w.as_stranger()] {
            who.post(&disclosures, &body).await.expect_problem(404, "not_found");
            who.get(&disclosures).await.expect_problem(404, "not_found");
            who.get(made.header("location").unwrap()).await.expect_problem(404, "not_found");
        }
        // Of one customer it is not found under another.
        let other = take_in(&w, "李娜", json!({})).await;
        let elsewhere = format!("{}/disclosures/{}", path(&other), made.id());
        w.as_recruiter().get(&elsewhere).await.expect_problem(404, "not_found");
    }
}
