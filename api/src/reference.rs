//! Reference data over HTTP: what every kind of it shares.

use domain::{
    access::Permission,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    reference::{IN_USE, Reference},
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes},
    clock::micros,
    reference::{self, Kept},
    scope::Direction,
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    access::Granted,
    http::{
        IfMatch, List, Problem, Reply,
        list::{PageBody, Part},
    },
};

/// A kind as clients see it.
pub trait Shown: Kept {
    /// The collection's address.
    const PATH: &'static str;
    type Body: From<Reference<Self>> + Serialize;
    type Page: PageBody<Item = Self::Body>;
}

/// Which reference data, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListReference {
    /// Whether archived records are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
}

/// Records that a filter names.
pub fn named<K>(ids: Option<&Vec<Uuid>>) -> Vec<Id<K>> {
    ids.into_iter().flatten().copied().map(Id::new).collect()
}

/// Answers one page.
pub async fn list<T: Shown, P: Permission>(
    ctx: &Granted<P>,
    asked: List<ListReference>,
) -> Result<Reply, Problem>
where
    Grant<P>: Reads<T>,
{
    let List { query, part } = asked;
    list_where(ctx, part, query.include_archived, &T::Filter::default()).await
}

/// Answers one page of what meets a filter.
pub async fn list_where<T: Shown, P: Permission>(
    ctx: &Granted<P>,
    part: Part,
    include_archived: Option<bool>,
    filter: &T::Filter,
) -> Result<Reply, Problem>
where
    Grant<P>: Reads<T>,
{
    let page = part.page(Direction::OldestFirst)?;
    let archived = include_archived.unwrap_or(false);
    let rows = reference::list::<T>(&ctx.read(), &ctx.grant, filter, archived, &page).await?;
    let (rows, next) = part.cut(rows, |r| (micros(T::place(r)), r.id.uuid()));
    Ok(next.answer_tagged::<T::Page>(rows.into_iter().map(T::Body::from))?)
}

/// Answers a new record.
pub fn created<T: Shown>(record: Reference<T>) -> Result<Reply, Error> {
    let (id, version) = (record.id, record.version);
    Reply::created(format!("{}/{id}", T::PATH), version, &T::Body::from(record))
}

/// Answers a record.
pub fn shown<T: Shown>(record: Reference<T>) -> Result<Reply, Error> {
    Reply::record(record.version, &T::Body::from(record))
}

/// A record of the institution.
pub async fn get<T: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<T>,
    id: Id<T>,
) -> Result<Reference<T>, Error> {
    reference::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Adds a record.
pub async fn create<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    details: T,
) -> Result<Reference<T>, Error> {
    let record = Reference::create(details, &tx.stamp())?;
    reference::insert(tx, grant, &record).await?;
    Ok(record)
}

/// A record about to be changed.
pub async fn present<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    id: Id<T>,
) -> Result<Reference<T>, Error> {
    reference::lock(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// The same, as the caller has read it.
pub async fn as_read<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    id: Id<T>,
    condition: IfMatch,
) -> Result<Reference<T>, Error> {
    let record = present(tx, grant, id).await?;
    condition.check(record.version)?;
    Ok(record)
}

/// Writes a change, unless nothing differs.
pub async fn save<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    before: &Reference<T>,
    after: Reference<T>,
) -> Result<Reference<T>, Error> {
    if after.version != before.version {
        reference::update(tx, grant, before, &after).await?;
    }
    Ok(after)
}

/// Puts a record into the archive.
///
/// # Errors
/// 409 while it is in use, or archived already.
pub async fn archive<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    id: Id<T>,
) -> Result<Reference<T>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.archive(&tx.stamp())?;
    if T::in_use(tx, grant.scope().institution(), id).await? {
        return Err(Fault::new(&IN_USE).into());
    }
    save(tx, grant, &before, after).await
}

/// Takes a record out of the archive.
///
/// # Errors
/// 409 where it is not archived, or its name was given to another meanwhile.
pub async fn unarchive<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    id: Id<T>,
) -> Result<Reference<T>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    save(tx, grant, &before, after).await
}

/// Makes sure that a record that is being chosen can be, and stays so.
///
/// # Errors
/// 422 at `pointer` where it is archived or not there.
pub async fn choose<T: Kept>(
    tx: &Tx,
    grant: &impl Reads<T>,
    id: Id<T>,
    pointer: &'static str,
) -> Result<Reference<T>, Error> {
    reference::choose(tx, grant, id)
        .await?
        .ok_or_else(|| FieldFault::new(pointer, &REFERENCE_UNKNOWN).into())
}
