//! Use cases of reports.

use domain::{
    analytics::DayReport,
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::Campus,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use persistence::{Error, Handle, access::Reads, analytics::store};

use crate::organization::day;

/// The day of a campus that is within reach as a whole, by default today there; with the zone of
/// the campus.
pub async fn day_report(
    handle: &impl Handle,
    grant: &impl Reads<DayReport>,
    campus: Id<Campus>,
    on: Option<Date>,
    now: Timestamp,
) -> Result<(DayReport, TimeZone), Error> {
    let institution = grant.scope().institution();
    let today = day::today(handle, institution, campus, now)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let on = on.unwrap_or(today.date);
    let report = store::day(handle, grant, campus, &today.zone, on)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Ok((report, today.zone))
}
