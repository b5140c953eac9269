//! Subjects, courses and classes: reference data. How it stands in rows.

mod kinds;
mod lessons;
pub mod seats;

use domain::{
    courses::{CAPACITY_BELOW_TAKEN, CLASS_NUMBER_TAKEN},
    reference::NAME_TAKEN,
};
pub use kinds::ClassFilter;
pub use lessons::LessonFilter;

use crate::{database::Constraint, reference};

pub static SUBJECT: reference::Events = reference::events!("subject");
pub static COURSE: reference::Events = reference::events!("course");
pub static CLASS: reference::Events = reference::events!("class");
pub static LESSON: reference::Events = reference::events!("lesson");

/// The events of every kind of reference data here.
pub static KINDS: &[&reference::Events] = &[&SUBJECT, &COURSE, &CLASS, &LESSON];

pub(crate) static CONSTRAINTS: &[Constraint] = &[
    Constraint {
        name: "subjects_name_key",
        columns: "subjects.institution_id, subjects.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "courses_name_key",
        columns: "courses.institution_id, courses.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "classes_name_key",
        columns: "classes.institution_id, classes.campus_id, classes.name_fold",
        rule: &NAME_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "classes_number_key",
        columns: "classes.institution_id, classes.number",
        rule: &CLASS_NUMBER_TAKEN,
        pointer: "",
    },
    Constraint {
        name: "classes_seats_check",
        columns: "",
        rule: &CAPACITY_BELOW_TAKEN,
        pointer: "",
    },
];
