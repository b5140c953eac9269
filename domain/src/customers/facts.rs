//! Facts about a customer (客户事实): what happened, written once by the capability where it
//! happened, and read by tag rules, segments and reports.
//!
//! A fact stands in a table of its own, append-only: `beneficiary_id` says about whom it is,
//! `occurred_on` when it happened, `reversal_of` which earlier one it takes back.

use crate::fault::Text;

/// A kind of fact.
#[derive(Debug)]
pub struct Fact {
    /// snake_case, never changed: rules name it.
    pub code: &'static str,
    pub label: Text,
    pub table: &'static str,
    /// What is known beside whom and when, by column.
    pub values: &'static [&'static str],
}

/// Every kind of fact; a test compares the list with the schema.
pub static FACTS: &[Fact] = &[Fact {
    code: "purchase",
    label: Text {
        zh: "购买",
        en: "Purchase",
    },
    table: "purchases",
    values: &[
        "payer_id",
        "product_id",
        "quantity_hundredths",
        "amount_minor",
        "currency",
        "mode",
    ],
}];
