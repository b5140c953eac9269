use actix_web::{get, post};
use domain::{
    access::AuditRead,
    fault::{Fault, NOT_FOUND},
};
use persistence::{
    Error,
    audit::records::{self, Record},
    clock::micros,
    scope::Direction,
};

use serde_json::Value;

use super::{
    AuditEventBody, AuditEventDetail, AuditEventPage, ExportAuditEvents, ListAuditEvents, export,
};
use crate::{
    access::{Granted, fields},
    http::{Json, List, Problem, Reply, list::Paging, path::PathId},
};

const TAG: &str = "audit";

/// List what was done
///
/// The newest first. What was changed stands in the single record.
#[utoipa::path(tag = TAG, params(Paging, ListAuditEvents), responses((status = 200, body = AuditEventPage)),
    security(("bearer" = ["audit:read"])))]
#[get("/audit-events")]
pub(super) async fn list_audit_events(
    ctx: Granted<AuditRead>,
    asked: List<ListAuditEvents>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let rows = records::list(&ctx.report(), &ctx.grant, &(&query).into(), &page).await?;
    let (rows, next) = part.cut(rows, |record| (micros(record.at), record.id));
    let items: Result<Vec<_>, Error> = rows.into_iter().map(TryInto::try_into).collect();
    Ok(next.answer::<AuditEventPage>(items?)?)
}

/// Read what was done, with what was before and after
///
/// Personal values show as `***`.
#[utoipa::path(tag = TAG, params(("audit_event_id" = Uuid, Path)), responses((status = 200, body = AuditEventDetail)),
    security(("bearer" = ["audit:read"])))]
#[get("/audit-events/{audit_event_id}")]
pub(super) async fn get_audit_event(
    ctx: Granted<AuditRead>,
    id: PathId<Record>,
) -> Result<Reply, Problem> {
    let (record, payload) = records::find(&ctx.read(), &ctx.grant, id.0.uuid())
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let event = AuditEventBody::try_from(record)?;
    let (changes, origin) = match payload {
        Some(mut payload) => {
            fields::show_changes(ctx.authority(), &mut payload.changes);
            (Some(payload.changes), payload.origin)
        }
        None => (None, Value::Null),
    };
    let body = AuditEventDetail {
        event,
        changes,
        origin: serde_json::from_value(origin).map_err(Error::corrupt)?,
    };
    Ok(Reply::record(1, &body)?)
}

/// Take records away as a file
///
/// The newest first; refused where there are too many: narrow `from` and `until`. The export is on the
/// trail before it is answered.
#[utoipa::path(tag = TAG, request_body = ExportAuditEvents,
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")),
        description = "The records, to be saved.", headers(("Content-Disposition")))),
    security(("bearer" = ["audit:read"])),
    extensions(("x-problem-codes" = json!(["audit_export_too_large"]))))]
#[post("/audit-events/export")]
pub(super) async fn export_audit_events(
    ctx: Granted<AuditRead>,
    body: Json<ExportAuditEvents>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    // The trail is read beside the writer, which others wait for.
    let found = export::find(&ctx.report(), &ctx.grant, asked).await?;
    let found = &found;
    ctx.transaction(|tx, _| async move { export::export(&tx, asked, found) })
        .await
}
