//! Statements that both engines take.

use domain::fault::{Fault, VERSION_STALE};
use jiff::Timestamp;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityName, EntityTrait, IdenStatic, Iterable,
    Statement, Value, sea_query::ArrayType,
};
use serde_json::{Map, Value as Json};

use super::{Error, Handle, Tx};
use crate::{clock::micros, keys::digest};

/// A statement with `?` for its values, on either engine.
pub(crate) fn statement(
    handle: &impl Handle,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    let backend = match handle.is_postgres() {
        true => DbBackend::Postgres,
        false => DbBackend::Sqlite,
    };
    statement_on(backend, sql, values)
}

/// The same where there is no more than a connection.
pub(crate) fn statement_on(
    backend: DbBackend,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    if backend != DbBackend::Postgres {
        return Statement::from_sql_and_values(backend, sql, values);
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

/// That `column` is one of some values, and these: on PostgreSQL one parameter, so that a statement is
/// the same for any number of them.
pub(crate) fn among(
    handle: &impl Handle,
    column: &str,
    kind: ArrayType,
    values: Vec<Value>,
) -> (String, Vec<Value>) {
    if handle.is_postgres() {
        let list = Value::Array(kind, Some(Box::new(values)));
        return (format!("{column} = ANY (?)"), vec![list]);
    }
    let list = placeholders(values.len());
    (format!("{column} IN ({list})"), values)
}

/// Waits until no other transaction of the institution holds this purpose, and holds it until this one
/// ends. SQLite has one writer.
pub(crate) async fn alone(tx: &Tx, purpose: &'static str) -> Result<(), Error> {
    if tx.is_postgres() {
        let institution = tx.operation().institution.uuid();
        let held = digest(&[institution.as_bytes(), purpose.as_bytes()]);
        let held = held.first_chunk::<8>().copied().unwrap_or_default();
        let sql = "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(?)) AS locked";
        tx.query_one_raw(statement(tx, sql, [i64::from_be_bytes(held).into()]))
            .await?;
    }
    Ok(())
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

/// Rows with which it is worth while to give PostgreSQL one parameter instead of many.
const MANY: usize = 8;

/// Inserts rows, many in a statement, into `table`; `columns` are named between commas, and `tail`
/// follows the rows.
pub(crate) async fn insert_many(
    tx: &Tx,
    (table, columns): (&str, &str),
    tail: &str,
    rows: Vec<Vec<Value>>,
) -> Result<(), Error> {
    if tx.is_postgres() && rows.len() >= MANY {
        let sql = format!(
            "INSERT INTO {table} ({columns}) \
             SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, ?){tail}"
        );
        let names: Vec<&str> = columns.split(',').map(str::trim).collect();
        let rows = as_json(&names, rows)?;
        tx.execute_raw(statement(tx, &sql, [rows.into()])).await?;
        return Ok(());
    }
    let width = rows.first().map_or(1, Vec::len).max(1);
    let row = format!("({})", placeholders(width));
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let part: Vec<Vec<Value>> = rows.by_ref().take(VALUES / width).collect();
        let places = vec![row.as_str(); part.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({columns}) VALUES {places}{tail}");
        tx.execute_raw(statement(tx, &sql, part.into_iter().flatten()))
            .await?;
    }
    Ok(())
}

/// Inserts whole rows of an entity, many in a statement.
pub(crate) async fn insert_rows<A: ActiveModelTrait>(tx: &Tx, rows: Vec<A>) -> Result<(), Error> {
    type Column<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;
    let columns: Vec<Column<A>> = Column::<A>::iter().collect();
    let values = |row: A| {
        let value = |column: &Column<A>| row.get(*column).into_value();
        let values = columns.iter().map(value);
        let values = values.map(|value| value.unwrap_or(Value::String(None)));
        values.collect()
    };
    let rows = rows.into_iter().map(values).collect();
    let names: Vec<&str> = columns.iter().map(IdenStatic::as_str).collect();
    let table = A::Entity::default();
    insert_many(tx, (table.table_name(), &names.join(", ")), "", rows).await
}

/// Rows as one value, of which PostgreSQL makes rows of a table again. A statement of thousands of
/// parameters, another one for each number of rows, takes it longer to read than to do.
fn as_json(names: &[&str], rows: Vec<Vec<Value>>) -> Result<Json, Error> {
    let object = |row: Vec<Value>| {
        if row.len() != names.len() {
            return Err(Error::internal("a row is not as wide as its columns"));
        }
        let fields = names.iter().zip(row);
        let fields = fields.map(|(name, value)| Ok(((*name).to_owned(), cell(value)?)));
        fields
            .collect::<Result<Map<_, _>, Error>>()
            .map(Json::Object)
    };
    let rows = rows.into_iter().map(object);
    rows.collect::<Result<Vec<_>, Error>>().map(Json::Array)
}

/// A value in the form in which PostgreSQL reads its type.
fn cell(value: Value) -> Result<Json, Error> {
    Ok(match value {
        Value::Bool(value) => value.into(),
        Value::SmallInt(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::BigInt(value) => value.into(),
        Value::String(value) => value.into(),
        Value::Uuid(value) => value.map(|id| id.to_string()).into(),
        Value::TimeDate(value) => value.map(|day| day.to_string()).into(),
        Value::Json(value) => value.map_or(Json::Null, |json| *json),
        Value::Bytes(value) => value
            .map(|bytes| {
                let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
                ["\\x".to_owned()]
                    .into_iter()
                    .chain(digits)
                    .collect::<String>()
            })
            .into(),
        Value::Array(_, Some(values)) => values
            .into_iter()
            .map(cell)
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        _ => return Err(Error::internal("no column holds such a value")),
    })
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
