//! The end of each institution's chain, kept in files where the database can't reach.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use persistence::audit::chain::Checkpoint;
use uuid::Uuid;

/// Folders that each hold a file an institution.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folders: Vec<PathBuf>,
}

impl Checkpoints {
    /// In the data folder, and in a second one where it is named.
    pub fn new(data: &Path, second: &Path) -> Self {
        let mut folders = vec![data.join("checkpoints")];
        if !second.as_os_str().is_empty() {
            folders.push(second.to_owned());
        }
        Self { folders }
    }

    /// Writes a checkpoint over the one before, in every folder; one that fails does not keep the
    /// others from being written.
    pub fn keep(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let text = serde_json::to_string(checkpoint)?;
        let written: Vec<_> = self
            .folders
            .iter()
            .map(|folder| write(folder, checkpoint.institution_id, &text))
            .collect();
        written.into_iter().collect()
    }

    /// The newest checkpoint that is kept of an institution.
    pub fn newest(&self, institution: Uuid) -> io::Result<Option<Checkpoint>> {
        let mut newest: Option<Checkpoint> = None;
        for folder in &self.folders {
            let text = match fs::read_to_string(folder.join(name(institution))) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let kept: Checkpoint = serde_json::from_str(&text)?;
            if newest.as_ref().is_none_or(|known| known.block < kept.block) {
                newest = Some(kept);
            }
        }
        Ok(newest)
    }

    /// Every institution of which a checkpoint is kept, once.
    pub fn institutions(&self) -> BTreeSet<Uuid> {
        let files = self
            .folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok());
        files
            .flatten()
            .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str()?.parse().ok())
            .collect()
    }
}

fn name(institution: Uuid) -> String {
    format!("{institution}.json")
}

/// A file is there whole, or as it was before.
fn write(folder: &Path, institution: Uuid, text: &str) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let unfinished = folder.join(format!("{institution}.new"));
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, folder.join(name(institution)))
}
