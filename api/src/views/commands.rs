//! Use cases of views.

use domain::{
    access::{Principal, TagsManage},
    conditions::Registry,
    fault::Rule,
    id::Id,
    organization::Institution,
    views::{Audience, NewView, VIEW_NOT_OWN, View},
};
use persistence::{Error, Handle, Tx, access::Writes, conditions::registry, kept, views::team_of};
use serde::Serialize;

use super::{ChangeView, CreateView};
use crate::{
    customers::{ViewSearch, names_custom_fields},
    http::IfMatch,
    kept::{Tended, caller, to_change, unless_tending},
};

impl Tended for View {
    type By = TagsManage;
    const NOT_OWN: &'static Rule = &VIEW_NOT_OWN;

    fn owner(&self) -> Id<Principal> {
        self.owner
    }

    fn is_for_everybody(&self) -> bool {
        self.audience == Audience::Institution
    }
}

/// Keeps a new view of the caller.
///
/// # Errors
/// 403 for who may not show it to everybody; 409 where there are too many; 422 where a field breaks a
/// rule.
pub async fn create(tx: &Tx, grant: &impl Writes<View>, body: CreateView) -> Result<View, Error> {
    let audience = body.audience.map_or(Audience::Own, |audience| audience.0);
    unless_tending::<View>(tx, audience == Audience::Institution)?;
    let new = NewView {
        entity: body.entity.0,
        name: body.name,
        audience,
        team: team_of(tx, grant).await?,
        search: checked(tx, &body.search).await?,
    };
    let view = View::create(new, caller(tx), &tx.stamp())?;
    kept::insert(tx, grant, &view).await?;
    Ok(view)
}

/// Changes a view that the caller has read.
///
/// # Errors
/// 403 where it is somebody else's, 404 where there is none, 412 where it has changed since.
pub async fn change(
    tx: &Tx,
    grant: &impl Writes<View>,
    id: Id<View>,
    condition: IfMatch,
    body: ChangeView,
) -> Result<View, Error> {
    let before: View = to_change(tx, grant, id, condition).await?;
    let audience = body.audience.map_or(before.audience, |audience| audience.0);
    unless_tending::<View>(tx, audience == Audience::Institution)?;
    // Somebody who tends what everybody sees is not of its owner's team.
    let team = match before.audience == audience {
        true => before.team,
        false => team_of(tx, grant).await?,
    };
    let new = NewView {
        entity: before.entity,
        name: body.name.unwrap_or_else(|| before.name.clone()),
        audience,
        team,
        search: match body.search {
            Some(search) => checked(tx, &search).await?,
            None => before.search.clone(),
        },
    };
    let after = before.change(new, &tx.stamp())?;
    if after.version != before.version {
        kept::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// What is looked for, as it is kept.
///
/// # Errors
/// 422 where something of it can't be looked for.
async fn checked(tx: &Tx, search: &ViewSearch) -> Result<serde_json::Value, Error> {
    let fields = fields_of(tx, tx.operation().institution, [search]).await?;
    search.check("/search", &fields)?;
    serde_json::to_value(search).map_err(Error::internal)
}

/// The fields that some searches can speak of.
pub(super) async fn fields_of<'a, S: Serialize + 'a>(
    handle: &impl Handle,
    institution: Id<Institution>,
    searches: impl IntoIterator<Item = &'a S>,
) -> Result<Registry, Error> {
    match searches.into_iter().any(names_custom_fields) {
        true => registry(handle, institution).await,
        false => Ok(Registry::default()),
    }
}
