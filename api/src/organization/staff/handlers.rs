use actix_web::{get, patch, post, put};
use domain::{
    access::{DirectoryRead, SessionsManage, StaffWrite},
    organization::Staff,
};
use persistence::{
    Error, Handle,
    access::Grant,
    clock::micros,
    organization::{role_rules::ruled, staff as store},
    scope::Direction,
};

use super::{
    ChangeStaff, CreateStaff, ListStaff, OneTimePassword, SetStaffRoles, StaffBody, StaffPage,
    StaffRoles, commands,
};
use crate::{
    access::{
        Granted, IdempotencyKey, OptionalIdempotencyKey, SessionList,
        commands::end_sessions,
        passwords::commands::{one_time_password, set_one_time_password},
        sessions_of,
    },
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
};

const TAG: &str = "staff";

fn record(person: Staff) -> Result<Reply, Error> {
    Reply::record(person.version, &StaffBody::new(person, true))
}

/// The roles that a person holds, by hand and by rule.
async fn roles_of(
    handle: &impl Handle,
    grant: &Grant<StaffWrite>,
    person: &Staff,
) -> Result<Reply, Error> {
    let by_hand = store::roles(handle, grant, person.id).await?;
    let mut by_rule = ruled(handle, grant, Some(person.id)).await?;
    let by_rule = by_rule.remove(&person.id).unwrap_or_default();
    Reply::record(person.version, &StaffRoles::new(by_hand, by_rule))
}

/// Take on a person of staff
///
/// The person can be named at once, and can log in only after a password reset. Rules may give roles by
/// department and position: refused where the caller may not give them by hand.
#[utoipa::path(tag = TAG, request_body = CreateStaff, responses((status = 201, body = StaffBody)),
    security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["user_name_taken", "phone_taken", "staff_beyond_own",
        "role_beyond_own", "sales_purchasing_wall"]))))]
#[post("/staff")]
pub(super) async fn create_staff(
    ctx: Granted<StaffWrite>,
    key: IdempotencyKey,
    body: Json<CreateStaff>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let person = commands::create(&tx, &grant, new.clone()).await?;
        let address = format!("/api/v1/staff/{}", person.id);
        Reply::created(address, person.version, &StaffBody::new(person, true))
    })
    .await
}

/// List the staff directory
///
/// In the order of hiring; those who have left only if `status` names them.
#[utoipa::path(tag = TAG, params(Paging, ListStaff), responses((status = 200, body = StaffPage)),
    security(("bearer" = ["directory:read"])))]
#[get("/staff")]
pub(super) async fn list_staff(
    ctx: Granted<DirectoryRead>,
    asked: List<ListStaff>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::OldestFirst)?;
    let rows = store::list(&ctx.read(), &ctx.grant, &query.filter(), &page).await?;
    let (people, next) = part.cut(rows, |p| (micros(p.created_at), p.id.uuid()));
    let manages = ctx.authority().holds::<StaffWrite>();
    let items = people.into_iter().map(|p| StaffBody::new(p, manages));
    Ok(next.answer::<StaffPage>(items)?)
}

/// Read a person of staff
///
/// Those who have left are found, too. `user_name` is shown to whoever manages staff.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = StaffBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/staff/{staff_id}")]
pub(super) async fn get_staff(
    ctx: Granted<DirectoryRead>,
    id: PathId<Staff>,
) -> Result<Reply, Problem> {
    let person = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    let manages = ctx.authority().holds::<StaffWrite>();
    Ok(Reply::record(
        person.version,
        &StaffBody::new(person, manages),
    )?)
}

/// Change a person of staff
///
/// Other places may give other roles by rules: refused for oneself, for somebody who governs others and
/// holds more, and for roles that the caller may not give.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), request_body = ChangeStaff,
    responses((status = 200, body = StaffBody)), security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["own_standing", "staff_beyond_own", "role_beyond_own",
        "sales_purchasing_wall", "phone_taken"]))))]
#[patch("/staff/{staff_id}")]
pub(super) async fn change_staff(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
    condition: IfMatch,
    body: Json<ChangeStaff>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        record(commands::change(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Read which roles a person of staff holds
///
/// Those given by hand, and those given by rules.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = StaffRoles)),
    security(("bearer" = ["staff:write"])))]
#[get("/staff/{staff_id}/roles")]
pub(super) async fn get_staff_roles(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
) -> Result<Reply, Problem> {
    let person = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    Ok(roles_of(&ctx.read(), &ctx.grant, &person).await?)
}

/// Set which roles a person of staff is given by hand
///
/// Replaces those that are given by hand; those by rules stay. Access changes at once. Nobody gives
/// more than they hold, nor roles of sales and of purchasing together, nor to themselves.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), request_body = SetStaffRoles,
    responses((status = 200, body = StaffRoles)), security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["own_standing", "staff_beyond_own", "role_beyond_own",
        "sales_purchasing_wall"]))))]
#[put("/staff/{staff_id}/roles")]
pub(super) async fn set_staff_roles(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
    condition: IfMatch,
    body: Json<SetStaffRoles>,
) -> Result<Reply, Problem> {
    let wanted = &body.value;
    ctx.transaction(|tx, grant| async move {
        let person = commands::set_roles(&tx, &grant, id.0, condition, wanted.clone()).await?;
        roles_of(&tx, &grant, &person).await
    })
    .await
}

/// Suspend a person of staff: access ends at once
///
/// Log-ins end; roles and what the person holds stay.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = StaffBody)),
    security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["staff_status", "own_standing", "staff_beyond_own",
        "role_beyond_own", "sales_purchasing_wall"]))))]
#[post("/staff/{staff_id}/suspend")]
pub(super) async fn suspend_staff(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        record(commands::suspend(&tx, &grant, id.0).await?)
    })
    .await
}

/// Give a person of staff a password for one use; their log-ins end
///
/// The answer shows it this once; the person must choose another at the next log-in. Refused for who
/// has left.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = OneTimePassword)),
    security(("bearer" = ["sessions:manage"])),
    extensions(("x-problem-codes" = json!(["own_standing", "staff_beyond_own", "staff_status"]))))]
#[post("/staff/{staff_id}/reset-password")]
pub(super) async fn reset_staff_password(
    ctx: Granted<SessionsManage>,
    id: PathId<Staff>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    let (password, hash) = one_time_password(ctx.app()).await?;
    let (password, hash) = (password.as_str(), hash.as_str());
    ctx.once(key.bare(), |tx, grant| async move {
        let person = commands::managed(&tx, &grant, id.0).await?;
        set_one_time_password(&tx, person.id.cast(), hash).await?;
        Reply::ok(&OneTimePassword {
            one_time_password: password.to_owned(),
        })
    })
    .await
}

/// List the open sessions of a person of staff
///
/// The newest first, at most 200.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = SessionList)),
    security(("bearer" = ["sessions:manage"])))]
#[get("/staff/{staff_id}/sessions")]
pub(super) async fn list_staff_sessions(
    ctx: Granted<SessionsManage>,
    id: PathId<Staff>,
) -> Result<Reply, Problem> {
    let person = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    sessions_of(&ctx, person.id.cast()).await
}

/// End every session of a person of staff, as when a phone is lost
///
/// Their tokens are good for nothing from then on; the person logs in anew.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["sessions:manage"])),
    extensions(("x-problem-codes" = json!(["own_standing", "staff_beyond_own", "staff_status"]))))]
#[post("/staff/{staff_id}/end-sessions")]
pub(super) async fn end_staff_sessions(
    ctx: Granted<SessionsManage>,
    id: PathId<Staff>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let person = commands::managed(&tx, &grant, id.0).await?;
        end_sessions(&tx, person.id.cast()).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Let a person of staff who was suspended, or had left, work again
///
/// The person logs in anew. Who had left has no roles until they are given again. Refused where a
/// campus of the person has been archived: change the places first.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = StaffBody)),
    security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["staff_status", "own_standing", "staff_beyond_own",
        "role_beyond_own", "sales_purchasing_wall", "campus_archived", "phone_taken"]))))]
#[post("/staff/{staff_id}/reinstate")]
pub(super) async fn reinstate_staff(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        record(commands::reinstate(&tx, &grant, id.0).await?)
    })
    .await
}

/// Note that a person of staff has left: access ends at once, and the roles are withdrawn
///
/// Log-ins end. What the person holds stays: transfer it. API clients that the person answers for stand
/// still until somebody else does.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = StaffBody)),
    security(("bearer" = ["staff:write"])),
    extensions(("x-problem-codes" = json!(["staff_status", "own_standing", "staff_beyond_own"]))))]
#[post("/staff/{staff_id}/leave")]
pub(super) async fn leave_staff(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        record(commands::leave(&tx, &grant, id.0).await?)
    })
    .await
}
