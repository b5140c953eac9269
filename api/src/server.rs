//! Starting and stopping the server.

use std::{
    collections::HashSet,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_cors::Cors;
use actix_web::{
    App as Actix, HttpServer,
    dev::ServerHandle,
    guard::{self, Guard},
    middleware::from_fn,
    web,
};
use utoipa_actix_web::{AppExt, OpenApiFactory, scope, service_config::ServiceConfig};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    access::{self, Limits, authenticate},
    analytics,
    app::App,
    approvals, audit, conditions, courses, custom_fields, customers, enrollments, events, exports,
    files, follow_ups,
    http::{
        edge::{Draining, edge, passable, preflights},
        operations::OperationInfo,
        parameters,
    },
    imports,
    jobs::{self, Runner},
    metrics, notices, organization, payments, privacy, system, tags,
    upkeep::Upkeep,
    views,
};

/// Every route of the program. The contract is made from the same list.
pub fn routes(config: &mut ServiceConfig<'_>) {
    const CAPABILITIES: &[fn(&mut ServiceConfig<'_>)] = &[
        system::public_routes,
        events::routes,
        audit::routes,
        access::routes,
        organization::routes,
        conditions::routes,
        customers::routes,
        custom_fields::routes,
        follow_ups::routes,
        tags::routes,
        courses::routes,
        enrollments::routes,
        payments::routes,
        privacy::routes,
        analytics::routes,
        files::routes,
        jobs::routes,
        imports::routes,
        exports::routes,
        notices::routes,
        views::routes,
        approvals::routes,
    ];
    config.service(scope::scope(API).configure(|api| {
        for routes in CAPABILITIES {
            api.service(scope::scope("").guard(asks_for(*routes)).configure(*routes));
        }
    }));
    config.configure(system::routes);
}

const API: &str = "/api/v1";

/// Whether a request asks for an operation of a capability, all of whose paths are its own: the edge has
/// found out which. The framework would compare the path with every pattern of every capability.
fn asks_for(routes: fn(&mut ServiceConfig<'_>)) -> impl Guard {
    let capability: scope::Scope<_> = scope::scope(API);
    let own = capability.configure(routes).paths().paths;
    // Their descriptions are not kept.
    let own: HashSet<String> = own.into_iter().map(|(path, _)| path).collect();
    guard::fn_guard(move |request| {
        let asked = request.req_data();
        let operation = asked.get::<Arc<OperationInfo>>();
        operation.is_some_and(|operation| own.contains(&*operation.route))
    })
}

/// Which browsers may call: exact origins, no credentials.
fn cors(origins: &[String]) -> Cors {
    let allowed = origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    allowed
        .allowed_methods(["GET", "POST", "PATCH", "PUT", "DELETE"])
        .allowed_headers([
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "if-none-match",
            "range",
            "traceparent",
            "accept-language",
        ])
        .expose_headers([
            "ETag",
            "Link",
            "Location",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "X-Request-Id",
            "traceparent",
            "Deprecation",
            "Sunset",
            "Idempotency-Replayed",
            "Content-Disposition",
            "Content-Range",
            "Accept-Ranges",
        ])
        .max_age(600)
        .disable_vary_header()
}

/// Connections of clients to one process, at most (reliability.md 5.2).
const CONNECTIONS: usize = 2000;

/// A server that runs.
pub struct Running {
    pub address: SocketAddr,
    /// Where `/metrics` is, if anywhere.
    pub metrics: Option<SocketAddr>,
    handle: ServerHandle,
    draining: Arc<Draining>,
    app: App,
    upkeep: Upkeep,
    runner: Runner,
    measured: Option<ServerHandle>,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Says at `/readyz` that it is about to stop, refuses new connections, lets what is under way
    /// finish, and returns.
    pub async fn stop(self) -> std::io::Result<()> {
        self.draining.begin();
        let said = Duration::from_secs(self.app.settings.drain_seconds.0.into());
        tokio::time::sleep(said).await;
        // Jobs give their leases back while requests finish.
        tokio::join!(self.runner.stop(), self.handle.stop(true));
        let ended = self.ended.await.map_err(std::io::Error::other)?;
        self.upkeep.stop(&self.app).await;
        if let Some(measured) = self.measured {
            measured.stop(false).await;
        }
        ended
    }
}

/// Binds and serves, on worker threads of its own.
pub fn start(app: App) -> std::io::Result<Running> {
    start_at(app, None)
}

/// The same at an address that is bound already.
pub fn start_at(app: App, bound: Option<TcpListener>) -> std::io::Result<Running> {
    let draining = Arc::new(Draining::default());
    let listen = app.settings.listen;
    let workers = app.settings.worker_count();
    let stop = app.settings.stop_seconds.0;
    let shared_draining = draining.clone();
    let metrics_listener = metrics::bind(app.settings.metrics_listen)?;
    let upkeep = Upkeep::start(&app);
    let own = app.clone();
    let server = HttpServer::new(move || {
        let app = app.for_worker();
        let document = app.document.clone();
        let origins = app.settings.cors_origins.0.clone();
        let (actix, _) = Actix::new()
            .into_utoipa_app()
            .map(|actix| {
                actix
                    .app_data(web::Data::new(app))
                    .app_data(web::Data::new(shared_draining.clone()))
                    .wrap(from_fn(parameters::of_public))
                    .wrap(from_fn(passable))
                    .wrap(from_fn(Limits::apply))
                    .wrap(from_fn(authenticate))
                    .wrap(from_fn(edge))
                    // Around the edge: a page must be able to read refusals too.
                    .wrap(cors(&origins))
                    .wrap(from_fn(preflights))
            })
            .configure(routes)
            .split_for_parts();
        actix.service(web::redirect("/docs", "/docs/")).service(
            SwaggerUi::new("/docs/{_:.*}")
                .config(Config::from("/api/v1/openapi.json").try_it_out_enabled(true))
                .external_url_unchecked("/docs/openapi.json", document),
        )
    })
    .workers(workers)
    .shutdown_timeout(stop.into())
    .client_request_timeout(Duration::from_secs(5))
    .client_disconnect_timeout(Duration::from_secs(1))
    .keep_alive(Duration::from_secs(15))
    // Of each worker.
    .max_connections(CONNECTIONS.div_ceil(workers))
    .disable_signals();
    let server = match bound {
        Some(listener) => server.listen(listener)?,
        None => server.bind(listen)?,
    };
    let address = server
        .addrs()
        .first()
        .copied()
        .ok_or_else(|| std::io::Error::other("the server has no address"))?;
    let server = server.run();
    let handle = server.handle();
    let ended = tokio::spawn(server);
    let runner = Runner::start(own.clone());
    let metrics = metrics_listener
        .as_ref()
        .map(TcpListener::local_addr)
        .transpose()?;
    let measured = metrics_listener
        .map(|listener| metrics::serve(own.clone(), listener))
        .transpose()?;
    Ok(Running {
        address,
        metrics,
        handle,
        draining,
        app: own,
        upkeep,
        runner,
        measured,
        ended,
    })
}
