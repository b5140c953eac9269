//! HTTP in and out: what every operation shares.
//!
//! - [`problem`]: every error as an RFC 9457 document, in the reader's language
//! - [`json`], [`parameters`]: bodies and parameters, checked against the published schema itself
//! - [`schema`]: the checks made from the document
//! - [`path`]: ids in paths
//! - [`reply`]: finished answers with their ETag and Location
//! - [`clock_time`]: times of day; [`instants`]: the dates and instants that may be given
//! - [`money`]: amounts of money
//! - [`list`]: which part of a list is asked for, and the page that answers; [`cursor`]: where it
//!   goes on, in a way that can't be forged
//! - [`precondition`]: If-Match and If-None-Match
//! - [`address`]: where a request came from
//! - [`context`]: request id, trace, language
//! - [`operations`]: which operation of the contract a request asks for
//! - [`edge`]: what wraps every request; [`packing`]: answers packed by gzip
//! - [`wire`]: closed lists of domain as named schemas

pub mod address;
pub mod clock_time;
pub mod context;
pub mod cursor;
pub mod edge;
mod instants;
pub mod json;
pub mod list;
pub mod money;
pub mod operations;
mod packing;
pub mod parameters;
pub mod path;
pub mod precondition;
pub mod problem;
pub mod reply;
pub mod schema;
pub mod wire;

pub use cursor::Cursors;
pub use json::Json;
pub use list::List;
pub use parameters::Parameters;
pub use precondition::IfMatch;
pub use problem::Problem;
pub use reply::Reply;
