use educrm::jobs::schedule::fire;
use futures_util::future::join_all;
use tests::{World, both};

const FILES: &str = "/api/v1/files";

/// Statuses of the jobs that nobody asked for.
async fn own_jobs(w: &World) -> Vec<String> {
    let sql = "SELECT status FROM jobs WHERE institution_id = ? AND owner_id IS NULL";
    w.server.texts(sql, vec![w.institution.uuid().into()]).await
}

async fn fired(w: &World) {
    let app = w.server.app.clone();
    w.server
        .inside(async move { fire(&app).await })
        .await
        .unwrap();
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
        join_all((0..8).map(|_| fired(&w))).await;
        let begun = std::time::Instant::now();
        while own_jobs(&w).await != ["succeeded"] {
            assert!(own_jobs(&w).await.len() == 1, "the tick fired more than once, or never");
            assert!(begun.elapsed().as_secs() < 60, "it does not end");
        }
        let folder = w.server.folder.join("files").join(w.institution.uuid().simple().to_string());
        let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [kept.replace('-', "").as_str()]);
        assert_eq!(w.server.contents(w.institution).await["files"].len(), 1);
        assert_eq!(w.server.contents(w.institution).await["schedule_ticks"].len(), 1);
    }
}
