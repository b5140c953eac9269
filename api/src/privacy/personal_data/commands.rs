//! Use cases of documents with all that is known of a person.

use domain::{
    access::{FIELD_NOT_READABLE, FieldAccess, PrivacyManage},
    customers::Customer,
    exports::EXPORT_EXPIRED,
    fault::{Fault, NOT_FOUND},
    files::{FilePurpose, FileType, OF_PERSONAL_DATA, StoredFile, TemporaryRoom},
    id::Id,
    privacy::{PERSON_CHANGED, PersonalDataExport, PrivacyRequest},
    text,
};
use jiff::SignedDuration;
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    customers::store as customers,
    files,
    privacy::{personal_data::store, requests},
};

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// A document that is about to be written.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    pub customer: Id<Customer>,
    /// Merging, and undoing that, raise it.
    pub version: i64,
    pub file: Id<StoredFile>,
}

/// Makes sure that a document may be made for a request, and that there is room for it.
///
/// # Errors
/// 404 where the request or its customer is out of reach; 409 unless the request asks for data and was
/// granted, or where there is no room; 422 where a field rule keeps something from the caller.
pub async fn begin(
    tx: &Tx,
    grant: &Grant<PrivacyManage>,
    request: Id<PrivacyRequest>,
    room: &TemporaryRoom,
) -> Result<Begun, Error> {
    let customer = asked_for(tx, grant, request).await?;
    files::store::check_room(tx, grant, room).await?;
    let file = tx.stamp().id();
    files::store::expect(tx, grant, file, FilePurpose::Record, 0).await?;
    Ok(Begun {
        customer: customer.id,
        version: customer.version,
        file,
    })
}

/// Whose data a request asks for: nobody moves, merges or erases the customer until the transaction ends.
async fn asked_for(
    tx: &Tx,
    grant: &Grant<PrivacyManage>,
    request: Id<PrivacyRequest>,
) -> Result<Customer, Error> {
    let found = requests::find(tx, grant, request).await?;
    let customer = match found {
        Some(found) => customers::hold(tx, grant, found.customer).await?,
        None => None,
    };
    let customer = customer.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    // As it is now that nothing comes between.
    let request = requests::lock(tx, grant, request).await?;
    let request = request.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    sees_everything(tx)?;
    request.answered_by_document()?;
    Ok(customer)
}

/// The document has every field in the clear.
fn sees_everything(tx: &Tx) -> Result<(), Fault> {
    let caller = tx.operation().authority.as_deref();
    let mut rules = caller.iter().flat_map(|caller| caller.fields().iter());
    match rules.any(|(_, access)| access != FieldAccess::ReadOnly) {
        true => Err(Fault::new(&FIELD_NOT_READABLE)),
        false => Ok(()),
    }
}

/// What was written of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) begun: Begun,
    /// Bytes, and their digest.
    pub(super) size: i64,
    pub(super) sha256: [u8; 32],
}

/// Keeps a document that was written, for so long.
///
/// # Errors
/// As [`begin`]; 409 where the customer was changed, merged or parted meanwhile.
pub(super) async fn keep(
    tx: &Tx,
    grant: &Grant<PrivacyManage>,
    request: Id<PrivacyRequest>,
    (written, reason): (Written, &str),
    lasts: SignedDuration,
) -> Result<PersonalDataExport, Error> {
    let reason = text::line("/reason", reason, REASON_MAX)?;
    let customer = asked_for(tx, grant, request).await?;
    let begun = written.begun;
    if (customer.id, customer.version) != (begun.customer, begun.version) {
        return Err(Fault::new(&PERSON_CHANGED).into());
    }
    let export = PersonalDataExport {
        id: tx.stamp().id(),
        customer: customer.id,
        request,
        owner: Id::new(tx.operation().actor.principal),
        file: begun.file,
        expires_at: tx.now().saturating_add(lasts).unwrap_or(tx.now()),
        created_at: tx.now(),
    };
    let stored = StoredFile {
        id: begun.file,
        version: 1,
        owner: export.owner,
        purpose: FilePurpose::Record,
        kind: FileType::Text,
        name: name(&export),
        size: written.size,
        sha256: written.sha256,
        attached_to: Some((OF_PERSONAL_DATA.to_owned(), export.id.cast())),
        created_at: export.created_at,
        expires_at: Some(export.expires_at),
    };
    files::store::keep(tx, grant, &stored).await?;
    store::insert(tx, grant, &export, &reason).await?;
    Ok(export)
}

/// What the file is called: nothing of whom it is about.
fn name(export: &PersonalDataExport) -> String {
    format!("personal-data-{}.json", export.id)
}

/// A document about a customer within reach.
///
/// # Errors
/// 404 where there is none.
pub async fn get(
    handle: &impl Handle,
    grant: &Grant<PrivacyManage>,
    id: Id<PersonalDataExport>,
) -> Result<PersonalDataExport, Error> {
    let found = store::find(handle, grant, id).await?;
    let found = found.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let scope = Reads::<Customer>::scope(grant);
    match scope.is_whole() || customers::is_within(handle, scope, found.customer).await? {
        true => Ok(found),
        false => Err(Fault::new(&NOT_FOUND).into()),
    }
}

/// The file of a document, which is about to leave: that is on the trail before it does.
///
/// # Errors
/// 404 where there is none; 410 once it has expired; 422 where a field rule keeps something from the caller.
pub async fn download(
    tx: &Tx,
    grant: &Grant<PrivacyManage>,
    id: Id<PersonalDataExport>,
) -> Result<StoredFile, Error> {
    let export = get(tx, grant, id).await?;
    sees_everything(tx)?;
    let file = files::store::find_of_person(tx, grant, &export, tx.now()).await?;
    let file = file.ok_or_else(|| Fault::new(&EXPORT_EXPIRED))?;
    store::downloaded(tx, &export);
    Ok(file)
}
