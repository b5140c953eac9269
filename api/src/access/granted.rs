use std::{
    future::{Future, Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode};
use domain::{
    access::{Oneself, Permission},
    fault::Fault,
    stamp::Stamp,
};
use persistence::{
    Error, Operation, Tx,
    access::{Authority, Grant},
    database::{Actor, Read},
    idempotency::{self, Key, Known},
};

use super::{authenticate::Caller, commands::agreement_required};
use crate::{
    app::App,
    http::{
        Problem, Reply,
        context::RequestContext,
        operations::OperationInfo,
        problem::{
            IDEMPOTENCY_ANSWER_WITHHELD, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED,
            PASSWORD_CHANGE_REQUIRED, PERMISSION_MISSING,
        },
    },
};

/// How often a command is begun anew because the caller's authority has changed meanwhile.
const TRIES: usize = 4;

/// Proof that the caller holds `P`, and the way to the database.
///
/// First among the arguments of an operation: whoever may not call it learns nothing of what else
/// was wrong.
pub struct Granted<P> {
    app: App,
    authority: Arc<Authority>,
    pub grant: Grant<P>,
    operation: Operation,
}

impl<P: Permission> Granted<P> {
    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    pub fn stamp(&self) -> Stamp {
        self.operation.stamp
    }

    /// A reading handle.
    pub fn read(&self) -> Read {
        self.app.db.read()
    }

    /// A reading handle for what may take longer.
    pub fn report(&self) -> Read {
        self.app.db.report()
    }

    /// Runs a command in one transaction, with a grant that holds inside it: what the caller may do
    /// is checked again there, and a change of it since the request began is seen.
    pub async fn transaction<T, F, Fut>(&self, work: F) -> Result<T, Problem>
    where
        F: Fn(Tx, Grant<P>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        let mut operation = self.operation.clone();
        let mut grant = self.grant.clone();
        let mut authority = self.authority.clone();
        let mut tries = 1;
        loop {
            operation.authority = Some(authority.clone());
            let result = self
                .app
                .db
                .transaction(&operation, |tx| work(tx, grant.clone()))
                .await;
            match result {
                Err(Error::AuthorityChanged) if tries < TRIES => {
                    tries += 1;
                    authority = self
                        .app
                        .authorities
                        .refresh(&self.app, &authority)
                        .await?
                        .ok_or_else(|| Problem::unauthenticated(true))?;
                    admitted::<P>(&authority)?;
                    grant = Grant::of(&authority, self.stamp().now())
                        .ok_or_else(|| Problem::permission_missing(P::CODE))?;
                }
                other => return Ok(other?),
            }
        }
    }

    /// Runs a command once for a key: a repetition gets the first answer again.
    pub async fn once<F, Fut>(&self, key: Option<Key>, work: F) -> Result<Reply, Problem>
    where
        F: Fn(Tx, Grant<P>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Reply, Error>> + Send,
    {
        let Some(key) = key else {
            return self.transaction(work).await;
        };
        let (key, work) = (&key, &work);
        self.transaction(|tx, grant| async move {
            match idempotency::claim(&tx, key).await? {
                Known::New => {
                    let reply = work(tx.clone(), grant).await?;
                    idempotency::keep(&tx, key, &reply.to_bytes()?).await?;
                    Ok(reply)
                }
                Known::Done(reply) => Reply::again(&reply),
                Known::Withheld => Err(Fault::new(&IDEMPOTENCY_ANSWER_WITHHELD).into()),
                Known::Reused => Err(Fault::new(&IDEMPOTENCY_KEY_REUSED).into()),
                Known::InProgress => Err(Fault::new(&IDEMPOTENCY_IN_PROGRESS).into()),
            }
        })
        .await
    }
}

impl<P: Permission> FromRequest for Granted<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(granted(request))
    }
}

/// What is said to whoever lacks a permission that something else than the operation needs.
pub fn missing<P: Permission>() -> Fault {
    Fault::new(&PERMISSION_MISSING).with("permission", P::CODE)
}

/// Before the first password is changed, and before the agreement is signed that a role demands, only
/// one's own account can be touched.
fn admitted<P: Permission>(authority: &Authority) -> Result<(), Problem> {
    if P::CODE == Oneself::CODE {
        return Ok(());
    }
    if authority.must_change_password() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            &PASSWORD_CHANGE_REQUIRED,
        ));
    }
    match authority.must_sign() {
        Some(version) => Err(agreement_required(version).into()),
        None => Ok(()),
    }
}

fn granted<P: Permission>(request: &HttpRequest) -> Result<Granted<P>, Problem> {
    let app = App::of(request)?;
    let authority = match Caller::of(request) {
        Caller::Known(authority) => authority,
        Caller::Unknown => return Err(Problem::unauthenticated(true)),
        Caller::Anonymous => return Err(Problem::unauthenticated(false)),
    };
    admitted::<P>(&authority)?;
    let stamp = app.clock.stamp();
    let grant =
        Grant::of(&authority, stamp.now()).ok_or_else(|| Problem::permission_missing(P::CODE))?;
    let context = RequestContext::of(request);
    let info = OperationInfo::of(request)
        .ok_or_else(|| Problem::internal("an operation is not in the contract"))?;
    info.check_query(request)?;
    let operation = Operation {
        institution: authority.institution(),
        actor: Actor {
            principal: authority.principal().uuid(),
            kind: authority.kind(),
            session: Some(authority.session().uuid()),
            origin: context.origin,
        },
        name: info.name.clone(),
        request: context.request_id,
        trace: context.trace_id,
        stamp,
        authority: None,
    };
    Ok(Granted {
        app: app.clone(),
        authority,
        grant,
        operation,
    })
}
