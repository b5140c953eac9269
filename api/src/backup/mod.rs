//! Backups (备份) of an installation on SQLite, and bringing one back.
//!
//! - [`make`]: one sealed file of everything, copied to a second folder
//! - [`restore`]: the state of a backup in place of what is there
//! - [`takeover`]: how the one state takes the place of the other, whatever happens
//! - [`job`]: the daily backup
//! - [`commands`]: the command line
//!
//! PostgreSQL has tools of its own: the README names them.

pub mod commands;
pub mod job;
pub mod make;
pub mod restore;
pub mod takeover;

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use persistence::backup::{BackupKey, Folder};

use crate::{boot::Failure, data_dir::DataDir, settings::Settings};

/// Where the backups of an installation are, and what opens them.
pub struct Backups {
    data: DataDir,
    key: BackupKey,
    folder: PathBuf,
    second: Option<PathBuf>,
    keep: usize,
}

impl Backups {
    /// Those of these settings. Others may be using the data folder.
    pub fn open(settings: &Settings) -> Result<Self, Failure> {
        embedded(settings)?;
        let data = DataDir::beside(&settings.data_dir)?;
        let key = BackupKey::new(&*data.key("field.key")?);
        Ok(Self {
            folder: match settings.backup_dir.as_os_str().is_empty() {
                true => data.path().join("backups"),
                false => settings.backup_dir.clone(),
            },
            second: Some(settings.backup_second_dir.clone())
                .filter(|second| !second.as_os_str().is_empty()),
            keep: settings.backup_keep.0 as usize,
            data,
            key,
        })
    }

    /// The first folder, made where it is missing.
    fn first(&self) -> Result<Folder, persistence::Error> {
        Folder::made(&self.folder)
    }
}

/// PostgreSQL is backed up otherwise.
fn embedded(settings: &Settings) -> Result<(), Failure> {
    if settings.database_url.0.is_empty() {
        return Ok(());
    }
    Err(
        "DATABASE_URL names a PostgreSQL database: use pg_dump and pg_restore, as the README says"
            .into(),
    )
}

/// The right to be the only one who makes or brings back a backup of a data folder.
struct Alone(#[expect(dead_code, reason = "held for its lock")] File);

impl Alone {
    fn file(data: &Path) -> io::Result<File> {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(data.join("backup.lock"))
    }

    /// Waits until whoever is at it has finished.
    async fn wait(data: &Path) -> io::Result<Self> {
        let file = Self::file(data)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_secs(1)).await,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Refused while another is at it.
    fn now(data: &Path) -> io::Result<Self> {
        let file = Self::file(data)?;
        file.try_lock()
            .map_err(|_| io::Error::other("a backup of this data folder is being made"))?;
        Ok(Self(file))
    }
}
