//! What the quality of records goes by: the policy of the institution, and what is known of customers
//! beyond their own rows.

use std::collections::{HashMap, HashSet};

use domain::{
    custom_fields::{CustomField, FieldEntity},
    customers::{Customer, Examined, Kind, Mending, QualityPolicy, RelationRole, Spoken},
    follow_ups::{Method, Outcome},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::{Timestamp, tz::TimeZone};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use serde_json::json;
use uuid::Uuid;

use super::{QUALITY_POLICY_CHANGED, cleaning::store as cleaning, details, store};
use crate::{
    Error, Handle, Tx,
    access::Writes,
    clock::{date, micros, timestamp},
    custom_fields::{definitions, values},
    database::{Change, among, statement},
};

/// What an institution goes by.
pub async fn policy(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<QualityPolicy, Error> {
    policy_under(handle, institution, "").await
}

/// The same, about to be changed: nobody else changes it until the transaction ends.
pub async fn lock_policy(
    tx: &Tx,
    grant: &impl Writes<QualityPolicy>,
) -> Result<QualityPolicy, Error> {
    let institution = grant.scope().institution();
    let first = QualityPolicy::default();
    // So that there is a row to be locked.
    let sql = "INSERT INTO quality_policies (institution_id, version, stale_after_days) VALUES (?, ?, ?) \
               ON CONFLICT DO NOTHING";
    let values: [Value; 3] = [
        institution.uuid().into(),
        first.version.into(),
        first.stale_after_days.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    policy_under(tx, institution, lock).await
}

async fn policy_under(
    handle: &impl Handle,
    institution: Id<Institution>,
    lock: &str,
) -> Result<QualityPolicy, Error> {
    let sql = format!(
        "SELECT version, stale_after_days, required_fields FROM quality_policies WHERE institution_id = ?{lock}"
    );
    let key = [institution.uuid().into()];
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    let Some(row) = row else {
        return Ok(QualityPolicy::default());
    };
    Ok(QualityPolicy {
        version: row.try_get("", "version")?,
        stale_after_days: row.try_get("", "stale_after_days")?,
        required_fields: fields_of(row.try_get("", "required_fields")?)?,
    })
}

/// The fields that a column holds, each on a line.
fn fields_of(column: Option<String>) -> Result<Vec<&'static str>, Error> {
    let names: Vec<String> = column
        .iter()
        .flat_map(|text| text.lines())
        .map(str::to_owned)
        .collect();
    QualityPolicy::fields_named(&names).map_err(|_| Error::corrupt("required_fields"))
}

/// Writes a changed policy, which is locked.
pub async fn set_policy(
    tx: &Tx,
    grant: &impl Writes<QualityPolicy>,
    before: &QualityPolicy,
    after: &QualityPolicy,
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let sql = "UPDATE quality_policies SET version = ?, stale_after_days = ?, required_fields = ? \
         WHERE institution_id = ?";
    let values: [Value; 4] = [
        after.version.into(),
        after.stale_after_days.into(),
        after.required_fields.join("\n").into(),
        institution.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let told = |policy: &QualityPolicy| {
        json!({
            "stale_after_days": policy.stale_after_days,
            "required_fields": policy.required_fields,
        })
    };
    let change = Change::new("quality_policy", institution, after.version, told(after));
    let parts = [
        (
            "stale_after_days",
            before.stale_after_days != after.stale_after_days,
        ),
        (
            "required_fields",
            before.required_fields != after.required_fields,
        ),
    ];
    let changed = parts.iter().filter(|(_, differs)| *differs);
    let data = json!({ "changed": changed.map(|(name, _)| name).collect::<Vec<_>>() });
    tx.record(
        change
            .before(told(before))
            .event(&QUALITY_POLICY_CHANGED, data),
    );
    Ok(())
}

/// The fields of an institution's own that records of customers can have.
pub async fn custom_fields(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Vec<CustomField>, Error> {
    let open = definitions::open(handle, institution, FieldEntity::Customer).await?;
    Ok(open.fields.into_iter().map(|(_, field)| field).collect())
}

/// Writes that somebody made sure of a record: the customer was raised to `after` by it.
pub async fn verify(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
) -> Result<(), Error> {
    let sql = "INSERT INTO customer_upkeep (institution_id, customer_id, verified_at, verified_by) \
               VALUES (?, ?, ?, ?) ON CONFLICT (institution_id, customer_id) \
               DO UPDATE SET verified_at = excluded.verified_at, verified_by = excluded.verified_by";
    let by = tx.operation().actor.recorder();
    let values: [Value; 4] = [
        grant.scope().institution().uuid().into(),
        after.id.uuid().into(),
        micros(tx.now()).into(),
        by.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    let is = json!({ "verified_at": tx.now().to_string() });
    store::touch(tx, grant, before, after, json!({}), is).await?;
    cleaning::mend(tx, after.id, Mending::Verified).await
}

/// Writes when ways to reach a customer were corrected.
pub(super) async fn contacts_changed(
    tx: &Tx,
    institution: Id<Institution>,
    customer: &Customer,
) -> Result<(), Error> {
    let sql = "INSERT INTO customer_upkeep (institution_id, customer_id, contacts_changed_at) \
               VALUES (?, ?, ?) ON CONFLICT (institution_id, customer_id) \
               DO UPDATE SET contacts_changed_at = excluded.contacts_changed_at";
    let values: [Value; 3] = [
        institution.uuid().into(),
        customer.id.uuid().into(),
        micros(tx.now()).into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Customers whom the caller has found, with all that their quality goes by.
pub async fn examine(
    handle: &impl Handle,
    institution: Id<Institution>,
    customers: Vec<Customer>,
    now: Timestamp,
) -> Result<Vec<Examined>, Error> {
    let ids: Vec<Id<Customer>> = customers.iter().map(|customer| customer.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = details::of(handle, institution, &ids).await?;
    let mut held = values::of(handle, institution, &ids).await?;
    let mut kept = upkeep(handle, institution, &ids).await?;
    let mut spoken = spoken(handle, institution, &ids).await?;
    let students = customers
        .iter()
        .filter(|one| one.profile.kind == Kind::Student && one.contacts.is_empty());
    let students: Vec<_> = students.map(|one| one.id).collect();
    let guarded = guarded(handle, institution, &students, now).await?;
    let examined = customers.into_iter().map(|customer| {
        let id = customer.id;
        let (verified, contacts_changed_at) = kept.remove(&id).unwrap_or_default();
        Examined {
            customer: Customer {
                details: known.remove(&id).unwrap_or_default(),
                custom: held.remove(&id).unwrap_or_default(),
                ..customer
            },
            has_guardian_to_reach: guarded.contains(&id),
            verified,
            contacts_changed_at,
            spoken: spoken.remove(&id).unwrap_or_default(),
        }
    });
    Ok(examined.collect())
}

type Ids<'a> = &'a [Id<Customer>];

async fn rows(
    handle: &impl Handle,
    institution: Id<Institution>,
    (column, ids): (&str, Ids<'_>),
    sql: impl Fn(&str) -> String,
) -> Result<Vec<QueryResult>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, column, ArrayType::Uuid, ids);
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    values.extend(ids);
    let sql = sql(&is_among);
    Ok(handle
        .query_all_raw(statement(handle, &sql, values))
        .await?)
}

fn customer(row: &QueryResult) -> Result<Id<Customer>, Error> {
    let id: Uuid = row.try_get("", "customer_id")?;
    Ok(Id::new(id))
}

/// When and by whom a record was verified, and when its contact points were corrected.
type Upkeep = (
    Option<(Timestamp, Option<Id<domain::access::Principal>>)>,
    Option<Timestamp>,
);

async fn upkeep(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: Ids<'_>,
) -> Result<HashMap<Id<Customer>, Upkeep>, Error> {
    let rows = rows(handle, institution, ("customer_id", ids), |is_among| {
        format!(
            "SELECT customer_id, verified_at, verified_by, contacts_changed_at FROM customer_upkeep \
             WHERE institution_id = ? AND {is_among}"
        )
    });
    let mut found = HashMap::new();
    for row in rows.await? {
        let at = |column: &str| -> Result<Option<Timestamp>, Error> {
            let at: Option<i64> = row.try_get("", column)?;
            at.map(timestamp).transpose()
        };
        let by: Option<Uuid> = row.try_get("", "verified_by")?;
        let verified = at("verified_at")?.map(|at| (at, by.map(Id::new)));
        found.insert(customer(&row)?, (verified, at("contacts_changed_at")?));
    }
    Ok(found)
}

async fn spoken(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: Ids<'_>,
) -> Result<HashMap<Id<Customer>, Vec<Spoken>>, Error> {
    let rows = rows(handle, institution, ("customer_id", ids), |is_among| {
        format!(
            "SELECT customer_id, method, outcome, MAX(occurred_at) AS at FROM follow_ups \
             WHERE institution_id = ? AND {is_among} GROUP BY customer_id, method, outcome"
        )
    });
    let mut found: HashMap<_, Vec<Spoken>> = HashMap::new();
    for row in rows.await? {
        let (method, outcome): (String, String) =
            (row.try_get("", "method")?, row.try_get("", "outcome")?);
        let spoken = Spoken {
            method: Method::parse(&method).ok_or_else(|| Error::corrupt(Method::NAME))?,
            outcome: Outcome::parse(&outcome).ok_or_else(|| Error::corrupt(Outcome::NAME))?,
            at: timestamp(row.try_get("", "at")?)?,
        };
        found.entry(customer(&row)?).or_default().push(spoken);
    }
    Ok(found)
}

/// Those of whom a guardian or parent can be reached, by the day of their campuses.
async fn guarded(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: Ids<'_>,
    now: Timestamp,
) -> Result<HashSet<Id<Customer>>, Error> {
    let (guardian, parent) = (
        RelationRole::Guardian.as_str(),
        RelationRole::Parent.as_str(),
    );
    let rows = rows(handle, institution, ("r.customer_id", ids), |is_among| {
        format!(
            "SELECT r.customer_id, r.valid_from, r.valid_until, p.time_zone FROM customer_relations r \
             JOIN customers g ON g.institution_id = r.institution_id AND g.id = r.relative_id \
             JOIN campuses p ON p.institution_id = g.institution_id AND p.id = g.campus_id \
             WHERE r.institution_id = ? AND {is_among} AND r.role IN ('{guardian}', '{parent}') \
             AND g.deleted_at IS NULL AND g.contacts IS NOT NULL"
        )
    });
    let mut found = HashSet::new();
    for row in rows.await? {
        let day = |column: &str| -> Result<_, Error> {
            let day: Option<time::Date> = row.try_get("", column)?;
            day.map(date).transpose()
        };
        let zone: String = row.try_get("", "time_zone")?;
        let zone = TimeZone::get(&zone).map_err(Error::corrupt)?;
        let today = now.to_zoned(zone).date();
        let has_begun = day("valid_from")?.is_none_or(|from| from <= today);
        if has_begun && day("valid_until")?.is_none_or(|until| until > today) {
            found.insert(customer(&row)?);
        }
    }
    Ok(found)
}
