//! Bringing a backup back.
//!
//! The whole backup is opened, laid out beside the present state and examined before anything of
//! that state is touched; then [`takeover`] puts it in its place.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Component, Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use persistence::{
    Database,
    backup::{BackupKey, Folder, Opened, Snapshot},
    database::Target,
    keys::Keys,
};
use tokio::io::AsyncWriteExt;

use super::{Alone, Backups, embedded, takeover};
use crate::{
    boot::{self, FIELD_KEY, Failure},
    data_dir::DataDir,
    settings::Settings,
};

/// What was brought back.
pub struct Restored {
    pub backup: PathBuf,
    /// Contents of files.
    pub files: usize,
    /// Where the former state is kept, if there was one.
    pub former: Option<PathBuf>,
}

/// A state that is laid out; removed with this value unless it takes over.
struct Staged {
    path: PathBuf,
    data: PathBuf,
}

/// Brings a backup back, which is named by its path or as `educrm backup list` names it.
pub async fn restore(
    settings: &Settings,
    backup: &Path,
    replace: bool,
    now: Timestamp,
) -> Result<Restored, Failure> {
    embedded(settings)?;
    if !settings.data_dir.join(FIELD_KEY).is_file() {
        return Err(format!(
            "{}: put the {FIELD_KEY} of the installation that made the backup here first",
            settings.data_dir.display()
        )
        .into());
    }
    let data = DataDir::lock(&settings.data_dir)?;
    let _alone = Alone::now(data.path())?;
    let (folder, name) = found(settings, backup)?;
    let held = fs::metadata(data.sqlite()).is_ok_and(|database| database.len() > 0);
    if held && !replace {
        return Err(format!(
            "{}: there is a database already; say --replace to put it aside",
            data.path().display()
        )
        .into());
    }
    let key = data.key(FIELD_KEY)?;
    let laid_out = async {
        let opened = folder.open(&BackupKey::new(&key), &name).await?;
        let staged = Staged::make(data.path())?;
        let files = staged.fill(opened).await?;
        staged.examine(&key).await?;
        Ok::<_, Failure>((staged, files))
    };
    let (staged, files) = laid_out.await.map_err(|why| {
        let backup = folder.path().join(&name);
        format!(
            "{} is not restored, nothing was changed: {why}",
            backup.display()
        )
    })?;
    let former = format!(
        "before-restore-{}",
        now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S.%3fZ")
    );
    staged.take_over(&former)?;
    Ok(Restored {
        backup: folder.path().join(name),
        files,
        former: Some(data.path().join(former)).filter(|former| former.exists()),
    })
}

/// The folder and the name of a backup.
fn found(settings: &Settings, backup: &Path) -> Result<(Folder, String), Failure> {
    let missing = || format!("{}: there is no such backup", backup.display());
    let name = backup
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(missing)?;
    let mut folders = vec![match backup.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }];
    if backup.components().count() == 1 {
        let backups = Backups::open(settings)?;
        folders.push(backups.folder);
        folders.extend(backups.second);
    }
    let folder = folders
        .iter()
        .find(|folder| folder.join(name).is_file())
        .ok_or_else(missing)?;
    Ok((Folder::at(folder)?, name.to_owned()))
}

impl Staged {
    fn make(data: &Path) -> io::Result<Self> {
        let path = data.join(takeover::STAGED);
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        let staged = Self {
            path,
            data: data.to_owned(),
        };
        // Those that a backup may have nothing for.
        for part in ["files", "checkpoints"] {
            make_folder(&staged.path.join(part))?;
        }
        Ok(staged)
    }

    /// Lays everything out; how many contents of files there were.
    async fn fill(&self, mut backup: Opened) -> Result<usize, Failure> {
        let mut files = 0;
        while let Some((name, _)) = backup.next().await? {
            let place = place(&name).ok_or_else(|| format!("{name} is no part of a backup"))?;
            let path = self.path.join(place);
            if let Some(folder) = path.parent() {
                make_folder(folder)?;
            }
            let mut file = tokio::fs::OpenOptions::new()
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(&path)
                .await?;
            while let Some(part) = backup.read().await? {
                file.write_all(&part).await?;
            }
            file.flush().await?;
            file.sync_all().await?;
            files += usize::from(name.starts_with("files/"));
        }
        flush_folders(&self.path)?;
        Ok(files)
    }

    /// Makes sure that the database is whole, belongs to its keys and can be used by this program,
    /// and brings its schema up to date.
    async fn examine(&self, key: &[u8; 32]) -> Result<(), Failure> {
        let file = self.path.join("educrm.sqlite");
        let mut snapshot = Snapshot::open(&file).await?;
        snapshot.check().await?;
        if !snapshot.is_known().await? {
            return Err("the backup was made by a newer educrm: use that one".into());
        }
        let (data, own) = (DataDir::beside(&self.data)?, DataDir::beside(&self.path)?);
        for name in boot::KEYS {
            let folder = if name == FIELD_KEY { &data } else { &own };
            let fingerprint = boot::fingerprint_of(folder, name)?;
            if !snapshot.has_key(name, &fingerprint).await? {
                return Err(format!("{name} of the backup is not the key of its database").into());
            }
        }
        snapshot.close().await?;
        let target = Target::Sqlite {
            file,
            readers: 1,
            flush: true,
        };
        let db = Database::open(&target, Keys::new(key)).await?;
        let migrated = db.migrate().await;
        db.close().await;
        migrated?;
        let journal = fs::metadata(self.path.join("educrm.sqlite-wal"));
        if journal.is_ok_and(|journal| journal.len() > 0) {
            return Err("the restored database could not be closed".into());
        }
        Ok(())
    }

    fn take_over(self, former: &str) -> io::Result<()> {
        for journal in ["educrm.sqlite-wal", "educrm.sqlite-shm"] {
            match fs::remove_file(self.path.join(journal)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::File::open(self.path.join("educrm.sqlite"))?.sync_all()?;
        takeover::decide(&self.data, former)?;
        takeover::finish(&self.data)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "what was laid out of a backup could not be removed");
            }
            _ => {}
        }
    }
}

/// Where an entry of a backup belongs, below the data folder.
fn place(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    let mut components = path.components();
    let plain = components.all(|part| matches!(part, Component::Normal(_)));
    let first = path.components().next()?.as_os_str().to_str()?;
    (plain && takeover::parts().any(|part| part == first)).then_some(path)
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the names in a folder and in those below it outlive a power cut.
fn flush_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            flush_folders(&path)?;
        }
    }
    takeover::flush(folder)
}
