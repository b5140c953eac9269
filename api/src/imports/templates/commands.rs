//! Use cases of templates.

use domain::{
    access::{CustomersConfigure, Permission, Principal},
    fault::{Fault, NOT_FOUND},
    id::Id,
    imports::{
        choice::{Choice, ImportAction, ImportKey, ListChange},
        template::{ImportTemplate, NewTemplate, TEMPLATE_NOT_OWN, TemplateAudience},
    },
};
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    imports::templates as store,
};

use super::{ChangeImportTemplate, CreateImportTemplate};
use crate::http::{IfMatch, problem::PERMISSION_MISSING};

/// A template that the caller may see.
///
/// # Errors
/// 404 where there is none.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<ImportTemplate>,
    id: Id<ImportTemplate>,
) -> Result<ImportTemplate, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Keeps a new template of the caller.
///
/// # Errors
/// 403 for who may not show it to everybody; 409 where there are too many; 422 where a field breaks a
/// rule.
pub async fn create(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    body: CreateImportTemplate,
) -> Result<ImportTemplate, Error> {
    let audience = body
        .audience
        .map_or(TemplateAudience::Own, |audience| audience.0);
    for_everybody(tx, audience)?;
    let new = NewTemplate {
        audience,
        entity: body.entity.0,
        name: body.name,
        columns: body.columns.into_iter().map(Into::into).collect(),
        choice: Choice {
            action: body.action.map_or(ImportAction::Create, |action| action.0),
            key: body.key.map_or(ImportKey::Household, |key| key.0),
            lists: body.lists.map_or(ListChange::Append, |lists| lists.0),
        },
    };
    let template = ImportTemplate::create(new, caller(tx), &tx.stamp())?;
    store::insert(tx, grant, &template).await?;
    Ok(template)
}

/// Changes a template that the caller has read.
///
/// # Errors
/// 403 where it is somebody else's, 404 where there is none, 412 where it has changed since.
pub async fn change(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    id: Id<ImportTemplate>,
    condition: IfMatch,
    body: ChangeImportTemplate,
) -> Result<ImportTemplate, Error> {
    let before = to_change(tx, grant, id, condition).await?;
    let audience = body.audience.map_or(before.audience, |audience| audience.0);
    for_everybody(tx, audience)?;
    let columns = body
        .columns
        .map(|columns| columns.into_iter().map(Into::into).collect());
    let new = NewTemplate {
        audience,
        entity: before.entity,
        name: body.name.unwrap_or_else(|| before.name.clone()),
        columns: columns.unwrap_or_else(|| before.columns.clone()),
        choice: Choice {
            action: body.action.map_or(before.choice.action, |action| action.0),
            key: body.key.map_or(before.choice.key, |key| key.0),
            lists: body.lists.map_or(before.choice.lists, |lists| lists.0),
        },
    };
    let after = before.change(new, &tx.stamp())?;
    if after.version != before.version {
        store::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// Removes a template that the caller has read.
///
/// # Errors
/// As [`change`].
pub async fn delete(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    id: Id<ImportTemplate>,
    condition: IfMatch,
) -> Result<(), Error> {
    let template = to_change(tx, grant, id, condition).await?;
    store::delete(tx, grant, &template).await
}

/// A template about to be changed: one's own, or one that everybody sees by who tends these.
async fn to_change(
    tx: &Tx,
    grant: &impl Writes<ImportTemplate>,
    id: Id<ImportTemplate>,
    condition: IfMatch,
) -> Result<ImportTemplate, Error> {
    let template = get(tx, grant, id).await?;
    let tends = template.audience == TemplateAudience::Institution && may_show_everybody(tx);
    if template.owner != caller(tx) && !tends {
        return Err(Fault::new(&TEMPLATE_NOT_OWN).into());
    }
    condition.check(template.version)?;
    Ok(template)
}

/// Whoever sets up what is kept of customers tends the templates that everybody sees.
fn may_show_everybody(tx: &Tx) -> bool {
    let authority = tx.operation().authority.as_deref();
    authority.is_some_and(|authority| authority.holds::<CustomersConfigure>())
}

fn for_everybody(tx: &Tx, audience: TemplateAudience) -> Result<(), Fault> {
    if audience == TemplateAudience::Institution && !may_show_everybody(tx) {
        return Err(Fault::new(&PERMISSION_MISSING).with("permission", CustomersConfigure::CODE));
    }
    Ok(())
}

fn caller(tx: &Tx) -> Id<Principal> {
    Id::new(tx.operation().actor.principal)
}
