//! API clients over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_api_client)
        .service(handlers::list_api_clients)
        .service(handlers::get_api_client)
        .service(handlers::change_api_client)
        .service(handlers::revoke_api_client)
        .service(handlers::create_api_key)
        .service(handlers::get_api_key)
        .service(handlers::end_api_key);
}
