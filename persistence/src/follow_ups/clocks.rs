//! Next dates and the clocks of the place where they are days.

use domain::{customers::Customer, day, id::Id, organization::Campus};
use jiff::tz::TimeZone;
use sea_orm::{ConnectionTrait, Value};

use crate::{
    Error, Tx,
    clock::{date, micros},
    database::statement,
    organization::store::campus_zone,
};

/// Open next dates of the customers of a campus, or of one customer there, become days by its clocks.
///
/// # Errors
/// Internal where there is no such campus.
pub async fn keep_time(tx: &Tx, campus: Id<Campus>, of: Option<Id<Customer>>) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let (zone, _) = campus_zone(tx, institution, campus)
        .await?
        .ok_or_else(|| Error::corrupt("the campus of customers is gone"))?;
    let zone = TimeZone::get(&zone).map_err(Error::corrupt)?;
    let (column, id) = match of {
        Some(customer) => ("customer_id", customer.uuid()),
        None => ("customer_campus_id", campus.uuid()),
    };
    let open = format!("institution_id = ? AND {column} = ? AND due_at IS NOT NULL");
    let place: [Value; 2] = [institution.uuid().into(), id.into()];
    let sql = format!("SELECT DISTINCT next_on FROM follow_ups WHERE {open}");
    let days = tx.query_all_raw(statement(tx, &sql, place.clone())).await?;
    let sql =
        format!("UPDATE follow_ups SET due_at = ?, due_until = ? WHERE {open} AND next_on = ?");
    for row in days {
        let next_on: time::Date = row.try_get("", "next_on")?;
        let day = day::bounds(date(next_on)?, &zone);
        let mut values: Vec<Value> = vec![micros(day.start).into(), micros(day.end).into()];
        values.extend(place.clone());
        values.push(next_on.into());
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    Ok(())
}
