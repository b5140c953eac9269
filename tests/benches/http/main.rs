//! How fast the server is, and what a request costs: `cargo bench -p tests`.
//!
//! The release server runs in a process of its own (`drill serve`, with the settings that it has by
//! default but for the request rates) and is driven over keep-alive connections. Beside each figure
//! stands its floor: the same statements without our server. Nothing is asserted; a goal that is
//! missed is printed as such.
//!
//! Options, after `--` or from the environment: `--customers 1000000` (`BENCH_CUSTOMERS`),
//! `--seconds 4` a case (`BENCH_SECONDS`), `--db sqlite|postgres` (`BENCH_DB`), `--only get`
//! (`BENCH_ONLY`: cases whose name holds this). PostgreSQL is the server that `TEST_POSTGRES_URL` names.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that can't go on fails by panicking"
)]

mod floor;
mod load;
mod machine;
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
    json,
    process::{Process, Site},
    world::Person,
};
use uuid::Uuid;

use self::{
    floor::{Blob, Floor, Script},
    load::{Measured, Next},
    seed::{SHARING, Seeded},
    wiretap::{Sent, Wiretap},
};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");
const CONNECTIONS: usize = 32;
/// Requests whose statements make up a floor.
const SAMPLES: usize = 8;

#[derive(Parser)]
struct Options {
    #[arg(long, env = "BENCH_CUSTOMERS", default_value_t = 200_000)]
    customers: usize,
    /// Seconds that are counted in each case.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 4)]
    seconds: u64,
    #[arg(long, env = "BENCH_DB")]
    db: Option<String>,
    #[arg(long, env = "BENCH_ONLY", default_value = "")]
    only: String,
    /// Prints the statements of every case, with their values and PostgreSQL's plans.
    #[arg(long, env = "BENCH_STATEMENTS")]
    statements: bool,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, Default)]
struct Goal {
    /// Of the floor.
    ratio: Option<f64>,
    /// Microseconds of server CPU a request, at most.
    server: Option<f64>,
    /// Milliseconds.
    p95: Option<f64>,
}

/// How a floor is made of what was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    AsSent,
    AnyCustomer,
    Change,
    New,
}

/// One request of a case: its bytes, the recruiter who sends it, the customer that it names.
type Sample = (Vec<u8>, usize, Uuid);

struct Case {
    name: &'static str,
    expected: u16,
    shape: Shape,
    goal: Goal,
    /// The request of a connection, again and again.
    make: fn(&Bench, &mut Chance, usize) -> Sample,
}

const READS: &[Case] = &[
    Case {
        name: "get one",
        expected: 200,
        shape: Shape::AnyCustomer,
        goal: Goal {
            ratio: Some(0.5),
            server: Some(60.0),
            p95: None,
        },
        make: get,
    },
    Case {
        name: "list 20 of one holder",
        expected: 200,
        shape: Shape::AsSent,
        goal: Goal {
            ratio: Some(0.45),
            server: Some(120.0),
            p95: None,
        },
        make: list,
    },
    Case {
        name: "search 2 characters",
        expected: 200,
        shape: Shape::AsSent,
        goal: SEARCH,
        make: |b, c, _| b.find(&b.boss, &seed::given(c)),
    },
    Case {
        name: "search pinyin",
        expected: 200,
        shape: Shape::AsSent,
        goal: SEARCH,
        make: |b, c, _| b.find(&b.boss, &seed::name(c)[1]),
    },
    Case {
        name: "search initials",
        expected: 200,
        shape: Shape::AsSent,
        goal: SEARCH,
        make: |b, c, _| b.find(&b.boss, &seed::name(c)[2]),
    },
    Case {
        name: "search 2 characters, own",
        expected: 200,
        shape: Shape::AsSent,
        goal: SEARCH,
        make: |b, c, n| b.find(b.recruiter(n), &seed::given(c)),
    },
    Case {
        name: "search initials, own",
        expected: 200,
        shape: Shape::AsSent,
        goal: SEARCH,
        make: |b, c, n| b.find(b.recruiter(n), &seed::name(c)[2]),
    },
    Case {
        name: "list: empty own",
        expected: 200,
        shape: Shape::AsSent,
        goal: LIST,
        make: |b, _, _| b.list(&b.empty),
    },
    Case {
        name: "list: own + shares",
        expected: 200,
        shape: Shape::AsSent,
        goal: LIST,
        make: |b, _, _| b.list(&b.recruiters[SHARING]),
    },
    Case {
        name: "list: team of 12",
        expected: 200,
        shape: Shape::AsSent,
        goal: LIST,
        make: |b, _, _| b.list(&b.leader),
    },
    Case {
        name: "list: small campus",
        expected: 200,
        shape: Shape::AsSent,
        goal: LIST,
        make: |b, _, _| b.list(&b.small),
    },
    Case {
        name: "list: large campus",
        expected: 200,
        shape: Shape::AsSent,
        goal: LIST,
        make: |b, _, _| b.list(&b.large),
    },
    Case {
        name: "list: institution",
        expected: 200,
        shape: Shape::AsSent,
        goal: LIST,
        make: |b, _, _| b.list(&b.boss),
    },
];

const SEARCH: Goal = Goal {
    ratio: Some(0.6),
    server: None,
    p95: Some(50.0),
};
const LIST: Goal = Goal {
    ratio: None,
    server: None,
    p95: Some(30.0),
};

const PATCH: Case = Case {
    name: "patch",
    expected: 200,
    shape: Shape::Change,
    goal: Goal {
        ratio: None,
        server: None,
        p95: None,
    },
    make: patch,
};
const CREATE: Case = Case {
    name: "create",
    expected: 201,
    shape: Shape::New,
    goal: Goal {
        ratio: Some(0.65),
        server: None,
        p95: None,
    },
    make: create,
};

/// Tokens of the people who send requests.
struct Bench {
    seeded: Arc<Seeded>,
    recruiters: Vec<String>,
    empty: String,
    leader: String,
    small: String,
    large: String,
    boss: String,
}

impl Bench {
    /// With fresh tokens: they last ten minutes.
    fn new(site: &Site, seeded: &Arc<Seeded>) -> Self {
        let token = |person: &Person| site.token(seeded.institution, person);
        Self {
            seeded: seeded.clone(),
            recruiters: seeded.recruiters.iter().map(token).collect(),
            empty: token(&seeded.empty),
            leader: token(&seeded.leader),
            small: token(&seeded.small),
            large: token(&seeded.large),
            boss: token(&seeded.boss),
        }
    }

    fn recruiter(&self, connection: usize) -> &str {
        &self.recruiters[recruiter(connection)]
    }

    fn list(&self, token: &str) -> Sample {
        let bytes = request("GET", "/api/v1/customers?limit=20", token, &[], "");
        (bytes, 0, Uuid::nil())
    }

    fn find(&self, token: &str, query: &str) -> Sample {
        let body = json!({ "query": query, "limit": 20 }).to_string();
        let bytes = request("POST", "/api/v1/customers/search", token, &[], &body);
        (bytes, 0, Uuid::nil())
    }

    /// Any customer of a recruiter.
    fn customer(&self, chance: &mut Chance, recruiter: usize) -> Uuid {
        let count = self.recruiters.len();
        let each = self.seeded.customers / count;
        let number = usize::try_from(chance.below(each as u64)).unwrap() * count + recruiter;
        self.seeded.id(number)
    }
}

/// Which recruiter sends from a connection: of all three campuses.
fn recruiter(connection: usize) -> usize {
    connection * 12
}

fn get(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let id = bench.customer(chance, who);
    let path = format!("/api/v1/customers/{id}");
    (
        request("GET", &path, &bench.recruiters[who], &[], ""),
        who,
        id,
    )
}

fn list(bench: &Bench, _: &mut Chance, connection: usize) -> Sample {
    bench.list(bench.recruiter(connection))
}

fn patch(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let id = bench.customer(chance, who);
    let body = json!({ "note": format!("第 {} 次联系", chance.number()) }).to_string();
    let path = format!("/api/v1/customers/{id}");
    let token = &bench.recruiters[who];
    let bytes = request("PATCH", &path, token, &[("if-match", "*")], &body);
    (bytes, who, id)
}

fn create(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let [name, ..] = seed::name(chance);
    let body = json!({
        "kind": "student", "name": name, "gender": "female", "birth_date": "2015-09-01", "intent": 3,
        "note": "喜欢画画", "source_channel": "hotline", "campus_id": bench.seeded.campus(who),
    });
    let key = Uuid::now_v7().to_string();
    let bytes = request(
        "POST",
        "/api/v1/customers",
        &bench.recruiters[who],
        &[("idempotency-key", &key)],
        &body.to_string(),
    );
    (bytes, who, Uuid::nil())
}

/// One line of the table.
struct Line {
    engine: Engine,
    name: String,
    ours: Measured,
    floor: Option<Floor>,
    resident: f64,
    /// Statements and round trips of one request.
    trips: Option<(usize, usize)>,
    goal: Goal,
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
        .chain([&PATCH, &CREATE])
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
        let ours = run(site, seeded, &process, case, CONNECTIONS, lasts);
        let resident = machine::resident(process.id());
        let (scripts, trips) = captured.map_or((None, None), |(s, t)| (Some(s), Some(t)));
        let floor = match scripts {
            Some(scripts) => {
                let now = jiff_now();
                let settings = if case.name.starts_with("search") {
                    "-c plan_cache_mode=force_custom_plan"
                } else {
                    ""
                };
                let url = site.database_url();
                floor::pgbench(
                    &site.folder,
                    url,
                    &scripts,
                    CONNECTIONS,
                    lasts,
                    now,
                    settings,
                )
            }
            None => driver(site, seeded, case, lasts),
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
    if site.engine == Engine::Sqlite && wanted(&&CREATE) {
        flushed(site, seeded, lasts, lines, remarks);
    }
}

/// Acknowledged writes on SQLite: one client, and many without a flush.
fn flushed(
    site: &mut Site,
    seeded: &Arc<Seeded>,
    lasts: Duration,
    lines: &mut Vec<Line>,
    remarks: &mut Vec<String>,
) {
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
    let loose = more(site, "create, not flushed", CONNECTIONS);
    remarks.push(format!(
        "Sqlite: acknowledged creates, flushed: {many:.0}/s with {CONNECTIONS} clients, {one:.0}/s with one \
         ({:.1} ×), {loose:.0}/s not flushed ({:.2} of it); goal 10 × or 0.6: {}",
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
                        Shape::New => floor::of_new_rows(number, &sent, seeded),
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
        Shape::Change | Shape::New => &[&warm],
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

const COLUMNS: &str = "c.institution_id, c.id, c.version, c.kind, c.name, c.name_fold, c.gender, c.birth_date, \
    c.intent, c.stage, c.note, c.holder_id, c.campus_id, c.channel, c.collected_at, c.collector_id, c.created_at, \
    c.updated_at, c.deleted_at";

/// The driver's own figure for what SQLite is asked.
fn driver(site: &Site, seeded: &Seeded, case: &Case, lasts: Duration) -> Option<Floor> {
    let institution = Blob::Id(seeded.institution.uuid());
    let people: Vec<Uuid> = seeded
        .recruiters
        .iter()
        .map(|p| p.principal.uuid())
        .collect();
    let file = site.folder.join("educrm.sqlite");
    let of = move |n: u64| usize::try_from(n % 32).unwrap() * 12;
    let now = Blob::Number(jiff_now() * 1000);
    let (count, customers) = (people.len(), seeded.customers);
    let ids: Vec<Uuid> = (0..customers).map(|number| seeded.id(number)).collect();
    match case.name {
        "get one" => {
            let sql = format!(
                "SELECT {COLUMNS} FROM customers c WHERE c.institution_id = ? AND (c.holder_id = ? OR EXISTS ( \
                 SELECT 1 FROM customer_shares s WHERE s.institution_id = c.institution_id \
                 AND s.customer_id = c.id AND s.institution_id = ? AND s.grantee_id IN (?) \
                 AND (s.until IS NULL OR s.until > ?))) AND c.deleted_at IS NULL AND c.id = ? LIMIT 1"
            );
            Some(floor::sqlite(&file, 4, CONNECTIONS, lasts, move |n| {
                let holder = of(n);
                let row = usize::try_from(n.wrapping_mul(0x9e37_79b9) >> 3).unwrap()
                    % (customers / count);
                let who = Blob::Id(people[holder]);
                let id = Blob::Id(ids[row * count + holder]);
                let values = [&institution, &who, &institution, &who, &now, &id];
                (sql.clone(), values.map(Clone::clone).into())
            }))
        }
        "list 20 of one holder" => {
            let sql = format!(
                "SELECT {COLUMNS} FROM ( \
                 SELECT at, id FROM (SELECT created_at AS at, id FROM customers WHERE institution_id = ? \
                 AND deleted_at IS NULL AND holder_id = ? ORDER BY created_at DESC, id DESC LIMIT ?) \
                 UNION SELECT at, id FROM (SELECT s.customer_created_at AS at, s.customer_id AS id \
                 FROM customer_shares s CROSS JOIN customers c2 ON c2.institution_id = s.institution_id AND c2.id = s.customer_id \
                 WHERE s.institution_id = ? AND s.grantee_id = ? AND (s.until IS NULL OR s.until > ?) \
                 AND c2.deleted_at IS NULL ORDER BY s.customer_created_at DESC, s.customer_id DESC LIMIT ?)) k \
                 CROSS JOIN customers c WHERE c.institution_id = ? AND c.id = k.id \
                 ORDER BY k.at DESC, k.id DESC LIMIT ?"
            );
            Some(floor::sqlite(&file, 4, CONNECTIONS, lasts, move |n| {
                let who = Blob::Id(people[of(n)]);
                let limit = Blob::Number(21);
                let i = &institution;
                let values = [i, &who, &limit, i, &who, &now, &limit, i, &limit];
                (sql.clone(), values.map(Clone::clone).into())
            }))
        }
        "search 2 characters" => {
            let sql = format!(
                "SELECT {COLUMNS}, d.doc_id FROM search_grams CROSS JOIN search_documents d CROSS JOIN customers c \
                 WHERE d.doc_id = search_grams.rowid AND search_grams MATCH ? AND c.institution_id = ? \
                 AND c.id = d.customer_id AND d.institution_id = ? AND c.deleted_at IS NULL \
                 ORDER BY search_grams.rowid DESC LIMIT 21"
            );
            let number = seeded.number;
            Some(floor::sqlite(&file, 4, CONNECTIONS, lasts, move |n| {
                let given = seed::given(&mut Chance::new(n));
                let grams = Blob::Text(format!("(\"{number}h{given}\")"));
                let values = [&grams, &institution, &institution];
                (sql.clone(), values.map(Clone::clone).into())
            }))
        }
        _ => None,
    }
}

/// Milliseconds since the epoch, by the application's clock.
fn jiff_now() -> i64 {
    educrm::clock::Clock::default().now().as_millisecond()
}

fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "MISSED" }
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.ours.rate() / floor.rate)
    }

    /// CPU that others used during this case, as a share of one core.
    fn others(&self) -> f64 {
        self.ours.cpu.others() / self.ours.seconds
    }

    fn server(&self) -> f64 {
        self.ours.each(self.ours.cpu.server)
    }

    /// Goals, and whether they are met.
    fn verdict(&self) -> String {
        let mut parts = Vec::new();
        if let Some(goal) = self.goal.ratio {
            let is = self.ratio().unwrap_or_default();
            parts.push(format!("ratio {goal} {}", met(is >= goal)));
        }
        if let Some(goal) = self.goal.server {
            parts.push(format!("server {goal:.0} µs {}", met(self.server() < goal)));
        }
        if let Some(goal) = self.goal.p95 {
            let is = self.ours.percentile(0.95);
            parts.push(format!("p95 {goal:.0} ms {}", met(is < goal)));
        }
        if self.ours.busy > 0 {
            parts.push(format!("{} requests TURNED AWAY", self.ours.busy));
        }
        parts.join(", ")
    }
}

fn row(line: &Line) -> String {
    let ours = &line.ours;
    let floor = line.floor.map_or("-".into(), |f| format!("{:.0}", f.rate));
    let floor_cpu = match line.floor {
        Some(floor) if floor.database > 0.0 => format!("{:.0}", floor.database),
        _ => "-".into(),
    };
    let trips = match line.trips {
        Some((statements, trips)) => format!("{statements}/{trips}"),
        None => "-".into(),
    };
    format!(
        "| {:8} | {:24} | {:7.0} | {:>7} | {:>5} | {:6.2} | {:6.2} | {:6.2} | {:6.0} | {:6.0} | {:>6} | {:>6} | {:5} | {:>6} | {:4.0}% | {} |",
        format!("{:?}", line.engine),
        line.name,
        ours.rate(),
        floor,
        line.ratio().map_or("-".into(), |r| format!("{r:.2}")),
        ours.percentile(0.50),
        ours.percentile(0.95),
        ours.percentile(0.99),
        line.server(),
        ours.each(ours.cpu.database),
        floor_cpu,
        format!("{:.0}", ours.each(ours.cpu.client)),
        trips,
        format!("{:.0}", line.resident),
        line.others() * 100.0,
        line.verdict()
    )
}

fn print(lines: &[Line], remarks: &[String], options: &Options) {
    println!(
        "\n{} customers, {CONNECTIONS} connections, {} s a case; rates a second, times in ms, CPU in µs a request\n",
        options.customers, options.seconds
    );
    println!(
        "| database | case                     |    ours |   floor | ratio |    p50 |    p95 |    p99 | server |     db | floor  | client | st/rt |    MiB | other | goal |"
    );
    println!(
        "|----------|--------------------------|---------|---------|-------|--------|--------|--------|--------|--------|--------|--------|-------|--------|-------|------|"
    );
    for line in lines {
        println!("{}", row(line));
    }
    println!();
    for remark in remarks {
        println!("{remark}");
    }
    let most = lines.iter().map(|line| line.resident).fold(0.0, f64::max);
    println!(
        "memory of the server at most {most:.0} MiB; goal 150 MiB: {}",
        met(most < 150.0)
    );
    let busiest = lines.iter().map(Line::others).fold(0.0, f64::max);
    println!(
        "others used up to {:.0} % of a core during a case: {}",
        busiest * 100.0,
        if busiest < 0.1 {
            "the ratios count"
        } else {
            "the machine was NOT quiet, the ratios do not count"
        }
    );
}
