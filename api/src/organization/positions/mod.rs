//! Positions over HTTP.

mod body;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_position)
        .service(handlers::list_positions)
        .service(handlers::get_position)
        .service(handlers::change_position)
        .service(handlers::archive_position)
        .service(handlers::unarchive_position);
}
