//! Long runs of what must survive: kills (T-08) and repetitions (T-02), and
//! everybody against every operation (T-05).
//!
//! The same code runs in small counts within `cargo test`, and in long runs as the `drill` program.
//! Every run tells its seed; with the same seed the decisions are the same, though not the moments
//! at which a process is hit.

mod context;
mod crash;
mod deeds;
mod matrix;
mod repetition;

pub use crash::{Crash, crash};
pub use matrix::{Matrix, matrix};
pub use repetition::{Repetition, repetition};
