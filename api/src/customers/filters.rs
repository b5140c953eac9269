//! Which customers a list, a search or an export is of.

use std::collections::BTreeSet;

use domain::{
    access::{FIELD_NOT_READABLE, FieldRules},
    customers::ChannelCode,
    fault::FieldFault,
    id::Id,
    tags::Tag,
};
use jiff::Timestamp;
use persistence::{
    conditions::{Compiled, screened},
    customers::store::Filter,
};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;
use validator::Validate;

use super::{
    CustomerEducation, CustomerExpansion, CustomerKind, CustomerOccupation, CustomerOrder,
    CustomerSort, CustomerStage, RECORD, SourceChannelCode, screenings::ScreeningStanding,
};
use crate::{conditions::ConditionBody, http::wire::Wire};

/// Which customers; each filter must hold.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": ["student"], "intent": [3, 4]}))]
pub struct CustomerFilters {
    /// Any of these kinds.
    #[schema(min_items = 1, max_items = 10, nullable = false)]
    pub kind: Option<Vec<CustomerKind>>,
    /// At any of these stages.
    #[schema(min_items = 1, max_items = 20, nullable = false)]
    pub stage: Option<Vec<CustomerStage>>,
    /// Of which any of these was last said (`screenCustomer`, rules of screening).
    #[schema(min_items = 1, max_items = 3, nullable = false)]
    pub screening: Option<Vec<ScreeningStanding>>,
    /// Met through any of these channels.
    #[schema(min_items = 1, max_items = 20, nullable = false)]
    pub source_channel: Option<Vec<SourceChannelCode>>,
    /// With any of these intents.
    #[schema(min_items = 1, max_items = 4, nullable = false, value_type = Option<Vec<IntentLevel>>)]
    pub intent: Option<Vec<i16>>,
    /// With any of these degrees of schooling.
    #[schema(min_items = 1, max_items = 10, nullable = false)]
    pub education: Option<Vec<CustomerEducation>>,
    /// With any of these occupations.
    #[schema(min_items = 1, max_items = 10, nullable = false)]
    pub occupation: Option<Vec<CustomerOccupation>>,
    /// Held by any of these.
    #[schema(min_items = 1, max_items = 200, nullable = false)]
    pub holder_id: Option<Vec<Uuid>>,
    /// Of any of these campuses.
    #[schema(min_items = 1, max_items = 200, nullable = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// With any of these tags.
    #[schema(min_items = 1, max_items = 10, nullable = false)]
    pub tag_id: Option<Vec<Uuid>>,
    /// Taken in by any of these.
    #[schema(min_items = 1, max_items = 200, nullable = false)]
    pub collector_id: Option<Vec<Uuid>>,
    /// Met in this time.
    #[schema(nullable = false)]
    pub collected_at: Option<InstantRange>,
    /// Created in this time.
    #[schema(nullable = false)]
    pub created_at: Option<InstantRange>,
}

/// Strength of interest (意向强烈度): 1 weak to 4 strong.
pub struct IntentLevel;

impl PartialSchema for IntentLevel {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some(
                "Strength of interest (意向强烈度): 1 weak to 4 strong.",
            ))
            .minimum(Some(1))
            .maximum(Some(4))
            .into()
    }
}

impl ToSchema for IntentLevel {}

/// A span of time.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct InstantRange {
    /// At or after.
    #[schema(nullable = false)]
    pub gte: Option<Timestamp>,
    /// Before.
    #[schema(nullable = false)]
    pub lt: Option<Timestamp>,
}

impl InstantRange {
    /// `None` where it has no bound.
    fn of(gte: Option<Timestamp>, lt: Option<Timestamp>) -> Option<Self> {
        (gte.is_some() || lt.is_some()).then_some(Self { gte, lt })
    }
}

impl CustomerFilters {
    /// As the store reads them; tags stand apart.
    pub fn filter(&self) -> Filter {
        fn values<E: Copy>(list: Option<&Vec<Wire<E>>>) -> Vec<E> {
            list.into_iter().flatten().map(|v| v.0).collect()
        }
        fn codes(list: Option<&[SourceChannelCode]>) -> Vec<ChannelCode> {
            let list = list.into_iter().flatten();
            list.filter_map(|code| ChannelCode::parse(&code.0))
                .collect()
        }
        let (created, collected) = (self.created_at.as_ref(), self.collected_at.as_ref());
        Filter {
            kinds: values(self.kind.as_ref()),
            stages: values(self.stage.as_ref()),
            channels: codes(self.source_channel.as_deref()),
            intents: self.intent.clone().unwrap_or_default(),
            educations: values(self.education.as_ref()),
            occupations: values(self.occupation.as_ref()),
            schools: Vec::new(),
            holders: self.holder_id.clone().unwrap_or_default(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            collectors: self.collector_id.clone().unwrap_or_default(),
            collected_from: collected.and_then(|range| range.gte),
            collected_until: collected.and_then(|range| range.lt),
            created_from: created.and_then(|range| range.gte),
            created_until: created.and_then(|range| range.lt),
            conditions: None,
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.tag_id.is_none() && self.fields().is_empty()
    }

    /// What was last said of them, as a condition, where it matters.
    pub(super) fn screened(&self) -> Option<Compiled> {
        let asked = self.screening.as_ref()?;
        let asked: Vec<_> = asked.iter().map(|standing| standing.0).collect();
        Some(screened(&asked))
    }

    /// Any of these tags, where they matter.
    pub fn tags(&self) -> Vec<Id<Tag>> {
        let asked: BTreeSet<Uuid> = self.tag_id.iter().flatten().copied().collect();
        asked.into_iter().map(Id::new).collect()
    }

    /// The fields of a customer that they go by.
    fn fields(&self) -> Vec<&'static str> {
        let asked = [
            ("kind", self.kind.is_some()),
            ("stage", self.stage.is_some()),
            ("screening", self.screening.is_some()),
            ("source_channel", self.source_channel.is_some()),
            ("intent", self.intent.is_some()),
            ("education", self.education.is_some()),
            ("occupation", self.occupation.is_some()),
            ("holder_id", self.holder_id.is_some()),
            ("campus_id", self.campus_id.is_some()),
            ("collector_id", self.collector_id.is_some()),
            ("collected_at", self.collected_at.is_some()),
            ("created_at", self.created_at.is_some()),
        ];
        let asked = asked.into_iter().filter(|(_, asked)| *asked);
        asked.map(|(field, _)| field).collect()
    }

    /// Faults where they go by what somebody may not read.
    pub fn unreadable(&self, rules: &FieldRules) -> Vec<FieldFault> {
        let fields = self.fields().into_iter();
        fields
            .filter(|field| !rules.is_readable(RECORD, field))
            .map(|field| FieldFault::new(format!("/filters/{field}"), &FIELD_NOT_READABLE))
            .collect()
    }
}

/// Which customers, in which order.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCustomers {
    #[param(inline = false)]
    pub sort: Option<CustomerOrder>,
    /// Any of these kinds.
    #[param(style = Form, explode = false)]
    pub kind: Option<Vec<CustomerKind>>,
    /// At any of these stages.
    #[param(style = Form, explode = false)]
    pub stage: Option<Vec<CustomerStage>>,
    /// Of which any of these was last said.
    #[param(style = Form, explode = false)]
    pub screening: Option<Vec<ScreeningStanding>>,
    /// Met through any of these channels.
    #[param(style = Form, explode = false)]
    pub source_channel: Option<Vec<SourceChannelCode>>,
    /// With any of these intents.
    #[param(style = Form, explode = false, inline, value_type = Option<Vec<IntentLevel>>)]
    pub intent: Option<Vec<i16>>,
    /// With any of these degrees of schooling.
    #[param(style = Form, explode = false)]
    pub education: Option<Vec<CustomerEducation>>,
    /// With any of these occupations.
    #[param(style = Form, explode = false)]
    pub occupation: Option<Vec<CustomerOccupation>>,
    /// Held by any of these.
    #[param(style = Form, explode = false)]
    pub holder_id: Option<Vec<Uuid>>,
    /// Of any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// With any of these tags.
    #[param(style = Form, explode = false, max_items = 10)]
    pub tag_id: Option<Vec<Uuid>>,
    /// Taken in by any of these.
    #[param(style = Form, explode = false)]
    pub collector_id: Option<Vec<Uuid>>,
    /// Met at or after.
    #[param(rename = "collected_at[gte]")]
    #[serde(rename = "collected_at[gte]")]
    pub collected_from: Option<Timestamp>,
    /// Met before.
    #[param(rename = "collected_at[lt]")]
    #[serde(rename = "collected_at[lt]")]
    pub collected_until: Option<Timestamp>,
    /// Created at or after.
    #[param(rename = "created_at[gte]")]
    #[serde(rename = "created_at[gte]")]
    pub created_from: Option<Timestamp>,
    /// Created before.
    #[param(rename = "created_at[lt]")]
    #[serde(rename = "created_at[lt]")]
    pub created_until: Option<Timestamp>,
    /// What is shown beside the ids of each.
    #[param(style = Form, explode = false, max_items = 5)]
    pub expand: Option<Vec<CustomerExpansion>>,
    /// Whether the page says how many there are on all pages.
    #[param(default = false)]
    pub include_total: Option<bool>,
}

impl From<ListCustomers> for CustomerFilters {
    fn from(asked: ListCustomers) -> Self {
        Self {
            kind: asked.kind,
            stage: asked.stage,
            screening: asked.screening,
            source_channel: asked.source_channel,
            intent: asked.intent,
            education: asked.education,
            occupation: asked.occupation,
            holder_id: asked.holder_id,
            campus_id: asked.campus_id,
            tag_id: asked.tag_id,
            collector_id: asked.collector_id,
            collected_at: InstantRange::of(asked.collected_from, asked.collected_until),
            created_at: InstantRange::of(asked.created_from, asked.created_until),
        }
    }
}

/// What to find: whatever meets all that is given. Sent by POST, since names must not stand in
/// addresses; nothing is kept of it.
#[derive(Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"query": "zhangwei", "filters": {"kind": ["student"]}}))]
pub struct SearchCustomers {
    /// Part of a name in characters, in pinyin (`zhangwei`) or as initials (`zw`); a whole telephone
    /// number in any usual form; the last four digits of one; a whole e-mail address; or what stands
    /// before or after its `@`, with the `@`.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub query: Option<String>,
    /// Part of a name, as in `query`.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub name: Option<String>,
    /// A whole telephone number in any usual form, or the last four digits of one.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub phone: Option<String>,
    /// A whole e-mail address, what stands before or after its `@`, or a whole word of either.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub email: Option<String>,
    /// Part of a postal address, of two characters or more; punctuation does not count.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub address: Option<String>,
    /// Part of the note, without regard to width, case and spaces.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub note: Option<String>,
    /// What else they must be.
    #[schema(nullable = false)]
    #[validate(nested)]
    pub filters: Option<CustomerFilters>,
    /// What else they must be, in any combination.
    #[schema(nullable = false)]
    pub conditions: Option<ConditionBody>,
    /// A view that they must be in too. Its order counts where `sort` is absent; where it has `filters`, none
    /// can be given.
    #[schema(nullable = false)]
    pub view_id: Option<Uuid>,
    /// Newest first, when absent.
    #[schema(nullable = false)]
    pub sort: Option<CustomerSort>,
    /// What is shown beside the ids of each.
    #[schema(max_items = 5, nullable = false)]
    pub expand: Option<Vec<CustomerExpansion>>,
    /// Whether the page says how many there are on all pages.
    #[schema(nullable = false)]
    pub include_total: Option<bool>,
    /// Rows of a page; 50 when absent.
    #[schema(minimum = 1, maximum = 200, nullable = false)]
    pub limit: Option<u16>,
    /// Where to continue: `next_cursor` of the page before, with all else the same but `limit`.
    #[schema(max_length = 512, nullable = false)]
    pub cursor: Option<String>,
}
