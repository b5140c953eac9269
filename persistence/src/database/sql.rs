//! Statements that both engines take.

use domain::fault::{Fault, VERSION_STALE};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{Error, Handle, Tx};
use crate::clock::micros;

/// A statement with `?` for its values, on either engine.
pub(crate) fn statement(
    handle: &impl Handle,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    if !handle.is_postgres() {
        return Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    }
    let mut numbered = String::with_capacity(sql.len() + 16);
    let mut number = 0;
    for part in sql.split_inclusive('?') {
        match part.strip_suffix('?') {
            Some(before) => {
                number += 1;
                numbered.push_str(before);
                numbered.push('$');
                numbered.push_str(&number.to_string());
            }
            None => numbered.push_str(part),
        }
    }
    Statement::from_sql_and_values(DbBackend::Postgres, numbered, values)
}

/// As many `?`, between commas, as a list has values.
pub(crate) fn placeholders(values: usize) -> String {
    vec!["?"; values].join(", ")
}

/// Makes sure that one row was changed, at the version at which it was read.
///
/// # Errors
/// 412 where it has another version by now.
pub(crate) fn unless_stale(rows_affected: u64) -> Result<(), Fault> {
    if rows_affected == 1 {
        Ok(())
    } else {
        Err(Fault::new(&VERSION_STALE))
    }
}

/// Values of one statement, at most; SQLite takes 32,766.
const VALUES: usize = 16_000;

/// Inserts rows, many in a statement: `head` ends in `VALUES`, `tail` follows the rows.
pub(crate) async fn insert_many(
    tx: &Tx,
    head: &str,
    tail: &str,
    rows: Vec<Vec<Value>>,
) -> Result<(), Error> {
    let width = rows.first().map_or(1, Vec::len).max(1);
    let row = format!("({})", placeholders(width));
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<Vec<Value>> = rows.by_ref().take(VALUES / width).collect();
        let places = vec![row.as_str(); part.len()].join(", ");
        let sql = format!("{head}{places}{tail}");
        tx.execute_raw(statement(tx, &sql, part.into_iter().flatten()))
            .await?;
    }
    Ok(())
}

/// Removes rows of the operation's institution whose time in `column` has come by `until`, at most
/// `limit`; how many there were. `key` names the rest of the primary key.
pub(crate) async fn remove_until(
    tx: &Tx,
    (table, key, column): (&'static str, &'static str, &'static str),
    until: Timestamp,
    limit: i64,
) -> Result<u64, Error> {
    let institution = tx.operation().institution.uuid();
    let sql = format!(
        "DELETE FROM {table} WHERE institution_id = ? AND ({key}) IN (SELECT {key} FROM {table} \
         WHERE institution_id = ? AND {column} <= ? LIMIT ?)"
    );
    let values = [
        institution.into(),
        institution.into(),
        micros(until).into(),
        limit.into(),
    ];
    let removed = tx.execute_raw(statement(tx, &sql, values)).await?;
    Ok(removed.rows_affected())
}
