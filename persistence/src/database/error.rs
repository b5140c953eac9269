//! What can go wrong below a use case.

use std::fmt;

use domain::fault::Fault;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;

use super::constraint;

/// A refusal to be told to the caller, or a failure to be logged.
#[derive(Debug)]
pub enum Error {
    /// A rule was broken: by the input, or by the present state.
    Fault(Fault),
    /// What the caller may do has changed since it was last read.
    AuthorityChanged,
    /// No connection or lock in time: the caller may try again.
    Busy,
    /// The transaction can be run again as it is.
    Transient(DbErr),
    /// Anything else: a fault of ours or of the machine.
    Internal(String),
}

impl Error {
    pub fn corrupt(source: impl fmt::Display) -> Self {
        Self::Internal(format!("stored value can't be read: {source}"))
    }

    pub fn internal(source: impl fmt::Display) -> Self {
        Self::Internal(source.to_string())
    }

    pub(super) fn handle_kept() -> Self {
        Self::Internal("a transaction handle outlived its transaction".into())
    }

    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<domain::fault::FieldFault> for Error {
    fn from(fault: domain::fault::FieldFault) -> Self {
        Self::Fault(Fault::fields(vec![fault]))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(error, DbErr::ConnectionAcquire(_)) {
            return Self::Busy;
        }
        if is_lost_connection(&error) {
            return Self::Busy;
        }
        let Some(database) = database_error(&error) else {
            return Self::Internal(error.to_string());
        };
        let code = database.code().unwrap_or_default();
        match code.as_ref() {
            // serialization failure, deadlock
            "40001" | "40P01" => Self::Transient(error),
            // lock not available, query cancelled, too many connections, starting up, SQLITE_BUSY
            // (also in its extended forms), SQLITE_INTERRUPT; the connection or the server going away
            "55P03" | "57014" | "53300" | "57P01" | "57P02" | "57P03" | "25P03" | "08000"
            | "08003" | "08006" | "5" | "6" | "9" | "261" | "517" | "773" => Self::Busy,
            _ => match constraint::fault(database) {
                Some(fault) => Self::Fault(fault),
                None => Self::Internal(error.to_string()),
            },
        }
    }
}

fn is_lost_connection(error: &DbErr) -> bool {
    matches!(
        error,
        DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e))
        | DbErr::Conn(RuntimeErr::SqlxError(e))
            if matches!(**e, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
    )
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e))
        | DbErr::Conn(RuntimeErr::SqlxError(e)) => e.as_database_error(),
        _ => None,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::AuthorityChanged => f.write_str("authority changed"),
            Self::Busy => f.write_str("database busy"),
            Self::Transient(error) => error.fmt(f),
            Self::Internal(message) => f.write_str(message),
        }
    }
}
impl std::error::Error for Error {}
