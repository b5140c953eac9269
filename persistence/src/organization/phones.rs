//! Phones of staff: sealed, and found by a keyed hash as long as their owner has not left.

use domain::{
    access::{Principal, PrincipalStatus},
    id::Id,
    organization::{Institution, Staff},
    phone::Phone,
};
use sea_orm::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error, Handle,
    database::statement,
    keys::{FieldKeys, SealedAt, bytes},
};

fn place(person: Uuid) -> SealedAt {
    SealedAt {
        table: "staff",
        column: "phone",
        row: person,
    }
}

/// Keyed hash of a phone by which its owner is found at log-in.
pub(crate) fn digest(keys: &FieldKeys, phone: &Phone) -> Result<[u8; 32], Error> {
    keys.hash("staff_phone", phone.e164())
}

/// The columns `phone` and `phone_digest` of a person.
pub(super) fn columns(keys: &FieldKeys, person: &Staff) -> Result<[Value; 2], Error> {
    let Some(phone) = &person.profile.phone else {
        return Ok([None::<Vec<u8>>.into(), None::<Vec<u8>>.into()]);
    };
    let sealed = keys.seal(place(person.id.uuid()), phone.e164().as_bytes())?;
    let found_by = match person.status {
        // The number is free for somebody else.
        PrincipalStatus::Left => None::<Vec<u8>>.into(),
        _ => bytes(digest(keys, phone)?),
    };
    Ok([sealed.into(), found_by])
}

/// The phone in the column of a person.
pub(super) fn open(
    keys: &FieldKeys,
    person: Uuid,
    sealed: Option<&[u8]>,
) -> Result<Option<Phone>, Error> {
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let plain = Zeroizing::new(keys.open(place(person), sealed)?);
    let text = str::from_utf8(&plain).map_err(|_| Error::corrupt("phone"))?;
    let phone = Phone::parse(text).map_err(|_| Error::corrupt("phone"))?;
    Ok(Some(phone))
}

/// The phone of a principal that is a person of staff and has one.
pub async fn phone_of(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
) -> Result<Option<Phone>, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT phone FROM staff WHERE institution_id = ? AND id = ?",
            [institution.uuid().into(), principal.uuid().into()],
        ))
        .await?;
    let sealed: Option<Vec<u8>> = match row {
        Some(row) => row.try_get("", "phone")?,
        None => None,
    };
    if sealed.is_none() {
        return Ok(None);
    }
    let keys = handle.keys_of(institution).await?;
    open(&keys, principal.uuid(), sealed.as_deref())
}
