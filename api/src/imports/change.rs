//! Rows whose customers are there, and are to be changed: as somebody would change them by hand, with the
//! same rights.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    access::{CustomersWrite, Permission, TagsWrite},
    customers::{ContactInput, ContactKind, Customer},
    fault::{Fault, Rule},
    id::Id,
    imports::{
        choice::{
            CUSTOMER_UNKNOWN, Choice, ImportAction, ImportKey, KEY_AMBIGUOUS, KEY_MISSING,
            ListChange,
        },
        header::LeadField,
        outcome::{CellProblem, Import},
    },
    tags::{Act, Tag, Tagging},
};
use persistence::{
    Error, Tx,
    access::{Grant, Writes},
    customers::{anchor::anchor, store},
    imports::{
        known::{Households, LeadKeys},
        made,
        matching::{self, Guarded, Keyed},
        undo,
    },
    tags,
};

use super::{
    household::point,
    marks::Marker,
    plan::{Candidate, Ground},
};
use crate::{customers::consents::commands::details_are_agreed, http::problem::PERMISSION_MISSING};

/// What the rows of an import have found or made so far that is not to be seen in the database.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) households: Households,
    keyed: Keyed,
    mine: HashSet<Id<Customer>>,
}

impl Memory {
    /// Takes in a customer that a row would make or change.
    pub(super) fn add(&mut self, added: &Added) {
        self.households.add_child(&added.keys, added.customer);
        self.mine.insert(added.customer);
        added.enter(&mut self.keyed);
    }
}

/// A customer that a row makes or changes, and by what later rows know it again.
pub(super) struct Added {
    keys: LeadKeys,
    customer: Id<Customer>,
    /// Of what the row tells, that which is the customer's own.
    held: Vec<[u8; 32]>,
}

impl Added {
    pub(super) fn new(candidate: &Candidate<'_>, customer: &Customer) -> Self {
        Self {
            held: candidate.keys.held_by(&candidate.lead, customer),
            keys: candidate.keys.clone(),
            customer: customer.id,
        }
    }

    fn enter(&self, keyed: &mut Keyed) {
        for digest in &self.held {
            keyed.entry(*digest).or_default().insert(self.customer);
        }
    }
}

/// Who is there of the customers of some rows.
pub(super) struct Present<'a> {
    choice: Choice,
    memory: &'a Memory,
    keyed: Keyed,
    /// Those that may be changed.
    changeable: HashMap<Id<Customer>, Customer>,
    guarded: Guarded,
    /// Those that rows of this import made or changed.
    mine: HashSet<Id<Customer>>,
}

/// Who the customer of a row is.
pub(super) enum Found {
    /// It is new.
    Nobody,
    /// It is there, and stays as it is.
    Known(Id<Customer>),
    /// It is there, and is to be changed.
    Changeable(Box<Customer>),
    /// It is not there, and none is to be made.
    Absent(&'static Rule),
    /// It can't be found out.
    Unclear(&'static Rule),
}

/// The grant by which customers who are there are changed.
///
/// # Errors
/// 403 where there is none.
pub(super) fn writer(tx: &Tx) -> Result<Grant<CustomersWrite>, Fault> {
    let authority = tx.operation().authority.as_deref();
    let grant = authority.and_then(|authority| Grant::of(authority, tx.now()));
    grant.ok_or_else(|| Fault::new(&PERMISSION_MISSING).with("permission", CustomersWrite::CODE))
}

impl<'a> Present<'a> {
    pub(super) async fn look<G: Writes<Import>>(
        tx: &Tx,
        grant: &G,
        ground: &Ground<'_>,
        candidates: &[Candidate<'_>],
        (households, memory): (&Households, &'a Memory),
    ) -> Result<Self, Error> {
        let choice = ground.import.choice;
        let mut present = Self {
            choice,
            memory,
            keyed: Keyed::new(),
            changeable: HashMap::new(),
            guarded: Guarded::default(),
            mine: HashSet::new(),
        };
        if !choice.updates() {
            return Ok(present);
        }
        let digests = candidates
            .iter()
            .flat_map(|one| one.keys.digests(choice.key));
        present.keyed = matching::keyed(tx, digests.collect()).await?;
        let mut ids = BTreeSet::new();
        for one in candidates {
            ids.extend(present.led_to(one));
            ids.extend(households.child(&one.keys));
        }
        present.changeable = matching::changeable(tx, &writer(tx)?, &ids).await?;
        let children = present.changeable.keys().copied();
        present.guarded = matching::guarded(tx, children).await?;
        present.mine = matching::touched(tx, grant, ground.import.id, &ids).await?;
        Ok(present)
    }

    /// Whom the key of a row leads to, of any reach.
    fn led_to(&self, candidate: &Candidate<'_>) -> BTreeSet<Id<Customer>> {
        if self.choice.key == ImportKey::Id {
            return candidate.lead.customer.map(Id::new).into_iter().collect();
        }
        let digests = candidate.keys.digests(self.choice.key);
        let maps = [&self.keyed, &self.memory.keyed];
        let led = maps
            .iter()
            .flat_map(|map| digests.iter().filter_map(move |digest| map.get(digest)));
        led.flatten().copied().collect()
    }

    /// Who the customer of a row is.
    pub(super) fn of(&self, candidate: &Candidate<'_>, households: &Households) -> Found {
        let by_household = || {
            let known = households.child(&candidate.keys);
            known.or_else(|| self.memory.households.child(&candidate.keys))
        };
        let nobody = match self.choice.action {
            ImportAction::Update => Found::Absent(&CUSTOMER_UNKNOWN),
            _ => Found::Nobody,
        };
        if self.choice.key == ImportKey::Household {
            return by_household().map_or(nobody, |known| self.settled(known));
        }
        let has_key = match self.choice.key {
            ImportKey::Id => candidate.lead.customer.is_some(),
            key => !candidate.keys.digests(key).is_empty(),
        };
        if !has_key && self.choice.action == ImportAction::Update {
            return Found::Unclear(&KEY_MISSING);
        }
        // Who is beyond reach is as good as absent: else any phone could be tried here.
        let led = self.led_to(candidate).into_iter();
        let reached: Vec<_> = led
            .filter(|id| self.is_mine(*id) || self.changeable.contains_key(id))
            .collect();
        match (reached.as_slice(), self.choice.action) {
            ([one], _) => self.settled(*one),
            ([], ImportAction::Update) => nobody,
            // One of its household is a duplicate, as in every import.
            ([], _) => by_household().map_or(Found::Nobody, Found::Known),
            _ => Found::Unclear(&KEY_AMBIGUOUS),
        }
    }

    fn is_mine(&self, id: Id<Customer>) -> bool {
        self.mine.contains(&id) || self.memory.mine.contains(&id)
    }

    /// A customer that is there: one row changes it, and those that follow are duplicates.
    fn settled(&self, known: Id<Customer>) -> Found {
        match self.changeable.get(&known) {
            Some(customer) if self.choice.updates() && !self.is_mine(known) => {
                Found::Changeable(Box::new(customer.clone()))
            }
            _ => Found::Known(known),
        }
    }

    /// By what the guardians are reached of those that may be changed.
    pub(super) fn guarded(&self) -> &Guarded {
        &self.guarded
    }

    /// Takes in a customer that a row makes or changes.
    pub(super) fn add(&mut self, added: &Added) {
        self.mine.insert(added.customer);
        added.enter(&mut self.keyed);
    }
}

/// What a row changes of a customer.
pub(super) struct Changed {
    row: i64,
    before: Customer,
    pub(super) after: Customer,
    put_on: Vec<Tagging>,
    taken_off: Vec<Id<Tag>>,
    /// Fields of which something could not be put on.
    pub(super) unread: Vec<LeadField>,
}

impl Changed {
    pub(super) fn is_anything(&self) -> bool {
        self.after.version != self.before.version
            || !self.put_on.is_empty()
            || !self.taken_off.is_empty()
    }

    /// Writes it, and what it takes to undo it.
    pub(super) async fn write(
        &self,
        tx: &Tx,
        import: &impl Writes<Import>,
        id: Id<Import>,
    ) -> Result<(), Error> {
        let writer = writer(tx)?;
        if self.after.version != self.before.version {
            store::update(tx, &writer, &self.before, &self.after).await?;
        }
        made::insert_changed(tx, import, (id, self.row), (&self.before, &self.after)).await?;
        if self.put_on.is_empty() && self.taken_off.is_empty() {
            return Ok(());
        }
        let authority = tx.operation().authority.as_deref();
        let tagging = authority.and_then(|authority| Grant::<TagsWrite>::of(authority, tx.now()));
        let Some(tagging) = tagging else {
            return Ok(());
        };
        let act = act(tx, id)?;
        for tag in &self.taken_off {
            tags::store::take_off(tx, &tagging, self.after.id, *tag, &act).await?;
        }
        for new in &self.put_on {
            tags::store::put_on(tx, &tagging, new).await?;
        }
        Ok(())
    }
}

fn act(tx: &Tx, import: Id<Import>) -> Result<Act, Error> {
    let by = tx.operation().actor.principal;
    Ok(Act::now(by, Some(undo::tag_reason(import)), &tx.stamp())?)
}

/// What a row changes of a customer that may be changed.
pub(super) async fn change(
    tx: &Tx,
    ground: &Ground<'_>,
    marker: &Marker,
    candidate: &Candidate<'_>,
    (before, guarded): (Customer, &Guarded),
) -> Result<Result<Changed, Vec<CellProblem>>, Error> {
    let stamp = tx.stamp();
    let today = ground.today(before.campus, &stamp);
    let (custom, mut problems) = match ground.custom(candidate, Some(&before)) {
        Ok(custom) => (custom, Vec::new()),
        Err(problems) => (before.custom.clone(), problems),
    };
    let (fields, contacts): (Vec<_>, Vec<_>) =
        contacts(ground.import.choice.lists, candidate, &before, guarded)
            .into_iter()
            .unzip();
    let mut after = before.change(
        profile(ground.import.choice.key, candidate, &before),
        before.details.clone(),
        custom,
        Some(contacts),
        today,
        &stamp,
    );
    let agreed = match &after {
        Ok(changed) => details_are_agreed(tx, &writer(tx)?, (&before, changed), today).await,
        Err(_) => Ok(()),
    };
    match agreed {
        Err(Error::Fault(fault)) => after = Err(fault),
        other => other?,
    }
    let after = match after {
        Ok(after) if problems.is_empty() => after,
        Ok(_) => return Ok(Err(problems)),
        Err(fault) => {
            problems.extend(ground.told(candidate.row, &fault, &fields, LeadField::Name));
            return Ok(Err(problems));
        }
    };
    let mut changed = Changed {
        row: candidate.row.number,
        before,
        after,
        put_on: Vec::new(),
        taken_off: Vec::new(),
        unread: Vec::new(),
    };
    if candidate.lead.next_follow_up_on.is_some() {
        changed.unread.push(LeadField::NextFollowUpOn);
    }
    if !candidate.lead.tags.is_empty() {
        retag(tx, ground, marker, candidate, &mut changed).await?;
    }
    Ok(Ok(changed))
}

/// The profile with what a row tells; by household a customer keeps its name.
fn profile(
    key: ImportKey,
    candidate: &Candidate<'_>,
    before: &Customer,
) -> domain::customers::Profile {
    let lead = &candidate.lead;
    let mut profile = before.profile.clone();
    if key != ImportKey::Household && !lead.name.is_empty() {
        profile.name.clone_from(&lead.name);
    }
    profile.gender = lead.gender.unwrap_or(profile.gender);
    profile.birth_date = lead.birth_date.or(profile.birth_date);
    profile.intent = lead.intent.or(profile.intent);
    profile.education = lead.education.or(profile.education);
    profile.occupation = lead.occupation.or(profile.occupation);
    for (told, field) in [
        (&lead.region, &mut profile.region),
        (&lead.school, &mut profile.school),
        (&lead.grade, &mut profile.grade),
        (&lead.note, &mut profile.note),
    ] {
        if told.is_some() {
            field.clone_from(told);
        }
    }
    profile
}

/// The contact points that a customer is to have, each with the field by which a row tells it. By what it does
/// not want to be reached it keeps in any case; by what its guardian is reached it is not.
fn contacts(
    lists: ListChange,
    candidate: &Candidate<'_>,
    before: &Customer,
    guarded: &Guarded,
) -> Vec<(LeadField, ContactInput)> {
    let lead = &candidate.lead;
    let reached = guarded.has(&candidate.keys, before.id);
    let phones = lead.phones.iter().enumerate();
    let phones = phones.map(|(at, phone)| {
        let is_guardians = reached.get(at) == Some(&true);
        (
            LeadField::Phone,
            ContactKind::Phone,
            phone.e164().to_owned(),
            is_guardians,
        )
    });
    let email = lead.email.as_ref().map(|email| email.address().to_owned());
    let others = [
        (LeadField::Wechat, ContactKind::Wechat, lead.wechat.clone()),
        (LeadField::Email, ContactKind::Email, email),
        (
            LeadField::Address,
            ContactKind::Address,
            lead.address.clone(),
        ),
    ];
    let others = others
        .into_iter()
        .filter_map(|(field, kind, value)| Some((field, kind, value?, false)));
    let told: Vec<_> = phones.chain(others).collect();
    let stays = |point: &&domain::customers::ContactPoint| {
        let mut same = told
            .iter()
            .filter(|(_, kind, ..)| *kind == point.kind)
            .peekable();
        lists == ListChange::Append
            || point.do_not_contact
            || same.peek().is_none()
            || same.any(|(_, _, value, _)| value == point.clear())
    };
    let kept: Vec<_> = before.contacts.iter().filter(stays).collect();
    let mut all: Vec<(LeadField, ContactInput)> = Vec::new();
    for point in &kept {
        let field = match point.kind {
            ContactKind::Email => LeadField::Email,
            ContactKind::Wechat | ContactKind::Qq => LeadField::Wechat,
            ContactKind::Address => LeadField::Address,
            ContactKind::Phone => LeadField::Phone,
        };
        let input = ContactInput {
            id: Some(point.id),
            ..ContactInput::default()
        };
        all.push((field, input));
    }
    let mut has_preferred = kept
        .iter()
        .any(|p| p.kind == ContactKind::Phone && p.is_preferred);
    for (field, kind, value, is_guardians) in &told {
        let is_there = kept.iter().any(|p| p.kind == *kind && p.clear() == value);
        if is_there || *is_guardians {
            continue;
        }
        let is_preferred = *kind == ContactKind::Phone && !has_preferred;
        has_preferred |= is_preferred;
        all.push((*field, point(*kind, value.clone(), is_preferred)));
    }
    all
}

/// What becomes of the tags of a customer, where the importer may put tags on it.
async fn retag(
    tx: &Tx,
    ground: &Ground<'_>,
    marker: &Marker,
    candidate: &Candidate<'_>,
    changed: &mut Changed,
) -> Result<(), Error> {
    let anchored = match marker.tagging() {
        Some(grant) => anchor(tx, grant, changed.after.id)
            .await?
            .map(|anchor| (grant, anchor)),
        None => None,
    };
    let Some((grant, anchored)) = anchored else {
        changed.unread.push(LeadField::Tags);
        return Ok(());
    };
    let (wanted, is_whole) = marker.wanted(&candidate.lead);
    if !is_whole {
        changed.unread.push(LeadField::Tags);
    }
    let on = tags::store::of(tx, grant, anchored.id, false).await?;
    let on: BTreeSet<_> = on.into_iter().map(|tagging| tagging.tag).collect();
    let act = act(tx, ground.import.id)?;
    let new = wanted.iter().filter(|tag| !on.contains(tag));
    changed.put_on = new
        .map(|tag| Tagging::new(&anchored, *tag, act.clone(), &tx.stamp()))
        .collect();
    // A name that is no tag is no reason to take another off.
    if ground.import.choice.lists == ListChange::Replace && is_whole {
        changed.taken_off = on.into_iter().filter(|tag| !wanted.contains(tag)).collect();
    }
    Ok(())
}
