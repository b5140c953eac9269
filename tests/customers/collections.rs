//! Where the data of a customer came from, each time, and what was corrected of it since.

use tests::{both, json};

use crate::imports::{begin, ended};

const CUSTOMERS: &str = "/api/v1/customers";

both! {
    async fn a_customer_begins_with_a_collection_however_it_comes(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["source_channel"] = json!("event");
        body["collected_at"] = json!("2026-03-01T02:00:00Z");
        body["collection"] = json!({"event": "春季教育展", "source_document": "登记表 12", "lawful_basis": "consent",
            "form": [{"label": "家长姓名", "value": "王芳"}]});
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let path = format!("{CUSTOMERS}/{}/collections", made.id());
        let list = recruiter.get(&path).await.expect(200);
        assert_eq!(list.ids(), [made.id()]);
        let first = &list.json["items"][0];
        for field in ["source_channel", "collected_at", "collector_id"] {
            assert_eq!(first[field], made.json[field], "{field}");
        }
        for (field, value) in [
            ("event", json!("春季教育展")), ("source_document", json!("登记表 12")), ("lawful_basis", json!("consent")),
            ("has_form", json!(true)), ("reason", json!(null)), ("version", json!(1)), ("recorded_by", json!(recruiter.principal)),
        ] {
            assert_eq!(first[field], value, "{field}");
        }
        // In bulk, and from a list.
        let call = json!({"mode": "all_or_nothing", "operations": [{"op": "create", "ref": "a", "data": w.new_customer("李雷")}]});
        let done = recruiter.post(&format!("{CUSTOMERS}/bulk"), &call).await.expect(200);
        let id = done.json["results"][0]["id"].as_str().unwrap();
        let list = recruiter.get(&format!("{CUSTOMERS}/{id}/collections")).await.expect(200);
        assert_eq!(list.json["items"][0]["source_channel"], "hotline");
        let boss = w.as_boss();
        let lead = "姓名,来源渠道,家长姓名,家长手机\n韩梅,老带新,韩母,13800138000\n";
        ended(&boss, &begin(&w, &boss, "a.csv", lead.as_bytes(), "commit").await).await;
        let found = boss.post(&format!("{CUSTOMERS}/search"), &json!({"query": "13800138000"})).await.expect(200);
        assert!(!found.ids().is_empty());
        for id in found.ids() {
            let list = boss.get(&format!("{CUSTOMERS}/{id}/collections")).await.expect(200);
            assert_eq!((&list.json["items"][0]["source_channel"], &list.json["items"][0]["collector_id"]), (&json!("referral"), &json!(boss.principal)));
        }
    }

    async fn a_collection_is_of_the_department_of_its_collector_unless_another_is_named(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        let departments = boss.get("/api/v1/departments?limit=2").await.expect(200).ids();
        let staff = format!("/api/v1/staff/{}", recruiter.principal);
        boss.patch(&staff, &json!({"department_id": departments[0]})).await.expect(200);
        let made = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        let path = format!("{CUSTOMERS}/{}/collections", made.id());
        assert_eq!(recruiter.get(&path).await.json["items"][0]["department_id"], json!(departments[0]));
        let other = json!({"source_channel": "website", "department_id": departments[1]});
        let other = recruiter.post(&path, &other).await.expect(201);
        assert_eq!(other.json["department_id"], json!(departments[1]));
        let own = recruiter.post(&path, &json!({"source_channel": "website"})).await.expect(201);
        assert_eq!(own.json["department_id"], json!(departments[0]));
        let strange = json!({"source_channel": "website", "department_id": uuid::Uuid::now_v7()});
        let refused = recruiter.post(&path, &strange).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/department_id".into(), "unknown_reference".into())]);
        let mut body = w.new_customer("李雷");
        body["collection"] = json!({"department_id": uuid::Uuid::now_v7()});
        let refused = recruiter.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/collection/department_id".into(), "unknown_reference".into())]);
    }

    async fn a_later_collection_stands_beside_the_first_and_leaves_the_customer_as_it_was(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let file = recruiter.upload(&format!("{path}/files"), "form.txt", b"a form").await.expect(201).id();
        let new = json!({"source_channel": "event", "event": "公开日", "file_id": file});
        let later = recruiter.post(&format!("{path}/collections"), &new).await.expect(201);
        assert_eq!(later.json["file_id"], json!(file));
        let customer = recruiter.get(&path).await.expect(200);
        assert_eq!((&customer.json["source_channel"], &customer.json["version"]), (&json!("hotline"), &json!(2)));
        let list = recruiter.get(&format!("{path}/collections")).await.expect(200);
        assert_eq!(list.ids(), [later.id(), made.id()]);
        let page = recruiter.get(&format!("{path}/collections?limit=1")).await.expect(200);
        assert_eq!(page.ids(), [later.id()]);
        // Files are those of the customer.
        let other = recruiter.post(CUSTOMERS, &w.new_customer("李雷")).await.expect(201).id();
        let refused = recruiter.post(&format!("{CUSTOMERS}/{other}/collections"), &new).await.expect(422);
        assert_eq!(refused.errors(), [("#/file_id".into(), "unknown_reference".into())]);
        let unknown = json!({"source_channel": "carrier_pigeon"});
        let refused = recruiter.post(&format!("{path}/collections"), &unknown).await.expect(422);
        assert_eq!(refused.errors(), [("#/source_channel".into(), "unknown_reference".into())]);
        let ahead = json!({"source_channel": "event", "collected_at": "9000-01-01T00:00:00Z", "event": " 公开日"});
        let refused = recruiter.post(&format!("{path}/collections"), &ahead).await.expect(422);
        assert_eq!(refused.errors(), [("#/collected_at".into(), "collected_in_future".into()), ("#/event".into(), "blank".into())]);
    }

    async fn a_correction_keeps_what_was_said_and_the_customer_follows_its_first_collection(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let first = format!("{path}/collections/{}", made.id());
        let change = json!({"source_channel": "referral", "collected_at": "2026-02-01T00:00:00Z", "collector_id": null,
            "lawful_basis": "consent", "reason": "家长更正"});
        let corrected = recruiter.patch(&first, &change).await.expect(200);
        assert_eq!((&corrected.json["version"], &corrected.json["reason"]), (&json!(2), &json!("家长更正")));
        let customer = recruiter.get(&path).await.expect(200);
        assert_eq!(
            (&customer.json["source_channel"], &customer.json["collected_at"], &customer.json["collector_id"], &customer.json["version"]),
            (&json!("referral"), &json!("2026-02-01T00:00:00Z"), &json!(null), &json!(2)),
        );
        let list = recruiter.get(&format!("{CUSTOMERS}?source_channel=referral")).await.expect(200);
        assert_eq!(list.ids(), [made.id()]);
        let history = recruiter.get(&first).await.expect(200);
        assert_eq!(history.json["current"], corrected.json);
        let earlier = history.json["earlier"].as_array().unwrap();
        assert_eq!((earlier.len(), &earlier[0]["source_channel"], &earlier[0]["collector_id"]), (1, &json!("hotline"), &json!(recruiter.principal)));
        // What differs in nothing is no correction; what was read before is refused.
        let same = json!({"source_channel": "referral", "reason": "又一次"});
        assert_eq!(recruiter.patch(&first, &same).await.expect(200).json, corrected.json);
        let stale = json!({"event": "公开日", "reason": "补充"});
        let refused = recruiter.request(reqwest::Method::PATCH, &first).header("if-match", "\"1-0\"").json(&stale);
        recruiter.send(refused).await.expect_problem(412, "version_stale");
        // Of a later one nothing comes to the customer.
        let later = recruiter.post(&format!("{path}/collections"), &json!({"source_channel": "event"})).await.expect(201);
        let later = format!("{path}/collections/{}", later.id());
        recruiter.patch(&later, &json!({"source_channel": "website", "reason": "录错"})).await.expect(200);
        assert_eq!(recruiter.get(&path).await.json["source_channel"], "referral");
        let sql = "DELETE FROM customer_collections WHERE institution_id = ?";
        assert!(w.server.execute(w.institution, sql, vec![w.institution.uuid().into()]).await.is_err());
        let sql = "UPDATE customer_collections SET channel = 'other' WHERE institution_id = ?";
        assert!(w.server.execute(w.institution, sql, vec![w.institution.uuid().into()]).await.is_err());
        w.server.settle().await;
        let events = w.as_boss().get("/api/v1/events?type=customer.changed").await.expect(200);
        assert_eq!(events.json["items"][0]["data"]["changed"], json!(["collections"]));
    }

    async fn a_filled_form_is_sealed_and_shown_by_a_reveal_only(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张伟");
        body["collection"] = json!({"form": [{"label": "家长电话", "value": "canary-13712345678"}]});
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let first = format!("{CUSTOMERS}/{}/collections/{}", made.id(), made.id());
        let shown = recruiter.post(&format!("{first}/reveal"), &json!({"reason": "核对登记表"})).await.expect(200);
        assert_eq!(shown.json["form"], json!([{"label": "家长电话", "value": "canary-13712345678"}]));
        let boss = w.as_boss();
        let trail = boss.get("/api/v1/audit-events?operation=revealCollection").await.expect(200);
        let record = boss.get(&format!("/api/v1/audit-events/{}", trail.ids()[0])).await.expect(200);
        assert_eq!(record.json["changes"][0]["after"]["reason"], "核对登记表");
        recruiter.patch(&first, &json!({"form": [], "reason": "误录"})).await.expect(200);
        for path in [first.clone(), format!("{CUSTOMERS}/{}/collections", made.id())] {
            assert!(!recruiter.get(&path).await.expect(200).text.contains("canary"));
        }
        for (table, rows) in w.server.contents(w.institution).await {
            assert!(rows.iter().all(|row| !row.contains("canary-13712345678")), "{table}");
        }
        w.as_colleague().post(&format!("{first}/reveal"), &json!({"reason": "好奇"})).await.expect_problem(404, "not_found");
        w.actor("finance").post(&format!("{first}/reveal"), &json!({"reason": "好奇"})).await.expect_problem(403, "permission_missing");
    }

    async fn field_rules_of_customers_hold_for_collections(w: World) {
        let made = w.as_boss().post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        let path = format!("{CUSTOMERS}/{}/collections", made.id());
        let first = format!("{path}/{}", made.id());
        let rules = json!([
            {"record": "customers", "field": "contact_points", "access": "hidden"},
            {"record": "customers", "field": "source_channel", "access": "hidden"},
        ]);
        let about = ["customers:read", "customers:write", "customers:reveal", "audit:read"];
        let reader = crate::access::fields::reader_with(&w, &about, rules).await;
        assert_eq!(reader.get(&path).await.expect(200).json["items"][0]["source_channel"], json!(null));
        let history = reader.get(&first).await.expect(200);
        assert_eq!((&history.json["current"]["source_channel"], history.text.contains("hotline")), (&json!(null), false));
        let refused = reader.patch(&first, &json!({"source_channel": "event", "reason": "试试"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/source_channel".into(), "field_not_readable".into())]);
        reader.post(&format!("{first}/reveal"), &json!({"reason": "核对"})).await.expect_problem(422, "field_not_readable");
        w.as_boss().patch(&first, &json!({"source_channel": "event", "reason": "更正"})).await.expect(200);
        let list = format!("/api/v1/audit-events?target_id={}", made.id());
        let event = reader.get(&list).await.expect(200).ids().remove(0);
        let told = reader.get(&format!("/api/v1/audit-events/{event}")).await.expect(200);
        assert!(!told.text.contains("\"event\"") && !told.text.contains("hotline"), "{}", told.text);
    }
}
