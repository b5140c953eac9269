//! Use cases of API clients: load, decide, save. Nobody makes a client, or gets its key, that can do
//! more than they.

use std::collections::BTreeSet;

use domain::{
    access::{ApiClient, ApiClientsWrite, CLIENT_KEYS, CLIENT_KEYS_FULL, Permissions, Session},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    reference::{ARCHIVED, Reference},
};
use persistence::{
    Error, Tx,
    access::{
        Grant,
        api_client::{self as store, KeyInfo},
    },
    organization::staff,
    reference,
};

use super::{ChangeApiClient, CreateApiClient, NewApiKey};
use crate::{
    access::api_keys,
    http::IfMatch,
    reference::{archive, as_read, choose, present, save},
};

type Manager = Grant<ApiClientsWrite>;

/// Makes a client with its first key.
///
/// # Errors
/// 403 where it could do more than the caller, 409 where its name is taken, 422 where a field breaks
/// a rule.
pub async fn create(
    tx: &Tx,
    grant: &Manager,
    secret: &[u8; 32],
    body: CreateApiClient,
) -> Result<(Reference<ApiClient>, KeyInfo, NewApiKey), Error> {
    let client = body.client(tx.operation().actor.principal, tx.now())?;
    client.lasting(tx.now())?;
    let record = Reference::create(client, &tx.stamp())?;
    let given = chosen(tx, grant, None, &record.details).await?;
    bounded(tx, &record.details, &given)?;
    store::insert(tx, grant, &record).await?;
    let (info, key) = add_key(tx, grant, &record, secret).await?;
    Ok((record, info, key))
}

/// Changes a client; what it may do changes at once.
pub async fn change(
    tx: &Tx,
    grant: &Manager,
    id: Id<ApiClient>,
    condition: IfMatch,
    body: ChangeApiClient,
) -> Result<Reference<ApiClient>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone())?)?;
    if after.details.expires_at != before.details.expires_at {
        after.details.lasting(tx.now())?;
    }
    let given = chosen(tx, grant, Some(&before.details), &after.details).await?;
    bounded(tx, &after.details, &given)?;
    save(tx, grant, &before, after).await
}

/// Ends a client with all its keys, for good.
pub async fn revoke(
    tx: &Tx,
    grant: &Manager,
    id: Id<ApiClient>,
) -> Result<Reference<ApiClient>, Error> {
    archive(tx, grant, id).await
}

/// Gives a client another key, to take the place of the one that it has.
///
/// # Errors
/// 403 where the client can do more than the caller, 409 where it is revoked or has two keys.
pub async fn rotate(
    tx: &Tx,
    grant: &Manager,
    id: Id<ApiClient>,
    secret: &[u8; 32],
) -> Result<(NewApiKey, i64), Error> {
    let client = present(tx, grant, id).await?;
    if !client.is_open() {
        return Err(Fault::new(&ARCHIVED).into());
    }
    client.details.lasting(tx.now())?;
    let given = chosen(tx, grant, Some(&client.details), &client.details).await?;
    bounded(tx, &client.details, &given)?;
    if open_keys(tx, grant, id).await?.len() >= CLIENT_KEYS {
        return Err(Fault::new(&CLIENT_KEYS_FULL).into());
    }
    let version = touch(tx, grant, client.clone()).await?;
    Ok((add_key(tx, grant, &client, secret).await?.1, version))
}

/// Raises the version of a client whose keys change; which it is then.
async fn touch(tx: &Tx, grant: &Manager, client: Reference<ApiClient>) -> Result<i64, Error> {
    let after = Reference {
        version: client.version + 1,
        ..client.clone()
    };
    reference::update(tx, grant, &client, &after).await?;
    Ok(after.version)
}

/// Ends a key; the tokens that were got by it end with it.
pub async fn end_key(
    tx: &Tx,
    grant: &Manager,
    id: Id<ApiClient>,
    key: Id<Session>,
    condition: IfMatch,
) -> Result<(), Error> {
    let client = as_read(tx, grant, id, condition).await?;
    let keys = open_keys(tx, grant, id).await?;
    if !keys.iter().any(|open| open.id == key) {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    touch(tx, grant, client).await?;
    store::end_key(tx, grant, id, key).await
}

async fn open_keys(tx: &Tx, grant: &Manager, id: Id<ApiClient>) -> Result<Vec<KeyInfo>, Error> {
    let mut keys = store::keys(tx, grant, [id], tx.now()).await?;
    Ok(keys.remove(&id).unwrap_or_default())
}

async fn add_key(
    tx: &Tx,
    grant: &Manager,
    client: &Reference<ApiClient>,
    secret: &[u8; 32],
) -> Result<(KeyInfo, NewApiKey), Error> {
    let info = store::add_key(tx, grant, client, secret).await?;
    let institution = tx.operation().institution;
    let key = NewApiKey {
        id: info.id.uuid(),
        api_client_id: client.id.uuid(),
        key: api_keys::text(institution, info.id, secret),
        expires_at: info.expires_at,
    };
    Ok((info, key))
}

/// What the roles of a client give, once it is sure that what is newly named can be chosen.
async fn chosen(
    tx: &Tx,
    grant: &Manager,
    before: Option<&ApiClient>,
    after: &ApiClient,
) -> Result<Permissions, Error> {
    if before.map(|b| b.owner) != Some(after.owner) {
        let owner = BTreeSet::from([after.owner]);
        if !staff::missing(tx, grant, &owner).await?.is_empty() {
            return Err(FieldFault::new("/owner_id", &REFERENCE_UNKNOWN).into());
        }
    }
    let none = BTreeSet::new();
    let at = before.map_or(&none, |b| &b.campuses);
    for campus in after.campuses.difference(at) {
        choose(tx, grant, *campus, "/campus_ids").await?;
    }
    let mut given = Permissions::new();
    for role in &after.roles {
        // An archived role gives nothing; who has it already keeps it.
        let role = match before.is_some_and(|b| b.roles.contains(role)) {
            true => reference::find(tx, grant, *role).await?,
            false => Some(choose(tx, grant, *role, "/role_ids").await?),
        };
        let Some(role) = role.map(|role| role.details) else {
            continue;
        };
        if let Some(authority) = &tx.operation().authority {
            let fields = authority.fields();
            fields.within_own(&role.permissions, &role.fields)?;
        }
        given.extend(role.permissions);
    }
    Ok(given)
}

/// Refuses a client that could do more than the caller; the program itself has no bounds.
fn bounded(tx: &Tx, client: &ApiClient, given: &Permissions) -> Result<(), Error> {
    let Some(authority) = &tx.operation().authority else {
        return Ok(());
    };
    let campuses = authority.campuses().collect();
    Ok(client.within(given, authority.permissions(), &campuses)?)
}
