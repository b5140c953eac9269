//! Who may be there already, over HTTP: before somebody is taken in, of a customer, and of who calls.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::check_duplicates)
        .service(handlers::look_up_caller)
        .service(handlers::list_duplicates);
}
