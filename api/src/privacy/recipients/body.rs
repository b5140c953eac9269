use domain::{privacy::Recipient, reference::Reference};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::collections::LawfulBasis,
    http::{list::page, wire::Wire},
    reference::Shown,
};

pub type RecipientKind = Wire<domain::privacy::RecipientKind>;
pub type PersonalDataCategory = Wire<domain::privacy::DataCategory>;

/// Somebody with whom personal data may be shared (个人信息接收方).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "市少儿艺术考级中心", "kind": "partner", "purpose": "考级报名",
    "lawful_basis": "contract", "categories": ["identity", "learning"], "country": "CN",
    "agreement": "考级合作协议 2026-07", "valid_from": "2026-01-01"}))]
pub struct CreateRecipient {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it is to the institution.
    pub kind: RecipientKind,
    /// For what the data is shared.
    #[schema(min_length = 1, max_length = 200)]
    pub purpose: String,
    /// On which basis of law; with `consent` each person has to agree first.
    pub lawful_basis: LawfulBasis,
    /// What may be shared.
    #[schema(min_items = 1, max_items = 8)]
    pub categories: Vec<PersonalDataCategory>,
    /// Where the recipient keeps it, by ISO 3166-1. Outside `CN` each person has to agree first.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$")]
    pub country: String,
    /// The contract, or the law, under which it is shared: by what it is found.
    #[schema(min_length = 1, max_length = 200)]
    pub agreement: String,
    /// The first day on which it holds.
    pub valid_from: Date,
    /// The first day on which it holds no more; none, when absent.
    #[schema(nullable = false)]
    pub valid_until: Option<Date>,
}

impl From<CreateRecipient> for Recipient {
    fn from(body: CreateRecipient) -> Self {
        Self {
            name: body.name,
            kind: body.kind.0,
            purpose: body.purpose,
            lawful_basis: body.lawful_basis.0,
            categories: body.categories.iter().map(|known| known.0).collect(),
            country: body.country,
            agreement: body.agreement,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
        }
    }
}

/// Changes to a recipient: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agreement": "考级合作协议 2027-01", "valid_until": "2028-01-01"}))]
pub struct ChangeRecipient {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// What it is to the institution.
    #[schema(nullable = false)]
    pub kind: Option<RecipientKind>,
    /// For what the data is shared.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub purpose: Option<String>,
    /// On which basis of law.
    #[schema(nullable = false)]
    pub lawful_basis: Option<LawfulBasis>,
    /// What may be shared: all of it.
    #[schema(min_items = 1, max_items = 8, nullable = false)]
    pub categories: Option<Vec<PersonalDataCategory>>,
    /// Where the recipient keeps it, by ISO 3166-1.
    #[schema(
        min_length = 2,
        max_length = 2,
        pattern = "^[A-Z]{2}$",
        nullable = false
    )]
    pub country: Option<String>,
    /// The contract, or the law, under which it is shared.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub agreement: Option<String>,
    /// The first day on which it holds.
    #[schema(nullable = false)]
    pub valid_from: Option<Date>,
    /// The first day on which it holds no more; null for none.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Date>)]
    pub valid_until: Option<Option<Date>>,
}

impl ChangeRecipient {
    /// The recipient with these changes.
    pub fn apply(self, recipient: Recipient) -> Recipient {
        let categories = self
            .categories
            .map(|all| all.iter().map(|known| known.0).collect());
        Recipient {
            name: self.name.unwrap_or(recipient.name),
            kind: self.kind.map_or(recipient.kind, |kind| kind.0),
            purpose: self.purpose.unwrap_or(recipient.purpose),
            lawful_basis: self
                .lawful_basis
                .map_or(recipient.lawful_basis, |basis| basis.0),
            categories: categories.unwrap_or(recipient.categories),
            country: self.country.unwrap_or(recipient.country),
            agreement: self.agreement.unwrap_or(recipient.agreement),
            valid_from: self.valid_from.unwrap_or(recipient.valid_from),
            valid_until: self.valid_until.unwrap_or(recipient.valid_until),
        }
    }
}

/// Somebody with whom personal data may be shared.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Recipient)]
pub struct RecipientBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag. A disclosure names the one by which it was
    /// allowed.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// What it is to the institution.
    pub kind: RecipientKind,
    /// For what the data is shared.
    pub purpose: String,
    /// On which basis of law.
    pub lawful_basis: LawfulBasis,
    /// Whether each person has to agree to sharing first: by the basis, or since data leaves the country.
    pub needs_consent: bool,
    /// What may be shared.
    pub categories: Vec<PersonalDataCategory>,
    /// Where the recipient keeps it, by ISO 3166-1.
    pub country: String,
    /// The contract, or the law, under which it is shared.
    pub agreement: String,
    /// The first day on which it holds.
    pub valid_from: Date,
    /// The first day on which it holds no more.
    #[schema(required)]
    pub valid_until: Option<Date>,
    pub created_at: Timestamp,
    /// Since when nothing is shared with it any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Recipient>> for RecipientBody {
    fn from(record: Reference<Recipient>) -> Self {
        let recipient = record.details;
        Self {
            id: record.id.uuid(),
            version: record.version,
            kind: Wire(recipient.kind),
            lawful_basis: Wire(recipient.lawful_basis),
            needs_consent: recipient.needs_consent(),
            categories: recipient.categories.iter().copied().map(Wire).collect(),
            name: recipient.name,
            purpose: recipient.purpose,
            country: recipient.country,
            agreement: recipient.agreement,
            valid_from: recipient.valid_from,
            valid_until: recipient.valid_until,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of recipients.
    RecipientPage of RecipientBody
}

impl Shown for Recipient {
    const PATH: &'static str = "/api/v1/recipients";
    type Body = RecipientBody;
    type Page = RecipientPage;
}
