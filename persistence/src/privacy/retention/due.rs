//! Who is due by a rule of retention.
//!
//! People are found by going through the ids of customers, in windows, so that no statement takes long however
//! many there are. Whoever is in doubt is kept: everything newer than the cutoff counts as contact.

use std::collections::BTreeSet;

use domain::{
    id::Id,
    organization::Institution,
    privacy::{HOUSEHOLD_MAX, RetentionClass},
};
use jiff::Timestamp;
use sea_orm::Value;
use uuid::Uuid;

use super::relations::{HELD, is_any_held, related, shares_record_with_held};
use crate::{
    Error, Handle, clock::micros, customers::merges, database::statement, privacy::person::Person,
};

/// Records that are looked at together.
const WINDOW: i64 = 200;

/// Whoever never came to the point of buying. Those in stage `lost` may have bought before this system.
const LEAD: &str = "c.deleted_at IS NULL AND c.kind IN ('student', 'guardian') \
     AND c.stage IN ('lead', 'contacted', 'interested', 'trial', 'negotiating', 'invalid')";

/// One that was merged goes with its survivor. Whoever decided for somebody who is there is the proof of it.
const DELETED: &str = "c.deleted_at <= {now} \
     AND NOT EXISTS (SELECT 1 FROM erased_customers e WHERE e.institution_id = c.institution_id AND e.customer_id = c.id) \
     AND NOT EXISTS (SELECT 1 FROM customer_merges m WHERE m.institution_id = c.institution_id AND m.merged_id = c.id \
     AND m.undone_at IS NULL) \
     AND NOT EXISTS (SELECT 1 FROM consents k JOIN customers o ON o.institution_id = k.institution_id \
     AND o.id = k.customer_id WHERE k.institution_id = c.institution_id AND k.decided_by = c.id \
     AND k.customer_id <> c.id AND o.deleted_at IS NULL)";

/// Rows that tell of somebody who bought, or paid: tables, and conditions on their rows `k`.
const BOUGHT: &[(&str, &str)] = &[
    ("enrollments", "k.customer_id = c.id"),
    ("enrollments", "k.payer_id = c.id"),
    ("charges", "k.customer_id = c.id"),
    ("charges", "k.payer_id = c.id"),
    ("payments", "k.customer_id = c.id"),
    ("purchases", "k.beneficiary_id = c.id"),
];

/// What stands in the way of an erasure.
const OBSTACLES: &[(&str, &str)] = &[
    (
        "enrollments",
        "k.customer_id = c.id AND k.status = 'active'",
    ),
    ("enrollments", "k.payer_id = c.id AND k.status = 'active'"),
    (
        "charges",
        "k.customer_id = c.id AND k.outstanding_minor > 0",
    ),
    ("charges", "k.payer_id = c.id AND k.outstanding_minor > 0"),
    (
        "customer_balances",
        "k.customer_id = c.id AND k.credit_minor > 0",
    ),
    (
        "privacy_requests",
        "k.customer_id = c.id AND k.closed_at IS NULL",
    ),
    (
        "privacy_requests",
        "k.asked_by = c.id AND k.closed_at IS NULL",
    ),
];

/// What somebody did with a customer since, or is to do: by the time of which it tells, and by that at which
/// it was written.
const SINCE: &[(&str, &str)] = &[
    (
        "follow_ups",
        "k.customer_id = c.id AND (k.occurred_at > {now} OR k.created_at > {now} OR k.updated_at > {now} OR k.due_until > {now})",
    ),
    (
        "customer_collections",
        "k.customer_id = c.id AND (k.collected_at > {now} OR k.created_at > {now} OR k.recorded_at > {now})",
    ),
    (
        "consents",
        "k.customer_id = c.id AND (k.decided_at > {now} OR k.recorded_at > {now})",
    ),
    (
        "consents",
        "k.decided_by = c.id AND (k.decided_at > {now} OR k.recorded_at > {now})",
    ),
    (
        "privacy_requests",
        "k.customer_id = c.id AND (k.received_at > {now} OR k.created_at > {now} OR k.closed_at > {now})",
    ),
    (
        "privacy_requests",
        "k.asked_by = c.id AND (k.received_at > {now} OR k.created_at > {now} OR k.closed_at > {now})",
    ),
    (
        "personal_data_exports",
        "k.customer_id = c.id AND k.created_at > {now}",
    ),
    (
        "disclosures",
        "k.customer_id = c.id AND (k.disclosed_at > {now} OR k.recorded_at > {now})",
    ),
    (
        "customer_insights",
        "k.customer_id = c.id AND (k.recorded_at > {now} OR k.withdrawn_at > {now})",
    ),
    (
        "customer_upkeep",
        "k.customer_id = c.id AND (k.verified_at > {now} OR k.contacts_changed_at > {now})",
    ),
    (
        "customer_photos",
        "k.customer_id = c.id AND k.chosen_at > {now}",
    ),
    (
        "customer_shares",
        "k.customer_id = c.id AND (k.created_at > {now} OR k.until > {now})",
    ),
    (
        "share_requests",
        "k.customer_id = c.id AND (k.created_at > {now} OR k.decided_at > {now})",
    ),
    (
        "taggings",
        "k.customer_id = c.id AND (k.put_on_at > {now} OR k.taken_off_at > {now})",
    ),
    (
        "customer_relations",
        "k.customer_id = c.id AND k.created_at > {now}",
    ),
    (
        "customer_relations",
        "k.relative_id = c.id AND k.created_at > {now}",
    ),
    (
        "customer_merges",
        "k.survivor_id = c.id AND (k.merged_at > {now} OR k.undone_at > {now})",
    ),
    (
        "customer_filings",
        "k.customer_id = c.id AND (k.filed_at > {now} OR k.changed_at > {now} OR k.taken_out_at > {now})",
    ),
    (
        "customer_screenings",
        // What a rule says tells of no contact.
        "k.customer_id = c.id AND k.rule_id IS NULL AND k.screened_at > {now}",
    ),
    (
        "cleaning_entries",
        "k.customer_id = c.id AND (k.kept_at > {now} OR k.kept_until > {now})",
    ),
    ("files", "k.record_id = c.id AND k.created_at > {now}"),
    (
        "audit_records",
        "k.target_id = c.id AND k.target_kind = 'reveal' AND k.at > {now}",
    ),
    // They are kept for a while only.
    ("import_rows", "k.customer_id = c.id"),
    ("import_customers", "k.customer_id = c.id"),
];

/// What makes a customer due by itself, as a condition on `c`.
fn ripe(class: RetentionClass) -> String {
    let mut sql = String::from("c.created_at <= {now} AND c.updated_at <= {now} AND ");
    let of_class: &[_] = match class {
        RetentionClass::Leads => {
            sql.push_str(LEAD);
            BOUGHT
        }
        RetentionClass::DeletedCustomers => {
            sql.push_str(DELETED);
            &[]
        }
    };
    for (table, condition) in of_class.iter().chain(OBSTACLES).chain(SINCE) {
        sql.push_str(&format!(
            " AND NOT EXISTS (SELECT 1 FROM {table} k WHERE k.institution_id = c.institution_id AND {condition})"
        ));
    }
    for (tables, condition) in HELD {
        sql.push_str(&format!(
            " AND NOT EXISTS (SELECT 1 FROM {tables} WHERE {condition})"
        ));
    }
    sql
}

/// Somebody who is due, with everybody who goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Household {
    pub members: BTreeSet<Uuid>,
}

/// Who of some records is due.
#[derive(Debug)]
pub struct Window {
    /// The last record that was looked at, and how many there were.
    pub last: Uuid,
    pub looked_at: i64,
    /// They go together, or not at all.
    pub due: Vec<Household>,
}

/// By what it is judged who is due.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    pub institution: Id<Institution>,
    pub class: RetentionClass,
    /// What is newer counts.
    pub cutoff: Timestamp,
}

impl Judge {
    fn about(&self, ids: Vec<Uuid>) -> Person {
        Person {
            institution: self.institution,
            ids,
            as_of: (micros(self.cutoff), String::new()),
        }
    }

    /// The next records behind one, and who of them is due; none behind the last.
    pub async fn window(
        &self,
        handle: &impl Handle,
        behind: Uuid,
    ) -> Result<Option<Window>, Error> {
        let sql =
            "SELECT id FROM customers WHERE institution_id = ? AND id > ? ORDER BY id LIMIT ?";
        let values: [Value; 3] = [self.institution.uuid().into(), behind.into(), WINDOW.into()];
        let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
        let ids = rows.iter().map(|row| Ok(row.try_get("", "id")?));
        let ids: Vec<Uuid> = ids.collect::<Result<_, Error>>()?;
        let Some(last) = ids.last().copied() else {
            return Ok(None);
        };
        let looked_at = i64::try_from(ids.len()).map_err(Error::internal)?;
        let ripe = self.ripe(handle, ids).await?;
        let is_any_held = is_any_held(handle, &self.about(Vec::new())).await?;
        let mut due = Vec::new();
        for id in ripe {
            let members = self.household(handle, id, is_any_held).await?;
            // Each household once: with the oldest record of it.
            if let Some(members) = members.filter(|members| members.first() == Some(&id)) {
                due.push(Household { members });
            }
        }
        Ok(Some(Window {
            last,
            looked_at,
            due,
        }))
    }

    /// Whether these are due still, together and with nobody else.
    pub async fn is_due(&self, handle: &impl Handle, household: &Household) -> Result<bool, Error> {
        let Some(first) = household.members.first().copied() else {
            return Ok(false);
        };
        if self.ripe(handle, vec![first]).await?.is_empty() {
            return Ok(false);
        }
        let is_any_held = is_any_held(handle, &self.about(Vec::new())).await?;
        let members = self.household(handle, first, is_any_held).await?;
        Ok(members.as_ref() == Some(&household.members))
    }

    /// Those of some that are due by themselves.
    async fn ripe(&self, handle: &impl Handle, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, Error> {
        let sql = format!(
            "SELECT c.id AS id FROM customers c WHERE c.institution_id = {{institution}} AND c.id IN ({{who}}) AND {}",
            ripe(self.class)
        );
        let asked = self.about(ids).say(handle, &sql);
        let rows = handle.query_all_raw(asked).await?;
        rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
    }

    /// Who goes with somebody that is due by itself; none where somebody of them has to stay.
    async fn household(
        &self,
        handle: &impl Handle,
        id: Uuid,
        is_any_held: bool,
    ) -> Result<Option<BTreeSet<Uuid>>, Error> {
        let mut members = BTreeSet::from([id]);
        let mut asked = vec![id];
        // Whoever was deleted is out of every family already.
        while self.class == RetentionClass::Leads && !asked.is_empty() {
            let found = related(handle, self.institution, &asked, self.cutoff).await?;
            let new: Vec<Uuid> = found.difference(&members).copied().collect();
            if members.len() + new.len() > HOUSEHOLD_MAX {
                return Ok(None);
            }
            if !new.is_empty() && self.ripe(handle, new.clone()).await?.len() < new.len() {
                return Ok(None);
            }
            members.extend(new.iter().copied());
            asked = new;
        }
        if is_any_held {
            let ids = members.iter().copied().collect();
            let ids = merges::with_former(handle, self.institution, ids).await?;
            if shares_record_with_held(handle, &self.about(ids)).await? {
                return Ok(None);
            }
        }
        Ok(Some(members))
    }
}
