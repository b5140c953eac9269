//! Tags over HTTP.

mod body;
pub mod commands;
mod handlers;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_tag_category)
        .service(handlers::list_tag_categories)
        .service(handlers::get_tag_category)
        .service(handlers::change_tag_category)
        .service(handlers::archive_tag_category)
        .service(handlers::unarchive_tag_category)
        .service(handlers::create_tag)
        .service(handlers::list_tags)
        .service(handlers::get_tag)
        .service(handlers::change_tag)
        .service(handlers::archive_tag)
        .service(handlers::unarchive_tag)
        .service(handlers::list_customer_tags)
        .service(handlers::put_tag_on)
        .service(handlers::take_tag_off);
}
