//! A small model of who may do what to which record, and records to try it on.

use std::collections::BTreeSet;

use domain::{
    access::{BUILT_IN_ROLES, Principal, Reach},
    id::Id,
    organization::{Campus, Institution},
};
use tests::{Actor, Call, Operation, World, json};
use uuid::Uuid;

/// Kinds of record that operations name in their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Customer,
    /// Of a customer, with a person of its institution.
    Share,
    /// Of a customer, with a guardian in the same hands.
    Relation,
    /// Of a customer: hidden with it.
    FollowUp,
    /// Its owner's alone, whatever roles there are.
    Session,
}

/// What a record must be for an operation to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Deleted,
}

/// Every operation with an id in its path: the kind of the record, and its state. An operation that
/// is added to the API needs a row here.
pub(crate) const ROWS: &[(&str, Kind, State)] = &[
    ("getCustomer", Kind::Customer, State::Live),
    ("changeCustomer", Kind::Customer, State::Live),
    ("deleteCustomer", Kind::Customer, State::Live),
    ("restoreCustomer", Kind::Customer, State::Deleted),
    ("transferCustomer", Kind::Customer, State::Live),
    ("revealCustomer", Kind::Customer, State::Live),
    ("relateCustomer", Kind::Customer, State::Live),
    ("listRelations", Kind::Customer, State::Live),
    ("listTimeline", Kind::Customer, State::Live),
    ("getFollowUp", Kind::FollowUp, State::Live),
    ("changeFollowUp", Kind::FollowUp, State::Live),
    ("endRelation", Kind::Relation, State::Live),
    ("listCustomerShares", Kind::Customer, State::Live),
    ("shareCustomer", Kind::Customer, State::Live),
    ("endCustomerShare", Kind::Share, State::Live),
    ("endSession", Kind::Session, State::Live),
];

/// What everybody may do to what is his own.
pub(crate) const ONESELF: &str = "self";

/// Operations that the example of the document can't do, since it names a secret of somebody's.
/// This list may only shrink.
pub(crate) const NOT_BY_EXAMPLE: &[&str] = &["changePassword"];

/// Operations that look at a second permission, since nobody gives more than they hold.
pub(crate) const ALSO_NEEDS: &[(&str, &str)] = &[("shareCustomer", "customers:read")];

/// Permissions over what belongs to no customer and to no holder: reference data, staff, roles.
/// tests/organization and tests/courses try their operations. This list may only shrink.
const REFERENCE: &[&str] = &[
    "courses:write",
    "audit:read",
    "directory:read",
    "organization:write",
    "roles:write",
    "staff:write",
];

/// Whether an operation is about reference data.
pub(crate) fn is_reference(operation: &Operation) -> bool {
    let permission = operation.permission.as_deref().unwrap_or_default();
    REFERENCE.contains(&permission)
}

/// Operations with something in their path that is no record. This list may only shrink.
pub(crate) const NO_RECORD: &[&str] = &["getProblemType"];

/// The row of an operation.
pub(crate) fn row(operation: &str) -> (Kind, State) {
    let found = ROWS.iter().find(|(name, ..)| *name == operation);
    assert!(
        found.is_some(),
        "{operation} has an id in its path: give it a row in tests/access/policy.rs"
    );
    let (_, kind, state) = found.unwrap();
    (*kind, *state)
}

/// The kind of what a list's items are, by the name of the list's schema.
pub(crate) fn listed(schema: &str) -> Kind {
    match schema {
        "CustomerPage" => Kind::Customer,
        "FollowUpPage" => Kind::FollowUp,
        _ => panic!("{schema} is a list of something new: give it a kind"),
    }
}

/// Somebody, as the model knows them.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) actor: Actor,
    pub(crate) institution: Id<Institution>,
    pub(crate) campus: Id<Campus>,
    /// Other campuses of the same region.
    pub(crate) region: Vec<Id<Campus>>,
    /// Members of the teams that the person leads.
    pub(crate) led: Vec<Id<Principal>>,
    pub(crate) permissions: Vec<(&'static str, Reach)>,
}

/// A record to try something on.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) ids: Vec<String>,
    pub(crate) institution: Id<Institution>,
    pub(crate) holder: Uuid,
    pub(crate) campus: Id<Campus>,
    pub(crate) state: State,
}

/// How a record stands to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Own,
    Teammates,
    CampusPool,
    RegionPool,
    OtherCampus,
    OtherInstitution,
    /// Held by the person, and not in the state that the operation needs.
    OwnInOtherState,
}

pub(crate) const RELATIONS: [Relation; 7] = [
    Relation::Own,
    Relation::Teammates,
    Relation::CampusPool,
    Relation::RegionPool,
    Relation::OtherCampus,
    Relation::OtherInstitution,
    Relation::OwnInOtherState,
];

impl Target {
    /// A call on the record whose body names no place or holder that is out of somebody's reach.
    pub(crate) async fn call(&self, w: &World, operation: &Operation) -> Call {
        let call = operation.call_in(w, self.institution, &self.ids).await;
        let Some(mut body) = operation.example_in(w, self.institution).await else {
            return call;
        };
        let here = [
            ("holder_id", self.holder),
            ("campus_id", self.campus.uuid()),
        ];
        for (field, value) in here {
            if body.get(field).is_some() {
                body[field] = json!(value);
            }
        }
        if body.get("relative_id").is_some() {
            let guardian = guardian(w, self.institution, self.holder, self.campus).await;
            body["relative_id"] = json!(guardian);
        }
        call.with_body(&body)
    }
}

impl Person {
    pub(crate) fn holds(&self, permission: &str) -> bool {
        permission == ONESELF || self.permissions.iter().any(|(code, _)| *code == permission)
    }

    /// Whether a record is within the reach of a permission.
    pub(crate) fn reaches(&self, permission: &str, target: &Target) -> bool {
        let own = target.holder == self.actor.principal.uuid();
        if permission == ONESELF {
            return own;
        }
        target.institution == self.institution
            && self
                .permissions
                .iter()
                .filter(|(code, _)| *code == permission)
                .any(|(_, reach)| {
                    // These two reach nothing yet: they come with classes and with the portal.
                    let staff = !matches!(reach, Reach::Taught | Reach::Family);
                    (staff && own)
                        || match reach {
                            Reach::Own => false,
                            Reach::Team => self.led.iter().any(|p| p.uuid() == target.holder),
                            Reach::Campus => target.campus == self.campus,
                            Reach::Region => {
                                target.campus == self.campus || self.region.contains(&target.campus)
                            }
                            Reach::Institution => true,
                            Reach::Taught | Reach::Family => false,
                        }
                })
    }
}

/// One of all who are the same to a permission: where they are, whom they lead, how far they reach
/// with it.
pub(crate) fn unlike<'a>(people: &'a [Person], permission: &str) -> Vec<&'a Person> {
    let mut seen = BTreeSet::new();
    let mut unlike = Vec::new();
    for person in people {
        let reaches: BTreeSet<_> = person
            .permissions
            .iter()
            .filter(|(code, _)| *code == permission)
            .map(|(_, reach)| *reach)
            .collect();
        let standing = (person.campus, !person.led.is_empty(), reaches);
        if seen.insert((person.institution, standing)) {
            unlike.push(person);
        }
    }
    unlike
}

fn permissions(roles: &[&str]) -> Vec<(&'static str, Reach)> {
    BUILT_IN_ROLES
        .iter()
        .filter(|role| roles.contains(&role.code))
        .flat_map(|role| role.permissions)
        .flat_map(|(reach, codes)| codes.iter().map(|code| (*code, *reach)))
        .collect()
}

/// Everybody in the world, somebody of every built-in role, some with two roles or one of the
/// school's own, and the stranger.
pub(crate) async fn people(w: &World) -> Vec<Person> {
    let mut people = Vec::new();
    let region = |campus: Id<Campus>| {
        let all = [w.places.north, w.places.east];
        let others: Vec<_> = all.into_iter().filter(|c| *c != campus).collect();
        if others.len() == 1 {
            others
        } else {
            Vec::new()
        }
    };
    let team: Vec<_> = w
        .names()
        .filter(|name| w.post(name).in_team)
        .map(|name| w.actor(name).principal)
        .collect();
    for name in w.names() {
        let post = w.post(name);
        let leads = name == "supervisor";
        people.push(Person {
            name: name.into(),
            actor: w.actor(name),
            institution: w.institution,
            campus: post.campus,
            region: region(post.campus),
            led: if leads { team.clone() } else { Vec::new() },
            permissions: permissions(&[post.role]),
        });
    }
    w.add_role(
        "region_clerk",
        &[
            ("customers:read", Reach::Region),
            ("customers:write", Reach::Region),
        ],
    )
    .await;
    let missing = BUILT_IN_ROLES
        .iter()
        .filter(|role| w.names().all(|name| w.post(name).role != role.code))
        .map(|role| vec![role.code]);
    let more = [vec!["recruiter", "finance"], vec!["region_clerk"]];
    for roles in missing.chain(more) {
        let mut permissions = permissions(&roles);
        if roles == ["region_clerk"] {
            permissions = vec![
                ("customers:read", Reach::Region),
                ("customers:write", Reach::Region),
            ];
        }
        people.push(Person {
            name: roles.join("+"),
            actor: w.hire(&roles, w.places.north, None).await,
            institution: w.institution,
            campus: w.places.north,
            region: region(w.places.north),
            led: Vec::new(),
            permissions,
        });
    }
    people.push(Person {
        name: "stranger".into(),
        actor: w.as_stranger(),
        institution: w.other,
        campus: w.other_places.north,
        region: vec![w.other_places.east],
        led: Vec::new(),
        permissions: permissions(&["boss"]),
    });
    people
}

/// Makes a record that stands so to a person; `None` where there can't be one.
pub(crate) async fn target(
    w: &World,
    kind: Kind,
    wanted: State,
    person: &Person,
    relation: Relation,
) -> Option<Target> {
    let own = (person.actor.principal.uuid(), person.campus);
    let is_pool = matches!(relation, Relation::CampusPool | Relation::RegionPool);
    if kind == Kind::Session && is_pool {
        return None;
    }
    let pool = |campus: Id<Campus>| (campus.uuid(), campus);
    let here = person.institution == w.institution;
    let places = if here { w.places } else { w.other_places };
    let mut state = wanted;
    let mut institution = person.institution;
    let (holder, campus) = match relation {
        Relation::Own => own,
        Relation::Teammates if !here => return None,
        Relation::Teammates => {
            let mates = [w.as_colleague(), w.as_recruiter()];
            let mate = mates
                .iter()
                .find(|m| m.principal != person.actor.principal)
                .unwrap();
            (mate.principal.uuid(), places.north)
        }
        Relation::CampusPool => pool(person.campus),
        Relation::RegionPool => pool(*person.region.first()?),
        Relation::OtherCampus if person.campus == places.south => pool(places.north),
        Relation::OtherCampus => pool(places.south),
        Relation::OtherInstitution => {
            institution = if here { w.other } else { w.institution };
            pool(if here {
                w.other_places.north
            } else {
                w.places.north
            })
        }
        Relation::OwnInOtherState => {
            state = match wanted {
                State::Live => State::Deleted,
                State::Deleted => State::Live,
            };
            own
        }
    };
    let holder = match (kind, relation) {
        (Kind::Session, Relation::OtherCampus) if !here => return None,
        (Kind::Session, Relation::OtherCampus) => w.actor("southerner").principal.uuid(),
        (Kind::Session, Relation::OtherInstitution) if here => w.as_stranger().principal.uuid(),
        (Kind::Session, Relation::OtherInstitution) => w.as_boss().principal.uuid(),
        _ => holder,
    };
    if kind == Kind::Session && relation != Relation::Own && state == wanted && holder == own.0 {
        return None;
    }
    let ids = make(w, kind, state, institution, holder, campus).await;
    Some(Target {
        ids,
        institution,
        holder,
        campus,
        state,
    })
}

/// Somebody with every right in the school, and ids of a record on which that person can do an
/// operation; none where it needs none.
pub(crate) async fn doer(w: &World, operation: &Operation) -> (Actor, Vec<String>) {
    let boss = w.hire(&["boss"], w.places.north, None).await;
    let ids = record(w, operation, &boss, false).await;
    (boss, ids)
}

/// Ids of a record of the north campus for an operation, or of one in another state than it needs.
pub(crate) async fn record(
    w: &World,
    operation: &Operation,
    actor: &Actor,
    in_other_state: bool,
) -> Vec<String> {
    if operation.path_ids.is_empty() {
        return Vec::new();
    }
    let (kind, needed) = row(&operation.id);
    let state = match (needed, in_other_state) {
        (State::Live, false) | (State::Deleted, true) => State::Live,
        _ => State::Deleted,
    };
    let holder = match kind {
        Kind::Session => actor.principal.uuid(),
        _ => w.places.north.uuid(),
    };
    make(w, kind, state, w.institution, holder, w.places.north).await
}

/// Makes a record, by whoever may do everything where it is.
pub(crate) async fn make(
    w: &World,
    kind: Kind,
    state: State,
    institution: Id<Institution>,
    holder: Uuid,
    campus: Id<Campus>,
) -> Vec<String> {
    let maker = w.ruler_of(institution);
    match kind {
        Kind::Session => {
            let id = Uuid::now_v7();
            let now = w.server.app.clock.now().as_microsecond();
            let ended = (state == State::Deleted).then_some(now);
            w.server
                .execute(
                    institution,
                    "INSERT INTO sessions (institution_id, id, principal_id, created_at, \
                     expires_at, ended_at) VALUES (?, ?, ?, ?, ?, ?)",
                    vec![
                        institution.uuid().into(),
                        id.into(),
                        holder.into(),
                        now.into(),
                        (now + 3_600_000_000).into(),
                        sea_orm::Value::BigInt(ended),
                    ],
                )
                .await
                .unwrap();
            vec![id.to_string()]
        }
        Kind::FollowUp => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let body = json!({"customer_id": customer, "method": "phone", "outcome": "other", "next_on": today(w)});
            let made = maker.post("/api/v1/follow-ups", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{customer}");
                maker.delete(&path).await.expect(204);
            }
            vec![made.id()]
        }
        Kind::Relation => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let relations = format!("/api/v1/customers/{}/relations", ids[0]);
            let guardian = guardian(w, institution, holder, campus).await;
            let body = json!({"role": "guardian", "relative_id": guardian});
            let made = maker.post(&relations, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{relations}/{}", made.id());
                maker.delete(&path).await.expect(204);
            }
            ids.push(made.id());
            ids
        }
        Kind::Share => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let shares = format!("/api/v1/customers/{}/shares", ids[0]);
            let grantee = w.places_of(institution).team;
            let body = json!({"grantee_id": grantee, "access": "read"});
            maker.post(&shares, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{shares}/{grantee}");
                maker.delete(&path).await.expect(204);
            }
            ids.push(grantee.to_string());
            ids
        }
        Kind::Customer => {
            let mut body = w.new_customer("张伟");
            body["holder_id"] = json!(holder);
            body["campus_id"] = json!(campus);
            let made = maker.post("/api/v1/customers", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{}", made.id());
                maker.delete(&path).await.expect(204);
            }
            vec![made.id()]
        }
    }
}

/// Makes a guardian in these hands.
async fn guardian(
    w: &World,
    institution: Id<Institution>,
    holder: Uuid,
    campus: Id<Campus>,
) -> String {
    let mut body = w.new_customer("王芳");
    body["kind"] = json!("guardian");
    body["holder_id"] = json!(holder);
    body["campus_id"] = json!(campus);
    let maker = w.ruler_of(institution);
    let made = maker.post("/api/v1/customers", &body).await.expect(201);
    made.id()
}

/// Today at every campus of the world.
fn today(w: &World) -> String {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let now = w.server.app.clock.now();
    now.to_zoned(zone).date().to_string()
}
