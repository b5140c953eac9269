//! A school: a region with two campuses, a third campus outside it, and people.

use domain::{
    access::{Principal, PrincipalKind, Session},
    id::Id,
    money::Currency,
    organization::{Campus, Institution, Locale, NewInstitution, Staff, Team},
};
use educrm::app::App;
use persistence::{
    Error, Operation,
    access::{Bearer, sessions},
    organization::store::{
        NewCampus, NewStaff, add_region, form_team, found, hire, lead_team, open_campus,
    },
};
use reqwest::Client;
use serde_json::json;

use crate::{Actor, Server, credentials::new_client, fixtures::Fixtures, patience::commit};

/// A school of its own in the shared database, and another institution beside it.
pub struct World {
    pub server: &'static Server,
    /// For requests that no actor makes.
    pub client: Client,
    pub institution: Id<Institution>,
    /// What its people type at log-in.
    pub code: String,
    pub places: Places,
    /// The other institution.
    pub other: Id<Institution>,
    pub other_places: Places,
    people: Vec<(&'static str, Actor)>,
    stranger: Actor,
    pub(crate) fixtures: Fixtures,
}

/// What somebody does, and where.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    pub role: &'static str,
    pub campus: Id<Campus>,
    /// Whether in the recruiters' team.
    pub in_team: bool,
}

/// Somebody with a session.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: &'static str,
    pub principal: Id<Principal>,
    pub session: Id<Session>,
}

/// A founded school.
#[derive(Clone, Debug)]
pub struct School {
    pub institution: Id<Institution>,
    pub places: Places,
    pub people: Vec<Person>,
}

impl School {
    pub fn person(&self, name: &str) -> &Person {
        self.people.iter().find(|p| p.name == name).unwrap()
    }
}

/// Where things are.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// With most of the people.
    pub north: Id<Campus>,
    /// In the same region.
    pub east: Id<Campus>,
    /// Outside the region.
    pub south: Id<Campus>,
    /// The recruiters of the north.
    pub team: Id<Team>,
}

/// Who works where: name, role, campus, whether in the recruiters' team.
const PEOPLE: &[(&str, &str, Where, bool)] = &[
    ("boss", "boss", Where::North, false),
    ("manager", "branch_manager", Where::North, false),
    ("supervisor", "sales_supervisor", Where::North, false),
    ("recruiter", "recruiter", Where::North, true),
    ("colleague", "recruiter", Where::North, true),
    ("outsider", "recruiter", Where::East, false),
    ("southerner", "branch_manager", Where::South, false),
    ("service", "customer_service", Where::North, false),
    ("finance", "finance", Where::North, false),
    ("teacher", "teacher", Where::North, false),
    ("employee", "employee", Where::North, false),
];

#[derive(Clone, Copy)]
enum Where {
    North,
    East,
    South,
}

impl World {
    /// Founds both institutions.
    pub async fn found(server: &'static Server) -> Self {
        let found = async |code| server.inside(settle(server.app.clone(), code)).await;
        let school = found("school").await;
        let other = found("other").await;
        let client = new_client();
        let actor = |institution, person: &Person| {
            let bearer = Bearer::whole(institution, person.principal, person.session);
            Actor::in_session(server, &client, bearer)
        };
        Self {
            server,
            institution: school.institution,
            code: code_of("school", school.institution),
            places: school.places,
            people: (school.people.iter())
                .map(|person| (person.name, actor(school.institution, person)))
                .collect(),
            stranger: actor(other.institution, other.person("boss")),
            client: client.clone(),
            other: other.institution,
            other_places: other.places,
            fixtures: Fixtures::default(),
        }
    }

    pub fn actor(&self, name: &str) -> Actor {
        let (_, actor) = self.people.iter().find(|(n, _)| *n == name).unwrap();
        actor.clone()
    }

    /// The campuses and the team of either institution.
    pub fn places_of(&self, institution: Id<Institution>) -> Places {
        if institution == self.institution {
            self.places
        } else {
            self.other_places
        }
    }

    /// Who may do everything in either institution.
    pub fn ruler_of(&self, institution: Id<Institution>) -> Actor {
        if institution == self.institution {
            self.as_boss()
        } else {
            self.as_stranger()
        }
    }

    /// Names of everyone in the school.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.people.iter().map(|(name, _)| *name)
    }

    /// What one of the school's people does.
    pub fn post(&self, name: &str) -> Post {
        let (_, role, place, in_team) = PEOPLE.iter().find(|(n, ..)| *n == name).unwrap();
        Post {
            role,
            campus: match place {
                Where::North => self.places.north,
                Where::East => self.places.east,
                Where::South => self.places.south,
            },
            in_team: *in_team,
        }
    }

    /// Sees and does everything.
    pub fn as_boss(&self) -> Actor {
        self.actor("boss")
    }
    /// Holds customers of the north campus.
    pub fn as_recruiter(&self) -> Actor {
        self.actor("recruiter")
    }
    /// Of the same team and campus.
    pub fn as_colleague(&self) -> Actor {
        self.actor("colleague")
    }
    /// Leads the team of both.
    pub fn as_supervisor(&self) -> Actor {
        self.actor("supervisor")
    }
    /// Manages the north campus.
    pub fn as_manager(&self) -> Actor {
        self.actor("manager")
    }
    /// A recruiter of another campus.
    pub fn as_outsider(&self) -> Actor {
        self.actor("outsider")
    }
    /// Of another institution, with every right there.
    pub fn as_stranger(&self) -> Actor {
        self.stranger.clone()
    }
    /// Without credentials.
    pub fn as_anonymous(&self) -> Actor {
        Actor::anonymous(self.server, &self.client)
    }

    /// A body for a new customer of the north campus.
    pub fn new_customer(&self, name: &str) -> serde_json::Value {
        json!({
            "kind": "student",
            "name": name,
            "source_channel": "hotline",
            "campus_id": self.places.north,
        })
    }
}

fn code_of(code: &str, institution: Id<Institution>) -> String {
    let unique = institution.uuid().simple().to_string();
    format!("{code}-{}", &unique[unique.len() - 12..])
}

/// Founds a school with its people, each with a session.
pub async fn settle(app: App, code: &'static str) -> School {
    let stamp = app.clock.stamp();
    let institution: Id<Institution> = stamp.id();
    let operation = Operation::system(institution, PrincipalKind::Operator, "settle", stamp);
    let new = NewInstitution {
        code: code_of(code, institution),
        name: "启明教育".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: Currency::CNY,
        locale: Locale::Chinese,
    };
    let new = &new;
    let (places, sessions) = commit(&app.db, &operation, |tx| async move {
        found(&tx, new).await?;
        let region = add_region(&tx, "北区").await?;
        let campus = async |name: &str, region| {
            open_campus(
                &tx,
                &NewCampus {
                    name: name.into(),
                    region,
                    legal_entity: "启明教育有限公司".into(),
                    is_headquarters: false,
                    time_zone: "Asia/Shanghai".into(),
                },
            )
            .await
        };
        let north = campus("北校区", Some(region)).await?;
        let east = campus("东校区", Some(region)).await?;
        let south = campus("南校区", None).await?;
        let team = form_team(&tx, "招生一组", None).await?;
        let places = Places {
            north,
            east,
            south,
            team,
        };
        let mut people: Vec<(&'static str, Id<Staff>)> = Vec::new();
        for (name, role, place, in_team) in PEOPLE {
            let campus = match place {
                Where::North => north,
                Where::East => east,
                Where::South => south,
            };
            let person = hire(
                &tx,
                &NewStaff {
                    user_name: (*name).into(),
                    name: (*name).into(),
                    phone: None,
                    campuses: vec![campus],
                    home_team: in_team.then_some(team),
                    roles: vec![(*role).into()],
                },
            )
            .await?;
            people.push((name, person));
        }
        let leader = people.iter().find(|(n, _)| *n == "supervisor").unwrap().1;
        lead_team(&tx, team, leader).await?;
        let mut sessions = Vec::new();
        for (name, person) in people {
            let lasts = jiff::SignedDuration::from_hours(24);
            let (session, _) = sessions::open(&tx, person.cast(), lasts).await?;
            sessions.push((name, person.cast::<Principal>(), session));
        }
        Ok::<_, Error>((places, sessions))
    })
    .await
    .unwrap();
    let people = sessions
        .into_iter()
        .map(|(name, principal, session)| Person {
            name,
            principal,
            session,
        })
        .collect();
    School {
        institution,
        places,
        people,
    }
}
