//! Passwords, as their hashes.

use domain::{
    access::Principal,
    id::Id,
    organization::{Institution, LogInName},
};
use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    clock::{micros, timestamp},
    database::statement,
    organization::phones,
};

/// What a log-in is checked against.
#[derive(Clone)]
pub struct Credentials {
    pub institution: Id<Institution>,
    pub principal: Id<Principal>,
    /// The one name of the account, whichever was presented.
    pub user_name: String,
    /// PHC string.
    pub password_hash: String,
}

/// The credentials of an active person, by institution code and by user name or phone. Whether there
/// are any makes no difference to what is done for it.
pub async fn find(
    handle: &impl Handle,
    institution_code: &str,
    name: &LogInName,
) -> Result<Option<Credentials>, Error> {
    let institution = active(handle, institution_code).await?;
    let digest = match (institution, name.phone()) {
        (Some(institution), Some(phone)) => {
            let keys = handle.keys_of(institution).await?;
            Some(phones::digest(&keys, phone)?.to_vec())
        }
        _ => None,
    };
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT c.institution_id, c.principal_id, s.user_name, c.password_hash FROM staff s \
             JOIN principals p ON p.institution_id = s.institution_id AND p.id = s.id \
             JOIN credentials c ON c.institution_id = p.institution_id AND c.principal_id = p.id \
             WHERE s.institution_id = ? AND (s.user_name = ? OR s.phone_digest = ?) \
             AND p.status = 'active' ORDER BY CASE WHEN s.user_name = ? THEN 0 ELSE 1 END LIMIT 1",
            [
                institution.map_or_else(Uuid::nil, Id::uuid).into(),
                name.user_name().into(),
                digest.into(),
                name.user_name().into(),
            ],
        ))
        .await?;
    row.map(|row| {
        Ok(Credentials {
            institution: Id::new(row.try_get("", "institution_id")?),
            principal: Id::new(row.try_get("", "principal_id")?),
            user_name: row.try_get("", "user_name")?,
            password_hash: row.try_get("", "password_hash")?,
        })
    })
    .transpose()
}

/// The institution of this code, unless it is suspended.
async fn active(handle: &impl Handle, code: &str) -> Result<Option<Id<Institution>>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT institution_id FROM institutions WHERE code = ? AND status = 'active'",
            [code.into()],
        ))
        .await?;
    row.map(|row| Ok(Id::new(row.try_get("", "institution_id")?)))
        .transpose()
}

/// What the change of a password is checked against.
pub struct Account {
    pub institution_code: String,
    pub user_name: String,
    /// PHC string.
    pub password_hash: String,
    /// Names of the person, of the institution and of its campuses, and the phone of the person: what
    /// others know too.
    pub words: Vec<String>,
}

/// The account of a person.
pub async fn account(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
) -> Result<Option<Account>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT i.code, i.name AS institution_name, s.user_name, s.name, c.password_hash \
             FROM credentials c \
             JOIN institutions i ON i.institution_id = c.institution_id \
             JOIN staff s ON s.institution_id = c.institution_id AND s.id = c.principal_id \
             WHERE c.institution_id = ? AND c.principal_id = ?",
            [institution.uuid().into(), principal.uuid().into()],
        ))
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let institution_code: String = row.try_get("", "code")?;
    let user_name: String = row.try_get("", "user_name")?;
    let mut names: Vec<String> = vec![
        institution_code.clone(),
        user_name.clone(),
        row.try_get("", "name")?,
        row.try_get("", "institution_name")?,
    ];
    let campuses = handle
        .query_all_raw(statement(
            handle,
            "SELECT name FROM campuses WHERE institution_id = ? ORDER BY id LIMIT 200",
            [institution.uuid().into()],
        ))
        .await?;
    for campus in campuses {
        names.push(campus.try_get("", "name")?);
    }
    let mut words: Vec<String> = names.iter().flat_map(|name| words(name)).collect();
    if let Some(phone) = phones::phone_of(handle, institution, principal).await? {
        words.extend([phone.spoken(), phone.e164()].map(Into::into));
    }
    Ok(Some(Account {
        institution_code,
        user_name,
        password_hash: row.try_get("", "password_hash")?,
        words,
    }))
}

/// A name as it stands, without its spaces, and each of its words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = name.split_whitespace().map(Into::into).collect();
    if words.len() > 1 {
        words.push(words.concat());
        words.push(name.into());
    }
    words
}

/// What is kept of a password.
#[derive(Clone)]
pub struct Kept {
    /// PHC string.
    pub hash: String,
    /// Whether its bearer may do nothing else before choosing another.
    pub must_change: bool,
    pub changed_at: Timestamp,
}

/// What is kept of an active principal's password; both stay so until the transaction ends.
pub async fn lock(tx: &Tx, principal: Id<Principal>) -> Result<Option<Kept>, Error> {
    kept(tx, principal, " FOR SHARE").await
}

/// The same, of a password that is about to be changed.
pub async fn lock_to_change(tx: &Tx, principal: Id<Principal>) -> Result<Option<Kept>, Error> {
    kept(tx, principal, " FOR NO KEY UPDATE").await
}

async fn kept(tx: &Tx, principal: Id<Principal>, lock: &str) -> Result<Option<Kept>, Error> {
    let lock = if tx.is_postgres() { lock } else { "" };
    let sql = format!(
        "SELECT c.password_hash, c.must_change, c.changed_at FROM credentials c \
         JOIN principals p ON p.institution_id = c.institution_id AND p.id = c.principal_id \
         WHERE c.institution_id = ? AND c.principal_id = ? AND p.status = 'active'{lock}"
    );
    let values = [
        tx.operation().institution.uuid().into(),
        principal.uuid().into(),
    ];
    let row = tx.query_one_raw(statement(tx, &sql, values)).await?;
    row.map(|row| {
        Ok(Kept {
            hash: row.try_get("", "password_hash")?,
            must_change: row.try_get("", "must_change")?,
            changed_at: timestamp(row.try_get("", "changed_at")?)?,
        })
    })
    .transpose()
}

/// Whether a principal may do nothing before choosing another password.
pub async fn must_change(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT must_change FROM credentials WHERE institution_id = ? AND principal_id = ?",
            [institution.uuid().into(), principal.uuid().into()],
        ))
        .await?;
    row.map_or(Ok(false), |row| Ok(row.try_get("", "must_change")?))
}

/// Sets a password. `must_change`: its bearer may do nothing else before choosing another.
pub async fn set_password(
    tx: &Tx,
    principal: Id<Principal>,
    hash: &str,
    must_change: bool,
) -> Result<(), Error> {
    tx.access_changed();
    let institution = tx.operation().institution.uuid();
    tx.execute_raw(statement(
        tx,
        "INSERT INTO credentials (institution_id, principal_id, password_hash, must_change, changed_at) \
         VALUES (?, ?, ?, ?, ?) ON CONFLICT (institution_id, principal_id) DO UPDATE SET \
         password_hash = excluded.password_hash, must_change = excluded.must_change, \
         changed_at = excluded.changed_at",
        [
            institution.into(),
            principal.uuid().into(),
            hash.into(),
            must_change.into(),
            micros(tx.now()).into(),
        ],
    ))
    .await?;
    // What was loaded of the principal is out of date.
    tx.execute_raw(statement(
        tx,
        "UPDATE principals SET version = version + 1 WHERE institution_id = ? AND id = ?",
        [institution.into(), principal.uuid().into()],
    ))
    .await?;
    Ok(())
}
