use actix_web::{HttpRequest, get, patch, post};
use domain::{
    access::{FollowUpsRead, FollowUpsWrite},
    follow_ups::FollowUp,
};
use jiff::Timestamp;
use persistence::{clock::micros, follow_ups::store, scope::Direction};

use super::{
    ChangeFollowUp, FollowUpBody, FollowUpPage, ListDueFollowUps, ListFollowUps, RECORD,
    RecordFollowUp, commands,
};
use crate::{
    access::{
        Granted, IdempotencyKey,
        fields::{listable, show, show_in, writable},
    },
    http::{
        IfMatch, Json, List, Problem, Reply,
        list::{Next, Paging},
        path::PathId,
    },
};

const TAG: &str = "follow_ups";

fn shown(
    ctx: &Granted<FollowUpsRead>,
    (rows, next): (Vec<FollowUp>, Next),
    now: Timestamp,
) -> Result<Reply, Problem> {
    let seen = |row| show(Some(ctx.authority()), RECORD, FollowUpBody::new(row, now));
    let items: Result<Vec<_>, _> = rows.into_iter().map(seen).collect();
    Ok(next.answer::<FollowUpPage>(items?)?)
}

/// Record a follow-up
///
/// What was due before is settled, with or without a new `next_on`. The `intent` of the customer itself
/// stays as it is.
#[utoipa::path(tag = TAG, request_body = RecordFollowUp, responses((status = 201, body = FollowUpBody)),
    security(("bearer" = ["follow_ups:write"])))]
#[post("/follow-ups")]
pub(super) async fn record_follow_up(
    ctx: Granted<FollowUpsWrite>,
    key: IdempotencyKey,
    body: Json<RecordFollowUp>,
) -> Result<Reply, Problem> {
    let (new, sent) = (&body.value, body.names.as_slice());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        writable(&tx, RECORD, sent, &[])?;
        let made = commands::record(&tx, &grant, new.clone()).await?;
        let (address, version) = (format!("/api/v1/follow-ups/{}", made.id), made.version);
        let body = show_in(&tx, RECORD, FollowUpBody::new(made, tx.now()))?;
        Reply::created(address, version, &body)
    })
    .await
}

/// List the follow-ups within reach
///
/// The newest first, unless `sort` says otherwise.
#[utoipa::path(tag = TAG, params(Paging, ListFollowUps), responses((status = 200, body = FollowUpPage)),
    security(("bearer" = ["follow_ups:read"])))]
#[get("/follow-ups")]
pub(super) async fn list_follow_ups(
    ctx: Granted<FollowUpsRead>,
    request: HttpRequest,
    asked: List<ListFollowUps>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    listable(ctx.authority(), RECORD, &request)?;
    let page = part.page(query.sort.unwrap_or_default())?;
    let rows = store::list(&ctx.read(), &ctx.grant, &query.filter(), &page).await?;
    let cut = part.cut(rows, |row| (micros(row.created_at), row.id.uuid()));
    shown(&ctx, cut, ctx.stamp().now())
}

/// List the customers that are due or overdue, by their last follow-up
///
/// What is due longest comes first. A customer is due from the day of `next_on`, at its campus, until a
/// later follow-up is recorded. `next_on[lt]` tells of days to come as well.
#[utoipa::path(tag = TAG, params(Paging, ListDueFollowUps), responses((status = 200, body = FollowUpPage)),
    security(("bearer" = ["follow_ups:read"])))]
#[get("/follow-ups/due")]
pub(super) async fn list_due_follow_ups(
    ctx: Granted<FollowUpsRead>,
    asked: List<ListDueFollowUps>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let now = ctx.stamp().now();
    let page = part.page(Direction::OldestFirst)?;
    let rows = store::due(&ctx.read(), &ctx.grant, &query.filter(), now, &page).await?;
    let cut = part.cut(rows, |row| {
        let due = row.due.map_or(row.created_at, |due| due.from);
        (micros(due), row.id.uuid())
    });
    shown(&ctx, cut, now)
}

/// Read a follow-up
///
/// Found as long as its customer is within reach.
#[utoipa::path(tag = TAG, params(("follow_up_id" = Uuid, Path)), responses((status = 200, body = FollowUpBody)),
    security(("bearer" = ["follow_ups:read"])))]
#[get("/follow-ups/{follow_up_id}")]
pub(super) async fn get_follow_up(
    ctx: Granted<FollowUpsRead>,
    id: PathId<FollowUp>,
) -> Result<Reply, Problem> {
    let found = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    let (version, now) = (found.version, ctx.stamp().now());
    let body = FollowUpBody::new(found, now);
    let body = show(Some(ctx.authority()), RECORD, body)?;
    Ok(Reply::record(version, &body)?)
}

/// Correct a follow-up
///
/// Its customer stays the same.
#[utoipa::path(tag = TAG, params(("follow_up_id" = Uuid, Path)), request_body = ChangeFollowUp,
    responses((status = 200, body = FollowUpBody)), security(("bearer" = ["follow_ups:write"])))]
#[patch("/follow-ups/{follow_up_id}")]
pub(super) async fn change_follow_up(
    ctx: Granted<FollowUpsWrite>,
    id: PathId<FollowUp>,
    condition: IfMatch,
    body: Json<ChangeFollowUp>,
) -> Result<Reply, Problem> {
    let (change, sent) = (&body.value, body.names.as_slice());
    ctx.transaction(|tx, grant| async move {
        writable(&tx, RECORD, sent, &[])?;
        let changed = commands::change(&tx, &grant, id.0, condition, change.clone()).await?;
        let version = changed.version;
        let body = show_in(&tx, RECORD, FollowUpBody::new(changed, tx.now()))?;
        Reply::record(version, &body)
    })
    .await
}
