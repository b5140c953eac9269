//! Jobs: who runs which, under a lease, and what their owners see.

pub mod lease;
pub mod schedule;
pub mod store;

pub use lease::{Claimed, Lease};
