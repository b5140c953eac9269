mod api_clients;
mod field_channels;
mod fields;
mod log_in;
mod matrix;
pub(crate) mod policy;
mod revocation;
mod sharing;
mod tokens;
