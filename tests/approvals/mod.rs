//! Approvals: who agrees to what, before it goes on. What waits here are exports.

mod deciders;
mod decisions;
mod exports;
mod policies;

use tests::{Actor, Answer, Value, World, json};

use crate::exports::{EXPORTS, begin, customer};

pub(crate) const APPROVALS: &str = "/api/v1/approvals";
pub(crate) const POLICIES: &str = "/api/v1/approval-policies";

/// A policy of exports from some rows upward.
async fn policy(w: &World, from: i64, steps: Value) -> Answer {
    let body = json!({"name": format!("{from} 行起"), "kind": "export", "from_amount": from, "steps": steps});
    w.as_boss().post(POLICIES, &body).await.expect(201)
}

/// The id of a role.
async fn role(w: &World, code: &str) -> String {
    let roles = w.as_boss().get("/api/v1/roles?limit=200").await.expect(200);
    let roles = roles.json["items"].as_array().unwrap().clone();
    let found = roles.into_iter().find(|role| role["code"] == code);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// A step that somebody decides.
fn by(person: &Actor) -> Value {
    json!({"staff_id": person.principal})
}

/// Begins an export that waits for an approval, which its answer is. There is a customer to be exported.
async fn ask(w: &World, who: &Actor) -> Answer {
    customer(w, "张伟", json!({})).await;
    let job = begin(who, "csv", &json!({})).await;
    let export = export_of(who, &job).await;
    assert_eq!(
        export.json["status"], "waiting_for_approval",
        "{}",
        export.text
    );
    let id = export.json["approval_id"].as_str().unwrap();
    who.get(&path(id)).await.expect(200)
}

/// The export of a job, as it stands.
async fn export_of(who: &Actor, job: &Answer) -> Answer {
    let id = job.json["result"]["id"].as_str().unwrap();
    who.get(&format!("{EXPORTS}/{id}")).await.expect(200)
}

/// The export that waits for an approval, as it stands.
async fn subject(who: &Actor, approval: &Answer) -> Answer {
    let id = approval.json["subject"]["id"].as_str().unwrap();
    who.get(&format!("{EXPORTS}/{id}")).await.expect(200)
}

fn path(id: &str) -> String {
    format!("{APPROVALS}/{id}")
}

async fn decide(who: &Actor, approval: &Answer, step: u8, verdict: &str) -> Answer {
    let mut body = json!({"step": step, "verdict": verdict});
    if verdict == "refuse" {
        body["reason"] = json!("不需要这么多");
    }
    let path = format!("{}/decision", path(&approval.id()));
    who.post(&path, &body).await
}

async fn delegate(who: &Actor, approval: &Answer, to: &Actor) -> Answer {
    let body = json!({"step": 1, "staff_id": to.principal, "reason": "出差一周"});
    let path = format!("{}/delegate", path(&approval.id()));
    who.post(&path, &body).await
}

async fn recall(who: &Actor, approval: &Answer) -> Answer {
    let path = format!("{}/recall", path(&approval.id()));
    who.post(&path, &json!(null)).await
}

/// Ids of the approvals that somebody can decide.
async fn waiting_for(who: &Actor) -> Vec<String> {
    let list = format!("{APPROVALS}?side=waiting_for_me");
    who.get(&list).await.expect(200).ids()
}

/// Kinds of somebody's notices, newest first.
async fn notices(who: &Actor) -> Vec<Value> {
    let list = who.get("/api/v1/notices").await.expect(200);
    let items = list.json["items"].as_array().unwrap().iter();
    items.map(|notice| notice["kind"].clone()).collect()
}

/// Ends somebody's work for a while.
async fn suspend(w: &World, who: &Actor) {
    let path = format!("/api/v1/staff/{}/suspend", who.principal);
    let administrator = w.hire(&["boss"], w.places.south, None).await;
    administrator.post(&path, &json!(null)).await.expect(200);
    // Who suspends has left again: nobody else is to be found who makes policies.
    w.reorganize(
        "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
        vec![
            w.institution.uuid().into(),
            administrator.principal.uuid().into(),
        ],
    )
    .await;
}
