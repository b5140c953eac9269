use domain::payments::Charge;
use jiff::{Timestamp, civil::Date};
use persistence::payments::charges;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::{
    list::{CreationOrder, page},
    money::{AmountInput, MoneyBody},
    wire::Wire,
};

pub type ChargeStatus = Wire<domain::payments::ChargeStatus>;

/// A charge that no other operation makes.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0192f0c1-2222-7000-8000-000000000000",
    "amount": {"amount_minor": 30_000, "currency": "CNY"}, "description": "教材费"}))]
pub struct CreateCharge {
    /// Who will owe it.
    pub customer_id: Uuid,
    /// Who is expected to pay, such as a guardian; the customer, when absent.
    #[schema(nullable = false)]
    pub payer_id: Option<Uuid>,
    /// Where it is charged; the customer's campus, when absent.
    #[schema(nullable = false)]
    pub campus_id: Option<Uuid>,
    /// Above zero.
    #[schema(value_type = AmountInput)]
    pub amount: AmountInput,
    /// What it is for, as receipts print it.
    #[schema(min_length = 1, max_length = 200)]
    pub description: String,
    /// Today at the campus, when absent.
    #[schema(nullable = false)]
    pub due_on: Option<Date>,
}

/// An amount that is not owed any longer.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": {"amount_minor": 5_000, "currency": "CNY"}, "reason": "教材退回"}))]
pub struct CreditCharge {
    /// Above zero, at most what is left of the charge.
    #[schema(value_type = AmountInput)]
    pub amount: AmountInput,
    /// Kept on the audit trail.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

/// A charge (应收): what a customer owes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Charge)]
pub struct ChargeBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Where it stands.
    pub status: ChargeStatus,
    /// Who owes it. The charge stays with this customer.
    pub customer_id: Uuid,
    /// Who is expected to pay; null where the caller does not reach that customer.
    #[schema(required)]
    pub payer_id: Option<Uuid>,
    /// Where it was charged; it stays there when the customer moves.
    pub campus_id: Uuid,
    /// The enrollment that made it.
    #[schema(required)]
    pub enrollment_id: Option<Uuid>,
    /// As it was charged; what was taken off since is `credited`.
    pub amount: MoneyBody,
    /// Taken off the amount since.
    pub credited: MoneyBody,
    /// Put to it from payments.
    pub paid: MoneyBody,
    /// Amount less credited less paid; never below zero.
    pub outstanding: MoneyBody,
    /// What it is for, as receipts print it.
    pub description: String,
    /// By when it should be paid: a day at the campus. Nothing happens by itself when it has passed.
    pub due_on: Date,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ChargeBody {
    /// As somebody sees it who reaches its payer, or does not.
    pub fn new(charge: Charge, shows_payer: bool) -> Self {
        Self {
            id: charge.id.uuid(),
            version: charge.version,
            status: Wire(charge.status()),
            customer_id: charge.customer.uuid(),
            payer_id: shows_payer.then(|| charge.payer.uuid()),
            campus_id: charge.campus.uuid(),
            enrollment_id: charge.enrollment,
            amount: charge.amount.into(),
            credited: charge.credited.into(),
            paid: charge.paid.into(),
            outstanding: charge.outstanding.into(),
            description: charge.description,
            due_on: charge.due_on,
            created_at: charge.created_at,
            updated_at: charge.updated_at,
        }
    }
}

page! {
    /// One page of charges.
    ChargePage of ChargeBody
}

/// Which charges, in which order.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCharges {
    #[param(inline = false)]
    pub sort: Option<CreationOrder>,
    /// In any of these states.
    #[param(style = Form, explode = false)]
    pub status: Option<Vec<ChargeStatus>>,
    /// Of any of these customers.
    #[param(style = Form, explode = false)]
    pub customer_id: Option<Vec<Uuid>>,
    /// To be paid by any of these, as far as they are within reach.
    #[param(style = Form, explode = false)]
    pub payer_id: Option<Vec<Uuid>>,
    /// Charged at any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// Made by any of these enrollments.
    #[param(style = Form, explode = false)]
    pub enrollment_id: Option<Vec<Uuid>>,
    /// Due on or after this date.
    #[param(rename = "due_on[gte]")]
    #[serde(rename = "due_on[gte]")]
    pub due_from: Option<Date>,
    /// Due before this date.
    #[param(rename = "due_on[lt]")]
    #[serde(rename = "due_on[lt]")]
    pub due_before: Option<Date>,
}

impl ListCharges {
    pub fn filter(&self) -> charges::Filter {
        charges::Filter {
            customers: self.customer_id.clone().unwrap_or_default(),
            payers: self.payer_id.clone(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            enrollments: self.enrollment_id.clone().unwrap_or_default(),
            statuses: self.status.iter().flatten().map(|v| v.0).collect(),
            due_from: self.due_from,
            due_before: self.due_before,
        }
    }
}
