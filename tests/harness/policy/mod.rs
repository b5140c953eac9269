//! A small model of who may do what to which record, and records to try it on.
//!
//! - [`rows`]: the kinds of record, and the kind that each operation names
//! - [`people`]: who is tried, and what they reach
//! - [`programs`]: API clients among them
//! - [`records`]: records, made by whoever may do everything where they are
//! - [`trial`]: trying operations on them, by everybody

mod people;
mod programs;
mod records;
mod rows;
mod trial;

pub use people::*;
pub use records::*;
pub use rows::*;
pub use trial::*;
