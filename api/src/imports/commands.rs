//! Use cases of imports.

use domain::{
    access::Oneself,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    files::{FILE_TYPE_REFUSED, StoredFile},
    id::Id,
    imports::{
        header::LeadField,
        outcome::{COLUMN_UNKNOWN, COLUMNS_MAX, FIELD_TAKEN, Import, ImportStatus, check_mapping},
    },
    jobs::{Job, JobKind},
    organization::Campus,
};
use jiff::{SignedDuration, Timestamp};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes},
    files, imports,
    jobs::store::{NewJob, enqueue},
    organization::store::campus_zone,
};

use super::{ColumnMapping, CreateImport};

/// How long the file of an import is kept.
const FILE_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Begins an import: queues the job that does it.
///
/// # Errors
/// 422 where the file is not the caller's or no table, the campus is out of reach, or the mapping
/// can't be right.
pub async fn create(
    tx: &Tx,
    grant: &impl Writes<Import>,
    own: &Grant<Oneself>,
    body: CreateImport,
) -> Result<Import, Error> {
    let scope = grant.scope();
    let mut faults = Vec::new();
    let campus = Id::<Campus>::new(body.campus_id);
    let open = campus_zone(tx, scope.institution(), campus).await?;
    if !open.is_some_and(|(_, open)| open) || !scope.covers(campus.cast(), campus) {
        faults.push(FieldFault::new("/campus_id", &REFERENCE_UNKNOWN));
    }
    if let Err(fault) = file(tx, own, Id::new(body.file_id), tx.now()).await? {
        faults.push(fault);
    }
    let mapping = body
        .mapping
        .as_deref()
        .map(|columns| mapping(columns, &mut faults));
    Fault::unless_empty(faults)?;
    let import = Import {
        id: tx.stamp().id(),
        version: 1,
        owner: Id::new(scope.principal()),
        campus,
        file: Id::new(body.file_id),
        job: tx.stamp().id::<Job>(),
        entity: body.entity.0,
        mode: body.mode.0,
        mapping,
        status: ImportStatus::Running,
        counts: Default::default(),
        result: None,
        created_at: tx.now(),
        finished_at: None,
    };
    imports::store::insert(tx, grant, &import).await?;
    // It stays as long as it may be needed to go on.
    let kept = tx.now().saturating_add(FILE_LASTS).ok();
    files::store::attach(
        tx,
        scope.institution(),
        import.file,
        ("import", import.id.uuid()),
        kept,
    )
    .await?;
    let payload = import.id.uuid();
    let job = NewJob {
        id: import.job,
        kind: JobKind::RunImport,
        target: Some(("import", import.id.uuid())),
        payload: payload.as_bytes(),
    };
    enqueue(tx, &job).await?;
    Ok(import)
}

/// A table of the caller's own.
pub async fn file(
    handle: &impl Handle,
    own: &Grant<Oneself>,
    id: Id<StoredFile>,
    now: Timestamp,
) -> Result<Result<StoredFile, FieldFault>, Error> {
    let found = files::store::find(handle, own, id, now).await?;
    Ok(match found {
        None => Err(FieldFault::new("/file_id", &REFERENCE_UNKNOWN)),
        // The file of an export leaves by its download only, which asks for more and is on the trail.
        Some(file)
            if file
                .attached_to
                .as_ref()
                .is_some_and(|(kind, _)| kind != "import") =>
        {
            Err(FieldFault::new("/file_id", &REFERENCE_UNKNOWN))
        }
        Some(file) if !file.kind.is_table() => Err(FieldFault::new("/file_id", &FILE_TYPE_REFUSED)),
        Some(file) => Ok(file),
    })
}

/// The fields by column.
fn mapping(columns: &[ColumnMapping], faults: &mut Vec<FieldFault>) -> Vec<Option<LeadField>> {
    let mut fields: Vec<Option<LeadField>> = Vec::new();
    for (place, mapped) in columns.iter().enumerate() {
        let field = mapped.field.0;
        let pointer = |name: &str| format!("/mapping/{place}/{name}");
        if mapped.column >= COLUMNS_MAX {
            faults.push(FieldFault::new(pointer("column"), &COLUMN_UNKNOWN));
            continue;
        }
        if field != LeadField::Ignore && fields.contains(&Some(field)) {
            faults.push(FieldFault::new(pointer("field"), &FIELD_TAKEN));
        }
        if fields.len() <= mapped.column {
            fields.resize(mapped.column + 1, None);
        }
        if let Some(held) = fields.get_mut(mapped.column) {
            if held.is_some() {
                faults.push(FieldFault::new(pointer("column"), &FIELD_TAKEN));
            }
            *held = Some(field);
        }
    }
    if let Err(rule) = check_mapping(&fields) {
        faults.push(FieldFault::new("/mapping", rule));
    }
    fields
}

/// An import of the caller's.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    id: Id<Import>,
) -> Result<Import, Error> {
    imports::store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}
