use actix_web::{get, post};
use domain::{
    access::{AttendanceWrite, DirectoryRead, EnrollmentsRead},
    courses::Lesson,
    fault::{Fault, NOT_FOUND},
};
use persistence::{access::Grant, reference};

use super::{CallRoll, Roll, RollCall, commands};
use crate::{
    access::{Granted, IdempotencyKey, fields::show_as},
    enrollments::NAMES,
    http::{Json, Problem, Reply, path::PathId},
};

const TAG: &str = "enrollments";

/// Call the roll of a lesson, or correct it
///
/// Names as many students as are to be marked; the others stay as they were. `present` uses the hours
/// of the lesson, any other mark gives them back. Calling again corrects: only what differs is done.
/// All of it, or nothing: `errors` names each student for whom it is refused.
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), request_body = CallRoll,
    responses((status = 200, body = RollCall)), security(("bearer" = ["attendance:write"])),
    extensions(("x-problem-codes" = json!(["hours_exhausted", "lesson_ahead", "student_withdrawn"])),
        ("x-moves-value" = json!(true))))]
#[post("/lessons/{lesson_id}/roll-call")]
pub(super) async fn call_roll(
    ctx: Granted<AttendanceWrite>,
    id: PathId<Lesson>,
    key: IdempotencyKey,
    body: Json<CallRoll>,
) -> Result<Reply, Problem> {
    let roll = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let called: RollCall = commands::call_roll(&tx, &grant, id.0, roll).await?;
        Reply::record(called.version, &called)
    })
    .await
}

/// Read who was marked how in a lesson
///
/// Before the first call there are no students, and `called_at` is null.
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), responses((status = 200, body = Roll)),
    security(("bearer" = ["enrollments:read"])))]
#[get("/lessons/{lesson_id}/roll-call")]
pub(super) async fn get_roll_call(
    ctx: Granted<EnrollmentsRead>,
    id: PathId<Lesson>,
) -> Result<Reply, Problem> {
    let read = ctx.read();
    let catalogue = Grant::<DirectoryRead>::system(
        ctx.authority().institution(),
        ctx.stamp().now(),
        "the lesson of a roll",
    );
    let lesson = reference::find(&read, &catalogue, id.0)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let students = commands::roll(&read, &ctx.grant, &lesson)
        .await?
        .into_iter()
        .map(|entry| show_as(Some(ctx.authority()), "customers", NAMES, entry))
        .collect::<Result<_, _>>()?;
    let roll = Roll {
        lesson_id: lesson.id.uuid(),
        version: lesson.version,
        called_at: lesson.details.called_at,
        students,
    };
    Ok(Reply::record(lesson.version, &roll)?)
}
