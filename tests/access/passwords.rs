//! What holds of passwords and of the log-ins under them.

use futures_util::future::{join, join_all};
use tests::{World, both, json};

use super::log_in::{GOOD, log_in, refresh, refresh_token, settled};

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
}
