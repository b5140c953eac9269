//! Use cases of exports.

use domain::{
    access::{CustomersRead, CustomersReveal, ExportsRun, Oneself},
    approvals::{Approval, ApprovalKind, NewApproval},
    exports::{EXPORT_EXPIRED, EXPORT_NOT_READY, EXPORT_RIGHTS_CHANGED, Export, ExportStatus},
    fault::{Fault, NOT_FOUND, REFERENCE_UNKNOWN, Text},
    files::{StoredFile, TemporaryRoom},
    id::Id,
    jobs::Job,
    organization::Locale,
    text,
    text_enum::TextEnum,
    views::View,
};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads, Writes},
    approvals::{acts::ask, policies::highest},
    exports::store,
    files, kept,
    scope::Counted,
};

use super::CreateExport;
use crate::{
    access::{Granted, missing},
    customers::{Counting, Selection},
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
    (body, counted): (&CreateExport, Option<i64>),
    locale: Locale,
) -> Result<Export, Error> {
    let caller = caller(tx)?;
    if !caller.holds::<CustomersRead>() {
        return Err(missing::<CustomersRead>().into());
    }
    let reason = text::line("/reason", &body.reason, REASON_MAX)?;
    let filters = serde_json::to_value(&body.filters).map_err(Error::internal)?;
    let view = match body.view_id {
        None => None,
        Some(id) => {
            let view = kept::find(tx, own, Id::new(id)).await?;
            Some(view.ok_or_else(|| Fault::field("/view_id", &REFERENCE_UNKNOWN))?)
        }
    };
    let reader = (caller, tx.now());
    let selection = Selection::exported(tx, reader, view.as_ref(), &body.filters).await?;
    files::store::check_room(tx, own, room).await?;
    store::check_turn(tx, grant).await?;
    let id: Id<Export> = tx.stamp().id();
    let approval = approval(tx, (id, body, counted), view.as_ref(), (&reason, locale)).await?;
    let export = Export {
        id,
        version: 1,
        owner: Id::new(grant.scope().principal()),
        job: tx.stamp().id::<Job>(),
        entity: body.entity.0,
        format: body.format.0,
        locale,
        filters: filters.to_string(),
        view: view.map(|view| (view.id, view.version)),
        expand: body.expand(),
        status: match approval {
            Some(_) => ExportStatus::WaitingForApproval,
            None => ExportStatus::Running,
        },
        rights: approval.map(|_| caller.digest()),
        approval,
        result: None,
        created_at: tx.now(),
        finished_at: None,
    };
    let told = (reason.as_str(), selection.looks_behind_masks());
    store::insert(tx, grant, &export, told).await?;
    store::queue(tx, &export).await?;
    Ok(export)
}

/// What an approval says of an export whose owner may reveal contact values.
const REVEALED: Text = Text {
    zh: " + 明文联系方式",
    en: " + contact values in the clear",
};

/// Rows that are counted in any case where a policy goes by them.
const COUNTED: i64 = 10_000;
/// Those in which text is found, each of which is read for it.
const COUNTED_BY_TEXT: u64 = 5_000;
/// Customers among whom those are counted who meet conditions.
const COUNTED_AMONG: u64 = 1_000_000;

/// The approval that an export waits for, if its rows ask for one. Where nobody could count them they are as
/// many as any policy begins with.
async fn approval(
    tx: &Tx,
    (id, body, counted): (Id<Export>, &CreateExport, Option<i64>),
    view: Option<&View>,
    (reason, locale): (&str, Locale),
) -> Result<Option<Id<Approval>>, Error> {
    let institution = tx.operation().institution;
    let Some(highest) = highest(tx, institution, ApprovalKind::Export).await? else {
        return Ok(None);
    };
    let filters = match body.filters.is_empty() {
        true => String::new(),
        false => {
            let filters = serde_json::to_string(&body.filters).map_err(Error::internal)?;
            format!(" · {filters}")
        }
    };
    let view = view.map_or_else(String::new, |view| format!(" · {}", view.name));
    let (what, format) = (body.entity.0.label(), body.format.0.label());
    let parts = body.expand().into_iter().map(|part| part.label());
    let parts = parts.map(|part| format!(" + {}", part.of(locale)));
    let clear = caller(tx)?.holds::<CustomersReveal>();
    let clear = clear.then(|| REVEALED.of(locale).to_owned());
    let parts: String = parts.chain(clear).collect();
    let new = NewApproval {
        kind: ApprovalKind::Export,
        subject: id.cast(),
        amount: counted.unwrap_or(highest),
        summary: format!(
            "{}{parts} · {} · {reason}{view}{filters}",
            what.of(locale),
            format.of(locale)
        ),
    };
    let asked = ask(tx, new).await?;
    Ok(asked.map(|approval| approval.id))
}

/// How many rows an export would have, where a policy goes by that: counted as the caller reaches them, no
/// further than the highest policy begins, before anything waits for it. `None` where it can't be told; what
/// the rows have come to be is held against the policies again when they are written.
pub async fn counted(ctx: &Granted<ExportsRun>, body: &CreateExport) -> Option<i64> {
    match count(ctx, body).await {
        Ok(counted) => counted,
        Err(error) => {
            tracing::debug!(%error, "the rows of an export were not counted");
            None
        }
    }
}

async fn count(ctx: &Granted<ExportsRun>, body: &CreateExport) -> Result<Option<i64>, Error> {
    let (read, reader, now) = (ctx.report(), ctx.authority(), ctx.stamp().now());
    let highest = highest(&read, reader.institution(), ApprovalKind::Export).await?;
    let of = (Grant::of(reader, now), Grant::of(reader, now));
    let (Some(highest), (Some(seen), Some(own))) = (highest, of) else {
        return Ok(None);
    };
    let (seen, own): (Grant<CustomersRead>, Grant<Oneself>) = (seen, own);
    let view = match body.view_id {
        Some(id) => kept::find(&read, &own, Id::new(id)).await?,
        None => None,
    };
    let reading = (reader, now);
    let selection = Selection::exported(&read, reading, view.as_ref(), &body.filters).await?;
    let most = u64::try_from(highest.max(COUNTED)).map_err(Error::internal)?;
    let far = || Counting {
        most,
        by_text: COUNTED_BY_TEXT.min(most),
        among: COUNTED_AMONG,
    };
    // Where there are too many to be counted for sure, they count as the most.
    let counted = |counted: Counted| {
        if counted.is_capped {
            most
        } else {
            counted.rows
        }
    };
    let mut rows = counted(selection.count(&read, &seen, far()).await?);
    if !Reads::<Export>::scope(&ctx.grant).is_whole() {
        rows = rows.min(counted(selection.count(&read, &ctx.grant, far()).await?));
    }
    i64::try_from(rows).map(Some).map_err(Error::internal)
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
