//! The tags of customers, within a grant.

use std::collections::{BTreeSet, HashMap};

use domain::{
    customers::Customer,
    fault::{Fault, NOT_FOUND},
    id::Id,
    tags::{Act, Tag, TagLabel, Tagging},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, Select, Value,
    sea_query::{ArrayType, Expr, ExprTrait, JoinType},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    PUT_ON, TAKEN_OFF,
    entity::{Column, Entity},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::micros,
    database::{Change, among, insert_many, statement},
    scope::{Scoped, reachable, scoped, scoped_update},
};

/// Whether a tag can be put on customers.
pub async fn is_open(tx: &Tx, grant: &impl Reads<Tagging>, tag: Id<Tag>) -> Result<bool, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM tags WHERE institution_id = ? AND id = ? AND archived_at IS NULL",
            [
                grant.scope().institution().uuid().into(),
                tag.uuid().into(),
            ],
        ))
        .await?;
    Ok(row.is_some())
}

/// Names that are looked up at once.
const NAMES: usize = 1000;

/// The tags of these names, folded, that can be put on customers.
pub async fn named(
    tx: &Tx,
    grant: &impl Reads<Tagging>,
    names: BTreeSet<String>,
) -> Result<HashMap<String, Id<Tag>>, Error> {
    let names: Vec<Value> = names.into_iter().map(Value::from).collect();
    let mut named = HashMap::new();
    for part in names.chunks(NAMES) {
        let (is_named, part) = among(tx, "name_fold", ArrayType::String, part.to_vec());
        let mut values: Vec<Value> = vec![grant.scope().institution().uuid().into()];
        values.extend(part);
        let sql = format!(
            "SELECT name_fold, id FROM tags \
             WHERE institution_id = ? AND {is_named} AND archived_at IS NULL"
        );
        for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
            let id: Uuid = row.try_get("", "id")?;
            named.insert(row.try_get("", "name_fold")?, Id::new(id));
        }
    }
    Ok(named)
}

/// The tags that a customer has, and those that it had too where `ended` is asked for, oldest first.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Tagging>,
    customer: Id<Customer>,
    ended: bool,
) -> Result<Vec<Tagging>, Error> {
    let mut rows = scoped::<Entity>(grant)
        .filter(Column::CustomerId.eq(customer.uuid()))
        .order_by_asc(Column::PutOnAt)
        .order_by_asc(Column::Id);
    if !ended {
        rows = rows.filter(Column::TakenOffAt.is_null());
    }
    let rows = rows.all(handle).await?;
    rows.into_iter().map(Tagging::try_from).collect()
}

/// The tags that some customers have, as far as they are within reach; of each, oldest first.
pub async fn labels(
    handle: &impl Handle,
    grant: &impl Reads<Tagging>,
    customers: &[Id<Customer>],
) -> Result<HashMap<Id<Customer>, Vec<TagLabel>>, Error> {
    let mut all: HashMap<_, Vec<_>> = HashMap::new();
    if customers.is_empty() {
        return Ok(all);
    }
    let mut rows = scoped::<Entity>(grant)
        .filter(Column::CustomerId.is_in(customers.iter().map(|id| id.uuid())))
        .filter(Column::TakenOffAt.is_null())
        .order_by_asc(Column::PutOnAt)
        .order_by_asc(Column::Id)
        .select_only()
        .column(Column::CustomerId);
    QuerySelect::query(&mut rows).join(JoinType::InnerJoin, TAGS, the_tag());
    for row in with_label(rows)
        .into_model::<Labelled>()
        .all(handle)
        .await?
    {
        all.entry(Id::new(row.customer))
            .or_default()
            .push(row.label);
    }
    Ok(all)
}

/// Adds to a query of one customer the tags that it has, as far as they are within reach, oldest
/// first: a row each, and one without where there is none.
pub(crate) fn beside<E: Scoped<Record = Customer>>(
    customer: Select<E>,
    grant: &impl Reads<Tagging>,
) -> Select<E> {
    let mut rows = customer;
    let own = |column: E::Column| Expr::col((E::default(), column));
    let on = reachable::<Entity>(grant)
        .add(Expr::col((Entity, Column::InstitutionId)).eq(own(E::INSTITUTION)))
        .add(Expr::col((Entity, Column::CustomerId)).eq(own(E::CUSTOMER)))
        .add(Column::TakenOffAt.is_null());
    QuerySelect::query(&mut rows)
        .join(JoinType::LeftJoin, Entity, on)
        .join(JoinType::LeftJoin, TAGS, the_tag())
        .order_by((Entity, Column::PutOnAt), Order::Asc)
        .order_by((Entity, Column::Id), Order::Asc);
    with_label(rows)
}

const TAGS: &str = "tags";

fn tag(column: &'static str) -> Expr {
    Expr::col((TAGS, column))
}

fn the_tag() -> Condition {
    Condition::all()
        .add(tag("institution_id").eq(Expr::col((Entity, Column::InstitutionId))))
        .add(tag("id").eq(Expr::col((Entity, Column::TagId))))
}

fn with_label<E: EntityTrait>(rows: Select<E>) -> Select<E> {
    rows.column_as(tag("id"), "label_id")
        .column_as(tag("name"), "label_name")
        .column_as(tag("category_id"), "label_category")
        .column_as(tag("colour"), "label_colour")
}

/// The label that a row brings, if any.
pub(crate) fn label(row: &QueryResult) -> Result<Option<TagLabel>, DbErr> {
    let Some(id) = row.try_get::<Option<Uuid>>("", "label_id")? else {
        return Ok(None);
    };
    Ok(Some(TagLabel {
        id: Id::new(id),
        name: row.try_get("", "label_name")?,
        category: Id::new(row.try_get("", "label_category")?),
        colour: row.try_get("", "label_colour")?,
    }))
}

/// A label and whose it is.
struct Labelled {
    customer: Uuid,
    label: TagLabel,
}

impl FromQueryResult for Labelled {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let missing = || DbErr::RecordNotFound("label".into());
        Ok(Self {
            customer: row.try_get(prefix, "customer_id")?,
            label: label(row)?.ok_or_else(missing)?,
        })
    }
}

/// What leads a list of customers to those that have a tag.
pub(crate) fn having(tag: Id<Tag>) -> Condition {
    Condition::all()
        .add(Column::TagId.eq(tag.uuid()))
        .add(Column::TakenOffAt.is_null())
}

/// Taggings within reach by which customers have any of some tags.
pub(crate) fn having_any(grant: &impl Reads<Tagging>, tags: &[Id<Tag>]) -> Condition {
    reachable::<Entity>(grant)
        .add(Column::TagId.is_in(tags.iter().map(|tag| tag.uuid())))
        .add(Column::TakenOffAt.is_null())
}

/// Puts a tag on a customer that is anchored.
///
/// # Errors
/// 409 where the customer has it already.
pub async fn put_on(tx: &Tx, grant: &impl Writes<Tagging>, tagging: &Tagging) -> Result<(), Error> {
    let act = &tagging.put_on;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO taggings (institution_id, id, customer_id, holder_id, customer_campus_id, \
         customer_created_at, tag_id, put_on_at, put_on_by, put_on_reason) \
         SELECT institution_id, ?, id, holder_id, campus_id, created_at, ?, ?, ?, ? \
         FROM customers WHERE institution_id = ? AND id = ?",
        [
            tagging.id.uuid().into(),
            tagging.tag.uuid().into(),
            micros(act.at).into(),
            act.by.into(),
            act.reason.clone().into(),
            grant.scope().institution().uuid().into(),
            tagging.customer.uuid().into(),
        ],
    ))
    .await?;
    tx.record(was_put_on(tagging));
    Ok(())
}

/// Puts tags on customers that are made at the same moment, many in a statement.
pub async fn put_on_new(
    tx: &Tx,
    grant: &impl Writes<Tagging>,
    taggings: &[Tagging],
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let rows = taggings.iter().map(|tagging| {
        let act = &tagging.put_on;
        vec![
            institution.into(),
            tagging.id.uuid().into(),
            tagging.customer.uuid().into(),
            tagging.holder.uuid().into(),
            tagging.campus.uuid().into(),
            micros(act.at).into(),
            tagging.tag.uuid().into(),
            micros(act.at).into(),
            act.by.into(),
            act.reason.clone().into(),
        ]
    });
    insert_many(
        tx,
        (
            "taggings",
            "institution_id, id, customer_id, holder_id, customer_campus_id, \
             customer_created_at, tag_id, put_on_at, put_on_by, put_on_reason",
        ),
        "",
        rows.collect(),
    )
    .await?;
    for tagging in taggings {
        tx.record(was_put_on(tagging));
    }
    Ok(())
}

fn was_put_on(tagging: &Tagging) -> Change {
    let data = json!({ "customer_id": tagging.customer, "tag_id": tagging.tag });
    let after = json!({
        "customer_id": tagging.customer, "tag_id": tagging.tag, "reason": tagging.put_on.reason,
    });
    Change::new("tagging", tagging.id.uuid(), 1, after).event(&PUT_ON, data)
}

/// Takes a tag off a customer.
///
/// # Errors
/// 404 where the customer has no such tag within reach.
pub async fn take_off(
    tx: &Tx,
    grant: &impl Writes<Tagging>,
    customer: Id<Customer>,
    tag: Id<Tag>,
    act: &Act,
) -> Result<Tagging, Error> {
    let absent = || Fault::new(&NOT_FOUND);
    let on = of(tx, grant, customer, false).await?;
    let tagging = on.into_iter().find(|t| t.tag == tag).ok_or_else(absent)?;
    let updated = scoped_update::<Entity>(grant)
        .col_expr(Column::TakenOffAt, micros(act.at).into())
        .col_expr(Column::TakenOffBy, act.by.into())
        .col_expr(Column::TakenOffReason, Expr::val(act.reason.clone()))
        .filter(Column::Id.eq(tagging.id.uuid()))
        .filter(Column::TakenOffAt.is_null())
        .exec(tx)
        .await?;
    if updated.rows_affected != 1 {
        return Err(absent().into());
    }
    let data = json!({ "customer_id": customer, "tag_id": tag });
    let change = Change::new(
        "tagging",
        tagging.id.uuid(),
        2,
        json!({ "reason": act.reason }),
    );
    tx.record(change.before(data.clone()).event(&TAKEN_OFF, data));
    Ok(Tagging {
        taken_off: Some(act.clone()),
        ..tagging
    })
}
