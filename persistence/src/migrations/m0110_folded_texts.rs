//! Texts of customers as they are compared, so that conditions find the same on both engines.

use domain::text::fold;
use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

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
const FOLDED: &[&str] = &["region", "school", "grade", "note"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::apply(manager, COLUMNS).await?;
        super::fold_beside(manager, ("customers", "id"), FOLDED, fold).await
    }
}
