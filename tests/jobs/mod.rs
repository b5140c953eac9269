//! Jobs: who runs them, and what their owners see.

mod checks;
mod leases;
mod owners;
mod schedules;
mod sweeps;

use tests::Server;

/// Has a server look after its schedules.
pub(crate) async fn fired_on(server: &Server) {
    let app = server.app.clone();
    let fired = async move { educrm::jobs::schedule::fire(&app).await };
    server.inside(fired).await.unwrap();
}
