use domain::{
    access::{CustomersAssign, CustomersDelete, CustomersWrite, Permission},
    bulk::Mode,
    customers::Customer,
    fault::FieldFault,
    id::Id,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    customers::{ChangeCustomer, CreateCustomer, TransferCustomer},
    http::{Problem, json::Sent, problem::ProblemBody, schema::Schemas, wire::Wire},
};

pub type BulkMode = Wire<Mode>;

/// Operations on customers (批量操作), done in their order and in one transaction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"mode": "all_or_nothing", "operations": [{"op": "create", "ref": "row-1",
    "data": {"kind": "student", "name": "张伟", "source_channel": "hotline",
    "campus_id": "0192f0c1-1111-7000-8000-000000000000"}}]}))]
pub struct BulkCustomers {
    /// What becomes of the others where one is refused.
    pub mode: BulkMode,
    /// What is to be done, in this order.
    #[schema(min_items = 1, max_items = 500)]
    pub operations: Vec<CustomerOperation>,
}

/// What is to be done with one customer; `op` says what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "op", mapping(
    ("create" = "#/components/schemas/CreateCustomerOperation"),
    ("update" = "#/components/schemas/UpdateCustomerOperation"),
    ("delete" = "#/components/schemas/DeleteCustomerOperation"),
    ("transfer" = "#/components/schemas/TransferCustomerOperation"),
)))]
pub enum CustomerOperation {
    Create(CreateCustomerOperation),
    Update(UpdateCustomerOperation),
    Delete(DeleteCustomerOperation),
    Transfer(TransferCustomerOperation),
}

/// The values of `op`.
pub(super) const VERBS: &str = "create, update, delete, transfer";

/// Declares a value of `op`.
macro_rules! verbs {
    ($( $name:ident = $variant:ident )+) => {
        $(
            /// Which operation it is.
            #[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
            #[serde(rename_all = "snake_case")]
            pub enum $name {
                $variant,
            }
        )+
    };
}

verbs! {
    CreateVerb = Create
    UpdateVerb = Update
    DeleteVerb = Delete
    TransferVerb = Transfer
}

/// Takes in a customer, as `createCustomer` does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"op": "create", "ref": "row-1", "data": {"kind": "student", "name": "张伟",
    "source_channel": "hotline", "campus_id": "0192f0c1-1111-7000-8000-000000000000"}}))]
pub struct CreateCustomerOperation {
    #[schema(inline)]
    pub op: CreateVerb,
    /// The caller's own name for the operation, which its result repeats.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub r#ref: Option<String>,
    /// As the body of `createCustomer`.
    #[schema(value_type = CreateCustomer)]
    pub data: Sent<CreateCustomer>,
}

/// Changes a customer, as `changeCustomer` does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"op": "update", "ref": "row-2", "id": "0192f0c1-2222-7000-8000-000000000000",
    "version": 1, "data": {"intent": 4, "note": null}}))]
pub struct UpdateCustomerOperation {
    #[schema(inline)]
    pub op: UpdateVerb,
    /// The caller's own name for the operation, which its result repeats.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub r#ref: Option<String>,
    /// The customer.
    pub id: Uuid,
    /// The version that the change was made from.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub version: i64,
    /// As the body of `changeCustomer`.
    #[schema(value_type = ChangeCustomer)]
    pub data: Sent<ChangeCustomer>,
}

/// Deletes a customer, as `deleteCustomer` does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"op": "delete", "ref": "row-3", "id": "0192f0c1-2222-7000-8000-000000000000",
    "version": 1}))]
pub struct DeleteCustomerOperation {
    #[schema(inline)]
    pub op: DeleteVerb,
    /// The caller's own name for the operation, which its result repeats.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub r#ref: Option<String>,
    /// The customer.
    pub id: Uuid,
    /// The version that was read before.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub version: i64,
}

/// Hands a customer over to somebody else, as `transferCustomer` does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"op": "transfer", "ref": "row-4", "id": "0192f0c1-2222-7000-8000-000000000000",
    "data": {"holder_id": "0192f0c1-3333-7000-8000-000000000000", "reason": "招生老师离职"}}))]
pub struct TransferCustomerOperation {
    #[schema(inline)]
    pub op: TransferVerb,
    /// The caller's own name for the operation, which its result repeats.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub r#ref: Option<String>,
    /// The customer.
    pub id: Uuid,
    /// As the body of `transferCustomer`.
    #[schema(value_type = TransferCustomer)]
    pub data: Sent<TransferCustomer>,
}

impl CustomerOperation {
    /// The caller's own name for it.
    pub(super) fn reference(&self) -> Option<&str> {
        let named = match self {
            Self::Create(operation) => &operation.r#ref,
            Self::Update(operation) => &operation.r#ref,
            Self::Delete(operation) => &operation.r#ref,
            Self::Transfer(operation) => &operation.r#ref,
        };
        named.as_deref()
    }

    /// The customer that it names.
    pub(super) fn customer(&self) -> Option<Id<Customer>> {
        match self {
            Self::Create(_) => None,
            Self::Update(operation) => Some(Id::new(operation.id)),
            Self::Delete(operation) => Some(Id::new(operation.id)),
            Self::Transfer(operation) => Some(Id::new(operation.id)),
        }
    }

    /// Code of the permission that it needs.
    pub(super) fn permission(&self) -> &'static str {
        match self {
            Self::Create(_) | Self::Update(_) => CustomersWrite::CODE,
            Self::Delete(_) => CustomersDelete::CODE,
            Self::Transfer(_) => CustomersAssign::CODE,
        }
    }

    /// Looks for what breaks the schema of its data.
    pub(super) fn check(&mut self, schemas: &Schemas) -> Result<(), Problem> {
        match self {
            Self::Create(operation) => operation.data.check(schemas),
            Self::Update(operation) => operation.data.check(schemas),
            Self::Delete(_) => Ok(()),
            Self::Transfer(operation) => operation.data.check(schemas),
        }
    }

    /// Every field of its data that breaks the schema.
    pub(super) fn faults(&self) -> &[FieldFault] {
        match self {
            Self::Create(operation) => operation.data.faults(),
            Self::Update(operation) => operation.data.faults(),
            Self::Delete(_) => &[],
            Self::Transfer(operation) => operation.data.faults(),
        }
    }
}

/// What came of each operation, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResults {
    /// One of each operation.
    #[schema(value_type = Vec<BulkResult>)]
    pub results: Vec<BulkResult>,
}

/// What came of one operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    /// The caller's own name for the operation; null where it has none.
    #[schema(required)]
    pub r#ref: Option<String>,
    /// The HTTP status that the single operation would have answered.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The customer that was made, or that the operation names; null where none was made.
    #[schema(required)]
    pub id: Option<Uuid>,
    /// Version of the customer after the operation; the present one where that was not `version` (412);
    /// null where it was deleted, or the operation was refused for another reason.
    #[schema(required, minimum = 1)]
    pub version: Option<i64>,
    /// Why it was refused, in the words of the single operation; null where it was done. Pointers lead
    /// into the body of this call: `#/operations/3/data/name`.
    #[schema(required)]
    pub problem: Option<ProblemBody>,
}
