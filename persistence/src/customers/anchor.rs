//! What other records need of the customer that they belong to.

use domain::{
    customers::{Anchor, Customer, Kind},
    id::Id,
    text_enum::TextEnum,
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Select, sea_query::LockType};
use uuid::Uuid;

use super::{
    entity::{Column, Entity},
    merges,
};
use crate::{Error, Handle, Tx, access::Reads, scope::anchored};

/// The customer that another record will belong to: within reach, not deleted, and until the
/// transaction ends neither moved nor deleted nor given another record of the kind that asks. Of one that
/// was merged into another it is the survivor.
pub async fn anchor(
    tx: &Tx,
    grant: &impl Reads<Anchor>,
    id: Id<Customer>,
) -> Result<Option<Anchor>, Error> {
    let select = || anchored::<Entity>(grant).lock(LockType::NoKeyUpdate);
    let found = the_anchor(tx, select(), id).await?;
    if found.is_some() {
        return Ok(found);
    }
    match merges::now(tx, grant.scope().institution(), id).await? {
        Some(now) => the_anchor(tx, select(), now).await,
        None => Ok(None),
    }
}

/// The same where nothing is to be written: the customer to which what is read belongs.
pub async fn glance(
    handle: &impl Handle,
    grant: &impl Reads<Anchor>,
    id: Id<Customer>,
) -> Result<Option<Anchor>, Error> {
    let found = the_anchor(handle, anchored::<Entity>(grant), id).await?;
    if found.is_some() {
        return Ok(found);
    }
    match merges::now(handle, grant.scope().institution(), id).await? {
        Some(now) => the_anchor(handle, anchored::<Entity>(grant), now).await,
        None => Ok(None),
    }
}

async fn the_anchor(
    handle: &impl Handle,
    select: Select<Entity>,
    id: Id<Customer>,
) -> Result<Option<Anchor>, Error> {
    let row: Option<(Uuid, String, String, Uuid, Uuid)> = select
        .filter(Column::Id.eq(id.uuid()))
        .select_only()
        .columns([
            Column::Id,
            Column::Kind,
            Column::Name,
            Column::HolderId,
            Column::CampusId,
        ])
        .into_tuple()
        .one(handle)
        .await?;
    row.map(|(id, kind, name, holder, campus)| {
        Ok(Anchor {
            id: Id::new(id),
            kind: Kind::parse(&kind).ok_or_else(|| Error::corrupt(Kind::NAME))?,
            name,
            holder: Id::new(holder),
            campus: Id::new(campus),
        })
    })
    .transpose()
}
