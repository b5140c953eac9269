//! What holds of passwords and of the log-ins under them.

use domain::access::PrincipalKind;
use futures_util::future::{join, join_all};
use persistence::{Operation, access::sessions};
use tests::{World, both, json};

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
}
