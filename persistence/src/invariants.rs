//! What must always hold, as queries that find nothing.
//!
//! Each file of `persistence/invariants` is one rule, in SQL that both databases run. They are run
//! after every test over its institution, and by `educrm selfcheck` over everything.

use domain::{id::Id, organization::Institution};
use sea_orm::ConnectionTrait;

use crate::{Database, Error, database::statement};

macro_rules! invariants {
    ($($name:literal),+ $(,)?) => {
        /// Name and query of every invariant. `?` stands for the institution, null for all.
        static INVARIANTS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../invariants/", $name, ".sql")))),+];
    };
}

invariants! {
    "every_allocation_is_above_zero",
    "every_balance_is_its_documents",
    "every_balance_is_its_postings",
    "every_change_has_its_audit_record",
    "every_change_has_its_event",
    "every_charge_is_its_allocations",
    "every_customer_is_searchable",
    "every_enrollment_is_charged",
    "every_entry_balances",
    "every_hour_is_in_the_ledger",
    "every_lesson_is_charged_once",
    "every_payment_is_its_allocations",
    "every_phone_of_staff_is_findable",
    "every_purchase_is_an_enrollment",
    "every_record_has_its_payload",
    "every_seat_is_an_active_enrollment",
    "every_series_is_gapless",
    "positions_have_no_gap",
}

/// Rows that break an invariant: its name, and how many there are (at most 100 each).
pub async fn check(
    db: &Database,
    institution: Option<Id<Institution>>,
) -> Result<Vec<(&'static str, usize)>, Error> {
    // Over everything they take longer than the statements of requests may.
    let read = db.read_everything();
    let mut broken = Vec::new();
    for (name, sql) in INVARIANTS {
        let parameter = institution.map(Id::uuid);
        let values = sql.matches('?').map(|_| parameter.into());
        let rows = read.query_all_raw(statement(&read, sql, values)).await?;
        if !rows.is_empty() {
            broken.push((*name, rows.len()));
        }
    }
    Ok(broken)
}
