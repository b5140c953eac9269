use actix_web::{get, post};
use domain::{
    access::Oneself,
    approvals::{Approval, Side},
};
use persistence::{
    Error,
    approvals::store::{self, Seen},
    clock::micros,
    scope::Direction,
};

use super::{
    ApprovalBody, ApprovalPage, DecideApproval, DelegateApproval, ListApprovals, TAG, commands,
};
use crate::{
    access::{Granted, OptionalIdempotencyKey},
    http::{Json, List, Problem, Reply, list::Paging, path::PathId},
};

fn shown(seen: Seen) -> Result<Reply, Error> {
    let version = seen.approval.version;
    Reply::record(version, &ApprovalBody::from(seen))
}

/// List the approvals that concern oneself
///
/// The newest first: what one asked for, can decide, has decided, or is named to decide. Nobody sees others.
#[utoipa::path(tag = TAG, params(Paging, ListApprovals), responses((status = 200, body = ApprovalPage)),
    security(("bearer" = ["self"])))]
#[get("/approvals")]
pub(super) async fn list_approvals(
    ctx: Granted<Oneself>,
    asked: List<ListApprovals>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let side = query.side.map_or(Side::All, |side| side.0);
    let states: Vec<_> = query.state.iter().flatten().map(|state| state.0).collect();
    let rows = store::list(&ctx.read(), &ctx.grant, (side, &states), &page).await?;
    let (rows, next) = part.cut(rows, |seen| {
        (micros(seen.approval.created_at), seen.approval.id.uuid())
    });
    Ok(next.answer::<ApprovalPage>(rows.into_iter().map(Into::into))?)
}

/// Read an approval that concerns oneself
///
/// With all that was done to it.
#[utoipa::path(tag = TAG, params(("approval_id" = Uuid, Path)), responses((status = 200, body = ApprovalBody)),
    security(("bearer" = ["self"])))]
#[get("/approvals/{approval_id}")]
pub(super) async fn get_approval(
    ctx: Granted<Oneself>,
    id: PathId<Approval>,
) -> Result<Reply, Problem> {
    Ok(shown(commands::get(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Approve or refuse
///
/// The step that the approval waits for, by whom it names; of a role, whoever is first. Who is suspended or
/// has left is passed over: where nobody works whom the step names, whoever has `approvals:configure`
/// decides (`deciders` says `administrators`), and where nobody has that either, whoever has `roles:write`
/// (`nobody`). Nobody decides what they asked for. One person may decide several steps. After the last
/// step, or a refusal, what waited goes on or ends, and who asked gets a notice; before, whoever decides
/// the next one.
#[utoipa::path(tag = TAG, params(("approval_id" = Uuid, Path)), request_body = DecideApproval,
    responses((status = 200, body = ApprovalBody)), security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["approval_ended", "approval_step_decided", "approval_own", "approval_not_yours"]))))]
#[post("/approvals/{approval_id}/decision")]
pub(super) async fn decide_approval(
    ctx: Granted<Oneself>,
    id: PathId<Approval>,
    key: OptionalIdempotencyKey,
    body: Json<DecideApproval>,
) -> Result<Reply, Problem> {
    let decision = &body.value;
    let reply = ctx
        .once(key.of(body.fingerprint), |tx, grant| async move {
            shown(commands::decide(&tx, &grant, id.0, decision.clone()).await?)
        })
        .await?;
    ctx.app().jobs.wake();
    Ok(reply)
}

/// Leave the decision to somebody else
///
/// The step that the approval waits for, by whoever decides it: from then on that person does, and gets a
/// notice.
#[utoipa::path(tag = TAG, params(("approval_id" = Uuid, Path)), request_body = DelegateApproval,
    responses((status = 200, body = ApprovalBody)), security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["approval_ended", "approval_step_decided", "approval_own", "approval_not_yours"]))))]
#[post("/approvals/{approval_id}/delegate")]
pub(super) async fn delegate_approval(
    ctx: Granted<Oneself>,
    id: PathId<Approval>,
    key: OptionalIdempotencyKey,
    body: Json<DelegateApproval>,
) -> Result<Reply, Problem> {
    let asked = &body.value;
    ctx.once(key.of(body.fingerprint), |tx, grant| async move {
        shown(commands::delegate(&tx, &grant, id.0, asked.clone()).await?)
    })
    .await
}

/// Recall what one asked for
///
/// While it waits. What waited for it ends.
#[utoipa::path(tag = TAG, params(("approval_id" = Uuid, Path)), responses((status = 200, body = ApprovalBody)),
    security(("bearer" = ["self"])), extensions(("x-problem-codes" = json!(["approval_ended", "approval_not_asked"]))))]
#[post("/approvals/{approval_id}/recall")]
pub(super) async fn recall_approval(
    ctx: Granted<Oneself>,
    id: PathId<Approval>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::recall(&tx, &grant, id.0).await?)
    })
    .await
}
