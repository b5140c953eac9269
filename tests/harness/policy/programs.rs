//! API clients, and what the model says of them.

use domain::{
    access::{PERMISSIONS, Reach},
    id::Id,
    organization::Campus,
    text_enum::TextEnum,
};
use serde_json::json;
use uuid::Uuid;

use super::{DIRECTORY, Person};
use crate::World;

/// What no scope gives: to govern others.
const GOVERNING: [&str; 6] = [
    "organization:write",
    "staff:write",
    "roles:write",
    "roles:assign",
    "sessions:manage",
    "api_clients:write",
];

/// One with every scope that its role has, one that is bound to a campus, and one whose role gives
/// everything and whose scopes name nothing.
pub(super) async fn programs(w: &World) -> Vec<Person> {
    let scopes: Vec<_> = scopes().collect();
    let whole = scopes.iter().map(|code| (*code, Reach::Institution));
    let north = scopes.iter().filter_map(|code| {
        let reach = match *code {
            DIRECTORY => Reach::Institution,
            // What the institution has once is beyond a campus.
            code if reaches(code) == [Reach::Institution] => return None,
            _ => Reach::Campus,
        };
        Some((*code, reach))
    });
    vec![
        program(w, "program", &scopes, None, whole.collect()).await,
        program(
            w,
            "program_of_the_north",
            &scopes,
            Some(w.places.north),
            north.collect(),
        )
        .await,
        program(w, "program_without_scopes", &[], None, Vec::new()).await,
    ]
}

fn scopes() -> impl Iterator<Item = &'static str> {
    let given = |code: &&str| reaches(code).contains(&Reach::Institution);
    let all = PERMISSIONS.iter().map(|permission| permission.code);
    all.filter(given).filter(|code| !GOVERNING.contains(code))
}

fn reaches(code: &str) -> &'static [Reach] {
    let known = PERMISSIONS.iter().find(|known| known.code == code);
    known.unwrap().reaches
}

async fn program(
    w: &World,
    name: &str,
    scopes: &[&str],
    campus: Option<Id<Campus>>,
    permissions: Vec<(&'static str, Reach)>,
) -> Person {
    let boss = w.as_boss();
    let whole = Reach::Institution.as_str();
    let given: Vec<_> = self::scopes()
        .map(|code| json!({"permission": code, "reach": whole}))
        .collect();
    let unique = || Uuid::now_v7().simple().to_string();
    let body = json!({"name": unique(), "permissions": given});
    let role = boss.post("/api/v1/roles", &body).await.expect(201).id();
    let mut body = json!({"name": unique(), "role_ids": [role], "scopes": scopes});
    if let Some(campus) = campus {
        body["campus_ids"] = json!([campus]);
    }
    let made = boss.post("/api/v1/api-clients", &body).await.expect(201);
    let key = made.json["key"]["key"].as_str().unwrap();
    let mut actor = w.as_anonymous().with_token(key);
    let id = made.json["api_client"]["id"].as_str().unwrap();
    actor.principal = Id::new(id.parse().unwrap());
    Person {
        name: name.into(),
        actor,
        institution: w.institution,
        campus: w.places.north,
        region: vec![w.places.east],
        led: Vec::new(),
        permissions,
        is_program: true,
    }
}
