mod mass_assignment;
mod operations;
mod refusals;
