//! Roles that are given by rule, over HTTP.

mod body;
pub mod commands;
pub mod given;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_role_rule)
        .service(handlers::list_role_rules)
        .service(handlers::get_role_rule)
        .service(handlers::end_role_rule);
}
