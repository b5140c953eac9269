//! Many operations on customers in one call.
//!
//! Each is the single operation of its kind: the same command, permission, reach and field rules. What is
//! wrong with the call itself refuses it as a whole; what is wrong with the `data` of an operation, or
//! with doing it, refuses that operation.

mod body;
pub mod commands;
mod handlers;
mod read;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::bulk_customers);
}
