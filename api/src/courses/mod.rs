//! Subjects, courses and classes over HTTP; then [`lessons`].

mod body;
pub mod commands;
mod handlers;
pub mod lessons;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_subject)
        .service(handlers::list_subjects)
        .service(handlers::get_subject)
        .service(handlers::change_subject)
        .service(handlers::archive_subject)
        .service(handlers::unarchive_subject)
        .service(handlers::create_course)
        .service(handlers::list_courses)
        .service(handlers::get_course)
        .service(handlers::change_course)
        .service(handlers::archive_course)
        .service(handlers::unarchive_course)
        .service(handlers::create_class)
        .service(handlers::list_classes)
        .service(handlers::get_class)
        .service(handlers::change_class)
        .service(handlers::archive_class)
        .service(handlers::unarchive_class)
        .configure(lessons::routes);
}
