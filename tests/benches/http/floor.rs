//! The floor: the same statements without our server.
//!
//! On PostgreSQL they are run by pgbench with prepared statements, as they were read off the wire;
//! only what must differ from run to run (the row that is read, the ids of new rows) is computed. On
//! SQLite they are run by the driver in a loop, over as many connections as the server reads with.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use uuid::Uuid;

use crate::{
    machine::Cpu,
    seed::Seeded,
    wiretap::{Sent, Sql},
};

/// What the floor measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    pub(crate) rate: f64,
    /// Microseconds of database CPU a transaction.
    pub(crate) database: f64,
}

/// Before counting begins.
const WARM_UP: Duration = Duration::from_secs(2);

/// A transaction for pgbench.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    text: String,
    values: Vec<(String, String)>,
}

/// Statements with their values as they were: for reads of one place.
pub(crate) fn as_sent(number: usize, sent: &[Sent]) -> Script {
    script(number, String::new(), sent, |_, _| None)
}

/// Statements that name one customer of `holder`: any of its customers instead.
pub(crate) fn of_any_customer(
    number: usize,
    sent: &[Sent],
    seeded: &Seeded,
    holder: usize,
    id: Uuid,
) -> Script {
    let head = any_customer(seeded, holder);
    script(number, head, sent, |_, value| named(value, id, seeded))
}

/// A change of one customer of `holder`, from whatever version it has.
pub(crate) fn change_of_any(
    number: usize,
    sent: &[Sent],
    seeded: &Seeded,
    holder: usize,
    id: Uuid,
) -> Script {
    let head = format!("{}{FRESH}", any_customer(seeded, holder));
    let mut fresh = Slots::default();
    let known = seeded.known();
    let mut script = script(number, head, sent, |sent, value| {
        named(value, id, seeded).or_else(|| match (value.kind, value.text.as_deref()) {
            // The captured customer went from version 1 to 2.
            ("bigint", Some("1")) => Some(":version::bigint".into()),
            ("bigint", Some("2")) => Some("(:version::bigint + 1)".into()),
            _ => fresh.expression(sent, value, &known),
        })
    });
    // What was read under lock decides the version that is written.
    let text: Vec<String> = script
        .text
        .lines()
        .map(|line| match line.strip_suffix(';') {
            Some(line) if line.contains("FOR UPDATE") || line.contains("FOR NO KEY UPDATE") => {
                format!("{line} \\gset")
            }
            _ => line.to_owned(),
        })
        .collect();
    script.text = text.join("\n");
    script
}

/// Statements that make new rows, with ids of their own each time; where they name a customer of
/// `holder`, any of its customers instead.
pub(crate) fn of_new_rows(
    number: usize,
    sent: &[Sent],
    seeded: &Seeded,
    customer: Option<(usize, Uuid)>,
) -> Script {
    let any = customer.map(|(holder, _)| any_customer(seeded, holder));
    let head = format!("{}{FRESH}", any.unwrap_or_default());
    let mut fresh = Slots::default();
    let known = seeded.known();
    script(number, head, sent, |sent, value| {
        customer
            .and_then(|(_, id)| named(value, id, seeded))
            .or_else(|| fresh.expression(sent, value, &known))
    })
}

/// A counter of each client stands for time, so that new ids are in order as ours are.
const FRESH: &str = "\\set n :n + 1\n\\set t :now + :n\n\\set r random(0, 281474976710655)\n";

fn any_customer(seeded: &Seeded, holder: usize) -> String {
    format!(
        "\\set m random(0, {})\n\\set k :m * {} + {holder}\n\\set ms {} + :k * {}\n",
        seeded.customers / seeded.recruiters.len() - 1,
        seeded.recruiters.len(),
        seeded.first,
        seeded.step,
    )
}

/// As [`Seeded::id`] makes it.
fn named(value: &Sql, id: Uuid, seeded: &Seeded) -> Option<String> {
    debug_assert!(seeded.customers > 0);
    (value.kind == "uuid" && value.text.as_deref() == Some(&id.simple().to_string())).then(|| {
        "(lpad(to_hex(:ms::bigint), 12, '0') || '70008000' || lpad(to_hex(:k::bigint), 12, '0'))::uuid".into()
    })
}

/// Values that were new in a transaction: equal ones stay equal.
#[derive(Default)]
struct Slots(BTreeMap<String, usize>);

impl Slots {
    fn expression(&mut self, sent: &Sent, value: &Sql, known: &[Uuid]) -> Option<String> {
        let text = value.text.as_deref()?;
        let count = self.0.len();
        let mut id = || {
            let slot = *self.0.entry(text.to_owned()).or_insert(count);
            format!(
                "(lpad(to_hex(:t::bigint), 12, '0') || '7{slot:03x}8' || \
                 lpad(to_hex(:client_id::int), 3, '0') || lpad(to_hex(:r::bigint), 12, '0'))::uuid"
            )
        };
        match value.kind {
            "uuid" if known.iter().all(|k| k.simple().to_string() != text) => Some(id()),
            "bytea" if text.len() == 66 && sent.sql.contains("idempotency_records") => {
                Some(format!("sha256(uuid_send({}))", id()))
            }
            // The key of an advisory lock.
            "bigint" if sent.sql.contains("advisory") => Some(":r::bigint".into()),
            "bigint" if text.len() == 16 => Some("(:t::bigint * 1000)".into()),
            _ => None,
        }
    }
}

fn script(
    number: usize,
    head: String,
    sent: &[Sent],
    mut instead: impl FnMut(&Sent, &Sql) -> Option<String>,
) -> Script {
    let mut script = Script {
        text: head,
        values: Vec::new(),
    };
    for (at, statement) in sent.iter().enumerate() {
        let mut sql = statement
            .sql
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        // From the last, so that $1 is not found in $12.
        for (index, value) in statement.values.iter().enumerate().rev() {
            let expression = instead(statement, value).unwrap_or_else(|| match &value.text {
                None => format!("NULL::{}", value.kind),
                Some(text) => {
                    let name = format!("v{number}_{at}_{index}");
                    script.values.push((name.clone(), text.clone()));
                    format!(":{name}::{}", value.kind)
                }
            });
            sql = sql.replace(&format!("${}", index + 1), &expression);
        }
        let _ = writeln!(script.text, "{};", sql.trim_end_matches(';'));
    }
    script
}

/// PostgreSQL's plan of a query, run once.
pub(crate) async fn explain(url: &str, sent: &Sent) -> Vec<String> {
    if !sent.sql.starts_with("SELECT") && !sent.sql.starts_with("WITH") {
        return Vec::new();
    }
    let mut sql = sent.sql.clone();
    for (index, value) in sent.values.iter().enumerate().rev() {
        let literal = match &value.text {
            Some(text) => format!("'{}'::{}", text.replace('\'', "''"), value.kind),
            None => "NULL".into(),
        };
        sql = sql.replace(&format!("${}", index + 1), &literal);
    }
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN (ANALYZE, COSTS OFF) {sql}")))
        .fetch_all(&mut connection)
        .await
        .unwrap_or_else(|error| vec![error.to_string()])
}

/// Runs pgbench, its connections with the same `settings` as ours; `None`, with its reason on standard error, where it failed.
pub(crate) fn pgbench(
    folder: &Path,
    url: &str,
    scripts: &[Script],
    clients: usize,
    lasts: Duration,
    now: i64,
    settings: &str,
) -> Option<Floor> {
    let mut command = Command::new(program()?);
    command.args(["-n", "-M", "prepared", "-j", "2", "-P", "1", "-D", "n=0"]);
    command.args([
        "-c",
        &clients.to_string(),
        "-T",
        &(WARM_UP + lasts).as_secs().to_string(),
    ]);
    command.args(["-D", &format!("now={now}")]);
    for (number, script) in scripts.iter().enumerate() {
        let file = folder.join(format!("floor{number}.sql"));
        fs::write(&file, &script.text).unwrap();
        command.arg("-f").arg(&file);
        for (name, value) in &script.values {
            command.arg("-D").arg(format!("{name}={value}"));
        }
    }
    command
        .arg(url)
        .env("PGOPTIONS", settings)
        // As ours, which does not encrypt what stays on the machine.
        .env("PGSSLMODE", "disable")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Another program may hold the connections for a moment.
    for _ in 0..5 {
        match counted(&mut command, lasts) {
            Ok(floor) => return floor,
            Err(full) => eprintln!("pgbench: {full}"),
        }
        std::thread::sleep(Duration::from_secs(2));
    }
    None
}

/// One run, counted once the first seconds are over: every connection plans every statement a few
/// times before it keeps a plan. Fails when the server had no connections left.
fn counted(command: &mut Command, lasts: Duration) -> Result<Option<Floor>, String> {
    let Ok(running) = command.spawn() else {
        return Ok(None);
    };
    std::thread::sleep(WARM_UP);
    let before = Cpu::now(std::process::id());
    std::thread::sleep(lasts.saturating_sub(Duration::from_millis(200)));
    let cpu = Cpu::now(std::process::id()).since(before);
    let Ok(output) = running.wait_with_output() else {
        return Ok(None);
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("connection slots") {
        return Err(errors.into_owned());
    }
    if !output.status.success() || errors.contains("aborted") {
        eprintln!("pgbench: {errors}");
        return Ok(None);
    }
    // progress: 3.0 s, 12345.6 tps, lat …
    let rates: Vec<f64> = errors
        .lines()
        .filter_map(|line| {
            let (at, rest) = line.strip_prefix("progress: ")?.split_once(" s, ")?;
            let rate = rest.split_once(" tps")?.0.parse().ok()?;
            (at.parse::<f64>().ok()? > WARM_UP.as_secs_f64() + 0.5).then_some(rate)
        })
        .collect();
    if rates.is_empty() {
        return Ok(None);
    }
    let rate = rates.iter().sum::<f64>() / rates.len() as f64;
    Ok(Some(Floor {
        rate,
        database: cpu.database * 1e6 / (rate * (lasts.as_secs_f64() - 0.2)),
    }))
}

fn program() -> Option<std::path::PathBuf> {
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|version| Some(version.ok()?.path().join("bin/pgbench")))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop()
}

/// One statement of the driver's loop: SQL with its values, in order.
pub(crate) type Bound = (String, Vec<Blob>);

/// A value of an SQLite statement.
#[derive(Clone, Debug)]
pub(crate) enum Blob {
    Id(Uuid),
    Number(i64),
    Text(String),
}

/// The driver's own figure: 32 tasks, as many connections as the server reads with.
pub(crate) fn sqlite(
    file: &Path,
    readers: u32,
    tasks: usize,
    lasts: Duration,
    statement: impl Fn(u64) -> Bound + Send + Sync + 'static,
) -> Floor {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .statement_cache_capacity(256)
        .pragma("cache_size", "-16384")
        .pragma("query_only", "on");
    let statement = std::sync::Arc::new(statement);
    let count = runtime.block_on(async {
        let pool = SqlitePoolOptions::new()
            .max_connections(readers)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .unwrap();
        let running: Vec<_> = (0..tasks)
            .map(|task| {
                let (pool, statement) = (pool.clone(), statement.clone());
                tokio::spawn(async move {
                    let until = std::time::Instant::now() + lasts;
                    let mut count = 0_u64;
                    while std::time::Instant::now() < until {
                        let (sql, values) = statement(count * 64 + task as u64);
                        let mut query = sqlx::query(AssertSqlSafe(sql));
                        for value in values {
                            query = match value {
                                Blob::Id(id) => query.bind(id),
                                Blob::Number(number) => query.bind(number),
                                Blob::Text(text) => query.bind(text),
                            };
                        }
                        query.fetch_all(&pool).await.unwrap();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let mut count = 0;
        for task in running {
            count += task.await.unwrap();
        }
        count
    });
    Floor {
        rate: count as f64 / lasts.as_secs_f64(),
        database: 0.0,
    }
}
