//! Who asks, and what they may touch.
//!
//! An [`Authority`] is a principal's standing as read from the database; a [`Grant`] is proof that
//! it holds one permission, with the rows that this permission reaches. Only this module makes
//! them, so a store function that asks for a grant can't be called without the check.

pub mod allowance;
pub mod api_client;
mod authority;
pub mod credentials;
mod grant;
mod role;
pub mod sessions;
pub mod share_requests;
pub mod shares;
pub mod throttle;

pub use authority::{Authority, Bearer, confirm, load};
pub use grant::{Branch, Deletes, Grant, Reads, Scope, Writes};
pub(crate) use role::permit;
pub use role::{ROLE, holders_of, stewards_of};
