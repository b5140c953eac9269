//! Relations between customers, both within a grant.

use domain::{
    customers::{Customer, RELATION_EXISTS, RELATIONS_MAX, Relation, TOO_MANY_RELATIONS},
    fault::Fault,
    id::Id,
    organization::Institution,
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryResult};
use serde_json::json;

use super::{
    entity::{Column, Entity},
    store,
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Constraint, insert_many, statement},
    scope::scoped,
};

pub(crate) static CONSTRAINTS: &[Constraint] = &[Constraint {
    name: "customer_relations_key",
    columns: "customer_relations.institution_id, customer_relations.student_id, customer_relations.guardian_id",
    rule: &RELATION_EXISTS,
    pointer: "",
}];

/// The relations of a customer whose other one is within reach too, oldest first.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
) -> Result<Vec<(Relation, Customer)>, Error> {
    let institution = grant.scope().institution();
    let relations = read(handle, institution, customer).await?;
    let others = relations.iter().map(|r| r.relative_of(customer).uuid());
    let rows = scoped::<Entity>(grant)
        .filter(Column::Id.is_in(others))
        .all(handle)
        .await?;
    let keys = handle.keys_of(institution).await?;
    let mut relatives = rows
        .into_iter()
        .map(|row| row.open(&keys))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(relations
        .into_iter()
        .filter_map(|relation| {
            let other = relation.relative_of(customer);
            let at = relatives.iter().position(|c| c.id == other)?;
            Some((relation, relatives.swap_remove(at)))
        })
        .collect())
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
) -> Result<Vec<Relation>, Error> {
    let key = || [institution.uuid().into(), customer.uuid().into()];
    handle
        .query_all_raw(statement(
            handle,
            "SELECT id, student_id, guardian_id, label, created_at FROM customer_relations \
             WHERE institution_id = ? AND student_id = ? \
             UNION ALL SELECT id, student_id, guardian_id, label, created_at FROM customer_relations \
             WHERE institution_id = ? AND guardian_id = ? ORDER BY created_at, id",
            [key(), key()].concat(),
        ))
        .await?
        .iter()
        .map(relation)
        .collect()
}

fn relation(row: &QueryResult) -> Result<Relation, Error> {
    Ok(Relation {
        id: Id::new(row.try_get("", "id")?),
        student: Id::new(row.try_get("", "student_id")?),
        guardian: Id::new(row.try_get("", "guardian_id")?),
        label: row.try_get("", "label")?,
        created_at: timestamp(row.try_get("", "created_at")?)?,
    })
}

/// Whether a customer is related to any other.
pub(super) async fn exist(tx: &Tx, customer: &Customer) -> Result<bool, Error> {
    let institution = tx.operation().institution;
    Ok(!read(tx, institution, customer.id).await?.is_empty())
}

/// Writes a new relation of a customer, as a change of it. The caller has locked both.
///
/// # Errors
/// 409 where the two are related already, or one of them has too many.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    relation: &Relation,
) -> Result<Customer, Error> {
    let institution = grant.scope().institution();
    for of in [relation.student, relation.guardian] {
        if read(tx, institution, of).await?.len() >= RELATIONS_MAX {
            return Err(Fault::new(&TOO_MANY_RELATIONS)
                .with("max", RELATIONS_MAX)
                .into());
        }
    }
    tx.execute_raw(statement(
        tx,
        "INSERT INTO customer_relations \
         (institution_id, id, student_id, guardian_id, label, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        [
            institution.uuid().into(),
            relation.id.uuid().into(),
            relation.student.uuid().into(),
            relation.guardian.uuid().into(),
            relation.label.clone().into(),
            micros(relation.created_at).into(),
        ],
    ))
    .await?;
    let after = before.touched(&tx.stamp());
    let is = json!({ "relations": told(relation, before.id) });
    store::touch(tx, grant, before, &after, json!({ "relations": null }), is).await?;
    Ok(after)
}

/// Writes relations that new customers begin with.
pub(super) async fn insert_all(
    tx: &Tx,
    institution: Id<Institution>,
    relations: &[Relation],
) -> Result<(), Error> {
    let rows = relations.iter().map(|relation| {
        vec![
            institution.uuid().into(),
            relation.id.uuid().into(),
            relation.student.uuid().into(),
            relation.guardian.uuid().into(),
            relation.label.clone().into(),
            micros(relation.created_at).into(),
        ]
    });
    insert_many(
        tx,
        (
            "customer_relations",
            "institution_id, id, student_id, guardian_id, label, created_at",
        ),
        "",
        rows.collect(),
    )
    .await
}

/// A relation of a customer whose other one is within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Relation>,
) -> Result<Option<Relation>, Error> {
    let found = of(handle, grant, customer).await?;
    Ok(found
        .into_iter()
        .map(|(relation, _)| relation)
        .find(|relation| relation.id == id))
}

/// Removes a relation of a customer, as a change of it. The caller has locked both.
pub async fn remove(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    relation: &Relation,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "DELETE FROM customer_relations WHERE institution_id = ? AND id = ?",
        [
            grant.scope().institution().uuid().into(),
            relation.id.uuid().into(),
        ],
    ))
    .await?;
    let after = before.touched(&tx.stamp());
    let was = json!({ "relations": told(relation, before.id) });
    store::touch(tx, grant, before, &after, was, json!({ "relations": null })).await
}

pub(super) fn told(relation: &Relation, customer: Id<Customer>) -> serde_json::Value {
    json!({
        "id": relation.id,
        "role": domain::text_enum::TextEnum::as_str(relation.role_to(customer)),
        "relative_id": relation.relative_of(customer),
    })
}
