//! The archive over HTTP: records that were checked and filed.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::file_customer)
        .service(handlers::list_filings)
        .service(handlers::count_filings)
        .service(handlers::get_filing)
        .service(handlers::take_out_filing);
}
