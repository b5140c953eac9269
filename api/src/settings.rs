//! What can be set, from the environment or a `.env` file.
//!
//! Every setting is declared once, below; `.env.example` lists the same ones, and a test holds both
//! together.

mod values;

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use domain::files::TemporaryRoom;

pub use self::values::{
    DailyTime, List, ListenAt, LogFilter, Networks, Number, Secret, Service, Switch, Zone,
};

/// A setting as documentation lists it.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub default: &'static str,
    pub doc: &'static str,
}

/// Settings that can't be used, each with what is wrong.
#[derive(Debug)]
pub struct BadSettings(pub Vec<String>);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "educrm can't start with these settings:")?;
        for line in &self.0 {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}
impl std::error::Error for BadSettings {}

macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $name:literal or $default:literal; )+) => {
        /// The settings of one process.
        #[derive(Clone, Debug)]
        pub struct Settings { $( $(#[doc = $doc])+ pub $field: $type, )+ }

        /// Every setting, in the order of `.env.example`.
        pub static SETTINGS: &[Setting] = &[
            $( Setting { name: $name, default: $default, doc: concat!($($doc, "\n"),+) } ),+
        ];

        impl Settings {
            /// Reads every setting; all that are wrong are told at once.
            pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, BadSettings> {
                let mut bad = Vec::new();
                $( let $field: Option<$type> = parse($name, $default, &get, &mut bad); )+
                match ($($field,)+) {
                    ($(Some($field),)+) if bad.is_empty() => {
                        let mut settings = Self { $($field),+ };
                        if settings.public_url.is_empty() {
                            settings.public_url = format!("http://{}", settings.listen);
                        }
                        settings.check()?;
                        Ok(settings)
                    }
                    _ => Err(BadSettings(bad)),
                }
            }
        }
    };
}

settings! {
    /// Where the API listens.
    listen: SocketAddr = "EDUCRM_LISTEN" or "127.0.0.1:8080";
    /// Address under which clients reach the API; links and problem types begin with it. Empty:
    /// http:// and EDUCRM_LISTEN.
    public_url: String = "EDUCRM_PUBLIC_URL" or "";
    /// Folder of keys, files and the SQLite database.
    data_dir: PathBuf = "EDUCRM_DATA_DIR" or "./data";
    /// PostgreSQL address (postgres://…); empty: SQLite in the data folder.
    database_url: Secret = "DATABASE_URL" or "";
    /// The address by which the schema is brought up to date, of the role that owns the tables; empty:
    /// DATABASE_URL.
    migrate_database_url: Secret = "EDUCRM_MIGRATE_DATABASE_URL" or "";
    /// Whether PostgreSQL may be used as a superuser, whom no rule of the database holds: for trials.
    database_superuser: Switch = "EDUCRM_DATABASE_SUPERUSER" or "off";
    /// PostgreSQL connections that serve requests, shared out over the workers. One worker's share
    /// more is for jobs, one connection each for reports, and one for the daily check.
    database_connections: Number<1, 1000> = "EDUCRM_DATABASE_CONNECTIONS" or "10";
    /// SQLite connections that read.
    sqlite_readers: Number<1, 64> = "EDUCRM_SQLITE_READERS" or "4";
    /// Whether SQLite flushes every commit to the disk before it is answered. Turning it off may
    /// lose the last seconds before a power cut: only on loopback, to try something out.
    sqlite_flush: Switch = "EDUCRM_SQLITE_FLUSH" or "on";
    /// Worker threads that serve requests; 0: one a core.
    workers: Number<0, 256> = "EDUCRM_WORKERS" or "0";
    /// Folder of the contents of files, which all instances share; empty: `files` in the data folder.
    /// Only with DATABASE_URL: backups of SQLite hold what is in the data folder.
    files_dir: PathBuf = "EDUCRM_FILES_DIR" or "";
    /// Where `/metrics` is served, in the text format of Prometheus: an address such as
    /// 127.0.0.1:9464, or `off`. Whoever reaches it reads it.
    metrics_listen: ListenAt = "EDUCRM_METRICS_LISTEN" or "off";
    /// Whether plain http may be served beyond loopback: only behind a proxy that ends TLS.
    plain_http: Switch = "EDUCRM_PLAIN_HTTP" or "off";
    /// A second folder for the checkpoints of the audit trail, best on another machine; empty: none.
    audit_checkpoints_dir: PathBuf = "EDUCRM_AUDIT_CHECKPOINTS_DIR" or "";
    /// Folder of backups; empty: `backups` in the data folder.
    backup_dir: PathBuf = "EDUCRM_BACKUP_DIR" or "";
    /// A second folder that gets a copy of each backup, best on another machine; it must be there.
    backup_second_dir: PathBuf = "EDUCRM_BACKUP_SECOND_DIR" or "";
    /// When the daily backup is due, or `off`. Only SQLite is backed up so.
    backup_at: DailyTime = "EDUCRM_BACKUP_AT" or "03:30";
    /// IANA name of the time zone in which that is.
    backup_time_zone: Zone = "EDUCRM_BACKUP_TIME_ZONE" or "Asia/Shanghai";
    /// How many backups are kept in each folder.
    backup_keep: Number<1, 3650> = "EDUCRM_BACKUP_KEEP" or "14";
    /// When the daily check of what must always hold in the data is due, or `off`.
    check_at: DailyTime = "EDUCRM_CHECK_AT" or "04:30";
    /// IANA name of the time zone in which that is.
    check_time_zone: Zone = "EDUCRM_CHECK_TIME_ZONE" or "Asia/Shanghai";
    /// When the records of customers are looked through for what is to be cleaned, or `off`.
    sweep_at: DailyTime = "EDUCRM_SWEEP_AT" or "02:00";
    /// IANA name of the time zone in which that is.
    sweep_time_zone: Zone = "EDUCRM_SWEEP_TIME_ZONE" or "Asia/Shanghai";
    /// When rules of retention are applied each night, or `off`.
    retention_at: DailyTime = "EDUCRM_RETENTION_AT" or "00:30";
    /// IANA name of the time zone in which that is.
    retention_time_zone: Zone = "EDUCRM_RETENTION_TIME_ZONE" or "Asia/Shanghai";
    /// Origins of browsers that may call the API, separated by commas; empty: none.
    cors_origins: List = "EDUCRM_CORS_ORIGINS" or "";
    /// Networks of proxies whose X-Forwarded-For is believed, separated by commas; empty: none.
    trusted_proxies: Networks = "EDUCRM_TRUSTED_PROXIES" or "";
    /// Requests a second that one principal (or one address, without log-in) may make.
    rate_per_second: Number<1, { u32::MAX }> = "EDUCRM_RATE_PER_SECOND" or "20";
    /// Requests that it may make at once.
    rate_burst: Number<1, { u32::MAX }> = "EDUCRM_RATE_BURST" or "60";
    /// Of these, searches, exports and log-ins: a second.
    heavy_rate_per_second: Number<1, { u32::MAX }> = "EDUCRM_HEAVY_RATE_PER_SECOND" or "5";
    /// Of these, searches, exports and log-ins: at once.
    heavy_rate_burst: Number<1, { u32::MAX }> = "EDUCRM_HEAVY_RATE_BURST" or "20";
    /// Searches, exports and reports of one principal that are worked on at the same time; others wait.
    heavy_at_once: Number<1, 1000> = "EDUCRM_HEAVY_AT_ONCE" or "2";
    /// Ways to reach somebody that one principal may have checked for duplicates within a day.
    duplicate_keys_per_day: Number<1, { u32::MAX }> = "EDUCRM_DUPLICATE_KEYS_PER_DAY" or "200";
    /// Customers beyond its reach that these checks may tell of, before they rest until the day is over.
    duplicate_finds_per_day: Number<1, { u32::MAX }> = "EDUCRM_DUPLICATE_FINDS_PER_DAY" or "20";
    /// Calling numbers that one principal may look up within an hour.
    lookups_per_hour: Number<1, { u32::MAX }> = "EDUCRM_LOOKUPS_PER_HOUR" or "120";
    /// Customers beyond its reach that look-ups may tell of within a day.
    lookup_finds_per_day: Number<1, { u32::MAX }> = "EDUCRM_LOOKUP_FINDS_PER_DAY" or "100";
    /// Minutes in which a password for one use must be used.
    one_time_password_minutes: Number<5, 10_080> = "EDUCRM_ONE_TIME_PASSWORD_MINUTES" or "30";
    /// Largest JSON body, in bytes.
    body_limit: Number<1024, 16_777_216> = "EDUCRM_BODY_LIMIT" or "1048576";
    /// Largest file of a record, in bytes.
    file_limit: Number<1, 1_073_741_824> = "EDUCRM_FILE_LIMIT" or "10485760";
    /// Largest list to be imported, in bytes.
    import_file_limit: Number<1, 1_073_741_824> = "EDUCRM_IMPORT_FILE_LIMIT" or "104857600";
    /// Files of one principal that belong to no record yet, or stay only for a while, at most.
    temporary_files: Number<1, 1_000_000> = "EDUCRM_TEMPORARY_FILES" or "500";
    /// Their bytes, at most; a file that is being received counts as the largest that it may be.
    temporary_bytes: Number<1, { u32::MAX }> = "EDUCRM_TEMPORARY_BYTES" or "1073741824";
    /// Bytes of such files of a whole institution, at most.
    institution_temporary_bytes: Number<1, { u32::MAX }> = "EDUCRM_INSTITUTION_TEMPORARY_BYTES" or "4294967295";
    /// Hours that the file of an export is kept.
    export_hours: Number<1, 720> = "EDUCRM_EXPORT_HOURS" or "24";
    /// Address and port of the ClamAV daemon that scans uploads, such as 127.0.0.1:3310; empty: they
    /// are not scanned. It gets them in the clear.
    clamd: Service = "EDUCRM_CLAMD" or "";
    /// Seconds that an upload may take, its scan included.
    upload_seconds: Number<1, 3600> = "EDUCRM_UPLOAD_SECONDS" or "120";
    /// Jobs that this process runs at once; 0: none, where other instances do.
    job_workers: Number<0, 64> = "EDUCRM_JOB_WORKERS" or "2";
    /// Seconds after which a job is taken from a process that is not heard of any more.
    job_lease_seconds: Number<1, 3600> = "EDUCRM_JOB_LEASE_SECONDS" or "30";
    /// Seconds in which a request's body must be there.
    body_seconds: Number<1, 600> = "EDUCRM_BODY_SECONDS" or "10";
    /// Seconds that one request may take.
    request_seconds: Number<1, 600> = "EDUCRM_REQUEST_SECONDS" or "15";
    /// Seconds in which `/readyz` says that the server is about to stop while it still serves, so that
    /// a balancer sends its requests elsewhere.
    drain_seconds: Number<0, 600> = "EDUCRM_DRAIN_SECONDS" or "0";
    /// Seconds that requests under way get to finish when the server stops.
    stop_seconds: Number<1, 3600> = "EDUCRM_STOP_SECONDS" or "30";
    /// What is logged: a level, or targets with levels.
    log: LogFilter = "EDUCRM_LOG" or "info,sea_orm_migration=warn,actix_server=warn,sqlx::postgres::notice=warn";
}

impl Settings {
    /// From the environment, and from `.env` where there is one.
    pub fn from_environment() -> Result<Self, BadSettings> {
        match dotenvy::dotenv() {
            Err(error) if !error.not_found() => {
                return Err(BadSettings(vec![
                    ".env: can't be read; each line is NAME=value".into(),
                ]));
            }
            _ => {}
        }
        Self::read(|name| std::env::var(name).ok())
    }

    /// Refuses what is well-formed but unsafe (T-30).
    fn check(&self) -> Result<(), BadSettings> {
        let mut bad = Vec::new();
        if !self.listen.ip().is_loopback() && !self.plain_http.0 {
            bad.push(
                "EDUCRM_LISTEN: plain http beyond loopback; put a proxy that ends TLS before it \
                 and set EDUCRM_PLAIN_HTTP=on"
                    .into(),
            );
        }
        if self
            .metrics_listen
            .0
            .is_some_and(|at| !at.ip().is_loopback())
            && !self.plain_http.0
        {
            bad.push(
                "EDUCRM_METRICS_LISTEN: plain http beyond loopback; only in a network of your \
                 own, and with EDUCRM_PLAIN_HTTP=on"
                    .into(),
            );
        }
        if self.cors_origins.0.iter().any(|origin| origin == "*") {
            bad.push("EDUCRM_CORS_ORIGINS: name each origin, `*` is not allowed".into());
        }
        if !self.public_url.starts_with("http://") && !self.public_url.starts_with("https://") {
            bad.push("EDUCRM_PUBLIC_URL: begin with http:// or https://".into());
        }
        if self.public_url.starts_with("http://")
            && !is_loopback(host_of(&self.public_url))
            && !self.plain_http.0
        {
            bad.push(
                "EDUCRM_PUBLIC_URL: plain http beyond loopback; begin with https://, or set \
                 EDUCRM_PLAIN_HTTP=on"
                    .into(),
            );
        }
        if self.public_url.ends_with('/') {
            bad.push("EDUCRM_PUBLIC_URL: leave out the last /".into());
        }
        if !self.backup_dir.as_os_str().is_empty() && self.backup_dir == self.backup_second_dir {
            bad.push("EDUCRM_BACKUP_SECOND_DIR: name another folder than EDUCRM_BACKUP_DIR".into());
        }
        let embedded = self.database_url.0.is_empty();
        let is_for_others =
            !self.listen.ip().is_loopback() || !is_loopback(host_of(&self.public_url));
        if embedded && !self.sqlite_flush.0 && is_for_others {
            bad.push("EDUCRM_SQLITE_FLUSH: a server beyond loopback must flush to the disk".into());
        }
        for (name, url) in [
            ("DATABASE_URL", &self.database_url),
            ("EDUCRM_MIGRATE_DATABASE_URL", &self.migrate_database_url),
        ] {
            if !is_private(&url.0) {
                bad.push(format!(
                    "{name}: a server beyond loopback needs sslmode=verify-full (or verify-ca)"
                ));
            }
        }
        for (name, is_set) in [
            (
                "EDUCRM_MIGRATE_DATABASE_URL",
                !self.migrate_database_url.0.is_empty(),
            ),
            ("EDUCRM_FILES_DIR", !self.files_dir.as_os_str().is_empty()),
        ] {
            if embedded && is_set {
                bad.push(format!("{name}: only with DATABASE_URL"));
            }
        }
        if bad.is_empty() {
            Ok(())
        } else {
            Err(BadSettings(bad))
        }
    }

    /// How much of files may wait.
    pub fn temporary_room(&self) -> TemporaryRoom {
        TemporaryRoom {
            files: self.temporary_files.0.into(),
            bytes: self.temporary_bytes.0.into(),
            institution_bytes: self.institution_temporary_bytes.0.into(),
        }
    }

    /// Worker threads, at least one.
    pub fn worker_count(&self) -> usize {
        match self.workers.0 {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n as usize,
        }
    }
}

/// Whether what is sent to a database can't be read on its way: it stays on this machine, or its
/// certificate is checked.
fn is_private(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let named: Vec<&str> = query.split('&').collect();
    let elsewhere = named.iter().any(|pair| pair.starts_with("host="));
    let checked = ["sslmode=verify-full", "sslmode=verify-ca"]
        .iter()
        .any(|mode| named.contains(mode));
    checked || (is_loopback(host_of(url)) && !elsewhere)
}

/// The host of an address, without its port; empty where it names none.
fn host_of(url: &str) -> &str {
    let address = url.split('?').next().unwrap_or_default();
    let host = address
        .split_once("://")
        .map_or(address, |(_, rest)| rest)
        .split('/')
        .next()
        .unwrap_or_default()
        .rsplit('@')
        .next()
        .unwrap_or_default();
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    host.is_empty()
        || host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn parse<T: FromStr>(
    name: &str,
    default: &str,
    get: &impl Fn(&str) -> Option<String>,
    bad: &mut Vec<String>,
) -> Option<T>
where
    T::Err: fmt::Display,
{
    let text = get(name).filter(|v| !v.is_empty());
    match text.as_deref().unwrap_or(default).parse() {
        Ok(value) => Some(value),
        Err(reason) => {
            bad.push(format!("{name}: {reason}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_lists_every_setting_with_its_default_and_no_other() {
        let example = include_str!("../../.env.example");
        let listed: Vec<(&str, &str)> = example
            .lines()
            .filter_map(|line| line.trim_start_matches("# ").split_once('='))
            .filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            .collect();
        let declared: Vec<(&str, &str)> = SETTINGS.iter().map(|s| (s.name, s.default)).collect();
        assert_eq!(listed, declared);
    }

    #[test]
    fn a_database_is_reached_on_this_machine_or_with_a_checked_certificate() {
        for url in [
            "",
            "postgres://crm:p%40ss@127.0.0.1:5432/crm",
            "postgres://crm@localhost/crm",
            "postgres://crm@[::1]:5432/crm",
            "postgres://crm@db.school.example/crm?sslmode=verify-full",
        ] {
            assert!(is_private(url), "{url}");
        }
    }

    #[test]
    fn a_scanner_is_named_by_host_and_port() {
        for at in ["127.0.0.1:3310", "[::1]:3310", "clamd.school.example:3310"] {
            let read = Settings::read(|name| (name == "EDUCRM_CLAMD").then(|| at.into()));
            assert_eq!(read.ok().and_then(|s| s.clamd.0).as_deref(), Some(at));
        }
    }

    #[test]
    fn all_bad_settings_are_told_at_once() {
        let bad = Settings::read(|name| match name {
            "EDUCRM_LISTEN" => Some("here".into()),
            "EDUCRM_RATE_BURST" => Some("0".into()),
            _ => None,
        })
        .err()
        .map(|b| b.0.len());
        assert_eq!(bad, Some(2));
    }

    #[test]
    fn unsafe_settings_are_refused() {
        for (name, value) in [
            ("EDUCRM_LISTEN", "0.0.0.0:8080"),
            ("EDUCRM_METRICS_LISTEN", "0.0.0.0:9464"),
            ("EDUCRM_CORS_ORIGINS", "*"),
            ("EDUCRM_PUBLIC_URL", "ftp://school.example"),
            ("EDUCRM_PUBLIC_URL", "http://crm.school.example"),
            ("EDUCRM_PUBLIC_URL", "https://crm.school.example/"),
            ("EDUCRM_FILES_DIR", "/srv/files"),
            (
                "EDUCRM_MIGRATE_DATABASE_URL",
                "postgres://owner@localhost/crm",
            ),
            ("EDUCRM_CLAMD", "127.0.0.1"),
            ("EDUCRM_CLAMD", "tcp://scanner:3310"),
            ("EDUCRM_CLAMD", "scanner:0"),
            ("EDUCRM_CLAMD", "::1:3310"),
            ("EDUCRM_BODY_LIMIT", "4294967295"),
            ("EDUCRM_REQUEST_SECONDS", "0"),
            ("EDUCRM_DATABASE_CONNECTIONS", "5000"),
            ("EDUCRM_LOG", "info,sea_orm=chatty"),
            ("EDUCRM_BACKUP_AT", "25:00"),
            ("EDUCRM_BACKUP_TIME_ZONE", "Atlantis"),
            ("EDUCRM_BACKUP_KEEP", "0"),
            ("EDUCRM_CHECK_AT", "daily"),
            (
                "DATABASE_URL",
                "postgres://crm:secret@db.school.example/crm",
            ),
            (
                "DATABASE_URL",
                "postgres://crm@db.school.example/crm?sslmode=require",
            ),
            ("DATABASE_URL", "postgres:///crm?host=db.school.example"),
        ] {
            let read = Settings::read(|n| (n == name).then(|| value.into()));
            assert!(read.is_err(), "{name}={value}");
        }
    }

    #[test]
    fn what_is_acknowledged_to_others_is_flushed() {
        let read = |more: &[(&str, &str)]| {
            let more = more.iter().copied();
            let all: Vec<_> = more.chain([("EDUCRM_SQLITE_FLUSH", "off")]).collect();
            Settings::read(|name| {
                let set = all.iter().find(|(n, _)| *n == name);
                set.map(|(_, value)| (*value).into())
            })
            .is_ok()
        };
        let public = ("EDUCRM_PUBLIC_URL", "https://crm.school.example");
        assert!(read(&[]));
        assert!(!read(&[public]));
        assert!(!read(&[
            ("EDUCRM_LISTEN", "0.0.0.0:8080"),
            ("EDUCRM_PLAIN_HTTP", "on")
        ]));
        // PostgreSQL flushes by itself.
        assert!(read(&[
            public,
            ("DATABASE_URL", "postgres://localhost/crm")
        ]));
    }
}
