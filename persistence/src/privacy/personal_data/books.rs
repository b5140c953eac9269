//! What a person is told of enrollments, money and the trail.

use Withheld::{OtherPeople, Repeated, Technical};
use domain::privacy::Withheld;

use super::{
    column::{Told, id, instant, number, opened, text},
    registry::{CAMPUS, OWN, told},
};
use crate::imports::kept;

const OWN_OR_PAID: &str = "(customer_id IN ({who}) OR payer_id IN ({who}))";
const PAYER: &str = "payer_id IN ({who})";

pub(super) static BOOKS: &[Told] = &[
    told(
        "enrollments",
        &[
            text("enrolled_on"),
            id("id"),
            id("customer_id").only(OWN),
            id("payer_id").only(PAYER),
            id("class_id").of("classes", "name").told_as("class"),
            id("course_id").of("courses", "name").told_as("course"),
            CAMPUS,
            number("price_minor"),
            text("currency"),
            number("hours_hundredths"),
            text("status"),
            text("ended_on"),
            text("reason"),
            text("note").only(OWN),
            instant("created_at"),
            instant("updated_at"),
        ],
        &[
            ("version", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
        ],
    )
    .among(OWN_OR_PAID),
    told(
        "attendances",
        &[
            id("lesson_id").of("lessons", "held_on").told_as("held_on"),
            id("enrollment_id"),
            text("status"),
            instant("marked_at"),
        ],
        &[("entry_id", Technical), ("marked_by", OtherPeople)],
    ),
    told(
        "hour_lots",
        &[
            instant("created_at"),
            id("id"),
            id("enrollment_id"),
            number("balance_hundredths"),
        ],
        &[],
    ),
    told(
        "hour_entries",
        &[
            instant("posted_at"),
            id("id"),
            id("lot_id"),
            id("enrollment_id"),
            id("customer_id"),
            CAMPUS,
            text("legal_entity"),
            text("business_date"),
            text("kind"),
            number("hundredths"),
            id("lesson_id").of("lessons", "held_on").told_as("held_on"),
            id("reversal_of"),
        ],
        &[],
    ),
    told(
        "purchases",
        &[
            instant("posted_at"),
            id("id"),
            id("enrollment_id"),
            id("beneficiary_id").only("beneficiary_id IN ({who})"),
            id("payer_id").only(PAYER),
            CAMPUS,
            text("legal_entity"),
            text("occurred_on"),
            number("quantity_hundredths"),
            number("amount_minor"),
            text("currency"),
            text("mode"),
            id("reversal_of"),
        ],
        &[("product_id", Repeated)],
    ),
    told(
        "charges",
        &[
            instant("created_at"),
            id("id"),
            id("customer_id").only(OWN),
            id("payer_id").only(PAYER),
            CAMPUS,
            id("enrollment_id"),
            text("description"),
            number("amount_minor"),
            number("credited_minor"),
            number("paid_minor"),
            number("outstanding_minor"),
            text("currency"),
            text("due_on"),
            instant("updated_at"),
        ],
        &[
            ("version", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
        ],
    )
    .among(OWN_OR_PAID),
    told(
        "payments",
        &[
            instant("created_at"),
            id("id"),
            id("customer_id"),
            CAMPUS,
            text("method"),
            number("amount_minor"),
            number("unallocated_minor"),
            text("currency"),
            text("paid_on"),
            text("business_date"),
            text("note"),
            instant("voided_at"),
            text("voided_on"),
            text("void_reason"),
            instant("updated_at"),
        ],
        &[
            ("version", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
            ("entry_id", Technical),
            ("received_by", OtherPeople),
            ("voided_by", OtherPeople),
        ],
    ),
    told(
        "payment_allocations",
        &[
            instant("created_at"),
            id("id"),
            id("payment_id"),
            id("charge_id"),
            number("amount_minor"),
        ],
        &[("entry_id", Technical)],
    ),
    told(
        "receipts",
        &[
            instant("issued_at"),
            id("id"),
            id("payment_id"),
            CAMPUS,
            number("year"),
            number("campus_number"),
            number("number"),
            number("print_count"),
            instant("voided_at"),
        ],
        &[("version", Technical)],
    ),
    told(
        "customer_balances",
        &[
            id("customer_id"),
            text("currency"),
            number("charged_minor"),
            number("credited_minor"),
            number("paid_minor"),
            number("outstanding_minor"),
            number("credit_minor"),
            instant("created_at"),
            instant("updated_at"),
        ],
        &[
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
        ],
    ),
    told(
        "journal_entries",
        &[
            instant("posted_at"),
            id("id"),
            id("customer_id"),
            CAMPUS,
            text("legal_entity"),
            text("business_date"),
            text("source_kind"),
            id("source_id"),
            text("cause"),
            id("reversal_of"),
        ],
        &[],
    ),
    told(
        "journal_postings",
        &[
            id("entry_id"),
            number("line"),
            id("customer_id"),
            text("account"),
            text("side"),
            number("amount_minor"),
            text("currency"),
        ],
        &[],
    ),
    told(
        "import_rows",
        &[id("customer_id"), number("row_number"), text("outcome")],
        // What was refused of a row may be anybody's.
        &[("import_id", Technical), ("detail", OtherPeople)],
    ),
    told(
        "import_customers",
        &[
            id("import_id"),
            id("customer_id"),
            number("row_number"),
            text("deed"),
            // As the customer was before.
            opened("kept", kept::told),
            instant("undone_at"),
        ],
        &[("version", Technical), ("follow_ups", Technical)],
    )
    .sealed_in("customer_id"),
    told(
        "notices",
        &[
            instant("created_at"),
            text("kind"),
            id("target_id").told_as("customer_id"),
        ],
        &[
            ("id", Technical),
            ("version", Technical),
            ("principal_id", OtherPeople),
            ("numbers", Technical),
            ("target_kind", Technical),
            ("read_at", OtherPeople),
        ],
    ),
    told(
        "audit_records",
        &[
            instant("at"),
            text("operation"),
            text("outcome"),
            text("principal_kind"),
        ],
        &[
            ("id", Technical),
            ("principal_id", OtherPeople),
            ("request_id", Technical),
            ("trace_id", Technical),
            ("target_kind", Technical),
            ("target_id", Technical),
            ("payload_digest", Technical),
            ("position", Technical),
            ("session_id", OtherPeople),
        ],
    ),
    // Masked copies of what was changed, and from where staff did it.
    told(
        "audit_payloads",
        &[],
        &[
            ("id", Technical),
            ("salt", Technical),
            ("payload", OtherPeople),
        ],
    ),
    told(
        "audit_targets",
        &[],
        &[
            ("record_id", Technical),
            ("kind", Technical),
            ("target_id", Technical),
        ],
    ),
    told(
        "events",
        &[],
        &[
            ("id", Technical),
            ("position", Technical),
            ("at", Repeated),
            ("type", Repeated),
            ("schema_version", Technical),
            ("subject_kind", Repeated),
            ("subject_id", Repeated),
            ("subject_version", Technical),
            ("actor_id", OtherPeople),
            ("actor_kind", Repeated),
            ("data", Repeated),
        ],
    ),
    // Answers to staff, kept for a day.
    told(
        "idempotency_records",
        &[],
        &[
            ("principal_id", OtherPeople),
            ("key_digest", Technical),
            ("fingerprint", Technical),
            ("reply", Repeated),
            ("created_at", Technical),
            ("expires_at", Technical),
        ],
    ),
    told(
        "contact_index",
        &[],
        &[("digest", Technical), ("customer_id", Technical)],
    ),
    told(
        "search_documents",
        &[],
        &[
            ("doc_id", Technical),
            ("grams", Technical),
            ("customer_id", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
            ("deleted_at", Repeated),
        ],
    ),
    told(
        "erasures",
        &[
            instant("erased_at"),
            number("number"),
            id("customer_id"),
            text("reason"),
            id("request_id"),
        ],
        &[
            ("id", Technical),
            ("tables", Technical),
            ("erased_by", OtherPeople),
            ("retention_run_id", Technical),
        ],
    ),
    told(
        "erased_customers",
        &[],
        &[("customer_id", Repeated), ("number", Repeated)],
    ),
];
