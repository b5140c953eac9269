//! Roll calls: what each lesson says of each student, once.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::Principal,
    courses::Lesson,
    enrollments::{Attendance, Enrollment},
    id::Id,
    organization::Institution,
    reference::Reference,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Value,
    sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    ROLL_CALLED,
    entity::{Column, Entity, Model},
    hours::HourEntry,
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    clock::{micros, timestamp},
    database::{Change, placeholders, statement, unless_stale},
    reference,
    scope::{of_class, scoped},
};

/// What a roll call says of a student.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub enrollment: Id<Enrollment>,
    pub status: Attendance,
    /// The use of hours that stands.
    pub entry: Option<Id<HourEntry>>,
}

/// A lesson whose roll is about to be called, where its whole class is within reach: nobody else
/// calls it until the transaction ends.
pub async fn lock_lesson<G>(
    tx: &Tx,
    grant: &G,
    id: Id<Lesson>,
) -> Result<Option<Reference<Lesson>>, Error>
where
    G: Reads<Lesson> + Writes<Attendance>,
{
    let scope = Reads::<Lesson>::scope(grant);
    let found = reference::find(tx, grant, id).await?;
    if !found.is_some_and(|lesson| reaches(scope, &lesson)) {
        return Ok(None);
    }
    if tx.is_postgres() {
        tx.query_one_raw(statement(
            tx,
            "SELECT 1 AS locked FROM lessons WHERE institution_id = ? AND id = ? FOR NO KEY UPDATE",
            [scope.institution().uuid().into(), id.uuid().into()],
        ))
        .await?;
    }
    reference::find(tx, grant, id).await
}

fn reaches(scope: &Scope, lesson: &Reference<Lesson>) -> bool {
    lesson.is_open() && scope.covers_class(lesson.details.class, lesson.details.campus)
}

/// Enrollments in the class of a lesson that was locked, whoever holds their students: whoever calls
/// a roll calls all of it. Locked by id, their students before them.
pub async fn lock_students<G>(
    tx: &Tx,
    grant: &G,
    lesson: &Reference<Lesson>,
    named: &BTreeSet<Id<Enrollment>>,
) -> Result<BTreeMap<Id<Enrollment>, Enrollment>, Error>
where
    G: Reads<Lesson> + Writes<Attendance>,
{
    if named.is_empty() {
        return Ok(BTreeMap::new());
    }
    let scope = Reads::<Lesson>::scope(grant);
    let class = lesson.details.class;
    if tx.is_postgres() {
        let places = placeholders(named.len());
        let sql = format!(
            "SELECT c.id FROM customers c JOIN enrollments e \
             ON e.institution_id = c.institution_id AND e.customer_id = c.id \
             WHERE e.institution_id = ? AND e.class_id = ? AND e.id IN ({places}) \
             ORDER BY c.id FOR KEY SHARE OF c"
        );
        let first: [Value; 2] = [scope.institution().uuid().into(), class.uuid().into()];
        let values = first
            .into_iter()
            .chain(named.iter().map(|id| id.uuid().into()));
        tx.query_all_raw(statement(tx, &sql, values)).await?;
    }
    of_class::<Entity>(scope, class.uuid())
        .filter(Column::Id.is_in(named.iter().map(|id| id.uuid())))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?
        .into_iter()
        .map(Model::read)
        .map(|enrollment| enrollment.map(|e| (e.id, e)))
        .collect()
}

/// The marks of a lesson that stand.
pub async fn marks(
    tx: &Tx,
    institution: Id<Institution>,
    lesson: Id<Lesson>,
) -> Result<BTreeMap<Id<Enrollment>, Mark>, Error> {
    tx.query_all_raw(statement(
        tx,
        "SELECT enrollment_id, status, entry_id FROM attendances \
         WHERE institution_id = ? AND lesson_id = ?",
        [institution.uuid().into(), lesson.uuid().into()],
    ))
    .await?
    .iter()
    .map(|row| {
        let mark = Mark {
            enrollment: Id::new(row.try_get("", "enrollment_id")?),
            status: status(row)?,
            entry: row.try_get::<Option<Uuid>>("", "entry_id")?.map(Id::new),
        };
        Ok((mark.enrollment, mark))
    })
    .collect()
}

/// A mark that stands, with whom it is of.
#[derive(Clone, Debug)]
pub struct Marked {
    pub enrollment: Enrollment,
    pub status: Attendance,
    /// What was used, in hundredths.
    pub used_hundredths: i32,
    pub marked_at: Timestamp,
    pub marked_by: Id<Principal>,
}

/// The marks of a lesson that stand, of the enrollments within reach, the oldest first.
pub async fn roll(
    handle: &impl Handle,
    grant: &impl Reads<Enrollment>,
    lesson: &Reference<Lesson>,
) -> Result<Vec<Marked>, Error> {
    let rows = handle
        .query_all_raw(statement(
            handle,
            "SELECT enrollment_id, status, marked_at, marked_by FROM attendances \
             WHERE institution_id = ? AND lesson_id = ?",
            [
                grant.scope().institution().uuid().into(),
                lesson.id.uuid().into(),
            ],
        ))
        .await?;
    let mut marks = BTreeMap::new();
    for row in &rows {
        marks.insert(row.try_get::<Uuid>("", "enrollment_id")?, row);
    }
    let students = scoped::<Entity>(grant)
        .filter(Column::ClassId.eq(lesson.details.class.uuid()))
        .filter(Column::Id.is_in(marks.keys().copied()))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(handle)
        .await?;
    let mut roll = Vec::new();
    for student in students {
        let Some(row) = marks.get(&student.id) else {
            continue;
        };
        let status = status(row)?;
        roll.push(Marked {
            enrollment: student.read()?,
            status,
            used_hundredths: match status {
                Attendance::Present => lesson.details.hours.hundredths(),
                Attendance::Absent | Attendance::Leave => 0,
            },
            marked_at: timestamp(row.try_get("", "marked_at")?)?,
            marked_by: Id::new(row.try_get("", "marked_by")?),
        });
    }
    Ok(roll)
}

fn status(row: &QueryResult) -> Result<Attendance, Error> {
    let status: String = row.try_get("", "status")?;
    Attendance::parse(&status).ok_or_else(|| Error::corrupt(Attendance::NAME))
}

/// Puts a mark where none stands, or in its place. The lesson is locked.
pub async fn put(
    tx: &Tx,
    institution: Id<Institution>,
    lesson: Id<Lesson>,
    mark: &Mark,
) -> Result<(), Error> {
    let values: [Value; 7] = [
        institution.uuid().into(),
        lesson.uuid().into(),
        mark.enrollment.uuid().into(),
        mark.status.as_str().into(),
        mark.entry.map(Id::uuid).into(),
        micros(tx.now()).into(),
        tx.operation().actor.principal.into(),
    ];
    tx.execute_raw(statement(
        tx,
        "INSERT INTO attendances (institution_id, lesson_id, enrollment_id, status, entry_id, \
         marked_at, marked_by) VALUES (?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (institution_id, lesson_id, enrollment_id) DO UPDATE SET \
         status = excluded.status, entry_id = excluded.entry_id, \
         marked_at = excluded.marked_at, marked_by = excluded.marked_by",
        values,
    ))
    .await?;
    Ok(())
}

/// Says that the roll of a lesson was called; the same lesson when it was called before and nothing
/// differs.
pub async fn called<G>(
    tx: &Tx,
    grant: &G,
    lesson: &Reference<Lesson>,
    changes: &[Mark],
) -> Result<Reference<Lesson>, Error>
where
    G: Reads<Lesson> + Writes<Attendance>,
{
    if changes.is_empty() && lesson.details.called_at.is_some() {
        return Ok(lesson.clone());
    }
    let called_at = lesson.details.called_at.unwrap_or(tx.now());
    let after = Reference {
        version: lesson.version + 1,
        details: Lesson {
            called_at: Some(called_at),
            ..lesson.details.clone()
        },
        ..lesson.clone()
    };
    let values: [Value; 5] = [
        after.version.into(),
        micros(called_at).into(),
        Reads::<Lesson>::scope(grant).institution().uuid().into(),
        lesson.id.uuid().into(),
        lesson.version.into(),
    ];
    let done = tx
        .execute_raw(statement(
            tx,
            "UPDATE lessons SET version = ?, called_at = ? \
             WHERE institution_id = ? AND id = ? AND version = ?",
            values,
        ))
        .await?;
    unless_stale(done.rows_affected())?;
    let marks: Vec<_> = changes
        .iter()
        .map(|mark| json!({ "enrollment_id": mark.enrollment, "status": mark.status.as_str() }))
        .collect();
    let was = json!({ "called_at": lesson.details.called_at.map(|at| at.to_string()) });
    let is = json!({ "called_at": called_at.to_string(), "students": marks });
    let data = json!({ "class_id": lesson.details.class, "students": marks });
    let change = Change::new("lesson", lesson.id.uuid(), after.version, is);
    tx.record(change.before(was).event(&ROLL_CALLED, data));
    Ok(after)
}
