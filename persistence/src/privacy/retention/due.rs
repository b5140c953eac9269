//! What is due by a rule of retention. Nothing of a person on whom a legal hold stands is.

use domain::{id::Id, organization::Institution, privacy::RetentionClass};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    clock::micros,
    customers::merges,
    database::{placeholders, statement},
    privacy::{erasure::RECORDS, person::Person},
};

/// So many are counted at most.
pub const COUNTED_MAX: i64 = 10_000;

/// Since when a row has been due, in microseconds, and its id.
pub type Due = (i64, Uuid);

/// Before the first.
pub const FIRST: Due = (i64::MIN, Uuid::nil());

/// What a class looks for. `{who}` stands for whoever is held, `{now}` for the time until which it is due.
fn rows_of(class: RetentionClass) -> String {
    match class {
        RetentionClass::Leads => LEADS.to_owned(),
        RetentionClass::DeletedCustomers => DELETED.to_owned(),
        RetentionClass::AuditDetails => format!(
            "SELECT r.id AS id, r.at AS since FROM audit_records r \
             JOIN audit_payloads p ON p.institution_id = r.institution_id AND p.id = r.id \
             WHERE r.institution_id = {{institution}} AND r.at <= {{now}} AND p.payload IS NOT NULL \
             AND r.id NOT IN ({RECORDS})"
        ),
        RetentionClass::Notices => "SELECT n.id AS id, n.created_at AS since FROM notices n \
             WHERE n.institution_id = {institution} AND n.created_at <= {now}"
            .to_owned(),
    }
}

/// Students and guardians who never came to the point of buying, nor paid for somebody; of whom nothing was
/// heard or asked since; and guardians of nobody who is still there.
const LEADS: &str = "SELECT c.id AS id, c.created_at AS since FROM customers c \
     WHERE c.institution_id = {institution} AND c.deleted_at IS NULL AND c.created_at <= {now} \
     AND c.kind IN ('student', 'guardian') AND c.id NOT IN ({who}) \
     AND c.stage IN ('lead', 'contacted', 'interested', 'trial', 'negotiating', 'lost', 'invalid') \
     AND NOT EXISTS (SELECT 1 FROM enrollments b WHERE b.institution_id = c.institution_id AND b.customer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM enrollments b WHERE b.institution_id = c.institution_id AND b.payer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM charges b WHERE b.institution_id = c.institution_id AND b.customer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM charges b WHERE b.institution_id = c.institution_id AND b.payer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM payments b WHERE b.institution_id = c.institution_id AND b.customer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.institution_id = c.institution_id AND f.customer_id = c.id \
     AND (f.occurred_at > {now} OR f.due_until > {now})) \
     AND NOT EXISTS (SELECT 1 FROM customer_collections k WHERE k.institution_id = c.institution_id \
     AND k.customer_id = c.id AND k.collected_at > {now}) \
     AND NOT EXISTS (SELECT 1 FROM consents k WHERE k.institution_id = c.institution_id \
     AND k.customer_id = c.id AND k.decided_at > {now}) \
     AND NOT EXISTS (SELECT 1 FROM privacy_requests k WHERE k.institution_id = c.institution_id \
     AND k.customer_id = c.id AND k.received_at > {now}) \
     AND (c.kind = 'student' OR (NOT EXISTS (SELECT 1 FROM customer_relations k \
     WHERE k.institution_id = c.institution_id AND k.customer_id = c.id AND k.valid_until IS NULL) \
     AND NOT EXISTS (SELECT 1 FROM customer_relations k \
     WHERE k.institution_id = c.institution_id AND k.relative_id = c.id AND k.valid_until IS NULL)))";

/// One that was merged goes with its survivor.
const DELETED: &str = "SELECT c.id AS id, c.deleted_at AS since FROM customers c \
     WHERE c.institution_id = {institution} AND c.deleted_at IS NOT NULL AND c.deleted_at <= {now} \
     AND c.id NOT IN ({who}) \
     AND NOT EXISTS (SELECT 1 FROM erased_customers e WHERE e.institution_id = c.institution_id \
     AND e.customer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM customer_merges m WHERE m.institution_id = c.institution_id \
     AND m.merged_id = c.id AND m.undone_at IS NULL)";

/// What to look for in an institution.
pub struct Sieve {
    rows: String,
    /// Whoever is held, with every id that stands for it, and the time until which something is due.
    beside: Person,
}

impl Sieve {
    /// What of a class was there by `cutoff`, as things are now.
    pub async fn new(
        handle: &impl Handle,
        institution: Id<Institution>,
        class: RetentionClass,
        (cutoff, now): (Timestamp, Timestamp),
    ) -> Result<Self, Error> {
        let mut ids = held(handle, institution, now).await?;
        // A list that nothing is in is no SQL.
        ids.push(Uuid::nil());
        let beside = Person {
            institution,
            ids,
            as_of: (micros(cutoff), String::new()),
        };
        let rows = rows_of(class);
        Ok(Self { rows, beside })
    }

    /// The next that are due behind one.
    pub async fn next(
        &self,
        handle: &impl Handle,
        after: Due,
        limit: i64,
    ) -> Result<Vec<Due>, Error> {
        let sql = format!(
            "SELECT due.id AS id, due.since AS since FROM ({}) AS due \
             WHERE (due.since, due.id) > (?, ?) ORDER BY due.since, due.id LIMIT ?",
            self.rows
        );
        let values = vec![after.0.into(), after.1.into(), limit.into()];
        let asked = self.beside.say_and(handle, &sql, values);
        let rows = handle.query_all_raw(asked).await?;
        let due = |row: &QueryResult| Ok((row.try_get("", "since")?, row.try_get("", "id")?));
        rows.iter().map(due).collect()
    }

    /// Whether a row is due.
    pub async fn has(&self, handle: &impl Handle, id: Uuid) -> Result<bool, Error> {
        let sql = format!(
            "SELECT 1 AS found FROM ({}) AS due WHERE due.id = ?",
            self.rows
        );
        let asked = self.beside.say_and(handle, &sql, vec![id.into()]);
        Ok(handle.query_one_raw(asked).await?.is_some())
    }

    /// How many are due, up to one more than [`COUNTED_MAX`].
    pub async fn count(&self, handle: &impl Handle) -> Result<i64, Error> {
        let sql = format!(
            "SELECT count(*) AS counted FROM (SELECT due.id FROM ({}) AS due LIMIT ?) AS counted_rows",
            self.rows
        );
        let most = vec![(COUNTED_MAX + 1).into()];
        let asked = self.beside.say_and(handle, &sql, most);
        let row = handle.query_one_raw(asked).await?;
        let row = row.ok_or_else(|| Error::corrupt("a count without a row"))?;
        Ok(row.try_get("", "counted")?)
    }
}

/// Every id of whoever a legal hold stands on.
async fn held(
    handle: &impl Handle,
    institution: Id<Institution>,
    now: Timestamp,
) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT DISTINCT customer_id FROM legal_holds WHERE institution_id = ? \
               AND released_at IS NULL AND (ends_at IS NULL OR ends_at > ?)";
    let values: [Value; 2] = [institution.uuid().into(), micros(now).into()];
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    let ids = rows.iter().map(|row| Ok(row.try_get("", "customer_id")?));
    let ids: Vec<Uuid> = ids.collect::<Result<_, Error>>()?;
    match ids.is_empty() {
        true => Ok(ids),
        false => merges::with_former(handle, institution, ids).await,
    }
}

/// Removes or empties rows that are due, of a class that is not of people.
pub(super) async fn remove(tx: &Tx, class: RetentionClass, due: &[Due]) -> Result<(), Error> {
    let ids = placeholders(due.len());
    let sql = match class {
        RetentionClass::AuditDetails => format!(
            "UPDATE audit_payloads SET salt = NULL, payload = NULL WHERE institution_id = ? AND id IN ({ids})"
        ),
        RetentionClass::Notices => {
            format!("DELETE FROM notices WHERE institution_id = ? AND id IN ({ids})")
        }
        RetentionClass::Leads | RetentionClass::DeletedCustomers => {
            return Err(Error::internal("people are erased one by one"));
        }
    };
    let own = Value::from(tx.operation().institution.uuid());
    let values = [own]
        .into_iter()
        .chain(due.iter().map(|(_, id)| (*id).into()));
    tx.execute_raw(statement(tx, &sql, values)).await?;
    Ok(())
}
