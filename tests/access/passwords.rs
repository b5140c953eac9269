//! What holds of passwords and of the log-ins under them.

use domain::access::PrincipalKind;
use futures_util::future::{join, join_all};
use persistence::{Operation, access::sessions};
use tests::{Actor, Answer, World, both, json};

use super::log_in::{GOOD, bearer, log_in, refresh, refresh_token, settled};

/// Opens as many sessions as the list of them shows.
async fn many_sessions(w: &World, name: &str) {
    let app = w.server.app.clone();
    let stamp = app.clock.stamp();
    let operation = Operation::system(w.institution, PrincipalKind::Operator, "test", stamp);
    let principal = w.actor(name).principal;
    let opened = w.server.inside(async move {
        app.db
            .transaction(&operation, |tx| async move {
                for _ in 0..200 {
                    sessions::open(&tx, principal, sessions::LASTS).await?;
                }
                Ok(())
            })
            .await
    });
    opened.await.unwrap();
}

async fn change(by: &Actor, from: &str, to: &str) -> Answer {
    let body = json!({"current_password": from, "new_password": to});
    by.post("/api/v1/auth/password", &body).await
}

/// Gives the school and a person of it names that nobody would guess who does not know them.
async fn rename(w: &World, name: &str) {
    let school = w.institution.uuid();
    let person = w.actor(name).principal.uuid();
    let north = w.places.north.uuid();
    for (sql, values) in [
        (
            "UPDATE institutions SET name = 'Zorvex Quillop' WHERE institution_id = ?",
            vec![school.into()],
        ),
        (
            "UPDATE campuses SET name = 'Brixtal Yonder' WHERE institution_id = ? AND id = ?",
            vec![school.into(), north.into()],
        ),
        (
            "UPDATE staff SET name = 'Vexley Quarnish', user_name = 'vexq-7719-zru' WHERE institution_id = ? AND id = ?",
            vec![school.into(), person.into()],
        ),
    ] {
        w.server.execute(w.institution, sql, values).await.unwrap();
    }
}

both! {
    async fn no_log_in_outlives_the_reset_of_its_password(w: World) {
        let boss = w.as_boss();
        for name in ["recruiter", "colleague", "teacher"] {
            settled(&w, name).await;
            let reset = format!("/api/v1/staff/{}/reset-password", w.actor(name).principal);
            let tries = (0..4).map(|_| log_in(&w, name, GOOD));
            let (reset, tries) = join(boss.post(&reset, &json!(null)), join_all(tries)).await;
            reset.expect(200);
            for tokens in tries.iter().filter(|answer| answer.status == 200) {
                refresh(&w, refresh_token(tokens)).await.expect_problem(401, "refresh_refused");
            }
            log_in(&w, name, GOOD).await.expect_problem(401, "login_refused");
        }
    }

    async fn a_password_is_changed_once_from_the_one_that_was_given(w: World) {
        let opened = settled(&w, "recruiter").await;
        let recruiter = bearer(&w, &opened);
        let tries = ["雨后初晴的操场真安静", "图书馆的窗边有一只猫", "山那边的灯火亮了又灭"];
        let answers = join_all(tries.iter().map(|to| change(&recruiter, GOOD, to))).await;
        let done = answers.iter().filter(|answer| answer.status == 204).count();
        assert_eq!(done, 1, "{:?}", answers.iter().map(|a| &a.text).collect::<Vec<_>>());
    }

    async fn a_password_for_one_use_is_good_for_half_an_hour(w: World) {
        let boss = w.as_boss();
        let recruiter = w.as_recruiter();
        let reset = format!("/api/v1/staff/{}/reset-password", recruiter.principal);
        let password = boss.post(&reset, &json!(null)).await.expect(200).json["one_time_password"].clone();
        let password = password.as_str().unwrap();
        let older = async |minutes: i64| {
            let sql = "UPDATE credentials SET changed_at = changed_at - ? WHERE institution_id = ? AND principal_id = ?";
            let values = vec![(minutes * 60_000_000).into(), w.institution.uuid().into(), recruiter.principal.uuid().into()];
            w.server.execute(w.institution, sql, values).await.unwrap();
        };
        log_in(&w, "recruiter", password).await.expect(200);
        older(31).await;
        log_in(&w, "recruiter", password).await.expect_problem(401, "one_time_password_expired");
        // Only who knows it is told.
        log_in(&w, "recruiter", "something else").await.expect_problem(401, "login_refused");
        // A password of one's own stays good.
        settled(&w, "recruiter").await;
        older(60 * 24 * 400).await;
        log_in(&w, "recruiter", GOOD).await.expect(200);
    }

    async fn a_session_that_is_not_among_the_newest_is_refreshed_and_ended(w: World) {
        settled(&w, "recruiter").await;
        let first = log_in(&w, "recruiter", GOOD).await.expect(200);
        let second = log_in(&w, "recruiter", GOOD).await.expect(200);
        many_sessions(&w, "recruiter").await;
        let next = refresh(&w, refresh_token(&first)).await.expect(200);
        for field in ["session_id", "session_expires_at", "must_change_password"] {
            assert_eq!(next.json[field], first.json[field], "{field}");
        }
        let me = bearer(&w, &next);
        let listed = me.get("/api/v1/auth/sessions").await.expect(200).ids();
        let other = second.json["session_id"].as_str().unwrap().to_owned();
        assert_eq!((listed.len(), listed.contains(&other)), (200, false));
        let end = format!("/api/v1/auth/sessions/{other}/end");
        w.as_colleague().post(&end, &json!(null)).await.expect_problem(404, "not_found");
        me.post(&end, &json!(null)).await.expect(204);
        refresh(&w, refresh_token(&second)).await.expect_problem(401, "refresh_refused");
    }

    async fn a_password_is_not_made_of_what_others_know_of_the_account(w: World) {
        let me = bearer(&w, &settled(&w, "recruiter").await);
        rename(&w, "recruiter").await;
        for known in ["vexq-7719-zru", "vexley quarnish", "vexleyquarnish", "zorvex quillop", "brixtal yonder", "zorvexquillop!", &w.code] {
            let refused = change(&me, GOOD, known).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/new_password".into(), "password_common".into())], "{known}");
        }
        change(&me, GOOD, "mxq-4461-tpo").await.expect(204);
    }

    async fn who_governs_others_has_a_longer_password(w: World) {
        let boss = bearer(&w, &settled(&w, "boss").await);
        let refused = change(&boss, GOOD, "mxq-4461-tpo9").await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/new_password".into(), "password_length".into())]);
        assert!(refused.text.contains("14"), "{}", refused.text);
        change(&boss, GOOD, "mxq-4461-tpo9w").await.expect(204);
        let recruiter = bearer(&w, &settled(&w, "recruiter").await);
        change(&recruiter, GOOD, "mxq-4461-tpo9").await.expect(204);
    }

    async fn a_wrong_present_password_climbs_the_ladder_of_log_ins(w: World) {
        let me = bearer(&w, &settled(&w, "recruiter").await);
        let other = bearer(&w, &settled(&w, "colleague").await);
        for _ in 0..4 {
            let refused = change(&me, "nonsense", "seven paper lanterns").await.expect(422);
            assert_eq!(refused.errors(), [("#/current_password".into(), "password_wrong".into())]);
        }
        // The right one takes the count back.
        change(&me, GOOD, "seven paper lanterns").await.expect(204);
        for _ in 0..5 {
            change(&me, "nonsense", GOOD).await.expect(422);
        }
        let refused = change(&me, "seven paper lanterns", GOOD).await.expect_problem(429, "login_throttled");
        assert!(refused.header("retry-after").is_some());
        log_in(&w, "recruiter", "seven paper lanterns").await.expect_problem(429, "login_throttled");
        change(&other, GOOD, "seven paper lanterns").await.expect(204);
    }
}
