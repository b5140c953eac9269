//! Who is tried, and what they reach: the model, without the program's own code.

use std::collections::BTreeSet;

use crate::{Actor, Call, Operation, World, json};
use domain::{
    access::{BUILT_IN_ROLES, Principal, Reach},
    id::Id,
    organization::{Campus, Institution},
};
use uuid::Uuid;

use super::{DIRECTORY, ONESELF, State, programs::programs, records::guardian};

/// Somebody, as the model knows them.
pub struct Person {
    pub name: String,
    pub actor: Actor,
    pub institution: Id<Institution>,
    pub campus: Id<Campus>,
    /// Other campuses of the same region.
    pub region: Vec<Id<Campus>>,
    /// Members of the teams that the person leads.
    pub led: Vec<Id<Principal>>,
    pub permissions: Vec<(&'static str, Reach)>,
    /// Whether an API client, which holds and teaches nothing.
    pub is_program: bool,
}

/// A record to try something on.
#[derive(Clone, Debug)]
pub struct Target {
    pub ids: Vec<String>,
    pub institution: Id<Institution>,
    pub holder: Uuid,
    pub teacher: Option<Uuid>,
    /// Whether only a grant over the whole institution reaches it.
    pub is_whole: bool,
    pub campus: Id<Campus>,
    pub state: State,
}

/// How a record stands to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    Own,
    Teammates,
    CampusPool,
    RegionPool,
    OtherCampus,
    OtherInstitution,
    /// Held by the person, and not in the state that the operation needs.
    OwnInOtherState,
}

pub const RELATIONS: [Relation; 7] = [
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
    pub async fn call(&self, w: &World, operation: &Operation) -> Call {
        let example = operation.example_in(w, self.institution).await;
        let Some(mut body) = example else {
            return operation.call_with(&self.ids, None);
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
        if body.get("duplicate_id").is_some() {
            let (live, place) = (State::Live, (self.holder, self.campus));
            let kind = super::Kind::Customer;
            let made = super::make(w, kind, live, self.institution, place.0, place.1).await;
            body["duplicate_id"] = json!(made[0]);
        }
        if body["students"].is_array() {
            let ruler = w.ruler_of(self.institution);
            let path = format!("/api/v1/lessons/{}", self.ids[0]);
            let lesson = ruler.get(&path).await;
            if let Some(class) = lesson.json["class_id"].as_str() {
                let path = format!("/api/v1/classes/{class}/roster");
                let roster = ruler.get(&path).await.expect(200);
                let student = &roster.json["items"][0]["enrollment_id"];
                body["students"][0]["enrollment_id"] = student.clone();
            }
        }
        operation.call_with(&self.ids, Some(&body))
    }
}

impl Person {
    pub fn holds(&self, permission: &str) -> bool {
        permission == ONESELF || self.permissions.iter().any(|(code, _)| *code == permission)
    }

    /// Whether a permission is held over the whole institution.
    pub fn reaches_all(&self, permission: &str) -> bool {
        self.permissions.contains(&(permission, Reach::Institution))
    }

    /// Whether a record is within the reach of a permission.
    pub fn reaches(&self, permission: &str, target: &Target) -> bool {
        let own = target.holder == self.actor.principal.uuid();
        if [ONESELF, "imports:run", "exports:run"].contains(&permission) {
            return own;
        }
        target.institution == self.institution
            && self
                .permissions
                .iter()
                .filter(|(code, _)| *code == permission)
                .filter(|(_, reach)| !target.is_whole || *reach == Reach::Institution)
                .any(|(_, reach)| {
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
                            Reach::Taught => target.teacher == Some(self.actor.principal.uuid()),
                            // Comes with the portal.
                            Reach::Family => false,
                        }
                })
    }
}

/// One of all who are the same to a permission: where they are, whom they lead, how far they reach
/// with it.
pub fn unlike<'a>(people: &'a [Person], permission: &str) -> Vec<&'a Person> {
    let mut seen = BTreeSet::new();
    let mut unlike = Vec::new();
    for person in people {
        let reaches: BTreeSet<_> = person
            .permissions
            .iter()
            .filter(|(code, _)| *code == permission)
            .map(|(_, reach)| *reach)
            .collect();
        let standing = (person.campus, !person.led.is_empty(), person.is_program);
        if seen.insert((person.institution, standing, reaches)) {
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
        .chain([(DIRECTORY, Reach::Institution)])
        .collect()
}

/// Everybody in the world, somebody of every built-in role, some with two roles or one of the
/// school's own, the stranger, who administers another institution, and API clients.
pub async fn people(w: &World) -> Vec<Person> {
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
            is_program: false,
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
                (DIRECTORY, Reach::Institution),
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
            is_program: false,
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
        is_program: false,
    });
    people.extend(programs(w).await);
    people
}
