//! What a job does in one night, and where the next goes on.

use std::sync::Arc;

use domain::{
    access::PrincipalKind,
    id::Id,
    privacy::{RetentionClass, RetentionRunStatus as Status},
};
use jiff::tz::TimeZone;
use persistence::{
    Error, Operation, Tx,
    jobs::schedule::Schedule,
    privacy::retention::{
        due::Window,
        runs::{self, Progress},
    },
};
use tests::{World, json, patience::commit};
use uuid::Uuid;

use super::{applied, begun_days_ago, days_later, dusk, let_rules_be_in_force, set, told_on};
use crate::privacy::erasures::{path, phone, take_in};

/// One step of a job.
async fn step<T, F, Fut>(w: &World, work: F) -> T
where
    F: Fn(Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, Error>> + Send,
    T: Send + 'static,
{
    let (app, institution) = (w.server.app.clone(), w.institution);
    let done = async move {
        let stamp = app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::System, "retain", stamp);
        commit(&app.db, &operation, work).await.unwrap()
    };
    w.server.inside(done).await
}

/// A night that lasts now.
fn tonight(w: &World) -> Arc<Schedule> {
    let now = w.server.app.clock.now();
    let zone = TimeZone::UTC;
    Arc::new(educrm::jobs::schedule::daily(
        "apply_retention",
        dusk(now),
        &zone,
        now,
    ))
}

async fn begin(w: &World, job: Uuid) -> Option<Arc<Progress>> {
    let (class, night) = (RetentionClass::Leads, tonight(w));
    let begun = step(w, move |tx| {
        let night = night.clone();
        async move { runs::begin(&tx, &night, Id::new(job), class).await }
    });
    begun.await.map(Arc::new)
}

async fn look(w: &World, progress: &Arc<Progress>) -> Arc<Window> {
    let (db, judge) = (w.server.app.db.clone(), progress.judge(w.institution));
    let behind = progress.behind;
    let found = async move { judge.window(&db.read(), behind).await };
    Arc::new(w.server.inside(found).await.unwrap().unwrap())
}

/// Erases the household of a place in a window.
async fn erase(
    w: &World,
    progress: &Arc<Progress>,
    (window, place): (&Arc<Window>, usize),
) -> Option<Status> {
    let given = (tonight(w), progress.clone(), window.clone());
    step(w, move |tx| {
        let (schedule, progress, window) = given.clone();
        async move { runs::erase(&tx, &schedule, &progress, &window.due[place]).await }
    })
    .await
}

async fn advance(w: &World, progress: &Arc<Progress>, window: &Arc<Window>) -> Option<Status> {
    let given = (tonight(w), progress.run.id, window.clone());
    step(w, move |tx| {
        let (schedule, id, window) = given.clone();
        async move { runs::advance(&tx, &schedule, id, &window).await }
    })
    .await
}

#[test]
fn a_run_goes_on_where_it_stood_as_long_as_its_rule_stands() {
    // The server itself applies none.
    told_on(400, "off", |w| async move {
        let mut people = Vec::new();
        for name in ["赵一", "钱二", "孙三"] {
            people.push(take_in(&w, name, json!({})).await);
        }
        let boss = days_later(&w, 400).await;
        set(&boss, json!({"leads_days": 365})).await.expect(200);
        let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
        assert!(begin(&w, first).await.is_none(), "not in force yet");
        let_rules_be_in_force(&w).await;
        let progress = begin(&w, first).await.unwrap();
        let window = look(&w, &progress).await;
        assert_eq!(window.due.len(), 3);
        let there = async |place: usize| {
            let member = window.due[place].members.first().unwrap().to_string();
            boss.get(&path(&member)).await.status == 200
        };

        // Somebody spoke with one of them meanwhile.
        let member = window.due[0].members.first().unwrap();
        let body = json!({"customer_id": member, "method": "phone", "outcome": "interested"});
        boss.post("/api/v1/follow-ups", &body).await.expect(201);
        assert_eq!(erase(&w, &progress, (&window, 0)).await, None);
        assert!(there(0).await);

        // The rule takes less from now on, or is as new again, or ended.
        for days in [json!(500), json!(365), json!(null)] {
            set(&boss, json!({"leads_days": days})).await.expect(200);
            let stopped = erase(&w, &progress, (&window, 1)).await;
            assert_eq!(stopped, Some(Status::Stopped), "{days}");
        }
        assert!(there(1).await);
        set(&boss, json!({"leads_days": 365})).await.expect(200);
        let_rules_be_in_force(&w).await;
        assert_eq!(erase(&w, &progress, (&window, 1)).await, None);
        assert!(!there(1).await);

        // Whoever takes the job over begins behind what was looked at.
        assert_eq!(advance(&w, &progress, &window).await, None);
        let again = begin(&w, first).await.unwrap();
        assert_eq!((again.run.id, again.behind), (progress.run.id, window.last));
        assert_eq!(
            (again.run.erased, again.run.looked_at),
            (1, window.looked_at)
        );

        // Enough for one night.
        let sql = "UPDATE retention_runs SET looked_at = 100000 WHERE institution_id = ?";
        let own = vec![w.institution.uuid().into()];
        w.execute(sql, own).await.unwrap();
        let over = advance(&w, &progress, &window).await;
        assert_eq!(over, Some(Status::Unfinished));
        assert_eq!(
            erase(&w, &progress, (&window, 2)).await,
            Some(Status::Unfinished)
        );
        assert!(there(2).await);
        let id = progress.run.id;
        step(&w, move |tx| async move {
            runs::end(&tx, id, Status::Unfinished).await
        })
        .await;
        assert!(begin(&w, first).await.is_none(), "it has ended");
        let next = begin(&w, second).await.unwrap();
        assert_eq!(next.behind, window.last);

        // Of which nobody ever heard again.
        begin(&w, Uuid::now_v7()).await.unwrap();
        let run = boss.get(&format!("{}/{}", super::RUNS, next.run.id)).await;
        assert_eq!(run.expect(200).json["status"], json!("failed"));
        let told = boss.get("/api/v1/notices").await.expect(200);
        assert_eq!(told.json["items"][0]["kind"], json!("retention_failed"));
    });
}

#[test]
fn who_cant_be_erased_is_passed_over_and_told() {
    begun_days_ago(400, |w| async move {
        let broken = take_in(&w, "赵一", phone("13712350001")).await;
        let sound = take_in(&w, "钱二", phone("13712350002")).await;
        let deleted = take_in(&w, "孙三", json!({})).await;
        w.as_boss().delete(&path(&deleted)).await.expect(204);
        let boss = days_later(&w, 400).await;
        let id: Uuid = broken.parse().unwrap();
        let sql = "UPDATE customers SET contacts = ? WHERE institution_id = ? AND id = ?";
        let values = vec![vec![7u8; 40].into(), w.institution.uuid().into(), id.into()];
        w.execute(sql, values).await.unwrap();
        set(
            &boss,
            json!({"leads_days": 365, "deleted_customers_days": 30}),
        )
        .await
        .expect(200);
        let_rules_be_in_force(&w).await;
        let told = applied(&w, &boss).await;
        let of =
            |class: &str, erased, failed| (class.to_owned(), "finished".to_owned(), erased, failed);
        assert_eq!(told, [of("deleted_customers", 1, 0), of("leads", 1, 1)]);
        for gone in [&sound, &deleted] {
            boss.get(&path(gone)).await.expect_problem(404, "not_found");
        }
        let kept = "SELECT name FROM customers WHERE institution_id = ? AND deleted_at IS NULL";
        let kept = w.server.texts(kept, vec![w.institution.uuid().into()]);
        assert_eq!(kept.await, ["赵一"]);
        let told = boss.get("/api/v1/notices").await.expect(200);
        let told = told.json["items"].as_array().unwrap().clone();
        assert_eq!(told.len(), 1);
        assert!(told[0]["text"].as_str().unwrap().contains('1'));
        assert_eq!(
            (&told[0]["kind"], &told[0]["target"]["kind"]),
            (&json!("retention_failed"), &json!("retention_run"))
        );
    });
}
