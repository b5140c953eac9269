//! Reading and writing entries of the cleaning list.

use std::collections::HashMap;

use domain::{
    customers::{
        CleaningEntry, CleaningReason, CleaningState, Customer, Finding, Mending, findings,
    },
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, FromQueryResult, QueryFilter, QuerySelect, Value,
    sea_query::{ArrayType, Expr, LockType},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    CHANGED, CLEANED, KEPT, OPENED,
    entity::{Column, Entity, Model, listed, place},
    seen::seen,
    twins::twins,
};
use crate::{
    Error, Handle, Tx,
    access::{Authority, Reads, Writes},
    clock::micros,
    customers::{merges, quality},
    database::{Change, among, insert_many, statement},
    keys::FieldKeys,
    scope::{Page, page, scoped, scoped_to_change},
};

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customers: Vec<Uuid>,
    pub holders: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub reasons: Vec<CleaningReason>,
    pub states: Vec<CleaningState>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let ids = |column: Column, ids: &[Uuid]| {
            (!ids.is_empty()).then(|| column.is_in(ids.iter().copied()))
        };
        let reasons = self.reasons.iter().map(|reason| reason.as_str());
        let states = self.states.iter().map(|state| state.as_str());
        let of_states = match self.states.as_slice() {
            [] => None,
            // Written out: there are indexes of what is open.
            [CleaningState::Open] => Some(Expr::cust("cleaning_entries.state = 'open'")),
            _ => Some(Column::State.is_in(states)),
        };
        Condition::all()
            .add_option(ids(Column::CustomerId, &self.customers))
            .add_option(ids(Column::HolderId, &self.holders))
            .add_option(ids(Column::CustomerCampusId, &self.campuses))
            .add_option((reasons.len() > 0).then(|| Column::Reason.is_in(reasons)))
            .add_option(of_states)
    }
}

/// One page of the entries that somebody may see, on customers within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    reader: &Authority,
    filter: &Filter,
    part: &Page,
    now: jiff::Timestamp,
) -> Result<Vec<CleaningEntry>, Error> {
    let institution = grant.scope().institution();
    let filter = Filter {
        customers: merges::resolved(handle, institution, filter.customers.clone()).await?,
        ..filter.clone()
    };
    let shown = filter
        .condition()
        .add(seen(grant, reader, handle.is_postgres(), now));
    let rows = page::<Entity>(handle, grant, shown, part).await?;
    let keys = handle.keys_of(institution).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// An entry that somebody may see.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    reader: &Authority,
    id: Id<CleaningEntry>,
    now: jiff::Timestamp,
) -> Result<Option<CleaningEntry>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .filter(seen(grant, reader, handle.is_postgres(), now))
        .one(handle)
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    row.map(|row| row.open(&keys)).transpose()
}

/// The same, on a customer that may be changed: no other transaction changes it until this one ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    reader: Option<&Authority>,
    id: Id<CleaningEntry>,
) -> Result<Option<CleaningEntry>, Error> {
    let is_seen = reader.map(|reader| seen(grant, reader, tx.is_postgres(), tx.now()));
    let row = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .filter(Condition::all().add_option(is_seen))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    let keys = tx.keys().await?;
    row.map(|row| row.open(&keys)).transpose()
}

const COLUMNS: &str = "institution_id, id, version, customer_id, holder_id, customer_campus_id, reason, \
     missing, twin_id, state, kept_until, kept_reason, kept_by, kept_at, job_id, created_at, cleaned_at, \
     deleted_at";

/// Entries of customers that were not cleaned yet, or about which a decision still holds.
pub(super) async fn standing(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &[Id<Customer>],
    now: jiff::Timestamp,
) -> Result<Vec<CleaningEntry>, Error> {
    let which = ("state <> 'cleaned' OR kept_until > ?", vec![now]);
    entries(handle, institution, customers, which, "").await
}

/// The same, which nobody else changes until the transaction ends.
pub(super) async fn lock_standing(
    tx: &Tx,
    customers: &[Id<Customer>],
) -> Result<Vec<CleaningEntry>, Error> {
    let which = ("state <> 'cleaned' OR kept_until > ?", vec![tx.now()]);
    let institution = tx.operation().institution;
    entries(tx, institution, customers, which, locked(tx)).await
}

fn locked(tx: &Tx) -> &'static str {
    if tx.is_postgres() {
        " FOR NO KEY UPDATE"
    } else {
        ""
    }
}

async fn entries(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: &[Id<Customer>],
    (which, now): (&str, Vec<jiff::Timestamp>),
    lock: &str,
) -> Result<Vec<CleaningEntry>, Error> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let ids = customers.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "customer_id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT {COLUMNS} FROM cleaning_entries \
         WHERE institution_id = ? AND {is_among} AND ({which}) ORDER BY id{lock}"
    );
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    values.extend(ids);
    values.extend(now.into_iter().map(|now| Value::from(micros(now))));
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let keys = handle.keys_of(institution).await?;
    rows.iter()
        .map(|row| Model::from_query_result(row, "")?.open(&keys))
        .collect()
}

/// What is found on some customers now, who have these entries.
pub(super) async fn found(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: Vec<Customer>,
    entries: &[CleaningEntry],
    now: jiff::Timestamp,
) -> Result<HashMap<Id<Customer>, Vec<Finding>>, Error> {
    let policy = quality::policy(handle, institution).await?;
    let fields = quality::custom_fields(handle, institution).await?;
    let decided = entries.iter().filter(|entry| entry.is_decided(now));
    let decided = decided
        .filter_map(|entry| Some((entry.customer, entry.found.twin?)))
        .collect();
    let twins = twins(handle, institution, &customers, &decided, now).await?;
    let examined = quality::examine(handle, institution, customers, now).await?;
    let found = examined.iter().map(|one| {
        let id = one.customer.id;
        let twin = twins.get(&id).copied();
        (id, findings(one, (&policy, &fields), twin, now))
    });
    Ok(found.collect())
}

/// Takes off the list what a write to a customer mended, as far as it tells so by itself: of most nothing is
/// on the list, and a write looks no further.
pub(crate) async fn mend(tx: &Tx, customer: Id<Customer>, by: Mending<'_>) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let listed = ("state <> 'cleaned'", Vec::new());
    let entries = entries(tx, institution, &[customer], listed, locked(tx)).await?;
    if entries.is_empty() {
        return Ok(());
    }
    let policy = quality::policy(tx, institution).await?;
    for before in &entries {
        let after = before.mended(by, &policy, tx.now());
        if after.version != before.version {
            update(tx, before, &after, None).await?;
        }
    }
    Ok(())
}

/// Writes new entries, found by a job.
pub async fn insert(tx: &Tx, entries: &[CleaningEntry], job: Option<Uuid>) -> Result<(), Error> {
    let institution = tx.operation().institution.uuid();
    let row = |entry: &CleaningEntry| -> Vec<Value> {
        vec![
            institution.into(),
            entry.id.uuid().into(),
            entry.version.into(),
            entry.customer.uuid().into(),
            entry.holder.uuid().into(),
            entry.campus.uuid().into(),
            entry.found.reason.as_str().into(),
            listed(&entry.found.missing).into(),
            entry.found.twin.map(Id::uuid).into(),
            entry.state.as_str().into(),
            job.into(),
            micros(entry.created_at).into(),
        ]
    };
    let columns = "institution_id, id, version, customer_id, holder_id, customer_campus_id, reason, \
                   missing, twin_id, state, job_id, created_at";
    let rows = entries.iter().map(row).collect();
    insert_many(tx, ("cleaning_entries", columns), "", rows).await?;
    for entry in entries {
        record(tx, None, entry);
    }
    Ok(())
}

/// Writes a changed entry over the version that it was read at, unless it has another by now; `job` is who
/// found it again.
pub async fn update(
    tx: &Tx,
    before: &CleaningEntry,
    after: &CleaningEntry,
    job: Option<Uuid>,
) -> Result<(), Error> {
    let keeping = after.keeping.as_ref();
    let keys = tx.keys().await?;
    let reason = keeping.map(|kept| sealed(&keys, after, &kept.reason));
    let sql = "UPDATE cleaning_entries SET version = ?, missing = ?, twin_id = ?, state = ?, \
               kept_until = ?, kept_reason = ?, kept_by = ?, kept_at = ?, job_id = COALESCE(?, job_id), \
               cleaned_at = ? WHERE institution_id = ? AND id = ? AND version = ?";
    let values: [Value; 13] = [
        after.version.into(),
        listed(&after.found.missing).into(),
        after.found.twin.map(Id::uuid).into(),
        after.state.as_str().into(),
        keeping.map(|kept| micros(kept.until)).into(),
        reason.transpose()?.into(),
        keeping.and_then(|kept| kept.by).map(Id::uuid).into(),
        keeping.map(|kept| micros(kept.at)).into(),
        job.into(),
        after.cleaned_at.map(micros).into(),
        tx.operation().institution.uuid().into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    if updated.rows_affected() > 0 {
        record(tx, Some(before), after);
    }
    Ok(())
}

fn sealed(keys: &FieldKeys, entry: &CleaningEntry, reason: &str) -> Result<Vec<u8>, Error> {
    keys.seal(place(entry.id.uuid()), reason.as_bytes())
}

fn record(tx: &Tx, before: Option<&CleaningEntry>, after: &CleaningEntry) {
    // Neither why, nor what is missing, nor whom it is likely the same as: rules and reach hide these.
    let told = |entry: &CleaningEntry| {
        json!({
            "customer_id": entry.customer,
            "state": entry.state.as_str(),
            "kept_until": entry.keeping.as_ref().map(|kept| kept.until.to_string()),
        })
    };
    let event = match (before.map(|before| before.state), after.state) {
        (_, CleaningState::Cleaned) => &CLEANED,
        (Some(CleaningState::Open), CleaningState::Open) => &CHANGED,
        (_, CleaningState::Open) => &OPENED,
        (Some(_), CleaningState::Kept)
            if before.is_some_and(|before| before.keeping == after.keeping) =>
        {
            &CHANGED
        }
        (_, CleaningState::Kept) => &KEPT,
    };
    let data = json!({
        "customer_id": after.customer,
        "state": after.state.as_str(),
    });
    let change = Change::new(
        "cleaning_entry",
        after.id.uuid(),
        after.version,
        told(after),
    );
    let change = match before {
        Some(before) => change.before(told(before)),
        None => change,
    };
    tx.record(change.event(event, data));
}
