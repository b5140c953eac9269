//! Imports over HTTP, and the jobs that do and undo them.

mod body;
mod change;
pub mod commands;
mod custom;
mod handlers;
mod household;
mod marks;
mod plan;
mod result;
pub(crate) mod run;
mod table;
pub mod templates;
mod told;
pub(crate) mod undo;
mod workbook;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::propose_mapping)
        .service(handlers::create_import)
        .service(handlers::list_imports)
        .service(handlers::get_import)
        .service(handlers::list_import_rows)
        .service(handlers::preview_import_undo)
        .service(handlers::undo_import)
        .configure(templates::routes);
}
