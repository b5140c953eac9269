//! The job that removes what is due by rules of retention.

use domain::{
    access::PrivacyErase,
    id::Id,
    jobs::JobKind,
    privacy::{ERASURE_OBSTRUCTED, ErasureReason, RetentionClass, RetentionRun},
    text_enum::TextEnum,
};
use jiff::SignedDuration;
use persistence::{
    Error, Tx,
    access::Grant,
    customers::store as customers,
    jobs::schedule::Schedule,
    privacy::{
        erasure,
        retention::{self as store, due::Due, runs},
    },
};

use crate::{
    app::App,
    jobs::{Halt, Run, schedule::queue},
};

/// How many rows one step removes at most.
const ROWS: i64 = 300;
/// How many people are looked for at once; each is erased in a step of its own.
const PEOPLE: i64 = 50;

/// At two in the morning, in China.
static APPLY_RETENTION: Schedule = Schedule {
    name: "apply_retention",
    period: SignedDuration::from_hours(24),
    begins: SignedDuration::from_hours(18),
};

/// Queues the job wherever there is a rule.
pub(crate) async fn fire(app: &App) -> Result<(), Error> {
    for institution in runs::due(&app.db.read(), &APPLY_RETENTION).await? {
        let kind = JobKind::ApplyRetention;
        queue(app, &APPLY_RETENTION, institution, kind).await?;
    }
    Ok(())
}

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    for class in RetentionClass::ALL {
        apply(run, *class).await?;
    }
    Ok(())
}

async fn apply(run: &Run, class: RetentionClass) -> Result<(), Halt> {
    let job = run.lease().job;
    let begun = run
        .own_step(|tx| async move {
            let policy = store::policy(&tx, tx.operation().institution).await?;
            runs::begin(&tx, job, class, &policy).await
        })
        .await?;
    let Some((record, seen)) = begun else {
        return Ok(());
    };
    match class.is_of_people() {
        true => erase(run, &record, seen).await?,
        false => remove(run, &record, seen).await?,
    }
    let id = record.id;
    run.own_step(|tx| async move { runs::finish(&tx, id).await })
        .await
}

async fn remove(run: &Run, record: &RetentionRun, mut seen: Due) -> Result<(), Halt> {
    loop {
        let last = run
            .own_step(|tx| async move { runs::remove_next(&tx, record, seen, ROWS).await })
            .await?;
        match last {
            Some(last) => seen = last,
            None => return Ok(()),
        }
    }
}

async fn erase(run: &Run, record: &RetentionRun, mut seen: Due) -> Result<(), Halt> {
    loop {
        let (read, now) = (run.app.db.read(), run.app.clock.now());
        let sieve = runs::sieve(&read, run.institution(), record, now).await?;
        let due = sieve.next(&read, seen, PEOPLE).await?;
        if due.is_empty() {
            return Ok(());
        }
        for person in due {
            let erased = run
                .own_step(|tx| async move { erase_one(&tx, record, person).await })
                .await;
            match erased {
                Ok(()) => {}
                Err(Halt::Failed(Error::Fault(fault))) if fault.rule == &ERASURE_OBSTRUCTED => {
                    let id = record.id;
                    run.own_step(|tx| async move { runs::advance(&tx, id, person, (0, 1)).await })
                        .await?;
                }
                Err(halt) => return Err(halt),
            }
            seen = person;
        }
    }
}

/// Erases a person who is still due once it is locked.
async fn erase_one(tx: &Tx, record: &RetentionRun, person: Due) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let grant = Grant::<PrivacyErase>::system(institution, tx.now(), "retention");
    let customer = customers::lock(tx, &grant, Id::new(person.1)).await?;
    let sieve = runs::sieve(tx, institution, record, tx.now()).await?;
    let customer = match sieve.has(tx, person.1).await? {
        true => customer,
        false => None,
    };
    let erased = match customer {
        Some(customer) => {
            let reason = ErasureReason::PurposeFulfilled;
            erasure::erase(tx, &grant, &customer, reason, None).await?;
            1
        }
        None => 0,
    };
    runs::advance(tx, record.id, person, (erased, 0)).await
}
