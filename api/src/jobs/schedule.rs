//! What the program does by itself, again and again.

use std::time::Duration;

use domain::{
    access::PrincipalKind, id::Id, imports::undo::UNDO_LASTS, jobs::JobKind,
    organization::Institution,
};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use persistence::{
    Error, Operation, Tx,
    access::{sessions, throttle},
    clock::micros,
    files, idempotency, imports,
    jobs::{
        schedule::{Bounds, Schedule, enter, with_expired},
        store::{self, NewJob, enqueue},
    },
    notices,
};

use super::{Halt, Run};
use crate::{
    app::App, approvals, backup, customers::cleaning::sweep, invariants, privacy::retention::purge,
};

/// How often the schedules are looked after.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// Jobs that have ended, and the rows of imports and what undoes these, are kept so long.
const RESULTS_LAST: SignedDuration = UNDO_LASTS;
/// Sessions that are over, and notices, are kept so long (reliability.md 5.5: half a year).
const TRACES_LAST: SignedDuration = SignedDuration::from_hours(183 * 24);
/// What one step removes at most of what takes longer.
const BATCH: i64 = 100;
/// What one step removes at most of plain rows.
const ROWS: i64 = 300;

/// Removes what has expired: files, finished jobs, rows of imports, kept replies, refresh tokens,
/// sessions, notices.
static REMOVE_EXPIRED: Schedule = Schedule {
    name: "remove_expired",
    period: SignedDuration::from_hours(1),
    begins: SignedDuration::ZERO,
};

/// Something that is done once a day: its days begin at a time of some place.
pub fn daily(name: &'static str, at: Time, zone: &TimeZone, now: Timestamp) -> Schedule {
    let due = at.duration_since(Time::midnight());
    let ahead = SignedDuration::from_secs(zone.to_offset(now).seconds().into());
    Schedule {
        name,
        period: SignedDuration::from_hours(24),
        begins: due - ahead,
    }
}

/// Queues what is due in this tick, and that nobody has queued yet.
pub async fn fire(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    throttle::forget_old(&app.db, now).await?;
    let bounds = Bounds {
        now: micros(now),
        results: micros(before(now, RESULTS_LAST)),
        traces: micros(before(now, TRACES_LAST)),
    };
    for institution in with_expired(&app.db.read(), &bounds).await? {
        queue(app, &REMOVE_EXPIRED, institution, JobKind::RemoveExpired).await?;
    }
    backup::job::fire(app).await?;
    invariants::fire(app).await?;
    approvals::expiry::fire(app).await?;
    sweep::fire(app).await?;
    purge::fire(app).await?;
    app.jobs.wake();
    Ok(())
}

/// Queues a job of an institution for the present tick of a schedule, unless somebody has.
pub async fn queue(
    app: &App,
    schedule: &Schedule,
    institution: Id<Institution>,
    kind: JobKind,
) -> Result<(), Error> {
    let stamp = app.clock.stamp();
    let operation = Operation::system(institution, PrincipalKind::System, schedule.name, stamp);
    app.db
        .transaction(&operation, |tx| async move {
            if enter(&tx, schedule).await? {
                let job = NewJob {
                    id: tx.stamp().id(),
                    kind,
                    target: None,
                    payload: b"",
                };
                enqueue(&tx, &job).await?;
            }
            Ok(())
        })
        .await
}

pub(super) async fn remove_expired(run: &Run) -> Result<(), Halt> {
    let institution = run.institution();
    loop {
        let expired = run
            .own_step(|tx| async move { files::store::expire(&tx, institution, BATCH).await })
            .await?;
        if expired.is_empty() {
            break;
        }
        // The contents first: what is in the table still is found again.
        for file in &expired {
            run.app.contents.remove(institution, *file).await?;
        }
        let expired = &expired;
        run.own_step(|tx| async move { files::store::remove(&tx, institution, expired).await })
            .await?;
    }
    let now = run.app.clock.now();
    let old = before(now, RESULTS_LAST);
    let results = |tx| async move { store::remove_finished(&tx, old, BATCH).await };
    until_none(run, results).await?;
    let rows = |tx| async move { imports::store::remove_rows(&tx, old, BATCH).await };
    until_none(run, rows).await?;
    let made = |tx| async move { imports::made::forget(&tx, old, BATCH).await };
    until_none(run, made).await?;
    let replies = |tx| async move { idempotency::remove_expired(&tx, ROWS).await };
    until_none(run, replies).await?;
    let tokens = |tx| async move { sessions::remove_expired_tokens(&tx, ROWS).await };
    until_none(run, tokens).await?;
    let old = before(now, TRACES_LAST);
    let ended = |tx| async move { sessions::remove_ended(&tx, old, ROWS).await };
    until_none(run, ended).await?;
    let read = |tx| async move { notices::store::remove_old(&tx, old, ROWS).await };
    until_none(run, read).await
}

/// Repeats a step until it removes nothing more.
async fn until_none<F, Fut>(run: &Run, remove: F) -> Result<(), Halt>
where
    F: Fn(Tx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<u64, Error>> + Send,
{
    while run.own_step(&remove).await? > 0 {}
    Ok(())
}

fn before(now: Timestamp, lasts: SignedDuration) -> Timestamp {
    now.saturating_sub(lasts).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(now: &str) -> i64 {
        let now: Timestamp = now.parse().unwrap();
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let schedule = daily("it", Time::constant(3, 30, 0, 0), &zone, now);
        let since = now.as_second() - schedule.begins.as_secs();
        since.div_euclid(schedule.period.as_secs())
    }

    #[test]
    fn a_day_begins_when_what_is_done_in_it_is_due() {
        let before = tick("2025-03-01T03:29:59+08:00");
        assert_eq!(tick("2025-02-28T03:30:00+08:00"), before);
        assert_eq!(tick("2025-03-01T03:30:00+08:00"), before + 1);
        assert_eq!(tick("2025-03-02T03:29:59+08:00"), before + 1);
    }
}
