use domain::{
    id::Id,
    money::{Currency, Money},
    payments::{Allocation, Balance, Charge, Method, Payment, Receipt},
};
use jiff::{Timestamp, civil::Date};
use persistence::payments::{Shown, balances::CampusTotal, charges, store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::http::{money::MoneyBody, wire::Wire};

pub type ChargeStatus = Wire<domain::payments::ChargeStatus>;
pub type PaymentMethod = Wire<Method>;

/// A charge that no other operation makes.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "0192f0c1-2222-7000-8000-000000000000",
    "amount": {"amount_minor": 30_000, "currency": "CNY"}, "description": "教材费"}))]
pub struct CreateCharge {
    pub customer_id: Uuid,
    /// Who is expected to pay, such as a guardian; the customer, when absent.
    #[schema(nullable = false)]
    pub payer_id: Option<Uuid>,
    /// Where it is charged; the customer's campus, when absent.
    #[schema(nullable = false)]
    pub campus_id: Option<Uuid>,
    /// Above zero.
    pub amount: MoneyBody,
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
    pub amount: MoneyBody,
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
    pub status: ChargeStatus,
    pub customer_id: Uuid,
    /// Who is expected to pay; null where the caller does not reach that customer.
    #[schema(required)]
    pub payer_id: Option<Uuid>,
    /// Where it was charged; it stays there when the customer moves.
    pub campus_id: Uuid,
    /// The enrollment that made it.
    #[schema(required)]
    pub enrollment_id: Option<Uuid>,
    pub amount: MoneyBody,
    /// Taken off the amount since.
    pub credited: MoneyBody,
    /// Put to it from payments.
    pub paid: MoneyBody,
    /// Amount less credited less paid; never below zero.
    pub outstanding: MoneyBody,
    pub description: String,
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

/// One page of charges.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargePage {
    pub items: Vec<ChargeBody>,
    /// Continues the list; null at its end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which charges. The newest come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListCharges {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// Where to continue: `next_cursor` of the page before, with the same other parameters.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    #[param(inline = false)]
    pub status: Option<ChargeStatus>,
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
            status: self.status.map(|status| status.0),
            due_before: self.due_before,
        }
    }
}

/// Part of a payment for a charge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationInput {
    pub charge_id: Uuid,
    /// Above zero, at most what the charge has outstanding.
    pub amount: MoneyBody,
}

/// Money that came in.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payer_id": "0192f0c1-2222-7000-8000-000000000000",
    "campus_id": "0192f0c1-1111-7000-8000-000000000000", "method": "wechat",
    "amount": {"amount_minor": 129_900, "currency": "CNY"}}))]
pub struct CreatePayment {
    /// Who pays: the student, or a guardian.
    pub payer_id: Uuid,
    /// Whose desk takes it, and in whose series the receipt is numbered.
    pub campus_id: Uuid,
    pub method: PaymentMethod,
    /// Above zero.
    pub amount: MoneyBody,
    /// When the money came in; today at the campus, when absent. Reports count it on the day when
    /// it is taken here.
    #[schema(nullable = false)]
    pub paid_on: Option<Date>,
    /// What it is for. When absent, the open charges of the payer, and those that it is to pay for
    /// others, the oldest first. What is left is the payer's credit.
    #[schema(max_items = 100, nullable = false)]
    pub allocations: Option<Vec<AllocationInput>>,
    #[schema(max_length = 500, nullable = false)]
    pub note: Option<String>,
}

/// What the rest of a payment is for.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct AllocatePayment {
    /// As for a new payment: the oldest open charges, when absent.
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    pub allocations: Option<Vec<AllocationInput>>,
}

/// Why a payment is taken back.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "收款方式录错"}))]
pub struct VoidPayment {
    /// Kept with the payment.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

/// Part of a payment that was put to a charge.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Allocation)]
pub struct AllocationBody {
    pub charge_id: Uuid,
    /// Of the charge: whose debt it is.
    pub customer_id: Uuid,
    /// Of the charge.
    pub description: String,
    pub amount: MoneyBody,
}

/// A payment (收款) with what it was put to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Who paid.
    pub payer_id: Uuid,
    /// Whose desk took it.
    pub campus_id: Uuid,
    pub method: PaymentMethod,
    pub amount: MoneyBody,
    /// What is left of it: the payer's credit.
    pub unallocated: MoneyBody,
    pub paid_on: Date,
    /// The day of the books: the campus's date when it was taken.
    pub business_date: Date,
    #[schema(required)]
    pub note: Option<String>,
    /// The parts for charges within the reader's reach.
    #[schema(value_type = Vec<AllocationBody>)]
    pub allocations: Vec<AllocationBody>,
    #[schema(required)]
    pub receipt_id: Option<Uuid>,
    #[schema(required)]
    pub receipt_number: Option<String>,
    /// The member of staff or API client that took it.
    pub received_by: Uuid,
    /// When it was taken back.
    #[schema(required)]
    pub voided_at: Option<Timestamp>,
    #[schema(required)]
    pub void_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl PaymentBody {
    pub fn new(payment: Payment, shown: &[Shown], receipt: Option<&Receipt>) -> Self {
        let (voided_at, void_reason) = payment.voided.map_or((None, None), |voided| {
            (Some(voided.at), Some(voided.reason))
        });
        Self {
            id: payment.id.uuid(),
            version: payment.version,
            payer_id: payment.customer.uuid(),
            campus_id: payment.campus.uuid(),
            method: Wire(payment.method),
            amount: payment.amount.into(),
            unallocated: payment.unallocated.into(),
            paid_on: payment.paid_on,
            business_date: payment.business_date,
            note: payment.note,
            allocations: shown
                .iter()
                .filter(|shown| shown.part.payment == payment.id)
                .map(|shown| AllocationBody {
                    charge_id: shown.part.charge.uuid(),
                    customer_id: shown.customer.uuid(),
                    description: shown.description.clone(),
                    amount: shown.part.amount.into(),
                })
                .collect(),
            receipt_id: receipt.map(|receipt| receipt.id.uuid()),
            receipt_number: receipt.map(|receipt| receipt.number.to_string()),
            received_by: payment.received_by.uuid(),
            voided_at,
            void_reason,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// One page of payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentPage {
    #[schema(value_type = Vec<PaymentBody>)]
    pub items: Vec<PaymentBody>,
    /// Continues the list; null at its end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which payments. The newest come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPayments {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// Where to continue: `next_cursor` of the page before, with the same other parameters.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// Paid by any of these.
    #[param(style = Form, explode = false)]
    pub payer_id: Option<Vec<Uuid>>,
    /// Taken at any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// By any of these methods.
    #[param(style = Form, explode = false)]
    pub method: Option<Vec<PaymentMethod>>,
    /// Only those that were taken back, or only the others.
    pub is_voided: Option<bool>,
    /// Paid on this date or after.
    #[param(rename = "paid_on[gte]")]
    #[serde(rename = "paid_on[gte]")]
    pub paid_from: Option<Date>,
    /// Paid before this date.
    #[param(rename = "paid_on[lt]")]
    #[serde(rename = "paid_on[lt]")]
    pub paid_until: Option<Date>,
}

impl ListPayments {
    pub fn filter(&self) -> store::Filter {
        store::Filter {
            payers: self.payer_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            methods: self.method.iter().flatten().map(|v| v.0).collect(),
            is_voided: self.is_voided,
            paid_from: self.paid_from,
            paid_until: self.paid_until,
        }
    }
}

/// The allocations of a body.
pub fn allocations(inputs: &[AllocationInput]) -> Result<Vec<Allocation>, domain::fault::Fault> {
    let mut faults = Vec::new();
    let mut allocations = Vec::new();
    for (place, input) in inputs.iter().enumerate() {
        match input.amount.read("") {
            Ok(amount) => allocations.push(Allocation {
                charge: Id::new(input.charge_id),
                amount,
            }),
            Err(mut fault) => {
                fault.pointer = format!("/allocations/{place}/amount{}", fault.pointer).into();
                faults.push(fault);
            }
        }
    }
    domain::fault::Fault::unless_empty(faults)?;
    Ok(allocations)
}

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

/// One page of customers who owe something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivablePage {
    #[schema(value_type = Vec<BalanceBody>)]
    pub items: Vec<BalanceBody>,
    /// Continues the list; null at its end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Whose receivables. Those who were charged last for the first time come first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListReceivables {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// Where to continue: `next_cursor` of the page before, with the same other parameters.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// Customers of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
}

/// What the customers of one campus owe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampusReceivables {
    pub campus_id: Uuid,
    /// How many customers owe something.
    pub customers: i64,
    pub outstanding: MoneyBody,
}

/// What all customers within reach owe (应收总额).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceivablesTotal {
    pub outstanding: MoneyBody,
    pub customers: i64,
    /// By the campus to which the customers belong.
    pub campuses: Vec<CampusReceivables>,
    pub evaluated_at: Timestamp,
}

impl ReceivablesTotal {
    pub fn new(
        currency: Currency,
        totals: &[CampusTotal],
        evaluated_at: Timestamp,
    ) -> Result<Self, domain::fault::Fault> {
        let sum = totals
            .iter()
            .try_fold(Money::zero(currency), |sum, total| {
                sum.plus(total.outstanding)
            })?;
        Ok(Self {
            outstanding: sum.into(),
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
        })
    }
}
