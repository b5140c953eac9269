//! Rules of screening.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_screening_rule)
        .service(handlers::list_screening_rules)
        .service(handlers::get_screening_rule)
        .service(handlers::get_screening_rule_history)
        .service(handlers::change_screening_rule);
}
