//! Jobs over HTTP, and what runs them.

mod body;
mod handlers;
mod run;
mod runner;
pub mod schedule;

pub use body::*;
pub use run::{Halt, Run, is_of_machine};
pub use runner::{Runner, Waking};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_jobs)
        .service(handlers::get_job)
        .service(handlers::cancel_job);
}
