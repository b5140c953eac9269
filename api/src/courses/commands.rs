//! Use cases of subjects, courses and classes: load, decide, save.

use domain::{
    access::CoursesWrite,
    courses::{Class, Course, INSTITUTION_ONLY, Subject, TEACHER_NOT_AT_CAMPUS},
    fault::{CURRENCY_MISMATCH, Fault, FieldFault, REFERENCE_UNKNOWN},
    id::Id,
    money::Money,
    organization::Campus,
    reference::Reference,
};
use persistence::{
    Error, Tx,
    access::{Grant, Reads, Scope},
    organization::{institution::currency_of_books, store::works_at},
};

use super::{
    ChangeClass, ChangeCourse, ChangeSubject, CreateClass, CreateCourse, CreateSubject, body::Terms,
};
use crate::{
    http::IfMatch,
    reference::{as_read, choose, create, present, save},
};

type Planner = Grant<CoursesWrite>;

fn scope(grant: &Planner) -> &Scope {
    Reads::<Class>::scope(grant)
}

/// Subjects and courses are shared by all campuses: who plans for some of them only chooses.
fn whole(grant: &Planner) -> Result<(), Error> {
    if scope(grant).is_whole() {
        Ok(())
    } else {
        Err(Fault::new(&INSTITUTION_ONLY).into())
    }
}

pub async fn create_subject(
    tx: &Tx,
    grant: &Planner,
    body: CreateSubject,
) -> Result<Reference<Subject>, Error> {
    whole(grant)?;
    create(tx, grant, Subject { name: body.name }).await
}

pub async fn change_subject(
    tx: &Tx,
    grant: &Planner,
    id: Id<Subject>,
    condition: IfMatch,
    body: ChangeSubject,
) -> Result<Reference<Subject>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    save(tx, grant, &before, after).await
}

pub async fn create_course(
    tx: &Tx,
    grant: &Planner,
    body: CreateCourse,
) -> Result<Reference<Course>, Error> {
    whole(grant)?;
    let Terms {
        hours: Some(hours),
        price: Some(price),
    } = Terms::read(Some(body.hours_hundredths), Some(&body.price))?
    else {
        return Err(Error::internal("terms that were given are missing"));
    };
    own_currency(tx, grant, price).await?;
    let course = Course {
        name: body.name,
        subject: Id::new(body.subject_id),
        level: body.level,
        hours,
        price,
    };
    choose(tx, grant, course.subject, "/subject_id").await?;
    create(tx, grant, course).await
}

pub async fn change_course(
    tx: &Tx,
    grant: &Planner,
    id: Id<Course>,
    condition: IfMatch,
    body: ChangeCourse,
) -> Result<Reference<Course>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone())?)?;
    own_currency(tx, grant, after.details.price).await?;
    if after.details.subject != before.details.subject {
        choose(tx, grant, after.details.subject, "/subject_id").await?;
    }
    save(tx, grant, &before, after).await
}

pub async fn unarchive_course(
    tx: &Tx,
    grant: &Planner,
    id: Id<Course>,
) -> Result<Reference<Course>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    choose(tx, grant, after.details.subject, "/subject_id").await?;
    save(tx, grant, &before, after).await
}

/// Opens a class; hours and price are those of its course unless it has its own.
///
/// # Errors
/// 422 where a field breaks a rule, or campus, course or teacher can't be chosen.
pub async fn create_class(
    tx: &Tx,
    grant: &Planner,
    body: CreateClass,
) -> Result<Reference<Class>, Error> {
    let campus: Id<Campus> = Id::new(body.campus_id);
    if !scope(grant).includes(campus) {
        return Err(FieldFault::new("/campus_id", &REFERENCE_UNKNOWN).into());
    }
    choose(tx, grant, campus, "/campus_id").await?;
    let course = choose(tx, grant, Id::<Course>::new(body.course_id), "/course_id").await?;
    let terms = Terms::read(body.hours_hundredths, body.price.as_ref())?;
    let class = Class {
        name: body.name,
        number: body.number,
        course: course.id,
        campus,
        teacher: body.teacher_id.map(Id::new),
        room: body.room,
        capacity: body.capacity,
        seats_taken: 0,
        hours: terms.hours.unwrap_or(course.details.hours),
        price: terms.price.unwrap_or(course.details.price),
        starts_on: body.starts_on,
        ends_on: body.ends_on,
    };
    own_currency(tx, grant, class.price).await?;
    teacher_of(tx, grant, &class).await?;
    create(tx, grant, class).await
}

pub async fn change_class(
    tx: &Tx,
    grant: &Planner,
    id: Id<Class>,
    condition: IfMatch,
    body: ChangeClass,
) -> Result<Reference<Class>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone())?)?;
    own_currency(tx, grant, after.details.price).await?;
    if after.details.teacher != before.details.teacher {
        teacher_of(tx, grant, &after.details).await?;
    }
    save(tx, grant, &before, after).await
}

pub async fn unarchive_class(
    tx: &Tx,
    grant: &Planner,
    id: Id<Class>,
) -> Result<Reference<Class>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    choose(tx, grant, after.details.campus, "/campus_id").await?;
    choose(tx, grant, after.details.course, "/course_id").await?;
    save(tx, grant, &before, after).await
}

async fn teacher_of(tx: &Tx, grant: &Planner, class: &Class) -> Result<(), Error> {
    match class.teacher {
        Some(teacher)
            if !works_at(tx, scope(grant).institution(), teacher, class.campus).await? =>
        {
            Err(FieldFault::new("/teacher_id", &TEACHER_NOT_AT_CAMPUS).into())
        }
        _ => Ok(()),
    }
}

async fn own_currency(tx: &Tx, grant: &Planner, price: Money) -> Result<(), Error> {
    if currency_of_books(tx, scope(grant).institution()).await? == price.currency() {
        Ok(())
    } else {
        Err(FieldFault::new("/price/currency", &CURRENCY_MISMATCH).into())
    }
}
