//! What is sent and answered, by subject.

mod balance;
mod charge;
mod journal;
mod payment;

pub use balance::*;
pub use charge::*;
pub use journal::*;
pub use payment::*;
