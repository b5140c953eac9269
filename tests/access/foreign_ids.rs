//! An id of another institution, wherever it is sent, is worth as much as one of nothing (I-27).
//! Paths are tried in the matrix.

use domain::{id::Id, organization::Institution};
use tests::{
    Operation, Value, World, in_quarters, json,
    policy::{Kind, State, doer, make},
};
use uuid::Uuid;

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
        "file_id" => {
            let owner = w.as_stranger();
            let made = owner.upload("/api/v1/files", "a.txt", b"some notes").await;
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

/// What an operation answers where a reference in its body is this id.
async fn refused(w: &World, operation: &Operation, pointer: &str, id: Uuid) -> Value {
    let (boss, ids) = doer(w, operation).await;
    let mut body = operation.example(w).await.unwrap();
    let field = body.pointer_mut(pointer).unwrap();
    *field = if field.is_array() {
        json!([id])
    } else {
        json!(id)
    };
    let answer = boss.call(&operation.call_with(&ids, Some(&body))).await;
    let what = format!("{} with {id} at {pointer}: {}", operation.id, answer.text);
    assert!((400..500).contains(&answer.status), "{what}");
    let (_, _, problem) = answer.essence();
    problem
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
            let mut found = Vec::new();
            if let Some(example) = operation.example(&w).await {
                references(&example, "", &mut found);
            }
            for (pointer, name) in found {
                tried += 1;
                let foreign = foreign(&w, &name).await;
                let before = rows(&w, w.other).await;
                let told = refused(&w, &operation, &pointer, foreign).await;
                assert_eq!(told, refused(&w, &operation, &pointer, Uuid::now_v7()).await, "{} at {pointer}", operation.id);
                assert_eq!(rows(&w, w.other).await, before);
            }
        }
        assert!(tried > 2, "only {tried} were tried");
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
