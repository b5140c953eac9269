//! Rows of approval policies. Their steps are never looked for: they stand in one column.

use domain::{
    approvals::{ApprovalKind, ApprovalPolicy, Decider},
    id::Id,
    organization::Institution,
    reference::Reference,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::APPROVAL_POLICY;
use crate::{
    Error, Handle, Tx,
    access::Writes,
    database::statement,
    reference::{Events, Kept, record, row, stands_in, table},
};

table!(approval_policies, "approval_policies" {
    kind: String,
    from_amount: i64,
    days: i64,
    steps: Json,
});

/// A step as it is kept.
#[derive(Serialize, Deserialize)]
struct Step {
    role_id: Option<Uuid>,
    staff_id: Option<Uuid>,
}

fn kept(steps: &[Decider]) -> Value {
    let steps = steps.iter().map(|decider| Step {
        role_id: decider.role().map(Id::uuid),
        staff_id: decider.person().map(Id::uuid),
    });
    json!(steps.collect::<Vec<_>>())
}

fn read(steps: Value) -> Result<Vec<Decider>, Error> {
    let steps: Vec<Step> = serde_json::from_value(steps).map_err(Error::corrupt)?;
    steps
        .into_iter()
        .map(|step| decider(step.role_id, step.staff_id))
        .collect()
}

/// Who decides a step, by its columns.
pub(super) fn decider(role: Option<Uuid>, staff: Option<Uuid>) -> Result<Decider, Error> {
    match (role, staff) {
        (Some(role), None) => Ok(Decider::Role(Id::new(role))),
        (None, Some(staff)) => Ok(Decider::Person(Id::new(staff))),
        _ => Err(Error::corrupt("step of an approval")),
    }
}

impl Kept for ApprovalPolicy {
    const KIND: &'static str = "approval_policy";
    const EVENTS: &'static Events = &APPROVAL_POLICY;
    stands_in!(approval_policies);

    fn read(row: approval_policies::Model) -> Result<Reference<Self>, Error> {
        let kind = ApprovalKind::parse(&row.kind);
        Ok(record!(
            row,
            Self {
                name: row.name,
                kind: kind.ok_or_else(|| Error::corrupt(ApprovalKind::NAME))?,
                from_amount: row.from_amount,
                days: row.days,
                steps: read(row.steps)?,
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<approval_policies::ActiveModel, Error> {
        let policy = &record.details;
        Ok(row!(approval_policies, institution, record, {
            kind: policy.kind.as_str().to_owned(),
            from_amount: policy.from_amount,
            days: policy.days,
            steps: kept(&policy.steps),
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "name": self.name,
            "kind": self.kind.as_str(),
            "from_amount": self.from_amount,
            "days": self.days,
            "steps": kept(&self.steps),
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }
}

/// Those of some steps that name nobody who could be chosen: a role that is archived or not there, or a
/// person who does not work here.
pub async fn unknown(
    tx: &Tx,
    grant: &impl Writes<ApprovalPolicy>,
    steps: &[Decider],
) -> Result<Vec<(usize, Decider)>, Error> {
    let mut unknown = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let is_known = match step {
            Decider::Role(role) => {
                let sql = format!(
                    "SELECT 1 AS found FROM roles \
                     WHERE institution_id = ? AND id = ? AND archived_at IS NULL{}",
                    tx.keeping()
                );
                let key = [grant.scope().institution().uuid(), role.uuid()];
                let found = tx.query_one_raw(statement(tx, &sql, key.map(Into::into)));
                found.await?.is_some()
            }
            Decider::Person(person) => works(tx, person.uuid()).await?,
        };
        if !is_known {
            unknown.push((place, *step));
        }
    }
    Ok(unknown)
}

/// Whether a policy of a kind that counts begins at an amount.
pub async fn begins_at(tx: &Tx, kind: ApprovalKind, amount: i64) -> Result<bool, Error> {
    let sql = "SELECT 1 AS found FROM approval_policies \
         WHERE institution_id = ? AND kind = ? AND from_amount = ? AND archived_at IS NULL";
    let values = [
        tx.operation().institution.uuid().into(),
        kind.as_str().into(),
        amount.into(),
    ];
    let found = tx.query_one_raw(statement(tx, sql, values)).await?;
    Ok(found.is_some())
}

/// Whether somebody of staff works here.
pub(super) async fn works(tx: &Tx, person: Uuid) -> Result<bool, Error> {
    let sql = format!(
        "SELECT 1 AS found FROM principals \
         WHERE institution_id = ? AND id = ? AND kind = 'staff' AND status = 'active'{}",
        tx.keeping()
    );
    let key = [tx.operation().institution.uuid(), person];
    let found = tx.query_one_raw(statement(tx, &sql, key.map(Into::into)));
    Ok(found.await?.is_some())
}

/// The policy that applies to an amount, as it stays until the transaction ends.
pub(super) async fn applying(
    tx: &Tx,
    kind: ApprovalKind,
    amount: i64,
) -> Result<Option<Reference<ApprovalPolicy>>, Error> {
    let sql = format!(
        "SELECT institution_id, id, name, name_fold, kind, from_amount, days, steps, version, \
         created_at, archived_at FROM approval_policies \
         WHERE institution_id = ? AND kind = ? AND from_amount <= ? AND archived_at IS NULL \
         ORDER BY from_amount DESC LIMIT 1{}",
        tx.keeping()
    );
    let values = [
        tx.operation().institution.uuid().into(),
        kind.as_str().into(),
        amount.into(),
    ];
    let row = tx.query_one_raw(statement(tx, &sql, values)).await?;
    row.map(|row| {
        let model = approval_policies::Model::from_query_result(&row, "")?;
        <ApprovalPolicy as Kept>::read(model)
    })
    .transpose()
}

/// The highest amount from which a policy of a kind applies; `None` where there is no policy, and nobody
/// needs to count.
pub async fn highest(
    handle: &impl Handle,
    institution: Id<Institution>,
    kind: ApprovalKind,
) -> Result<Option<i64>, Error> {
    let sql = "SELECT max(from_amount) AS highest FROM approval_policies \
               WHERE institution_id = ? AND kind = ? AND archived_at IS NULL";
    let values = [institution.uuid().into(), kind.as_str().into()];
    let row = handle.query_one_raw(statement(handle, sql, values)).await?;
    let row = row.ok_or_else(|| Error::corrupt("a maximum without a row"))?;
    Ok(row.try_get("", "highest")?)
}
