//! The daily backup, and who is told when there is none.

use domain::{
    fault::Fault,
    jobs::{BACKUP_FAILED, JobKind},
    notices::{NoticeKind, Numbers},
};
use persistence::{
    Error, Tx, access::holders_of, keys::hex, notices::store::notify,
    organization::store::first_institution,
};

use super::{Backups, make::Made};
use crate::{
    app::App,
    boot::Failure,
    jobs::{
        Halt, Run,
        schedule::{daily, queue},
    },
};

/// Whoever gives rights to others looks after the installation.
const ADMINISTERS: &str = "roles:write";

/// Queues the backup of the day, where nobody has yet. The job belongs to the oldest institution.
pub async fn fire(app: &App) -> Result<(), Error> {
    let Some(at) = app.settings.backup_at.0.filter(|_| !app.db.is_postgres()) else {
        return Ok(());
    };
    let Some(institution) = first_institution(&app.db.read()).await? else {
        return Ok(());
    };
    let zone = &app.settings.backup_time_zone.0;
    let schedule = daily("make_backup", at, zone, app.clock.now());
    queue(app, &schedule, institution, JobKind::MakeBackup).await
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
