use actix_web::post;
use domain::{access::AttendanceWrite, courses::Lesson};

use super::{CallRoll, RollCall, commands};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{Json, Problem, Reply, path::PathId},
};

const TAG: &str = "enrollments";

/// Call the roll of a lesson, or correct it
#[utoipa::path(tag = TAG, params(("lesson_id" = Uuid, Path)), request_body = CallRoll,
    responses((status = 200, body = RollCall)), security(("bearer" = ["attendance:write"])),
    extensions(("x-moves-value" = json!(true))))]
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
