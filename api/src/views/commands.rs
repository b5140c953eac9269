//! Use cases of views.

use domain::{
    access::{Permission, Principal, TagsManage},
    conditions::Registry,
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::Institution,
    views::{Audience, NewView, VIEW_NOT_OWN, View},
};
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    conditions::registry,
    views::store,
};
use serde::Serialize;

use super::{ChangeView, CreateView};
use crate::{
    customers::{ViewSearch, names_custom_fields},
    http::{IfMatch, problem::PERMISSION_MISSING},
};

/// A view that the caller may see.
///
/// # Errors
/// 404 where there is none.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<View>,
    id: Id<View>,
) -> Result<View, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Keeps a new view of the caller.
///
/// # Errors
/// 403 for who may not show it to everybody; 409 where there are too many; 422 where a field breaks a
/// rule.
pub async fn create(tx: &Tx, grant: &impl Writes<View>, body: CreateView) -> Result<View, Error> {
    let audience = body.audience.map_or(Audience::Own, |audience| audience.0);
    for_everybody(tx, audience)?;
    let new = NewView {
        entity: body.entity.0,
        name: body.name,
        audience,
        team: store::team_of(tx, grant).await?,
        search: kept(tx, &body.search).await?,
    };
    let view = View::create(new, caller(tx), &tx.stamp())?;
    store::insert(tx, grant, &view).await?;
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
    let before = to_change(tx, grant, id, condition).await?;
    let audience = body.audience.map_or(before.audience, |audience| audience.0);
    for_everybody(tx, audience)?;
    // Somebody who tends what everybody sees is not of its owner's team.
    let team = match before.audience == audience {
        true => before.team,
        false => store::team_of(tx, grant).await?,
    };
    let new = NewView {
        entity: before.entity,
        name: body.name.unwrap_or_else(|| before.name.clone()),
        audience,
        team,
        search: match body.search {
            Some(search) => kept(tx, &search).await?,
            None => before.search.clone(),
        },
    };
    let after = before.change(new, &tx.stamp())?;
    if after.version != before.version {
        store::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// Removes a view that the caller has read.
///
/// # Errors
/// As [`change`].
pub async fn delete(
    tx: &Tx,
    grant: &impl Writes<View>,
    id: Id<View>,
    condition: IfMatch,
) -> Result<(), Error> {
    let view = to_change(tx, grant, id, condition).await?;
    store::delete(tx, grant, &view).await
}

/// A view about to be changed: one's own, or one that everybody sees by who tends these.
async fn to_change(
    tx: &Tx,
    grant: &impl Writes<View>,
    id: Id<View>,
    condition: IfMatch,
) -> Result<View, Error> {
    let view = get(tx, grant, id).await?;
    let tends = view.audience == Audience::Institution && may_show_everybody(tx);
    if view.owner != caller(tx) && !tends {
        return Err(Fault::new(&VIEW_NOT_OWN).into());
    }
    condition.check(view.version)?;
    Ok(view)
}

/// Whoever manages the definitions of tags tends the views that everybody sees.
fn may_show_everybody(tx: &Tx) -> bool {
    let authority = tx.operation().authority.as_deref();
    authority.is_some_and(|authority| authority.holds::<TagsManage>())
}

fn for_everybody(tx: &Tx, audience: Audience) -> Result<(), Fault> {
    if audience == Audience::Institution && !may_show_everybody(tx) {
        return Err(Fault::new(&PERMISSION_MISSING).with("permission", TagsManage::CODE));
    }
    Ok(())
}

fn caller(tx: &Tx) -> Id<Principal> {
    Id::new(tx.operation().actor.principal)
}

/// What is looked for, as it is kept.
///
/// # Errors
/// 422 where something of it can't be looked for.
async fn kept(tx: &Tx, search: &ViewSearch) -> Result<serde_json::Value, Error> {
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
