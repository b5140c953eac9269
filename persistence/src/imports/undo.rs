//! Which customers an import made, what was done with them since, and how they go again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    customers::Customer,
    id::Id,
    imports::{
        outcome::Import,
        undo::{InTheWay, Made, UndoObstacle},
    },
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Deletes, Reads, Writes},
    clock::micros,
    customers::{hiding, merges},
    database::{insert_many, placeholders, statement},
};

/// What `put_on_reason` says of tags that an import put on.
pub fn tag_reason(import: Id<Import>) -> String {
    format!("import:{import}")
}

/// Tables that name a customer with which something was done: a row in any of them stands in the way, where
/// it meets a condition over the row `r`.
const USES: &[(&str, &str, UndoObstacle)] = &[
    ("enrollments", "customer_id", UndoObstacle::Enrolled),
    ("enrollments", "payer_id", UndoObstacle::Enrolled),
    ("payments", "customer_id", UndoObstacle::Enrolled),
    ("charges", "customer_id", UndoObstacle::Enrolled),
    ("charges", "payer_id", UndoObstacle::Enrolled),
    ("customer_shares", "customer_id", UndoObstacle::Shared),
    ("share_requests", "customer_id", UndoObstacle::Shared),
    ("consents", "customer_id", UndoObstacle::Decided),
    ("consents", "decided_by", UndoObstacle::Decided),
    ("privacy_requests", "customer_id", UndoObstacle::Decided),
    ("privacy_requests", "asked_by", UndoObstacle::Decided),
];

/// Notes which customers a step made.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Import>,
    import: Id<Import>,
    made: &[Made],
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let rows = made.iter().map(|one| {
        vec![
            institution.into(),
            import.uuid().into(),
            one.customer.uuid().into(),
            one.row.into(),
            "created".into(),
            one.version.into(),
            one.follow_ups.into(),
        ]
    });
    let columns = "institution_id, import_id, customer_id, row_number, deed, version, follow_ups";
    insert_many(tx, ("import_customers", columns), "", rows.collect()).await
}

/// How many customers an import made that are not undone.
pub async fn count(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    import: Id<Import>,
) -> Result<i64, Error> {
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT COUNT(*) AS made FROM import_customers \
             WHERE institution_id = ? AND import_id = ? AND undone_at IS NULL",
            key(grant, import),
        ))
        .await?;
    row.map_or(Ok(0), |row| Ok(row.try_get("", "made")?))
}

fn key(grant: &impl Reads<Import>, import: Id<Import>) -> [Value; 2] {
    let institution = grant.scope().institution();
    [institution.uuid().into(), import.uuid().into()]
}

/// Those that are not undone, behind `after`, in the order of their ids.
pub async fn page(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    import: Id<Import>,
    after: Option<Id<Customer>>,
    limit: u64,
) -> Result<Vec<Made>, Error> {
    let mut values = key(grant, import).to_vec();
    values.push(after.map_or(Uuid::nil(), Id::uuid).into());
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let rows = handle
        .query_all_raw(statement(
            handle,
            "SELECT customer_id, row_number, version, follow_ups FROM import_customers \
             WHERE institution_id = ? AND import_id = ? AND undone_at IS NULL AND customer_id > ? \
             ORDER BY customer_id LIMIT ?",
            values,
        ))
        .await?;
    rows.iter().map(made).collect()
}

fn made(row: &QueryResult) -> Result<Made, Error> {
    Ok(Made {
        customer: Id::new(row.try_get("", "customer_id")?),
        row: row.try_get("", "row_number")?,
        version: row.try_get("", "version")?,
        follow_ups: row.try_get("", "follow_ups")?,
    })
}

/// Which of some customers that an import made stand in the way of undoing it.
pub async fn in_the_way(
    handle: &impl Handle,
    grant: &impl Deletes<Customer>,
    import: Id<Import>,
    made: &[Made],
) -> Result<Vec<InTheWay>, Error> {
    let reached = hiding::each(handle, grant, &ids(made)).await?;
    obstacles(handle, grant, import, made, &reached).await
}

/// Hides customers that an import made, unless any of them stands in the way; those that were deleted by hand
/// are gone already.
pub async fn remove(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    import: Id<Import>,
    made: &[Made],
) -> Result<Vec<InTheWay>, Error> {
    let reached = hiding::lock_each(tx, grant, &ids(made)).await?;
    let found = obstacles(tx, grant, import, made, &reached).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let living = |customer: &Customer| customer.deleted_at.is_none();
    let going: Vec<Customer> = reached.into_iter().filter(living).collect();
    hiding::hide(tx, grant, &going).await?;
    let gone: BTreeSet<_> = going.iter().map(|customer| customer.id).collect();
    let (gone, others): (Vec<_>, Vec<_>) = made.iter().partition(|m| gone.contains(&m.customer));
    mark(tx, import, &gone, (Some(tx.now()), 1)).await?;
    mark(tx, import, &others, (Some(tx.now()), 0)).await?;
    Ok(Vec::new())
}

/// Shows some customers again that went, since others could not; how many were looked at.
pub async fn put_back(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    import: Id<Import>,
    limit: i64,
) -> Result<usize, Error> {
    let institution = tx.operation().institution;
    let values: [Value; 3] = [
        institution.uuid().into(),
        import.uuid().into(),
        limit.into(),
    ];
    let sql = "SELECT customer_id, row_number, version, follow_ups FROM import_customers \
         WHERE institution_id = ? AND import_id = ? AND undone_at IS NOT NULL ORDER BY customer_id LIMIT ?";
    let rows = tx.query_all_raw(statement(tx, sql, values)).await?;
    let undone = rows.iter().map(made).collect::<Result<Vec<_>, _>>()?;
    let versions: HashMap<_, _> = undone.iter().map(|m| (m.customer, m.version)).collect();
    let hidden = hiding::lock_each(tx, grant, &ids(&undone)).await?;
    // Whom somebody has brought back or erased meanwhile is as it shall be.
    let ours = |c: &Customer| c.deleted_at.is_some() && versions.get(&c.id) == Some(&c.version);
    let hidden: Vec<Customer> = hidden.into_iter().filter(ours).collect();
    hiding::show(tx, grant, &hidden).await?;
    let back: BTreeSet<_> = hidden.iter().map(|customer| customer.id).collect();
    let (back, others): (Vec<_>, Vec<_>) = undone.iter().partition(|m| back.contains(&m.customer));
    mark(tx, import, &back, (None, 1)).await?;
    mark(tx, import, &others, (None, 0)).await?;
    Ok(undone.len())
}

fn ids(made: &[Made]) -> Vec<Uuid> {
    made.iter().map(|one| one.customer.uuid()).collect()
}

/// Notes whether customers are undone, and how far their versions were raised by that.
async fn mark(
    tx: &Tx,
    import: Id<Import>,
    made: &[&Made],
    (undone_at, raised): (Option<Timestamp>, i64),
) -> Result<(), Error> {
    if made.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE import_customers SET undone_at = ?, version = version + ? \
         WHERE institution_id = ? AND import_id = ? AND customer_id IN ({})",
        placeholders(made.len())
    );
    let mut values: Vec<Value> = vec![
        undone_at.map(micros).into(),
        raised.into(),
        tx.operation().institution.uuid().into(),
        import.uuid().into(),
    ];
    values.extend(made.iter().map(|one| Value::from(one.customer.uuid())));
    tx.execute_raw(statement(tx, &sql, values)).await?;
    Ok(())
}

/// What was done since with customers of whom those are given that are within reach.
async fn obstacles(
    handle: &impl Handle,
    grant: &impl Deletes<Customer>,
    import: Id<Import>,
    made: &[Made],
    reached: &[Customer],
) -> Result<Vec<InTheWay>, Error> {
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let institution = grant.scope().institution();
    let reached: HashMap<_, _> = reached.iter().map(|one| (one.id, one)).collect();
    let merged = merges::now_of(handle, institution, &ids(made)).await?;
    let mut found = Vec::new();
    let mut unchanged: BTreeMap<Uuid, &Made> = BTreeMap::new();
    for one in made {
        let reason = match reached.get(&one.customer) {
            None => UndoObstacle::OutOfReach,
            Some(_) if merged.contains_key(&one.customer.uuid()) => UndoObstacle::Merged,
            Some(customer) if customer.deleted_at.is_some() => continue,
            Some(customer) if customer.version != one.version => UndoObstacle::Changed,
            Some(_) => {
                unchanged.insert(one.customer.uuid(), one);
                continue;
            }
        };
        let known = reason != UndoObstacle::OutOfReach;
        found.push(InTheWay {
            row: one.row,
            customer: known.then_some(one.customer),
            reason,
        });
    }
    let uses = Uses {
        handle,
        institution: institution.uuid(),
        import,
    };
    for (customer, reason) in uses.of(&unchanged).await? {
        found.extend(unchanged.get(&customer).map(|one| InTheWay {
            row: one.row,
            customer: Some(one.customer),
            reason,
        }));
    }
    found.sort_by_key(|one| one.row);
    Ok(found)
}

/// Where to look for what was done with customers that are as an import left them.
struct Uses<'a, H> {
    handle: &'a H,
    institution: Uuid,
    import: Id<Import>,
}

impl<H: Handle> Uses<'_, H> {
    /// What was done first of all with each, of those with whom anything was.
    async fn of(
        &self,
        made: &BTreeMap<Uuid, &Made>,
    ) -> Result<BTreeMap<Uuid, UndoObstacle>, Error> {
        let ids: Vec<Uuid> = made.keys().copied().collect();
        let mut used = BTreeMap::new();
        if ids.is_empty() {
            return Ok(used);
        }
        let mut add = |named: Vec<Uuid>, reason| {
            for id in named {
                used.entry(id).or_insert(reason);
            }
        };
        for (table, column, reason) in USES {
            add(
                self.named((table, column), &ids, "", vec![]).await?,
                *reason,
            );
        }
        add(
            self.followed_up(made, &ids).await?,
            UndoObstacle::FollowedUp,
        );
        let other =
            "(r.put_on_reason IS NULL OR r.put_on_reason <> ? OR r.taken_off_at IS NOT NULL)";
        let reason = vec![tag_reason(self.import).into()];
        let tagged = self.named(("taggings", "customer_id"), &ids, other, reason);
        add(tagged.await?, UndoObstacle::Tagged);
        // By hand, both have another version; a later import relates its own to whom it finds.
        let others = "EXISTS (SELECT 1 FROM customers c WHERE c.institution_id = r.institution_id \
             AND c.id = r.customer_id AND c.deleted_at IS NULL) \
             AND NOT EXISTS (SELECT 1 FROM import_customers m WHERE m.institution_id = r.institution_id \
             AND m.import_id = ? AND m.customer_id = r.customer_id)";
        let import = || vec![self.import.uuid().into()];
        let related = self.named(
            ("customer_relations", "relative_id"),
            &ids,
            others,
            import(),
        );
        add(related.await?, UndoObstacle::Related);
        let more = "(r.version > 1 OR r.id <> r.customer_id)";
        let collected = self.named(("customer_collections", "customer_id"), &ids, more, vec![]);
        add(collected.await?, UndoObstacle::Collected);
        let filed = self.named(
            ("files", "record_id"),
            &ids,
            "r.record_kind = 'customer'",
            vec![],
        );
        add(filed.await?, UndoObstacle::HasFiles);
        Ok(used)
    }

    /// Those of some customers that rows of a table name.
    async fn named(
        &self,
        (table, column): (&str, &str),
        ids: &[Uuid],
        condition: &str,
        told: Vec<Value>,
    ) -> Result<Vec<Uuid>, Error> {
        let condition = match condition {
            "" => String::new(),
            condition => format!(" AND {condition}"),
        };
        let sql = format!(
            "SELECT DISTINCT r.{column} AS named FROM {table} r \
             WHERE r.institution_id = ? AND r.{column} IN ({}){condition}",
            placeholders(ids.len())
        );
        let mut values: Vec<Value> = vec![self.institution.into()];
        values.extend(ids.iter().map(|id| Value::from(*id)));
        values.extend(told);
        let rows = self
            .handle
            .query_all_raw(statement(self.handle, &sql, values))
            .await?;
        rows.iter()
            .map(|row| Ok(row.try_get("", "named")?))
            .collect()
    }

    /// Those with other follow-ups than were planned with them.
    async fn followed_up(
        &self,
        made: &BTreeMap<Uuid, &Made>,
        ids: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let sql = format!(
            "SELECT customer_id, COUNT(*) AS found, MAX(version) AS latest FROM follow_ups \
             WHERE institution_id = ? AND customer_id IN ({}) GROUP BY customer_id",
            placeholders(ids.len())
        );
        let mut values: Vec<Value> = vec![self.institution.into()];
        values.extend(ids.iter().map(|id| Value::from(*id)));
        let rows = self
            .handle
            .query_all_raw(statement(self.handle, &sql, values))
            .await?;
        let mut others = Vec::new();
        for row in &rows {
            let customer: Uuid = row.try_get("", "customer_id")?;
            let (found, latest): (i64, i64) =
                (row.try_get("", "found")?, row.try_get("", "latest")?);
            let planned = made.get(&customer).map_or(0, |one| one.follow_ups);
            if found != planned || latest > 1 {
                others.push(customer);
            }
        }
        Ok(others)
    }
}

/// Forgets which customers imports made that ended before `until`; how many there were.
pub async fn forget(tx: &Tx, until: Timestamp, limit: i64) -> Result<u64, Error> {
    let institution = tx.operation().institution.uuid();
    let removed = tx
        .execute_raw(statement(
            tx,
            "DELETE FROM import_customers WHERE institution_id = ? AND (import_id, customer_id) IN ( \
             SELECT m.import_id, m.customer_id FROM imports i JOIN import_customers m \
             ON m.institution_id = i.institution_id AND m.import_id = i.id \
             WHERE i.institution_id = ? AND i.finished_at < ? LIMIT ?)",
            [
                institution.into(),
                institution.into(),
                micros(until).into(),
                limit.into(),
            ],
        ))
        .await?;
    Ok(removed.rows_affected())
}
