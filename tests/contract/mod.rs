mod deadlines;
mod edge;
mod filters;
mod locations;
mod mass_assignment;
mod operations;
mod parity;
mod refusals;
