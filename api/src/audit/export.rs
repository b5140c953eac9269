//! The trail as a file.

use domain::{audit::AUDIT_EXPORT_TOO_LARGE, fault::Fault};
use persistence::{
    Error, Handle, Tx,
    access::Reads,
    audit::records::{self, Record},
    database::Change,
    scope::{Direction, Page},
};
use serde_json::json;

use super::{AuditEventBody, AuditExportFormat, ExportAuditEvents};
use crate::{exports::csv::lines, http::Reply};

/// Records of one export, at most.
const MOST: u64 = 10_000;

/// Records that were asked for, newest first.
///
/// # Errors
/// 422 where there are more than one export holds.
pub(super) async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Record>,
    asked: &ExportAuditEvents,
) -> Result<Vec<AuditEventBody>, Error> {
    let page = Page {
        order: Direction::NewestFirst,
        after: None,
        limit: MOST + 1,
    };
    let found = records::list(handle, grant, &asked.into(), &page).await?;
    if u64::try_from(found.len()).unwrap_or(u64::MAX) > MOST {
        return Err(Fault::new(&AUDIT_EXPORT_TOO_LARGE).with("max", MOST).into());
    }
    found.into_iter().map(AuditEventBody::try_from).collect()
}

/// These records as a file. That they left stands on the trail before they do.
pub(super) fn export(
    tx: &Tx,
    asked: &ExportAuditEvents,
    events: &[AuditEventBody],
) -> Result<Reply, Error> {
    let export = tx.stamp().id::<()>().uuid();
    let what = json!({ "of": "audit_events", "asked": asked, "records": events.len() });
    tx.record(Change::new("export", export, 1, what));
    match asked.format {
        AuditExportFormat::Csv => Ok(Reply::file("text/csv", "audit.csv", csv(events)?)),
        AuditExportFormat::Jsonl => {
            let lines: Result<Vec<_>, _> = events.iter().map(serde_json::to_string).collect();
            let text = lines.map_err(Error::internal)?.join("\n");
            Ok(Reply::file("application/x-ndjson", "audit.jsonl", text))
        }
    }
}

fn csv(events: &[AuditEventBody]) -> Result<String, Error> {
    let header = [
        "time",
        "position",
        "id",
        "actor_kind",
        "actor_id",
        "session_id",
        "operation",
        "outcome",
        "request_id",
        "trace_id",
        "targets",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    for event in events {
        let targets: Vec<_> = event
            .targets
            .iter()
            .map(|t| format!("{} {}", t.kind, t.id))
            .collect();
        let outcome = serde_json::to_value(event.outcome).map_err(Error::internal)?;
        let kind = serde_json::to_value(event.actor.kind).map_err(Error::internal)?;
        rows.push([
            event.time.to_string(),
            event.position.map_or_else(String::new, |p| p.to_string()),
            event.id.to_string(),
            kind.as_str().unwrap_or_default().to_owned(),
            event.actor.id.to_string(),
            event
                .actor
                .session_id
                .map_or_else(String::new, |id| id.to_string()),
            event.operation.clone(),
            outcome.as_str().unwrap_or_default().to_owned(),
            event.request_id.to_string(),
            event.trace_id.clone(),
            targets.join("; "),
        ]);
    }
    String::from_utf8(lines(rows)?).map_err(Error::internal)
}
