//! Human-facing numbers without gaps (I-05).
//!
//! A number is taken by raising the series' row, which stays locked until the transaction ends: it
//! is the last lock that a transaction takes, and a rollback gives the number back.

use domain::{
    id::Id,
    numbers::{Number, Series},
    organization::{Campus, Institution},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::{Error, Handle, Tx, database::statement};

/// Takes the next number of a series.
pub async fn take(
    tx: &Tx,
    institution: Id<Institution>,
    campus: Id<Campus>,
    series: Series,
    year: i16,
) -> Result<Number, Error> {
    let key = || {
        [
            institution.uuid().into(),
            campus.uuid().into(),
            series.as_str().into(),
            year.into(),
        ]
    };
    let number = |row: QueryResult| {
        Ok(Number {
            series,
            campus: row.try_get("", "campus_number")?,
            year,
            value: row.try_get("", "last")?,
        })
    };
    let next = tx
        .query_one_raw(statement(
            tx,
            "UPDATE number_series SET last = last + 1 \
             WHERE institution_id = ? AND campus_id = ? AND series = ? AND year = ? \
             RETURNING campus_number, last",
            key(),
        ))
        .await?;
    if let Some(row) = next {
        return number(row);
    }
    // The first of a year. The campus gets its number with its very first; such beginnings take turns.
    if tx.is_postgres() {
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(7216003)")
            .await?;
    }
    let mut values = key().to_vec();
    values.extend([
        institution.uuid().into(),
        campus.uuid().into(),
        institution.uuid().into(),
    ]);
    let first = tx
        .query_one_raw(statement(
            tx,
            "INSERT INTO number_series (institution_id, campus_id, series, year, campus_number, last) \
             VALUES (?, ?, ?, ?, COALESCE( \
                 (SELECT MAX(campus_number) FROM number_series WHERE institution_id = ? AND campus_id = ?), \
                 (SELECT MAX(campus_number) + 1 FROM number_series WHERE institution_id = ?), 1), 1) \
             ON CONFLICT (institution_id, campus_id, series, year) DO UPDATE SET last = number_series.last + 1 \
             RETURNING campus_number, last",
            values,
        ))
        .await?
        .ok_or_else(|| Error::internal("a series gave no number"))?;
    number(first)
}
