//! Imports: what was asked for, what became of each row, and who of a list is already known.

pub(crate) mod kept;
pub mod known;
pub mod made;
pub mod matching;
pub mod rows;
pub mod store;
pub mod templates;
pub mod undo;
mod uses;
