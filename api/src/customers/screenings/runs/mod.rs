//! Rules of screening, tried and applied to what nobody has screened.

mod body;
pub mod commands;
mod handlers;
pub(crate) mod job;
mod plan;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::preview_screening)
        .service(handlers::run_screening)
        .service(handlers::list_screening_runs)
        .service(handlers::get_screening_run);
}
