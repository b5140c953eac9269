//! Details of customers as they are compared, so that conditions find the same on both engines.

use domain::text::fold;
use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0143_folded_details"
    }
}

const COLUMNS: &str = r#"
ALTER TABLE customer_details ADD COLUMN needs_fold {text};
ALTER TABLE customer_details ADD COLUMN expectations_fold {text};
ALTER TABLE customer_details ADD COLUMN background_fold {text};
ALTER TABLE customer_details ADD COLUMN development_trend_fold {text};
ALTER TABLE customer_details ADD COLUMN consumption_habits_fold {text};
ALTER TABLE customer_details ADD COLUMN need_features_fold {text};
ALTER TABLE customer_details ADD COLUMN residence_fold {text};
ALTER TABLE customer_details ADD COLUMN influence_note_fold {text};
ALTER TABLE customer_details ADD COLUMN membership_tier_fold {text};
ALTER TABLE customer_details ADD COLUMN advantage_resources_fold {text};
ALTER TABLE customer_details ADD COLUMN industry_fold {text};
ALTER TABLE customer_details ADD COLUMN size_fold {text};
ALTER TABLE customer_details ADD COLUMN website_fold {text};
ALTER TABLE customer_details ADD COLUMN exhibitions_fold {text};
ALTER TABLE customer_details ADD COLUMN credit_fold {text};
ALTER TABLE customer_details ADD COLUMN operation_fold {text};
ALTER TABLE customer_details ADD COLUMN sales_situation_fold {text};
ALTER TABLE customer_details ADD COLUMN business_scope_fold {text};
ALTER TABLE customer_details ADD COLUMN hobbies_fold {text};
ALTER TABLE customer_details ADD COLUMN preferences_product_fold {text};
ALTER TABLE customer_details ADD COLUMN preferences_service_fold {text};
ALTER TABLE customer_details ADD COLUMN focus_of_concern_fold {text};
"#;

const TEXTS: &[&str] = &[
    "needs",
    "expectations",
    "background",
    "development_trend",
    "consumption_habits",
    "need_features",
    "residence",
    "influence_note",
    "membership_tier",
    "advantage_resources",
    "industry",
    "size",
    "website",
    "exhibitions",
    "credit",
    "operation",
    "sales_situation",
    "business_scope",
];

/// Their items stand between line breaks.
const LISTS: &[&str] = &[
    "hobbies",
    "preferences_product",
    "preferences_service",
    "focus_of_concern",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::apply(manager, COLUMNS).await?;
        let of = ("customer_details", "customer_id");
        super::fold_beside(manager, of, TEXTS, fold).await?;
        let items = |list: &str| list.split('\n').map(fold).collect::<Vec<_>>().join("\n");
        super::fold_beside(manager, of, LISTS, items).await
    }
}
