//! One run of a job: its lease, and the rights of whoever asked for it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    access::{Permission, PrincipalKind},
    fault::Fault,
    id::Id,
    jobs::{JOB_CANCELLED, JOB_TAKEN_OVER, JobKind},
    organization::Institution,
    text_enum::TextEnum,
};
use persistence::{
    Error, Operation, Tx,
    access::{Authority, Bearer, Grant, load},
    database::Actor,
    jobs::{Claimed, Lease},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{app::App, http::problem::PERMISSION_MISSING};

/// How often a step is begun anew because its owner's rights have changed meanwhile.
const TRIES: usize = 4;

/// Why a run ends before its job does.
#[derive(Debug)]
pub enum Halt {
    /// The process stops: another one goes on.
    Stopping,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

/// Whether something failed that says nothing of the records that a step is about. One that others hold for too
/// long is looked at another time.
pub fn is_of_machine(error: &Error) -> bool {
    match error {
        Error::Fault(fault) => [&JOB_TAKEN_OVER, &JOB_CANCELLED].contains(&fault.rule),
        Error::Internal(_) | Error::Busy => false,
        Error::AuthorityChanged | Error::Transient(_) => true,
    }
}

/// A job that this process is running.
pub struct Run {
    pub app: App,
    claimed: Claimed,
    stopping: watch::Receiver<bool>,
    authority: Mutex<Option<Arc<Authority>>>,
}

impl Run {
    pub(super) fn new(app: App, claimed: Claimed, stopping: watch::Receiver<bool>) -> Self {
        Self {
            app,
            claimed,
            stopping,
            authority: Mutex::default(),
        }
    }

    pub fn kind(&self) -> JobKind {
        self.claimed.kind
    }

    pub fn lease(&self) -> Lease {
        self.claimed.lease
    }

    pub fn institution(&self) -> Id<Institution> {
        self.claimed.lease.institution
    }

    pub fn owner(&self) -> Option<Uuid> {
        self.claimed.owner
    }

    /// Kind and id of the record that it works on.
    pub fn target(&self) -> Option<(&str, Uuid)> {
        let (kind, id) = self.claimed.target.as_ref()?;
        Some((kind, *id))
    }

    pub fn attempt(&self) -> i32 {
        self.claimed.attempt
    }

    /// Ends when the process stops.
    pub async fn stopping(&self) {
        let mut stopping = self.stopping.clone();
        let _ = stopping.wait_for(|set| *set).await.is_ok();
    }

    /// What the job was told.
    pub async fn payload(&self) -> Result<Vec<u8>, Error> {
        self.claimed.payload(&self.app.db.read()).await
    }

    /// Runs a step in one transaction, with the owner's rights as they are then, and only while the
    /// job is this process's.
    ///
    /// # Errors
    /// `permission_missing` once the owner may no longer do it; what the step itself refuses.
    pub async fn step<P, T, F, Fut>(&self, work: F) -> Result<T, Halt>
    where
        P: Permission,
        F: Fn(Tx, Grant<P>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        let lease = self.lease();
        let mut tries = 1;
        loop {
            if *self.stopping.borrow() {
                return Err(Halt::Stopping);
            }
            let authority = self.authority().await?;
            let operation = self.operation(Some(authority.clone()));
            let grant = Grant::<P>::of(&authority, operation.stamp.now());
            let grant = grant.ok_or_else(|| missing(P::CODE))?;
            let (grant, work) = (&grant, &work);
            let result = self
                .app
                .db
                .transaction(&operation, |tx| async move {
                    lease.confirm(&tx).await?;
                    work(tx, grant.clone()).await
                })
                .await;
            match result {
                Err(Error::AuthorityChanged) if tries < TRIES => {
                    tries += 1;
                    self.remember(None);
                }
                other => return Ok(other?),
            }
        }
    }

    /// Runs a step of the program's own.
    pub async fn own_step<T, F, Fut>(&self, work: F) -> Result<T, Halt>
    where
        F: Fn(Tx) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        if *self.stopping.borrow() {
            return Err(Halt::Stopping);
        }
        let (lease, work) = (self.lease(), &work);
        let operation = self.operation(None);
        Ok(self
            .app
            .db
            .transaction(&operation, |tx| async move {
                lease.confirm(&tx).await?;
                work(tx).await
            })
            .await?)
    }

    /// The owner's grant of a permission, as far as there is one.
    pub async fn grant<P: Permission>(&self) -> Result<Option<Grant<P>>, Halt> {
        Ok(Grant::of(&*self.authority().await?, self.app.clock.now()))
    }

    /// The owner's rights, as they were last read.
    pub async fn authority(&self) -> Result<Arc<Authority>, Halt> {
        let known = self.known().clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let owner = self.owner().ok_or_else(|| missing("self"))?;
        let (read, now) = (self.app.db.read(), self.app.clock.now());
        // Without a session: the job goes on after its owner has logged out.
        let loaded = load(
            &read,
            &Bearer::owner(
                self.institution(),
                Id::new(owner),
                self.claimed.scope.clone(),
            ),
            now,
        )
        .await?;
        let loaded = Arc::new(loaded.ok_or_else(|| missing("self"))?);
        self.remember(Some(loaded.clone()));
        Ok(loaded)
    }

    fn remember(&self, authority: Option<Arc<Authority>>) {
        *self.known() = authority;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Arc<Authority>>> {
        self.authority
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// In whose name, and on whose request, something is done.
    pub(super) fn operation(&self, authority: Option<Arc<Authority>>) -> Operation {
        let kind = authority
            .as_ref()
            .map_or(PrincipalKind::System, |authority| authority.kind());
        let principal = authority
            .as_ref()
            .map_or(Uuid::nil(), |authority| authority.principal().uuid());
        let actor = Actor::new(principal, kind);
        Operation {
            institution: self.institution(),
            actor,
            name: self.kind().as_str().into(),
            request: self.claimed.request,
            trace: self.claimed.trace,
            stamp: self.app.clock.stamp(),
            authority,
        }
    }
}

fn missing(permission: &'static str) -> Fault {
    Fault::new(&PERMISSION_MISSING).with("permission", permission)
}
