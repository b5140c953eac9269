//! Sessions.

use domain::{
    access::{Principal, Session},
    id::Id,
};
use jiff::{SignedDuration, Timestamp};
use sea_orm::ConnectionTrait;

use crate::{Error, Tx, clock::micros, database::statement};

/// Opens a session of a principal of the operation's institution.
pub async fn open_session(
    tx: &Tx,
    principal: Id<Principal>,
    lasts: SignedDuration,
) -> Result<(Id<Session>, Timestamp), Error> {
    let id: Id<Session> = tx.stamp().id();
    let expires = tx.now().saturating_add(lasts).map_err(Error::internal)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO sessions (institution_id, id, principal_id, created_at, expires_at) \
         VALUES (?, ?, ?, ?, ?)",
        [
            tx.operation().institution.uuid().into(),
            id.uuid().into(),
            principal.uuid().into(),
            micros(tx.now()).into(),
            micros(expires).into(),
        ],
    ))
    .await?;
    Ok((id, expires))
}
