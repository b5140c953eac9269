//! Files over HTTP.

mod body;
pub mod commands;
mod handlers;
pub mod link;
mod output;
mod scan;
pub mod upload;

pub use body::*;
pub use output::Output;
use utoipa_actix_web::service_config::ServiceConfig;

/// Whether uploads go to this path; they may take longer than other requests.
pub fn takes_uploads(path: &str) -> bool {
    let of_record = path.starts_with("/api/v1/customers/") && path.ends_with("/files");
    of_record || path == "/api/v1/files"
}

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::upload_file)
        .service(handlers::get_file)
        .service(handlers::create_download_link)
        .service(handlers::download_file);
}
