//! How a restored state takes the place of the one that is there.
//!
//! The new state is laid out in the folder `restore.new`, complete and flushed to the disk. Renaming
//! that folder to `restored` decides: whatever ends the process before leaves the old state, whatever
//! ends it afterwards the new one, because everybody who opens the data folder first moves what
//! has not been moved yet.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::boot;

/// Where a state is laid out.
pub const STAGED: &str = "restore.new";
/// The same, once it is decided that it takes over.
const DECIDED: &str = "restored";
/// Names the folder in which the former state is kept.
const FORMER: &str = "former";
const DATABASE: &str = "educrm.sqlite";
/// What the database engine keeps beside its file while it is in use.
const JOURNALS: [&str; 2] = ["educrm.sqlite-wal", "educrm.sqlite-shm"];

/// Top-level parts of a state, in the order in which they move.
pub fn parts() -> impl Iterator<Item = &'static str> {
    let keys = boot::KEYS.into_iter().filter(|key| *key != boot::FIELD_KEY);
    [DATABASE, "files", "checkpoints"].into_iter().chain(keys)
}

/// Whether a state was decided on that has not taken over yet.
pub fn is_pending(data: &Path) -> bool {
    data.join(DECIDED).exists()
}

/// Decides that what is staged takes over, and that what is there goes to the folder `former`.
pub fn decide(data: &Path, former: &str) -> io::Result<()> {
    let staged = data.join(STAGED);
    let note = staged.join(FORMER);
    fs::write(&note, former)?;
    File::open(&note)?.sync_all()?;
    flush(&staged)?;
    fs::rename(&staged, data.join(DECIDED))?;
    flush(data)
}

/// Moves what has not been moved yet. Needs the data folder to itself.
pub fn finish(data: &Path) -> io::Result<()> {
    let decided = data.join(DECIDED);
    let note = decided.join(FORMER);
    match fs::read_to_string(&note) {
        Ok(former) => {
            let former = data.join(former);
            while let Some((from, to)) = next(data, &former) {
                if to.starts_with(&former) {
                    DirBuilder::new()
                        .recursive(true)
                        .mode(0o700)
                        .create(&former)?;
                }
                fs::rename(from, to)?;
            }
            if former.exists() {
                flush(&former)?;
            }
            flush(data)?;
            fs::remove_file(note)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::remove_dir(&decided)?;
    flush(data)
}

/// The next move: from where, to where.
fn next(data: &Path, former: &Path) -> Option<(PathBuf, PathBuf)> {
    let decided = data.join(DECIDED);
    let waiting: Vec<&str> = parts().filter(|part| decided.join(part).exists()).collect();
    // They belong to the former database, and go before it.
    let journals = JOURNALS.iter().copied();
    let mut leaving = journals
        .filter(|_| waiting.contains(&DATABASE))
        .chain(waiting.iter().copied())
        .filter(|part| data.join(part).exists());
    if let Some(part) = leaving.next() {
        return Some((data.join(part), former.join(part)));
    }
    let part = waiting.first()?;
    Some((decided.join(part), data.join(part)))
}

/// Makes the names in a folder outlive a power cut.
pub fn flush(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[&str] = &["educrm.sqlite", "educrm.sqlite-wal", "files/a", "audit.key"];
    const NEW: &[&str] = &[
        "educrm.sqlite",
        "files/b",
        "checkpoints/c",
        "audit.key",
        "token.key",
    ];

    fn lay(folder: &Path, names: &[&str], text: &str) {
        for name in names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn read(folder: &Path, names: &[&str]) -> Vec<Option<String>> {
        let all = names.iter();
        all.map(|name| fs::read_to_string(folder.join(name)).ok())
            .collect()
    }

    #[test]
    fn a_takeover_that_was_broken_off_anywhere_is_finished() {
        for moves in 0..20 {
            let data =
                std::env::temp_dir().join(format!("educrm-takeover-{}", uuid::Uuid::now_v7()));
            lay(&data, OLD, "old");
            lay(&data.join(STAGED), NEW, "new");
            decide(&data, "before").unwrap();
            let former = data.join("before");
            fs::create_dir(&former).unwrap();
            for _ in 0..moves {
                if let Some((from, to)) = next(&data, &former) {
                    fs::rename(from, to).unwrap();
                }
            }
            finish(&data).unwrap();
            assert!(!is_pending(&data));
            assert_eq!(read(&data, NEW), vec![Some("new".to_owned()); NEW.len()]);
            assert_eq!(read(&data, &["educrm.sqlite-wal", "files/a"]), [None, None]);
            assert_eq!(read(&former, OLD), vec![Some("old".to_owned()); OLD.len()]);
            fs::remove_dir_all(data).unwrap();
        }
    }
}
