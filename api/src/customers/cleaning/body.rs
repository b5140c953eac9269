use domain::{customers::CleaningEntry, id::Id};
use jiff::Timestamp;
use persistence::customers::cleaning::store::Filter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::quality::Sees,
    http::{
        list::{CreationOrder, page},
        wire::Wire,
    },
};

pub type CleaningReason = Wire<domain::customers::CleaningReason>;
pub type CleaningState = Wire<domain::customers::CleaningState>;

/// A record on the cleaning list (清洗清单), for one reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CleaningEntry)]
pub struct CleaningEntryBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Whose record it is.
    pub customer_id: Uuid,
    /// Who holds the customer.
    pub holder_id: Uuid,
    /// Where the customer belongs.
    pub campus_id: Uuid,
    /// Why it is on the list.
    pub reason: CleaningReason,
    /// Of `incomplete` what is missing, as in `CustomerQuality`, as far as the caller may know.
    pub missing_fields: Vec<String>,
    /// Of `duplicate` the customer that it is likely the same as; null else.
    #[schema(required)]
    pub duplicate_id: Option<Uuid>,
    /// Where it stands.
    pub state: CleaningState,
    /// When the entry is open again, as long as its cause is there; null where nobody decided so.
    #[schema(required)]
    pub kept_until: Option<Timestamp>,
    /// Why the record was kept as it is, by the last decision.
    #[schema(required)]
    pub kept_reason: Option<String>,
    /// Who decided that.
    #[schema(required)]
    pub kept_by: Option<Uuid>,
    /// When.
    #[schema(required)]
    pub kept_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When its cause was found gone; null until then.
    #[schema(required)]
    pub cleaned_at: Option<Timestamp>,
}

impl CleaningEntryBody {
    /// As its reader sees it.
    pub fn new(entry: CleaningEntry, sees: Sees<'_>) -> Self {
        let keeping = entry.keeping.as_ref();
        let missing = entry.found.missing.into_iter();
        Self {
            id: entry.id.uuid(),
            version: entry.version,
            customer_id: entry.customer.uuid(),
            holder_id: entry.holder.uuid(),
            campus_id: entry.campus.uuid(),
            reason: Wire(entry.found.reason),
            missing_fields: missing.filter(|field| sees.knows_of_part(field)).collect(),
            duplicate_id: entry.found.twin.map(Id::uuid),
            state: Wire(entry.state),
            kept_until: keeping.map(|kept| kept.until),
            kept_reason: keeping.map(|kept| kept.reason.clone()),
            kept_by: keeping.and_then(|kept| kept.by).map(Id::uuid),
            kept_at: keeping.map(|kept| kept.at),
            created_at: entry.created_at,
            cleaned_at: entry.cleaned_at,
        }
    }
}

page! {
    /// One page of the cleaning list.
    CleaningEntryPage of CleaningEntryBody
}

/// Which part of the cleaning list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCleaningEntries {
    #[param(inline = false)]
    pub sort: Option<CreationOrder>,
    /// For any of these reasons.
    #[param(style = Form, explode = false)]
    pub reason: Option<Vec<CleaningReason>>,
    /// In any of these states; `open`, when absent.
    #[param(style = Form, explode = false)]
    pub state: Option<Vec<CleaningState>>,
    /// Of any of these customers.
    #[param(style = Form, explode = false)]
    pub customer_id: Option<Vec<Uuid>>,
    /// Of customers held by any of these.
    #[param(style = Form, explode = false)]
    pub holder_id: Option<Vec<Uuid>>,
    /// Of customers of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
}

impl ListCleaningEntries {
    pub fn filter(&self) -> Filter {
        let states = self
            .state
            .as_ref()
            .map(|states| states.iter().map(|state| state.0).collect());
        Filter {
            customers: self.customer_id.clone().unwrap_or_default(),
            holders: self.holder_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            reasons: self
                .reason
                .iter()
                .flatten()
                .map(|reason| reason.0)
                .collect(),
            states: states.unwrap_or_else(|| vec![domain::customers::CleaningState::Open]),
        }
    }
}

/// That a record stays as it is for a while.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": 60, "reason": "家长暑期不便，开学后补充"}))]
pub struct KeepCleaningEntry {
    /// For how many days: after them the entry is open again, unless its cause has gone.
    #[schema(minimum = 1, maximum = 730)]
    pub days: i64,
    /// Why.
    #[schema(min_length = 2, max_length = 500)]
    pub reason: String,
}

impl std::fmt::Debug for KeepCleaningEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
