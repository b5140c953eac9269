//! What every request needs, shared by the workers.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use persistence::{Database, audit::chain::Sealer, events::sequencer::Sequencer, files::Contents};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    access::{
        ApiKeys, Authorities, Limits, Refusals, Tokens, commands::Derivation, passwords::Passwords,
    },
    audit::checkpoints::Checkpoints,
    boot::Failure,
    clock::Clock,
    contract,
    http::{Cursors, Problem, operations::Operations, schema::Schemas},
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
                operations: Operations::new(&document)?,
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
