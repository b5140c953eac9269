//! Backups (备份): copies of everything that an installation on SQLite is made of.
//!
//! - [`snapshot`]: the database as it was at one moment, while others go on writing
//! - [`archive`]: one sealed file of many
//! - [`folder`]: where such files stand

pub mod archive;
pub mod folder;
pub mod snapshot;

pub use archive::{Archive, BackupKey, Opened, Unusable};
pub use folder::{Examined, Folder};
pub use snapshot::Snapshot;
