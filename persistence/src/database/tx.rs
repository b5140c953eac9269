//! An open transaction, and what it will leave behind.

use std::{
    fmt,
    future::Future,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
};

use domain::{access::PrincipalKind, id::Id, organization::Institution, stamp::Stamp};
use jiff::Timestamp;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{Error, Setting};
use crate::{
    access::Authority,
    audit, events,
    keys::{FieldKeys, Keys},
};

mod attempt;

/// Who does something.
#[derive(Clone, Debug)]
pub struct Actor {
    pub principal: Uuid,
    pub kind: PrincipalKind,
    /// By which session, or which key of an API client; none in a job, or where the program acts.
    pub session: Option<Uuid>,
    pub origin: Origin,
}

impl Actor {
    /// The principal whom a row names that says who recorded it; none where the program itself did.
    pub(crate) fn recorder(&self) -> Option<Uuid> {
        (!self.principal.is_nil()).then_some(self.principal)
    }

    /// Somebody who acts by no request.
    pub fn new(principal: Uuid, kind: PrincipalKind) -> Self {
        Self {
            principal,
            kind,
            session: None,
            origin: Origin::default(),
        }
    }
}

/// Where a request came from. It tells of a person: no log shows it, and the trail keeps it only in
/// what can be erased.
#[derive(Clone, Default)]
pub struct Origin {
    pub address: Option<IpAddr>,
    pub user_agent: Option<Arc<str>>,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is being done, for whom, when: the head of the audit record.
#[derive(Clone)]
pub struct Operation {
    pub institution: Id<Institution>,
    pub actor: Actor,
    /// The operationId of the contract, or the name of a command.
    pub name: Arc<str>,
    pub request: Uuid,
    pub trace: Uuid,
    pub stamp: Stamp,
    /// Whose standing must still be valid when the transaction runs; none for the system.
    pub authority: Option<Arc<Authority>>,
}

impl Operation {
    /// What the program does by itself, or an operator at the command line.
    pub fn system(
        institution: Id<Institution>,
        kind: PrincipalKind,
        name: &'static str,
        stamp: Stamp,
    ) -> Self {
        let request = stamp.id::<()>().uuid();
        Self {
            institution,
            actor: Actor::new(Uuid::nil(), kind),
            name: name.into(),
            request,
            trace: request,
            stamp,
            authority: None,
        }
    }

    /// What the program does in no institution; nothing of it is on a trail.
    pub(crate) fn upkeep(name: &'static str) -> Self {
        Self::system(
            Id::new(Uuid::nil()),
            PrincipalKind::System,
            name,
            Stamp::new(Timestamp::UNIX_EPOCH, |_| Uuid::nil()),
        )
    }
}

/// A change to one record, as the audit trail keeps it and as the feed tells it.
#[derive(Clone, Debug)]
pub struct Change {
    /// Table of the record, singular: `customer`.
    pub kind: &'static str,
    pub id: Uuid,
    pub version: i64,
    /// The changed fields before, personal ones in their safe form; null for a new record.
    pub before: Value,
    /// The changed fields after.
    pub after: Value,
    /// The event that tells others, without personal values.
    pub event: Option<events::Event>,
}

impl Change {
    /// Of a record that is new, or to which something was done that leaves it as it is.
    pub fn new(kind: &'static str, id: Uuid, version: i64, after: Value) -> Self {
        Self {
            kind,
            id,
            version,
            before: Value::Null,
            after,
            event: None,
        }
    }

    /// Of a record that was there before.
    #[must_use]
    pub fn before(self, before: Value) -> Self {
        Self { before, ..self }
    }

    /// One that others are told of.
    #[must_use]
    pub fn event(self, kind: &'static events::EventType, data: Value) -> Self {
        let event = Some(events::Event { kind, data });
        Self { event, ..self }
    }
}

const OPEN: u8 = 0;
const BROKEN: u8 = 1;
const CLOSED: u8 = 2;

/// An open transaction: an owned, cheap handle.
///
/// After a failed statement it accepts no other, as on PostgreSQL; after its closure has ended it
/// accepts none at all. While an [`attempt`](Tx::attempt) is under way, only the attempt's own handle
/// accepts any.
#[derive(Clone)]
pub struct Tx {
    inner: Arc<Inner>,
    /// Of which attempt it is; the transaction's own is [`WHOLE`].
    attempt: u64,
}

/// Where no attempt is under way.
const WHOLE: u64 = 0;

struct Inner {
    transaction: Weak<DatabaseTransaction>,
    backend: DbBackend,
    keys: Arc<Keys>,
    /// Keys that this transaction itself made: known to others only once it is committed.
    own_keys: OnceCell<Arc<FieldKeys>>,
    made_keys: AtomicBool,
    access_changed: Arc<AtomicBool>,
    recorded: Arc<AtomicBool>,
    state: AtomicU8,
    /// The attempt that is under way.
    attempt: AtomicU64,
    /// How many attempts there have been.
    attempts: AtomicU64,
    operation: Operation,
    changes: Mutex<Vec<Change>>,
}

impl Tx {
    pub(super) fn new(transaction: &Arc<DatabaseTransaction>, setting: Setting<'_>) -> Self {
        Self::with_backend(
            Arc::downgrade(transaction),
            transaction.get_database_backend(),
            setting,
        )
    }

    /// A savepoint of the SQLite writer's transaction.
    pub(super) fn borrowed(transaction: Weak<DatabaseTransaction>, setting: Setting<'_>) -> Self {
        Self::with_backend(transaction, DbBackend::Sqlite, setting)
    }

    fn with_backend(
        transaction: Weak<DatabaseTransaction>,
        backend: DbBackend,
        setting: Setting<'_>,
    ) -> Self {
        let inner = Inner {
            transaction,
            backend,
            keys: setting.keys.clone(),
            own_keys: OnceCell::new(),
            made_keys: AtomicBool::new(false),
            access_changed: setting.access_changed.clone(),
            recorded: setting.recorded.clone(),
            state: AtomicU8::new(OPEN),
            attempt: AtomicU64::new(WHOLE),
            attempts: AtomicU64::new(WHOLE),
            operation: setting.operation.clone(),
            changes: Mutex::new(Vec::new()),
        };
        Self {
            inner: Arc::new(inner),
            attempt: WHOLE,
        }
    }

    /// Runs `work`, writes what it recorded, and closes this handle whatever happens.
    pub(super) async fn complete<T, F, Fut>(&self, work: &F) -> Result<T, Error>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let closing = Closing(self);
        if let Some(authority) = &self.inner.operation.authority {
            crate::access::confirm(self, authority).await?;
        }
        let value = work(self.clone()).await?;
        if self.inner.attempt.load(Ordering::Acquire) != WHOLE {
            return Err(Error::internal("an attempt has not ended"));
        }
        let changes = std::mem::take(&mut *self.changes());
        if !changes.is_empty() {
            audit::write(self, &changes).await?;
            events::write(self, &changes).await?;
            self.left_a_record();
        }
        if self.inner.state.load(Ordering::Acquire) != OPEN {
            return Err(Error::Internal(
                "a statement failed and its error was dropped".into(),
            ));
        }
        drop(closing);
        Ok(value)
    }

    pub fn stamp(&self) -> Stamp {
        self.inner.operation.stamp
    }

    pub fn now(&self) -> Timestamp {
        self.inner.operation.stamp.now()
    }

    pub fn operation(&self) -> &Operation {
        &self.inner.operation
    }

    /// The keys of the operation's institution.
    pub async fn keys(&self) -> Result<Arc<FieldKeys>, Error> {
        let institution = self.operation().institution;
        if !self.inner.made_keys.load(Ordering::Acquire) {
            return self.inner.keys.of(self, institution).await;
        }
        let own = &self.inner.own_keys;
        own.get_or_try_init(async || self.inner.keys.read(self, institution).await)
            .await
            .cloned()
    }

    /// Says that what somebody may do has changed: loaded authorities are forgotten at the commit.
    pub(crate) fn access_changed(&self) {
        self.inner.access_changed.store(true, Ordering::Release);
    }

    /// Whether it was said in this transaction.
    pub(crate) fn has_changed_access(&self) -> bool {
        self.inner.access_changed.load(Ordering::Acquire)
    }

    /// Says that there will be something new on the trail: its position is given after the commit.
    pub(crate) fn left_a_record(&self) {
        self.inner.recorded.store(true, Ordering::Release);
    }

    /// Makes the first keys of the operation's institution, which is new.
    pub(crate) async fn create_keys(&self) -> Result<(), Error> {
        if self.attempt != WHOLE {
            return Err(Error::internal("an attempt can't take back keys"));
        }
        self.inner
            .keys
            .create(self, self.operation().institution)
            .await?;
        self.inner.made_keys.store(true, Ordering::Release);
        Ok(())
    }

    /// The transaction itself, for the migrations.
    pub(crate) fn transaction(&self) -> Result<Arc<DatabaseTransaction>, Error> {
        Ok(self.open()?)
    }

    /// Notes a change: it goes on the audit trail, and its event into the feed, with the commit.
    pub fn record(&self, change: Change) {
        self.changes().push(change);
    }

    fn changes(&self) -> MutexGuard<'_, Vec<Change>> {
        self.inner
            .changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Arc<DatabaseTransaction>, DbErr> {
        if self.inner.state.load(Ordering::Acquire) != OPEN {
            return Err(DbErr::Custom("the transaction accepts no statement".into()));
        }
        if self.inner.attempt.load(Ordering::Acquire) != self.attempt {
            return Err(DbErr::Custom("another attempt is under way".into()));
        }
        self.inner
            .transaction
            .upgrade()
            .ok_or_else(|| DbErr::Custom("the transaction has ended".into()))
    }

    fn noted<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if result.is_err() {
            let _ = self.inner.state.compare_exchange(
                OPEN,
                BROKEN,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
        }
        result
    }
}

/// Closes a transaction's handle when its closure ends, is dropped or panics.
struct Closing<'a>(&'a Tx);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.inner.state.store(CLOSED, Ordering::Release);
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.backend
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let transaction = self.open()?;
        self.noted(transaction.execute_raw(statement).await)
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let transaction = self.open()?;
        self.noted(transaction.execute_unprepared(sql).await)
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let transaction = self.open()?;
        self.noted(transaction.query_one_raw(statement).await)
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let transaction = self.open()?;
        self.noted(transaction.query_all_raw(statement).await)
    }
}
