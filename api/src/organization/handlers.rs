use actix_web::{get, patch, post};
use domain::{
    access::{DirectoryRead, OrganizationWrite},
    organization::{Campus, Department, Region, Team},
};

use super::{
    CampusBody, CampusPage, ChangeCampus, ChangeDepartment, ChangeRegion, ChangeTeam, CreateCampus,
    CreateDepartment, CreateRegion, CreateTeam, DepartmentBody, DepartmentPage, ListCampuses,
    ListDepartments, ListTeams, RegionBody, RegionPage, TeamBody, TeamPage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, list_where, named, shown},
};

pub(super) const TAG: &str = "organization";

/// Add a region
///
/// Its name must be free among those that are not archived.
#[utoipa::path(tag = TAG, request_body = CreateRegion, responses((status = 201, body = RegionBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["name_taken"]))))]
#[post("/regions")]
pub(super) async fn create_region(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreateRegion>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_region(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List regions
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = RegionPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/regions")]
pub(super) async fn list_regions(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Region, _>(&ctx, asked).await
}

/// Read a region
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), responses((status = 200, body = RegionBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/regions/{region_id}")]
pub(super) async fn get_region(
    ctx: Granted<DirectoryRead>,
    id: PathId<Region>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a region
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), request_body = ChangeRegion,
    responses((status = 200, body = RegionBody)), security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken"]))))]
#[patch("/regions/{region_id}")]
pub(super) async fn change_region(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Region>,
    condition: IfMatch,
    body: Json<ChangeRegion>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_region(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a region
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), responses((status = 200, body = RegionBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/regions/{region_id}/archive")]
pub(super) async fn archive_region(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Region>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a region out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), responses((status = 200, body = RegionBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/regions/{region_id}/unarchive")]
pub(super) async fn unarchive_region(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Region>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Open a campus
///
/// Its name must be free among those that are not archived. Today at the campus is by its `time_zone`.
#[utoipa::path(tag = TAG, request_body = CreateCampus, responses((status = 201, body = CampusBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["name_taken"]))))]
#[post("/campuses")]
pub(super) async fn create_campus(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreateCampus>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_campus(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List campuses
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListCampuses), responses((status = 200, body = CampusPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/campuses")]
pub(super) async fn list_campuses(
    ctx: Granted<DirectoryRead>,
    asked: List<ListCampuses>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let filter = named(query.region_id.as_ref());
    list_where::<Campus, _>(&ctx, part, query.include_archived, &filter).await
}

/// Read a campus
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), responses((status = 200, body = CampusBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/campuses/{campus_id}")]
pub(super) async fn get_campus(
    ctx: Granted<DirectoryRead>,
    id: PathId<Campus>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a campus
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), request_body = ChangeCampus,
    responses((status = 200, body = CampusBody)), security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken", "own_standing"]))))]
#[patch("/campuses/{campus_id}")]
pub(super) async fn change_campus(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Campus>,
    condition: IfMatch,
    body: Json<ChangeCampus>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_campus(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a campus
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), responses((status = 200, body = CampusBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/campuses/{campus_id}/archive")]
pub(super) async fn archive_campus(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Campus>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a campus out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), responses((status = 200, body = CampusBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken"]))))]
#[post("/campuses/{campus_id}/unarchive")]
pub(super) async fn unarchive_campus(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Campus>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_campus(&tx, &grant, id.0).await?)
    })
    .await
}

/// Add a department or unit
///
/// Departments have one level of units below them: a unit can't have units of its own.
#[utoipa::path(tag = TAG, request_body = CreateDepartment, responses((status = 201, body = DepartmentBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "department_too_deep"]))))]
#[post("/departments")]
pub(super) async fn create_department(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreateDepartment>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_department(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List departments and their units
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListDepartments), responses((status = 200, body = DepartmentPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/departments")]
pub(super) async fn list_departments(
    ctx: Granted<DirectoryRead>,
    asked: List<ListDepartments>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let filter = named(query.parent_id.as_ref());
    list_where::<Department, _>(&ctx, part, query.include_archived, &filter).await
}

/// Read a department or unit
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), responses((status = 200, body = DepartmentBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/departments/{department_id}")]
pub(super) async fn get_department(
    ctx: Granted<DirectoryRead>,
    id: PathId<Department>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a department or unit
///
/// Rules that give roles to a department cover its units, too: moving a unit is refused where it would
/// give or take roles that the caller may not give or take by hand.
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), request_body = ChangeDepartment,
    responses((status = 200, body = DepartmentBody)), security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken", "department_too_deep",
        "own_standing", "staff_beyond_own", "role_beyond_own", "sales_purchasing_wall"]))))]
#[patch("/departments/{department_id}")]
pub(super) async fn change_department(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Department>,
    condition: IfMatch,
    body: Json<ChangeDepartment>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_department(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a department or unit
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), responses((status = 200, body = DepartmentBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/departments/{department_id}/archive")]
pub(super) async fn archive_department(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Department>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a department or unit out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), responses((status = 200, body = DepartmentBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken", "department_too_deep"]))))]
#[post("/departments/{department_id}/unarchive")]
pub(super) async fn unarchive_department(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Department>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_department(&tx, &grant, id.0).await?)
    })
    .await
}

/// Form a team
///
/// Its name must be free among those that are not archived. Who leads it reaches what its members hold,
/// with the reach `team`.
#[utoipa::path(tag = TAG, request_body = CreateTeam, responses((status = 201, body = TeamBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["name_taken", "own_standing"]))))]
#[post("/teams")]
pub(super) async fn create_team(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreateTeam>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_team(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List teams
///
/// The oldest first; archived ones only with `include_archived`.
#[utoipa::path(tag = TAG, params(Paging, ListTeams), responses((status = 200, body = TeamPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/teams")]
pub(super) async fn list_teams(
    ctx: Granted<DirectoryRead>,
    asked: List<ListTeams>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let filter = named(query.campus_id.as_ref());
    list_where::<Team, _>(&ctx, part, query.include_archived, &filter).await
}

/// Read a team
///
/// An archived one is found, too.
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), responses((status = 200, body = TeamBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/teams/{team_id}")]
pub(super) async fn get_team(
    ctx: Granted<DirectoryRead>,
    id: PathId<Team>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a team
///
/// What is archived can't be changed.
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), request_body = ChangeTeam,
    responses((status = 200, body = TeamBody)), security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "name_taken", "own_standing"]))))]
#[patch("/teams/{team_id}")]
pub(super) async fn change_team(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Team>,
    condition: IfMatch,
    body: Json<ChangeTeam>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_team(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a team
///
/// It can't be chosen any more; what names it already keeps it. Refused while something open still uses
/// it (`in_use`).
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), responses((status = 200, body = TeamBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["archived", "in_use"]))))]
#[post("/teams/{team_id}/archive")]
pub(super) async fn archive_team(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Team>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a team out of the archive
///
/// It can be chosen again. Refused where its name was given to another meanwhile.
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), responses((status = 200, body = TeamBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["not_archived", "name_taken", "own_standing"]))))]
#[post("/teams/{team_id}/unarchive")]
pub(super) async fn unarchive_team(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Team>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(commands::unarchive_team(&tx, &grant, id.0).await?)
    })
    .await
}
