//! Use cases of consents: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    customers::{
        Consent, ContactChannel, ContactObstacle, ContactReason, Contacting, Customer,
        GUARDIAN_CONSENT_MISSING, Ground, Leave, Purpose, Standing, beyond_enquiry, is_child,
        standing,
    },
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    organization::Institution,
    privacy::PrivacyNotice,
    text_enum::TextEnum,
};
use jiff::{Timestamp, civil::Date};
use persistence::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    customers::{consents as store, links, store::opens_papers},
    follow_ups::store::asked_not_to,
    privacy::notices::{self, Renewal},
    scope::Page,
};

use super::RecordConsent;
use crate::{
    customers::commands::{get, present},
    organization::day,
};

/// Records what was decided on a customer that the caller may change.
///
/// # Errors
/// 404 where the customer is out of reach; 422 where guardian or notice are none, or the decision breaks a
/// rule.
pub async fn record(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    body: RecordConsent,
) -> Result<Consent, Error> {
    let customer = present(tx, grant, id).await?;
    let institution = tx.operation().institution;
    let today = today(tx, grant, &customer, tx.now()).await?;
    let is_guardian = match body.decided_by.map(Id::new) {
        Some(guardian) => {
            let named = BTreeSet::from([guardian]);
            links::within_reach(tx, grant.scope(), &named)
                .await?
                .contains(&guardian)
                && store::is_guardian(tx, institution, (customer.id, guardian), today).await?
        }
        None => false,
    };
    let notice = match body.notice_id.map(Id::new) {
        Some(notice) => {
            let found = notices::find(tx, institution, notice).await?;
            Some(found.ok_or_else(|| FieldFault::new("/notice_id", &REFERENCE_UNKNOWN))?)
        }
        None => None,
    };
    let ground = Ground {
        customer: &customer,
        today,
        is_guardian,
        notice: notice.as_ref(),
    };
    let consent = Consent::new(body.into(), &ground, &tx.stamp())?;
    store::insert(tx, grant, &consent).await?;
    Ok(consent)
}

/// Today at the campus of a customer.
async fn today(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: &Customer,
    now: Timestamp,
) -> Result<Date, Error> {
    let institution = grant.scope().institution();
    let day = day::today(handle, institution, customer.campus, now).await?;
    let day = day.ok_or_else(|| Error::corrupt("no campus"))?;
    Ok(day.date)
}

/// One page of the decisions on a customer within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    page: &Page,
) -> Result<Vec<Consent>, Error> {
    let customer = get(handle, grant, id).await?;
    if !opens_papers(handle, grant, customer.id).await? {
        return Ok(Vec::new());
    }
    let consents = store::list(handle, grant, customer.id, page).await?;
    seen(handle, grant, consents).await
}

/// One decision on a customer within reach.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
    id: Id<Consent>,
) -> Result<Consent, Error> {
    let customer = get(handle, grant, customer).await?;
    let found = match opens_papers(handle, grant, customer.id).await? {
        true => store::find(handle, grant, customer.id, id).await?,
        false => None,
    };
    let seen = seen(handle, grant, found.into_iter().collect()).await?;
    let found = seen.into_iter().next();
    found.ok_or_else(|| Fault::new(&NOT_FOUND).into())
}

/// Decisions without the guardians who are out of reach.
async fn seen(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    mut consents: Vec<Consent>,
) -> Result<Vec<Consent>, Error> {
    let named = consents.iter().filter_map(|consent| consent.decided_by);
    let reached = links::within_reach(handle, grant.scope(), &named.collect()).await?;
    for consent in &mut consents {
        consent.decided_by = consent.decided_by.filter(|id| reached.contains(id));
    }
    Ok(consents)
}

/// Whether more may be kept of a customer than an enquiry needs: it is not known to be a child under 14
/// today, at its campus, or a guardian agrees.
pub(in crate::customers) async fn may_keep_more(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    customer: &Customer,
) -> Result<bool, Error> {
    let today = today(tx, grant, customer, tx.now()).await?;
    Ok(!is_child(customer, today) || agrees(tx, grant, customer.id).await?)
}

/// Makes sure that what is told of a customer anew may be kept.
///
/// # Errors
/// 422 with every detail of a child under 14 that is beyond an enquiry, while no guardian agrees; with the
/// birth date, where that makes a child of somebody of whom files, filled forms or insights are kept.
pub(crate) async fn details_are_agreed(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    (before, after): (&Customer, &Customer),
    today: Date,
) -> Result<(), Error> {
    let mut beyond = beyond_enquiry(Some(before), after, today);
    if is_child(after, today)
        && !is_child(before, today)
        && store::has_papers(tx, grant.scope().institution(), &[after.id]).await?
    {
        beyond.push(FieldFault::new("/birth_date", &GUARDIAN_CONSENT_MISSING));
    }
    if beyond.is_empty() || agrees(tx, grant, after.id).await? {
        return Ok(());
    }
    Ok(Fault::unless_empty(beyond)?)
}

/// Whether a guardian agrees that more is kept of a child than an enquiry needs.
pub(in crate::customers) async fn agrees(
    tx: &Tx,
    grant: &impl Reads<Customer>,
    customer: Id<Customer>,
) -> Result<bool, Error> {
    let standing = of_child(tx, grant.scope().institution(), customer).await?;
    Ok(standing == Standing::Given)
}

/// The decision by which a customer agrees to a purpose, as it stands; none where it does not.
pub(crate) async fn agreed(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
    purpose: Purpose,
) -> Result<Option<Consent>, Error> {
    let history = store::deciding(handle, institution, customer).await?;
    let renewals = notices::renewals(handle, institution).await?;
    let (standing, by) = standing(&history, purpose, None, renewed(&renewals, purpose));
    Ok(by.filter(|_| standing == Standing::Given).cloned())
}

/// What may be kept of what is learned of a customer from outside.
pub(in crate::customers) async fn leave(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    customer: &Customer,
    now: Timestamp,
) -> Result<Leave, Error> {
    let institution = grant.scope().institution();
    let today = today(handle, grant, customer, now).await?;
    let history = store::deciding(handle, institution, customer.id).await?;
    let renewals = notices::renewals(handle, institution).await?;
    let held = |purpose| standing(&history, purpose, None, renewed(&renewals, purpose));
    let (profiling, consent) = held(Purpose::Profiling);
    Ok(Leave {
        may_keep_more: !is_child(customer, today) || held(Purpose::ChildData).0 == Standing::Given,
        profiling,
        consent: consent.cloned(),
    })
}

/// What holds of what is kept of a child.
async fn of_child(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
) -> Result<Standing, Error> {
    let history = store::deciding(handle, institution, customer).await?;
    let renewals = notices::renewals(handle, institution).await?;
    let renewed = renewed(&renewals, Purpose::ChildData);
    Ok(standing(&history, Purpose::ChildData, None, renewed).0)
}

/// Whether one that is made of two would be a child under 14 of whom more is kept than an enquiry needs,
/// without a guardian who agrees: one who agreed for either agreed for both, unless it was withdrawn.
pub(in crate::customers) async fn would_lack_guardian(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    (survivor, duplicate): (&Customer, &Customer),
    after: &Customer,
    now: Timestamp,
) -> Result<bool, Error> {
    let today = today(handle, grant, after, now).await?;
    if !is_child(after, today) {
        return Ok(false);
    }
    let institution = grant.scope().institution();
    let pair = [survivor.id, duplicate.id];
    let were = is_child(survivor, today) && is_child(duplicate, today);
    let brings = !were && store::has_papers(handle, institution, &pair).await?;
    if !brings && beyond_enquiry(Some(survivor), after, today).is_empty() {
        return Ok(false);
    }
    let mut standings = Vec::new();
    for one in pair {
        standings.push(of_child(handle, institution, one).await?);
    }
    Ok(standings.contains(&Standing::Withdrawn) || !standings.contains(&Standing::Given))
}

/// What holds for one purpose, and the decision that says so.
pub type Held = (Purpose, Option<ContactChannel>, Standing, Option<Consent>);

/// A customer within reach, whether it is a child, and what holds for all purposes.
pub async fn overview(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    now: Timestamp,
) -> Result<(Customer, bool, Vec<Held>), Error> {
    let customer = get(handle, grant, id).await?;
    let institution = grant.scope().institution();
    let today = today(handle, grant, &customer, now).await?;
    let history = store::deciding(handle, institution, customer.id).await?;
    let renewals = notices::renewals(handle, institution).await?;
    let mut all = Vec::new();
    for purpose in Purpose::ALL.iter().copied() {
        let renewed = renewed(&renewals, purpose);
        let channels: Vec<Option<ContactChannel>> = match purpose {
            Purpose::Marketing => ContactChannel::ALL.iter().copied().map(Some).collect(),
            _ => vec![None],
        };
        for channel in channels {
            let (standing, by) = standing(&history, purpose, channel, renewed);
            all.push((purpose, channel, standing, by.cloned()));
        }
    }
    let is_child = is_child(&customer, today);
    Ok((customer, is_child, all))
}

/// The last notice of a purpose that asks for consent anew, and since when.
fn renewed(renewals: &[Renewal], purpose: Purpose) -> Option<(Id<PrivacyNotice>, Timestamp)> {
    let renewal = renewals.iter().find(|(of, ..)| *of == purpose);
    renewal.map(|(_, notice, at)| (*notice, *at))
}

/// A customer within reach, and what stands in the way of addressing it in each way and for each reason,
/// to one who may see its contact points and its follow-ups or not.
pub async fn contacting(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    id: Id<Customer>,
    (sees_points, sees_follow_ups): (bool, bool),
) -> Result<(Customer, Vec<Way>), Error> {
    let customer = get(handle, grant, id).await?;
    let institution = grant.scope().institution();
    let consents = store::deciding(handle, institution, customer.id).await?;
    let renewals = notices::renewals(handle, institution).await?;
    let gate = Contacting {
        points: if sees_points { &customer.contacts } else { &[] },
        consents: &consents,
        renewed_at: renewed(&renewals, Purpose::Marketing),
        asked_not_to_at: asked_not_to(handle, institution, customer.id).await?,
    };
    // What was said in a follow-up is for who may read it.
    let told = |obstacle| match obstacle {
        ContactObstacle::AskedNotTo if !sees_follow_ups => ContactObstacle::DoNotContact,
        obstacle => obstacle,
    };
    let channels = ContactChannel::ALL.iter();
    let ways = channels.flat_map(|channel| {
        ContactReason::ALL
            .iter()
            .map(move |reason| (*channel, *reason))
    });
    let ways = ways
        .map(|(channel, reason)| (channel, reason, gate.obstacle(channel, reason).map(told)))
        .collect();
    Ok((customer, ways))
}

/// A way of addressing somebody, for what, and what stands in its way.
pub type Way = (ContactChannel, ContactReason, Option<ContactObstacle>);
