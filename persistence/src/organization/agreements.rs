//! Rows of confidentiality agreements, and who lacks one that a role demands.

use std::collections::BTreeSet;

use domain::{
    access::Principal,
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::{Agreement, AgreementText, Institution, Staff},
};
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::json;
use uuid::Uuid;

use super::{AGREEMENT_RECORDED, role_rules::HELD_ROLES};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{date, date_column, micros, timestamp},
    database::{Change, statement, unless_stale},
    reference::{access_changed, writable},
};

const COLUMNS: &str = "id, staff_id, text_version, signed_on, file_id, recorded_by, recorded_at";

/// People with a role that demands the agreement, who have not signed the version that counts.
fn unsigned() -> String {
    format!(
        "FROM {HELD_ROLES} h \
         JOIN roles r ON r.institution_id = h.institution_id AND r.id = h.role_id \
         AND r.requires_agreement AND r.archived_at IS NULL \
         JOIN institutions i ON i.institution_id = h.institution_id \
         JOIN staff s ON s.institution_id = h.institution_id AND s.id = h.principal_id \
         WHERE h.institution_id = ? AND NOT EXISTS (SELECT 1 FROM staff_agreements a \
         WHERE a.institution_id = h.institution_id AND a.staff_id = h.principal_id \
         AND a.text_version >= i.agreement_version)"
    )
}

/// The version that a principal has to sign before it can do anything; `None` where it lacks
/// nothing.
pub async fn missing(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
) -> Result<Option<i64>, Error> {
    let sql = format!(
        "SELECT i.agreement_version {} AND h.principal_id = ? LIMIT 1",
        unsigned()
    );
    let values = [institution.uuid().into(), principal.uuid().into()];
    let row = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    row.map(|row| Ok(row.try_get("", "agreement_version")?))
        .transpose()
}

/// Everybody of the operation's institution who can't do anything for lack of an agreement.
pub async fn shut_out(tx: &Tx) -> Result<BTreeSet<Id<Staff>>, Error> {
    let sql = format!("SELECT DISTINCT h.principal_id {}", unsigned());
    let values = [tx.operation().institution.uuid().into()];
    let rows = tx.query_all_raw(statement(tx, &sql, values)).await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "principal_id")?)))
        .collect()
}

/// The version of the text that counts.
pub async fn text(
    handle: &impl Handle,
    grant: &impl Reads<AgreementText>,
) -> Result<AgreementText, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT agreement_version FROM institutions WHERE institution_id = ?",
            [grant.scope().institution().uuid().into()],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("no institution"))?;
    Ok(AgreementText {
        version: row.try_get("", "agreement_version")?,
    })
}

/// Puts another version of the text into force.
pub async fn set_text(
    tx: &Tx,
    grant: &impl Writes<AgreementText>,
    before: AgreementText,
    after: AgreementText,
) -> Result<(), Error> {
    let institution = writable(grant.scope(), None)?.uuid();
    access_changed(tx).await?;
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE institutions SET agreement_version = ?, version = version + 1 \
             WHERE institution_id = ? AND agreement_version = ?",
            [
                after.version.into(),
                institution.into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    let (was, is) = (
        json!({ "version": before.version }),
        json!({ "version": after.version }),
    );
    tx.record(Change::new("agreement_text", institution, after.version, is).before(was));
    Ok(())
}

/// What a person has signed, newest first; at most 200.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Agreement>,
    staff: Id<Staff>,
) -> Result<Vec<Agreement>, Error> {
    let scope = grant.scope();
    if !scope.is_whole() {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    let rows = handle
        .query_all_raw(statement(
            handle,
            &format!(
                "SELECT {COLUMNS} FROM staff_agreements WHERE institution_id = ? AND staff_id = ? \
                 ORDER BY recorded_at DESC, id DESC LIMIT 200"
            ),
            [scope.institution().uuid().into(), staff.uuid().into()],
        ))
        .await?;
    rows.iter().map(agreement).collect()
}

/// One of what a person has signed.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Agreement>,
    staff: Id<Staff>,
    id: Id<Agreement>,
) -> Result<Option<Agreement>, Error> {
    let scope = grant.scope();
    if !scope.is_whole() {
        return Ok(None);
    }
    let row = handle
        .query_one_raw(statement(
            handle,
            &format!(
                "SELECT {COLUMNS} FROM staff_agreements \
                 WHERE institution_id = ? AND staff_id = ? AND id = ?"
            ),
            [
                scope.institution().uuid().into(),
                staff.uuid().into(),
                id.uuid().into(),
            ],
        ))
        .await?;
    row.as_ref().map(agreement).transpose()
}

fn agreement(row: &QueryResult) -> Result<Agreement, Error> {
    Ok(Agreement {
        id: Id::new(row.try_get("", "id")?),
        staff: Id::new(row.try_get("", "staff_id")?),
        version: row.try_get("", "text_version")?,
        signed_on: date(row.try_get("", "signed_on")?)?,
        file: row.try_get::<Option<Uuid>>("", "file_id")?.map(Id::new),
        recorded_by: Id::new(row.try_get("", "recorded_by")?),
        recorded_at: timestamp(row.try_get("", "recorded_at")?)?,
    })
}

/// Records a signature: what waited for it is open at once.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Agreement>,
    agreement: &Agreement,
) -> Result<(), Error> {
    let institution = writable(grant.scope(), None)?.uuid();
    tx.execute_raw(statement(
        tx,
        "INSERT INTO staff_agreements (institution_id, id, staff_id, text_version, signed_on, file_id, \
         recorded_by, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            institution.into(),
            agreement.id.uuid().into(),
            agreement.staff.uuid().into(),
            agreement.version.into(),
            date_column(agreement.signed_on)?.into(),
            agreement.file.map(Id::uuid).into(),
            agreement.recorded_by.uuid().into(),
            micros(agreement.recorded_at).into(),
        ],
    ))
    .await?;
    tx.access_changed();
    tx.execute_raw(statement(
        tx,
        "UPDATE principals SET version = version + 1 WHERE institution_id = ? AND id = ?",
        [institution.into(), agreement.staff.uuid().into()],
    ))
    .await?;
    let fields = json!({
        "staff_id": agreement.staff,
        "version": agreement.version,
        "signed_on": agreement.signed_on.to_string(),
        "file_id": agreement.file,
    });
    let data = json!({ "staff_id": agreement.staff, "version": agreement.version });
    let change = Change::new("staff_agreement", agreement.id.uuid(), 1, fields);
    tx.record(change.event(&AGREEMENT_RECORDED, data));
    Ok(())
}
