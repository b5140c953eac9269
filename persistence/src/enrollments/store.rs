//! Reading and writing enrollments, within a grant.

use domain::{
    customers::Customer,
    enrollments::{Enrollment, Status},
    id::Id,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::LockType,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    COMPLETED, CREATED, WITHDRAWN,
    entity::{Column, Entity, Model, PERSONAL, changed, fields, row},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    audit::difference,
    clock::micros,
    database::{Change, statement, unless_stale},
    scope::{Page, page, scoped, scoped_to_change, scoped_update},
};

/// What a list shows; an empty list is no condition.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customers: Vec<Uuid>,
    pub classes: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub statuses: Vec<Status>,
    pub created_from: Option<Timestamp>,
    pub created_until: Option<Timestamp>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut all = Condition::all();
        for (column, values) in [
            (Column::CustomerId, &self.customers),
            (Column::ClassId, &self.classes),
            (Column::CampusId, &self.campuses),
        ] {
            if !values.is_empty() {
                all = all.add(column.is_in(values.iter().copied()));
            }
        }
        if !self.statuses.is_empty() {
            all = all.add(Column::Status.is_in(self.statuses.iter().map(|v| v.as_str())));
        }
        let from = self
            .created_from
            .map(|at| Column::CreatedAt.gte(micros(at)));
        let until = self
            .created_until
            .map(|at| Column::CreatedAt.lt(micros(at)));
        all.add_option(from).add_option(until)
    }
}

/// An enrollment within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Enrollment>,
    id: Id<Enrollment>,
) -> Result<Option<Enrollment>, Error> {
    scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?
        .map(Model::read)
        .transpose()
}

/// One page of the enrollments within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Enrollment>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<Enrollment>, Error> {
    page::<Entity>(handle, grant, filter.condition(), part)
        .await?
        .into_iter()
        .map(Model::read)
        .collect()
}

/// Whether a customer was ever enrolled. Its row is locked: nothing new comes.
pub(crate) async fn exist(tx: &Tx, customer: Id<Customer>) -> Result<bool, Error> {
    let found = tx
        .query_one_raw(statement(
            tx,
            "SELECT 1 AS found FROM enrollments WHERE institution_id = ? AND customer_id = ? LIMIT 1",
            [
                tx.operation().institution.uuid().into(),
                customer.uuid().into(),
            ],
        ))
        .await?;
    Ok(found.is_some())
}

/// An enrollment that is about to be changed: no other transaction changes it until this one ends.
/// Its class is locked before it.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Enrollment>,
    id: Id<Enrollment>,
) -> Result<Option<Enrollment>, Error> {
    scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .map(Model::read)
        .transpose()
}

/// Writes a new enrollment.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Enrollment>,
    enrollment: &Enrollment,
) -> Result<(), Error> {
    Entity::insert(row(grant.scope().institution(), enrollment)?)
        .exec_without_returning(tx)
        .await?;
    record(tx, None, enrollment);
    Ok(())
}

/// Writes a changed enrollment over the version that it was read at.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<Enrollment>,
    before: &Enrollment,
    after: &Enrollment,
) -> Result<(), Error> {
    let updated = scoped_update::<Entity>(grant)
        .set(changed(after)?)
        .filter(Column::Id.eq(after.id.uuid()))
        .filter(Column::Version.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    record(tx, Some(before), after);
    Ok(())
}

fn record(tx: &Tx, before: Option<&Enrollment>, after: &Enrollment) {
    let (was, is) = difference(before.map(fields).as_ref(), &fields(after), PERSONAL);
    let kind = match after.status {
        Status::Active => &CREATED,
        Status::Completed => &COMPLETED,
        Status::Withdrawn => &WITHDRAWN,
    };
    let data = json!({
        "customer_id": after.student,
        "class_id": after.class,
        "campus_id": after.campus,
        "status": after.status.as_str(),
    });
    let was = before.map_or(serde_json::Value::Null, |_| was);
    let change = Change::new("enrollment", after.id.uuid(), after.version, is);
    tx.record(change.before(was).event(kind, data));
}
