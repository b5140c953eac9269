//! Rows of recipients of personal data.

use domain::{
    customers::LawfulBasis,
    id::Id,
    organization::Institution,
    privacy::{DataCategory, Recipient, RecipientKind},
    reference::Reference,
    text_enum::TextEnum,
};
use serde_json::{Value, json};

use super::RECIPIENT;
use crate::{
    Error,
    clock::{date, date_column},
    reference::{Events, Kept, record, row, stands_in, table},
};

table!(recipients, "recipients" {
    kind: String,
    purpose: String,
    lawful_basis: String,
    categories: Json,
    country: String,
    agreement: String,
    valid_from: time::Date,
    valid_until: Option<time::Date>,
});

pub(super) fn known<E: TextEnum>(text: &str) -> Result<E, Error> {
    E::parse(text).ok_or_else(|| Error::corrupt(E::NAME))
}

/// Categories as they are kept.
pub(super) fn kept(categories: &[DataCategory]) -> Value {
    let names = categories.iter().map(|category| category.as_str());
    json!(names.collect::<Vec<_>>())
}

pub(super) fn categories(kept: &Value) -> Result<Vec<DataCategory>, Error> {
    let names = kept.as_array().into_iter().flatten();
    names
        .map(|name| known(name.as_str().unwrap_or_default()))
        .collect()
}

impl Kept for Recipient {
    const KIND: &'static str = "recipient";
    const EVENTS: &'static Events = &RECIPIENT;
    stands_in!(recipients);

    fn read(row: recipients::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                name: row.name,
                kind: known::<RecipientKind>(&row.kind)?,
                purpose: row.purpose,
                lawful_basis: known::<LawfulBasis>(&row.lawful_basis)?,
                categories: categories(&row.categories)?,
                country: row.country,
                agreement: row.agreement,
                valid_from: date(row.valid_from)?,
                valid_until: row.valid_until.map(date).transpose()?,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<recipients::ActiveModel, Error> {
        let recipient = &record.details;
        Ok(row!(recipients, institution, record, {
            kind: recipient.kind.as_str().to_owned(),
            purpose: recipient.purpose.clone(),
            lawful_basis: recipient.lawful_basis.as_str().to_owned(),
            categories: kept(&recipient.categories),
            country: recipient.country.clone(),
            agreement: recipient.agreement.clone(),
            valid_from: date_column(recipient.valid_from)?,
            valid_until: recipient.valid_until.map(date_column).transpose()?,
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "kind": self.kind.as_str(),
            "purpose": self.purpose,
            "lawful_basis": self.lawful_basis.as_str(),
            "categories": kept(&self.categories),
            "country": self.country,
            "agreement": self.agreement,
            "valid_from": self.valid_from.to_string(),
            "valid_until": self.valid_until.map(|day| day.to_string()),
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }
}
