//! Folders of backups: one beside the data, and a second one, best on another machine.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path as FilePath, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::TryStreamExt;
use jiff::{Timestamp, tz::TimeZone};
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path,
};
use sha2::{Digest, Sha256};

use super::{Archive, BackupKey, Opened, Unusable, archive::HEAD};
use crate::Error;

const BEGIN: &str = "educrm-";
const END: &str = ".backup";
/// Bytes handed over at once when a backup is copied.
const PART: usize = 5 * 1024 * 1024;

/// A folder of backups.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    store: Arc<LocalFileSystem>,
}

/// What was found when a backup was read from its first byte to its last.
#[derive(Debug)]
pub struct Examined {
    pub size: u64,
    pub sha256: [u8; 32],
    /// Why it is of no use, if so.
    pub unusable: Option<Unusable>,
}

/// Name of a backup made at this moment; later ones sort behind.
pub fn name(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    format!("{BEGIN}{}{END}", at.strftime("%Y%m%dT%H%M%S.%3fZ"))
}

impl Folder {
    /// Made where it is missing, for its owner only.
    pub fn made(path: &FilePath) -> Result<Self, Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| trouble(path, error))?;
        Self::at(path)
    }

    /// One that is there.
    pub fn at(path: &FilePath) -> Result<Self, Error> {
        // Made by itself it would hide that a disk is not there.
        if !path.is_dir() {
            return Err(trouble(path, "there is no such folder"));
        }
        let store = LocalFileSystem::new_with_prefix(path).map_err(|error| trouble(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            store: Arc::new(store.with_fsync(true)),
        })
    }

    pub fn path(&self) -> &FilePath {
        &self.path
    }

    /// Names of the backups, newest first.
    pub async fn list(&self) -> Result<Vec<String>, Error> {
        let listed = self.store.list_with_delimiter(None).await;
        let listed = listed.map_err(|error| trouble(&self.path, error))?;
        let names = listed.objects.into_iter();
        let mut names: Vec<String> = names
            .filter_map(|object| object.location.filename().map(str::to_owned))
            .filter(|name| name.starts_with(BEGIN) && name.ends_with(END))
            .collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    /// Begins to write a backup.
    pub async fn write(&self, key: &BackupKey, name: &str) -> Result<Archive, Error> {
        Archive::begin(key, self.upload(name).await?)
    }

    /// Keeps a finished backup from the eyes of others.
    pub fn close(&self, name: &str) -> Result<(), Error> {
        fs::set_permissions(self.path.join(name), fs::Permissions::from_mode(0o600))
            .map_err(|error| trouble(&self.path, error))
    }

    async fn upload(&self, name: &str) -> Result<Box<dyn MultipartUpload>, Error> {
        if self.path.join(name).exists() {
            return Err(trouble(&self.path, format!("{name} is there already")));
        }
        let upload = self.store.put_multipart(&Path::from(name)).await;
        upload.map_err(|error| trouble(&self.path, error))
    }

    /// Copies a backup from another folder, byte by byte.
    pub async fn copy(&self, from: &Self, name: &str) -> Result<(), Error> {
        let mut upload = self.upload(name).await?;
        let copied = async {
            let mut parts = from.store.get(&Path::from(name)).await?.into_stream();
            let mut held = Vec::new();
            while let Some(part) = parts.try_next().await? {
                held.extend_from_slice(&part);
                if held.len() >= PART {
                    let part = PutPayload::from(std::mem::take(&mut held));
                    upload.put_part(part).await?;
                }
            }
            upload.put_part(PutPayload::from(held)).await?;
            upload.complete().await
        };
        let copied: Result<_, object_store::Error> = copied.await;
        if let Err(error) = copied {
            let _ = upload.abort().await;
            return Err(trouble(&self.path, error));
        }
        self.close(name)
    }

    /// Begins to read a backup.
    pub async fn open(&self, key: &BackupKey, name: &str) -> Result<Opened, Unusable> {
        self.opened(key, name, |_| {}).await
    }

    async fn opened(
        &self,
        key: &BackupKey,
        name: &str,
        look: impl Fn(&[u8]) + Send + 'static,
    ) -> Result<Opened, Unusable> {
        let unread = |error: &dyn std::fmt::Display| Unusable::Damaged(error.to_string());
        let path = Path::parse(name).map_err(|error| unread(&error))?;
        let found = self
            .store
            .get(&path)
            .await
            .map_err(|error| unread(&error))?;
        let size = found.meta.size;
        let parts = found.into_stream().inspect_ok(move |part| look(part));
        Opened::begin(key, size, parts).await
    }

    /// Reads a backup from its first byte to its last.
    pub async fn examine(&self, key: &BackupKey, name: &str) -> Result<Examined, Error> {
        let hash = Arc::new(Mutex::new(Sha256::new()));
        let hashing = hash.clone();
        let look = move |part: &[u8]| {
            let mut hash = hashing.lock().unwrap_or_else(PoisonError::into_inner);
            hash.update(part);
        };
        let read = async {
            let mut opened = self.opened(key, name, look).await?;
            while opened.next().await?.is_some() {}
            Ok(())
        };
        let unusable = read.await.err();
        let path = Path::from(name);
        let kept = self.store.head(&path).await;
        let kept = kept.map_err(|error| trouble(&self.path, error))?;
        let hash = if unusable.is_none() {
            hash.lock().unwrap_or_else(PoisonError::into_inner).clone()
        } else {
            // It was not read to its end.
            let parts = self.store.get(&path).await;
            let parts = parts.map_err(|error| trouble(&self.path, error))?;
            let hashed = parts
                .into_stream()
                .try_fold(Sha256::new(), |mut hash, part| async {
                    hash.update(part);
                    Ok(hash)
                });
            hashed.await.map_err(|error| trouble(&self.path, error))?
        };
        Ok(Examined {
            size: kept.size,
            sha256: hash.finalize().into(),
            unusable,
        })
    }

    /// Removes the oldest backups of this key beyond the newest `keep`, of which `made` is one. What
    /// other installations keep here stays.
    pub async fn prune(&self, key: &BackupKey, made: &str, keep: usize) -> Result<usize, Error> {
        let mut own = Vec::new();
        for name in self.list().await? {
            if name != made && self.is_of(key, &name) {
                own.push(name);
            }
        }
        let old = own.split_off(own.len().min(keep.saturating_sub(1)));
        for name in &old {
            self.remove(name).await?;
        }
        Ok(old.len())
    }

    pub async fn remove(&self, name: &str) -> Result<(), Error> {
        let removed = self.store.delete(&Path::from(name)).await;
        removed.map_err(|error| trouble(&self.path, error))
    }

    /// Removes what backups of this key that were broken off have left. Nobody may be making one.
    pub fn tidy(&self, key: &BackupKey) -> Result<(), Error> {
        let entries = fs::read_dir(&self.path).map_err(|error| trouble(&self.path, error))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // As the store names what is not finished.
            let unfinished = name
                .split_once(END)
                .is_some_and(|(begin, end)| begin.starts_with(BEGIN) && end.starts_with('#'));
            if unfinished && self.is_of(key, &name) {
                fs::remove_file(entry.path()).map_err(|error| trouble(&self.path, error))?;
            }
        }
        Ok(())
    }

    fn is_of(&self, key: &BackupKey, name: &str) -> bool {
        let mut head = [0; HEAD];
        let read = fs::File::open(self.path.join(name))
            .and_then(|mut file| io::Read::read_exact(&mut file, &mut head));
        read.is_ok() && key.fits(&head)
    }
}

fn trouble(folder: &FilePath, error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("{}: {error}", folder.display()))
}
