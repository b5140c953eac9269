//! Reports: what is counted, and summed up, over the tables of others.

pub mod store;
