use domain::{
    fault::{Fault, FieldFault},
    organization::{Institution, InstitutionProfile},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::wire::Wire;

pub type Locale = Wire<domain::organization::Locale>;

/// Changes to the institution: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "启明教育"}))]
pub struct ChangeInstitution {
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// IANA name. Campuses keep their own.
    #[schema(max_length = 64, nullable = false)]
    pub time_zone: Option<String>,
    /// ISO 4217. It is fixed from the first course, charge or payment on.
    #[schema(
        min_length = 3,
        max_length = 3,
        pattern = "^[A-Z]{3}$",
        nullable = false
    )]
    pub currency: Option<String>,
    #[schema(nullable = false)]
    pub locale: Option<Locale>,
}

impl ChangeInstitution {
    /// The profile with these changes.
    ///
    /// # Errors
    /// 422 where the currency is none.
    pub fn apply(self, profile: InstitutionProfile) -> Result<InstitutionProfile, Fault> {
        Ok(InstitutionProfile {
            name: self.name.unwrap_or(profile.name),
            time_zone: self.time_zone.unwrap_or(profile.time_zone),
            currency: match self.currency {
                Some(code) => code
                    .parse()
                    .map_err(|rule| FieldFault::new("/currency", rule))?,
                None => profile.currency,
            },
            locale: self.locale.map_or(profile.locale, |locale| locale.0),
        })
    }
}

/// The institution (机构): an education group or a single school.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Institution)]
pub struct InstitutionBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What people type at log-in; it never changes.
    pub code: String,
    pub name: String,
    /// IANA name: what "today" is where no campus is meant, and the zone of a new campus that is given
    /// none.
    pub time_zone: String,
    /// ISO 4217: the one currency of prices and books.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// Language of texts for whoever is logged in and sends no `Accept-Language`.
    #[schema(inline = false)]
    pub locale: Locale,
    pub created_at: Timestamp,
}

impl From<Institution> for InstitutionBody {
    fn from(institution: Institution) -> Self {
        let profile = institution.profile;
        Self {
            id: institution.id.uuid(),
            version: institution.version,
            code: institution.code,
            name: profile.name,
            time_zone: profile.time_zone,
            currency: profile.currency.code().into(),
            locale: Wire(profile.locale),
            created_at: institution.created_at,
        }
    }
}
