mod mass_assignment;
mod operations;
