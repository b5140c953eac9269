//! Making one customer of two.

use std::collections::BTreeMap;

use domain::{
    customers::{Customer, MergeObstacle, RelationRole, unless_obstructed},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;
use uuid::Uuid;

use super::{
    Merge, follow,
    kept::Kept,
    moving::{going, moving, point},
    paired, put, record,
    since::Marks,
    stand, strictness,
};
use crate::{
    Error, Handle, Tx,
    access::{Deletes, Reads, share_requests, shares},
    clock::micros,
    customers::{MERGED, entity::Snapshot, filings::store as filings, store},
    database::{alone, statement},
    follow_ups::clocks::keep_time,
};

/// What a merge would do, beside the customers themselves.
#[derive(Debug)]
pub struct Preview {
    /// How many rows would move, by table.
    pub moves: BTreeMap<String, usize>,
    pub obstacles: Vec<MergeObstacle>,
}

/// What a merge of two customers within reach would do.
pub async fn preview(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    survivor: &Customer,
    duplicate: &Customer,
) -> Result<Preview, Error> {
    let institution = grant.scope().institution();
    let mut moves = BTreeMap::new();
    for (table, column) in moving() {
        let rows = going(
            handle,
            institution,
            (&table, column),
            (survivor.id, duplicate.id),
        )
        .await?;
        if !rows.is_empty() {
            *moves.entry(table.name.to_owned()).or_default() += rows.len();
        }
    }
    let pair = (survivor.id, duplicate.id);
    Ok(Preview {
        moves,
        obstacles: obstacles(handle, institution, pair).await?,
    })
}

/// What stands in the way beside the customers themselves.
async fn obstacles(
    handle: &impl Handle,
    institution: Id<Institution>,
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
) -> Result<Vec<MergeObstacle>, Error> {
    let mut found = Vec::new();
    let both = [institution.uuid(), survivor.uuid(), duplicate.uuid()].map(Value::from);
    let seats = "SELECT 1 AS found FROM enrollments a JOIN enrollments b \
        ON b.institution_id = a.institution_id AND b.class_id = a.class_id AND b.status = 'active' \
        WHERE a.institution_id = ? AND a.customer_id = ? AND b.customer_id = ? \
        AND a.status = 'active' LIMIT 1";
    if handle
        .query_one_raw(statement(handle, seats, both))
        .await?
        .is_some()
    {
        found.push(MergeObstacle::SameClass);
    }
    for role in RelationRole::ALL.iter().filter(|role| role.is_acyclic()) {
        if lead_back(handle, institution, (survivor, duplicate), *role).await? {
            found.push(MergeObstacle::RelatedInACircle);
            break;
        }
    }
    Ok(found)
}

/// Whether from either of two, by relations of a role to others, one comes back to either.
async fn lead_back(
    handle: &impl Handle,
    institution: Id<Institution>,
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
    role: RelationRole,
) -> Result<bool, Error> {
    let sql = "WITH RECURSIVE above (id) AS (SELECT relative_id FROM customer_relations \
         WHERE institution_id = ? AND customer_id IN (?, ?) AND relative_id NOT IN (?, ?) AND role = ? \
         UNION SELECT r.relative_id FROM above a JOIN customer_relations r \
         ON r.institution_id = ? AND r.customer_id = a.id AND r.role = ?) \
         SELECT 1 AS found FROM above WHERE id IN (?, ?) LIMIT 1";
    let (a, b) = (survivor.uuid(), duplicate.uuid());
    let values: [Value; 10] = [
        institution.uuid().into(),
        a.into(),
        b.into(),
        a.into(),
        b.into(),
        role.as_str().into(),
        institution.uuid().into(),
        role.as_str().into(),
        a.into(),
        b.into(),
    ];
    let found = handle.query_one_raw(statement(handle, sql, values)).await?;
    Ok(found.is_some())
}

/// Makes one of two customers: `after` is the survivor with what the duplicate brings. The caller has
/// locked both within the grant.
///
/// # Errors
/// 409 naming what stands in the way.
pub async fn merge(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    (before, duplicate): (&Customer, &Customer),
    after: &Customer,
    reason: String,
) -> Result<Merge, Error> {
    let institution = tx.operation().institution;
    // One at a time: two relations that are made or moved at once could close a circle.
    alone(tx, "customer_relations").await?;
    let pair = (before.id, duplicate.id);
    unless_obstructed(&obstacles(tx, institution, pair).await?)?;
    let keys = tx.keys().await?;
    let id: Id<Merge> = tx.stamp().id();
    let mut kept = Kept {
        reason,
        before: Snapshot::of(&keys, before)?,
        holder: duplicate.holder.uuid(),
        campus: duplicate.campus.uuid(),
        ..Kept::default()
    };
    insert(tx, id, (before, duplicate), after, &kept).await?;
    kept.carried = carry(tx, duplicate.id, before.id).await?;
    kept.settled = settle(tx, pair).await?;
    let withdrawn = strictness::withdrawn(tx, pair).await?;
    for (table, column) in moving() {
        let rows = going(tx, institution, (&table, column), pair).await?;
        point(tx, (&table, column), &rows, after).await?;
        kept.moved.insert(format!("{}.{column}", table.name), rows);
    }
    age(tx, after).await?;
    if after.campus != duplicate.campus {
        keep_time(tx, after.campus, Some(after.id)).await?;
    }
    kept.withdrawn = strictness::keep(tx, grant, after.id, &withdrawn).await?;
    kept.marks = Marks::now(tx, &kept, after.id.uuid()).await?;
    kept.sums = add_up(tx, duplicate.id, after).await?;
    shares::end_all(tx, duplicate).await?;
    share_requests::lapse_all(tx, duplicate).await?;
    let hidden = hide(tx, duplicate, after).await?;
    store::write(tx, grant, before, after).await?;
    follow(tx, after).await?;
    tx.execute_raw(statement(
        tx,
        "UPDATE customer_merges SET kept = ? WHERE institution_id = ? AND id = ?",
        [
            kept.seal(&keys, id.uuid())?.into(),
            institution.uuid().into(),
            id.uuid().into(),
        ],
    ))
    .await?;
    let told = json!({ "merge_id": id, "survivor_id": after.id, "merged_id": duplicate.id });
    record(tx, (before, after), &MERGED, &told);
    record(tx, (duplicate, &hidden), &MERGED, &told);
    filings::mark_changed(tx, after.id).await?;
    Ok(Merge {
        id,
        survivor: after.id,
        merged: duplicate.id,
        survivor_version: after.version,
        moved: kept.rows(),
        reason: kept.reason,
        merged_at: tx.now(),
        merged_by: Id::new(tx.operation().actor.principal),
        undone_at: None,
    })
}

async fn insert(
    tx: &Tx,
    id: Id<Merge>,
    (survivor, duplicate): (&Customer, &Customer),
    after: &Customer,
    kept: &Kept,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO customer_merges (institution_id, id, survivor_id, merged_id, now_id, \
         survivor_version, kept, merged_at, merged_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            tx.operation().institution.uuid().into(),
            id.uuid().into(),
            survivor.id.uuid().into(),
            duplicate.id.uuid().into(),
            survivor.id.uuid().into(),
            after.version.into(),
            kept.seal(&keys, id.uuid())?.into(),
            micros(tx.now()).into(),
            tx.operation().actor.principal.into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Lets the ids that stood for one customer stand for another; which they are.
async fn carry(tx: &Tx, from: Id<Customer>, to: Id<Customer>) -> Result<Vec<Uuid>, Error> {
    let institution = tx.operation().institution;
    let carried = paired(tx, institution, "now_id", &[from.uuid()]).await?;
    let carried: Vec<Uuid> = carried.into_iter().map(|(merged, _)| merged).collect();
    stand(tx, &carried, to).await?;
    Ok(carried)
}

/// Settles the later of two next dates that are open.
async fn settle(
    tx: &Tx,
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
) -> Result<Option<(Uuid, i64, i64)>, Error> {
    let institution = tx.operation().institution.uuid();
    let open = tx
        .query_all_raw(statement(
            tx,
            "SELECT id, due_at, due_until FROM follow_ups WHERE institution_id = ? \
             AND customer_id IN (?, ?) AND due_at IS NOT NULL ORDER BY due_at, id",
            [
                institution.into(),
                survivor.uuid().into(),
                duplicate.uuid().into(),
            ],
        ))
        .await?;
    let Some(later) = open.get(1) else {
        return Ok(None);
    };
    let id: Uuid = later.try_get("", "id")?;
    tx.execute_raw(statement(
        tx,
        "UPDATE follow_ups SET due_at = NULL, due_until = NULL WHERE institution_id = ? AND id = ?",
        [institution.into(), id.into()],
    ))
    .await?;
    let (at, until) = (
        later.try_get("", "due_at")?,
        later.try_get("", "due_until")?,
    );
    Ok(Some((id, at, until)))
}

/// Tags stand in the order in which their customers were taken in.
pub(super) async fn age(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "UPDATE taggings SET customer_created_at = ? WHERE institution_id = ? AND customer_id = ?",
        [
            micros(customer.created_at).into(),
            tx.operation().institution.uuid().into(),
            customer.id.uuid().into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Hides the duplicate in the hands of the survivor.
async fn hide(tx: &Tx, duplicate: &Customer, survivor: &Customer) -> Result<Customer, Error> {
    let hidden = Customer {
        holder: survivor.holder,
        campus: survivor.campus,
        deleted_at: Some(tx.now()),
        ..duplicate.touched(&tx.stamp())
    };
    put(tx, duplicate, &hidden).await?;
    Ok(hidden)
}

const SUMS: [&str; 4] = ["charged", "credited", "paid", "credit"];

/// Adds the stored sums of one customer to those of another; what they were. Rows of both have moved
/// already: who was posting to them has ended, and who will waits.
async fn add_up(tx: &Tx, from: Id<Customer>, to: &Customer) -> Result<Option<[i64; 4]>, Error> {
    let institution = tx.operation().institution.uuid();
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT currency, charged_minor, credited_minor, paid_minor, credit_minor \
             FROM customer_balances WHERE institution_id = ? AND customer_id = ?",
            [institution.into(), from.uuid().into()],
        ))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut sums = [0; 4];
    for (sum, name) in sums.iter_mut().zip(SUMS) {
        *sum = row.try_get("", &format!("{name}_minor"))?;
    }
    let currency: String = row.try_get("", "currency")?;
    shift(tx, from, to, &currency, sums).await?;
    Ok(Some(sums))
}

/// Takes sums from one customer and adds them to another.
pub(super) async fn shift(
    tx: &Tx,
    from: Id<Customer>,
    to: &Customer,
    currency: &str,
    sums: [i64; 4],
) -> Result<(), Error> {
    let institution = tx.operation().institution.uuid();
    let now = micros(tx.now());
    let place: [Value; 7] = [
        institution.into(),
        to.id.uuid().into(),
        to.holder.uuid().into(),
        to.campus.uuid().into(),
        currency.into(),
        now.into(),
        now.into(),
    ];
    tx.execute_raw(statement(
        tx,
        "INSERT INTO customer_balances (institution_id, customer_id, holder_id, customer_campus_id, \
         currency, charged_minor, credited_minor, paid_minor, outstanding_minor, credit_minor, \
         created_at, updated_at) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?, ?) ON CONFLICT DO NOTHING",
        place,
    ))
    .await?;
    let [charged, credited, paid, credit] = sums;
    let outstanding = charged - credited - paid;
    for (customer, sign) in [(from, -1), (to.id, 1)] {
        let values: [Value; 8] = [
            (sign * charged).into(),
            (sign * credited).into(),
            (sign * paid).into(),
            (sign * outstanding).into(),
            (sign * credit).into(),
            now.into(),
            institution.into(),
            customer.uuid().into(),
        ];
        let moved = tx
            .execute_raw(statement(
                tx,
                "UPDATE customer_balances SET charged_minor = charged_minor + ?, \
                 credited_minor = credited_minor + ?, paid_minor = paid_minor + ?, \
                 outstanding_minor = outstanding_minor + ?, credit_minor = credit_minor + ?, \
                 updated_at = ? WHERE institution_id = ? AND customer_id = ?",
                values,
            ))
            .await?;
        if moved.rows_affected() != 1 {
            return Err(Error::corrupt("a balance is gone"));
        }
    }
    Ok(())
}
