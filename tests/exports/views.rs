//! Exports of what a view finds, and what they show beside the list.

use std::collections::BTreeSet;

use domain::access::Reach;
use tests::{Actor, Value, World, both, json};

use super::{EXPORTS, begin_with, column, content, customer, ended, export, table, table_with};
use crate::access::fields::reader_with;

/// A view of somebody's that everybody sees.
async fn view(who: &Actor, search: Value) -> String {
    let body = json!({"name": "待回访", "entity": "customers", "audience": "institution", "search": search});
    who.post("/api/v1/views", &body).await.expect(201).id()
}

/// The names that a search by a view finds.
async fn found(who: &Actor, view: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut body = json!({ "view_id": view });
    loop {
        let page = who
            .post("/api/v1/customers/search", &body)
            .await
            .expect(200);
        let items = page.json["items"].as_array().unwrap();
        found.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        body["cursor"] = page.json["next_cursor"].clone();
        if body["cursor"].is_null() {
            return found;
        }
    }
}

fn names(expected: &[&str]) -> BTreeSet<String> {
    expected.iter().map(|name| (*name).to_owned()).collect()
}

/// Who reads and exports within a reach.
async fn reader(w: &World, reach: Reach, more: &[&str]) -> Actor {
    let code = format!("exports_{}", uuid::Uuid::now_v7().simple());
    let codes = ["customers:read", "exports:run"].iter().chain(more);
    let permissions: Vec<_> = codes.map(|code| (*code, reach)).collect();
    w.add_role(&code, &permissions).await;
    w.hire(&[&code], w.places.north, None).await
}

/// Where a refused export has its faults.
async fn refused(who: &Actor, asked: Value) -> Vec<(String, String)> {
    let mut body = json!({"entity": "customers", "format": "csv", "reason": "盘点"});
    for (field, value) in asked.as_object().unwrap() {
        body[field] = value.clone();
    }
    who.post(EXPORTS, &body)
        .await
        .expect_problem(422, "validation_failed")
        .errors()
}

/// How the job of an export failed.
async fn failed(who: &Actor, job: &str) -> Value {
    let job = who.ended_job(job).await;
    assert_eq!(job.json["status"], "failed", "{}", job.text);
    job.json["problem"]["code"].clone()
}

both! {
    async fn an_export_of_a_view_holds_what_a_search_by_it_finds_the_same_person(w: World) {
        let (boss, own) = (w.as_boss(), reader(&w, Reach::Own, &[]).await);
        let held = |more: Value| {
            let mut body = json!({"holder_id": own.principal});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        customer(&w, "王小明", json!({"intent": 4})).await;
        customer(&w, "王小红", held(json!({"intent": 3}))).await;
        customer(&w, "王小刚", held(json!({"intent": 1}))).await;
        customer(&w, "李雷", held(json!({"intent": 4}))).await;
        let keen = json!({"all": [{"field": "intent", "op": "gte", "value": 3}]});
        for (search, all, mine) in [
            (json!({"conditions": keen}), &["王小明", "王小红", "李雷"][..], &["王小红", "李雷"][..]),
            (json!({"name": "王小"}), &["王小明", "王小红", "王小刚"], &["王小红", "王小刚"]),
            (json!({"name": "王小", "conditions": keen, "sort": "name"}), &["王小明", "王小红"], &["王小红"]),
            (json!({"filters": {"intent": [1]}}), &["王小刚"], &["王小刚"]),
        ] {
            let id = view(&boss, search.clone()).await;
            for (who, expected) in [(&boss, all), (&own, mine)] {
                let exported = table_with(who, json!({ "view_id": id })).await;
                assert_eq!(column(&exported, "Name"), names(expected), "{search}");
                assert_eq!(found(who, &id).await, names(expected), "{search}");
            }
        }
        let id = view(&boss, json!({"conditions": keen})).await;
        let narrowed = json!({"view_id": id, "filters": {"intent": [4]}});
        assert_eq!(column(&table_with(&boss, narrowed).await, "Name"), names(&["王小明", "李雷"]));
    }

    async fn more_than_a_batch_of_a_view_comes_whole(w: World) {
        let boss = w.as_boss();
        let list: String = (0..1_203).map(|n| format!("学员{n}\n")).collect();
        crate::imports::import(&w, &boss, &format!("姓名\n{list}"), "commit").await;
        let student = json!([{"field": "kind", "op": "eq", "value": "student"}]);
        let id = view(&boss, json!({"conditions": {"all": student}})).await;
        let rows = table_with(&boss, json!({ "view_id": id })).await;
        assert_eq!(column(&rows, "ID").len(), rows.len(), "each once");
        assert_eq!(rows.len(), 1_203);
    }

    async fn a_view_that_one_may_not_run_is_refused_by_name(w: World) {
        let boss = w.as_boss();
        let unknown = json!({"view_id": uuid::Uuid::now_v7()});
        let at = |place: &str, code: &str| vec![(place.to_owned(), code.to_owned())];
        assert_eq!(refused(&boss, unknown).await, at("#/view_id", "unknown_reference"));
        let filtered = view(&boss, json!({"filters": {"intent": [4]}})).await;
        let both = json!({"view_id": filtered, "filters": {"stage": ["lead"]}});
        assert_eq!(refused(&boss, both).await, at("#/filters", "view_has_filters"));

        let rules = json!([{"record": "customers", "field": "intent", "access": "hidden"}]);
        let who = reader_with(&w, &["customers:read", "exports:run"], rules).await;
        assert_eq!(refused(&who, json!({"view_id": filtered})).await, at("#/view_id", "field_not_readable"));
        let stranger = w.as_stranger();
        assert_eq!(refused(&stranger, json!({"view_id": filtered})).await, at("#/view_id", "unknown_reference"));

        // Parts of addresses are behind masks.
        let behind = view(&boss, json!({"address": "中关村"})).await;
        let who = reader(&w, Reach::Institution, &[]).await;
        let body = json!({"entity": "customers", "format": "csv", "reason": "盘点", "view_id": behind});
        who.post(EXPORTS, &body).await.expect_problem(403, "permission_missing");
        let who = reader(&w, Reach::Institution, &["customers:reveal"]).await;
        table_with(&who, json!({ "view_id": behind })).await;
    }

    async fn details_have_columns_where_they_are_asked_for(w: World) {
        let details = json!({"needs": "数学\n提高", "hobbies": ["篮球", "围棋"], "spending_power": "high", "membership_tier": "=1+1"});
        customer(&w, "王芳", json!({"kind": "guardian", "details": details})).await;
        let boss = w.as_boss();
        let row = &table(&boss, &json!({})).await[0];
        assert!(!row.contains_key("Needs") && !row.contains_key("Hobbies"));
        let row = &table_with(&boss, json!({"expand": ["details"]})).await[0];
        for (heading, cell) in [
            ("Needs", "数学\n提高"), ("Hobbies", "篮球, 围棋"), ("Spending power", "High"),
            ("Membership tier", "'=1+1"), ("Industry", ""),
        ] {
            assert_eq!(row[heading], cell, "{heading}");
        }
        let rule = |field: &str, access: &str| json!({"record": "customers", "field": field, "access": access});
        let rules = json!([rule("details.membership_tier", "masked"), rule("details.needs", "hidden")]);
        let who = reader_with(&w, &["customers:read", "exports:run"], rules).await;
        let row = &table_with(&who, json!({"expand": ["details"]})).await[0];
        assert!(!row.contains_key("Needs"));
        assert_eq!((row["Membership tier"].as_str(), row["Hobbies"].as_str()), ("***", "篮球, 围棋"));
    }

    async fn the_class_of_a_place_is_exported_as_lists_show_it(w: World) {
        customer(&w, "王芳", json!({"kind": "guardian", "details": {"region_code": "110108"}})).await;
        let row = &table_with(&w.as_boss(), json!({"expand": ["details"]})).await[0];
        assert_eq!(row["City class"], "First-tier city");
        let rules = json!([{"record": "customers", "field": "details.region_code", "access": "hidden"}]);
        let who = reader_with(&w, &["customers:read", "exports:run"], rules).await;
        let row = &table_with(&who, json!({"expand": ["details"]})).await[0];
        assert_eq!(row["City class"], "");
    }

    async fn stage_and_grade_by_age_are_hidden_with_the_birth_date(w: World) {
        let year = w.server.app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).year();
        customer(&w, "张伟", json!({"birth_date": format!("{}-01-01", year - 40)})).await;
        let row = &table(&w.as_boss(), &json!({})).await[0];
        assert_eq!((row["School stage"].as_str(), row["Grade by age"].as_str()), ("After school", ""));
        let rules = json!([{"record": "customers", "field": "birth_date", "access": "hidden"}]);
        let who = reader_with(&w, &["customers:read", "exports:run"], rules).await;
        let row = &table(&who, &json!({})).await[0];
        assert!(!row.contains_key("School stage") && !row.contains_key("Grade by age"));
    }

    async fn what_a_view_looked_for_is_on_the_trail_when_it_is_gone(w: World) {
        customer(&w, "张伟", json!({"intent": 4})).await;
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let leaf = |field: &str, op: &str, value: Value| json!({"field": field, "op": op, "value": value});
        let search = |words: &str| json!({"name": words, "conditions": {"all": [leaf("intent", "gte", json!(3)), leaf("name", "eq", json!(words))]}});
        let (search, told_of) = (search("张伟"), search("***"));
        let body = json!({"name": "测试", "entity": "customers", "search": search});
        let own = manager.post("/api/v1/views", &body).await.expect(201).id();
        let made = ended(&manager, &begin_with(&manager, json!({ "view_id": own })).await).await;
        manager.delete(&format!("/api/v1/views/{own}")).await.expect(204);
        let trail = boss.get(&format!("/api/v1/audit-events?target_id={}", made.id())).await.expect(200);
        let mut told = Vec::new();
        for id in trail.ids() {
            let event = boss.get(&format!("/api/v1/audit-events/{id}")).await.expect(200);
            let changes = event.json["changes"].as_array().unwrap().clone();
            let change = changes.into_iter().find(|change| change["kind"] == "export").unwrap();
            told.push((change["after"]["view_version"].clone(), change["after"]["view_search"].clone()));
        }
        assert_eq!(told, [(json!(1), json!(null)), (json!(1), told_of)]);
    }

    async fn who_agrees_to_an_export_reads_what_its_view_looks_for(w: World) {
        customer(&w, "张伟", json!({"intent": 4})).await;
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let steps = json!([{"staff_id": boss.principal}]);
        let policy = json!({"name": "导出", "kind": "export", "from_amount": 1, "steps": steps});
        boss.post(crate::approvals::POLICIES, &policy).await.expect(201);
        let body = json!({"name": "测试", "entity": "customers", "search": {"filters": {"intent": [4]}}});
        let own = manager.post("/api/v1/views", &body).await.expect(201).id();
        begin_with(&manager, json!({ "view_id": own })).await;
        boss.get(&format!("/api/v1/views/{own}")).await.expect_problem(404, "not_found");
        let waiting = boss.get("/api/v1/approvals?side=waiting_for_me").await.expect(200);
        let summary = waiting.json["items"][0]["summary"].as_str().unwrap();
        assert!(summary.ends_with(r#" · 测试 · {"filters":{"intent":[4]}}"#), "{summary}");
    }

    async fn every_row_says_who_exported_it_and_when(w: World) {
        customer(&w, "张伟", json!({})).await;
        customer(&w, "李雷", json!({})).await;
        let manager = w.as_manager();
        let made = export(&manager, "csv", &json!({})).await;
        let text = content(&manager, &made).await.text;
        let rows: Vec<_> = text.trim_end().split("\r\n").collect();
        assert!(rows[0].ends_with(",Exported"), "{text}");
        for row in &rows[1..] {
            let mark = row.rsplit(',').next().unwrap();
            assert!(mark.starts_with("manager ") && mark.ends_with(&made.id()), "{row}");
        }
    }

    async fn an_export_of_a_view_that_was_changed_meanwhile_fails(w: World) {
        customer(&w, "张伟", json!({"intent": 4})).await;
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let steps = json!([{"staff_id": manager.principal}]);
        let policy = json!({"name": "导出", "kind": "export", "from_amount": 1, "steps": steps});
        boss.post(crate::approvals::POLICIES, &policy).await.expect(201);
        let id = view(&boss, json!({"filters": {"intent": [4]}})).await;
        let job = begin_with(&boss, json!({ "view_id": id })).await;
        let path = format!("/api/v1/views/{id}");
        let mine = boss.get(&path).await.expect(200);
        boss.patch_if(&path, &mine.etag(), &json!({"search": {}})).await.expect(200);
        let waiting = manager.get("/api/v1/approvals?side=waiting_for_me").await.expect(200);
        assert!(waiting.json["items"][0]["summary"].as_str().unwrap().contains("待回访"), "{}", waiting.text);
        let decision = format!("/api/v1/approvals/{}/decision", waiting.ids()[0]);
        manager.post(&decision, &json!({"step": 1, "verdict": "approve"})).await.expect(200);
        assert_eq!(failed(&boss, &job.id()).await, "export_view_changed");
    }

    async fn an_export_that_has_grown_to_where_others_decide_fails(w: World) {
        customer(&w, "张伟", json!({})).await;
        let (boss, manager) = (w.as_boss(), w.as_manager());
        for from in [1, 3] {
            let steps = json!([{"staff_id": manager.principal}]);
            let policy = json!({"name": format!("{from} 行起"), "kind": "export", "from_amount": from, "steps": steps});
            boss.post(crate::approvals::POLICIES, &policy).await.expect(201);
        }
        let approved = async |job: &str| {
            let waiting = manager.get("/api/v1/approvals?side=waiting_for_me").await.expect(200);
            let decision = format!("/api/v1/approvals/{}/decision", waiting.ids()[0]);
            manager.post(&decision, &json!({"step": 1, "verdict": "approve"})).await.expect(200);
            boss.ended_job(job).await
        };
        let job = begin_with(&boss, json!({})).await;
        customer(&w, "李雷", json!({})).await;
        assert_eq!(approved(&job.id()).await.json["status"], "succeeded", "two rows are agreed as one is");
        let job = begin_with(&boss, json!({})).await;
        customer(&w, "韩梅梅", json!({})).await;
        approved(&job.id()).await;
        assert_eq!(failed(&boss, &job.id()).await, "export_grew");
        let job = begin_with(&boss, json!({})).await;
        assert_eq!(approved(&job.id()).await.json["status"], "succeeded", "all three were agreed");
        assert_eq!(ended(&boss, &job).await.json["rows"], 3);
    }
}
