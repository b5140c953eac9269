//! Enrollments over HTTP; then [`attendance`].

pub mod attendance;
mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

/// Fields of the student that stand under other names here.
const NAMES: &[(&str, &str)] = &[("student_name", "name")];

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_enrollment)
        .service(handlers::list_enrollments)
        .service(handlers::get_enrollment)
        .service(handlers::withdraw_enrollment)
        .service(handlers::complete_enrollment)
        .service(handlers::list_hour_entries)
        .service(handlers::list_roster)
        .configure(attendance::routes);
}
