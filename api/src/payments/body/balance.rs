use domain::{
    money::{Currency, Money},
    payments::Balance,
};
use jiff::Timestamp;
use persistence::payments::balances::CampusTotal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::{list::page, money::MoneyBody};

/// What a customer owes and has to its credit (往来余额).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceBody {
    pub customer_id: Uuid,
    /// All its charges.
    pub charged: MoneyBody,
    /// Taken off them since.
    pub credited: MoneyBody,
    /// Put to them from payments, whoever paid.
    pub paid: MoneyBody,
    /// Charged less credited less paid.
    pub outstanding: MoneyBody,
    /// Left of the payments that it made itself.
    pub credit: MoneyBody,
}

impl BalanceBody {
    /// Of a customer to whom nothing was ever posted.
    pub fn nothing(customer: Uuid, currency: Currency) -> Self {
        let zero = || MoneyBody::from(Money::zero(currency));
        Self {
            customer_id: customer,
            charged: zero(),
            credited: zero(),
            paid: zero(),
            outstanding: zero(),
            credit: zero(),
        }
    }
}

impl From<Balance> for BalanceBody {
    fn from(balance: Balance) -> Self {
        Self {
            customer_id: balance.customer.uuid(),
            charged: balance.charged.into(),
            credited: balance.credited.into(),
            paid: balance.paid.into(),
            outstanding: balance.outstanding.into(),
            credit: balance.credit.into(),
        }
    }
}

page! {
    /// One page of customers who owe something.
    ReceivablePage of BalanceBody
}

/// Whose receivables. Those who were charged last for the first time come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListReceivables {
    /// Customers of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
}

/// What the customers of one campus owe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampusReceivables {
    /// To which campus these customers belong.
    pub campus_id: Uuid,
    /// How many customers owe something.
    pub customers: i64,
    /// Owed by the customers of the campus.
    pub outstanding: MoneyBody,
}

/// What all customers within reach owe (应收总额).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceivablesTotal {
    /// 9,007,199,254,740,991 stands for that and anything above it, here and by campus.
    pub outstanding: MoneyBody,
    /// How many customers owe something.
    pub customers: i64,
    /// By the campus to which the customers belong.
    pub campuses: Vec<CampusReceivables>,
    /// When it was worked out. It is not in the digest of the ETag.
    pub evaluated_at: Timestamp,
}

impl ReceivablesTotal {
    pub fn new(currency: Currency, totals: &[CampusTotal], evaluated_at: Timestamp) -> Self {
        let sum = totals
            .iter()
            .map(|total| i128::from(total.outstanding.minor()))
            .sum();
        Self {
            outstanding: Money::capped(sum, currency).into(),
            customers: totals.iter().map(|total| total.customers).sum(),
            campuses: totals
                .iter()
                .map(|total| CampusReceivables {
                    campus_id: total.campus.uuid(),
                    customers: total.customers,
                    outstanding: total.outstanding.into(),
                })
                .collect(),
            evaluated_at,
        }
    }
}
