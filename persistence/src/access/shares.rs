//! Rows of shares.

use domain::{
    access::{Grantee, GranteeKind, Share, ShareAccess},
    customers::Customer,
    id::Id,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::{Deletes, Reads, Writes};
use crate::{
    Error, Handle, Tx,
    clock::{micros, timestamp},
    database::{Change, statement, unless_stale},
    events::EventType,
};

pub static OPENED: EventType = EventType {
    name: "customer_share.opened",
    schema_version: 1,
};
pub static ENDED: EventType = EventType {
    name: "customer_share.ended",
    schema_version: 1,
};

/// Every event of shares.
pub static EVENTS: &[&EventType] = &[&OPENED, &ENDED];

/// What a grantee is; `None` where nothing can be shared with it (any more).
pub async fn grantee(
    handle: &impl Handle,
    grant: &impl Reads<Share>,
    id: Id<Grantee>,
) -> Result<Option<GranteeKind>, Error> {
    let institution = grant.scope().institution().uuid();
    let key = || [institution.into(), id.uuid().into()];
    let row = handle
        .query_one_raw(statement(
            handle,
            "SELECT 'staff' AS kind FROM principals \
             WHERE institution_id = ? AND id = ? AND kind = 'staff' AND status <> 'left' \
             UNION ALL SELECT 'team' FROM teams \
             WHERE institution_id = ? AND id = ? AND archived_at IS NULL \
             UNION ALL SELECT 'group' FROM groups \
             WHERE institution_id = ? AND id = ? AND archived_at IS NULL",
            [key(), key(), key()].concat(),
        ))
        .await?;
    row.map(|row| kind(&row)).transpose()
}

fn kind(row: &QueryResult) -> Result<GranteeKind, Error> {
    let kind: String = row.try_get("", "kind")?;
    GranteeKind::parse(&kind).ok_or_else(|| Error::corrupt("kind of a grantee"))
}

/// The shares of a customer, ended ones too, oldest first. The caller has found the customer within
/// the grant.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Share>,
    customer: &Customer,
) -> Result<Vec<Share>, Error> {
    let key = [
        grant.scope().institution().uuid().into(),
        customer.id.uuid().into(),
    ];
    read(handle, "", key).await
}

/// The share of a customer with one grantee, ended or not.
pub async fn with(
    handle: &impl Handle,
    grant: &impl Reads<Share>,
    customer: &Customer,
    grantee: Id<Grantee>,
) -> Result<Option<Share>, Error> {
    let key = [
        grant.scope().institution().uuid().into(),
        customer.id.uuid().into(),
        grantee.uuid().into(),
    ];
    let found = read(handle, " AND s.grantee_id = ?", key).await?;
    Ok(found.into_iter().next())
}

async fn read<const N: usize>(
    handle: &impl Handle,
    filter: &str,
    key: [Value; N],
) -> Result<Vec<Share>, Error> {
    let sql = format!(
        "SELECT s.grantee_id, s.customer_id, s.version, s.can_write, s.until, s.sharer_id, s.created_at, \
         CASE WHEN p.id IS NOT NULL THEN 'staff' WHEN t.id IS NOT NULL THEN 'team' ELSE 'group' END AS kind \
         FROM customer_shares s \
         LEFT JOIN staff p ON p.institution_id = s.institution_id AND p.id = s.grantee_id \
         LEFT JOIN teams t ON t.institution_id = s.institution_id AND t.id = s.grantee_id \
         WHERE s.institution_id = ? AND s.customer_id = ?{filter} ORDER BY s.created_at, s.grantee_id"
    );
    handle
        .query_all_raw(statement(handle, &sql, key))
        .await?
        .iter()
        .map(share)
        .collect()
}

fn share(row: &QueryResult) -> Result<Share, Error> {
    Ok(Share {
        customer: Id::new(row.try_get("", "customer_id")?),
        grantee: Id::new(row.try_get("", "grantee_id")?),
        kind: kind(row)?,
        version: row.try_get("", "version")?,
        access: if row.try_get("", "can_write")? {
            ShareAccess::Write
        } else {
            ShareAccess::Read
        },
        until: row
            .try_get::<Option<i64>>("", "until")?
            .map(timestamp)
            .transpose()?,
        sharer: row.try_get::<Option<Uuid>>("", "sharer_id")?.map(Id::new),
        created_at: timestamp(row.try_get("", "created_at")?)?,
    })
}

/// Writes a share, in the place of the one before where there was one: in one statement, so that
/// two who share the same at once take turns.
pub async fn put(
    tx: &Tx,
    grant: &impl Writes<Share>,
    customer: &Customer,
    before: Option<&Share>,
    share: Share,
) -> Result<Share, Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "INSERT INTO customer_shares (institution_id, grantee_id, customer_id, \
             customer_created_at, can_write, until, created_at, version, sharer_id) \
             VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?) \
             ON CONFLICT (institution_id, grantee_id, customer_id) DO UPDATE SET \
             can_write = excluded.can_write, until = excluded.until, created_at = excluded.created_at, \
             version = customer_shares.version + 1, sharer_id = excluded.sharer_id \
             RETURNING version",
            [
                grant.scope().institution().uuid().into(),
                share.grantee.uuid().into(),
                share.customer.uuid().into(),
                micros(customer.created_at).into(),
                (share.access == ShareAccess::Write).into(),
                share.until.map(micros).into(),
                micros(share.created_at).into(),
                share.sharer.map(Id::uuid).into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::internal("a share was not written"))?;
    let share = Share {
        version: row.try_get("", "version")?,
        ..share
    };
    let (was, is) = (before.map_or(json!(null), fields), fields(&share));
    let change = Change::new(
        "customer_share",
        share.customer.uuid(),
        share.version,
        is.clone(),
    );
    tx.record(change.before(was).event(&OPENED, is));
    Ok(share)
}

/// Takes a share back. It stays as one that has ended, so that its version never comes again.
pub async fn end(tx: &Tx, grant: &impl Deletes<Share>, share: &Share) -> Result<(), Error> {
    let ended = tx
        .execute_raw(statement(
            tx,
            "UPDATE customer_shares SET until = ?, version = version + 1 \
             WHERE institution_id = ? AND grantee_id = ? AND customer_id = ? AND version = ?",
            [
                micros(tx.now()).into(),
                grant.scope().institution().uuid().into(),
                share.grantee.uuid().into(),
                share.customer.uuid().into(),
                share.version.into(),
            ],
        ))
        .await?;
    unless_stale(ended.rows_affected())?;
    tx.record(ending(
        share.customer,
        share.grantee,
        share.version + 1,
        fields(share),
    ));
    Ok(())
}

/// Ends every share of a customer that goes into other hands, whoever made it. The caller has
/// changed the customer within a grant.
pub(crate) async fn end_all(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    let now = micros(tx.now());
    let rows = tx
        .query_all_raw(statement(
            tx,
            "UPDATE customer_shares SET until = ?, version = version + 1 \
             WHERE institution_id = ? AND customer_id = ? AND (until IS NULL OR until > ?) \
             RETURNING grantee_id, version",
            [
                now.into(),
                tx.operation().institution.uuid().into(),
                customer.id.uuid().into(),
                now.into(),
            ],
        ))
        .await?;
    for row in rows {
        let grantee = Id::new(row.try_get("", "grantee_id")?);
        let was = json!({ "grantee_id": grantee });
        tx.record(ending(
            customer.id,
            grantee,
            row.try_get("", "version")?,
            was,
        ));
    }
    Ok(())
}

fn ending(
    customer: Id<Customer>,
    grantee: Id<Grantee>,
    version: i64,
    before: serde_json::Value,
) -> Change {
    Change::new("customer_share", customer.uuid(), version, json!(null))
        .before(before)
        .event(&ENDED, json!({ "grantee_id": grantee }))
}

fn fields(share: &Share) -> serde_json::Value {
    json!({
        "grantee_id": share.grantee,
        "access": share.access.as_str(),
        "until": share.until.map(|at| at.to_string()),
    })
}
