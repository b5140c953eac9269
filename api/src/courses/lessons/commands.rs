//! Use cases of lessons: load, decide, save.

use domain::{
    access::CoursesWrite,
    courses::{Class, Hours, Lesson, Slot},
    fault::Fault,
    id::Id,
    reference::{ARCHIVED, Reference},
};
use persistence::{
    Error, Tx,
    access::{Grant, Reads},
    payments::journal::Place,
};

use super::CreateLesson;
use crate::reference::{create, present};

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
    let institution = Reads::<Class>::scope(grant).institution();
    let place = Place::of(tx, institution, class.details.campus)
        .await?
        .ok_or_else(|| Error::corrupt("the campus of a class is gone"))?;
    let slot = Slot {
        date: body.date,
        starts: body.starts.0,
        ends: body.ends.0,
    };
    let hours = Hours::new("/hours_hundredths", body.hours_hundredths)?;
    let lesson = Lesson::plan(class.id, class.details.campus, slot, &place.zone, hours)?;
    create(tx, grant, lesson).await
}
