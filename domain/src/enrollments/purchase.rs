use jiff::civil::Date;

use super::Enrollment;
use crate::{
    courses::{Class, Hours},
    customers::Customer,
    id::Id,
    money::Money,
    text_enum,
};

text_enum! {
    /// How something was bought (购置方式).
    PurchaseMode as "PurchaseMode" {
        OnSite = "on_site" { "到校", "On site" }
        Online = "online" { "线上", "Online" }
        Phone = "phone" { "电话", "By phone" }
        Partner = "partner" { "合作渠道", "Through a partner" }
    }
}

/// That something was bought (购买记录, CUST-17): a fact about a customer, taken back by a reversal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub date: Date,
    /// For whom it was bought.
    pub beneficiary: Id<Customer>,
    pub payer: Id<Customer>,
    pub product: Id<Class>,
    pub quantity: Hours,
    pub amount: Money,
    pub mode: PurchaseMode,
}

impl Purchase {
    /// What an enrollment bought.
    pub fn of(enrollment: &Enrollment, mode: PurchaseMode) -> Self {
        Self {
            date: enrollment.enrolled_on,
            beneficiary: enrollment.student,
            payer: enrollment.payer,
            product: enrollment.class,
            quantity: enrollment.hours,
            amount: enrollment.price,
            mode,
        }
    }
}
