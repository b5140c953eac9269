use tests::{Value, both, json};

use super::{SEARCH, found};

fn leaf(field: &str, op: &str, value: Value) -> Value {
    json!({"field": field, "op": op, "value": value})
}

both! {
    async fn conditions_combine_fields_at_will(w: World) {
        let manager = w.as_manager();
        let mut ids = Vec::new();
        for (name, intent, school) in [("张伟", json!(1), json!("实验小学")), ("李娜", json!(4), Value::Null), ("王芳", Value::Null, json!("Ｎo. 2 School"))] {
            let mut body = w.new_customer(name);
            if !intent.is_null() {
                body["intent"] = intent;
            }
            if !school.is_null() {
                body["school"] = school;
            }
            ids.push(manager.post("/api/v1/customers", &body).await.expect(201).id());
        }
        let [wei, na, fang] = [&ids[0], &ids[1], &ids[2]];
        let strong = leaf("intent", "gte", json!(3));
        for (asked, expected) in [
            (strong.clone(), vec![na]),
            // What is not known is not met, and its opposite is.
            (json!({"not": strong}), vec![fang, wei]),
            (json!({"field": "intent", "op": "is_unknown"}), vec![fang]),
            (json!({"all": [{"not": strong}, {"field": "intent", "op": "is_known"}]}), vec![wei]),
            (json!({"any": [leaf("name", "starts_with", json!("张")), leaf("school", "contains", json!("no.2"))]}), vec![fang, wei]),
            (json!({"not": {"any": [strong, leaf("school", "eq", json!("实验 小学"))]}}), vec![fang]),
            (leaf("name", "in", json!(["李娜", "王 芳", "李娜"])), vec![fang, na]),
            (leaf("created_at", "within_last_days", json!(0)), vec![fang, na, wei]),
            (leaf("created_at", "before_last_days", json!(0)), vec![]),
            (leaf("in_pool", "eq", json!(true)), vec![]),
        ] {
            assert_eq!(found(&manager, &asked).await.iter().collect::<Vec<_>>(), expected, "{asked}");
        }
        // Beside what else a search has, in pages of one, and counted.
        let mut body = json!({"query": "zw", "filters": {"kind": ["student"]}, "conditions": {"not": strong}, "include_total": true});
        let page = manager.post(SEARCH, &body).await.expect(200);
        assert_eq!((page.ids(), &page.json["total"]), (vec![wei.clone()], &json!(1)));
        body["query"] = json!("李");
        assert!(manager.post(SEARCH, &body).await.expect(200).ids().is_empty());
        let mut body = json!({"conditions": {"not": strong}, "include_total": true, "limit": 1, "sort": "created_at"});
        let mut walked = Vec::new();
        loop {
            let page = manager.post(SEARCH, &body).await.expect(200);
            assert_eq!((&page.json["total"], &page.json["total_is_capped"]), (&json!(2), &json!(false)));
            walked.extend(page.ids());
            let Some(cursor) = page.json["next_cursor"].as_str() else { break };
            body["cursor"] = json!(cursor);
        }
        assert_eq!(walked, [wei.clone(), fang.clone()]);
    }

    async fn notes_are_searched_by_any_part_of_them(w: World) {
        let manager = w.as_manager();
        let mut body = w.new_customer("张伟");
        body["note"] = json!("想学 Ｐiano，\n周末有空");
        let id = manager.post("/api/v1/customers", &body).await.expect(201).id();
        manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        for (asked, count) in [
            (json!({"note": "piano"}), 1), (json!({"note": "周末", "query": "zw"}), 1), (json!({"note": "钢琴"}), 0),
            (json!({"note": "%"}), 0), (json!({"note": "学piano，周"}), 1),
        ] {
            let found = manager.post(SEARCH, &asked).await.expect(200).ids();
            assert_eq!(found.len(), count, "{asked}");
            assert!(found.iter().all(|found| *found == id));
        }
        // Found as it is now.
        manager.patch(&format!("/api/v1/customers/{id}"), &json!({"note": "改学围棋"})).await.expect(200);
        assert_eq!(manager.post(SEARCH, &json!({"note": "围棋"})).await.expect(200).ids(), [id]);
        assert!(manager.post(SEARCH, &json!({"note": "piano"})).await.expect(200).ids().is_empty());
        manager.post(SEARCH, &json!({"note": " "})).await.expect(422);
    }

    async fn every_condition_that_is_none_is_told_at_its_place(w: World) {
        let recruiter = w.as_recruiter();
        let refused = async |conditions: Value, expected: &[(&str, &str)]| {
            let answer = recruiter.post(SEARCH, &json!({"conditions": conditions})).await
                .expect_problem(422, "validation_failed");
            let expected: Vec<_> = expected.iter()
                .map(|(at, code)| (format!("#/conditions{at}"), (*code).to_owned())).collect();
            assert_eq!(answer.errors(), expected, "{conditions}");
        };
        refused(json!({}), &[("", "condition_malformed")]).await;
        refused(json!({"all": []}), &[("/all", "too_short")]).await;
        refused(json!({"every": []}), &[("/every", "unknown_field")]).await;
        refused(json!({"op": "eq", "value": 1}), &[("", "condition_malformed")]).await;
        refused(json!({"all": [{"field": "kind", "op": "is_known"}], "not": {"field": "kind", "op": "is_known"}}),
            &[("", "condition_malformed")]).await;
        refused(json!({"any": [
            leaf("colour", "eq", json!("red")), leaf("kind", "gt", json!("student")), leaf("kind", "eq", json!("alien")),
            leaf("intent", "between", json!([4, 1])), leaf("intent", "in", json!([1, 9])),
            {"not": {"field": "age", "op": "gte"}}, leaf("birth_date", "eq", json!("2015-02-30")),
            leaf("created_at", "eq", json!("2026-01-01T00:00:00Z")), leaf("holder_id", "eq", json!("me")),
            leaf("intent", "is_known", json!(1)), leaf("name", "contains", json!("　")),
            leaf("birthday", "within_next_days", json!(-1)),
            {"field": "intent", "op": "eq", "value": 1, "last_days": 3},
        ]}), &[
            ("/any/0/field", "condition_field_unknown"), ("/any/1/op", "condition_operator_unfit"),
            ("/any/10/value", "condition_value_unfit"), ("/any/11/value", "condition_value_unfit"),
            ("/any/12/last_days", "condition_malformed"),
            ("/any/2/value", "condition_value_unfit"), ("/any/3/value", "condition_value_unfit"),
            ("/any/4/value/1", "condition_value_unfit"), ("/any/5/not/value", "condition_value_unfit"),
            ("/any/6/value", "condition_value_unfit"), ("/any/7/op", "condition_operator_unfit"),
            ("/any/8/value", "condition_value_unfit"), ("/any/9/value", "condition_value_unfit"),
        ]).await;
        let amount = json!({"amount_minor": 100, "currency": "USD"});
        let tree = json!({"conditions": {"not": leaf("amount_outstanding", "gte", amount)}});
        let answer = w.as_boss().post(SEARCH, &tree).await.expect(422);
        assert_eq!(answer.errors(), [("#/conditions/not/value".to_owned(), "currency_mismatch".to_owned())]);
    }

    async fn trees_have_their_limits(w: World) {
        let recruiter = w.as_recruiter();
        let known = json!({"field": "intent", "op": "is_known"});
        let many = |leaves: usize| json!({"conditions": {"any": [{"all": vec![known.clone(); leaves / 2]}, {"all": vec![known.clone(); leaves - leaves / 2]}]}});
        recruiter.post(SEARCH, &many(20)).await.expect(200);
        let answer = recruiter.post(SEARCH, &many(21)).await.expect(422);
        assert_eq!(answer.errors(), [("#/conditions/any/1/all/10".to_owned(), "too_many".to_owned())]);
        let deep = |groups: usize| (0..groups).fold(known.clone(), |tree, _| json!({"not": tree}));
        recruiter.post(SEARCH, &json!({"conditions": deep(8)})).await.expect(200);
        let answer = recruiter.post(SEARCH, &json!({"conditions": deep(9)})).await.expect(422);
        assert_eq!(answer.errors(), [(format!("#/conditions{}", "/not".repeat(8)), "condition_too_deep".to_owned())]);
        let ids: Vec<_> = (0..101).map(|_| uuid::Uuid::now_v7()).collect();
        recruiter.post(SEARCH, &json!({"conditions": leaf("campus_id", "in", json!(ids[1..]))})).await.expect(200);
        recruiter.post(SEARCH, &json!({"conditions": leaf("campus_id", "in", json!(ids))})).await.expect(422);
        recruiter.post(SEARCH, &json!({"conditions": leaf("note", "contains", json!("长".repeat(201)))})).await.expect(422);
        for text in ["' OR 1=1 --", "\" OR \"1", "%", "_", "\\", "$1", "?"] {
            for op in ["eq", "contains", "starts_with"] {
                assert!(found(&recruiter, &leaf("name", op, json!(text))).await.is_empty(), "{text}");
            }
        }
    }

    async fn a_query_builder_is_made_of_the_registry_alone(w: World) {
        let boss = w.as_boss();
        let list = boss.get("/api/v1/condition-fields").await.expect(200);
        assert_eq!(list.json["version"], 1);
        let items = list.json["items"].as_array().unwrap();
        let intent = items.iter().find(|item| item["field"] == "intent").unwrap();
        assert_eq!((&intent["label"], &intent["minimum"], &intent["maximum"]), (&json!("Intent"), &json!(1), &json!(4)));
        // Each field takes each of its operators, with a value of the kind that is told.
        for item in items {
            let one = match item["type"].as_str().unwrap() {
                "text" | "texts" => json!("x"),
                "number" => item["minimum"].clone(),
                "date" => json!("2015-09-01"),
                "instant" => json!("2026-09-01T08:00:00Z"),
                "choice" | "choices" => item["choices"][0]["value"].clone(),
                "id" | "ids" => {
                    let path = format!("/api/v1{}", item["listed_at"].as_str().unwrap());
                    let listed = boss.get(&path).await.expect(200);
                    json!(listed.ids().first().cloned().unwrap_or_else(|| uuid::Uuid::now_v7().to_string()))
                }
                "yes_no" => json!(true),
                "money" => json!({"amount_minor": 1, "currency": "CNY"}),
                kind => {
                    assert_eq!(kind, "birthday");
                    json!(7)
                }
            };
            for operator in item["operators"].as_array().unwrap() {
                assert!(operator["label"].is_string());
                let mut leaf = json!({"field": item["field"], "op": operator["op"]});
                match operator["op"].as_str().unwrap() {
                    "is_known" | "is_unknown" => {}
                    "in" => leaf["value"] = json!([one]),
                    "between" => leaf["value"] = json!([one, one]),
                    op if op.ends_with("_days") => leaf["value"] = json!(7),
                    _ => leaf["value"] = one.clone(),
                }
                boss.post(SEARCH, &json!({"conditions": leaf})).await.expect(200);
            }
        }
        let etag = list.headers.get("etag").unwrap().to_str().unwrap().to_owned();
        let again = boss.request(reqwest::Method::GET, "/api/v1/condition-fields").header("if-none-match", etag);
        boss.send(again).await.expect(304);
    }
}
