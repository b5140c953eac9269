//! The row of the institution itself.

use domain::{
    fault::{Fault, NOT_FOUND},
    id::Id,
    money::Currency,
    organization::{Institution, InstitutionProfile, Locale},
    text_enum::TextEnum,
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::INSTITUTION_CHANGED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    audit::difference,
    clock::timestamp,
    database::{Change, statement, unless_stale},
    reference::{access_changed, writable},
};

pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Institution>,
) -> Result<Institution, Error> {
    read(handle, grant.scope(), "").await
}

/// The institution about to be changed. Until the transaction ends, nobody keeps an amount in it in
/// the currency that it has now: see [`currency_of_books`].
pub async fn lock(tx: &Tx, grant: &impl Writes<Institution>) -> Result<Institution, Error> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    read(tx, grant.scope(), lock).await
}

async fn read(handle: &impl Handle, scope: &Scope, lock: &str) -> Result<Institution, Error> {
    if !scope.is_whole() {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    let institution = scope.institution();
    let sql = format!(
        "SELECT version, code, name, time_zone, currency, locale, created_at FROM institutions \
         WHERE institution_id = ?{lock}"
    );
    let row = handle
        .query_one_raw(statement(handle, &sql, [institution.uuid().into()]))
        .await?
        .ok_or_else(|| Error::corrupt("no institution"))?;
    let (currency, locale): (String, String) =
        (row.try_get("", "currency")?, row.try_get("", "locale")?);
    Ok(Institution {
        id: institution,
        version: row.try_get("", "version")?,
        code: row.try_get("", "code")?,
        profile: InstitutionProfile {
            name: row.try_get("", "name")?,
            time_zone: row.try_get("", "time_zone")?,
            currency: currency.parse().map_err(|_| Error::corrupt("currency"))?,
            locale: Locale::parse(&locale).ok_or_else(|| Error::corrupt("locale"))?,
        },
        created_at: timestamp(row.try_get("", "created_at")?)?,
    })
}

/// Writes a changed institution over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<Institution>,
    before: &Institution,
    after: &Institution,
) -> Result<(), Error> {
    let institution = writable(grant.scope(), None)?;
    let profile = &after.profile;
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE institutions SET name = ?, time_zone = ?, currency = ?, locale = ?, version = ? \
             WHERE institution_id = ? AND version = ?",
            [
                profile.name.as_str().into(),
                profile.time_zone.as_str().into(),
                profile.currency.code().into(),
                profile.locale.as_str().into(),
                after.version.into(),
                institution.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    // Authorities carry it.
    if profile.locale != before.profile.locale {
        access_changed(tx).await?;
    }
    let (was, is) = difference(Some(&fields(before)), &fields(after), &[]);
    let data = json!({ "changed": is.as_object().map(|o| o.keys().collect::<Vec<_>>()) });
    let change = Change::new("institution", institution.uuid(), after.version, is);
    tx.record(change.before(was).event(&INSTITUTION_CHANGED, data));
    Ok(())
}

fn fields(institution: &Institution) -> Value {
    let profile = &institution.profile;
    json!({
        "name": profile.name,
        "time_zone": profile.time_zone,
        "currency": profile.currency.code(),
        "locale": profile.locale.as_str(),
    })
}

/// Whether prices or books are kept already: whatever else has an amount hangs on one of these.
pub async fn has_amounts(tx: &Tx) -> Result<bool, Error> {
    let institution = tx.operation().institution.uuid();
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM courses WHERE institution_id = ?) \
             OR EXISTS (SELECT 1 FROM charges WHERE institution_id = ?) \
             OR EXISTS (SELECT 1 FROM payments WHERE institution_id = ?)",
            [institution.into(), institution.into(), institution.into()],
        ))
        .await?;
    Ok(row.is_some())
}

/// The currency of an institution's books.
pub async fn currency(
    handle: &impl Handle,
    institution: Id<Institution>,
) -> Result<Currency, Error> {
    currency_under(handle, institution, "").await
}

/// The same, for an amount that is about to be kept: it stays until the transaction ends. Every record
/// on the trail takes this lock too, by its foreign key.
pub async fn currency_of_books(tx: &Tx, institution: Id<Institution>) -> Result<Currency, Error> {
    currency_under(tx, institution, tx.keeping()).await
}

async fn currency_under(
    handle: &impl Handle,
    institution: Id<Institution>,
    lock: &str,
) -> Result<Currency, Error> {
    let sql = format!("SELECT currency FROM institutions WHERE institution_id = ?{lock}");
    let row = handle
        .query_one_raw(statement(handle, &sql, [institution.uuid().into()]))
        .await?
        .ok_or_else(|| Error::corrupt("no institution"))?;
    let code: String = row.try_get("", "currency")?;
    code.parse().map_err(|_| Error::corrupt("currency"))
}
