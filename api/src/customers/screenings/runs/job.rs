//! The job that applies rules of screening: some records at a time, each time with what its owner may do and see
//! then. Whoever goes on with it begins behind the last ones.

use domain::{
    access::{CustomersRead, CustomersScreen, Oneself},
    customers::{Customer, SCREENING_CHANGED, Screening, ScreeningRule, ScreeningRun},
    fault::{Fault, NOT_FOUND},
    id::Id,
    jobs::JobStatus,
    views::View,
};
use persistence::{
    Error, Tx,
    access::{Grant, Writes},
    customers::{
        screenings::{judged, rules, runs, store},
        store::lock_all,
    },
    kept,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::{Confines, compiled};
use crate::{
    access::missing,
    conditions::ConditionBody,
    customers::{
        Counting, Selection,
        lists::COUNTED_AMONG,
        screenings::commands::{actor, unless_ruled},
    },
    http::cursor::Position,
    jobs::{Halt, Run},
};

/// Records of one step.
const BATCH: u64 = 100;
/// How far they are counted beforehand.
const COUNTING: Counting = Counting {
    most: 100_000,
    by_text: 5_000,
    among: COUNTED_AMONG,
};

/// What the job is told.
#[derive(Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) conditions: Option<ConditionBody>,
}

/// Records that are to be held against the rules, and behind which it goes on.
struct Batch {
    ids: Vec<Uuid>,
    next: Option<Position>,
    total: Option<i64>,
}

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    let told: Told = serde_json::from_slice(&run.payload().await?).map_err(Error::corrupt)?;
    let target = run.target().map(|(_, id)| Id::new(id));
    let id: Id<ScreeningRun> = target.ok_or_else(|| Error::corrupt("a run of nothing"))?;
    let begun = find(run, id).await?;
    let read = run.app.db.read();
    let mut applied = Vec::with_capacity(begun.rules.len());
    for rule in &begun.rules {
        let version = (rule.rule, rule.version);
        applied.push(rules::in_version(&read, run.institution(), version).await?);
    }
    let (mut behind, mut total) = (begun.behind, None);
    let marked: i64 = begun.rules.iter().map(|rule| rule.marked).sum();
    loop {
        let view = view(run, &begun).await?;
        let confines = Confines {
            view: view.as_ref(),
            conditions: told.conditions.as_ref(),
        };
        let reader = (&*run.authority().await?, run.app.clock.now());
        let records = confines.records(&run.app.db.search(), reader).await?;
        if total.is_none() {
            total = Some(count(run, &records).await?.map(|left| marked + left));
        }
        let seen = run.grant::<CustomersRead>().await?;
        let seen = seen.ok_or_else(missing::<CustomersRead>)?;
        let after = behind.map(|(at, id)| (at, id.uuid()));
        let handle = run.app.db.search();
        let (some, next) = records.batch(&handle, &seen, (after, BATCH)).await?;
        let batch = &Batch {
            ids: some.iter().map(|customer| customer.id.uuid()).collect(),
            next,
            total: total.flatten(),
        };
        let (lease, applied) = (run.lease(), applied.as_slice());
        run.step::<CustomersScreen, _, _, _>(|tx, grant| async move {
            let batch = (batch, confines);
            let done = mark(&tx, &grant, id, applied, batch).await?.looked_at;
            if batch.0.next.is_some() {
                return lease.advance(&tx, done, batch.0.total).await;
            }
            // Whoever began anew would count the last ones twice.
            lease.advance(&tx, done, Some(done)).await?;
            lease.finish(&tx, JobStatus::Succeeded, None).await?;
            Ok(())
        })
        .await?;
        match next {
            None => return Ok(()),
            Some((at, id)) => behind = Some((at, Id::new(id))),
        }
    }
}

async fn find(run: &Run, id: Id<ScreeningRun>) -> Result<ScreeningRun, Halt> {
    let grant = run.grant::<CustomersScreen>().await?;
    let grant = grant.ok_or_else(missing::<CustomersScreen>)?;
    let found = runs::find(&run.app.db.read(), &grant, id).await?;
    Ok(found.ok_or_else(|| Fault::new(&NOT_FOUND))?)
}

/// The view as it was when the run began.
async fn view(run: &Run, of: &ScreeningRun) -> Result<Option<View>, Halt> {
    let Some((id, version)) = of.view else {
        return Ok(None);
    };
    let own = run.grant::<Oneself>().await?;
    let own = own.ok_or_else(missing::<Oneself>)?;
    let view = kept::find(&run.app.db.search(), &own, id).await?;
    let view = view.filter(|view: &View| view.version == version);
    Ok(Some(view.ok_or_else(|| Fault::new(&SCREENING_CHANGED))?))
}

/// How many they are, where that can be told.
async fn count(run: &Run, records: &Selection) -> Result<Option<i64>, Halt> {
    let seen = run.grant::<CustomersRead>().await?;
    let seen: Grant<CustomersRead> = seen.ok_or_else(missing::<CustomersRead>)?;
    let counted = records.count(&run.app.db.search(), &seen, COUNTING).await?;
    let rows = i64::try_from(counted.rows).map_err(Error::internal)?;
    Ok((!counted.is_capped).then_some(rows))
}

/// Marks those of some records that a rule says something of, and nobody has screened meanwhile.
async fn mark(
    tx: &Tx,
    grant: &Grant<CustomersScreen>,
    id: Id<ScreeningRun>,
    applied: &[ScreeningRule],
    (batch, confines): (&Batch, Confines<'_>),
) -> Result<ScreeningRun, Error> {
    unless_ruled(tx, "")?;
    let before = runs::find(tx, grant, id).await?;
    let before = before.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let reader = tx.operation().authority.as_deref();
    let reader = reader.ok_or_else(missing::<CustomersScreen>)?;
    let trees = compiled(tx, (reader, tx.now()), applied).await?;
    let customers = batch.ids.iter().copied().map(Id::<Customer>::new).collect();
    let writing: &dyn Writes<Customer> = grant;
    lock_all(tx, &[(writing, customers)]).await?;
    // Whoever was found may have changed since, and so may what the owner sees.
    let seen: Option<Grant<CustomersRead>> = Grant::of(reader, tx.now());
    let seen = seen.ok_or_else(missing::<CustomersRead>)?;
    let records = confines.records(tx, (reader, tx.now())).await?;
    let still = records.still(tx, &seen, &batch.ids).await?;
    let judged = judged(tx, grant, &trees, &still).await?;
    let mut after = ScreeningRun {
        version: before.version + 1,
        looked_at: before.looked_at + i64::try_from(judged.len()).map_err(Error::internal)?,
        behind: batch.next.map(|(at, id)| (at, Id::new(id))),
        ..before.clone()
    };
    let mut screenings = Vec::new();
    for (customer, place) in judged {
        let Some((rule, place)) = place.and_then(|place| Some((applied.get(place)?, place))) else {
            continue;
        };
        let by = (rule, id);
        screenings.push(Screening::by_rule(
            Id::new(customer),
            by,
            actor(tx),
            &tx.stamp(),
        ));
        if let Some(counted) = after.rules.get_mut(place) {
            counted.marked += 1;
        }
    }
    store::insert(tx, grant, &mut screenings).await?;
    runs::come(tx, grant, &before, &after).await?;
    Ok(after)
}
