//! Follow-ups over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

/// The permissions on follow-ups, and so their field rules, go by this name.
pub(crate) const RECORD: &str = "follow_ups";

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::record_follow_up)
        .service(handlers::list_follow_ups)
        .service(handlers::list_due_follow_ups)
        .service(handlers::get_follow_up)
        .service(handlers::change_follow_up);
}
