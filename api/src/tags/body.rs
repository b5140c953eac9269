use domain::{
    id::Id,
    reference::Reference,
    tags::{Tag, TagCategory, Tagging},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{http::list::page, reference::Shown};

/// A new category of tags.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "需求偏好"}))]
pub struct CreateTagCategory {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
}

/// Changes to a category of tags: absent leaves a field.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "需求偏好"}))]
pub struct ChangeTagCategory {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
}

impl ChangeTagCategory {
    /// The category with these changes.
    pub fn apply(self, category: TagCategory) -> TagCategory {
        TagCategory {
            name: self.name.unwrap_or(category.name),
        }
    }
}

/// A category of tags (标签分类).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TagCategory)]
pub struct TagCategoryBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<TagCategory>> for TagCategoryBody {
    fn from(record: Reference<TagCategory>) -> Self {
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: record.details.name,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of categories.
    TagCategoryPage of TagCategoryBody
}

impl Shown for TagCategory {
    const PATH: &'static str = "/api/v1/tag-categories";
    type Body = TagCategoryBody;
    type Page = TagCategoryPage;
}

/// A new tag.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "数学薄弱", "category_id": "0192f0c1-7777-7000-8000-000000000000",
    "definition": "数学成绩低于班级平均", "colour": "#D04A02"}))]
pub struct CreateTag {
    /// Unique among those that are not archived.
    #[schema(min_length = 1, max_length = 50)]
    pub name: String,
    /// The category that the tag stands in.
    pub category_id: Uuid,
    /// Whom it fits.
    #[schema(max_length = 500, nullable = false)]
    pub definition: Option<String>,
    /// `#rrggbb`.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", nullable = false)]
    pub colour: Option<String>,
}

/// Changes to a tag: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"definition": "数学成绩低于年级平均", "colour": null}))]
pub struct ChangeTag {
    /// Name that people see, unique as at its creation.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub name: Option<String>,
    /// The category that the tag stands in.
    #[schema(nullable = false)]
    pub category_id: Option<Uuid>,
    /// When to put it on, in a sentence. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub definition: Option<Option<String>>,
    /// `#rrggbb`; null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    pub colour: Option<Option<String>>,
}

impl ChangeTag {
    /// The tag with these changes.
    pub fn apply(self, tag: Tag) -> Tag {
        Tag {
            name: self.name.unwrap_or(tag.name),
            category: self.category_id.map_or(tag.category, Id::new),
            definition: self.definition.unwrap_or(tag.definition),
            colour: self.colour.unwrap_or(tag.colour),
        }
    }
}

/// A tag (标签).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub struct TagBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    pub name: String,
    /// The category that the tag stands in.
    pub category_id: Uuid,
    /// When to put it on, in a sentence; null where it goes without saying.
    #[schema(required)]
    pub definition: Option<String>,
    /// `#rrggbb`; null where it has none.
    #[schema(required)]
    pub colour: Option<String>,
    pub created_at: Timestamp,
    /// Since when it can't be chosen any more; who has it keeps it.
    #[schema(required)]
    pub archived_at: Option<Timestamp>,
}

impl From<Reference<Tag>> for TagBody {
    fn from(record: Reference<Tag>) -> Self {
        Self {
            id: record.id.uuid(),
            version: record.version,
            name: record.details.name,
            category_id: record.details.category.uuid(),
            definition: record.details.definition,
            colour: record.details.colour,
            created_at: record.created_at,
            archived_at: record.archived_at,
        }
    }
}

page! {
    /// One page of tags.
    TagPage of TagBody
}

impl Shown for Tag {
    const PATH: &'static str = "/api/v1/tags";
    type Body = TagBody;
    type Page = TagPage;
}

/// Which tags, oldest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListTags {
    /// Whether archived tags are shown too.
    #[param(default = false)]
    pub include_archived: Option<bool>,
    /// In any of these categories.
    #[param(style = Form, explode = false)]
    pub category_id: Option<Vec<Uuid>>,
}

/// Which tag, and why.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tag_id": "0192f0c1-8888-7000-8000-000000000000", "reason": "期中考试后家长反馈"}))]
pub struct PutTagOn {
    /// The tag.
    pub tag_id: Uuid,
    /// Evidence, in words.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub reason: Option<String>,
}

/// Why a tag is taken off.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "成绩已提高"}))]
pub struct TakeTagOff {
    /// Why it is taken off; it is shown beside the tag.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub reason: Option<String>,
}

/// A tag that a customer has or had.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerTag)]
pub struct CustomerTagBody {
    /// The tag.
    pub tag_id: Uuid,
    /// When it was put on.
    pub put_on_at: Timestamp,
    /// Who put it on: a person of staff, or an API client.
    pub put_on_by: Uuid,
    /// Why it was put on; null where nobody said. `import:` and the id of an import where it came with a
    /// list.
    #[schema(required)]
    pub put_on_reason: Option<String>,
    /// Null while the customer has it.
    #[schema(required)]
    pub taken_off_at: Option<Timestamp>,
    /// Who took it off; null while the customer has it.
    #[schema(required)]
    pub taken_off_by: Option<Uuid>,
    /// Why it was taken off; null where nobody said.
    #[schema(required)]
    pub taken_off_reason: Option<String>,
}

impl From<Tagging> for CustomerTagBody {
    fn from(tagging: Tagging) -> Self {
        let off = tagging.taken_off;
        Self {
            tag_id: tagging.tag.uuid(),
            put_on_at: tagging.put_on.at,
            put_on_by: tagging.put_on.by,
            put_on_reason: tagging.put_on.reason,
            taken_off_at: off.as_ref().map(|act| act.at),
            taken_off_by: off.as_ref().map(|act| act.by),
            taken_off_reason: off.and_then(|act| act.reason),
        }
    }
}

/// The tags of a customer, in the order in which they were put on.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerTags {
    #[schema(value_type = Vec<CustomerTagBody>)]
    pub items: Vec<CustomerTagBody>,
}

/// Which tags of a customer.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListCustomerTags {
    /// Whether tags that were taken off are shown too.
    #[param(default = false)]
    pub include_taken_off: Option<bool>,
}
