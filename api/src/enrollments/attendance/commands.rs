//! Calling the roll of a lesson: load, decide, save.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{AttendanceWrite, EnrollmentsRead},
    courses::Lesson,
    day,
    enrollments::{
        Attendance, Enrollment, HOURS_EXHAUSTED, LESSON_AHEAD, LISTED_TWICE, NOT_IN_CLASS,
        STUDENT_WITHDRAWN, Status,
    },
    fault::{Fault, FieldFault, NOT_FOUND, Rule},
    id::Id,
    reference::Reference,
};
use jiff::tz::TimeZone;
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    customers::links,
    enrollments::{
        attendance::{self, Mark},
        hours,
    },
    payments::journal::Desk,
};

use super::{CallRoll, RollCall, RollEntry, StudentMarked};
use crate::http::wire::Wire;

/// Marks students of a lesson. Who is present uses the hours of the lesson, once, however often the
/// roll is called; who is corrected gets them back.
///
/// # Errors
/// 404 where the lesson is out of reach, 422 where somebody is not in its class, 409 before its day, where
/// hours are exhausted or a student has withdrawn; nobody is marked then.
pub async fn call_roll(
    tx: &Tx,
    grant: &Grant<AttendanceWrite>,
    id: Id<Lesson>,
    body: &CallRoll,
) -> Result<RollCall, Error> {
    let lesson = attendance::lock_lesson(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    unless_ahead(tx, &lesson.details)?;
    let students = students(tx, grant, &lesson, body).await?;
    let changes = mark(tx, grant, &lesson, &students, body).await?;
    let lesson = attendance::called(tx, grant, &lesson, &changes).await?;
    let institution = Reads::<Lesson>::scope(grant).institution();
    let left = hours::left(tx, institution, students.keys().copied()).await?;
    Ok(RollCall {
        lesson_id: lesson.id.uuid(),
        version: lesson.version,
        called_at: lesson
            .details
            .called_at
            .ok_or_else(|| Error::internal("the roll was not called"))?,
        students: body
            .students
            .iter()
            .map(|student| StudentMarked {
                enrollment_id: student.enrollment_id,
                status: Wire(student.status.0),
                hours_left_hundredths: left
                    .get(&Id::new(student.enrollment_id))
                    .copied()
                    .unwrap_or_default(),
            })
            .collect(),
    })
}

/// Refuses what is said of a lesson before its day has begun where it is held: its hours would be used
/// up, and the plan could not change any more.
fn unless_ahead(tx: &Tx, lesson: &Lesson) -> Result<(), Error> {
    let zone = TimeZone::get(&lesson.time_zone).map_err(Error::corrupt)?;
    if tx.now() < day::bounds(lesson.held_on, &zone).start {
        return Err(Fault::new(&LESSON_AHEAD)
            .with("date", lesson.held_on)
            .into());
    }
    Ok(())
}

/// Who was marked how in a lesson whose whole class is within reach.
///
/// # Errors
/// 404 out of reach.
pub async fn roll(
    handle: &impl Handle,
    grant: &Grant<EnrollmentsRead>,
    lesson: &Reference<Lesson>,
) -> Result<Vec<RollEntry>, Error> {
    let scope = Reads::<Enrollment>::scope(grant);
    if !scope.covers_class(lesson.details.class, lesson.details.campus) {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    let roll = attendance::roll(handle, grant, lesson).await?;
    let students = roll
        .iter()
        .map(|marked| marked.enrollment.student)
        .collect();
    let names = links::names(handle, scope.institution(), &students).await?;
    Ok(roll
        .into_iter()
        .map(|marked| RollEntry {
            enrollment_id: marked.enrollment.id.uuid(),
            customer_id: marked.enrollment.student.uuid(),
            student_name: names.get(&marked.enrollment.student).cloned(),
            status: Wire(marked.status),
            hours_used_hundredths: marked.used_hundredths,
            marked_at: marked.marked_at,
            marked_by: marked.marked_by.uuid(),
        })
        .collect())
}

/// The students who are named, each once and of the class; they stay as they are until the
/// transaction ends.
async fn students(
    tx: &Tx,
    grant: &Grant<AttendanceWrite>,
    lesson: &Reference<Lesson>,
    body: &CallRoll,
) -> Result<BTreeMap<Id<Enrollment>, Enrollment>, Error> {
    let mut faults = Faults::default();
    let mut named = BTreeSet::new();
    for (place, student) in body.students.iter().enumerate() {
        if !named.insert(Id::<Enrollment>::new(student.enrollment_id)) {
            faults.add(place, &LISTED_TWICE);
        }
    }
    let found = attendance::lock_students(tx, grant, lesson, &named).await?;
    for (place, student) in body.students.iter().enumerate() {
        if !found.contains_key(&Id::new(student.enrollment_id)) {
            faults.add(place, &NOT_IN_CLASS);
        }
    }
    Fault::unless_empty(faults.0)?;
    Ok(found)
}

/// Writes what differs from the marks that stand.
async fn mark(
    tx: &Tx,
    grant: &Grant<AttendanceWrite>,
    lesson: &Reference<Lesson>,
    students: &BTreeMap<Id<Enrollment>, Enrollment>,
    body: &CallRoll,
) -> Result<Vec<Mark>, Error> {
    let institution = Reads::<Lesson>::scope(grant).institution();
    let place = Desk::of(tx, institution, lesson.details.campus)
        .await?
        .ok_or_else(|| Error::corrupt("the campus of a lesson is gone"))?;
    let standing = attendance::marks(tx, institution, lesson.id).await?;
    let (mut withdrawn, mut exhausted) = (Faults::default(), Faults::default());
    let mut changes = Vec::new();
    for (number, student) in body.students.iter().enumerate() {
        let id = Id::new(student.enrollment_id);
        let enrollment = students
            .get(&id)
            .ok_or_else(|| Error::internal("a student was lost"))?;
        let before = standing.get(&id);
        let status = student.status.0;
        if before.is_some_and(|mark| mark.status == status) {
            continue;
        }
        if enrollment.status == Status::Withdrawn {
            withdrawn.add(number, &STUDENT_WITHDRAWN);
            continue;
        }
        if let Some(used) = before.and_then(|mark| mark.entry) {
            hours::give_back(tx, institution, enrollment, used, &place).await?;
        }
        let mut entry = None;
        if status == Attendance::Present {
            let hours = lesson.details.hours;
            entry = hours::consume(tx, institution, enrollment, lesson.id, hours, &place).await?;
            if entry.is_none() {
                exhausted.add(number, &HOURS_EXHAUSTED);
                continue;
            }
        }
        let mark = Mark {
            enrollment: id,
            status,
            entry,
        };
        attendance::put(tx, institution, lesson.id, &mark).await?;
        changes.push(mark);
    }
    withdrawn.refuse(&STUDENT_WITHDRAWN)?;
    exhausted.refuse(&HOURS_EXHAUSTED)?;
    Ok(changes)
}

/// Students who break a rule.
#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, place: usize, rule: &'static Rule) {
        let pointer = format!("/students/{place}/enrollment_id");
        self.0.push(FieldFault::new(pointer, rule));
    }

    /// Refuses all of it under this rule, naming everybody who breaks it.
    fn refuse(self, rule: &'static Rule) -> Result<(), Fault> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Fault {
            fields: self.0,
            ..Fault::new(rule)
        })
    }
}
