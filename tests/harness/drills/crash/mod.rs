//! Kills under write load (T-08).

mod client;
mod facts;

use std::{
    fmt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::runtime::Runtime;

use self::{client::Client, facts::Facts};
use super::context::Context;
use crate::{Engine, chance::Chance, desk::Desk, process::Site, world::settle};

/// Clients that write while the server is killed.
const CLIENTS: usize = 8;
/// Seats of the class that they want to fill between two kills.
const SEATS: usize = 20;

/// What a drill of kills saw.
#[derive(Debug)]
pub struct Crash {
    seed: u64,
    cycles: usize,
    acknowledged: usize,
    kept: Facts,
    /// Requests that had no answer, and whose effect was there all the same.
    unanswered_done: usize,
    unanswered: usize,
    slowest_start: Duration,
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let voided = self.kept.payments.values().filter(|p| p.is_voided).count();
        write!(
            f,
            "seed {}: {} kills, {} answers; acknowledged and kept: {} customers, {} follow-ups, \
             {} enrollments, {} payments with {} voids; of {} unanswered requests {} had been done; \
             slowest start {} ms",
            self.seed,
            self.cycles,
            self.acknowledged,
            self.kept.customers.len(),
            self.kept.follow_ups.len(),
            self.kept.enrollments.len(),
            self.kept.payments.len(),
            voided,
            self.unanswered,
            self.unanswered_done,
            self.slowest_start.as_millis()
        )
    }
}

/// Kills a server under write load, again and again (T-08): what was acknowledged is there as it
/// was, and nothing is there by half. `None` where there is no PostgreSQL.
pub fn crash(drill: &Path, engine: Engine, cycles: usize, seed: u64) -> Option<Crash> {
    let site = Site::new(
        engine,
        &[("EDUCRM_LOG", "warn"), ("EDUCRM_SQLITE_FLUSH", "on")],
    )?;
    let school = site.prepare(async |app| settle(app, "crash").await);
    let runtime = Runtime::new().unwrap();
    let mut chance = Chance::new(seed);
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|number| Client::new(number, chance.fork()))
        .collect();
    let mut report = Crash {
        seed,
        cycles,
        acknowledged: 0,
        kept: Facts::default(),
        unanswered_done: 0,
        unanswered: 0,
        slowest_start: Duration::ZERO,
    };
    let mut server = site.start(drill);
    let mut course = None;
    for _ in 0..cycles {
        let context = Arc::new(Context::new(&site, &school, "boss", server.address));
        let lasts = chance.millis(300..1500);
        clients = runtime.block_on(async {
            let mut desk = Desk::open(context.address, &context.token).await;
            let course = match course {
                Some(course) => course,
                None => *course.insert(desk.course().await),
            };
            let class = desk.class(course, context.campus, SEATS).await;
            let load: Vec<_> = clients
                .into_iter()
                .map(|client| tokio::spawn(client.write(context.clone(), class)))
                .collect();
            tokio::time::sleep(lasts).await;
            server.kill();
            let mut back = Vec::new();
            for client in load {
                back.push(client.await.unwrap());
            }
            if engine == Engine::Postgres {
                others_gone(&site).await;
            }
            back
        });
        server = site.start(drill);
        report.slowest_start = report.slowest_start.max(server.start);
        let context = Context::new(&site, &school, "boss", server.address);
        runtime.block_on(async {
            let db = site.database().await;
            let found = Facts::stored(&db, school.institution).await;
            report.kept = Facts::default();
            for client in &mut clients {
                report.unanswered += usize::from(client.is_waiting());
                report.unanswered_done += usize::from(client.settle(&found, &context).await);
                report.kept.add(client.facts.clone());
            }
            let stored = Facts::stored(&db, school.institution).await;
            report.kept.check(&stored, seed);
            let broken = persistence::invariants::check(&db, None).await.unwrap();
            assert!(broken.is_empty(), "seed {seed}: broken {broken:?}");
            db.close().await;
        });
    }
    report.acknowledged = clients.iter().map(|client| client.acknowledged).sum();
    server.stop();
    Some(report)
}

/// Waits until PostgreSQL has ended what the killed process had begun.
async fn others_gone(site: &Site) {
    let db = site.database().await;
    let read = db.read();
    let since = Instant::now();
    loop {
        let row = read
            .query_one_raw(Statement::from_string(
                DbBackend::Postgres,
                "SELECT count(*) AS n FROM pg_stat_activity \
                 WHERE datname = current_database() AND backend_type = 'client backend' \
                 AND pid <> pg_backend_pid() AND state <> 'idle'",
            ))
            .await
            .unwrap()
            .unwrap();
        let others: i64 = row.try_get("", "n").unwrap();
        if others == 0 {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{others} remain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    db.close().await;
}
