mod matrix;
pub(crate) mod policy;
mod revocation;
mod tokens;
