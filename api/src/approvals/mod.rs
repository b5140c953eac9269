//! Approvals over HTTP: what waits for others to agree, and the policies that demand it.

mod body;
pub mod commands;
pub(crate) mod expiry;
mod handlers;
pub mod policies;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

const TAG: &str = "approvals";

pub fn routes(config: &mut ServiceConfig<'_>) {
    policies::routes(config);
    config
        .service(handlers::list_approvals)
        .service(handlers::get_approval)
        .service(handlers::decide_approval)
        .service(handlers::delegate_approval)
        .service(handlers::recall_approval);
}
