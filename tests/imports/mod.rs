//! Imports: lists of leads, tried and taken in.

mod custom_fields;
mod endings;
mod hostile;
mod marks;
mod messy;
mod reach;
mod results;
mod resume;
mod templates;
mod undo;
mod update;
mod workbooks;

use tests::{Actor, Answer, Value, World, json};

pub(crate) const IMPORTS: &str = "/api/v1/imports";

/// Begins to import a list into the north campus; its job.
pub(crate) async fn begin(
    w: &World,
    who: &Actor,
    name: &str,
    content: &[u8],
    mode: &str,
) -> Answer {
    let upload = "/api/v1/files?purpose=import";
    let file = who.upload(upload, name, content).await.expect(201).id();
    let north = w.places.north;
    let body = json!({"file_id": file, "entity": "customers", "campus_id": north, "mode": mode});
    who.post(IMPORTS, &body).await.expect(202)
}

/// The import of a job, once it has ended well.
pub(crate) async fn ended(who: &Actor, job: &Answer) -> Answer {
    let done = who.ended_job(&job.id()).await;
    assert_eq!(done.json["status"], "succeeded", "{}", done.text);
    let id = done.json["result"]["id"].as_str().unwrap().to_owned();
    who.get(&format!("{IMPORTS}/{id}")).await.expect(200)
}

/// Imports a list to its end.
pub(crate) async fn import(w: &World, who: &Actor, list: &str, mode: &str) -> Answer {
    ended(who, &begin(w, who, "a.csv", list.as_bytes(), mode).await).await
}

/// Every row of an import.
pub(crate) async fn rows(who: &Actor, import: &Answer) -> Vec<Value> {
    let base = format!("{IMPORTS}/{}/rows?limit=200", import.id());
    let (mut path, mut rows) = (base.clone(), Vec::new());
    loop {
        let page = who.get(&path).await.expect(200);
        rows.extend(page.json["items"].as_array().unwrap().clone());
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            return rows;
        };
        path = format!("{base}&cursor={cursor}");
    }
}
