//! Protection of personal data over HTTP.

pub mod erasures;
pub mod notices;
pub mod personal_data;
pub mod requests;

use utoipa_actix_web::service_config::ServiceConfig;

const TAG: &str = "privacy";

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(erasures::routes)
        .configure(notices::routes)
        .configure(personal_data::routes)
        .configure(requests::routes);
}
