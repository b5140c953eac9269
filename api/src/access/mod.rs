//! Who asks, and whether they may.
//!
//! [`authenticate`](authenticate::authenticate) reads the token of every request; an operation asks
//! for [`Granted<P>`], which refuses whoever does not hold `P`, before anything else is read.

mod authenticate;
mod granted;
mod idempotency_key;
mod limits;
mod tokens;

pub use authenticate::{Authorities, authenticate};
pub use granted::Granted;
pub use idempotency_key::{IdempotencyKey, OptionalIdempotencyKey};
pub use limits::Limits;
pub use tokens::{Tokens, Verified};
