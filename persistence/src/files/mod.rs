//! Files: what is known of them in a table, what is in them in a store of its own.

pub mod content;
pub mod store;

pub use content::Contents;
