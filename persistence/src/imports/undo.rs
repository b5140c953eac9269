//! What was done since with customers that an import made or changed, and how the import is undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    access::{CustomersWrite, ImportsRun, TagsWrite},
    customers::Customer,
    id::Id,
    imports::{
        outcome::Import,
        undo::{InTheWay, Made, UndoObstacle},
    },
    organization::Institution,
    tags::{Act, Tagging},
};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::{
    kept::{opened, seal},
    made,
    uses::Uses,
};
use crate::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    custom_fields::values,
    customers::{consents::has_papers, details, hiding, merges, store},
    database::{placeholders, statement},
    keys::bytes,
    tags,
};

/// Why tags are put on or taken off by an import.
pub fn tag_reason(import: Id<Import>) -> String {
    format!("import:{import}")
}

/// The same by its undoing.
fn undone_reason(import: Id<Import>) -> String {
    format!("import_undone:{import}")
}

/// By which rights an import is undone: whom it made go by the one, whom it changed is written by the other.
#[derive(Debug)]
pub struct Undoer {
    pub deleting: Grant<ImportsRun>,
    pub writing: Option<Grant<CustomersWrite>>,
}

/// Which of some customers that an import made or changed stand in the way of undoing it.
pub async fn in_the_way(
    handle: &impl Handle,
    undoer: &Undoer,
    import: Id<Import>,
    made: &[Made],
) -> Result<Vec<InTheWay>, Error> {
    let (new, others) = parted(made);
    let mut reached = hiding::each(handle, &undoer.deleting, &new).await?;
    if let Some(writing) = &undoer.writing {
        reached.extend(hiding::each(handle, writing, &others).await?);
    }
    obstacles(handle, undoer, import, made, &reached).await
}

/// Ids of those that are new, and of the others.
fn parted(made: &[Made]) -> (Vec<Uuid>, Vec<Uuid>) {
    let (new, others): (Vec<_>, Vec<_>) = made.iter().partition(|one| one.is_new);
    let ids = |made: Vec<&Made>| made.iter().map(|one| one.customer.uuid()).collect();
    (ids(new), ids(others))
}

async fn locked(tx: &Tx, undoer: &Undoer, made: &[Made]) -> Result<Vec<Customer>, Error> {
    let (new, others) = parted(made);
    let mut locked = hiding::lock_each(tx, &undoer.deleting, &new).await?;
    if let Some(writing) = &undoer.writing {
        locked.extend(hiding::lock_each(tx, writing, &others).await?);
    }
    Ok(locked)
}

/// Hides customers that an import made, and restores those that it changed, unless any of them stands in the
/// way; those that were deleted by hand are gone already.
pub async fn remove(
    tx: &Tx,
    undoer: &Undoer,
    import: Id<Import>,
    made: &[Made],
) -> Result<Vec<InTheWay>, Error> {
    let reached = locked(tx, undoer, made).await?;
    let found = obstacles(tx, undoer, import, made, &reached).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let living = |customer: &Customer| customer.deleted_at.is_none();
    let reached: Vec<Customer> = reached.into_iter().filter(living).collect();
    let (going, others) = by_deed(made, reached);
    hiding::hide(tx, &undoer.deleting, &going).await?;
    let mut raised: BTreeSet<_> = going.iter().map(|customer| customer.id).collect();
    let reasons = (tag_reason(import), undone_reason(import));
    raised.extend(swap_all(tx, undoer, import, others, &reasons).await?);
    made::mark(tx, import, made, &raised, Some(tx.now())).await?;
    Ok(Vec::new())
}

/// Takes back what was undone, since not all could be; how many customers were looked at.
pub async fn put_back(
    tx: &Tx,
    undoer: &Undoer,
    import: Id<Import>,
    limit: i64,
) -> Result<usize, Error> {
    let undone = made::undone(tx, import, limit).await?;
    let known: HashMap<_, _> = undone.iter().map(|one| (one.customer, one)).collect();
    let mut reached = locked(tx, undoer, &undone).await?;
    // Whom somebody has changed, brought back or erased meanwhile is as it shall be.
    reached.retain(|customer| {
        let one = known.get(&customer.id);
        one.is_some_and(|one| {
            one.version == customer.version && one.is_new == customer.deleted_at.is_some()
        })
    });
    let (hidden, others) = by_deed(&undone, reached);
    hiding::show(tx, &undoer.deleting, &hidden).await?;
    let mut raised: BTreeSet<_> = hidden.iter().map(|customer| customer.id).collect();
    let reasons = (undone_reason(import), tag_reason(import));
    raised.extend(swap_all(tx, undoer, import, others, &reasons).await?);
    made::mark(tx, import, &undone, &raised, None).await?;
    Ok(undone.len())
}

/// Customers that are new, and the others.
fn by_deed(made: &[Made], customers: Vec<Customer>) -> (Vec<Customer>, Vec<Customer>) {
    let new: BTreeSet<_> = made
        .iter()
        .filter(|one| one.is_new)
        .map(|one| one.customer)
        .collect();
    customers
        .into_iter()
        .partition(|customer| new.contains(&customer.id))
}

/// Lets customers be what is kept of them, and keeps what they were; those of them that differ by that.
async fn swap_all(
    tx: &Tx,
    undoer: &Undoer,
    import: Id<Import>,
    customers: Vec<Customer>,
    reasons: &(String, String),
) -> Result<Vec<Id<Customer>>, Error> {
    let Some(writing) = &undoer.writing else {
        return Ok(Vec::new());
    };
    let keys = tx.keys().await?;
    let mut raised = Vec::new();
    for customer in customers {
        swap_tags(tx, &customer, reasons).await?;
        let place = [
            tx.operation().institution.uuid(),
            import.uuid(),
            customer.id.uuid(),
        ];
        let sql = "SELECT kept FROM import_customers \
             WHERE institution_id = ? AND import_id = ? AND customer_id = ?";
        let row = tx
            .query_one_raw(statement(tx, sql, place.map(Value::from)))
            .await?;
        let kept: Option<Vec<u8>> = match row {
            Some(row) => row.try_get("", "kept")?,
            None => None,
        };
        let Some(kept) = kept else { continue };
        let was = opened(&keys, (import, customer.id), &kept)?;
        let customer = details::read_into(tx, tx.operation().institution, customer).await?;
        let customer = values::read_into(tx, customer).await?;
        let restored = was.restore(&keys, &customer, &tx.stamp())?;
        store::update(tx, writing, &customer, &restored).await?;
        let sql = "UPDATE import_customers SET kept = ? \
             WHERE institution_id = ? AND import_id = ? AND customer_id = ?";
        let mut values: Vec<Value> = vec![bytes(seal(&keys, import, &customer)?)];
        values.extend(place.map(Value::from));
        tx.execute_raw(statement(tx, sql, values)).await?;
        raised.push(customer.id);
    }
    Ok(raised)
}

/// Takes off what was put on for the first reason, and puts on what was taken off for it, each for the second.
async fn swap_tags(
    tx: &Tx,
    customer: &Customer,
    (from, to): &(String, String),
) -> Result<(), Error> {
    let why = "tags of an import are undone with it";
    let grant = Grant::<TagsWrite>::system(tx.operation().institution, tx.now(), why);
    let by = tx.operation().actor.principal;
    let act = Act::now(by, Some(to.clone()), &tx.stamp())?;
    let all = tags::store::of(tx, &grant, customer.id, true).await?;
    let is_for = |act: &Act| act.reason.as_ref() == Some(from);
    let mut on: BTreeSet<_> = all
        .iter()
        .filter(|tagging| tagging.taken_off.is_none())
        .map(|tagging| tagging.tag)
        .collect();
    for tagging in &all {
        match &tagging.taken_off {
            None if is_for(&tagging.put_on) => {
                tags::store::take_off(tx, &grant, customer.id, tagging.tag, &act).await?;
            }
            Some(off) if is_for(off) && on.insert(tagging.tag) => {
                let again = Tagging::new(&customer.anchor(), tagging.tag, act.clone(), &tx.stamp());
                tags::store::put_on(tx, &grant, &again).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn ids(made: &[Made]) -> Vec<Uuid> {
    made.iter().map(|one| one.customer.uuid()).collect()
}

/// What was done since with customers of whom those are given that are within reach.
async fn obstacles(
    handle: &impl Handle,
    undoer: &Undoer,
    import: Id<Import>,
    made: &[Made],
    reached: &[Customer],
) -> Result<Vec<InTheWay>, Error> {
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let institution = Reads::<Customer>::scope(&undoer.deleting).institution();
    let reached: HashMap<_, _> = reached.iter().map(|one| (one.id, one)).collect();
    let merged = merges::now_of(handle, institution, &ids(made)).await?;
    let mut found = Vec::new();
    let mut unchanged: BTreeMap<Uuid, &Made> = BTreeMap::new();
    let mut restored: BTreeMap<Uuid, (&Made, &Customer)> = BTreeMap::new();
    for one in made {
        let reason = match reached.get(&one.customer) {
            None => UndoObstacle::OutOfReach,
            Some(_) if merged.contains_key(&one.customer.uuid()) => UndoObstacle::Merged,
            Some(customer) if customer.deleted_at.is_some() => continue,
            Some(customer) if customer.version != one.version => UndoObstacle::Changed,
            // What else was done with it has nothing to do with its former values.
            Some(customer) if !one.is_new => {
                restored.insert(one.customer.uuid(), (one, *customer));
                continue;
            }
            Some(_) => {
                unchanged.insert(one.customer.uuid(), one);
                continue;
            }
        };
        let known = reason != UndoObstacle::OutOfReach;
        found.push(InTheWay {
            row: one.row,
            customer: known.then_some(one.customer),
            reason,
        });
    }
    let uses = Uses {
        handle,
        institution: institution.uuid(),
        import,
    };
    for (customer, reason) in uses.of(&unchanged).await? {
        found.extend(unchanged.get(&customer).map(|one| InTheWay {
            row: one.row,
            customer: Some(one.customer),
            reason,
        }));
    }
    for customer in younger(handle, institution, import, &restored).await? {
        if has_papers(handle, institution, &[customer]).await? {
            found.extend(restored.get(&customer.uuid()).map(|(one, _)| InTheWay {
                row: one.row,
                customer: Some(customer),
                reason: UndoObstacle::HasFiles,
            }));
        }
    }
    found.sort_by_key(|one| one.row);
    Ok(found)
}

/// Customers who would be younger, or of a known age, again: of a child no papers are kept without its
/// guardian (I-36), who may not have been asked while it was none.
async fn younger(
    handle: &impl Handle,
    institution: Id<Institution>,
    import: Id<Import>,
    restored: &BTreeMap<Uuid, (&Made, &Customer)>,
) -> Result<Vec<Id<Customer>>, Error> {
    if restored.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT customer_id, kept FROM import_customers \
         WHERE institution_id = ? AND import_id = ? AND kept IS NOT NULL AND customer_id IN ({})",
        placeholders(restored.len())
    );
    let mut values: Vec<Value> = vec![institution.uuid().into(), import.uuid().into()];
    values.extend(restored.keys().map(|id| Value::from(*id)));
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    let mut younger = Vec::new();
    for row in rows {
        let id: Uuid = row.try_get("", "customer_id")?;
        let kept: Vec<u8> = row.try_get("", "kept")?;
        let was = opened(&keys, (import, Id::new(id)), &kept)?.birth_date();
        let is = restored
            .get(&id)
            .and_then(|(_, now)| now.profile.birth_date);
        // What is not known is less than every day.
        if was > is {
            younger.push(Id::new(id));
        }
    }
    Ok(younger)
}
