use actix_web::{HttpRequest, get, post};
use domain::{
    access::Oneself,
    fault::{Fault, NOT_FOUND},
    notices::Notice,
};
use persistence::{clock::micros, notices::store, scope::Direction};

use super::{ListNotices, NoticeBody, NoticePage, UnreadNotices};
use crate::{
    access::{Granted, OptionalIdempotencyKey},
    http::{List, Problem, Reply, context::RequestContext, list::Paging, path::PathId},
};

const TAG: &str = "notices";

/// List one's notices
///
/// The newest first.
#[utoipa::path(tag = TAG, params(Paging, ListNotices), responses((status = 200, body = NoticePage)),
    security(("bearer" = ["self"])))]
#[get("/notices")]
pub(super) async fn list_notices(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    asked: List<ListNotices>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let language = RequestContext::of(&request).language;
    let page = part.page(Direction::NewestFirst)?;
    let unread_only = query.unread_only.unwrap_or_default();
    let rows = store::list(&ctx.read(), &ctx.grant, unread_only, &page).await?;
    let (notices, next) = part.cut(rows, |notice| (micros(notice.created_at), notice.id.uuid()));
    let items = notices.into_iter();
    Ok(next.answer::<NoticePage>(items.map(|notice| NoticeBody::new(notice, language)))?)
}

/// Count one's unread notices
///
/// Cheap enough to be asked often, with `If-None-Match`.
#[utoipa::path(tag = TAG, responses((status = 200, body = UnreadNotices)), security(("bearer" = ["self"])))]
#[get("/notices/unread-count")]
pub(super) async fn count_unread_notices(ctx: Granted<Oneself>) -> Result<Reply, Problem> {
    let count = store::unread(&ctx.read(), &ctx.grant).await?;
    let body = UnreadNotices {
        count,
        is_capped: count == store::COUNTED,
    };
    // The number is all that there is to it, and its own version.
    Ok(Reply::record(count, &body)?)
}

/// Mark a notice as read
///
/// Reading it again changes nothing.
#[utoipa::path(tag = TAG, params(("notice_id" = Uuid, Path)), responses((status = 200, body = NoticeBody)),
    security(("bearer" = ["self"])))]
#[post("/notices/{notice_id}/read")]
pub(super) async fn read_notice(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    id: PathId<Notice>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    ctx.once(key.bare(), |tx, grant| async move {
        let notice = store::mark_read(&tx, &grant, id.0).await?;
        let notice = notice.ok_or_else(|| Fault::new(&NOT_FOUND))?;
        Reply::record(notice.version, &NoticeBody::new(notice, language))
    })
    .await
}

/// Mark all one's notices as read
///
/// Those that are there now.
#[utoipa::path(tag = TAG, responses((status = 204)), security(("bearer" = ["self"])))]
#[post("/notices/read-all")]
pub(super) async fn read_all_notices(
    ctx: Granted<Oneself>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        store::mark_all_read(&tx, &grant).await?;
        Ok(Reply::no_content())
    })
    .await
}
