//! What an import keeps of a customer that it changes: all that it can change, sealed.

use domain::{
    custom_fields::{CustomValue, CustomValues, FieldType, Held},
    customers::Customer,
    id::Id,
    imports::outcome::Import,
    stamp::Stamp,
    text_enum::TextEnum,
};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error,
    custom_fields::definitions::{code, known},
    customers::entity::Snapshot,
    keys::{FieldKeys, SealedAt, digest, row_of},
};

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    was: Snapshot,
    /// None of what was kept before imports changed them.
    #[serde(default)]
    custom: Option<Vec<Value>>,
}

/// A value of a custom field.
#[derive(Serialize, Deserialize)]
struct Value {
    code: String,
    field: Uuid,
    field_type: String,
    is_sensitive: bool,
    value: Json,
}

fn at(import: Id<Import>, customer: Id<Customer>) -> SealedAt {
    let bound = digest(&[import.uuid().as_bytes(), customer.uuid().as_bytes()]);
    SealedAt {
        table: "import_customers",
        column: "kept",
        row: row_of(bound),
    }
}

pub(super) fn seal(
    keys: &FieldKeys,
    import: Id<Import>,
    customer: &Customer,
) -> Result<Vec<u8>, Error> {
    let custom = customer.custom.iter().map(|(code, held)| Value {
        code: code.as_str().to_owned(),
        field: held.field.uuid(),
        field_type: held.value.field_type().as_str().to_owned(),
        is_sensitive: held.is_sensitive,
        value: held.value.json(),
    });
    let kept = Kept {
        was: Snapshot::of(keys, customer)?,
        custom: Some(custom.collect()),
    };
    let plain = Zeroizing::new(serde_json::to_vec(&kept).map_err(Error::internal)?);
    keys.seal(at(import, customer.id), &plain)
}

pub(super) fn opened(
    keys: &FieldKeys,
    (import, customer): (Id<Import>, Id<Customer>),
    sealed: &[u8],
) -> Result<Kept, Error> {
    let plain = Zeroizing::new(keys.open(at(import, customer), sealed)?);
    serde_json::from_slice(&plain).map_err(|_| Error::corrupt("kept"))
}

/// What a customer was before an import changed it: for the person itself.
pub(crate) fn told(
    keys: &FieldKeys,
    customer: Uuid,
    row: &QueryResult,
    sealed: &[u8],
) -> Result<Json, Error> {
    let import = Id::new(row.try_get("", "import_id")?);
    let kept = opened(keys, (import, Id::new(customer)), sealed)?;
    let mut told = kept.was.told(keys, customer)?;
    let custom = kept.custom.into_iter().flatten();
    let custom: Map<_, _> = custom.map(|one| (one.code, one.value)).collect();
    if let (Some(told), false) = (told.as_object_mut(), custom.is_empty()) {
        told.insert("custom_fields".into(), custom.into());
    }
    Ok(told)
}

impl Kept {
    pub(super) fn birth_date(&self) -> Option<jiff::civil::Date> {
        self.was.birth_date()
    }

    /// The customer with what it was then.
    pub(super) fn restore(
        &self,
        keys: &FieldKeys,
        customer: &Customer,
        stamp: &Stamp,
    ) -> Result<Customer, Error> {
        let restored = self.was.restore(keys, customer, stamp)?;
        let Some(custom) = &self.custom else {
            return Ok(restored);
        };
        let custom = custom.iter().map(|one| {
            let value = CustomValue::parse(known::<FieldType>(&one.field_type)?, &one.value);
            let held = Held {
                field: Id::new(one.field),
                is_sensitive: one.is_sensitive,
                value: value.ok_or_else(|| Error::corrupt("a value"))?,
            };
            Ok((code(&one.code)?, held))
        });
        Ok(Customer {
            custom: custom.collect::<Result<CustomValues, Error>>()?,
            ..restored
        })
    }
}
