//! Trying operations by everybody, against the model.

use std::{collections::BTreeMap, fmt};

use super::{
    Kind, LEAVES, NOT_BY_EXAMPLE, NOT_BY_PROGRAMS, ON_WHAT_ALL_SHARE, ONESELF, Person, RELATIONS,
    Records, State, make, row,
};
use crate::{Actor, Call, Operation, World, fixtures::fill};

/// What came of what was tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub done: usize,
    pub forbidden: usize,
    pub absent: usize,
    pub in_the_way: usize,
    pub unauthenticated: usize,
}

impl Tally {
    pub fn tried(&self) -> usize {
        self.done + self.forbidden + self.absent + self.in_the_way + self.unauthenticated
    }

    pub fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.forbidden += other.forbidden;
        self.absent += other.absent;
        self.in_the_way += other.in_the_way;
        self.unauthenticated += other.unauthenticated;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} tried: {} done, {} refused as forbidden, {} as absent, {} as in no state for it, \
             {} as from nobody",
            self.tried(),
            self.done,
            self.forbidden,
            self.absent,
            self.in_the_way,
            self.unauthenticated
        )
    }
}

/// Lets people do an operation to records that stand to them in every way there is: each may do
/// what the model says, and who may not learns no more than of a record that does not exist.
pub async fn try_on_records(
    w: &World,
    operation: &Operation,
    permission: &str,
    people: &[&Person],
    suspended: &Actor,
    records: &mut Records,
) -> Tally {
    let mut tally = Tally::default();
    let (kind, state) = row(&operation.id);
    // What is somebody's own is so whatever else an operation needs.
    let reached_by = if kind.is_personal() {
        ONESELF
    } else {
        permission
    };
    let example = operation.example(w).await;
    for (number, person) in people.iter().enumerate() {
        let nowhere = operation.call_with(&operation.random_ids(), example.as_ref());
        let nothing = person.actor.call(&nowhere).await;
        for relation in RELATIONS {
            let Some(record) = records.of(w, (kind, state), person, relation).await else {
                continue;
            };
            let call = record.call(w, operation).await;
            if number == 0 {
                tally.unauthenticated += try_as_nobody(w, &call, suspended).await;
            }
            let answer = person.actor.call(&call).await;
            let what = format!("{} of {relation:?} by {}", operation.id, person.name);
            let is_barred = person.is_program && NOT_BY_PROGRAMS.contains(&operation.id.as_str());
            if is_barred || !person.holds(permission) {
                assert_eq!(answer.status, 403, "{what}: {}", answer.text);
                assert_eq!(answer.essence(), nothing.essence(), "{what}");
                tally.forbidden += 1;
                if person.is_program {
                    // Whatever the record is: its scopes come first.
                    break;
                }
            } else if !person.reaches(reached_by, &record)
                || (kind.is_gone() && state == State::Live && record.state == State::Deleted)
            {
                assert_eq!(answer.status, 404, "{what}: {}", answer.text);
                assert_eq!(answer.essence(), nothing.essence(), "{what}");
                tally.absent += 1;
            } else if record.state != state {
                assert_eq!(answer.status, 409, "{what}: {}", answer.text);
                tally.in_the_way += 1;
            } else {
                assert_eq!(answer.status, operation.success, "{what}: {}", answer.text);
                tally.done += 1;
                if !operation.is_read {
                    records.changed(&record);
                }
            }
        }
    }
    tally
}

/// Lets people do an operation that names no record: who holds the permission does it, with a body
/// that names what is within reach, and nobody else.
pub async fn try_without_record(
    w: &World,
    operation: &Operation,
    permission: &str,
    people: &[&Person],
    suspended: &Actor,
) -> Tally {
    let mut tally = Tally::default();
    for (number, person) in people.iter().enumerate() {
        let call = call_of(w, operation, person).await;
        if number == 0 {
            tally.unauthenticated += try_as_nobody(w, &call, suspended).await;
        }
        let mut actor = person.actor.clone();
        if LEAVES.contains(&operation.id.as_str()) && !person.is_program {
            actor = w.acting_as(person.institution, actor.principal).await;
        }
        let answer = actor.call(&call).await;
        let what = format!("{} by {}: {}", operation.id, person.name, answer.text);
        if person.holds(permission) {
            let expected = welcome(operation, permission, person);
            assert_eq!(answer.status, expected, "{what}");
            assert_ne!(answer.json["code"], "permission_missing", "{what}");
            if expected == 403 {
                tally.forbidden += 1;
            } else {
                tally.done += 1;
            }
        } else {
            answer.expect_problem(403, "permission_missing");
            tally.forbidden += 1;
        }
    }
    tally
}

/// What an operation that names no record answers to somebody who holds its permission.
fn welcome(operation: &Operation, permission: &str, person: &Person) -> u16 {
    let is_one = |of: &[&str]| of.contains(&operation.id.as_str());
    let is_barred = person.is_program && is_one(NOT_BY_PROGRAMS);
    if is_barred || (is_one(ON_WHAT_ALL_SHARE) && !person.reaches_all(permission)) {
        403
    } else if is_one(NOT_BY_EXAMPLE) {
        422
    } else {
        operation.success
    }
}

/// A call whose body names what is within the reach of a person.
async fn call_of(w: &World, operation: &Operation, person: &Person) -> Call {
    let Some(mut body) = operation.example_in(w, person.institution).await else {
        return operation.call_with(&[], None);
    };
    let campus = person.campus.uuid();
    let holder = if person.is_program {
        campus
    } else {
        person.actor.principal.uuid()
    };
    let mut own = BTreeMap::from([
        ("campus_id".to_owned(), campus),
        ("campus_ids".to_owned(), campus),
    ]);
    for (field, kind, holder) in [
        ("customer_id", Kind::Customer, holder),
        ("payer_id", Kind::Customer, holder),
        ("class_id", Kind::Class, campus),
    ] {
        if body.get(field).is_some() {
            let institution = person.institution;
            let made = make(w, kind, State::Live, institution, holder, person.campus);
            own.insert(field.to_owned(), made.await[0].parse().unwrap());
        }
    }
    fill(&mut body, &own);
    operation.call_with(&[], Some(&body))
}

/// Calls without credentials, and with those of somebody who is suspended; how many were refused.
async fn try_as_nobody(w: &World, call: &Call, suspended: &Actor) -> usize {
    let nobodies = [&w.as_anonymous(), suspended];
    for nobody in nobodies {
        let answer = nobody.call(call).await;
        answer.expect_problem(401, "unauthenticated");
    }
    nobodies.len()
}

/// Somebody whose roles give everything, and who was suspended while logged in.
pub async fn suspended(w: &World) -> Actor {
    let person = w.hire(&["boss"], w.places.north, None).await;
    person.get("/api/v1/me").await.expect(200);
    let path = format!("/api/v1/staff/{}/suspend", person.principal);
    let boss = w.as_boss();
    boss.post(&path, &serde_json::Value::Null).await.expect(200);
    person
}
