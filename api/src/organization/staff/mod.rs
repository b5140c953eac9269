//! Staff over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_staff)
        .service(handlers::list_staff)
        .service(handlers::get_staff)
        .service(handlers::change_staff)
        .service(handlers::get_staff_roles)
        .service(handlers::set_staff_roles)
        .service(handlers::suspend_staff)
        .service(handlers::list_staff_sessions)
        .service(handlers::end_staff_sessions)
        .service(handlers::reset_staff_password)
        .service(handlers::reinstate_staff)
        .service(handlers::leave_staff);
}
