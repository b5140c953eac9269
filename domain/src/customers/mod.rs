//! Customers (客户): everyone who buys or may buy, in one archive (CUST-01, CUST-48).
//!
//! A lead and a graduate are the same record at different stages. A customer is of a kind
//! (student, guardian, school …), belongs to a campus, and is held by a person of staff or by the
//! pool of a campus; who sees it follows from these two.

mod activity;
mod channel;
mod cleaning;
mod collection;
mod consent;
mod contact;
mod contacting;
mod details;
mod duplicate;
pub mod facts;
mod fault;
mod filing;
mod form;
mod insight;
mod merge;
mod model;
mod order;
mod photo;
mod quality;
mod region;
mod relation;
mod schooling;
mod screening;
mod timeline;

pub use activity::*;
pub use channel::*;
pub use cleaning::*;
pub use collection::*;
pub use consent::*;
pub use contact::*;
pub use contacting::*;
pub use details::*;
pub use duplicate::*;
pub use fault::*;
pub use filing::*;
pub use form::*;
pub use insight::*;
pub use merge::*;
pub use model::*;
pub use order::*;
pub use photo::*;
pub use quality::*;
pub use region::*;
pub use relation::*;
pub use schooling::*;
pub use screening::*;
pub use timeline::*;
