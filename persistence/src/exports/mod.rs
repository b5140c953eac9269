//! Exports: rows.

pub mod store;
