use domain::{customers::Filing, id::Id};
use jiff::Timestamp;
use persistence::{
    Error,
    access::Authority,
    customers::filings::store::{Filter, Group},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::{Shown, show_as},
    customers::{CustomerKind, RECORD},
    http::{
        list::{CreationOrder, page},
        wire::Wire,
    },
};

pub type FilingState = Wire<domain::customers::FilingState>;

/// Under what a record is filed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"business_scope": "数学培训"}))]
pub struct FileCustomer {
    /// The business that it belongs to, as your archive calls it; none, when absent.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub business_scope: Option<String>,
}

/// Why a record is taken out of the archive.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "转校，需重新核对"}))]
pub struct TakeOutFiling {
    /// Kept with the filing.
    #[schema(min_length = 2, max_length = 500)]
    pub reason: String,
}

impl std::fmt::Debug for TakeOutFiling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A record in the archive (归档): checked, and found whole.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Filing)]
pub struct FilingBody {
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
    /// The kind of the customer when it was filed.
    pub kind: CustomerKind,
    /// The business that it belongs to, as it was named; null where it was not.
    #[schema(required)]
    pub business_scope: Option<String>,
    /// Where the customer lived or was when it was filed, by GB/T 2260.
    #[schema(required)]
    pub region_code: Option<String>,
    /// Where it stands.
    pub state: FilingState,
    /// The version of the customer that was filed.
    #[schema(minimum = 1)]
    pub customer_version: i64,
    pub created_at: Timestamp,
    /// When it was last checked and filed.
    pub filed_at: Timestamp,
    /// Who did; null where it was the program itself.
    #[schema(required)]
    pub filed_by: Option<Uuid>,
    /// When the record was first changed since; null where it was not.
    #[schema(required)]
    pub changed_at: Option<Timestamp>,
    /// When it was taken out; null where it was not.
    #[schema(required)]
    pub taken_out_at: Option<Timestamp>,
    /// Who did.
    #[schema(required)]
    pub taken_out_by: Option<Uuid>,
    /// Why.
    #[schema(required)]
    pub taken_out_reason: Option<String>,
}

impl From<Filing> for FilingBody {
    fn from(filing: Filing) -> Self {
        let state = Wire(filing.state());
        let out = filing.taken_out;
        Self {
            id: filing.id.uuid(),
            version: filing.version,
            customer_id: filing.customer.uuid(),
            holder_id: filing.holder.uuid(),
            campus_id: filing.campus.uuid(),
            kind: Wire(filing.group.kind),
            business_scope: filing.group.business_scope,
            region_code: filing.group.region.map(|code| code.as_str().to_owned()),
            state,
            customer_version: filing.customer_version,
            created_at: filing.created_at,
            filed_at: filing.filed_at,
            filed_by: filing.filed_by.map(Id::uuid),
            changed_at: filing.changed_at,
            taken_out_at: out.as_ref().map(|out| out.at),
            taken_out_by: out.as_ref().and_then(|out| out.by).map(Id::uuid),
            taken_out_reason: out.map(|out| out.reason),
        }
    }
}

/// The field of a customer that goes for the business of a filing.
pub const SCOPE: &str = "details.business_scope";
/// The same of its region.
pub const REGION: &str = "details.region_code";
/// Under what names a filing repeats them.
pub const REPEATED: [(&str, &str); 2] = [("business_scope", SCOPE), ("region_code", REGION)];

impl FilingBody {
    /// As its reader may see it.
    pub fn seen(self, reader: Option<&Authority>) -> Result<Shown<Self>, Error> {
        show_as(reader, RECORD, &REPEATED, self)
    }
}

page! {
    /// One page of the archive.
    FilingPage of FilingBody as Shown<FilingBody>
}

/// Which part of the archive.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListFilings {
    #[param(inline = false)]
    pub sort: Option<CreationOrder>,
    /// Of any of these kinds.
    #[param(style = Form, explode = false)]
    pub kind: Option<Vec<CustomerKind>>,
    /// Of this business.
    #[param(min_length = 1, max_length = 50)]
    pub business_scope: Option<String>,
    /// Of a region and what lies in it: the first two digits of its code for a province, four for a city, all
    /// six for a county.
    #[param(pattern = "^[0-9]{2}([0-9]{2}){0,2}$", min_length = 2, max_length = 6)]
    pub region: Option<String>,
    /// In any of these states; `filed` and `changed`, when absent.
    #[param(style = Form, explode = false)]
    pub state: Option<Vec<FilingState>>,
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

impl ListFilings {
    pub fn filter(&self) -> Filter {
        use domain::customers::FilingState::{Changed, Filed};
        let states = self.state.as_ref();
        let states = states.map(|states| states.iter().map(|state| state.0).collect());
        Filter {
            customers: self.customer_id.clone().unwrap_or_default(),
            holders: self.holder_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            kinds: self.kind.iter().flatten().map(|kind| kind.0).collect(),
            business_scopes: self.business_scope.iter().cloned().collect(),
            region: self.region.clone(),
            states: states.unwrap_or_else(|| vec![Filed, Changed]),
        }
    }
}

/// How many records stand under the same.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FilingGroup {
    /// The kind of the customers.
    pub kind: CustomerKind,
    /// Their business; null where none was named, and where a field rule hides it.
    #[schema(required)]
    pub business_scope: Option<String>,
    /// Their province, by the first two digits of GB/T 2260; null where a field rule hides regions.
    #[schema(required)]
    pub province: Option<String>,
    /// Records in the archive.
    #[schema(minimum = 0)]
    pub filings: i64,
    /// Of these, changed since they were filed.
    #[schema(minimum = 0)]
    pub changed: i64,
}

impl From<Group> for FilingGroup {
    fn from(group: Group) -> Self {
        Self {
            kind: Wire(group.kind),
            business_scope: group.business_scope,
            province: group.province,
            filings: group.filings,
            changed: group.changed,
        }
    }
}

/// The archive by kind, business and province.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FilingGroups {
    /// The largest first; at most 1,000.
    pub items: Vec<FilingGroup>,
}
