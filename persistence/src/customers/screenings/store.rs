//! What was said of records. Rows are only added.

use domain::{
    customers::{Customer, Screening, ScreeningOutcome, ScreeningReason, Verdict},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use serde_json::json;
use uuid::Uuid;

use super::RECORDED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    customers::{filings::store as filings, merges},
    database::{Change, among, insert_many, statement},
    keys::{FieldKeys, SealedAt},
    scope::Page,
};

const COLUMNS: &str = "id, customer_id, outcome, reason, details, rule_id, rule_version, run_id, screened_by, \
                       screened_at";

fn place(screening: Uuid) -> SealedAt {
    SealedAt {
        table: "customer_screenings",
        column: "details",
        row: screening,
    }
}

/// An outcome and a reason as columns hold them.
pub(super) fn verdict(row: &QueryResult, details: Option<String>) -> Result<Verdict, Error> {
    let text = |column: &str| -> Result<String, Error> { Ok(row.try_get("", column)?) };
    let outcome = ScreeningOutcome::parse(&text("outcome")?);
    let reason = ScreeningReason::parse(&text("reason")?);
    Ok(Verdict {
        outcome: outcome.ok_or_else(|| Error::corrupt(ScreeningOutcome::NAME))?,
        reason: reason.ok_or_else(|| Error::corrupt(ScreeningReason::NAME))?,
        details,
    })
}

fn screening(row: &QueryResult, keys: &FieldKeys) -> Result<Screening, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let named = |column: &str| -> Result<Option<Uuid>, Error> { Ok(row.try_get("", column)?) };
    let sealed: Option<Vec<u8>> = row.try_get("", "details")?;
    let details = sealed
        .map(|sealed| String::from_utf8(keys.open(place(id), &sealed)?).map_err(Error::corrupt));
    let version: Option<i64> = row.try_get("", "rule_version")?;
    Ok(Screening {
        id: Id::new(id),
        customer: Id::new(row.try_get("", "customer_id")?),
        verdict: verdict(row, details.transpose()?)?,
        rule: named("rule_id")?.map(Id::new).zip(version),
        run: named("run_id")?.map(Id::new),
        by: named("screened_by")?.map(Id::new),
        at: timestamp(row.try_get("", "screened_at")?)?,
    })
}

/// One page of what was said of a customer that the caller has found within reach, and of those that were
/// merged into it.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<Screening>, Error> {
    let institution = grant.scope().institution();
    let (is_among, mut values) = of(handle, institution, customer).await?;
    let ending = page.ending(("screened_at", "id"), &mut values);
    let condition = format!("{is_among}{ending}");
    read(handle, institution, (&condition, values)).await
}

/// One thing that was said of them.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Screening>,
) -> Result<Option<Screening>, Error> {
    let institution = grant.scope().institution();
    let (is_among, mut values) = of(handle, institution, customer).await?;
    values.push(id.uuid().into());
    let condition = format!("{is_among} AND id = ?");
    let found = read(handle, institution, (&condition, values));
    Ok(found.await?.pop())
}

/// That a row is of a customer, or of one that was merged into it.
async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
) -> Result<(String, Vec<Value>), Error> {
    let ids = merges::with_former(handle, institution, vec![customer.uuid()]).await?;
    let ids = ids.into_iter().map(Value::from).collect();
    Ok(among(handle, "customer_id", ArrayType::Uuid, ids))
}

/// What counts of a customer.
pub async fn last(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
) -> Result<Option<Screening>, Error> {
    let condition = "customer_id = ? ORDER BY screened_at DESC, id DESC LIMIT 1";
    let found = read(
        handle,
        institution,
        (condition, vec![customer.uuid().into()]),
    );
    Ok(found.await?.pop())
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<Screening>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM customer_screenings WHERE institution_id = ? AND {condition}"
    );
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| screening(row, &keys)).collect()
}

/// Writes what is said of customers that are locked. What is filed and found invalid is to be looked at again.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    screenings: &mut [Screening],
) -> Result<(), Error> {
    let (keys, institution) = (tx.keys().await?, grant.scope().institution().uuid());
    follow(tx, institution, screenings).await?;
    let mut rows = Vec::with_capacity(screenings.len());
    for screening in &*screenings {
        let id = screening.id.uuid();
        let details = screening.verdict.details.as_deref();
        let details = details.map(|text| keys.seal(place(id), text.as_bytes()));
        let values: Vec<Value> = vec![
            institution.into(),
            id.into(),
            screening.customer.uuid().into(),
            screening.verdict.outcome.as_str().into(),
            screening.verdict.reason.as_str().into(),
            details.transpose()?.into(),
            screening.rule.map(|(rule, _)| rule.uuid()).into(),
            screening.rule.map(|(_, version)| version).into(),
            screening.run.map(Id::uuid).into(),
            screening.by.map(Id::uuid).into(),
            micros(screening.at).into(),
        ];
        rows.push(values);
    }
    let columns = format!("institution_id, {COLUMNS}");
    insert_many(tx, ("customer_screenings", &columns), "", rows).await?;
    for screening in &*screenings {
        record(tx, screening);
        if screening.verdict.outcome == ScreeningOutcome::Invalid {
            filings::mark_changed(tx, screening.customer).await?;
        }
    }
    Ok(())
}

/// Puts what is said behind what was said before, by whatever clock: the last one counts.
async fn follow(tx: &Tx, institution: Uuid, screenings: &mut [Screening]) -> Result<(), Error> {
    if screenings.is_empty() {
        return Ok(());
    }
    let ids = screenings.iter().map(|one| one.customer.uuid().into());
    let (is_among, ids) = among(tx, "customer_id", ArrayType::Uuid, ids.collect());
    let sql = format!(
        "SELECT customer_id, MAX(screened_at) AS at FROM customer_screenings \
         WHERE institution_id = ? AND {is_among} GROUP BY customer_id"
    );
    let values = std::iter::once(institution.into()).chain(ids);
    let rows = tx
        .query_all_raw(statement(tx, &sql, values.collect::<Vec<Value>>()))
        .await?;
    for row in rows {
        let customer: Uuid = row.try_get("", "customer_id")?;
        let behind = timestamp(row.try_get::<i64>("", "at")?.saturating_add(1))?;
        for one in screenings.iter_mut() {
            if one.customer.uuid() == customer {
                one.at = one.at.max(behind);
            }
        }
    }
    Ok(())
}

/// Not what somebody wrote.
fn record(tx: &Tx, screening: &Screening) {
    let told = json!({
        "customer_id": screening.customer,
        "run_id": screening.run,
        "screening": {
            "outcome": screening.verdict.outcome.as_str(),
            "reason": screening.verdict.reason.as_str(),
            "rule_id": screening.rule.map(|(rule, _)| rule),
            "rule_version": screening.rule.map(|(_, version)| version),
        },
    });
    let change = Change::new("screening", screening.id.uuid(), 1, told);
    // What a field rule may hide is read where the rule goes.
    let data = json!({ "customer_id": screening.customer, "run_id": screening.run });
    tx.record(change.event(&RECORDED, data));
}
