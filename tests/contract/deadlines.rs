//! Requests that take too long: bodies that never come, commands that wait, a database that is busy.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::access::PrincipalKind;
use persistence::{Error, Operation};
use reqwest::Response;
use sea_orm::ConnectionTrait;
use tests::{
    Engine, Server, Value, World, both,
    patience::{LONGEST_WAIT, MOMENT},
    run_on,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

const CUSTOMERS: &str = "/api/v1/customers";

/// Declares tests that run on both databases, each on a server with settings of its own.
macro_rules! both_with {
    ($( $settings:expr => async fn $name:ident($world:ident: World) $body:block )+) => {
        $(
            mod $name {
                use super::*;

                async fn story($world: World) $body

                fn tell(engine: Engine) {
                    if let Some(server) = Server::own(engine, $settings) {
                        run_on(server, story);
                    }
                }

                #[test]
                fn on_sqlite() {
                    tell(Engine::Sqlite);
                }

                #[test]
                fn on_postgres() {
                    tell(Engine::Postgres);
                }
            }
        )+
    };
}

/// The head of a request whose body is to be so long.
fn head(w: &World, path: &str, media: &str, length: usize) -> String {
    let token = w.as_boss().token().unwrap();
    let key = uuid::Uuid::now_v7();
    format!(
        "POST {path} HTTP/1.1\r\nhost: e\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: {key}\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n"
    )
}

async fn connect(w: &World) -> TcpStream {
    TcpStream::connect(w.server.address).await.unwrap()
}

/// All that comes until the server closes the connection.
async fn rest(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut read = Vec::new();
    let closed = timeout(LONGEST_WAIT, stream.read_to_end(&mut read)).await;
    assert!(closed.is_ok(), "the connection stays open: {read:?}");
    String::from_utf8_lossy(&read).into_owned()
}

fn assert_timed_out(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("\"request_timed_out\""), "{answer}");
}

/// Waits until so many requests are being answered.
async fn until_under_way(w: &World, wanted: u32) {
    let begun = Instant::now();
    let url = format!("http://{}/metrics", w.server.metrics.unwrap());
    loop {
        let told = w
            .client
            .get(&url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let line = format!("educrm_http_requests_in_flight {wanted}");
        if told.lines().any(|told| told == line) {
            return;
        }
        assert!(begun.elapsed() < LONGEST_WAIT, "never {wanted}: {told}");
        sleep(MOMENT).await;
    }
}

/// Keeps others from writing customers, until it is let go.
struct Held {
    let_go: Arc<Notify>,
    holding: JoinHandle<Result<(), Error>>,
}

impl Held {
    async fn hold(w: &World) -> Self {
        let (db, stamp) = (w.server.app.db.clone(), w.server.app.clock.stamp());
        let operation = Operation::system(w.institution, PrincipalKind::Operator, "hold", stamp);
        let (held, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (is_held, until) = (held.clone(), let_go.clone());
        let holding = tokio::spawn(w.server.inside(async move {
            db.transaction(&operation, |tx| {
                let (is_held, until) = (is_held.clone(), until.clone());
                async move {
                    // The one writer of SQLite is held by any transaction.
                    let lock = "LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE";
                    let is_postgres = tx.get_database_backend() == sea_orm::DbBackend::Postgres;
                    let sql = if is_postgres { lock } else { "SELECT 1" };
                    tx.execute_unprepared(sql).await?;
                    is_held.notify_one();
                    // It is never idle for long, or PostgreSQL would end it.
                    while timeout(Duration::from_millis(50), until.notified())
                        .await
                        .is_err()
                    {
                        tx.execute_unprepared("SELECT 1").await?;
                    }
                    Ok(())
                }
            })
            .await
        }));
        held.notified().await;
        Self { let_go, holding }
    }

    async fn let_go(self) {
        self.let_go.notify_one();
        self.holding.await.unwrap().unwrap();
    }
}

/// Takes in a customer, asked once.
async fn create(w: &World, key: &str) -> Response {
    let body = w.new_customer("张伟");
    let url = format!("http://{}{CUSTOMERS}", w.server.address);
    let token = w.as_recruiter().token().unwrap();
    let request = w.client.post(url).bearer_auth(token).json(&body);
    request.header("idempotency-key", key).send().await.unwrap()
}

async fn assert_come_again(answer: Response, code: &str) {
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], code, "{problem}");
}

both_with! {
    &[("EDUCRM_BODY_SECONDS", "1"), ("EDUCRM_UPLOAD_SECONDS", "1")] =>
    async fn a_body_that_never_comes_is_waited_for_until_its_deadline(w: World) {
        let form = "multipart/form-data; boundary=b";
        let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsome";
        for (path, media, begun) in [
            (CUSTOMERS, "application/json", ""),
            (CUSTOMERS, "application/json", "{\"name\": "),
            ("/api/v1/auth/login", "application/json", "{"),
            ("/api/v1/files", form, part),
        ] {
            let mut stream = connect(&w).await;
            stream.write_all(head(&w, path, media, 900).as_bytes()).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            assert_timed_out(&rest(&mut stream).await);
        }
        assert!(w.as_boss().get(CUSTOMERS).await.expect(200).ids().is_empty());
    }

    &[("EDUCRM_BODY_SECONDS", "1")] =>
    async fn a_body_that_comes_by_drops_has_no_more_time(w: World) {
        let (mut reading, mut writing) = connect(&w).await.into_split();
        let head = head(&w, CUSTOMERS, "application/json", 1_000_000);
        let dripping = tokio::spawn(async move {
            let mut sent = writing.write_all(head.as_bytes()).await;
            while sent.is_ok() {
                sleep(MOMENT).await;
                sent = writing.write_all(b" ").await;
            }
        });
        assert_timed_out(&rest(&mut reading).await);
        dripping.abort();
    }

    &[("EDUCRM_METRICS_LISTEN", "127.0.0.1:0"), ("EDUCRM_DATABASE_CONNECTIONS", "2")] =>
    async fn a_slow_body_holds_up_nobody(w: World) {
        let body = w.new_customer("李雷").to_string();
        let (first, last) = body.split_at(body.len() / 2);
        let mut slow = Vec::new();
        for _ in 0..8 {
            let mut stream = connect(&w).await;
            let head = head(&w, CUSTOMERS, "application/json", body.len());
            stream.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
            slow.push(stream);
        }
        until_under_way(&w, 8).await;
        // There is one writer on SQLite, and there are fewer connections to PostgreSQL: they are free.
        let recruiter = w.as_recruiter();
        recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        for stream in &mut slow {
            stream.write_all(last.as_bytes()).await.unwrap();
            let answer = rest(stream).await;
            assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        }
    }

    &[("EDUCRM_REQUEST_SECONDS", "1")] =>
    async fn a_command_that_takes_too_long_is_done_once_by_its_key(w: World) {
        let held = Held::hold(&w).await;
        let key = uuid::Uuid::now_v7().to_string();
        assert_come_again(create(&w, &key).await, "outcome_unknown").await;
        held.let_go().await;
        let recruiter = w.as_recruiter();
        let body = w.new_customer("张伟");
        let made = recruiter.post_with_key(CUSTOMERS, &key, &body).await.expect(201);
        assert_eq!(recruiter.get(CUSTOMERS).await.expect(200).ids(), [made.id()]);
    }
}

both! {
    async fn a_head_that_never_ends_closes_the_connection(w: World) {
        let mut stream = connect(&w).await;
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: e\r\nx-slow: ").await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

#[test]
fn a_lock_that_is_not_given_in_time_is_told_as_busy_on_postgres() {
    if let Some(server) = Server::own(Engine::Postgres, &[]) {
        run_on(server, async |w| {
            let held = Held::hold(&w).await;
            assert_come_again(create(&w, "held").await, "unavailable").await;
            held.let_go().await;
            assert_eq!(create(&w, "held").await.status(), 201);
        });
    }
}

#[test]
fn a_file_that_another_writes_to_is_told_as_busy_on_sqlite() {
    let server = Server::own(Engine::Sqlite, &[]).unwrap();
    run_on(server, async |w| {
        let file = format!(
            "sqlite://{}",
            w.server.folder.join("educrm.sqlite").display()
        );
        let other = sea_orm::Database::connect(file).await.unwrap();
        let begun = sea_orm::TransactionTrait::begin_with_options(
            &other,
            sea_orm::TransactionOptions {
                sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
                ..Default::default()
            },
        );
        let holding = begun.await.unwrap();
        assert_come_again(create(&w, "held").await, "unavailable").await;
        holding.rollback().await.unwrap();
        other.close().await.unwrap();
        let recruiter = w.as_recruiter();
        let body = w.new_customer("张伟");
        recruiter
            .post_with_key(CUSTOMERS, "held", &body)
            .await
            .expect(201);
    });
}
