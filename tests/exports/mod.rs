//! Exports: lists that leave as files.

mod custom_fields;
mod download;
mod endings;
mod fields;
mod round_trip;
mod rows;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use tests::{Actor, Answer, Value, World, json};

pub(crate) const EXPORTS: &str = "/api/v1/exports";

/// Begins to export customers; its job.
pub(crate) async fn begin(who: &Actor, format: &str, filters: &Value) -> Answer {
    begin_with(who, json!({"format": format, "filters": filters})).await
}

/// Begins to export customers as a body asks; its job.
pub(crate) async fn begin_with(who: &Actor, asked: Value) -> Answer {
    let mut body = json!({"entity": "customers", "format": "csv", "reason": "月度盘点"});
    for (field, value) in asked.as_object().unwrap() {
        body[field] = value.clone();
    }
    who.post(EXPORTS, &body).await.expect(202)
}

/// The export of a job, once that has ended.
pub(crate) async fn ended(who: &Actor, job: &Answer) -> Answer {
    let done = who.ended_job(&job.id()).await;
    let id = done.json["result"]["id"].as_str().unwrap().to_owned();
    who.get(&format!("{EXPORTS}/{id}")).await.expect(200)
}

/// Exports customers to the end.
pub(crate) async fn export(who: &Actor, format: &str, filters: &Value) -> Answer {
    let export = ended(who, &begin(who, format, filters).await).await;
    assert_eq!(export.json["status"], "succeeded", "{}", export.text);
    export
}

/// The file of an export.
pub(crate) async fn content(who: &Actor, export: &Answer) -> Answer {
    let path = format!("{EXPORTS}/{}/content", export.id());
    who.get(&path).await.expect(200)
}

/// The customers of a list in a CSV, each cell by its heading.
pub(crate) async fn table(who: &Actor, filters: &Value) -> Vec<BTreeMap<String, String>> {
    table_with(who, json!({ "filters": filters })).await
}

/// The customers of what a body asks for in a CSV, each cell by its heading.
pub(crate) async fn table_with(who: &Actor, asked: Value) -> Vec<BTreeMap<String, String>> {
    let export = ended(who, &begin_with(who, asked).await).await;
    assert_eq!(export.json["status"], "succeeded", "{}", export.text);
    let text = content(who, &export).await.text;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(Result::unwrap);
    let rows: Vec<BTreeMap<String, String>> = rows.collect();
    assert_eq!(export.json["rows"], json!(rows.len()));
    rows
}

/// One column of a table.
pub(crate) fn column(rows: &[BTreeMap<String, String>], heading: &str) -> BTreeSet<String> {
    rows.iter().map(|row| row[heading].clone()).collect()
}

/// Gives somebody one more role.
pub(crate) async fn give(w: &World, who: &Actor, role: &str) {
    w.reorganize(
        "INSERT INTO principal_roles (institution_id, principal_id, role_id) \
         SELECT institution_id, ?, id FROM roles WHERE institution_id = ? AND code = ?",
        vec![
            who.principal.uuid().into(),
            w.institution.uuid().into(),
            role.into(),
        ],
    )
    .await;
}

/// A customer with a phone, held by somebody at a campus.
pub(crate) async fn customer(w: &World, name: &str, more: Value) -> String {
    let mut body = w.new_customer(name);
    body["contact_points"] = json!([{"kind": "phone", "value": "13800138000", "label": "妈妈"}]);
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = w.as_boss().post("/api/v1/customers", &body).await;
    made.expect(201).id()
}
