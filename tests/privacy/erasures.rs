//! Erasing people: nothing of them is left, the books hold, and no list brings them back.

use futures_util::future::join_all;
use tests::{Actor, Answer, Value, World, both, json};

use crate::{
    audit::sealing::{prove, seal},
    imports::{import, rows},
};

const ERASURES: &str = "/api/v1/erasures";

pub(super) fn path(customer: &str) -> String {
    format!("/api/v1/customers/{customer}")
}

pub(super) async fn take_in(w: &World, name: &str, more: Value) -> String {
    let mut body = w.new_customer(name);
    body["holder_id"] = json!(w.as_recruiter().principal);
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = w.as_boss().post("/api/v1/customers", &body).await;
    made.expect(201).id()
}

/// Erases a customer as it is now.
pub(super) async fn erase(by: &Actor, customer: &str) -> Answer {
    let preview = by
        .get(&format!("{}/erasure", path(customer)))
        .await
        .expect(200);
    let body = json!({"version": preview.json["version"], "reason": "requested"});
    by.post(&format!("{}/erasure", path(customer)), &body).await
}

pub(super) fn phone(number: &str) -> Value {
    json!({"contact_points": [{"kind": "phone", "value": number}]})
}

fn cny(minor: i64) -> Value {
    json!({"amount_minor": minor, "currency": "CNY"})
}

/// A grown person with a canary in every text that can be said of it; its id and that of its charge.
pub(super) async fn canary(w: &World) -> (String, String) {
    let boss = w.as_boss();
    let person = take_in(w, "Canary One", json!({
        "gender": "female", "birth_date": "1990-02-03", "region": "canary region", "school": "canary school",
        "grade": "canary grade", "note": "canary note", "details": {"needs": "canary needs", "hobbies": ["canary hobby"]},
        "contact_points": [{"kind": "phone", "value": "13712340001", "label": "canary label"},
            {"kind": "email", "value": "canary@mail.example"}, {"kind": "address", "value": "canary lane 7"}],
        "collection": {"event": "canary event", "source_document": "canary document",
            "form": [{"label": "canary line", "value": "canary answer"}]},
    })).await;
    let own = path(&person);
    boss.patch(&own, &json!({"note": "canary note again"}))
        .await
        .expect(200);
    let twin = take_in(w, "Canary Twin", json!({"note": "canary twin"})).await;
    let version = boss.get(&own).await.json["version"].clone();
    let body = json!({"duplicate_id": twin, "version": version, "duplicate_version": 1, "reason": "canary merge"});
    boss.post(&format!("{own}/merge"), &body).await.expect(201);
    let child = take_in(w, "李雷", json!({})).await;
    let body = json!({"role": "guardian", "relative_id": take_in(w, "王芳", json!({"kind": "guardian"})).await,
        "label": "canary relation"});
    boss.post(&format!("{own}/relations"), &body)
        .await
        .expect(201);
    let body = json!({"role": "sibling", "relative_id": person, "label": "canary sibling"});
    boss.post(&format!("{}/relations", path(&child)), &body)
        .await
        .expect(201);
    let body = json!({"customer_id": person, "method": "phone", "outcome": "interested", "content": "canary talk"});
    boss.post("/api/v1/follow-ups", &body).await.expect(201);
    let tag = w.fixture(w.institution, "tag_id").await.unwrap();
    boss.post(
        &format!("{own}/tags"),
        &json!({"tag_id": tag, "reason": "canary reason"}),
    )
    .await
    .expect(201);
    let body =
        json!({"purpose": "marketing", "decision": "withdrawn", "evidence": "canary evidence"});
    boss.post(&format!("{own}/consents"), &body)
        .await
        .expect(201);
    boss.upload(&format!("{own}/files"), "canary.txt", b"canary content")
        .await
        .expect(201);
    let body = json!({"customer_id": person, "amount": cny(5000), "description": "canary charge"});
    let charge = boss.post("/api/v1/charges", &body).await.expect(201).id();
    let body = json!({"payer_id": person, "campus_id": w.places.north, "method": "cash", "amount": cny(5000),
        "note": "canary payment"});
    boss.post("/api/v1/payments", &body).await.expect(201);
    let class = w.open_class(json!({})).await;
    let body = json!({"customer_id": person, "class_id": class, "note": "canary seat"});
    let seat = boss
        .post("/api/v1/enrollments", &body)
        .await
        .expect(201)
        .id();
    boss.post(
        &format!("/api/v1/enrollments/{seat}/withdraw"),
        &json!({"reason": "moved"}),
    )
    .await
    .expect(200);
    (person, charge)
}

/// Tables in which a canary stands in the clear.
async fn told_in(w: &World) -> Vec<String> {
    let contents = w.server.contents(w.institution).await;
    let found = contents.into_iter().filter(|(_, rows)| {
        let mut rows = rows.iter();
        rows.any(|row| row.to_lowercase().contains("canary"))
    });
    found.map(|(table, _)| table).collect()
}

/// Pays what is open, so that nothing stands in the way.
async fn settle(w: &World, person: &str) {
    let boss = w.as_boss();
    let balance = boss
        .get(&format!("{}/balance", path(person)))
        .await
        .expect(200);
    let owed = balance.json["outstanding"]["amount_minor"]
        .as_i64()
        .unwrap();
    if owed > 0 {
        let body = json!({"payer_id": person, "campus_id": w.places.north, "method": "cash", "amount": cny(owed)});
        boss.post("/api/v1/payments", &body).await.expect(201);
    }
}

both! {
    async fn nothing_of_an_erased_person_is_left_and_the_books_hold(w: World) {
        let boss = w.as_boss();
        let (person, charge) = canary(&w).await;
        settle(&w, &person).await;
        let told = told_in(&w).await;
        for table in ["customers", "customer_details", "follow_ups", "taggings", "customer_relations", "charges",
            "payments", "enrollments", "customer_collections"] {
            assert!(told.iter().any(|t| t == table), "{table} has no canary: {told:?}");
        }
        let files = boss.get(&format!("{}/files", path(&person))).await.expect(200);
        let file = format!("/api/v1/files/{}", files.ids()[0]);
        let charges = boss.get(&format!("/api/v1/charges?customer_id={person}")).await.expect(200);
        let entries = boss.get("/api/v1/journal-entries?limit=200").await.expect(200);
        let before = boss.get(&format!("/api/v1/charges/{charge}")).await.expect(200);
        let preview = boss.get(&format!("{}/erasure", path(&person))).await.expect(200);
        assert_eq!(preview.json["obstacles"], json!([]));

        let made = erase(&boss, &person).await.expect(201);
        assert_eq!(made.json["tables"].as_array().unwrap().len(), preview.json["tables"].as_array().unwrap().len());
        assert_eq!((&made.json["pseudonym"], &made.json["number"]), (&json!("erased 1"), &json!(1)));
        assert_eq!(told_in(&w).await, Vec::<String>::new());
        let certificate = made.header("location").unwrap().to_owned();
        assert_eq!(boss.get(&certificate).await.expect(200).json, made.json);
        assert_eq!(boss.get(ERASURES).await.expect(200).ids(), [made.id()]);

        boss.get(&path(&person)).await.expect_problem(404, "not_found");
        boss.post(&format!("{}/restore", path(&person)), &json!(null)).await.expect_problem(404, "not_found");
        boss.get(&format!("{}/erasure", path(&person))).await.expect_problem(404, "not_found");
        boss.get(&file).await.expect_problem(404, "not_found");
        for query in ["Canary", "canary@mail.example", "13712340001"] {
            let found = boss.post("/api/v1/customers/search", &json!({"query": query})).await.expect(200);
            assert_eq!(found.ids(), Vec::<String>::new(), "{query}");
        }
        let after = boss.get(&format!("/api/v1/charges/{charge}")).await.expect(200);
        assert_eq!((&after.json["amount"], &after.json["paid"], &after.json["description"]),
            (&before.json["amount"], &before.json["paid"], &json!("erased 1")));
        let again = boss.get(&format!("/api/v1/charges?customer_id={person}")).await.expect(200);
        assert_eq!(again.ids(), charges.ids());
        assert_eq!(boss.get("/api/v1/journal-entries?limit=200").await.expect(200).json, entries.json);
    }

    async fn the_trail_of_an_erased_person_is_proved_without_what_it_said(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", phone("13712340002")).await;
        boss.patch(&path(&person), &json!({"intent": 3})).await.expect(200);
        seal(&w).await;
        let trail = format!("/api/v1/audit-events?target_id={person}");
        let before = boss.get(&trail).await.expect(200).ids();
        erase(&boss, &person).await.expect(201);
        w.server.settle().await;
        for record in &before {
            let record = boss.get(&format!("/api/v1/audit-events/{record}")).await.expect(200);
            assert_eq!((&record.json["changes"], &record.json["origin"]), (&json!(null), &json!(null)));
        }
        let after = boss.get(&trail).await.expect(200);
        assert_eq!(after.ids().len(), before.len() + 1);
        assert_eq!(after.json["items"][0]["operation"], "eraseCustomer");
        seal(&w).await;
        let proof = prove(&w).await;
        assert_eq!((proof.broken, proof.unsealed), (None, 0));
    }

    async fn a_person_is_erased_once(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", phone("13712340003")).await;
        let body = json!({"version": 1, "reason": "requested"});
        let erasure = format!("{}/erasure", path(&person));
        boss.post(&erasure, &json!({"version": 2, "reason": "requested"})).await.expect_problem(412, "version_stale");
        let answers = join_all((0..3).map(|_| boss.post(&erasure, &body))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.into_iter().filter(|answer| answer.status != 201) {
            refused.expect_problem(404, "not_found");
        }
        let other = take_in(&w, "李娜", phone("13712340004")).await;
        let erasure = format!("{}/erasure", path(&other));
        let first = boss.post_with_key(&erasure, "erase-once", &body).await.expect(201);
        let second = boss.post_with_key(&erasure, "erase-once", &body).await.expect(201);
        assert_eq!(first.json, second.json);
        assert_eq!(first.json["pseudonym"], "erased 2");
    }

    async fn a_deleted_person_can_be_erased_without_being_brought_back(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "Canary", phone("13712340019")).await;
        boss.delete(&path(&person)).await.expect(204);
        let erasure = format!("{}/erasure", path(&person));
        let preview = boss.get(&erasure).await.expect(200);
        assert_eq!(preview.json["version"], 2);
        let body = json!({"version": 2, "reason": "requested"});
        boss.post(&erasure, &body).await.expect(201);
        boss.get(&erasure).await.expect_problem(404, "not_found");
        boss.post(&format!("{}/restore", path(&person)), &json!(null)).await.expect_problem(404, "not_found");
        assert_eq!(told_in(&w).await, Vec::<String>::new());
    }

    async fn who_may_not_erase_or_does_not_reach_the_person_does_not(w: World) {
        let person = take_in(&w, "张伟", json!({})).await;
        let erasure = format!("{}/erasure", path(&person));
        let body = json!({"version": 1, "reason": "requested"});
        w.as_recruiter().get(&erasure).await.expect_problem(403, "permission_missing");
        w.as_recruiter().post(&erasure, &body).await.expect_problem(403, "permission_missing");
        w.as_stranger().get(&erasure).await.expect_problem(404, "not_found");
        w.as_stranger().post(&erasure, &body).await.expect_problem(404, "not_found");
        let made = w.as_boss().post(&erasure, &body).await.expect(201);
        w.as_stranger().get(&format!("{ERASURES}/{}", made.id())).await.expect_problem(404, "not_found");
        assert_eq!(w.as_stranger().get(ERASURES).await.expect(200).ids(), Vec::<String>::new());
    }

    async fn business_under_way_stands_in_the_way(w: World) {
        let boss = w.as_boss();
        let refused = async |person: &str, obstacle: &str| {
            let preview = boss.get(&format!("{}/erasure", path(person))).await.expect(200);
            assert_eq!(preview.json["obstacles"][0], obstacle);
            erase(&boss, person).await.expect_problem(409, "erasure_obstructed");
            boss.get(&path(person)).await.expect(200);
        };
        let student = take_in(&w, "张伟", json!({})).await;
        let class = w.open_class(json!({})).await;
        w.enroll(&student, &class).await.expect(201);
        refused(&student, "active_enrollment").await;
        let debtor = take_in(&w, "李娜", json!({})).await;
        let body = json!({"customer_id": debtor, "amount": cny(100), "description": "学费"});
        boss.post("/api/v1/charges", &body).await.expect(201);
        refused(&debtor, "open_charge").await;
        let creditor = take_in(&w, "王芳", json!({})).await;
        let body = json!({"payer_id": creditor, "campus_id": w.places.north, "method": "cash", "amount": cny(100)});
        boss.post("/api/v1/payments", &body).await.expect(201);
        refused(&creditor, "unspent_credit").await;
        let asker = take_in(&w, "赵六", json!({})).await;
        let body = json!({"customer_id": asker, "kind": "copy"});
        boss.post("/api/v1/privacy-requests", &body).await.expect(201);
        refused(&asker, "open_request").await;
    }

    async fn a_request_for_deletion_is_done_with_the_erasure(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let requests = "/api/v1/privacy-requests";
        let ask = async |kind: &str, of: &str| {
            let body = json!({"customer_id": of, "kind": kind, "identity": "身份证", "details": "请删除张伟的资料"});
            boss.post(requests, &body).await.expect(201).id()
        };
        let deletion = ask("deletion", &person).await;
        let of_other = ask("deletion", &take_in(&w, "李娜", json!({})).await).await;
        let erasure = format!("{}/erasure", path(&person));
        let body = |request: &str| json!({"version": 1, "reason": "requested", "request_id": request});
        let refused = boss.post(&erasure, &body(&of_other)).await.expect(422);
        assert_eq!(refused.errors(), [("#/request_id".into(), "unknown_reference".into())]);
        boss.post(&erasure, &body(&deletion)).await.expect_problem(409, "request_not_granted");
        let grant = json!({"verdict": "grant", "reason": "同意"});
        boss.post(&format!("{requests}/{deletion}/decide"), &grant).await.expect(200);
        let made = boss.post(&erasure, &body(&deletion)).await.expect(201);
        assert_eq!(made.json["request_id"], json!(deletion));
        let done = boss.get(&format!("{requests}/{deletion}")).await.expect(200);
        assert_eq!((&done.json["status"], &done.json["answer"], &done.json["details"], &done.json["identity"]),
            (&json!("done"), &json!("erased 1"), &json!(null), &json!(null)));
    }

    async fn whoever_was_erased_comes_back_by_asking_only(w: World) {
        let boss = w.as_boss();
        let number = "13712340005";
        let person = take_in(&w, "张伟", phone(number)).await;
        erase(&boss, &person).await.expect(201);
        let mut body = w.new_customer("张小伟");
        body["contact_points"] = phone(number)["contact_points"].clone();
        boss.post("/api/v1/customers", &body).await.expect_problem(409, "erased_person");
        let bulk = json!({"mode": "best_effort", "operations": [{"op": "create", "data": body}]});
        let results = boss.post("/api/v1/customers/bulk", &bulk).await.expect(200);
        assert_eq!(results.json["results"][0]["problem"]["code"], "erased_person");
        body["asked_again"] = json!(true);
        let back = boss.post("/api/v1/customers", &body).await.expect(201).id();
        w.server.settle().await;
        let trail = boss.get(&format!("/api/v1/audit-events?target_id={back}")).await.expect(200);
        let kinds = trail.json["items"][0]["targets"].to_string();
        assert!(kinds.contains("asked_again"), "{kinds}");
        // Who is there again blocks nobody.
        body.as_object_mut().unwrap().remove("asked_again");
        body["name"] = json!("李娜");
        boss.post("/api/v1/customers", &body).await.expect(201);
    }

    async fn a_list_does_not_bring_erased_people_back(w: World) {
        let boss = w.as_boss();
        let list = "姓名,家长姓名,家长手机\n张小明,王芳,13712340006\n李雷,赵敏,13712340007\n";
        let done = import(&w, &boss, list, "commit").await;
        let child = rows(&boss, &done).await[0]["customer_id"].as_str().unwrap().to_owned();
        erase(&boss, &child).await.expect(201);
        // The guardian stays, and so may another child of hers come.
        let list = "姓名,家长姓名,家长手机\n张小明,王芳,13712340006\n张小红,王芳,13712340006\n李雷,赵敏,13712340007\n";
        for (mode, outcomes) in [("validate", ["skipped", "created", "duplicate"]), ("commit", ["skipped", "created", "duplicate"])] {
            let again = import(&w, &boss, list, mode).await;
            let rows = rows(&boss, &again).await;
            let told: Vec<_> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
            assert_eq!(told, outcomes, "{mode}");
            assert_eq!(rows[0]["problems"][0]["code"], "erased_person");
        }
    }
}
