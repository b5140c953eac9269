//! What was shared of customers, over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::record_disclosure)
        .service(handlers::list_disclosures)
        .service(handlers::get_disclosure);
}
