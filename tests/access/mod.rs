mod matrix;
pub(crate) mod policy;
