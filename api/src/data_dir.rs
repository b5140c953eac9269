//! The data folder: keys, the SQLite file, and the lock that keeps a second process out.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::backup::takeover;

/// A data folder.
pub struct DataDir {
    path: PathBuf,
    /// Held for as long as the process runs; none where it only reads.
    lock: Option<File>,
}

impl DataDir {
    /// Creates the folder where it is missing, locks it, and sees to it that a database is there.
    pub fn open(path: &Path) -> io::Result<Self> {
        let folder = Self::lock(path)?;
        // The database engine would create it readable to others.
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.sqlite())?;
        Ok(folder)
    }

    /// Creates the folder where it is missing, and locks it. A restore that was broken off is
    /// finished first.
    pub fn lock(path: &Path) -> io::Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))?;
        lock.try_lock().map_err(|_| {
            io::Error::other(format!(
                "{}: in use by another educrm process; stop it, or use its API: see /docs/ there",
                path.display()
            ))
        })?;
        if takeover::is_pending(path) {
            takeover::finish(path)?;
        }
        Ok(Self {
            path: path.to_owned(),
            lock: Some(lock),
        })
    }

    /// A folder that is there already, only to be read: another process may have it to itself.
    pub fn beside(path: &Path) -> io::Result<Self> {
        if !path.is_dir() {
            let missing = format!("{}: there is no such data folder", path.display());
            return Err(io::Error::other(missing));
        }
        if takeover::is_pending(path) {
            return Err(io::Error::other(
                "a restore was broken off here: start the server, which finishes it",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            lock: None,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn sqlite(&self) -> PathBuf {
        self.path.join("educrm.sqlite")
    }

    /// Folder of the contents of files.
    pub fn files(&self) -> PathBuf {
        self.path.join("files")
    }

    /// The 32 bytes of a key, made when first asked for.
    pub fn key(&self, name: &str) -> io::Result<Zeroizing<[u8; 32]>> {
        let text = self.secret(name, || {
            let mut fresh = Zeroizing::new([0_u8; 32]);
            persistence::keys::random(fresh.as_mut_slice()).map_err(io::Error::other)?;
            Ok(Zeroizing::new(BASE64_STANDARD.encode(fresh.as_slice())))
        })?;
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(text.trim()).unwrap_or_default());
        let key: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| io::Error::other(format!("{name}: not a key of 32 bytes in Base64")))?;
        if key.iter().all(|b| *b == key[0]) {
            return Err(io::Error::other(format!("{name}: not a secret key")));
        }
        Ok(Zeroizing::new(key))
    }

    /// A secret file's text, made when first asked for.
    pub fn secret(
        &self,
        name: &str,
        make: impl FnOnce() -> io::Result<Zeroizing<String>>,
    ) -> io::Result<Zeroizing<String>> {
        let path = self.path.join(name);
        match File::open(&path) {
            Ok(mut file) => {
                if file.metadata()?.permissions().mode() & 0o077 != 0 {
                    let open = format!("{name}: others may read it; chmod 600");
                    return Err(io::Error::other(open));
                }
                let mut text = Zeroizing::new(String::new());
                file.read_to_string(&mut text)?;
                Ok(text)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.lock.is_none() {
                    return Err(io::Error::other(format!("{name}: there is no such key")));
                }
                let text = make()?;
                let mut file = OpenOptions::new()
                    .create_new(true)
                    .write(true)
                    .mode(0o600)
                    .open(&path)?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                File::open(&self.path)?.sync_all()?;
                Ok(text)
            }
            Err(error) => Err(error),
        }
    }
}
