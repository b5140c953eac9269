//! What erasure does with every table.
//!
//! A table that is made later joins one of the two lists: a test compares both with the schema, and the
//! columns of those that hold something of a person too.

use domain::privacy::KeptGround;
use sea_orm::{QueryResult, Value};

use crate::{
    Error,
    customers::merges,
    idempotency,
    keys::FieldKeys,
    privacy::{legal_holds, requests},
};

/// A table with rows that belong to a person.
#[derive(Debug)]
pub struct OfPerson {
    pub table: &'static str,
    /// Which rows are a person's. `{who}` stands for all its ids, `{institution}` for whose they are.
    pub(in crate::privacy) rows: &'static str,
    pub on_erasure: OnErasure,
    /// Columns that stay as they are: codes, and what money and hours are counted by.
    pub harmless: &'static [&'static str],
}

/// What becomes of the rows of a person.
#[derive(Debug)]
pub enum OnErasure {
    /// They go.
    Removed,
    /// They go with the next run of the job that removes files: contents first.
    Expired,
    /// Columns, and what they hold from then on; also `{now}` and `{pseudonym}`.
    Emptied(&'static [(&'static str, &'static str)]),
    /// What is sealed in a column is sealed anew, without its words.
    Resealed {
        column: &'static str,
        /// The column that names a row, and what it is told.
        key: &'static str,
        seal: Seal,
    },
    Kept(KeptGround),
}

/// The key of a row, and what is sealed in it.
pub(super) type Seal = fn(&FieldKeys, &QueryResult) -> Result<(Value, Vec<u8>), Error>;

use KeptGround::{Accountability, Bookkeeping};
use OnErasure::{Emptied, Expired, Kept, Removed, Resealed};

macro_rules! of {
    ($table:literal) => {
        concat!(
            "SELECT id FROM ",
            $table,
            " WHERE institution_id = {institution} AND customer_id IN ({who})"
        )
    };
}

/// The audit records of everything that is, or was, the person's.
macro_rules! records {
    () => {
        concat!(
            "WITH touched (id) AS (SELECT id FROM customers WHERE institution_id = {institution} AND id IN ({who})",
            " UNION SELECT id FROM files WHERE institution_id = {institution} AND record_kind = 'customer' AND record_id IN ({who})",
            " UNION ", of!("enrollments"), " UNION ", of!("follow_ups"), " UNION ", of!("taggings"),
            " UNION ", of!("customer_relations"), " UNION ", of!("consents"), " UNION ", of!("privacy_requests"), " UNION ", of!("legal_holds"), " UNION ", of!("personal_data_exports"),
            " UNION ", of!("disclosures"), " UNION ", of!("customer_insights"),
            " UNION ", of!("payments"), " UNION ", of!("charges"), " UNION ", of!("share_requests"),
            " UNION ", of!("customer_collections"), " UNION ", of!("cleaning_entries"), " UNION ", of!("customer_filings"),
            " UNION ", of!("customer_screenings"), ") ",
            "SELECT r.id FROM touched JOIN audit_records r ON r.institution_id = {institution} AND r.target_id = touched.id ",
            "UNION SELECT t.record_id FROM touched JOIN audit_targets t ON t.institution_id = {institution} AND t.target_id = touched.id"
        )
    };
}

/// The same, as text.
pub(in crate::privacy) const RECORDS: &str = records!();

const fn of_person(
    table: &'static str,
    rows: &'static str,
    on_erasure: OnErasure,
    harmless: &'static [&'static str],
) -> OfPerson {
    OfPerson {
        table,
        rows,
        on_erasure,
        harmless,
    }
}

const OWN: &str = "customer_id IN ({who})";
const OF_ENROLLMENTS: &str = concat!("enrollment_id IN (", of!("enrollments"), ")");
const OF_PAYMENTS: &str = concat!("payment_id IN (", of!("payments"), ")");

/// Every table with rows of people: first what is found by the others, then in the order in which rows are
/// locked everywhere.
pub static OF_PERSONS: &[OfPerson] = &[
    // Headers and digests stay, so that the trail is still proved.
    of_person(
        "audit_payloads",
        concat!("id IN (", records!(), ")"),
        Emptied(&[("salt", "NULL"), ("payload", "NULL")]),
        &[],
    ),
    // A reply was kept in the transaction that left the record.
    of_person(
        "idempotency_records",
        concat!(
            "(principal_id, created_at) IN (SELECT principal_id, at FROM audit_records ",
            "WHERE institution_id = {institution} AND id IN (",
            records!(),
            "))"
        ),
        Resealed {
            column: "reply",
            key: "key_digest",
            seal: idempotency::withheld,
        },
        &["key_digest", "fingerprint"],
    ),
    of_person(
        "enrollments",
        OWN,
        Emptied(&[("note", "NULL")]),
        &["currency", "status", "enrolled_on", "ended_on", "reason"],
    ),
    of_person(
        "follow_ups",
        OWN,
        Emptied(&[
            ("content", "NULL"),
            ("intent", "NULL"),
            ("next_on", "NULL"),
            ("due_at", "NULL"),
            ("due_until", "NULL"),
            ("deleted_at", "COALESCE(deleted_at, {now})"),
        ]),
        &["method", "outcome"],
    ),
    of_person("taggings", OWN, Removed, &[]),
    of_person(
        "customer_relations",
        "(customer_id IN ({who}) OR relative_id IN ({who}))",
        Removed,
        &[],
    ),
    of_person(
        "consents",
        OWN,
        Emptied(&[("evidence", "NULL")]),
        &["purpose", "channel", "decision"],
    ),
    of_person(
        "privacy_requests",
        "(customer_id IN ({who}) OR asked_by IN ({who}))",
        Resealed {
            column: "words",
            key: "id",
            seal: requests::wordless,
        },
        &["kind", "status", "due_on"],
    ),
    of_person(
        "legal_holds",
        OWN,
        Resealed {
            column: "words",
            key: "id",
            seal: legal_holds::wordless,
        },
        &[],
    ),
    of_person(
        "disclosures",
        OWN,
        Emptied(&[("details", "NULL")]),
        &["lawful_basis", "categories"],
    ),
    of_person("customer_insights", OWN, Removed, &[]),
    of_person("personal_data_exports", OWN, Kept(Accountability), &[]),
    of_person(
        "payments",
        OWN,
        Emptied(&[
            ("note", "NULL"),
            (
                "void_reason",
                "CASE WHEN void_reason IS NULL THEN NULL ELSE {pseudonym} END",
            ),
        ]),
        &[
            "method",
            "currency",
            "paid_on",
            "business_date",
            "voided_on",
        ],
    ),
    of_person(
        "charges",
        OWN,
        Emptied(&[("description", "{pseudonym}")]),
        &["currency", "due_on"],
    ),
    of_person("customer_balances", OWN, Kept(Bookkeeping), &["currency"]),
    of_person("customer_shares", OWN, Removed, &[]),
    of_person("share_requests", OWN, Removed, &[]),
    of_person(
        "customer_collections",
        OWN,
        Emptied(&[
            ("event", "NULL"),
            ("source_document", "NULL"),
            ("file_id", "NULL"),
            ("form", "NULL"),
            ("reason", "NULL"),
        ]),
        &["channel", "lawful_basis", "form_kind"],
    ),
    of_person("customer_details", OWN, Removed, &[]),
    of_person("customer_upkeep", OWN, Removed, &[]),
    of_person("customer_photos", OWN, Removed, &[]),
    of_person("customer_filings", OWN, Removed, &[]),
    of_person("customer_screenings", OWN, Removed, &[]),
    of_person(
        "cleaning_entries",
        "(customer_id IN ({who}) OR twin_id IN ({who}))",
        Removed,
        &[],
    ),
    of_person("custom_values", "record_id IN ({who})", Removed, &[]),
    of_person("contact_index", OWN, Removed, &[]),
    of_person("search_documents", OWN, Removed, &[]),
    of_person(
        "customer_merges",
        "(survivor_id IN ({who}) OR merged_id IN ({who}))",
        Resealed {
            column: "kept",
            key: "id",
            seal: merges::empty,
        },
        &[],
    ),
    // Lists that brought the person in, and copies of lists that may hold it, go as well.
    of_person(
        "files",
        "((record_kind = 'customer' AND record_id IN ({who})) \
         OR (record_kind = 'personal_data_export' AND record_id IN (SELECT id FROM personal_data_exports \
         WHERE institution_id = {institution} AND customer_id IN ({who}))) \
         OR id IN (SELECT i.file_id FROM imports i JOIN import_rows r ON r.institution_id = i.institution_id \
         AND r.import_id = i.id WHERE i.institution_id = {institution} AND r.customer_id IN ({who})) \
         OR id IN (SELECT i.result_file_id FROM imports i JOIN import_rows r ON r.institution_id = i.institution_id \
         AND r.import_id = i.id WHERE i.institution_id = {institution} AND r.customer_id IN ({who})) \
         OR id IN (SELECT i.file_id FROM imports i JOIN import_customers m ON m.institution_id = i.institution_id \
         AND m.import_id = i.id WHERE i.institution_id = {institution} AND m.customer_id IN ({who})) \
         OR id IN (SELECT file_id FROM exports WHERE institution_id = {institution} AND file_id IS NOT NULL))",
        Expired,
        &[],
    ),
    of_person(
        "import_rows",
        OWN,
        Emptied(&[("detail", "NULL")]),
        &["outcome"],
    ),
    of_person(
        "import_customers",
        OWN,
        Emptied(&[("kept", "NULL")]),
        &["deed"],
    ),
    of_person("notices", "target_id IN ({who})", Removed, &[]),
    of_person(
        "customers",
        "id IN ({who})",
        Emptied(&[
            ("name", "{pseudonym}"),
            ("name_fold", "{pseudonym}"),
            ("gender", "'not_given'"),
            ("birth_date", "NULL"),
            ("intent", "NULL"),
            ("region", "NULL"),
            ("education", "NULL"),
            ("occupation", "NULL"),
            ("school", "NULL"),
            ("grade", "NULL"),
            ("note", "NULL"),
            ("region_fold", "NULL"),
            ("school_fold", "NULL"),
            ("grade_fold", "NULL"),
            ("note_fold", "NULL"),
            ("contacts", "NULL"),
            ("version", "version + 1"),
            ("updated_at", "{now}"),
            ("deleted_at", "COALESCE(deleted_at, {now})"),
        ]),
        &["kind", "stage", "channel"],
    ),
    of_person(
        "purchases",
        "(beneficiary_id IN ({who}) OR payer_id IN ({who}))",
        Kept(Bookkeeping),
        &["legal_entity", "occurred_on", "currency", "mode"],
    ),
    of_person("hour_lots", OF_ENROLLMENTS, Kept(Bookkeeping), &[]),
    of_person(
        "hour_entries",
        OWN,
        Kept(Bookkeeping),
        &["legal_entity", "business_date", "kind"],
    ),
    of_person(
        "attendances",
        OF_ENROLLMENTS,
        Kept(Bookkeeping),
        &["status"],
    ),
    of_person(
        "journal_entries",
        OWN,
        Kept(Bookkeeping),
        &["legal_entity", "business_date", "source_kind", "cause"],
    ),
    of_person(
        "journal_postings",
        OWN,
        Kept(Bookkeeping),
        &["line", "account", "side", "currency"],
    ),
    of_person("payment_allocations", OF_PAYMENTS, Kept(Bookkeeping), &[]),
    of_person("receipts", OF_PAYMENTS, Kept(Bookkeeping), &["year"]),
    of_person(
        "audit_records",
        concat!("id IN (", records!(), ")"),
        Kept(Accountability),
        &[
            "principal_kind",
            "operation",
            "outcome",
            "target_kind",
            "payload_digest",
        ],
    ),
    of_person(
        "audit_targets",
        "target_id IN ({who})",
        Kept(Accountability),
        &["kind"],
    ),
    // They carry no personal values.
    of_person(
        "events",
        "subject_id IN ({who})",
        Kept(Accountability),
        &["type", "subject_kind", "actor_kind", "data"],
    ),
    of_person("erasures", OWN, Kept(Accountability), &["reason", "tables"]),
    of_person("erased_customers", OWN, Kept(Accountability), &[]),
];

/// Tables in which nothing is of a customer. What somebody wrote into the name of a view is sealed, and what
/// a job was told goes when it ends.
pub static OF_NOBODY: &[&str] = &[
    "allowances",
    "api_client_campuses",
    "api_clients",
    "api_keys",
    "approval_acts",
    "approval_policies",
    "approval_steps",
    "approvals",
    "campuses",
    "classes",
    "courses",
    "credentials",
    "custom_field_versions",
    "custom_fields",
    "customer_forms",
    "departments",
    // Keyed hashes alone: that is what they are for.
    "erased_contacts",
    "exports",
    "field_keys",
    "group_members",
    "groups",
    "holders",
    "import_templates",
    "imports",
    "institutions",
    "jobs",
    "lessons",
    "number_series",
    "positions",
    "principal_roles",
    "principals",
    "privacy_notices",
    "recipients",
    "quality_policies",
    "refresh_tokens",
    "regions",
    "retention_policies",
    "retention_runs",
    "role_field_rules",
    "role_permissions",
    "role_rules",
    "roles",
    "schedule_ticks",
    "screening_rule_versions",
    "screening_rules",
    "screening_runs",
    "sessions",
    "source_channels",
    "staff",
    "staff_agreements",
    "staff_campuses",
    "staff_positions",
    "staff_posts",
    "subjects",
    "sweeps",
    "tag_categories",
    "tags",
    "teams",
    "views",
];
