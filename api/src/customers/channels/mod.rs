//! Source channels over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_source_channel)
        .service(handlers::list_source_channels)
        .service(handlers::get_source_channel)
        .service(handlers::change_source_channel)
        .service(handlers::archive_source_channel)
        .service(handlers::unarchive_source_channel);
}
