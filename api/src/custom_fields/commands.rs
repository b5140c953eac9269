//! Use cases of custom fields: load, decide, save.

use domain::{
    access::CustomersConfigure,
    custom_fields::{
        CUSTOM_FIELD_CODE_TAKEN, CUSTOM_FIELD_LIMIT, CustomField, FIELDS_MAX, FieldEntity,
    },
    fault::Fault,
    id::Id,
    reference::Reference,
};
use persistence::{Error, Tx, access::Grant, custom_fields::definitions as store};

use super::{ChangeCustomField, CreateCustomField};
use crate::{
    http::IfMatch,
    reference::{self, as_read, present, save},
};

type Configurer = Grant<CustomersConfigure>;

/// Adds a field.
///
/// # Errors
/// 409 where its code or name is taken, or there are too many.
pub async fn create(
    tx: &Tx,
    grant: &Configurer,
    body: CreateCustomField,
) -> Result<Reference<CustomField>, Error> {
    let field = body.field()?;
    // Of two that are taken, the code is told, whichever the database looks at first.
    if store::is_taken(tx, grant, (field.entity, &field.code)).await? {
        return Err(Fault::new(&CUSTOM_FIELD_CODE_TAKEN).into());
    }
    unless_full(tx, grant, field.entity).await?;
    reference::create(tx, grant, field).await
}

/// Changes a field that the caller has read.
///
/// # Errors
/// 409 while it is archived, 412 where it has changed since, 422 where a choice is left out.
pub async fn change(
    tx: &Tx,
    grant: &Configurer,
    id: Id<CustomField>,
    condition: IfMatch,
    body: ChangeCustomField,
) -> Result<Reference<CustomField>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone())?)?;
    save(tx, grant, &before, after).await
}

/// Takes a field out of the archive.
///
/// # Errors
/// 409 where it is not archived, its name was given to another meanwhile, or there are too many.
pub async fn unarchive(
    tx: &Tx,
    grant: &Configurer,
    id: Id<CustomField>,
) -> Result<Reference<CustomField>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    unless_full(tx, grant, after.details.entity).await?;
    save(tx, grant, &before, after).await
}

async fn unless_full(tx: &Tx, grant: &Configurer, entity: FieldEntity) -> Result<(), Error> {
    match store::has_room(tx, grant, entity).await? {
        true => Ok(()),
        false => Err(Fault::new(&CUSTOM_FIELD_LIMIT)
            .with("max", FIELDS_MAX)
            .into()),
    }
}
