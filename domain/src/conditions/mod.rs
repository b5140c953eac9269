//! Conditions (条件): one typed, versioned tree over a registry of fields and facts.
//!
//! A tree says which records are meant: `all` of some conditions, `any` of them, `not` one, or a
//! leaf, which holds one field against a value. It is read from JSON once, with every fault at its
//! pointer, and is typed from then on; it is evaluated here, and compiled to SQL by `persistence`, with
//! the same meaning.
//!
//! - [`field`]: what can be asked, its type, and who may ask
//! - [`registry`]: what can be asked in an institution: its custom fields too
//! - [`tree`]: trees and what leaves say
//! - `read`: from JSON
//! - `canonical`: back to JSON, in one form
//! - `evaluate`: whether a record meets a tree
//! - [`moment`]: days, ages and birthdays
//!
//! **What is unknown.** A condition is met or it is not, there is no third answer. A comparison with
//! a value that is not known is not met, so `not` of it is. Whoever wants those of whom nothing is known
//! asks by `is_unknown`; what is out of the reader's reach counts as unknown.

mod canonical;
mod evaluate;
mod fault;
pub mod field;
pub mod moment;
mod read;
pub mod registry;
pub mod tree;

pub use evaluate::Facts;
pub use fault::*;
pub use field::{FIELDS, Field, Operator, Subject, Type};
pub use moment::Moment;
pub use registry::Registry;
pub use tree::{Leaf, Test, Tree, Value};

/// Of the language: raised where a tree that was read before would mean something else, or be refused.
pub const VERSION: i16 = 1;

/// Leaves of one tree, at most.
pub const TERMS_MAX: usize = 20;
/// Groups within each other, at most.
pub const DEPTH_MAX: usize = 8;
/// Values of one list, at most.
pub const VALUES_MAX: usize = 100;
/// Longest text, in characters.
pub const TEXT_MAX: usize = 200;
/// Days of a span, at most.
pub const DAYS_MAX: i64 = 36_500;
