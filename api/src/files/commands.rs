//! Use cases of files.

use domain::{
    fault::{Fault, NOT_FOUND},
    files::StoredFile,
    id::Id,
};
use persistence::{Error, Handle, Tx, access::Reads, files::store};

/// A file of the caller's.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<StoredFile>,
    id: Id<StoredFile>,
    now: jiff::Timestamp,
) -> Result<StoredFile, Error> {
    store::find(handle, grant, id, now)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// A file whose content is about to leave in the clear: that is on the trail before it does.
pub async fn download(
    tx: &Tx,
    grant: &impl Reads<StoredFile>,
    id: Id<StoredFile>,
) -> Result<StoredFile, Error> {
    let file = get(tx, grant, id, tx.now()).await?;
    store::downloaded(tx, &file);
    Ok(file)
}

/// `Content-Disposition` under which a file is saved, never shown.
pub fn disposition(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename*=UTF-8''{encoded}")
}
