use actix_web::{get, post};
use domain::{
    access::{DirectoryRead, PrivacyManage},
    fault::{Fault, NOT_FOUND},
    privacy::PrivacyNotice,
};
use persistence::{
    Error, access::Reads, clock::micros, privacy::notices as store, scope::Direction,
};

use super::{
    ListPrivacyNotices, PrivacyNoticeBody, PrivacyNoticePage, PublishPrivacyNotice, commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        Json, Problem, Reply,
        list::{List, Paging},
        path::PathId,
    },
    privacy::TAG,
};

/// A notice never changes.
const VERSION: i64 = 1;

/// Publish a notice of the use of personal data
///
/// The next revision of the notice of its purpose. Whoever agrees from now on should read it; who agreed
/// before has to be asked anew where it says so.
#[utoipa::path(tag = TAG, request_body = PublishPrivacyNotice, responses((status = 201, body = PrivacyNoticeBody)),
    security(("bearer" = ["privacy:manage"])))]
#[post("/privacy-notices")]
pub(super) async fn publish_privacy_notice(
    ctx: Granted<PrivacyManage>,
    key: IdempotencyKey,
    body: Json<PublishPrivacyNotice>,
) -> Result<Reply, Problem> {
    let new = &body.value;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let notice = commands::publish(&tx, &grant, new.clone()).await?;
        let address = format!("/api/v1/privacy-notices/{}", notice.id);
        Reply::created(address, VERSION, &PrivacyNoticeBody::from(notice))
    })
    .await
}

/// List notices of the use of personal data, newest first
///
/// All revisions: what somebody agreed to is what was read then.
#[utoipa::path(tag = TAG, params(Paging, ListPrivacyNotices), responses((status = 200, body = PrivacyNoticePage)),
    security(("bearer" = ["directory:read"])))]
#[get("/privacy-notices")]
pub(super) async fn list_privacy_notices(
    ctx: Granted<DirectoryRead>,
    asked: List<ListPrivacyNotices>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let purposes: Vec<_> = query.purpose.iter().flatten().map(|p| p.0).collect();
    let notices = store::list(&ctx.read(), &ctx.grant, &purposes, &page).await?;
    let (notices, next) = part.cut(notices, |notice| {
        (micros(notice.published_at), notice.id.uuid())
    });
    let items = notices.into_iter().map(PrivacyNoticeBody::from);
    Ok(next.answer::<PrivacyNoticePage>(items)?)
}

/// Read a notice of the use of personal data
///
/// As it was published.
#[utoipa::path(tag = TAG, params(("notice_id" = Uuid, Path)), responses((status = 200, body = PrivacyNoticeBody)),
    security(("bearer" = ["directory:read"])))]
#[get("/privacy-notices/{notice_id}")]
pub(super) async fn get_privacy_notice(
    ctx: Granted<DirectoryRead>,
    id: PathId<PrivacyNotice>,
) -> Result<Reply, Problem> {
    let scope = Reads::<PrivacyNotice>::scope(&ctx.grant);
    let notice = store::find(&ctx.read(), scope.institution(), id.0).await?;
    let notice = notice.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?;
    Ok(Reply::record(VERSION, &PrivacyNoticeBody::from(notice))?)
}
