//! Relations between customers over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

/// Fields of the other customer that stand under other names here.
pub(super) const NAMES: &[(&str, &str)] = &[("relative_name", "name")];

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::relate_customer)
        .service(handlers::list_relations)
        .service(handlers::get_relation)
        .service(handlers::change_relation)
        .service(handlers::remove_relation);
}
