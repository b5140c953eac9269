//! What must always hold, as queries that find nothing.
//!
//! Each file of `persistence/invariants` is one rule, in SQL that both databases run. They are run
//! after every test and once a day over an institution, and by `educrm selfcheck` over everything.

use domain::{id::Id, organization::Institution};

use crate::{Database, Error, Handle, database::statement};

macro_rules! invariants {
    ($($name:literal),+ $(,)?) => {
        /// Every invariant.
        pub static INVARIANTS: &[Invariant] = &[$(Invariant {
            name: $name,
            sql: include_str!(concat!("../invariants/", $name, ".sql")),
        }),+];
    };
}

/// What a query says of all institutions, where null stands for its `?`.
const OR_ALL: &str = " OR ? IS NULL";

/// One rule.
#[derive(Debug)]
pub struct Invariant {
    pub name: &'static str,
    sql: &'static str,
}

impl Invariant {
    /// How many rows break it, at most 100, in one institution or in all. One statement looks at all
    /// of them as they are at one moment, so that nothing half-written is taken for broken.
    pub async fn broken_by(
        &self,
        handle: &impl Handle,
        institution: Option<Id<Institution>>,
    ) -> Result<usize, Error> {
        // With its other half, which no index has an answer to, SQLite would read everybody's rows.
        let sql = match institution {
            Some(_) => self.sql.replace(OR_ALL, ""),
            None => self.sql.to_owned(),
        };
        let parameter = institution.map(Id::uuid);
        let values = sql.matches('?').map(|_| parameter.into());
        let rows = handle
            .query_all_raw(statement(handle, &sql, values))
            .await?;
        Ok(rows.len())
    }
}

invariants! {
    "every_allocation_is_above_zero",
    "every_approval_is_its_history",
    "every_balance_is_its_documents",
    "every_balance_is_its_postings",
    "every_change_has_its_audit_record",
    "every_change_has_its_event",
    "every_charge_is_its_allocations",
    "every_custom_value_fits_its_field",
    "every_customer_begins_with_a_collection",
    "every_customer_is_searchable",
    "every_disclosure_was_allowed",
    "every_enrollment_is_charged",
    "every_entry_balances",
    "every_erased_customer_is_empty",
    "every_held_person_is_there",
    "every_hour_is_in_the_ledger",
    "every_lesson_is_charged_once",
    "every_merged_customer_is_empty",
    "every_payment_is_its_allocations",
    "every_phone_of_staff_is_findable",
    "every_purchase_is_an_enrollment",
    "every_record_has_its_payload",
    "every_seat_is_an_active_enrollment",
    "every_series_is_gapless",
    "every_waiting_export_is_to_be_decided",
    "positions_have_no_gap",
}

/// Invariants that are broken: the name of each, and how many rows break it (at most 100).
pub async fn check(
    db: &Database,
    institution: Option<Id<Institution>>,
) -> Result<Vec<(&'static str, usize)>, Error> {
    // Over everything they take longer than the statements of requests may.
    let read = db.read_everything(None);
    let mut broken = Vec::new();
    for invariant in INVARIANTS {
        let rows = invariant.broken_by(&read, institution).await?;
        if rows > 0 {
            broken.push((invariant.name, rows));
        }
    }
    Ok(broken)
}
