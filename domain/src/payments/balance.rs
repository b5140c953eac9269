use jiff::Timestamp;

use crate::{customers::Customer, id::Id, money::Money, organization::Campus};

/// What a customer owes and has to its credit (往来余额): sums of what was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub customer: Id<Customer>,
    pub customer_campus: Id<Campus>,
    /// All its charges.
    pub charged: Money,
    /// Taken off them since.
    pub credited: Money,
    /// Allocated to them, whoever paid.
    pub paid: Money,
    /// Charged less credited less paid.
    pub outstanding: Money,
    /// Left of the payments that it made.
    pub credit: Money,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
