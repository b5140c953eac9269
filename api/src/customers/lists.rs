//! Customers of a list, page by page, and how many there are; exports and views go by the same.

use std::collections::HashMap;

use domain::{
    access::{CustomersRead, FIELD_NOT_READABLE, Permission, TagsRead},
    customers::Customer,
    fault::FieldFault,
    id::Id,
    tags::{Tag, TagLabel},
};
use persistence::{
    Error, Handle,
    access::{Grant, Reads},
    conditions::Compiled,
    customers::{
        sorted::{self, Placed, Sort},
        store::{self, Filter},
    },
    scope::{Counted, Page, SortedPage},
    tags::store::labels,
};

use super::CustomerFilters;
use crate::http::cursor::Position;

/// A page of the customers within reach, in the order of their creation; an export of a list holds the
/// same.
///
/// # Errors
/// 422 where tags are asked for without a grant by which to look for them.
pub async fn list(
    handle: &impl Handle,
    grant: &Grant<CustomersRead>,
    tagging: Option<&Grant<TagsRead>>,
    filters: &CustomerFilters,
    page: &Page,
) -> Result<Vec<Customer>, Error> {
    let filter = filters.filter();
    if filters.tag_id.is_none() {
        return store::list(handle, grant, &filter, page).await;
    }
    let tagging = tagging.ok_or_else(unreadable)?;
    store::list_tagged(handle, (tagging, &filters.tags()), (grant, &filter), page).await
}

/// How many customers the list has on all its pages, counted up to `most`.
///
/// # Errors
/// As [`list`].
pub async fn count(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    tagging: Option<&Grant<TagsRead>>,
    filters: &CustomerFilters,
    most: u64,
) -> Result<Counted, Error> {
    let (filter, tags) = (filters.filter(), filters.tags());
    let tagged = tagged(filters, tagging, &tags)?;
    let rows = store::count(handle, tagged, (grant, &filter), most + 1).await?;
    Ok(Counted {
        rows: rows.min(most),
        is_capped: rows > most,
    })
}

/// Customers of each branch of a grant among whom one page looks for those who meet conditions.
const LOOKED_AT: u64 = 20_000;
/// Customers among whom those are counted who meet conditions.
pub(super) const COUNTED_AMONG: u64 = 50_000;

/// A page of the customers within reach that meet conditions too, and behind whom it did not look.
///
/// # Errors
/// As [`list`].
pub async fn list_met(
    handle: &impl Handle,
    grant: &Grant<CustomersRead>,
    tagging: Option<&Grant<TagsRead>>,
    (filters, conditions): (&CustomerFilters, Compiled),
    page: &Page,
) -> Result<(Vec<Customer>, Option<Position>), Error> {
    let (filter, tags) = (filters.filter().meeting(conditions), filters.tags());
    let tagged = tagged(filters, tagging, &tags)?;
    let grant = grant.narrowed(&filter.campuses, &filter.holders);
    store::list_met(handle, tagged, (&grant, &filter), page, LOOKED_AT).await
}

/// Customers of a list, its filters aside, up to which it is sorted by what no index is in the order of.
pub const SORTED: u64 = 20_000;

/// A page of the customers within reach in another order than that of their creation; `None` where there
/// are more than [`SORTED`].
///
/// # Errors
/// As [`list`].
pub async fn list_sorted(
    handle: &impl Handle,
    grant: &Grant<CustomersRead>,
    tagging: Option<&Grant<TagsRead>>,
    (filters, filter): (&CustomerFilters, &Filter),
    sorted: (&Sort, &SortedPage),
) -> Result<Option<Vec<Placed>>, Error> {
    let tags = filters.tags();
    let tagged = tagged(filters, tagging, &tags)?;
    let grant = grant.narrowed(&filter.campuses, &filter.holders);
    sorted::list_sorted(handle, tagged, (&grant, filter), sorted, SORTED).await
}

/// How many they are among the first so many within reach, counted up to so many.
///
/// # Errors
/// As [`list`].
pub async fn count_met<P: Permission>(
    handle: &impl Handle,
    grant: &Grant<P>,
    tagging: Option<&Grant<TagsRead>>,
    (filters, conditions): (&CustomerFilters, Compiled),
    bounds: (u64, u64),
) -> Result<Counted, Error>
where
    Grant<P>: Reads<Customer>,
{
    let (filter, tags) = (filters.filter().meeting(conditions), filters.tags());
    let tagged = tagged(filters, tagging, &tags)?;
    let grant = grant.narrowed(&filter.campuses, &filter.holders);
    store::count_met(handle, tagged, (&grant, &filter), bounds).await
}

/// By which tags filters go, if by any.
fn tagged<'a>(
    filters: &CustomerFilters,
    tagging: Option<&'a Grant<TagsRead>>,
    tags: &'a [Id<Tag>],
) -> Result<store::Tagged<'a, Grant<TagsRead>>, FieldFault> {
    match (&filters.tag_id, tagging) {
        (None, _) => Ok(None),
        (Some(_), tagging) => Ok(Some((tagging.ok_or_else(unreadable)?, tags))),
    }
}

/// Who may not see tags can't go by them.
fn unreadable() -> FieldFault {
    FieldFault::new("/filters/tag_id", &FIELD_NOT_READABLE)
}

/// What may be seen of the tags of some customers.
pub async fn tags(
    handle: &impl Handle,
    tagging: Option<&Grant<TagsRead>>,
    customers: &[Id<Customer>],
) -> Result<HashMap<Id<Customer>, Vec<TagLabel>>, Error> {
    match tagging {
        Some(tagging) => labels(handle, tagging, customers).await,
        None => Ok(HashMap::new()),
    }
}
