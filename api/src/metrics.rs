//! What operators watch: numbers of the process in the text format of Prometheus, on a port of
//! their own.
//!
//! Labels are names of operations, statuses, states and rules: nothing in them comes from a request.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App as Actix, HttpResponse, HttpServer, Responder, dev::ServerHandle, get, http::StatusCode,
    web,
};
use persistence::{
    invariants::{INVARIANTS, Invariant},
    jobs::store::Backlog,
};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TEXT_FORMAT, TextEncoder, process_collector::ProcessCollector,
};

use crate::{app::App, boot::Failure, settings::ListenAt};

/// Upper ends of the classes of durations, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// The numbers of one process.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    under_way: IntGauge,
    jobs: IntGaugeVec,
    unordered: IntGauge,
    violations: IntCounterVec,
    reachable: IntGauge,
}

impl Metrics {
    pub fn new() -> Result<Self, Failure> {
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("educrm_http_requests_total", "Requests answered."),
                &["operation", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "educrm_http_request_duration_seconds",
                    "Time from a request's head to its answer's.",
                )
                .buckets(SECONDS.to_vec()),
                &["operation"],
            )?,
            under_way: IntGauge::new(
                "educrm_http_requests_in_flight",
                "Requests that are being answered.",
            )?,
            jobs: IntGaugeVec::new(
                Opts::new(
                    "educrm_jobs",
                    "Jobs of the installation: queued, running, and failed in the last day.",
                ),
                &["status"],
            )?,
            unordered: IntGauge::new(
                "educrm_records_unordered",
                "Events and audit records of the installation that wait for their position.",
            )?,
            violations: IntCounterVec::new(
                Opts::new(
                    "educrm_invariant_violations_total",
                    "Rows that break an invariant, as found by the daily checks of this process.",
                ),
                &["invariant"],
            )?,
            reachable: IntGauge::new(
                "educrm_database_up",
                "Whether the database answered when these numbers were asked for.",
            )?,
        };
        metrics
            .registry
            .register(Box::new(metrics.requests.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.durations.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.under_way.clone()))?;
        metrics.registry.register(Box::new(metrics.jobs.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.unordered.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.violations.clone()))?;
        // From the start, or the first that is found would not show as an increase.
        for invariant in INVARIANTS {
            metrics.violations.with_label_values(&[invariant.name]);
        }
        metrics
            .registry
            .register(Box::new(metrics.reachable.clone()))?;
        metrics
            .registry
            .register(Box::new(ProcessCollector::for_self()))?;
        Ok(metrics)
    }

    /// Counts a request as under way until what is returned is dropped.
    pub(crate) fn begun(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }

    /// Counts an answer. `operation` is its operationId, `-` where there is none.
    pub(crate) fn answered(&self, operation: &str, status: StatusCode, took: Duration) {
        self.requests
            .with_label_values(&[operation, status.as_str()])
            .inc();
        self.durations
            .with_label_values(&[operation])
            .observe(took.as_secs_f64());
    }

    /// Counts rows that break an invariant.
    pub(crate) fn broken(&self, invariant: &Invariant, rows: usize) {
        self.violations
            .with_label_values(&[invariant.name])
            .inc_by(rows as u64);
    }

    async fn text(&self, app: &App) -> Result<Vec<u8>, prometheus::Error> {
        // What an unreachable database can't tell keeps its last value, and is not believed.
        let told = tokio::try_join!(
            persistence::jobs::store::backlog(&app.db),
            app.sequencer.waiting()
        );
        self.reachable.set(told.is_ok().into());
        match told {
            Ok((
                Backlog {
                    queued,
                    running,
                    failed,
                },
                unordered,
            )) => {
                for (status, count) in
                    [("queued", queued), ("running", running), ("failed", failed)]
                {
                    self.jobs.with_label_values(&[status]).set(count);
                }
                self.unordered.set(unordered);
            }
            Err(error) => tracing::warn!(%error, "the database gave no numbers"),
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// A request that is being answered.
pub(crate) struct UnderWay(IntGauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[get("/metrics")]
async fn numbers(app: web::Data<App>) -> impl Responder {
    match app.metrics.text(&app).await {
        Ok(text) => HttpResponse::Ok().content_type(TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "the numbers could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// Takes the address of the numbers, where they have one.
pub fn bind(place: ListenAt) -> std::io::Result<Option<TcpListener>> {
    let bound = place.0.map(|address| {
        TcpListener::bind(address).map_err(|error| {
            std::io::Error::new(error.kind(), format!("EDUCRM_METRICS_LISTEN: {error}"))
        })
    });
    bound.transpose()
}

/// Serves the numbers at an address of their own, for as long as the process runs.
pub fn serve(app: App, listener: TcpListener) -> std::io::Result<ServerHandle> {
    let app = Arc::new(app);
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(web::Data::from(app.clone()))
            .service(numbers)
    })
    .workers(1)
    .client_request_timeout(Duration::from_secs(5))
    .max_connections(20)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}
