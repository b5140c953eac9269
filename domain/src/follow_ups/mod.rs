//! Follow-ups (跟进): what was said to a customer, how it went, and when to speak again
//! (FUP-01…06, FUP-18).
//!
//! A follow-up is a record of its own: it leaves the customer's version alone. The next date of the
//! latest one is the customer's due date; recording another settles it. Before anybody has spoken
//! to the customer, one can be planned: it tells the next date, and counts as none that was done.

mod fault;
mod model;

pub use fault::*;
pub use model::*;
