//! Reading and writing customers, within a grant.

use domain::{
    customers::{
        CUSTOMER_IN_USE, ChannelCode, Customer, Education, KIND_IS_ENROLLED, KIND_IS_RELATED, Kind,
        Mending, Occupation, Relation, Stage, reach_alike, says_otherwise,
    },
    fault::Fault,
    id::Id,
    organization::Institution,
    tags::{Tag, TagLabel, Tagging},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QueryResult, QuerySelect,
    sea_query::{self, ArrayType, Expr, LockType},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    CHANGED, CREATED, DELETED, HOLDER_CHANGED, RESTORED, children,
    cleaning::store as cleaning,
    collections, details,
    entity::{ActiveModel, Column, Entity, Model, changes, fields, personal, row},
    filings::store as filings,
    index, merges, quality, relations,
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes, share_requests, shares},
    audit::difference,
    clock::micros,
    conditions::Compiled,
    custom_fields::values,
    database::{Change, insert_rows, unless_stale},
    enrollments::store as enrollments,
    follow_ups::clocks::keep_time,
    privacy::erasure::was_erased,
    scope::{
        self, Counted, Page, each_to_change, page, page_led, reaches, scoped, scoped_to_change,
        scoped_update,
    },
    tags::{
        entity as taggings,
        store::{beside, having, label},
    },
};

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub kinds: Vec<Kind>,
    pub stages: Vec<Stage>,
    pub channels: Vec<ChannelCode>,
    pub intents: Vec<i16>,
    pub educations: Vec<Education>,
    pub occupations: Vec<Occupation>,
    /// By their names as they are written.
    pub schools: Vec<String>,
    pub holders: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub collectors: Vec<Uuid>,
    pub collected_from: Option<Timestamp>,
    pub collected_until: Option<Timestamp>,
    pub created_from: Option<Timestamp>,
    pub created_until: Option<Timestamp>,
    /// What else they must be.
    pub conditions: Option<Compiled>,
}

impl Filter {
    /// The same of those who meet conditions too.
    #[must_use]
    pub fn meeting(self, conditions: Compiled) -> Self {
        Self {
            conditions: Some(conditions),
            ..self
        }
    }

    /// Whether it shows everything.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn condition(&self) -> Condition {
        let mut all = Condition::all();
        if !self.kinds.is_empty() {
            all = all.add(Column::Kind.is_in(self.kinds.iter().map(|v| v.as_str())));
        }
        if !self.stages.is_empty() {
            all = all.add(Column::Stage.is_in(self.stages.iter().map(|v| v.as_str())));
        }
        if !self.channels.is_empty() {
            all = all.add(Column::Channel.is_in(self.channels.iter().map(|v| v.as_str())));
        }
        if !self.intents.is_empty() {
            all = all.add(Column::Intent.is_in(self.intents.iter().copied()));
        }
        if !self.educations.is_empty() {
            let any = self.educations.iter().map(|v| v.as_str());
            all = all.add(Column::Education.is_in(any));
        }
        if !self.occupations.is_empty() {
            let any = self.occupations.iter().map(|v| v.as_str());
            all = all.add(Column::Occupation.is_in(any));
        }
        if !self.schools.is_empty() {
            all = all.add(Column::School.is_in(self.schools.iter().map(String::as_str)));
        }
        if !self.holders.is_empty() {
            all = all.add(Column::HolderId.is_in(self.holders.iter().copied()));
        }
        if !self.campuses.is_empty() {
            all = all.add(Column::CampusId.is_in(self.campuses.iter().copied()));
        }
        if !self.collectors.is_empty() {
            all = all.add(Column::CollectorId.is_in(self.collectors.iter().copied()));
        }
        let (from, until) = (self.collected_from, self.collected_until);
        all.add_option(self.conditions.as_ref().map(Compiled::condition))
            .add_option(from.map(|at| Column::CollectedAt.gte(micros(at))))
            .add_option(until.map(|at| Column::CollectedAt.lt(micros(at))))
            .add_option(
                self.created_from
                    .map(|at| Column::CreatedAt.gte(micros(at))),
            )
            .add_option(
                self.created_until
                    .map(|at| Column::CreatedAt.lt(micros(at))),
            )
    }
}

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

/// A customer that is about to be changed: no other transaction changes it until this one ends.
/// Deleted ones are found too; of one that was merged into another, the survivor is.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let found = lock_under(tx, grant, id).await?;
    if found
        .as_ref()
        .is_some_and(|found| found.deleted_at.is_none())
    {
        return Ok(found);
    }
    let institution = grant.scope().institution();
    let found = match merges::now(tx, institution, id).await? {
        Some(now) => lock_under(tx, grant, now).await?,
        None => found,
    };
    unless_erased(tx, institution, found).await
}

/// The same customer, only to be read.
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
async fn unless_erased(
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

/// Every one of some customers that are to be changed together, deleted or not, locked in their order.
pub(crate) async fn lock_each(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    ids: &[Uuid],
) -> Result<Vec<Customer>, Error> {
    let rows = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    let keys = tx.keys().await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// The same of the customer of this very id.
pub async fn lock_under(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let row = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        // Not of the key: rows that refer to the customer may come meanwhile.
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    opened(tx, row).await
}

/// Locks customers that are about to be changed one after another, as far as they are within reach, in the
/// order that all keep to: or two who change the same ones in different orders could each wait for the
/// other.
pub async fn lock_all(
    tx: &Tx,
    wanted: &[(&dyn Writes<Customer>, Vec<Id<Customer>>)],
) -> Result<(), Error> {
    // SQLite has one writer.
    if !tx.is_postgres() {
        return Ok(());
    }
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(grant, ids)| {
            let ids = ids.iter().map(|id| id.uuid().into()).collect();
            let ids = sea_query::Value::Array(ArrayType::Uuid, Some(Box::new(ids)));
            let named = Expr::cust_with_values("customers.id = ANY ($1)", [ids]);
            (*grant, Condition::all().add(named))
        })
        .collect();
    each_to_change::<Entity>(&wanted)
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    Ok(())
}

/// A customer within reach, unless deleted: until the transaction ends it is neither moved nor deleted.
pub async fn hold(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let found = hold_under(tx, grant, id).await?;
    if found.is_some() {
        return Ok(found);
    }
    match merges::now(tx, grant.scope().institution(), id).await? {
        Some(now) => hold_under(tx, grant, now).await,
        None => Ok(None),
    }
}

async fn hold_under(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Option<Customer>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    opened(tx, row).await
}

async fn opened(tx: &Tx, row: Option<Model>) -> Result<Option<Customer>, Error> {
    match row {
        Some(row) => row.open(&*tx.keys().await?).map(Some),
        None => Ok(None),
    }
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

/// One page of the customers within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<Customer>, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let rows = page::<Entity>(handle, grant, filter.condition(), part).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// One page of the customers within reach that have any of some tags, as far as these are.
pub async fn list_tagged(
    handle: &impl Handle,
    (tagging, tags): (&impl Reads<Tagging>, &[Id<Tag>]),
    (grant, filter): (&impl Reads<Customer>, &Filter),
    part: &Page,
) -> Result<Vec<Customer>, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let having = tags.iter().map(|tag| having(*tag)).collect();
    let (led_by, shown) = ((tagging, having), (grant, filter.condition()));
    let rows = page_led::<taggings::Entity, Entity>(handle, led_by, shown, part).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// The tags by which a list is led, where it goes by any, as far as they are within reach.
pub type Tagged<'a, G> = Option<(&'a G, &'a [Id<Tag>])>;

/// One page of a list whose filter has conditions. Few may meet them, and the page must not read all for
/// that: it looks at so many of each branch of the grant. It may be short: then the second says
/// behind which customer it did not look.
pub async fn list_met(
    handle: &impl Handle,
    tagged: Tagged<'_, impl Reads<Tagging>>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    part: &Page,
    looks_at: u64,
) -> Result<(Vec<Customer>, Option<(i64, Uuid)>), Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let own = |column: Column| Expr::col((Entity, column));
    let filter = filter.condition();
    let (rows, edge) = match tagged {
        None => {
            let edge = scope::edge::<Entity>(handle, grant, part, looks_at).await?;
            let until = edge.map(|edge| part.up_to(edge, own(Column::CreatedAt), own(Column::Id)));
            let filter = filter.add_option(until);
            (page::<Entity>(handle, grant, filter, part).await?, edge)
        }
        Some((tagging, tags)) => {
            let led = || tags.iter().map(|tag| having(*tag));
            let leader = (tagging, led().collect());
            let edge = scope::edge_led::<taggings::Entity>(handle, leader, part, looks_at).await?;
            let until = edge.map(|edge| {
                let of = |column: taggings::Column| Expr::col((taggings::Entity, column));
                let created = of(taggings::Column::CustomerCreatedAt);
                part.up_to(edge, created, of(taggings::Column::CustomerId))
            });
            let led_by = led().map(|tag| tag.add_option(until.clone())).collect();
            let leader = (tagging, led_by);
            let rows = page_led::<taggings::Entity, Entity>(handle, leader, (grant, filter), part);
            (rows.await?, edge)
        }
    };
    let customers = rows.into_iter().map(|row| row.open(&keys));
    Ok((customers.collect::<Result<_, _>>()?, edge))
}

/// How many customers such a list shows on all its pages, counted up to `enough` among the first `most`
/// that it could show.
pub async fn count_met(
    handle: &impl Handle,
    tagged: Tagged<'_, impl Reads<Tagging>>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    (most, enough): (u64, u64),
) -> Result<Counted, Error> {
    let (filter, bounds) = (filter.condition(), (most, enough));
    let Some((tagging, tags)) = tagged else {
        return scope::count_among::<Entity>(handle, grant, filter, bounds).await;
    };
    let leader = (tagging, tags.iter().map(|tag| having(*tag)).collect());
    let shown = (grant, filter);
    scope::count_led_among::<taggings::Entity, Entity>(handle, leader, shown, bounds).await
}

/// How many customers a list shows on all its pages, counted up to `most`; the tags as in
/// [`list_tagged`], where it goes by any.
pub async fn count(
    handle: &impl Handle,
    tagged: Option<(&impl Reads<Tagging>, &[Id<Tag>])>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    most: u64,
) -> Result<u64, Error> {
    let filter = filter.condition();
    let Some((tagging, tags)) = tagged else {
        return scope::count::<Entity>(handle, grant, filter, most).await;
    };
    let having = tags.iter().map(|tag| having(*tag)).collect();
    let (led_by, shown) = ((tagging, having), (grant, filter));
    scope::count_led::<taggings::Entity, Entity>(handle, led_by, shown, most).await
}

/// Writes a new customer.
///
/// The caller has made sure that holder and campus are within the grant.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: &Customer,
) -> Result<(), Error> {
    let scope = grant.scope();
    let keys = tx.keys().await?;
    Entity::insert(row(scope.institution(), &keys, customer)?)
        .exec_without_returning(tx)
        .await?;
    let one = std::slice::from_ref(customer);
    details::insert(tx, scope.institution(), one).await?;
    values::insert(tx, scope.institution(), one).await?;
    collections::begin(tx, scope.institution(), one).await?;
    index::index(tx, scope.institution(), customer).await?;
    tx.record(created(customer, &[]));
    Ok(())
}

/// Writes new customers with the relations that they begin with, many in a statement.
///
/// The caller has made sure that holders and campuses are within the grant, and has locked whom else
/// the relations name.
pub async fn insert_all(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customers: &[Customer],
    begun: &[Relation],
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    let keys = tx.keys().await?;
    let rows = customers
        .iter()
        .map(|customer| row(institution, &keys, customer))
        .collect::<Result<Vec<_>, _>>()?;
    insert_rows(tx, rows).await?;
    details::insert(tx, institution, customers).await?;
    values::insert(tx, institution, customers).await?;
    collections::begin(tx, institution, customers).await?;
    index::index_new(tx, institution, customers).await?;
    relations::insert_all(tx, institution, begun).await?;
    for customer in customers {
        let own = begun.iter().filter(|r| r.customer == customer.id);
        let own: Vec<_> = own.collect();
        tx.record(created(customer, &own));
    }
    Ok(())
}

fn created(customer: &Customer, begun: &[&Relation]) -> Change {
    let (mut before, mut after) = difference(None, &fields(customer), personal());
    values::tell(None, &customer.custom, (&mut before, &mut after));
    if let (Some(after), false) = (after.as_object_mut(), begun.is_empty()) {
        let told = begun.iter().map(|r| relations::told(r, customer.id));
        after.insert("relations".into(), told.collect());
    }
    let data = json!({
        "kind": customer.profile.kind.as_str(),
        "holder_id": customer.holder,
        "campus_id": customer.campus,
    });
    Change::new("customer", customer.id.uuid(), customer.version, after).event(&CREATED, data)
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

/// Writes a changed customer over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
) -> Result<(), Error> {
    save(tx, grant, before, after, None).await
}

/// Writes a customer that is in other hands, and moves what belongs to it along.
pub async fn transfer(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
    reason: &str,
) -> Result<(), Error> {
    save(tx, grant, before, after, Some(reason)).await
}

/// Raises the version of a customer of which a part that stands apart has changed; `was` and `is`
/// name the part.
pub(super) async fn touch(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
    was: Value,
    is: Value,
) -> Result<(), Error> {
    let updated = scoped_update::<Entity>(grant)
        .col_expr(Column::Version, after.version.into())
        .col_expr(Column::UpdatedAt, micros(after.updated_at).into())
        .set(of_provenance(before, after))
        .filter(Column::Id.eq(after.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    let changed: Vec<_> = is.as_object().into_iter().flat_map(|o| o.keys()).collect();
    let data = json!({ "changed": changed });
    tx.record(
        Change::new("customer", after.id.uuid(), after.version, is)
            .before(was)
            .event(&CHANGED, data),
    );
    settle(tx, before, after).await
}

/// What follows from a change of a record: its filing is marked, and what it mended goes from the cleaning
/// list.
async fn settle(tx: &Tx, before: &Customer, after: &Customer) -> Result<(), Error> {
    if says_otherwise(before, after) {
        filings::mark_changed(tx, after.id).await?;
        cleaning::mend(tx, after.id, Mending::Changed { before, after }).await?;
    }
    Ok(())
}

/// The columns of where a customer was met, as far as they differ.
fn of_provenance(before: &Customer, after: &Customer) -> ActiveModel {
    let (was, is) = (&before.provenance, &after.provenance);
    let mut columns = ActiveModel::default();
    if was.channel != is.channel {
        columns.channel = Set(is.channel.as_str().to_owned());
    }
    if was.collected_at != is.collected_at {
        columns.collected_at = Set(micros(is.collected_at));
    }
    if was.collector != is.collector {
        columns.collector_id = Set(is.collector.map(Id::uuid));
    }
    columns
}

async fn save(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
    reason: Option<&str>,
) -> Result<(), Error> {
    if after.deleted_at.is_some() && children::is_kept(tx, before).await? {
        return Err(Fault::new(&CUSTOMER_IN_USE).into());
    }
    if after.profile.kind != before.profile.kind {
        if relations::any_unfitting(tx, before, after.profile.kind).await? {
            return Err(Fault::new(&KIND_IS_RELATED).into());
        }
        if enrollments::exist(tx, before.id).await? {
            return Err(Fault::new(&KIND_IS_ENROLLED).into());
        }
    }
    write(tx, grant, before, after).await?;
    let is_moved = (after.holder, after.campus) != (before.holder, before.campus);
    if is_moved {
        children::follow(tx, after).await?;
        merges::follow(tx, after).await?;
    }
    if after.campus != before.campus {
        keep_time(tx, after.campus, Some(after.id)).await?;
    }
    if after.deleted_at != before.deleted_at {
        children::hide(tx, after).await?;
        if after.deleted_at.is_some() {
            share_requests::lapse_all(tx, after).await?;
        }
    }
    let (mut was, mut is) = difference(Some(&fields(before)), &fields(after), personal());
    values::tell(Some(&before.custom), &after.custom, (&mut was, &mut is));
    if let Some(is) = is.as_object_mut()
        && before.contacts != after.contacts
    {
        // The safe form may be the same.
        is.entry("contact_points").or_insert(json!("changed"));
    }
    if let (Some(is), Some(reason)) = (is.as_object_mut(), reason) {
        is.insert("reason".into(), reason.into());
    }
    let (event, data) = match (before.deleted_at, after.deleted_at) {
        (None, Some(_)) => (&DELETED, json!({})),
        (Some(_), None) => (&RESTORED, json!({})),
        _ if is_moved => (
            &HOLDER_CHANGED,
            json!({
                "holder_id": after.holder,
                "campus_id": after.campus,
                "previous_holder_id": before.holder,
                "previous_campus_id": before.campus,
            }),
        ),
        _ => (
            &CHANGED,
            json!({ "changed": is.as_object().map(|o| o.keys().collect::<Vec<_>>()) }),
        ),
    };
    tx.record(
        Change::new("customer", after.id.uuid(), after.version, is)
            .before(was)
            .event(event, data),
    );
    if is_moved {
        shares::end_all(tx, after).await?;
    }
    settle(tx, before, after).await
}

/// Writes what differs of a customer over the version that it was read at, and how it is found.
pub(super) async fn write(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    let keys = tx.keys().await?;
    let updated = scoped_update::<Entity>(grant)
        .set(changes(
            row(institution, &keys, before)?,
            row(institution, &keys, after)?,
            before.contacts != after.contacts,
        ))
        .filter(Column::Id.eq(after.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    details::update(tx, institution, before, after).await?;
    values::update(tx, institution, before, after).await?;
    if after.profile.name != before.profile.name || after.contacts != before.contacts {
        index::index(tx, institution, after).await?;
    }
    if !reach_alike(&before.contacts, &after.contacts) {
        quality::contacts_changed(tx, institution, after).await?;
    }
    Ok(())
}
