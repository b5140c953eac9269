//! Notices: an inbox for each principal.

pub mod store;
