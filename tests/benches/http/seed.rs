//! A school with many customers, put into the tables in the shape that the application gives them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    access::{Principal, PrincipalKind},
    id::Id,
    money::Currency,
    organization::{Campus, Institution, Locale, NewInstitution, Staff},
    search::{last_four_gram, name_grams},
    text::fold,
};
use educrm::app::App;
use persistence::{
    Error, Handle, Operation, Tx,
    access::sessions,
    keys::{FieldKeys, SealedAt},
    organization::store::{NewCampus, NewStaff, form_team, found, hire, lead_team, open_campus},
};
use tests::{chance::Chance, process::Site, world::Person};
use uuid::Uuid;

use crate::{
    fill::{Cell, Document, Tables},
    names,
};

/// Recruiters; a customer's number modulo this says who holds it.
const RECRUITERS: usize = 400;
/// Of these, at the small campus; then at the large one; the rest at the middle one.
const SMALL: usize = 4;
const LARGE: usize = 200;
/// Members of the team that is asked for.
pub(crate) const TEAM: std::ops::Range<usize> = 300..312;
/// A recruiter with whom customers of others are shared.
pub(crate) const SHARING: usize = 210;
const SHARES: usize = 300;
/// From the first customer to now.
const SPAN: Duration = Duration::from_secs(200 * 24 * 3600);

pub(crate) struct Seeded {
    pub(crate) institution: Id<Institution>,
    pub(crate) customers: usize,
    pub(crate) recruiters: Vec<Person>,
    /// Without customers.
    pub(crate) empty: Person,
    pub(crate) leader: Person,
    pub(crate) small: Person,
    pub(crate) large: Person,
    pub(crate) boss: Person,
    campuses: [Id<Campus>; 3],
    /// Number before every gram.
    pub(crate) number: i32,
    /// When the first customer was taken in, in milliseconds, and how much later each next one.
    pub(crate) first: u64,
    pub(crate) step: u64,
}

impl Seeded {
    /// Id of a customer by its number: a UUIDv7 that SQL can compute too.
    pub(crate) fn id(&self, number: usize) -> Uuid {
        version_7(self.at(number) / 1000, 0, number)
    }

    /// When a customer was taken in, in microseconds.
    fn at(&self, number: usize) -> i64 {
        i64::try_from((self.first + number as u64 * self.step) * 1000).unwrap()
    }

    /// The campus with half of all customers.
    pub(crate) fn large_campus(&self) -> Id<Campus> {
        let [_, large, _] = self.campuses;
        large
    }

    pub(crate) fn campus(&self, recruiter: usize) -> Id<Campus> {
        let [small, large, middle] = self.campuses;
        match recruiter {
            n if n < SMALL => small,
            n if n < SMALL + LARGE => large,
            _ => middle,
        }
    }

    /// Ids that stay the same from transaction to transaction.
    pub(crate) fn known(&self) -> Vec<Uuid> {
        let people = [
            &self.empty,
            &self.leader,
            &self.small,
            &self.large,
            &self.boss,
        ];
        people
            .into_iter()
            .chain(&self.recruiters)
            .flat_map(|p| [p.principal.uuid(), p.session.uuid()])
            .chain(self.campuses.map(Id::uuid))
            .chain([self.institution.uuid()])
            .collect()
    }
}

/// Founds the school and fills it.
pub(crate) fn seed(site: &Site, customers: usize) -> Seeded {
    site.prepare(async |app| {
        let mut seeded = people(&app, customers).await;
        let keys = app.db.read().keys_of(seeded.institution).await.unwrap();
        let mut tables = Tables::open(site).await.unwrap();
        seeded.number = tables.number().await.unwrap();
        fill(&mut tables, &seeded, &keys).await.unwrap();
        seeded
    })
}

async fn people(app: &App, customers: usize) -> Seeded {
    let stamp = app.clock.stamp();
    let institution = stamp.id();
    let operation = Operation::system(institution, PrincipalKind::Operator, "seed", stamp);
    let mut seeded = app
        .db
        .transaction(&operation, |tx| async move {
            let new = NewInstitution {
                code: "bench".into(),
                name: "启明教育".into(),
                time_zone: "Asia/Shanghai".into(),
                currency: Currency::CNY,
                locale: Locale::Chinese,
            };
            found(&tx, &new).await?;
            let campuses = [
                campus(&tx, "小校区").await?,
                campus(&tx, "大校区").await?,
                campus(&tx, "中校区").await?,
            ];
            let team = form_team(&tx, "招生一组", None).await?;
            let mut seeded = Seeded {
                institution,
                customers,
                recruiters: Vec::new(),
                empty: person(&tx, "empty", "recruiter", campuses[2], None).await?,
                leader: person(&tx, "leader", "sales_supervisor", campuses[2], None).await?,
                small: person(&tx, "small", "branch_manager", campuses[0], None).await?,
                large: person(&tx, "large", "branch_manager", campuses[1], None).await?,
                boss: person(&tx, "boss", "boss", campuses[2], None).await?,
                campuses,
                number: 0,
                first: 0,
                step: u64::try_from(SPAN.as_millis()).unwrap() / customers as u64,
            };
            for number in 0..RECRUITERS {
                let team = TEAM.contains(&number).then_some(team);
                let name = format!("recruiter{number}");
                let campus = seeded.campus(number);
                let recruiter = person(&tx, &name, "recruiter", campus, team).await?;
                seeded.recruiters.push(recruiter);
            }
            lead_team(&tx, team, seeded.leader.principal.cast()).await?;
            Ok::<_, Error>(seeded)
        })
        .await
        .unwrap();
    let span = u64::try_from(SPAN.as_millis()).unwrap();
    let now = u64::try_from(app.clock.now().as_millisecond()).unwrap();
    seeded.first = now - span - 3_600_000;
    seeded
}

async fn campus(tx: &Tx, name: &str) -> Result<Id<Campus>, Error> {
    open_campus(
        tx,
        &NewCampus {
            name: name.into(),
            region: None,
            legal_entity: "启明教育有限公司".into(),
            is_headquarters: false,
            time_zone: "Asia/Shanghai".into(),
        },
    )
    .await
}

async fn person(
    tx: &Tx,
    name: &str,
    role: &str,
    campus: Id<Campus>,
    team: Option<Id<domain::organization::Team>>,
) -> Result<Person, Error> {
    let id: Id<Staff> = hire(
        tx,
        &NewStaff {
            user_name: name.into(),
            name: name.into(),
            phone: None,
            campuses: vec![campus],
            home_team: team,
            roles: vec![role.into()],
        },
    )
    .await?;
    let principal: Id<Principal> = id.cast();
    let (session, _) = sessions::open(tx, principal, jiff::SignedDuration::from_hours(24)).await?;
    Ok(Person {
        name: "",
        principal,
        session,
    })
}

/// Customers whose rows are put in together.
const AT_ONCE: usize = 5_000;

const CUSTOMERS: &str = "customers (institution_id, id, version, kind, name, name_fold, gender, birth_date, \
    intent, stage, note, contacts, holder_id, campus_id, channel, collected_at, collector_id, created_at, updated_at)";
const COLLECTIONS: &str = "customer_collections (institution_id, id, version, customer_id, is_current, channel, \
    collected_at, collector_id, created_at, recorded_at)";
const CONTACTS: &str = "contact_index (institution_id, digest, customer_id)";
const FOLLOW_UPS: &str = "follow_ups (institution_id, id, version, customer_id, holder_id, customer_campus_id, method, \
    outcome, intent, content, occurred_at, next_on, due_at, due_until, author_id, created_at, updated_at)";
const SHARED: &str = "customer_shares (institution_id, grantee_id, customer_id, customer_created_at, can_write, \
    until, created_at)";

/// Follow-ups of each customer; the last one names a next date.
const FOLLOWED: usize = 3;
const QUARTER: i64 = 15 * 60 * 1_000_000;
const DAY: i64 = 24 * 3600 * 1_000_000;

async fn fill(
    tables: &mut Tables,
    seeded: &Seeded,
    keys: &Arc<FieldKeys>,
) -> Result<(), sqlx::Error> {
    let mut grams = Grams {
        number: seeded.number,
        known: HashMap::new(),
    };
    tables.begin().await?;
    let mut rows = customers(seeded).peekable();
    while rows.peek().is_some() {
        let batch: Vec<Customer> = rows.by_ref().take(AT_ONCE).collect();
        let of = |make: &dyn Fn(&Customer) -> Vec<Cell>| batch.iter().map(make).collect();
        tables.put(CUSTOMERS, of(&|c| c.row(seeded, keys))).await?;
        tables
            .put(COLLECTIONS, of(&|c| c.collection(seeded)))
            .await?;
        let contacts = |c: &Customer| {
            vec![
                seeded.institution.uuid().into(),
                c.digest(keys).into(),
                c.id.into(),
            ]
        };
        tables.put(CONTACTS, of(&contacts)).await?;
        let documents = batch.iter().map(|c| Document {
            customer: c.id,
            holder: c.holder,
            campus: c.campus,
            grams: grams.of(c, keys),
        });
        let documents = documents.collect();
        tables.index(seeded.institution.uuid(), documents).await?;
        let follow_ups = batch
            .iter()
            .flat_map(|c| (0..FOLLOWED).map(|number| c.follow_up(seeded, number)));
        tables.put(FOLLOW_UPS, follow_ups.collect()).await?;
    }
    let sharing = seeded.recruiters[SHARING].principal.uuid();
    let shares = shared(seeded).map(|number| {
        let at = seeded.at(number);
        let id = seeded.id(number);
        let institution = seeded.institution.uuid();
        vec![
            institution.into(),
            sharing.into(),
            id.into(),
            at.into(),
            Cell::Flag(false),
            Cell::Null,
            at.into(),
        ]
    });
    tables.put(SHARED, shares.collect()).await?;
    tables.finish().await
}

struct Customer {
    number: usize,
    id: Uuid,
    name: String,
    intent: i64,
    stage: &'static str,
    note: &'static str,
    holder: Uuid,
    campus: Uuid,
    at: i64,
}

/// Every customer, in the order in which they came.
fn customers(seeded: &Seeded) -> impl Iterator<Item = Customer> {
    const STAGES: &[&str] = &[
        "lead",
        "contacted",
        "interested",
        "trial",
        "enrolled",
        "lost",
    ];
    const NOTES: &[&str] = &[
        "",
        "喜欢画画",
        "家长周末有空，下午联系",
        "想先试听一节课再决定",
    ];
    let mut chance = Chance::new(2026);
    (0..seeded.customers).map(move |number| {
        let [name, ..] = names::name(&mut chance);
        let recruiter = number % RECRUITERS;
        Customer {
            number,
            id: seeded.id(number),
            name,
            intent: i64::try_from(chance.below(4)).unwrap() + 1,
            stage: chance.pick::<&str>(STAGES),
            note: chance.pick::<&str>(NOTES),
            holder: seeded.recruiters[recruiter].principal.uuid(),
            campus: seeded.campus(recruiter).uuid(),
            at: seeded.at(number),
        }
    })
}

/// The telephone number of a customer, as a person types it: eleven digits, each customer another.
pub(crate) fn phone(number: usize) -> String {
    // 7,919 has no factor in common with ten: no two customers get the same digits.
    format!("139{:08}", (number * 7_919) % 100_000_000)
}

impl Customer {
    fn e164(&self) -> String {
        format!("+86{}", phone(self.number))
    }

    fn digest(&self, keys: &FieldKeys) -> Vec<u8> {
        keys.hash("phone", &self.e164()).unwrap().into()
    }

    /// As `persistence::customers` writes it.
    fn row(&self, seeded: &Seeded, keys: &FieldKeys) -> Vec<Cell> {
        let place = SealedAt {
            table: "customers",
            column: "contacts",
            row: self.id,
        };
        let contacts = tests::json!([{
            "id": self.id, "kind": "phone", "value": self.e164(), "label": null, "is_preferred": true,
        }]);
        let sealed = keys.seal(place, contacts.to_string().as_bytes()).unwrap();
        vec![
            seeded.institution.uuid().into(),
            self.id.into(),
            1.into(),
            "student".into(),
            self.name.as_str().into(),
            fold(&self.name).as_str().into(),
            "not_given".into(),
            "2015-09-01".into(),
            self.intent.into(),
            self.stage.into(),
            if self.note.is_empty() {
                Cell::Null
            } else {
                self.note.into()
            },
            sealed.into(),
            self.holder.into(),
            self.campus.into(),
            "hotline".into(),
            self.at.into(),
            self.holder.into(),
            self.at.into(),
            self.at.into(),
        ]
    }

    /// That with which it began.
    fn collection(&self, seeded: &Seeded) -> Vec<Cell> {
        vec![
            seeded.institution.uuid().into(),
            self.id.into(),
            1.into(),
            self.id.into(),
            Cell::Flag(true),
            "hotline".into(),
            self.at.into(),
            self.holder.into(),
            self.at.into(),
            self.at.into(),
        ]
    }

    fn follow_up(&self, seeded: &Seeded, number: usize) -> Vec<Cell> {
        let at = self.at + (number as i64 + 1) * QUARTER;
        let last = number + 1 == FOLLOWED;
        let due = |after: i64| {
            if last {
                Cell::Number(at + after)
            } else {
                Cell::Null
            }
        };
        vec![
            seeded.institution.uuid().into(),
            version_7(at / 1000, 1 + number as u64, self.number).into(),
            1.into(),
            self.id.into(),
            self.holder.into(),
            self.campus.into(),
            "phone".into(),
            "interested".into(),
            self.intent.into(),
            "家长想了解周末的课".into(),
            at.into(),
            if last {
                "2026-09-01".into()
            } else {
                Cell::Null
            },
            due(3 * DAY),
            due(4 * DAY),
            self.holder.into(),
            at.into(),
            at.into(),
        ]
    }
}

/// A UUIDv7 of a time in milliseconds.
fn version_7(millis: i64, kind: u64, number: usize) -> Uuid {
    let millis = u128::try_from(millis).unwrap();
    let low = u128::from((0x8000 + kind) << 48) | number as u128;
    Uuid::from_u128((millis << 80) | (0x7000 << 64) | low)
}

/// The grams of a customer, as `persistence::customers::search` enters them.
struct Grams {
    number: i32,
    known: HashMap<String, Vec<String>>,
}

impl Grams {
    fn of(&mut self, customer: &Customer, keys: &FieldKeys) -> Vec<String> {
        let number = self.number;
        let name = &customer.name;
        let named = self.known.entry(name.clone()).or_insert_with(|| {
            let first = fold(name).chars().next().map(|c| format!("f{c}"));
            let grams = name_grams(name).into_iter().chain(first);
            grams.map(|gram| format!("{number}{gram}")).collect()
        });
        let digest = customer.digest(keys);
        let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
        let phone = phone(customer.number);
        let four = last_four_gram(&phone[phone.len() - 4..]);
        let mut grams = named.clone();
        grams.extend([format!("{number}k{hex}"), format!("{number}{four}")]);
        grams
    }
}

/// Customers that are shared with one recruiter: of many others, old and new.
fn shared(seeded: &Seeded) -> impl Iterator<Item = usize> {
    let every = (seeded.customers / SHARES).max(1) | 1;
    (0..seeded.customers)
        .step_by(every)
        .filter(|n| n % RECRUITERS != SHARING)
}
