//! Enrollments (报名): a student's seat in a class, and the lesson hours that come with it.
//!
//! An enrollment belongs to a customer, the student, and takes its price and its hours from the
//! class: they are the server's, never the caller's. It is `active` until it is `completed` or
//! `withdrawn`, which both end it and free the seat. Its hours are a lot with a ledger: granted
//! once, consumed by roll calls, reversed by corrections and by the withdrawal; entries are never
//! changed, and a balance never falls below zero.

mod attendance;
mod fault;
mod model;
mod purchase;

pub use attendance::*;
pub use fault::*;
pub use model::*;
pub use purchase::*;
