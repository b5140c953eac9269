use domain::{
    customers::Customer,
    id::Id,
    privacy::{ErasedTable, Erasure},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::{list::page, wire::Wire};

pub type ErasureReason = Wire<domain::privacy::ErasureReason>;
pub type ErasureObstacle = Wire<domain::privacy::ErasureObstacle>;
pub type ErasureAction = Wire<domain::privacy::ErasureAction>;
pub type KeptGround = Wire<domain::privacy::KeptGround>;

/// Why a person is erased (删除个人信息).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"version": 1, "reason": "requested"}))]
pub struct EraseCustomer {
    /// Version of the customer that the caller has seen.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub version: i64,
    /// Why.
    pub reason: ErasureReason,
    /// A granted request for deletion of this customer's data; it is done with the erasure.
    #[schema(nullable = false)]
    pub request_id: Option<Uuid>,
}

/// What becomes of the rows of one table.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErasedRows {
    /// What they are: `follow_ups`, `consents`, `charges` …
    pub table: String,
    /// What becomes of them.
    pub action: ErasureAction,
    /// Why they stay; null unless they are kept.
    #[schema(required)]
    pub ground: Option<KeptGround>,
    /// How many.
    #[schema(minimum = 1)]
    pub rows: i64,
}

impl From<ErasedTable> for ErasedRows {
    fn from(of: ErasedTable) -> Self {
        Self {
            table: of.table,
            action: Wire(of.action),
            ground: of.ground.map(Wire),
            rows: of.rows,
        }
    }
}

/// What an erasure would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasurePreview {
    /// Whom it would erase; where the id in the path was merged into another customer, that one.
    pub customer_id: Uuid,
    /// Its version, to be sent with the erasure.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What would become of everything that is known of the person.
    pub tables: Vec<ErasedRows>,
    /// What stands in the way; nothing, where it can be erased.
    pub obstacles: Vec<ErasureObstacle>,
}

impl ErasurePreview {
    pub(super) fn new(
        customer: &Customer,
        tables: Vec<ErasedTable>,
        obstacles: Vec<domain::privacy::ErasureObstacle>,
    ) -> Self {
        Self {
            customer_id: customer.id.uuid(),
            version: customer.version,
            tables: tables.into_iter().map(Into::into).collect(),
            obstacles: obstacles.into_iter().map(Wire).collect(),
        }
    }
}

/// The certificate of an erasure: it tells nothing of the person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub struct ErasureBody {
    pub id: Uuid,
    /// The first part of the ETag: a certificate stays as it is.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Of the institution, from 1.
    #[schema(minimum = 1)]
    pub number: i64,
    /// What the person is called in books and lists of money.
    pub pseudonym: String,
    /// The id under which books name it.
    pub customer_id: Uuid,
    /// Why it was erased.
    pub reason: ErasureReason,
    /// The request that was done with it.
    #[schema(required)]
    pub request_id: Option<Uuid>,
    /// What became of everything that was known of the person.
    pub tables: Vec<ErasedRows>,
    /// When.
    pub erased_at: Timestamp,
    /// By whom; null where a rule of retention did.
    #[schema(required)]
    pub erased_by: Option<Uuid>,
    /// The run of the rule of retention by which it was erased.
    #[schema(required)]
    pub retention_run_id: Option<Uuid>,
}

impl From<Erasure> for ErasureBody {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id.uuid(),
            version: 1,
            number: erasure.number,
            pseudonym: erasure.pseudonym().to_string(),
            customer_id: erasure.customer.uuid(),
            reason: Wire(erasure.reason),
            request_id: erasure.request.map(Id::uuid),
            tables: erasure.tables.into_iter().map(Into::into).collect(),
            erased_at: erasure.erased_at,
            erased_by: erasure.erased_by.map(Id::uuid),
            retention_run_id: erasure.retention_run.map(Id::uuid),
        }
    }
}

page! {
    /// One page of certificates.
    ErasurePage of ErasureBody
}
