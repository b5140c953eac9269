//! The rules of educrm, without I/O: no database, no web, no clock, no randomness.
//!
//! A map, one line a module. Values that everything uses:
//! - [`id`]: typed identifiers
//! - [`stamp`]: when, who, and where new identifiers come from
//! - [`fault`]: why a decision was refused, with its texts in both languages
//! - [`day`]: days of a place as instants
//! - [`money`]: amounts that never lose a cent
//! - [`calendar`]: which dates can be meant
//! - [`text_enum`]: closed lists with their labels
//! - [`text`]: what may stand in a name, and how text is folded for comparing
//! - [`phone`]: telephone numbers in one form, and the form that is safe to show
//! - [`email`]: e-mail addresses, in the same two forms
//! - [`search`]: the grams by which a customer is found
//! - [`reference`]: records that others choose from: campuses, roles, teams
//! - [`numbers`]: human-facing numbers without gaps
//! - [`bulk`]: many operations in one call
//! - [`conditions`]: which records are meant, as a typed tree
//!
//! Capabilities, by the names that they have everywhere:
//! - [`access`]: permissions, reach, roles
//! - [`organization`]: institution, regions, campuses, departments, teams, staff
//! - [`customers`]: students, guardians, schools and partners, from lead to graduate
//! - [`custom_fields`]: what an institution keeps beyond that
//! - [`courses`]: subjects, courses and classes
//! - [`audit`]: who did what
//! - [`events`]: the feed of what happens
//! - [`tags`]: what is known of a customer in a word
//! - [`follow_ups`]: what was said to a customer, and when to speak again
//! - [`enrollments`]: seats in classes, lesson hours, lessons and roll calls
//! - [`imports`]: lists of leads, read as a careful clerk would
//! - [`exports`]: lists that leave the program as a file
//! - [`payments`]: what customers owe and pay, and the journal of it
//! - [`analytics`]: reports, without the people
//! - [`privacy`]: what people are told of the use of their data, and what they ask about it
//! - [`views`]: searches that are kept under a name
//! - [`approvals`]: what goes on only once others have agreed
//! - [`files`], [`jobs`], [`notices`]: what people hand in, what goes on behind, what they should know

pub mod access;
pub mod analytics;
pub mod approvals;
pub mod audit;
pub mod bulk;
pub mod calendar;
pub mod conditions;
pub mod courses;
pub mod custom_fields;
pub mod customers;
pub mod day;
pub mod email;
pub mod enrollments;
pub mod events;
pub mod exports;
pub mod fault;
pub mod files;
pub mod follow_ups;
pub mod id;
pub mod imports;
pub mod jobs;
pub mod money;
pub mod notices;
pub mod numbers;
pub mod organization;
pub mod payments;
pub mod phone;
pub mod privacy;
pub mod reference;
pub mod search;
pub mod stamp;
pub mod tags;
pub mod text;
pub mod text_enum;
pub mod views;
