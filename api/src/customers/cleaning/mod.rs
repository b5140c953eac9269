//! The cleaning list over HTTP, and the job that fills it.

mod body;
pub mod commands;
mod handlers;
pub mod sweep;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_cleaning_entries)
        .service(handlers::get_cleaning_entry)
        .service(handlers::keep_cleaning_entry)
        .service(handlers::sweep_records);
}
