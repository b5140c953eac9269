//! How exports end, and how many there are at once.

use tests::{Engine, Server, World, both, json, run_on};

use super::{EXPORTS, begin, ended, export};
use crate::access::fields::reader_with;

both! {
    async fn whoever_exports_is_told_when_it_is_done(w: World) {
        let boss = w.as_boss();
        let made = export(&boss, "csv", &json!({})).await;
        let notice = boss.get("/api/v1/notices").await.expect(200).json["items"][0].clone();
        assert_eq!((&notice["kind"], &notice["target"]), (&json!("export_finished"), &json!({"kind": "export", "id": made.id()})));
        assert_eq!(notice["text"], "The export is done: 0 rows. Download it in time: the file is kept for a while only.");
    }

    async fn the_same_command_twice_makes_one_export(w: World) {
        let boss = w.as_boss();
        let body = json!({"entity": "customers", "format": "csv", "reason": "盘点"});
        let first = boss.post_with_key(EXPORTS, "once", &body).await.expect(202);
        let again = boss.post_with_key(EXPORTS, "once", &body).await.expect(202);
        assert_eq!((again.header("idempotency-replayed"), again.id()), (Some("true"), first.id()));
        let location = first.header("location").unwrap().to_owned();
        assert_eq!(location, format!("/api/v1/jobs/{}", first.id()));
        ended(&boss, &first).await;
        assert_eq!(boss.get(EXPORTS).await.expect(200).ids().len(), 1);
        let mut other = body.clone();
        other["format"] = json!("xlsx");
        boss.post_with_key(EXPORTS, "once", &other).await.expect_problem(422, "idempotency_key_reused");
        boss.post(EXPORTS, &json!({"entity": "customers", "format": "csv"})).await.expect_problem(422, "validation_failed");
    }
}

/// A story on a server that runs so many jobs at once.
fn with_workers<F: Future<Output = ()>>(
    engine: Engine,
    workers: &str,
    story: impl FnOnce(World) -> F + Send,
) {
    if let Some(server) = Server::own(engine, &[("EDUCRM_JOB_WORKERS", workers)]) {
        run_on(server, story);
    }
}

async fn two_at_once(w: World) {
    let boss = w.as_boss();
    let first = begin(&boss, "csv", &json!({})).await;
    begin(&boss, "xlsx", &json!({})).await;
    let body = json!({"entity": "customers", "format": "csv", "reason": "盘点"});
    boss.post(EXPORTS, &body)
        .await
        .expect_problem(409, "too_many_exports");
    begin(&w.as_manager(), "csv", &json!({})).await;
    let id = first.json["result"]["id"].as_str().unwrap();
    let path = format!("{EXPORTS}/{id}");
    boss.get(&format!("{path}/content"))
        .await
        .expect_problem(409, "export_not_ready");
    let cancel = format!("/api/v1/jobs/{}/cancel", first.id());
    boss.post(&cancel, &json!(null)).await.expect(200);
    let export = boss.get(&path).await.expect(200);
    assert_eq!(
        (&export.json["status"], &export.json["expires_at"]),
        (&json!("cancelled"), &json!(null))
    );
    boss.get(&format!("{path}/content"))
        .await
        .expect_problem(409, "export_not_ready");
    boss.post(EXPORTS, &body).await.expect(202);
}

/// The only worker is busy with a list while the right to export is taken away.
async fn revoked(w: World) {
    let (boss, manager) = (w.as_boss(), w.as_manager());
    let list: String = (0..3000).map(|n| format!("学员{n}\n")).collect();
    crate::imports::begin(
        &w,
        &boss,
        "a.csv",
        format!("姓名\n{list}").as_bytes(),
        "commit",
    )
    .await;
    let job = begin(&manager, "csv", &json!({})).await;
    w.reorganize(
        "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
        vec![w.institution.uuid().into(), manager.principal.uuid().into()],
    )
    .await;
    let ended = manager.ended_job(&job.id()).await;
    assert_eq!(
        (&ended.json["status"], &ended.json["problem"]["code"]),
        (&json!("failed"), &json!("permission_missing"))
    );
    let id = ended.json["result"]["id"].as_str().unwrap();
    let path = format!("{EXPORTS}/{id}/content");
    manager
        .get(&path)
        .await
        .expect_problem(403, "permission_missing");
    let notice = manager.get("/api/v1/notices").await.expect(200);
    assert_eq!(notice.json["items"][0]["kind"], "export_failed");
    w.reorganize(
        "INSERT INTO principal_roles (institution_id, principal_id, role_id) \
         SELECT institution_id, ?, id FROM roles WHERE institution_id = ? AND code = 'branch_manager'",
        vec![manager.principal.uuid().into(), w.institution.uuid().into()],
    )
    .await;
    let path = format!("/api/v1/exports/{id}/content");
    manager
        .post(&format!("/api/v1/jobs/{}/cancel", job.id()), &json!(null))
        .await
        .expect_problem(409, "job_finished");
    manager
        .get(&path)
        .await
        .expect_problem(409, "export_not_ready");
}

/// The only worker is busy with a list while a rule closes the field that the export filters by.
async fn closed(w: World) {
    let boss = w.as_boss();
    let codes = ["customers:read", "exports:run"];
    let actor = reader_with(&w, &codes, json!([])).await;
    let list: String = (0..3000).map(|n| format!("学员{n}\n")).collect();
    let list = format!("姓名\n{list}");
    crate::imports::begin(&w, &boss, "a.csv", list.as_bytes(), "commit").await;
    let job = begin(&actor, "csv", &json!({"intent": [4]})).await;
    let roles = format!("/api/v1/staff/{}/roles", actor.principal);
    let role = boss.get(&roles).await.expect(200).json["role_ids"][0].clone();
    let rules = json!({"rules": [{"record": "customers", "field": "intent", "access": "hidden"}]});
    let path = format!("/api/v1/roles/{}/field-rules", role.as_str().unwrap());
    boss.put(&path, &rules).await.expect(200);
    let ended = actor.ended_job(&job.id()).await;
    assert_eq!(
        (&ended.json["status"], &ended.json["problem"]["code"]),
        (&json!("failed"), &json!("export_rights_changed"))
    );
}

#[test]
fn an_export_does_not_go_by_a_field_that_is_closed_meanwhile_on_sqlite() {
    with_workers(Engine::Sqlite, "1", closed);
}

#[test]
fn an_export_does_not_go_by_a_field_that_is_closed_meanwhile_on_postgres() {
    with_workers(Engine::Postgres, "1", closed);
}

#[test]
fn one_has_two_exports_under_way_on_sqlite() {
    with_workers(Engine::Sqlite, "0", two_at_once);
}

#[test]
fn one_has_two_exports_under_way_on_postgres() {
    with_workers(Engine::Postgres, "0", two_at_once);
}

#[test]
fn an_export_ends_with_the_rights_of_whoever_began_it_on_sqlite() {
    with_workers(Engine::Sqlite, "1", revoked);
}

#[test]
fn an_export_ends_with_the_rights_of_whoever_began_it_on_postgres() {
    with_workers(Engine::Postgres, "1", revoked);
}
