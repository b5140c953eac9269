//! Encryption of columns, and keyed hashes to find what is encrypted.
//!
//! Each institution has data keys of its own, versioned, wrapped by the master key, which never
//! stands in the database. A sealed value is bound to its place (institution, table, column, row),
//! so that it can't be moved to another.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use aes_gcm::{
    Aes256Gcm, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use domain::{id::Id, organization::Institution};
use hmac::{Hmac, Mac};
use sea_orm::{ConnectionTrait, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Error, Handle, Tx, clock::micros, database::statement};

const KEY: usize = 32;
const NONCE: usize = 12;
/// Bytes that sealing adds: nonce, tag.
pub(crate) const ADDED: usize = NONCE + 16;

/// The master key, and the data keys that it has opened.
pub struct Keys {
    master: Aes256Gcm,
    opened: RwLock<HashMap<Id<Institution>, Arc<FieldKeys>>>,
}

/// The keys of one institution.
pub struct FieldKeys {
    institution: Id<Institution>,
    /// Short number of the institution.
    number: i32,
    current: u32,
    data: HashMap<u32, Aes256Gcm>,
    index: Zeroizing<[u8; KEY]>,
}

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug)]
pub struct SealedAt {
    pub table: &'static str,
    pub column: &'static str,
    pub row: Uuid,
}

impl Keys {
    pub fn new(master: &[u8; KEY]) -> Self {
        Self {
            master: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*master)),
            opened: RwLock::default(),
        }
    }

    /// Makes the first keys of a new institution.
    pub(crate) async fn create(&self, tx: &Tx, institution: Id<Institution>) -> Result<(), Error> {
        // Data key, then index key.
        let mut secret = Zeroizing::new([0_u8; KEY * 2]);
        random(secret.as_mut_slice())?;
        let wrapped = seal(&self.master, &wrap_place(institution, 1), secret.as_slice())?;
        tx.execute_raw(statement(
            tx,
            "INSERT INTO field_keys (institution_id, version, wrapped, created_at) VALUES (?, ?, ?, ?)",
            [
                institution.uuid().into(),
                1_i32.into(),
                wrapped.into(),
                micros(tx.now()).into(),
            ],
        ))
        .await?;
        Ok(())
    }

    /// The keys of an institution, opened once a process.
    pub async fn of(
        &self,
        handle: &impl Handle,
        institution: Id<Institution>,
    ) -> Result<Arc<FieldKeys>, Error> {
        let known = self
            .opened
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&institution)
            .cloned();
        if let Some(keys) = known {
            return Ok(keys);
        }
        let keys = self.read(handle, institution).await?;
        self.opened
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(institution, keys.clone());
        Ok(keys)
    }

    /// The keys as they stand, past what is remembered.
    pub(crate) async fn read(
        &self,
        handle: &impl Handle,
        institution: Id<Institution>,
    ) -> Result<Arc<FieldKeys>, Error> {
        let rows = handle
            .query_all_raw(statement(
                handle,
                "SELECT k.version, k.wrapped, i.number FROM field_keys k \
                 JOIN institutions i ON i.institution_id = k.institution_id \
                 WHERE k.institution_id = ? ORDER BY k.version",
                [institution.uuid().into()],
            ))
            .await?;
        let mut data = HashMap::new();
        let mut current = 0;
        let mut number = 0;
        let mut index = Zeroizing::new([0_u8; KEY]);
        for row in rows {
            let version =
                u32::try_from(row.try_get::<i32>("", "version")?).map_err(Error::corrupt)?;
            let wrapped: Vec<u8> = row.try_get("", "wrapped")?;
            let secret = Zeroizing::new(open(
                &self.master,
                &wrap_place(institution, version),
                &wrapped,
            )?);
            let (key, rest) = secret
                .split_first_chunk::<KEY>()
                .ok_or_else(|| Error::corrupt("short key"))?;
            data.insert(version, Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)));
            // One index key over all versions: hashes stay comparable while data keys change.
            if current == 0 {
                index = Zeroizing::new(rest.try_into().map_err(Error::corrupt)?);
            }
            current = version;
            number = row.try_get("", "number")?;
        }
        if data.is_empty() {
            return Err(Error::Internal("the institution has no field keys".into()));
        }
        Ok(Arc::new(FieldKeys {
            institution,
            number,
            current,
            data,
            index,
        }))
    }
}

impl FieldKeys {
    /// Bytes that sealing adds: version, nonce, tag.
    pub(crate) const ADDED: usize = 4 + ADDED;

    /// Version under which new values are sealed.
    pub fn version(&self) -> u32 {
        self.current
    }

    /// Encrypts a value for its place: version (4 bytes), nonce (12), ciphertext and tag.
    pub fn seal(&self, place: SealedAt, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.key(self.current)?;
        let mut sealed = self.current.to_be_bytes().to_vec();
        sealed.extend(seal(key, &self.bound(place), plain)?);
        Ok(sealed)
    }

    /// The value sealed for this place; fails when it was made for another or changed.
    pub fn open(&self, place: SealedAt, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (version, rest) = sealed
            .split_first_chunk::<4>()
            .ok_or_else(|| Error::corrupt("short sealed value"))?;
        open(
            self.key(u32::from_be_bytes(*version))?,
            &self.bound(place),
            rest,
        )
    }

    /// A keyed hash by which equal values are found; differs by institution and by `purpose`.
    pub fn hash(&self, purpose: &str, value: &str) -> Result<[u8; 32], Error> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.index.as_slice())
            .map_err(Error::internal)?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    /// A search gram as this institution's: no other's finds it.
    pub(crate) fn gram(&self, gram: &str) -> String {
        format!("{}{gram}", self.number)
    }

    fn key(&self, version: u32) -> Result<&Aes256Gcm, Error> {
        self.data
            .get(&version)
            .ok_or_else(|| Error::corrupt("unknown key version"))
    }

    fn bound(&self, place: SealedAt) -> Vec<u8> {
        let mut bound = self.institution.uuid().as_bytes().to_vec();
        bound.extend_from_slice(place.table.as_bytes());
        bound.push(0);
        bound.extend_from_slice(place.column.as_bytes());
        bound.push(0);
        bound.extend_from_slice(place.row.as_bytes());
        bound
    }
}

/// Notes the fingerprint of a key of the installation, or refuses another key than the one noted.
pub(crate) async fn confirm(tx: &Tx, name: &str, fingerprint: &[u8; 32]) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "INSERT INTO installation_keys (name, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [name.into(), bytes(fingerprint)],
    ))
    .await?;
    if !is_noted(tx, name, fingerprint).await? {
        return Err(Error::Internal(format!(
            "{name} in the data folder is not the key that this database was made with: \
             copy the key files of the first instance, or restore them"
        )));
    }
    Ok(())
}

/// Whether this is the fingerprint that was noted of a key.
pub(crate) async fn is_noted(
    handle: &impl Handle,
    name: &str,
    fingerprint: &[u8; 32],
) -> Result<bool, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT fingerprint FROM installation_keys WHERE name = ?",
            [name.into()],
        ))
        .await?
        .ok_or_else(|| Error::internal("no fingerprint of a key"))?;
    let noted: Vec<u8> = row.try_get("", "fingerprint")?;
    Ok(noted == fingerprint)
}

/// SHA-256 of the parts, each with its length before it.
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Stands for a row that has no id in what is sealed of it: the head of its digest.
pub(crate) fn row_of(digest: [u8; 32]) -> Uuid {
    let (head, _) = digest.split_at(16);
    Uuid::from_slice(head).unwrap_or_default()
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fills `bytes` from the operating system's random source.
pub fn random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(Error::internal)
}

fn wrap_place(institution: Id<Institution>, version: u32) -> Vec<u8> {
    let mut place = b"field_keys".to_vec();
    place.extend_from_slice(institution.uuid().as_bytes());
    place.extend_from_slice(&version.to_be_bytes());
    place
}

pub(crate) fn seal(key: &Aes256Gcm, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
    let mut nonce = [0_u8; NONCE];
    random(&mut nonce)?;
    let mut sealed = nonce.to_vec();
    let text = key
        .encrypt(
            &Nonce::from(nonce),
            Payload {
                msg: plain,
                aad: bound,
            },
        )
        .map_err(|_| Error::internal("a value could not be sealed"))?;
    sealed.extend(text);
    Ok(sealed)
}

pub(crate) fn open(key: &Aes256Gcm, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let (nonce, text) = sealed
        .split_first_chunk::<NONCE>()
        .ok_or_else(|| Error::corrupt("short sealed value"))?;
    key.decrypt(
        &Nonce::from(*nonce),
        Payload {
            msg: text,
            aad: bound,
        },
    )
    .map_err(|_| Error::corrupt("a sealed value does not belong where it stands"))
}

/// A value as a query parameter.
pub(crate) fn bytes(value: impl AsRef<[u8]>) -> Value {
    value.as_ref().to_vec().into()
}
