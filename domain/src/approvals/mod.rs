//! Approvals (审批): what goes on only once others have agreed, a shared capability (CFG-04, ROLE-18).
//!
//! A policy says of a kind of thing, from an amount upward, who agrees in which order: steps, each by a
//! role or by a person. Where one applies, whoever asks waits for an approval, which keeps the steps and
//! the version of the policy that it was made with. Nobody decides what they asked for themselves. Who
//! does not work is passed over by rule: then those decide who make the policies.
//!
//! - [`policy`]: who agrees to what
//! - [`model`]: an approval, and what becomes of it
//! - [`fault`]: what is refused

pub mod fault;
pub mod model;
pub mod policy;

pub use fault::*;
pub use model::*;
pub use policy::*;
