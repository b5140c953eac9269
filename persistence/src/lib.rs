//! The tables of educrm: entities, migrations, scoped queries and transactions.
//!
//! Mechanisms first:
//! - [`database`]: the two databases behind one [`Database`](database::Database), transactions
//! - [`migrations`]: the schema, step by step
//! - [`access`]: who asks ([`Authority`](access::Authority)), what they may touch ([`Grant`](access::Grant))
//! - [`scope`]: the one door to rows that belong to somebody
//! - [`reference`]: the one door to reference data
//! - [`kept`]: what people keep under a name, and may show to others
//! - [`audit`], [`events`], [`idempotency`]: what every transaction leaves behind
//! - [`lease`]: what only one instance may do at a time
//! - [`keys`]: encryption of columns, and keyed hashes to find what is encrypted
//! - [`sealed`]: long contents, sealed chunk by chunk
//! - [`backup`]: copies of everything that an installation on SQLite is made of
//! - [`invariants`]: what must always hold, as queries
//! - [`conditions`]: which customers are meant, as SQL
//! - [`numbers`]: human-facing numbers without gaps
//! - [`clock`]: instants as the databases keep them
//!
//! Then the capabilities, most with `entity.rs` and `store.rs`:
//! - [`organization`], [`customers`], [`custom_fields`], [`follow_ups`], [`tags`], [`courses`],
//!   [`enrollments`], [`payments`], [`files`], [`jobs`], [`notices`], [`imports`], [`exports`],
//!   [`analytics`], [`privacy`], [`views`], [`approvals`]

pub mod access;
pub mod analytics;
pub mod approvals;
pub mod audit;
pub mod backup;
pub mod clock;
pub mod conditions;
pub mod courses;
pub mod custom_fields;
pub mod customers;
pub mod database;
pub mod enrollments;
pub mod events;
pub mod exports;
pub mod files;
pub mod follow_ups;
pub mod idempotency;
pub mod imports;
pub mod invariants;
pub mod jobs;
pub mod kept;
pub mod keys;
pub mod lease;
pub mod migrations;
pub mod notices;
pub mod numbers;
pub mod organization;
pub mod payments;
pub mod privacy;
pub mod reference;
pub mod scope;
pub mod sealed;
pub mod tags;
pub mod views;

pub use database::{Database, Error, Handle, Operation, Tx};
