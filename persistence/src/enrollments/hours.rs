//! The ledger of lesson hours (I-11): entries are only added, and each moves the balance of its lot,
//! which never falls below zero.

use std::collections::BTreeMap;

use domain::{
    courses::{Hours, Lesson},
    enrollments::{Enrollment, HourEntryKind},
    id::Id,
    organization::{Campus, Institution},
    text_enum::TextEnum,
};
use jiff::{Timestamp, civil::Date};
use sea_orm::{
    ConnectionTrait, QueryResult, Value,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    clock::{date, date_column, micros, timestamp},
    database::statement,
    payments::journal::Desk,
    scope::Page,
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

/// An entry as it was posted, with what was left after it.
#[derive(Clone, Debug)]
pub struct PostedHours {
    pub id: Id<HourEntry>,
    pub kind: HourEntryKind,
    /// Below zero where hours were taken.
    pub hundredths: i32,
    /// Hours left after it, in hundredths.
    pub left_hundredths: i32,
    pub lesson: Option<Id<Lesson>>,
    pub lesson_starts_at: Option<Timestamp>,
    pub reversal_of: Option<Id<HourEntry>>,
    /// Where it happened.
    pub campus: Id<Campus>,
    pub business_date: Date,
    pub posted_at: Timestamp,
}

/// One page of the ledger of an enrollment that the caller has found within reach.
pub async fn entries(
    handle: &impl Handle,
    institution: Id<Institution>,
    enrollment: Id<Enrollment>,
    page: &Page,
) -> Result<Vec<PostedHours>, Error> {
    let mut values = vec![institution.uuid().into(), enrollment.uuid().into()];
    let sql = format!(
        "SELECT * FROM (SELECT e.id, e.kind, e.hundredths, e.lesson_id, e.reversal_of, e.campus_id,          e.business_date, e.posted_at, s.starts_at, CAST(sum(e.hundredths)          OVER (ORDER BY e.posted_at, e.id) AS bigint) AS left_hundredths          FROM hour_lots l          JOIN hour_entries e ON e.institution_id = l.institution_id AND e.lot_id = l.id          LEFT JOIN lessons s ON s.institution_id = e.institution_id AND s.id = e.lesson_id          WHERE l.institution_id = ? AND l.enrollment_id = ?) AS ledger WHERE TRUE{}",
        page.ending(("posted_at", "id"), &mut values)
    );
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(posted).collect()
}

fn posted(row: &QueryResult) -> Result<PostedHours, Error> {
    let kind: String = row.try_get("", "kind")?;
    let left: i64 = row.try_get("", "left_hundredths")?;
    let lesson: Option<Uuid> = row.try_get("", "lesson_id")?;
    let starts_at: Option<i64> = row.try_get("", "starts_at")?;
    let reversal_of: Option<Uuid> = row.try_get("", "reversal_of")?;
    Ok(PostedHours {
        id: Id::new(row.try_get("", "id")?),
        kind: HourEntryKind::parse(&kind).ok_or_else(|| Error::corrupt(HourEntryKind::NAME))?,
        hundredths: row.try_get("", "hundredths")?,
        left_hundredths: i32::try_from(left).map_err(Error::corrupt)?,
        lesson: lesson.map(Id::new),
        lesson_starts_at: starts_at.map(timestamp).transpose()?,
        reversal_of: reversal_of.map(Id::new),
        campus: Id::new(row.try_get("", "campus_id")?),
        business_date: date(row.try_get("", "business_date")?)?,
        posted_at: timestamp(row.try_get("", "posted_at")?)?,
    })
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
