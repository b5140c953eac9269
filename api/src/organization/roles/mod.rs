//! Roles and the catalogue of permissions over HTTP.

mod body;
pub mod commands;
mod fields;
mod handlers;

pub use body::*;
pub use fields::{FieldRule, FieldRuleAccess, rules};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_permissions)
        .service(fields::list_fields)
        .service(fields::get_role_field_rules)
        .service(fields::set_role_field_rules)
        .service(handlers::create_role)
        .service(handlers::list_roles)
        .service(handlers::get_role)
        .service(handlers::change_role)
        .service(handlers::copy_role)
        .service(handlers::archive_role)
        .service(handlers::unarchive_role);
}
