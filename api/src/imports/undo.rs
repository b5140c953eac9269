//! The job that undoes an import: a step for each hundred customers. Each step makes sure once more that
//! nothing was built on them; where something was, whoever went already comes back.

use domain::{
    access::ImportsRun,
    fault::Fault,
    id::Id,
    imports::{outcome::Import, undo::IMPORT_BUILT_ON},
    jobs::{JOB_TAKEN_OVER, JobStatus},
};
use persistence::{
    Error,
    access::Grant,
    imports::{
        made, store,
        undo::{self, Undoer},
    },
};
use uuid::Uuid;

use super::commands;
use crate::jobs::{Halt, Run};

/// Customers of a step: few enough that others soon have their turn.
const STEP: u64 = 100;

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    let told = run.payload().await?;
    let id = Id::<Import>::new(Uuid::from_slice(&told).map_err(Error::corrupt)?);
    match remove_all(run, id).await {
        Err(Halt::Failed(Error::Fault(fault))) if fault.rule != &JOB_TAKEN_OVER => {
            put_back(run, id).await?;
            Err(fault.into())
        }
        other => other,
    }
}

async fn remove_all(run: &Run, id: Id<Import>) -> Result<(), Halt> {
    let lease = run.lease();
    let mut done = 0;
    loop {
        let gone = run
            .step::<ImportsRun, _, _, _>(|tx, grant| async move {
                let undoer =
                    commands::undoer(&grant, tx.operation().authority.as_deref(), tx.now());
                let (made, changed) = made::count(&tx, &grant, id).await?;
                let left = made + changed;
                let part = made::page(&tx, &grant, id, None, STEP).await?;
                if !undo::remove(&tx, &undoer, id, &part).await?.is_empty() {
                    return Err(Fault::new(&IMPORT_BUILT_ON).into());
                }
                let gone = i64::try_from(part.len()).map_err(Error::internal)?;
                lease.advance(&tx, done + gone, Some(done + left)).await?;
                if gone == left {
                    let import = commands::get(&tx, &grant, id).await?;
                    store::end_undo(&tx, &grant, &import).await?;
                    lease.finish(&tx, JobStatus::Succeeded, None).await?;
                    return Ok(None);
                }
                Ok(Some(gone))
            })
            .await?;
        match gone {
            Some(gone) => done += gone,
            None => return Ok(()),
        }
    }
}

/// Brings back who went, whatever the owner may do by now.
async fn put_back(run: &Run, id: Id<Import>) -> Result<(), Halt> {
    loop {
        let back = run
            .own_step(|tx| async move {
                let reason = "an import that can't be undone as a whole is not undone";
                let (institution, now) = (tx.operation().institution, tx.now());
                let undoer = Undoer {
                    deleting: Grant::system(institution, now, reason),
                    writing: Some(Grant::system(institution, now, reason)),
                };
                undo::put_back(&tx, &undoer, id, STEP.cast_signed()).await
            })
            .await?;
        if back == 0 {
            return Ok(());
        }
    }
}
