//! Files over HTTP.

mod body;
pub mod commands;
mod handlers;
pub mod link;
mod upload;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

/// Where uploads go; they may take longer than other requests.
pub const UPLOADS: &str = "/api/v1/files";

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::upload_file)
        .service(handlers::get_file)
        .service(handlers::create_download_link)
        .service(handlers::download_file);
}
