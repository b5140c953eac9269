//! Use cases of lessons: load, decide, save.

use domain::{
    access::CoursesWrite,
    courses::{Class, Hours, Lesson, Slot},
    fault::Fault,
    id::Id,
    organization::Campus,
    reference::{ARCHIVED, Reference},
};
use jiff::tz::TimeZone;
use persistence::{
    Error, Tx,
    access::{Grant, Reads},
    payments::journal::Desk,
};

use super::{ChangeLesson, CreateLesson};
use crate::{
    http::IfMatch,
    reference::{as_read, choose, create, present, save},
};

/// Plans a lesson of a class.
///
/// # Errors
/// 404 where the class is out of reach, 409 where it is archived, 422 where a field breaks a rule.
pub async fn plan(
    tx: &Tx,
    grant: &Grant<CoursesWrite>,
    class: Id<Class>,
    body: CreateLesson,
) -> Result<Reference<Lesson>, Error> {
    let class = present(tx, grant, class).await?;
    if !class.is_open() {
        return Err(Fault::new(&ARCHIVED).into());
    }
    let slot = Slot {
        held_on: body.held_on,
        start_time: body.start_time.0,
        end_time: body.end_time.0,
    };
    let hours = Hours::new("/hours_hundredths", body.hours_hundredths)?;
    let campus = class.details.campus;
    let zone = zone(tx, grant, campus).await?;
    create(
        tx,
        grant,
        Lesson::plan(class.id, campus, slot, &zone, hours)?,
    )
    .await
}

/// Changes a lesson that the caller has read.
///
/// # Errors
/// 404 out of reach, 409 where it is cancelled or its roll was called, 422 where a field breaks a rule.
pub async fn change(
    tx: &Tx,
    grant: &Grant<CoursesWrite>,
    id: Id<Lesson>,
    condition: IfMatch,
    body: ChangeLesson,
) -> Result<Reference<Lesson>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let lesson = &before.details;
    lesson.uncalled()?;
    let slot = Slot {
        held_on: body.held_on.unwrap_or(lesson.held_on),
        start_time: body.start_time.map_or(lesson.start_time, |v| v.0),
        end_time: body.end_time.map_or(lesson.end_time, |v| v.0),
    };
    let hours = body
        .hours_hundredths
        .map(|hours| Hours::new("/hours_hundredths", hours))
        .transpose()?
        .unwrap_or(lesson.hours);
    let zone = zone(tx, grant, lesson.campus).await?;
    let after = Lesson::plan(lesson.class, lesson.campus, slot, &zone, hours)?;
    save(tx, grant, &before, before.change(after)?).await
}

/// Cancels a lesson.
///
/// # Errors
/// 404 out of reach, 409 where it is cancelled already or its roll was called.
pub async fn archive(
    tx: &Tx,
    grant: &Grant<CoursesWrite>,
    id: Id<Lesson>,
) -> Result<Reference<Lesson>, Error> {
    let before = present(tx, grant, id).await?;
    before.details.uncalled()?;
    save(tx, grant, &before, before.archive(&tx.stamp())?).await
}

/// Takes back that a lesson was cancelled, as long as its class is open.
pub async fn unarchive(
    tx: &Tx,
    grant: &Grant<CoursesWrite>,
    id: Id<Lesson>,
) -> Result<Reference<Lesson>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    choose(tx, grant, after.details.class, "/class_id").await?;
    save(tx, grant, &before, after).await
}

/// The clocks of a campus.
async fn zone(tx: &Tx, grant: &Grant<CoursesWrite>, campus: Id<Campus>) -> Result<TimeZone, Error> {
    let institution = Reads::<Class>::scope(grant).institution();
    let place = Desk::of(tx, institution, campus)
        .await?
        .ok_or_else(|| Error::corrupt("the campus of a class is gone"))?;
    Ok(place.zone)
}
