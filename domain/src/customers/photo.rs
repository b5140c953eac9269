//! The photo of a customer (照片): an image among its files.

use jiff::Timestamp;

use super::PHOTO_NOT_IMAGE;
use crate::{
    fault::Fault,
    files::{FileType, StoredFile},
    id::Id,
};

/// Which file of a customer is its photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Photo {
    pub file: Id<StoredFile>,
    pub kind: FileType,
    /// Bytes.
    pub size: i64,
    pub chosen_at: Timestamp,
}

impl Photo {
    /// Whether a file can be one.
    ///
    /// # Errors
    /// 409 where it is no image.
    pub fn check(file: &StoredFile) -> Result<(), Fault> {
        match file.kind {
            FileType::Png | FileType::Jpeg | FileType::Webp => Ok(()),
            FileType::Text | FileType::Xlsx | FileType::Pdf => Err(Fault::new(&PHOTO_NOT_IMAGE)),
        }
    }
}
