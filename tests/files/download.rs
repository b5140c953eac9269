use jiff::SignedDuration;
use tests::{Actor, Engine, Server, World, both, json, run_on};

const FILES: &str = "/api/v1/files";

/// Path and query of a link to a file.
async fn link(actor: &Actor, id: &str) -> String {
    let path = format!("{FILES}/{id}/download-link");
    let link = actor.post(&path, &json!(null)).await.expect(200);
    let url = link.json["url"].as_str().unwrap().to_owned();
    url[url.find("/api/").unwrap()..].to_owned()
}

both! {
    async fn a_file_comes_back_as_it_was_sent_to_be_saved_and_not_shown(w: World) {
        let boss = w.as_boss();
        for size in [1, 65_535, 65_536, 65_537, 131_072, 1_000_000] {
            let content = "0123456789abcdef".repeat(size / 16 + 1)[..size].to_owned();
            let made = boss.upload(FILES, "报名表.txt", content.as_bytes()).await.expect(201);
            let read = boss.get(&format!("{FILES}/{}/content", made.id())).await.expect(200);
            assert!(read.text == content, "{size}");
            assert_eq!(read.header("content-disposition"), Some("attachment; filename*=UTF-8''%E6%8A%A5%E5%90%8D%E8%A1%A8.txt"));
            assert_eq!(read.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(read.header("content-length"), Some(size.to_string().as_str()));
        }
    }

    async fn a_link_opens_one_file_for_whoever_asked_for_it(w: World) {
        let boss = w.as_boss();
        let nobody = w.as_anonymous();
        let one = boss.upload(FILES, "a.txt", b"one").await.expect(201).id();
        let other = boss.upload(FILES, "b.txt", b"other").await.expect(201).id();
        let link = link(&boss, &one).await;
        assert_eq!(nobody.get(&link).await.expect(200).text, "one");
        assert_eq!(nobody.get(&link).await.expect(200).text, "one");
        nobody.get(&link.replace(&one, &other)).await.expect_problem(401, "unauthenticated");
        nobody.get(&link.replace("/content", "")).await.expect_problem(401, "unauthenticated");
        nobody.get(&link[..link.len() - 1]).await.expect_problem(401, "unauthenticated");
        nobody.get(&format!("{FILES}/{one}/content?authorization=AAAA")).await.expect_problem(401, "unauthenticated");
        // A link gives nobody more than they have.
        w.as_recruiter().get(&link).await.expect_problem(404, "not_found");
    }

    async fn a_link_ends_with_the_session_that_asked_for_it(w: World) {
        let boss = w.as_boss();
        let id = boss.upload(FILES, "a.txt", b"one").await.expect(201).id();
        let link = link(&boss, &id).await;
        boss.post("/api/v1/auth/logout", &json!(null)).await.expect(204);
        w.as_anonymous().get(&link).await.expect_problem(401, "unauthenticated");
    }

    async fn a_list_is_open_only_to_whoever_may_still_import(w: World) {
        let manager = w.as_manager();
        let list = manager.upload("/api/v1/files?purpose=import", "a.csv", "姓名\n张伟\n".as_bytes()).await.expect(201).id();
        let body = json!({"file_id": list, "entity": "customers", "campus_id": w.places.north, "mode": "commit"});
        let job = manager.post("/api/v1/imports", &body).await.expect(202).id();
        let import = manager.ended_job(&job).await.json["result"]["id"].as_str().unwrap().to_owned();
        let import = manager.get(&format!("/api/v1/imports/{import}")).await.expect(200);
        let result = import.json["result_file_id"].as_str().unwrap().to_owned();
        for file in [&list, &result] {
            manager.get(&format!("{FILES}/{file}/content")).await.expect(200);
        }
        w.reorganize(
            "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
            vec![w.institution.uuid().into(), manager.principal.uuid().into()],
        ).await;
        // Reads go by what they knew for up to two seconds; a link to a download is a write.
        for file in [&list, &result] {
            manager.get(&format!("{FILES}/{file}/content")).await.expect_problem(403, "permission_missing");
        }
    }

    async fn each_download_is_on_the_trail(w: World) {
        let boss = w.as_boss();
        let id = boss.upload(FILES, "a.txt", b"one").await.expect(201).id();
        let count = "SELECT CAST(count(*) AS text) FROM audit_records WHERE institution_id = ? AND target_kind = 'download'";
        for expected in ["1", "2"] {
            boss.get(&format!("{FILES}/{id}/content")).await.expect(200);
            assert_eq!(w.server.texts(count, vec![w.institution.uuid().into()]).await, [expected]);
        }
    }

    async fn a_content_that_was_altered_or_cut_is_not_given(w: World) {
        let boss = w.as_boss();
        let content = [b'x'; 200_000];
        let id = boss.upload(FILES, "a.txt", &content).await.expect(201).id();
        let folder = w.server.folder.join("files").join(w.institution.uuid().simple().to_string());
        let path = folder.join(id.replace('-', ""));
        let whole = std::fs::read(&path).unwrap();
        let mut altered = whole.clone();
        altered[150_000] ^= 1;
        let chunk = 65_536 + 32;
        let swapped = [&whole[chunk..2 * chunk], &whole[..chunk], &whole[2 * chunk..]].concat();
        for broken in [&altered[..], &swapped, &whole[..2 * chunk], &whole[..100_000], b""] {
            std::fs::write(&path, broken).unwrap();
            let url = format!("http://{}{FILES}/{id}/content", w.server.address);
            let asked = w.client.get(url).bearer_auth(boss.token().unwrap());
            // Where the first part is broken, not even the headers come.
            let whole = match asked.send().await {
                Ok(sent) => sent.bytes().await.is_ok(),
                Err(_) => false,
            };
            assert!(!whole, "a broken content is given");
        }
    }
}

fn expired_link(engine: Engine) {
    let Some(server) = Server::own(engine, &[]) else {
        return;
    };
    run_on(server, |w: World| async move {
        let boss = w.as_boss();
        let id = boss.upload(FILES, "a.txt", b"one").await.expect(201).id();
        let link = link(&boss, &id).await;
        w.server.app.clock.advance(SignedDuration::from_secs(240));
        w.as_anonymous().get(&link).await.expect(200);
        w.server.app.clock.advance(SignedDuration::from_secs(61));
        let nobody = w.as_anonymous();
        nobody
            .get(&link)
            .await
            .expect_problem(401, "unauthenticated");
    });
}

#[test]
fn a_link_is_good_for_five_minutes_on_sqlite() {
    expired_link(Engine::Sqlite);
}

#[test]
fn a_link_is_good_for_five_minutes_on_postgres() {
    expired_link(Engine::Postgres);
}
