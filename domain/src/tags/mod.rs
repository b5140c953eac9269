//! Tags (标签): what is known of a customer in a word (TAG-01), by categories (TAG-02).
//!
//! Categories and tags are reference data. A tag is put on a customer and taken off by somebody, for
//! a reason, at a time; all of it is kept (TAG-49).

mod fault;
mod model;

pub use fault::*;
pub use model::*;
