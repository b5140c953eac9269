//! Commands that are repeated (T-02).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{runtime::Runtime, sync::watch, task::JoinSet};
use uuid::Uuid;

use super::{
    context::Context,
    deeds::{Command, Counts, DEEDS, Deed, Ground, counts, growth},
};
use crate::{
    Engine,
    chance::Chance,
    client::Connection,
    desk::Desk,
    patience::LONGEST_WAIT,
    process::{Process, Site},
    world::{School, settle},
};

/// What a drill of repetitions saw.
#[derive(Debug)]
pub struct Repetition {
    seed: u64,
    keys: usize,
    deeds: BTreeMap<Deed, usize>,
    copies: usize,
    sent: usize,
    dropped: usize,
    lost: usize,
    in_progress: usize,
    kills: usize,
    slowest_start: Duration,
}

impl fmt::Display for Repetition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} keys ({:?}), {} copies each: one effect and one answer a key; {} requests sent, \
             {} answers dropped, {} lost with {} kills, {} told that a twin was under way; slowest start {} ms",
            self.seed,
            self.keys,
            self.deeds,
            self.copies,
            self.sent,
            self.dropped,
            self.lost,
            self.kills,
            self.in_progress,
            self.slowest_start.as_millis()
        )
    }
}

#[derive(Default)]
struct Tally {
    sent: AtomicUsize,
    dropped: AtomicUsize,
    lost: AtomicUsize,
    in_progress: AtomicUsize,
}

/// Answers seen by key: status, location, ETag, body.
type Answers = Mutex<BTreeMap<usize, BTreeSet<(u16, String, String, Vec<u8>)>>>;

/// What is sent with each key, and what the tables hold before and are to hold after.
struct Plan {
    commands: Vec<Command>,
    deeds: BTreeMap<Deed, usize>,
    before: Counts,
    expected: Counts,
}

impl Plan {
    /// Lets the seed choose among all that moves something, and prepares what it needs.
    async fn make(
        site: &Site,
        school: &School,
        context: &Context,
        keys: usize,
        chance: &mut Chance,
    ) -> Self {
        let mut desk = Desk::open(context.address, &context.token).await;
        let ground = Ground {
            campus: context.campus,
            course: desk.course().await,
        };
        let db = site.database().await;
        let effects = ground.effects(&mut desk, &db, school.institution).await;
        let (mut commands, mut deeds, mut expected) = (Vec::new(), BTreeMap::new(), Counts::new());
        for _ in 0..keys {
            let deed = *chance.pick(&DEEDS);
            commands.push(ground.prepare(&mut desk, deed).await);
            *deeds.entry(deed).or_default() += 1;
            for (table, rows) in &effects[&deed] {
                *expected.entry(table.clone()).or_default() += rows;
            }
        }
        let before = counts(&db, school.institution).await;
        db.close().await;
        Self {
            commands,
            deeds,
            before,
            expected,
        }
    }
}

/// Keys that are worked on at once.
const KEYS_AT_ONCE: usize = 16;
/// Keys to one kill, at most: a run ends.
const KEYS_A_KILL: usize = 20;

/// Sends each of `keys` commands `copies` times at once, drops answers, and kills the server again
/// and again (T-02): one effect and one answer a key. `None` where there is no PostgreSQL.
pub fn repetition(
    drill: &Path,
    engine: Engine,
    keys: usize,
    copies: usize,
    seed: u64,
) -> Option<Repetition> {
    let site = Site::new(
        engine,
        &[("EDUCRM_LOG", "warn"), ("EDUCRM_SQLITE_FLUSH", "on")],
    )?;
    let school = site.prepare(async |app| settle(app, "idem").await);
    let runtime = Runtime::new().unwrap();
    let mut chance = Chance::new(seed);
    let first = site.start(drill);
    let (address, addresses) = watch::channel(first.address);
    let tally = Arc::new(Tally::default());
    let answers = Arc::new(Answers::default());
    let context = Context::new(&site, &school, "boss", first.address);
    let Plan {
        commands,
        deeds,
        before,
        expected,
    } = runtime.block_on(Plan::make(&site, &school, &context, keys, &mut chance));
    let mut report = Repetition {
        seed,
        keys,
        deeds,
        copies,
        sent: 0,
        dropped: 0,
        lost: 0,
        in_progress: 0,
        kills: 0,
        slowest_start: first.start,
    };
    let work = {
        let (tally, answers) = (tally.clone(), answers.clone());
        let mut chance = chance.fork();
        runtime.spawn(async move {
            let mut running = JoinSet::new();
            for (key, command) in commands.into_iter().enumerate() {
                if running.len() >= KEYS_AT_ONCE * copies {
                    for _ in 0..copies {
                        running.join_next().await.unwrap().unwrap();
                    }
                }
                let name = Uuid::now_v7().to_string();
                let bytes: Arc<[u8]> = context.post(&command.path, &name, &command.body).into();
                for _ in 0..copies {
                    running.spawn(copy(
                        addresses.clone(),
                        (key, bytes.clone()),
                        chance.fork(),
                        tally.clone(),
                        answers.clone(),
                    ));
                }
            }
            while let Some(ended) = running.join_next().await {
                ended.unwrap();
            }
        })
    };
    let mut server: Option<Process> = Some(first);
    while !work.is_finished() {
        let until = Instant::now() + chance.millis(500..1500);
        while Instant::now() < until && !work.is_finished() {
            std::thread::sleep(Duration::from_millis(10));
        }
        if work.is_finished() || report.kills > keys / KEYS_A_KILL {
            continue;
        }
        server.take().unwrap().kill();
        report.kills += 1;
        let next = site.start(drill);
        report.slowest_start = report.slowest_start.max(next.start);
        address.send(next.address).unwrap();
        server = Some(next);
    }
    runtime.block_on(work).unwrap();
    for (key, answers) in answers.lock().unwrap().iter() {
        assert_eq!(answers.len(), 1, "seed {seed}, key {key}: {answers:?}");
    }
    assert_eq!(answers.lock().unwrap().len(), keys);
    runtime.block_on(async {
        let db = site.database().await;
        let after = counts(&db, school.institution).await;
        assert_eq!(
            growth(&before, &after),
            expected,
            "seed {seed}: one effect a key"
        );
        let broken = persistence::invariants::check(&db, None).await.unwrap();
        assert!(broken.is_empty(), "seed {seed}: broken {broken:?}");
        db.close().await;
    });
    if let Some(server) = server {
        server.stop();
    }
    let count = |n: &AtomicUsize| n.load(Ordering::Relaxed);
    report.sent = count(&tally.sent);
    report.dropped = count(&tally.dropped);
    report.lost = count(&tally.lost);
    report.in_progress = count(&tally.in_progress);
    Some(report)
}

/// Sends one command until it has its answer.
async fn copy(
    mut addresses: watch::Receiver<SocketAddr>,
    (key, bytes): (usize, Arc<[u8]>),
    mut chance: Chance,
    tally: Arc<Tally>,
    answers: Arc<Answers>,
) {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < LONGEST_WAIT, "key {key} has no answer");
        let address = *addresses.borrow_and_update();
        let Ok(mut connection) = Connection::open(address).await else {
            // Until the next start, or a moment: it may have come in between.
            let _ = tokio::time::timeout(Duration::from_millis(50), addresses.changed()).await;
            continue;
        };
        tally.sent.fetch_add(1, Ordering::Relaxed);
        if chance.percent(30) {
            // The client goes away before the answer.
            if connection.write(&bytes).await.is_ok() {
                tokio::time::sleep(chance.millis(0..8)).await;
                tally.dropped.fetch_add(1, Ordering::Relaxed);
            }
            continue;
        }
        let Ok(answer) = connection.send(&bytes).await else {
            tally.lost.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let text = |name| answer.header(name).unwrap_or_default().to_owned();
        let problem: Value = serde_json::from_slice(answer.body).unwrap();
        match (answer.status, problem["code"].as_str()) {
            (200 | 201, _) => {
                answers.lock().unwrap().entry(key).or_default().insert((
                    answer.status,
                    text("location"),
                    text("etag"),
                    answer.body.to_vec(),
                ));
                return;
            }
            (409, Some("idempotency_in_progress")) | (503, _) => {
                tally.in_progress.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(chance.millis(5..20)).await;
            }
            (status, _) => panic!(
                "key {key}: {status}: {}",
                String::from_utf8_lossy(answer.body)
            ),
        }
    }
}
