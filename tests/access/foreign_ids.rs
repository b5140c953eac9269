//! An id of another institution, or of what is out of reach in the own one, wherever it is sent, is
//! worth as much as one of nothing (I-27). Paths are tried in the matrix.

use std::collections::BTreeMap;

use domain::{
    access::{PERMISSIONS, Reach},
    id::Id,
    organization::Institution,
};
use tests::{
    Actor, Operation, Value, World, both, in_quarters, json,
    policy::{Kind, NOT_BY_EXAMPLE, State, doer, make, record},
};
use uuid::Uuid;

/// Names of fields that may refer to something of any campus: to what others choose from, and to
/// colleagues.
const OF_ALL_CAMPUSES: &[&str] = &[
    "course_id",
    "subject_id",
    "tag_id",
    "teacher_id",
    "collector_id",
    "notice_id",
    "recipient_id",
    "grantee_id",
    "department_id",
    "staff_id",
];

/// References that are within reach or not together with another one, which is told of in their
/// place: campuses and colleagues stand in the directory that everybody sees.
const WITH_ANOTHER: &[(&str, &str)] = &[("transferCustomer", "/campus_id")];

/// An id of the other institution that a field or parameter of this name could refer to.
async fn foreign(w: &World, name: &str) -> Uuid {
    let of = async |kind| {
        let there = w.other_places.north;
        let ids = make(w, kind, State::Live, w.other, there.uuid(), there).await;
        ids[0].parse().unwrap()
    };
    let field = match name {
        "teacher_id" | "author_id" | "actor_id" | "collector_id" => "owner_id",
        "home_team_id" | "team_id" => return w.other_places.team.uuid(),
        "parent_id" => "department_id",
        "target_id" => "customer_id",
        "charge_id" => return of(Kind::Charge).await,
        "contact_point_ids" => return contact_point(w, w.other).await,
        "file_id" => {
            let owner = w.as_stranger();
            let made = owner.upload("/api/v1/files", "a.txt", b"some notes").await;
            return made.expect(201).id().parse().unwrap();
        }
        "request_id" => return of(Kind::PrivacyRequest).await,
        "template_id" => {
            let owner = w.as_stranger().principal;
            return w.import_template(w.other, owner).await;
        }
        "view_id" => {
            let made = w.as_stranger().post("/api/v1/views", &view()).await;
            return made.expect(201).id().parse().unwrap();
        }
        other => other,
    };
    let found = w.fixture(w.other, field).await;
    assert!(
        found.is_some(),
        "{name}: name a record that it can refer to"
    );
    found.unwrap()
}

/// A view of whoever keeps it.
fn view() -> Value {
    json!({"name": "秦时月", "entity": "customers", "search": {}})
}

/// A phone of somebody's in an institution.
async fn contact_point(w: &World, institution: Id<Institution>) -> Uuid {
    let body = json!({
        "kind": "student", "name": "秦时月", "source_channel": "hotline",
        "campus_id": w.places_of(institution).north,
        "contact_points": [{"kind": "phone", "value": "13900139000"}],
    });
    let made = w
        .ruler_of(institution)
        .post("/api/v1/customers", &body)
        .await;
    let point = &made.expect(201).json["contact_points"][0]["id"];
    point.as_str().unwrap().parse().unwrap()
}

fn is_reference(name: &str) -> bool {
    name.ends_with("_id") || name.ends_with("_ids")
}

/// Pointers to the references in a body, each with its field's name.
fn references(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let here = format!("{at}/{name}");
                if is_reference(name) {
                    found.push((here, name.clone()));
                } else {
                    references(value, &here, found);
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                references(item, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

/// Pointers to the references that a body may have, be they in its example or not, each with its
/// field's name.
fn possible_references(operation: &Operation, example: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    references(example, "", &mut found);
    let fields = operation.body.as_ref().unwrap()["properties"].as_object();
    for name in fields.into_iter().flat_map(|fields| fields.keys()) {
        if is_reference(name) && example.get(name).is_none() {
            found.push((format!("/{name}"), name.clone()));
        } else if name == "allocations" {
            found.push(("/allocations/0/charge_id".into(), "charge_id".into()));
        }
    }
    found
}

/// Puts an id where a pointer leads.
fn put(body: &mut Value, pointer: &str, id: Uuid) {
    if pointer.starts_with("/allocations/") {
        body["allocations"] =
            json!([{"charge_id": null, "amount": {"amount_minor": 1, "currency": "CNY"}}]);
    }
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = if name.ends_with("_ids") {
        json!([id])
    } else {
        json!(id)
    };
}

/// What an operation answers where a reference in its body is this id: a problem, or a table.
async fn refused(
    w: &World,
    operation: &Operation,
    (who, ids): (Actor, Vec<String>),
    pointer: &str,
    id: Uuid,
) -> Value {
    let mut body = operation.example(w).await.unwrap();
    put(&mut body, pointer, id);
    let answer = who.call(&operation.call_with(&ids, Some(&body))).await;
    let what = format!("{} with {id} at {pointer}: {}", operation.id, answer.text);
    if answer
        .header("content-type")
        .is_some_and(|media| media.starts_with("text/csv"))
    {
        return json!(answer.text);
    }
    assert!((400..500).contains(&answer.status), "{what}");
    let (_, _, problem) = answer.essence();
    problem
}

/// Somebody of the north campus who may do there all that can be done by somebody of one campus.
async fn clerk(w: &World) -> Actor {
    let all = PERMISSIONS.iter().filter(|p| ends_at_campus(p.code));
    let all: Vec<_> = all.map(|p| (p.code, Reach::Campus)).collect();
    let role = Uuid::now_v7().simple().to_string();
    w.add_role(&role, &all).await;
    w.hire(&[&role], w.places.north, None).await
}

/// Whether a permission may be held for one campus.
fn ends_at_campus(permission: &str) -> bool {
    let known = PERMISSIONS.iter().find(|known| known.code == permission);
    known.is_some_and(|known| known.reaches.contains(&Reach::Campus))
}

/// Operations that somebody of one campus does.
fn of_a_campus(w: &World) -> impl Iterator<Item = Operation> {
    guarded(w).filter(|operation| ends_at_campus(operation.permission.as_deref().unwrap()))
}

/// Records of the south campus, by the names of the fields that can refer to them.
struct South(BTreeMap<&'static str, Uuid>);

impl South {
    async fn settle(w: &World) -> Self {
        let (boss, southerner) = (w.as_boss(), w.actor("southerner"));
        let there = w.places.south;
        let held = southerner.principal.uuid();
        let made = async |who: &Actor, path: &str, body: Value| {
            let made = who.post(&format!("/api/v1/{path}"), &body).await;
            made.expect(201).id()
        };
        let person = |kind: &str| {
            json!({
                "kind": kind, "name": "秦时月", "source_channel": "hotline", "campus_id": there,
                "holder_id": held, "contact_points": [{"kind": "phone", "value": "13900139000"}],
            })
        };
        let of = async |kind, holder| {
            let made = make(w, kind, State::Live, w.institution, holder, there);
            made.await[0].clone()
        };
        let customer = of(Kind::WholeCustomer, held).await;
        made(&boss, &format!("customers/{customer}/file"), json!({})).await;
        let guardian = made(&boss, "customers", person("guardian")).await;
        let read = boss.get(&format!("/api/v1/customers/{customer}")).await;
        let contact = read.json["contact_points"][0]["id"].clone();
        let amount = json!({"amount_minor": 100, "currency": "CNY"});
        let body = json!({"customer_id": customer, "description": "学费", "amount": amount});
        let charge = made(&boss, "charges", body).await;
        let body =
            json!({"payer_id": customer, "campus_id": there, "method": "cash", "amount": amount});
        made(&boss, "payments", body).await;
        let class = of(Kind::Class, there.uuid()).await;
        let body = json!({"customer_id": customer, "class_id": class});
        let enrollment = made(&boss, "enrollments", body).await;
        let body = json!({"customer_id": customer, "method": "phone", "outcome": "other"});
        made(&southerner, "follow-ups", body).await;
        // One that is due.
        of(Kind::FollowUp, held).await;
        let list = "/api/v1/files?purpose=import";
        let list = southerner.upload(list, "a.csv", "姓名\n张伟\n".as_bytes());
        let list = list.await.expect(201).id();
        let view = made(&southerner, "views", view()).await;
        let template = of(Kind::ImportTemplate, held).await;
        let id = |text: &str| text.parse().unwrap();
        w.cleaning_entry(w.institution, id(&customer)).await;
        Self(BTreeMap::from([
            ("campus_id", there.uuid()),
            ("holder_id", held),
            ("author_id", held),
            ("customer_id", id(&customer)),
            ("customer_ids", id(&customer)),
            ("duplicate_id", id(&customer)),
            ("payer_id", id(&customer)),
            ("relative_id", id(&guardian)),
            ("contact_point_ids", id(contact.as_str().unwrap())),
            ("charge_id", id(&charge)),
            ("class_id", id(&class)),
            ("enrollment_id", id(&enrollment)),
            ("file_id", id(&list)),
            ("view_id", id(&view)),
            ("template_id", id(&template)),
        ]))
    }

    /// What a field or parameter of this name could refer to; `None` where that is of all campuses.
    fn record(&self, name: &str) -> Option<Uuid> {
        let found = self.0.get(name).copied();
        assert!(
            found.is_some() || OF_ALL_CAMPUSES.contains(&name),
            "{name}: name a record that it can refer to"
        );
        found
    }
}

fn guarded(w: &World) -> impl Iterator<Item = Operation> {
    let all = w.server.contract.callable().into_iter();
    all.filter(|operation| operation.permission.is_some())
}

async fn rows(w: &World, institution: Id<Institution>) -> usize {
    w.server.contents(institution).await["customers"].len()
}

in_quarters! {
    async fn in_a_body_it_is_refused_as_an_id_of_nothing_is(w: World, quarter: Quarter) {
        let mut tried = 0;
        for operation in quarter.of(guarded(&w)) {
            let Some(example) = operation.example(&w).await else {
                continue;
            };
            for (pointer, name) in possible_references(&operation, &example) {
                tried += 1;
                let foreign = foreign(&w, &name).await;
                let before = rows(&w, w.other).await;
                let told = refused(&w, &operation, doer(&w, &operation).await, &pointer, foreign).await;
                let nothing = refused(&w, &operation, doer(&w, &operation).await, &pointer, Uuid::now_v7()).await;
                assert_eq!(told, nothing, "{} at {pointer}", operation.id);
                assert_eq!(rows(&w, w.other).await, before);
            }
        }
        assert!(tried > 2, "only {tried} were tried");
    }

    async fn in_a_body_what_is_out_of_reach_is_refused_as_nothing_is(w: World, quarter: Quarter) {
        let (clerk, south) = (clerk(&w).await, South::settle(&w).await);
        let mut tried = 0;
        for operation in quarter.of(of_a_campus(&w)) {
            let Some(example) = operation.example(&w).await else {
                continue;
            };
            let by_clerk = async || (clerk.clone(), record(&w, &operation, &clerk, false).await);
            for (pointer, name) in possible_references(&operation, &example) {
                let Some(there) = south.record(&name) else {
                    continue;
                };
                tried += 1;
                let told = refused(&w, &operation, by_clerk().await, &pointer, there).await;
                let nothing = refused(&w, &operation, by_clerk().await, &pointer, Uuid::now_v7()).await;
                if !WITH_ANOTHER.contains(&(operation.id.as_str(), pointer.as_str())) {
                    assert_eq!(told, nothing, "{} at {pointer}", operation.id);
                }
                // Else it may be refused for something else.
                if !NOT_BY_EXAMPLE.contains(&operation.id.as_str()) {
                    let (_, ids) = by_clerk().await;
                    clerk.call(&operation.call(&w, &ids).await).await.expect(operation.success);
                }
            }
        }
        assert!(tried > 1, "only {tried} were tried");
    }

    async fn in_a_query_it_finds_what_an_id_of_nothing_finds(w: World, quarter: Quarter) {
        let boss = w.as_boss();
        for operation in quarter.of(guarded(&w).filter(|operation| operation.is_read)) {
            for name in operation.parameters.iter().filter(|name| is_reference(name)) {
                let (_, ids) = doer(&w, &operation).await;
                let call = operation.call(&w, &ids).await;
                let found = async |id: Uuid| {
                    let mut call = call.clone();
                    call.path = format!("{}?{name}={id}", call.path);
                    boss.call(&call).await.essence()
                };
                let (status, _, page) = found(foreign(&w, name).await).await;
                let (as_nothing, _, empty) = found(Uuid::now_v7()).await;
                let what = format!("{} by {name}: {page}", operation.id);
                assert_eq!((status, &page), (as_nothing, &empty), "{what}");
                assert!(page["items"].as_array().is_none_or(Vec::is_empty), "{what}");
            }
        }
    }
}

both! {
    async fn in_a_query_what_is_out_of_reach_finds_what_nothing_finds(w: World) {
        let (boss, clerk, south) = (w.as_boss(), clerk(&w).await, South::settle(&w).await);
        let mut tried = 0;
        for operation in of_a_campus(&w).filter(|operation| operation.is_read) {
            for name in operation.parameters.iter().filter(|name| is_reference(name)) {
                let Some(there) = south.record(name) else {
                    continue;
                };
                tried += 1;
                let ids = record(&w, &operation, &clerk, false).await;
                let call = operation.call(&w, &ids).await;
                let found = async |who: &Actor, id: Uuid| {
                    let mut call = call.clone();
                    call.path = format!("{}?{name}={id}", call.path);
                    who.call(&call).await
                };
                let what = format!("{} by {name}", operation.id);
                let told = found(&clerk, there).await;
                assert_eq!(told.essence(), found(&clerk, Uuid::now_v7()).await.essence(), "{what}");
                assert!(told.json["items"].as_array().is_none_or(Vec::is_empty), "{what}");
                let all = found(&boss, there).await.expect(200);
                assert!(!all.json["items"].as_array().unwrap().is_empty(), "{what} finds nothing at all");
            }
        }
        assert!(tried > 15, "only {tried} were tried");
    }

    async fn in_a_search_what_is_out_of_reach_finds_what_nothing_finds(w: World) {
        let (clerk, south) = (clerk(&w).await, South::settle(&w).await);
        for name in ["campus_id", "holder_id"] {
            let found = async |who: &Actor, id: Uuid| {
                let body = json!({"filters": {name: [id]}});
                who.post("/api/v1/customers/search", &body).await.expect(200)
            };
            let there = south.record(name).unwrap();
            let told = found(&clerk, there).await;
            assert_eq!(told.essence(), found(&clerk, Uuid::now_v7()).await.essence(), "{name}");
            assert!(told.ids().is_empty() && !found(&w.as_boss(), there).await.ids().is_empty());
        }
    }
}
