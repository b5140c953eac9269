//! Charges: posting, crediting, reading.

use domain::{
    access::PaymentsWrite,
    customers::Customer,
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    money::Money,
    organization::Institution,
    payments::{Account, Allocation, Cause, Charge, ChargeStatus, Entry, NewCharge, Source},
};
use jiff::civil::Date;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    CHARGE_CHANGED, CHARGE_CREATED,
    allocations::{self, Part},
    balances::Moves,
    entity::charge::{Column, Entity, Model, changed, fields, row},
    journal::{self, Desk, in_currency},
    store,
};
use crate::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes},
    audit::difference,
    clock::date_column,
    database::{Change, unless_stale},
    scope::{Page, page, scoped, scoped_to_change, scoped_update},
};

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customers: Vec<Uuid>,
    /// None of them is no condition; an empty list is met by nothing.
    pub payers: Option<Vec<Uuid>>,
    pub campuses: Vec<Uuid>,
    pub enrollments: Vec<Uuid>,
    pub statuses: Vec<ChargeStatus>,
    pub due_from: Option<Date>,
    pub due_before: Option<Date>,
}

impl Filter {
    fn condition(&self) -> Result<Condition, Error> {
        let mut all = Condition::all();
        for (column, values) in [
            (Column::CustomerId, &self.customers),
            (Column::CampusId, &self.campuses),
            (Column::EnrollmentId, &self.enrollments),
        ] {
            if !values.is_empty() {
                all = all.add(column.is_in(values.iter().copied()));
            }
        }
        let due_from = self.due_from.map(date_column).transpose()?;
        let due_before = self.due_before.map(date_column).transpose()?;
        let payers = self.payers.as_ref();
        Ok(all
            .add_option(payers.map(|ids| Column::PayerId.is_in(ids.iter().copied())))
            .add_option(match self.statuses.as_slice() {
                [] => None,
                statuses => Some(statuses.iter().fold(Condition::any(), |any, status| {
                    any.add(match status {
                        ChargeStatus::Open => Column::OutstandingMinor.gt(0),
                        ChargeStatus::Settled => Column::OutstandingMinor.eq(0),
                    })
                })),
            })
            .add_option(due_from.map(|date| Column::DueOn.gte(date)))
            .add_option(due_before.map(|date| Column::DueOn.lt(date))))
    }
}

/// Charges a customer: what it owes is in the books with the commit.
///
/// The caller has anchored the customer, and made sure that the payer is within reach.
///
/// # Errors
/// 422 where a field breaks a rule, the campus is not there or closed, or the currency is another
/// than that of the books.
pub async fn post_charge(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    new: NewCharge,
) -> Result<Charge, Error> {
    let institution = grant.scope().institution();
    let place = Desk::of(tx, institution, new.campus)
        .await?
        .filter(|place| place.is_open)
        .ok_or_else(|| FieldFault::new("/campus_id", &REFERENCE_UNKNOWN))?;
    in_currency(tx, institution, new.amount, "/amount/currency").await?;
    let charge = Charge::post(new, &tx.stamp())?;
    Entity::insert(row(institution, &charge)?)
        .exec_without_returning(tx)
        .await?;
    let entry = Entry::new(Cause::Charged, Source::Charge(charge.id), charge.customer)
        .debit(Account::Receivable, charge.customer, charge.amount)
        .credit(Account::DeferredTuition, charge.customer, charge.amount);
    journal::post(tx, institution, &place, tx.stamp().id(), &entry).await?;
    let mut moves = Moves::new(charge.amount.currency());
    moves.charge(None, &charge)?;
    moves.write(tx).await?;
    record(tx, None, &charge);
    Ok(charge)
}

/// A charge about to be credited, and the payments that were put to it: nobody else changes them
/// until the transaction ends.
pub async fn lock_to_credit(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    id: Id<Charge>,
) -> Result<Option<Charge>, Error> {
    let institution = grant.scope().institution();
    let payers = payers(tx, institution);
    // Payments are locked before charges.
    for part in allocations::to_charge(tx, institution, id).await? {
        store::lock(tx, &payers, part.payment).await?;
    }
    lock(tx, grant, id).await
}

/// Payments may be of people out of the caller's reach.
fn payers(tx: &Tx, institution: Id<Institution>) -> Grant<PaymentsWrite> {
    Grant::system(institution, tx.now(), "a credit releases payments")
}

/// Takes an amount off a charge that is not owed any longer. What was not paid yet is owed less;
/// what was paid goes back to the credit of those who paid, the latest first.
///
/// # Errors
/// 404 out of reach, 409 where more would be credited than was charged.
pub async fn credit_charge(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    id: Id<Charge>,
    amount: Money,
) -> Result<Charge, Error> {
    let charge = lock_to_credit(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    credit(tx, grant, &charge, amount).await
}

/// The same of a charge that was locked.
pub async fn credit(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    before: &Charge,
    amount: Money,
) -> Result<Charge, Error> {
    let institution = grant.scope().institution();
    let id = before.id;
    let payers = payers(tx, institution);
    let place = Desk::of(tx, institution, before.campus)
        .await?
        .ok_or_else(|| Error::corrupt("the charge's campus is gone"))?;
    let credited = before.credit(amount, &tx.stamp())?;

    let entry_id = tx.stamp().id();
    let mut entry = Entry::new(Cause::Credited, Source::Charge(id), before.customer)
        .debit(Account::DeferredTuition, before.customer, amount)
        .credit(
            Account::Receivable,
            before.customer,
            amount.minus(credited.released)?,
        );
    let mut released = Vec::new();
    let mut left = credited.released;
    for part in allocations::to_charge(tx, institution, id).await? {
        if left.is_zero() {
            break;
        }
        let give = if part.amount.minus(left)?.is_positive() {
            left
        } else {
            part.amount
        };
        left = left.minus(give)?;
        let payment = store::lock(tx, &payers, part.payment)
            .await?
            .ok_or_else(|| Error::corrupt("an allocated payment is gone"))?;
        entry = entry.credit(Account::CustomerCredit, payment.customer, give);
        released.push((payment.release(give, &tx.stamp())?, payment, give));
    }
    journal::post(tx, institution, &place, entry_id, &entry).await?;
    update(tx, grant, before, &credited.charge).await?;
    let mut moves = Moves::new(amount.currency());
    moves.charge(Some(before), &credited.charge)?;
    let mut parts = Vec::new();
    for (after, payment, give) in &released {
        store::update(tx, &payers, payment, after).await?;
        moves.payment(Some(payment), after)?;
        parts.push(Part {
            payment: payment.id,
            charge: id,
            amount: give.negated()?,
        });
    }
    allocations::insert(tx, institution, entry_id, &parts).await?;
    moves.write(tx).await?;
    Ok(credited.charge)
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    id: Id<Charge>,
) -> Result<Option<Charge>, Error> {
    scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?
        .map(Model::read)
        .transpose()
}

/// One page of the charges within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<Charge>, Error> {
    page::<Entity>(handle, grant, filter.condition()?, part)
        .await?
        .into_iter()
        .map(Model::read)
        .collect()
}

/// A charge about to be changed.
pub(super) async fn lock(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    id: Id<Charge>,
) -> Result<Option<Charge>, Error> {
    let one = Condition::all().add(Column::Id.eq(id.uuid()));
    Ok(locked(tx, grant, one, None).await?.pop())
}

/// Charges about to be changed, as far as they are within reach, the oldest first.
pub(super) async fn lock_all(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    wanted: &[Allocation],
) -> Result<Vec<Charge>, Error> {
    let ids = wanted.iter().map(|allocation| allocation.charge.uuid());
    let all = Condition::all().add(Column::Id.is_in(ids));
    locked(tx, grant, all, None).await
}

/// The oldest charges of a payer that have something outstanding, about to be changed.
pub(super) async fn lock_open_of(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    payer: Id<Customer>,
    most: usize,
) -> Result<Vec<Charge>, Error> {
    let of = Condition::any()
        .add(Column::PayerId.eq(payer.uuid()))
        .add(Column::CustomerId.eq(payer.uuid()));
    let open = Column::OutstandingMinor.gt(0);
    let all = Condition::all().add(of).add(open);
    locked(tx, grant, all, u64::try_from(most).ok()).await
}

async fn locked(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    wanted: Condition,
    most: Option<u64>,
) -> Result<Vec<Charge>, Error> {
    scoped_to_change::<Entity>(grant)
        .filter(wanted)
        // Oldest first, which is one order for everybody who locks several.
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(most)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?
        .into_iter()
        .map(Model::read)
        .collect()
}

/// Writes a changed charge over the state that was locked.
pub(super) async fn update(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    before: &Charge,
    after: &Charge,
) -> Result<(), Error> {
    let updated = scoped_update::<Entity>(grant)
        .set(changed(after))
        .filter(Column::Id.eq(after.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    record(tx, Some(before), after);
    Ok(())
}

fn record(tx: &Tx, before: Option<&Charge>, after: &Charge) {
    let (was, is) = difference(before.map(fields).as_ref(), &fields(after), &[]);
    let (was, event) = match before {
        None => (json!(null), &CHARGE_CREATED),
        Some(_) => (was, &CHARGE_CHANGED),
    };
    let data = json!({
        "customer_id": after.customer,
        "campus_id": after.campus,
        "enrollment_id": after.enrollment,
        "is_settled": after.status() == ChargeStatus::Settled,
    });
    let change = Change::new("charge", after.id.uuid(), after.version, is);
    tx.record(change.before(was).event(event, data));
}
