//! Seats of a class: a counter beside its capacity, moved by guarded updates only (I-09).

use domain::{courses::Class, id::Id, organization::Institution};
use sea_orm::ConnectionTrait;

use crate::{Error, Tx, database::statement};

/// Takes a free seat of a class that is not archived; `false` where there is none. Until the
/// transaction ends nobody else takes or frees one there.
pub async fn take(tx: &Tx, institution: Id<Institution>, class: Id<Class>) -> Result<bool, Error> {
    changed(
        tx,
        "UPDATE classes SET seats_taken = seats_taken + 1 \
         WHERE institution_id = ? AND id = ? AND archived_at IS NULL AND seats_taken < capacity",
        institution,
        class,
    )
    .await
}

/// Frees a seat that was taken.
pub async fn free(tx: &Tx, institution: Id<Institution>, class: Id<Class>) -> Result<bool, Error> {
    changed(
        tx,
        "UPDATE classes SET seats_taken = seats_taken - 1 \
         WHERE institution_id = ? AND id = ? AND seats_taken > 0",
        institution,
        class,
    )
    .await
}

async fn changed(
    tx: &Tx,
    sql: &str,
    institution: Id<Institution>,
    class: Id<Class>,
) -> Result<bool, Error> {
    let values = [institution.uuid().into(), class.uuid().into()];
    let done = tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(done.rows_affected() == 1)
}
