//! Making a backup, beside a server that may be running.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use persistence::backup::{Archive, Examined, Folder, Snapshot, folder};

use super::{Alone, Backups};
use crate::boot::{self, Failure};

/// A backup that was made, read again and found good.
pub struct Made {
    pub name: String,
    pub folder: PathBuf,
    pub size: u64,
    pub sha256: [u8; 32],
    /// Contents of files that should be in the store and are not.
    pub missing: usize,
    /// Older backups that were removed from the first folder.
    pub removed: usize,
    /// Where its copy stands, or why there is none; nothing where none was asked for.
    pub copy: Option<Result<PathBuf, String>>,
}

/// The copy of the database on its way into a backup; gone with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn make(data: &Path) -> io::Result<Self> {
        let path = data.join("backup.tmp");
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// An empty file for the database, for its owner only.
    fn database(&self) -> io::Result<PathBuf> {
        let path = self.0.join("educrm.sqlite");
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the working folder of a backup could not be removed");
        }
    }
}

impl Backups {
    /// Makes a backup of all that was committed before, copies it to the second folder, and removes
    /// those that are too many.
    pub async fn make(&self, at: Timestamp) -> Result<Made, Failure> {
        let _alone = Alone::wait(self.data.path()).await?;
        let first = self.first()?;
        first.tidy(&self.key)?;
        let name = folder::name(at);
        let missing = self
            .write(&first, &name)
            .await
            .map_err(|why| format!("no backup was made in {}: {why}", first.path().display()))?;
        let made = self.examine(&first, &name).await?;
        let removed = first.prune(&self.key, &name, self.keep).await?;
        let copy = match &self.second {
            Some(second) => Some(self.copy(&first, second, &name, &made).await),
            None => None,
        };
        Ok(Made {
            name,
            folder: first.path().to_owned(),
            size: made.size,
            sha256: made.sha256,
            missing,
            removed,
            copy: copy.map(|copied| copied.map_err(|error| error.to_string())),
        })
    }

    /// Writes the backup; how many contents of files are missing.
    async fn write(&self, first: &Folder, name: &str) -> Result<usize, Failure> {
        let scratch = Scratch::make(self.data.path())?;
        // Before the database: a checkpoint that is newer than it would say that the trail was cut.
        let checkpoints = checkpoints(self.data.path())?;
        let copy = scratch.database()?;
        let mut snapshot = Snapshot::take(&self.data.sqlite(), &copy).await?;
        snapshot.check().await?;
        for key in boot::KEYS {
            if !snapshot
                .has_key(key, &boot::fingerprint_of(&self.data, key)?)
                .await?
            {
                let why = format!("{key} is not the key that this database was made with");
                return Err(why.into());
            }
        }
        let contents = snapshot.contents().await?;
        snapshot.close().await?;

        let mut archive = first.write(&self.key, name).await?;
        let filled = self.fill(&mut archive, &checkpoints, &copy, &contents);
        match filled.await {
            Ok(missing) => {
                archive.finish().await?;
                first.close(name)?;
                self.lost(missing).await
            }
            Err(error) => {
                archive.abandon().await;
                Err(error)
            }
        }
    }

    /// Puts everything in; the contents of files that were not found.
    async fn fill(
        &self,
        archive: &mut Archive,
        checkpoints: &[(String, Vec<u8>)],
        database: &Path,
        contents: &[String],
    ) -> Result<Vec<String>, Failure> {
        for key in boot::KEYS.into_iter().filter(|key| *key != boot::FIELD_KEY) {
            add(archive, key, &self.data.path().join(key)).await?;
        }
        for (name, text) in checkpoints {
            archive
                .add(name, text.len() as u64, text.as_slice())
                .await?;
        }
        add(archive, "educrm.sqlite", database).await?;
        let mut missing = Vec::new();
        for content in contents {
            let name = format!("files/{content}");
            if !add(archive, &name, &self.data.files().join(content)).await? {
                missing.push(content.clone());
            }
        }
        Ok(missing)
    }

    /// How many of the contents that were not found should be there: others were removed meanwhile,
    /// because their time was over.
    async fn lost(&self, missing: Vec<String>) -> Result<usize, Failure> {
        if missing.is_empty() {
            return Ok(0);
        }
        let mut now = Snapshot::open(&self.data.sqlite()).await?;
        let still = now.contents().await?;
        now.close().await?;
        Ok(missing.iter().filter(|one| still.contains(one)).count())
    }

    /// Reads a backup that was just made; one that is not good does not stay.
    async fn examine(&self, folder: &Folder, name: &str) -> Result<Examined, Failure> {
        let found = folder.examine(&self.key, name).await?;
        match found.unusable {
            None => Ok(found),
            Some(why) => {
                folder.remove(name).await?;
                let told = format!("{}: what was written is {why}", folder.path().display());
                Err(told.into())
            }
        }
    }

    async fn copy(
        &self,
        first: &Folder,
        second: &Path,
        name: &str,
        made: &Examined,
    ) -> Result<PathBuf, Failure> {
        let second = Folder::at(second)?;
        second.tidy(&self.key)?;
        second.copy(first, name).await?;
        let copied = self.examine(&second, name).await?;
        if copied.sha256 != made.sha256 {
            second.remove(name).await?;
            return Err("the copy has other bytes".into());
        }
        second.prune(&self.key, name, self.keep).await?;
        Ok(second.path().to_owned())
    }
}

/// Adds a file; false where there is none.
async fn add(archive: &mut Archive, name: &str, path: &Path) -> Result<bool, Failure> {
    let file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    let size = file.metadata().await?.len();
    archive.add(name, size, file).await?;
    Ok(true)
}

/// The checkpoints of the audit trail, by their names in a backup.
fn checkpoints(data: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let entries = match fs::read_dir(data.join("checkpoints")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| name.ends_with(".json")) {
            found.push((format!("checkpoints/{name}"), fs::read(&path)?));
        }
    }
    Ok(found)
}
