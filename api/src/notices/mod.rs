//! Notices over HTTP.

mod body;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_notices)
        .service(handlers::count_unread_notices)
        .service(handlers::read_notice)
        .service(handlers::read_all_notices);
}
