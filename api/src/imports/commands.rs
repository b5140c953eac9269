//! Use cases of imports.

use domain::{
    access::{ImportsRun, Oneself},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    files::{FILE_TYPE_REFUSED, StoredFile},
    id::Id,
    imports::{
        choice::{Choice, ImportKey, KEY_NOT_FOR_CREATING},
        header::LeadField,
        outcome::{COLUMN_UNKNOWN, COLUMNS_MAX, FIELD_TAKEN, Import, ImportStatus},
        template::{ImportTemplate, TEMPLATE_AND_MAPPING},
        undo::{IMPORT_BUILT_ON, IMPORT_TOO_OLD, InTheWay},
    },
    jobs::{Job, JobKind},
    organization::Campus,
};
use jiff::{SignedDuration, Timestamp};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads, Writes},
    files,
    imports::{
        self,
        undo::{self, Undoer},
    },
    jobs::store::{NewJob, enqueue},
    kept,
    organization::store::campus_zone,
};

use super::{ColumnMapping, CreateImport, ImportUndoPreview, change::writer, told};

/// How long the file of an import is kept.
const FILE_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Begins an import: queues the job that does it.
///
/// # Errors
/// 422 where the file is not the caller's or no table, the campus is out of reach, or the mapping
/// can't be right.
pub async fn create<G: Writes<Import> + Reads<ImportTemplate>>(
    tx: &Tx,
    grant: &G,
    own: &Grant<Oneself>,
    body: CreateImport,
) -> Result<Import, Error> {
    let scope = Reads::<Import>::scope(grant);
    let mut faults = Vec::new();
    let campus = Id::<Campus>::new(body.campus_id);
    let open = campus_zone(tx, scope.institution(), campus).await?;
    if !open.is_some_and(|(_, open)| open) || !scope.covers(campus.cast(), campus) {
        faults.push(FieldFault::new("/campus_id", &REFERENCE_UNKNOWN));
    }
    if let Err(fault) = file(tx, own, Id::new(body.file_id), tx.now()).await? {
        faults.push(fault);
    }
    let template = template(tx, grant, &body, &mut faults).await?;
    let choice = chosen(tx, &body, template.as_ref(), &mut faults)?;
    let mapping = body
        .mapping
        .as_deref()
        .map(|columns| mapping(columns, &choice, &mut faults));
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
        choice,
        template: template.as_ref().map(|template| template.id),
        mapping,
        status: ImportStatus::Running,
        counts: Default::default(),
        result: None,
        created_at: tx.now(),
        finished_at: None,
        undo_job: None,
        undone_in_part: false,
        undone_at: None,
        undone_by: None,
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
    let columns = template
        .as_ref()
        .map(|template| template.columns.as_slice());
    let payload = told::write(import.id, columns)?;
    let job = NewJob {
        id: import.job,
        kind: JobKind::RunImport,
        target: Some(("import", import.id.uuid())),
        payload: &payload,
    };
    enqueue(tx, &job).await?;
    Ok(import)
}

/// By which rights somebody undoes an import.
pub(super) fn undoer(
    grant: &Grant<ImportsRun>,
    caller: Option<&Authority>,
    now: Timestamp,
) -> Undoer {
    Undoer {
        deleting: grant.clone(),
        writing: caller.and_then(|caller| Grant::of(caller, now)),
    }
}

/// How many of the customers that stand in the way are named.
const NAMED: usize = 100;
/// Customers that are looked at together.
const LOOKED_AT: u64 = 400;
/// How often that is done before an undo is begun: its job looks at all.
const LOOKS: usize = 5;

/// What undoing an import of the caller's would do.
///
/// # Errors
/// 409 where the import is not in a state to be undone.
pub async fn preview_undo(
    handle: &impl Handle,
    undoer: &Undoer,
    id: Id<Import>,
    now: Timestamp,
) -> Result<ImportUndoPreview, Error> {
    let grant = &undoer.deleting;
    let import = get(handle, grant, id).await?;
    import.undoable(now)?;
    let (customers, restored) = made(handle, grant, &import).await?;
    let (in_the_way, named) = obstacles(handle, undoer, id, usize::MAX).await?;
    Ok(ImportUndoPreview {
        customers,
        restored,
        in_the_way,
        obstacles: named.into_iter().map(Into::into).collect(),
    })
}

/// Makes sure, before anything is begun, that nothing stands in the way of undoing an import of the caller's, as
/// far as that is soon seen.
///
/// # Errors
/// As [`preview_undo`], and 409 where something does.
pub async fn unless_built_on(
    handle: &impl Handle,
    undoer: &Undoer,
    id: Id<Import>,
    now: Timestamp,
) -> Result<(), Error> {
    let import = get(handle, &undoer.deleting, id).await?;
    import.undoable(now)?;
    match obstacles(handle, undoer, id, LOOKS).await? {
        (0, _) => Ok(()),
        _ => Err(Fault::new(&IMPORT_BUILT_ON).into()),
    }
}

/// How many customers of an import stand in the way of undoing it, and the first of them, after so many looks
/// at most.
async fn obstacles(
    handle: &impl Handle,
    undoer: &Undoer,
    id: Id<Import>,
    looks: usize,
) -> Result<(i64, Vec<InTheWay>), Error> {
    let (mut count, mut named) = (0, Vec::new());
    let mut after = None;
    for _ in 0..looks {
        let part = undo::page(handle, &undoer.deleting, id, after, LOOKED_AT).await?;
        let Some(last) = part.last() else { break };
        after = Some(last.customer);
        let found = undo::in_the_way(handle, undoer, id, &part).await?;
        count += i64::try_from(found.len()).map_err(Error::internal)?;
        let room = NAMED.saturating_sub(named.len());
        named.extend(found.into_iter().take(room));
    }
    Ok((count, named))
}

/// Begins to undo an import: queues the job that does it.
///
/// # Errors
/// As [`preview_undo`].
pub async fn undo(tx: &Tx, grant: &impl Writes<Import>, id: Id<Import>) -> Result<Id<Job>, Error> {
    let import = get(tx, grant, id).await?;
    import.undoable(tx.now())?;
    made(tx, grant, &import).await?;
    let job = tx.stamp().id::<Job>();
    imports::store::begin_undo(tx, grant, &import, job).await?;
    let payload = id.uuid();
    let job = NewJob {
        id: job,
        kind: JobKind::UndoImport,
        target: Some(("import", id.uuid())),
        payload: payload.as_bytes(),
    };
    enqueue(tx, &job).await?;
    Ok(job.id)
}

/// How many customers an import made, and how many it changed, that are not undone.
async fn made(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    import: &Import,
) -> Result<(i64, i64), Error> {
    let (made, changed) = undo::count(handle, grant, import.id).await?;
    // Nobody wrote down which they were, or that was forgotten.
    if made + changed == 0 && import.counts.created + import.counts.updated > 0 {
        return Err(Fault::new(&IMPORT_TOO_OLD).into());
    }
    Ok((made, changed))
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

/// The template by which an import begins.
async fn template(
    tx: &Tx,
    grant: &impl Reads<ImportTemplate>,
    body: &CreateImport,
    faults: &mut Vec<FieldFault>,
) -> Result<Option<ImportTemplate>, Error> {
    let Some(id) = body.template_id else {
        return Ok(None);
    };
    let found = kept::find(tx, grant, Id::new(id)).await?;
    if found.is_none() {
        faults.push(FieldFault::new("/template_id", &REFERENCE_UNKNOWN));
    }
    if body.mapping.is_some() {
        faults.push(FieldFault::new("/mapping", &TEMPLATE_AND_MAPPING));
    }
    Ok(found)
}

/// What is to be done with rows.
///
/// # Errors
/// 403 for who may not change customers, where that is asked for.
fn chosen(
    tx: &Tx,
    body: &CreateImport,
    template: Option<&ImportTemplate>,
    faults: &mut Vec<FieldFault>,
) -> Result<Choice, Fault> {
    let usual = template.map_or(Choice::CREATE, |template| template.choice);
    let choice = Choice {
        action: body.action.map_or(usual.action, |action| action.0),
        key: body.key.map_or(usual.key, |key| key.0),
        lists: body.lists.map_or(usual.lists, |lists| lists.0),
    };
    if let Some(template) = template {
        let fields: Vec<_> = template.columns.iter().map(|one| Some(one.field)).collect();
        if let Err(rule) = choice.check_mapping(&fields) {
            faults.push(FieldFault::new("/template_id", rule));
        }
    }
    if choice.updates() {
        writer(tx)?;
    } else if choice.key != ImportKey::Household {
        faults.push(FieldFault::new("/key", &KEY_NOT_FOR_CREATING));
    }
    Ok(choice)
}

/// The fields by column.
fn mapping(
    columns: &[ColumnMapping],
    choice: &Choice,
    faults: &mut Vec<FieldFault>,
) -> Vec<Option<LeadField>> {
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
    if let Err(rule) = choice.check_mapping(&fields) {
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
