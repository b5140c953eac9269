//! `educrm backup` and `educrm restore`.

use std::path::Path;

use clap::Subcommand;
use persistence::{
    backup::{Folder, Unusable},
    keys::hex,
};

use super::{Backups, restore};
use crate::{boot::Failure, clock::Clock, settings::Settings};

#[derive(Subcommand)]
pub enum BackupCommand {
    /// List the backups, newest first; each is read whole to see whether it is good.
    List,
}

/// Makes a backup.
pub async fn make(settings: &Settings) -> Result<(), Failure> {
    let backups = Backups::open(settings)?;
    let made = backups.make(Clock::default().now()).await?;
    println!("backup   {}", made.folder.join(&made.name).display());
    println!("size     {} bytes", made.size);
    println!("sha256   {}", hex(&made.sha256));
    if made.removed > 0 {
        println!("removed  {} older", made.removed);
    }
    match made.copy {
        Some(Ok(folder)) => println!("copy     {}", folder.join(&made.name).display()),
        Some(Err(error)) => return Err(format!("there is no copy of it: {error}").into()),
        None => {}
    }
    match made.missing {
        0 => Ok(()),
        missing => Err(format!(
            "the contents of {missing} files are not in the data folder, nor in the backup"
        )
        .into()),
    }
}

/// Lists the backups of both folders.
pub async fn list(settings: &Settings) -> Result<(), Failure> {
    let backups = Backups::open(settings)?;
    let mut damaged = 0;
    for path in [Some(&backups.folder), backups.second.as_ref()] {
        let Some(path) = path else { continue };
        println!("{}", path.display());
        if path == &backups.folder && !path.exists() {
            continue;
        }
        let folder = Folder::at(path)?;
        for name in folder.list().await? {
            let found = folder.examine(&backups.key, &name).await?;
            let state = match &found.unusable {
                None => "good".to_owned(),
                Some(why) => why.to_string(),
            };
            if !matches!(found.unusable, None | Some(Unusable::OtherKey)) {
                damaged += 1;
            }
            println!("{name}\t{}\t{}\t{state}", found.size, hex(&found.sha256));
        }
    }
    match damaged {
        0 => Ok(()),
        damaged => Err(format!("{damaged} of these are of no use").into()),
    }
}

/// Brings a backup back, and tells what was done.
pub async fn bring_back(settings: &Settings, backup: &Path, replace: bool) -> Result<(), Failure> {
    let now = Clock::default().now();
    let restored = restore::restore(settings, backup, replace, now).await?;
    println!("restored  {}", restored.backup.display());
    println!(
        "into      {}, with the contents of {} files",
        settings.data_dir.display(),
        restored.files
    );
    if let Some(former) = &restored.former {
        println!("former    {}", former.display());
    }
    Ok(())
}
