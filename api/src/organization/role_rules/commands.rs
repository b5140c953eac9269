//! Use cases of roles by rule: load, decide, save.

use domain::{
    access::{StaffWrite, may_give},
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::RoleRule,
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    organization::role_rules as store,
};

use super::{CreateRoleRule, given::Given};
use crate::{http::IfMatch, reference::choose};

type Manager = Grant<StaffWrite>;

/// A rule never changes.
pub const VERSION: i64 = 1;

/// Gives a role to everyone of a department, a position or both. Access changes at once.
///
/// # Errors
/// What is refused by hand is refused here: 403 for a role beyond what the caller may give, and where
/// the rule covers the caller, or somebody who governs others and holds more; 409 where sales and
/// purchasing would come together, or where there is such a rule; 422 where something can't be chosen.
pub async fn create(tx: &Tx, grant: &Manager, body: CreateRoleRule) -> Result<RoleRule, Error> {
    let department = body.department_id.map(Id::new);
    let position = body.position_id.map(Id::new);
    let rule = RoleRule::make(Id::new(body.role_id), department, position, &tx.stamp())?;
    let role = choose(tx, grant, rule.role, "/role_id").await?;
    if let Some(department) = department {
        choose(tx, grant, department, "/department_id").await?;
    }
    if let Some(position) = position {
        choose(tx, grant, position, "/position_id").await?;
    }
    if let Some(authority) = &tx.operation().authority {
        may_give(authority.permissions(), authority.fields(), &role.details)?;
    }
    let given = Given::before(tx, grant, None).await?;
    store::insert(tx, grant, &rule).await?;
    given.judge(tx, grant).await?;
    Ok(rule)
}

pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<RoleRule>,
    id: Id<RoleRule>,
) -> Result<RoleRule, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Ends a rule. Access changes at once.
///
/// # Errors
/// 403 where it covers the caller, or somebody who governs others and holds more.
pub async fn end(
    tx: &Tx,
    grant: &Manager,
    id: Id<RoleRule>,
    condition: IfMatch,
) -> Result<(), Error> {
    let given = Given::before(tx, grant, None).await?;
    let rule = get(tx, grant, id).await?;
    condition.check(VERSION)?;
    store::remove(tx, grant, &rule).await?;
    given.judge(tx, grant).await
}
