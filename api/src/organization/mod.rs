//! The [`institution`] and its parts over HTTP: regions, campuses, departments, [`positions`], teams and
//! groups; then [`staff`] with their [`agreements`], [`roles`], and the [`role_rules`] that give roles.

pub mod agreements;
mod body;
pub mod commands;
pub mod day;
mod groups;
mod handlers;
pub mod institution;
pub mod positions;
pub mod powers;
pub mod role_rules;
pub mod roles;
pub mod staff;

pub use body::*;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_region)
        .service(handlers::list_regions)
        .service(handlers::get_region)
        .service(handlers::change_region)
        .service(handlers::archive_region)
        .service(handlers::unarchive_region)
        .service(handlers::create_campus)
        .service(handlers::list_campuses)
        .service(handlers::get_campus)
        .service(handlers::change_campus)
        .service(handlers::archive_campus)
        .service(handlers::unarchive_campus)
        .service(handlers::create_department)
        .service(handlers::list_departments)
        .service(handlers::get_department)
        .service(handlers::change_department)
        .service(handlers::archive_department)
        .service(handlers::unarchive_department)
        .service(handlers::create_team)
        .service(handlers::list_teams)
        .service(handlers::get_team)
        .service(handlers::change_team)
        .service(handlers::archive_team)
        .service(handlers::unarchive_team)
        .service(groups::create_group)
        .service(groups::list_groups)
        .service(groups::get_group)
        .service(groups::change_group)
        .service(groups::archive_group)
        .service(groups::unarchive_group)
        .configure(institution::routes)
        .configure(positions::routes)
        .configure(staff::routes)
        .configure(agreements::routes)
        .configure(roles::routes)
        .configure(role_rules::routes);
}
