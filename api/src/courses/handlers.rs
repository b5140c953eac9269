use actix_web::{get, patch, post};
use domain::{
    access::{CoursesWrite, DirectoryRead},
    courses::{Class, Course, Subject},
};

use super::{
    ChangeClass, ChangeCourse, ChangeSubject, ClassBody, ClassPage, CourseBody, CoursePage,
    CreateClass, CreateCourse, CreateSubject, ListClasses, ListCourses, SubjectBody, SubjectPage,
    commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, list_where, named, shown},
};

const TAG: &str = "courses";

/// Add a subject
///
/// Its name must be free among those that are not archived. Only whoever plans for the whole
/// institution may add one.
#[utoipa::path(tag = TAG, request_body = CreateSubject, responses((status = 201, body = SubjectBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "institution_only"]))))]
#[post("/subjects")]
pub(super) async fn create_subject(
    ctx: Granted<CoursesWrite>,
    key: IdempotencyKey,
    body: Json<CreateSubject>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_subject(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List subjects
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = SubjectPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/subjects")]
pub(super) async fn list_subjects(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Subject, _>(&ctx, asked).await
}

/// Read a subject
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("subject_id" = Uuid, Path)), responses((status = 200, body = SubjectBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/subjects/{subject_id}")]
pub(super) async fn get_subject(
    ctx: Granted<DirectoryRead>,
    id: PathId<Subject>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a subject
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("subject_id" = Uuid, Path)), request_body = ChangeSubject,
    responses((status = 200, body = SubjectBody)), security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/subjects/{subject_id}")]
pub(super) async fn change_subject(
    ctx: Granted<CoursesWrite>,
    id: PathId<Subject>,
    condition: IfMatch,
    body: Json<ChangeSubject>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_subject(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a subject
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("subject_id" = Uuid, Path)), responses((status = 200, body = SubjectBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/subjects/{subject_id}/archive")]
pub(super) async fn archive_subject(
    ctx: Granted<CoursesWrite>,
    id: PathId<Subject>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a subject out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("subject_id" = Uuid, Path)), responses((status = 200, body = SubjectBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/subjects/{subject_id}/unarchive")]
pub(super) async fn unarchive_subject(
    ctx: Granted<CoursesWrite>,
    id: PathId<Subject>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Add a course
///
/// Classes take their hours and their price from it, unless they have their own. Its name must be free
/// among those that are not archived. Only whoever plans for the whole institution may add one.
#[utoipa::path(tag = TAG, request_body = CreateCourse, responses((status = 201, body = CourseBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "institution_only"]))))]
#[post("/courses")]
pub(super) async fn create_course(
    ctx: Granted<CoursesWrite>,
    key: IdempotencyKey,
    body: Json<CreateCourse>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_course(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List courses
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListCourses), responses((status = 200, body = CoursePage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/courses")]
pub(super) async fn list_courses(
    ctx: Granted<DirectoryRead>,
    asked: List<ListCourses>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let filter = named(query.subject_id.as_ref());
    list_where::<Course, _>(&ctx, part, query.include_archived, &filter).await
}

/// Read a course
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("course_id" = Uuid, Path)), responses((status = 200, body = CourseBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/courses/{course_id}")]
pub(super) async fn get_course(
    ctx: Granted<DirectoryRead>,
    id: PathId<Course>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a course
///
/// What is archived can't be changed. Classes keep the hours and the price that they have.
#[utoipa::path(tag = TAG, params(("course_id" = Uuid, Path)), request_body = ChangeCourse,
    responses((status = 200, body = CourseBody)), security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/courses/{course_id}")]
pub(super) async fn change_course(
    ctx: Granted<CoursesWrite>,
    id: PathId<Course>,
    condition: IfMatch,
    body: Json<ChangeCourse>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_course(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a course
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("course_id" = Uuid, Path)), responses((status = 200, body = CourseBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/courses/{course_id}/archive")]
pub(super) async fn archive_course(
    ctx: Granted<CoursesWrite>,
    id: PathId<Course>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a course out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("course_id" = Uuid, Path)), responses((status = 200, body = CourseBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/courses/{course_id}/unarchive")]
pub(super) async fn unarchive_course(
    ctx: Granted<CoursesWrite>,
    id: PathId<Course>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_course(&tx, &grant, id.0).await?)
    })
    .await
}

/// Open a class
///
/// Hours and price are those of the course, unless the class has its own. The price is in the currency
/// of the institution.
#[utoipa::path(tag = TAG, request_body = CreateClass, responses((status = 201, body = ClassBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "class_number_taken"]))))]
#[post("/classes")]
pub(super) async fn create_class(
    ctx: Granted<CoursesWrite>,
    key: IdempotencyKey,
    body: Json<CreateClass>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_class(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List classes
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListClasses), responses((status = 200, body = ClassPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/classes")]
pub(super) async fn list_classes(
    ctx: Granted<DirectoryRead>,
    asked: List<ListClasses>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    list_where::<Class, _>(&ctx, part, query.include_archived, &query.filter()).await
}

/// Read a class
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path)), responses((status = 200, body = ClassBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/classes/{class_id}")]
pub(super) async fn get_class(
    ctx: Granted<DirectoryRead>,
    id: PathId<Class>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a class
///
/// Enrollments keep the hours and the price that they were made with. `capacity` can't fall below the
/// seats that are taken.
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path)), request_body = ChangeClass,
    responses((status = 200, body = ClassBody)), security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken", "class_number_taken",
        "capacity_below_taken"]))))]
#[patch("/classes/{class_id}")]
pub(super) async fn change_class(
    ctx: Granted<CoursesWrite>,
    id: PathId<Class>,
    condition: IfMatch,
    body: Json<ChangeClass>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_class(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a class
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path)), responses((status = 200, body = ClassBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/classes/{class_id}/archive")]
pub(super) async fn archive_class(
    ctx: Granted<CoursesWrite>,
    id: PathId<Class>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a class out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path)), responses((status = 200, body = ClassBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken", "class_number_taken"]))))]
#[post("/classes/{class_id}/unarchive")]
pub(super) async fn unarchive_class(
    ctx: Granted<CoursesWrite>,
    id: PathId<Class>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_class(&tx, &grant, id.0).await?)
    })
    .await
}
