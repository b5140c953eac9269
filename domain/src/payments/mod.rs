//! What customers owe and pay.
//!
//! A *charge* (应收) says what a customer owes; a *payment* (收款) is money that came in, with its
//! receipt. An *allocation* (核销) puts part of a payment to a charge; what is left of a payment is
//! the payer's *credit* (预存). Nothing of value is ever updated: each step posts an entry to the
//! *journal* (总账), balanced by double entry, and a mistake is corrected by an entry that reverses
//! it (PAY-01, PAY-03, PAY-06, PAY-07).

mod balance;
mod charge;
mod fault;
mod journal;
mod payment;
mod receipt;

pub use balance::*;
pub use charge::*;
pub use fault::*;
pub use journal::*;
pub use payment::*;
pub use receipt::*;
