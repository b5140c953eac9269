//! Registration forms over HTTP: what is asked of customers of a kind.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::get_customer_form)
        .service(handlers::get_customer_form_history)
        .service(handlers::set_customer_form);
}
