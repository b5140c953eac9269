//! What hangs on a customer.
//!
//! Two lists that every table joins when it is made; a test compares both with the schema.

use domain::customers::{Customer, TimelineKind};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use crate::{
    Error, Tx,
    clock::micros,
    database::{placeholders, statement},
};

/// A table whose rows carry the holder and the campus of their customer, so that a list of them is
/// one key range a branch. A deferred foreign key refuses the commit where one was forgotten.
#[derive(Debug)]
pub struct Child {
    pub table: &'static str,
    /// Rows for whose sake the customer can't be deleted, as a condition.
    pub keeps: Option<&'static str>,
    /// Whether its `deleted_at` follows the customer's.
    pub hides: bool,
    pub shown: OnTimeline,
}

/// How the rows of a table stand on the timeline of their customer.
#[derive(Debug)]
pub enum OnTimeline {
    /// Each as one entry; expressions over its columns, `NULL` where there is nothing to say.
    As {
        kind: TimelineKind,
        /// The permission within whose reach they are.
        permission: &'static str,
        /// When it happened, in microseconds. With the id it is an index behind the customer's id.
        at: &'static str,
        /// The principal who did it.
        actor: &'static str,
        text: &'static str,
        /// In minor units of `currency`.
        amount: &'static str,
        currency: &'static str,
        /// Which of them, as a condition.
        only: &'static str,
        /// Whether it no longer holds, as a condition.
        ended: &'static str,
    },
    /// Not at all: another table tells the same, or nothing happened.
    Elsewhere,
}

/// Every such table, in the order in which their rows are locked everywhere: payments before the
/// charges that they settle.
pub static CHILDREN: &[&Child] = &[
    &crate::enrollments::CHILD,
    &crate::follow_ups::CHILD,
    &crate::tags::CHILD,
    &crate::payments::PAYMENTS,
    &crate::payments::CHARGES,
    &crate::payments::BALANCES,
    &super::document::CHILD,
    &crate::access::share_requests::CHILD,
    &super::cleaning::CHILD,
    &super::filings::CHILD,
];

/// What keeps a customer that is named as payer from being deleted: table and condition.
const PAID_FOR: &[(&str, &str)] = &[
    ("charges", "outstanding_minor > 0"),
    ("enrollments", "status = 'active'"),
];

/// A column that names a customer.
#[derive(Debug)]
pub struct Pointer {
    pub table: &'static str,
    pub column: &'static str,
    pub merge: OnMerge,
}

/// What becomes of the rows that name a customer when it is merged into another.
#[derive(Debug)]
pub enum OnMerge {
    /// They name the survivor; but for those that meet a condition over the row `r` and the survivor
    /// `?`: these it has already.
    Moves { unless: Option<&'static str> },
    /// They were posted, or tell what was; or they are hidden with it.
    Stays,
    /// They end.
    Ends,
    /// They are added up.
    Sums,
}

const fn pointer(table: &'static str, column: &'static str, merge: OnMerge) -> Pointer {
    Pointer {
        table,
        column,
        merge,
    }
}

const MOVES: OnMerge = OnMerge::Moves { unless: None };

/// Everything that refers to a customer, for transfer, merge, erasure and the export of one person. Its
/// files are not here: they name it by kind and id, as any other record. In the order in which rows are
/// locked everywhere.
pub static POINTERS: &[Pointer] = &[
    pointer("enrollments", "customer_id", MOVES),
    pointer("enrollments", "payer_id", MOVES),
    pointer("follow_ups", "customer_id", MOVES),
    pointer(
        "taggings",
        "customer_id",
        OnMerge::Moves {
            unless: Some(
                "r.taken_off_at IS NULL AND EXISTS (SELECT 1 FROM taggings s \
             WHERE s.institution_id = r.institution_id AND s.customer_id = ? AND s.tag_id = r.tag_id \
             AND s.taken_off_at IS NULL)",
            ),
        },
    ),
    pointer(
        "customer_relations",
        "customer_id",
        OnMerge::Moves {
            unless: Some(
                "r.relative_id = ? OR (r.valid_until IS NULL AND EXISTS (SELECT 1 FROM customer_relations s \
             WHERE s.institution_id = r.institution_id AND s.customer_id = ? AND s.role = r.role \
             AND s.valid_until IS NULL AND (s.relative_id = r.relative_id OR r.role = 'referrer'))) \
             OR (r.role IN ('sibling', 'spouse') AND r.valid_until IS NULL AND EXISTS (SELECT 1 FROM customer_relations s \
             WHERE s.institution_id = r.institution_id AND s.relative_id = ? AND s.role = r.role \
             AND s.valid_until IS NULL AND s.customer_id = r.relative_id))",
            ),
        },
    ),
    pointer(
        "customer_relations",
        "relative_id",
        OnMerge::Moves {
            unless: Some(
                "r.customer_id = ? OR (r.valid_until IS NULL AND EXISTS (SELECT 1 FROM customer_relations s \
             WHERE s.institution_id = r.institution_id AND s.relative_id = ? AND s.role = r.role \
             AND s.valid_until IS NULL AND s.customer_id = r.customer_id)) \
             OR (r.role IN ('sibling', 'spouse') AND r.valid_until IS NULL AND EXISTS (SELECT 1 FROM customer_relations s \
             WHERE s.institution_id = r.institution_id AND s.customer_id = ? AND s.role = r.role \
             AND s.valid_until IS NULL AND s.relative_id = r.customer_id))",
            ),
        },
    ),
    pointer("consents", "customer_id", MOVES),
    pointer("consents", "decided_by", MOVES),
    pointer("disclosures", "customer_id", MOVES),
    pointer("customer_insights", "customer_id", MOVES),
    pointer("privacy_requests", "customer_id", MOVES),
    pointer("privacy_requests", "asked_by", MOVES),
    pointer("legal_holds", "customer_id", MOVES),
    pointer("personal_data_exports", "customer_id", MOVES),
    pointer("payments", "customer_id", MOVES),
    pointer("charges", "customer_id", MOVES),
    pointer("charges", "payer_id", MOVES),
    pointer("customer_balances", "customer_id", OnMerge::Sums),
    pointer("customer_shares", "customer_id", OnMerge::Ends),
    pointer("share_requests", "customer_id", OnMerge::Ends),
    pointer("customer_collections", "customer_id", MOVES),
    // What the survivor has no value for.
    pointer(
        "custom_values",
        "record_id",
        OnMerge::Moves {
            unless: Some(
                "EXISTS (SELECT 1 FROM custom_values s WHERE s.institution_id = r.institution_id \
             AND s.record_id = ? AND s.field_id = r.field_id)",
            ),
        },
    ),
    // The survivor keeps its own.
    pointer("customer_details", "customer_id", OnMerge::Stays),
    pointer("customer_upkeep", "customer_id", OnMerge::Stays),
    pointer(
        "customer_photos",
        "customer_id",
        OnMerge::Moves {
            unless: Some(
                "EXISTS (SELECT 1 FROM customer_photos s WHERE s.institution_id = r.institution_id \
             AND s.customer_id = ?)",
            ),
        },
    ),
    // The survivor is looked at by itself.
    pointer("cleaning_entries", "customer_id", OnMerge::Stays),
    pointer("cleaning_entries", "twin_id", OnMerge::Stays),
    // What was said of the survivor counts; where nothing was, what was said of the other does.
    pointer(
        "customer_screenings",
        "customer_id",
        OnMerge::Moves {
            unless: Some(
                "EXISTS (SELECT 1 FROM customer_screenings s WHERE s.institution_id = r.institution_id \
             AND s.customer_id = ?)",
            ),
        },
    ),
    // What was filed was one of the two.
    pointer("customer_filings", "customer_id", OnMerge::Stays),
    pointer("contact_index", "customer_id", OnMerge::Stays),
    pointer("search_documents", "customer_id", OnMerge::Stays),
    pointer("customer_merges", "survivor_id", OnMerge::Stays),
    pointer("customer_merges", "merged_id", OnMerge::Stays),
    pointer("customer_merges", "now_id", OnMerge::Stays),
    pointer("erased_customers", "customer_id", OnMerge::Stays),
    pointer("erasures", "customer_id", OnMerge::Stays),
    pointer("hour_entries", "customer_id", OnMerge::Stays),
    pointer("import_customers", "customer_id", OnMerge::Stays),
    pointer("import_rows", "customer_id", OnMerge::Stays),
    pointer("journal_entries", "customer_id", OnMerge::Stays),
    pointer("journal_postings", "customer_id", OnMerge::Stays),
    pointer("purchases", "beneficiary_id", OnMerge::Stays),
    pointer("purchases", "payer_id", OnMerge::Stays),
];

/// Moves what belongs to a customer along with it.
pub(super) async fn follow(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    for child in CHILDREN {
        let sql = format!(
            "UPDATE {} SET holder_id = ?, customer_campus_id = ? \
             WHERE institution_id = ? AND customer_id = ?",
            child.table
        );
        tx.execute_raw(statement(
            tx,
            &sql,
            [
                customer.holder.uuid().into(),
                customer.campus.uuid().into(),
                tx.operation().institution.uuid().into(),
                customer.id.uuid().into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// Hides what belongs to a customer that was hidden, or shows it again.
pub(super) async fn hide(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    for child in CHILDREN.iter().filter(|child| child.hides) {
        let sql = format!(
            "UPDATE {} SET deleted_at = ? WHERE institution_id = ? AND customer_id = ?",
            child.table
        );
        tx.execute_raw(statement(
            tx,
            &sql,
            [
                customer.deleted_at.map(micros).into(),
                tx.operation().institution.uuid().into(),
                customer.id.uuid().into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// Hides what belongs to customers that were hidden at one moment, or shows it again.
pub(super) async fn hide_all(
    tx: &Tx,
    ids: &[Uuid],
    deleted_at: Option<Timestamp>,
) -> Result<(), Error> {
    for child in CHILDREN.iter().filter(|child| child.hides) {
        let sql = format!(
            "UPDATE {} SET deleted_at = ? WHERE institution_id = ? AND customer_id IN ({})",
            child.table,
            placeholders(ids.len())
        );
        let mut values: Vec<Value> = vec![
            deleted_at.map(micros).into(),
            tx.operation().institution.uuid().into(),
        ];
        values.extend(ids.iter().map(|id| Value::from(*id)));
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    Ok(())
}

/// Whether something keeps a customer from being deleted. Its row is locked: nothing new comes.
pub(super) async fn is_kept(tx: &Tx, customer: &Customer) -> Result<bool, Error> {
    let own = CHILDREN
        .iter()
        .filter_map(|child| Some((child.table, "customer_id", child.keeps?)));
    let paid_for = PAID_FOR
        .iter()
        .map(|(table, condition)| (*table, "payer_id", *condition));
    for (table, column, condition) in own.chain(paid_for) {
        let sql = format!(
            "SELECT 1 AS found FROM {table} \
             WHERE institution_id = ? AND {column} = ? AND ({condition}) LIMIT 1"
        );
        let found = tx
            .query_one_raw(statement(
                tx,
                &sql,
                [
                    tx.operation().institution.uuid().into(),
                    customer.id.uuid().into(),
                ],
            ))
            .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
