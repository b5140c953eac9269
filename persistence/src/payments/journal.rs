//! The one way into the journal: an entry is balanced, and stamped with where and when it happened.

use domain::{
    fault::{CURRENCY_MISMATCH, FieldFault},
    id::Id,
    money::Money,
    organization::{Campus, Institution},
    payments::Entry,
    text_enum::TextEnum,
};
use jiff::{civil::Date, tz::TimeZone};
use sea_orm::ConnectionTrait;

use crate::{
    Error, Handle, Tx,
    clock::{date_column, micros},
    database::{insert_many, statement},
    organization::institution::currency_of_books,
};

/// Where something happens: what of a campus is stamped on what is posted there.
#[derive(Clone, Debug)]
pub struct Desk {
    pub campus: Id<Campus>,
    pub name: String,
    pub legal_entity: String,
    pub zone: TimeZone,
    pub is_open: bool,
}

impl Desk {
    /// `None` where there is no such campus. In a transaction it is not archived before the end.
    pub async fn of(
        handle: &impl Handle,
        institution: Id<Institution>,
        campus: Id<Campus>,
    ) -> Result<Option<Self>, Error> {
        let sql = format!(
            "SELECT name, legal_entity, time_zone, archived_at FROM campuses \
             WHERE institution_id = ? AND id = ?{}",
            handle.keeping()
        );
        let values = [institution.uuid().into(), campus.uuid().into()];
        let row = handle
            .query_one_raw(statement(handle, &sql, values))
            .await?;
        row.map(|row| {
            let zone: String = row.try_get("", "time_zone")?;
            Ok(Self {
                campus,
                name: row.try_get("", "name")?,
                legal_entity: row.try_get("", "legal_entity")?,
                zone: TimeZone::get(&zone).map_err(Error::corrupt)?,
                is_open: row.try_get::<Option<i64>>("", "archived_at")?.is_none(),
            })
        })
        .transpose()
    }

    /// The day of the books.
    pub fn today(&self, tx: &Tx) -> Date {
        tx.now().to_zoned(self.zone.clone()).date()
    }
}

/// Refuses an amount in another currency than that of the books.
pub(super) async fn in_currency(
    tx: &Tx,
    institution: Id<Institution>,
    amount: Money,
    pointer: &'static str,
) -> Result<(), Error> {
    if currency_of_books(tx, institution).await? == amount.currency() {
        Ok(())
    } else {
        Err(FieldFault::new(pointer, &CURRENCY_MISMATCH).into())
    }
}

/// Posts an entry.
pub(super) async fn post(
    tx: &Tx,
    institution: Id<Institution>,
    place: &Desk,
    id: Id<Entry>,
    entry: &Entry,
) -> Result<(), Error> {
    let postings = entry
        .balanced()?
        .ok_or_else(|| Error::internal("an entry does not balance"))?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO journal_entries (institution_id, id, legal_entity, campus_id, business_date, \
         posted_at, source_kind, source_id, cause, customer_id, reversal_of) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            institution.uuid().into(),
            id.uuid().into(),
            place.legal_entity.as_str().into(),
            place.campus.uuid().into(),
            date_column(place.today(tx))?.into(),
            micros(tx.now()).into(),
            entry.source.kind().as_str().into(),
            entry.source.uuid().into(),
            entry.cause.as_str().into(),
            entry.customer.uuid().into(),
            entry.reversal_of.map(Id::uuid).into(),
        ],
    ))
    .await?;
    let rows = (1_i16..).zip(postings).map(|(line, posting)| {
        vec![
            institution.uuid().into(),
            id.uuid().into(),
            line.into(),
            posting.account.as_str().into(),
            posting.customer.uuid().into(),
            posting.side.as_str().into(),
            posting.amount.minor().into(),
            posting.amount.currency().code().into(),
        ]
    });
    insert_many(
        tx,
        (
            "journal_postings",
            "institution_id, entry_id, line, account, customer_id, side, \
         amount_minor, currency",
        ),
        "",
        rows.collect(),
    )
    .await
}
