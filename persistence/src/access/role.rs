//! Rows of roles.

use std::collections::BTreeMap;

use domain::{
    access::{Permissions, Reach, Role, Side},
    id::Id,
    organization::Institution,
    reference::Reference,
    text_enum::TextEnum,
};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    database::statement,
    reference::{self, Events, Kept, any, record, row, stands_in, table},
};

pub static ROLE: Events = reference::events!("role");

table!(roles, "roles" { code: String, is_built_in: bool, side: String });

impl Kept for Role {
    const KIND: &'static str = "role";
    const EVENTS: &'static Events = &ROLE;
    stands_in!(roles);

    fn read(row: roles::Model) -> Result<Reference<Self>, Error> {
        Ok(record!(
            row,
            Self {
                code: row.code,
                name: row.name,
                is_built_in: row.is_built_in,
                side: Side::parse(&row.side).ok_or_else(|| Error::corrupt("side of a role"))?,
                permissions: Permissions::new(),
            }
        ))
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<roles::ActiveModel, Error> {
        let role = &record.details;
        Ok(row!(roles, institution, record, {
            code: role.code.clone(),
            is_built_in: role.is_built_in,
            side: role.side.as_str().into(),
        }))
    }

    fn fields(&self) -> Value {
        let permissions: Vec<_> = self
            .permissions
            .iter()
            .map(|(code, reach)| json!({ "permission": code, "reach": reach.as_str() }))
            .collect();
        json!({
            "code": self.code,
            "name": self.name,
            "side": self.side.as_str(),
            "permissions": permissions,
        })
    }

    /// Nobody holds a new role yet, nor one that is being archived.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        before.is_some_and(|b| b.details.permissions != after.details.permissions)
    }

    async fn read_parts(
        handle: &impl Handle,
        institution: Id<Institution>,
        records: &mut [Reference<Self>],
    ) -> Result<(), Error> {
        let mut select = Sql::select();
        select
            .columns(["role_id", "permission", "reach"])
            .from(PERMISSIONS)
            .and_where(Expr::col("institution_id").eq(institution.uuid()))
            .and_where(Expr::col("role_id").is_in(records.iter().map(|r| r.id.uuid())));
        let mut found: BTreeMap<Uuid, Permissions> = BTreeMap::new();
        for row in handle.query_all(&select).await? {
            let reach: String = row.try_get("", "reach")?;
            let reach = Reach::parse(&reach).ok_or_else(|| Error::corrupt("reach"))?;
            found
                .entry(row.try_get("", "role_id")?)
                .or_default()
                .insert((row.try_get("", "permission")?, reach));
        }
        for record in records {
            record.details.permissions = found.remove(&record.id.uuid()).unwrap_or_default();
        }
        Ok(())
    }

    async fn write_parts(
        tx: &Tx,
        institution: Id<Institution>,
        before: Option<&Reference<Self>>,
        after: &Reference<Self>,
    ) -> Result<(), Error> {
        let none = Permissions::new();
        let was = before.map_or(&none, |b| &b.details.permissions);
        let is = &after.details.permissions;
        for (code, reach) in was.difference(is) {
            tx.execute_raw(statement(
                tx,
                "DELETE FROM role_permissions \
                 WHERE institution_id = ? AND role_id = ? AND permission = ? AND reach = ?",
                [
                    institution.uuid().into(),
                    after.id.uuid().into(),
                    code.as_str().into(),
                    reach.as_str().into(),
                ],
            ))
            .await?;
        }
        let new = is
            .difference(was)
            .map(|(code, reach)| (after.id, code.clone(), *reach))
            .collect();
        permit(tx, institution, new).await
    }

    /// A role is in use while somebody holds it.
    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        any(
            tx,
            "SELECT 1 AS found FROM principal_roles WHERE institution_id = ? AND role_id = ? LIMIT 1",
            institution,
            id.uuid(),
        )
        .await
    }
}

const PERMISSIONS: &str = "role_permissions";

/// Gives permissions to roles, in one statement.
pub(crate) async fn permit(
    tx: &Tx,
    institution: Id<Institution>,
    permissions: Vec<(Id<Role>, String, Reach)>,
) -> Result<(), Error> {
    if permissions.is_empty() {
        return Ok(());
    }
    let mut insert = Sql::insert();
    insert
        .into_table(PERMISSIONS)
        .columns(["institution_id", "role_id", "permission", "reach"]);
    for (role, code, reach) in permissions {
        insert
            .values([
                institution.uuid().into(),
                role.uuid().into(),
                code.into(),
                reach.as_str().into(),
            ])
            .map_err(Error::internal)?;
    }
    tx.execute(&insert).await?;
    Ok(())
}
