use futures_util::future::join_all;
use reqwest::Method;
use tests::{Answer, Engine, Server, World, both, call::form, run_on};

use super::WORKBOOK;

const FILES: &str = "/api/v1/files";

both! {
    async fn a_file_is_what_its_bytes_say_and_is_called_what_is_safe(w: World) {
        let recruiter = w.as_recruiter();
        for (name, content, kind, kept) in [
            ("线索.csv", "姓名,手机号\n张伟,13800138000\n".as_bytes(), "text", "线索.csv"),
            ("../../etc/passwd", b"plain words", "text", "passwd.txt"),
            ("photo.html", b"\x89PNG\r\n\x1a\n....", "png", "photo.html.png"),
            ("a.exe", b"%PDF-1.7 ...", "pdf", "a.exe.pdf"),
            ("leads.xlsx", WORKBOOK, "xlsx", "leads.xlsx"),
            ("p.jpeg", b"\xff\xd8\xff\xe0", "jpeg", "p.jpeg"),
            ("p.webp", b"RIFF\0\0\0\0WEBPVP8 ", "webp", "p.webp"),
        ] {
            let made = recruiter.upload(FILES, name, content).await.expect(201);
            assert_eq!((made.json["type"].as_str(), made.json["name"].as_str()), (Some(kind), Some(kept)));
            assert_eq!(made.json["size"], content.len());
            let location = made.header("location").unwrap().to_owned();
            let read = recruiter.get(&location).await.expect(200);
            assert_eq!((read.text, read.headers["etag"].clone()), (made.text.clone(), made.headers["etag"].clone()));
        }
    }

    async fn what_a_browser_might_run_is_refused_and_leaves_nothing(w: World) {
        let recruiter = w.as_recruiter();
        let before = w.server.contents(w.institution).await;
        let long = [b"<svg>".as_slice(), &[b' '; 300_000]].concat();
        let zip = [b"PK\x03\x04 word/document.xml".as_slice(), &[b'x'; 300_000]].concat();
        for content in [
            b"<svg onload=alert(1)>".as_slice(), b"<!DOCTYPE html>", b"MZ\x90\0", b"GIF89a\x01\0",
            b"PK\x03\x04 word/document.xml", b"#!/bin/sh", &long, &zip,
        ] {
            let refused = recruiter.upload(FILES, "picture.png", content).await
                .expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/file".into(), "file_type_refused".into())]);
        }
        let refused = recruiter.upload(FILES, "a.csv", b"").await.expect(422);
        assert_eq!(refused.errors(), [("#/file".into(), "file_empty".into())]);
        assert_eq!(w.server.contents(w.institution).await, before);
        let stored = w.server.folder.join("files").join(w.institution.uuid().simple().to_string());
        let left = std::fs::read_dir(stored).map_or(0, |entries| entries.count());
        assert_eq!(left, 0, "contents are left behind");
    }

    async fn a_file_that_is_too_large_is_refused_while_it_comes(w: World) {
        let boss = w.as_boss();
        let large = vec![b'a'; 10 * 1024 * 1024 + 1];
        boss.upload(FILES, "a.txt", &large).await.expect_problem(413, "body_too_large");
        let list = boss.upload(&format!("{FILES}?purpose=import"), "a.csv", &large).await.expect(201);
        assert_eq!(list.json["purpose"], "import");
    }

    async fn a_list_to_be_imported_is_a_table_by_one_who_may_import(w: World) {
        let path = format!("{FILES}?purpose=import");
        w.as_recruiter().upload(&path, "a.csv", b"a,b").await.expect_problem(403, "permission_missing");
        let refused = w.as_manager().upload(&path, "a.pdf", b"%PDF-1.7").await.expect(422);
        assert_eq!(refused.errors(), [("#/file".into(), "file_type_refused".into())]);
        w.as_manager().upload(&path, "a.csv", b"a,b").await.expect(201);
    }

    async fn a_form_has_one_part_with_the_file(w: World) {
        let boss = w.as_boss();
        let send = |media: String, body: Vec<u8>| {
            let request = boss.request(Method::POST, FILES).header("idempotency-key", "k");
            boss.send(request.header("content-type", media).body(body))
        };
        let (media, other) = form("document", "a.txt", b"words");
        let refused = send(media.clone(), other).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/file".into(), "unknown_field".into())]);
        let (_, one) = form("file", "a.txt", b"words");
        let end = one.windows(4).rposition(|w| w == b"\r\n--").unwrap();
        let twice = [&one[..end + 2], &one].concat();
        send(media.clone(), twice).await.expect_problem(422, "validation_failed");
        send(media.clone(), one[..one.len() - 30].to_vec()).await.expect_problem(400, "malformed_request");
        send(media, Vec::new()).await.expect_problem(400, "malformed_request");
        send("multipart/form-data".into(), one.clone()).await.expect_problem(400, "malformed_request");
        send("application/json".into(), b"{}".to_vec()).await.expect_problem(415, "media_type_unsupported");
    }

    async fn an_upload_that_is_sent_twice_is_one_file(w: World) {
        let boss = w.as_boss();
        let send = |content: &'static [u8]| {
            let (media, body) = form("file", "a.txt", content);
            let request = boss.request(Method::POST, FILES).header("idempotency-key", "once");
            boss.send(request.header("content-type", media).body(body))
        };
        let first = send(b"words").await.expect(201);
        let again = send(b"words").await.expect(201);
        assert_eq!((again.text, again.headers["idempotency-replayed"].to_str().unwrap()), (first.text.clone(), "true"));
        send(b"other words").await.expect_problem(422, "idempotency_key_reused");
        let (media, body) = form("file", "a.txt", b"words");
        let request = boss.request(Method::POST, "/api/v1/files?purpose=import").header("idempotency-key", "once");
        let other = boss.send(request.header("content-type", media).body(body)).await;
        other.expect_problem(422, "idempotency_key_reused");
        let rows = w.server.contents(w.institution).await["files"].len();
        assert_eq!(rows, 1);
        boss.get(&format!("{FILES}/{}/content", first.id())).await.expect(200);
    }

    async fn neither_name_nor_content_stands_anywhere_in_the_clear(w: World) {
        let content = b"canary-9f31c2 words of a family".repeat(5000);
        let made = w.as_boss().upload(FILES, "canary-77aa01.txt", &content).await.expect(201);
        let rows = format!("{:?}", w.server.contents(w.institution).await);
        assert!(!rows.contains("canary-77aa01") && !rows.contains(&hex(b"canary-77aa01")));
        let folder = w.server.folder.join("files").join(w.institution.uuid().simple().to_string());
        let stored = std::fs::read(folder.join(made.id().replace('-', ""))).unwrap();
        assert!(stored.len() > content.len());
        assert!(!stored.windows(13).any(|part| part == b"canary-9f31c2"));
    }
}

#[test]
fn what_waits_to_belong_to_something_is_bounded_on_sqlite() {
    waiting(Engine::Sqlite);
}

#[test]
fn what_waits_to_belong_to_something_is_bounded_on_postgres() {
    waiting(Engine::Postgres);
}

fn waiting(engine: Engine) {
    let settings = [
        ("EDUCRM_TEMPORARY_FILES", "3"),
        ("EDUCRM_TEMPORARY_BYTES", "1000"),
        ("EDUCRM_INSTITUTION_TEMPORARY_BYTES", "1500"),
    ];
    let Some(server) = Server::own(engine, &settings) else {
        return;
    };
    run_on(server, |w: World| async move {
        let (manager, boss) = (w.as_manager(), w.as_boss());
        let full = |answer: Answer| {
            let refused = answer.expect_problem(409, "temporary_files_full");
            assert!(refused.text.contains("1500 bytes"), "{}", refused.text);
        };
        for n in 0..3 {
            manager
                .upload(FILES, &format!("{n}.txt"), b"words")
                .await
                .expect(201);
        }
        full(manager.upload(FILES, "4.txt", b"words").await);
        let hasty = w.hire(&["recruiter"], w.places.north, None).await;
        let at_once = join_all((0..8).map(|_| hasty.upload(FILES, "a.txt", b"words"))).await;
        let (kept, others): (Vec<_>, _) = at_once.into_iter().partition(|a| a.status == 201);
        assert!((1..=3).contains(&kept.len()), "{}", kept.len());
        others.into_iter().for_each(full);
        let child = w.new_student("张伟").await;
        let recruiter = w.as_recruiter();
        // What belongs to a customer does not wait.
        for _ in 0..4 {
            boss.upload(
                &format!("/api/v1/customers/{child}/files"),
                "a.txt",
                &[b'a'; 1000],
            )
            .await
            .expect(201);
        }
        boss.upload(FILES, "large.txt", &[b'a'; 1000])
            .await
            .expect(201);
        full(boss.upload(FILES, "more.txt", b"words").await);
        recruiter
            .upload(FILES, "large.txt", &[b'a'; 500])
            .await
            .expect(201);
        // The whole institution's room is taken, not another's.
        full(w.actor("finance").upload(FILES, "a.txt", b"words").await);
        w.as_stranger()
            .upload(FILES, "a.txt", b"words")
            .await
            .expect(201);
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
