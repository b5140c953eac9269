//! Reading reports, within a grant.

use std::collections::BTreeMap;

use domain::{
    analytics::{DayReport, Takings},
    day,
    id::Id,
    money::Money,
    organization::Campus,
    payments::Method,
    text_enum::TextEnum,
};
use jiff::{civil::Date, tz::TimeZone};
use sea_orm::Value;

use crate::{
    Error, Handle,
    access::Reads,
    clock::{date_column, micros},
    database::statement,
    organization::institution::currency,
};

/// Each figure is one key range of an index, all of them read in one statement. Money stands in the
/// account of its method. That a range leaves out what is not due goes without saying: said, it makes
/// SQLite take the index that is not of the campus.
const DAY: &str = "\
    SELECT 'new_leads' AS figure, COUNT(*) AS amount, 0 AS voided FROM customers \
    WHERE institution_id = ? AND campus_id = ? AND deleted_at IS NULL \
        AND created_at >= ? AND created_at < ? AND kind <> 'guardian' \
    UNION ALL SELECT 'follow_ups_done', COUNT(*), 0 FROM follow_ups \
    WHERE institution_id = ? AND customer_campus_id = ? AND deleted_at IS NULL \
        AND outcome <> 'planned' AND occurred_at >= ? AND occurred_at < ? \
    UNION ALL SELECT 'follow_ups_due', COUNT(*), 0 FROM follow_ups \
    WHERE institution_id = ? AND customer_campus_id = ? AND deleted_at IS NULL \
        AND due_at >= ? AND due_at < ? \
    UNION ALL SELECT 'new_enrollments', COUNT(*), 0 FROM enrollments \
    WHERE institution_id = ? AND campus_id = ? AND enrolled_on = ? \
    UNION ALL SELECT p.account, \
        CAST(SUM(CASE p.side WHEN 'debit' THEN p.amount_minor ELSE 0 END) AS bigint), \
        CAST(SUM(CASE p.side WHEN 'credit' THEN p.amount_minor ELSE 0 END) AS bigint) \
    FROM journal_entries e \
    JOIN journal_postings p ON p.institution_id = e.institution_id AND p.entry_id = e.id \
    WHERE e.institution_id = ? AND e.campus_id = ? AND e.business_date = ? \
        AND e.source_kind = 'payment' GROUP BY p.account";

/// A day of a campus, whose clocks are those of `zone`; `None` where the whole campus is not within
/// reach.
pub async fn day(
    handle: &impl Handle,
    grant: &impl Reads<DayReport>,
    campus: Id<Campus>,
    zone: &TimeZone,
    on: Date,
) -> Result<Option<DayReport>, Error> {
    if !grant.scope().includes(campus) {
        return Ok(None);
    }
    let institution = grant.scope().institution();
    let bounds = day::bounds(on, zone);
    let here: [Value; 2] = [institution.uuid().into(), campus.uuid().into()];
    let during: [Value; 2] = [micros(bounds.start).into(), micros(bounds.end).into()];
    let date: [Value; 1] = [date_column(on)?.into()];
    let ranges = [&during[..], &during, &during, &date, &date];
    let values = ranges.iter().flat_map(|range| here.iter().chain(*range));
    let rows = handle
        .query_all_raw(statement(handle, DAY, values.cloned()))
        .await?;
    let mut figures = BTreeMap::new();
    for row in rows {
        let figure: String = row.try_get("", "figure")?;
        let amounts: (i64, i64) = (row.try_get("", "amount")?, row.try_get("", "voided")?);
        figures.insert(figure, amounts);
    }
    let count = |figure: &str| figures.get(figure).map_or(0, |(count, _)| *count);
    let currency = currency(handle, institution).await?;
    let takings = Method::ALL
        .iter()
        .filter_map(|method| Some((*method, figures.get(method.account().as_str())?)))
        .map(|(method, (received, voided))| Takings {
            method,
            received: Money::capped((*received).into(), currency),
            voided: Money::capped((*voided).into(), currency),
        })
        .collect();
    Ok(Some(DayReport {
        campus,
        on,
        new_leads: count("new_leads"),
        follow_ups_done: count("follow_ups_done"),
        follow_ups_due: count("follow_ups_due"),
        new_enrollments: count("new_enrollments"),
        currency,
        takings,
    }))
}
