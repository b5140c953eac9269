//! Imports, for whoever began them.

use domain::{
    custom_fields::FieldCode,
    id::Id,
    imports::{
        choice::{Choice, ImportAction, ImportKey, ListChange},
        custom::CustomColumn,
        header::LeadField,
        outcome::{Counts, Import, ImportEntity, ImportMode, ImportStatus},
    },
    jobs::Job,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, statement, unless_stale},
    scope::{Page, own, own_page},
};

const COLUMNS: &str = "id, version, owner_id, campus_id, file_id, job_id, entity, mode, action, \
    match_key, lists, template_id, mapping, custom_fields, status, created, updated, unchanged, duplicate, skipped, failed, result_file_id, created_at, finished_at, \
    undo_job_id, undone_at, undone_by, (undo_job_id IS NOT NULL AND undone_at IS NULL AND NOT EXISTS ( \
    SELECT 1 FROM jobs j WHERE j.institution_id = imports.institution_id AND j.id = imports.undo_job_id \
    AND j.finished_at IS NULL)) AS undone_in_part";

/// Writes a new import.
pub async fn insert(tx: &Tx, grant: &impl Writes<Import>, import: &Import) -> Result<(), Error> {
    let mapping = import.mapping.as_ref().map(|fields| {
        let names = fields.iter().map(|field| field.map(TextEnum::as_str));
        json!(names.collect::<Vec<_>>())
    });
    let custom = import.custom_fields.iter();
    let custom: Vec<_> = custom.map(|one| (one.column, one.code.as_str())).collect();
    let custom = serde_json::to_string(&custom).map_err(Error::internal)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO imports (institution_id, id, version, owner_id, campus_id, file_id, job_id, \
         entity, mode, action, match_key, lists, template_id, mapping, custom_fields, last_row, created, duplicate, \
         skipped, failed, created_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?)",
        [
            grant.scope().institution().uuid().into(),
            import.id.uuid().into(),
            import.owner.uuid().into(),
            import.campus.uuid().into(),
            import.file.uuid().into(),
            import.job.uuid().into(),
            import.entity.as_str().into(),
            import.mode.as_str().into(),
            import.choice.action.as_str().into(),
            import.choice.key.as_str().into(),
            import.choice.lists.as_str().into(),
            import.template.map(Id::uuid).into(),
            mapping.into(),
            custom.into(),
            micros(import.created_at).into(),
        ],
    ))
    .await?;
    let mut after = json!({
        "campus_id": import.campus, "file_id": import.file, "mode": import.mode.as_str(),
        "action": import.choice.action.as_str(),
    });
    let codes = import.custom_fields.iter().map(|one| one.code.as_str());
    let codes: Vec<_> = codes.collect();
    if let (Some(after), false) = (after.as_object_mut(), codes.is_empty()) {
        after.insert("custom_fields".into(), json!(codes));
    }
    tx.record(Change::new("import", import.id.uuid(), 1, after));
    Ok(())
}

/// An import of the bearer of the grant.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    id: Id<Import>,
) -> Result<Option<Import>, Error> {
    let row = own(handle, grant.scope(), ("imports", COLUMNS), id.uuid()).await?;
    row.map(|row| read(&row)).transpose()
}

/// One page of the imports of the bearer of the grant.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    page: &Page,
) -> Result<Vec<Import>, Error> {
    let rows = own_page(handle, grant.scope(), ("imports", COLUMNS), page).await?;
    rows.iter().map(read).collect()
}

/// The last row that is done, with the import locked: nobody else goes on with it meanwhile.
pub async fn last_row(tx: &Tx, grant: &impl Writes<Import>, id: Id<Import>) -> Result<i64, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "UPDATE imports SET version = version WHERE institution_id = ? AND id = ? RETURNING last_row",
            [grant.scope().institution().uuid().into(), id.uuid().into()],
        ))
        .await?
        .ok_or_else(|| Error::internal("an import is gone"))?;
    Ok(row.try_get("", "last_row")?)
}

/// Moves on behind the rows of a step.
pub async fn advance(
    tx: &Tx,
    grant: &impl Writes<Import>,
    id: Id<Import>,
    last_row: i64,
    counts: &Counts,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "UPDATE imports SET version = version + 1, last_row = ?, created = created + ?, \
         updated = updated + ?, unchanged = unchanged + ?, duplicate = duplicate + ?, skipped = skipped + ?, failed = failed + ? \
         WHERE institution_id = ? AND id = ?",
        [
            last_row.into(),
            counts.created.into(),
            counts.updated.into(),
            counts.unchanged.into(),
            counts.duplicate.into(),
            counts.skipped.into(),
            counts.failed.into(),
            grant.scope().institution().uuid().into(),
            id.uuid().into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Notes where the result of an import can be read.
pub async fn keep_result(
    tx: &Tx,
    grant: &impl Writes<Import>,
    id: Id<Import>,
    result: Uuid,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "UPDATE imports SET version = version + 1, result_file_id = ? \
         WHERE institution_id = ? AND id = ?",
        [
            result.into(),
            grant.scope().institution().uuid().into(),
            id.uuid().into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Begins an import anew that leaves nothing behind but its rows.
pub async fn rewind(tx: &Tx, grant: &impl Writes<Import>, id: Id<Import>) -> Result<(), Error> {
    for sql in [
        "DELETE FROM import_rows WHERE institution_id = ? AND import_id = ?",
        "UPDATE imports SET last_row = 0, created = 0, updated = 0, unchanged = 0, duplicate = 0, \
         skipped = 0, failed = 0 \
         WHERE institution_id = ? AND id = ?",
    ] {
        let key = [grant.scope().institution().uuid().into(), id.uuid().into()];
        tx.execute_raw(statement(tx, sql, key)).await?;
    }
    Ok(())
}

/// Notes which job is to undo an import that was read.
pub async fn begin_undo(
    tx: &Tx,
    grant: &impl Writes<Import>,
    import: &Import,
    job: Id<Job>,
) -> Result<(), Error> {
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE imports SET version = version + 1, undo_job_id = ? \
             WHERE institution_id = ? AND id = ? AND version = ?",
            [
                job.uuid().into(),
                grant.scope().institution().uuid().into(),
                import.id.uuid().into(),
                import.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    let after = json!({ "undo_job_id": job });
    tx.record(Change::new(
        "import",
        import.id.uuid(),
        import.version + 1,
        after,
    ));
    Ok(())
}

/// Notes that an import is undone.
pub async fn end_undo(tx: &Tx, grant: &impl Writes<Import>, import: &Import) -> Result<(), Error> {
    let by = grant.scope().principal();
    tx.execute_raw(statement(
        tx,
        "UPDATE imports SET version = version + 1, undone_at = ?, undone_by = ? \
         WHERE institution_id = ? AND id = ?",
        [
            micros(tx.now()).into(),
            by.into(),
            grant.scope().institution().uuid().into(),
            import.id.uuid().into(),
        ],
    ))
    .await?;
    let after = json!({ "undone_at": tx.now().to_string(), "undone_by": by });
    tx.record(Change::new(
        "import",
        import.id.uuid(),
        import.version + 1,
        after,
    ));
    Ok(())
}

/// Removes rows of imports that ended before `until`; how many there were.
pub async fn remove_rows(tx: &Tx, until: Timestamp, limit: i64) -> Result<u64, Error> {
    let institution = tx.operation().institution.uuid();
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM import_rows WHERE institution_id = ? AND (import_id, row_number) IN ( \
             SELECT r.import_id, r.row_number FROM imports i JOIN import_rows r \
             ON r.institution_id = i.institution_id AND r.import_id = i.id \
             WHERE i.institution_id = ? AND i.finished_at < ? LIMIT ?)",
            [
                institution.into(),
                institution.into(),
                micros(until).into(),
                limit.into(),
            ],
        ))
        .await?;
    Ok(removed.rows_affected())
}

fn choice(row: &QueryResult) -> Result<Choice, Error> {
    let column = |name: &str| -> Result<String, Error> { Ok(row.try_get("", name)?) };
    let corrupt = || Error::corrupt("choice of an import");
    Ok(Choice {
        action: ImportAction::parse(&column("action")?).ok_or_else(corrupt)?,
        key: ImportKey::parse(&column("match_key")?).ok_or_else(corrupt)?,
        lists: ListChange::parse(&column("lists")?).ok_or_else(corrupt)?,
    })
}

fn custom(row: &QueryResult) -> Result<Vec<CustomColumn>, Error> {
    let corrupt = || Error::corrupt("custom fields of an import");
    let kept: String = row.try_get("", "custom_fields")?;
    let kept: Vec<(usize, String)> = serde_json::from_str(&kept).map_err(|_| corrupt())?;
    let columns = kept.into_iter().map(|(column, code)| {
        let code = FieldCode::parse(&code).ok_or_else(corrupt)?;
        Ok(CustomColumn { column, code })
    });
    columns.collect()
}

fn moment(row: &QueryResult, column: &str) -> Result<Option<Timestamp>, Error> {
    let at: Option<i64> = row.try_get("", column)?;
    at.map(timestamp).transpose()
}

fn read(row: &QueryResult) -> Result<Import, Error> {
    let entity: String = row.try_get("", "entity")?;
    let mode: String = row.try_get("", "mode")?;
    let status: String = row.try_get("", "status")?;
    let mapping: Option<Value> = row.try_get("", "mapping")?;
    let mapping = mapping.map(|fields| {
        let fields = fields.as_array().into_iter().flatten();
        fields
            .map(|field| field.as_str().and_then(LeadField::parse))
            .collect()
    });
    let undo_job = row.try_get::<Option<Uuid>>("", "undo_job_id")?.map(Id::new);
    let undone_at = moment(row, "undone_at")?;
    let status = match (undone_at, undo_job) {
        (Some(_), _) => ImportStatus::Undone,
        (None, Some(_)) => ImportStatus::Undoing,
        (None, None) => {
            ImportStatus::parse(&status).ok_or_else(|| Error::corrupt("import status"))?
        }
    };
    Ok(Import {
        id: Id::new(row.try_get("", "id")?),
        version: row.try_get("", "version")?,
        owner: Id::new(row.try_get("", "owner_id")?),
        campus: Id::new(row.try_get("", "campus_id")?),
        file: Id::new(row.try_get("", "file_id")?),
        job: Id::new(row.try_get("", "job_id")?),
        entity: ImportEntity::parse(&entity).ok_or_else(|| Error::corrupt("import entity"))?,
        mode: ImportMode::parse(&mode).ok_or_else(|| Error::corrupt("import mode"))?,
        choice: choice(row)?,
        template: row.try_get::<Option<Uuid>>("", "template_id")?.map(Id::new),
        mapping,
        custom_fields: custom(row)?,
        status,
        counts: Counts {
            created: row.try_get("", "created")?,
            updated: row.try_get("", "updated")?,
            unchanged: row.try_get("", "unchanged")?,
            duplicate: row.try_get("", "duplicate")?,
            skipped: row.try_get("", "skipped")?,
            failed: row.try_get("", "failed")?,
        },
        result: row
            .try_get::<Option<Uuid>>("", "result_file_id")?
            .map(Id::new),
        created_at: timestamp(row.try_get("", "created_at")?)?,
        finished_at: moment(row, "finished_at")?,
        undo_job,
        undone_in_part: row.try_get("", "undone_in_part")?,
        undone_at,
        undone_by: row.try_get::<Option<Uuid>>("", "undone_by")?.map(Id::new),
    })
}
