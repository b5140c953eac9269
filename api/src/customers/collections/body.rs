use domain::customers::{Collection, FormEntry, LawfulBasis as Basis};
use domain::id::Id;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    access::fields::Shown,
    customers::{CustomerKind, SourceChannelCode},
    http::{list::page, wire::Wire},
};

pub type LawfulBasis = Wire<Basis>;

/// A line of a registration form (客户信息登记表) as it was filled.
#[derive(Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "家长姓名", "value": "王芳"}))]
pub struct FormLine {
    /// What the form asks for.
    #[schema(min_length = 1, max_length = 100)]
    pub label: String,
    /// What was filled in.
    #[schema(max_length = 1000)]
    pub value: String,
}

impl std::fmt::Debug for FormLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl From<FormLine> for FormEntry {
    fn from(line: FormLine) -> Self {
        Self {
            label: line.label,
            value: line.value,
        }
    }
}

/// What there is to say of how the data of a new customer were collected.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event": "春季教育展", "lawful_basis": "consent"}))]
pub struct CollectionEvidence {
    /// Which department collected; that of the collector, when absent.
    #[schema(nullable = false)]
    pub department_id: Option<Uuid>,
    /// At which event.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub event: Option<String>,
    /// The paper or list that the data come from.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub source_document: Option<String>,
    /// On which basis of law the data are kept.
    #[schema(nullable = false)]
    pub lawful_basis: Option<LawfulBasis>,
    /// The registration form as it was filled. It is sealed, and shown by a reveal only.
    #[schema(max_items = 100, nullable = false)]
    pub form: Option<Vec<FormLine>>,
    /// Of which version of the form of the customer's kind (`GET /customer-forms/{kind}`); of the present one, when
    /// absent.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, nullable = false)]
    pub form_version: Option<i64>,
}

/// A further collection of a customer's data.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source_channel": "event", "event": "春季教育展", "lawful_basis": "consent",
    "form": [{"label": "家长姓名", "value": "王芳"}]}))]
pub struct RecordCollection {
    /// On which way: a channel of the institution that is not archived.
    pub source_channel: SourceChannelCode,
    /// When; now, when absent.
    #[schema(nullable = false)]
    pub collected_at: Option<Timestamp>,
    /// By whom; the caller, when absent.
    #[schema(nullable = false)]
    pub collector_id: Option<Uuid>,
    /// Which department collected; that of the collector, when absent.
    #[schema(nullable = false)]
    pub department_id: Option<Uuid>,
    /// At which event.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub event: Option<String>,
    /// The paper or list that the data come from.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub source_document: Option<String>,
    /// A file of the customer that holds the document.
    #[schema(nullable = false)]
    pub file_id: Option<Uuid>,
    /// On which basis of law the data are kept.
    #[schema(nullable = false)]
    pub lawful_basis: Option<LawfulBasis>,
    /// The registration form as it was filled. It is sealed, and shown by a reveal only.
    #[schema(max_items = 100, nullable = false)]
    pub form: Option<Vec<FormLine>>,
    /// Of which version of the form of the customer's kind (`GET /customer-forms/{kind}`); of the present one, when
    /// absent.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, nullable = false)]
    pub form_version: Option<i64>,
}

/// What a collection should have said: absent leaves a field, null clears it.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source_channel": "referral", "reason": "家长更正"}))]
pub struct CorrectCollection {
    /// On which way: a channel of the institution; another only where it is not archived.
    #[schema(nullable = false)]
    pub source_channel: Option<SourceChannelCode>,
    /// When.
    #[schema(nullable = false)]
    pub collected_at: Option<Timestamp>,
    /// By whom. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub collector_id: Option<Option<Uuid>>,
    /// Which department collected. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub department_id: Option<Option<Uuid>>,
    /// At which event. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub event: Option<Option<String>>,
    /// The paper or list that the data come from. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub source_document: Option<Option<String>>,
    /// A file of the customer that holds the document. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Uuid>)]
    pub file_id: Option<Option<Uuid>>,
    /// On which basis of law the data are kept. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<LawfulBasis>)]
    pub lawful_basis: Option<Option<LawfulBasis>>,
    /// Replaces the form as a whole.
    #[schema(max_items = 100, nullable = false)]
    pub form: Option<Vec<FormLine>>,
    /// Of which version of the form of the customer's kind. One that is filled for the first time is of the present
    /// one, when absent.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, nullable = false)]
    pub form_version: Option<i64>,
    /// Why it is corrected; it stays with the new version.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// A collection of a customer's data (信息采集). What a field rule of customers hides is null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Collection)]
pub struct CollectionBody {
    /// That of the customer, where the customer was created with it.
    pub id: Uuid,
    /// Raised with every correction; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub customer_id: Uuid,
    /// On which way.
    #[schema(required)]
    pub source_channel: Option<SourceChannelCode>,
    /// When.
    #[schema(required)]
    pub collected_at: Option<Timestamp>,
    /// By whom; null where nobody is known.
    #[schema(required)]
    pub collector_id: Option<Uuid>,
    /// Which department collected.
    #[schema(required)]
    pub department_id: Option<Uuid>,
    /// At which event.
    #[schema(required)]
    pub event: Option<String>,
    /// The paper or list that the data come from.
    #[schema(required)]
    pub source_document: Option<String>,
    /// A file of the customer that held the document when it was named.
    #[schema(required)]
    pub file_id: Option<Uuid>,
    /// On which basis of law the data are kept.
    #[schema(required)]
    pub lawful_basis: Option<LawfulBasis>,
    /// Whether a filled form is kept: a reveal shows it.
    pub has_form: bool,
    /// Of which kind's form; the customer may be of another by now. Null where none was filled, or nobody knows.
    #[schema(required)]
    pub form_kind: Option<CustomerKind>,
    /// Of which version of it; null where `form_kind` is. Both stay where the form itself was erased.
    #[schema(required)]
    pub form_version: Option<i64>,
    pub created_at: Timestamp,
    /// When this version was recorded.
    pub recorded_at: Timestamp,
    /// By whom; null of what was there before collections were recorded.
    #[schema(required)]
    pub recorded_by: Option<Uuid>,
    /// Why it was corrected; null of the first version.
    #[schema(required)]
    pub reason: Option<String>,
}

impl From<Collection> for CollectionBody {
    fn from(collection: Collection) -> Self {
        let from = collection.provenance;
        let evidence = from.evidence;
        Self {
            id: collection.id.uuid(),
            version: collection.version,
            customer_id: collection.customer.uuid(),
            source_channel: Some((&from.channel).into()),
            collected_at: Some(from.collected_at),
            collector_id: from.collector.map(Id::uuid),
            department_id: evidence.department.map(Id::uuid),
            event: evidence.event,
            source_document: evidence.source_document,
            file_id: evidence.file.map(Id::uuid),
            lawful_basis: evidence.lawful_basis.map(Wire),
            has_form: !evidence.form.is_empty(),
            form_kind: evidence.form_version.map(|form| Wire(form.kind)),
            form_version: evidence.form_version.map(|form| form.version),
            created_at: collection.created_at,
            recorded_at: collection.recorded_at,
            recorded_by: collection.recorded_by,
            reason: collection.reason,
        }
    }
}

page! {
    /// One page of collections.
    CollectionPage of CollectionBody as Shown<CollectionBody>
}

/// A collection with what it said before it was corrected.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionHistory {
    /// As it stands now.
    #[schema(value_type = CollectionBody)]
    pub current: Shown<CollectionBody>,
    /// Earlier versions, the last one first.
    #[schema(value_type = Vec<CollectionBody>)]
    pub earlier: Vec<Shown<CollectionBody>>,
}

/// Why a filled form is needed in the clear.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "核对登记表"}))]
pub struct RevealCollection {
    /// Kept on the audit trail.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

/// A filled form in the clear.
#[derive(Serialize, ToSchema)]
pub struct RevealedCollection {
    pub id: Uuid,
    /// Its lines; none where no form is kept.
    pub form: Vec<FormLine>,
}

impl RevealedCollection {
    pub fn new(id: Id<Collection>, form: Vec<FormEntry>) -> Self {
        let lines = form.into_iter().map(|entry| FormLine {
            label: entry.label,
            value: entry.value,
        });
        Self {
            id: id.uuid(),
            form: lines.collect(),
        }
    }
}
