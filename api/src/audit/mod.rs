//! The audit trail over HTTP, and what of it is kept outside the database.

mod body;
pub mod checkpoints;
mod export;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_audit_events)
        .service(handlers::export_audit_events)
        .service(handlers::get_audit_event);
}
