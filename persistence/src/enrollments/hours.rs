//! The ledger of lesson hours (I-11): entries are only added, and each moves the balance of its lot,
//! which never falls below zero.

use std::collections::BTreeMap;

use domain::{
    courses::{Hours, Lesson},
    enrollments::{Enrollment, HourEntryKind},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{
    ConnectionTrait, Value,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    clock::{date_column, micros},
    database::statement,
    payments::journal::Desk,
};

/// A lot of hours.
#[derive(Debug)]
pub enum Lot {}

/// An entry of the ledger.
#[derive(Debug)]
pub enum HourEntry {}

struct HourLine {
    lot: Id<Lot>,
    kind: HourEntryKind,
    hundredths: i32,
    lesson: Option<Id<Lesson>>,
    reversal_of: Option<Id<HourEntry>>,
}

/// Hours that an enrollment comes with.
pub async fn grant(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: &Enrollment,
    place: &Desk,
) -> Result<(), Error> {
    let lot: Id<Lot> = tx.stamp().id();
    let hundredths = enrollment.hours.hundredths();
    tx.execute_raw(statement(
        tx,
        "INSERT INTO hour_lots (institution_id, id, enrollment_id, balance_hundredths, created_at) \
         VALUES (?, ?, ?, ?, ?)",
        [
            institution.uuid().into(),
            lot.uuid().into(),
            enrollment.id.uuid().into(),
            hundredths.into(),
            micros(tx.now()).into(),
        ],
    ))
    .await?;
    let entry = HourLine {
        lot,
        kind: HourEntryKind::Granted,
        hundredths,
        lesson: None,
        reversal_of: None,
    };
    post(tx, institution, enrollment, place, &entry).await?;
    Ok(())
}

/// Uses hours for a lesson, of the oldest lot that has enough; `None` where none has. The
/// enrollment is locked.
pub async fn consume(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: &Enrollment,
    lesson: Id<Lesson>,
    hours: Hours,
    place: &Desk,
) -> Result<Option<Id<HourEntry>>, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT id FROM hour_lots WHERE institution_id = ? AND enrollment_id = ? \
             AND balance_hundredths >= ? ORDER BY created_at, id LIMIT 1",
            [
                institution.uuid().into(),
                enrollment.id.uuid().into(),
                hours.hundredths().into(),
            ],
        ))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let entry = HourLine {
        lot: Id::new(row.try_get("", "id")?),
        kind: HourEntryKind::Consumed,
        hundredths: -hours.hundredths(),
        lesson: Some(lesson),
        reversal_of: None,
    };
    if !moved(tx, institution, &entry).await? {
        return Ok(None);
    }
    Ok(Some(
        post(tx, institution, enrollment, place, &entry).await?,
    ))
}

/// Gives back what an entry used. The enrollment is locked.
pub async fn give_back(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: &Enrollment,
    used: Id<HourEntry>,
    place: &Desk,
) -> Result<(), Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT lot_id, hundredths, lesson_id FROM hour_entries WHERE institution_id = ? AND id = ?",
            [institution.uuid().into(), used.uuid().into()],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("an entry of a roll call is gone"))?;
    let entry = HourLine {
        lot: Id::new(row.try_get("", "lot_id")?),
        kind: HourEntryKind::Reversed,
        hundredths: -row.try_get::<i32>("", "hundredths")?,
        lesson: row.try_get::<Option<Uuid>>("", "lesson_id")?.map(Id::new),
        reversal_of: Some(used),
    };
    moved(tx, institution, &entry).await?;
    post(tx, institution, enrollment, place, &entry).await?;
    Ok(())
}

/// Takes back what is left of what was granted; how much that was, in hundredths. The enrollment
/// is locked.
pub async fn close(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: &Enrollment,
    place: &Desk,
) -> Result<i32, Error> {
    let lots = tx
        .query_all_raw(statement(
            tx,
            "SELECT l.id, l.balance_hundredths, e.id AS granted FROM hour_lots l \
             JOIN hour_entries e ON e.institution_id = l.institution_id AND e.lot_id = l.id \
             AND e.kind = 'granted' \
             WHERE l.institution_id = ? AND l.enrollment_id = ? AND l.balance_hundredths > 0 \
             ORDER BY l.created_at, l.id",
            [institution.uuid().into(), enrollment.id.uuid().into()],
        ))
        .await?;
    let mut left = 0;
    for lot in lots {
        let balance: i32 = lot.try_get("", "balance_hundredths")?;
        let entry = HourLine {
            lot: Id::new(lot.try_get("", "id")?),
            kind: HourEntryKind::Reversed,
            hundredths: -balance,
            lesson: None,
            reversal_of: Some(Id::new(lot.try_get("", "granted")?)),
        };
        moved(tx, institution, &entry).await?;
        post(tx, institution, enrollment, place, &entry).await?;
        left += balance;
    }
    Ok(left)
}

/// Hours left, in hundredths, by enrollment.
pub async fn left(
    handle: &impl Handle,
    institution: Id<Institution>,
    enrollments: impl IntoIterator<Item = Id<Enrollment>>,
) -> Result<BTreeMap<Id<Enrollment>, i32>, Error> {
    let mut select = Sql::select();
    select
        .column("enrollment_id")
        .expr_as(
            Func::cast_as(Func::sum(Expr::col("balance_hundredths")), "bigint"),
            "left_hundredths",
        )
        .from("hour_lots")
        .and_where(Expr::col("institution_id").eq(institution.uuid()))
        .and_where(Expr::col("enrollment_id").is_in(enrollments.into_iter().map(Id::uuid)))
        .group_by_col("enrollment_id");
    handle
        .query_all(&select)
        .await?
        .iter()
        .map(|row| {
            let left: i64 = row.try_get("", "left_hundredths")?;
            let left = i32::try_from(left).map_err(Error::corrupt)?;
            Ok((Id::new(row.try_get("", "enrollment_id")?), left))
        })
        .collect()
}

/// Moves the balance of an entry's lot; `false` where it would fall below zero.
async fn moved(tx: &Tx, institution: Id<Institution>, entry: &HourLine) -> Result<bool, Error> {
    let done = tx
        .execute_raw(statement(
            tx,
            "UPDATE hour_lots SET balance_hundredths = balance_hundredths + ? \
             WHERE institution_id = ? AND id = ? AND balance_hundredths + ? >= 0",
            [
                entry.hundredths.into(),
                institution.uuid().into(),
                entry.lot.uuid().into(),
                entry.hundredths.into(),
            ],
        ))
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn post(
    tx: &Tx,
    institution: Id<Institution>,
    enrollment: &Enrollment,
    place: &Desk,
    entry: &HourLine,
) -> Result<Id<HourEntry>, Error> {
    let id: Id<HourEntry> = tx.stamp().id();
    let values: [Value; 13] = [
        institution.uuid().into(),
        id.uuid().into(),
        entry.lot.uuid().into(),
        enrollment.id.uuid().into(),
        enrollment.student.uuid().into(),
        place.campus.uuid().into(),
        place.legal_entity.as_str().into(),
        date_column(place.today(tx))?.into(),
        micros(tx.now()).into(),
        entry.kind.as_str().into(),
        entry.hundredths.into(),
        entry.lesson.map(Id::uuid).into(),
        entry.reversal_of.map(Id::uuid).into(),
    ];
    tx.execute_raw(statement(
        tx,
        "INSERT INTO hour_entries (institution_id, id, lot_id, enrollment_id, customer_id, campus_id, \
         legal_entity, business_date, posted_at, kind, hundredths, lesson_id, reversal_of) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    ))
    .await?;
    Ok(id)
}
