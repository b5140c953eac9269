//! A throw-away installation, filled with an invented school: to look around in, and to try clients
//! against.
//!
//! Whatever is in it was done by somebody of the school, through the same use cases as over HTTP, by a
//! clock that walked through the year before today. The same seed gives the same school, but for ids
//! and passwords.

mod actor;
mod chance;
mod family;
mod money;
mod school;
mod teaching;
mod words;
mod year;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use jiff::SignedDuration;
use zeroize::Zeroizing;

use self::{
    actor::{DAYS, Filling},
    school::{CODE, Person, School},
};
use crate::{
    boot::{self, Failure},
    clock::Clock,
    program::{serve_at, stop_signal},
    settings::Settings,
    upkeep,
};

/// Fills a folder of its own and serves it; when the process is asked to stop, the folder goes.
pub async fn run(settings: Settings) -> Result<(), Failure> {
    let folder = Folder::new();
    let (settings, bound) = own(settings, &folder)?;
    println!("Filling an invented school, day by day through the year before today");
    let welcome = tokio::select! {
        filled = fill(settings.clone()) => filled?,
        asked = stop_signal() => return Ok(asked?),
    };
    serve_at(settings, Some(bound), |address| {
        welcome.print(address, &folder);
    })
    .await
}

/// What is served: nothing but the folder, and only on this machine. Settings that name other
/// places, or belong to an installation, do not count.
fn own(settings: Settings, folder: &Folder) -> Result<(Settings, TcpListener), Failure> {
    if !settings.database_url.0.is_empty() {
        return Err(
            "demo makes a database of its own, and throws it away: unset DATABASE_URL".into(),
        );
    }
    if !settings.listen.ip().is_loopback() {
        return Err("demo serves on this machine only: unset EDUCRM_LISTEN".into());
    }
    // Bound now: that it is in use is told before the filling, and port 0 becomes one that is free.
    let bound = TcpListener::bind(settings.listen)
        .map_err(|error| format!("{}: {error}; choose another EDUCRM_LISTEN", settings.listen))?;
    let listen = bound.local_addr()?;
    let data_dir = folder.0.to_string_lossy();
    let throw_away = Settings::read(|name| match name {
        "EDUCRM_DATA_DIR" => Some(data_dir.to_string()),
        "EDUCRM_PUBLIC_URL" => Some(format!("http://{listen}")),
        // What is thrown away needs no flushing, no backup and no check; nobody waits for its nights.
        "EDUCRM_SQLITE_FLUSH"
        | "EDUCRM_BACKUP_AT"
        | "EDUCRM_CHECK_AT"
        | "EDUCRM_SWEEP_AT"
        | "EDUCRM_RETENTION_AT" => Some("off".into()),
        _ => None,
    })?;
    let settings = Settings {
        listen,
        workers: settings.workers,
        cors_origins: settings.cors_origins,
        rate_per_second: settings.rate_per_second,
        rate_burst: settings.rate_burst,
        log: settings.log,
        ..throw_away
    };
    Ok((settings, bound))
}

/// A folder that is removed when it is let go.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("educrm-demo-{}", uuid::Uuid::new_v4());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, folder = %self.0.display(), "could not be removed");
            }
            _ => {}
        }
    }
}

async fn fill(settings: Settings) -> Result<Welcome, Failure> {
    // Before the first id is made: ids tell their time, and none is of an earlier one than the last.
    let clock = Clock::default();
    clock.advance(SignedDuration::from_hours(-24 * (i64::from(DAYS) + 1)));
    let (app, _folder) = boot::open(settings, clock).await?;
    let mut filling = Filling::begin(app.clone())?;
    let school = School::found(&mut filling).await?;
    year::live_through(&mut filling, &school).await?;
    let mut log_ins = Vec::new();
    for person in school.people() {
        let password = filling.give_password(person.id).await?;
        log_ins.push((person.clone(), password));
    }
    upkeep::finish(&app).await?;
    app.db.close().await;
    Ok(Welcome {
        log_ins,
        campus: school.main_campus()?.id.to_string(),
    })
}

/// What is told of a filled school.
struct Welcome {
    log_ins: Vec<(Person, Zeroizing<String>)>,
    campus: String,
}

impl Welcome {
    fn print(&self, address: SocketAddr, folder: &Folder) {
        let api = format!("http://{address}/api/v1");
        println!("Folder         {}", folder.0.display());
        println!("\nInstitution `{CODE}`; everybody with a user name and a password:\n");
        for (person, password) in &self.log_ins {
            println!(
                "  {:<24} {:<12} {}",
                person.role,
                person.user_name,
                password.as_str()
            );
        }
        let Some((person, password)) = self.log_ins.first() else {
            return;
        };
        println!("\nLog in, search for a customer, read the day of a campus:\n");
        println!(
            "TOKEN=$(curl -sS {api}/auth/login -H 'Content-Type: application/json' -d \
             '{{\"institution\":\"{CODE}\",\"user_name\":\"{}\",\"password\":\"{}\"}}' | \
             sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
            person.user_name,
            password.as_str()
        );
        println!(
            "curl -sS {api}/customers/search -H \"Authorization: Bearer $TOKEN\" \
             -H 'Content-Type: application/json' -d '{{\"query\":\"{}\"}}'",
            words::FIRST_CHILD_IN_PINYIN
        );
        println!(
            "curl -sS {api}/campuses/{}/day-report -H \"Authorization: Bearer $TOKEN\"",
            self.campus
        );
        println!("\nCtrl-C stops it and removes the folder.");
    }
}
