//! Use cases of payments: who and where is looked up and checked here; what is posted is decided in
//! domain and written by the store in one go.

use domain::{
    customers::{Anchor, Customer},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    organization::Campus,
    payments::{Charge, NewCharge, NewPayment, Payment, REASON_MAX},
    text,
};
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    customers::{
        anchor::{anchor, glance},
        links, merges,
    },
    database::Change,
    organization::institution::currency,
    payments::{balances, charges, journal::Desk, receipts, shown, store},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    AllocatePayment, BalanceBody, ChargeBody, CreateCharge, CreatePayment, CreditCharge,
    ListCharges, PaymentBody, allocations,
};

/// The campus where something is to happen: within reach as a whole, or the customer's own.
fn campus(scope: &Scope, anchor: &Anchor, named: Uuid) -> Result<Id<Campus>, FieldFault> {
    let named = Id::new(named);
    if named == anchor.campus || scope.includes(named) {
        Ok(named)
    } else {
        Err(FieldFault::new("/campus_id", &REFERENCE_UNKNOWN))
    }
}

async fn customer(
    tx: &Tx,
    grant: &impl Reads<Anchor>,
    id: Uuid,
    pointer: &'static str,
) -> Result<Anchor, Error> {
    anchor(tx, grant, Id::new(id))
        .await?
        .ok_or_else(|| FieldFault::new(pointer, &REFERENCE_UNKNOWN).into())
}

/// Charges a customer by hand.
///
/// # Errors
/// 422 where a field breaks a rule, or names somebody or a campus out of reach.
pub async fn create_charge<G>(tx: &Tx, grant: &G, body: CreateCharge) -> Result<Charge, Error>
where
    G: Writes<Charge> + Reads<Anchor>,
{
    let payer = body.payer_id.unwrap_or(body.customer_id);
    // Customers are locked in the order of their ids.
    let mut paying = None;
    if payer < body.customer_id {
        paying = Some(customer(tx, grant, payer, "/payer_id").await?);
    }
    let of = customer(tx, grant, body.customer_id, "/customer_id").await?;
    if payer > body.customer_id {
        paying = Some(customer(tx, grant, payer, "/payer_id").await?);
    }
    let payer = paying.map_or(of.id, |paying| paying.id);
    let scope = Reads::<Charge>::scope(grant);
    let campus = campus(scope, &of, body.campus_id.unwrap_or(of.campus.uuid()))?;
    let due_on = match body.due_on {
        Some(date) => date,
        None => Desk::of(tx, scope.institution(), campus)
            .await?
            .ok_or_else(|| FieldFault::new("/campus_id", &REFERENCE_UNKNOWN))?
            .today(tx),
    };
    let new = NewCharge {
        customer: of,
        payer,
        campus,
        enrollment: None,
        amount: body.amount.read("/amount")?,
        description: body.description,
        due_on,
    };
    store::post_charge(tx, grant, new).await
}

/// Takes an amount off a charge by hand; why is on the trail.
pub async fn credit_charge(
    tx: &Tx,
    grant: &impl Writes<Charge>,
    id: Id<Charge>,
    body: CreditCharge,
) -> Result<Charge, Error> {
    let reason = text::line("/reason", &body.reason, REASON_MAX)?;
    let amount = body.amount.read("/amount")?;
    let charge = store::credit_charge(tx, grant, id, amount).await?;
    let credit = json!({ "amount_minor": amount.minor(), "reason": reason });
    tx.record(Change::new("credit", id.uuid(), charge.version, credit));
    Ok(charge)
}

pub async fn get_charge(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    id: Id<Charge>,
) -> Result<Charge, Error> {
    charges::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Which charges a list shows: of payers out of reach it finds none.
pub async fn filter(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    query: &ListCharges,
) -> Result<charges::Filter, Error> {
    let mut filter = query.filter();
    let institution = grant.scope().institution();
    filter.customers = merges::resolved(handle, institution, filter.customers).await?;
    if let Some(payers) = &mut filter.payers {
        *payers = merges::resolved(handle, institution, std::mem::take(payers)).await?;
    }
    if let Some(payers) = &mut filter.payers {
        let wanted = payers.iter().copied().map(Id::new).collect();
        let seen = links::within_reach(handle, grant.scope(), &wanted).await?;
        payers.retain(|payer| seen.contains(&Id::new(*payer)));
    }
    Ok(filter)
}

/// Charges as they are shown, with their payers where these are within reach.
pub async fn show_charges(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    charges: Vec<Charge>,
) -> Result<Vec<ChargeBody>, Error> {
    let others = charges
        .iter()
        .filter(|charge| charge.payer != charge.customer)
        .map(|charge| charge.payer)
        .collect();
    let seen = links::within_reach(handle, grant.scope(), &others).await?;
    Ok(charges
        .into_iter()
        .map(|charge| {
            let shows_payer = charge.payer == charge.customer || seen.contains(&charge.payer);
            ChargeBody::new(charge, shows_payer)
        })
        .collect())
}

/// Takes a payment.
///
/// # Errors
/// 422 where a field breaks a rule, or names a payer, campus or charge out of reach; 409 where a
/// charge has less outstanding.
pub async fn create_payment<G>(tx: &Tx, grant: &G, body: CreatePayment) -> Result<Payment, Error>
where
    G: Writes<Payment> + Writes<Charge> + Reads<Anchor>,
{
    let payer = customer(tx, grant, body.payer_id, "/payer_id").await?;
    let campus = campus(Reads::<Payment>::scope(grant), &payer, body.campus_id)?;
    let new = NewPayment {
        payer,
        campus,
        method: body.method.0,
        amount: body.amount.read("/amount")?,
        paid_on: body.paid_on,
        note: body.note,
    };
    let wanted = body.allocations.as_deref().map(allocations).transpose()?;
    store::take(tx, grant, new, wanted).await
}

/// Puts what is left of a payment to charges.
pub async fn allocate_payment<G>(
    tx: &Tx,
    grant: &G,
    id: Id<Payment>,
    body: AllocatePayment,
) -> Result<Payment, Error>
where
    G: Writes<Payment> + Writes<Charge>,
{
    let wanted = body.allocations.as_deref().map(allocations).transpose()?;
    store::allocate(tx, grant, id, wanted).await
}

pub async fn get_payment(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    id: Id<Payment>,
) -> Result<Payment, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Payments as they are shown.
pub async fn show<G>(
    handle: &impl Handle,
    grant: &G,
    payments: Vec<Payment>,
) -> Result<Vec<PaymentBody>, Error>
where
    G: Reads<Payment> + Reads<Charge>,
{
    let ids: Vec<_> = payments.iter().map(|payment| payment.id).collect();
    let parts = shown(handle, grant, &ids).await?;
    let receipts = receipts::of_payments(handle, grant, &payments).await?;
    Ok(payments
        .into_iter()
        .map(|payment| {
            let receipt = receipts.get(&payment.id);
            PaymentBody::new(payment, &parts, receipt)
        })
        .collect())
}

/// What a customer owes and has to its credit.
///
/// # Errors
/// 404 out of reach.
pub async fn balance<G>(
    handle: &impl Handle,
    grant: &G,
    id: Id<Customer>,
) -> Result<(i64, BalanceBody), Error>
where
    G: Reads<domain::payments::Balance> + Reads<Anchor>,
{
    let id = glance(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?
        .id;
    if let Some(balance) = balances::find(handle, grant, id).await? {
        return Ok((balance.updated_at.as_microsecond(), balance.into()));
    }
    let institution = Reads::<Anchor>::scope(grant).institution();
    let currency = currency(handle, institution).await?;
    Ok((0, BalanceBody::nothing(id.uuid(), currency)))
}
