use domain::{
    fault::Fault,
    id::Id,
    payments::{Allocation, Method, Payment, Receipt},
};
use jiff::{Timestamp, civil::Date};
use persistence::payments::{AllocationLine, store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    http::{
        list::{CreationOrder, page},
        money::{AmountInput, MoneyBody},
        wire::Wire,
    },
};

pub type PaymentMethod = Wire<Method>;

/// Part of a payment for a charge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationInput {
    /// The charge that it is put to.
    pub charge_id: Uuid,
    /// Above zero, at most what the charge has outstanding.
    #[schema(value_type = AmountInput)]
    pub amount: AmountInput,
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
    /// How the money came in.
    pub method: PaymentMethod,
    /// Above zero.
    #[schema(value_type = AmountInput)]
    pub amount: AmountInput,
    /// When the money came in; today at the campus, when absent. Reports count it on the day when
    /// it is taken here.
    #[schema(nullable = false)]
    pub paid_on: Option<Date>,
    /// What it is for. When absent, the open charges of the payer, and those that it is to pay for
    /// others, the oldest first. What is left is the payer's credit.
    #[schema(max_items = 100, nullable = false)]
    pub allocations: Option<Vec<AllocationInput>>,
    /// For colleagues: it is on no receipt.
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
    /// The charge that it is put to.
    pub charge_id: Uuid,
    /// Of the charge: whose debt it is.
    pub customer_id: Uuid,
    /// Of the charge.
    pub description: String,
    /// The part for this charge; above zero.
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
    /// How the money came in.
    pub method: PaymentMethod,
    /// What came in. It never changes: a wrong payment is voided.
    pub amount: MoneyBody,
    /// What is left of it: the payer's credit.
    pub unallocated: MoneyBody,
    /// When the money came in, as whoever took it says. The books count it on `business_date`.
    pub paid_on: Date,
    /// The day of the books: the campus's date when it was taken.
    pub business_date: Date,
    /// For colleagues: it is on no receipt; null where there is none.
    #[schema(required)]
    pub note: Option<String>,
    /// The parts for charges within the reader's reach.
    #[schema(value_type = Vec<AllocationBody>)]
    pub allocations: Vec<AllocationBody>,
    /// The receipt, which is issued with the payment.
    #[schema(required)]
    pub receipt_id: Option<Uuid>,
    /// Number of the receipt, as it is printed.
    #[schema(required)]
    pub receipt_number: Option<String>,
    /// The member of staff or API client that took it.
    pub received_by: Uuid,
    /// When it was taken back.
    #[schema(required)]
    pub voided_at: Option<Timestamp>,
    /// Why it was taken back; null where it stands.
    #[schema(required)]
    pub void_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl PaymentBody {
    pub fn new(payment: Payment, shown: &[AllocationLine], receipt: Option<&Receipt>) -> Self {
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

page! {
    /// One page of payments.
    PaymentPage of PaymentBody as Shown<PaymentBody>
}

/// Which payments, in which order.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPayments {
    #[param(inline = false)]
    pub sort: Option<CreationOrder>,
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
pub fn allocations(inputs: &[AllocationInput]) -> Result<Vec<Allocation>, Fault> {
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
    Fault::unless_empty(faults)?;
    Ok(allocations)
}
