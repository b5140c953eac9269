//! Collections of customers: a row for each version, of which the last counts.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

use domain::{
    customers::{
        ChannelCode, Collection, Customer, Evidence, FormEntry, FormVersion, Kind, LawfulBasis,
        Provenance,
    },
    fault::{Fault, NOT_FOUND},
    id::Id,
    organization::{Department, Institution, Staff},
    text_enum::TextEnum,
};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::store;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    audit::difference,
    clock::{micros, timestamp},
    database::{Change, among, insert_many, statement, unless_stale},
    keys::{FieldKeys, SealedAt},
    reference::any,
    scope::Page,
};

const COLUMNS: &str = "institution_id, id, version, customer_id, is_current, channel, collected_at, collector_id, \
    department_id, event, source_document, file_id, lawful_basis, form, created_at, recorded_at, recorded_by, reason, \
    form_kind, form_version";

/// An entry of a filled form as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    label: Cow<'a, str>,
    value: Cow<'a, str>,
}

fn place(collection: Uuid) -> SealedAt {
    SealedAt {
        table: "customer_collections",
        column: "form",
        row: collection,
    }
}

fn seal(keys: &FieldKeys, collection: &Collection) -> Result<Option<Vec<u8>>, Error> {
    let form = &collection.provenance.evidence.form;
    if form.is_empty() {
        return Ok(None);
    }
    let entries = form.iter().map(|entry| Sealed {
        label: Cow::from(&entry.label),
        value: Cow::from(&entry.value),
    });
    let entries: Vec<_> = entries.collect();
    let plain = Zeroizing::new(serde_json::to_vec(&entries).map_err(Error::internal)?);
    keys.seal(place(collection.id.uuid()), &plain).map(Some)
}

fn form(keys: &FieldKeys, id: Uuid, sealed: Option<Vec<u8>>) -> Result<Vec<FormEntry>, Error> {
    let Some(sealed) = sealed else {
        return Ok(Vec::new());
    };
    let plain = Zeroizing::new(keys.open(place(id), &sealed)?);
    let entries: Vec<Sealed<'_>> =
        serde_json::from_slice(&plain).map_err(|_| Error::corrupt("form"))?;
    let entries = entries.into_iter().map(|entry| FormEntry {
        label: entry.label.into_owned(),
        value: entry.value.into_owned(),
    });
    Ok(entries.collect())
}

fn form_version(row: &QueryResult) -> Result<Option<FormVersion>, Error> {
    let kind: Option<String> = row.try_get("", "form_kind")?;
    let Some((kind, version)) = kind.zip(row.try_get("", "form_version")?) else {
        return Ok(None);
    };
    let kind = Kind::parse(&kind).ok_or_else(|| Error::corrupt(Kind::NAME))?;
    Ok(Some(FormVersion { kind, version }))
}

fn read(row: &QueryResult, keys: &FieldKeys) -> Result<Collection, Error> {
    let id: Uuid = row.try_get("", "id")?;
    let channel: String = row.try_get("", "channel")?;
    let basis: Option<String> = row.try_get("", "lawful_basis")?;
    let basis = basis
        .map(|text| LawfulBasis::parse(&text).ok_or_else(|| Error::corrupt(LawfulBasis::NAME)));
    let optional = |name: &str| -> Result<Option<Uuid>, Error> { Ok(row.try_get("", name)?) };
    Ok(Collection {
        id: Id::new(id),
        customer: Id::new(row.try_get("", "customer_id")?),
        version: row.try_get("", "version")?,
        provenance: Provenance {
            channel: ChannelCode::parse(&channel).ok_or_else(|| Error::corrupt("channel"))?,
            collected_at: timestamp(row.try_get("", "collected_at")?)?,
            collector: optional("collector_id")?.map(Id::new),
            evidence: Evidence {
                department: optional("department_id")?.map(Id::new),
                event: row.try_get("", "event")?,
                source_document: row.try_get("", "source_document")?,
                file: optional("file_id")?.map(Id::new),
                lawful_basis: basis.transpose()?,
                form: form(keys, id, row.try_get("", "form")?)?,
                form_version: form_version(row)?,
            },
        },
        created_at: timestamp(row.try_get("", "created_at")?)?,
        recorded_at: timestamp(row.try_get("", "recorded_at")?)?,
        recorded_by: optional("recorded_by")?,
        reason: row.try_get("", "reason")?,
    })
}

fn row(
    institution: Id<Institution>,
    keys: &FieldKeys,
    collection: &Collection,
) -> Result<Vec<Value>, Error> {
    let from = &collection.provenance;
    let evidence = &from.evidence;
    let basis = evidence.lawful_basis.map(|basis| basis.as_str().to_owned());
    let form = evidence.form_version;
    Ok(vec![
        institution.uuid().into(),
        collection.id.uuid().into(),
        collection.version.into(),
        collection.customer.uuid().into(),
        true.into(),
        from.channel.as_str().into(),
        micros(from.collected_at).into(),
        from.collector.map(Id::uuid).into(),
        evidence.department.map(Id::uuid).into(),
        evidence.event.clone().into(),
        evidence.source_document.clone().into(),
        evidence.file.map(Id::uuid).into(),
        basis.into(),
        seal(keys, collection)?.into(),
        micros(collection.created_at).into(),
        micros(collection.recorded_at).into(),
        collection.recorded_by.into(),
        collection.reason.clone().into(),
        form.map(|form| form.kind.as_str().to_owned()).into(),
        form.map(|form| form.version).into(),
    ])
}

/// One page of the collections of a customer whom the caller has found within reach, as they stand now.
pub async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
    page: &Page,
) -> Result<Vec<Collection>, Error> {
    let mut values: Vec<Value> = vec![institution.uuid().into(), customer.uuid().into()];
    let sql = format!(
        "SELECT {COLUMNS} FROM customer_collections \
         WHERE institution_id = ? AND customer_id = ? AND is_current{}",
        page.ending(("created_at", "id"), &mut values)
    );
    rows(handle, institution, &sql, values).await
}

/// Every version of a collection of a customer whom the caller has found within reach, the last one first.
pub async fn versions(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
    id: Id<Collection>,
) -> Result<Vec<Collection>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM customer_collections \
         WHERE institution_id = ? AND id = ? AND customer_id = ? ORDER BY version DESC"
    );
    let values = vec![
        institution.uuid().into(),
        id.uuid().into(),
        customer.uuid().into(),
    ];
    rows(handle, institution, &sql, values).await
}

async fn rows(
    handle: &impl Handle,
    institution: Id<Institution>,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<Collection>, Error> {
    let keys = handle.keys_of(institution).await?;
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    rows.iter().map(|row| read(row, &keys)).collect()
}

/// Writes the collections with which new customers begin, of the department of their collector where none is
/// named.
pub(super) async fn begin(
    tx: &Tx,
    institution: Id<Institution>,
    customers: &[Customer],
) -> Result<(), Error> {
    let collectors = customers.iter().filter(|customer| {
        let evidence = &customer.provenance.evidence;
        evidence.department.is_none()
    });
    let collectors = collectors.filter_map(|customer| customer.provenance.collector);
    let departments = departments(tx, institution, &collectors.collect()).await?;
    let (keys, by) = (tx.keys().await?, tx.operation().actor.principal);
    let rows = customers.iter().map(|customer| {
        let mut first = Collection::first(customer, Some(by));
        let collector = customer.provenance.collector;
        let own = collector.and_then(|staff| departments.get(&staff).copied());
        let evidence = &mut first.provenance.evidence;
        evidence.department = evidence.department.or(own);
        row(institution, &keys, &first)
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    insert_many(tx, ("customer_collections", COLUMNS), "", rows).await
}

/// In which departments people stand.
pub async fn departments(
    handle: &impl Handle,
    institution: Id<Institution>,
    staff: &BTreeSet<Id<Staff>>,
) -> Result<HashMap<Id<Staff>, Id<Department>>, Error> {
    if staff.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = staff.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "staff_id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT staff_id, department_id FROM staff_posts \
         WHERE institution_id = ? AND department_id IS NOT NULL AND {is_among}"
    );
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    values.extend(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter()
        .map(|row| {
            let (staff, department): (Uuid, Uuid) = (
                row.try_get("", "staff_id")?,
                row.try_get("", "department_id")?,
            );
            Ok((Id::new(staff), Id::new(department)))
        })
        .collect()
}

/// Writes a new collection of a customer, as a change of it. The caller has locked the customer.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: &Customer,
    collection: &Collection,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    let keys = tx.keys().await?;
    let rows = vec![row(institution, &keys, collection)?];
    insert_many(tx, ("customer_collections", COLUMNS), "", rows).await?;
    let after = customer.touched(&tx.stamp());
    touch(tx, grant, customer, &after, collection).await?;
    told(tx, None, collection);
    Ok(())
}

/// Writes a correction beside the version that it corrects, as a change of the customer: where it is the
/// first collection, what the customer says of where it was met follows.
pub async fn correct(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: &Customer,
    before: &Collection,
    after: &Collection,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE customer_collections SET is_current = ? \
             WHERE institution_id = ? AND id = ? AND version = ? AND is_current",
            [
                false.into(),
                institution.uuid().into(),
                before.id.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    let keys = tx.keys().await?;
    let rows = vec![row(institution, &keys, after)?];
    insert_many(tx, ("customer_collections", COLUMNS), "", rows).await?;
    let mut changed = customer.touched(&tx.stamp());
    if after.is_first() {
        changed.provenance = after.provenance.clone();
    }
    touch(tx, grant, customer, &changed, after).await?;
    told(tx, Some(before), after);
    Ok(())
}

async fn touch(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    before: &Customer,
    after: &Customer,
    collection: &Collection,
) -> Result<(), Error> {
    let is = json!({ "collections": collection.id });
    store::touch(tx, grant, before, after, json!({ "collections": null }), is).await
}

/// Whether a source channel can be chosen.
pub async fn is_open_channel(
    tx: &Tx,
    institution: Id<Institution>,
    code: &ChannelCode,
) -> Result<bool, Error> {
    let sql = format!(
        "SELECT 1 AS found FROM source_channels \
         WHERE institution_id = ? AND code = ? AND archived_at IS NULL{}",
        tx.keeping()
    );
    let values: [Value; 2] = [institution.uuid().into(), code.as_str().into()];
    Ok(tx
        .query_one_raw(statement(tx, &sql, values))
        .await?
        .is_some())
}

/// Whether a department can be chosen.
pub async fn is_open_department(
    tx: &Tx,
    institution: Id<Institution>,
    id: Id<Department>,
) -> Result<bool, Error> {
    let sql = format!(
        "SELECT 1 AS found FROM departments \
         WHERE institution_id = ? AND id = ? AND archived_at IS NULL{}",
        tx.keeping()
    );
    any(tx, &sql, institution, id.uuid()).await
}

/// Puts a collection on the trail. Its event is that of the customer, whose part it is.
fn told(tx: &Tx, before: Option<&Collection>, after: &Collection) {
    let (was, mut is) = difference(before.map(fields).as_ref(), &fields(after), PERSONAL);
    let is_other = before
        .is_some_and(|before| before.provenance.evidence.form != after.provenance.evidence.form);
    if let (Some(is), true) = (is.as_object_mut(), is_other) {
        is.insert("form".into(), json!("changed"));
    }
    let was = before.map_or(json!(null), |_| was);
    tx.record(Change::new("collection", after.id.uuid(), after.version, is).before(was));
}

/// Fields whose values never go on the trail in the clear.
const PERSONAL: &[&str] = &["event", "source_document"];

/// The fields of a collection as the audit trail compares them, in the words of the contract.
fn fields(collection: &Collection) -> Json {
    let from = &collection.provenance;
    let evidence = &from.evidence;
    json!({
        "customer_id": collection.customer,
        "source_channel": from.channel.as_str(),
        "collected_at": from.collected_at.to_string(),
        "collector_id": from.collector,
        "department_id": evidence.department,
        "event": evidence.event,
        "source_document": evidence.source_document,
        "file_id": evidence.file,
        "lawful_basis": evidence.lawful_basis.map(|basis| basis.as_str()),
        "has_form": !evidence.form.is_empty(),
        "form_kind": evidence.form_version.map(|form| form.kind.as_str()),
        "form_version": evidence.form_version.map(|form| form.version),
        "reason": collection.reason,
    })
}

/// A collection of a customer whom the caller has found within reach, as it stands now.
///
/// # Errors
/// 404 where the customer has none of this id.
pub async fn current(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Collection>,
) -> Result<Collection, Error> {
    let institution = grant.scope().institution();
    let all = versions(handle, institution, customer, id).await?;
    let last = all.into_iter().next();
    last.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}
