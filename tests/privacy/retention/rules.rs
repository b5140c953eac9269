//! Rules: who makes them, and when they are in force.

use jiff::{SignedDuration, Timestamp};
use tests::{both, json};

use super::{
    POLICY, PREVIEW, RUNS, applied, begun_days_ago, days_later, done, jobs, let_rules_be_in_force,
    set, told_on,
};
use crate::{
    jobs::fired_on,
    privacy::erasures::{path, take_in},
};

both! {
    async fn rules_are_made_within_bounds_by_whoever_may_erase(w: World) {
        let boss = w.as_boss();
        let first = boss.get(POLICY).await.expect(200);
        assert_eq!(first.json, json!({"version": 1, "leads_days": null, "leads_in_force_from": null,
            "deleted_customers_days": null, "deleted_customers_in_force_from": null}));
        assert_eq!(boss.get(PREVIEW).await.expect(200).json["classes"], json!([]));
        for (field, days) in [("leads_days", 179), ("leads_days", 3651), ("deleted_customers_days", 29),
            ("deleted_customers_days", 3651)] {
            let refused = set(&boss, json!({ field: days })).await.expect(422);
            assert_eq!(refused.errors(), [(format!("#/{field}"), "out_of_range".to_owned())]);
            boss.get(&format!("{PREVIEW}?{field}={days}")).await.expect(422);
        }
        let now = w.server.app.clock.now();
        let made = set(&boss, json!({"leads_days": 365, "deleted_customers_days": 90})).await.expect(200);
        assert_eq!((&made.json["version"], &made.json["leads_days"]), (&json!(2), &json!(365)));
        let from: Timestamp = made.json["leads_in_force_from"].as_str().unwrap().parse().unwrap();
        assert!(from >= now + SignedDuration::from_hours(24), "{from}");
        let longer = set(&boss, json!({"leads_days": 400})).await.expect(200);
        assert_eq!(longer.json["leads_in_force_from"], made.json["leads_in_force_from"]);
        let ended = set(&boss, json!({"leads_days": null})).await.expect(200);
        assert_eq!((&ended.json["leads_days"], &ended.json["leads_in_force_from"], &ended.json["deleted_customers_days"]),
            (&json!(null), &json!(null), &json!(90)));
        assert_eq!(set(&boss, json!({"leads_days": null})).await.expect(200).json["version"], json!(4));
        let recruiter = w.as_recruiter();
        for seen in [POLICY, PREVIEW, RUNS] {
            recruiter.get(seen).await.expect_problem(403, "permission_missing");
        }
        set(&recruiter, json!({"leads_days": 180})).await.expect_problem(403, "permission_missing");
        assert_eq!(w.as_stranger().get(POLICY).await.expect(200).json["version"], json!(1));
    }
}

#[test]
fn a_rule_waits_for_a_day_and_for_the_night_behind_it() {
    begun_days_ago(400, |w| async move {
        let lead = take_in(&w, "张伟", json!({})).await;
        let boss = days_later(&w, 400).await;
        set(&boss, json!({"leads_days": 365})).await.expect(200);
        fired_on(w.server).await;
        assert_eq!(jobs(&w).await, Vec::<String>::new());
        // In force since this night has begun: it is not applied before the next.
        let since = w.server.app.clock.now() - SignedDuration::from_secs(1);
        let sql = "UPDATE retention_policies SET leads_in_force_from = ? WHERE institution_id = ?";
        let values = vec![since.as_microsecond().into(), w.institution.uuid().into()];
        w.execute(sql, values).await.unwrap();
        fired_on(w.server).await;
        assert_eq!(jobs(&w).await, Vec::<String>::new());
        boss.get(&path(&lead)).await.expect(200);
        let_rules_be_in_force(&w).await;
        assert_eq!(applied(&w, &boss).await, [done("leads", 1)]);
    });
}

#[test]
fn nobody_goes_by_day() {
    let now = educrm::clock::Clock::default().now();
    let at = super::dusk(now - SignedDuration::from_hours(5));
    told_on(400, &at.strftime("%H:%M").to_string(), |w| async move {
        let lead = take_in(&w, "张伟", json!({})).await;
        let boss = days_later(&w, 400).await;
        set(&boss, json!({"leads_days": 365})).await.expect(200);
        let_rules_be_in_force(&w).await;
        fired_on(w.server).await;
        assert_eq!(jobs(&w).await, Vec::<String>::new());
        boss.get(&path(&lead)).await.expect(200);
    });
}

#[test]
fn a_clock_that_is_ahead_makes_nobody_older() {
    begun_days_ago(0, |w| async move {
        let lead = take_in(&w, "张伟", json!({})).await;
        set(&w.as_boss(), json!({"leads_days": 365}))
            .await
            .expect(200);
        let_rules_be_in_force(&w).await;
        let boss = days_later(&w, 1000).await;
        assert_eq!(super::due(&boss, "leads", 365).await, Vec::<String>::new());
        assert_eq!(applied(&w, &boss).await, [done("leads", 0)]);
        boss.get(&path(&lead)).await.expect(200);
        // Nor does it bring a rule into force earlier.
        let shorter = set(&boss, json!({"leads_days": 200})).await.expect(200);
        let from = shorter.json["leads_in_force_from"].as_str().unwrap();
        let from: Timestamp = from.parse().unwrap();
        assert!(from > w.server.app.clock.now(), "{from}");
    });
}
