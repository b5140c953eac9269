//! Collections of customers over HTTP: where their data came from.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::record_collection)
        .service(handlers::list_collections)
        .service(handlers::get_collection)
        .service(handlers::correct_collection)
        .service(handlers::reveal_collection);
}
