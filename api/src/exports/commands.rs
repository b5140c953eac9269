//! Use cases of exports.

use domain::{
    access::{CustomersRead, FIELD_NOT_READABLE, Oneself, Permission, TagsRead},
    exports::{EXPORT_EXPIRED, EXPORT_NOT_READY, EXPORT_RIGHTS_CHANGED, Export, ExportStatus},
    fault::{Fault, FieldFault, NOT_FOUND},
    files::{StoredFile, TemporaryRoom},
    id::Id,
    jobs::{Job, JobKind},
    organization::Locale,
    text,
};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads, Writes},
    exports::store,
    files,
    jobs::store::{NewJob, enqueue},
};

use super::CreateExport;
use crate::http::problem::PERMISSION_MISSING;

/// The permissions on customers, and so their field rules, go by this name.
pub(super) const RECORD: &str = "customers";
/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// Begins an export: queues the job that makes its file.
///
/// # Errors
/// 403 where the caller may not see the list; 422 where it filters by what the caller may not read;
/// 409 where there is no room for another file, or too many exports are under way.
pub async fn create(
    tx: &Tx,
    grant: &impl Writes<Export>,
    own: &Grant<Oneself>,
    room: &TemporaryRoom,
    body: &CreateExport,
    locale: Locale,
) -> Result<Export, Error> {
    let caller = caller(tx)?;
    if !caller.holds::<CustomersRead>() {
        return Err(missing::<CustomersRead>().into());
    }
    let reason = text::line("/reason", &body.reason, REASON_MAX)?;
    let filters = serde_json::to_value(&body.filters).map_err(Error::internal)?;
    let mut faults = body.filters.unreadable(caller.fields());
    if body.filters.tag_id.is_some() && !caller.holds::<TagsRead>() {
        faults.push(FieldFault::new("/filters/tag_id", &FIELD_NOT_READABLE));
    }
    Fault::unless_empty(faults)?;
    files::store::check_room(tx, own, room).await?;
    store::check_turn(tx, grant).await?;
    let export = Export {
        id: tx.stamp().id(),
        version: 1,
        owner: Id::new(grant.scope().principal()),
        job: tx.stamp().id::<Job>(),
        entity: body.entity.0,
        format: body.format.0,
        locale,
        filters: filters.to_string(),
        status: ExportStatus::Running,
        result: None,
        created_at: tx.now(),
        finished_at: None,
    };
    store::insert(tx, grant, &export, &reason).await?;
    let payload = export.id.uuid();
    let job = NewJob {
        id: export.job,
        kind: JobKind::RunExport,
        target: Some(("export", payload)),
        payload: payload.as_bytes(),
    };
    enqueue(tx, &job).await?;
    Ok(export)
}

pub(super) fn missing<P: Permission>() -> Fault {
    Fault::new(&PERMISSION_MISSING).with("permission", P::CODE)
}

/// The caller as it is now: what the request knew may be some seconds old.
fn caller(tx: &Tx) -> Result<&Authority, Error> {
    let caller = tx.operation().authority.as_deref();
    caller.ok_or(Error::AuthorityChanged)
}

/// An export of the caller's.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<Export>,
    id: Id<Export>,
) -> Result<Export, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// The file of an export, which is about to leave: that is on the trail before it does.
///
/// # Errors
/// 409 where there is no file, or the caller may do or see something else by now; 410 once it has
/// expired.
pub async fn download(
    tx: &Tx,
    grant: &impl Reads<Export>,
    own: &Grant<Oneself>,
    id: Id<Export>,
) -> Result<(Export, StoredFile), Error> {
    let export = get(tx, grant, id).await?;
    let Some(made) = &export.result else {
        return Err(Fault::new(&EXPORT_NOT_READY).into());
    };
    let file = match tx.now() < made.expires_at {
        true => files::store::find(tx, own, made.file, tx.now()).await?,
        false => None,
    };
    let file = file.ok_or_else(|| Fault::new(&EXPORT_EXPIRED))?;
    if caller(tx)?.digest() != made.rights {
        return Err(Fault::new(&EXPORT_RIGHTS_CHANGED).into());
    }
    store::downloaded(tx, &export, made);
    Ok((export, file))
}
