//! The customers that a list, a search or an export is of, for whoever may look for them.

use domain::{
    access::{CustomersRead, CustomersReveal, FIELD_NOT_READABLE, Permission, TagsRead},
    conditions::Tree,
    customers::Customer,
    fault::{Fault, FieldFault},
    search::Query,
    views::{VIEW_HAS_FILTERS, View},
};
use jiff::Timestamp;
use persistence::{
    Error, Handle,
    access::{Authority, Grant, Reads},
    conditions::{Compiled, compile},
    customers::{
        search::{Criteria, Found, Place, search},
        sorted::{Placed, Sort, count_among, sorted_among},
        store::Filter,
    },
    scope::{Counted, Direction, Page, SortValue, SortedPage},
};
use uuid::Uuid;

use super::{
    CustomerFilters, Looked,
    handlers::{place_of, tagged},
    lists,
    search::{VIEW, in_view},
};
use crate::{access::missing, http::cursor::Position};

/// What somebody looks for, and by which grants beside that over customers.
pub struct Selection {
    queries: Vec<Query>,
    conditions: Option<Compiled>,
    /// Of whom they must be some, where a custom field leaves few.
    led: Option<Vec<Uuid>>,
    filters: CustomerFilters,
    tagging: Option<Grant<TagsRead>>,
    /// Where it looks behind masks.
    revealing: Option<Grant<CustomersReveal>>,
}

/// Customers to whom a custom field may lead a search: more are looked at one after the other.
const LED_TO: u64 = 1000;

/// How far customers are counted.
pub struct Counting {
    pub most: u64,
    /// Where text is sought.
    pub by_text: u64,
    /// Where there are conditions: among so many within reach.
    pub among: u64,
}

impl Selection {
    /// Conditions go by what is at an instant.
    ///
    /// # Errors
    /// 422 at `tags_at`, where the caller may not see tags, and where a condition can't be.
    pub(super) async fn begin(
        handle: &impl Handle,
        (reader, now): (&Authority, Timestamp),
        looked_for: Looked,
        (filters, tags_at): (CustomerFilters, &'static str),
    ) -> Result<Self, Error> {
        let list = Self::of_list((reader, now), filters, tags_at);
        let list = list.map_err(|fault| Fault::fields(vec![fault]))?;
        let conditions = compiled(handle, (reader, now), &looked_for.conditions).await?;
        let conditions = both(conditions, list.conditions.clone());
        let queries = looked_for.queries;
        let seen: Option<Grant<CustomersRead>> = Grant::of(reader, now);
        let is_whole = seen.is_some_and(|grant| Reads::<Customer>::scope(&grant).is_whole());
        let led = match &conditions {
            // Texts and tags lead by themselves. How many bear a value is only for who sees all of them.
            Some(conditions) if is_whole && queries.is_empty() && list.tagging.is_none() => {
                conditions.led(handle, LED_TO).await?
            }
            _ => None,
        };
        Ok(Self {
            queries,
            conditions,
            led,
            ..list
        })
    }

    /// Of filters alone.
    ///
    /// # Errors
    /// At `tags_at`, where the caller may not see tags.
    pub(super) fn of_list(
        (reader, now): (&Authority, Timestamp),
        filters: CustomerFilters,
        tags_at: &'static str,
    ) -> Result<Self, FieldFault> {
        let tagging = filters.tag_id.as_ref().map(|_| tagged(reader, now));
        let tagging =
            tagging.map(|tagging| tagging.ok_or(FieldFault::new(tags_at, &FIELD_NOT_READABLE)));
        Ok(Self {
            queries: Vec::new(),
            conditions: filters.screened(),
            led: None,
            tagging: tagging.transpose()?,
            filters,
            revealing: None,
        })
    }

    /// What an export is of: what a view looks for, narrowed by filters where the view has none.
    ///
    /// # Errors
    /// 403 for who may not look behind masks where the view does; 409 where it can't be read any more; 422
    /// where it or a filter goes by what the caller may not read.
    pub async fn exported(
        handle: &impl Handle,
        (reader, now): (&Authority, Timestamp),
        view: Option<&View>,
        filters: &CustomerFilters,
    ) -> Result<Self, Error> {
        Fault::unless_empty(filters.unreadable(reader.fields()))?;
        let reading = (reader, now);
        let Some(view) = view else {
            let list = Self::of_list(reading, filters.clone(), "/filters/tag_id");
            return list.map_err(|fault| Fault::fields(vec![fault]).into());
        };
        let (kept, looked_for) = in_view(handle, reader, view, true).await?;
        let is_filtered = !filters.is_empty();
        if is_filtered && kept.filters.is_some() {
            return Err(Fault::field("/filters", &VIEW_HAS_FILTERS).into());
        }
        let filters = match is_filtered {
            true => (filters.clone(), "/filters/tag_id"),
            false => (kept.filters.unwrap_or_default(), VIEW),
        };
        let selection = Self::begin(handle, reading, looked_for, filters).await?;
        if !selection.looks_behind_masks() {
            return Ok(selection);
        }
        let revealing = Grant::of(reader, now).ok_or_else(missing::<CustomersReveal>)?;
        Ok(selection.revealing(revealing))
    }

    /// Within what a grant opens too.
    #[must_use]
    pub(super) fn revealing(self, grant: Grant<CustomersReveal>) -> Self {
        Self {
            revealing: Some(grant),
            ..self
        }
    }

    pub(super) fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// Whether it looks for what answers mask.
    pub fn looks_behind_masks(&self) -> bool {
        self.queries.iter().any(Query::looks_behind_masks)
    }

    pub(super) fn goes_by_text(&self) -> bool {
        !self.queries.is_empty()
    }

    /// Whether it is a list with filters alone.
    pub fn is_plain(&self) -> bool {
        self.queries.is_empty() && self.conditions.is_none()
    }

    /// The next ones in the order of their creation, and where it goes on, if it does. There may be fewer
    /// than `limit`, or none, while it goes on.
    pub async fn batch(
        &self,
        handle: &impl Handle,
        grant: &Grant<CustomersRead>,
        (after, limit): (Option<Position>, u64),
    ) -> Result<(Vec<Customer>, Option<Position>), Error> {
        let order = Direction::NewestFirst;
        if self.goes_by_text() {
            let place = (order, after.map(|(doc, _)| doc));
            let found = self.found(handle, grant, place, limit).await?;
            let next = found.unsearched.map(|doc| (doc, Uuid::nil()));
            return Ok((found.customers, next));
        }
        let page = Page {
            order,
            after,
            limit,
        };
        let (rows, edge) = self.list(handle, grant, &page).await?;
        let is_full = u64::try_from(rows.len()).unwrap_or(u64::MAX) >= limit;
        let last = rows.last().filter(|_| is_full).map(place_of);
        Ok((rows, last.or(edge)))
    }

    /// A page of a list without text, and behind whom it did not look.
    pub(super) async fn list(
        &self,
        handle: &impl Handle,
        grant: &Grant<CustomersRead>,
        page: &Page,
    ) -> Result<(Vec<Customer>, Option<Position>), Error> {
        if let Some(ids) = &self.led {
            return Ok((self.among(handle, grant, ids, page).await?, None));
        }
        let (tagging, filters) = (self.tagging.as_ref(), &self.filters);
        let Some(conditions) = self.conditions.clone() else {
            let rows = lists::list(handle, grant, tagging, filters, page).await?;
            return Ok((rows, None));
        };
        lists::list_met(handle, grant, tagging, (filters, conditions), page).await
    }

    /// A page of those of some customers who meet everything.
    async fn among(
        &self,
        handle: &impl Handle,
        grant: &Grant<CustomersRead>,
        ids: &[Uuid],
        page: &Page,
    ) -> Result<Vec<Customer>, Error> {
        let page = SortedPage {
            is_descending: page.order == Direction::NewestFirst,
            after: page.after.map(|(at, id)| (SortValue::Number(at), id)),
            limit: page.limit,
        };
        let (of, sort) = ((grant, &self.filter()), Sort::by_creation());
        let rows = sorted_among(handle, of, ids, (&sort, &page)).await?;
        Ok(rows.into_iter().map(|(customer, _)| customer).collect())
    }

    /// Those of some customers who are still among them, but for text that is sought.
    pub async fn still(
        &self,
        handle: &impl Handle,
        grant: &Grant<CustomersRead>,
        ids: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let page = Page {
            order: Direction::NewestFirst,
            after: None,
            limit: u64::try_from(ids.len()).map_err(Error::internal)?,
        };
        let customers = self.among(handle, grant, ids, &page).await?;
        Ok(customers.iter().map(|one| one.id.uuid()).collect())
    }

    /// A page of those in whom text is found in another order; `None` where there are more than `most`.
    pub(super) async fn sorted_by_text(
        &self,
        handle: &impl Handle,
        grant: &Grant<CustomersRead>,
        most: u64,
        by: (&Sort, &SortedPage),
    ) -> Result<Option<Vec<Placed>>, Error> {
        let place = (Direction::NewestFirst, None);
        let found = self.found(handle, grant, place, most + 1).await?;
        if found.unsearched.is_some() {
            return Ok(None);
        }
        let ids = found.customers.iter().map(|customer| customer.id.uuid());
        let (of, ids) = ((grant, &Filter::default()), ids.collect::<Vec<_>>());
        sorted_among(handle, of, &ids, by).await.map(Some)
    }

    /// A page of a list without text in another order; `None` where it is too long for that.
    pub(super) async fn sorted(
        &self,
        handle: &impl Handle,
        grant: &Grant<CustomersRead>,
        by: (&Sort, &SortedPage),
    ) -> Result<Option<Vec<Placed>>, Error> {
        let (filters, filter) = (&self.filters, self.filter());
        if let Some(ids) = &self.led {
            return sorted_among(handle, (grant, &filter), ids, by)
                .await
                .map(Some);
        }
        lists::list_sorted(handle, grant, self.tagging.as_ref(), (filters, &filter), by).await
    }

    /// How many there are.
    pub async fn count<P: Permission>(
        &self,
        handle: &impl Handle,
        grant: &Grant<P>,
        far: Counting,
    ) -> Result<Counted, Error>
    where
        Grant<P>: Reads<Customer>,
    {
        let (tagging, filters) = (self.tagging.as_ref(), &self.filters);
        if self.goes_by_text() {
            let place = (Direction::NewestFirst, None);
            let found = self.found(handle, grant, place, far.by_text + 1).await?;
            let rows = u64::try_from(found.customers.len()).unwrap_or(u64::MAX);
            return Ok(Counted {
                rows: rows.min(far.by_text),
                is_capped: rows > far.by_text || found.unsearched.is_some(),
            });
        }
        if let Some(ids) = &self.led {
            let rows = count_among(handle, (grant, &self.filter()), ids).await?;
            return Ok(Counted {
                rows: rows.min(far.most),
                is_capped: rows > far.most,
            });
        }
        match self.conditions.clone() {
            None => lists::count(handle, grant, tagging, filters, far.most).await,
            Some(conditions) => {
                let met = (filters, conditions);
                lists::count_met(handle, grant, tagging, met, (far.among, far.most)).await
            }
        }
    }

    /// Those in whom text is found.
    pub(super) async fn found(
        &self,
        handle: &impl Handle,
        grant: &impl Reads<Customer>,
        (order, behind): (Direction, Option<i64>),
        limit: u64,
    ) -> Result<Found, Error> {
        let filter = self.filter();
        let mut criteria = Criteria::new(&self.queries, &filter);
        if let Some(revealing) = &self.revealing {
            criteria = criteria.within(revealing);
        }
        if let Some(tagging) = &self.tagging {
            criteria = criteria.with_any(tagging, &self.filters.tags());
        }
        let place = Place {
            order,
            behind,
            limit,
        };
        search(handle, grant, &criteria, place).await
    }

    fn filter(&self) -> Filter {
        let filter = self.filters.filter();
        match self.conditions.clone() {
            Some(conditions) => filter.meeting(conditions),
            None => filter,
        }
    }
}

/// Trees as SQL, where there are any.
async fn compiled(
    handle: &impl Handle,
    (reader, now): (&Authority, Timestamp),
    trees: &[(&'static str, Tree)],
) -> Result<Option<Compiled>, Error> {
    let mut all: Option<Compiled> = None;
    for (pointer, tree) in trees {
        let one = compile(handle, reader, tree, pointer, now).await?;
        all = both(all, Some(one));
    }
    Ok(all)
}

/// What must be to meet both, as far as there are any.
fn both(one: Option<Compiled>, other: Option<Compiled>) -> Option<Compiled> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
}
