//! What is learned of customers from outside.

use domain::{
    customers::{Customer, Insight, Withdrawal},
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::{INSIGHT_RECORDED, INSIGHT_WITHDRAWN};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{date, date_column, micros, timestamp},
    database::{Change, statement, unless_stale},
    scope::Page,
};

const COLUMNS: &str = "id, customer_id, version, topic, content, source, origin, observed_on, lawful_basis, \
    authorisation, consent_id, recorded_at, recorded_by, withdrawn_at, withdrawn_by, withdrawal_reason";

fn known<E: TextEnum>(row: &QueryResult, column: &str) -> Result<E, Error> {
    let text: String = row.try_get("", column)?;
    E::parse(&text).ok_or_else(|| Error::corrupt(E::NAME))
}

fn insight(row: &QueryResult) -> Result<Insight, Error> {
    let consent: Option<Uuid> = row.try_get("", "consent_id")?;
    let withdrawn_at: Option<i64> = row.try_get("", "withdrawn_at")?;
    let withdrawn = withdrawn_at.map(|at| {
        Ok::<_, Error>(Withdrawal {
            at: timestamp(at)?,
            by: row.try_get("", "withdrawn_by")?,
            reason: row.try_get("", "withdrawal_reason")?,
        })
    });
    Ok(Insight {
        id: Id::new(row.try_get("", "id")?),
        customer: Id::new(row.try_get("", "customer_id")?),
        topic: known(row, "topic")?,
        content: row.try_get("", "content")?,
        source: known(row, "source")?,
        origin: row.try_get("", "origin")?,
        observed_on: date(row.try_get("", "observed_on")?)?,
        lawful_basis: known(row, "lawful_basis")?,
        authorisation: row.try_get("", "authorisation")?,
        consent: consent.map(Id::new),
        recorded_at: timestamp(row.try_get("", "recorded_at")?)?,
        recorded_by: row.try_get("", "recorded_by")?,
        withdrawn: withdrawn.transpose()?,
    })
}

async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    (condition, values): (&str, Vec<Value>),
) -> Result<Vec<Insight>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM customer_insights WHERE institution_id = ? AND {condition}");
    let values = [institution.uuid().into()].into_iter().chain(values);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(insight).collect()
}

/// One page of what was learned of a customer that the caller has found within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<Insight>, Error> {
    let mut values = vec![customer.uuid().into()];
    let condition = format!(
        "customer_id = ?{}",
        page.ending(("recorded_at", "id"), &mut values)
    );
    read(handle, grant.scope().institution(), (&condition, values)).await
}

/// One insight of a customer that the caller has found within reach.
///
/// # Errors
/// 404 where there is none.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Insight>,
) -> Result<Insight, Error> {
    let values = vec![customer.uuid().into(), id.uuid().into()];
    let condition = ("customer_id = ? AND id = ?", values);
    let found = read(handle, grant.scope().institution(), condition).await?;
    let found = found.into_iter().next();
    found.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Writes what was learned of a customer that the caller may change.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    insight: &Insight,
) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO customer_insights (institution_id, {COLUMNS}) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)"
    );
    let values: [Value; 14] = [
        grant.scope().institution().uuid().into(),
        insight.id.uuid().into(),
        insight.customer.uuid().into(),
        insight.version().into(),
        insight.topic.as_str().into(),
        insight.content.clone().into(),
        insight.source.as_str().into(),
        insight.origin.clone().into(),
        date_column(insight.observed_on)?.into(),
        insight.lawful_basis.as_str().into(),
        insight.authorisation.as_str().into(),
        insight.consent.map(Id::uuid).into(),
        micros(insight.recorded_at).into(),
        insight.recorded_by.into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let data = json!({
        "customer_id": insight.customer,
        "topic": insight.topic.as_str(),
        "source": insight.source.as_str(),
    });
    let is = json!({
        "insight": data,
        "lawful_basis": insight.lawful_basis.as_str(),
        "consent_id": insight.consent,
        "observed_on": insight.observed_on,
    });
    let change = Change::new("insight", insight.id.uuid(), insight.version(), is);
    tx.record(change.event(&INSIGHT_RECORDED, data));
    Ok(())
}

/// Writes that an insight was taken back.
pub async fn withdraw(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Insight,
    after: &Insight,
) -> Result<(), Error> {
    let withdrawn = after.withdrawn.as_ref();
    let withdrawn = withdrawn.ok_or_else(|| Error::internal("not taken back"))?;
    let sql = "UPDATE customer_insights SET version = ?, content = NULL, origin = NULL, withdrawn_at = ?, withdrawn_by = ?, \
         withdrawal_reason = ? WHERE institution_id = ? AND id = ? AND version = ?";
    let values: [Value; 7] = [
        after.version().into(),
        micros(withdrawn.at).into(),
        withdrawn.by.into(),
        withdrawn.reason.as_str().into(),
        grant.scope().institution().uuid().into(),
        after.id.uuid().into(),
        before.version().into(),
    ];
    let written = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(written.rows_affected())?;
    let data = json!({ "customer_id": after.customer, "topic": after.topic.as_str() });
    let is = json!({ "insight": data, "withdrawn_at": withdrawn.at.to_string() });
    let change = Change::new("insight", after.id.uuid(), after.version(), is);
    tx.record(change.event(&INSIGHT_WITHDRAWN, data));
    Ok(())
}
