use actix_web::{get, patch, post};
use domain::{
    access::{ApprovalsConfigure, DirectoryRead},
    approvals::ApprovalPolicy,
};

use super::{
    ApprovalPolicyBody, ApprovalPolicyPage, ChangeApprovalPolicy, CreateApprovalPolicy, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    approvals::TAG,
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, shown},
};

/// Add an approval policy
///
/// Where one applies, whoever asks waits until others have agreed, in the order of its steps. Its name, and
/// the amount from which it applies, must be free among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateApprovalPolicy, responses((status = 201, body = ApprovalPolicyBody)),
    security(("bearer" = ["approvals:configure"])),
    extensions(("x-problem-codes" = json!(["name_taken", "approval_policy_exists"]))))]
#[post("/approval-policies")]
pub(super) async fn create_approval_policy(
    ctx: Granted<ApprovalsConfigure>,
    key: IdempotencyKey,
    body: Json<CreateApprovalPolicy>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List approval policies
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = ApprovalPolicyPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/approval-policies")]
pub(super) async fn list_approval_policies(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<ApprovalPolicy, _>(&ctx, asked).await
}

/// Read an approval policy
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("approval_policy_id" = Uuid, Path)), responses((status = 200, body = ApprovalPolicyBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/approval-policies/{approval_policy_id}")]
pub(super) async fn get_approval_policy(
    ctx: Granted<DirectoryRead>,
    id: PathId<ApprovalPolicy>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change an approval policy
///
/// What is archived can't be changed. What waits already goes on by the version that it was made with.
#[utoipa::path(tag = TAG, params(("approval_policy_id" = Uuid, Path)), request_body = ChangeApprovalPolicy,
    responses((status = 200, body = ApprovalPolicyBody)), security(("bearer" = ["approvals:configure"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken", "approval_policy_exists"]))))]
#[patch("/approval-policies/{approval_policy_id}")]
pub(super) async fn change_approval_policy(
    ctx: Granted<ApprovalsConfigure>,
    id: PathId<ApprovalPolicy>,
    condition: IfMatch,
    body: Json<ChangeApprovalPolicy>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive an approval policy
///
/// It does not apply any more. What waits already goes on by it.
#[utoipa::path(tag = TAG, params(("approval_policy_id" = Uuid, Path)), responses((status = 200, body = ApprovalPolicyBody)),
    security(("bearer" = ["approvals:configure"])),
    extensions(("x-problem-codes" = json!(["archived"]))))]
#[post("/approval-policies/{approval_policy_id}/archive")]
pub(super) async fn archive_approval_policy(
    ctx: Granted<ApprovalsConfigure>,
    id: PathId<ApprovalPolicy>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take an approval policy out of the archive
///
/// It applies again. Refused where its name or amount was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("approval_policy_id" = Uuid, Path)), responses((status = 200, body = ApprovalPolicyBody)),
    security(("bearer" = ["approvals:configure"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken", "approval_policy_exists"]))))]
#[post("/approval-policies/{approval_policy_id}/unarchive")]
pub(super) async fn unarchive_approval_policy(
    ctx: Granted<ApprovalsConfigure>,
    id: PathId<ApprovalPolicy>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}
