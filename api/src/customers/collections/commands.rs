//! Use cases of collections: load, decide, save.

use domain::{
    custom_fields::FieldEntity,
    customers::{
        ChannelCode, Collection, Customer, Evidence, FormEntry, FormVersion,
        GUARDIAN_CONSENT_MISSING, Kind, Provenance,
    },
    fault::{Fault, FieldFault, REFERENCE_UNKNOWN},
    files::StoredFile,
    id::Id,
    organization::Department,
    text,
};
use persistence::{
    Error, Tx,
    access::{Reads, Writes},
    custom_fields::{definitions, values},
    customers::{collections as store, details, forms},
    database::Change,
    files,
};
use serde_json::json;

use super::{CollectionEvidence, CorrectCollection, RecordCollection, RevealCollection};
use crate::{
    customers::{
        commands::{collector, get, present},
        consents::commands::may_keep_more,
        forms::commands::writes,
    },
    http::IfMatch,
};

/// What is said of how the data of a new customer were collected.
///
/// # Errors
/// 422 where a field breaks a rule, or the department is archived or unknown.
pub(in crate::customers) async fn evidence(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    kind: Kind,
    sent: Option<CollectionEvidence>,
) -> Result<Evidence, Error> {
    let sent = sent.unwrap_or_default();
    let filled = (
        sent.form_version,
        sent.form.as_ref().is_some_and(|form| !form.is_empty()),
    );
    let form_version = version(tx, kind, "/collection/form_version", filled).await?;
    let department = sent.department_id.map(Id::new);
    check_department(tx, grant, department, "/collection/department_id").await?;
    let evidence = Evidence {
        department,
        event: sent.event,
        source_document: sent.source_document,
        file: None,
        lawful_basis: sent.lawful_basis.map(|basis| basis.0),
        form: entries(sent.form.unwrap_or_default()),
        form_version,
    };
    let checked = evidence.checked("/collection");
    checked.map_err(|faults| Fault::fields(faults).into())
}

fn entries(form: Vec<super::FormLine>) -> Vec<FormEntry> {
    form.into_iter().map(FormEntry::from).collect()
}

/// Which version of the form of a kind was filled, where one was.
///
/// # Errors
/// 422 where there was none of the number that is named, or nothing was filled.
async fn version(
    tx: &Tx,
    kind: Kind,
    pointer: &'static str,
    (named, is_filled): (Option<i64>, bool),
) -> Result<Option<FormVersion>, Error> {
    if named.is_none() && !is_filled {
        return Ok(None);
    }
    let form = forms::find(tx, tx.operation().institution, kind).await?;
    Ok(form.filled(pointer, named, is_filled)?)
}

/// Refuses a filled form of a customer while something is missing that it demands.
///
/// # Errors
/// 422 with each such field that the caller may write.
async fn unless_incomplete(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let customer = details::read_into(tx, institution, customer.clone()).await?;
    let customer = values::read_into(tx, customer).await?;
    let marks = forms::marks(tx, institution).await?;
    let own = definitions::open(tx, institution, FieldEntity::Customer).await?;
    let asked = |field: &str| writes(tx, field);
    Ok(marks.unless_incomplete(&own, &customer, asked)?)
}

/// Records that data of a customer were collected.
///
/// # Errors
/// 404 out of reach, 422 where a field breaks a rule or names what can't be chosen.
pub async fn record(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    body: RecordCollection,
) -> Result<Collection, Error> {
    let customer = present(tx, grant, id).await?;
    let channel = ChannelCode::sent("/source_channel", &body.source_channel.0)?;
    check_channel(tx, grant, &channel).await?;
    let collector = collector(tx, grant, body.collector_id.map(Id::new)).await?;
    let mut department = body.department_id.map(Id::new);
    check_department(tx, grant, department, "/department_id").await?;
    let file = body.file_id.map(Id::new);
    check_file(tx, grant, customer.id, file).await?;
    if let (None, Some(staff)) = (department, collector) {
        let institution = grant.scope().institution();
        let known = store::departments(tx, institution, &[staff].into()).await?;
        department = known.get(&staff).copied();
    }
    let filled = (
        body.form_version,
        body.form.as_ref().is_some_and(|form| !form.is_empty()),
    );
    let form_version = version(tx, customer.profile.kind, "/form_version", filled).await?;
    let provenance = Provenance {
        channel,
        collected_at: body.collected_at.unwrap_or(tx.now()),
        collector,
        evidence: Evidence {
            department,
            event: body.event,
            source_document: body.source_document,
            file,
            lawful_basis: body.lawful_basis.map(|basis| basis.0),
            form: entries(body.form.unwrap_or_default()),
            form_version,
        },
    };
    if !provenance.evidence.form.is_empty() {
        if !may_keep_more(tx, grant, &customer).await? {
            return Err(FieldFault::new("/form", &GUARDIAN_CONSENT_MISSING).into());
        }
        unless_incomplete(tx, &customer).await?;
    }
    let by = tx.operation().actor.principal;
    let collection = Collection::record(customer.id, provenance, by, &tx.stamp())?;
    store::insert(tx, grant, &customer, &collection).await?;
    Ok(collection)
}

/// Corrects a collection that the caller has read; what it said stays as an earlier version.
///
/// # Errors
/// 404 out of reach, 412 where it was corrected since, 422 where a field breaks a rule, or a form is filled for
/// the first time while something is missing that it demands.
pub async fn correct(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    collection: Id<Collection>,
    condition: IfMatch,
    body: CorrectCollection,
) -> Result<Collection, Error> {
    let customer = present(tx, grant, id).await?;
    let before = store::current(tx, grant, customer.id, collection).await?;
    condition.check(before.version)?;
    let known = before.provenance.clone();
    let channel = match &body.source_channel {
        Some(code) => ChannelCode::sent("/source_channel", &code.0)?,
        None => known.channel.clone(),
    };
    if channel != known.channel {
        check_channel(tx, grant, &channel).await?;
    }
    let collected_by = match body.collector_id {
        Some(Some(named)) => collector(tx, grant, Some(Id::new(named))).await?,
        Some(None) => None,
        None => known.collector,
    };
    let evidence = known.evidence;
    let department = body
        .department_id
        .map_or(evidence.department, |sent| sent.map(Id::new));
    if department != evidence.department {
        check_department(tx, grant, department, "/department_id").await?;
    }
    let file = body.file_id.map_or(evidence.file, |sent| sent.map(Id::new));
    if file != evidence.file {
        check_file(tx, grant, customer.id, file).await?;
    }
    let form = body.form.map_or(evidence.form, entries);
    let was_filled = !before.provenance.evidence.form.is_empty();
    let form_version = match (body.form_version, form.is_empty()) {
        (None, false) if was_filled => evidence.form_version,
        (named, is_empty) => {
            let kind = customer.profile.kind;
            version(tx, kind, "/form_version", (named, !is_empty)).await?
        }
    };
    let provenance = Provenance {
        channel,
        collected_at: body.collected_at.unwrap_or(known.collected_at),
        collector: collected_by,
        evidence: Evidence {
            department,
            event: body.event.unwrap_or(evidence.event),
            source_document: body.source_document.unwrap_or(evidence.source_document),
            file,
            lawful_basis: body
                .lawful_basis
                .map_or(evidence.lawful_basis, |sent| sent.map(|basis| basis.0)),
            form,
            form_version,
        },
    };
    let form = &provenance.evidence.form;
    let tells_more = !form.is_empty() && *form != before.provenance.evidence.form;
    if tells_more && !may_keep_more(tx, grant, &customer).await? {
        return Err(FieldFault::new("/form", &GUARDIAN_CONSENT_MISSING).into());
    }
    // A form that was there has been held against what was demanded then.
    if tells_more && !was_filled {
        unless_incomplete(tx, &customer).await?;
    }
    let by = tx.operation().actor.principal;
    let after = before.correct(provenance, &body.reason, by, &tx.stamp())?;
    if after.version != before.version {
        store::correct(tx, grant, &customer, &before, &after).await?;
    }
    Ok(after)
}

/// Opens a filled form to the caller; that it was, and why, is on the trail before it is shown.
///
/// # Errors
/// 404 out of reach.
pub async fn reveal(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    collection: Id<Collection>,
    body: &RevealCollection,
) -> Result<Vec<FormEntry>, Error> {
    let customer = get(tx, grant, id).await?;
    let reason = text::line("/reason", &body.reason, 200)?;
    let found = store::current(tx, grant, customer.id, collection).await?;
    let revealed = json!({ "fields": ["form"], "collection_id": collection, "reason": reason });
    let target = customer.id.uuid();
    tx.record(Change::new("reveal", target, customer.version, revealed));
    Ok(found.provenance.evidence.form)
}

async fn check_channel(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    code: &ChannelCode,
) -> Result<(), Error> {
    let institution = grant.scope().institution();
    match store::is_open_channel(tx, institution, code).await? {
        true => Ok(()),
        false => Err(FieldFault::new("/source_channel", &REFERENCE_UNKNOWN).into()),
    }
}

async fn check_department(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    named: Option<Id<Department>>,
    pointer: &'static str,
) -> Result<(), Error> {
    let Some(named) = named else { return Ok(()) };
    let institution = grant.scope().institution();
    match store::is_open_department(tx, institution, named).await? {
        true => Ok(()),
        false => Err(FieldFault::new(pointer, &REFERENCE_UNKNOWN).into()),
    }
}

/// A collection names files of its own customer only.
async fn check_file(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    named: Option<Id<StoredFile>>,
) -> Result<(), Error> {
    let Some(named) = named else { return Ok(()) };
    let found = files::store::find_of_customer(tx, grant, named).await?;
    match found.is_some_and(|file| file.customer() == Some(customer)) {
        true => Ok(()),
        false => Err(FieldFault::new("/file_id", &REFERENCE_UNKNOWN).into()),
    }
}
