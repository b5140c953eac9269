//! Saved views.

pub mod store;
