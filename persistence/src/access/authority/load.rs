//! Reading what a principal may do: its roles, by hand and by rule, and its places.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{
        DirectoryRead, FieldRules, Oneself, Permission, Permissions, PrincipalKind, Reach,
        permission,
    },
    organization::Locale,
    text_enum::TextEnum,
};
use ipnet::IpNet;
use sea_orm::Value;
use uuid::Uuid;

use super::{Authority, Bearer, Places, Standing};
use crate::{
    Error, Handle,
    access::role::{field_rules, left_by},
    clock::micros,
    database::statement,
    organization::{agreements::missing, role_rules::HELD_ROLES},
};

/// Reads a principal's standing; `None` when it can't act (any more).
pub async fn load(
    handle: &impl Handle,
    bearer: &Bearer,
    now: jiff::Timestamp,
) -> Result<Option<Authority>, Error> {
    let Some(found) = standing(handle, bearer, now).await? else {
        return Ok(None);
    };
    let kind = found.kind;
    let (mut permissions, fields) = roles(handle, bearer, kind).await?;
    let (networks, places) = if kind == PrincipalKind::ApiClient {
        let client = client(handle, bearer).await?;
        permissions.retain(|code, _| client.may(code));
        (client.networks, client.places)
    } else {
        (Vec::new(), places(handle, bearer).await?)
    };
    let must_sign = match kind {
        PrincipalKind::Staff => missing(handle, bearer.institution, bearer.principal).await?,
        _ => None,
    };
    if let Some(scope) = &bearer.scope {
        permissions.retain(|code, _| code == Oneself::CODE || scope.contains(code));
    }
    Ok(Some(Authority {
        bearer: bearer.clone(),
        kind,
        standing: found.standing,
        must_change_password: found.must_change_password,
        must_sign,
        locale: found.locale,
        permissions,
        fields,
        networks,
        places,
    }))
}

/// Checks, inside a transaction, that nothing of an authority has changed since it was read.
pub async fn confirm(handle: &crate::Tx, authority: &Authority) -> Result<(), Error> {
    let now = standing(handle, &authority.bearer, handle.now()).await?;
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
    locale: Locale,
}

/// `None` when the principal, its session or its institution is not active, or nobody who works
/// answers for the API client that it is.
async fn standing(
    handle: &impl Handle,
    bearer: &Bearer,
    now: jiff::Timestamp,
) -> Result<Option<Found>, Error> {
    let by_session = "JOIN sessions s ON s.institution_id = p.institution_id \
        AND s.principal_id = p.id AND s.id = ? AND s.ended_at IS NULL AND s.expires_at > ?";
    let sql = format!(
        "SELECT p.version, p.kind, i.access_version, i.locale, c.must_change FROM principals p \
         JOIN institutions i ON i.institution_id = p.institution_id \
         LEFT JOIN credentials c ON c.institution_id = p.institution_id AND c.principal_id = p.id {} \
         WHERE p.institution_id = ? AND p.id = ? AND p.status = 'active' AND i.status = 'active' \
         AND (p.kind <> 'api_client' OR NOT EXISTS (SELECT 1 FROM api_clients a \
             JOIN principals o ON o.institution_id = a.institution_id AND o.id = a.owner_id \
             WHERE a.institution_id = p.institution_id AND a.id = p.id AND o.status <> 'active'))",
        if bearer.in_job { "" } else { by_session }
    );
    let mut values: Vec<Value> = Vec::new();
    if !bearer.in_job {
        values.extend([bearer.session.uuid().into(), micros(now).into()]);
    }
    values.extend([
        bearer.institution.uuid().into(),
        bearer.principal.uuid().into(),
    ]);
    let Some(row) = handle
        .query_one_raw(statement(handle, &sql, values))
        .await?
    else {
        return Ok(None);
    };
    let kind: String = row.try_get("", "kind")?;
    let locale: String = row.try_get("", "locale")?;
    Ok(Some(Found {
        standing: Standing {
            principal_version: row.try_get("", "version")?,
            access_version: row.try_get("", "access_version")?,
        },
        kind: PrincipalKind::parse(&kind).ok_or_else(|| Error::corrupt("principal kind"))?,
        must_change_password: row
            .try_get::<Option<bool>>("", "must_change")?
            .unwrap_or(false),
        locale: Locale::parse(&locale).ok_or_else(|| Error::corrupt("locale"))?,
    }))
}

/// What the roles of a principal give, and what they leave of fields.
async fn roles(
    handle: &impl Handle,
    bearer: &Bearer,
    kind: PrincipalKind,
) -> Result<(BTreeMap<String, BTreeSet<Reach>>, FieldRules), Error> {
    let sql = format!(
        "SELECT r.id, r.code, r.is_built_in, rp.permission, rp.reach FROM {HELD_ROLES} pr \
             JOIN roles r ON r.institution_id = pr.institution_id AND r.id = pr.role_id \
             JOIN role_permissions rp ON rp.institution_id = r.institution_id AND rp.role_id = r.id \
             WHERE pr.institution_id = ? AND pr.principal_id = ? AND r.archived_at IS NULL"
    );
    let rows = handle
        .query_all_raw(statement(
            handle,
            &sql,
            [
                bearer.institution.uuid().into(),
                bearer.principal.uuid().into(),
            ],
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
    let mut roles: BTreeMap<Uuid, (String, bool, Permissions)> = BTreeMap::new();
    for row in rows {
        let reach: String = row.try_get("", "reach")?;
        let reach = Reach::parse(&reach).ok_or_else(|| Error::corrupt("reach"))?;
        let code: String = row.try_get("", "permission")?;
        permissions.entry(code.clone()).or_default().insert(reach);
        let (_, _, given) = roles.entry(row.try_get("", "id")?).or_insert((
            row.try_get("", "code")?,
            row.try_get("", "is_built_in")?,
            Permissions::new(),
        ));
        given.insert((code, reach));
    }
    let ids: Vec<Uuid> = roles.keys().copied().collect();
    let mut rules = field_rules(handle, bearer.institution, ids).await?;
    let left: Vec<_> = roles
        .into_iter()
        .map(|(id, (code, is_built_in, given))| {
            let own = rules.remove(&id).unwrap_or_default();
            (given, left_by(&code, is_built_in, own))
        })
        .collect();
    let fields = FieldRules::united(left.iter().map(|(given, left)| (given, left)));
    Ok((permissions, fields))
}

/// What bounds an API client.
struct Client {
    scopes: BTreeSet<String>,
    networks: Vec<IpNet>,
    places: Places,
}

impl Client {
    /// Whether a permission is within its bounds. What the institution has once is beyond those of
    /// a client that has campuses, save what everybody may read.
    fn may(&self, code: &str) -> bool {
        if code == Oneself::CODE {
            return true;
        }
        let is_of_the_whole =
            permission(code).is_none_or(|known| known.reaches == [Reach::Institution]);
        let open = !is_of_the_whole || code == DirectoryRead::CODE;
        self.scopes.contains(code) && (open || !self.places.only_campuses)
    }
}

async fn client(handle: &impl Handle, bearer: &Bearer) -> Result<Client, Error> {
    let who = || {
        [
            bearer.institution.uuid().into(),
            bearer.principal.uuid().into(),
        ]
    };
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT scopes, networks FROM api_clients WHERE institution_id = ? AND id = ?",
            who(),
        ))
        .await?
        .ok_or_else(|| Error::corrupt("an API client without its row"))?;
    let texts = |name| -> Result<Vec<String>, Error> {
        serde_json::from_value(row.try_get("", name)?).map_err(Error::corrupt)
    };
    let networks = texts("networks")?;
    let campuses = handle
        .query_all_raw(statement(
            handle,
            "SELECT campus_id AS id FROM api_client_campuses \
             WHERE institution_id = ? AND client_id = ? ORDER BY campus_id",
            who(),
        ))
        .await?
        .iter()
        .map(|row| Ok(row.try_get("", "id")?))
        .collect::<Result<Vec<Uuid>, Error>>()?;
    Ok(Client {
        scopes: texts("scopes")?.into_iter().collect(),
        networks: networks
            .iter()
            .map(|text| text.parse().map_err(Error::corrupt))
            .collect::<Result<_, _>>()?,
        places: Places {
            own: bearer.principal.uuid(),
            only_campuses: !campuses.is_empty(),
            region_campuses: campuses.clone(),
            campuses,
            ..Places::default()
        },
    })
}

async fn places(handle: &impl Handle, bearer: &Bearer) -> Result<Places, Error> {
    let principal = bearer.principal;
    let who = || [bearer.institution.uuid().into(), principal.uuid().into()];
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
        only_campuses: false,
        classes,
        grantees,
    })
}
