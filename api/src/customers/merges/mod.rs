//! Merging customers over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::preview_merge)
        .service(handlers::merge_customers)
        .service(handlers::list_merges)
        .service(handlers::get_merge)
        .service(handlers::undo_merge);
}
