//! Saved views over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_view)
        .service(handlers::list_views)
        .service(handlers::get_view)
        .service(handlers::change_view)
        .service(handlers::delete_view)
        .service(handlers::count_view);
}
