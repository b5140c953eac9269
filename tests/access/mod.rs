mod matrix;
pub(crate) mod policy;
mod tokens;
