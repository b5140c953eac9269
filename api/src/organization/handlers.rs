use actix_web::{get, patch, post};
use domain::{
    access::{DirectoryRead, OrganizationWrite},
    organization::{Campus, Department, Group, Region, Team},
};

use super::{
    CampusBody, CampusPage, ChangeCampus, ChangeDepartment, ChangeGroup, ChangeRegion, ChangeTeam,
    CreateCampus, CreateDepartment, CreateGroup, CreateRegion, CreateTeam, DepartmentBody,
    DepartmentPage, GroupBody, GroupPage, RegionBody, RegionPage, TeamBody, TeamPage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey, OptionalIdempotencyKey},
    http::{IfMatch, Json, List, Problem, Reply, list::Paging, path::PathId},
    reference::{self, ListReference, created, get as read, list, shown},
};

const TAG: &str = "organization";

/// Add a region
#[utoipa::path(tag = TAG, request_body = CreateRegion, responses((status = 201, body = RegionBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), request_body = ChangeRegion,
    responses((status = 200, body = RegionBody)), security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), responses((status = 200, body = RegionBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("region_id" = Uuid, Path)), responses((status = 200, body = RegionBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, request_body = CreateCampus, responses((status = 201, body = CampusBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = CampusPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/campuses")]
pub(super) async fn list_campuses(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Campus, _>(&ctx, asked).await
}

/// Read a campus
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
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), request_body = ChangeCampus,
    responses((status = 200, body = CampusBody)), security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), responses((status = 200, body = CampusBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path)), responses((status = 200, body = CampusBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, request_body = CreateDepartment, responses((status = 201, body = DepartmentBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = DepartmentPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/departments")]
pub(super) async fn list_departments(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Department, _>(&ctx, asked).await
}

/// Read a department or unit
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
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), request_body = ChangeDepartment,
    responses((status = 200, body = DepartmentBody)), security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), responses((status = 200, body = DepartmentBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("department_id" = Uuid, Path)), responses((status = 200, body = DepartmentBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, request_body = CreateTeam, responses((status = 201, body = TeamBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = TeamPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/teams")]
pub(super) async fn list_teams(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Team, _>(&ctx, asked).await
}

/// Read a team
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
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), request_body = ChangeTeam,
    responses((status = 200, body = TeamBody)), security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), responses((status = 200, body = TeamBody)),
    security(("bearer" = ["organization:write"])))]
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
#[utoipa::path(tag = TAG, params(("team_id" = Uuid, Path)), responses((status = 200, body = TeamBody)),
    security(("bearer" = ["organization:write"])))]
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

/// Form a group of users
#[utoipa::path(tag = TAG, request_body = CreateGroup, responses((status = 201, body = GroupBody)),
    security(("bearer" = ["organization:write"])))]
#[post("/groups")]
pub(super) async fn create_group(
    ctx: Granted<OrganizationWrite>,
    key: IdempotencyKey,
    body: Json<CreateGroup>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        created(commands::create_group(&tx, &grant, new.clone()).await?)
    })
    .await
}

/// List groups of users
#[utoipa::path(tag = TAG, params(Paging, ListReference), responses((status = 200, body = GroupPage, headers(("ETag")))),
    security(("bearer" = ["directory:read"])))]
#[get("/groups")]
pub(super) async fn list_groups(
    ctx: Granted<DirectoryRead>,
    asked: List<ListReference>,
) -> Result<Reply, Problem> {
    list::<Group, _>(&ctx, asked).await
}

/// Read a group of users
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), responses((status = 200, body = GroupBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/groups/{group_id}")]
pub(super) async fn get_group(
    ctx: Granted<DirectoryRead>,
    id: PathId<Group>,
) -> Result<Reply, Problem> {
    Ok(shown(read(&ctx.read(), &ctx.grant, id.0).await?)?)
}

/// Change a group of users
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), request_body = ChangeGroup,
    responses((status = 200, body = GroupBody)), security(("bearer" = ["organization:write"])))]
#[patch("/groups/{group_id}")]
pub(super) async fn change_group(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Group>,
    condition: IfMatch,
    body: Json<ChangeGroup>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change_group(&tx, &grant, id.0, condition, change.clone()).await?)
    })
    .await
}

/// Archive a group of users
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), responses((status = 200, body = GroupBody)),
    security(("bearer" = ["organization:write"])))]
#[post("/groups/{group_id}/archive")]
pub(super) async fn archive_group(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Group>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::archive(&tx, &grant, id.0).await?)
    })
    .await
}

/// Take a group of users out of the archive
#[utoipa::path(tag = TAG, params(("group_id" = Uuid, Path)), responses((status = 200, body = GroupBody)),
    security(("bearer" = ["organization:write"])))]
#[post("/groups/{group_id}/unarchive")]
pub(super) async fn unarchive_group(
    ctx: Granted<OrganizationWrite>,
    id: PathId<Group>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        shown(reference::unarchive(&tx, &grant, id.0).await?)
    })
    .await
}
