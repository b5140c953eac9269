//! Payments: taking, allocating, voiding, reading. Whatever is done here is in the journal with the
//! same commit.
//!
//! Locks are taken in one order: the payer (by its anchor), payments, charges from the oldest on,
//! balances by customer, and the receipt's number last.

use domain::{
    access::{PaymentsVoid, Principal},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    money::Money,
    payments::{
        ALLOCATIONS_MAX, Account, Allocation, Cause, Charge, Entry, Method, NOTHING_TO_ALLOCATE,
        NewPayment, Payment, Source, allocate_in_order, check_allocations, check_spread,
    },
    text_enum::TextEnum,
};
use jiff::civil::Date;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType};
use serde_json::json;
use uuid::Uuid;

use super::{
    PAYMENT_CHANGED, PAYMENT_CREATED, PAYMENT_VOIDED,
    allocations::{self, Part},
    balances::Moves,
    charges,
    entity::payment::{Column, Entity, Model, PERSONAL, changed, fields, row},
    journal::{self, Desk, in_currency},
    receipts,
};
use crate::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes},
    audit::difference,
    clock::date_column,
    database::{Change, unless_stale},
    scope::{Page, page, scoped, scoped_to_change, scoped_update},
};

pub use super::charges::{credit_charge, post_charge};

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub payers: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub methods: Vec<Method>,
    pub is_voided: Option<bool>,
    pub paid_from: Option<Date>,
    pub paid_until: Option<Date>,
}

impl Filter {
    fn condition(&self) -> Result<Condition, Error> {
        let mut all = Condition::all();
        if !self.payers.is_empty() {
            all = all.add(Column::CustomerId.is_in(self.payers.iter().copied()));
        }
        if !self.campuses.is_empty() {
            all = all.add(Column::CampusId.is_in(self.campuses.iter().copied()));
        }
        if !self.methods.is_empty() {
            all = all.add(Column::Method.is_in(self.methods.iter().map(|v| v.as_str())));
        }
        let from = self.paid_from.map(date_column).transpose()?;
        let until = self.paid_until.map(date_column).transpose()?;
        Ok(all
            .add_option(self.is_voided.map(|voided| match voided {
                true => Column::VoidedAt.is_not_null(),
                false => Column::VoidedAt.is_null(),
            }))
            .add_option(from.map(|date| {
                // Nothing is paid after it was recorded, wherever that was: the list, which goes by
                // the time of recording, need not be walked further.
                let recorded = date.midnight().assume_utc() - time::Duration::DAY;
                let recorded = recorded.unix_timestamp() * 1_000_000;
                Condition::all()
                    .add(Column::PaidOn.gte(date))
                    .add(Column::CreatedAt.gte(recorded))
            }))
            .add_option(until.map(|date| Column::PaidOn.lt(date))))
    }
}

/// Takes a payment, puts it to charges, and issues its receipt. Without `wanted` it settles the
/// payer's open charges, the oldest first; what is left is the payer's credit.
///
/// The caller has anchored the payer, and made sure that the campus is within reach.
///
/// # Errors
/// 422 where a field breaks a rule or names a charge out of reach, 409 where a charge has less
/// outstanding.
pub async fn take<G>(
    tx: &Tx,
    grant: &G,
    new: NewPayment,
    wanted: Option<Vec<Allocation>>,
) -> Result<Payment, Error>
where
    G: Writes<Payment> + Writes<Charge>,
{
    let institution = tx.operation().institution;
    let place = Desk::of(tx, institution, new.campus)
        .await?
        .filter(|place| place.is_open)
        .ok_or_else(|| FieldFault::new("/campus_id", &REFERENCE_UNKNOWN))?;
    in_currency(tx, institution, new.amount, "/amount/currency").await?;
    let receiver = Id::<Principal>::new(tx.operation().actor.principal);
    let payment = Payment::take(new, receiver, place.today(tx), &tx.stamp())?;
    let settled = settle(tx, grant, &payment, wanted).await?;

    let entry = Entry::new(Cause::Paid, Source::Payment(payment.id), payment.customer).debit(
        payment.method.account(),
        payment.customer,
        payment.amount,
    );
    let entry = settled.credited(entry).credit(
        Account::CustomerCredit,
        payment.customer,
        settled.payment.unallocated,
    );
    journal::post(tx, institution, &place, payment.entry, &entry).await?;
    Entity::insert(row(institution, &settled.payment)?)
        .exec_without_returning(tx)
        .await?;
    record(tx, None, &settled.payment);
    let mut moves = Moves::new(payment.amount.currency());
    moves.payment(None, &settled.payment)?;
    settled.write(tx, grant, payment.entry, moves).await?;
    receipts::issue(tx, institution, &place, &settled.payment).await?;
    Ok(settled.payment)
}

/// Puts what is left of a payment to charges, as [`take`] does.
///
/// # Errors
/// 404 out of reach, 409 where nothing is left or open, or it would be put to too many charges.
pub async fn allocate<G>(
    tx: &Tx,
    grant: &G,
    id: Id<Payment>,
    wanted: Option<Vec<Allocation>>,
) -> Result<Payment, Error>
where
    G: Writes<Payment> + Writes<Charge>,
{
    let institution = tx.operation().institution;
    let before = lock(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    before.live()?;
    let place = Desk::of(tx, institution, before.campus)
        .await?
        .ok_or_else(|| Error::corrupt("the payment's campus is gone"))?;
    let mut settled = settle(tx, grant, &before, wanted).await?;
    let put = before.unallocated.minus(settled.payment.unallocated)?;
    if put.is_zero() {
        return Err(Fault::new(&NOTHING_TO_ALLOCATE).into());
    }
    let before_it = allocations::of_payment(tx, institution, id).await?;
    let charges = settled.charges.iter().map(|(charge, _, _)| charge.id);
    check_spread(before_it.iter().map(|part| part.charge).chain(charges))?;
    settled.payment = settled.payment.touched(&tx.stamp());
    let entry_id = tx.stamp().id();
    let entry = Entry::new(Cause::Allocated, Source::Payment(id), before.customer).debit(
        Account::CustomerCredit,
        before.customer,
        put,
    );
    journal::post(tx, institution, &place, entry_id, &settled.credited(entry)).await?;
    update(tx, grant, &before, &settled.payment).await?;
    let mut moves = Moves::new(before.amount.currency());
    moves.payment(Some(&before), &settled.payment)?;
    settled.write(tx, grant, entry_id, moves).await?;
    Ok(settled.payment)
}

/// Takes a payment back, for a reason: by an entry that reverses it. What it was put to is owed
/// again, and its receipt is voided under its number (I-04).
///
/// # Errors
/// 404 out of reach, 409 the second time.
pub async fn void(
    tx: &Tx,
    grant: &impl Writes<Payment>,
    id: Id<Payment>,
    reason: &str,
) -> Result<Payment, Error> {
    let institution = tx.operation().institution;
    let before = lock(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let place = Desk::of(tx, institution, before.campus)
        .await?
        .ok_or_else(|| Error::corrupt("the payment's campus is gone"))?;
    let by = Id::<Principal>::new(tx.operation().actor.principal);
    let after = before.void(reason, by, place.today(tx), &tx.stamp())?;

    let parts = allocations::of_payment(tx, institution, id).await?;
    let wanted: Vec<_> = parts
        .iter()
        .map(|part| Allocation {
            charge: part.charge,
            amount: part.amount,
        })
        .collect();
    // They may be of customers out of the caller's reach.
    let every = Grant::<PaymentsVoid>::system(institution, tx.now(), "a void reopens charges");
    let reopened = pair(
        charges::lock_all(tx, &every, &wanted).await?,
        &wanted,
        |c, amount| c.reopen(amount, &tx.stamp()),
    )?;
    if reopened.len() != parts.len() {
        return Err(Error::corrupt("a charge of the payment is gone"));
    }
    let mut entry = Entry::new(Cause::Voided, Source::Payment(id), before.customer)
        .reversing(before.entry)
        .credit(before.method.account(), before.customer, before.amount)
        .debit(Account::CustomerCredit, before.customer, before.unallocated);
    for (charge, _, amount) in &reopened {
        entry = entry.debit(Account::Receivable, charge.customer, *amount);
    }
    let entry_id = tx.stamp().id();
    journal::post(tx, institution, &place, entry_id, &entry).await?;
    update(tx, grant, &before, &after).await?;
    let mut moves = Moves::new(before.amount.currency());
    moves.payment(Some(&before), &after)?;
    for (was, is, _) in &reopened {
        charges::update(tx, &every, was, is).await?;
        moves.charge(Some(was), is)?;
    }
    let back = parts
        .iter()
        .map(|part| {
            Ok(Part {
                amount: part.amount.negated()?,
                ..*part
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    allocations::insert(tx, institution, entry_id, &back).await?;
    moves.write(tx).await?;
    receipts::void(tx, institution, id).await?;
    Ok(after)
}

/// What a payment settles: the payment with what is left of it, and each charge before, after, and
/// by how much.
struct Settled {
    payment: Payment,
    charges: Vec<(Charge, Charge, Money)>,
}

impl Settled {
    /// The entry, with what is owed less.
    fn credited(&self, entry: Entry) -> Entry {
        self.charges
            .iter()
            .fold(entry, |entry, (charge, _, amount)| {
                entry.credit(Account::Receivable, charge.customer, *amount)
            })
    }

    async fn write(
        &self,
        tx: &Tx,
        grant: &impl Writes<Charge>,
        entry: Id<Entry>,
        mut moves: Moves,
    ) -> Result<(), Error> {
        let mut parts = Vec::new();
        for (before, after, amount) in &self.charges {
            charges::update(tx, grant, before, after).await?;
            moves.charge(Some(before), after)?;
            parts.push(Part {
                payment: self.payment.id,
                charge: after.id,
                amount: *amount,
            });
        }
        allocations::insert(tx, tx.operation().institution, entry, &parts).await?;
        moves.write(tx).await
    }
}

/// Locks the charges that a payment is put to, and decides.
async fn settle(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    payment: &Payment,
    wanted: Option<Vec<Allocation>>,
) -> Result<Settled, Error> {
    let (charges, wanted) = match wanted {
        Some(wanted) => {
            check_allocations(payment.unallocated, &wanted)?;
            let charges = charges::lock_all(tx, grant, &wanted).await?;
            known(&charges, &wanted)?;
            (charges, wanted)
        }
        None => {
            let charges =
                charges::lock_open_of(tx, grant, payment.customer, ALLOCATIONS_MAX).await?;
            let wanted = allocate_in_order(payment.unallocated, &charges)?;
            (charges, wanted)
        }
    };
    let charges = pair(charges, &wanted, |charge, amount| {
        charge.receive(amount, &tx.stamp())
    })?;
    let mut left = payment.clone();
    for (_, _, amount) in &charges {
        left = left.allocate(*amount)?;
    }
    Ok(Settled {
        payment: left,
        charges,
    })
}

/// Whether every charge that is named was found.
fn known(found: &[Charge], wanted: &[Allocation]) -> Result<(), Fault> {
    let missing = wanted
        .iter()
        .enumerate()
        .filter(|(_, allocation)| !found.iter().any(|charge| charge.id == allocation.charge))
        .map(|(place, _)| {
            let pointer = format!("/allocations/{place}/charge_id");
            FieldFault::new(pointer, &REFERENCE_UNKNOWN)
        });
    Fault::unless_empty(missing.collect())
}

/// The charges that an amount is for: before, after, and the amount.
fn pair(
    charges: Vec<Charge>,
    wanted: &[Allocation],
    change: impl Fn(&Charge, Money) -> Result<Charge, Fault>,
) -> Result<Vec<(Charge, Charge, Money)>, Fault> {
    let mut paired = Vec::new();
    for charge in charges {
        if let Some(of) = wanted.iter().find(|of| of.charge == charge.id) {
            let after = change(&charge, of.amount)?;
            paired.push((charge, after, of.amount));
        }
    }
    Ok(paired)
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    id: Id<Payment>,
) -> Result<Option<Payment>, Error> {
    scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?
        .map(Model::read)
        .transpose()
}

/// One page of the payments within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<Payment>, Error> {
    page::<Entity>(handle, grant, filter.condition()?, part)
        .await?
        .into_iter()
        .map(Model::read)
        .collect()
}

/// A payment about to be changed.
pub(super) async fn lock(
    tx: &Tx,
    grant: &impl Writes<Payment>,
    id: Id<Payment>,
) -> Result<Option<Payment>, Error> {
    scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .map(Model::read)
        .transpose()
}

/// Writes a changed payment over the state that was locked.
pub(super) async fn update(
    tx: &Tx,
    grant: &impl Writes<Payment>,
    before: &Payment,
    after: &Payment,
) -> Result<(), Error> {
    let updated = scoped_update::<Entity>(grant)
        .set(changed(after)?)
        .filter(Column::Id.eq(after.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    record(tx, Some(before), after);
    Ok(())
}

fn record(tx: &Tx, before: Option<&Payment>, after: &Payment) {
    let (was, is) = difference(before.map(fields).as_ref(), &fields(after), PERSONAL);
    let (was, event) = match before {
        None => (json!(null), &PAYMENT_CREATED),
        Some(before) if before.voided.is_none() && after.voided.is_some() => (was, &PAYMENT_VOIDED),
        Some(_) => (was, &PAYMENT_CHANGED),
    };
    let data = json!({
        "payer_id": after.customer,
        "campus_id": after.campus,
        "method": after.method.as_str(),
    });
    let change = Change::new("payment", after.id.uuid(), after.version, is);
    tx.record(change.before(was).event(event, data));
}
