use domain::{files::StoredFile, id::Id};
use jiff::Timestamp;
use persistence::keys::hex;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::{list::page, wire::Wire};

pub type FileType = Wire<domain::files::FileType>;
pub type FilePurpose = Wire<domain::files::FilePurpose>;

/// An upload: one part with the file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a form that is read part by part")]
#[schema(example = json!({"file": "姓名,手机号\n张伟,13800138000\n"}))]
pub struct UploadFile {
    /// CSV or plain text, XLSX, PDF, PNG, JPEG or WebP; its bytes decide which. The name of the part's
    /// file is kept without what programs would obey.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What an upload is for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UploadParameters {
    /// `record` when absent. Lists to be imported may be larger, and need the permission `imports:run`.
    #[param(inline = false)]
    pub purpose: Option<FilePurpose>,
}

/// A file (文件), without its content.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub struct FileBody {
    pub id: Uuid,
    /// Raised with every change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What it is for.
    pub purpose: FilePurpose,
    /// What its bytes tell it to be.
    pub r#type: FileType,
    /// As it was called, without what programs would obey.
    pub name: String,
    /// Bytes.
    #[schema(minimum = 1)]
    pub size: i64,
    /// SHA-256 of the content, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// The record that it belongs to; null while it belongs to none.
    #[schema(required)]
    pub record: Option<RecordReference>,
    pub created_at: Timestamp,
    /// When it will be removed; null where it stays with its record.
    #[schema(required)]
    pub expires_at: Option<Timestamp>,
}

/// A record, by its kind and id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordReference {
    /// `import`, `customer` …
    pub kind: String,
    pub id: Uuid,
}

impl RecordReference {
    pub(crate) fn of(target: Option<(String, Id<()>)>) -> Option<Self> {
        target.map(|(kind, id)| Self {
            kind,
            id: id.uuid(),
        })
    }
}

impl From<StoredFile> for FileBody {
    fn from(file: StoredFile) -> Self {
        Self {
            id: file.id.uuid(),
            version: file.version,
            purpose: Wire(file.purpose),
            r#type: Wire(file.kind),
            name: file.name,
            size: file.size,
            sha256: hex(&file.sha256),
            record: RecordReference::of(file.attached_to),
            created_at: file.created_at,
            expires_at: file.expires_at,
        }
    }
}

page! {
    /// One page of files.
    FilePage of FileBody
}

/// An address at which a browser can save a file, for a short time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DownloadLink {
    /// Good without further credentials, as long as whoever asked for it is logged in and may see the file.
    #[schema(format = "uri")]
    pub url: String,
    /// Until when the address is good.
    pub expires_at: Timestamp,
}

/// How a download is authorised.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DownloadParameters {
    /// Of a download link; needed only where no access token is sent.
    #[param(max_length = 200)]
    #[expect(dead_code, reason = "read before the operation is known")]
    authorization: Option<String>,
}

/// The bytes of a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is sent as it is")]
#[schema(value_type = String, format = Binary)]
pub struct FileContent(Vec<u8>);
