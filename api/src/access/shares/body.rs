use domain::{access::Share, id::Id};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::wire::Wire;

pub type GranteeKind = Wire<domain::access::GranteeKind>;
pub type ShareAccess = Wire<domain::access::ShareAccess>;

/// With whom a customer is shared, and how far.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"grantee_id": "0192f0c1-5555-7000-8000-000000000000", "access": "read"}))]
pub struct ShareCustomer {
    /// A person of staff, a team or a group. What is shared with it already is replaced.
    pub grantee_id: Uuid,
    /// What is open to the grantee.
    pub access: ShareAccess,
    /// When the share ends by itself; never, when absent.
    #[schema(nullable = false)]
    pub until: Option<Timestamp>,
}

/// A customer shared with somebody beyond its holder and campus (共享): open with its follow-ups and
/// tags, to those who hold the permissions. A transfer of the customer ends it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerShare)]
pub struct ShareBody {
    pub customer_id: Uuid,
    /// With whom it is shared: a person, a team or a group.
    pub grantee_id: Uuid,
    /// What the grantee is.
    pub grantee_kind: GranteeKind,
    /// Raised each time it is shared with the same grantee again and each time it ends; the first part
    /// of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What is open to the grantee.
    pub access: ShareAccess,
    /// When it ends by itself; null where it does not.
    #[schema(required)]
    pub until: Option<Timestamp>,
    /// Who shared it last.
    #[schema(required)]
    pub shared_by: Option<Uuid>,
    /// When it was shared last.
    pub shared_at: Timestamp,
}

impl From<Share> for ShareBody {
    fn from(share: Share) -> Self {
        Self {
            customer_id: share.customer.uuid(),
            grantee_id: share.grantee.uuid(),
            grantee_kind: Wire(share.kind),
            version: share.version,
            access: Wire(share.access),
            until: share.until,
            shared_by: share.sharer.map(Id::uuid),
            shared_at: share.created_at,
        }
    }
}

/// The shares of a customer that are open now, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerShares {
    #[schema(value_type = Vec<ShareBody>)]
    pub items: Vec<ShareBody>,
}
