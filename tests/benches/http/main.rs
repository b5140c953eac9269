//! How fast the server is, and what a request costs: `cargo bench -p tests`.
//!
//! The release server runs in a process of its own (`drill serve`, with the settings that it has by
//! default but for the request rates) and is driven over keep-alive connections. Beside each figure
//! stands its floor: the same statements without our server. Nothing is asserted; a goal that is
//! missed is printed as such.
//!
//! Options, after `--` or from the environment: `--customers 1000000` (`BENCH_CUSTOMERS`),
//! `--connections 32` at once (`BENCH_CONNECTIONS`; `1` tells how long a request takes that waits for no
//! other), `--seconds 4` a case (`BENCH_SECONDS`), `--db sqlite|postgres` (`BENCH_DB`), `--only get`
//! (`BENCH_ONLY`: cases whose name holds this), `--soak 10` minutes of mixed load (`BENCH_SOAK`).
//! PostgreSQL is the server that `TEST_POSTGRES_URL` names.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that can't go on fails by panicking"
)]

mod cases;
mod driver;
mod fill;
mod floor;
mod imports;
mod load;
mod machine;
mod names;
mod report;
mod seed;
mod wiretap;

use std::{
    net::ToSocketAddrs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use tests::{
    Engine, Value,
    chance::Chance,
    client::{Connection, request},
    process::{Process, Site},
};
use uuid::Uuid;

use self::{
    cases::{Bench, CREATE, Case, FOLLOW_UP, Goal, MIX, PATCH, READS, Sample, Shape},
    driver::{driver, jiff_now},
    floor::Script,
    load::{Measured, Next},
    report::{Line, met, print, row},
    seed::Seeded,
    wiretap::{Sent, Wiretap},
};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");
/// Requests whose statements make up a floor.
const SAMPLES: usize = 8;

#[derive(Parser)]
struct Options {
    #[arg(long, env = "BENCH_CUSTOMERS", default_value_t = 200_000)]
    customers: usize,
    /// Clients that ask at once. With many, latency tells how long requests wait for each other.
    #[arg(long, env = "BENCH_CONNECTIONS", default_value_t = 32)]
    connections: usize,
    /// Seconds that are counted in each case.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 4)]
    seconds: u64,
    #[arg(long, env = "BENCH_DB")]
    db: Option<String>,
    #[arg(long, env = "BENCH_ONLY", default_value = "")]
    only: String,
    /// Minutes of mixed load, after which memory should be what it was.
    #[arg(long, env = "BENCH_SOAK", default_value_t = 0)]
    soak: u64,
    /// Prints the statements of every case, with their values and PostgreSQL's plans.
    #[arg(long, env = "BENCH_STATEMENTS")]
    statements: bool,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let mut lines = Vec::new();
    let mut remarks = Vec::new();
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let name = if engine == Engine::Postgres {
            "postgres"
        } else {
            "sqlite"
        };
        if options.db.as_deref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let flush = [("EDUCRM_SQLITE_FLUSH", "on")];
        let Some(mut site) = Site::new(engine, &flush) else {
            remarks.push("TEST_POSTGRES_URL is not set: PostgreSQL was not measured".to_owned());
            continue;
        };
        let started = Instant::now();
        let seeded = Arc::new(seed::seed(&site, options.customers));
        eprintln!(
            "{name}: {} customers in {:.1?}",
            options.customers,
            started.elapsed()
        );
        measure(&mut site, &seeded, &options, &mut lines, &mut remarks);
    }
    print(&lines, &remarks, &options);
}

fn measure(
    site: &mut Site,
    seeded: &Arc<Seeded>,
    options: &Options,
    lines: &mut Vec<Line>,
    remarks: &mut Vec<String>,
) {
    let wanted = |case: &&Case| case.name.contains(&options.only);
    let lasts = Duration::from_secs(options.seconds);
    let cases: Vec<&Case> = READS
        .iter()
        .chain([&PATCH, &FOLLOW_UP, &CREATE])
        .filter(wanted)
        .collect();
    let captured = match site.engine {
        Engine::Postgres => capture(site, seeded, &cases, options),
        Engine::Sqlite => cases.iter().map(|_| None).collect(),
    };
    let mut starts: Vec<Duration> = (0..5)
        .map(|_| {
            let process = site.start(Path::new(DRILL));
            let start = process.start;
            process.stop();
            start
        })
        .collect();
    starts.sort();
    remarks.push(format!(
        "{:?}: start to ready on the existing database: {:.0} ms (slowest of 5: {:.0} ms); goal 300 ms: {}",
        site.engine,
        starts[2].as_secs_f64() * 1e3,
        starts[4].as_secs_f64() * 1e3,
        met(starts[2].as_millis() < 300)
    ));
    let process = site.start(Path::new(DRILL));
    for (case, captured) in cases.iter().zip(captured) {
        let ours = run(site, seeded, &process, case, options.connections, lasts);
        let resident = machine::resident(process.id());
        let (scripts, trips) = captured.map_or((None, None), |(s, t)| (Some(s), Some(t)));
        let floor = match scripts {
            Some(scripts) => {
                let now = jiff_now();
                let settings = match (case.name, case.shape) {
                    (name, _) if name.starts_with("search") => {
                        "-c plan_cache_mode=force_custom_plan"
                    }
                    // As the server reads.
                    (name, Shape::AsSent | Shape::AnyCustomer) if !name.starts_with("day") => {
                        "-c plan_cache_mode=force_generic_plan"
                    }
                    _ => "",
                };
                let url = site.database_url();
                floor::pgbench(
                    &site.folder,
                    url,
                    &scripts,
                    options.connections,
                    lasts,
                    now,
                    settings,
                )
            }
            None => driver(site, seeded, case, options.connections, lasts),
        };
        let line = Line {
            engine: site.engine,
            name: case.name.to_owned(),
            ours,
            floor,
            resident,
            trips,
            goal: if site.engine == Engine::Sqlite {
                Goal {
                    ratio: (floor.is_some()).then_some(0.5),
                    server: None,
                    ..case.goal
                }
            } else {
                case.goal
            },
        };
        eprintln!("{}", row(&line));
        lines.push(line);
    }
    process.stop();
    if options.soak > 0 {
        remarks.push(soak(site, seeded, options));
    }
    if "import".contains(&options.only) {
        remarks.extend(imports::imports(site, seeded));
    }
    if site.engine == Engine::Sqlite && wanted(&&CREATE) {
        flushed(site, seeded, options, lines, remarks);
    }
}

/// Memory under mixed load, minute by minute.
fn soak(site: &Site, seeded: &Arc<Seeded>, options: &Options) -> String {
    let process = site.start(Path::new(DRILL));
    let memory: Vec<f64> = (0..options.soak)
        .map(|_| {
            // Tokens are fresh each time.
            let minute = Duration::from_secs(60);
            run(site, seeded, &process, &MIX, options.connections, minute);
            machine::resident(process.id())
        })
        .collect();
    process.stop();
    let told: Vec<String> = memory.iter().map(|mib| format!("{mib:.0}")).collect();
    let line = format!(
        "{:?}: memory after each minute of load: {} MiB; goal 150 MiB: {}",
        site.engine,
        told.join(", "),
        met(memory.iter().all(|mib| *mib < 150.0))
    );
    eprintln!("{line}");
    line
}

/// Acknowledged writes on SQLite: one client, and many without a flush.
fn flushed(
    site: &mut Site,
    seeded: &Arc<Seeded>,
    options: &Options,
    lines: &mut Vec<Line>,
    remarks: &mut Vec<String>,
) {
    let lasts = Duration::from_secs(options.seconds);
    let many = lines.last().map_or(0.0, |line| line.ours.rate());
    let mut more = |site: &Site, name: &str, connections| {
        let process = site.start(Path::new(DRILL));
        let ours = run(site, seeded, &process, &CREATE, connections, lasts);
        let rate = ours.rate();
        let line = Line {
            engine: site.engine,
            name: name.to_owned(),
            ours,
            floor: None,
            resident: machine::resident(process.id()),
            trips: None,
            goal: Goal::default(),
        };
        eprintln!("{}", row(&line));
        lines.push(line);
        process.stop();
        rate
    };
    let one = more(site, "create, 1 client", 1);
    site.set("EDUCRM_SQLITE_FLUSH", "off");
    let loose = more(site, "create, not flushed", options.connections);
    remarks.push(format!(
        "Sqlite: acknowledged creates, flushed: {many:.0}/s with {} clients, {one:.0}/s with one \
         ({:.1} ×), {loose:.0}/s not flushed ({:.2} of it); goal 10 × or 0.6: {}",
        options.connections,
        many / one,
        many / loose,
        met(many >= (10.0 * one).min(0.6 * loose))
    ));
}

fn run(
    site: &Site,
    seeded: &Arc<Seeded>,
    process: &Process,
    case: &Case,
    connections: usize,
    lasts: Duration,
) -> Measured {
    process.forget_log();
    let mut chance = Chance::new(Uuid::now_v7().as_u64_pair().1);
    let bench = Arc::new(Bench::new(site, seeded));
    let nexts = (0..connections)
        .map(|number| {
            let (bench, make, mut chance) = (bench.clone(), case.make, chance.fork());
            Box::new(move || make(&bench, &mut chance, number).0) as Next
        })
        .collect();
    load::drive(process.id(), process.address, lasts, case.expected, nexts)
}

/// What the server sends to PostgreSQL for each case, as scripts; and how much it is.
#[expect(clippy::type_complexity, reason = "of this one function")]
fn capture(
    site: &mut Site,
    seeded: &Arc<Seeded>,
    cases: &[&Case],
    options: &Options,
) -> Vec<Option<(Vec<Script>, (usize, usize))>> {
    let url = site.database_url().to_owned();
    let (head, tail) = url.rsplit_once('@').unwrap();
    let (host, name) = tail.split_once('/').unwrap();
    let database = host.to_socket_addrs().unwrap().next().unwrap();
    let tap = Wiretap::before(database).unwrap();
    let separator = if name.contains('?') { '&' } else { '?' };
    let tapped = format!("{head}@{}/{name}{separator}sslmode=disable", tap.address);
    site.set("DATABASE_URL", &tapped);
    site.set("EDUCRM_WORKERS", "1");
    let process = site.start(Path::new(DRILL));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let found = cases
        .iter()
        .map(|case| {
            let bench = Bench::new(site, seeded);
            let mut chance = Chance::new(7);
            let samples: Vec<(Vec<Sent>, usize, Script)> = (0..SAMPLES)
                .map(|number| {
                    let sample = (case.make)(&bench, &mut chance, number * 4);
                    let (sent, trips) = runtime.block_on(passed(&process, &tap, case, &sample));
                    let (_, holder, id) = sample;
                    let script = match case.shape {
                        Shape::AsSent => floor::as_sent(number, &sent),
                        Shape::AnyCustomer => {
                            floor::of_any_customer(number, &sent, seeded, holder, id)
                        }
                        Shape::Change => floor::change_of_any(number, &sent, seeded, holder, id),
                        Shape::New => floor::of_new_rows(number, &sent, seeded, None),
                        Shape::NewOfAny => {
                            floor::of_new_rows(number, &sent, seeded, Some((holder, id)))
                        }
                    };
                    (sent, trips, script)
                })
                .collect();
            let trips = samples.iter().map(|(_, trips, _)| *trips).min().unwrap();
            let statements = &samples.last().unwrap().0;
            if options.statements {
                println!("{}:", case.name);
                for statement in statements {
                    println!("  {}", statement.sql);
                    let values: Vec<_> = statement
                        .values
                        .iter()
                        .map(|v| v.text.as_deref().unwrap_or("null"))
                        .collect();
                    println!("    {values:?}");
                    for line in runtime.block_on(floor::explain(&url, statement)) {
                        println!("      {line}");
                    }
                }
            }
            let count = statements.len();
            let scripts = samples.into_iter().map(|(_, _, script)| script).collect();
            Some((scripts, (count, trips)))
        })
        .collect();
    process.stop();
    site.set("DATABASE_URL", &url);
    site.set("EDUCRM_WORKERS", "0");
    found
}

/// The statements of one request, of somebody whose standing is known already.
async fn passed(
    process: &Process,
    tap: &Wiretap,
    case: &Case,
    sample: &Sample,
) -> (Vec<Sent>, usize) {
    let mut connection = Connection::open(process.address).await.unwrap();
    let text = String::from_utf8_lossy(&sample.0);
    let token = text
        .lines()
        .find_map(|line| line.strip_prefix("authorization: Bearer "))
        .unwrap();
    let warm = request("GET", "/api/v1/customers?limit=1", token, &[], "");
    let quiet = Duration::from_millis(8);
    // The same statements once before, so that they are prepared.
    let before: &[&[u8]] = match case.shape {
        Shape::AsSent | Shape::AnyCustomer => &[&warm, &sample.0],
        Shape::Change | Shape::New | Shape::NewOfAny => &[&warm],
    };
    for bytes in before {
        connection.send(bytes).await.unwrap();
    }
    tokio::time::sleep(quiet).await;
    tap.take();
    let answer = connection.send(&sample.0).await.unwrap();
    assert_eq!(
        answer.status,
        case.expected,
        "{}",
        String::from_utf8_lossy(answer.body)
    );
    let _: Value = serde_json::from_slice(answer.body).unwrap();
    tokio::time::sleep(quiet).await;
    tap.take()
}
