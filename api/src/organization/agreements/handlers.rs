use actix_web::{get, post, put};
use domain::{
    access::{DirectoryRead, Oneself, OrganizationWrite, StaffWrite},
    organization::{Agreement, AgreementText, Staff},
};
use persistence::{Error, access::Grant, organization::agreements as store};

use super::{
    AgreementBody, AgreementTextBody, RecordAgreement, SetAgreementText, StaffAgreements, commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        IfMatch, Json, Problem, Reply,
        path::{PathId, PathIds},
    },
    organization::staff::commands::get as person,
};

const TAG: &str = "staff";

/// An agreement never changes.
const VERSION: i64 = 1;

fn shown(text: AgreementText) -> Result<Reply, Error> {
    let version = text.version;
    Reply::record(version, &AgreementTextBody { version })
}

/// Read which version of the confidentiality agreement counts
///
/// 1 where no other was set.
#[utoipa::path(tag = TAG, responses((status = 200, body = AgreementTextBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/confidentiality-agreement")]
pub(super) async fn get_agreement_text(ctx: Granted<DirectoryRead>) -> Result<Reply, Problem> {
    Ok(shown(store::text(&ctx.read(), &ctx.grant).await?)?)
}

/// Set which version of the confidentiality agreement counts
///
/// Whoever has signed an older version only is shut out at once, where a role demands the agreement.
/// Refused where that would be the caller, or somebody who governs others and holds more.
#[utoipa::path(tag = TAG, request_body = SetAgreementText, responses((status = 200, body = AgreementTextBody)),
    security(("bearer" = ["organization:write"])),
    extensions(("x-problem-codes" = json!(["agreement_unsigned", "staff_beyond_own"]))))]
#[put("/confidentiality-agreement")]
pub(super) async fn set_agreement_text(
    ctx: Granted<OrganizationWrite>,
    condition: IfMatch,
    body: Json<SetAgreementText>,
) -> Result<Reply, Problem> {
    let wanted = &body.value;
    ctx.transaction(|tx, grant| async move {
        shown(commands::set_text(&tx, &grant, condition, wanted.clone()).await?)
    })
    .await
}

/// List the confidentiality agreements that a person of staff has signed
///
/// The newest first.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), responses((status = 200, body = StaffAgreements)),
    security(("bearer" = ["staff:write"])))]
#[get("/staff/{staff_id}/agreements")]
pub(super) async fn list_staff_agreements(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
) -> Result<Reply, Problem> {
    let read = ctx.read();
    let person = person(&read, &ctx.grant, id.0).await?;
    let institution = ctx.authority().institution();
    let signed = store::of(&read, &ctx.grant, person.id).await?;
    Ok(Reply::list(&StaffAgreements {
        missing_version: store::missing(&read, institution, person.id.cast()).await?,
        items: signed.into_iter().map(AgreementBody::from).collect(),
    })?)
}

/// Record that a person of staff has signed the confidentiality agreement
///
/// A role may demand the version that counts: whoever has signed it is let in at once.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path)), request_body = RecordAgreement,
    responses((status = 201, body = AgreementBody)), security(("bearer" = ["staff:write"])))]
#[post("/staff/{staff_id}/agreements")]
pub(super) async fn record_staff_agreement(
    ctx: Granted<StaffWrite>,
    id: PathId<Staff>,
    key: IdempotencyKey,
    body: Json<RecordAgreement>,
) -> Result<Reply, Problem> {
    let own = Grant::<Oneself>::of(ctx.authority(), ctx.stamp().now())
        .ok_or_else(|| Problem::permission_missing("self"))?;
    let (new, own) = (&body.value, &own);
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let agreement = commands::record(&tx, &grant, own, id.0, new.clone()).await?;
        let address = format!("/api/v1/staff/{}/agreements/{}", id.0, agreement.id);
        Reply::created(address, VERSION, &AgreementBody::from(agreement))
    })
    .await
}

/// Read a confidentiality agreement that a person of staff has signed
///
/// Its version is always 1.
#[utoipa::path(tag = TAG, params(("staff_id" = Uuid, Path), ("agreement_id" = Uuid, Path)),
    responses((status = 200, body = AgreementBody)), security(("bearer" = ["staff:write"])))]
#[get("/staff/{staff_id}/agreements/{agreement_id}")]
pub(super) async fn get_staff_agreement(
    ctx: Granted<StaffWrite>,
    ids: PathIds<Staff, Agreement>,
) -> Result<Reply, Problem> {
    let found = store::find(&ctx.read(), &ctx.grant, ids.0, ids.1).await?;
    let agreement = found.ok_or_else(Problem::not_found)?;
    Ok(Reply::record(VERSION, &AgreementBody::from(agreement))?)
}
