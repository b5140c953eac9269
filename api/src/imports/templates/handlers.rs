use actix_web::{delete, get, patch, post};
use domain::{access::ImportsRun, imports::template::ImportTemplate};
use persistence::{Error, clock::micros, kept as store, scope::Direction};

use super::{
    ChangeImportTemplate, CreateImportTemplate, ImportTemplateBody, ImportTemplatePage, commands,
};
use crate::{
    access::{Granted, IdempotencyKey},
    http::{
        IfMatch, Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::PathId,
    },
    kept,
};

const TAG: &str = "imports";

/// Keep how lists of some form are read
///
/// An import is begun by `template_id` then: its columns are found by their headings, wherever they stand.
/// `institution` shows the template to everybody who may import, and needs `customers:configure`.
#[utoipa::path(tag = TAG, request_body = CreateImportTemplate, responses((status = 201, body = ImportTemplateBody)),
    security(("bearer" = ["imports:run"])),
    extensions(("x-problem-codes" = json!(["too_many_import_templates", "permission_missing"]))))]
#[post("/import-templates")]
pub(super) async fn create_import_template(
    ctx: Granted<ImportsRun>,
    key: IdempotencyKey,
    body: Json<CreateImportTemplate>,
) -> Result<Reply, Problem> {
    let (new, reader) = (&body.value, ctx.authority().principal());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let template = commands::create(&tx, &grant, new.clone()).await?;
        let (id, version) = (template.id, template.version);
        let body = ImportTemplateBody::new(template, reader);
        Reply::created(format!("/api/v1/import-templates/{id}"), version, &body)
    })
    .await
}

/// List templates of imports: one's own, and those that everybody sees
///
/// The oldest first.
#[utoipa::path(tag = TAG, params(Paging), responses((status = 200, body = ImportTemplatePage)),
    security(("bearer" = ["imports:run"])))]
#[get("/import-templates")]
pub(super) async fn list_import_templates(
    ctx: Granted<ImportsRun>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::OldestFirst)?;
    let found = store::list::<ImportTemplate>(&ctx.read(), &ctx.grant, &page).await?;
    let (found, next) = part.cut(found, |one| (micros(one.created_at), one.id.uuid()));
    let reader = ctx.authority().principal();
    let items = found
        .into_iter()
        .map(|one| ImportTemplateBody::new(one, reader));
    Ok(next.answer::<ImportTemplatePage>(items)?)
}

/// Read a template of imports
///
/// One's own, or one that everybody sees.
#[utoipa::path(tag = TAG, params(("import_template_id" = Uuid, Path)),
    responses((status = 200, body = ImportTemplateBody)), security(("bearer" = ["imports:run"])))]
#[get("/import-templates/{import_template_id}")]
pub(super) async fn get_import_template(
    ctx: Granted<ImportsRun>,
    id: PathId<ImportTemplate>,
) -> Result<Reply, Problem> {
    let template = kept::get(&ctx.read(), &ctx.grant, id.0).await?;
    let version = template.version;
    let body = ImportTemplateBody::new(template, ctx.authority().principal());
    Ok(Reply::record(version, &body)?)
}

/// Change a template of imports
///
/// Its owner does, and of those that everybody sees whoever has `customers:configure`. Imports that have begun by
/// it go on as it was.
#[utoipa::path(tag = TAG, params(("import_template_id" = Uuid, Path)), request_body = ChangeImportTemplate,
    responses((status = 200, body = ImportTemplateBody)), security(("bearer" = ["imports:run"])),
    extensions(("x-problem-codes" = json!(["import_template_not_own", "permission_missing"]))))]
#[patch("/import-templates/{import_template_id}")]
pub(super) async fn change_import_template(
    ctx: Granted<ImportsRun>,
    id: PathId<ImportTemplate>,
    condition: IfMatch,
    body: Json<ChangeImportTemplate>,
) -> Result<Reply, Problem> {
    let (change, reader) = (&body.value, ctx.authority().principal());
    ctx.transaction(|tx, grant| async move {
        let template = commands::change(&tx, &grant, id.0, condition, change.clone()).await?;
        let version = template.version;
        Reply::record(version, &ImportTemplateBody::new(template, reader))
    })
    .await
}

/// Delete a template of imports
///
/// Its owner does, and of those that everybody sees whoever has `customers:configure`.
#[utoipa::path(tag = TAG, params(("import_template_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["imports:run"])), extensions(("x-problem-codes" = json!(["import_template_not_own"]))))]
#[delete("/import-templates/{import_template_id}")]
pub(super) async fn delete_import_template(
    ctx: Granted<ImportsRun>,
    id: PathId<ImportTemplate>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        kept::delete(&tx, &grant, id.0, condition).await?;
        Ok::<_, Error>(Reply::no_content())
    })
    .await
}
