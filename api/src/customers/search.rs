//! One search: what is looked for, within what, page by page.

use std::sync::Arc;

use domain::{
    access::{CustomersRead, CustomersReveal, FIELD_NOT_READABLE, Oneself, Permission, TagsRead},
    conditions::{Field, Registry, Tree},
    customers::{Customer, Order, SortKey, Sorting, TOO_MANY_TO_SORT},
    fault::{Fault, FieldFault, REFERENCE_UNKNOWN},
    id::Id,
    search::Query,
    views::{VIEW_HAS_FILTERS, View},
};
use persistence::{
    access::Grant,
    conditions::{Compiled, compile, registry},
    customers::{
        search::{Criteria, Found, Place, search},
        sorted::{Placed, Sort, count_among, sorted_among},
        store::Filter,
    },
    database::{Change, Read},
    scope::{Counted, Direction, Page, SortValue, SortedPage},
    views::store as views,
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    COUNTED, COUNTED_BY_TEXT, CustomerFilters, CustomerSort, Looked, RECORD, SearchCustomers,
    ViewSearch, commands,
    handlers::{place_of, tagged},
    names_custom_fields,
};
use crate::{
    access::Granted,
    http::{
        Problem,
        list::{Next, Part},
        problem::PERMISSION_MISSING,
    },
};

/// What somebody looks for.
pub(super) struct Search<'a> {
    ctx: &'a Granted<CustomersRead>,
    queries: Vec<Query>,
    conditions: Option<Compiled>,
    /// Of whom they must be some, where a custom field leaves few.
    led: Option<Vec<Uuid>>,
    filters: CustomerFilters,
    tagging: Option<Grant<TagsRead>>,
    /// Where it looks behind masks.
    revealing: Option<Grant<CustomersReveal>>,
    order: Sorting,
    /// Of another order than that of creation.
    sort: Option<Sort>,
    /// Where a request names its order.
    sort_at: &'static str,
    /// Where it is of a view: a page goes on in the same version only.
    pub(super) view_version: Option<i64>,
}

/// Where a search names a view.
const VIEW: &str = "/view_id";

/// Customers to whom a custom field may lead a search: more are looked at one after the other.
const LED_TO: u64 = 1000;

/// The fields that a search can speak of.
async fn fields_of(
    ctx: &Granted<CustomersRead>,
    search: &impl Serialize,
) -> Result<Registry, Problem> {
    match names_custom_fields(search) {
        true => Ok(registry(&ctx.read(), ctx.authority().institution()).await?),
        false => Ok(Registry::default()),
    }
}

/// What a view looks for, as far as somebody may look for it, in its own order or `is_sorted` otherwise.
///
/// # Errors
/// 409 where it can't be read any more; 422 where it goes by what the caller may not read, or by a field
/// that is archived, naming that.
async fn in_view(
    ctx: &Granted<CustomersRead>,
    view: &View,
    is_sorted: bool,
) -> Result<(ViewSearch, Looked), Problem> {
    let fields = fields_of(ctx, &view.search).await?;
    let mut kept = ViewSearch::kept(view, &fields)?;
    if is_sorted {
        kept.sort = None;
    }
    let looked_for = kept.looked_for(&fields, ctx.authority());
    let mut looked_for = looked_for.map_err(|fault| {
        let named = fault.fields.into_iter().map(|field| {
            let place = field.pointer.clone();
            let pointer = VIEW.into();
            FieldFault { pointer, ..field }.with("at", place)
        });
        Fault::fields(named.collect())
    })?;
    for (pointer, _) in &mut looked_for.conditions {
        *pointer = VIEW;
    }
    Ok((kept, looked_for))
}

/// The caller's grant over the views that he or she may see.
fn own_views(ctx: &Granted<CustomersRead>) -> Result<Grant<Oneself>, Problem> {
    let own = Grant::of(ctx.authority(), ctx.stamp().now());
    own.ok_or_else(|| Problem::permission_missing(Oneself::CODE))
}

/// How many a view finds for somebody.
///
/// # Errors
/// 404 where there is no such view; else as a search by it.
pub async fn count_view(ctx: &Granted<CustomersRead>, id: Id<View>) -> Result<Counted, Problem> {
    let view = views::find(&ctx.read(), &own_views(ctx)?, id).await?;
    let (kept, looked_for) = in_view(ctx, &view.ok_or_else(Problem::not_found)?, false).await?;
    let search = Search::of(ctx, looked_for, (kept.filters, kept.sort), [VIEW, VIEW]).await?;
    search.count().await
}

impl<'a> Search<'a> {
    /// What a body asks for. Looking behind masks is on the trail from here on.
    ///
    /// # Errors
    /// 422 where something of it can't be, or goes by what the caller may not read; 403 for who may not
    /// reveal what it looks for.
    pub(super) async fn begin(
        ctx: &'a Granted<CustomersRead>,
        asked: SearchCustomers,
    ) -> Result<Self, Problem> {
        let own = asked.own();
        let fields = fields_of(ctx, &own).await?;
        let looked_for = own.looked_for(&fields, ctx.authority())?;
        let Some(id) = asked.view_id else {
            let places = ["/sort", "/filters/tag_id"];
            return Self::of(ctx, looked_for, (own.filters, own.sort), places).await;
        };
        let view = views::find(&ctx.read(), &own_views(ctx)?, Id::new(id)).await?;
        let view = view.ok_or_else(|| Fault::field(VIEW, &REFERENCE_UNKNOWN))?;
        let (kept, mut all) = in_view(ctx, &view, own.sort.is_some()).await?;
        all.queries.extend(looked_for.queries);
        all.conditions.extend(looked_for.conditions);
        all.sorted_by = all.sorted_by.or(looked_for.sorted_by);
        if own.filters.is_some() && kept.filters.is_some() {
            return Err(Fault::field("/filters", &VIEW_HAS_FILTERS).into());
        }
        let places = [
            if own.sort.is_some() { "/sort" } else { VIEW },
            if own.filters.is_some() {
                "/filters/tag_id"
            } else {
                VIEW
            },
        ];
        let rest = (own.filters.or(kept.filters), own.sort.or(kept.sort));
        let mut search = Self::of(ctx, all, rest, places).await?;
        search.view_version = Some(view.version);
        Ok(search)
    }

    async fn of(
        ctx: &'a Granted<CustomersRead>,
        looked_for: Looked,
        (filters, sort): (Option<CustomerFilters>, Option<CustomerSort>),
        [sort_at, tags_at]: [&'static str; 2],
    ) -> Result<Self, Problem> {
        let order = sort.map_or(Sorting::By(Order::Newest), |sort| sort.0);
        let sort = sort_of(ctx, (&order, looked_for.sorted_by), sort_at)?;
        let filters = filters.unwrap_or_default();
        let tagging = tagging(ctx, &filters, tags_at);
        let tagging = tagging.map_err(|fault| Fault::fields(vec![fault]))?;
        let conditions = compiled(ctx, &looked_for.conditions).await?;
        let queries = looked_for.queries;
        let led = match &conditions {
            // Texts and tags lead by themselves.
            Some(conditions) if queries.is_empty() && filters.tag_id.is_none() => {
                conditions.led(&ctx.app().db.search(), LED_TO).await?
            }
            _ => None,
        };
        let revealing = if queries.iter().any(Query::looks_behind_masks) {
            Some(looked_behind_masks(ctx, &queries).await?)
        } else {
            None
        };
        Ok(Self {
            ctx,
            queries,
            conditions,
            led,
            filters,
            tagging,
            revealing,
            order,
            sort,
            sort_at,
            view_version: None,
        })
    }

    /// All that a list shows.
    ///
    /// # Errors
    /// 422 where it goes by what the caller may not read.
    pub(super) fn of_list(
        ctx: &'a Granted<CustomersRead>,
        filters: CustomerFilters,
        order: Order,
    ) -> Result<Self, Problem> {
        let order = Sorting::By(order);
        let tagging = tagging(ctx, &filters, "tag_id");
        Ok(Self {
            ctx,
            queries: Vec::new(),
            conditions: None,
            led: None,
            tagging: tagging.map_err(|fault| Problem::parameters(vec![fault]))?,
            filters,
            revealing: None,
            sort: sort_of(ctx, (&order, None), "sort")?,
            order,
            sort_at: "sort",
            view_version: None,
        })
    }

    /// One page, and where it goes on.
    pub(super) async fn page(&self, part: Part) -> Result<(Vec<Customer>, Next), Problem> {
        if let Some(sort) = &self.sort {
            return self.sorted(part, sort).await;
        }
        let page = &part.page(match self.order.is_descending() {
            true => Direction::NewestFirst,
            false => Direction::OldestFirst,
        })?;
        if !self.queries.is_empty() {
            let found = self.found(page.order, page.after.map(|(doc, _)| doc), part.limit);
            let found = found.await?;
            let cursor = found.unsearched.map(|doc| part.cursor((doc, Uuid::nil())));
            return Ok((found.customers, part.next(cursor)));
        }
        if let Some(ids) = &self.led {
            let rows = self.among(ids, page).await?;
            return Ok(part.cut(rows, place_of));
        }
        let (grant, tagging, filters) = (&self.ctx.grant, self.tagging.as_ref(), &self.filters);
        let Some(conditions) = self.conditions.clone() else {
            let rows = commands::list(&self.ctx.read(), grant, tagging, filters, page).await?;
            return Ok(part.cut(rows, place_of));
        };
        let met = (filters, conditions);
        let (rows, edge) = commands::list_met(&self.handle(), grant, tagging, met, page).await?;
        let behind_edge = edge.map(|edge| part.cursor(edge));
        let (rows, mut next) = part.cut(rows, place_of);
        next.cursor = next.cursor.or(behind_edge);
        Ok((rows, next))
    }

    /// One page of those of some customers who meet everything.
    async fn among(&self, ids: &[Uuid], page: &Page) -> Result<Vec<Customer>, Problem> {
        let page = SortedPage {
            is_descending: page.order == Direction::NewestFirst,
            after: page.after.map(|(at, id)| (SortValue::Number(at), id)),
            limit: page.limit,
        };
        let (of, sort) = ((&self.ctx.grant, &self.filter()), Sort::by_creation());
        let rows = sorted_among(&self.handle(), of, ids, (&sort, &page)).await?;
        Ok(rows.into_iter().map(|(customer, _)| customer).collect())
    }

    /// One page in another order than that of creation.
    async fn sorted(&self, part: Part, sort: &Sort) -> Result<(Vec<Customer>, Next), Problem> {
        let (handle, grant) = (self.handle(), &self.ctx.grant);
        let page = part.sorted_page(self.order.is_descending())?;
        let rows = if let Some(ids) = &self.led {
            let of = (grant, &self.filter());
            sorted_among(&handle, of, ids, (sort, &page)).await?
        } else if self.queries.is_empty() {
            let (filters, filter) = (&self.filters, self.filter());
            let (tagging, by) = (self.tagging.as_ref(), (sort, &page));
            let rows = commands::list_sorted(&handle, grant, tagging, (filters, &filter), by);
            rows.await?.ok_or_else(|| self.too_many(commands::SORTED))?
        } else {
            let found = self.found(Direction::NewestFirst, None, COUNTED_BY_TEXT + 1);
            let found = found.await?;
            if found.unsearched.is_some() {
                return Err(self.too_many(COUNTED_BY_TEXT));
            }
            let ids = found.customers.iter().map(|customer| customer.id.uuid());
            let (of, ids) = ((grant, &Filter::default()), ids.collect::<Vec<_>>());
            sorted_among(&handle, of, &ids, (sort, &page)).await?
        };
        let place = |(customer, value): &Placed| (value.clone(), customer.id.uuid());
        let (rows, next) = part.cut_sorted(rows, place);
        let customers = rows.into_iter().map(|(customer, _)| customer);
        Ok((customers.collect(), next))
    }

    fn too_many(&self, max: u64) -> Problem {
        let fault = FieldFault::new(self.sort_at, &TOO_MANY_TO_SORT).with("max", max);
        refused(fault)
    }

    /// How many there are on all pages.
    pub(super) async fn count(&self) -> Result<Counted, Problem> {
        if !self.queries.is_empty() {
            let found = self
                .found(Direction::NewestFirst, None, COUNTED_BY_TEXT + 1)
                .await?;
            let rows = u64::try_from(found.customers.len()).unwrap_or(u64::MAX);
            return Ok(Counted {
                rows: rows.min(COUNTED_BY_TEXT),
                is_capped: rows > COUNTED_BY_TEXT || found.unsearched.is_some(),
            });
        }
        if let Some(ids) = &self.led {
            let of = (&self.ctx.grant, &self.filter());
            let rows = count_among(&self.handle(), of, ids).await?;
            let is_capped = false;
            return Ok(Counted { rows, is_capped });
        }
        let (grant, tagging, filters) = (&self.ctx.grant, self.tagging.as_ref(), &self.filters);
        let counted = match self.conditions.clone() {
            None => commands::count(&self.ctx.read(), grant, tagging, filters, COUNTED).await?,
            Some(conditions) => {
                let met = (filters, conditions);
                commands::count_met(&self.handle(), grant, tagging, met, COUNTED).await?
            }
        };
        Ok(counted)
    }

    async fn found(
        &self,
        order: Direction,
        behind: Option<i64>,
        limit: u64,
    ) -> Result<Found, Problem> {
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
        Ok(search(&self.handle(), &self.ctx.grant, &criteria, place).await?)
    }

    fn filter(&self) -> Filter {
        let filter = self.filters.filter();
        match self.conditions.clone() {
            Some(conditions) => filter.meeting(conditions),
            None => filter,
        }
    }

    /// Where statements are planned for their values.
    fn handle(&self) -> Read {
        self.ctx.app().db.search()
    }
}

/// Trees as SQL, where there are any.
async fn compiled(
    ctx: &Granted<CustomersRead>,
    trees: &[(&'static str, Tree)],
) -> Result<Option<Compiled>, Problem> {
    let (read, now) = (ctx.read(), ctx.stamp().now());
    let mut all: Option<Compiled> = None;
    for (pointer, tree) in trees {
        let one = compile(&read, ctx.authority(), tree, pointer, now).await?;
        all = Some(match all {
            Some(all) => all.and(one),
            None => one,
        });
    }
    Ok(all)
}

/// By what a list is sorted that is not in the order of creation.
///
/// # Errors
/// At `place`, where the caller may not read what it goes by.
fn sort_of(
    ctx: &Granted<CustomersRead>,
    (order, custom): (&Sorting, Option<Arc<Field>>),
    place: &'static str,
) -> Result<Option<Sort>, Problem> {
    let Sorting::By(order) = order else {
        return Ok(custom.map(Sort::by_custom));
    };
    let (key, reader) = (order.key(), ctx.authority());
    if key == SortKey::CreatedAt {
        return Ok(None);
    }
    let is_readable = |rule: &str| reader.fields().is_readable(RECORD, rule);
    let follow_ups = Grant::of(reader, ctx.stamp().now());
    let sort = Sort::new(key, follow_ups).filter(|_| key.rule().is_none_or(is_readable));
    let unreadable = || refused(FieldFault::new(place, &FIELD_NOT_READABLE));
    sort.map(Some).ok_or_else(unreadable)
}

/// A fault of a body, or of a parameter, which has no pointer.
fn refused(fault: FieldFault) -> Problem {
    match fault.pointer.starts_with('/') {
        true => Fault::fields(vec![fault]).into(),
        false => Problem::parameters(vec![fault]),
    }
}

/// By which grant filters look for tags, where they do.
///
/// # Errors
/// At `pointer`, where the caller may not see tags.
fn tagging(
    ctx: &Granted<CustomersRead>,
    filters: &CustomerFilters,
    pointer: &'static str,
) -> Result<Option<Grant<TagsRead>>, FieldFault> {
    if filters.tag_id.is_none() {
        return Ok(None);
    }
    let grant = tagged(ctx.authority(), ctx.stamp().now());
    grant
        .map(Some)
        .ok_or_else(|| FieldFault::new(pointer, &FIELD_NOT_READABLE))
}

/// By which grant somebody looks for what answers mask, once that is on the trail: what is sought is not,
/// which may be the value itself.
///
/// # Errors
/// 403 for who may not reveal contact values.
async fn looked_behind_masks(
    ctx: &Granted<CustomersRead>,
    queries: &[Query],
) -> Result<Grant<CustomersReveal>, Problem> {
    let criteria = queries.len();
    ctx.transaction(|tx, _| async move {
        let caller = tx.operation().authority.as_deref();
        let grant = caller.and_then(|caller| Grant::<CustomersReveal>::of(caller, tx.now()));
        let missing = || Fault::new(&PERMISSION_MISSING).with("permission", CustomersReveal::CODE);
        let grant = grant.ok_or_else(missing)?;
        let sought = json!({ "fields": ["contact_points"], "criteria": criteria });
        tx.record(Change::new(
            "search",
            tx.stamp().id::<()>().uuid(),
            1,
            sought,
        ));
        Ok(grant)
    })
    .await
}
