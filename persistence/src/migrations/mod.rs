//! The schema, step by step. One purpose a migration; none is edited once released.
//!
//! Each is SQL that both engines run, with the few types that differ written in braces:
//! `{uuid}`, `{json}`, `{bytes}`, `{text}` (compared by code point), and blocks that only one of
//! them gets between `--postgres`, `--sqlite` and `--both` lines.

mod m0001_organization;
mod m0002_trail;
mod m0003_customers;
mod m0004_groups;
mod m0005_credentials;
mod m0006_installation;
mod m0007_relations;
mod m0008_follow_ups;
mod m0009_tags;
mod m0020_courses;
mod m0021_enrollments;
mod m0022_lessons;
mod m0030_journal;
mod m0031_payments;
mod m0032_receipts;
mod m0040_files;
mod m0041_jobs;
mod m0042_notices;
mod m0043_imports;
mod m0050_sequencer;
mod m0051_audit_sealing;
mod m0060_api_clients;
mod m0061_field_rules;
mod m0063_shares;
mod m0064_tagged_customers;
mod m0065_ends_of_jobs;
mod m0066_assigning_roles;
mod m0070_analytics;
mod m0080_positions;
mod m0081_role_rules;
mod m0082_agreements;
mod m0090_expiry;
mod m0091_audit_sessions;
mod m0092_search_access;
mod m0092_staff_phones;
mod m0093_temporary_files;
mod m0094_customer_profiles;
mod m0095_exports;
mod m0096_timetable;
mod m0097_planned_follow_ups;
mod m0098_journal_order;
mod m0099_open_next_dates;
mod m0100_shared_follow_ups;
mod m0101_source_channels;
mod m0102_customer_details;
mod m0103_customer_collections;
mod m0104_custom_fields;
mod m0105_custom_values;
mod m0106_customer_forms;
mod m0107_form_versions;
mod m0108_imported_fields;
mod m0110_folded_texts;
mod m0111_views;
mod m0112_import_customers;
mod m0113_import_changes;
mod m0114_import_templates;
mod m0117_screening_rules;
mod m0118_screening_runs;
mod m0119_screenings;
mod m0120_allowances;
mod m0121_share_requests;
mod m0122_customer_merges;
mod m0123_record_quality;
mod m0124_cleaning_list;
mod m0125_filings;
mod m0130_kinds_of_relation;
mod m0131_consents;
mod m0132_privacy_requests;
mod m0133_erasures;
mod m0134_personal_data_exports;
mod m0135_recipients;
mod m0136_legal_holds;
mod m0137_retention;
mod m0140_approvals;
mod m0141_waiting_exports;
mod m0142_exports_of_views;
mod m0143_folded_details;
mod m0144_exported_fields;
mod m0145_cleaning_reasons;
mod m0146_persons_rows;
mod m0147_insights;
mod m0148_photos;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Value};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use uuid::Uuid;

use crate::{Error, Tx, database::statement_on};

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_organization::Migration),
            Box::new(m0002_trail::Migration),
            Box::new(m0003_customers::Migration),
            Box::new(m0004_groups::Migration),
            Box::new(m0005_credentials::Migration),
            Box::new(m0006_installation::Migration),
            Box::new(m0007_relations::Migration),
            Box::new(m0008_follow_ups::Migration),
            Box::new(m0009_tags::Migration),
            Box::new(m0020_courses::Migration),
            Box::new(m0021_enrollments::Migration),
            Box::new(m0022_lessons::Migration),
            Box::new(m0030_journal::Migration),
            Box::new(m0031_payments::Migration),
            Box::new(m0032_receipts::Migration),
            Box::new(m0040_files::Migration),
            Box::new(m0041_jobs::Migration),
            Box::new(m0042_notices::Migration),
            Box::new(m0043_imports::Migration),
            Box::new(m0050_sequencer::Migration),
            Box::new(m0051_audit_sealing::Migration),
            Box::new(m0060_api_clients::Migration),
            Box::new(m0061_field_rules::Migration),
            Box::new(m0063_shares::Migration),
            Box::new(m0064_tagged_customers::Migration),
            Box::new(m0065_ends_of_jobs::Migration),
            Box::new(m0066_assigning_roles::Migration),
            Box::new(m0070_analytics::Migration),
            Box::new(m0080_positions::Migration),
            Box::new(m0081_role_rules::Migration),
            Box::new(m0082_agreements::Migration),
            Box::new(m0090_expiry::Migration),
            Box::new(m0091_audit_sessions::Migration),
            Box::new(m0092_search_access::Migration),
            Box::new(m0092_staff_phones::Migration),
            Box::new(m0093_temporary_files::Migration),
            Box::new(m0094_customer_profiles::Migration),
            Box::new(m0095_exports::Migration),
            Box::new(m0096_timetable::Migration),
            Box::new(m0097_planned_follow_ups::Migration),
            Box::new(m0098_journal_order::Migration),
            Box::new(m0099_open_next_dates::Migration),
            Box::new(m0100_shared_follow_ups::Migration),
            Box::new(m0101_source_channels::Migration),
            Box::new(m0102_customer_details::Migration),
            Box::new(m0103_customer_collections::Migration),
            Box::new(m0104_custom_fields::Migration),
            Box::new(m0105_custom_values::Migration),
            Box::new(m0106_customer_forms::Migration),
            Box::new(m0107_form_versions::Migration),
            Box::new(m0108_imported_fields::Migration),
            Box::new(m0110_folded_texts::Migration),
            Box::new(m0111_views::Migration),
            Box::new(m0112_import_customers::Migration),
            Box::new(m0113_import_changes::Migration),
            Box::new(m0114_import_templates::Migration),
            Box::new(m0117_screening_rules::Migration),
            Box::new(m0118_screening_runs::Migration),
            Box::new(m0119_screenings::Migration),
            Box::new(m0120_allowances::Migration),
            Box::new(m0121_share_requests::Migration),
            Box::new(m0122_customer_merges::Migration),
            Box::new(m0123_record_quality::Migration),
            Box::new(m0124_cleaning_list::Migration),
            Box::new(m0125_filings::Migration),
            Box::new(m0130_kinds_of_relation::Migration),
            Box::new(m0131_consents::Migration),
            Box::new(m0132_privacy_requests::Migration),
            Box::new(m0133_erasures::Migration),
            Box::new(m0134_personal_data_exports::Migration),
            Box::new(m0135_recipients::Migration),
            Box::new(m0136_legal_holds::Migration),
            Box::new(m0137_retention::Migration),
            Box::new(m0140_approvals::Migration),
            Box::new(m0141_waiting_exports::Migration),
            Box::new(m0142_exports_of_views::Migration),
            Box::new(m0143_folded_details::Migration),
            Box::new(m0144_exported_fields::Migration),
            Box::new(m0145_cleaning_reasons::Migration),
            Box::new(m0146_persons_rows::Migration),
            Box::new(m0147_insights::Migration),
            Box::new(m0148_photos::Migration),
        ]
    }
}

/// Applies what is missing, inside the caller's transaction.
pub(crate) async fn up(tx: &Tx) -> Result<(), Error> {
    let transaction = tx.transaction()?;
    Migrator::up(&*transaction, None).await?;
    Ok(())
}

/// Names of the migrations that this program knows, oldest first.
pub fn names() -> Vec<String> {
    Migrator::migrations()
        .iter()
        .map(|m| m.name().to_owned())
        .collect()
}

async fn apply(manager: &SchemaManager<'_>, sql: &str) -> Result<(), sea_orm::DbErr> {
    let connection = manager.get_connection();
    let sql = dialect(sql, connection.get_database_backend());
    connection.execute_unprepared(&sql).await?;
    Ok(())
}

/// Rows that are read at once.
const BATCH: i64 = 1000;

/// Writes texts of a table, as they are compared, into the columns `…_fold` beside them. A row is known by its
/// institution and its `id`.
async fn fold_beside(
    manager: &SchemaManager<'_>,
    (table, id): (&str, &str),
    columns: &[&str],
    folded: fn(&str) -> String,
) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = connection.get_database_backend();
    let read = format!(
        "SELECT institution_id, {id} AS id, {} FROM {table} \
         WHERE (institution_id, {id}) > (?, ?) ORDER BY institution_id, {id} LIMIT ?",
        columns.join(", ")
    );
    let set = columns.iter().map(|column| format!("{column}_fold = ?"));
    let write = format!(
        "UPDATE {table} SET {} WHERE institution_id = ? AND {id} = ?",
        set.collect::<Vec<_>>().join(", ")
    );
    let mut last = (Uuid::nil(), Uuid::nil());
    loop {
        let values: [Value; 3] = [last.0.into(), last.1.into(), BATCH.into()];
        let rows = connection
            .query_all_raw(statement_on(backend, &read, values))
            .await?;
        for row in &rows {
            last = (row.try_get("", "institution_id")?, row.try_get("", "id")?);
            let mut values: Vec<Value> = Vec::new();
            for column in columns {
                let text: Option<String> = row.try_get("", column)?;
                values.push(text.as_deref().map(folded).into());
            }
            if values.iter().all(|value| *value == Value::String(None)) {
                continue;
            }
            values.extend([Value::from(last.0), Value::from(last.1)]);
            connection
                .execute_raw(statement_on(backend, &write, values))
                .await?;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// The SQL of one engine.
fn dialect(sql: &str, backend: DbBackend) -> String {
    let postgres = backend == DbBackend::Postgres;
    let mut wanted = true;
    let mut out = String::with_capacity(sql.len());
    for line in sql.lines() {
        match line.trim() {
            "--postgres" => wanted = postgres,
            "--sqlite" => wanted = !postgres,
            "--both" => wanted = true,
            _ if wanted => {
                out.push_str(line);
                out.push('\n');
            }
            _ => {}
        }
    }
    let types: [(&str, &str); 4] = if postgres {
        [
            ("{uuid}", "uuid"),
            ("{json}", "jsonb"),
            ("{bytes}", "bytea"),
            ("{text}", "text COLLATE \"C\""),
        ]
    } else {
        [
            ("{uuid}", "blob"),
            ("{json}", "text"),
            ("{bytes}", "blob"),
            ("{text}", "text"),
        ]
    };
    types
        .iter()
        .fold(out, |sql, (token, name)| sql.replace(token, name))
}

/// Declares a migration from its SQL.
macro_rules! migration {
    ($name:literal, $sql:literal) => {
        pub(super) struct Migration;

        impl sea_orm_migration::MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            async fn up(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm::DbErr> {
                super::apply(manager, $sql).await
            }
        }
    };
}
use migration;
