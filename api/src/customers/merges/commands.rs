//! Use cases of merging: load, decide, save.

use domain::{
    access::{CustomersAssign, CustomersMerge, FIELD_NOT_READABLE, FieldAccess, FieldRules},
    customers::{
        Customer, MERGE_WITH_ITSELF, MergeObstacle, conflicts, merged, obstacles, taken_together,
        unless_obstructed,
    },
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN, VERSION_STALE},
    id::Id,
    text,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads},
    customers::{
        details,
        merges::{self as store, Merge, Preview},
        store as customers,
    },
};

use super::{MergeConflict, MergeCustomers, MergePreview};
use crate::{
    access::fields::show,
    customers::{RECORD, commands::get, consents::commands::would_lack_guardian, handlers::whole},
};

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

type Merger = Grant<CustomersMerge>;

fn unknown() -> FieldFault {
    FieldFault::new("/duplicate_id", &REFERENCE_UNKNOWN)
}

/// What a merge would do.
///
/// # Errors
/// 404 out of reach, 422 where the duplicate is, or is the same.
pub async fn preview(
    handle: &impl Handle,
    grant: &Merger,
    reader: &Authority,
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
    now: Timestamp,
) -> Result<MergePreview, Error> {
    let survivor = get(handle, grant, survivor).await?;
    let duplicate = customers::find(handle, grant, duplicate).await?;
    let duplicate = duplicate.ok_or_else(unknown)?;
    if survivor.id == duplicate.id {
        return Err(FieldFault::new("/duplicate_id", &MERGE_WITH_ITSELF).into());
    }
    let institution = Reads::<Customer>::scope(grant).institution();
    let survivor = details::read_into(handle, institution, survivor).await?;
    let duplicate = details::read_into(handle, institution, duplicate).await?;
    let Preview {
        moves,
        obstacles: found,
    } = store::preview(handle, grant, &survivor, &duplicate).await?;
    let mut in_the_way = obstacles(&survivor, &duplicate);
    in_the_way.extend(found);
    in_the_way.extend(ground_of(handle, grant, Some(reader), (&survivor, &duplicate), now).await?);
    let differing = conflicts(&survivor, &duplicate);
    let shown = |customer| {
        show(
            Some(reader),
            RECORD,
            whole(Some(reader), customer, Vec::new()),
        )
    };
    let (survivor, duplicate) = (shown(survivor)?, shown(duplicate)?);
    let value = |shown| serde_json::to_value(shown).map_err(Error::internal);
    let (a, b) = (value(&survivor)?, value(&duplicate)?);
    let readable = |field: &str| reader.fields().is_readable(RECORD, field);
    let told = differing
        .into_iter()
        .filter(|field| readable(field.as_str()));
    let told = told
        .map(|field| MergeConflict::of(field, (&a, &b)))
        .collect();
    Ok(MergePreview::new(
        (survivor, duplicate),
        told,
        moves,
        in_the_way,
    ))
}

/// Makes one of two customers.
///
/// # Errors
/// 404 out of reach, 409 where something stands in the way, 412 where either has changed since it was
/// seen, 422 where the duplicate is out of reach, or a field may not be chosen.
pub async fn merge(
    tx: &Tx,
    grant: &Merger,
    id: Id<Customer>,
    body: &MergeCustomers,
) -> Result<Merge, Error> {
    let reason = text::line("/reason", &body.reason, REASON_MAX)?;
    if let Some(authority) = &tx.operation().authority {
        choosable(authority.fields(), body)?;
    }
    let (survivor, duplicate) = both(tx, grant, id, Id::new(body.duplicate_id)).await?;
    let survivor = survivor.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let duplicate = duplicate.ok_or_else(unknown)?;
    let survivor = details::read_into(tx, tx.operation().institution, survivor).await?;
    let duplicate = details::read_into(tx, tx.operation().institution, duplicate).await?;
    let after = merged(&survivor, &duplicate, &body.chosen(), &tx.stamp())?;
    let reader = tx.operation().authority.as_deref();
    let pair = (&survivor, &duplicate);
    let mut in_the_way = ground_of(tx, grant, reader, pair, tx.now()).await?;
    // What is chosen may make a child of it that neither choice alone would.
    if would_lack_guardian(tx, grant, pair, &after, tx.now()).await? {
        in_the_way.push(MergeObstacle::GuardianConsentMissing);
        in_the_way.dedup();
    }
    unless_obstructed(&in_the_way)?;
    if (survivor.version, duplicate.version) != (body.version, body.duplicate_version) {
        return Err(Fault::new(&VERSION_STALE).into());
    }
    store::merge(tx, grant, (&survivor, &duplicate), &after, reason).await
}

/// What stands in the way by the law, or by what the caller may not do otherwise: a merge neither hands
/// customers over nor writes fields for somebody who may not, by starting from a newer record.
async fn ground_of(
    handle: &impl Handle,
    grant: &Merger,
    reader: Option<&Authority>,
    (survivor, duplicate): (&Customer, &Customer),
    now: Timestamp,
) -> Result<Vec<MergeObstacle>, Error> {
    let mut found = Vec::new();
    let together = taken_together(survivor, duplicate);
    let pair = (survivor, duplicate);
    if would_lack_guardian(handle, grant, pair, &together, now).await? {
        found.push(MergeObstacle::GuardianConsentMissing);
    }
    let is_first = (survivor.created_at, survivor.id) < (duplicate.created_at, duplicate.id);
    if !is_first && reader.is_some_and(|reader| !may_settle(reader, pair, now)) {
        found.push(MergeObstacle::NotTakenInFirst);
    }
    Ok(found)
}

/// Whether somebody may hand over both of two customers, where they are in different hands, and write all
/// that is known of them.
fn may_settle(reader: &Authority, (a, b): (&Customer, &Customer), now: Timestamp) -> bool {
    let writes_all = reader
        .fields()
        .iter()
        .all(|(field, _)| field.record != RECORD);
    let hands = |one: &Customer| (one.holder, one.campus);
    let assigning = Grant::<CustomersAssign>::of(reader, now);
    let covers = |one| {
        let (holder, campus) = hands(one);
        let scope = assigning.as_ref().map(Reads::<Customer>::scope);
        scope.is_some_and(|scope| scope.covers(holder, campus))
    };
    writes_all && (hands(a) == hands(b) || (covers(a) && covers(b)))
}

/// Nobody chooses between values that they may not see or write.
fn choosable(rules: &FieldRules, body: &MergeCustomers) -> Result<(), Fault> {
    let choices = body.choices.iter().flatten().enumerate();
    let barred = choices.filter(|(_, choice)| {
        let access: Option<FieldAccess> = rules.access(RECORD, choice.field.0.as_str());
        access.is_some()
    });
    let faults =
        barred.map(|(n, _)| FieldFault::new(format!("/choices/{n}/field"), &FIELD_NOT_READABLE));
    Fault::unless_empty(faults.collect())
}

/// Two customers, neither deleted, where they are within reach: locked in the order that all keep to.
async fn both(
    tx: &Tx,
    grant: &Merger,
    one: Id<Customer>,
    other: Id<Customer>,
) -> Result<(Option<Customer>, Option<Customer>), Error> {
    let (first, second) = (one.min(other), one.max(other));
    let first = customers::lock(tx, grant, first).await?;
    let second = customers::lock(tx, grant, second).await?;
    let living = |found: Option<Customer>| found.filter(|found| found.deleted_at.is_none());
    let (first, second) = (living(first), living(second));
    Ok(if one < other {
        (first, second)
    } else {
        (second, first)
    })
}

/// A merge whose survivor is within reach.
///
/// # Errors
/// 404 where it is not.
pub async fn find(handle: &impl Handle, grant: &Merger, id: Id<Merge>) -> Result<Merge, Error> {
    let absent = || Error::from(Fault::new(&NOT_FOUND));
    let institution = Reads::<Customer>::scope(grant).institution();
    let found = store::find(handle, institution, id).await?;
    let found = found.ok_or_else(absent)?;
    customers::find(handle, grant, found.survivor)
        .await?
        .ok_or_else(absent)?;
    Ok(found)
}

/// Parts two customers again of whom one was made.
///
/// # Errors
/// 404 out of reach, 409 where that was done, or something was built on it since.
pub async fn undo(tx: &Tx, grant: &Merger, id: Id<Merge>) -> Result<Merge, Error> {
    let seen = find(tx, grant, id).await?;
    let absent = || Error::from(Fault::new(&NOT_FOUND));
    let (first, second) = (
        seen.survivor.min(seen.merged),
        seen.survivor.max(seen.merged),
    );
    let first = customers::lock_under(tx, grant, first).await?;
    let second = customers::lock_under(tx, grant, second).await?;
    let (first, second) = (first.ok_or_else(absent)?, second.ok_or_else(absent)?);
    let first = details::read_into(tx, tx.operation().institution, first).await?;
    let second = details::read_into(tx, tx.operation().institution, second).await?;
    let pair = if first.id == seen.survivor {
        (&first, &second)
    } else {
        (&second, &first)
    };
    store::undo(tx, grant, id, pair)
        .await
        .map(|(merge, _)| merge)
}
