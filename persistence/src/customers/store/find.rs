//! Customers by their ids.

use domain::{
    customers::Customer,
    id::Id,
    organization::Institution,
    tags::{TagLabel, Tagging},
};
use sea_orm::{ColumnTrait, DbErr, FromQueryResult, QueryFilter, QueryResult};

use crate::{
    Error, Handle,
    access::{Reads, Scope, Writes},
    customers::{
        entity::{Column, Entity, Model},
        merges,
    },
    privacy::erasure::was_erased,
    scope::{reaches, scoped, scoped_to_change},
    tags::store::{beside, label},
};

/// A customer within reach, unless deleted; the survivor, where it was merged into another.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let found = find_under(handle, grant, id).await?;
    if found.is_some() {
        return Ok(found);
    }
    match merges::now(handle, grant.scope().institution(), id).await? {
        Some(now) => find_under(handle, grant, now).await,
        None => Ok(None),
    }
}

async fn find_under(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?;
    match row {
        Some(row) => {
            let keys = handle.keys_of(grant.scope().institution()).await?;
            row.open(&keys).map(Some)
        }
        None => Ok(None),
    }
}

/// A customer within reach, unless deleted, with the tags that it has as far as these are within
/// reach: in one statement.
pub async fn find_with_tags(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    tags: &impl Reads<Tagging>,
    id: Id<Customer>,
) -> Result<Option<(Customer, Vec<TagLabel>)>, Error> {
    let found = find_with_tags_under(handle, grant, tags, id).await?;
    if found.is_some() {
        return Ok(found);
    }
    match merges::now(handle, grant.scope().institution(), id).await? {
        Some(now) => find_with_tags_under(handle, grant, tags, now).await,
        None => Ok(None),
    }
}

async fn find_with_tags_under(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    tags: &impl Reads<Tagging>,
    id: Id<Customer>,
) -> Result<Option<(Customer, Vec<TagLabel>)>, Error> {
    let customer = scoped::<Entity>(grant).filter(Column::Id.eq(id.uuid()));
    let rows = beside(customer, tags).into_model::<WithTag>();
    let (mut found, mut labels) = (None, Vec::new());
    for row in rows.all(handle).await? {
        labels.extend(row.label);
        found = Some(row.customer);
    }
    match found {
        Some(row) => {
            let keys = handle.keys_of(grant.scope().institution()).await?;
            Ok(Some((row.open(&keys)?, labels)))
        }
        None => Ok(None),
    }
}

/// A customer and one of its tags.
struct WithTag {
    customer: Model,
    label: Option<TagLabel>,
}

impl FromQueryResult for WithTag {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            customer: Model::from_query_result(row, prefix)?,
            label: label(row)?,
        })
    }
}

/// Those of some customers that are within reach, in no order.
pub async fn find_all(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    ids: &[Id<Customer>],
) -> Result<Vec<Customer>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let rows = scoped::<Entity>(grant)
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .all(handle)
        .await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// A customer that is about to be changed, as [`super::lock`] finds it, only to be read.
pub async fn find_to_change(
    handle: &impl Handle,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let institution = grant.scope().institution();
    let id = merges::now(handle, institution, id).await?.unwrap_or(id);
    let row = scoped_to_change::<Entity>(grant).filter(Column::Id.eq(id.uuid()));
    let Some(row) = row.one(handle).await? else {
        return Ok(None);
    };
    let keys = handle.keys_of(institution).await?;
    unless_erased(handle, institution, Some(row.open(&keys)?)).await
}

/// Nobody finds an erased customer among the deleted ones.
pub(super) async fn unless_erased(
    handle: &impl Handle,
    institution: Id<Institution>,
    found: Option<Customer>,
) -> Result<Option<Customer>, Error> {
    let customer = match found {
        Some(customer) if customer.deleted_at.is_some() => customer,
        found => return Ok(found),
    };
    let was_erased = was_erased(handle, institution, customer.id).await?;
    Ok((!was_erased).then_some(customer))
}

/// Whether a customer, not deleted, is where a scope reaches.
pub async fn is_within(
    handle: &impl Handle,
    scope: &Scope,
    id: Id<Customer>,
) -> Result<bool, Error> {
    reaches::<Entity>(handle, scope, id.uuid()).await
}

/// Whether the papers of a customer are open by a grant: who only teaches a student has no business with
/// those of the family.
pub async fn opens_papers(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
) -> Result<bool, Error> {
    is_within(handle, &grant.scope().beyond_classes(), customer).await
}
