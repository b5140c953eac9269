use reqwest::Method;
use tests::{Actor, Answer, both, json};

use super::{EXPORTS, content, customer, export, give};

async fn ranged(who: &Actor, path: &str, range: &str) -> Answer {
    who.send(who.request(Method::GET, path).header("range", range))
        .await
}

both! {
    async fn an_export_is_its_owners_alone(w: World) {
        customer(&w, "张伟", json!({})).await;
        let manager = w.as_manager();
        let made = export(&manager, "csv", &json!({})).await;
        let path = format!("{EXPORTS}/{}", made.id());
        let nothing = format!("{EXPORTS}/{}", uuid::Uuid::now_v7());
        for other in [w.as_boss(), w.as_stranger(), w.actor("finance")] {
            for end in ["", "/content"] {
                let absent = other.get(&format!("{nothing}{end}")).await.expect_problem(404, "not_found");
                let refused = other.get(&format!("{path}{end}")).await.expect(404);
                assert_eq!(refused.essence(), absent.essence());
            }
            assert_eq!(other.get(EXPORTS).await.expect(200).ids(), [""; 0]);
        }
        assert_eq!(manager.get(EXPORTS).await.expect(200).ids(), [made.id()]);
        w.as_anonymous().get(&format!("{path}/content")).await.expect_problem(401, "unauthenticated");
        w.as_recruiter().get(&format!("{path}/content")).await.expect_problem(403, "permission_missing");
        // It leaves here only, where rights are asked for again.
        let file = "SELECT CAST(lower(hex(file_id)) AS text) FROM exports WHERE institution_id = ?";
        let file = if w.server.app.db.is_postgres() { "SELECT CAST(file_id AS text) FROM exports WHERE institution_id = ?" } else { file };
        let file = w.server.texts(file, vec![w.institution.uuid().into()]).await.remove(0);
        let file = uuid::Uuid::parse_str(&file).unwrap();
        manager.get(&format!("/api/v1/files/{file}")).await.expect_problem(404, "not_found");
        manager.get(&format!("/api/v1/files/{file}/content")).await.expect_problem(404, "not_found");
    }

    async fn a_part_of_a_file_can_be_asked_for(w: World) {
        let boss = w.as_boss();
        let list: String = (0..700).map(|n| format!("学员{n},{}\n", "很长的备注".repeat(20))).collect();
        crate::imports::import(&w, &boss, &format!("姓名,备注\n{list}"), "commit").await;
        let made = export(&boss, "csv", &json!({})).await;
        let path = format!("{EXPORTS}/{}/content", made.id());
        let whole = content(&boss, &made).await;
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        assert_eq!(whole.header("content-type"), Some("text/csv; charset=utf-8"));
        let text = whole.text.as_bytes();
        let size = text.len();
        assert!(size > 200_000, "only {size} bytes");
        let marked = [b"\xef\xbb\xbf", text].concat();
        for (path, all) in [(path.clone(), text), (format!("{path}?bom=true"), &marked[..])] {
            let size = all.len();
            let answer = boss.get(&path).await.expect(200);
            assert!(answer.header("content-length") == Some(&size.to_string()));
            for (range, from, until) in [
                ("bytes=0-1".to_owned(), 0, 2),
                ("bytes=0-4".to_owned(), 0, 5),
                ("bytes=65535-65538".to_owned(), 65_535, 65_539),
                ("bytes=131072-".to_owned(), 131_072, size),
                ("bytes=-7".to_owned(), size - 7, size),
                (format!("bytes=70000-{}", size * 2), 70_000, size),
            ] {
                let part = ranged(&boss, &path, &range).await.expect(206);
                let told = format!("bytes {from}-{}/{size}", until - 1);
                assert_eq!(part.header("content-range"), Some(told.as_str()));
                assert_eq!(part.header("content-length"), Some((until - from).to_string().as_str()));
                let expected = String::from_utf8_lossy(&all[from..until]).into_owned();
                assert_eq!(part.text.trim_start_matches('\u{feff}'), expected.trim_start_matches('\u{feff}'), "{range}");
            }
            let refused = ranged(&boss, &path, &format!("bytes={size}-")).await
                .expect_problem(416, "range_not_satisfiable");
            assert_eq!(refused.header("content-range"), Some(format!("bytes */{size}").as_str()));
            for range in ["bytes=0-1,5-6", "bytes=5-2", "lines=0-1", "nonsense"] {
                ranged(&boss, &path, range).await.expect(200);
            }
        }
        let guarded = boss.request(Method::GET, &path).header("range", "bytes=0-1").header("if-range", "\"x\"");
        boss.send(guarded).await.expect(200);
        boss.get(&format!("{path}?bom=perhaps")).await.expect_problem(422, "validation_failed");
    }

    async fn a_file_that_has_expired_is_gone(w: World) {
        let boss = w.as_boss();
        let made = export(&boss, "csv", &json!({})).await;
        content(&boss, &made).await;
        let past = "UPDATE exports SET expires_at = 1 WHERE institution_id = ?";
        w.execute(past, vec![w.institution.uuid().into()]).await.unwrap();
        boss.get(&format!("{EXPORTS}/{}/content", made.id())).await.expect_problem(410, "export_expired");
        let kept = boss.get(&format!("{EXPORTS}/{}", made.id())).await.expect(200);
        assert_eq!((&kept.json["status"], &kept.json["rows"]), (&json!("succeeded"), &json!(0)));
    }

    async fn a_file_stays_closed_once_its_owner_may_do_or_see_something_else(w: World) {
        let manager = w.as_manager();
        let made = export(&manager, "csv", &json!({})).await;
        let path = format!("{EXPORTS}/{}/content", made.id());
        manager.get(&path).await.expect(200);
        give(&w, &manager, "teaching_affairs").await;
        // The other role gives nothing that the first one does not.
        manager.get(&path).await.expect(200);
        w.add_role("more", &[("customers:read", domain::access::Reach::Institution)]).await;
        give(&w, &manager, "more").await;
        manager.get(&path).await.expect_problem(409, "export_rights_changed");
        w.reorganize(
            "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
            vec![w.institution.uuid().into(), manager.principal.uuid().into()],
        ).await;
        manager.get(&path).await.expect_problem(403, "permission_missing");
    }
}
