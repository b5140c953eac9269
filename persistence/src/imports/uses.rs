//! What was done since with customers that an import made.

use std::collections::BTreeMap;

use domain::{
    id::Id,
    imports::{
        outcome::Import,
        undo::{Made, UndoObstacle},
    },
};
use sea_orm::Value;
use uuid::Uuid;

use super::undo::tag_reason;
use crate::{
    Error, Handle,
    database::{placeholders, statement},
};

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
    ("legal_holds", "customer_id", UndoObstacle::Decided),
    ("customer_insights", "customer_id", UndoObstacle::Collected),
    ("customer_filings", "customer_id", UndoObstacle::Filed),
];

/// Where to look for what was done with customers that are as an import left them.
pub(super) struct Uses<'a, H> {
    pub(super) handle: &'a H,
    pub(super) institution: Uuid,
    pub(super) import: Id<Import>,
}

impl<H: Handle> Uses<'_, H> {
    /// What was done first of all with each, of those with whom anything was.
    pub(super) async fn of(
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
        let kept = self.named(
            ("cleaning_entries", "customer_id"),
            &ids,
            "r.kept_at IS NOT NULL",
            vec![],
        );
        add(kept.await?, UndoObstacle::Filed);
        let by_hand = self.named(
            ("customer_screenings", "customer_id"),
            &ids,
            "r.rule_id IS NULL",
            vec![],
        );
        add(by_hand.await?, UndoObstacle::Screened);
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
