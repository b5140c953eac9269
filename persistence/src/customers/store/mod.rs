//! Reading and writing customers, within a grant.

mod find;
mod lists;
mod locks;
mod writes;

pub use find::*;
pub use lists::*;
pub use locks::*;
pub use writes::*;
