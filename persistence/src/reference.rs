//! The one door to reference data: what an institution chooses from.
//!
//! It has no holder: whoever reads a kind reads all of it. Changing it takes a grant over the whole
//! institution, or over the campus where the record stands. A capability says once how its record
//! stands in a row ([`Kept`]); reading, paging and writing are the same for all.

use std::future::Future;

use domain::{
    fault::Fault,
    id::Id,
    organization::{Campus, Institution},
    reference::{Details, Reference},
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select, Value,
    sea_query::Expr,
};
use serde_json::json;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Scope, Writes},
    audit::difference,
    database::{Change, statement, unless_stale},
    events::EventType,
    scope::{Page, nothing},
};

/// Details of reference data that have a table.
pub trait Kept: Details + Send + Sync + 'static {
    /// Singular, as audit and events name it.
    const KIND: &'static str;
    const EVENTS: &'static Events;
    type Entity: EntityTrait;
    /// Which records a list shows.
    type Filter: Default + Sync;
    const INSTITUTION: <Self::Entity as EntityTrait>::Column;
    const ID: <Self::Entity as EntityTrait>::Column;
    const VERSION: <Self::Entity as EntityTrait>::Column;
    /// An instant in whose order lists are.
    const ORDER: <Self::Entity as EntityTrait>::Column;
    const ARCHIVED: <Self::Entity as EntityTrait>::Column;
    /// The campus where a record stands, for kinds that stand at one: it never changes.
    const CAMPUS: Option<<Self::Entity as EntityTrait>::Column> = None;

    /// The same, of one record.
    fn campus(&self) -> Option<Id<Campus>> {
        None
    }

    /// The instant of a record in [`Kept::ORDER`].
    fn place(record: &Reference<Self>) -> Timestamp {
        record.created_at
    }

    /// A list of ids in a filter that is empty is no condition.
    fn condition(_filter: &Self::Filter) -> Result<Condition, Error> {
        Ok(Condition::all())
    }

    fn read(row: <Self::Entity as EntityTrait>::Model) -> Result<Reference<Self>, Error>;

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<<Self::Entity as EntityTrait>::ActiveModel, Error>;

    /// The fields as the audit trail compares them, in the words of the contract.
    fn fields(&self) -> serde_json::Value;

    /// Whether who reaches what is another after this change (`None`: a new record).
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool;

    /// Reads what stands in tables of its own.
    fn read_parts(
        _handle: &impl Handle,
        _institution: Id<Institution>,
        _records: &mut [Reference<Self>],
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Writes what stands in tables of its own.
    fn write_parts(
        _tx: &Tx,
        _institution: Id<Institution>,
        _before: Option<&Reference<Self>>,
        _after: &Reference<Self>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// Whether something that goes on uses the record, which then can't be archived.
    fn in_use(
        _tx: &Tx,
        _institution: Id<Institution>,
        _id: Id<Self>,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        async { Ok(false) }
    }
}

/// The events of one kind of reference data.
#[derive(Debug)]
pub struct Events {
    pub created: EventType,
    pub changed: EventType,
    pub archived: EventType,
    pub unarchived: EventType,
}

impl Events {
    /// Every event of the kind.
    pub fn all(&self) -> [&EventType; 4] {
        [
            &self.created,
            &self.changed,
            &self.archived,
            &self.unarchived,
        ]
    }
}

/// Declares the table of a kind: the columns that all have, and its own.
macro_rules! table {
    ($module:ident, $name:literal { $( $column:ident: $type:ty ),* $(,)? }) => {
        mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $name)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub institution_id: Uuid,
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: Uuid,
                pub name: String,
                pub name_fold: String,
                $( pub $column: $type, )*
                pub version: i64,
                pub created_at: i64,
                pub archived_at: Option<i64>,
            }

            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}
pub(crate) use table;

/// The members of [`Kept`] that follow from the table.
macro_rules! stands_in {
    ($module:ident) => {
        stands_in!($module, ());
    };
    ($module:ident, $filter:ty) => {
        stands_in!($module, $filter, CreatedAt);
    };
    ($module:ident, $filter:ty, $order:ident) => {
        type Entity = $module::Entity;
        type Filter = $filter;
        const INSTITUTION: $module::Column = $module::Column::InstitutionId;
        const ID: $module::Column = $module::Column::Id;
        const VERSION: $module::Column = $module::Column::Version;
        const ORDER: $module::Column = $module::Column::$order;
        const ARCHIVED: $module::Column = $module::Column::ArchivedAt;
    };
}
pub(crate) use stands_in;

/// A row of a kind, from its record and the columns of its own.
macro_rules! row {
    ($module:ident, $institution:expr, $record:expr, { $( $column:ident: $value:expr ),* $(,)? }) => {
        $module::ActiveModel {
            institution_id: sea_orm::ActiveValue::Set($institution.uuid()),
            id: sea_orm::ActiveValue::Set($record.id.uuid()),
            name: sea_orm::ActiveValue::Set($record.details.name.clone()),
            name_fold: sea_orm::ActiveValue::Set(domain::text::fold(&$record.details.name)),
            $( $column: sea_orm::ActiveValue::Set($value), )*
            version: sea_orm::ActiveValue::Set($record.version),
            created_at: sea_orm::ActiveValue::Set($crate::clock::micros($record.created_at)),
            archived_at: sea_orm::ActiveValue::Set($record.archived_at.map($crate::clock::micros)),
        }
    };
}
pub(crate) use row;

/// A record of a kind, from its row and its details.
macro_rules! record {
    ($row:ident, $details:expr) => {
        domain::reference::Reference {
            id: domain::id::Id::new($row.id),
            version: $row.version,
            created_at: $crate::clock::timestamp($row.created_at)?,
            archived_at: $row.archived_at.map($crate::clock::timestamp).transpose()?,
            details: $details,
        }
    };
}
pub(crate) use record;

/// Declares the events of a kind.
macro_rules! events {
    ($kind:literal) => {
        $crate::reference::Events {
            created: $crate::events::EventType {
                name: concat!($kind, ".created"),
                schema_version: 1,
            },
            changed: $crate::events::EventType {
                name: concat!($kind, ".changed"),
                schema_version: 1,
            },
            archived: $crate::events::EventType {
                name: concat!($kind, ".archived"),
                schema_version: 1,
            },
            unarchived: $crate::events::EventType {
                name: concat!($kind, ".unarchived"),
                schema_version: 1,
            },
        }
    };
}
pub(crate) use events;

/// Records whose column names one of these; all of them where none is named.
pub(crate) fn among<K>(column: impl ColumnTrait, ids: &[Id<K>]) -> Condition {
    if ids.is_empty() {
        return Condition::all();
    }
    Condition::all().add(column.is_in(ids.iter().map(|id| id.uuid())))
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn confined<T: Kept>(scope: &Scope) -> Select<T::Entity> {
    let mine = T::Entity::find().filter(T::INSTITUTION.eq(scope.institution().uuid()));
    if scope.branches().is_empty() {
        mine.filter(nothing())
    } else {
        mine
    }
}

/// What may be changed.
fn within<T: Kept>(scope: &Scope) -> Condition {
    let mine = Condition::all().add(T::INSTITUTION.eq(scope.institution().uuid()));
    match T::CAMPUS {
        _ if scope.is_whole() => mine,
        Some(campus) => mine.add(campus.is_in(scope.campuses())),
        None => mine.add(nothing()),
    }
}

/// A record, archived or not.
pub async fn find<T: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<T>,
    id: Id<T>,
) -> Result<Option<Reference<T>>, Error> {
    let row = confined::<T>(grant.scope())
        .filter(T::ID.eq(id.uuid()))
        .one(handle)
        .await?;
    whole_record(handle, grant, row).await
}

/// A record that is about to be changed: no other transaction changes it until this one ends.
pub async fn lock<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    id: Id<T>,
) -> Result<Option<Reference<T>>, Error> {
    let row = confined::<T>(grant.scope())
        .filter(within::<T>(grant.scope()))
        .filter(T::ID.eq(id.uuid()))
        .lock_exclusive()
        .one(tx)
        .await?;
    whole_record(tx, grant, row).await
}

/// A record that is about to be chosen: `None` where it is archived, and it stays as it is until
/// the transaction ends.
pub async fn choose<T: Kept>(
    tx: &Tx,
    grant: &impl Reads<T>,
    id: Id<T>,
) -> Result<Option<Reference<T>>, Error> {
    let row = confined::<T>(grant.scope())
        .filter(T::ID.eq(id.uuid()))
        .filter(T::ARCHIVED.is_null())
        .lock_shared()
        .one(tx)
        .await?;
    whole_record(tx, grant, row).await
}

async fn whole_record<T: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<T>,
    row: Option<<T::Entity as EntityTrait>::Model>,
) -> Result<Option<Reference<T>>, Error> {
    let Some(row) = row else { return Ok(None) };
    let mut record = [T::read(row)?];
    T::read_parts(handle, grant.scope().institution(), &mut record).await?;
    let [record] = record;
    Ok(Some(record))
}

/// One page of what meets a filter, in the order of its kind; archived records only where they are
/// asked for.
pub async fn list<T: Kept>(
    handle: &impl Handle,
    grant: &impl Reads<T>,
    filter: &T::Filter,
    with_archived: bool,
    page: &Page,
) -> Result<Vec<Reference<T>>, Error> {
    let mut select = confined::<T>(grant.scope()).filter(T::condition(filter)?);
    if !with_archived {
        select = select.filter(T::ARCHIVED.is_null());
    }
    let (at, id) = (Expr::col(T::ORDER), Expr::col(T::ID));
    page.confine(QuerySelect::query(&mut select), at, id);
    let mut records = select
        .all(handle)
        .await?
        .into_iter()
        .map(T::read)
        .collect::<Result<Vec<_>, _>>()?;
    T::read_parts(handle, grant.scope().institution(), &mut records).await?;
    Ok(records)
}

/// Writes a new record.
pub async fn insert<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    record: &Reference<T>,
) -> Result<(), Error> {
    let institution = writable(grant.scope(), record.details.campus())?;
    T::Entity::insert(T::row(institution, record)?)
        .exec_without_returning(tx)
        .await?;
    written(tx, institution, None, record).await
}

/// Writes a changed record over the version that it was read at.
pub async fn update<T: Kept>(
    tx: &Tx,
    grant: &impl Writes<T>,
    before: &Reference<T>,
    after: &Reference<T>,
) -> Result<(), Error> {
    let institution = writable(grant.scope(), after.details.campus())?;
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let updated = T::Entity::update_many()
        .set(T::row(institution, after)?)
        .filter(within::<T>(grant.scope()))
        .filter(T::ID.eq(after.id.uuid()))
        .filter(T::VERSION.eq(before.version))
        .exec(tx)
        .await?;
    unless_stale(updated.rows_affected)?;
    written(tx, institution, Some(before), after).await
}

/// Writes what an institution has from the start; the founding itself is what the trail tells.
/// Parts in other tables are the caller's.
pub(crate) async fn plant<T: Kept>(
    tx: &Tx,
    institution: Id<Institution>,
    records: &[Reference<T>],
) -> Result<(), Error> {
    let rows = records
        .iter()
        .map(|record| T::row(institution, record))
        .collect::<Result<Vec<_>, _>>()?;
    T::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The institution in which a record of this campus, or of none, may be written.
pub(crate) fn writable(
    scope: &Scope,
    campus: Option<Id<Campus>>,
) -> Result<Id<Institution>, Error> {
    if scope.is_whole() || campus.is_some_and(|at| scope.includes(at)) {
        Ok(scope.institution())
    } else {
        Err(Fault::new(&domain::fault::NOT_FOUND).into())
    }
}

/// What follows a row: its parts, the audit record, the event, and the access version.
async fn written<T: Kept>(
    tx: &Tx,
    institution: Id<Institution>,
    before: Option<&Reference<T>>,
    after: &Reference<T>,
) -> Result<(), Error> {
    T::write_parts(tx, institution, before, after).await?;
    if T::alters_access(before, after) {
        access_changed(tx).await?;
    }
    let fields = |record: &Reference<T>| {
        let mut fields = record.details.fields();
        if let Some(fields) = fields.as_object_mut() {
            let at = record.archived_at.map(|at| at.to_string());
            fields.insert("archived_at".into(), at.into());
        }
        fields
    };
    let (was, is) = difference(before.map(fields).as_ref(), &fields(after), &[]);
    let (kind, data) = match before {
        None => (&T::EVENTS.created, json!({})),
        Some(before) if before.is_open() && !after.is_open() => (&T::EVENTS.archived, json!({})),
        Some(before) if !before.is_open() && after.is_open() => (&T::EVENTS.unarchived, json!({})),
        Some(_) => (
            &T::EVENTS.changed,
            json!({ "changed": is.as_object().map(|o| o.keys().collect::<Vec<_>>()) }),
        ),
    };
    let was = before.map_or(json!(null), |_| was);
    let change = Change::new(T::KIND, after.id.uuid(), after.version, is);
    tx.record(change.before(was).event(kind, data));
    Ok(())
}

/// Every change to who reaches what is seen by all instances within two seconds, and by every
/// write at once: loaded authorities carry this version.
pub(crate) async fn access_changed(tx: &Tx) -> Result<(), Error> {
    tx.access_changed();
    tx.execute_raw(statement(
        tx,
        "UPDATE institutions SET access_version = access_version + 1 WHERE institution_id = ?",
        [tx.operation().institution.uuid().into()],
    ))
    .await?;
    Ok(())
}

/// Whether a query that counts for [`Kept::in_use`] finds a row; `?` stands for institution and id.
pub(crate) async fn any(
    tx: &Tx,
    sql: &str,
    institution: Id<Institution>,
    id: uuid::Uuid,
) -> Result<bool, Error> {
    let values: [Value; 2] = [institution.uuid().into(), id.into()];
    Ok(tx
        .query_one_raw(statement(tx, sql, values))
        .await?
        .is_some())
}
