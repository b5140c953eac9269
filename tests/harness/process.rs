//! The application in a process of its own: `drill serve`.

use std::{
    fs::File,
    io,
    net::SocketAddr,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use educrm::{access::Tokens, app::App, boot, clock::Clock, settings::Settings};
use persistence::{Database, access::Bearer, database::Target, keys::Keys};
use tokio::runtime::Runtime;

use crate::{
    Engine,
    client::{Connection, request},
    patience::LONGEST_WAIT,
    server::{KEY_FILES, discard, postgres},
    world::Person,
};

/// What `drill serve` says once it listens.
pub const LISTENING: &str = "listening on ";
/// A start that takes longer hangs. How quick it is, is measured in drills (T-08).
pub const LONGEST_START: Duration = Duration::from_secs(180);

/// A data folder and a database, for one process at a time.
pub struct Site {
    pub engine: Engine,
    pub folder: PathBuf,
    settings: Vec<(String, String)>,
    /// Whether the database is another's to discard.
    is_twin: bool,
}

impl Site {
    /// A new folder and a new database; `None` where there is no PostgreSQL.
    pub fn new(engine: Engine, settings: &[(&str, &str)]) -> Option<Self> {
        let url = match engine {
            Engine::Sqlite => String::new(),
            Engine::Postgres => postgres()?,
        };
        let folder = std::env::temp_dir().join(format!("educrm-site-{}", uuid::Uuid::now_v7()));
        let mut all: Vec<(String, String)> = [
            ("DATABASE_URL", url.as_str()),
            ("EDUCRM_DATA_DIR", folder.to_str().unwrap()),
            ("EDUCRM_LISTEN", "127.0.0.1:0"),
            ("EDUCRM_WORKERS", "2"),
            // Machines may be slow.
            ("EDUCRM_REQUEST_SECONDS", "120"),
            ("EDUCRM_BODY_SECONDS", "120"),
            ("EDUCRM_UPLOAD_SECONDS", "600"),
            ("EDUCRM_RATE_PER_SECOND", "1000000"),
            ("EDUCRM_RATE_BURST", "1000000"),
            ("EDUCRM_HEAVY_RATE_PER_SECOND", "1000000"),
            ("EDUCRM_HEAVY_RATE_BURST", "1000000"),
            ("EDUCRM_DUPLICATE_KEYS_PER_DAY", "1000000"),
            ("EDUCRM_DUPLICATE_FINDS_PER_DAY", "1000000"),
            ("EDUCRM_LOOKUPS_PER_HOUR", "1000000"),
            ("EDUCRM_LOOKUP_FINDS_PER_DAY", "1000000"),
            // Whoever runs the tests may be one.
            ("EDUCRM_DATABASE_SUPERUSER", "on"),
            ("EDUCRM_BACKUP_AT", "off"),
            ("EDUCRM_CHECK_AT", "off"),
            ("EDUCRM_SWEEP_AT", "off"),
            ("EDUCRM_RETENTION_AT", "off"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .into();
        all.extend(settings.iter().map(|(n, v)| ((*n).into(), (*v).into())));
        Some(Self {
            engine,
            folder,
            settings: all,
            is_twin: false,
        })
    }

    /// The place of another instance over the same database and keys; only PostgreSQL takes one.
    pub fn twin(&self) -> Self {
        let folder = std::env::temp_dir().join(format!("educrm-site-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        for key in KEY_FILES {
            std::fs::copy(self.folder.join(key), folder.join(key)).unwrap();
        }
        let mut twin = Self {
            engine: self.engine,
            folder: folder.clone(),
            settings: self.settings.clone(),
            is_twin: true,
        };
        twin.set("EDUCRM_DATA_DIR", folder.to_str().unwrap());
        twin
    }

    /// The same site with a setting changed.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(n, _)| n != name);
        self.settings.push((name.into(), value.into()));
    }

    pub fn database_url(&self) -> &str {
        self.setting("DATABASE_URL").unwrap()
    }

    fn setting(&self, name: &str) -> Option<&str> {
        let found = self.settings.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_str())
    }

    /// Runs something on the application itself, in this process, while no other is running.
    pub fn prepare<T>(&self, work: impl AsyncFnOnce(App) -> T) -> T {
        let settings = Settings::read(|name| self.setting(name).map(str::to_owned)).unwrap();
        Runtime::new().unwrap().block_on(async {
            let (app, folder) = boot::open(settings, Clock::default()).await.unwrap();
            let result = work(app.clone()).await;
            app.db.clone().close().await;
            drop(folder);
            result
        })
    }

    /// A handle to the database, beside the process.
    pub async fn database(&self) -> Database {
        let target = match self.engine {
            Engine::Sqlite => Target::Sqlite {
                file: self.folder.join("educrm.sqlite"),
                readers: 1,
                flush: true,
            },
            Engine::Postgres => Target::Postgres {
                url: self.database_url().into(),
                connections: 2,
                workers: 1,
                superuser: true,
            },
        };
        Database::open(&target, Keys::new(&[1; 32])).await.unwrap()
    }

    /// A fresh access token of a person.
    pub fn token(
        &self,
        institution: domain::id::Id<domain::organization::Institution>,
        person: &Person,
    ) -> String {
        let settings = Settings::read(|name| self.setting(name).map(str::to_owned)).unwrap();
        let pem = std::fs::read_to_string(self.folder.join("signing.pem")).unwrap();
        let tokens = Tokens::new(&pem, settings.public_url).unwrap();
        let stamp = Clock::default().stamp();
        tokens
            .issue(
                &Bearer::whole(institution, person.principal, person.session),
                &stamp,
            )
            .unwrap()
    }

    /// `drill` with these arguments, with the settings of this site.
    pub fn command(&self, drill: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(drill);
        command
            .args(arguments)
            .env_clear()
            .envs(self.settings.iter().map(|(n, v)| (n, v)))
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of `educrm` to its end.
    pub fn run(&self, drill: &Path, arguments: &[&str]) -> Finished {
        let mut command = self.command(drill, &["educrm"]);
        Finished::of(finished(command.args(arguments)))
    }

    /// Starts `drill serve` and waits until it is ready.
    pub fn start(&self, drill: &Path) -> Process {
        let started = Instant::now();
        let log = self.folder.join("log");
        let out = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        out.set_len(0).unwrap();
        let child = self
            .command(drill, &["serve"])
            .stderr(out.try_clone().unwrap())
            .stdout(out)
            .spawn()
            .unwrap();
        let mut process = Process {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            start: Duration::ZERO,
            log,
        };
        process.address = process.wait(started, |process| process.listening());
        let probe = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let address = process.address;
        process.wait(started, |_| probe.block_on(ready(address)).then_some(()));
        process.start = started.elapsed();
        process
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if self.engine == Engine::Postgres && !self.is_twin {
            discard(self.database_url());
        }
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Finished {
    pub success: bool,
    pub out: String,
    pub err: String,
}

impl Finished {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            success: output.status.success(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// What it printed, where it succeeded.
    #[track_caller]
    pub fn done(self) -> String {
        assert!(self.success, "{}{}", self.out, self.err);
        self.out
    }

    /// Why it did not succeed.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(!self.success, "{}", self.out);
        self.err
    }
}

/// A running `drill serve`; killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// From its start until it was ready.
    pub start: Duration,
    log: PathBuf,
}

impl Process {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without warning: SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits.
    pub fn stop(self) {
        self.ask_to_stop();
        self.ended_well();
    }

    /// Asks it to end: SIGTERM.
    pub fn ask_to_stop(&self) {
        signal("TERM", self.child.id());
    }

    /// Waits for its end; whether it ended without an error.
    pub fn ended_well(mut self) -> bool {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            self.still(since, "it ends");
        }
    }

    /// What `found` gives once it gives something.
    pub fn until<T>(&self, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
        let since = Instant::now();
        loop {
            if let Some(found) = found() {
                return found;
            }
            self.still(since, what);
        }
    }

    /// Waits for a moment, unless it has been too many.
    fn still(&self, since: Instant, what: &str) {
        assert!(
            since.elapsed() < LONGEST_WAIT,
            "waited in vain until {what}: {}",
            std::fs::read_to_string(&self.log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(20));
    }

    /// Empties its log.
    pub fn forget_log(&self) {
        let _ = File::options()
            .write(true)
            .open(&self.log)
            .and_then(|log| log.set_len(0));
    }

    fn listening(&self) -> Option<SocketAddr> {
        let log = std::fs::read_to_string(&self.log).ok()?;
        let line = log.lines().find_map(|line| line.strip_prefix(LISTENING))?;
        line.parse().ok()
    }

    fn wait<T>(&mut self, since: Instant, mut until: impl FnMut(&Self) -> Option<T>) -> T {
        loop {
            if let Some(found) = until(self) {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && since.elapsed() < LONGEST_START,
                "the server did not start: {}",
                std::fs::read_to_string(&self.log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process of one's own.
pub fn signal(name: &str, process: u32) {
    let kill = format!("kill -{name} {process}");
    let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(sent.success(), "{kill}");
}

/// Runs a command to its end, which must come.
pub fn finished(command: &mut Command) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (ended, end) = mpsc::channel();
    let process = child.id();
    std::thread::spawn(move || {
        if end.recv_timeout(LONGEST_WAIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            signal("KILL", process);
        }
    });
    let output = child.wait_with_output().unwrap();
    let _ = ended.send(());
    assert_ne!(
        output.status.signal(),
        Some(9),
        "{command:?} did not end: {output:?}"
    );
    output
}

async fn ready(address: SocketAddr) -> bool {
    let asked: io::Result<u16> = async {
        let mut connection = Connection::open(address).await?;
        let request = request("GET", "/readyz", "", &[], "");
        Ok(connection.send(&request).await?.status)
    }
    .await;
    asked.is_ok_and(|status| status == 200)
}
