//! What of a payment is put to which charge: rows are only added, and taken back by negative ones.

use domain::{
    customers::Customer,
    id::Id,
    money::{Currency, Money},
    organization::Institution,
    payments::{Charge, Entry, Payment},
};
use sea_orm::{
    ConnectionTrait, QueryResult, Value,
    sea_query::{Expr, ExprTrait, JoinType, Order, Query},
};

use super::entity::charge;
use crate::{
    Error, Handle, Tx,
    access::Reads,
    clock::micros,
    database::{insert_many, statement},
    scope::reachable,
};

/// Part of a payment for a charge: what it comes to, or a change of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub payment: Id<Payment>,
    pub charge: Id<Charge>,
    pub amount: Money,
}

fn part(row: &QueryResult) -> Result<Part, Error> {
    let currency: String = row.try_get("", "currency")?;
    let currency: Currency = currency.parse().map_err(|_| Error::corrupt("currency"))?;
    Ok(Part {
        payment: Id::new(row.try_get("", "payment_id")?),
        charge: Id::new(row.try_get("", "charge_id")?),
        amount: Money::new(row.try_get("", "amount")?, currency)?,
    })
}

/// What payments have put to a charge, the latest payment first.
pub(super) async fn to_charge(
    tx: &Tx,
    institution: Id<Institution>,
    charge: Id<Charge>,
) -> Result<Vec<Part>, Error> {
    sums(tx, institution, charge.uuid().into(), "a.charge_id").await
}

/// What a payment has put to charges.
pub(super) async fn of_payment(
    tx: &Tx,
    institution: Id<Institution>,
    payment: Id<Payment>,
) -> Result<Vec<Part>, Error> {
    sums(tx, institution, payment.uuid().into(), "a.payment_id").await
}

async fn sums(
    tx: &Tx,
    institution: Id<Institution>,
    of: Value,
    column: &str,
) -> Result<Vec<Part>, Error> {
    let sql = format!(
        "SELECT a.payment_id, a.charge_id, p.currency, CAST(SUM(a.amount_minor) AS bigint) AS amount \
         FROM payment_allocations a \
         JOIN payments p ON p.institution_id = a.institution_id AND p.id = a.payment_id \
         WHERE a.institution_id = ? AND {column} = ? \
         GROUP BY a.payment_id, a.charge_id, p.currency, p.created_at \
         HAVING SUM(a.amount_minor) > 0 ORDER BY p.created_at DESC, a.payment_id DESC, a.charge_id"
    );
    tx.query_all_raw(statement(tx, &sql, [institution.uuid().into(), of]))
        .await?
        .iter()
        .map(part)
        .collect()
}

/// A part as it is shown, with what it is for.
#[derive(Clone, Debug)]
pub struct AllocationLine {
    pub part: Part,
    pub customer: Id<Customer>,
    pub description: String,
}

/// What these payments have put to charges within reach.
pub async fn shown(
    handle: &impl Handle,
    grant: &impl Reads<Charge>,
    payments: &[Id<Payment>],
) -> Result<Vec<AllocationLine>, Error> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    const ALLOCATIONS: &str = "payment_allocations";
    let own = |column: &'static str| Expr::col((ALLOCATIONS, column));
    let of = |column: charge::Column| Expr::col((charge::Entity, column));
    let mut select = Query::select();
    select
        .column((ALLOCATIONS, "payment_id"))
        .column((ALLOCATIONS, "charge_id"))
        .column((charge::Entity, charge::Column::CustomerId))
        .column((charge::Entity, charge::Column::Description))
        .column((charge::Entity, charge::Column::Currency))
        .expr_as(
            Expr::cust("CAST(SUM(payment_allocations.amount_minor) AS bigint)"),
            "amount",
        )
        .from(ALLOCATIONS)
        .join(
            JoinType::InnerJoin,
            charge::Entity,
            own("institution_id")
                .eq(of(charge::Column::InstitutionId))
                .and(own("charge_id").eq(of(charge::Column::Id))),
        )
        .and_where(own("institution_id").eq(grant.scope().institution().uuid()))
        .and_where(own("payment_id").is_in(payments.iter().map(|id| id.uuid())))
        .cond_where(reachable::<charge::Entity>(grant))
        .group_by_columns([(ALLOCATIONS, "payment_id"), (ALLOCATIONS, "charge_id")])
        .group_by_columns([
            (charge::Entity, charge::Column::CustomerId),
            (charge::Entity, charge::Column::Description),
            (charge::Entity, charge::Column::Currency),
        ])
        .and_having(Expr::cust("SUM(payment_allocations.amount_minor) > 0"))
        .order_by((ALLOCATIONS, "charge_id"), Order::Asc);
    handle
        .query_all(&select)
        .await?
        .iter()
        .map(|row| {
            Ok(AllocationLine {
                part: part(row)?,
                customer: Id::new(row.try_get("", "customer_id")?),
                description: row.try_get("", "description")?,
            })
        })
        .collect()
}

/// What a payment was put to when it was taken: descriptions and amounts, as its receipt shows them to
/// the payer.
pub(super) async fn with_entry(
    handle: &impl Handle,
    grant: &impl Reads<Payment>,
    payment: &Payment,
) -> Result<Vec<(String, Money)>, Error> {
    handle
        .query_all_raw(statement(
            handle,
            "SELECT c.description, a.amount_minor FROM payment_allocations a \
             JOIN charges c ON c.institution_id = a.institution_id AND c.id = a.charge_id \
             WHERE a.institution_id = ? AND a.payment_id = ? AND a.entry_id = ? ORDER BY c.id",
            [
                grant.scope().institution().uuid().into(),
                payment.id.uuid().into(),
                payment.entry.uuid().into(),
            ],
        ))
        .await?
        .iter()
        .map(|row| {
            let amount = Money::new(row.try_get("", "amount_minor")?, payment.amount.currency())?;
            Ok((row.try_get("", "description")?, amount))
        })
        .collect()
}

pub(super) async fn insert(
    tx: &Tx,
    institution: Id<Institution>,
    entry: Id<Entry>,
    parts: &[Part],
) -> Result<(), Error> {
    let rows = parts.iter().map(|part| {
        vec![
            institution.uuid().into(),
            tx.stamp().id::<Part>().uuid().into(),
            part.payment.uuid().into(),
            part.charge.uuid().into(),
            entry.uuid().into(),
            part.amount.minor().into(),
            micros(tx.now()).into(),
        ]
    });
    insert_many(
        tx,
        (
            "payment_allocations",
            "institution_id, id, payment_id, charge_id, entry_id, amount_minor, created_at",
        ),
        "",
        rows.collect(),
    )
    .await
}
