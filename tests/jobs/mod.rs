//! Jobs: who runs them, and what their owners see.

mod leases;
mod owners;
mod schedules;
