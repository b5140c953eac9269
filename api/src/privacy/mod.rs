//! Protection of personal data over HTTP.

pub mod disclosures;
pub mod erasures;
pub mod legal_holds;
pub mod notices;
pub mod personal_data;
pub mod recipients;
pub mod requests;
pub mod retention;

use utoipa_actix_web::service_config::ServiceConfig;

const TAG: &str = "privacy";

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(erasures::routes)
        .configure(notices::routes)
        .configure(disclosures::routes)
        .configure(legal_holds::routes)
        .configure(personal_data::routes)
        .configure(recipients::routes)
        .configure(requests::routes)
        .configure(retention::routes);
}
