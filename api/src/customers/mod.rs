//! Customers over HTTP.

mod body;
pub mod bulk;
pub mod channels;
pub mod cleaning;
pub mod collections;
pub mod commands;
pub mod consents;
mod derived;
mod details;
pub mod duplicates;
mod expansion;
mod files;
pub mod filings;
mod filters;
pub mod forms;
mod handlers;
pub mod insights;
pub mod lists;
mod looked_for;
pub mod merges;
mod photos;
pub mod quality;
pub mod relations;
pub mod screenings;
mod search;
mod selection;
mod sort;
mod timeline;

pub use body::*;
pub use channels::SourceChannelCode;
pub use cleaning::{CleaningReason, CleaningState};
pub use collections::CollectionEvidence;
pub use derived::{CustomerActivityLevel, CustomerSchoolStage};
pub use details::*;
pub use expansion::{CustomerExpansion, ExpandCustomer, NamedRecord};
pub use filings::FilingState;
pub use filters::*;
pub use looked_for::*;
pub use search::count_view;
pub use selection::{Counting, Selection};
pub use sort::CustomerSort;
pub use timeline::*;
use utoipa_actix_web::service_config::ServiceConfig;

/// The permissions on customers, and so their field rules, go by this name.
const RECORD: &str = "customers";

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_customer)
        .service(handlers::list_customers)
        .service(handlers::search_customers)
        .service(handlers::get_customer)
        .service(handlers::change_customer)
        .service(handlers::delete_customer)
        .service(handlers::restore_customer)
        .service(handlers::transfer_customer)
        .service(handlers::reveal_customer)
        .service(handlers::list_timeline)
        .configure(bulk::routes)
        .configure(channels::routes)
        .configure(cleaning::routes)
        .configure(collections::routes)
        .configure(forms::routes)
        .configure(consents::routes)
        .configure(duplicates::routes)
        .configure(filings::routes)
        .configure(insights::routes)
        .configure(merges::routes)
        .configure(photos::routes)
        .configure(quality::routes)
        .configure(relations::routes)
        .configure(screenings::routes)
        .configure(files::routes);
}
