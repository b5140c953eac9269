//! Times of day on the wire.

use std::borrow::Cow;

use jiff::civil::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// A time of day by the clocks of a campus: `18:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime(pub Time);

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0.strftime("%H:%M"))
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        let time = Time::strptime("%H:%M", text.as_ref()).map_err(D::Error::custom)?;
        Ok(Self(time))
    }
}

impl PartialSchema for ClockTime {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "A time of day by the clocks of the campus, to the minute.",
            ))
            .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"))
            .max_length(Some(5))
            .examples(["18:00"])
            .into()
    }
}

impl ToSchema for ClockTime {
    fn name() -> Cow<'static, str> {
        "ClockTime".into()
    }
}
