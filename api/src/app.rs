//! What every request needs, shared by the workers.

use std::{collections::HashMap, sync::Arc};

use actix_web::{HttpRequest, web};
use domain::access::{AuditRead, Permission};
use persistence::{Database, audit::chain::Sealer, events::sequencer::Sequencer, files::Contents};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    access::{
        ApiKeys, Authorities, Limits, Refusals, Tokens, commands::Derivation, passwords::Passwords,
    },
    audit::checkpoints::Checkpoints,
    boot::Failure,
    clock::Clock,
    contract,
    http::{Cursors, Problem, parameters, schema::Schemas},
    jobs::Waking,
    metrics::Metrics,
    settings::Settings,
    system::Readiness,
};

/// The state of the process. Cheap to clone; the database handle is the worker's own.
#[derive(Clone)]
pub struct App {
    pub db: Database,
    pub shared: Arc<Shared>,
}

/// What all workers share.
pub struct Shared {
    pub settings: Settings,
    pub clock: Clock,
    pub tokens: Tokens,
    pub authorities: Arc<Authorities>,
    pub api_keys: ApiKeys,
    pub limits: Limits,
    pub refusals: Refusals,
    pub sequencer: Sequencer,
    pub sealer: Sealer,
    pub checkpoints: Checkpoints,
    pub passwords: Passwords,
    pub derivation: Derivation,
    pub cursors: Cursors,
    pub schemas: Schemas,
    pub operations: Operations,
    pub document: Value,
    pub contents: Contents,
    pub jobs: Waking,
    pub metrics: Metrics,
    pub readiness: Readiness,
}

/// What is made from the keys of the installation.
pub struct Secrets {
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub derivation: Derivation,
    pub cursors: Cursors,
    /// By what the database knows the key of sealed fields.
    pub fingerprint: [u8; 32],
    /// Seals the audit trail.
    pub sealing: Zeroizing<[u8; 32]>,
}

impl std::ops::Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl App {
    pub fn new(
        settings: Settings,
        clock: Clock,
        db: Database,
        secrets: Secrets,
        contents: Contents,
    ) -> Result<Self, Failure> {
        let Secrets {
            tokens,
            passwords,
            derivation,
            cursors,
            fingerprint,
            sealing,
        } = secrets;
        let document = contract::document(&settings.public_url);
        let authorities = Arc::new(Authorities::default());
        let forgetting = authorities.clone();
        let sequencer = Sequencer::new(db.clone(), clock.stamp().id::<()>().uuid());
        let checkpoints = Checkpoints::new(&settings.data_dir, &settings.audit_checkpoints_dir);
        let kept = checkpoints.clone();
        let sealer = Sealer::new(
            db.clone(),
            clock.stamp().id::<()>().uuid(),
            &sealing,
            move |institution| kept.newest(institution).ok().flatten(),
        );
        db.on_access_change(move |institution| forgetting.forget(institution));
        Ok(Self {
            db,
            shared: Arc::new(Shared {
                limits: Limits::new(&settings),
                refusals: Refusals::default(),
                sequencer,
                sealer,
                checkpoints,
                authorities,
                api_keys: ApiKeys::default(),
                schemas: Schemas::new(&document),
                operations: Operations::new(&document),
                settings,
                clock,
                tokens,
                passwords,
                derivation,
                cursors,
                document,
                contents,
                jobs: Waking::default(),
                metrics: Metrics::new()?,
                readiness: Readiness::new(fingerprint),
            }),
        })
    }

    /// With a database handle of the calling worker's own.
    pub fn for_worker(&self) -> Self {
        Self {
            db: self.db.for_worker(),
            shared: self.shared.clone(),
        }
    }

    pub(crate) fn of(request: &HttpRequest) -> Result<&Self, Problem> {
        request
            .app_data::<web::Data<Self>>()
            .map(|data| data.get_ref())
            .ok_or_else(|| Problem::internal("the application's state is missing"))
    }
}

/// An operation of the contract.
#[derive(Clone)]
pub(crate) struct OperationInfo {
    /// Its operationId.
    pub(crate) name: Arc<str>,
    /// Whether it has parameters in the query string.
    takes_query: bool,
    /// Whether it needs no log-in.
    pub(crate) is_public: bool,
    /// Whether a refusal of it is on the audit trail.
    pub(crate) is_sensitive: bool,
}

impl OperationInfo {
    /// Refuses parameters of an operation that has none.
    pub(crate) fn check_query(&self, request: &HttpRequest) -> Result<(), Problem> {
        if self.takes_query || request.query_string().is_empty() {
            Ok(())
        } else {
            parameters::none(request)
        }
    }
}

/// The operations of the contract, by method and path.
pub struct Operations {
    known: HashMap<(String, String), OperationInfo>,
    /// Path segments (`None`: a parameter) with the methods allowed there.
    paths: Vec<(Vec<Option<String>>, Vec<String>)>,
}

impl Operations {
    fn new(document: &Value) -> Self {
        let mut known = HashMap::new();
        let mut paths = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let mut methods = Vec::new();
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = method.to_uppercase();
                if let Some(name) = operation["operationId"].as_str() {
                    let info = OperationInfo {
                        name: Arc::from(name),
                        takes_query: operation["parameters"]
                            .as_array()
                            .is_some_and(|all| all.iter().any(|p| p["in"] == "query")),
                        is_public: operation["security"] == json!([]),
                        is_sensitive: is_sensitive(&method, path, operation),
                    };
                    known.insert((method.clone(), path.clone()), info);
                    methods.push(method);
                }
            }
            let segments = path
                .split('/')
                .map(|s| (!s.starts_with('{')).then(|| s.to_owned()))
                .collect();
            paths.push((segments, methods));
        }
        Self { known, paths }
    }

    /// The operation that a request asks for.
    pub(crate) fn of(&self, request: &HttpRequest) -> Option<&OperationInfo> {
        self.get(request.method().as_str(), &request.match_pattern()?)
    }

    /// The operation of a route.
    pub(crate) fn get(&self, method: &str, pattern: &str) -> Option<&OperationInfo> {
        self.known.get(&(method.to_owned(), pattern.to_owned()))
    }

    /// Methods allowed at a path; `None` where there is nothing at all.
    pub(crate) fn allowed(&self, path: &str) -> Option<String> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut methods: Vec<&str> = self
            .paths
            .iter()
            .filter(|(template, _)| {
                template.len() == segments.len()
                    && template
                        .iter()
                        .zip(&segments)
                        .all(|(t, s)| t.as_deref().map_or(!s.is_empty(), |t| t == *s))
            })
            .flat_map(|(_, methods)| methods.iter().map(String::as_str))
            .collect();
        methods.sort_unstable();
        methods.dedup();
        (!methods.is_empty()).then(|| methods.join(", "))
    }
}

/// Whether an operation changes something, lets something leave as a file, or reads the audit trail.
fn is_sensitive(method: &str, path: &str, operation: &Value) -> bool {
    let is_read = method == "GET" || operation["x-read-only"] == true;
    let reads_audit = operation["x-required-permission"] == AuditRead::CODE;
    !is_read || path.ends_with("/content") || reads_audit
}
