//! How long data is kept, over HTTP, and the job that removes what is due.

mod body;
pub mod commands;
mod handlers;
pub mod purge;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::get_retention_policy)
        .service(handlers::change_retention_policy)
        .service(handlers::preview_retention)
        .service(handlers::list_retention_runs)
        .service(handlers::get_retention_run);
}
