//! Use cases of duplicates: what is asked, what may be told.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{CustomersRead, DirectoryRead, FIELD_NOT_READABLE, FollowUpsRead, TagsRead},
    customers::{
        ContactInput, ContactKind, ContactPoint, Customer, DUPLICATE_KEY_MISSING, DuplicateKey,
        Kind, Likeness, RelationRole, replace,
    },
    fault::{Fault, FieldFault},
    id::Id,
    phone::Phone,
};
use jiff::{SignedDuration, Timestamp};
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads, allowance::Allowance, share_requests},
    customers::{
        duplicates::{Candidate, Keeper, Known, Way, candidates, known_by},
        relations::{self, Wanted},
        store::find_all,
    },
    database::Change,
    follow_ups::store::last_contact,
    organization::names,
    scope::{Direction, Page},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    CallerLookUp, CheckDuplicates, DuplicateCandidate, DuplicateCheck, KnownBeyondReach,
    KnownCaller, LookUpCaller,
};
use crate::{
    access::fields::{show, show_as},
    customers::{
        CustomerBody, NamedRecord, RECORD,
        commands::get,
        lists::tags,
        relations::{NAMES, RelationBody},
    },
    follow_ups::{self, FollowUpBody},
    http::wire::Wire,
    settings::Settings,
};

/// Candidates that are told, at most.
const CANDIDATES: usize = 20;
/// Relations of one customer that are looked at, at most.
const HOUSEHOLD: u64 = 50;
/// Callers that are told, at most.
const CALLERS: usize = 10;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How often one principal may ask.
#[derive(Clone, Copy, Debug)]
pub struct Allowances {
    /// Of what is asked.
    pub asks: Allowance,
    /// Of what was told of customers beyond reach.
    pub finds: Allowance,
}

impl Allowances {
    pub fn of_checks(settings: &Settings) -> Self {
        let of = |of, most| Allowance {
            of,
            most,
            seconds: DAY.as_secs(),
        };
        Self {
            asks: of("duplicate_keys", settings.duplicate_keys_per_day.0),
            finds: of("duplicate_finds", settings.duplicate_finds_per_day.0),
        }
    }

    pub fn of_look_ups(settings: &Settings) -> Self {
        Self {
            asks: Allowance {
                of: "lookups",
                most: settings.lookups_per_hour.0,
                seconds: 3600,
            },
            finds: Allowance {
                of: "lookup_finds",
                most: settings.lookup_finds_per_day.0,
                seconds: DAY.as_secs(),
            },
        }
    }

    /// Counts what is asked before it is looked for. What was told counts for later questions: a refusal
    /// must not tell either.
    async fn ask(&self, tx: &Tx, some: usize) -> Result<(), Error> {
        self.finds.is_left(tx).await?;
        self.asks.take(tx, number(some)).await
    }
}

fn number(some: usize) -> u32 {
    u32::try_from(some).unwrap_or(u32::MAX)
}

/// The caller, as far as customers go.
struct Asker<'a> {
    authority: Option<&'a Authority>,
    grant: Option<Grant<CustomersRead>>,
}

impl<'a> Asker<'a> {
    fn of(tx: &'a Tx) -> Self {
        let authority = tx.operation().authority.as_deref();
        Self {
            authority,
            grant: authority.and_then(|authority| Grant::of(authority, tx.now())),
        }
    }

    fn sees(&self, field: &'static str) -> bool {
        sees(self.authority, field)
    }

    /// Refuses to look by what the caller may not read.
    fn may_ask(&self, asked: &[(&'static str, &'static str)]) -> Result<(), Fault> {
        let unseen = asked.iter().filter(|(_, field)| !self.sees(field));
        let faults = unseen.map(|(pointer, _)| FieldFault::new(*pointer, &FIELD_NOT_READABLE));
        Fault::unless_empty(faults.collect())
    }

    /// Those of some customers that the caller reaches.
    async fn within_reach(&self, tx: &Tx, known: &[Known]) -> Result<Vec<Customer>, Error> {
        let ids: Vec<_> = known.iter().map(|known| known.customer).collect();
        match &self.grant {
            Some(grant) => find_all(tx, grant, &ids).await,
            None => Ok(Vec::new()),
        }
    }
}

fn sees(authority: Option<&Authority>, field: &'static str) -> bool {
    authority.is_none_or(|authority| authority.fields().is_readable(RECORD, field))
}

/// What is asked, in the forms in which it is kept.
struct Asked {
    subject: Likeness,
    ways: Vec<Way>,
    keys: Vec<DuplicateKey>,
}

impl Asked {
    fn read(body: &CheckDuplicates, tx: &Tx) -> Result<Self, Fault> {
        let inputs = body.contact_points.iter().flatten();
        let inputs = inputs.map(|point| ContactInput {
            kind: Some(point.kind.0),
            value: Some(point.value.clone()),
            ..ContactInput::default()
        });
        let mut contacts = replace(&[], inputs.collect(), &tx.stamp())?;
        let (mut ways, mut keys) = (Vec::new(), Vec::new());
        for point in &contacts {
            if let Some(key) = DuplicateKey::of(point.kind) {
                ways.push((point.kind, point.clear().to_owned()));
                keys.push(key);
            }
        }
        if let Some(phone) = &body.guardian_phone {
            let phone =
                Phone::parse(phone).map_err(|rule| FieldFault::new("/guardian_phone", rule))?;
            let (id, value) = (tx.stamp().id(), phone.e164().to_owned());
            ways.push((ContactKind::Phone, value.clone()));
            keys.push(DuplicateKey::GuardianPhone);
            contacts.push(ContactPoint::stored(
                id,
                ContactKind::Phone,
                value,
                None,
                false,
                None,
                false,
            ));
        }
        let named = body.name.is_some() && (body.birth_date.is_some() || body.school.is_some());
        if ways.is_empty() && !named {
            return Err(Fault::new(&DUPLICATE_KEY_MISSING));
        }
        let subject = Likeness {
            kind: body.kind.map(|kind| kind.0),
            name: body.name.clone(),
            birth_date: body.birth_date,
            school: body.school.clone(),
            contacts,
            guardians: BTreeSet::new(),
        };
        Ok(Self {
            subject,
            ways,
            keys,
        })
    }

    /// The fields that are looked by, with the place of each.
    fn fields(body: &CheckDuplicates) -> Vec<(&'static str, &'static str)> {
        let asked = [
            ("/name", "name", body.name.is_some()),
            ("/birth_date", "birth_date", body.birth_date.is_some()),
            ("/school", "school", body.school.is_some()),
            (
                "/contact_points",
                "contact_points",
                body.contact_points.is_some(),
            ),
            (
                "/guardian_phone",
                "contact_points",
                body.guardian_phone.is_some(),
            ),
        ];
        let asked = asked.into_iter().filter(|(.., is_asked)| *is_asked);
        asked.map(|(pointer, field, _)| (pointer, field)).collect()
    }
}

/// Who may be there already. How much was asked and found is on the trail, never what.
///
/// # Errors
/// 422 where there is nothing to look by, or the caller may not read it; 429 where too much was asked.
pub async fn check(
    tx: &Tx,
    body: &CheckDuplicates,
    allowances: Allowances,
) -> Result<DuplicateCheck, Error> {
    let asker = Asker::of(tx);
    asker.may_ask(&Asked::fields(body))?;
    let mut asked = Asked::read(body, tx)?;
    allowances.ask(tx, asked.ways.len()).await?;
    let known = known_by(tx, tx.operation().institution, &asked.ways).await?;
    let reached = asker.within_reach(tx, &known).await?;
    asked.subject.guardians = guardians(&asked, &known, &reached);
    let mut found = Vec::new();
    if let Some(grant) = &asker.grant {
        let named = reached.iter().map(|customer| customer.id);
        found = candidates(tx, grant, &asked.subject, named, |field| asker.sees(field)).await?;
    }
    let beyond = beyond(tx, known, &reached, &asked.keys).await?;
    allowances.finds.note(tx, number(beyond.len())).await?;
    record(
        tx,
        "duplicate_check",
        asked.ways.len(),
        (found.len(), beyond.len()),
    );
    Ok(DuplicateCheck {
        candidates: shown(tx, (asker.authority, tx.now()), found).await?,
        beyond_reach: beyond,
    })
}

/// The guardians within reach who have the guardian's phone.
fn guardians(asked: &Asked, known: &[Known], reached: &[Customer]) -> BTreeSet<Id<Customer>> {
    let is_guardians = |way: &usize| asked.keys.get(*way) == Some(&DuplicateKey::GuardianPhone);
    let is_called = |id: Id<Customer>| {
        let mut known = known.iter().filter(|known| known.customer == id);
        known.any(|known| known.ways.iter().any(is_guardians))
    };
    let guardians = reached.iter().filter(|c| c.profile.kind == Kind::Guardian);
    let ids = guardians.map(|guardian| guardian.id);
    ids.filter(|id| is_called(*id)).collect()
}

/// What may be told of those whom the caller does not reach: one for each team or place, the one that
/// most keys find.
async fn beyond(
    tx: &Tx,
    known: Vec<Known>,
    reached: &[Customer],
    keys: &[DuplicateKey],
) -> Result<Vec<KnownBeyondReach>, Error> {
    let mut told = BTreeMap::<Keeper, Known>::new();
    for one in known {
        if reached.iter().any(|customer| customer.id == one.customer) {
            continue;
        }
        match told.get(&one.keeper) {
            Some(better) if better.ways.len() >= one.ways.len() => {}
            _ => {
                told.insert(one.keeper.clone(), one);
            }
        }
    }
    let field_keys = tx.keys().await?;
    let asker = Id::new(tx.operation().actor.principal);
    let until = tx.now() + DAY;
    told.into_values()
        .map(|known| {
            let found: BTreeSet<_> = known.ways.iter().filter_map(|way| keys.get(*way)).collect();
            Ok(KnownBeyondReach {
                keys: found.into_iter().map(|key| Wire(*key)).collect(),
                keeper: known.keeper.into(),
                request_token: share_requests::token(&field_keys, asker, known.customer, until)?,
            })
        })
        .collect()
}

fn record(tx: &Tx, kind: &'static str, keys: usize, (within, beyond): (usize, usize)) {
    let told = json!({ "keys": keys, "within_reach": within, "beyond_reach": beyond });
    let id = tx.stamp().id::<()>().uuid();
    tx.record(Change::new(kind, id, 1, told));
}

/// Candidates as somebody may see them.
async fn shown(
    handle: &impl Handle,
    (reader, now): (Option<&Authority>, Timestamp),
    mut found: Vec<Candidate>,
) -> Result<Vec<DuplicateCandidate>, Error> {
    found.truncate(CANDIDATES);
    let bodies = bodies(
        handle,
        (reader, now),
        found.iter().map(|found| &found.customer),
    )
    .await?;
    bodies
        .into_iter()
        .zip(found)
        .map(|(body, found)| {
            Ok(DuplicateCandidate {
                customer: show(reader, RECORD, body)?,
                score: found.alike.score,
                reasons: found.alike.reasons.into_iter().map(Wire).collect(),
            })
        })
        .collect()
}

/// Customers with their tags, as far as somebody sees these.
async fn bodies(
    handle: &impl Handle,
    (reader, now): (Option<&Authority>, Timestamp),
    customers: impl Iterator<Item = &Customer>,
) -> Result<Vec<CustomerBody>, Error> {
    let customers: Vec<Customer> = customers.cloned().collect();
    let ids: Vec<_> = customers.iter().map(|customer| customer.id).collect();
    let tagging = reader.and_then(|reader| Grant::<TagsRead>::of(reader, now));
    let mut tags = tags(handle, tagging.as_ref(), &ids).await?;
    let body = |customer: Customer| {
        let tags = tags.remove(&customer.id).unwrap_or_default();
        CustomerBody::new(customer, tags)
    };
    Ok(customers.into_iter().map(body).collect())
}

/// The customers within reach who may be the same as one of them.
///
/// # Errors
/// 404 out of reach.
pub async fn of_customer(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    (reader, now): (&Authority, Timestamp),
    id: Id<Customer>,
) -> Result<(Customer, Vec<DuplicateCandidate>), Error> {
    let customer = get(handle, grant, id).await?;
    let id = customer.id;
    let sees = |field| sees(Some(reader), field);
    let wanted = Wanted {
        roles: vec![RelationRole::Guardian],
        ..Wanted::default()
    };
    let related = relations::of(handle, grant, id, &wanted, &household()).await?;
    let guardians = related.into_iter().map(|(_, guardian)| guardian.id);
    let guardians = guardians.collect();
    let subject = Likeness::of(&customer, guardians, sees);
    let ways: Vec<Way> = subject
        .contacts
        .iter()
        .filter(|point| DuplicateKey::of(point.kind).is_some())
        .map(|point| (point.kind, point.clear().to_owned()))
        .collect();
    let known = known_by(handle, grant.scope().institution(), &ways).await?;
    let named = known.iter().map(|known| known.customer);
    let mut found = candidates(handle, grant, &subject, named, sees).await?;
    found.retain(|found| found.customer.id != id);
    Ok((customer, shown(handle, (Some(reader), now), found).await?))
}

/// The relations that are looked at.
fn household() -> Page {
    Page {
        order: Direction::OldestFirst,
        after: None,
        limit: HOUSEHOLD,
    }
}

/// Who has the number that calls: whole within reach, beyond it that there is somebody.
///
/// # Errors
/// 422 where it is no number, or the caller may not read numbers; 429 where too many were asked.
pub async fn look_up(
    tx: &Tx,
    body: &LookUpCaller,
    allowances: Allowances,
) -> Result<CallerLookUp, Error> {
    let asker = Asker::of(tx);
    asker.may_ask(&[("/phone", "contact_points")])?;
    let phone = Phone::parse(&body.phone).map_err(|rule| FieldFault::new("/phone", rule))?;
    allowances.ask(tx, 1).await?;
    let ways = [(ContactKind::Phone, phone.e164().to_owned())];
    let known = known_by(tx, tx.operation().institution, &ways).await?;
    let mut reached = asker.within_reach(tx, &known).await?;
    reached.sort_by_key(|customer| (customer.created_at, customer.id));
    let beyond = beyond(tx, known, &reached, &[DuplicateKey::Phone]).await?;
    allowances.finds.note(tx, number(beyond.len())).await?;
    record(tx, "call_lookup", 1, (reached.len(), beyond.len()));
    reached.truncate(CALLERS);
    Ok(CallerLookUp {
        callers: callers(tx, &asker, &reached).await?,
        beyond_reach: beyond,
    })
}

async fn callers(
    tx: &Tx,
    asker: &Asker<'_>,
    customers: &[Customer],
) -> Result<Vec<KnownCaller>, Error> {
    let (reader, now) = (asker.authority, tx.now());
    let Some(grant) = &asker.grant else {
        return Ok(Vec::new());
    };
    let directory = reader.and_then(|reader| Grant::<DirectoryRead>::of(reader, now));
    let holders: BTreeSet<Uuid> = customers.iter().map(|c| c.holder.uuid()).collect();
    let names = match &directory {
        Some(directory) => names::of(tx, directory, &holders).await?,
        None => BTreeMap::new(),
    };
    let spoken = reader.and_then(|reader| Grant::<FollowUpsRead>::of(reader, now));
    let bodies = bodies(tx, (reader, now), customers.iter()).await?;
    let mut callers = Vec::new();
    for (customer, body) in customers.iter().zip(bodies) {
        let holder = customer.holder.uuid();
        let name = names.get(&holder).cloned();
        let last = match &spoken {
            Some(spoken) => last_contact(tx, spoken, customer.id).await?,
            None => None,
        };
        let last = last.map(|last| show(reader, follow_ups::RECORD, FollowUpBody::new(last, now)));
        let related =
            relations::of(tx, grant, customer.id, &Wanted::default(), &household()).await?;
        let related = related.into_iter();
        let household = related
            .map(|(relation, relative)| RelationBody::new(customer.id, relation, &relative))
            .map(|body| show_as(reader, RECORD, NAMES, body));
        callers.push(KnownCaller {
            customer: show(reader, RECORD, body)?,
            holder: name.map(|name| NamedRecord { id: holder, name }),
            household: household.collect::<Result<_, _>>()?,
            last_contact: last.transpose()?,
        });
    }
    Ok(callers)
}
