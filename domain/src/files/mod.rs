//! Files (文件): what people hand in, and what the program makes for them.
//!
//! A file belongs to one record and has its reach: who sees the customer sees its files, whoever
//! brought them. While it belongs to none it is its owner's, for a day. What it is follows from its first and last bytes, never from its name or from what the
//! client says; what a browser might run (HTML, SVG) is not taken at all.

mod fault;
mod name;
mod sniff;

pub use fault::*;
pub use name::file_name;
pub use sniff::{HEAD, TAIL, sniff};

use jiff::{SignedDuration, Timestamp};

use crate::{access::Principal, customers::Customer, id::Id, text_enum};

text_enum! {
    /// What a file is, as its bytes tell.
    FileType as "FileType" {
        /// Lines of text, such as CSV.
        Text = "text" { "文本", "Text" }
        Xlsx = "xlsx" { "Excel 工作簿", "Workbook" }
        Pdf = "pdf" { "PDF", "PDF" }
        Png = "png" { "PNG 图片", "PNG image" }
        Jpeg = "jpeg" { "JPEG 图片", "JPEG image" }
        Webp = "webp" { "WebP 图片", "WebP image" }
    }
}

text_enum! {
    /// What a file is for; lists to be imported may be larger.
    FilePurpose as "FilePurpose" {
        Record = "record" { "附件", "For a record" }
        Import = "import" { "导入", "To be imported" }
    }
}

/// A file that belongs to no record is kept for so long.
pub const UNATTACHED_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// The content of a file that was taken from its record is kept for so long: a download may be under
/// way.
pub const TAKEN_AWAY_LASTS: SignedDuration = SignedDuration::from_hours(1);

/// How much may wait to belong to a record, or to be removed.
#[derive(Clone, Copy, Debug)]
pub struct TemporaryRoom {
    /// Files of one principal.
    pub files: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Bytes of everybody's together.
    pub institution_bytes: i64,
}

/// A file, without its content.
#[derive(Clone, Debug)]
pub struct StoredFile {
    pub id: Id<StoredFile>,
    pub version: i64,
    pub owner: Id<Principal>,
    pub purpose: FilePurpose,
    pub kind: FileType,
    /// Made safe by [`file_name`]. It may tell whose file it is: sealed where it is stored.
    pub name: String,
    /// Bytes.
    pub size: i64,
    pub sha256: [u8; 32],
    /// Kind and id of the record that it belongs to.
    pub attached_to: Option<(String, Id<()>)>,
    pub created_at: Timestamp,
    /// When it will be removed.
    pub expires_at: Option<Timestamp>,
}

/// Kind of the record that a customer is to its files.
pub const OF_CUSTOMER: &str = "customer";

/// The same of a confidentiality agreement that a person of staff has signed.
pub const OF_AGREEMENT: &str = "staff_agreement";

/// The same of a document with all that is known of a person.
pub const OF_PERSONAL_DATA: &str = "personal_data_export";

impl StoredFile {
    /// The customer that it belongs to.
    pub fn customer(&self) -> Option<Id<Customer>> {
        let (kind, id) = self.attached_to.as_ref()?;
        (kind == OF_CUSTOMER).then(|| id.cast())
    }
}

impl FileType {
    /// The extensions that a name of this type may have, the usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["txt", "csv"],
            Self::Xlsx => &["xlsx"],
            Self::Pdf => &["pdf"],
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Webp => &["webp"],
        }
    }

    /// Whether rows can be read from it.
    pub fn is_table(self) -> bool {
        matches!(self, Self::Text | Self::Xlsx)
    }
}
