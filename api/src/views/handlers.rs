use actix_web::{delete, get, patch, post};
use domain::{
    access::{CustomersRead, Oneself},
    views::View,
};
use persistence::{Error, clock::micros, kept as store, scope::Direction};

use super::{ChangeView, CreateView, ViewBody, ViewCount, ViewPage, commands, commands::fields_of};
use crate::{
    access::{Granted, IdempotencyKey},
    customers,
    http::{
        IfMatch, Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::PathId,
    },
    kept,
};

const TAG: &str = "views";

/// Keep a search as a view
///
/// It is run by `view_id` in `POST /customers/search`, with the rights of whoever runs it. Any search can be
/// kept: whether somebody may look for such things is asked when it is run. `team` shows it to the owner's
/// team; `institution` needs `tags:manage`.
#[utoipa::path(tag = TAG, request_body = CreateView, responses((status = 201, body = ViewBody)),
    security(("bearer" = ["self"])), extensions(("x-problem-codes" = json!(["too_many_views", "permission_missing"]))))]
#[post("/views")]
pub(super) async fn create_view(
    ctx: Granted<Oneself>,
    key: IdempotencyKey,
    body: Json<CreateView>,
) -> Result<Reply, Problem> {
    let (new, reader) = (&body.value, ctx.authority().principal());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let view = commands::create(&tx, &grant, new.clone()).await?;
        let (id, version) = (view.id, view.version);
        let fields = fields_of(&tx, tx.operation().institution, [&view.search]).await?;
        let body = ViewBody::new(view, reader, &fields);
        Reply::created(format!("/api/v1/views/{id}"), version, &body)
    })
    .await
}

/// List views: one's own, those of one's team, and those that everybody sees
///
/// The oldest first.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ViewPage)),
    security(("bearer" = ["self"])))]
#[get("/views")]
pub(super) async fn list_views(
    ctx: Granted<Oneself>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::OldestFirst)?;
    let views = store::list::<View>(&ctx.read(), &ctx.grant, &page).await?;
    let (views, next) = part.cut(views, |view| (micros(view.created_at), view.id.uuid()));
    let (reader, institution) = (ctx.authority().principal(), ctx.authority().institution());
    let searches = views.iter().map(|view| &view.search);
    let fields = fields_of(&ctx.read(), institution, searches).await?;
    let items = views.into_iter();
    let items = items.map(|view| ViewBody::new(view, reader, &fields));
    Ok(next.answer::<ViewPage>(items)?)
}

/// Read a view
///
/// It opens whatever has become of what it names.
#[utoipa::path(tag = TAG, params(("view_id" = Uuid, Path)), responses((status = 200, body = ViewBody)),
    security(("bearer" = ["self"])))]
#[get("/views/{view_id}")]
pub(super) async fn get_view(ctx: Granted<Oneself>, id: PathId<View>) -> Result<Reply, Problem> {
    let view = kept::get(&ctx.read(), &ctx.grant, id.0).await?;
    let version = view.version;
    let reader = ctx.authority();
    let fields = fields_of(&ctx.read(), reader.institution(), [&view.search]).await?;
    let body = ViewBody::new(view, reader.principal(), &fields);
    Ok(Reply::record(version, &body)?)
}

/// Change a view
///
/// Its owner does, and of those that everybody sees whoever has `tags:manage`.
#[utoipa::path(tag = TAG, params(("view_id" = Uuid, Path)), request_body = ChangeView,
    responses((status = 200, body = ViewBody)), security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["view_not_own", "permission_missing"]))))]
#[patch("/views/{view_id}")]
pub(super) async fn change_view(
    ctx: Granted<Oneself>,
    id: PathId<View>,
    condition: IfMatch,
    body: Json<ChangeView>,
) -> Result<Reply, Problem> {
    let (change, reader) = (&body.value, ctx.authority().principal());
    ctx.transaction(|tx, grant| async move {
        let view = commands::change(&tx, &grant, id.0, condition, change.clone()).await?;
        let version = view.version;
        let fields = fields_of(&tx, tx.operation().institution, [&view.search]).await?;
        Reply::record(version, &ViewBody::new(view, reader, &fields))
    })
    .await
}

/// Delete a view
///
/// Its owner does, and of those that everybody sees whoever has `tags:manage`.
#[utoipa::path(tag = TAG, params(("view_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["self"])), extensions(("x-problem-codes" = json!(["view_not_own"]))))]
#[delete("/views/{view_id}")]
pub(super) async fn delete_view(
    ctx: Granted<Oneself>,
    id: PathId<View>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        kept::delete(&tx, &grant, id.0, condition).await?;
        Ok::<_, Error>(Reply::no_content())
    })
    .await
}

/// Count what a view finds
///
/// Within the caller's reach. Refused at `/view_id` where it goes by what the caller may not read.
#[utoipa::path(tag = TAG, params(("view_id" = Uuid, Path)), responses((status = 200, body = ViewCount)),
    security(("bearer" = ["customers:read"])),
    extensions(("x-read-only" = json!(true)), ("x-problem-codes" = json!(["view_outdated"]))))]
#[post("/views/{view_id}/count")]
pub(super) async fn count_view(
    ctx: Granted<CustomersRead>,
    id: PathId<View>,
) -> Result<Reply, Problem> {
    let counted = customers::count_view(&ctx, id.0).await?;
    Ok(Reply::ok(&ViewCount {
        total: counted.rows,
        total_is_capped: counted.is_capped,
    })?)
}
