//! Black-box tests over HTTP, a folder a capability.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails by panicking"
)]

mod access;
mod analytics;
mod approvals;
mod audit;
mod backup;
mod conditions;
mod contract;
mod courses;
mod custom_fields;
mod customers;
mod database;
mod demo;
mod enrollments;
mod events;
mod exports;
mod files;
mod follow_ups;
mod imports;
mod jobs;
mod notices;
mod organization;
mod payments;
mod privacy;
mod system;
mod tags;
mod views;
