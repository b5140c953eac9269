use jiff::{Timestamp, civil::Date};
use persistence::payments::receipts::Issued;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{money::MoneyBody, wire::Wire},
    payments::PaymentMethod,
};

/// A line of a receipt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptLine {
    /// What it is for, as receipts print it.
    pub description: String,
    /// The part for this charge; above zero.
    pub amount: MoneyBody,
}

/// The receipt (收据) of a payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub struct ReceiptBody {
    pub id: Uuid,
    /// Raised with every printing, and by the void; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Series, year, campus and value: `R2026-01-000042`. Without gaps in a campus and year; voided
    /// receipts and reprints keep it.
    pub number: String,
    /// The payment that it confirms.
    pub payment_id: Uuid,
    /// Whose desk took the money.
    pub campus_id: Uuid,
    /// Name of the campus.
    pub campus_name: String,
    /// Whose books it stands in.
    pub legal_entity: String,
    /// Null where a field rule hides it.
    #[schema(required)]
    pub payer_name: Option<String>,
    /// Who took the money.
    #[schema(required)]
    pub receiver_name: Option<String>,
    /// How the money came in.
    pub method: PaymentMethod,
    /// What came in.
    pub amount: MoneyBody,
    /// `1,299.00`
    pub amount_in_figures: String,
    /// In Chinese capital numerals (大写金额); null in other currencies than CNY.
    #[schema(required)]
    pub amount_in_capitals: Option<String>,
    /// What it was put to when it was taken; what is missing to the amount became credit.
    pub lines: Vec<ReceiptLine>,
    /// When the money came in.
    pub paid_on: Date,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// How often it was printed.
    pub print_count: i32,
    /// When it was voided, with its payment; null where it stands.
    #[schema(required)]
    pub voided_at: Option<Timestamp>,
}

impl From<&Issued> for ReceiptBody {
    fn from(issued: &Issued) -> Self {
        let (receipt, payment) = (&issued.receipt, &issued.payment);
        Self {
            id: receipt.id.uuid(),
            version: receipt.version,
            number: receipt.number.to_string(),
            payment_id: payment.id.uuid(),
            campus_id: receipt.campus.uuid(),
            campus_name: issued.campus.clone(),
            legal_entity: issued.legal_entity.clone(),
            payer_name: Some(issued.payer.clone()),
            receiver_name: issued.receiver.clone(),
            method: Wire(payment.method),
            amount: payment.amount.into(),
            amount_in_figures: payment.amount.figures(),
            amount_in_capitals: payment.amount.capitals(),
            lines: issued
                .lines
                .iter()
                .map(|(description, amount)| ReceiptLine {
                    description: description.clone(),
                    amount: (*amount).into(),
                })
                .collect(),
            paid_on: payment.paid_on,
            issued_at: receipt.issued_at,
            print_count: receipt.print_count,
            voided_at: receipt.voided_at,
        }
    }
}

/// How a receipt was printed.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parts": 2}))]
pub struct PrintReceipt {
    /// Parts of the form (联): two, or three with the stub.
    #[schema(minimum = 2, maximum = 3)]
    pub parts: i16,
}

/// How the page looks.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::payments) struct ReceiptPageParts {
    /// Parts of the form (联): the customer's and the finance copy, and with three the stub.
    #[param(minimum = 2, maximum = 3, default = 2)]
    pub(super) parts: Option<i16>,
}
