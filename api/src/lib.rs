//! The API of educrm: a library with the binary `educrm`.
//!
//! - [`settings`], [`data_dir`], [`mounts`], [`clock`]: what a process needs before it serves
//! - [`boot`], [`cli`]: from settings to a running program
//! - [`app`]: the state that every request sees
//! - [`server`]: routes, start and stop
//! - [`program`]: the process around it
//! - [`demo`]: a throw-away school to look around in
//! - [`contract`]: the published OpenAPI document
//! - [`http`]: what every operation shares
//! - [`access`]: who asks, and whether they may
//! - [`system`]: health, keys, lists
//! - [`metrics`]: what operators watch
//! - [`upkeep`]: what the server does besides answering
//! - [`invariants`]: the daily check of the data
//! - [`backup`]: copies of everything, and bringing one back
//! - [`events`]: the feed of what happens
//! - [`audit`]: the trail of who did what
//! - [`reference`]: what every kind of reference data shares
//! - [`kept`]: what people keep under a name, and may show to others
//! - [`conditions`]: which customers are meant, as a tree
//!
//! Capabilities, each with `body.rs`, `commands.rs`, `handlers.rs`:
//! - [`organization`], [`customers`], [`custom_fields`], [`follow_ups`], [`tags`], [`courses`],
//!   [`enrollments`], [`payments`], [`files`], [`jobs`], [`notices`], [`imports`], [`exports`],
//!   [`analytics`], [`privacy`], [`views`], [`approvals`]

pub mod access;
pub mod analytics;
pub mod app;
pub mod approvals;
pub mod audit;
pub mod backup;
pub mod boot;
pub mod cli;
pub mod clock;
pub mod conditions;
pub mod contract;
pub mod courses;
pub mod custom_fields;
pub mod customers;
pub mod data_dir;
pub mod demo;
pub mod enrollments;
pub mod events;
pub mod exports;
pub mod files;
pub mod follow_ups;
pub mod http;
pub mod imports;
pub mod invariants;
pub mod jobs;
pub mod kept;
pub mod metrics;
pub mod mounts;
pub mod notices;
pub mod organization;
pub mod payments;
pub mod privacy;
pub mod program;
pub mod reference;
pub mod server;
pub mod settings;
pub mod system;
pub mod tags;
pub mod upkeep;
pub mod views;
