//! The day of a campus.

use domain::{
    id::Id,
    organization::{Campus, Institution},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use persistence::{Error, Handle, organization::store::campus_zone};

/// A day as a campus has it.
#[derive(Clone, Debug)]
pub struct Day {
    pub date: Date,
    pub zone: TimeZone,
    /// Whether the campus is open: nothing new begins at one that is archived.
    pub is_open: bool,
}

/// Today at a campus; `None` where there is no such campus.
pub async fn today(
    handle: &impl Handle,
    institution: Id<Institution>,
    campus: Id<Campus>,
    now: Timestamp,
) -> Result<Option<Day>, Error> {
    let Some((zone, is_open)) = campus_zone(handle, institution, campus).await? else {
        return Ok(None);
    };
    let zone = TimeZone::get(&zone).map_err(Error::corrupt)?;
    Ok(Some(Day {
        date: now.to_zoned(zone.clone()).date(),
        zone,
        is_open,
    }))
}
