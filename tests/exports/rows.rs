//! I-20: an export holds what the list shows the same person.

use std::collections::BTreeSet;

use domain::access::Reach;
use tests::{Actor, World, both, json};

use super::{EXPORTS, column, content, customer, export, give, table};

/// Ids of a list, page by page.
async fn listed(who: &Actor, query: &str) -> BTreeSet<String> {
    let base = format!("/api/v1/customers?limit=3{query}");
    let (mut path, mut ids) = (base.clone(), BTreeSet::new());
    loop {
        let page = who.get(&path).await.expect(200);
        ids.extend(page.ids());
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            return ids;
        };
        path = format!("{base}&cursor={cursor}");
    }
}

/// Customers in everybody's hands, one of them shared with the recruiter and one deleted.
async fn spread(w: &World) {
    let boss = w.as_boss();
    let (recruiter, colleague) = (w.as_recruiter().principal, w.as_colleague().principal);
    for (name, holder, campus, more) in [
        (
            "甲",
            recruiter.uuid(),
            w.places.north,
            json!({"stage": "lead", "intent": 4}),
        ),
        (
            "乙",
            recruiter.uuid(),
            w.places.north,
            json!({"kind": "guardian"}),
        ),
        (
            "丙",
            colleague.uuid(),
            w.places.north,
            json!({"stage": "enrolled"}),
        ),
        (
            "丁",
            w.places.north.uuid(),
            w.places.north,
            json!({"source_channel": "referral"}),
        ),
        (
            "戊",
            w.places.east.uuid(),
            w.places.east,
            json!({"intent": 1}),
        ),
        ("己", w.places.south.uuid(), w.places.south, json!({})),
    ] {
        let mut more = more;
        more["holder_id"] = json!(holder);
        more["campus_id"] = json!(campus);
        customer(w, name, more).await;
    }
    let shared = json!({"holder_id": colleague, "campus_id": w.places.north});
    let shared = customer(w, "庚", shared).await;
    let share = json!({"grantee_id": recruiter, "access": "read"});
    let shares = format!("/api/v1/customers/{shared}/shares");
    boss.post(&shares, &share).await.expect(201);
    let gone = customer(w, "辛", json!({"holder_id": recruiter})).await;
    boss.delete(&format!("/api/v1/customers/{gone}"))
        .await
        .expect(204);
}

both! {
    async fn an_export_holds_what_the_list_shows_the_same_person(w: World) {
        spread(&w).await;
        for (code, reach) in [("own_exports", Reach::Own), ("team_exports", Reach::Team)] {
            w.add_role(code, &[("exports:run", reach)]).await;
        }
        give(&w, &w.as_recruiter(), "own_exports").await;
        give(&w, &w.as_supervisor(), "team_exports").await;
        for name in ["boss", "manager", "southerner", "finance", "recruiter", "supervisor"] {
            let who = w.actor(name);
            let rows = table(&who, &json!({})).await;
            let seen = listed(&who, "").await;
            assert!(!seen.is_empty(), "{name}");
            assert_eq!((column(&rows, "ID"), rows.len()), (seen.clone(), seen.len()), "{name}");
        }
        // The list of the recruiter has one that is shared.
        assert_eq!(listed(&w.as_recruiter(), "").await.len(), 3);
        w.as_colleague().post(EXPORTS, &json!({"entity": "customers", "format": "csv", "reason": "好奇"})).await
            .expect_problem(403, "permission_missing");
    }

    async fn filters_are_those_of_the_list(w: World) {
        spread(&w).await;
        let boss = w.as_boss();
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "来源"})).await.expect(201).id();
        let tag = boss.post("/api/v1/tags", &json!({"name": "重点", "category_id": category})).await.expect(201).id();
        let tagged = listed(&boss, "&stage=enrolled").await.into_iter().next().unwrap();
        boss.post(&format!("/api/v1/customers/{tagged}/tags"), &json!({"tag_id": tag})).await.expect(201);
        let some = boss.get(&format!("/api/v1/customers/{tagged}")).await.expect(200);
        let at = some.json["created_at"].as_str().unwrap().to_owned();
        let (north, holder) = (w.places.north, w.as_recruiter().principal);
        for (query, filters) in [
            ("&kind=guardian".to_owned(), json!({"kind": ["guardian"]})),
            ("&stage=lead".to_owned(), json!({"stage": ["lead"]})),
            ("&source_channel=referral,event".to_owned(), json!({"source_channel": ["referral", "event"]})),
            ("&intent=1,4".to_owned(), json!({"intent": [1, 4]})),
            (format!("&holder_id={holder}"), json!({"holder_id": [holder]})),
            (format!("&campus_id={north}"), json!({"campus_id": [north]})),
            (format!("&tag_id={tag}"), json!({"tag_id": [tag]})),
            (format!("&created_at[gte]={at}"), json!({"created_at": {"gte": at}})),
            (format!("&created_at[lt]={at}&kind=student"), json!({"created_at": {"lt": at}, "kind": ["student"]})),
        ] {
            let seen = listed(&boss, &query).await;
            assert!(!seen.is_empty(), "{query}");
            let rows = table(&boss, &filters).await;
            assert_eq!(column(&rows, "ID"), seen, "{query}");
        }
        assert_eq!(table(&boss, &json!({"stage": ["lost"]})).await, []);
        for (filters, place) in [
            (json!({"phone": "138"}), "#/filters/phone"),
            (json!({"stage": ["nonsense"]}), "#/filters/stage/0"),
            (json!({"created_at": {"gt": at}}), "#/filters/created_at/gt"),
        ] {
            let body = json!({"entity": "customers", "format": "csv", "filters": filters, "reason": "盘点"});
            let refused = boss.post(EXPORTS, &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors()[0].0, place);
        }
    }

    async fn an_export_goes_no_further_than_the_permission_to_export(w: World) {
        spread(&w).await;
        w.add_role("narrow", &[("customers:read", Reach::Institution), ("exports:run", Reach::Own)]).await;
        let who = w.hire(&["narrow"], w.places.north, None).await;
        customer(&w, "壬", json!({"holder_id": who.principal})).await;
        assert_eq!(column(&table(&who, &json!({})).await, "Name"), BTreeSet::from(["壬".to_owned()]));
    }

    async fn more_than_one_batch_comes_whole(w: World) {
        let manager = w.as_manager();
        let list: String = (0..1203).map(|n| format!("学员{n}\n")).collect();
        let done = crate::imports::import(&w, &manager, &format!("姓名\n{list}"), "commit").await;
        assert_eq!(done.json["counts"]["created"], 1203);
        let rows = table(&manager, &json!({})).await;
        assert_eq!((rows.len(), column(&rows, "ID").len(), column(&rows, "Name").len()), (1203, 1203, 1203));
        let job = manager.get("/api/v1/jobs?limit=1").await.expect(200);
        assert_eq!(job.json["items"][0]["progress"], json!({"done": 1203, "total": 1203, "percent": 100}));
    }

    async fn rows_have_names_and_labels_in_the_language_of_the_request(w: World) {
        let boss = w.as_boss();
        let held = json!({"holder_id": w.as_recruiter().principal, "gender": "female", "stage": "trial",
            "birth_date": "2015-06-01", "note": "一\n二", "collected_at": "2026-03-01T16:30:00Z"});
        customer(&w, "张伟", held).await;
        let row = &table(&boss, &json!({})).await[0];
        for (heading, cell) in [
            ("Kind", "Student"), ("Name", "张伟"), ("Gender", "Female"), ("Stage", "Trial"),
            ("Source channel", "咨询热线"), ("Birth date", "2015-06-01"), ("Note", "一\n二"),
            ("Campus", "北校区"), ("Holder", "recruiter"), ("Collector", "boss"),
            ("Collected at", "2026-03-02 00:30:00"), ("Phone", "'+8613800138000"),
            ("Contact points", "Phone (妈妈): +8613800138000"), ("Tags", ""),
        ] {
            assert_eq!(row[heading], cell, "{heading}");
        }
        assert_eq!(row["Campus ID"], w.places.north.to_string());
        boss.patch("/api/v1/institution", &json!({"locale": "zh-CN"})).await.expect(200);
        let body = json!({"entity": "customers", "format": "csv", "reason": "盘点"});
        let request = boss.request(reqwest::Method::POST, EXPORTS)
            .header("idempotency-key", "chinese").json(&body).build().unwrap();
        let mut request = request;
        request.headers_mut().insert("accept-language", "zh-CN".parse().unwrap());
        let job = w.client.execute(request).await.unwrap();
        let job: tests::Value = serde_json::from_str(&job.text().await.unwrap()).unwrap();
        let done = boss.ended_job(job["id"].as_str().unwrap()).await;
        let path = format!("{}/{}", EXPORTS, done.json["result"]["id"].as_str().unwrap());
        let file = content(&boss, &boss.get(&path).await.expect(200)).await;
        assert!(file.text.starts_with("编号,类型,姓名,性别,出生日期,手机号,"), "{}", file.text);
        assert!(file.text.contains(",学员,张伟,女,2015-06-01,'+8613800138000,"), "{}", file.text);
        let name = file.header("content-disposition").unwrap();
        assert!(name.starts_with("attachment; filename*=UTF-8''%E5%AE%A2%E6%88%B7-"), "{name}");
    }

    async fn what_was_exported_by_whom_and_why_is_on_the_trail(w: World) {
        customer(&w, "张伟", json!({})).await;
        let manager = w.as_manager();
        let made = export(&manager, "csv", &json!({"stage": ["lead"]})).await;
        content(&manager, &made).await;
        let boss = w.as_boss();
        let trail = boss.get(&format!("/api/v1/audit-events?target_id={}", made.id())).await.expect(200);
        let told: Vec<_> = trail.json["items"].as_array().unwrap().iter()
            .map(|e| (e["operation"].as_str().unwrap(), e["actor"]["id"].clone())).collect();
        let by = json!(manager.principal);
        assert_eq!(told, [("downloadExport", by.clone()), ("run_export", by.clone()), ("createExport", by)]);
        let mut changes = Vec::new();
        for id in trail.ids() {
            let event = boss.get(&format!("/api/v1/audit-events/{id}")).await.expect(200);
            let all = event.json["changes"].as_array().unwrap().clone();
            changes.push(all.into_iter().find(|c| c["kind"] == "export").unwrap()["after"].clone());
        }
        assert_eq!(changes[0], json!({"downloaded": true, "format": "csv", "rows": 1, "revealed_rows": 1}));
        assert_eq!(changes[1], json!({"of": "customers", "format": "csv", "filters": {"stage": ["lead"]},
            "rows": 1, "revealed_rows": 1}));
        assert_eq!(changes[2], json!({"of": "customers", "format": "csv", "filters": {"stage": ["lead"]},
            "reason": "月度盘点"}));
    }
}
