//! With whom a person goes, and for whose sake one stays.

use std::collections::BTreeSet;

use domain::{id::Id, organization::Institution, privacy::HOUSEHOLD_MAX};
use jiff::{Timestamp, tz::TimeZone};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, Handle,
    clock::{date_column, micros},
    database::{placeholders, statement},
    privacy::{erasure::RECORDS, person::Person},
};

/// A hold `h` that stands, or ended after `{now}`.
macro_rules! stands {
    () => {
        "(COALESCE(h.released_at, h.ends_at) IS NULL OR COALESCE(h.released_at, h.ends_at) > {now})"
    };
}

/// Rows for whose sake customer `c` is kept.
pub(super) const HELD: &[(&str, &str)] = &[
    (
        "legal_holds h",
        concat!(
            "h.institution_id = c.institution_id AND h.customer_id = c.id AND ",
            stands!()
        ),
    ),
    (
        "customer_merges m JOIN legal_holds h ON h.institution_id = m.institution_id AND h.customer_id = m.merged_id",
        concat!(
            "m.institution_id = c.institution_id AND m.now_id = c.id AND m.undone_at IS NULL AND ",
            stands!()
        ),
    ),
    // Also of relations that have ended: that they were related is part of what is held.
    (
        "customer_relations r JOIN legal_holds h ON h.institution_id = r.institution_id AND h.customer_id = r.relative_id",
        concat!(
            "r.institution_id = c.institution_id AND r.customer_id = c.id AND ",
            stands!()
        ),
    ),
    (
        "customer_relations r JOIN legal_holds h ON h.institution_id = r.institution_id AND h.customer_id = r.customer_id",
        concat!(
            "r.institution_id = c.institution_id AND r.relative_id = c.id AND ",
            stands!()
        ),
    ),
    // Whoever acted for somebody held: the words of that go with the one who acted.
    (
        "privacy_requests r JOIN legal_holds h ON h.institution_id = r.institution_id AND h.customer_id = r.customer_id",
        concat!(
            "r.institution_id = c.institution_id AND r.asked_by = c.id AND ",
            stands!()
        ),
    ),
    (
        "consents r JOIN legal_holds h ON h.institution_id = r.institution_id AND h.customer_id = r.customer_id",
        concat!(
            "r.institution_id = c.institution_id AND r.decided_by = c.id AND ",
            stands!()
        ),
    ),
];

/// Everybody who is held.
const HELD_IDS: &str = concat!(
    "SELECT h.customer_id FROM legal_holds h WHERE h.institution_id = {institution} AND ",
    stands!(),
    " UNION SELECT m.merged_id FROM customer_merges m JOIN legal_holds h ON h.institution_id = m.institution_id \
     AND h.customer_id = m.now_id WHERE m.institution_id = {institution} AND m.undone_at IS NULL AND ",
    stands!()
);

/// Whose rows stand on the trail by themselves.
const OF_HELD: &[&str] = &[
    "enrollments",
    "follow_ups",
    "taggings",
    "customer_relations",
    "consents",
    "privacy_requests",
    "legal_holds",
    "personal_data_exports",
    "disclosures",
    "customer_insights",
    "payments",
    "charges",
    "share_requests",
    "customer_collections",
    "cleaning_entries",
    "customer_filings",
    "customer_screenings",
];

/// Whether anybody of an institution is held.
pub(super) async fn is_any_held(handle: &impl Handle, about: &Person) -> Result<bool, Error> {
    let sql = format!("SELECT 1 AS found WHERE EXISTS ({HELD_IDS})");
    let row = handle.query_one_raw(about.say(handle, &sql)).await?;
    Ok(row.is_some())
}

/// Whether one record of the trail tells of a person and of somebody held: what it says goes with the one.
pub(super) async fn shares_record_with_held(
    handle: &impl Handle,
    person: &Person,
) -> Result<bool, Error> {
    let mut held = format!(
        "{HELD_IDS} UNION SELECT x.id FROM files x WHERE x.institution_id = {{institution}} \
         AND x.record_kind = 'customer' AND x.record_id IN ({HELD_IDS})"
    );
    for table in OF_HELD {
        held.push_str(&format!(
            " UNION SELECT x.id FROM {table} x WHERE x.institution_id = {{institution}} \
             AND x.customer_id IN ({HELD_IDS})"
        ));
    }
    let sql = format!(
        "SELECT 1 AS found FROM (SELECT t.target_id AS id FROM audit_targets t \
         WHERE t.institution_id = {{institution}} AND t.record_id IN ({RECORDS}) \
         UNION SELECT r.target_id FROM audit_records r \
         WHERE r.institution_id = {{institution}} AND r.id IN ({RECORDS})) AS beside \
         WHERE beside.id IN ({held}) LIMIT 1"
    );
    let row = handle.query_one_raw(person.say(handle, &sql)).await?;
    Ok(row.is_some())
}

/// Whoever is related to some people, whatever the relation, unless it was over or the other was deleted by
/// the cutoff, and whoever decided for whom; so many that a household can have, and one more.
pub(super) async fn related(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &[Uuid],
    cutoff: Timestamp,
) -> Result<BTreeSet<Uuid>, Error> {
    let list = placeholders(ids.len());
    // In no zone was the day over before.
    let day = cutoff.to_zoned(TimeZone::UTC).date();
    let day = day.yesterday().unwrap_or(day);
    let side = |own: &str, other: &str| {
        format!(
            "SELECT k.{other} AS id FROM customer_relations k JOIN customers o \
             ON o.institution_id = k.institution_id AND o.id = k.{other} \
             WHERE k.institution_id = ? AND k.{own} IN ({list}) \
             AND (k.valid_until IS NULL OR k.valid_until > ?) AND (o.deleted_at IS NULL OR o.deleted_at > ?)"
        )
    };
    let decided = |own: &str, other: &str| {
        format!(
            "SELECT k.{other} AS id FROM consents k JOIN customers o \
             ON o.institution_id = k.institution_id AND o.id = k.{other} \
             WHERE k.institution_id = ? AND k.{own} IN ({list}) AND k.customer_id <> k.decided_by \
             AND (o.deleted_at IS NULL OR o.deleted_at > ?)"
        )
    };
    let sql = format!(
        "{} UNION {} UNION {} UNION {} LIMIT {}",
        side("customer_id", "relative_id"),
        side("relative_id", "customer_id"),
        decided("customer_id", "decided_by"),
        decided("decided_by", "customer_id"),
        2 * HOUSEHOLD_MAX + 1
    );
    let whose = || {
        let ids = ids.iter().map(|id| Value::from(*id));
        [institution.uuid().into()].into_iter().chain(ids)
    };
    let (day, cutoff) = (Value::from(date_column(day)?), Value::from(micros(cutoff)));
    let of_relations = || whose().chain([day.clone(), cutoff.clone()]);
    let of_consents = || whose().chain([cutoff.clone()]);
    let relations = of_relations().chain(of_relations());
    let values = relations.chain(of_consents()).chain(of_consents());
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}
