//! Erasing people: what it does table by table, its certificates, and who is not brought back by a list.

pub mod blocked;
mod registry;

use domain::{
    customers::Customer,
    id::Id,
    organization::Institution,
    privacy::{
        ErasedTable, Erasure, ErasureAction, ErasureObstacle, ErasureReason, KeptGround,
        PrivacyRequest, Pseudonym, RetentionRun,
    },
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub(in crate::privacy) use self::registry::RECORDS;
pub use self::registry::{OF_NOBODY, OF_PERSONS, OfPerson, OnErasure};
use super::person::Person;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes, shares},
    clock::{micros, timestamp},
    customers::{ERASED, store as customers},
    database::{Change, alone, statement},
    jobs::store as jobs,
    scope::Page,
};

const COLUMNS: &str =
    "id, number, customer_id, reason, request_id, tables, erased_at, erased_by, retention_run_id";

impl Person {
    async fn count(&self, handle: &impl Handle, table: &OfPerson) -> Result<i64, Error> {
        let sql = format!(
            "SELECT count(*) AS counted FROM {} WHERE institution_id = {{institution}} AND {}",
            table.table, table.rows
        );
        let row = handle.query_one_raw(self.say(handle, &sql)).await?;
        let row = row.ok_or_else(|| Error::corrupt("a count without a row"))?;
        Ok(row.try_get("", "counted")?)
    }

    /// What is there of it, table by table.
    async fn survey(&self, handle: &impl Handle) -> Result<Vec<ErasedTable>, Error> {
        let mut found = Vec::new();
        for table in OF_PERSONS {
            let rows = self.count(handle, table).await?;
            if rows > 0 {
                found.push(of_table(table, rows));
            }
        }
        Ok(found)
    }

    async fn erase_from(&self, tx: &Tx, table: &OfPerson) -> Result<(), Error> {
        let of_person = format!("institution_id = {{institution}} AND {}", table.rows);
        let sql = match &table.on_erasure {
            OnErasure::Kept(_) => return Ok(()),
            OnErasure::Resealed { .. } => return self.reseal(tx, table).await,
            OnErasure::Removed => format!("DELETE FROM {} WHERE {of_person}", table.table),
            OnErasure::Expired => {
                format!(
                    "UPDATE {} SET expires_at = {{now}} WHERE {of_person}",
                    table.table
                )
            }
            OnErasure::Emptied(columns) => {
                let set: Vec<_> = columns
                    .iter()
                    .map(|(name, is)| format!("{name} = {is}"))
                    .collect();
                format!(
                    "UPDATE {} SET {} WHERE {of_person}",
                    table.table,
                    set.join(", ")
                )
            }
        };
        if table.table == "search_documents" && !tx.is_postgres() {
            let grams = format!(
                "DELETE FROM search_grams WHERE rowid IN (SELECT doc_id FROM search_documents WHERE {of_person})"
            );
            tx.execute_raw(self.say(tx, &grams)).await?;
        }
        tx.execute_raw(self.say(tx, &sql)).await?;
        Ok(())
    }

    async fn reseal(&self, tx: &Tx, table: &OfPerson) -> Result<(), Error> {
        let OnErasure::Resealed { column, key, seal } = &table.on_erasure else {
            return Ok(());
        };
        let keys = tx.keys().await?;
        let of_person = format!("institution_id = {{institution}} AND {}", table.rows);
        let sql = format!("SELECT {key} FROM {} WHERE {of_person}", table.table);
        for row in tx.query_all_raw(self.say(tx, &sql)).await? {
            let (named, sealed) = seal(&keys, &row)?;
            let sql = format!(
                "UPDATE {} SET {column} = ? WHERE institution_id = ? AND {key} = ?",
                table.table
            );
            let values = [sealed.into(), self.institution.uuid().into(), named];
            tx.execute_raw(statement(tx, &sql, values)).await?;
        }
        Ok(())
    }
}

fn of_table(table: &OfPerson, rows: i64) -> ErasedTable {
    let (action, ground) = match &table.on_erasure {
        OnErasure::Removed | OnErasure::Expired => (ErasureAction::Removed, None),
        OnErasure::Emptied(_) | OnErasure::Resealed { .. } => (ErasureAction::Emptied, None),
        OnErasure::Kept(ground) => (ErasureAction::Kept, Some(*ground)),
    };
    ErasedTable {
        table: table.table.to_owned(),
        action,
        ground,
        rows,
    }
}

/// What the erasure of a customer within reach would do, and what stands in its way.
pub async fn preview(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: &Customer,
) -> Result<(Vec<ErasedTable>, Vec<ErasureObstacle>), Error> {
    let mut person = Person::of(handle, grant.scope().institution(), customer.id).await?;
    person.as_of.0 = grant.scope().now();
    let tables = person.survey(handle).await?;
    Ok((tables, obstacles(handle, &person, None).await?))
}

/// What stands in the way, but for the request that is done with it.
async fn obstacles(
    handle: &impl Handle,
    person: &Person,
    request: Option<Id<PrivacyRequest>>,
) -> Result<Vec<ErasureObstacle>, Error> {
    let conditions = [
        (
            ErasureObstacle::ActiveEnrollment,
            ("enrollments", "id"),
            "(customer_id IN ({who}) OR payer_id IN ({who})) AND status = 'active'",
        ),
        (
            ErasureObstacle::OpenCharge,
            ("charges", "id"),
            "(customer_id IN ({who}) OR payer_id IN ({who})) AND outstanding_minor > 0",
        ),
        (
            ErasureObstacle::UnspentCredit,
            ("customer_balances", "customer_id"),
            "customer_id IN ({who}) AND credit_minor > 0",
        ),
        (
            ErasureObstacle::OpenRequest,
            ("privacy_requests", "id"),
            "(customer_id IN ({who}) OR asked_by IN ({who})) AND closed_at IS NULL",
        ),
        (
            ErasureObstacle::LegalHold,
            ("legal_holds", "id"),
            "customer_id IN ({who}) AND released_at IS NULL AND (ends_at IS NULL OR ends_at > {now})",
        ),
    ];
    let mut found = Vec::new();
    for (obstacle, (table, id), condition) in conditions {
        let sql = format!(
            "SELECT {id} AS id FROM {table} WHERE institution_id = {{institution}} AND {condition}"
        );
        let rows = handle.query_all_raw(person.say(handle, &sql)).await?;
        let done = request.map(Id::uuid);
        let others = rows.iter().map(|row| row.try_get::<Uuid>("", "id"));
        for id in others {
            if Some(id?) != done {
                found.push(obstacle);
                break;
            }
        }
    }
    Ok(found)
}

/// Why somebody is erased.
#[derive(Clone, Copy, Debug)]
pub enum Cause {
    /// Whoever does it has a reason, and maybe a request that is done with it.
    Asked(ErasureReason, Option<Id<PrivacyRequest>>),
    /// A rule of retention.
    Rule(Id<RetentionRun>),
}

/// Erases a customer that the caller has locked within the grant, under every id that stands for it.
///
/// # Errors
/// 409 naming what stands in the way.
pub async fn erase<G>(
    tx: &Tx,
    grant: &G,
    customer: &Customer,
    cause: Cause,
) -> Result<Erasure, Error>
where
    G: Writes<Customer> + Writes<Erasure>,
{
    let (reason, request, run) = match cause {
        Cause::Asked(reason, request) => (reason, request, None),
        Cause::Rule(run) => (ErasureReason::PurposeFulfilled, None, Some(run)),
    };
    let institution = tx.operation().institution;
    let mut person = Person::of(tx, institution, customer.id).await?;
    person.as_of.0 = micros(tx.now());
    domain::privacy::unless_obstructed(&obstacles(tx, &person, request).await?)?;
    let all = customers::lock_each(tx, grant, &person.ids).await?;
    let number = next_number(tx).await?;
    person.as_of.1 = Pseudonym(number).to_string();
    let erasure = Erasure {
        id: tx.stamp().id(),
        number,
        customer: customer.id,
        reason,
        request,
        tables: person.survey(tx).await?,
        erased_at: tx.now(),
        erased_by: match run {
            Some(_) => None,
            None => Some(Id::new(tx.operation().actor.principal)),
        },
        retention_run: run,
    };
    insert(tx, &erasure).await?;
    for one in &all {
        mark(tx, one.id, number).await?;
    }
    blocked::remember(tx, &all).await?;
    shares::end_all(tx, customer).await?;
    for table in OF_PERSONS {
        person.erase_from(tx, table).await?;
    }
    let has_files = erasure.tables.iter().any(|found| found.table == "files");
    if has_files && !jobs::is_removal_queued(tx).await? {
        jobs::enqueue_removal(tx).await?;
    }
    let told = json!({ "erasure_id": erasure.id, "reason": reason.as_str() });
    for one in &all {
        let change = Change::new("customer", one.id.uuid(), one.version + 1, told.clone());
        tx.record(change.event(&ERASED, json!({ "erasure_id": erasure.id })));
    }
    Ok(erasure)
}

/// Of erasures one at a time gets its number.
async fn next_number(tx: &Tx) -> Result<i64, Error> {
    alone(tx, "erasures").await?;
    let sql = "SELECT COALESCE(MAX(number), 0) + 1 AS next FROM erasures WHERE institution_id = ?";
    let own = [tx.operation().institution.uuid().into()];
    let row = tx.query_one_raw(statement(tx, sql, own)).await?;
    let row = row.ok_or_else(|| Error::corrupt("a number without a row"))?;
    Ok(row.try_get("", "next")?)
}

/// How many people of an institution have been erased.
pub async fn count(handle: &impl Handle, institution: Id<Institution>) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS erased FROM erasures WHERE institution_id = ?";
    let own = [institution.uuid().into()];
    let row = handle.query_one_raw(statement(handle, sql, own)).await?;
    let row = row.ok_or_else(|| Error::corrupt("a count without a row"))?;
    Ok(row.try_get("", "erased")?)
}

/// The same, and nobody is erased until the transaction ends.
pub async fn count_for_good(tx: &Tx) -> Result<i64, Error> {
    alone(tx, "erasures").await?;
    count(tx, tx.operation().institution).await
}

async fn mark(tx: &Tx, customer: Id<Customer>, number: i64) -> Result<(), Error> {
    let sql = "INSERT INTO erased_customers (institution_id, customer_id, number) VALUES (?, ?, ?)";
    let values: [Value; 3] = [
        tx.operation().institution.uuid().into(),
        customer.uuid().into(),
        number.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

async fn insert(tx: &Tx, erasure: &Erasure) -> Result<(), Error> {
    let tables: Vec<Json> = erasure.tables.iter().map(told).collect();
    let sql = format!(
        "INSERT INTO erasures (institution_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let values: [Value; 10] = [
        tx.operation().institution.uuid().into(),
        erasure.id.uuid().into(),
        erasure.number.into(),
        erasure.customer.uuid().into(),
        erasure.reason.as_str().into(),
        erasure.request.map(Id::uuid).into(),
        Json::from(tables).into(),
        micros(erasure.erased_at).into(),
        // Nobody did what a rule did.
        erasure.erased_by.map_or(Uuid::nil(), Id::uuid).into(),
        erasure.retention_run.map(Id::uuid).into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    Ok(())
}

fn told(table: &ErasedTable) -> Json {
    json!({
        "table": table.table, "action": table.action.as_str(),
        "ground": table.ground.map(|ground| ground.as_str()), "rows": table.rows,
    })
}

fn table(told: &Json) -> Option<ErasedTable> {
    let text = |name: &str| told.get(name).and_then(Json::as_str);
    Some(ErasedTable {
        table: text("table")?.to_owned(),
        action: ErasureAction::parse(text("action")?)?,
        ground: text("ground").and_then(KeptGround::parse),
        rows: told.get("rows").and_then(Json::as_i64)?,
    })
}

fn erasure(row: &QueryResult) -> Result<Erasure, Error> {
    let reason: String = row.try_get("", "reason")?;
    let request: Option<Uuid> = row.try_get("", "request_id")?;
    let run: Option<Uuid> = row.try_get("", "retention_run_id")?;
    let by: Uuid = row.try_get("", "erased_by")?;
    let tables: Json = row.try_get("", "tables")?;
    let tables = tables.as_array().into_iter().flatten();
    let tables = tables.map(|told| table(told).ok_or_else(|| Error::corrupt("erasure")));
    Ok(Erasure {
        id: Id::new(row.try_get("", "id")?),
        number: row.try_get("", "number")?,
        customer: Id::new(row.try_get("", "customer_id")?),
        reason: ErasureReason::parse(&reason).ok_or_else(|| Error::corrupt(ErasureReason::NAME))?,
        request: request.map(Id::new),
        tables: tables.collect::<Result<_, _>>()?,
        erased_at: timestamp(row.try_get("", "erased_at")?)?,
        erased_by: run.is_none().then_some(Id::new(by)),
        retention_run: run.map(Id::new),
    })
}

/// One page of the erasures of an institution.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Erasure>,
    page: &Page,
) -> Result<Vec<Erasure>, Error> {
    let mut values: Vec<Value> = vec![grant.scope().institution().uuid().into()];
    let sql = format!(
        "SELECT {COLUMNS} FROM erasures WHERE institution_id = ?{}",
        page.ending(("erased_at", "id"), &mut values)
    );
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(erasure).collect()
}

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Erasure>,
    id: Id<Erasure>,
) -> Result<Option<Erasure>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM erasures WHERE institution_id = ? AND id = ?");
    let key = [grant.scope().institution().uuid(), id.uuid()].map(Value::from);
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    row.as_ref().map(erasure).transpose()
}

/// Whether a customer was erased.
pub(crate) async fn was_erased(
    handle: &impl Handle,
    institution: Id<Institution>,
    id: Id<Customer>,
) -> Result<bool, Error> {
    let sql =
        "SELECT 1 AS found FROM erased_customers WHERE institution_id = ? AND customer_id = ?";
    let key = [institution.uuid(), id.uuid()].map(Value::from);
    let row = handle.query_one_raw(statement(handle, sql, key)).await?;
    Ok(row.is_some())
}
