//! Customers in another order than that of their creation.
//!
//! No index is in these orders: one for each, and for each kind of reach, would make every write of a
//! customer dearer. So all customers of a list are sorted for each page, and only as many as that is
//! quick for.

use std::sync::Arc;

use domain::{
    access::FollowUpsRead,
    conditions::Field,
    customers::{Customer, SortKey},
    tags::Tagging,
};
use sea_orm::sea_query::{Expr, Func};
use uuid::Uuid;

use super::{
    entity::{Column, Entity},
    store::{Filter, Tagged},
};
use crate::{
    Error, Handle,
    access::{Grant, Reads},
    conditions::{custom, facts},
    scope::{
        SORT_TEXT_MAX, SortValue, Sorted, SortedPage, count_of, page_led_sorted, page_sorted,
        page_sorted_among,
    },
    tags::{entity as taggings, store::having},
};

/// By what a list is sorted; follow-ups count as far as a grant reaches them.
#[derive(Debug)]
pub struct Sort {
    by: By,
    follow_ups: Option<Grant<FollowUpsRead>>,
}

#[derive(Debug)]
enum By {
    Key(SortKey),
    Custom(Arc<Field>),
}

impl Sort {
    /// `None` where it goes by follow-ups, and there is no grant of them.
    pub fn new(key: SortKey, follow_ups: Option<Grant<FollowUpsRead>>) -> Option<Self> {
        let is_open = !key.is_of_follow_ups() || follow_ups.is_some();
        is_open.then_some(Self {
            by: By::Key(key),
            follow_ups,
        })
    }

    /// In the order of creation.
    pub fn by_creation() -> Self {
        Self {
            by: By::Key(SortKey::CreatedAt),
            follow_ups: None,
        }
    }

    /// By a custom field that its reader may ask for.
    pub fn by_custom(field: Arc<Field>) -> Self {
        Self {
            by: By::Custom(field),
            follow_ups: None,
        }
    }

    /// Never null: what is not known stands at the end.
    fn expression(&self, is_descending: bool) -> Result<Expr, Error> {
        let own = |column| Expr::col((Entity, column));
        let last = if is_descending { i64::MIN } else { i64::MAX };
        let or_last = |fact: Expr| Expr::from(Func::coalesce([fact, Expr::val(last)]));
        let grant = || {
            let grant = self.follow_ups.as_ref();
            grant.ok_or_else(|| Error::internal("a sort without its grant"))
        };
        let key = match &self.by {
            By::Key(key) => key,
            By::Custom(field) => return custom::sort_key(field, is_descending),
        };
        Ok(match key {
            SortKey::CreatedAt => own(Column::CreatedAt),
            SortKey::Name => {
                let beginning = [own(Column::NameFold), 1.into(), SORT_TEXT_MAX.into()];
                Func::cust("substr").args(beginning).into()
            }
            SortKey::UpdatedAt => own(Column::UpdatedAt),
            SortKey::CollectedAt => own(Column::CollectedAt),
            SortKey::LastContactAt => or_last(facts::last_contact(grant()?).into()),
            SortKey::NextContactOn => or_last(facts::next_contact_at(grant()?).into()),
        })
    }
}

/// A customer, with what it is sorted by.
pub type Placed = (Customer, SortValue);

/// One page of the customers of a list; `None` where the list has more
/// than `most` of them, its filter aside.
pub async fn list_sorted(
    handle: &impl Handle,
    tagged: Tagged<'_, impl Reads<Tagging>>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    (sort, page): (&Sort, &SortedPage),
    most: u64,
) -> Result<Option<Vec<Placed>>, Error> {
    let (filter, key) = (filter.condition(), sort.expression(page.is_descending)?);
    let rows = match tagged {
        None => page_sorted::<Entity>(handle, grant, (filter, key), page, most).await?,
        Some((tagging, tags)) => {
            let leader = (tagging, tags.iter().map(|tag| having(*tag)).collect());
            let shown = (grant, filter, key);
            page_led_sorted::<taggings::Entity, Entity>(handle, leader, shown, page, most).await?
        }
    };
    match rows {
        Some(rows) => opened(handle, grant, rows).await.map(Some),
        None => Ok(None),
    }
}

/// One page of those of some customers who meet a filter, as far as they are within reach.
pub async fn sorted_among(
    handle: &impl Handle,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    ids: &[Uuid],
    (sort, page): (&Sort, &SortedPage),
) -> Result<Vec<Placed>, Error> {
    let met = (filter.condition(), sort.expression(page.is_descending)?);
    let rows = page_sorted_among::<Entity>(handle, grant, ids, met, page).await?;
    opened(handle, grant, rows).await
}

/// How many of some customers meet a filter, as far as they are within reach.
pub async fn count_among(
    handle: &impl Handle,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    ids: &[Uuid],
) -> Result<u64, Error> {
    count_of::<Entity>(handle, grant, ids, filter.condition()).await
}

async fn opened(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    rows: Vec<Sorted<Entity>>,
) -> Result<Vec<Placed>, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let opened = rows
        .into_iter()
        .map(|(row, value)| Ok((row.open(&keys)?, value)));
    opened.collect()
}
