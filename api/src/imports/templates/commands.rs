//! Use cases of templates.

use domain::{
    access::{CustomersConfigure, Principal},
    fault::Rule,
    id::Id,
    imports::{
        choice::{Choice, ImportAction, ImportKey, ListChange},
        template::{ImportTemplate, NewTemplate, TEMPLATE_NOT_OWN, TemplateAudience},
    },
};
use persistence::{Error, Tx, access::Writes, kept};

use super::{ChangeImportTemplate, CreateImportTemplate};
use crate::{
    http::IfMatch,
    kept::{Tended, caller, to_change, unless_tending},
};

impl Tended for ImportTemplate {
    type By = CustomersConfigure;
    const NOT_OWN: &'static Rule = &TEMPLATE_NOT_OWN;

    fn owner(&self) -> Id<Principal> {
        self.owner
    }

    fn is_for_everybody(&self) -> bool {
        self.audience == TemplateAudience::Institution
    }
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
    unless_tending::<ImportTemplate>(tx, audience == TemplateAudience::Institution)?;
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
    kept::insert(tx, grant, &template).await?;
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
    let before: ImportTemplate = to_change(tx, grant, id, condition).await?;
    let audience = body.audience.map_or(before.audience, |audience| audience.0);
    unless_tending::<ImportTemplate>(tx, audience == TemplateAudience::Institution)?;
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
        kept::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}
