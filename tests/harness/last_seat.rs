//! The last seat (T-01): many clients want it at once, through two servers on PostgreSQL; one gets it,
//! the others are told that the class is full.

use std::{
    fmt,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::Barrier, task::JoinSet};
use uuid::Uuid;

use crate::{
    Engine,
    chance::Chance,
    desk::Desk,
    process::{Process, Site},
    world::settle,
};

/// What a drill of last seats saw.
#[derive(Debug)]
pub struct LastSeat {
    seed: u64,
    rounds: usize,
    clients: usize,
    servers: usize,
    middle: Duration,
    p99: Duration,
    slowest: Duration,
}

impl fmt::Display for LastSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} rounds of {} clients through {} server(s): one winner each, {} refused cleanly; \
             p50 {} ms, p99 {} ms, slowest {} ms",
            self.seed,
            self.rounds,
            self.clients,
            self.servers,
            self.rounds * (self.clients - 1),
            self.middle.as_millis(),
            self.p99.as_millis(),
            self.slowest.as_millis()
        )
    }
}

/// Lets `clients` race for the only seat of a class, `rounds` times. `None` where there is no
/// PostgreSQL.
pub fn last_seat(
    drill: &Path,
    engine: Engine,
    clients: usize,
    rounds: usize,
    seed: u64,
) -> Option<LastSeat> {
    let site = Site::new(engine, &[("EDUCRM_LOG", "warn")])?;
    let school = site.prepare(async |app| settle(app, "seat").await);
    let token = site.token(school.institution, school.person("boss"));
    let twin = (engine == Engine::Postgres).then(|| site.twin());
    let servers: Vec<Process> = std::iter::once(&site)
        .chain(&twin)
        .map(|site| site.start(drill))
        .collect();
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let runtime = Runtime::new().unwrap();
    let mut took = runtime.block_on(async {
        let mut desk = Desk::open(addresses[0], &token).await;
        let campus = school.places.north.uuid();
        let course = desk.course().await;
        let mut students = Vec::new();
        for _ in 0..clients {
            students.push(desk.student(campus).await);
        }
        // Not before: what is open and silent is closed.
        let mut racers = Vec::new();
        for (number, student) in students.into_iter().enumerate() {
            let address = addresses[number % addresses.len()];
            racers.push(Racer {
                desk: Desk::open(address, &token).await,
                student,
            });
        }
        let mut chance = Chance::new(seed);
        let mut took = Vec::new();
        for round in 0..rounds {
            let class = desk.class(course, campus, 1).await;
            racers = race(racers, class, &mut chance, &mut took).await;
            let path = format!("/api/v1/classes/{class}/roster");
            let roster = desk.ask("GET", &path, &Value::Null, 200).await;
            let seated = roster["items"].as_array().unwrap().len();
            assert_eq!(seated, 1, "seed {seed}, round {round}");
        }
        let db = site.database().await;
        let broken = persistence::invariants::check(&db, None).await.unwrap();
        assert!(broken.is_empty(), "seed {seed}: broken {broken:?}");
        db.close().await;
        took
    });
    let count = servers.len();
    servers.into_iter().for_each(Process::stop);
    took.sort();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    Some(LastSeat {
        seed,
        rounds,
        clients,
        servers: count,
        middle: at(50),
        p99: at(99),
        slowest: at(100),
    })
}

/// Somebody who wants the seat for a student.
struct Racer {
    desk: Desk,
    student: Uuid,
}

/// One round: all begin together, in an order that the seed decides.
async fn race(
    mut racers: Vec<Racer>,
    class: Uuid,
    chance: &mut Chance,
    took: &mut Vec<Duration>,
) -> Vec<Racer> {
    let start = Arc::new(Barrier::new(racers.len()));
    let mut running = JoinSet::new();
    while !racers.is_empty() {
        let next = usize::try_from(chance.below(racers.len() as u64)).unwrap();
        let mut racer = racers.swap_remove(next);
        let start = start.clone();
        running.spawn(async move {
            let body = json!({ "customer_id": racer.student, "class_id": class });
            start.wait().await;
            let began = Instant::now();
            let (status, answer) = racer.desk.send("POST", "/api/v1/enrollments", &body).await;
            (racer, status, answer, began.elapsed())
        });
    }
    let mut winners = 0;
    while let Some(ended) = running.join_next().await {
        let (racer, status, answer, time) = ended.unwrap();
        match (status, answer["code"].as_str()) {
            (201, _) => winners += 1,
            (409, Some("class_full")) => {}
            _ => panic!("{status}: {answer}"),
        }
        took.push(time);
        racers.push(racer);
    }
    assert_eq!(winners, 1, "one seat, and {winners} got it");
    // By student: the order in which they ended is nobody's choice.
    racers.sort_by_key(|racer| racer.student);
    racers
}
