//! People and places beside the ids of a customer, where a request asks for them: `expand`.

use std::collections::BTreeSet;

use domain::{
    access::{CustomersRead, DirectoryRead, FieldRules},
    customers::Customer,
    fault::Text,
    id::Id,
    text_enum::TextEnum,
};
use persistence::{
    Error,
    access::{Grant, Reads},
    custom_fields::values,
    customers::{details, photos},
    organization::names,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{CustomerBody, CustomerDetailsBody, RECORD, derived::derive};
use crate::{access::Granted, custom_fields::CustomFieldValues};

/// What a customer names by its id and may be shown beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerExpansion {
    /// Who holds it: a person of staff, or a campus for its pool.
    Holder,
    /// To which campus it belongs.
    Campus,
    /// By whom its data were collected.
    Collector,
    /// What is known of it beyond its profile.
    Details,
    /// What the institution keeps beyond that.
    CustomFields,
    /// Where a student stands at school, by age.
    Schooling,
    /// How active it is.
    Activity,
    /// Its photo.
    Photo,
}

impl TextEnum for CustomerExpansion {
    const NAME: &'static str = "CustomerExpansion";
    const DOC: &'static str = "What a customer names by its id and may be shown beside it.";
    const ALL: &'static [Self] = &[
        Self::Holder,
        Self::Campus,
        Self::Collector,
        Self::Details,
        Self::CustomFields,
        Self::Schooling,
        Self::Activity,
        Self::Photo,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Campus => "campus",
            Self::Collector => "collector",
            Self::Details => "details",
            Self::CustomFields => "custom_fields",
            Self::Schooling => "schooling",
            Self::Activity => "activity",
            Self::Photo => "photo",
        }
    }

    fn label(self) -> Text {
        match self {
            Self::Holder => Text {
                zh: "负责人",
                en: "Holder",
            },
            Self::Campus => Text {
                zh: "校区",
                en: "Campus",
            },
            Self::Collector => Text {
                zh: "采集人",
                en: "Collector",
            },
            Self::Details => Text {
                zh: "详细资料",
                en: "Details",
            },
            Self::CustomFields => Text {
                zh: "自定义字段",
                en: "Custom fields",
            },
            Self::Schooling => Text {
                zh: "学段与年级",
                en: "Stage and grade at school",
            },
            Self::Activity => Text {
                zh: "活跃度",
                en: "Activity",
            },
            Self::Photo => Text {
                zh: "照片",
                en: "Photo",
            },
        }
    }
}

/// What is shown beside a customer.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExpandCustomer {
    /// What is shown beside its id.
    #[param(style = Form, explode = false, max_items = 5)]
    pub expand: Option<Vec<CustomerExpansion>>,
}

/// A person or a place by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamedRecord {
    pub id: Uuid,
    pub name: String,
}

/// Whether a reader may know where customers live, and so the class of the place that follows from it.
pub(super) fn reads_region(rules: &FieldRules) -> bool {
    rules.is_readable(RECORD, "details.region_code")
}

/// Puts beside customers what the institution keeps of them beyond what all do.
async fn show_custom_fields(
    ctx: &Granted<CustomersRead>,
    customers: &mut [CustomerBody],
) -> Result<(), Error> {
    let ids = customers.iter().map(|one| Id::<Customer>::new(one.id));
    let institution = Reads::<Customer>::scope(&ctx.grant).institution();
    let mut known = values::of(&ctx.read(), institution, &ids.collect::<Vec<_>>()).await?;
    for customer in customers {
        let known = known.remove(&Id::new(customer.id)).unwrap_or_default();
        customer.custom_fields = Some(CustomFieldValues::safe(&known));
    }
    Ok(())
}

/// Puts beside the ids of customers what was asked for.
pub(super) async fn expand(
    ctx: &Granted<CustomersRead>,
    asked: Option<&[CustomerExpansion]>,
    customers: &mut [CustomerBody],
) -> Result<(), Error> {
    let reader = ctx.authority();
    let asked = |what| asked.is_some_and(|asked| asked.contains(&what));
    let holder = asked(CustomerExpansion::Holder);
    let campus = asked(CustomerExpansion::Campus);
    // The name tells what the rule hides.
    let is_readable = reader.fields().is_readable(RECORD, "collector_id");
    let collector = asked(CustomerExpansion::Collector) && is_readable;
    if asked(CustomerExpansion::Details) {
        let ids: Vec<_> = customers
            .iter()
            .map(|one| Id::<Customer>::new(one.id))
            .collect();
        let mut known = details::of(
            &ctx.read(),
            Reads::<Customer>::scope(&ctx.grant).institution(),
            &ids,
        )
        .await?;
        let reads_region = reads_region(reader.fields());
        for customer in customers.iter_mut() {
            let known = known.remove(&Id::new(customer.id)).unwrap_or_default();
            customer.details = Some(CustomerDetailsBody::new(known, reads_region));
        }
    }
    // The rule hides all of them: what is hidden need not be opened.
    if asked(CustomerExpansion::CustomFields)
        && reader.fields().is_readable(RECORD, "custom_fields")
    {
        show_custom_fields(ctx, customers).await?;
    }
    derive(ctx, asked, customers).await?;
    if asked(CustomerExpansion::Photo) {
        let ids: Vec<_> = customers.iter().map(|one| Id::new(one.id)).collect();
        let mut photos = photos::of(&ctx.read(), &ctx.grant, &ids).await?;
        for customer in customers.iter_mut() {
            customer.photo = photos.remove(&Id::new(customer.id)).map(Into::into);
        }
    }
    let Some(directory) = Grant::<DirectoryRead>::of(reader, ctx.stamp().now()) else {
        return Ok(());
    };
    let ids: BTreeSet<Uuid> = customers
        .iter()
        .flat_map(|customer| {
            let collector = customer.collector_id.filter(|_| collector);
            let holder = holder.then_some(customer.holder_id);
            let campus = campus.then_some(customer.campus_id);
            [holder, campus, collector].into_iter().flatten()
        })
        .collect();
    let names = names::of(&ctx.read(), &directory, &ids).await?;
    let named = |id: Uuid| {
        let name = names.get(&id)?.clone();
        Some(NamedRecord { id, name })
    };
    for customer in customers {
        let by = customer.collector_id.filter(|_| collector);
        customer.holder = holder.then_some(customer.holder_id).and_then(named);
        customer.campus = campus.then_some(customer.campus_id).and_then(named);
        customer.collector = by.and_then(named);
    }
    Ok(())
}
