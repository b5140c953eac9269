//! The application under test.

use std::{
    future::Future,
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, Once, OnceLock},
};

use domain::{id::Id, organization::Institution};
use educrm::{app::App, boot, clock::Clock, server, settings::Settings};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tokio::runtime::Runtime;

use crate::{
    contract::Contract,
    patience::{is_busy, patiently},
    provision::Catalogue,
};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Files of a data folder that all instances of an installation share.
pub const KEY_FILES: [&str; 6] = [
    "audit.key",
    "field.key",
    "signing.pem",
    "cursor.key",
    "password.key",
    "token.key",
];

/// The application on a socket of its own.
pub struct Server {
    pub address: SocketAddr,
    /// Where its `/metrics` are, if anywhere.
    pub metrics: Option<SocketAddr>,
    pub app: App,
    pub contract: Contract,
    /// Where its keys are.
    pub folder: PathBuf,
    database_url: String,
    pub(crate) catalogue: tokio::sync::OnceCell<Catalogue>,
    runtime: Runtime,
    running: Mutex<Option<server::Running>>,
    is_twin: bool,
    /// Other instances over the same database.
    twins: Mutex<Vec<&'static Self>>,
    _folder: educrm::data_dir::DataDir,
}

impl Server {
    /// The server that all tests of an engine share; `None` where there is no PostgreSQL.
    pub fn shared(engine: Engine) -> Option<&'static Self> {
        static SQLITE: OnceLock<Server> = OnceLock::new();
        static POSTGRES: OnceLock<Option<Server>> = OnceLock::new();
        match engine {
            Engine::Sqlite => Some(SQLITE.get_or_init(|| Self::start("", &[]))),
            Engine::Postgres => POSTGRES
                .get_or_init(|| postgres().map(|url| Self::start(&url, &[])))
                .as_ref(),
        }
    }

    /// A server with a database and settings of its own, until it is [retired](Self::retire).
    pub fn own(engine: Engine, settings: &[(&str, &str)]) -> Option<&'static Self> {
        let url = match engine {
            Engine::Sqlite => String::new(),
            Engine::Postgres => postgres()?,
        };
        Some(Box::leak(Box::new(Self::start(&url, settings))))
    }

    /// Stops a server of one's own and its twins, and throws away what they kept.
    pub fn retire(&self) {
        for twin in std::mem::take(&mut *self.twins.lock().unwrap()) {
            twin.retire();
        }
        let running = self.running.lock().unwrap().take().unwrap();
        self.runtime.block_on(async {
            running.stop().await.unwrap();
            self.app.db.clone().close().await;
        });
        let _ = std::fs::remove_dir_all(&self.folder);
        if !self.is_twin && self.app.db.is_postgres() {
            discard(&self.database_url);
        }
    }

    /// Another instance over the same database and keys; only PostgreSQL takes a second one.
    pub fn twin(&self) -> &'static Self {
        self.twin_with(&[])
    }

    /// The same with settings of its own.
    pub fn twin_with(&self, settings: &[(&str, &str)]) -> &'static Self {
        let folder = fresh_folder();
        std::fs::create_dir(&folder).unwrap();
        for key in KEY_FILES {
            std::fs::copy(self.folder.join(key), folder.join(key)).unwrap();
        }
        let twin = Self {
            is_twin: true,
            ..Self::start_in(folder, &self.database_url, settings)
        };
        let twin: &'static Self = Box::leak(Box::new(twin));
        self.twins.lock().unwrap().push(twin);
        twin
    }

    /// Why an instance with a key of its own instead of the installation's does not start.
    pub async fn refused_with_other(&self, key: &str) -> String {
        let folder = fresh_folder();
        std::fs::create_dir(&folder).unwrap();
        for name in KEY_FILES.into_iter().filter(|name| *name != key) {
            std::fs::copy(self.folder.join(name), folder.join(name)).unwrap();
        }
        let url = self.database_url.clone();
        let settings = Settings::read(|name| match name {
            "DATABASE_URL" => Some(url.clone()),
            "EDUCRM_DATA_DIR" => folder.to_str().map(str::to_owned),
            "EDUCRM_DATABASE_SUPERUSER" => Some("on".into()),
            _ => None,
        })
        .unwrap();
        let opened = self
            .inside(async move { boot::open(settings, Clock::default()).await.map(|_| ()) })
            .await;
        opened.unwrap_err().to_string()
    }

    fn start(database_url: &str, more: &[(&str, &str)]) -> Self {
        Self::start_in(fresh_folder(), database_url, more)
    }

    fn start_in(folder: PathBuf, database_url: &str, more: &[(&str, &str)]) -> Self {
        let settings = Settings::read(|name| {
            let own = more.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
            let value = own.or(match name {
                "DATABASE_URL" => Some(database_url),
                "EDUCRM_DATA_DIR" => folder.to_str(),
                "EDUCRM_LISTEN" => Some("127.0.0.1:0"),
                "EDUCRM_WORKERS" => Some("2"),
                // Machines may be slow.
                "EDUCRM_REQUEST_SECONDS" | "EDUCRM_BODY_SECONDS" => Some("120"),
                "EDUCRM_UPLOAD_SECONDS" => Some("600"),
                "EDUCRM_RATE_PER_SECOND"
                | "EDUCRM_RATE_BURST"
                | "EDUCRM_HEAVY_RATE_PER_SECOND"
                | "EDUCRM_HEAVY_RATE_BURST"
                | "EDUCRM_DUPLICATE_KEYS_PER_DAY"
                | "EDUCRM_DUPLICATE_FINDS_PER_DAY"
                | "EDUCRM_LOOKUPS_PER_HOUR"
                | "EDUCRM_LOOKUP_FINDS_PER_DAY" => Some("1000000"),
                // Whoever runs the tests may be one.
                "EDUCRM_DATABASE_SUPERUSER" => Some("on"),
                // The file is thrown away: only the tests of kills need it flushed, none a copy.
                "EDUCRM_SQLITE_FLUSH" | "EDUCRM_BACKUP_AT" => Some("off"),
                // Each test is checked when it ends.
                "EDUCRM_CHECK_AT" => Some("off"),
                // What is swept is what the tests of sweeps ask for.
                "EDUCRM_SWEEP_AT" => Some("off"),
                // Nor does anybody go by a rule elsewhere than in its own tests.
                "EDUCRM_RETENTION_AT" => Some("off"),
                _ => None,
            })?;
            Some(value.to_owned())
        })
        .unwrap();
        let runtime = Runtime::new().unwrap();
        let (app, locked, running) = runtime.block_on(async {
            let (app, locked) = boot::open(settings, Clock::default()).await.unwrap();
            let running = server::start(app.clone()).unwrap();
            (app, locked, running)
        });
        Self {
            address: running.address,
            metrics: running.metrics,
            contract: Contract::new(&app.document),
            app,
            folder,
            database_url: database_url.to_owned(),
            catalogue: tokio::sync::OnceCell::new(),
            runtime,
            running: Mutex::new(Some(running)),
            is_twin: false,
            twins: Mutex::default(),
            _folder: locked,
        }
    }

    /// Runs something on the server's own threads: its connections live there.
    pub async fn inside<F>(&self, work: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.runtime.spawn(work).await.unwrap()
    }

    /// Runs `persistence/invariants/*.sql` over one institution: none may find a row.
    pub async fn check_invariants(&self, institution: Id<Institution>) {
        let db = self.app.db.clone();
        let broken = self
            .inside(async move {
                let check = async || persistence::invariants::check(&db, Some(institution)).await;
                patiently(check, is_busy).await
            })
            .await
            .unwrap();
        assert!(broken.is_empty(), "invariants broken: {broken:?}");
    }
}

fn fresh_folder() -> PathBuf {
    std::env::temp_dir().join(format!("educrm-test-{}", uuid::Uuid::now_v7()))
}

/// Address of a fresh database on the server that `TEST_POSTGRES_URL` names.
pub(crate) fn postgres() -> Option<String> {
    static SAID: Once = Once::new();
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        SAID.call_once(|| eprintln!("TEST_POSTGRES_URL is not set: PostgreSQL is not tested"));
        return None;
    };
    let name = format!("educrm_test_{}", uuid::Uuid::now_v7().simple());
    let url = with_database(&server, &name);
    Runtime::new().unwrap().block_on(async {
        let admin = Database::connect(&server).await.unwrap();
        for old in left_over(&admin).await {
            // Another run may be using it: then it stays.
            let _ = admin
                .execute_unprepared(&format!("DROP DATABASE IF EXISTS \"{old}\""))
                .await;
        }
        admin
            .execute_unprepared(&format!("CREATE DATABASE \"{name}\""))
            .await
            .unwrap();
    });
    Some(url)
}

/// Drops a database of PostgreSQL that nobody needs any more.
pub(crate) fn discard(url: &str) {
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        return;
    };
    let name = url.rsplit('/').next().unwrap_or_default();
    let name = name.split('?').next().unwrap_or_default().to_owned();
    // A runtime of its own, on a thread of its own: it may be dropped inside another.
    let dropping = std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            if let Ok(admin) = Database::connect(&server).await {
                let _ = admin
                    .execute_unprepared(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))
                    .await;
            }
        });
    });
    let _ = dropping.join();
}

/// Databases of earlier runs that nobody is connected to.
async fn left_over(admin: &impl ConnectionTrait) -> Vec<String> {
    admin
        .query_all_raw(Statement::from_string(
            DbBackend::Postgres,
            "SELECT datname FROM pg_database d WHERE datname LIKE 'educrm\\_test\\_%' \
             AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname) \
             AND (pg_stat_file('base/' || d.oid || '/PG_VERSION', true)).modification < now() - interval '10 minutes'",
        ))
        .await
        .map(|rows| {
            rows.iter()
                .filter_map(|row| row.try_get("", "datname").ok())
                .collect()
        })
        .unwrap_or_default()
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let root = base.rfind('/').map_or(base, |at| &base[..at]);
    if query.is_empty() {
        format!("{root}/{name}")
    } else {
        format!("{root}/{name}?{query}")
    }
}
