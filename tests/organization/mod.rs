mod access;
mod archive;
mod governing;
mod institution;
mod places;
mod reach;
mod role_rules;
mod roles;
mod staff;
mod staff_phones;
mod staff_roles;
mod teams;

use tests::Actor;

/// Id of the role of this code.
pub(crate) async fn role(actor: &Actor, code: &str) -> String {
    let list = actor.get("/api/v1/roles?limit=200").await.expect(200);
    let roles = list.json["items"].as_array().unwrap();
    let found = roles.iter().find(|r| r["code"] == code);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}
