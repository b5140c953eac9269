//! What a person is told of every table that holds something of it.
//!
//! A sister of the registry of erasure: a test compares both, and every column with the schema.

use Withheld::{OtherPeople, Technical};
use domain::privacy::Withheld;

use super::{
    books,
    column::{Column, Told, id, instant, json, number, opened, sealed, sealed_text, text, yes_no},
};
use crate::customers::merges;

pub(super) const OWN: &str = "customer_id IN ({who})";

pub(super) const fn told(
    table: &'static str,
    columns: &'static [Column],
    withheld: &'static [(&'static str, Withheld)],
) -> Told {
    Told {
        table,
        rows: None,
        columns,
        sealed_in: "id",
        withheld,
    }
}

impl Told {
    pub(super) const fn sealed_in(self, column: &'static str) -> Self {
        Self {
            sealed_in: column,
            ..self
        }
    }

    pub(super) const fn among(self, rows: &'static str) -> Self {
        Self {
            rows: Some(rows),
            ..self
        }
    }
}

/// Where it took place.
pub(super) const CAMPUS: Column = id("campus_id").of("campuses", "name").told_as("campus");

/// Every table of persons, in the order of the document.
pub static TOLD: &[&[Told]] = &[PERSON, books::BOOKS];

/// What is known of a person, and what was said and agreed.
static PERSON: &[Told] = &[
    told(
        "customers",
        &[
            instant("created_at"),
            id("id"),
            text("kind"),
            text("name"),
            text("gender"),
            text("birth_date"),
            number("intent"),
            text("stage"),
            text("note"),
            sealed("contacts"),
            CAMPUS,
            text("channel"),
            instant("collected_at"),
            text("region"),
            text("education"),
            text("occupation"),
            text("school"),
            text("grade"),
            instant("updated_at"),
            instant("deleted_at"),
        ],
        &[
            ("version", Technical),
            ("name_fold", Technical),
            ("region_fold", Technical),
            ("school_fold", Technical),
            ("grade_fold", Technical),
            ("note_fold", Technical),
            ("holder_id", OtherPeople),
            ("collector_id", OtherPeople),
        ],
    ),
    told(
        "customer_details",
        &[
            id("customer_id"),
            text("needs"),
            text("expectations"),
            text("background"),
            text("development_trend"),
            text("consumption_habits"),
            text("need_features"),
            text("residence"),
            text("hobbies"),
            text("preferences_product"),
            text("preferences_service"),
            text("focus_of_concern"),
            text("region_code"),
            text("city_class"),
            text("influence"),
            text("influence_note"),
            text("consumption_potential"),
            text("spending_power"),
            text("membership_tier"),
            text("advantage_resources"),
            text("industry"),
            text("size"),
            text("website"),
            text("exhibitions"),
            text("credit"),
            text("operation"),
            text("sales_situation"),
            text("business_scope"),
            text("place_class"),
        ],
        &[
            ("needs_fold", Technical),
            ("expectations_fold", Technical),
            ("background_fold", Technical),
            ("development_trend_fold", Technical),
            ("consumption_habits_fold", Technical),
            ("need_features_fold", Technical),
            ("residence_fold", Technical),
            ("hobbies_fold", Technical),
            ("preferences_product_fold", Technical),
            ("preferences_service_fold", Technical),
            ("focus_of_concern_fold", Technical),
            ("influence_note_fold", Technical),
            ("membership_tier_fold", Technical),
            ("advantage_resources_fold", Technical),
            ("industry_fold", Technical),
            ("size_fold", Technical),
            ("website_fold", Technical),
            ("exhibitions_fold", Technical),
            ("credit_fold", Technical),
            ("operation_fold", Technical),
            ("sales_situation_fold", Technical),
            ("business_scope_fold", Technical),
        ],
    ),
    told(
        "customer_upkeep",
        &[
            id("customer_id"),
            instant("verified_at"),
            instant("contacts_changed_at"),
        ],
        &[("verified_by", OtherPeople)],
    ),
    told(
        "customer_photos",
        &[
            instant("chosen_at"),
            id("id"),
            id("customer_id"),
            id("file_id"),
        ],
        &[("chosen_by", OtherPeople)],
    ),
    told(
        "cleaning_entries",
        &[
            instant("created_at"),
            id("id"),
            id("customer_id"),
            text("reason"),
            text("missing"),
            text("state"),
            instant("kept_until"),
            sealed_text("kept_reason"),
            instant("kept_at"),
            instant("cleaned_at"),
            instant("deleted_at"),
        ],
        &[
            ("version", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
            ("twin_id", OtherPeople),
            ("kept_by", OtherPeople),
            ("job_id", Technical),
        ],
    )
    // Of another record it tells that the person may be somebody else.
    .among(OWN),
    told(
        "customer_filings",
        &[
            instant("created_at"),
            id("id"),
            id("customer_id"),
            text("kind"),
            text("business_scope"),
            text("region_code"),
            text("state"),
            instant("filed_at"),
            instant("changed_at"),
            instant("taken_out_at"),
            sealed_text("taken_out_reason"),
            instant("deleted_at"),
        ],
        &[
            ("version", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
            ("customer_version", Technical),
            ("filed_by", OtherPeople),
            ("taken_out_by", OtherPeople),
        ],
    ),
    told(
        "customer_screenings",
        &[
            instant("screened_at"),
            id("id"),
            id("customer_id"),
            text("outcome"),
            text("reason"),
            sealed_text("details"),
        ],
        &[
            ("rule_id", Technical),
            ("rule_version", Technical),
            ("run_id", Technical),
            ("screened_by", OtherPeople),
        ],
    ),
    told(
        "custom_values",
        &[
            id("field_id").of("custom_fields", "name").told_as("field"),
            number("place"),
            id("field_id")
                .of("custom_fields", "field_type")
                .told_as("type"),
            text("text"),
            text("choice"),
            number("number"),
            text("date"),
            sealed("sealed"),
            id("record_id").told_as("customer_id"),
        ],
        &[
            ("id", Technical),
            ("text_fold", Technical),
            ("text_head", Technical),
            ("ref_id", OtherPeople),
        ],
    ),
    told(
        "customer_collections",
        &[
            instant("recorded_at"),
            id("id"),
            number("version"),
            id("customer_id"),
            yes_no("is_current"),
            text("channel"),
            instant("collected_at"),
            id("department_id")
                .of("departments", "name")
                .told_as("department"),
            text("event"),
            text("source_document"),
            id("file_id"),
            text("lawful_basis"),
            sealed("form"),
            text("form_kind"),
            number("form_version"),
            text("reason"),
            instant("created_at"),
        ],
        &[("collector_id", OtherPeople), ("recorded_by", OtherPeople)],
    ),
    told(
        "customer_relations",
        &[
            instant("created_at"),
            id("id"),
            text("role"),
            id("customer_id").only(OWN),
            id("relative_id").only("relative_id IN ({who})"),
            text("label"),
            text("valid_from"),
            text("valid_until"),
            yes_no("may_view"),
            yes_no("gets_notices"),
        ],
        &[],
    ),
    told(
        "customer_merges",
        &[
            instant("merged_at"),
            id("survivor_id").only("survivor_id IN ({who})"),
            id("merged_id").only("merged_id IN ({who})"),
            // As the survivor was before.
            opened("kept", merges::told).only("survivor_id IN ({who})"),
            instant("undone_at"),
        ],
        &[
            ("id", Technical),
            ("now_id", Technical),
            ("survivor_version", Technical),
            ("merged_by", OtherPeople),
            ("undone_by", OtherPeople),
        ],
    ),
    told(
        "consents",
        &[
            instant("decided_at"),
            id("id"),
            id("customer_id").only(OWN),
            text("purpose"),
            text("channel"),
            text("decision"),
            id("decided_by").only("decided_by IN ({who})"),
            id("notice_id")
                .of("privacy_notices", "title")
                .told_as("notice"),
            sealed_text("evidence").only(OWN),
            instant("recorded_at"),
        ],
        &[("recorded_by", OtherPeople)],
    )
    .among("(customer_id IN ({who}) OR decided_by IN ({who}))"),
    told(
        "privacy_requests",
        &[
            instant("received_at"),
            id("id"),
            id("customer_id").only(OWN),
            text("kind"),
            id("asked_by").only("asked_by IN ({who})"),
            sealed("words").fields(&["details", "answer"]).only(OWN),
            // Of whoever asked.
            sealed("words")
                .fields(&["identity"])
                .told_as("identified")
                .only("COALESCE(asked_by, customer_id) IN ({who})"),
            text("due_on"),
            text("status"),
            instant("closed_at"),
            instant("created_at"),
        ],
        &[("version", Technical), ("recorded_by", OtherPeople)],
    ),
    // Why may tell of whoever the dispute is with.
    told(
        "legal_holds",
        &[
            instant("placed_at"),
            id("id"),
            id("customer_id"),
            instant("ends_at"),
            instant("released_at"),
        ],
        &[
            ("words", OtherPeople),
            ("version", Technical),
            ("placed_by", OtherPeople),
            ("released_by", OtherPeople),
        ],
    ),
    told(
        "disclosures",
        &[
            instant("disclosed_at"),
            id("id"),
            id("customer_id"),
            id("recipient_id")
                .of("recipients", "name")
                .told_as("recipient"),
            id("recipient_id")
                .of("recipients", "country")
                .told_as("country"),
            id("recipient_id")
                .of("recipients", "purpose")
                .told_as("purpose"),
            text("lawful_basis"),
            id("consent_id"),
            json("categories"),
            sealed_text("details"),
            instant("recorded_at"),
        ],
        &[
            ("recipient_version", Technical),
            ("recorded_by", OtherPeople),
        ],
    ),
    told(
        "customer_insights",
        &[
            instant("recorded_at"),
            id("id"),
            id("customer_id"),
            text("topic"),
            text("content"),
            text("source"),
            text("origin"),
            text("observed_on"),
            text("lawful_basis"),
            text("authorisation"),
            id("consent_id"),
            instant("withdrawn_at"),
            text("withdrawal_reason"),
        ],
        &[
            ("version", Technical),
            ("recorded_by", OtherPeople),
            ("withdrawn_by", OtherPeople),
        ],
    ),
    told(
        "personal_data_exports",
        &[
            instant("created_at"),
            id("id"),
            id("customer_id"),
            id("request_id"),
            instant("expires_at"),
        ],
        &[("owner_id", OtherPeople), ("file_id", Technical)],
    ),
    told(
        "follow_ups",
        &[
            instant("occurred_at"),
            id("id"),
            id("customer_id"),
            text("method"),
            text("outcome"),
            number("intent"),
            text("content"),
            text("next_on"),
            instant("created_at"),
            instant("updated_at"),
            instant("deleted_at"),
        ],
        &[
            ("version", Technical),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
            ("due_at", Technical),
            ("due_until", Technical),
            ("author_id", OtherPeople),
        ],
    ),
    told(
        "taggings",
        &[
            instant("put_on_at"),
            id("id"),
            id("customer_id"),
            id("tag_id").of("tags", "name").told_as("tag"),
            text("put_on_reason"),
            instant("taken_off_at"),
            text("taken_off_reason"),
            instant("deleted_at"),
        ],
        &[
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
            ("customer_created_at", Technical),
            ("put_on_by", OtherPeople),
            ("taken_off_by", OtherPeople),
        ],
    ),
    told(
        "customer_shares",
        &[
            instant("created_at"),
            id("customer_id"),
            yes_no("can_write"),
            instant("until"),
        ],
        &[
            ("grantee_id", OtherPeople),
            ("sharer_id", OtherPeople),
            ("customer_created_at", Technical),
            ("version", Technical),
        ],
    ),
    told(
        "share_requests",
        &[
            instant("created_at"),
            id("id"),
            id("customer_id"),
            sealed("words"),
            text("state"),
            instant("until"),
            instant("decided_at"),
            instant("deleted_at"),
        ],
        &[
            ("version", Technical),
            ("owner_id", OtherPeople),
            ("holder_id", OtherPeople),
            ("customer_campus_id", Technical),
        ],
    ),
    // Their contents are handed over beside the document.
    told(
        "files",
        &[
            instant("created_at"),
            id("id"),
            id("record_id").told_as("customer_id"),
            sealed_text("name"),
            text("purpose"),
            text("type"),
            number("size"),
            instant("expires_at"),
        ],
        &[
            ("version", Technical),
            ("owner_id", OtherPeople),
            ("state", Technical),
            ("sha256", Technical),
            ("record_kind", Technical),
        ],
    )
    .among("record_kind = 'customer' AND record_id IN ({who})"),
];
