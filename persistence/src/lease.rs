//! What only one instance may do at a time.
//!
//! The holder takes or renews its lease inside the very transaction that does the work: one that
//! was held up past the end of its lease finds another's name there, and does nothing. Only the
//! database's clock counts.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{Error, Tx, clock::database_now, database::statement};

/// Takes the lease `name` for the bearer of `token`, or renews it. False: another holds it.
pub async fn hold(tx: &Tx, name: &str, token: Uuid, lasts: Duration) -> Result<bool, Error> {
    let now = database_now(tx);
    let lasts = i64::try_from(lasts.as_micros()).map_err(Error::internal)?;
    let sql = format!(
        "INSERT INTO leases (name, token, expires_at) VALUES (?, ?, {now} + ?) \
         ON CONFLICT (name) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at \
         WHERE leases.token = excluded.token OR leases.expires_at <= {now}"
    );
    let values = [name.into(), token.into(), lasts.into()];
    Ok(tx
        .execute_raw(statement(tx, &sql, values))
        .await?
        .rows_affected()
        == 1)
}

/// Gives a lease back, so that another need not wait for its end.
pub async fn release(tx: &Tx, token: Uuid) -> Result<(), Error> {
    let sql = "DELETE FROM leases WHERE token = ?";
    tx.execute_raw(statement(tx, sql, [token.into()])).await?;
    Ok(())
}
