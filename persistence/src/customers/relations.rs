//! Relations between customers, both within a grant.

use std::collections::BTreeSet;

use domain::{
    customers::{
        Customer, Kind, RELATION_CIRCULAR, RELATION_EXISTS, RELATIONS_MAX, Relation, RelationRole,
        TOO_MANY_RELATIONS, Terms,
    },
    fault::Fault,
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::civil::Date;
use sea_orm::{
    Condition, ConnectionTrait, DbErr, FromQueryResult, QueryResult, QuerySelect, Value,
    sea_query::{ArrayType, Expr, ExprTrait, JoinType},
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    entity::{Column, Entity, Model},
    store,
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{date, date_column, micros, timestamp},
    database::{Constraint, alone, among, insert_many, placeholders, statement},
    scope::{Direction, Page, scoped},
};

pub(crate) static CONSTRAINTS: &[Constraint] = &[Constraint {
    name: "customer_relations_key",
    columns: "customer_relations.institution_id, customer_relations.customer_id, \
              customer_relations.relative_id, customer_relations.role",
    rule: &RELATION_EXISTS,
    pointer: "",
}];

const TABLE: &str = "customer_relations";
const COLUMNS: &str = "institution_id, id, customer_id, role, relative_id, label, valid_from, valid_until, \
                       may_view, gets_notices, created_at";

/// Which relations of a customer are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What the other one is to the customer; anything, where there are none.
    pub roles: Vec<RelationRole>,
    /// Those only that have not ended by this day.
    pub not_ended_by: Option<Date>,
    /// This one only.
    pub id: Option<Id<Relation>>,
}

/// The two columns in which a customer can stand.
const SIDES: [(&str, &str); 2] = [
    ("customer_id", "relative_id"),
    ("relative_id", "customer_id"),
];

/// One page of the relations of a customer whose other one is within reach too, in the order in which they
/// were made.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    wanted: &Wanted,
    page: &Page,
) -> Result<Vec<(Relation, Customer)>, Error> {
    let institution = grant.scope().institution();
    let mut found = Vec::new();
    for (own, others) in SIDES {
        let is_kept_so = own == "customer_id";
        let roles = wanted.roles.iter().copied();
        let roles: Vec<&str> = roles
            .map(|role| if is_kept_so { role } else { role.inverse() })
            .map(TextEnum::as_str)
            .collect();
        let mut rows = scoped::<Entity>(grant);
        let on = Condition::all()
            .add(of_relation("institution_id").eq(institution.uuid()))
            .add(of_relation(own).eq(customer.uuid()))
            .add(of_relation(others).eq(Expr::col((Entity, Column::Id))))
            .add_option((!roles.is_empty()).then(|| of_relation("role").is_in(roles)))
            .add_option(wanted.id.map(|id| of_relation("id").eq(id.uuid())))
            .add_option(
                wanted
                    .not_ended_by
                    .map(date_column)
                    .transpose()?
                    .map(|day| {
                        let until = || of_relation("valid_until");
                        until().is_null().or(until().gt(day))
                    }),
            );
        let select = QuerySelect::query(&mut rows);
        select.join(JoinType::InnerJoin, TABLE, on);
        for column in COLUMNS.split(", ") {
            select.expr_as(
                of_relation(column.trim()),
                format!("relation_{}", column.trim()),
            );
        }
        page.confine(select, of_relation("created_at"), of_relation("id"));
        found.extend(rows.into_model::<WithRelation>().all(handle).await?);
    }
    found.sort_by_key(|row| (row.relation.created_at, row.relation.id));
    if page.order == Direction::NewestFirst {
        found.reverse();
    }
    found.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    let keys = handle.keys_of(institution).await?;
    let open = |row: WithRelation| Ok((row.relation, row.customer.open(&keys)?));
    found.into_iter().map(open).collect()
}

fn of_relation(column: &str) -> Expr {
    Expr::col((TABLE, column.to_owned()))
}

/// A relation and the other one of the two.
struct WithRelation {
    relation: Relation,
    customer: Model,
}

impl FromQueryResult for WithRelation {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let corrupt = |error: Error| DbErr::Type(error.to_string());
        Ok(Self {
            relation: relation(row, "relation_").map_err(corrupt)?,
            customer: Model::from_query_result(row, prefix)?,
        })
    }
}

fn relation(row: &QueryResult, prefix: &str) -> Result<Relation, Error> {
    let id = |column: &str| -> Result<Uuid, Error> { Ok(row.try_get(prefix, column)?) };
    let day = |column: &str| -> Result<Option<Date>, Error> {
        let day: Option<time::Date> = row.try_get(prefix, column)?;
        day.map(date).transpose()
    };
    let role: String = row.try_get(prefix, "role")?;
    Ok(Relation {
        id: Id::new(id("id")?),
        customer: Id::new(id("customer_id")?),
        role: RelationRole::parse(&role).ok_or_else(|| Error::corrupt(RelationRole::NAME))?,
        relative: Id::new(id("relative_id")?),
        terms: Terms {
            label: row.try_get(prefix, "label")?,
            valid_from: day("valid_from")?,
            valid_until: day("valid_until")?,
            may_view: row.try_get(prefix, "may_view")?,
            gets_notices: row.try_get(prefix, "gets_notices")?,
        },
        created_at: timestamp(row.try_get(prefix, "created_at")?)?,
    })
}

/// The relations of a customer that is to be of another kind which do not fit that kind.
pub(super) async fn any_unfitting(tx: &Tx, customer: &Customer, kind: Kind) -> Result<bool, Error> {
    for (own, others) in SIDES {
        let columns = COLUMNS
            .split(", ")
            .map(|column| format!("r.{}", column.trim()));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {columns}, c.kind AS kind FROM {TABLE} r \
             JOIN customers c ON c.institution_id = r.institution_id AND c.id = r.{others} \
             WHERE r.institution_id = ? AND r.{own} = ?"
        );
        let key = [tx.operation().institution.uuid(), customer.id.uuid()].map(Value::from);
        for row in tx.query_all_raw(statement(tx, &sql, key)).await? {
            let other: String = row.try_get("", "kind")?;
            let other = Kind::parse(&other).ok_or_else(|| Error::corrupt(Kind::NAME))?;
            if !relation(&row, "")?.fits(customer.id, kind, other) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Writes a new relation of a customer, as a change of both. The caller has locked them.
///
/// # Errors
/// 409 where the two are related so already, one of them has too many, or the relation leads back to
/// itself.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    both: (&Customer, &Customer),
    relation: &Relation,
) -> Result<Customer, Error> {
    let institution = grant.scope().institution();
    relation.beside(&alike(tx, relation).await?)?;
    if count(tx, relation).await? >= RELATIONS_MAX {
        return Err(Fault::new(&TOO_MANY_RELATIONS)
            .with("max", RELATIONS_MAX)
            .into());
    }
    if relation.role.is_acyclic() && leads_back(tx, relation).await? {
        return Err(Fault::new(&RELATION_CIRCULAR).into());
    }
    insert_all(tx, institution, std::slice::from_ref(relation)).await?;
    changed(tx, grant, both, (None, Some(relation))).await
}

/// The relations of the same customer in the same role; of a mutual role, on either side of it.
async fn alike(tx: &Tx, relation: &Relation) -> Result<Vec<Relation>, Error> {
    let sides = match relation.role.is_mutual() {
        true => &["customer_id", "relative_id"][..],
        false => &["customer_id"][..],
    };
    let mut found = Vec::new();
    for side in sides {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLE} WHERE institution_id = ? AND {side} = ? AND role = ? AND id <> ?"
        );
        let values: [Value; 4] = [
            tx.operation().institution.uuid().into(),
            relation.customer.uuid().into(),
            relation.role.as_str().into(),
            relation.id.uuid().into(),
        ];
        let rows = tx.query_all_raw(statement(tx, &sql, values)).await?;
        for row in &rows {
            found.push(self::relation(row, "")?);
        }
    }
    Ok(found)
}

/// How many relations that one of the two has who has more of them.
async fn count(tx: &Tx, relation: &Relation) -> Result<usize, Error> {
    let crowded: Vec<&str> = RelationRole::ALL
        .iter()
        .filter(|role| role.is_crowded())
        .map(|role| role.as_str())
        .collect();
    let places = placeholders(crowded.len());
    let sql = format!(
        "SELECT (SELECT count(*) FROM {TABLE} WHERE institution_id = ? AND customer_id = ?) + \
         (SELECT count(*) FROM {TABLE} WHERE institution_id = ? AND relative_id = ? \
         AND role NOT IN ({places})) AS relations"
    );
    let institution = tx.operation().institution.uuid();
    let mut all = Vec::new();
    for one in [relation.customer, relation.relative] {
        let key = [institution, one.uuid(), institution, one.uuid()].map(Value::from);
        let values = key
            .into_iter()
            .chain(crowded.iter().map(|role| (*role).into()));
        let row = tx.query_one_raw(statement(tx, &sql, values)).await?;
        let has: i64 = match row {
            Some(row) => row.try_get("", "relations")?,
            None => 0,
        };
        all.push(usize::try_from(has).map_err(Error::corrupt)?);
    }
    Ok(all.into_iter().max().unwrap_or(0))
}

/// Whether the customer is, by relations of this role, above its relative already. Of these one is made
/// at a time: two that are made at once could close a circle that neither sees.
async fn leads_back(tx: &Tx, relation: &Relation) -> Result<bool, Error> {
    alone(tx, TABLE).await?;
    let sql = format!(
        "WITH RECURSIVE above (id) AS (SELECT relative_id FROM {TABLE} \
         WHERE institution_id = ? AND customer_id = ? AND role = ? \
         UNION SELECT r.relative_id FROM above a JOIN {TABLE} r \
         ON r.institution_id = ? AND r.customer_id = a.id AND r.role = ?) \
         SELECT 1 AS found FROM above WHERE id = ?"
    );
    let institution = tx.operation().institution.uuid();
    let role = relation.role.as_str();
    let values: [Value; 6] = [
        institution.into(),
        relation.relative.uuid().into(),
        role.into(),
        institution.into(),
        role.into(),
        relation.customer.uuid().into(),
    ];
    let found = tx.query_one_raw(statement(tx, &sql, values)).await?;
    Ok(found.is_some())
}

/// Writes relations that new customers begin with.
pub(super) async fn insert_all(
    tx: &Tx,
    institution: Id<Institution>,
    relations: &[Relation],
) -> Result<(), Error> {
    let rows = relations.iter().map(|relation| row(institution, relation));
    let rows = rows.collect::<Result<_, _>>()?;
    insert_many(tx, (TABLE, COLUMNS), "", rows).await
}

fn row(institution: Id<Institution>, relation: &Relation) -> Result<Vec<Value>, Error> {
    let terms = &relation.terms;
    Ok(vec![
        institution.uuid().into(),
        relation.id.uuid().into(),
        relation.customer.uuid().into(),
        relation.role.as_str().into(),
        relation.relative.uuid().into(),
        terms.label.clone().into(),
        terms.valid_from.map(date_column).transpose()?.into(),
        terms.valid_until.map(date_column).transpose()?.into(),
        terms.may_view.into(),
        terms.gets_notices.into(),
        micros(relation.created_at).into(),
    ])
}

/// A relation of a customer whose other one is within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Relation>,
) -> Result<Option<(Relation, Customer)>, Error> {
    let wanted = Wanted {
        id: Some(id),
        ..Wanted::default()
    };
    let found = of(handle, grant, customer, &wanted, &Page::first(1)).await?;
    Ok(found.into_iter().next())
}

/// Writes other terms of a relation of a customer, as a change of both. The caller has locked them.
///
/// # Errors
/// 409 where the two are related so in that time already.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    both: (&Customer, &Customer),
    (before, after): (&Relation, &Relation),
) -> Result<Customer, Error> {
    after.beside(&alike(tx, after).await?)?;
    let sql = format!(
        "UPDATE {TABLE} SET label = ?, valid_from = ?, valid_until = ?, may_view = ?, gets_notices = ? \
         WHERE institution_id = ? AND id = ?"
    );
    let terms = &after.terms;
    let values: [Value; 7] = [
        terms.label.clone().into(),
        terms.valid_from.map(date_column).transpose()?.into(),
        terms.valid_until.map(date_column).transpose()?.into(),
        terms.may_view.into(),
        terms.gets_notices.into(),
        grant.scope().institution().uuid().into(),
        after.id.uuid().into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    changed(tx, grant, both, (Some(before), Some(after))).await
}

/// Removes a relation of a customer, as a change of both. The caller has locked them.
pub async fn remove(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    both: (&Customer, &Customer),
    relation: &Relation,
) -> Result<(), Error> {
    let sql = format!("DELETE FROM {TABLE} WHERE institution_id = ? AND id = ?");
    let key = [grant.scope().institution().uuid(), relation.id.uuid()].map(Value::from);
    tx.execute_raw(statement(tx, &sql, key)).await?;
    changed(tx, grant, both, (Some(relation), None)).await?;
    Ok(())
}

/// Raises the versions of both: each shows the relation, and whoever changes it names what was seen of
/// either. The first of them as it is then.
async fn changed(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    (customer, relative): (&Customer, &Customer),
    (was, is): (Option<&Relation>, Option<&Relation>),
) -> Result<Customer, Error> {
    let mut touched = customer.clone();
    for before in [relative, customer] {
        touched = before.touched(&tx.stamp());
        let seen = |relation: Option<&Relation>| {
            let told = relation.map(|relation| told(relation, before.id));
            json!({ "relations": told })
        };
        store::touch(tx, grant, before, &touched, seen(was), seen(is)).await?;
    }
    Ok(touched)
}

/// A relation as the audit trail has it; what it is called in the family is personal.
pub(super) fn told(relation: &Relation, customer: Id<Customer>) -> Json {
    let terms = &relation.terms;
    json!({
        "id": relation.id,
        "role": relation.role_to(customer).as_str(),
        "relative_id": relation.relative_of(customer),
        "valid_from": terms.valid_from.map(|day| day.to_string()),
        "valid_until": terms.valid_until.map(|day| day.to_string()),
        "may_view": terms.may_view,
        "gets_notices": terms.gets_notices,
    })
}

/// Who is a ward of which of some customers.
pub(super) async fn wards_of(
    handle: &impl Handle,
    institution: Id<Institution>,
    guardians: &BTreeSet<Id<Customer>>,
) -> Result<Vec<(Id<Customer>, Id<Customer>)>, Error> {
    if guardians.is_empty() {
        return Ok(Vec::new());
    }
    let ids = guardians.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "relative_id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT customer_id, relative_id FROM {TABLE} \
         WHERE institution_id = ? AND {is_among} AND role = ?"
    );
    let values = std::iter::once(institution.uuid().into())
        .chain(ids)
        .chain([RelationRole::Guardian.as_str().into()]);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let pair = |row: &QueryResult| {
        let ward = Id::new(row.try_get("", "customer_id")?);
        Ok((ward, Id::new(row.try_get("", "relative_id")?)))
    };
    rows.iter().map(pair).collect()
}
