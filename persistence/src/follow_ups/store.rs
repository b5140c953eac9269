//! Reading and writing follow-ups, within a grant.

use domain::{
    customers::{Customer, Mending},
    follow_ups::{FollowUp, Method, Outcome},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::{Timestamp, civil::Date};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    CHANGED, RECORDED,
    entity::{Column, Entity, PERSONAL, fields, row},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    audit::difference,
    clock::{date_column, micros, timestamp, utc_midnight},
    customers::{cleaning::store as cleaning, merges},
    database::{Change, insert_rows, statement, unless_stale},
    scope::{Page, page, page_by, scoped, scoped_to_change, scoped_update},
};

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customers: Vec<Uuid>,
    pub authors: Vec<Uuid>,
    pub holders: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub methods: Vec<Method>,
    pub outcomes: Vec<Outcome>,
    pub occurred_from: Option<Timestamp>,
    pub occurred_until: Option<Timestamp>,
    pub next_from: Option<Date>,
    /// Before.
    pub next_until: Option<Date>,
}

impl Filter {
    /// With the customers that its ids stand for.
    async fn resolved(
        &self,
        handle: &impl Handle,
        grant: &impl Reads<FollowUp>,
    ) -> Result<Self, Error> {
        let institution = grant.scope().institution();
        Ok(Self {
            customers: merges::resolved(handle, institution, self.customers.clone()).await?,
            ..self.clone()
        })
    }

    fn condition(&self) -> Result<Condition, Error> {
        let ids = |column: Column, ids: &[Uuid]| {
            (!ids.is_empty()).then(|| column.is_in(ids.iter().copied()))
        };
        let from = self.next_from.map(date_column).transpose()?;
        let until = self.next_until.map(date_column).transpose()?;
        let methods = self.methods.iter().map(|v| v.as_str());
        let outcomes = self.outcomes.iter().map(|v| v.as_str());
        Ok(Condition::all()
            .add_option(ids(Column::CustomerId, &self.customers))
            .add_option(ids(Column::AuthorId, &self.authors))
            .add_option(ids(Column::HolderId, &self.holders))
            .add_option(ids(Column::CustomerCampusId, &self.campuses))
            .add_option((methods.len() > 0).then(|| Column::Method.is_in(methods)))
            .add_option((outcomes.len() > 0).then(|| Column::Outcome.is_in(outcomes)))
            // Nothing is recorded before it happened: the list, which goes by the time of recording,
            // need not be walked further.
            .add_option(self.occurred_from.map(|at| {
                let at = micros(at);
                Condition::all()
                    .add(Column::OccurredAt.gte(at))
                    .add(Column::CreatedAt.gte(at))
            }))
            .add_option(
                self.occurred_until
                    .map(|at| Column::OccurredAt.lt(micros(at))),
            )
            .add_option(from.map(|day| Column::NextOn.gte(day)))
            .add_option(until.map(|day| Column::NextOn.lt(day))))
    }
}

/// A follow-up within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<FollowUp>,
    id: Id<FollowUp>,
) -> Result<Option<FollowUp>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?;
    row.map(FollowUp::try_from).transpose()
}

/// The last time that a customer was spoken to, as far as that is within reach.
pub async fn last_contact(
    handle: &impl Handle,
    grant: &impl Reads<FollowUp>,
    customer: Id<Customer>,
) -> Result<Option<FollowUp>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::CustomerId.eq(customer.uuid()))
        .filter(Column::Outcome.ne(Outcome::Planned.as_str()))
        .order_by_desc(Column::OccurredAt)
        .order_by_desc(Column::Id)
        .limit(1)
        .one(handle)
        .await?;
    row.map(FollowUp::try_from).transpose()
}

/// When a customer, whom the caller has found within reach, last asked not to be contacted; nothing where
/// it never did.
pub async fn asked_not_to(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT MAX(occurred_at) AS at FROM follow_ups \
               WHERE institution_id = ? AND customer_id = ? AND outcome = ? AND deleted_at IS NULL";
    let values = [
        institution.uuid().into(),
        customer.uuid().into(),
        Outcome::DoNotContact.as_str().into(),
    ];
    let row = handle.query_one_raw(statement(handle, sql, values)).await?;
    let at: Option<i64> = row.map(|row| row.try_get("", "at")).transpose()?.flatten();
    at.map(timestamp).transpose()
}

/// A follow-up that is about to be changed: no other transaction changes it until this one ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<FollowUp>,
    id: Id<FollowUp>,
) -> Result<Option<FollowUp>, Error> {
    let row = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    row.map(FollowUp::try_from).transpose()
}

/// One page of the follow-ups within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<FollowUp>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<FollowUp>, Error> {
    let filter = filter.resolved(handle, grant).await?;
    let rows = page::<Entity>(handle, grant, filter.condition()?, part).await?;
    rows.into_iter().map(FollowUp::try_from).collect()
}

/// One page of the follow-ups within reach whose next date is open, longest due first: of the days that
/// are asked for, or come by `now`.
pub async fn due(
    handle: &impl Handle,
    grant: &impl Reads<FollowUp>,
    filter: &Filter,
    now: Timestamp,
    part: &Page,
) -> Result<Vec<FollowUp>, Error> {
    let due = match filter.next_until {
        // In no zone does the day begin a whole day later: the walk ends there.
        Some(day) => utc_midnight(day.tomorrow().unwrap_or(day)),
        None => Some(micros(now)),
    };
    let filter = filter
        .resolved(handle, grant)
        .await?
        .condition()?
        .add(Column::DueAt.is_not_null())
        .add_option(due.map(|at| Column::DueAt.lte(at)));
    let rows = page_by::<Entity>(handle, grant, filter, part, Column::DueAt).await?;
    rows.into_iter().map(FollowUp::try_from).collect()
}

/// Writes a new follow-up of a customer that is anchored; the next date of the one before is settled.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<FollowUp>,
    follow_up: &FollowUp,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    tx.execute_raw(statement(
        tx,
        "UPDATE follow_ups SET due_at = NULL, due_until = NULL \
         WHERE institution_id = ? AND customer_id = ? AND due_at IS NOT NULL",
        [institution.uuid().into(), follow_up.customer.uuid().into()],
    ))
    .await?;
    Entity::insert(row(institution, follow_up)?)
        .exec_without_returning(tx)
        .await?;
    tx.record(recorded(follow_up));
    mend(tx, follow_up).await
}

/// Takes off the cleaning list what was stale only.
async fn mend(tx: &Tx, follow_up: &FollowUp) -> Result<(), Error> {
    if !follow_up.report.outcome.is_answer() {
        return Ok(());
    }
    let at = follow_up.report.occurred_at;
    cleaning::mend(tx, follow_up.customer, Mending::Answered { at }).await
}

/// Writes follow-ups of customers that are new and have no other, many in a statement.
pub async fn insert_new(
    tx: &Tx,
    grant: &impl Writes<FollowUp>,
    follow_ups: &[FollowUp],
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    let rows = follow_ups.iter().map(|one| row(institution, one));
    insert_rows(tx, rows.collect::<Result<_, _>>()?).await?;
    for follow_up in follow_ups {
        tx.record(recorded(follow_up));
    }
    Ok(())
}

fn recorded(follow_up: &FollowUp) -> Change {
    let (_, after) = difference(None, &fields(follow_up), PERSONAL);
    let data = json!({
        "customer_id": follow_up.customer,
        "method": follow_up.report.method.as_str(),
        "outcome": follow_up.report.outcome.as_str(),
        "next_on": follow_up.report.next_on.map(|d| d.to_string()),
    });
    Change::new("follow_up", follow_up.id.uuid(), follow_up.version, after).event(&RECORDED, data)
}

/// Whether no follow-up of the same customer was recorded after this one. The customer is anchored.
pub async fn is_latest(tx: &Tx, follow_up: &FollowUp) -> Result<bool, Error> {
    let later = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM follow_ups \
             WHERE institution_id = ? AND customer_id = ? AND (created_at, id) > (?, ?) LIMIT 1",
            [
                tx.operation().institution.uuid().into(),
                follow_up.customer.uuid().into(),
                micros(follow_up.created_at).into(),
                follow_up.id.uuid().into(),
            ],
        ))
        .await?;
    Ok(later.is_none())
}

/// Writes a changed follow-up over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<FollowUp>,
    before: &FollowUp,
    after: &FollowUp,
) -> Result<(), Error> {
    let updated = scoped_update::<Entity>(grant)
        .set(row(grant.scope().institution(), after)?)
        .filter(Column::Id.eq(after.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    let (was, is) = difference(Some(&fields(before)), &fields(after), PERSONAL);
    let changed: Vec<_> = is.as_object().into_iter().flat_map(|o| o.keys()).collect();
    let data = json!({ "customer_id": after.customer, "changed": changed });
    tx.record(
        Change::new("follow_up", after.id.uuid(), after.version, is)
            .before(was)
            .event(&CHANGED, data),
    );
    mend(tx, after).await
}
