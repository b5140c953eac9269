//! Parting two again of whom one was made.

use domain::{
    customers::{Customer, MERGE_UNDONE, MergeObstacle, unless_obstructed},
    fault::{Fault, NOT_FOUND},
    files::OF_PERSONAL_DATA,
    id::Id,
};
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;
use uuid::Uuid;

use super::{
    COLUMNS, Merge,
    join::{age, shift},
    kept::Kept,
    moving::{moving, point},
    put, record,
    since::Marks,
    stand,
};
use crate::{
    Error, Tx,
    access::Deletes,
    clock::micros,
    customers::{UNMERGED, filings::store as filings, store},
    database::statement,
    follow_ups::clocks::keep_time,
    organization::store::holds_at,
};

/// Parts two customers again: each is what it was, and has what it had. The caller has locked both, the
/// survivor within the grant.
///
/// # Errors
/// 409 where that was done already, or something was built on it since.
pub async fn undo(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    id: Id<Merge>,
    (survivor, hidden): (&Customer, &Customer),
) -> Result<(Merge, Customer), Error> {
    let institution = tx.operation().institution.uuid();
    let keys = tx.keys().await?;
    let row = tx
        .query_one_raw(statement(
            tx,
            &format!("SELECT {COLUMNS} FROM customer_merges WHERE institution_id = ? AND id = ?"),
            [institution.into(), id.uuid().into()],
        ))
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let (merge, kept) = Merge::read(&keys, &row)?;
    if merge.undone_at.is_some() {
        return Err(Fault::new(&MERGE_UNDONE).into());
    }
    let (holder, campus) = (Id::new(kept.holder), Id::new(kept.campus));
    // It goes back to hands that the caller has to reach.
    if !grant.scope().covers(holder, campus) {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    unless_obstructed(&obstacles(tx, &merge, &kept, survivor).await?)?;
    let restored = kept.before.restore(&keys, survivor, &tx.stamp())?;
    let parted = Customer {
        holder,
        campus,
        deleted_at: None,
        ..hidden.touched(&tx.stamp())
    };
    tx.execute_raw(statement(
        tx,
        "UPDATE customer_merges SET undone_at = ?, undone_by = ? WHERE institution_id = ? AND id = ?",
        [
            micros(tx.now()).into(),
            tx.operation().actor.principal.into(),
            institution.into(),
            id.uuid().into(),
        ],
    ))
    .await?;
    forget(tx, &kept.withdrawn).await?;
    // First it is there again: what goes back refers to its hands.
    put(tx, hidden, &parted).await?;
    for (table, column) in moving() {
        let name = format!("{}.{column}", table.name);
        let rows = kept.moved.get(&name).map(Vec::as_slice).unwrap_or_default();
        point(tx, (&table, column), rows, &parted).await?;
    }
    age(tx, &parted).await?;
    end_documents(tx, [survivor, &parted]).await?;
    for one in [survivor, &parted] {
        keep_time(tx, one.campus, Some(one.id)).await?;
    }
    if let Some(sums) = kept.sums {
        give_back(tx, survivor.id, &parted, sums).await?;
    }
    if let Some(settled) = kept.settled {
        reopen(tx, settled).await?;
    }
    store::write(tx, grant, survivor, &restored).await?;
    stand(tx, &kept.carried, parted.id).await?;
    super::follow(tx, &parted).await?;
    let told = json!({
        "merge_id": id, "survivor_id": survivor.id, "merged_id": parted.id,
        "forgotten_consent_ids": kept.withdrawn,
    });
    record(tx, (survivor, &restored), &UNMERGED, &told);
    record(tx, (hidden, &parted), &UNMERGED, &told);
    filings::mark_changed(tx, restored.id).await?;
    let merge = Merge {
        undone_at: Some(tx.now()),
        ..merge
    };
    Ok((merge, restored))
}

/// What was built on a merge since.
async fn obstacles(
    tx: &Tx,
    merge: &Merge,
    kept: &Kept,
    survivor: &Customer,
) -> Result<Vec<MergeObstacle>, Error> {
    let institution = tx.operation().institution;
    let mut found = Vec::new();
    if super::now(tx, institution, merge.survivor).await?.is_some() {
        found.push(MergeObstacle::MergedSince);
    } else if survivor.version != merge.survivor_version || survivor.deleted_at.is_some() {
        found.push(MergeObstacle::SurvivorChanged);
    }
    let now = Marks::now(tx, kept, merge.survivor.uuid()).await?;
    if kept.marks.differ_in_business(&now) {
        found.push(MergeObstacle::RecordsUsed);
    }
    if kept.marks.differ_in_wishes(&now) {
        found.push(MergeObstacle::DecidedSince);
    }
    let (holder, campus) = (Id::new(kept.holder), Id::new(kept.campus));
    if !holds_at(tx, institution, holder, campus).await? {
        found.push(MergeObstacle::HandsGone);
    }
    Ok(found)
}

/// Gives the sums back that were added up.
async fn give_back(
    tx: &Tx,
    survivor: Id<Customer>,
    parted: &Customer,
    sums: [i64; 4],
) -> Result<(), Error> {
    let row = tx
        .query_one_raw(statement(
            tx,
            "SELECT currency FROM customer_balances WHERE institution_id = ? AND customer_id = ?",
            [
                tx.operation().institution.uuid().into(),
                survivor.uuid().into(),
            ],
        ))
        .await?
        .ok_or_else(|| Error::corrupt("a balance is gone"))?;
    let currency: String = row.try_get("", "currency")?;
    shift(tx, survivor, parted, &currency, sums).await
}

/// Opens a next date again that was settled, unless its customer is due by another one since.
async fn reopen(tx: &Tx, (id, at, until): (Uuid, i64, i64)) -> Result<(), Error> {
    let values: [Value; 4] = [
        at.into(),
        until.into(),
        tx.operation().institution.uuid().into(),
        id.into(),
    ];
    tx.execute_raw(statement(
        tx,
        "UPDATE follow_ups SET due_at = ?, due_until = ? WHERE institution_id = ? AND id = ? \
         AND NOT EXISTS (SELECT 1 FROM follow_ups o WHERE o.institution_id = follow_ups.institution_id \
         AND o.customer_id = follow_ups.customer_id AND (o.due_at IS NOT NULL OR o.created_at > follow_ups.created_at))",
        values,
    ))
    .await?;
    Ok(())
}

/// Forgets the decisions that a merge alone has made.
async fn forget(tx: &Tx, consents: &[Uuid]) -> Result<(), Error> {
    for id in consents {
        let key = [tx.operation().institution.uuid(), *id].map(Value::from);
        let sql = "DELETE FROM consents WHERE institution_id = ? AND id = ?";
        tx.execute_raw(statement(tx, sql, key)).await?;
    }
    Ok(())
}

/// Documents with all that was known of them tell of both: they go.
async fn end_documents(tx: &Tx, parted: [&Customer; 2]) -> Result<(), Error> {
    let sql = "UPDATE files SET expires_at = ? WHERE institution_id = ? AND expires_at > ? AND record_kind = ? \
         AND record_id IN (SELECT id FROM personal_data_exports \
         WHERE institution_id = ? AND customer_id IN (?, ?))";
    let (now, institution) = (micros(tx.now()), tx.operation().institution.uuid());
    let [one, other] = parted.map(|customer| customer.id.uuid());
    let values: [Value; 7] = [
        now.into(),
        institution.into(),
        now.into(),
        OF_PERSONAL_DATA.into(),
        institution.into(),
        one.into(),
        other.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}
