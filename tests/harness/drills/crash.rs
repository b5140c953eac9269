//! Kills under write load (T-08).

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{id::Id, organization::Institution};
use persistence::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::context::{Context, rows};
use crate::{
    Engine,
    chance::Chance,
    client::{Connection, request},
    process::Site,
    world::settle,
};

/// Clients that write while the server is killed.
const CLIENTS: usize = 8;

/// What a drill of kills saw.
#[derive(Debug)]
pub struct Crash {
    seed: u64,
    cycles: usize,
    creates: usize,
    patches: usize,
    /// Requests that had no answer, and whose effect was there all the same.
    unanswered_done: usize,
    unanswered: usize,
    slowest_start: Duration,
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} kills, {} creates and {} patches acknowledged and kept; of {} unanswered \
             requests {} had been done; slowest start {} ms",
            self.seed,
            self.cycles,
            self.creates,
            self.patches,
            self.unanswered,
            self.unanswered_done,
            self.slowest_start.as_millis()
        )
    }
}

/// A customer as its client knows it.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    version: i64,
    note: Option<String>,
}

/// What a client was waiting for when the server died.
#[derive(Debug)]
enum Pending {
    Create { key: String, name: String },
    Patch { id: Uuid, note: String },
}

/// One client's view: it alone writes its customers.
struct Client {
    number: usize,
    chance: Chance,
    known: HashMap<Uuid, Known>,
    ids: Vec<Uuid>,
    pending: Option<Pending>,
    count: usize,
    creates: usize,
    patches: usize,
}

/// Kills a server under write load, again and again (T-08): what was acknowledged is there, with
/// its version, and nothing is there by half. `None` where there is no PostgreSQL.
pub fn crash(drill: &Path, engine: Engine, cycles: usize, seed: u64) -> Option<Crash> {
    let site = Site::new(
        engine,
        &[("EDUCRM_LOG", "warn"), ("EDUCRM_SQLITE_FLUSH", "on")],
    )?;
    let school = site.prepare(async |app| settle(app, "crash").await);
    let runtime = Runtime::new().unwrap();
    let mut chance = Chance::new(seed);
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|number| Client {
            number,
            chance: chance.fork(),
            known: HashMap::new(),
            ids: Vec::new(),
            pending: None,
            count: 0,
            creates: 0,
            patches: 0,
        })
        .collect();
    let mut report = Crash {
        seed,
        cycles,
        creates: 0,
        patches: 0,
        unanswered_done: 0,
        unanswered: 0,
        slowest_start: Duration::ZERO,
    };
    let mut server = site.start(drill);
    for _ in 0..cycles {
        let context = Arc::new(Context::new(&site, &school, server.address));
        let lasts = chance.millis(300..1500);
        clients = runtime.block_on(async {
            let load: Vec<_> = clients
                .into_iter()
                .map(|client| tokio::spawn(client.write(context.clone())))
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
        let context = Context::new(&site, &school, server.address);
        runtime.block_on(async {
            let db = site.database().await;
            let stored = stored(&db, school.institution).await;
            for client in &mut clients {
                report.unanswered += usize::from(client.pending.is_some());
                report.unanswered_done += usize::from(client.settle(&stored, &context).await);
                client.check(&stored);
            }
            let broken = persistence::invariants::check(&db, None).await.unwrap();
            assert!(broken.is_empty(), "seed {seed}: broken {broken:?}");
            db.close().await;
        });
    }
    report.creates = clients.iter().map(|c| c.creates).sum();
    report.patches = clients.iter().map(|c| c.patches).sum();
    server.stop();
    Some(report)
}

impl Client {
    /// Creates and patches until the server is gone.
    async fn write(mut self, context: Arc<Context>) -> Self {
        let Ok(mut connection) = Connection::open(context.address).await else {
            return self;
        };
        loop {
            self.count += 1;
            let text = format!("c{}x{}", self.number, self.count);
            if self.ids.is_empty() || self.chance.percent(50) {
                let key = Uuid::now_v7().to_string();
                let bytes = context.create(&key, &text);
                self.pending = Some(Pending::Create { key, name: text });
                let Ok(answer) = connection.send_patiently(&bytes).await else {
                    return self;
                };
                assert_eq!(
                    answer.status,
                    201,
                    "{}",
                    String::from_utf8_lossy(answer.body)
                );
                let made: Value = serde_json::from_slice(answer.body).unwrap();
                self.created(&made);
                self.creates += 1;
            } else {
                let id = *self.chance.pick(&self.ids);
                let bytes = request(
                    "PATCH",
                    &format!("/api/v1/customers/{id}"),
                    &context.token,
                    &[("if-match", "*")],
                    &json!({ "note": text }).to_string(),
                );
                self.pending = Some(Pending::Patch {
                    id,
                    note: text.clone(),
                });
                let Ok(answer) = connection.send_patiently(&bytes).await else {
                    return self;
                };
                assert_eq!(
                    answer.status,
                    200,
                    "{}",
                    String::from_utf8_lossy(answer.body)
                );
                let now: Value = serde_json::from_slice(answer.body).unwrap();
                let known = self.known.get_mut(&id).unwrap();
                known.version += 1;
                known.note = Some(text);
                assert_eq!(now["version"], known.version);
                self.patches += 1;
            }
            self.pending = None;
        }
    }

    fn created(&mut self, body: &Value) {
        let id = body["id"].as_str().unwrap().parse().unwrap();
        let fresh = Known {
            version: 1,
            note: None,
        };
        assert!(self.known.insert(id, fresh).is_none(), "the same id twice");
        self.ids.push(id);
    }

    /// Learns what became of the unanswered request; whether it had been done.
    async fn settle(&mut self, stored: &HashMap<Uuid, Known>, context: &Context) -> bool {
        match self.pending.take() {
            None => false,
            Some(Pending::Create { key, name }) => {
                // The same key again: done once, whether it had been done or not.
                let mut connection = Connection::open(context.address).await.unwrap();
                let answer = connection
                    .send_patiently(&context.create(&key, &name))
                    .await
                    .unwrap();
                assert_eq!(
                    answer.status,
                    201,
                    "{}",
                    String::from_utf8_lossy(answer.body)
                );
                let done = answer.header("idempotency-replayed").is_some();
                let body: Value = serde_json::from_slice(answer.body).unwrap();
                let id: Uuid = body["id"].as_str().unwrap().parse().unwrap();
                assert_eq!(
                    done,
                    stored.contains_key(&id),
                    "an effect without its reply"
                );
                self.created(&body);
                done
            }
            Some(Pending::Patch { id, note }) => {
                let known = self.known.get_mut(&id).unwrap();
                let after = Known {
                    version: known.version + 1,
                    note: Some(note),
                };
                let done = stored.get(&id) == Some(&after);
                if done {
                    *known = after;
                }
                done
            }
        }
    }

    fn check(&self, stored: &HashMap<Uuid, Known>) {
        for (id, known) in &self.known {
            // What was just created again by its key was read before that.
            let is = stored.get(id);
            assert!(
                is == Some(known) || (is.is_none() && Some(id) == self.ids.last()),
                "{id}: {is:?} is stored, {known:?} was acknowledged"
            );
        }
    }
}

/// Every customer of an institution.
async fn stored(db: &Database, institution: Id<Institution>) -> HashMap<Uuid, Known> {
    rows(
        db,
        "SELECT id, version, note FROM customers WHERE institution_id = $1",
        institution,
    )
    .await
    .iter()
    .map(|row| {
        let known = Known {
            version: row.try_get("", "version").unwrap(),
            note: row.try_get("", "note").unwrap(),
        };
        (row.try_get("", "id").unwrap(), known)
    })
    .collect()
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
