use futures_util::future::join_all;
use tests::{World, both, json};

use super::fired_on;

const FILES: &str = "/api/v1/files";

/// Statuses of the jobs that nobody asked for.
async fn own_jobs(w: &World) -> Vec<String> {
    let sql = "SELECT status FROM jobs WHERE institution_id = ? AND owner_id IS NULL";
    w.server.texts(sql, vec![w.institution.uuid().into()]).await
}

both! {
    async fn a_file_of_nothing_is_gone_after_a_day_and_a_tick_fires_once(w: World) {
        let boss = w.as_boss();
        let old = boss.upload(FILES, "old.txt", b"old").await.expect(201).id();
        let kept = boss.upload(FILES, "new.txt", b"new").await.expect(201).id();
        let id: uuid::Uuid = old.parse().unwrap();
        w.execute("UPDATE files SET expires_at = 1 WHERE institution_id = ? AND id = ?",
            vec![w.institution.uuid().into(), id.into()]).await.unwrap();
        boss.get(&format!("{FILES}/{old}")).await.expect_problem(404, "not_found");
        join_all((0..8).map(|_| fired_on(w.server))).await;
        let begun = std::time::Instant::now();
        while own_jobs(&w).await != ["succeeded"] {
            assert!(own_jobs(&w).await.len() == 1, "the tick fired more than once, or never");
            assert!(begun.elapsed().as_secs() < 180, "it does not end");
        }
        let folder = w.server.folder.join("files").join(w.institution.uuid().simple().to_string());
        let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [kept.replace('-', "").as_str()]);
        assert_eq!(w.server.contents(w.institution).await["files"].len(), 1);
        assert_eq!(w.server.contents(w.institution).await["schedule_ticks"].len(), 1);
    }

    async fn what_is_kept_for_a_time_is_gone_after_it(w: World) {
        let boss = w.as_boss();
        for key in ["old", "new"] {
            boss.post_with_key("/api/v1/customers", key, &w.new_customer("张伟")).await.expect(201);
        }
        let (school, principal) = (w.institution.uuid(), boss.principal.uuid());
        let old = w.server.app.clock.now().as_microsecond() - 184 * 86_400_000_000;
        let recent = old + 2 * 86_400_000_000;
        let far = i64::MAX;
        let run = async |sql: &str, values: Vec<sea_orm::Value>| w.execute(sql, values).await.unwrap();
        run("UPDATE idempotency_records SET expires_at = 1 WHERE institution_id = ? AND key_digest = \
            (SELECT key_digest FROM idempotency_records WHERE institution_id = ? LIMIT 1)", vec![school.into(), school.into()]).await;
        // Over long ago; over, and not so long ago; going on.
        for (expires, token_expires) in [(old, 1), (recent, 1), (far, 1), (far, far)] {
            let session = uuid::Uuid::now_v7();
            run("INSERT INTO sessions (institution_id, id, principal_id, created_at, expires_at) VALUES (?, ?, ?, 1, ?)",
                vec![school.into(), session.into(), principal.into(), expires.into()]).await;
            run("INSERT INTO refresh_tokens (institution_id, digest, session_id, expires_at, used_at) VALUES (?, ?, ?, ?, 1)",
                vec![school.into(), session.as_bytes().to_vec().into(), session.into(), token_expires.into()]).await;
        }
        for at in [old, recent] {
            run("INSERT INTO notices (institution_id, id, version, principal_id, kind, numbers, created_at) VALUES (?, ?, 1, ?, 'import_done', ?, ?)",
                vec![school.into(), uuid::Uuid::now_v7().into(), principal.into(), json!({}).into(), at.into()]).await;
        }
        let failures = school.as_bytes().to_vec();
        run("INSERT INTO login_failures (key_digest, failures, counted_from, blocked_until) VALUES (?, 9, 1, 1)",
            vec![failures.clone().into()]).await;
        let count = async |from: &str| {
            let sql = format!("SELECT CAST(count(*) AS text) FROM {from} WHERE institution_id = ?");
            w.server.texts(&sql, vec![school.into()]).await[0].clone()
        };
        let sessions = count("sessions").await.parse::<i32>().unwrap();
        fired_on(w.server).await;
        let begun = std::time::Instant::now();
        while own_jobs(&w).await != ["succeeded"] {
            assert!(begun.elapsed().as_secs() < 180, "it does not end");
        }
        assert_eq!(count("idempotency_records").await, "1");
        assert_eq!(count("refresh_tokens").await, "1", "a used token stays until it expires");
        assert_eq!(count("sessions").await.parse::<i32>().unwrap(), sessions - 1);
        assert_eq!(count("notices").await, "1");
        let left = "SELECT 'left' FROM login_failures WHERE key_digest = ?";
        assert!(w.server.texts(left, vec![failures.into()]).await.is_empty());
    }
}
