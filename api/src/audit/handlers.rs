use actix_web::{HttpRequest, get, post};
use domain::{
    access::AuditRead,
    fault::{Fault, NOT_FOUND},
};
use persistence::{
    Error,
    audit::records::{self, Record},
    clock::micros,
    scope::{Direction, Page},
};

use serde_json::Value;

use super::{
    AuditEventBody, AuditEventDetail, AuditEventPage, ExportAuditEvents, ListAuditEvents, export,
};
use crate::{
    access::{Granted, fields},
    http::{Json, Parameters, Problem, Reply, cursor, path::PathId},
};

const TAG: &str = "audit";

/// List what was done
#[utoipa::path(tag = TAG, params(ListAuditEvents), responses((status = 200, body = AuditEventPage)),
    security(("bearer" = ["audit:read"])))]
#[get("/audit-events")]
pub(super) async fn list_audit_events(
    ctx: Granted<AuditRead>,
    request: HttpRequest,
    query: Parameters<ListAuditEvents>,
) -> Result<Reply, Problem> {
    let Parameters(query) = query;
    let part = cursor::part(ctx.app(), &request, query.limit, query.cursor.as_deref())?;
    let page = Page {
        order: Direction::NewestFirst,
        after: part.after,
        limit: part.limit + 1,
    };
    let rows = records::list(&ctx.report(), &ctx.grant, &(&query).into(), &page).await?;
    let shown = part.cut(rows, |record| (micros(record.at), record.id));
    let items: Result<Vec<_>, Error> = shown.items.into_iter().map(TryInto::try_into).collect();
    Ok(Reply::ok(&AuditEventPage {
        items: items?,
        next_cursor: shown.next_cursor,
    })?
    .with_next(shown.next_address))
}

/// Read what was done, with what was before and after
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
#[utoipa::path(tag = TAG, request_body = ExportAuditEvents,
    responses((status = 200, content((String = "text/csv"), (String = "application/x-ndjson")))),
    security(("bearer" = ["audit:read"])))]
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
