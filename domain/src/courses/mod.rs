//! What is taught (课程): subjects (学科), courses (课程) of them, and classes (班级) that teach a
//! course at a campus (CRS-01, CRS-02).
//!
//! All three are reference data. A course belongs to the institution; a class belongs to a campus,
//! has a teacher, a room and a number of seats, and its own price and lesson hours, which a new
//! enrollment takes over. How many seats are taken is kept by the enrollments.

mod fault;
mod hours;
mod lesson;
mod model;

pub use fault::*;
pub use hours::*;
pub use lesson::*;
pub use model::*;
