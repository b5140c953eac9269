//! The daily backup, and who is told when there is none.

use domain::{
    access::PrincipalKind,
    fault::Fault,
    jobs::{BACKUP_FAILED, JobKind},
    notices::{NoticeKind, Numbers},
};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use persistence::{
    Error, Operation, Tx,
    access::holders_of,
    jobs::{
        schedule::{Schedule, enter},
        store::{NewJob, enqueue},
    },
    keys::hex,
    notices::store::notify,
    organization::store::first_institution,
};

use super::{Backups, make::Made};
use crate::{
    app::App,
    boot::Failure,
    jobs::{Halt, Run},
};

/// Whoever gives rights to others looks after the installation.
const ADMINISTERS: &str = "roles:write";

/// The days of the backup: each begins when it is due.
fn schedule(at: Time, zone: &TimeZone, now: Timestamp) -> Schedule {
    let due = at.duration_since(Time::midnight());
    let ahead = SignedDuration::from_secs(zone.to_offset(now).seconds().into());
    Schedule {
        name: "make_backup",
        period: SignedDuration::from_hours(24),
        begins: due - ahead,
    }
}

/// Queues the backup of the day, where nobody has yet. The job belongs to the oldest institution.
pub async fn fire(app: &App) -> Result<(), Error> {
    let Some(at) = app.settings.backup_at.0.filter(|_| !app.db.is_postgres()) else {
        return Ok(());
    };
    let Some(institution) = first_institution(&app.db.read()).await? else {
        return Ok(());
    };
    let stamp = app.clock.stamp();
    let schedule = &schedule(at, &app.settings.backup_time_zone.0, stamp.now());
    let operation = Operation::system(institution, PrincipalKind::System, schedule.name, stamp);
    app.db
        .transaction(&operation, |tx| async move {
            if enter(&tx, schedule).await? {
                let job = NewJob {
                    id: tx.stamp().id(),
                    kind: JobKind::MakeBackup,
                    target: None,
                    payload: b"",
                };
                enqueue(&tx, &job).await?;
            }
            Ok(())
        })
        .await
}

/// Makes the backup of the day.
pub async fn run(run: &Run) -> Result<(), Halt> {
    let made = tokio::select! {
        made = make(&run.app) => made,
        () = run.stopping() => return Err(Halt::Stopping),
    };
    let made = made.map_err(|error| {
        tracing::error!(%error, "the backup of the day was not made");
        Fault::new(&BACKUP_FAILED)
    })?;
    let (sha256, size) = (hex(&made.sha256), made.size);
    tracing::info!(name = made.name, size, sha256, "a backup was made");
    if made.missing > 0 {
        tracing::error!(
            missing = made.missing,
            "contents of files are not in the store"
        );
    }
    if let Some(Err(error)) = made.copy {
        tracing::error!(%error, "the backup was not copied to the second folder");
        run.own_step(|tx| async move { tell(&tx, NoticeKind::BackupNotCopied).await })
            .await?;
    }
    Ok(())
}

async fn make(app: &App) -> Result<Made, Failure> {
    Backups::open(&app.settings)?.make(app.clock.now()).await
}

/// Leaves a notice with those who look after the installation.
pub async fn tell(tx: &Tx, kind: NoticeKind) -> Result<(), Error> {
    for person in holders_of(tx, ADMINISTERS).await? {
        notify(tx, person, kind, &Numbers::new(), None).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(now: &str) -> i64 {
        let now: Timestamp = now.parse().unwrap();
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let schedule = schedule(Time::constant(3, 30, 0, 0), &zone, now);
        let since = now.as_second() - schedule.begins.as_secs();
        since.div_euclid(schedule.period.as_secs())
    }

    #[test]
    fn a_day_of_the_backup_begins_when_it_is_due() {
        let before = tick("2025-03-01T03:29:59+08:00");
        assert_eq!(tick("2025-02-28T03:30:00+08:00"), before);
        assert_eq!(tick("2025-03-01T03:30:00+08:00"), before + 1);
        assert_eq!(tick("2025-03-02T03:29:59+08:00"), before + 1);
    }
}
