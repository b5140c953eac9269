//! Reference data over HTTP: what every kind of it shares.

use actix_web::HttpRequest;
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
    scope::{Direction, Page},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    access::Granted,
    http::{IfMatch, Problem, Reply, cursor},
};

/// A kind as clients see it.
pub trait Shown: Kept {
    /// The collection's address.
    const PATH: &'static str;
    type Body: From<Reference<Self>> + Serialize;
    type Page: From<(Vec<Self::Body>, Option<String>)> + Serialize;
}

/// Declares the page of a list.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident of $item:ident) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            #[schema(value_type = Vec<$item>)]
            pub items: Vec<$item>,
            /// Continues the list; null at its end.
            #[schema(required)]
            pub next_cursor: Option<String>,
        }

        impl From<(Vec<$item>, Option<String>)> for $name {
            fn from((items, next_cursor): (Vec<$item>, Option<String>)) -> Self {
                Self { items, next_cursor }
            }
        }
    };
}
pub(crate) use page;

/// Which part of a list of reference data, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListReference {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// Where to continue: `next_cursor` of the page before, with the same other parameters.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// Whether archived records are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
}

/// Answers one page.
pub async fn list<T: Shown, P: Permission>(
    ctx: &Granted<P>,
    request: &HttpRequest,
    query: &ListReference,
) -> Result<Reply, Problem>
where
    Grant<P>: Reads<T>,
{
    list_where(ctx, request, query, &T::Filter::default()).await
}

/// Answers one page of what meets a filter.
pub async fn list_where<T: Shown, P: Permission>(
    ctx: &Granted<P>,
    request: &HttpRequest,
    query: &ListReference,
    filter: &T::Filter,
) -> Result<Reply, Problem>
where
    Grant<P>: Reads<T>,
{
    let part = cursor::part(ctx.app(), request, query.limit, query.cursor.as_deref())?;
    let page = Page {
        order: Direction::OldestFirst,
        after: part.after,
        limit: part.limit + 1,
    };
    let archived = query.include_archived.unwrap_or(false);
    let rows = reference::list::<T>(&ctx.read(), &ctx.grant, filter, archived, &page).await?;
    let shown = part.cut(rows, |r| (micros(r.created_at), r.id.uuid()));
    let items = shown.items.into_iter().map(T::Body::from).collect();
    Ok(Reply::list(&T::Page::from((items, shown.next_cursor)))?.with_next(shown.next_address))
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
