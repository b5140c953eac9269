//! A small model of who may do what to which record, and records to try it on.
//!
//! - [`rows`]: the kinds of record, and the kind that each operation names
//! - [`people`]: who is tried, and what they reach
//! - [`records`]: records, made by whoever may do everything where they are

mod people;
mod records;
mod rows;

pub use people::*;
pub use records::*;
pub use rows::*;
