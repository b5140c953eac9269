//! Rows of roles.

use std::collections::BTreeMap;

use domain::{
    access::{
        BUILT_IN_ROLES, BuiltInRole, FieldAccess, FieldRules, Permissions, Principal, Reach, Role,
        Side,
    },
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
    database::{insert_many, statement},
    organization::role_rules::HELD_ROLES,
    reference::{self, Events, Kept, any, record, row, stands_in, table},
};

pub static ROLE: Events = reference::events!("role");

table!(roles, "roles" {
    code: String,
    is_built_in: bool,
    side: String,
    requires_agreement: bool,
});

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
                fields: FieldRules::default(),
                requires_agreement: row.requires_agreement,
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
            requires_agreement: role.requires_agreement,
        }))
    }

    fn fields(&self) -> Value {
        let permissions: Vec<_> = self
            .permissions
            .iter()
            .map(|(code, reach)| json!({ "permission": code, "reach": reach.as_str() }))
            .collect();
        let rules: Vec<_> = self
            .fields
            .iter()
            .map(|(known, access)| {
                json!({ "record": known.record, "field": known.field, "access": access.as_str() })
            })
            .collect();
        json!({
            "code": self.code,
            "name": self.name,
            "side": self.side.as_str(),
            "permissions": permissions,
            "field_rules": rules,
            "requires_agreement": self.requires_agreement,
        })
    }

    /// Nobody holds a new role yet, nor one that is being archived.
    fn alters_access(before: Option<&Reference<Self>>, after: &Reference<Self>) -> bool {
        before.is_some_and(|b| {
            b.details.permissions != after.details.permissions
                || b.details.fields != after.details.fields
                || b.details.requires_agreement != after.details.requires_agreement
        })
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
        let ids: Vec<Uuid> = records.iter().map(|r| r.id.uuid()).collect();
        let mut rules = field_rules(handle, institution, ids).await?;
        for record in records {
            record.details.permissions = found.remove(&record.id.uuid()).unwrap_or_default();
            let own = rules.remove(&record.id.uuid()).unwrap_or_default();
            record.details.fields = left_by(&record.details.code, record.details.is_built_in, own);
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
        permit(tx, institution, new).await?;
        if before.is_none_or(|b| b.details.fields != after.details.fields) {
            write_field_rules(tx, institution, after).await?;
        }
        Ok(())
    }

    /// A role is in use while somebody holds it, or a rule gives it.
    async fn in_use(tx: &Tx, institution: Id<Institution>, id: Id<Self>) -> Result<bool, Error> {
        for sql in [
            "SELECT 1 AS found FROM principal_roles WHERE institution_id = ? AND role_id = ? LIMIT 1",
            "SELECT 1 AS found FROM role_rules WHERE institution_id = ? AND role_id = ? LIMIT 1",
        ] {
            if any(tx, sql, institution, id.uuid()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

const PERMISSIONS: &str = "role_permissions";
const RULES: &str = "role_field_rules";

/// Rows of field rules by role.
type RuleRows = BTreeMap<Uuid, Vec<(String, String, FieldAccess)>>;

/// The field rules that roles of an institution's own have.
pub(super) async fn field_rules(
    handle: &impl Handle,
    institution: Id<Institution>,
    roles: Vec<Uuid>,
) -> Result<RuleRows, Error> {
    let mut select = Sql::select();
    select
        .columns(["role_id", "record", "field", "access"])
        .from(RULES)
        .and_where(Expr::col("institution_id").eq(institution.uuid()))
        .and_where(Expr::col("role_id").is_in(roles));
    let mut found = RuleRows::new();
    for row in handle.query_all(&select).await? {
        let access: String = row.try_get("", "access")?;
        let access = FieldAccess::parse(&access).ok_or_else(|| Error::corrupt("field access"))?;
        found.entry(row.try_get("", "role_id")?).or_default().push((
            row.try_get("", "record")?,
            row.try_get("", "field")?,
            access,
        ));
    }
    Ok(found)
}

/// What a role leaves of fields: a built-in one as the program says, others as is stored.
pub(super) fn left_by(
    code: &str,
    is_built_in: bool,
    own: Vec<(String, String, FieldAccess)>,
) -> FieldRules {
    let built_in = BUILT_IN_ROLES
        .iter()
        .find(|role| is_built_in && role.code == code);
    built_in.map_or_else(|| FieldRules::stored(own), BuiltInRole::fields)
}

async fn write_field_rules(
    tx: &Tx,
    institution: Id<Institution>,
    role: &Reference<Role>,
) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "DELETE FROM role_field_rules WHERE institution_id = ? AND role_id = ?",
        [institution.uuid().into(), role.id.uuid().into()],
    ))
    .await?;
    let rows = role.details.fields.iter().map(|(known, access)| {
        vec![
            institution.uuid().into(),
            role.id.uuid().into(),
            known.record.into(),
            known.field.into(),
            access.as_str().into(),
        ]
    });
    insert_many(
        tx,
        (
            "role_field_rules",
            "institution_id, role_id, record, field, access",
        ),
        "",
        rows.collect(),
    )
    .await
}

/// Gives permissions to roles.
pub(crate) async fn permit(
    tx: &Tx,
    institution: Id<Institution>,
    permissions: Vec<(Id<Role>, String, Reach)>,
) -> Result<(), Error> {
    let rows = permissions.into_iter().map(|(role, code, reach)| {
        vec![
            institution.uuid().into(),
            role.uuid().into(),
            code.into(),
            reach.as_str().into(),
        ]
    });
    insert_many(
        tx,
        (
            "role_permissions",
            "institution_id, role_id, permission, reach",
        ),
        "",
        rows.collect(),
    )
    .await
}

/// People of the operation's institution who have a permission, by whichever role.
pub async fn holders_of(tx: &Tx, permission: &str) -> Result<Vec<Id<Principal>>, Error> {
    holders(tx, permission, "").await
}

/// The same over the whole institution.
pub async fn stewards_of(tx: &Tx, permission: &str) -> Result<Vec<Id<Principal>>, Error> {
    holders(tx, permission, " AND m.reach = 'institution'").await
}

async fn holders(tx: &Tx, permission: &str, reach: &str) -> Result<Vec<Id<Principal>>, Error> {
    let sql = format!(
        "SELECT DISTINCT p.id FROM principals p \
             JOIN {HELD_ROLES} h ON h.institution_id = p.institution_id AND h.principal_id = p.id \
             JOIN roles r ON r.institution_id = h.institution_id AND r.id = h.role_id \
             AND r.archived_at IS NULL \
             JOIN role_permissions m ON m.institution_id = r.institution_id AND m.role_id = r.id \
             WHERE p.institution_id = ? AND p.kind = 'staff' AND p.status = 'active' \
             AND m.permission = ?{reach}"
    );
    let rows = tx
        .query_all_raw(statement(
            tx,
            &sql,
            [tx.operation().institution.uuid().into(), permission.into()],
        ))
        .await?;
    rows.iter()
        .map(|row| Ok(Id::new(row.try_get("", "id")?)))
        .collect()
}
