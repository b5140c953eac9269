//! Use cases of files.

use domain::{
    access::{CustomersRead, ImportsRun, Permission, StaffWrite},
    fault::{Fault, NOT_FOUND},
    files::{FilePurpose, StoredFile},
    id::Id,
};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads},
    files::store,
};

use crate::http::problem::PERMISSION_MISSING;

/// A file of the caller's, or of a customer or an agreement that the caller may read.
///
/// # Errors
/// `permission_missing` where the caller may no longer do what the file is for.
pub async fn get(
    handle: &impl Handle,
    caller: &Authority,
    grant: &impl Reads<StoredFile>,
    id: Id<StoredFile>,
    now: jiff::Timestamp,
) -> Result<StoredFile, Error> {
    let mut file = store::find(handle, grant, id, now).await?;
    if file.is_none()
        && let Some(customers) = Grant::<CustomersRead>::of(caller, now)
    {
        file = store::find_of_customer(handle, &customers, id).await?;
    }
    if file.is_none() {
        let agreements = Grant::<StaffWrite>::of(caller, now);
        file = store::find_of_agreement(handle, grant, agreements.as_ref(), id).await?;
    }
    let is_of = |file: &StoredFile, kind| {
        let record = file.attached_to.as_ref();
        record.is_some_and(|(of, _)| of == kind)
    };
    // What was exported leaves by its export only, which asks for more.
    let file = file.filter(|file| !is_of(file, "export"));
    let file = file.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let for_import = is_of(&file, "import") || file.purpose == FilePurpose::Import;
    if for_import && !caller.holds::<ImportsRun>() {
        return Err(Fault::new(&PERMISSION_MISSING)
            .with("permission", ImportsRun::CODE)
            .into());
    }
    Ok(file)
}

/// A file whose content is about to leave in the clear: that is on the trail before it does.
pub async fn download(
    tx: &Tx,
    grant: &impl Reads<StoredFile>,
    id: Id<StoredFile>,
) -> Result<StoredFile, Error> {
    // As it is now: what the request knew may be some seconds old.
    let caller = tx.operation().authority.as_deref();
    let caller = caller.ok_or(Error::AuthorityChanged)?;
    let file = get(tx, caller, grant, id, tx.now()).await?;
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
