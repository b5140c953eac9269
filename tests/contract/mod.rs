mod edge;
mod mass_assignment;
mod operations;
mod parity;
mod refusals;
