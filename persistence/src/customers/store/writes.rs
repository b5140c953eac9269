//! Writing customers, and what goes with a change.

use domain::{
    customers::{
        CUSTOMER_IN_USE, Customer, KIND_IS_ENROLLED, KIND_IS_RELATED, Mending, Relation,
        reach_alike, says_otherwise,
    },
    fault::Fault,
    id::Id,
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::{
    Error, Tx,
    access::{Writes, share_requests, shares},
    audit::difference,
    clock::micros,
    custom_fields::values,
    customers::{
        CHANGED, CREATED, DELETED, HOLDER_CHANGED, RESTORED, children,
        cleaning::store as cleaning,
        collections, details,
        entity::{ActiveModel, Column, Entity, changes, fields, personal, row},
        filings::store as filings,
        index, merges, quality, relations,
    },
    database::{Change, insert_rows, unless_stale},
    enrollments::store as enrollments,
    follow_ups::clocks::keep_time,
    scope::scoped_update,
};

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
pub(in crate::customers) async fn touch(
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
    let says_otherwise = says_otherwise(before, after);
    if says_otherwise {
        filings::mark_changed(tx, after.id).await?;
    }
    if says_otherwise || before.contacts != after.contacts {
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
pub(in crate::customers) async fn write(
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
