//! The sweep: a job that goes through all records and puts on the cleaning list what it finds.
//!
//! It goes by the ids of customers, looks at a page of them beside the writer, and writes only what differs,
//! in small transactions. It keeps how far it came: whoever goes on with the job begins there, and finds
//! what is written already.

use domain::{
    access::{CustomersConfigure, CustomersRead, CustomersWrite, Permission, Principal},
    customers::{CleaningEntry, CleaningReason, CleaningState, Customer, Finding},
    id::Id,
    jobs::Job,
    notices::{NoticeKind, Numbers},
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, QueryFilter, QuerySelect, Value,
    sea_query::{Expr, ExprTrait, Func},
};
use uuid::Uuid;

use super::{
    entity::{Column, Entity},
    seen::seen,
    store::{found, insert, lock_standing, standing, update},
};
use crate::{
    Error, Handle, Tx,
    access::{Bearer, Grant, load, stewards_of},
    customers::store::{find_all, lock_each},
    database::statement,
    notices::store::notify,
    scope::scoped,
};

/// Customers that are looked at together.
const LOOKED_AT: i64 = 200;
/// Customers whose entries are written together.
pub const WRITTEN: usize = 20;
/// People whom one step tells.
const TOLD: i64 = 50;

/// Where a sweep stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub stage: Stage,
    /// The last customer that was looked at, or the last person who was told.
    pub behind: Uuid,
}

/// What a sweep does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Looking,
    Telling,
    Done,
}

impl Stage {
    const ALL: [(Self, &str); 3] = [
        (Self::Looking, "looking"),
        (Self::Telling, "telling"),
        (Self::Done, "done"),
    ];

    fn as_str(self) -> &'static str {
        let own = Self::ALL.iter().find(|(stage, _)| *stage == self);
        own.map_or("done", |(_, text)| text)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.iter().find(|(_, known)| *known == text);
        known
            .map(|(stage, _)| *stage)
            .ok_or_else(|| Error::corrupt("sweep"))
    }
}

/// Where a sweep stands; those that are over are forgotten when another begins.
pub async fn begin(tx: &Tx, job: Id<Job>) -> Result<Sweep, Error> {
    let key = [tx.operation().institution.uuid(), job.uuid()].map(Value::from);
    let sql = "SELECT stage, behind_id FROM sweeps WHERE institution_id = ? AND job_id = ?";
    let found = tx.query_one_raw(statement(tx, sql, key.clone())).await?;
    if let Some(row) = found {
        return Ok(Sweep {
            stage: Stage::parse(&row.try_get::<String>("", "stage")?)?,
            behind: row.try_get("", "behind_id")?,
        });
    }
    let institution = tx.operation().institution.uuid();
    let sql = "DELETE FROM sweeps WHERE institution_id = ? AND NOT EXISTS (SELECT 1 FROM jobs j \
               WHERE j.institution_id = sweeps.institution_id AND j.id = sweeps.job_id \
               AND j.finished_at IS NULL)";
    tx.execute_raw(statement(tx, sql, [institution.into()]))
        .await?;
    let sql =
        "INSERT INTO sweeps (institution_id, job_id, stage, behind_id) VALUES (?, ?, 'looking', ?)";
    let [institution, id] = key;
    let values = [institution, id, Uuid::nil().into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(Sweep {
        stage: Stage::Looking,
        behind: Uuid::nil(),
    })
}

/// Keeps how far a sweep has come.
pub async fn come(tx: &Tx, job: Id<Job>, to: Sweep) -> Result<(), Error> {
    let sql = "UPDATE sweeps SET stage = ?, behind_id = ? WHERE institution_id = ? AND job_id = ?";
    let values: [Value; 4] = [
        to.stage.as_str().into(),
        to.behind.into(),
        tx.operation().institution.uuid().into(),
        job.uuid().into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// The next customers to be looked at.
pub async fn next(
    handle: &impl Handle,
    institution: Id<Institution>,
    behind: Uuid,
) -> Result<Vec<Id<Customer>>, Error> {
    let sql = "SELECT id FROM customers WHERE institution_id = ? AND id > ? AND deleted_at IS NULL \
               ORDER BY id LIMIT ?";
    let values: [Value; 3] = [institution.uuid().into(), behind.into(), LOOKED_AT.into()];
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    let ids = rows.iter().map(|row| Ok(Id::new(row.try_get("", "id")?)));
    ids.collect()
}

/// Of some customers those whose entries are not what is found.
pub async fn look(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &[Id<Customer>],
    now: Timestamp,
) -> Result<Vec<Id<Customer>>, Error> {
    let grant = Grant::<CustomersRead>::system(institution, now, "records are looked after");
    let customers = find_all(handle, &grant, ids).await?;
    let entries = standing(handle, institution, ids, now).await?;
    let found = found(handle, institution, customers.clone(), &entries, now).await?;
    let differing = customers.iter().filter(|customer| {
        let findings = found.get(&customer.id).map(Vec::as_slice);
        let (again, fresh) = compared(customer, findings.unwrap_or_default(), &entries, now);
        !again.is_empty() || !fresh.is_empty()
    });
    Ok(differing.map(|customer| customer.id).collect())
}

/// An entry as it was and as it is now.
type Again = (CleaningEntry, CleaningEntry);

/// What is to be written of a customer, in this order: entries that are others now, and what is on no entry.
/// For each reason one stands at most.
fn compared(
    customer: &Customer,
    findings: &[Finding],
    entries: &[CleaningEntry],
    now: Timestamp,
) -> (Vec<Again>, Vec<Finding>) {
    let (mut again, mut fresh) = (Vec::new(), Vec::new());
    for reason in CleaningReason::ALL {
        let found = findings.iter().find(|one| one.reason == *reason);
        let own =
            |entry: &&CleaningEntry| entry.customer == customer.id && entry.found.reason == *reason;
        let (mut standing, mut decided) = (None, None);
        for before in entries.iter().filter(own) {
            let after = before.after(found, now);
            match before.state {
                CleaningState::Cleaned if after.state == CleaningState::Kept => {
                    decided = Some((before.clone(), after));
                }
                CleaningState::Cleaned => {}
                _ => standing = Some((before.clone(), after)),
            }
        }
        let stays = standing
            .as_ref()
            .is_some_and(|(_, after)| after.state == CleaningState::Kept);
        match (standing, decided) {
            // What was decided before holds for what was found anew meanwhile.
            (Some((before, _)), Some(decided)) if !stays => {
                let gone = before.after(None, now);
                again.extend([(before, gone), decided]);
            }
            (Some(one), _) | (None, Some(one)) => again.push(one),
            (None, None) => fresh.extend(found.cloned()),
        }
    }
    again.retain(|(before, after)| before.version != after.version);
    (again, fresh)
}

/// Makes the entries of some customers what is found, as they are by now: each is locked, then its entries.
pub async fn enter(tx: &Tx, job: Id<Job>, ids: &[Id<Customer>]) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let grant = Grant::<CustomersWrite>::system(institution, tx.now(), "records are looked after");
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let mut held = lock_each(tx, &grant, &ids).await?;
    held.retain(|customer| customer.deleted_at.is_none());
    let ids: Vec<_> = held.iter().map(|customer| customer.id).collect();
    let entries = lock_standing(tx, &ids).await?;
    let found = found(tx, institution, held.clone(), &entries, tx.now()).await?;
    let (stamp, job) = (tx.stamp(), Some(job.uuid()));
    let mut new = Vec::new();
    for customer in &held {
        let findings = found.get(&customer.id).map(Vec::as_slice);
        let (again, fresh) = compared(customer, findings.unwrap_or_default(), &entries, tx.now());
        for (before, after) in &again {
            let found_again = job.filter(|_| after.state != before.state);
            update(tx, before, after, found_again).await?;
        }
        let fresh = fresh.into_iter();
        new.extend(fresh.map(|found| CleaningEntry::open(customer, found, &stamp)));
    }
    insert(tx, &new, job).await
}

/// Tells the next holders what came on the list; whether there may be more.
pub async fn tell_next(tx: &Tx, job: Id<Job>) -> Result<bool, Error> {
    let sweep = begin(tx, job).await?;
    if sweep.stage != Stage::Telling {
        return Ok(false);
    }
    let last = tell(tx, job, sweep.behind).await?;
    let (stage, behind) = match last {
        Some(last) => (Stage::Telling, last),
        None => (Stage::Done, Uuid::nil()),
    };
    come(tx, job, Sweep { stage, behind }).await?;
    Ok(last.is_some())
}

/// Tells the next holders how many of their records came on the list by this sweep, as far as they may see
/// it; the last of them, unless there were none. What is in pools is told at the end to whoever configures
/// records.
async fn tell(tx: &Tx, job: Id<Job>, behind: Uuid) -> Result<Option<Uuid>, Error> {
    let sql = "SELECT DISTINCT e.holder_id FROM cleaning_entries e JOIN principals p \
         ON p.institution_id = e.institution_id AND p.id = e.holder_id AND p.status = 'active' \
         WHERE e.institution_id = ? AND e.job_id = ? AND e.state = 'open' AND e.deleted_at IS NULL \
         AND e.holder_id > ? ORDER BY e.holder_id LIMIT ?";
    let values: [Value; 4] = [
        tx.operation().institution.uuid().into(),
        job.uuid().into(),
        behind.into(),
        TOLD.into(),
    ];
    let mut last = None;
    for row in tx.query_all_raw(statement(tx, sql, values)).await? {
        let holder: Uuid = row.try_get("", "holder_id")?;
        leave(tx, job, Id::new(holder), Column::HolderId.eq(holder)).await?;
        last = Some(holder);
    }
    if last.is_none() {
        for steward in stewards_of(tx, CustomersConfigure::CODE).await? {
            let pools = Expr::col(Column::HolderId).equals(Column::CustomerCampusId);
            leave(tx, job, steward, pools).await?;
        }
    }
    Ok(last)
}

/// Tells somebody how many records came on the list by this sweep, of some; nothing where he or she may see
/// none.
async fn leave(tx: &Tx, job: Id<Job>, to: Id<Principal>, which: Expr) -> Result<(), Error> {
    let (institution, now) = (tx.operation().institution, tx.now());
    let Some(reader) = load(tx, &Bearer::owner(institution, to, None), now).await? else {
        return Ok(());
    };
    let Some(grant) = Grant::<CustomersRead>::of(&reader, now) else {
        return Ok(());
    };
    let listed = Condition::all()
        .add(which)
        .add(Expr::col((Entity, "job_id")).eq(job.uuid()))
        .add(Expr::cust("cleaning_entries.state = 'open'"))
        .add(Column::DeletedAt.is_null())
        .add(seen(&grant, &reader, tx.is_postgres(), now));
    let records = scoped::<Entity>(&grant)
        .filter(listed)
        .select_only()
        .expr(Func::count_distinct(Expr::col((
            Entity,
            Column::CustomerId,
        ))))
        .into_tuple::<i64>()
        .one(tx)
        .await?
        .unwrap_or_default();
    if records == 0 {
        return Ok(());
    }
    let numbers = Numbers::from([("records".into(), records)]);
    notify(tx, to, NoticeKind::RecordsToClean, &numbers, None).await
}
