//! Notices that people read before they agree.

use domain::{
    customers::Purpose,
    id::Id,
    organization::{Institution, Locale},
    privacy::PrivacyNotice,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use super::NOTICE_PUBLISHED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, alone, statement},
    scope::Page,
};

const COLUMNS: &str = "id, purpose, revision, language, title, text, asks_anew, published_at";

fn notice(row: &QueryResult) -> Result<PrivacyNotice, Error> {
    let purpose: String = row.try_get("", "purpose")?;
    let language: String = row.try_get("", "language")?;
    Ok(PrivacyNotice {
        id: Id::new(row.try_get("", "id")?),
        purpose: Purpose::parse(&purpose).ok_or_else(|| Error::corrupt(Purpose::NAME))?,
        revision: row.try_get("", "revision")?,
        language: Locale::parse(&language).ok_or_else(|| Error::corrupt(Locale::NAME))?,
        title: row.try_get("", "title")?,
        text: row.try_get("", "text")?,
        asks_anew: row.try_get("", "asks_anew")?,
        published_at: timestamp(row.try_get("", "published_at")?)?,
    })
}

/// One page of the notices of some purposes, or of all where there are none.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<PrivacyNotice>,
    purposes: &[Purpose],
    page: &Page,
) -> Result<Vec<PrivacyNotice>, Error> {
    let mut values: Vec<Value> = vec![grant.scope().institution().uuid().into()];
    values.extend(purposes.iter().map(|purpose| purpose.as_str().into()));
    let among = match purposes.len() {
        0 => String::new(),
        some => format!(" AND purpose IN ({})", crate::database::placeholders(some)),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM privacy_notices WHERE institution_id = ?{among}{}",
        page.ending(("published_at", "id"), &mut values)
    );
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(notice).collect()
}

pub async fn find(
    handle: &impl Handle,
    institution: Id<Institution>,
    id: Id<PrivacyNotice>,
) -> Result<Option<PrivacyNotice>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM privacy_notices WHERE institution_id = ? AND id = ?");
    let key = [institution.uuid(), id.uuid()].map(Value::from);
    let row = handle.query_one_raw(statement(handle, &sql, key)).await?;
    row.as_ref().map(notice).transpose()
}

/// The last notice of a purpose that asks for consent anew, and when it was published.
pub type Renewal = (Purpose, Id<PrivacyNotice>, Timestamp);

/// Of each purpose the last notice that asks for consent anew.
pub async fn renewals(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Vec<Renewal>, Error> {
    let sql = "SELECT n.purpose, n.id, n.published_at FROM privacy_notices n \
               JOIN (SELECT purpose, MAX(revision) AS revision FROM privacy_notices \
               WHERE institution_id = ? AND asks_anew GROUP BY purpose) last \
               ON last.purpose = n.purpose AND last.revision = n.revision WHERE n.institution_id = ?";
    let values = [institution.uuid(), institution.uuid()].map(Value::from);
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    let renewal = |row: &QueryResult| {
        let purpose: String = row.try_get("", "purpose")?;
        Ok((
            Purpose::parse(&purpose).ok_or_else(|| Error::corrupt(Purpose::NAME))?,
            Id::new(row.try_get("", "id")?),
            timestamp(row.try_get("", "published_at")?)?,
        ))
    };
    rows.iter().map(renewal).collect()
}

/// The last revision of a purpose; 0 where there is none. Of these one is published at a time.
pub async fn last_revision(
    tx: &Tx,
    grant: &impl Writes<PrivacyNotice>,
    purpose: Purpose,
) -> Result<i64, Error> {
    alone(tx, "privacy_notices").await?;
    let sql = "SELECT MAX(revision) AS last FROM privacy_notices WHERE institution_id = ? AND purpose = ?";
    let values: [Value; 2] = [
        grant.scope().institution().uuid().into(),
        purpose.as_str().into(),
    ];
    let row = tx.query_one_raw(statement(tx, sql, values)).await?;
    let last: Option<i64> = match row {
        Some(row) => row.try_get("", "last")?,
        None => None,
    };
    Ok(last.unwrap_or(0))
}

/// Writes a notice.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<PrivacyNotice>,
    notice: &PrivacyNotice,
) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO privacy_notices (institution_id, {COLUMNS}, published_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let values: [Value; 10] = [
        grant.scope().institution().uuid().into(),
        notice.id.uuid().into(),
        notice.purpose.as_str().into(),
        notice.revision.into(),
        notice.language.as_str().into(),
        notice.title.clone().into(),
        notice.text.clone().into(),
        notice.asks_anew.into(),
        micros(notice.published_at).into(),
        tx.operation().actor.recorder().into(),
    ];
    tx.execute_raw(statement(tx, &sql, values)).await?;
    let is = json!({
        "purpose": notice.purpose.as_str(),
        "revision": notice.revision,
        "language": notice.language.as_str(),
        "title": notice.title,
        "asks_anew": notice.asks_anew,
    });
    let data = json!({
        "purpose": notice.purpose.as_str(),
        "revision": notice.revision,
        "asks_anew": notice.asks_anew,
    });
    let change = Change::new("privacy_notice", notice.id.uuid(), 1, is);
    tx.record(change.event(&NOTICE_PUBLISHED, data));
    Ok(())
}
