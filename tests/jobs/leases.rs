use std::collections::BTreeSet;

use domain::{
    access::PrincipalKind,
    id::Id,
    jobs::{JobKind, JobStatus},
};
use educrm::app::App;
use futures_util::future::join_all;
use jiff::SignedDuration;
use persistence::{
    Error, Operation,
    jobs::{
        Claimed, Lease,
        lease::claim,
        store::{NewJob, enqueue},
    },
};
use tests::{Engine, Server, World, patience::commit, run_on};

const LONG: SignedDuration = SignedDuration::from_secs(60);

/// A server whose jobs nobody runs but the test.
fn idle(engine: Engine) -> Option<&'static Server> {
    Server::own(engine, &[("EDUCRM_JOB_WORKERS", "0")])
}

fn operation(app: &App, w: &World) -> Operation {
    Operation::system(
        w.institution,
        PrincipalKind::System,
        "test",
        app.clock.stamp(),
    )
}

async fn queue(w: &World, count: usize) {
    let app = w.server.app.clone();
    let operation = operation(&app, w);
    let queued = async move {
        let work = commit(&app.db, &operation, |tx| async move {
            for _ in 0..count {
                let job = NewJob {
                    id: tx.stamp().id(),
                    kind: JobKind::RemoveExpired,
                    target: None,
                    payload: b"told",
                };
                enqueue(&tx, &job).await?;
            }
            Ok(())
        });
        work.await
    };
    w.server.inside(queued).await.unwrap();
}

/// Claims a job at a server.
async fn take(server: &Server, lasts: SignedDuration) -> Option<Claimed> {
    let app = server.app.clone();
    let nowhere = Operation::system(
        Id::new(uuid::Uuid::nil()),
        PrincipalKind::System,
        "test",
        app.clock.stamp(),
    );
    let claiming = async move {
        commit(
            &app.db,
            &nowhere,
            |tx| async move { claim(&tx, lasts).await },
        )
        .await
    };
    server.inside(claiming).await.unwrap()
}

/// What a worker does with its job: one effect, here a tick, under its lease.
async fn effect(w: &World, server: &Server, lease: Lease, tick: i64) -> Result<(), Error> {
    let app = server.app.clone();
    let operation = operation(&app, w);
    let work = async move {
        commit(&app.db, &operation, |tx| async move {
            lease.confirm(&tx).await?;
            use sea_orm::ConnectionTrait;
            let id = tx.operation().institution.uuid();
            let hex = id.simple();
            let place = if app_is_postgres(&tx) {
                format!("'{id}'")
            } else {
                format!("x'{hex}'")
            };
            tx.execute_unprepared(&format!(
                "INSERT INTO schedule_ticks (institution_id, schedule, tick, fired_at) \
                     VALUES ({place}, 'effect', {tick}, 0)"
            ))
            .await?;
            Ok(())
        })
        .await
    };
    server.inside(work).await
}

fn app_is_postgres(handle: &impl persistence::Handle) -> bool {
    handle.is_postgres()
}

async fn finish(w: &World, lease: Lease) -> bool {
    let app = w.server.app.clone();
    let operation = operation(&app, w);
    let work = async move {
        commit(&app.db, &operation, |tx| async move {
            lease.finish(&tx, JobStatus::Succeeded, None).await
        })
        .await
    };
    w.server.inside(work).await.unwrap()
}

async fn effects(w: &World) -> usize {
    w.server.contents(w.institution).await["schedule_ticks"].len()
}

fn code(result: Result<(), Error>) -> String {
    match result {
        Err(Error::Fault(fault)) => fault.rule.code.into(),
        other => format!("{other:?}"),
    }
}

/// One that was frozen for longer than its lease wakes, and finds that it may not write.
fn frozen(engine: Engine) {
    let Some(server) = idle(engine) else { return };
    run_on(server, |w: World| async move {
        queue(&w, 1).await;
        let first = take(w.server, SignedDuration::ZERO).await.unwrap().lease;
        let second = take(w.server, LONG).await.unwrap();
        assert_eq!((second.attempt, second.lease.job), (2, first.job));
        assert_eq!(code(effect(&w, w.server, first, 1).await), "job_taken_over");
        assert!(!finish(&w, first).await, "it can't end what is another's");
        effect(&w, w.server, second.lease, 1).await.unwrap();
        assert!(finish(&w, second.lease).await);
        assert_eq!(
            code(effect(&w, w.server, second.lease, 2).await),
            "job_taken_over"
        );
        assert_eq!(effects(&w).await, 1);
        assert!(take(w.server, LONG).await.is_none());
    });
}

/// Each job goes to one of many workers, of two instances where there can be two.
fn shared_out(engine: Engine) {
    let Some(server) = idle(engine) else { return };
    run_on(server, |w: World| async move {
        queue(&w, 24).await;
        let twin = w.server.app.db.is_postgres().then(|| {
            let twin = std::thread::spawn(|| server.twin_with(&[("EDUCRM_JOB_WORKERS", "0")]));
            twin.join().unwrap()
        });
        let servers = [w.server, twin.unwrap_or(w.server)];
        let claims = (0..32).map(|n| take(servers[n % 2], LONG));
        let taken: Vec<_> = join_all(claims).await.into_iter().flatten().collect();
        // On PostgreSQL a claim passes over a row that another one is taking, and may find none.
        let mut jobs: BTreeSet<_> = taken.iter().map(|claimed| claimed.lease.job).collect();
        assert_eq!(jobs.len(), taken.len(), "a job went to two");
        while let Some(claimed) = take(servers[0], LONG).await {
            assert!(jobs.insert(claimed.lease.job), "a job went to two");
        }
        assert_eq!(jobs.len(), 24);
    });
}

#[test]
fn a_frozen_worker_that_wakes_can_not_write_on_sqlite() {
    frozen(Engine::Sqlite);
}

#[test]
fn a_frozen_worker_that_wakes_can_not_write_on_postgres() {
    frozen(Engine::Postgres);
}

#[test]
fn each_job_goes_to_one_worker_on_sqlite() {
    shared_out(Engine::Sqlite);
}

#[test]
fn each_job_goes_to_one_worker_on_postgres() {
    shared_out(Engine::Postgres);
}
