//! What each customer owes: sums kept by guarded updates, in the transactions that post.

use std::collections::BTreeMap;

use domain::{
    customers::Customer,
    fault::Fault,
    id::Id,
    money::{Currency, Money},
    organization::{Campus, Holder},
    payments::{Balance, Charge, Payment},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::entity::balance::{Column, Entity};
use crate::{
    Error, Handle, Tx,
    access::Reads,
    clock::micros,
    database::statement,
    organization::institution::currency,
    scope::{Page, page, ranges, scoped},
};

/// How the sums of some customers move. They are written in the order of the customers' ids.
pub(super) struct Moves {
    currency: Currency,
    of: BTreeMap<Id<Customer>, Move>,
}

struct Move {
    holder: Id<Holder>,
    campus: Id<Campus>,
    charged: i64,
    credited: i64,
    paid: i64,
    credit: i64,
}

impl Moves {
    pub(super) fn new(currency: Currency) -> Self {
        Self {
            currency,
            of: BTreeMap::new(),
        }
    }

    /// From one state of a charge to another.
    pub(super) fn charge(&mut self, before: Option<&Charge>, after: &Charge) -> Result<(), Fault> {
        let of = self.entry(after.customer, after.holder, after.customer_campus);
        let differ = |part: fn(&Charge) -> Money| -> Result<i64, Fault> {
            match before {
                Some(before) => Ok(part(after).minus(part(before))?.minor()),
                None => Ok(part(after).minor()),
            }
        };
        if before.is_none() {
            of.charged += after.amount.minor();
        }
        of.credited += differ(|c| c.credited)?;
        of.paid += differ(|c| c.paid)?;
        Ok(())
    }

    /// From one state of a payment to another.
    pub(super) fn payment(
        &mut self,
        before: Option<&Payment>,
        after: &Payment,
    ) -> Result<(), Fault> {
        let of = self.entry(after.customer, after.holder, after.customer_campus);
        let was = match before {
            Some(before) => before.unallocated,
            None => Money::zero(after.amount.currency()),
        };
        of.credit += after.unallocated.minus(was)?.minor();
        Ok(())
    }

    fn entry(
        &mut self,
        customer: Id<Customer>,
        holder: Id<Holder>,
        campus: Id<Campus>,
    ) -> &mut Move {
        self.of.entry(customer).or_insert(Move {
            holder,
            campus,
            charged: 0,
            credited: 0,
            paid: 0,
            credit: 0,
        })
    }

    pub(super) async fn write(self, tx: &Tx) -> Result<(), Error> {
        let institution = tx.operation().institution.uuid();
        let now = micros(tx.now());
        for (customer, by) in self.of {
            let outstanding = by.charged - by.credited - by.paid;
            let updated = tx
                .execute_raw(statement(
                    tx,
                    "UPDATE customer_balances SET charged_minor = charged_minor + ?, \
                     credited_minor = credited_minor + ?, paid_minor = paid_minor + ?, \
                     outstanding_minor = outstanding_minor + ?, credit_minor = credit_minor + ?, \
                     updated_at = ? WHERE institution_id = ? AND customer_id = ?",
                    [
                        by.charged.into(),
                        by.credited.into(),
                        by.paid.into(),
                        outstanding.into(),
                        by.credit.into(),
                        now.into(),
                        institution.into(),
                        customer.uuid().into(),
                    ],
                ))
                .await?;
            if updated.rows_affected() == 1 {
                continue;
            }
            // The first of a customer, which somebody else may be writing: then it adds to that.
            tx.execute_raw(statement(
                tx,
                "INSERT INTO customer_balances (institution_id, customer_id, holder_id, \
                 customer_campus_id, currency, charged_minor, credited_minor, paid_minor, \
                 outstanding_minor, credit_minor, created_at, updated_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (institution_id, customer_id) DO UPDATE SET \
                 charged_minor = customer_balances.charged_minor + excluded.charged_minor, \
                 credited_minor = customer_balances.credited_minor + excluded.credited_minor, \
                 paid_minor = customer_balances.paid_minor + excluded.paid_minor, \
                 outstanding_minor = customer_balances.outstanding_minor + excluded.outstanding_minor, \
                 credit_minor = customer_balances.credit_minor + excluded.credit_minor, \
                 updated_at = excluded.updated_at",
                [
                    institution.into(),
                    customer.uuid().into(),
                    by.holder.uuid().into(),
                    by.campus.uuid().into(),
                    self.currency.code().into(),
                    by.charged.into(),
                    by.credited.into(),
                    by.paid.into(),
                    outstanding.into(),
                    by.credit.into(),
                    now.into(),
                    now.into(),
                ],
            ))
            .await?;
        }
        Ok(())
    }
}

/// The balance of a customer within reach; `None` where nothing was ever posted, or it is out of
/// reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Balance>,
    customer: Id<Customer>,
) -> Result<Option<Balance>, Error> {
    scoped::<Entity>(grant)
        .filter(Column::CustomerId.eq(customer.uuid()))
        .one(handle)
        .await?
        .map(super::entity::balance::Model::read)
        .transpose()
}

/// In words, not as a value: the indexes of those who owe something say the same.
fn owing() -> Condition {
    Condition::all().add(Expr::cust("outstanding_minor > 0"))
}

fn of_campuses(campuses: &[Uuid]) -> Condition {
    let all = owing();
    if campuses.is_empty() {
        return all;
    }
    all.add(Column::CustomerCampusId.is_in(campuses.iter().copied()))
}

/// One page of the customers within reach who owe something.
pub async fn list_owing(
    handle: &impl Handle,
    grant: &impl Reads<Balance>,
    campuses: &[Uuid],
    part: &Page,
) -> Result<Vec<Balance>, Error> {
    page::<Entity>(handle, grant, of_campuses(campuses), part)
        .await?
        .into_iter()
        .map(super::entity::balance::Model::read)
        .collect()
}

/// What the customers of a campus owe.
#[derive(Clone, Copy, Debug)]
pub struct CampusTotal {
    pub campus: Id<Campus>,
    pub customers: i64,
    pub outstanding: Money,
}

/// What the customers within reach owe, by the campus that they belong to.
pub async fn total_owing(
    handle: &impl Handle,
    grant: &impl Reads<Balance>,
) -> Result<(Currency, Vec<CampusTotal>), Error> {
    let currency = currency(handle, grant.scope().institution()).await?;
    let columns = [
        Column::CustomerId,
        Column::CustomerCampusId,
        Column::OutstandingMinor,
    ];
    let Some(owing) = ranges::<Entity>(grant, &columns, &owing()) else {
        return Ok((currency, Vec::new()));
    };
    let mut totals = sea_orm::sea_query::Query::select();
    totals
        .column(Column::CustomerCampusId)
        .expr_as(Expr::cust("COUNT(*)"), "customers")
        .expr_as(
            Expr::cust("CAST(SUM(outstanding_minor) AS bigint)"),
            "outstanding",
        )
        .from_subquery(owing, "owing")
        .group_by_col(Column::CustomerCampusId)
        .order_by(Column::CustomerCampusId, sea_orm::Order::Asc);
    let totals = handle
        .query_all(&totals)
        .await?
        .iter()
        .map(|row| {
            Ok(CampusTotal {
                campus: Id::new(row.try_get("", "customer_campus_id")?),
                customers: row.try_get("", "customers")?,
                outstanding: Money::capped(row.try_get::<i64>("", "outstanding")?.into(), currency),
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok((currency, totals))
}
