mod api_clients;
mod fields;
mod log_in;
mod matrix;
pub(crate) mod policy;
mod revocation;
mod sharing;
mod tokens;
