//! Texts of customers as they are compared, so that conditions find the same on both engines.

use domain::text::fold;
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use uuid::Uuid;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0110_folded_texts"
    }
}

const COLUMNS: &str = r#"
ALTER TABLE customers ADD COLUMN region_fold {text};
ALTER TABLE customers ADD COLUMN school_fold {text};
ALTER TABLE customers ADD COLUMN grade_fold {text};
ALTER TABLE customers ADD COLUMN note_fold {text};
"#;

/// Columns whose texts are folded beside them.
const FOLDED: [&str; 4] = ["region", "school", "grade", "note"];

/// Rows that are read at once.
const BATCH: i64 = 1000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::apply(manager, COLUMNS).await?;
        let connection = manager.get_connection();
        let postgres = connection.get_database_backend() == sea_orm::DbBackend::Postgres;
        let statement = |sql: &str, values: Vec<Value>| {
            let backend = connection.get_database_backend();
            let mut numbered = sql.to_owned();
            for number in 1..=values.len() {
                if postgres {
                    numbered = numbered.replacen('?', &format!("${number}"), 1);
                }
            }
            Statement::from_sql_and_values(backend, numbered, values)
        };
        let mut last = (Uuid::nil(), Uuid::nil());
        loop {
            let sql = "SELECT institution_id, id, region, school, grade, note FROM customers \
                 WHERE (institution_id, id) > (?, ?) ORDER BY institution_id, id LIMIT ?";
            let values = vec![last.0.into(), last.1.into(), BATCH.into()];
            let rows = connection.query_all_raw(statement(sql, values)).await?;
            for row in &rows {
                last = (row.try_get("", "institution_id")?, row.try_get("", "id")?);
                let mut values: Vec<Value> = Vec::new();
                for column in FOLDED {
                    let text: Option<String> = row.try_get("", column)?;
                    values.push(text.as_deref().map(fold).into());
                }
                if values.iter().all(|value| *value == Value::String(None)) {
                    continue;
                }
                values.extend([Value::from(last.0), Value::from(last.1)]);
                let sql = "UPDATE customers SET region_fold = ?, school_fold = ?, grade_fold = ?, \
                     note_fold = ? WHERE institution_id = ? AND id = ?";
                connection.execute_raw(statement(sql, values)).await?;
            }
            if rows.is_empty() {
                return Ok(());
            }
        }
    }
}
