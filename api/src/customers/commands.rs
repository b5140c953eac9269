//! Use cases of customers: load, decide, save.

use domain::{
    access::{PrincipalKind, TagsRead},
    custom_fields::{CustomField, Held},
    customers::{
        ChannelCode, ContactPoint, Customer, Details, Gender, HOLDER_NOT_AT_CAMPUS, Profile,
        Provenance, Stage, beyond_enquiry, can_miss, is_childs_birth,
    },
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    organization::{CAMPUS_ARCHIVED, Campus, Holder, Staff},
    privacy::ERASED_PERSON,
    tags::TagLabel,
    text,
};
use persistence::{
    Error, Handle, Tx,
    access::{Deletes, Grant, Reads, Writes},
    custom_fields::values,
    customers::{details, forms, store},
    database::Change,
    organization::store::{holds_at, is_staff},
    privacy::erasure::blocked::is_erased,
};
use serde_json::json;

use super::{
    ChangeCustomer, CreateCustomer, RevealCustomer, RevealedCustomer, TransferCustomer,
    collections,
    consents::commands::{agrees, details_are_agreed},
    forms::commands::writes,
};
use crate::{
    custom_fields::{CustomFieldValues, said},
    http::IfMatch,
    organization::day::{self, Day},
};

/// Takes in a new customer.
///
/// # Errors
/// 409 where the person was erased and nobody says that it asked again; 422 where a field breaks a rule, the
/// campus is out of reach, the holder does not belong there, or the source channel is archived or unknown.
pub async fn create(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    body: CreateCustomer,
) -> Result<Customer, Error> {
    let campus = Id::<Campus>::new(body.campus_id);
    let today = today(tx, grant, campus)
        .await?
        .filter(|day| day.is_open)
        .ok_or_else(|| FieldFault::new("/campus_id", &REFERENCE_UNKNOWN))?;
    let holder = holder(tx, grant, body.holder_id.map(Id::new), campus).await?;
    let collector = collector(tx, grant, body.collector_id.map(Id::new)).await?;
    let evidence = collections::commands::evidence(tx, grant, body.kind.0, body.collection).await?;
    let details = body.details.unwrap_or_default().apply(Details::default());
    let details = details.map_err(Fault::from);
    let details = details.and_then(|details| details.checked(body.kind.0));
    let stage = body.stage.map_or(Stage::Lead, |v| v.0);
    let (sent, standing) = (body.custom_fields.as_ref(), (body.kind.0, stage));
    // Of a child that is new no guardian has agreed to anything.
    let keeps_more = !is_childs_birth(body.birth_date, today.date);
    let asked = asked_for(tx, keeps_more);
    let custom = said(tx, sent, None, standing, asked).await?;
    let customer = Customer::create(
        Profile {
            kind: body.kind.0,
            name: body.name,
            gender: body.gender.map_or(Gender::NotGiven, |v| v.0),
            birth_date: body.birth_date,
            intent: body.intent,
            stage,
            region: body.region,
            education: body.education.map(|v| v.0),
            occupation: body.occupation.map(|v| v.0),
            school: body.school,
            grade: body.grade,
            note: body.note,
        },
        body.contact_points
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        Provenance {
            channel: ChannelCode::sent("/source_channel", &body.source_channel.0)?,
            collected_at: body.collected_at.unwrap_or(tx.now()),
            collector,
            evidence,
        },
        holder,
        campus,
        today.date,
        &tx.stamp(),
    );
    let customer = Fault::both(customer, details);
    let customer = customer.map(|(customer, details)| Customer {
        details,
        ..customer
    });
    let complete = match &customer {
        Ok(customer) => has_what_its_form_demands(tx, None, customer, keeps_more).await?,
        Err(_) => Ok(()),
    };
    let (customer, (custom, ())) = Fault::both(customer, Fault::both(custom, complete))?;
    let customer = Customer { custom, ..customer };
    Fault::unless_empty(beyond_enquiry(None, &customer, today.date))?;
    let was_erased = is_erased(tx, &customer).await?;
    if was_erased && body.asked_again != Some(true) {
        return Err(Fault::new(&ERASED_PERSON).into());
    }
    store::insert(tx, grant, &customer).await?;
    if was_erased {
        // On the trail, with who says so.
        let again = json!({ "asked_again": true });
        tx.record(Change::new("asked_again", customer.id.uuid(), 1, again));
    }
    Ok(customer)
}

/// Which custom fields whoever gave a command can be asked for: sealed ones only where more may be kept of the
/// customer than an enquiry needs.
fn asked_for(tx: &Tx, keeps_more: bool) -> impl Fn(&CustomField) -> bool + use<> {
    let may_write = writes(tx, "custom_fields");
    move |field| may_write && (keeps_more || !field.is_sensitive)
}

/// Whether a customer has what the form of its kind demands where it stands, of the fields that whoever gave
/// the command may write; of what is beyond an enquiry only where more may be kept.
async fn has_what_its_form_demands(
    tx: &Tx,
    before: Option<&Customer>,
    after: &Customer,
    keeps_more: bool,
) -> Result<Result<(), Fault>, Error> {
    let marks = forms::marks(tx, tx.operation().institution).await?;
    let asked = |field: &str| writes(tx, field);
    Ok(marks.unless_missing(before, after, keeps_more, asked))
}

/// Who took a customer in: whoever is named, else the caller where that is a person.
pub(super) async fn collector(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    named: Option<Id<Staff>>,
) -> Result<Option<Id<Staff>>, Error> {
    match named {
        Some(named) if is_staff(tx, grant.scope().institution(), named).await? => Ok(Some(named)),
        Some(_) => Err(FieldFault::new("/collector_id", &REFERENCE_UNKNOWN).into()),
        None => Ok(caller(tx)),
    }
}

/// The caller, where that is a person of staff.
pub(crate) fn caller(tx: &Tx) -> Option<Id<Staff>> {
    let actor = &tx.operation().actor;
    (actor.kind == PrincipalKind::Staff).then(|| Id::new(actor.principal))
}

/// Who will hold a new customer: whoever is named, else the caller where he or she works at the
/// campus, else its pool. The new customer must be within the caller's own reach.
async fn holder(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    named: Option<Id<Holder>>,
    campus: Id<Campus>,
) -> Result<Id<Holder>, Error> {
    let institution = grant.scope().institution();
    let holder = match named {
        Some(named) => {
            if !grant.scope().covers(named, campus) {
                return Err(FieldFault::new("/holder_id", &REFERENCE_UNKNOWN).into());
            }
            if !holds_at(tx, institution, named, campus).await? {
                return Err(FieldFault::new("/holder_id", &HOLDER_NOT_AT_CAMPUS).into());
            }
            named
        }
        None => {
            let caller = Id::new(tx.operation().actor.principal);
            if holds_at(tx, institution, caller, campus).await? {
                caller
            } else {
                campus.cast()
            }
        }
    };
    if !grant.scope().covers(holder, campus) {
        return Err(FieldFault::new("/campus_id", &REFERENCE_UNKNOWN).into());
    }
    Ok(holder)
}

/// Changes a customer that the caller has read.
///
/// # Errors
/// 404 out of reach, 412 where it has changed since, 422 where a field breaks a rule.
pub async fn change(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    condition: IfMatch,
    body: ChangeCustomer,
) -> Result<Customer, Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    let before = details::read_into(tx, grant.scope().institution(), before).await?;
    let before = values::read_into(tx, before).await?;
    let today = today(tx, grant, before.campus)
        .await?
        .ok_or_else(|| Error::corrupt("the customer's campus is gone"))?;
    let contacts = body
        .contact_points
        .clone()
        .map(|points| points.into_iter().map(Into::into).collect());
    let known = match body.details.clone() {
        Some(sent) => sent.apply(before.details.clone())?,
        None => before.details.clone(),
    };
    let sent = body.custom_fields.clone();
    let profile = body.apply(before.profile.clone());
    let standing = (profile.kind, profile.stage);
    let was = (&before.custom, (before.profile.kind, before.profile.stage));
    let is_child = is_childs_birth(profile.birth_date, today.date);
    let is_told = sent.is_some() || standing != was.1;
    let keeps_more = !is_child || is_told && agrees(tx, grant, id).await?;
    let asked = asked_for(tx, keeps_more);
    let custom = said(tx, sent.as_ref(), Some(was), standing, asked).await?;
    let (unsaid, fault) = match custom {
        Ok(custom) => (custom, Ok(())),
        Err(fault) => (before.custom.clone(), Err(fault)),
    };
    let after = before.change(profile, known, unsaid, contacts, today.date, &tx.stamp());
    let complete = match &after {
        Ok(after) if can_miss(&before, after) => {
            let keeps_more = keeps_more || !is_told && agrees(tx, grant, id).await?;
            has_what_its_form_demands(tx, Some(&before), after, keeps_more).await?
        }
        _ => Ok(()),
    };
    let (after, _) = Fault::both(after, Fault::both(fault, complete))?;
    if after.version != before.version {
        details_are_agreed(tx, grant, (&before, &after), today.date).await?;
        store::update(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// Hides a customer.
pub async fn delete(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    id: Id<Customer>,
    condition: IfMatch,
) -> Result<(), Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    store::update(tx, grant, &before, &before.delete(&tx.stamp())?).await
}

/// Brings a hidden customer back.
///
/// # Errors
/// 409 where it is not deleted, or its campus has been archived meanwhile.
pub async fn restore(
    tx: &Tx,
    grant: &impl Deletes<Customer>,
    id: Id<Customer>,
) -> Result<Customer, Error> {
    let before = store::lock(tx, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let day = today(tx, grant, before.campus).await?;
    if !day.is_some_and(|day| day.is_open) {
        return Err(Fault::new(&CAMPUS_ARCHIVED).into());
    }
    let after = before.restore(&tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    Ok(after)
}

/// Hands a customer, and everything that belongs to it, over to somebody else.
///
/// # Errors
/// 404 out of reach, 422 where the new holder is out of reach or does not belong to the campus.
pub async fn transfer(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    body: TransferCustomer,
) -> Result<Customer, Error> {
    let before = present(tx, grant, id).await?;
    let reason = text::line("/reason", &body.reason, REASON_MAX)?;
    let campus = body.campus_id.map_or(before.campus, Id::new);
    today(tx, grant, campus)
        .await?
        .filter(|day| day.is_open)
        .ok_or_else(|| FieldFault::new("/campus_id", &REFERENCE_UNKNOWN))?;
    let holder = holder(tx, grant, Some(Id::new(body.holder_id)), campus).await?;
    let after = before.transfer(holder, campus, &tx.stamp())?;
    if after.version != before.version {
        store::transfer(tx, grant, &before, &after, &reason).await?;
    }
    Ok(after)
}

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// A customer about to be changed; a deleted one is as good as absent.
pub(crate) async fn present(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<Customer, Error> {
    store::lock(tx, grant, id)
        .await?
        .filter(|customer| customer.deleted_at.is_none())
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Today at a campus.
async fn today(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    campus: Id<Campus>,
) -> Result<Option<Day>, Error> {
    day::today(tx, grant.scope().institution(), campus, tx.now()).await
}

/// A customer within reach.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
) -> Result<Customer, Error> {
    store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// A customer within reach, with what may be seen of its tags.
pub async fn get_with_tags(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    tagging: Option<&Grant<TagsRead>>,
    id: Id<Customer>,
) -> Result<(Customer, Vec<TagLabel>), Error> {
    let Some(tagging) = tagging else {
        return Ok((get(handle, grant, id).await?, Vec::new()));
    };
    store::find_with_tags(handle, grant, tagging, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Opens values of a customer to the caller: contact points, all or the chosen ones, and custom fields;
/// which, and why, is on the trail before they are shown.
///
/// # Errors
/// 422 where a chosen one is not the customer's.
pub async fn reveal(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    body: &RevealCustomer,
) -> Result<RevealedCustomer, Error> {
    let customer = get(tx, grant, id).await?;
    let reason = text::line("/reason", &body.reason, REASON_MAX)?;
    let points = asked_points(&customer, body);
    let codes: Vec<&str> = (body.custom_fields.iter().flatten())
        .map(|code| code.0.as_str())
        .collect();
    let customer = match codes.is_empty() {
        true => customer,
        false => values::read_into(tx, customer).await?,
    };
    let (points, held) = Fault::both(points, asked_values(&customer, &codes))?;
    let ids: Vec<_> = points.iter().map(|point| point.id.uuid()).collect();
    let revealed = json!({
        "fields": body.fields(), "contact_point_ids": ids, "custom_fields": codes, "reason": reason,
    });
    tx.record(Change::new(
        "reveal",
        customer.id.uuid(),
        customer.version,
        revealed,
    ));
    let held = CustomFieldValues::clear(held);
    Ok(RevealedCustomer::new(customer.id, &points, held))
}

fn asked_points(customer: &Customer, body: &RevealCustomer) -> Result<Vec<ContactPoint>, Fault> {
    let chosen = body.contact_point_ids.as_deref();
    let unknown = chosen.into_iter().flatten().enumerate().filter(|(_, id)| {
        let mut points = customer.contacts.iter();
        !points.any(|point| point.id.uuid() == **id)
    });
    Fault::unless_empty(
        unknown
            .map(|(n, _)| FieldFault::new(format!("/contact_point_ids/{n}"), &REFERENCE_UNKNOWN))
            .collect(),
    )?;
    let is_asked = |point: &&ContactPoint| match chosen {
        Some(ids) => ids.contains(&point.id.uuid()),
        None => body.asks_for_contacts(),
    };
    Ok(customer.contacts.iter().filter(is_asked).cloned().collect())
}

fn asked_values<'a>(
    customer: &'a Customer,
    codes: &[&'a str],
) -> Result<Vec<(&'a str, &'a Held)>, Fault> {
    let (mut held, mut faults) = (Vec::new(), Vec::new());
    for (place, code) in codes.iter().enumerate() {
        match customer.custom.get(code) {
            Some(value) => held.push((*code, value)),
            None => faults.push(FieldFault::new(
                format!("/custom_fields/{place}"),
                &REFERENCE_UNKNOWN,
            )),
        }
    }
    Fault::unless_empty(faults)?;
    Ok(held)
}
