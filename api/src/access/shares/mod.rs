//! Shares of customers over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_customer_shares)
        .service(handlers::share_customer)
        .service(handlers::get_customer_share)
        .service(handlers::end_customer_share);
}
