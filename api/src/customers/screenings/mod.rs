//! Screening over HTTP: what is said of records by hand, the rules by which it is said, and their runs.

mod body;
pub mod commands;
mod handlers;
pub mod rules;
pub mod runs;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::screen_customer)
        .service(handlers::screen_customers)
        .service(handlers::list_screenings)
        .service(handlers::get_screening)
        .service(handlers::get_screening_standing)
        .configure(rules::routes)
        .configure(runs::routes);
}
