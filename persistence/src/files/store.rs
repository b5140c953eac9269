//! What is known of files: for their owners while they belong to nothing, then for whoever reaches
//! the record.

use domain::{
    access::Principal,
    customers::Customer,
    fault::Fault,
    files::{
        FilePurpose, FileType, OF_AGREEMENT, OF_CUSTOMER, OF_PERSONAL_DATA, StoredFile,
        TAKEN_AWAY_LASTS, TEMPORARY_FILES_FULL, TemporaryRoom, UNATTACHED_LASTS,
    },
    id::Id,
    organization::{Agreement, Institution},
    privacy::PersonalDataExport,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    customers::store::opens_papers,
    database::{Change, statement, unless_stale},
    keys::{FieldKeys, SealedAt, bytes},
    scope::Page,
};

const COLUMNS: &str = "id, version, owner_id, purpose, type, name, size, sha256, record_kind, \
                       record_id, created_at, expires_at";

/// Refuses what comes when too much is waiting already: what belongs to nothing, is being received, or
/// stays only for a while. Those that come to an institution at once are let in one after the other.
pub async fn check_room(
    tx: &Tx,
    grant: &impl Writes<StoredFile>,
    room: &TemporaryRoom,
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    if tx.is_postgres() {
        let sql = "SELECT 1 AS one FROM institutions WHERE institution_id = ? FOR NO KEY UPDATE";
        tx.query_one_raw(statement(tx, sql, [institution.into()]))
            .await?;
    }
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT COUNT(CASE WHEN owner_id = ? THEN 1 END) AS files, \
             CAST(COALESCE(SUM(CASE WHEN owner_id = ? THEN size END), 0) AS bigint) AS bytes, \
             CAST(COALESCE(SUM(size), 0) AS bigint) AS institution_bytes \
             FROM files WHERE institution_id = ? AND expires_at IS NOT NULL",
            [
                grant.scope().principal().into(),
                grant.scope().principal().into(),
                institution.into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("a sum without a row"))?;
    let is_full = row.try_get::<i64>("", "files")? >= room.files
        || row.try_get::<i64>("", "bytes")? >= room.bytes
        || row.try_get::<i64>("", "institution_bytes")? >= room.institution_bytes;
    if is_full {
        return Err(Fault::new(&TEMPORARY_FILES_FULL)
            .with("files", room.files)
            .with("bytes", room.bytes)
            .with("institution_bytes", room.institution_bytes)
            .into());
    }
    Ok(())
}

/// Notes that a content of at most so many bytes is about to come, so that it is found should it never
/// be finished.
pub async fn expect(
    tx: &Tx,
    grant: &impl Writes<StoredFile>,
    id: Id<StoredFile>,
    purpose: FilePurpose,
    at_most: i64,
) -> Result<(), Error> {
    let now = tx.now();
    let until = now.saturating_add(UNATTACHED_LASTS).unwrap_or(now);
    tx.execute_raw(statement(
        tx,
        "INSERT INTO files (institution_id, id, version, owner_id, purpose, state, type, size, \
         created_at, expires_at) VALUES (?, ?, 1, ?, ?, 'receiving', 'text', ?, ?, ?)",
        [
            grant.scope().institution().uuid().into(),
            id.uuid().into(),
            grant.scope().principal().into(),
            purpose.as_str().into(),
            at_most.into(),
            micros(now).into(),
            micros(until).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Forgets a content that did not come, or came twice. Whether there is a file of it all the same.
pub async fn forget(
    tx: &Tx,
    grant: &impl Writes<StoredFile>,
    id: Id<StoredFile>,
) -> Result<bool, Error> {
    let key = [grant.scope().institution().uuid(), id.uuid()].map(Value::from);
    tx.execute_raw(statement(
        tx,
        "DELETE FROM files WHERE institution_id = ? AND id = ? AND state = 'receiving'",
        key.clone(),
    ))
    .await?;
    let left = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM files WHERE institution_id = ? AND id = ?",
            key,
        ))
        .await?;
    Ok(left.is_some())
}

/// A content that was expected is there. The caller has found the record that it belongs to within
/// the grant, if there is one.
pub async fn keep(
    tx: &Tx,
    grant: &impl Writes<StoredFile>,
    file: &StoredFile,
) -> Result<(), Error> {
    let name = tx
        .keys()
        .await?
        .seal(place(file.id.uuid()), file.name.as_bytes())?;
    let record = file.attached_to.as_ref();
    let kept = tx
        .execute_raw(statement(
            tx,
            "UPDATE files SET state = 'stored', type = ?, name = ?, size = ?, sha256 = ?, \
             record_kind = ?, record_id = ?, expires_at = ? \
             WHERE institution_id = ? AND id = ? AND state = 'receiving'",
            [
                file.kind.as_str().into(),
                bytes(name),
                file.size.into(),
                bytes(file.sha256),
                record.map(|(kind, _)| kind.as_str()).into(),
                record.map(|(_, id)| id.uuid()).into(),
                file.expires_at.map(micros).into(),
                grant.scope().institution().uuid().into(),
                file.id.uuid().into(),
            ],
        ))
        .await?;
    if kept.rows_affected() != 1 {
        return Err(Error::internal("a file was not expected"));
    }
    let kept = json!({
        "purpose": file.purpose.as_str(), "type": file.kind.as_str(), "size": file.size,
        "record_kind": record.map(|(kind, _)| kind), "record_id": record.map(|(_, id)| id),
    });
    tx.record(Change::new("file", file.id.uuid(), file.version, kept));
    Ok(())
}

/// A file of the bearer of the grant that belongs to nothing that others may reach too, unless its time is
/// over.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<StoredFile>,
    id: Id<StoredFile>,
    now: jiff::Timestamp,
) -> Result<Option<StoredFile>, Error> {
    let institution = grant.scope().institution();
    let row = handle
        .query_one_raw(statement(
            handle,
            &format!(
                "SELECT {COLUMNS} FROM files WHERE institution_id = ? AND id = ? AND owner_id = ? \
                 AND state = 'stored' AND (expires_at IS NULL OR expires_at > ?) \
                 AND (record_kind IS NULL OR record_kind NOT IN (?, ?, ?))"
            ),
            [
                institution.uuid().into(),
                id.uuid().into(),
                grant.scope().principal().into(),
                micros(now).into(),
                OF_CUSTOMER.into(),
                OF_AGREEMENT.into(),
                OF_PERSONAL_DATA.into(),
            ],
        ))
        .await?;
    match row {
        Some(row) => Ok(Some(open(&row, &*handle.keys_of(institution).await?)?)),
        None => Ok(None),
    }
}

/// The paper of an agreement: of the bearer's own, or of anybody's for whoever reads agreements.
pub async fn find_of_agreement(
    handle: &impl Handle,
    grant: &impl Reads<StoredFile>,
    reader: Option<&impl Reads<Agreement>>,
    id: Id<StoredFile>,
) -> Result<Option<StoredFile>, Error> {
    let institution = grant.scope().institution();
    let reads_all = reader.is_some_and(|reader| reader.scope().is_whole());
    let row = handle
        .query_one_raw(statement(
            handle,
            &format!(
                "SELECT {COLUMNS} FROM files WHERE institution_id = ? AND id = ? \
                 AND state = 'stored' AND record_kind = ? AND expires_at IS NULL \
                 AND EXISTS (SELECT 1 FROM staff_agreements a \
                 WHERE a.institution_id = files.institution_id AND a.id = files.record_id \
                 AND (a.staff_id = ? OR ?))"
            ),
            [
                institution.uuid().into(),
                id.uuid().into(),
                OF_AGREEMENT.into(),
                grant.scope().principal().into(),
                reads_all.into(),
            ],
        ))
        .await?;
    match row {
        Some(row) => Ok(Some(open(&row, &*handle.keys_of(institution).await?)?)),
        None => Ok(None),
    }
}

/// A document with all that is known of a person, unless its time is over. The caller has found the person
/// within reach.
pub async fn find_of_person(
    handle: &impl Handle,
    grant: &impl Reads<PersonalDataExport>,
    export: &PersonalDataExport,
    now: jiff::Timestamp,
) -> Result<Option<StoredFile>, Error> {
    let institution = grant.scope().institution();
    let sql = format!(
        "SELECT {COLUMNS} FROM files WHERE institution_id = ? AND id = ? AND record_kind = ? \
         AND record_id = ? AND state = 'stored' AND expires_at > ?"
    );
    let values: [Value; 5] = [
        institution.uuid().into(),
        export.file.uuid().into(),
        OF_PERSONAL_DATA.into(),
        export.id.uuid().into(),
        micros(now).into(),
    ];
    let row = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?;
    match row {
        Some(row) => Ok(Some(open(&row, &*handle.keys_of(institution).await?)?)),
        None => Ok(None),
    }
}

/// A file of a customer within reach, unless that is deleted.
pub async fn find_of_customer(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<StoredFile>,
) -> Result<Option<StoredFile>, Error> {
    let institution = grant.scope().institution();
    let row = handle
        .query_one_raw(statement(
            handle,
            &format!(
                "SELECT {COLUMNS} FROM files WHERE institution_id = ? AND id = ? \
                 AND state = 'stored' AND record_kind = ? AND expires_at IS NULL"
            ),
            [
                institution.uuid().into(),
                id.uuid().into(),
                OF_CUSTOMER.into(),
            ],
        ))
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let file = open(&row, &*handle.keys_of(institution).await?)?;
    Ok(match file.customer() {
        Some(customer) if opens_papers(handle, grant, customer).await? => Some(file),
        _ => None,
    })
}

/// One page of the files of a customer, which the caller has found within the grant.
pub async fn of_customer(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<StoredFile>, Error> {
    if !opens_papers(handle, grant, customer).await? {
        return Ok(Vec::new());
    }
    let institution = grant.scope().institution();
    let mut values: Vec<Value> = vec![
        institution.uuid().into(),
        customer.uuid().into(),
        OF_CUSTOMER.into(),
    ];
    let sql = format!(
        "SELECT {COLUMNS} FROM files WHERE institution_id = ? AND record_id = ? \
         AND record_kind = ? AND state = 'stored' AND expires_at IS NULL{}",
        page.ending(("created_at", "id"), &mut values)
    );
    let keys = handle.keys_of(institution).await?;
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(|row| open(row, &keys)).collect()
}

/// Takes a file from its customer, which the caller has found within the grant: nobody sees it any
/// more, and its content is removed a while later.
pub async fn take_away(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    file: &StoredFile,
) -> Result<(), Error> {
    let now = tx.now();
    let until = now.saturating_add(TAKEN_AWAY_LASTS).unwrap_or(now);
    let taken = tx
        .execute_raw(statement(
            tx,
            "UPDATE files SET version = version + 1, expires_at = ? \
             WHERE institution_id = ? AND id = ? AND version = ? AND expires_at IS NULL",
            [
                micros(until).into(),
                grant.scope().institution().uuid().into(),
                file.id.uuid().into(),
                file.version.into(),
            ],
        ))
        .await?;
    unless_stale(taken.rows_affected())?;
    let was = json!({ "record_id": file.attached_to.as_ref().map(|(_, id)| id) });
    let is = json!({ "record_id": null });
    tx.record(Change::new("file", file.id.uuid(), file.version + 1, is).before(was));
    Ok(())
}

/// Notes that a file has left in the clear, before it does.
pub fn downloaded(tx: &Tx, file: &StoredFile) {
    let what = json!({ "type": file.kind.as_str(), "size": file.size });
    tx.record(Change::new("download", file.id.uuid(), file.version, what));
}

/// Makes a file part of a record; it is kept until `expires_at`, or as long as the record.
pub async fn attach(
    tx: &Tx,
    institution: Id<Institution>,
    id: Id<StoredFile>,
    record: (&str, Uuid),
    expires_at: Option<jiff::Timestamp>,
) -> Result<bool, Error> {
    let attached = tx
        .execute_raw(statement(
            tx,
            "UPDATE files SET version = version + 1, record_kind = ?, record_id = ?, expires_at = ? \
             WHERE institution_id = ? AND id = ? AND state = 'stored' \
             AND (record_id IS NULL OR record_kind = ?)",
            [
                record.0.into(),
                record.1.into(),
                expires_at.map(micros).into(),
                institution.uuid().into(),
                id.uuid().into(),
                record.0.into(),
            ],
        ))
        .await?;
    Ok(attached.rows_affected() == 1)
}

/// Takes files whose time is over out of sight, and names them: their contents can be removed. What was taken
/// from a customer stays while a legal hold stands on it.
pub async fn expire(
    tx: &Tx,
    institution: Id<Institution>,
    limit: i64,
) -> Result<Vec<Id<StoredFile>>, Error> {
    let rows = tx
        .query_all_raw(statement(
            tx,
            "UPDATE files SET state = CASE WHEN state = 'stored' THEN 'removing' ELSE state END \
             WHERE institution_id = ? AND id IN (SELECT id FROM files WHERE institution_id = ? \
             AND expires_at <= ? AND (record_id IS NULL OR NOT EXISTS (SELECT 1 FROM legal_holds h \
             WHERE h.institution_id = files.institution_id AND h.customer_id = files.record_id \
             AND h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > ?))) \
             ORDER BY expires_at LIMIT ?) RETURNING id",
            [
                institution.uuid().into(),
                institution.uuid().into(),
                micros(tx.now()).into(),
                micros(tx.now()).into(),
                limit.into(),
            ],
        ))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "id")?)))
        .collect()
}

/// Removes what is known of files whose contents are gone.
pub async fn remove(
    tx: &Tx,
    institution: Id<Institution>,
    files: &[Id<StoredFile>],
) -> Result<(), Error> {
    for file in files {
        tx.execute_raw(statement(
            tx,
            "DELETE FROM files WHERE institution_id = ? AND id = ? AND expires_at <= ?",
            [
                institution.uuid().into(),
                file.uuid().into(),
                micros(tx.now()).into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

fn place(file: Uuid) -> SealedAt {
    SealedAt {
        table: "files",
        column: "name",
        row: file,
    }
}

fn open(row: &QueryResult, keys: &FieldKeys) -> Result<StoredFile, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let purpose: String = row.try_get("", "purpose")?;
    let kind: String = row.try_get("", "type")?;
    let name: Vec<u8> = row.try_get("", "name")?;
    let sha256: Vec<u8> = row.try_get("", "sha256")?;
    let record_kind: Option<String> = row.try_get("", "record_kind")?;
    let record: Option<Uuid> = row.try_get("", "record_id")?;
    Ok(StoredFile {
        id: Id::new(id),
        version: row.try_get("", "version")?,
        owner: Id::<Principal>::new(row.try_get("", "owner_id")?),
        purpose: FilePurpose::parse(&purpose).ok_or_else(|| Error::corrupt("file purpose"))?,
        kind: FileType::parse(&kind).ok_or_else(|| Error::corrupt("file type"))?,
        name: String::from_utf8(keys.open(place(id), &name)?).map_err(Error::corrupt)?,
        size: row.try_get("", "size")?,
        sha256: sha256
            .try_into()
            .map_err(|_| Error::corrupt("file digest"))?,
        attached_to: record_kind.zip(record.map(Id::new)),
        created_at: timestamp(row.try_get("", "created_at")?)?,
        expires_at: row
            .try_get::<Option<i64>>("", "expires_at")?
            .map(timestamp)
            .transpose()?,
    })
}
