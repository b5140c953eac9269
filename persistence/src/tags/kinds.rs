//! Rows of categories and tags.

use domain::{
    id::Id,
    organization::Institution,
    reference::Reference,
    tags::{Tag, TagCategory},
};
use sea_orm::Condition;
use serde_json::{Value, json};

use super::{TAG, TAG_CATEGORY};
use crate::{
    Error, Tx,
    reference::{Events, Kept, among, any, record, row, stands_in, table},
};

table!(tag_categories, "tag_categories" {});
table!(tags, "tags" {
    category_id: Uuid,
    definition: Option<String>,
    colour: Option<String>,
});

impl Kept for TagCategory {
    const KIND: &'static str = "tag_category";
    const EVENTS: &'static Events = &TAG_CATEGORY;
    stands_in!(tag_categories);

    fn read(row: tag_categories::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(row, Self { name: row.name }))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<tag_categories::ActiveModel, Error> {
        Ok(row!(tag_categories, institution, record, {}))
    }

    fn fields(&self) -> Value {
        json!({ "name": self.name })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM tags \
             WHERE institution_id = ? AND category_id = ? AND archived_at IS NULL LIMIT 1",
            institution,
            id.uuid(),
        )
        .await
    }
}

impl Kept for Tag {
    const KIND: &'static str = "tag";
    const EVENTS: &'static Events = &TAG;
    stands_in!(tags, Vec<Id<TagCategory>>);

    fn condition(categories: &Vec<Id<TagCategory>>) -> Result<Condition, Error> {
        Ok(among(tags::Column::CategoryId, categories))
    }

    fn read(row: tags::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                name: row.name,
                category: Id::new(row.category_id),
                definition: row.definition,
                colour: row.colour,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<tags::ActiveModel, Error> {
        let tag = &record.details;
        Ok(row!(tags, institution, record, {
            category_id: tag.category.uuid(),
            definition: tag.definition.clone(),
            colour: tag.colour.clone(),
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "category_id": self.category,
            "definition": self.definition,
            "colour": self.colour,
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }
}
