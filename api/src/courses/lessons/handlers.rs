use actix_web::{get, patch, post};
use domain::{
    access::{CoursesWrite, DirectoryRead},
    courses::{Class, Lesson},
};
use persistence::courses::LessonFilter;

use super::{
    ChangeLesson, CreateLesson, LessonBody, LessonPage, ListClassLessons, ListLessons, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{created, get as read, list_where, shown},
};

const TAG: &str = "courses";

/// Plan a lesson of a class
///
/// `start_time` and `end_time` are times of day by the clocks of the campus, on `held_on`; the answer
/// gives the instants, too. A time that the clocks skip is refused.
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path)), request_body = CreateLesson,
    responses((status = 201, body = LessonBody)), security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/classes/{class_id}/lessons")]
pub(super) async fn create_lesson(
    ctx: Granted<CoursesWrite>,
    class: PathId<Class>,
    key: IdempotencyKey,
    body: Json<CreateLesson>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::plan(&tx, &grant, class.0, new.clone()).await?)
    })
    .await
}

/// List lessons: the timetable
///
/// In the order in which they begin, of all campuses unless filters say otherwise. A teacher's own
/// timetable is the list with the teacher's `teacher_id`.
#[utoipa::path(tag = TAG, params(Paging, ListLessons), responses((status = 200, body = LessonPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/lessons")]
pub(super) async fn list_lessons(
    ctx: Granted<DirectoryRead>,
    asked: List<ListLessons>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    list_where::<Lesson, _>(&ctx, part, query.include_archived, &query.filter()).await
}

/// List the lessons of a class
///
/// In the order in which they begin.
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path), Paging, ListClassLessons), responses((status = 200, body = LessonPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/classes/{class_id}/lessons")]
pub(super) async fn list_class_lessons(
    ctx: Granted<DirectoryRead>,
    class: PathId<Class>,
    asked: List<ListClassLessons>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let class = read(&ctx.read(), &ctx.grant, class.0).await?;
    let filter = LessonFilter {
        classes: vec![class.id],
        held_from: query.held_from,
        held_until: query.held_until,
        ..LessonFilter::default()
    };
    list_where::<Lesson, _>(&ctx, part, query.include_archived, &filter).await
}

/// Read a lesson
///
/// A cancelled one is found, too.
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), responses((status = 200, body = LessonBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/lessons/{lesson_id}")]
pub(super) async fn get_lesson(
    ctx: Granted<DirectoryRead>,
    id: PathId<Lesson>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a lesson whose roll was not called
///
/// As long as its roll was not called, and it is not cancelled.
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), request_body = ChangeLesson,
    responses((status = 200, body = LessonBody)), security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "lesson_called"]))))]
#[patch("/lessons/{lesson_id}")]
pub(super) async fn change_lesson(
    ctx: Granted<CoursesWrite>,
    id: PathId<Lesson>,
    condition: IfMatch,
    body: Json<ChangeLesson>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Cancel a lesson whose roll was not called
///
/// A lesson whose roll was called can't be cancelled: its hours are used.
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), responses((status = 200, body = LessonBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["archived", "lesson_called"]))))]
#[post("/lessons/{lesson_id}/archive")]
pub(super) async fn archive_lesson(
    ctx: Granted<CoursesWrite>,
    id: PathId<Lesson>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take back that a lesson was cancelled
///
/// It takes place after all. Its class must be open.
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), responses((status = 200, body = LessonBody)),
    security(("bearer" = ["courses:write"])),
    extensions(("x-problem-codes" = json!(["not_archived"]))))]
#[post("/lessons/{lesson_id}/unarchive")]
pub(super) async fn unarchive_lesson(
    ctx: Granted<CoursesWrite>,
    id: PathId<Lesson>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}
