use std::collections::BTreeMap;

use domain::access::Reach;
use reqwest::Method;
use tests::{
    Value, both, json,
    policy::{NOT_BY_EXAMPLE, doer},
};

/// Operations that need no log-in. This list may only shrink.
const PUBLIC: &[&str] = &[
    "getContract",
    "getProblemType",
    "issueClientToken",
    "listEnums",
    "listSigningKeys",
    "live",
    "logIn",
    "ready",
    "refreshTokens",
];

both! {
    async fn every_operation_refuses_who_has_no_credentials(w: World) {
        let id = uuid::Uuid::now_v7().to_string();
        for (method, template, operation) in w.server.contract.operations() {
            let name = operation["operationId"].as_str().unwrap();
            if PUBLIC.contains(&name) {
                continue;
            }
            let path: String = template
                .split('/')
                .map(|s| if s.starts_with('{') { id.as_str() } else { s })
                .collect::<Vec<_>>()
                .join("/");
            let nobody = w.as_anonymous();
            nobody.send(nobody.request(method, &path)).await.expect_problem(401, "unauthenticated");
        }
    }

    async fn what_has_not_changed_is_not_sent_again(w: World) {
        let boss = w.as_boss();
        let mut asked = 0;
        for operation in w.server.contract.callable() {
            if !operation.takes("if-none-match") || !operation.path_ids.is_empty() {
                continue;
            }
            let read = boss.get(&operation.template).await.expect(200);
            let again = boss.request(Method::GET, &operation.template);
            let unchanged = boss.send(again.header("if-none-match", read.etag())).await.expect(304);
            assert_eq!((unchanged.text.as_str(), unchanged.etag()), ("", read.etag()));
            asked += 1;
        }
        assert!(asked > 12, "only {asked} were asked");
    }

    async fn every_operation_refuses_a_parameter_that_it_does_not_have(w: World) {
        for operation in w.server.contract.callable() {
            let actor = if operation.permission.is_some() { w.as_boss() } else { w.as_anonymous() };
            let mut call = operation.call(&w, &operation.random_ids()).await;
            call.path.push_str("?password=secret");
            let refused = actor.call(&call).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("password".into(), "unknown_parameter".into())], "{}", operation.id);
        }
    }

    async fn a_filter_takes_a_bounded_number_of_values(w: World) {
        let (boss, contract) = (w.as_boss(), &w.server.contract);
        let id = uuid::Uuid::now_v7().to_string();
        let mut tried = 0;
        for (method, template, operation) in contract.operations() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, schema) = (&parameter["name"], &parameter["schema"]);
                if schema["type"] != "array" {
                    continue;
                }
                let most = schema["maxItems"].as_u64().unwrap_or_default();
                assert!(most > 0, "{template}: {name} has no bound");
                let item = contract.resolve(&schema["items"]);
                let number = if item["type"] == "integer" { "1" } else { &id };
                let code = item["pattern"].is_string().then_some("hotline");
                let value = item["enum"][0].as_str().or(code).unwrap_or(number);
                let many = vec![value; usize::try_from(most).unwrap() + 1].join(",");
                let path: Vec<&str> = template.split('/')
                    .map(|s| if s.starts_with('{') { id.as_str() } else { s })
                    .collect();
                let name = name.as_str().unwrap();
                let path = format!("{}?{name}={many}", path.join("/"));
                let refused = boss.send(boss.request(method.clone(), &path)).await
                    .expect_problem(422, "validation_failed");
                assert_eq!(refused.errors(), [(name.to_owned(), "too_many".to_owned())], "{template}");
                tried += 1;
            }
        }
        assert!(tried > 20, "only {tried} were tried");
    }

    async fn a_header_that_is_missing_is_named(w: World) {
        let boss = w.as_boss();
        for operation in w.server.contract.callable() {
            let call = operation.call(&w, &operation.random_ids()).await;
            for (name, status, code) in [
                ("Idempotency-Key", 400, "idempotency_key_required"),
                ("If-Match", 428, "precondition_required"),
            ] {
                if operation.requires(&name.to_lowercase()) {
                    let without = call.clone().without(&name.to_lowercase());
                    let refused = boss.call(&without).await.expect_problem(status, code);
                    let told = &refused.json["errors"][0];
                    assert_eq!((&told["header"], &told["code"]), (&json!(name), &json!(code)), "{}", operation.id);
                }
            }
        }
    }

    async fn a_command_that_is_sent_again_gets_its_answer_again(w: World) {
        let mut repeated = 0;
        for operation in w.server.contract.callable() {
            if !operation.takes("idempotency-key") || NOT_BY_EXAMPLE.contains(&operation.id.as_str()) {
                continue;
            }
            let (boss, ids) = doer(&w, &operation).await;
            let call = operation.call(&w, &ids).await;
            let first = boss.call(&call).await.expect(operation.success);
            let again = boss.call(&call).await;
            assert_eq!((again.status, &again.text), (first.status, &first.text), "{}", operation.id);
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{}", operation.id);
            for header in ["etag", "location"] {
                assert_eq!(again.header(header), first.header(header), "{}", operation.id);
            }
            repeated += 1;
        }
        assert!(repeated > 40, "only {repeated} were repeated");
    }

    async fn who_comes_to_more_by_a_command_gets_its_answer_again(w: World) {
        w.add_role("arranger", &[
            ("courses:write", Reach::Campus),
            ("enrollments:read", Reach::Taught),
            ("organization:write", Reach::Institution),
            ("customers:read", Reach::Institution),
        ]).await;
        let arranger = w.hire(&["arranger"], w.places.north, None).await;
        let course = w.fixture(w.institution, "course_id").await.unwrap().to_string();
        for who in [w.as_boss(), arranger] {
            let mut class = w.new_class(&course);
            class["campus_id"] = json!(w.places.north);
            class["teacher_id"] = json!(who.principal);
            let made = who.post_with_key("/api/v1/classes", "class", &class).await.expect(201);
            let again = who.post_with_key("/api/v1/classes", "class", &class).await.expect(201);
            assert_eq!(again.text, made.text);
        }
        let boss = w.as_boss();
        let group = json!({"name": "暑期班", "member_ids": [boss.principal]});
        let made = boss.post_with_key("/api/v1/groups", "group", &group).await.expect(201);
        let team = json!({"name": "一组", "leader_id": boss.principal});
        boss.post_with_key("/api/v1/teams", "team", &team).await.expect(201);
        // What came after changes nothing for whoever reaches everything.
        let again = boss.post_with_key("/api/v1/groups", "group", &group).await.expect(201);
        assert_eq!(again.text, made.text);
    }

    async fn every_closed_list_of_the_document_is_told_with_its_labels(w: World) {
        let document = w.server.contract.document();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let listed: BTreeMap<&str, &Value> = schemas.iter()
            .filter(|(_, schema)| schema["enum"].is_array())
            .map(|(name, schema)| (name.as_str(), &schema["enum"]))
            .collect();
        for language in ["zh-CN", "en"] {
            let asked = w.client.get(format!("http://{}/api/v1/enums", w.server.address)).header("accept-language", language);
            let told: Value = serde_json::from_str(&asked.send().await.unwrap().text().await.unwrap()).unwrap();
            let told: BTreeMap<&str, Value> = told["items"].as_array().unwrap().iter().map(|list| {
                let values = list["values"].as_array().unwrap().iter();
                let values: Vec<_> = values.map(|value| {
                    assert_ne!(value["label"], "", "{}", list["name"]);
                    value["value"].clone()
                }).collect();
                (list["name"].as_str().unwrap(), json!(values))
            }).collect();
            let named: Vec<_> = told.keys().copied().collect();
            assert_eq!(named, listed.keys().copied().collect::<Vec<_>>());
            for (name, values) in &listed {
                assert_eq!(&&told[name], values, "{name}");
            }
        }
    }

    async fn what_is_not_in_the_contract_is_not_served(w: World) {
        let boss = w.as_boss();
        boss.get("/api/v1/nothing").await.expect_problem(404, "route_unknown");
        boss.get("/api/v1/customers/").await.expect_problem(404, "route_unknown");
        let refused = boss.send(boss.request(Method::PUT, "/api/v1/customers")).await
            .expect_problem(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), Some("GET, POST"));
        boss.send(boss.request(Method::TRACE, "/api/v1/customers")).await
            .expect_problem(405, "method_not_allowed");
    }

    async fn problems_speak_the_language_of_the_reader(w: World) {
        let nobody = w.as_anonymous();
        let request = nobody.request(Method::GET, "/api/v1/customers").header("accept-language", "zh-CN, en;q=0.5");
        let mut request = request.build().unwrap();
        request.headers_mut().remove("accept-language");
        request.headers_mut().insert("accept-language", "zh-CN, en;q=0.5".parse().unwrap());
        let chinese = w.client.execute(request).await.unwrap();
        assert_eq!(chinese.headers()["content-language"], "zh-CN");
        let body: serde_json::Value = serde_json::from_str(&chinese.text().await.unwrap()).unwrap();
        assert_eq!(body["title"], "需要登录");
        let english = nobody.get("/api/v1/customers").await;
        assert_eq!(english.json["title"], "Log-in needed");
    }

    async fn a_problem_names_the_trace_of_its_caller(w: World) {
        let nobody = w.as_anonymous();
        let request = nobody
            .request(Method::GET, "/api/v1/customers")
            .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let refused = nobody.send(request).await;
        assert_eq!(refused.json["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        let instance = refused.json["instance"].as_str().unwrap().to_owned();
        assert_eq!(instance, format!("/requests/{}", refused.header("x-request-id").unwrap()));
    }

    async fn every_kind_of_problem_has_a_page(w: World) {
        let nobody = w.as_anonymous();
        let known = nobody.get("/problems/validation_failed").await.expect(200);
        assert_eq!((&known.json["code"], &known.json["status"]), (&json!("validation_failed"), &json!(422)));
        for (code, status) in [
            ("login_refused", json!(401)), ("route_unknown", json!(404)), ("class_full", json!(409)),
            ("rate_limited", json!(429)), ("unavailable", json!(503)), ("too_long", json!(null)),
        ] {
            let known = nobody.get(&format!("/problems/{code}")).await.expect(200);
            assert_eq!(known.json["status"], status, "{code}");
        }
        nobody.get("/problems/nonsense").await.expect_problem(404, "not_found");
    }

    async fn broken_and_oversized_bodies_are_refused(w: World) {
        let boss = w.as_boss();
        let send = |body: String| {
            let request = boss
                .request(Method::POST, "/api/v1/customers")
                .header("idempotency-key", "k")
                .header("content-type", "application/json")
                .body(body);
            boss.send(request)
        };
        send("{".into()).await.expect_problem(400, "malformed_request");
        send("[".repeat(100_000)).await.expect_problem(422, "body_too_complex");
        send(r#"{"name":"a","name":"b"}"#.into()).await.expect_problem(422, "body_too_complex");
        send(format!("\"{}\"", "x".repeat(2_000_000))).await.expect_problem(413, "body_too_large");
        let mut body = w.new_customer("张\u{0}伟");
        boss.post("/api/v1/customers", &body).await.expect_problem(422, "validation_failed");
        body["name"] = json!("客".repeat(101));
        boss.post("/api/v1/customers", &body).await.expect_problem(422, "validation_failed");
    }
}
