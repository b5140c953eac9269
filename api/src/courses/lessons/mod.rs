//! Lessons of classes over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_lesson)
        .service(handlers::list_lessons)
        .service(handlers::list_class_lessons)
        .service(handlers::get_lesson)
        .service(handlers::change_lesson)
        .service(handlers::archive_lesson)
        .service(handlers::unarchive_lesson);
}
