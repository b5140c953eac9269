//! What happened to two customers since they were made one. Counted, not timed: the time of a request is
//! when it began, and it may have waited.

use sea_orm::{ConnectionTrait, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AT_ONCE, kept::Kept};
use crate::{
    Error, Tx,
    database::{placeholders, statement},
};

/// Where things stood when two customers had just been made one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    /// The sum of the versions of the enrollments, charges and payments that went, and of the entries of
    /// hours on these.
    business: i64,
    /// Decisions on the survivor's data, wishes not to be contacted, and legal holds.
    wishes: i64,
}

impl Marks {
    /// As they are now.
    pub(super) async fn now(tx: &Tx, kept: &Kept, survivor: Uuid) -> Result<Self, Error> {
        let mut business = 0;
        for (moved, table, column, counted) in [
            (
                "enrollments.customer_id",
                "enrollments",
                "id",
                "SUM(version)",
            ),
            (
                "enrollments.customer_id",
                "hour_entries",
                "enrollment_id",
                "COUNT(*)",
            ),
            ("enrollments.payer_id", "enrollments", "id", "SUM(version)"),
            ("charges.customer_id", "charges", "id", "SUM(version)"),
            ("charges.payer_id", "charges", "id", "SUM(version)"),
            ("payments.customer_id", "payments", "id", "SUM(version)"),
        ] {
            let rows = kept.moved.get(moved).map(Vec::as_slice).unwrap_or_default();
            for part in rows.chunks(AT_ONCE) {
                let among = format!("{column} IN ({})", placeholders(part.len()));
                let ids = part.iter().map(|id| Value::from(*id)).collect();
                business += count(tx, (table, counted), &among, ids).await?;
            }
        }
        let key = || vec![Value::from(survivor)];
        let decided = count(tx, ("consents", "COUNT(*)"), "customer_id = ?", key()).await?;
        let refused = "customer_id = ? AND outcome = 'do_not_contact'";
        let refused = count(tx, ("follow_ups", "COUNT(*)"), refused, key()).await?;
        let held = count(tx, ("legal_holds", "COUNT(*)"), "customer_id = ?", key()).await?;
        let learned = ("customer_insights", "SUM(version)");
        let learned = count(tx, learned, "customer_id = ?", key()).await?;
        Ok(Self {
            business,
            wishes: decided + refused + held + learned,
        })
    }

    /// Whether business was done since these.
    pub(super) fn differ_in_business(&self, now: &Self) -> bool {
        self.business != now.business
    }

    /// Whether somebody decided on the use of the data, refused contact, or noted what was learned from outside,
    /// since these.
    pub(super) fn differ_in_wishes(&self, now: &Self) -> bool {
        self.wishes != now.wishes
    }
}

async fn count(
    tx: &Tx,
    (table, counted): (&str, &str),
    condition: &str,
    values: Vec<Value>,
) -> Result<i64, Error> {
    let sql = format!(
        "SELECT CAST({counted} AS bigint) AS counted FROM {table} WHERE institution_id = ? AND {condition}"
    );
    let institution = Value::from(tx.operation().institution.uuid());
    let values = std::iter::once(institution).chain(values);
    let row = tx.query_one_raw(statement(tx, &sql, values)).await?;
    let counted: Option<i64> = row
        .map(|row| row.try_get("", "counted"))
        .transpose()?
        .flatten();
    Ok(counted.unwrap_or(0))
}
