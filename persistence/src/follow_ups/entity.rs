use domain::{
    follow_ups::{Due, FollowUp, Method, Outcome, Report},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use serde_json::{Value, json};

use crate::{
    Error,
    clock::{date, date_column, micros, timestamp},
    scope::of_customers,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "follow_ups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub customer_id: Uuid,
    pub holder_id: Uuid,
    pub customer_campus_id: Uuid,
    pub method: String,
    pub outcome: String,
    pub intent: Option<i16>,
    pub content: Option<String>,
    pub occurred_at: i64,
    pub next_on: Option<time::Date>,
    pub due_at: Option<i64>,
    pub due_until: Option<i64>,
    pub author_id: Option<Uuid>,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

of_customers!(FollowUp, deleted);

impl TryFrom<Model> for FollowUp {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let due = match (row.due_at, row.due_until) {
            (Some(from), Some(until)) => Some(Due {
                from: timestamp(from)?,
                until: timestamp(until)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: Id::new(row.id),
            version: row.version,
            customer: Id::new(row.customer_id),
            holder: Id::new(row.holder_id),
            campus: Id::new(row.customer_campus_id),
            report: Report {
                method: Method::parse(&row.method).ok_or_else(|| Error::corrupt(Method::NAME))?,
                outcome: Outcome::parse(&row.outcome)
                    .ok_or_else(|| Error::corrupt(Outcome::NAME))?,
                intent: row.intent,
                content: row.content,
                occurred_at: timestamp(row.occurred_at)?,
                next_on: row.next_on.map(date).transpose()?,
            },
            due,
            author: row.author_id.map(Id::new),
            created_at: timestamp(row.created_at)?,
            updated_at: timestamp(row.updated_at)?,
        })
    }
}

/// The whole row of a follow-up.
pub(super) fn row(
    institution: Id<Institution>,
    follow_up: &FollowUp,
) -> Result<ActiveModel, Error> {
    let report = &follow_up.report;
    Ok(ActiveModel {
        institution_id: Set(institution.uuid()),
        id: Set(follow_up.id.uuid()),
        version: Set(follow_up.version),
        customer_id: Set(follow_up.customer.uuid()),
        holder_id: Set(follow_up.holder.uuid()),
        customer_campus_id: Set(follow_up.campus.uuid()),
        method: Set(report.method.as_str().into()),
        outcome: Set(report.outcome.as_str().into()),
        intent: Set(report.intent),
        content: Set(report.content.clone()),
        occurred_at: Set(micros(report.occurred_at)),
        next_on: Set(report.next_on.map(date_column).transpose()?),
        due_at: Set(follow_up.due.map(|due| micros(due.from))),
        due_until: Set(follow_up.due.map(|due| micros(due.until))),
        author_id: Set(follow_up.author.map(Id::uuid)),
        created_at: Set(micros(follow_up.created_at)),
        updated_at: Set(micros(follow_up.updated_at)),
        deleted_at: Set(None),
    })
}

/// The fields of a follow-up as the audit trail compares them, in the words of the contract.
pub(super) fn fields(follow_up: &FollowUp) -> Value {
    let report = &follow_up.report;
    json!({
        "customer_id": follow_up.customer,
        "method": report.method.as_str(),
        "outcome": report.outcome.as_str(),
        "intent": report.intent,
        "content": report.content,
        "occurred_at": report.occurred_at.to_string(),
        "next_on": report.next_on.map(|d| d.to_string()),
        "author_id": follow_up.author,
    })
}

/// Fields whose values never go on the trail in the clear.
pub(super) const PERSONAL: &[&str] = &["content"];
