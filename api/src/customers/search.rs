//! One search: what is looked for, within what, page by page.

use std::sync::Arc;

use domain::{
    access::{CustomersRead, CustomersReveal, FIELD_NOT_READABLE, Oneself, Permission},
    conditions::{Field, Registry},
    customers::{Customer, Order, SortKey, Sorting, TOO_MANY_TO_SORT},
    fault::{Fault, FieldFault, REFERENCE_UNKNOWN},
    id::Id,
    search::Query,
    views::{VIEW_HAS_FILTERS, View},
};
use persistence::{
    Error, Handle,
    access::{Authority, Grant},
    conditions::registry,
    customers::sorted::{Placed, Sort},
    database::{Change, Read},
    kept,
    scope::{Counted, Direction},
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    COUNTED, COUNTED_BY_TEXT, CustomerFilters, CustomerSort, Looked, RECORD, SearchCustomers,
    ViewSearch, commands,
    handlers::place_of,
    names_custom_fields,
    selection::{Counting, Selection},
};
use crate::{
    access::{Granted, missing},
    http::{
        Problem,
        list::{Next, Part},
    },
};

/// How far lists and searches count.
const COUNTING: Counting = Counting {
    most: COUNTED,
    by_text: COUNTED_BY_TEXT,
    among: commands::COUNTED_AMONG,
};

/// What somebody looks for.
pub(super) struct Search<'a> {
    ctx: &'a Granted<CustomersRead>,
    selection: Selection,
    order: Sorting,
    /// Of another order than that of creation.
    sort: Option<Sort>,
    /// Where a request names its order.
    sort_at: &'static str,
    /// Where it is of a view: a page goes on in the same version only.
    pub(super) view_version: Option<i64>,
}

/// Where a search names a view.
pub(super) const VIEW: &str = "/view_id";

/// The fields that a search can speak of.
pub(super) async fn fields_of(
    handle: &impl Handle,
    reader: &Authority,
    search: &impl Serialize,
) -> Result<Registry, Error> {
    match names_custom_fields(search) {
        true => registry(handle, reader.institution()).await,
        false => Ok(Registry::default()),
    }
}

/// What a view looks for, as far as somebody may look for it, in its own order or `is_sorted` otherwise.
///
/// # Errors
/// 409 where it can't be read any more; 422 where it goes by what the caller may not read, or by a field
/// that is archived, naming that.
pub(super) async fn in_view(
    handle: &impl Handle,
    reader: &Authority,
    view: &View,
    is_sorted: bool,
) -> Result<(ViewSearch, Looked), Error> {
    let fields = fields_of(handle, reader, &view.search).await?;
    let mut kept = ViewSearch::kept(view, &fields)?;
    if is_sorted {
        kept.sort = None;
    }
    let looked_for = kept.looked_for(&fields, reader);
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
    let view = kept::find(&ctx.read(), &own_views(ctx)?, id).await?;
    let view = view.ok_or_else(Problem::not_found)?;
    let (kept, looked_for) = in_view(&ctx.read(), ctx.authority(), &view, false).await?;
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
        let fields = fields_of(&ctx.read(), ctx.authority(), &own).await?;
        let looked_for = own.looked_for(&fields, ctx.authority())?;
        let Some(id) = asked.view_id else {
            let places = ["/sort", "/filters/tag_id"];
            return Self::of(ctx, looked_for, (own.filters, own.sort), places).await;
        };
        let view = kept::find(&ctx.read(), &own_views(ctx)?, Id::new(id)).await?;
        let view = view.ok_or_else(|| Fault::field(VIEW, &REFERENCE_UNKNOWN))?;
        let is_sorted = own.sort.is_some();
        let (kept, mut all) = in_view(&ctx.read(), ctx.authority(), &view, is_sorted).await?;
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
        let sort = sort_of(ctx, (&order, looked_for.sorted_by.clone()), sort_at)?;
        let reader = (ctx.authority(), ctx.stamp().now());
        let filters = (filters.unwrap_or_default(), tags_at);
        let mut selection =
            Selection::begin(&ctx.app().db.search(), reader, looked_for, filters).await?;
        if selection.looks_behind_masks() {
            let revealing = looked_behind_masks(ctx, selection.queries()).await?;
            selection = selection.revealing(revealing);
        }
        Ok(Self {
            ctx,
            selection,
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
        let reader = (ctx.authority(), ctx.stamp().now());
        let selection = Selection::of_list(reader, filters, "tag_id");
        Ok(Self {
            ctx,
            selection: selection.map_err(|fault| Problem::parameters(vec![fault]))?,
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
        let (handle, grant) = (self.handle(), &self.ctx.grant);
        if self.selection.goes_by_text() {
            let place = (page.order, page.after.map(|(doc, _)| doc));
            let found = self.selection.found(&handle, grant, place, part.limit);
            let found = found.await?;
            let cursor = found.unsearched.map(|doc| part.cursor((doc, Uuid::nil())));
            return Ok((found.customers, part.next(cursor)));
        }
        let (rows, edge) = self.selection.list(&handle, grant, page).await?;
        let behind_edge = edge.map(|edge| part.cursor(edge));
        let (rows, mut next) = part.cut(rows, place_of);
        next.cursor = next.cursor.or(behind_edge);
        Ok((rows, next))
    }

    /// One page in another order than that of creation.
    async fn sorted(&self, part: Part, sort: &Sort) -> Result<(Vec<Customer>, Next), Problem> {
        let (handle, grant) = (self.ctx.app().db.search(), &self.ctx.grant);
        let page = part.sorted_page(self.order.is_descending())?;
        let by = (sort, &page);
        let rows = if self.selection.goes_by_text() {
            let rows = self
                .selection
                .sorted_by_text(&handle, grant, COUNTED_BY_TEXT, by);
            rows.await?.ok_or_else(|| self.too_many(COUNTED_BY_TEXT))?
        } else {
            let rows = self.selection.sorted(&handle, grant, by).await?;
            rows.ok_or_else(|| self.too_many(commands::SORTED))?
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
        let (handle, grant) = (self.handle(), &self.ctx.grant);
        Ok(self.selection.count(&handle, grant, COUNTING).await?)
    }

    /// Where statements are planned for their values, if these matter.
    fn handle(&self) -> Read {
        let db = &self.ctx.app().db;
        match self.selection.is_plain() {
            true => db.read(),
            false => db.search(),
        }
    }
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
        let grant = grant.ok_or_else(missing::<CustomersReveal>)?;
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
