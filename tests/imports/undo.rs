//! Taking an import back: all of it, or nothing where anything was built on it.

use std::sync::Arc;

use domain::{
    access::{ImportsRun, PrincipalKind},
    id::Id,
};
use educrm::imports::commands;
use jiff::SignedDuration;
use persistence::{
    Operation,
    access::{Bearer, Grant, load},
    database::Actor as By,
    imports::undo::{self as undoing, Undoer},
};
use sea_orm::ConnectionTrait;
use tests::{Actor, Answer, Value, World, both, json};

use super::{IMPORTS, ended, import, rows};

const CUSTOMERS: &str = "/api/v1/customers";
const LIST: &str = "姓名,家长姓名,手机号,标签\n\
    张小明,王芳,13800138001,VIP\n张小红,王芳,13800138001,\n李雷,,13900139000,\n";

/// A list with a tag, taken in: two children of one mother, and one of nobody.
async fn taken_in(w: &World, who: &Actor) -> Answer {
    let boss = w.as_boss();
    let category = boss
        .post("/api/v1/tag-categories", &json!({"name": "需求"}))
        .await;
    let tag = json!({"name": "VIP", "category_id": category.expect(201).id()});
    boss.post("/api/v1/tags", &tag).await.expect(201);
    let done = import(w, who, LIST, "commit").await;
    assert_eq!(done.json["counts"]["created"], 3, "{}", done.text);
    assert_eq!(
        (&done.json["status"], &done.json["undone_at"]),
        (&json!("succeeded"), &json!(null))
    );
    done
}

async fn preview(who: &Actor, import: &Answer) -> Value {
    let path = format!("{IMPORTS}/{}/undo-preview", import.id());
    who.get(&path).await.expect(200).json
}

async fn undo(who: &Actor, import: &Answer) -> Answer {
    who.post(&format!("{IMPORTS}/{}/undo", import.id()), &json!(null))
        .await
}

/// An import once its undoing has ended, with the state and the problem of the job.
async fn undone(who: &Actor, import: &Answer) -> (Answer, Value) {
    let job = undo(who, import).await.expect(202).id();
    let job = who.ended_job(&job).await;
    let now = who
        .get(&format!("{IMPORTS}/{}", import.id()))
        .await
        .expect(200);
    (now, job.json)
}

/// Queues the job without looking first whether anything stands in the way.
async fn ask_without_a_look(w: &World, who: &Actor, import: &Answer) -> String {
    ask(w, who, import, false).await
}

/// The same, or the job as it is after its last try, in which it came no further than its first step.
async fn ask(w: &World, who: &Actor, import: &Answer, has_given_up: bool) -> String {
    let app = w.server.app.clone();
    let (institution, principal) = (w.institution, who.principal);
    let id = Id::new(import.id().parse().unwrap());
    let asked = async move {
        let stamp = app.clock.stamp();
        let bearer = Bearer::owner(institution, principal, None);
        let known = load(&app.db.read(), &bearer, stamp.now()).await;
        let authority = Arc::new(known.unwrap().unwrap());
        let grant = &Grant::<ImportsRun>::of(&authority, stamp.now()).unwrap();
        let staff = PrincipalKind::Staff;
        let operation = Operation {
            actor: By::new(principal.uuid(), staff),
            authority: Some(authority.clone()),
            ..Operation::system(institution, staff, "undo_import", stamp)
        };
        let queued = app.db.transaction(&operation, |tx| async move {
            let job = commands::undo(&tx, grant, id).await?;
            if has_given_up {
                let writing = tx.operation().authority.as_deref();
                let undoer = Undoer {
                    deleting: grant.clone(),
                    writing: writing.and_then(|authority| Grant::of(authority, tx.now())),
                };
                let first = undoing::page(&tx, grant, id, None, 100).await?;
                assert!(undoing::remove(&tx, &undoer, id, &first).await?.is_empty());
                let tried =
                    "UPDATE jobs SET attempt = 5 WHERE kind = 'undo_import' AND status = 'queued'";
                tx.execute_unprepared(tried).await?;
            }
            Ok(job)
        });
        queued.await.unwrap().to_string()
    };
    w.server.inside(asked).await
}

/// Forgets what it takes to undo imports, as if all were long over; of how many customers.
async fn forget(w: &World) -> u64 {
    let (app, institution) = (w.server.app.clone(), w.institution);
    let forgotten = async move {
        let stamp = app.clock.stamp();
        let until = stamp.now() + SignedDuration::from_hours(1);
        let system = PrincipalKind::System;
        let operation = Operation::system(institution, system, "remove_expired", stamp);
        let removed = app.db.transaction(&operation, |tx| async move {
            undoing::forget(&tx, until, 1000).await
        });
        removed.await.unwrap()
    };
    w.server.inside(forgotten).await
}

/// The customer of a row of the list.
async fn of_row(who: &Actor, import: &Answer, row: usize) -> String {
    rows(who, import).await[row]["customer_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn held(who: &Actor) -> usize {
    who.get(CUSTOMERS).await.expect(200).ids().len()
}

both! {
    async fn an_import_is_undone_as_a_whole_and_its_file_taken_in_again(w: World) {
        let manager = w.as_manager();
        let done = taken_in(&w, &manager).await;
        assert_eq!(preview(&manager, &done).await, json!({"customers": 4, "restored": 0, "in_the_way": 0, "obstacles": []}));
        assert_eq!(held(&manager).await, 4);
        let child = of_row(&manager, &done, 0).await;
        let (now, job) = undone(&manager, &done).await;
        assert_eq!((&job["status"], &job["progress"]["done"]), (&json!("succeeded"), &json!(4)), "{job}");
        assert_eq!((&now.json["status"], &now.json["undone_by"]), (&json!("undone"), &json!(manager.principal)));
        assert!(now.json["undone_at"].is_string());
        assert_eq!(held(&manager).await, 0);
        manager.get(&format!("{CUSTOMERS}/{child}")).await.expect_problem(404, "not_found");
        let found = manager.post(&format!("{CUSTOMERS}/search"), &json!({"query": "张小明"})).await.expect(200);
        assert!(found.ids().is_empty());
        w.server.settle().await;
        let events = w.as_boss().get("/api/v1/events?limit=200").await.expect(200);
        let deleted = events.json["items"].as_array().unwrap().iter()
            .filter(|event| event["type"] == "customer.deleted").count();
        assert_eq!(deleted, 4);
        undo(&manager, &done).await.expect_problem(409, "import_undone");
        let body = json!({"file_id": done.json["file_id"], "entity": "customers", "campus_id": w.places.north, "mode": "commit"});
        let again = manager.post(IMPORTS, &body).await.expect(202);
        let again = ended(&manager, &again).await;
        assert_eq!(again.json["counts"]["created"], 3);
        assert_eq!(held(&manager).await, 4);
    }

    async fn what_was_done_since_with_any_of_its_customers_stands_in_the_way_and_is_named(w: World) {
        let boss = w.as_boss();
        let done = taken_in(&w, &boss).await;
        let mut ids = Vec::new();
        for row in 0..3 {
            ids.push(of_row(&boss, &done, row).await);
        }
        let mother = boss.get(&format!("{CUSTOMERS}/{}/relations", ids[0])).await.expect(200);
        let mother = mother.json["items"][0]["relative_id"].as_str().unwrap().to_owned();
        let call = json!({"customer_id": ids[0], "method": "phone", "outcome": "interested"});
        boss.post("/api/v1/follow-ups", &call).await.expect(201);
        boss.patch(&format!("{CUSTOMERS}/{}", ids[2]), &json!({"intent": 2})).await.expect(200);
        // Another list relates a child of its own to the mother of this one.
        let third = import(&w, &boss, "姓名,家长姓名,手机号\n张小刚,王芳,13800138001\n", "commit").await;
        assert_eq!(third.json["counts"]["created"], 1);
        let seen = preview(&boss, &done).await;
        assert_eq!((&seen["customers"], &seen["in_the_way"]), (&json!(4), &json!(3)), "{seen}");
        let mut named: Vec<_> = seen["obstacles"].as_array().unwrap().iter()
            .map(|one| (one["row"].as_i64().unwrap(), one["customer_id"].as_str().unwrap().to_owned(), one["reason"].clone()))
            .collect();
        named.sort_by_key(|(row, _, reason)| (*row, reason.to_string()));
        assert_eq!(named, [
            (2, ids[0].clone(), json!("followed_up")),
            (2, mother, json!("related")),
            (4, ids[2].clone(), json!("changed")),
        ]);
        undo(&boss, &done).await.expect_problem(409, "import_built_on");
        assert_eq!(held(&boss).await, 5, "nothing went");
        // What came later goes first.
        assert_eq!(undone(&boss, &third).await.0.json["status"], "undone");
        assert_eq!(preview(&boss, &done).await["in_the_way"], 2);
    }

    async fn business_and_wishes_and_papers_are_seen(w: World) {
        let boss = w.as_boss();
        let list: String = (0..6).map(|n| format!("学员{n}\n")).collect();
        let done = import(&w, &boss, &format!("姓名\n{list}"), "commit").await;
        let mut ids = Vec::new();
        for row in rows(&boss, &done).await {
            ids.push(row["customer_id"].as_str().unwrap().to_owned());
        }
        let amount = json!({"amount_minor": 5000, "currency": "CNY"});
        let charge = json!({"customer_id": ids[0], "description": "教材", "amount": amount});
        boss.post("/api/v1/charges", &charge).await.expect(201);
        let request = json!({"customer_id": ids[1], "kind": "deletion"});
        boss.post("/api/v1/privacy-requests", &request).await.expect(201);
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "需求"})).await.expect(201).id();
        let tag = boss.post("/api/v1/tags", &json!({"name": "VIP", "category_id": category})).await.expect(201).id();
        boss.post(&format!("{CUSTOMERS}/{}/tags", ids[2]), &json!({"tag_id": tag})).await.expect(201);
        boss.patch("/api/v1/quality-policy", &json!({"required_fields": ["school"]})).await.expect(200);
        let sweep = boss.post("/api/v1/record-sweeps", &json!(null)).await.expect(202);
        boss.ended_job(&sweep.id()).await;
        let entries = format!("/api/v1/cleaning-entries?customer_id={}", ids[3]);
        let entry = boss.get(&entries).await.expect(200).ids().remove(0);
        let keep = json!({"days": 30, "reason": "开学后补充"});
        boss.post(&format!("/api/v1/cleaning-entries/{entry}/keep"), &keep).await.expect(200);
        // One that was deleted by hand is gone already.
        boss.delete(&format!("{CUSTOMERS}/{}", ids[5])).await.expect(204);
        let seen = preview(&boss, &done).await;
        let reasons: Vec<_> = seen["obstacles"].as_array().unwrap().iter()
            .map(|one| (one["row"].as_i64().unwrap(), one["reason"].as_str().unwrap()))
            .collect();
        let expected = [(2, "in_business"), (3, "decided"), (4, "tagged"), (5, "filed")];
        assert_eq!(&reasons[..4], expected, "{seen}");
        undo(&boss, &done).await.expect_problem(409, "import_built_on");
    }

    async fn only_what_was_done_and_has_ended_can_be_undone_by_who_did_it(w: World) {
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let tried = import(&w, &manager, LIST, "validate").await;
        undo(&manager, &tried).await.expect_problem(409, "import_not_done");
        let done = import(&w, &manager, LIST, "commit").await;
        undo(&boss, &done).await.expect_problem(404, "not_found");
        // What is beyond reach by now stands in the way, unnamed.
        let taken: Vec<_> = manager.get(CUSTOMERS).await.expect(200).ids();
        let south = json!({"holder_id": w.places.south, "campus_id": w.places.south, "reason": "转校区"});
        boss.post(&format!("{CUSTOMERS}/{}/transfer", taken[0]), &south).await.expect(200);
        let seen = preview(&manager, &done).await;
        assert_eq!(seen["in_the_way"], 1, "{seen}");
        assert_eq!((&seen["obstacles"][0]["reason"], &seen["obstacles"][0]["customer_id"]), (&json!("out_of_reach"), &json!(null)));
        // Without what tells whom it made it stays.
        w.reorganize("DELETE FROM import_customers WHERE institution_id = ?", vec![w.institution.uuid().into()]).await;
        undo(&manager, &done).await.expect_problem(409, "import_too_old");
    }

    async fn an_undo_that_is_overtaken_brings_everybody_back_and_can_be_tried_again(w: World) {
        let boss = w.as_boss();
        let list: String = (0..250).map(|n| format!("学员{n}\n")).collect();
        let done = import(&w, &boss, &format!("姓名\n{list}"), "commit").await;
        // The last one is changed behind the first look at all of them: as if in between.
        let ids = boss.get(&format!("{CUSTOMERS}?limit=1&sort=-created_at")).await.expect(200).ids();
        boss.patch(&format!("{CUSTOMERS}/{}", ids[0]), &json!({"intent": 1})).await.expect(200);
        let job = ask_without_a_look(&w, &boss, &done).await;
        let ended = boss.ended_job(&job).await;
        assert_eq!((&ended.json["status"], &ended.json["problem"]["code"]), (&json!("failed"), &json!("import_built_on")));
        let now = boss.get(&format!("{IMPORTS}/{}", done.id())).await.expect(200);
        assert_eq!((&now.json["status"], &now.json["undo_job_id"]), (&json!("succeeded"), &json!(null)));
        let count = "SELECT CAST(COUNT(*) AS text) FROM customers WHERE institution_id = ? AND deleted_at IS NULL";
        assert_eq!(w.server.texts(count, vec![w.institution.uuid().into()]).await, ["250"]);
        let seen = preview(&boss, &done).await;
        assert_eq!((&seen["in_the_way"], &seen["obstacles"][0]["customer_id"]), (&json!(1), &json!(ids[0])));
        let found = boss.post(&format!("{CUSTOMERS}/search"), &json!({"query": "学员7"})).await.expect(200);
        assert!(!found.ids().is_empty(), "they are found again");
        boss.delete(&format!("{CUSTOMERS}/{}", ids[0])).await.expect(204);
        assert_eq!(undone(&boss, &done).await.0.json["status"], "undone");
        assert_eq!(w.server.texts(count, vec![w.institution.uuid().into()]).await, ["0"]);
    }

    async fn an_undo_that_gave_up_in_between_says_so_and_is_gone_on_with(w: World) {
        let boss = w.as_boss();
        let list: String = (0..250).map(|n| format!("学员{n}\n")).collect();
        let done = import(&w, &boss, &format!("姓名\n{list}"), "commit").await;
        let job = ask(&w, &boss, &done, true).await;
        let ended = boss.ended_job(&job).await;
        assert_eq!((&ended.json["status"], &ended.json["problem"]["code"]), (&json!("failed"), &json!("job_gave_up")));
        let now = boss.get(&format!("{IMPORTS}/{}", done.id())).await.expect(200);
        assert_eq!((&now.json["status"], &now.json["undo_job_id"]), (&json!("undoing"), &json!(job)), "not as if it were whole");
        assert_eq!(preview(&boss, &done).await, json!({"customers": 150, "restored": 0, "in_the_way": 0, "obstacles": []}));
        assert_eq!(forget(&w).await, 0, "what it takes to go on stays");
        let path = format!("{IMPORTS}/{}/undo", done.id());
        let asked = boss.post_with_key(&path, "again", &json!(null)).await.expect(202);
        assert_eq!(boss.ended_job(&asked.id()).await.json["status"], "succeeded");
        let retried = boss.post_with_key(&path, "again", &json!(null)).await.expect(202);
        assert_eq!(retried.id(), asked.id());
        assert_eq!(boss.get(&format!("{IMPORTS}/{}", done.id())).await.json["status"], "undone");
        assert_eq!(held(&boss).await, 0);
        assert_eq!(forget(&w).await, 250);
    }
}
