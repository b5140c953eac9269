//! Reading and writing filings, within a grant.

use domain::{
    customers::{Customer, Filing, FilingState, Kind},
    id::Id,
    text_enum::TextEnum,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Order, QueryFilter,
    QuerySelect, Value,
    sea_query::{Expr, LockType, Query},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    CHANGED, FILED, TAKEN_OUT,
    entity::{Column, Entity, Model, kind, reason, row},
};
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::micros,
    customers::merges,
    database::{Change, statement, unless_stale},
    scope::{Page, page, ranges, scoped, scoped_to_change},
};

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customers: Vec<Uuid>,
    pub holders: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub kinds: Vec<Kind>,
    pub business_scopes: Vec<String>,
    /// The beginning of a code: two digits of a province, four of a city, six of a county.
    pub region: Option<String>,
    pub states: Vec<FilingState>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let ids = |column: Column, ids: &[Uuid]| {
            (!ids.is_empty()).then(|| column.is_in(ids.iter().copied()))
        };
        let kinds = self.kinds.iter().map(|kind| kind.as_str());
        let states = self.states.iter().map(|state| state.as_str());
        let scopes = self.business_scopes.iter().map(String::as_str);
        Condition::all()
            .add_option(ids(Column::CustomerId, &self.customers))
            .add_option(ids(Column::HolderId, &self.holders))
            .add_option(ids(Column::CustomerCampusId, &self.campuses))
            .add_option((kinds.len() > 0).then(|| Column::Kind.is_in(kinds)))
            .add_option((scopes.len() > 0).then(|| Column::BusinessScope.is_in(scopes)))
            .add_option((states.len() > 0).then(|| Column::State.is_in(states)))
            // Digits only.
            .add_option(
                self.region
                    .as_ref()
                    .map(|code| Column::RegionCode.starts_with(code)),
            )
    }
}

/// One page of the filings within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<Filing>, Error> {
    let institution = grant.scope().institution();
    let filter = Filter {
        customers: merges::resolved(handle, institution, filter.customers.clone()).await?,
        ..filter.clone()
    };
    let rows = page::<Entity>(handle, grant, filter.condition(), part).await?;
    let keys = handle.keys_of(institution).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// A filing within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Filing>,
) -> Result<Option<Filing>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    row.map(|row| row.open(&keys)).transpose()
}

/// The same, of a customer that may be changed: no other transaction changes it until this one ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Filing>,
) -> Result<Option<Filing>, Error> {
    let row = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    let keys = tx.keys().await?;
    row.map(|row| row.open(&keys)).transpose()
}

/// How a customer, which is locked, is filed now.
pub async fn current(tx: &Tx, customer: Id<Customer>) -> Result<Option<Filing>, Error> {
    let lock = if tx.is_postgres() {
        " FOR NO KEY UPDATE"
    } else {
        ""
    };
    let sql = format!(
        "SELECT institution_id, id, version, customer_id, holder_id, customer_campus_id, kind, business_scope, \
         region_code, state, customer_version, created_at, filed_at, filed_by, changed_at, taken_out_at, \
         taken_out_by, taken_out_reason, deleted_at FROM customer_filings \
         WHERE institution_id = ? AND customer_id = ? AND state <> 'taken_out'{lock}"
    );
    let key = [tx.operation().institution.uuid(), customer.uuid()].map(Value::from);
    let Some(row) = tx.query_one_raw(statement(tx, &sql, key)).await? else {
        return Ok(None);
    };
    let keys = tx.keys().await?;
    Model::from_query_result(&row, "")?.open(&keys).map(Some)
}

/// Writes a new filing.
pub async fn insert(tx: &Tx, grant: &impl Writes<Customer>, filing: &Filing) -> Result<(), Error> {
    let keys = tx.keys().await?;
    Entity::insert(row(grant.scope().institution(), &keys, filing)?)
        .exec_without_returning(tx)
        .await?;
    record(tx, None, filing);
    Ok(())
}

/// Writes a changed filing over the version that it was read at.
pub async fn update(tx: &Tx, before: &Filing, after: &Filing) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let region = after.group.region.as_ref().map(|code| code.as_str());
    let sql = "UPDATE customer_filings SET version = ?, kind = ?, business_scope = ?, region_code = ?, \
               state = ?, customer_version = ?, filed_at = ?, filed_by = ?, changed_at = ?, taken_out_at = ?, \
               taken_out_by = ?, taken_out_reason = ? WHERE institution_id = ? AND id = ? AND version = ?";
    let out = after.taken_out.as_ref();
    let values: [Value; 15] = [
        after.version.into(),
        after.group.kind.as_str().into(),
        after.group.business_scope.clone().into(),
        region.into(),
        after.state().as_str().into(),
        after.customer_version.into(),
        micros(after.filed_at).into(),
        after.filed_by.map(Id::uuid).into(),
        after.changed_at.map(micros).into(),
        out.map(|out| micros(out.at)).into(),
        out.and_then(|out| out.by).map(Id::uuid).into(),
        reason(&keys, after)?.into(),
        tx.operation().institution.uuid().into(),
        after.id.uuid().into(),
        before.version.into(),
    ];
    let updated = tx.execute_raw(statement(tx, sql, values)).await?;
    unless_stale(updated.rows_affected())?;
    record(tx, Some(before), after);
    Ok(())
}

/// Marks the filing of a customer that was changed, and is locked, where it has one.
pub(crate) async fn mark_changed(tx: &Tx, customer: Id<Customer>) -> Result<(), Error> {
    let Some(before) = current(tx, customer).await? else {
        return Ok(());
    };
    let after = before.changed(&tx.stamp());
    if after.version != before.version {
        update(tx, &before, &after).await?;
    }
    Ok(())
}

fn record(tx: &Tx, before: Option<&Filing>, after: &Filing) {
    let told = |filing: &Filing| {
        json!({
            "customer_id": filing.customer,
            "kind": filing.group.kind.as_str(),
            "business_scope": filing.group.business_scope,
            "region_code": filing.group.region.as_ref().map(|code| code.as_str()),
            "state": filing.state().as_str(),
            "customer_version": filing.customer_version,
        })
    };
    let event = match after.state() {
        FilingState::Filed => &FILED,
        FilingState::Changed => &CHANGED,
        FilingState::TakenOut => &TAKEN_OUT,
    };
    let data = json!({ "customer_id": after.customer, "state": after.state().as_str() });
    let change = Change::new("filing", after.id.uuid(), after.version, told(after));
    let change = match before {
        Some(before) => change.before(told(before)),
        None => change,
    };
    tx.record(change.event(event, data));
}

/// How many records stand under the same.
#[derive(Clone, Debug)]
pub struct Group {
    pub kind: Kind,
    pub business_scope: Option<String>,
    /// The first two digits of the region: its province.
    pub province: Option<String>,
    pub filings: i64,
    /// Of these, changed since they were filed.
    pub changed: i64,
}

/// Groups that are told, at most: the largest.
pub const GROUPS_MAX: u64 = 1000;

/// The records in the archive within reach, by kind and, as far as these may be read, business scope and
/// province. Shares open no counts.
pub async fn groups(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    (reads_scope, reads_region): (bool, bool),
) -> Result<Vec<Group>, Error> {
    let columns = [
        Column::Id,
        Column::Kind,
        Column::BusinessScope,
        Column::RegionCode,
        Column::State,
    ];
    let filed = Condition::all().add(Column::State.ne(FilingState::TakenOut.as_str()));
    let Some(rows) = ranges::<Entity>(grant, &columns, &filed) else {
        return Ok(Vec::new());
    };
    let scope = if reads_scope {
        "business_scope"
    } else {
        "NULL"
    };
    let province = if reads_region {
        "substr(region_code, 1, 2)"
    } else {
        "NULL"
    };
    let mut parts = Query::select();
    parts
        .column(Column::Kind)
        .expr_as(Expr::cust(format!("CAST({scope} AS text)")), "scope")
        .expr_as(Expr::cust(format!("CAST({province} AS text)")), "province")
        .column(Column::State)
        .from_subquery(rows, "filed");
    let mut groups = Query::select();
    groups
        .column("kind")
        .column("scope")
        .column("province")
        .expr_as(Expr::cust("COUNT(*)"), "filings")
        .expr_as(
            Expr::cust("CAST(SUM(CASE WHEN state = 'changed' THEN 1 ELSE 0 END) AS bigint)"),
            "changed",
        )
        .from_subquery(parts, "parts")
        .group_by_columns(["kind", "scope", "province"])
        .order_by("filings", Order::Desc)
        .limit(GROUPS_MAX);
    let rows = handle.query_all(&groups).await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        groups.push(Group {
            kind: kind(&row.try_get::<String>("", "kind")?)?,
            business_scope: row.try_get("", "scope")?,
            province: row.try_get("", "province")?,
            filings: row.try_get("", "filings")?,
            changed: row.try_get("", "changed")?,
        });
    }
    // The engines have orders of their own for text.
    groups.sort_by(|a, b| {
        let under = |group: &Group| {
            let scope = group.business_scope.clone();
            (group.kind.as_str(), scope, group.province.clone())
        };
        (b.filings, under(a)).cmp(&(a.filings, under(b)))
    });
    Ok(groups)
}
