//! What is kept no longer goes by itself, and nothing else does.

use jiff::SignedDuration;
use tests::{Actor, Answer, Engine, Server, Value, World, both, json, run_on};

use super::{
    erasures::{path, phone, take_in},
    legal_holds::place,
};
use crate::{
    audit::sealing::{prove, seal},
    jobs::fired_on,
};

const POLICY: &str = "/api/v1/retention-policy";
const PREVIEW: &str = "/api/v1/retention-preview";
const RUNS: &str = "/api/v1/retention-runs";

async fn set(by: &Actor, rules: Value) -> Answer {
    by.patch(POLICY, &rules).await
}

/// Has the rules applied, as the next night would; the runs that came of it, by class.
async fn applied(w: &World, by: &Actor) -> Vec<(String, i64, i64)> {
    let before = by.get(RUNS).await.expect(200).ids();
    let own = || vec![w.institution.uuid().into()];
    let sql =
        "DELETE FROM schedule_ticks WHERE institution_id = ? AND schedule = 'apply_retention'";
    w.execute(sql, own()).await.unwrap();
    fired_on(w.server).await;
    let open = "SELECT kind FROM jobs WHERE institution_id = ? AND kind = 'apply_retention' AND finished_at IS NULL";
    let begun = std::time::Instant::now();
    while !w.server.texts(open, own()).await.is_empty() {
        assert!(begun.elapsed().as_secs() < 180, "it does not end");
    }
    let after = by.get(RUNS).await.expect(200);
    let items = after.json["items"].as_array().unwrap().iter();
    let new = items.filter(|run| !before.iter().any(|id| run["id"] == json!(id)));
    let mut told: Vec<_> = new
        .map(|run| {
            assert!(run["finished_at"].is_string(), "{run}");
            let count = |name: &str| run[name].as_i64().unwrap();
            let class = run["class"].as_str().unwrap().to_owned();
            (class, count("removed"), count("skipped"))
        })
        .collect();
    told.sort();
    told
}

/// What would go of a class: how many, and the first of them.
async fn due(by: &Actor, class: &str, tried: &str) -> (i64, Vec<String>) {
    let preview = by.get(&format!("{PREVIEW}{tried}")).await.expect(200);
    let classes = preview.json["classes"].as_array().unwrap();
    let found = classes
        .iter()
        .find(|of| of["class"] == json!(class))
        .unwrap();
    let first = found["first"].as_array().unwrap().iter();
    let ids = first.map(|of| of["id"].as_str().unwrap().to_owned());
    (found["rows"].as_i64().unwrap(), ids.collect())
}

/// Tells a story on both databases, each time with a clock of its own.
fn with_own_clock<F: Future<Output = ()>>(story: fn(World) -> F) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(server) = Server::own(engine, &[]) {
            run_on(server, story);
        }
    }
}

/// The boss, so many hours later.
async fn later(w: &World, hours: i64) -> Actor {
    w.server
        .app
        .clock
        .advance(SignedDuration::from_hours(hours));
    w.acting_as(w.institution, w.as_boss().principal).await
}

#[test]
fn people_go_when_their_time_is_over_but_for_who_is_held_bought_or_was_spoken_to() {
    with_own_clock(|w| async move {
        let boss = w.as_boss();
        let guardian = take_in(&w, "孙丽", json!({"kind": "guardian"})).await;
        let lead = take_in(&w, "张伟", phone("13712350001")).await;
        let spoken_to = take_in(&w, "李娜", json!({})).await;
        let asker = take_in(&w, "王芳", json!({})).await;
        let body = json!({"customer_id": asker, "kind": "copy"});
        boss.post("/api/v1/privacy-requests", &body)
            .await
            .expect(201);
        let buyer = take_in(&w, "赵六", json!({})).await;
        let amount = json!({"amount_minor": 100, "currency": "CNY"});
        let body = json!({"customer_id": buyer, "amount": amount, "description": "教材"});
        boss.post("/api/v1/charges", &body).await.expect(201);
        let body = json!({"role": "guardian", "relative_id": guardian});
        boss.post(&format!("{}/relations", path(&lead)), &body)
            .await
            .expect(201);
        let held = take_in(&w, "周杰", json!({})).await;
        let hold = place(&boss, &held).await.expect(201).id();
        let deleted = take_in(&w, "吴敏", json!({})).await;
        boss.delete(&path(&deleted)).await.expect(204);
        let partner = take_in(&w, "市图书馆", json!({"kind": "partner"})).await;

        let boss = later(&w, 180 * 24 - 1).await;
        let body = json!({"customer_id": spoken_to, "method": "phone", "outcome": "interested"});
        boss.post("/api/v1/follow-ups", &body).await.expect(201);
        assert_eq!(due(&boss, "leads", "?leads_days=180").await, (0, vec![]));
        let boss = later(&w, 1).await;
        assert_eq!(
            due(&boss, "leads", "?leads_days=180").await,
            (2, vec![lead.clone(), asker.clone()])
        );
        assert_eq!(
            due(&boss, "deleted_customers", "?deleted_customers_days=30").await,
            (1, vec![deleted.clone()])
        );
        // Nothing goes by what is only tried.
        assert_eq!(applied(&w, &boss).await, vec![]);
        set(
            &boss,
            json!({"leads_days": 180, "deleted_customers_days": 30}),
        )
        .await
        .expect(200);
        assert_eq!(
            applied(&w, &boss).await,
            [
                ("deleted_customers".to_owned(), 1, 0),
                ("leads".to_owned(), 1, 1)
            ]
        );

        boss.get(&path(&lead))
            .await
            .expect_problem(404, "not_found");
        for kept in [&spoken_to, &asker, &buyer, &guardian, &held, &partner] {
            boss.get(&path(kept)).await.expect(200);
        }
        let certificates = boss.get("/api/v1/erasures").await.expect(200);
        let told: Vec<_> = certificates.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| (&of["customer_id"], &of["reason"], &of["erased_by"]))
            .collect();
        let (rule, nobody) = (json!("purpose_fulfilled"), json!(null));
        assert_eq!(
            told,
            [
                (&json!(deleted), &rule, &nobody),
                (&json!(lead), &rule, &nobody)
            ]
        );
        let mut back = w.new_customer("张伟");
        back["contact_points"] = phone("13712350001")["contact_points"].clone();
        boss.post("/api/v1/customers", &back)
            .await
            .expect_problem(409, "erased_person");

        // Nobody is related to the guardian any more, and nothing holds who was held.
        let release = format!("/api/v1/legal-holds/{hold}/release");
        boss.post(&release, &json!({"reason": "已结案"}))
            .await
            .expect(200);
        assert_eq!(
            due(&boss, "leads", "").await,
            (3, vec![guardian.clone(), asker.clone(), held.clone()])
        );
        assert_eq!(
            applied(&w, &boss).await,
            [
                ("deleted_customers".to_owned(), 0, 0),
                ("leads".to_owned(), 2, 1)
            ]
        );
        for gone in [&guardian, &held] {
            boss.get(&path(gone)).await.expect_problem(404, "not_found");
        }
        for kept in [&spoken_to, &asker, &buyer, &partner] {
            boss.get(&path(kept)).await.expect(200);
        }
    });
}

#[test]
fn what_old_audit_records_say_goes_and_the_trail_is_still_proved() {
    with_own_clock(|w| async move {
        let boss = w.as_boss();
        let (person, held) = (
            take_in(&w, "张伟", json!({})).await,
            take_in(&w, "李娜", json!({})).await,
        );
        for one in [&person, &held] {
            boss.patch(&path(one), &json!({"intent": 3}))
                .await
                .expect(200);
        }
        place(&boss, &held).await.expect(201);
        seal(&w).await;
        let boss = later(&w, 1096 * 24).await;
        let recent = take_in(&w, "王芳", json!({})).await;
        seal(&w).await;
        let records = async |of: &str| {
            boss.get(&format!("/api/v1/audit-events?target_id={of}"))
                .await
                .expect(200)
                .ids()
        };
        let old = records(&person).await;
        set(&boss, json!({"audit_details_days": 1096}))
            .await
            .expect(200);
        let (rows, _) = due(&boss, "audit_details", "").await;
        assert!(rows >= 2, "{rows}");
        let told = applied(&w, &boss).await;
        assert_eq!(told, [("audit_details".to_owned(), rows, 0)]);
        assert_eq!(records(&person).await, old);
        for (of, is_kept) in [(&person, false), (&held, true), (&recent, true)] {
            for record in records(of).await {
                let record = boss
                    .get(&format!("/api/v1/audit-events/{record}"))
                    .await
                    .expect(200);
                assert_eq!(
                    record.json["changes"].is_null(),
                    !is_kept,
                    "{}",
                    record.json
                );
            }
        }
        seal(&w).await;
        let proof = prove(&w).await;
        assert_eq!((proof.broken, proof.unsealed), (None, 0));
    });
}

both! {
    async fn notices_go_after_their_days_and_each_run_is_on_record(w: World) {
        let boss = w.as_boss();
        let (school, principal) = (w.institution.uuid(), boss.principal.uuid());
        let now = w.server.app.clock.now().as_microsecond();
        for days in [20, 29, 31, 40] {
            let at: i64 = now - days * 86_400_000_000;
            w.execute("INSERT INTO notices (institution_id, id, version, principal_id, kind, numbers, created_at) \
                VALUES (?, ?, 1, ?, 'import_done', ?, ?)",
                vec![school.into(), uuid::Uuid::now_v7().into(), principal.into(), json!({}).into(), at.into()]).await.unwrap();
        }
        set(&boss, json!({"notices_days": 30})).await.expect(200);
        assert_eq!(due(&boss, "notices", "").await.0, 2);
        assert_eq!(due(&boss, "notices", "?notices_days=35").await.0, 1);
        assert_eq!(applied(&w, &boss).await, [("notices".to_owned(), 2, 0)]);
        assert_eq!(w.server.contents(w.institution).await["notices"].len(), 2);
        let listed = boss.get(&format!("{RUNS}?class=notices")).await.expect(200);
        let run = boss.get(&format!("{RUNS}/{}", listed.ids()[0])).await.expect(200);
        assert_eq!((&run.json["days"], &run.json["policy_version"]), (&json!(30), &json!(2)));
        assert_eq!(boss.get(&format!("{RUNS}?class=leads")).await.expect(200).ids(), Vec::<String>::new());
        w.as_stranger().get(&format!("{RUNS}/{}", listed.ids()[0])).await.expect_problem(404, "not_found");
        w.server.settle().await;
        let feed = boss.get("/api/v1/events?limit=200").await.expect(200);
        let told = feed.json["items"].as_array().unwrap().iter()
            .find(|event| event["type"] == "retention_run.finished").unwrap();
        assert_eq!(told["data"], json!({"class": "notices", "days": 30, "removed": 2, "skipped": 0}));
    }

    async fn rules_are_made_within_bounds_by_whoever_may_erase(w: World) {
        let boss = w.as_boss();
        let first = boss.get(POLICY).await.expect(200);
        assert_eq!(first.json, json!({"version": 1, "leads_days": null, "deleted_customers_days": null,
            "audit_details_days": null, "notices_days": null}));
        assert_eq!(boss.get(PREVIEW).await.expect(200).json["classes"], json!([]));
        for (field, days) in [("leads_days", 179), ("leads_days", 3651), ("deleted_customers_days", 29),
            ("audit_details_days", 1095), ("notices_days", 184)] {
            let refused = set(&boss, json!({ field: days })).await.expect(422);
            assert_eq!(refused.errors(), [(format!("#/{field}"), "out_of_range".to_owned())]);
            boss.get(&format!("{PREVIEW}?{field}={days}")).await.expect(422);
        }
        let made = set(&boss, json!({"leads_days": 365, "notices_days": 90})).await.expect(200);
        assert_eq!((&made.json["version"], &made.json["leads_days"]), (&json!(2), &json!(365)));
        let ended = set(&boss, json!({"leads_days": null})).await.expect(200);
        assert_eq!((&ended.json["leads_days"], &ended.json["notices_days"]), (&json!(null), &json!(90)));
        assert_eq!(set(&boss, json!({"leads_days": null})).await.expect(200).json["version"], json!(3));
        let recruiter = w.as_recruiter();
        for seen in [POLICY, PREVIEW, RUNS] {
            recruiter.get(seen).await.expect_problem(403, "permission_missing");
        }
        set(&recruiter, json!({"leads_days": 180})).await.expect_problem(403, "permission_missing");
        assert_eq!(w.as_stranger().get(POLICY).await.expect(200).json["version"], json!(1));
    }
}
