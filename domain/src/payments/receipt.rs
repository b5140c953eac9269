use jiff::Timestamp;

use super::Payment;
use crate::{id::Id, numbers::Number, organization::Campus};

/// The receipt (收据) of a payment, printed in two or three parts (PAY-02).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: Id<Receipt>,
    pub version: i64,
    pub payment: Id<Payment>,
    pub campus: Id<Campus>,
    /// Kept when the payment is voided, and by every reprint.
    pub number: Number,
    pub print_count: i32,
    pub issued_at: Timestamp,
    pub voided_at: Option<Timestamp>,
}
