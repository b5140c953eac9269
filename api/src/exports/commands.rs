//! Use cases of exports.

use domain::{
    access::{CustomersRead, ExportsRun, FIELD_NOT_READABLE, Oneself, Permission, TagsRead},
    approvals::{Approval, ApprovalKind, NewApproval},
    exports::{EXPORT_EXPIRED, EXPORT_NOT_READY, EXPORT_RIGHTS_CHANGED, Export, ExportStatus},
    fault::{Fault, FieldFault, NOT_FOUND},
    files::{StoredFile, TemporaryRoom},
    id::Id,
    jobs::Job,
    organization::Locale,
    text,
    text_enum::TextEnum,
};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads, Writes},
    approvals::{policies::highest, store as approvals},
    exports::store,
    files,
};

use super::CreateExport;
use crate::{
    customers::{CustomerFilters, commands as customers},
    http::problem::PERMISSION_MISSING,
};

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
    let id: Id<Export> = tx.stamp().id();
    let approval = approval(tx, grant, (id, body), (&reason, locale)).await?;
    let export = Export {
        id,
        version: 1,
        owner: Id::new(grant.scope().principal()),
        job: tx.stamp().id::<Job>(),
        entity: body.entity.0,
        format: body.format.0,
        locale,
        filters: filters.to_string(),
        status: match approval {
            Some(_) => ExportStatus::WaitingForApproval,
            None => ExportStatus::Running,
        },
        approval,
        result: None,
        created_at: tx.now(),
        finished_at: None,
    };
    store::insert(tx, grant, &export, &reason).await?;
    store::queue(tx, &export).await?;
    Ok(export)
}

/// Rows that are counted in any case where a policy goes by them.
const COUNTED: i64 = 10_000;

/// The approval that an export waits for, if its rows ask for one. They are counted as the caller reaches
/// them, no further than the highest policy begins.
async fn approval(
    tx: &Tx,
    grant: &impl Writes<Export>,
    (id, body): (Id<Export>, &CreateExport),
    (reason, locale): (&str, Locale),
) -> Result<Option<Id<Approval>>, Error> {
    let Some(highest) = highest(tx, ApprovalKind::Export).await? else {
        return Ok(None);
    };
    let most = u64::try_from(highest.max(COUNTED)).map_err(Error::internal)?;
    let amount = rows(tx, grant, &body.filters, most).await?;
    let filters = serde_json::to_value(&body.filters).map_err(Error::internal)?;
    let (what, format) = (body.entity.0.label(), body.format.0.label());
    let new = NewApproval {
        kind: ApprovalKind::Export,
        subject: id.cast(),
        amount,
        summary: format!(
            "{} · {} · {reason} · {filters}",
            what.of(locale),
            format.of(locale)
        ),
    };
    let asked = approvals::ask(tx, new).await?;
    Ok(asked.map(|approval| approval.id))
}

/// How many rows an export would have: of those that the caller sees, as many as exports reach.
async fn rows(
    tx: &Tx,
    grant: &impl Writes<Export>,
    filters: &CustomerFilters,
    most: u64,
) -> Result<i64, Error> {
    let caller = caller(tx)?;
    let of = (Grant::of(caller, tx.now()), Grant::of(caller, tx.now()));
    let (Some(seen), Some(exported)) = of else {
        return Ok(0);
    };
    let tagging = Grant::<TagsRead>::of(caller, tx.now());
    let tagging = tagging.as_ref();
    let seen: Grant<CustomersRead> = seen;
    let rows = customers::count(tx, &seen, tagging, filters, most).await?;
    let exported: Grant<ExportsRun> = exported;
    let within = match grant.scope().is_whole() {
        true => rows.rows,
        false => {
            customers::count(tx, &exported, tagging, filters, most)
                .await?
                .rows
        }
    };
    i64::try_from(rows.rows.min(within)).map_err(Error::internal)
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
