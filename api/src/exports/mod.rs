//! Exports over HTTP, and the job that makes their files.

mod body;
pub mod commands;
pub(crate) mod csv;
mod handlers;
pub(crate) mod run;
mod sheet;
mod workbook;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_export)
        .service(handlers::list_exports)
        .service(handlers::get_export)
        .service(handlers::download_export);
}
