//! Exports, for whoever began them.

use domain::{
    approvals::{APPROVAL_EXPIRED, APPROVAL_RECALLED, APPROVAL_REFUSED, Approval, ApprovalState},
    custom_fields::FieldCode,
    exports::{
        AT_ONCE, Export, ExportEntity, ExportExpansion, ExportFormat, ExportStatus, Exported,
        TOO_MANY_EXPORTS,
    },
    fault::Fault,
    id::Id,
    jobs::JobKind,
    organization::Locale,
    text_enum::TextEnum,
    views::{View, told as told_of},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, statement},
    jobs::store::{self as jobs, NewJob},
    keys::bytes,
    scope::{Page, own, own_page},
};

const COLUMNS: &str = "id, version, owner_id, job_id, entity, format, locale, filters, view_id, view_version, expand, custom_fields, \
    approval_id, status, row_count, revealed_rows, file_id, rights, expires_at, created_at, finished_at";

/// Refuses another export while as many as one may have are under way. The caller has made sure that
/// no other of the institution is let in meanwhile.
///
/// # Errors
/// 409 `too_many_exports`.
pub async fn check_turn(tx: &Tx, grant: &impl Writes<Export>) -> Result<(), Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT count(*) AS under_way FROM exports \
             WHERE institution_id = ? AND owner_id = ? AND finished_at IS NULL",
            [
                grant.scope().institution().uuid().into(),
                grant.scope().principal().into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("a count without a row"))?;
    if row.try_get::<i64>("", "under_way")? >= AT_ONCE {
        return Err(Fault::new(&TOO_MANY_EXPORTS).with("max", AT_ONCE).into());
    }
    Ok(())
}

/// Writes a new export; what is asked for, and why, is on the trail, and whether that is behind masks.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Export>,
    export: &Export,
    (reason, view, behind_masks): (&str, Option<&View>, bool),
) -> Result<(), Error> {
    let filters = filters(export)?;
    let expand: Vec<_> = export.expand.iter().map(|part| part.as_str()).collect();
    let expand = expand.join(",");
    let custom: Vec<_> = export.custom_fields.iter().map(FieldCode::as_str).collect();
    let custom = custom.join(",");
    tx.execute_raw(statement(
        tx,
        "INSERT INTO exports (institution_id, id, version, owner_id, job_id, entity, format, locale, \
         filters, view_id, view_version, expand, custom_fields, approval_id, rights, status, created_at) \
         VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            grant.scope().institution().uuid().into(),
            export.id.uuid().into(),
            export.owner.uuid().into(),
            export.job.uuid().into(),
            export.entity.as_str().into(),
            export.format.as_str().into(),
            export.locale.as_str().into(),
            filters.clone().into(),
            export.view.map(|(view, _)| view.uuid()).into(),
            export.view.map(|(_, version)| version).into(),
            expand.clone().into(),
            custom.clone().into(),
            export.approval.map(Id::uuid).into(),
            Value::Bytes(export.rights.map(|rights| rights.to_vec())),
            export.status.as_str().into(),
            micros(export.created_at).into(),
        ],
    ))
    .await?;
    let mut asked = json!({
        "of": export.entity.as_str(), "format": export.format.as_str(), "filters": filters,
        "reason": reason,
    });
    let told = [
        ("view_id", export.view.map(|(view, _)| json!(view))),
        (
            "view_version",
            export.view.map(|(_, version)| json!(version)),
        ),
        // The view may be changed or deleted before anybody asks.
        ("view_search", view.map(|view| told_of(&view.search))),
        ("expand", (!expand.is_empty()).then(|| json!(expand))),
        ("custom_fields", (!custom.is_empty()).then(|| json!(custom))),
        ("behind_masks", behind_masks.then_some(json!(true))),
        (
            "approval_id",
            export.approval.map(|approval| json!(approval)),
        ),
    ];
    for (name, value) in told {
        if let (Some(value), Some(asked)) = (value, asked.as_object_mut()) {
            asked.insert(name.into(), value);
        }
    }
    tx.record(Change::new("export", export.id.uuid(), 1, asked));
    Ok(())
}

/// An export of the bearer of the grant.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Export>,
    id: Id<Export>,
) -> Result<Option<Export>, Error> {
    let row = own(handle, grant.scope(), ("exports", COLUMNS), id.uuid()).await?;
    row.map(|row| read(&row)).transpose()
}

/// One page of the exports of the bearer of the grant.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Export>,
    page: &Page,
) -> Result<Vec<Export>, Error> {
    let rows = own_page(handle, grant.scope(), ("exports", COLUMNS), page).await?;
    rows.iter().map(read).collect()
}

/// Notes what an export has made. How much it is, and of what, is on the trail before it can leave.
pub async fn keep(
    tx: &Tx,
    grant: &impl Writes<Export>,
    export: &Export,
    made: &Exported,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "UPDATE exports SET version = version + 1, row_count = ?, revealed_rows = ?, file_id = ?, \
         rights = ?, expires_at = ? WHERE institution_id = ? AND id = ?",
        [
            made.rows.into(),
            made.revealed_rows.into(),
            made.file.uuid().into(),
            bytes(made.rights),
            micros(made.expires_at).into(),
            grant.scope().institution().uuid().into(),
            export.id.uuid().into(),
        ],
    ))
    .await?;
    let mut told = json!({
        "of": export.entity.as_str(), "format": export.format.as_str(), "filters": filters(export)?,
        "rows": made.rows, "revealed_rows": made.revealed_rows,
    });
    if let (Some((view, version)), Some(told)) = (export.view, told.as_object_mut()) {
        told.insert("view_id".into(), json!(view));
        told.insert("view_version".into(), json!(version));
    }
    tx.record(Change::new(
        "export",
        export.id.uuid(),
        export.version + 1,
        told,
    ));
    Ok(())
}

/// Begins an export that was approved, or ends one that was not. One that its owner has cancelled stays so.
pub async fn decided(tx: &Tx, approval: &Approval) -> Result<(), Error> {
    let (status, refused) = match approval.state {
        ApprovalState::Waiting => return Ok(()),
        ApprovalState::Approved => (ExportStatus::Running, None),
        ApprovalState::Refused => (ExportStatus::Refused, Some(&APPROVAL_REFUSED)),
        ApprovalState::Recalled => (ExportStatus::Recalled, Some(&APPROVAL_RECALLED)),
        ApprovalState::Expired => (ExportStatus::Expired, Some(&APPROVAL_EXPIRED)),
    };
    let values: [Value; 4] = [
        status.as_str().into(),
        refused.map(|_| micros(tx.now())).into(),
        tx.operation().institution.uuid().into(),
        approval.id.uuid().into(),
    ];
    let sql = "UPDATE exports SET version = version + 1, status = ?, finished_at = ? \
               WHERE institution_id = ? AND approval_id = ? AND status = 'waiting_for_approval' \
               RETURNING id, version, job_id";
    let Some(row) = tx.query_one_raw(statement(tx, sql, values)).await? else {
        return Ok(());
    };
    let job = Id::new(row.try_get("", "job_id")?);
    match refused {
        None => jobs::release(tx, job).await?,
        Some(why) => jobs::drop_held(tx, job, why).await?,
    }
    let (id, version) = (row.try_get("", "id")?, row.try_get("", "version")?);
    let is = json!({ "status": status.as_str() });
    let was = json!({ "status": ExportStatus::WaitingForApproval.as_str() });
    tx.record(Change::new("export", id, version, is).before(was));
    Ok(())
}

/// Queues the job that makes the file of an export; it does not begin while the export waits.
pub async fn queue(tx: &Tx, export: &Export) -> Result<(), Error> {
    let payload = export.id.uuid();
    let job = NewJob {
        id: export.job,
        kind: JobKind::RunExport,
        target: Some(("export", payload)),
        payload: payload.as_bytes(),
    };
    jobs::enqueue(tx, &job).await?;
    match export.status {
        ExportStatus::WaitingForApproval => jobs::hold(tx, export.job).await,
        _ => Ok(()),
    }
}

/// Notes that the file of an export leaves, before it does.
pub fn downloaded(tx: &Tx, export: &Export, made: &Exported) {
    let what = json!({
        "downloaded": true, "format": export.format.as_str(), "rows": made.rows,
        "revealed_rows": made.revealed_rows,
    });
    tx.record(Change::new(
        "export",
        export.id.uuid(),
        export.version,
        what,
    ));
}

fn filters(export: &Export) -> Result<Json, Error> {
    serde_json::from_str(&export.filters).map_err(Error::internal)
}

fn read(row: &QueryResult) -> Result<Export, Error> {
    let entity: String = row.try_get("", "entity")?;
    let format: String = row.try_get("", "format")?;
    let locale: String = row.try_get("", "locale")?;
    let status: String = row.try_get("", "status")?;
    let filters: Json = row.try_get("", "filters")?;
    let expand: String = row.try_get("", "expand")?;
    let custom: String = row.try_get("", "custom_fields")?;
    let custom = custom.split(',').filter(|code| !code.is_empty());
    let custom = custom
        .map(|code| FieldCode::parse(code).ok_or_else(|| Error::corrupt("code of a custom field")));
    Ok(Export {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        owner: Id::new(row.try_get("", "owner_id")?),
        job: Id::new(row.try_get("", "job_id")?),
        entity: ExportEntity::parse(&entity).ok_or_else(|| Error::corrupt("export entity"))?,
        format: ExportFormat::parse(&format).ok_or_else(|| Error::corrupt("export format"))?,
        locale: Locale::parse(&locale).ok_or_else(|| Error::corrupt("export locale"))?,
        filters: filters.to_string(),
        view: view(row)?,
        expand: expand
            .split(',')
            .filter(|part| !part.is_empty())
            .map(|part| {
                ExportExpansion::parse(part).ok_or_else(|| Error::corrupt("export expansion"))
            })
            .collect::<Result<_, _>>()?,
        custom_fields: custom.collect::<Result<_, _>>()?,
        approval: row.try_get::<Option<Uuid>>("", "approval_id")?.map(Id::new),
        status: ExportStatus::parse(&status).ok_or_else(|| Error::corrupt("export status"))?,
        rights: rights(row)?,
        result: made(row)?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
        finished_at: row
            .try_get::<Option<i64>>("", "finished_at")?
            .map(timestamp)
            .transpose()?,
    })
}

fn rights(row: &QueryResult) -> Result<Option<[u8; 32]>, Error> {
    let rights: Option<Vec<u8>> = row.try_get("", "rights")?;
    let rights = rights.map(TryInto::try_into).transpose();
    rights.map_err(|_| Error::corrupt("export rights"))
}

fn view(row: &QueryResult) -> Result<Option<(Id<View>, i64)>, Error> {
    let view: Option<Uuid> = row.try_get("", "view_id")?;
    let version: Option<i64> = row.try_get("", "view_version")?;
    Ok(view.map(Id::new).zip(version))
}

fn made(row: &QueryResult) -> Result<Option<Exported>, Error> {
    let Some(file) = row.try_get("", "file_id")? else {
        return Ok(None);
    };
    let rights = rights(row)?.ok_or_else(|| Error::corrupt("export rights"))?;
    Ok(Some(Exported {
        file: Id::new(file),
        rows: row.try_get("", "row_count")?,
        revealed_rows: row.try_get("", "revealed_rows")?,
        rights,
        expires_at: timestamp(row.try_get("", "expires_at")?)?,
    }))
}
