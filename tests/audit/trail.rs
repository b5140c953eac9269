//! Each change leaves exactly one audit record, in its own transaction, and what is on the trail
//! stays (I-31, I-34).

use std::collections::BTreeMap;

use reqwest::Method;
use sea_orm::QueryResult;
use tests::{Answer, Operation, World, both, json};
use uuid::Uuid;

use tests::policy::{NOT_BY_EXAMPLE, doer};

/// Operation by request, as the audit records of the school say of what was done.
async fn records(w: &World) -> BTreeMap<String, Vec<String>> {
    records_since(w, 0).await
}

/// The same of what was done since a moment, in microseconds.
async fn records_since(w: &World, since: i64) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT request_id, operation FROM audit_records \
               WHERE institution_id = ? AND outcome = 'done' AND at >= ? ORDER BY operation";
    let values = vec![w.institution.uuid().into(), since.into()];
    let rows = w.server.query(sql, values).await;
    let mut records = BTreeMap::<String, Vec<String>>::new();
    for row in rows {
        let request: Uuid = row.try_get("", "request_id").unwrap();
        let operation: String = row.try_get("", "operation").unwrap();
        records
            .entry(request.to_string())
            .or_default()
            .push(operation);
    }
    records
}

/// Reads that are on the trail themselves: what leaves the system as a file.
const AUDITED_READS: &[&str] = &["downloadExport", "downloadFile", "downloadPersonalData"];

fn request_id(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap().to_owned()
}

fn guarded(w: &World) -> impl Iterator<Item = Operation> {
    let all = w.server.contract.callable().into_iter();
    all.filter(|operation| {
        operation.permission.is_some() && !NOT_BY_EXAMPLE.contains(&operation.id.as_str())
    })
}

/// The one record of a request.
async fn record(w: &World, answer: &Answer) -> QueryResult {
    let request: Uuid = request_id(answer).parse().unwrap();
    let sql = "SELECT * FROM audit_records WHERE institution_id = ? AND request_id = ?";
    let values = vec![w.institution.uuid().into(), request.into()];
    let mut rows = w.server.query(sql, values).await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

both! {
    async fn every_change_leaves_one_record_that_names_it_and_a_read_leaves_none(w: World) {
        for operation in guarded(&w) {
            let (boss, ids) = doer(&w, &operation).await;
            let call = operation.call(&w, &ids).await;
            let (mut expected, since) = (BTreeMap::new(), w.server.app.clock.now());
            let answer = boss.call(&call).await.expect(operation.success);
            if !operation.is_read || AUDITED_READS.contains(&operation.id.as_str()) {
                expected.insert(request_id(&answer), vec![operation.id.clone()]);
            }
            let mut done = None;
            if answer.status == 202 {
                // What its job does is told of by itself, step by step, under the request that asked for it.
                let job = boss.ended_job(&answer.id()).await;
                let kind = job.json["type"].as_str().unwrap().to_owned();
                expected.entry(request_id(&answer)).or_default().push(kind.clone());
                done = Some(kind);
            }
            let mut told = records_since(&w, since.as_microsecond()).await;
            for operations in told.values_mut() {
                operations.dedup_by(|one, other| one == other && Some(&*one) == done.as_ref());
            }
            assert_eq!(told, expected, "{}", operation.id);
        }
    }

    async fn who_did_what_when_and_under_which_trace_stands_in_the_record(w: World) {
        let recruiter = w.as_recruiter();
        let before = w.server.app.clock.now().as_microsecond();
        let request = recruiter.request(Method::POST, "/api/v1/customers")
            .header("idempotency-key", "k")
            .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            .json(&w.new_customer("张伟"));
        let made = recruiter.send(request).await.expect(201);
        let record = record(&w, &made).await;
        let uuid = |name: &str| record.try_get::<Uuid>("", name).unwrap();
        let text = |name: &str| record.try_get::<String>("", name).unwrap();
        assert_eq!(uuid("principal_id"), recruiter.principal.uuid());
        assert_eq!(uuid("target_id").to_string(), made.id());
        assert_eq!(uuid("trace_id").simple().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!([text("principal_kind"), text("target_kind"), text("outcome")], ["staff", "customer", "done"]);
        let at: i64 = record.try_get("", "at").unwrap();
        assert!((before..=w.server.app.clock.now().as_microsecond()).contains(&at));
    }

    async fn what_is_sent_twice_is_on_the_trail_once(w: World) {
        let recruiter = w.as_recruiter();
        let before = records(&w).await.len();
        let body = w.new_customer("张伟");
        let twice = futures_util::future::join_all(
            (0..8).map(|_| recruiter.post_with_key("/api/v1/customers", "once", &body)),
        ).await;
        assert!(twice.iter().all(|a| [201, 409].contains(&a.status)));
        recruiter.post_with_key("/api/v1/customers", "once", &body).await.expect(201);
        assert_eq!(records(&w).await.len(), before + 1);
    }

    async fn what_is_refused_or_changes_nothing_is_not_on_the_trail_as_done(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let before = records(&w).await;
        recruiter.patch(&path, &json!({"name": "张伟"})).await.expect(200);
        recruiter.patch_if(&path, "\"9-0\"", &json!({"intent": 1})).await.expect(412);
        recruiter.patch(&path, &json!({"intent": 9})).await.expect(422);
        recruiter.delete(&path).await.expect(403);
        w.as_colleague().patch(&path, &json!({"intent": 1})).await.expect(404);
        assert_eq!(records(&w).await, before);
    }

    async fn a_record_can_not_be_changed_or_removed_by_whoever_reaches_the_database(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let before = w.server.contents(w.institution).await;
        let columns = w.server.columns("audit_records").await;
        for column in &columns {
            refused(&w, &format!("UPDATE audit_records SET {column} = {column} WHERE institution_id = ?")).await;
        }
        for column in ["salt = payload", "payload = salt", "salt = NULL, payload = salt", "payload = NULL"] {
            refused(&w, &format!("UPDATE audit_payloads SET {column} WHERE institution_id = ?")).await;
        }
        for table in ["audit_records", "audit_payloads"] {
            refused(&w, &format!("DELETE FROM {table} WHERE institution_id = ?")).await;
        }
        if w.server.app.db.is_postgres() {
            for table in ["audit_records", "audit_records CASCADE", "audit_payloads"] {
                refused_truncate(&w, table).await;
            }
        }
        assert_eq!(w.server.contents(w.institution).await, before);
        record(&w, &made).await;
    }

    async fn an_event_can_not_be_changed_or_removed_by_whoever_reaches_the_database(w: World) {
        w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let before = w.server.contents(w.institution).await;
        let mut changes = vec![
            "institution_id = id".to_owned(), "id = subject_id".into(), "at = at + 1".into(),
            "type = 'customer.deleted'".into(), "schema_version = schema_version + 1".into(),
            "subject_kind = 'charge'".into(), "subject_id = id".into(),
            "subject_version = subject_version + 1".into(), "actor_id = id".into(),
            "actor_kind = 'operator'".into(), "data = '{}'".into(),
        ];
        let mut named: Vec<_> = changes.iter().map(|c| c.split(' ').next().unwrap().to_owned()).collect();
        named.push("position".into());
        named.sort();
        let mut columns = w.server.columns("events").await;
        columns.sort();
        assert_eq!(named, columns, "a column without a try to change it");
        // Together with the position, which the sequencer gives.
        changes.push("position = 1, actor_id = id".into());
        for change in changes {
            refused(&w, &format!("UPDATE events SET {change} WHERE institution_id = ?")).await;
        }
        refused(&w, "DELETE FROM events WHERE institution_id = ?").await;
        if w.server.app.db.is_postgres() {
            refused_truncate(&w, "events").await;
        }
        assert_eq!(w.server.contents(w.institution).await, before);
        // What the sequencer has given, nobody takes.
        for position in ["position + 1000", "NULL"] {
            refused(&w, &format!("UPDATE events SET position = {position} WHERE institution_id = ?")).await;
            refused(&w, &format!("UPDATE audit_records SET position = {position} WHERE institution_id = ?")).await;
        }
    }

    async fn a_payload_can_be_erased_and_its_record_stays(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let erase = "UPDATE audit_payloads SET salt = NULL, payload = NULL WHERE institution_id = ?";
        assert!(w.execute(erase, vec![w.institution.uuid().into()]).await.unwrap() > 0);
        let digest: Vec<u8> = record(&w, &made).await.try_get("", "payload_digest").unwrap();
        assert_eq!(digest.len(), 32);
    }

    async fn a_note_stands_in_its_customer_and_nowhere_else(w: World) {
        let recruiter = w.as_recruiter();
        let (first, second) = ("canary-b5f1e0 对面超市三楼", "canary-77c2d9 电话后再来");
        let mut body = w.new_customer("张伟");
        body["note"] = json!(first);
        let made = recruiter.post("/api/v1/customers", &body).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        assert_eq!(found(&w, first).await, ["customers"]);
        recruiter.patch(&path, &json!({"note": second})).await.expect(200);
        w.as_manager().delete(&path).await.expect(204);
        w.as_manager().post(&format!("{path}/restore"), &json!(null)).await.expect(200);
        assert_eq!(found(&w, first).await, [""; 0], "the trail keeps it sealed");
        assert_eq!(found(&w, second).await, ["customers"]);
        recruiter.patch(&path, &json!({"note": null})).await.expect(200);
        assert_eq!(found(&w, second).await, [""; 0]);
    }
}

/// Tables in which a text stands, as it is or in hexadecimal.
async fn found(w: &World, text: &str) -> Vec<String> {
    let ascii = &text[..text.find(' ').unwrap()];
    let hex: String = ascii.bytes().map(|b| format!("{b:02x}")).collect();
    let contents = w.server.contents(w.institution).await;
    let holds = |rows: &Vec<String>| {
        let mut rows = rows.iter().map(|row| row.to_lowercase());
        rows.any(|row| row.contains(ascii) || row.contains(&hex))
    };
    contents
        .into_iter()
        .filter(|(_, rows)| holds(rows))
        .map(|(table, _)| table)
        .collect()
}

async fn refused(w: &World, sql: &str) {
    let done = w.execute(sql, vec![w.institution.uuid().into()]).await;
    assert!(done.is_err(), "{sql}: {done:?}");
}

/// Tried in a transaction that is rolled back in any case: the table is everybody's.
async fn refused_truncate(w: &World, table: &str) {
    let sql = format!("DO $$ BEGIN TRUNCATE {table}; RAISE EXCEPTION 'truncated'; END $$");
    let error = w.execute(&sql, vec![]).await.unwrap_err().to_string();
    assert!(!error.contains("truncated"), "TRUNCATE {table}: {error}");
}
