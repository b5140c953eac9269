//! Closed lists of domain, on the wire.

use std::borrow::Cow;

use domain::text_enum::TextEnum;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, extensions::Extensions, schema::Type},
};

use super::context::Language;

/// A value of a closed list as its text, a named schema in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire<E>(pub E);

impl<E: TextEnum> Serialize for Wire<E> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.as_str())
    }
}

impl<'de, E: TextEnum> Deserialize<'de> for Wire<E> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        E::parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("not a value of the list"))
    }
}

impl<E: TextEnum> PartialSchema for Wire<E> {
    fn schema() -> RefOr<Schema> {
        let mut description = format!(
            "{} Clients must accept values that are added later.\n",
            E::DOC.trim()
        );
        let mut meanings = Vec::new();
        for value in E::ALL {
            let label = value.label();
            let meaning = format!("{} ({})", label.en, label.zh);
            description.push_str(&format!("\n- `{}`: {meaning}", value.as_str()));
            meanings.push(meaning);
        }
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .enum_values(Some(E::ALL.iter().map(|v| v.as_str())))
            // Generators put them beside the values, by their order.
            .extensions(Some(
                Extensions::builder()
                    .add("x-enum-descriptions", meanings)
                    .build(),
            ))
            .into()
    }
}

impl<E: TextEnum> ToSchema for Wire<E> {
    fn name() -> Cow<'static, str> {
        E::NAME.into()
    }
}

/// A value and its label.
pub type Labelled = (&'static str, Cow<'static, str>);

/// A closed list as `GET /enums` shows it.
#[derive(Debug)]
pub struct ListInfo {
    pub name: &'static str,
    pub values: fn(Language) -> Vec<Labelled>,
}

impl ListInfo {
    pub const fn of<E: TextEnum>() -> Self {
        Self {
            name: E::NAME,
            values: |language| {
                let all = E::ALL.iter();
                all.map(|v| (v.as_str(), language.of(v.label()).into()))
                    .collect()
            },
        }
    }
}
