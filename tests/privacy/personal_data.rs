//! All that is known of a person, in one document for it.

use domain::access::Reach;
use tests::{Actor, Answer, Value, World, both, json};

use super::erasures::{canary, path, take_in};
use crate::access::fields::reader_with;

const EXPORTS: &str = "/api/v1/personal-data-exports";
const REQUESTS: &str = "/api/v1/privacy-requests";

/// Records a request of a customer.
async fn ask(w: &World, customer: &str, more: Value) -> String {
    let mut body = json!({"customer_id": customer, "kind": "copy", "identity": "身份证"});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    w.as_boss().post(REQUESTS, &body).await.expect(201).id()
}

async fn grant(w: &World, request: &str) {
    let body = json!({"verdict": "grant", "reason": "已核实"});
    let path = format!("{REQUESTS}/{request}/decide");
    w.as_boss().post(&path, &body).await.expect(200);
}

/// A granted request for a copy.
async fn granted(w: &World, customer: &str) -> String {
    let request = ask(w, customer, json!({})).await;
    grant(w, &request).await;
    request
}

async fn export(by: &Actor, request: &str) -> Answer {
    let body = json!({"reason": "家长要求复制"});
    by.post(&format!("{REQUESTS}/{request}/exports"), &body)
        .await
}

async fn content(by: &Actor, export: &Answer) -> Answer {
    by.get(&format!("{EXPORTS}/{}/content", export.id())).await
}

/// The document of a granted request.
async fn document(w: &World, request: &str) -> Value {
    let boss = w.as_boss();
    let made = export(&boss, request).await.expect(201);
    let text = content(&boss, &made).await.expect(200).text;
    serde_json::from_str(&text).unwrap()
}

/// Keeps a sensitive value of a customer, and a share that somebody asked for.
async fn more_canaries(w: &World, person: &str) {
    let boss = w.as_boss();
    let field = json!({"entity": "customer", "code": "blood", "name": "血型", "type": "text", "is_sensitive": true});
    boss.post("/api/v1/custom-fields", &field).await.expect(201);
    let plain =
        json!({"entity": "customer", "code": "way", "name": "canary field", "type": "text"});
    boss.post("/api/v1/custom-fields", &plain).await.expect(201);
    let body = json!({"custom_fields": {"blood": "canary blood", "way": "canary way"}});
    boss.patch(&path(person), &body).await.expect(200);
}

both! {
    async fn a_person_is_told_everything_that_is_known_of_it(w: World) {
        let (person, _) = canary(&w).await;
        more_canaries(&w, &person).await;
        let request = ask(&w, &person, json!({"details": "canary wish"})).await;
        grant(&w, &request).await;
        let told = document(&w, &request).await;
        let text = told.to_string();
        for canary in ["Canary One", "Canary Twin", "canary twin", "1990-02-03", "canary region", "canary school",
            "canary grade", "canary note", "canary note again", "canary needs", "canary hobby", "canary label",
            "+8613712340001", "canary@mail.example", "canary lane 7", "canary event", "canary document", "canary line",
            "canary answer", "canary relation", "canary sibling", "canary talk", "canary reason",
            "canary evidence", "canary.txt", "canary charge", "canary payment", "canary seat", "canary blood",
            "canary way", "canary field", "canary wish", "身份证"] {
            assert!(text.contains(canary), "{canary} is missing: {told:#}");
        }
        assert!(!text.contains("canary merge"), "why two were merged may tell of somebody else");
        assert_eq!(told["customer_ids"].as_array().unwrap().len(), 2);
        let tables = told["tables"].as_object().unwrap();
        for table in ["customers", "customer_details", "custom_values", "customer_collections", "customer_relations",
            "customer_merges", "consents", "privacy_requests", "follow_ups", "taggings", "files", "enrollments",
            "hour_lots", "hour_entries", "purchases", "charges", "payments", "payment_allocations", "receipts",
            "customer_balances", "journal_entries", "journal_postings", "audit_records"] {
            assert!(tables.contains_key(table), "{table} is missing: {:?}", tables.keys().collect::<Vec<_>>());
        }
        // What is withheld is named, with its ground.
        let withheld = told["withheld"].as_array().unwrap();
        let holder = json!({"table": "customers", "column": "holder_id", "ground": "other_people", "in_part": false});
        assert!(withheld.contains(&holder), "{withheld:?}");
        // The next document tells of this one.
        let again = document(&w, &request).await;
        assert_eq!(again["tables"]["personal_data_exports"][0]["request_id"], json!(request));
    }

    async fn what_is_of_others_is_told_to_nobody_else(w: World) {
        let boss = w.as_boss();
        let (stray, _) = canary(&w).await;
        let child = take_in(&w, "李雷", json!({"birth_date": "2015-05-05"})).await;
        let mother = take_in(&w, "王芳", json!({"kind": "guardian", "note": "guarded note",
            "contact_points": [{"kind": "phone", "value": "13912340009", "label": "guarded label"}]})).await;
        let body = json!({"role": "guardian", "relative_id": mother, "label": "妈妈"});
        boss.post(&format!("{}/relations", path(&child)), &body).await.expect(201);
        let body = json!({"purpose": "photos", "decision": "withdrawn", "decided_by": mother, "evidence": "电话录音"});
        boss.post(&format!("{}/consents", path(&child)), &body).await.expect(201);
        let class = w.open_class(json!({})).await;
        let body = json!({"customer_id": child, "class_id": class, "payer_id": mother, "note": "怕生"});
        boss.post("/api/v1/enrollments", &body).await.expect(201);
        let asked = json!({"asked_by": mother, "identity": "guarded identity", "details": "请给我一份"});
        let request = ask(&w, &child, asked).await;
        grant(&w, &request).await;
        let told = document(&w, &request).await.to_string();
        for own in ["李雷", "2015-05-05", "妈妈", "电话录音", "怕生", "请给我一份"] {
            assert!(told.contains(own), "{own} is missing");
        }
        let staff = [w.as_recruiter().principal, boss.principal].map(|id| id.to_string());
        let others = ["guarded", "王芳", "13912340009", &mother, "anary", &stray].into_iter();
        for other in others.chain(staff.iter().map(String::as_str)) {
            assert!(!told.contains(other), "{other} is told");
        }

        // To the guardian what it decided, asked and pays for, and no word of the child.
        let told = document(&w, &granted(&w, &mother).await).await;
        assert_eq!(told["tables"]["consents"][0]["decided_by"], json!(mother));
        assert_eq!(told["tables"]["enrollments"][0]["payer_id"], json!(mother));
        let told = told.to_string();
        for own in ["guarded note", "guarded label", "+8613912340009", "guarded identity"] {
            assert!(told.contains(own), "{own} is missing");
        }
        for other in ["李雷", "2015-05-05", "电话录音", "怕生", "请给我一份", "anary", &child] {
            assert!(!told.contains(other), "{other} is told");
        }
    }

    async fn data_is_handed_over_for_granted_requests_for_it_only(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        for kind in ["correction", "deletion", "explanation", "objection"] {
            let request = ask(&w, &person, json!({ "kind": kind })).await;
            grant(&w, &request).await;
            export(&boss, &request).await.expect_problem(409, "request_asks_for_no_data");
        }
        for kind in ["access", "copy", "transfer"] {
            let request = ask(&w, &person, json!({ "kind": kind })).await;
            export(&boss, &request).await.expect_problem(409, "request_not_granted");
            grant(&w, &request).await;
            let made = export(&boss, &request).await.expect(201);
            assert_eq!((&made.json["customer_id"], &made.json["made_by"]), (&json!(person), &json!(boss.principal)));
            let found = boss.get(&format!("{EXPORTS}?request_id={request}")).await.expect(200);
            assert_eq!(found.ids(), [made.id()]);
            let done = format!("{REQUESTS}/{request}/complete");
            boss.post(&done, &json!({"outcome": "已交付"})).await.expect(200);
            export(&boss, &request).await.expect_problem(409, "request_not_granted");
        }
        let of_person = boss.get(&format!("{EXPORTS}?customer_id={person}")).await.expect(200);
        assert_eq!(of_person.ids().len(), 3);
    }

    async fn who_may_not_manage_privacy_or_see_every_field_gets_none(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({"note": "怕生"})).await;
        let request = granted(&w, &person).await;
        let made = export(&boss, &request).await.expect(201);
        let own = format!("{EXPORTS}/{}", made.id());
        for who in [w.as_recruiter(), w.as_supervisor(), w.as_manager()] {
            export(&who, &request).await.expect_problem(403, "permission_missing");
            who.get(&own).await.expect_problem(403, "permission_missing");
            content(&who, &made).await.expect_problem(403, "permission_missing");
        }
        let stranger = w.as_stranger();
        export(&stranger, &request).await.expect_problem(404, "not_found");
        stranger.get(&own).await.expect_problem(404, "not_found");
        content(&stranger, &made).await.expect_problem(404, "not_found");
        assert_eq!(stranger.get(EXPORTS).await.expect(200).ids(), Vec::<String>::new());
        // It leaves by its own address only.
        let sql = match w.server.app.db.is_postgres() {
            true => "SELECT CAST(file_id AS text) FROM personal_data_exports WHERE institution_id = ?",
            false => "SELECT lower(hex(file_id)) FROM personal_data_exports WHERE institution_id = ?",
        };
        let files = w.server.texts(sql, vec![w.institution.uuid().into()]).await;
        let file = uuid::Uuid::parse_str(&files[0]).unwrap();
        boss.get(&format!("/api/v1/files/{file}")).await.expect_problem(404, "not_found");
        let rules = json!([{"record": "customers", "field": "note", "access": "masked"}]);
        let half_blind = reader_with(&w, &["privacy:manage", "customers:read"], rules).await;
        export(&half_blind, &request).await.expect_problem(422, "field_not_readable");
        content(&half_blind, &made).await.expect_problem(422, "field_not_readable");
        w.add_role("protector", &[("privacy:manage", Reach::Institution)]).await;
        let protector = w.hire(&["protector"], w.places.north, None).await;
        export(&protector, &request).await.expect(201);
        content(&protector, &made).await.expect(200);
    }

    async fn each_document_and_each_download_is_a_reveal_on_the_trail(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let request = granted(&w, &person).await;
        let body = json!({"reason": "家长要求复制"});
        let exports = format!("{REQUESTS}/{request}/exports");
        let first = boss.post_with_key(&exports, "copy-once", &body).await.expect(201);
        let second = boss.post_with_key(&exports, "copy-once", &body).await.expect(201);
        assert_eq!(first.json, second.json);
        content(&boss, &first).await.expect(200);
        w.server.settle().await;
        let trail = boss.get(&format!("/api/v1/audit-events?target_id={person}&target_kind=reveal")).await.expect(200);
        let mut told = Vec::new();
        for id in trail.ids() {
            let record = boss.get(&format!("/api/v1/audit-events/{id}")).await.expect(200);
            told.push((record.json["operation"].clone(), record.json["changes"].to_string()));
        }
        told.sort_by_key(|(operation, _)| operation.to_string());
        let operations: Vec<_> = told.iter().map(|(operation, _)| operation.as_str().unwrap()).collect();
        assert_eq!(operations, ["downloadPersonalData", "exportPersonalData"]);
        assert!(told[1].1.contains("家长要求复制") && told[1].1.contains(&request), "{}", told[1].1);
    }

    async fn a_document_goes_after_a_while_and_with_the_person(w: World) {
        let boss = w.as_boss();
        let person = take_in(&w, "张伟", json!({})).await;
        let request = granted(&w, &person).await;
        let (old, young) = (export(&boss, &request).await.expect(201), export(&boss, &request).await.expect(201));
        let id: uuid::Uuid = old.id().parse().unwrap();
        let sql = "UPDATE files SET expires_at = created_at WHERE institution_id = ? AND record_id = ?";
        w.server.execute(w.institution, sql, vec![w.institution.uuid().into(), id.into()]).await.unwrap();
        content(&boss, &old).await.expect_problem(410, "export_expired");
        content(&boss, &young).await.expect(200);
        let done = format!("{REQUESTS}/{request}/complete");
        boss.post(&done, &json!({"outcome": "已交付"})).await.expect(200);
        let erasure = format!("{}/erasure", path(&person));
        let version = boss.get(&erasure).await.expect(200).json["version"].clone();
        boss.post(&erasure, &json!({"version": version, "reason": "requested"})).await.expect(201);
        content(&boss, &young).await.expect_problem(410, "export_expired");
        export(&boss, &request).await.expect_problem(404, "not_found");
    }
}
