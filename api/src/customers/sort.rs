//! In which order a search shows what it finds.

use std::{borrow::Cow, sync::Arc};

use domain::{
    access::FieldRules,
    conditions::{Field, Registry, registry::CUSTOM},
    customers::{Order, Sorting},
    fault::FieldFault,
    text_enum::TextEnum,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// An order on the wire: one that lists have too, or a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSort(pub Sorting);

impl CustomerSort {
    /// The custom field by which it goes, that somebody may ask for.
    ///
    /// # Errors
    /// At `pointer`, where there is none, it is archived or sealed, or a rule hides it.
    pub fn custom_field(
        &self,
        pointer: &str,
        fields: &Registry,
        rules: &FieldRules,
    ) -> Result<Option<Arc<Field>>, FieldFault> {
        let Sorting::ByCustom { code, .. } = &self.0 else {
            return Ok(None);
        };
        let field = fields.find(pointer, &format!("{CUSTOM}{}", code.as_str()))?;
        match field.closed(pointer, rules, |_| true) {
            Some(fault) => Err(fault),
            None => Ok(Some(field)),
        }
    }
}

impl Serialize for CustomerSort {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CustomerSort {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        let sorting = Sorting::parse(&text).map(Self);
        sorting.ok_or_else(|| D::Error::custom("no order of customers"))
    }
}

impl PartialSchema for CustomerSort {
    fn schema() -> RefOr<Schema> {
        let orders: Vec<_> = Order::ALL.iter().map(|order| order.as_str()).collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!(
                "Order of what a search finds: one of `CustomerOrder` (`{}`), or a custom field of \
                 `GET /condition-fields`, as `custom_fields.height_cm`, and `-` before it for the other way round. \
                 Texts and names of staff are compared by the code points of their first 60 characters, choices by \
                 their place among those of the field, several by the first; no stands before yes. Those of whom \
                 the value is not known stand at the end either way.",
                orders.join("`, `")
            )))
            .pattern(Some(format!(
                "^(({})|-?custom_fields\\.[a-z][a-z0-9_]{{0,39}})$",
                orders.join("|")
            )))
            .min_length(Some(1))
            .max_length(Some(60))
            .examples([serde_json::json!("-custom_fields.height_cm")])
            .into()
    }
}

impl ToSchema for CustomerSort {
    fn name() -> Cow<'static, str> {
        "CustomerSort".into()
    }
}
