use actix_web::{get, patch};
use domain::{
    access::{DirectoryRead, OrganizationWrite},
    organization::Institution,
};
use persistence::{Error, organization::institution as store};

use super::{ChangeInstitution, InstitutionBody, commands};
use crate::{
    access::Granted,
    http::{IfMatch, Json, Problem, Reply},
};

const TAG: &str = "organization";

fn shown(institution: Institution) -> Result<Reply, Error> {
    let version = institution.version;
    Reply::record(version, &InstitutionBody::from(institution))
}

/// Read one's own institution
///
/// Its code, its name, and the zone, currency and language that it goes by.
#[utoipa::path(tag = TAG, responses((status = 200, body = InstitutionBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/institution")]
pub(super) async fn get_institution(ctx: Granted<DirectoryRead>) -> Result<Reply, Problem> {
    Ok(shown(store::find(&ctx.read(), &ctx.grant).await?)?)
}

/// Change one's own institution
///
/// The currency can be changed as long as there is no course, charge or payment. Campuses keep their
/// zones, and days of what was kept stay what they are.
#[utoipa::path(tag = TAG, request_body = ChangeInstitution, responses((status = 200, body = InstitutionBody)),
    security(("bearer" = ["organization:write"])), extensions(("x-problem-codes" = json!(["currency_fixed"]))))]
#[patch("/institution")]
pub(super) async fn change_institution(
    ctx: Granted<OrganizationWrite>,
    condition: IfMatch,
    body: Json<ChangeInstitution>,
) -> Result<Reply, Problem> {
    let change = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::change(&tx, &grant, condition, change.clone()).await?)
    })
    .await
}
