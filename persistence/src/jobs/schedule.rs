//! Schedules: what is done again and again, once a tick over all instances.
//!
//! A tick is a whole period of the database's own time. Whoever enters it first fires; the others
//! find it entered. Ticks that nobody was there for are not made up for: the next one does what
//! they would have done.

use domain::{id::Id, jobs::JobKind, organization::Institution, text_enum::TextEnum};
use jiff::{SignedDuration, Timestamp};
use sea_orm::{ConnectionTrait, Value};

use crate::{
    Error, Handle, Tx,
    clock::{database_now, timestamp},
    database::statement,
};

/// Something that is done once a period, in every institution that has a need for it.
#[derive(Debug)]
pub struct Schedule {
    pub name: &'static str,
    pub period: SignedDuration,
    /// How long after midnight, in UTC, a period begins.
    pub begins: SignedDuration,
}

impl Schedule {
    fn length(&self) -> i64 {
        i64::try_from(self.period.as_micros()).unwrap_or(i64::MAX)
    }

    fn shift(&self) -> i64 {
        i64::try_from(self.begins.as_micros()).unwrap_or_default()
    }

    /// When the tick began in which a time is.
    pub fn began(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let since = (now.as_microsecond() - self.shift()).rem_euclid(self.length().max(1));
        timestamp(now.as_microsecond() - since)
    }

    /// Whether the present tick was entered in the institution of a row, as a condition.
    pub(crate) fn entered(&self, handle: &impl Handle, row: &str) -> String {
        let now = database_now(handle);
        format!(
            "EXISTS (SELECT 1 FROM schedule_ticks t WHERE t.institution_id = {row}.institution_id \
             AND t.schedule = ? AND t.tick = ({now} - ?) / ?)"
        )
    }

    /// The values of that condition.
    pub(crate) fn of_tick(&self) -> [Value; 3] {
        [self.name.into(), self.shift().into(), self.length().into()]
    }
}

/// When something was over that has been kept for a while since, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub now: i64,
    /// Of jobs and imports.
    pub results: i64,
    /// Of sessions and notices.
    pub traces: i64,
}

/// Institutions in which something has expired.
pub async fn with_expired(
    handle: &impl Handle,
    bounds: &Bounds,
) -> Result<Vec<Id<Institution>>, Error> {
    let Bounds {
        now,
        results,
        traces,
    } = *bounds;
    let rows = handle
        .query_all_raw(statement(
            handle,
            "SELECT institution_id FROM files WHERE expires_at <= ? \
             UNION SELECT institution_id FROM jobs WHERE finished_at < ? \
             UNION SELECT i.institution_id FROM imports i WHERE i.finished_at < ? AND EXISTS ( \
             SELECT 1 FROM import_rows r WHERE r.institution_id = i.institution_id \
             AND r.import_id = i.id UNION ALL SELECT 1 FROM import_customers m \
             WHERE m.institution_id = i.institution_id AND m.import_id = i.id AND (i.undo_job_id IS NULL OR i.undone_at IS NOT NULL)) \
             UNION SELECT i.institution_id FROM institutions i WHERE EXISTS ( \
             SELECT 1 FROM idempotency_records r \
             WHERE r.institution_id = i.institution_id AND r.expires_at <= ?) \
             OR EXISTS (SELECT 1 FROM refresh_tokens t \
             WHERE t.institution_id = i.institution_id AND t.expires_at <= ?) \
             OR EXISTS (SELECT 1 FROM notices n \
             WHERE n.institution_id = i.institution_id AND n.created_at < ?) LIMIT 1000",
            [
                now.into(),
                results.into(),
                results.into(),
                now.into(),
                now.into(),
                traces.into(),
            ],
        ))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .collect()
}

/// The oldest institution whose present tick nobody has entered; none as long as a job of this kind
/// waits or runs anywhere, so that they follow one another.
pub async fn next_without(
    handle: &impl Handle,
    schedule: &Schedule,
    kind: JobKind,
) -> Result<Option<Id<Institution>>, Error> {
    let sql = format!(
        "SELECT i.institution_id FROM institutions i WHERE NOT {} \
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = ? AND finished_at IS NULL) \
         ORDER BY i.number LIMIT 1",
        schedule.entered(handle, "i")
    );
    let values = schedule.of_tick().into_iter().chain([kind.as_str().into()]);
    let row = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .transpose()
}

/// Enters the present tick in the operation's institution: true for whoever is first.
pub async fn enter(tx: &Tx, schedule: &Schedule) -> Result<bool, Error> {
    let now = database_now(tx);
    let institution = tx.operation().institution.uuid();
    let entered = tx
        .execute_raw(statement(
            tx,
            &format!(
                "INSERT INTO schedule_ticks (institution_id, schedule, tick, fired_at) \
                 VALUES (?, ?, ({now} - ?) / ?, {now}) ON CONFLICT DO NOTHING"
            ),
            [
                institution.into(),
                schedule.name.into(),
                schedule.shift().into(),
                schedule.length().into(),
            ],
        ))
        .await?;
    if entered.rows_affected() == 0 {
        return Ok(false);
    }
    // Of older ticks nothing needs to be known.
    tx.execute_raw(statement(
        tx,
        &format!(
            "DELETE FROM schedule_ticks WHERE institution_id = ? AND schedule = ? AND tick < ({now} - ?) / ? - 100"
        ),
        [
            institution.into(),
            schedule.name.into(),
            schedule.shift().into(),
            schedule.length().into(),
        ],
    ))
    .await?;
    Ok(true)
}

/// The database's own time.
pub async fn now(handle: &impl Handle) -> Result<Timestamp, Error> {
    let sql = format!("SELECT {} AS now", database_now(handle));
    let row = handle.query_one_raw(statement(handle, &sql, [])).await?;
    let row = row.ok_or_else(|| Error::corrupt("a time without a row"))?;
    timestamp(row.try_get("", "now")?)
}
