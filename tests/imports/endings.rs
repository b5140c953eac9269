//! How imports end that do not succeed, and what is left of them.

use tests::{Engine, Server, World, both, json, run_on};

use super::{IMPORTS, begin, ended};

both! {
    async fn an_import_that_fails_says_so_and_tells_its_owner(w: World) {
        let boss = w.as_boss();
        let job = begin(&w, &boss, "a.csv", "手机号\n13800138000\n".as_bytes(), "commit").await;
        let failed = boss.ended_job(&job.id()).await;
        assert_eq!(failed.json["problem"]["code"], "name_column_missing");
        let id = failed.json["result"]["id"].as_str().unwrap();
        let import = boss.get(&format!("{IMPORTS}/{id}")).await.expect(200);
        assert_eq!(import.json["status"], "failed");
        assert!(import.json["finished_at"].is_string());
        let inbox = boss.get("/api/v1/notices").await.expect(200);
        let notice = &inbox.json["items"][0];
        assert_eq!((&notice["kind"], &notice["target"]), (&json!("import_failed"), &json!({"kind": "import", "id": id})));
    }

    async fn a_job_that_takes_its_worker_down_each_time_is_given_up_and_its_owner_told(w: World) {
        let boss = w.as_boss();
        let job = w.waiting_job(w.institution, boss.principal.uuid()).await;
        let gone = "UPDATE jobs SET kind = 'run_import', attempt = ?, due_at = 0 WHERE institution_id = ? AND id = ?";
        let values = vec![domain::jobs::ATTEMPTS_MAX.into(), w.institution.uuid().into(), job.into()];
        w.execute(gone, values).await.unwrap();
        let ended = boss.ended_job(&job.to_string()).await;
        assert_eq!((&ended.json["status"], &ended.json["problem"]["code"]), (&json!("failed"), &json!("job_gave_up")));
        let inbox = boss.get("/api/v1/notices").await.expect(200);
        assert_eq!(inbox.json["items"][0]["kind"], "import_failed");
    }

    async fn a_job_that_only_a_newer_program_knows_keeps_nobody_waiting(w: World) {
        let boss = w.as_boss();
        let job = w.waiting_job(w.institution, boss.principal.uuid()).await;
        let newer = "UPDATE jobs SET kind = 'of_the_future', owner_id = NULL, due_at = 0 WHERE institution_id = ? AND id = ?";
        w.execute(newer, vec![w.institution.uuid().into(), job.into()]).await.unwrap();
        let import = begin(&w, &boss, "a.csv", "姓名\n张伟\n".as_bytes(), "commit").await;
        assert_eq!(ended(&boss, &import).await.json["status"], "succeeded");
        let left = "SELECT status FROM jobs WHERE institution_id = ? AND id = ?";
        assert_eq!(w.server.texts(left, vec![w.institution.uuid().into(), job.into()]).await, ["queued"]);
    }
}

fn cancelled(engine: Engine) {
    let Some(server) = Server::own(engine, &[("EDUCRM_JOB_WORKERS", "0")]) else {
        return;
    };
    run_on(server, |w: World| async move {
        let boss = w.as_boss();
        let job = begin(&w, &boss, "a.csv", b"name\nAnn\n", "commit").await;
        let cancel = format!("/api/v1/jobs/{}/cancel", job.id());
        let ended = boss.post(&cancel, &json!(null)).await.expect(200);
        assert_eq!(ended.json["problem"]["code"], "job_cancelled");
        let id = ended.json["result"]["id"].as_str().unwrap();
        let import = boss.get(&format!("{IMPORTS}/{id}")).await.expect(200);
        assert_eq!(import.json["status"], "cancelled");
        assert!(import.json["finished_at"].is_string());
    });
}

#[test]
fn an_import_that_is_cancelled_before_it_began_has_ended_on_sqlite() {
    cancelled(Engine::Sqlite);
}

#[test]
fn an_import_that_is_cancelled_before_it_began_has_ended_on_postgres() {
    cancelled(Engine::Postgres);
}
