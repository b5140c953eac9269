use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{DirectoryRead, Oneself, Permission, Principal, PrincipalKind, Reach, Session},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use uuid::Uuid;

use crate::{Error, Handle, clock::micros, database::statement};

/// A principal's standing: who it is, what it may do, how far.
#[derive(Debug)]
pub struct Authority {
    institution: Id<Institution>,
    principal: Id<Principal>,
    kind: PrincipalKind,
    session: Option<Id<Session>>,
    standing: Standing,
    must_change_password: bool,
    permissions: BTreeMap<String, BTreeSet<Reach>>,
    pub(super) places: Places,
}

/// What must not have changed for the rest to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    principal_version: i64,
    access_version: i64,
}

/// Where the principal stands in the organization.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) own: Uuid,
    pub(super) team: Vec<Uuid>,
    pub(super) campuses: Vec<Uuid>,
    pub(super) region_campuses: Vec<Uuid>,
    /// Classes that the principal teaches, archived ones left out.
    pub(super) classes: Vec<Uuid>,
    /// Whom a share may name to open a record to this principal: itself, its team and its groups.
    pub(super) grantees: Vec<Uuid>,
}

impl Authority {
    pub fn institution(&self) -> Id<Institution> {
        self.institution
    }

    pub fn principal(&self) -> Id<Principal> {
        self.principal
    }

    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    pub fn session(&self) -> Option<Id<Session>> {
        self.session
    }

    pub fn holds<P: Permission>(&self) -> bool {
        self.permissions.contains_key(P::CODE)
    }

    /// Whether nothing but one's own account may be touched before the password is changed.
    pub fn must_change_password(&self) -> bool {
        self.must_change_password
    }

    /// Codes of the permissions held, each with its reaches.
    pub fn permissions(&self) -> &BTreeMap<String, BTreeSet<Reach>> {
        &self.permissions
    }

    pub(super) fn reaches(&self, permission: &str) -> Option<&BTreeSet<Reach>> {
        self.permissions.get(permission)
    }
}

/// Reads a principal's standing; `None` when it can't act (any more).
pub async fn load(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
    session: Option<Id<Session>>,
    now: jiff::Timestamp,
) -> Result<Option<Authority>, Error> {
    let Some(Found {
        standing,
        kind,
        must_change_password,
    }) = standing(handle, institution, principal, session, now).await?
    else {
        return Ok(None);
    };
    Ok(Some(Authority {
        institution,
        principal,
        kind,
        session,
        standing,
        must_change_password,
        permissions: permissions(handle, institution, principal, kind).await?,
        places: places(handle, institution, principal).await?,
    }))
}

/// Checks, inside a transaction, that nothing of an authority has changed since it was read.
pub async fn confirm(handle: &crate::Tx, authority: &Authority) -> Result<(), Error> {
    let now = standing(
        handle,
        authority.institution,
        authority.principal,
        authority.session,
        handle.now(),
    )
    .await?;
    match now {
        Some(found) if found.standing == authority.standing => Ok(()),
        _ => Err(Error::AuthorityChanged),
    }
}

/// A principal that can act.
struct Found {
    standing: Standing,
    kind: PrincipalKind,
    must_change_password: bool,
}

/// `None` when the principal, its session or its institution is not active.
async fn standing(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
    session: Option<Id<Session>>,
    now: jiff::Timestamp,
) -> Result<Option<Found>, Error> {
    let mut values = vec![institution.uuid().into(), principal.uuid().into()];
    let sql = match session {
        Some(session) => {
            values.push(session.uuid().into());
            values.push(micros(now).into());
            "SELECT p.version, p.kind, i.access_version, c.must_change FROM principals p \
             JOIN institutions i ON i.institution_id = p.institution_id \
             LEFT JOIN credentials c ON c.institution_id = p.institution_id AND c.principal_id = p.id \
             JOIN sessions s ON s.institution_id = p.institution_id AND s.principal_id = p.id \
             WHERE p.institution_id = ? AND p.id = ? AND s.id = ? AND s.ended_at IS NULL \
             AND s.expires_at > ? AND p.status = 'active' AND i.status = 'active'"
        }
        None => {
            "SELECT p.version, p.kind, i.access_version, CAST(NULL AS boolean) AS must_change FROM principals p \
             JOIN institutions i ON i.institution_id = p.institution_id \
             WHERE p.institution_id = ? AND p.id = ? AND p.status = 'active' AND i.status = 'active'"
        }
    };
    let Some(row) = handle.query_one_raw(statement(handle, sql, values)).await? else {
        return Ok(None);
    };
    let kind: String = row.try_get("", "kind")?;
    Ok(Some(Found {
        standing: Standing {
            principal_version: row.try_get("", "version")?,
            access_version: row.try_get("", "access_version")?,
        },
        kind: PrincipalKind::parse(&kind).ok_or_else(|| Error::corrupt("principal kind"))?,
        must_change_password: row
            .try_get::<Option<bool>>("", "must_change")?
            .unwrap_or(false),
    }))
}

async fn permissions(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
    kind: PrincipalKind,
) -> Result<BTreeMap<String, BTreeSet<Reach>>, Error> {
    let rows = handle
        .query_all_raw(statement(
            handle,
            "SELECT rp.permission, rp.reach FROM principal_roles pr \
             JOIN roles r ON r.institution_id = pr.institution_id AND r.id = pr.role_id \
             JOIN role_permissions rp ON rp.institution_id = r.institution_id AND rp.role_id = r.id \
             WHERE pr.institution_id = ? AND pr.principal_id = ? AND r.archived_at IS NULL",
            [institution.uuid().into(), principal.uuid().into()],
        ))
        .await?;
    let mut permissions: BTreeMap<String, BTreeSet<Reach>> = BTreeMap::new();
    // Everyone may see to his or her own account.
    permissions.insert(Oneself::CODE.into(), BTreeSet::from([Reach::Own]));
    // Reference data and the staff directory are open to everyone who works here.
    if kind == PrincipalKind::Staff {
        permissions.insert(
            DirectoryRead::CODE.into(),
            BTreeSet::from([Reach::Institution]),
        );
    }
    for row in rows {
        let reach: String = row.try_get("", "reach")?;
        permissions
            .entry(row.try_get("", "permission")?)
            .or_default()
            .insert(Reach::parse(&reach).ok_or_else(|| Error::corrupt("reach"))?);
    }
    Ok(permissions)
}

async fn places(
    handle: &impl Handle,
    institution: Id<Institution>,
    principal: Id<Principal>,
) -> Result<Places, Error> {
    let who = || [institution.uuid().into(), principal.uuid().into()];
    let ids = async |sql: &str| -> Result<Vec<Uuid>, Error> {
        handle
            .query_all_raw(statement(handle, sql, who()))
            .await?
            .iter()
            .map(|row| Ok(row.try_get("", "id")?))
            .collect()
    };
    let campuses = ids("SELECT campus_id AS id FROM staff_campuses \
         WHERE institution_id = ? AND staff_id = ? ORDER BY campus_id")
    .await?;
    let region_campuses = ids("SELECT DISTINCT c.id FROM staff_campuses sc \
         JOIN campuses mine ON mine.institution_id = sc.institution_id AND mine.id = sc.campus_id \
         JOIN campuses c ON c.institution_id = mine.institution_id AND c.region_id = mine.region_id \
         WHERE sc.institution_id = ? AND sc.staff_id = ? ORDER BY c.id")
    .await?;
    let team = ids("SELECT s.id FROM teams t \
         JOIN staff s ON s.institution_id = t.institution_id AND s.home_team_id = t.id \
         WHERE t.institution_id = ? AND t.leader_id = ? AND t.archived_at IS NULL ORDER BY s.id")
    .await?;
    let classes = ids("SELECT id FROM classes \
         WHERE institution_id = ? AND teacher_id = ? AND archived_at IS NULL ORDER BY id")
    .await?;
    let mut grantees = ids("SELECT home_team_id AS id FROM staff \
         WHERE institution_id = ? AND id = ? AND home_team_id IS NOT NULL")
    .await?;
    grantees.extend(
        ids("SELECT g.id FROM group_members m \
             JOIN groups g ON g.institution_id = m.institution_id AND g.id = m.group_id \
             WHERE m.institution_id = ? AND m.staff_id = ? AND g.archived_at IS NULL ORDER BY g.id")
        .await?,
    );
    grantees.push(principal.uuid());
    Ok(Places {
        own: principal.uuid(),
        team,
        campuses,
        region_campuses,
        classes,
        grantees,
    })
}
