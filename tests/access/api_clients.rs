//! Programs that act for the institution: their keys, their tokens, and how far both go.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::access::Reach;
use reqwest::Method;
use tests::{Actor, Answer, Value, World, both, json};

const CLIENTS: &str = "/api/v1/api-clients";

/// The id of a role that gives these permissions.
async fn role(w: &World, permissions: &[(&str, &str)]) -> String {
    let list: Vec<Value> = permissions
        .iter()
        .map(|(code, reach)| json!({"permission": code, "reach": reach}))
        .collect();
    let body = json!({"name": uuid::Uuid::now_v7().simple().to_string(), "permissions": list});
    w.as_boss()
        .post("/api/v1/roles", &body)
        .await
        .expect(201)
        .id()
}

/// Makes a client, whose changes are these.
async fn made(w: &World, roles: &[String], scopes: &[&str], more: Value) -> Answer {
    let mut body = json!({"name": uuid::Uuid::now_v7().simple().to_string(), "role_ids": roles, "scopes": scopes});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    w.as_boss().post(CLIENTS, &body).await.expect(201)
}

fn key(answer: &Answer) -> &str {
    answer.json["key"]["key"]
        .as_str()
        .or(answer.json["key"].as_str())
        .unwrap()
}

fn id(answer: &Answer) -> String {
    answer.json["api_client"]["id"].as_str().unwrap().to_owned()
}

fn with_key(w: &World, answer: &Answer) -> Actor {
    w.as_anonymous().with_token(key(answer))
}

async fn token(w: &World, form: &str, basic: Option<(&str, &str)>) -> Answer {
    let nobody = w.as_anonymous();
    let mut request = nobody
        .request(Method::POST, "/api/v1/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned());
    if let Some((id, secret)) = basic {
        let text = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        request = request.header("authorization", format!("Basic {text}"));
    }
    nobody.send(request).await
}

fn form(client: &Answer) -> String {
    format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        id(client),
        key(client)
    )
}

/// What the boss's customer list would be for this caller.
async fn seen(actor: &Actor) -> usize {
    actor.get("/api/v1/customers").await.expect(200).ids().len()
}

/// A customer of each of two campuses.
async fn two_customers(w: &World) {
    for campus in [w.places.north, w.places.south] {
        let mut body = w.new_customer("张伟");
        body["campus_id"] = json!(campus);
        body["holder_id"] = json!(campus);
        w.as_boss()
            .post("/api/v1/customers", &body)
            .await
            .expect(201);
    }
}

both! {
    async fn a_client_does_what_its_roles_give_and_its_scopes_name(w: World) {
        two_customers(&w).await;
        let all = [role(&w, &[("customers:read", "institution"), ("customers:write", "institution"), ("customers:delete", "institution")]).await];
        let client = made(&w, &all, &["customers:read", "payments:read"], json!({})).await;
        let program = with_key(&w, &client);
        assert_eq!(seen(&program).await, 2);
        program.post("/api/v1/customers", &w.new_customer("李雷")).await.expect_problem(403, "permission_missing");
        program.get("/api/v1/campuses").await.expect_problem(403, "permission_missing");
        let me = program.get("/api/v1/me").await.expect(200);
        let codes: Vec<_> = me.json["permissions"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["customers:read", "self"]);
        assert_eq!((&me.json["principal_kind"], &me.json["principal_id"]), (&json!("api_client"), &json!(id(&client))));
    }

    async fn the_reach_of_a_client_ends_at_its_campuses(w: World) {
        two_customers(&w).await;
        let whole = [role(&w, &[("customers:read", "institution"), ("tags:manage", "institution"), ("directory:read", "institution")]).await];
        let scopes = ["customers:read", "tags:manage", "directory:read"];
        let client = made(&w, &whole, &scopes, json!({"campus_ids": [w.places.south]})).await;
        let program = with_key(&w, &client);
        let page = program.get("/api/v1/customers").await.expect(200);
        assert_eq!(page.json["items"][0]["campus_id"], json!(w.places.south));
        assert_eq!(page.ids().len(), 1);
        program.get("/api/v1/campuses").await.expect(200);
        program.post("/api/v1/tag-categories", &json!({"name": "来源"})).await.expect_problem(403, "permission_missing");
        // Its own and its team's reach nothing: it holds and leads nothing.
        let own = [role(&w, &[("customers:read", "own"), ("customers:write", "team")]).await];
        assert_eq!(seen(&with_key(&w, &made(&w, &own, &scopes, json!({})).await)).await, 0);
    }

    async fn a_change_of_a_client_counts_at_once(w: World) {
        two_customers(&w).await;
        let boss = w.as_boss();
        let reads = [role(&w, &[("customers:read", "institution"), ("customers:write", "institution")]).await];
        let client = made(&w, &reads, &["customers:read", "customers:write"], json!({})).await;
        let path = format!("{CLIENTS}/{}", id(&client));
        let program = with_key(&w, &client);
        let token = token(&w, &form(&client), None).await.expect(200);
        let by_token = w.as_anonymous().with_token(token.json["access_token"].as_str().unwrap());
        assert_eq!(seen(&by_token).await, 2);
        boss.patch(&path, &json!({"scopes": ["customers:write"], "campus_ids": [w.places.north]})).await.expect(200);
        for actor in [&program, &by_token] {
            actor.get("/api/v1/customers").await.expect_problem(403, "permission_missing");
        }
        boss.post(&format!("{path}/revoke"), &json!(null)).await.expect(200);
        for actor in [&program, &by_token] {
            actor.get("/api/v1/me").await.expect_problem(401, "unauthenticated");
            actor.post("/api/v1/customers", &w.new_customer("李雷")).await.expect_problem(401, "unauthenticated");
        }
        boss.post(&format!("{path}/keys"), &json!(null)).await.expect_problem(409, "archived");
        boss.post(&format!("{path}/revoke"), &json!(null)).await.expect_problem(409, "archived");
    }

    async fn a_key_is_ended_by_the_tag_with_which_it_was_given(w: World) {
        let boss = w.as_boss();
        let path = format!("{CLIENTS}/{}", id(&made(&w, &[], &[], json!({})).await));
        boss.patch(&path, &json!({"name": uuid::Uuid::now_v7().to_string()})).await.expect(200);
        let given = boss.post(&format!("{path}/keys"), &json!(null)).await.expect(201);
        // It is a part of its client, whose version it raises.
        let tag = given.header("etag").unwrap();
        assert!(tag.starts_with("\"3-"), "{tag}");
        assert_eq!(boss.get(&path).await.expect(200).json["version"], 3);
        let address = given.header("location").unwrap();
        let end = |tag: &str| boss.send(boss.request(Method::DELETE, address).header("if-match", tag));
        end("\"2-0011223344556677\"").await.expect_problem(412, "version_stale");
        end(tag).await.expect(204);
        assert_eq!(boss.get(&path).await.expect(200).json["version"], 4);
    }

    async fn keys_are_rotated_two_at_a_time_and_shown_once(w: World) {
        let boss = w.as_boss();
        let client = made(&w, &[], &[], json!({})).await;
        let path = format!("{CLIENTS}/{}", id(&client));
        let second = boss.post(&format!("{path}/keys"), &json!(null)).await.expect(201);
        boss.post(&format!("{path}/keys"), &json!(null)).await.expect_problem(409, "client_keys_full");
        let shown = boss.get(&path).await.expect(200);
        assert_eq!(shown.json["keys"].as_array().unwrap().len(), 2);
        assert!(!shown.text.contains("educrm_") && !boss.get(CLIENTS).await.expect(200).text.contains("educrm_"));
        let first = client.json["key"]["id"].as_str().unwrap();
        boss.delete(&format!("{path}/keys/{first}")).await.expect(204);
        with_key(&w, &client).get("/api/v1/me").await.expect_problem(401, "unauthenticated");
        let rotated = with_key(&w, &second);
        rotated.get("/api/v1/me").await.expect(200);
        // Noted beside the request.
        let mut noted = json!(null);
        for _ in 0..200 {
            noted = boss.get(&path).await.expect(200).json["keys"][0]["last_used_at"].clone();
            if !noted.is_null() {
                break;
            }
        }
        assert!(!noted.is_null());
    }

    async fn a_key_with_anything_altered_is_not_good(w: World) {
        let client = made(&w, &[], &[], json!({})).await;
        let good = key(&client).to_owned();
        let other = made(&w, &[], &[], json!({})).await;
        let (ids, secret) = good.rsplit_once('_').unwrap();
        let (other_ids, _) = key(&other).rsplit_once('_').unwrap();
        let their = &good.replacen(&w.institution.uuid().simple().to_string(), &w.other.uuid().simple().to_string(), 1);
        for bad in [&format!("{other_ids}_{secret}"), &format!("{ids}_"), &format!("{ids}_{}", "A".repeat(43)), their,
            &good.to_uppercase(), &format!("{good}A"), "educrm_", "educrm__"] {
            w.as_anonymous().with_token(bad).get("/api/v1/me").await.expect_problem(401, "unauthenticated");
        }
        w.as_anonymous().with_token(&good).get("/api/v1/me").await.expect(200);
    }

    async fn a_client_calls_from_its_networks_only(w: World) {
        let here = with_key(&w, &made(&w, &[], &[], json!({"networks": ["127.0.0.0/8", "::1"]})).await);
        here.get("/api/v1/me").await.expect(200);
        let client = made(&w, &[], &[], json!({"networks": ["203.0.113.0/24"]})).await;
        with_key(&w, &client).get("/api/v1/me").await.expect_problem(401, "unauthenticated");
        assert_eq!(token(&w, &form(&client), None).await.expect(401).json["error"], "invalid_client");
    }

    async fn a_download_link_opens_to_the_networks_of_its_client_only(w: World) {
        let client = made(&w, &[], &[], json!({"networks": ["127.0.0.0/8", "::1"]})).await;
        let program = with_key(&w, &client);
        let file = program.upload("/api/v1/files", "a.txt", b"one").await.expect(201).id();
        let link = program.post(&format!("/api/v1/files/{file}/download-link"), &json!(null)).await.expect(200);
        let url = link.json["url"].as_str().unwrap();
        let link = &url[url.find("/api/").unwrap()..];
        w.as_anonymous().get(link).await.expect(200);
        let path = format!("{CLIENTS}/{}", id(&client));
        w.as_boss().patch(&path, &json!({"networks": ["203.0.113.0/24"]})).await.expect(200);
        w.as_anonymous().get(link).await.expect_problem(401, "unauthenticated");
    }

    async fn a_client_for_which_nobody_answers_any_more_does_nothing(w: World) {
        let boss = w.as_boss();
        let owner = w.hire(&["recruiter"], w.places.north, None).await;
        let client = made(&w, &[], &[], json!({"owner_id": owner.principal})).await;
        let program = with_key(&w, &client);
        program.get("/api/v1/me").await.expect(200);
        let by_token = token(&w, &form(&client), None).await.expect(200);
        let by_token = w.as_anonymous().with_token(by_token.json["access_token"].as_str().unwrap());
        let staff = format!("/api/v1/staff/{}", owner.principal);
        boss.post(&format!("{staff}/suspend"), &json!(null)).await.expect(200);
        program.get("/api/v1/me").await.expect_problem(401, "unauthenticated");
        boss.post(&format!("{staff}/reinstate"), &json!(null)).await.expect(200);
        program.get("/api/v1/me").await.expect(200);
        boss.post(&format!("{staff}/leave"), &json!(null)).await.expect(200);
        for actor in [&program, &by_token] {
            actor.get("/api/v1/me").await.expect_problem(401, "unauthenticated");
            actor.upload("/api/v1/files", "a.txt", b"one").await.expect_problem(401, "unauthenticated");
        }
        let refused = token(&w, &form(&client), None).await;
        assert_eq!((refused.status, &refused.json["error"]), (401, &json!("invalid_client")));
        let path = format!("{CLIENTS}/{}", id(&client));
        boss.patch(&path, &json!({"owner_id": boss.principal})).await.expect(200);
        program.get("/api/v1/me").await.expect(200);
    }

    async fn a_key_is_not_ended_by_whoever_uses_it(w: World) {
        let client = made(&w, &[], &[], json!({})).await;
        let by_token = token(&w, &form(&client), None).await.expect(200);
        let program = w.as_anonymous().with_token(by_token.json["access_token"].as_str().unwrap());
        let key = program.get("/api/v1/me").await.expect(200).json["session_id"].clone();
        let end = format!("/api/v1/auth/sessions/{}/end", key.as_str().unwrap());
        for path in ["/api/v1/auth/logout", &end] {
            program.post(path, &json!(null)).await.expect_problem(403, "client_key_managed");
        }
        with_key(&w, &client).get("/api/v1/me").await.expect(200);
    }

    async fn a_key_that_has_expired_does_not_come_back(w: World) {
        let boss = w.as_boss();
        let client = made(&w, &[], &[], json!({})).await;
        let program = with_key(&w, &client);
        let sql = "UPDATE sessions SET expires_at = created_at WHERE institution_id = ? AND principal_id = ?";
        let of: uuid::Uuid = id(&client).parse().unwrap();
        w.server.execute(w.institution, sql, vec![w.institution.uuid().into(), of.into()]).await.unwrap();
        let path = format!("{CLIENTS}/{}", id(&client));
        boss.patch(&path, &json!({"name": "官网"})).await.expect(200);
        program.get("/api/v1/me").await.expect_problem(401, "unauthenticated");
    }

    async fn what_a_narrowed_token_asks_for_is_done_within_its_scope(w: World) {
        let known = json!({
            "kind": "student", "name": "张伟", "campus_id": w.places.north, "holder_id": w.places.north,
            "source_channel": "hotline", "contact_points": [{"kind": "phone", "value": "13800138000"}],
        });
        w.as_boss().post("/api/v1/customers", &known).await.expect(201);
        let codes = [("customers:read", "institution"), ("customers:write", "institution"), ("imports:run", "institution")];
        let roles = [role(&w, &codes).await];
        let client = made(&w, &roles, &codes.map(|(code, _)| code), json!({})).await;
        let mut told = Vec::new();
        for scope in ["", "&scope=imports%3Arun"] {
            let answer = token(&w, &format!("{}{scope}", form(&client)), None).await.expect(200);
            let caller = w.as_anonymous().with_token(answer.json["access_token"].as_str().unwrap());
            let upload = "/api/v1/files?purpose=import";
            let list = "姓名,手机号\n张伟,13800138000\n";
            let file = caller.upload(upload, "a.csv", list.as_bytes()).await.expect(201).id();
            let body = json!({"file_id": file, "entity": "customers", "campus_id": w.places.north, "mode": "validate"});
            let job = caller.post("/api/v1/imports", &body).await.expect(202).id();
            let ended = caller.ended_job(&job).await;
            let import = ended.json["result"]["id"].as_str().unwrap();
            let rows = caller.get(&format!("/api/v1/imports/{import}/rows")).await.expect(200);
            assert_eq!(rows.json["items"][0]["outcome"], "duplicate", "{}", rows.text);
            told.push(rows.json["items"][0]["customer_id"].is_string());
            let other = token(&w, &format!("{}&scope=customers%3Aread", form(&client)), None).await.expect(200);
            let other = w.as_anonymous().with_token(other.json["access_token"].as_str().unwrap());
            other.get(&format!("/api/v1/files/{file}")).await.expect_problem(403, "permission_missing");
        }
        assert_eq!(told, [true, false]);
    }

    async fn a_client_gets_tokens_by_its_credentials(w: World) {
        two_customers(&w).await;
        let reads = [role(&w, &[("customers:read", "institution"), ("customers:write", "institution")]).await];
        let client = made(&w, &reads, &["customers:read", "customers:write"], json!({})).await;
        let basic = token(&w, "grant_type=client_credentials&scope=customers%3Aread", Some((&id(&client), key(&client)))).await.expect(200);
        assert_eq!((&basic.json["scope"], &basic.json["token_type"]), (&json!("customers:read"), &json!("Bearer")));
        assert_eq!(basic.header("cache-control"), Some("no-store"));
        let narrow = w.as_anonymous().with_token(basic.json["access_token"].as_str().unwrap());
        assert_eq!(seen(&narrow).await, 2);
        let mut body = w.new_customer("李雷");
        body["holder_id"] = json!(w.places.north);
        narrow.post("/api/v1/customers", &body).await.expect_problem(403, "permission_missing");
        let all = token(&w, &form(&client), None).await.expect(200);
        assert_eq!(all.json["scope"], "customers:read customers:write");
        let wide = w.as_anonymous().with_token(all.json["access_token"].as_str().unwrap());
        wide.post("/api/v1/customers", &body).await.expect(201);
    }

    async fn a_token_is_refused_in_the_words_of_its_standard(w: World) {
        let client = made(&w, &[], &["customers:read"], json!({})).await;
        let other = made(&w, &[], &[], json!({})).await;
        let good = form(&client);
        let (their_id, own_id, own_key) = (id(&other), id(&client), key(&client));
        for (body, status, error) in [
            ("".to_owned(), 400, "invalid_request"),
            ("grant_type=password".into(), 400, "unsupported_grant_type"),
            ("grant_type=client_credentials".into(), 401, "invalid_client"),
            (format!("grant_type=client_credentials&client_id={their_id}&client_secret={own_key}"), 401, "invalid_client"),
            (format!("grant_type=client_credentials&client_id={own_id}&client_secret=educrm_x"), 401, "invalid_client"),
            (format!("{good}&scope=customers%3Awrite"), 400, "invalid_scope"),
            // It has the scope, but no role that gives it.
            (format!("{good}&scope=customers%3Aread"), 400, "invalid_scope"),
            (format!("{good}&scope=self"), 400, "invalid_scope"),
            (format!("{good}&grant_type=client_credentials"), 400, "invalid_request"),
        ] {
            let refused = token(&w, &body, None).await.expect(status);
            assert_eq!(refused.json["error"], error, "{body}");
        }
        let twice = token(&w, &good, Some((&own_id, own_key))).await.expect(400);
        assert_eq!(twice.json["error"], "invalid_request");
        let challenge = token(&w, "grant_type=client_credentials", Some(("x", "y"))).await.expect(401);
        assert!(challenge.header("www-authenticate").unwrap().starts_with("Basic"));
        let nobody = w.as_anonymous();
        let json = nobody.request(Method::POST, "/api/v1/oauth/token").json(&json!({"grant_type": "client_credentials"}));
        assert_eq!(nobody.send(json).await.expect(400).json["error"], "invalid_request");
    }

    async fn nobody_makes_a_client_that_can_do_more_than_they(w: World) {
        let administrator = w.hire(&["system_administrator"], w.places.north, None).await;
        let audits = role(&w, &[("audit:read", "institution")]).await;
        let reads = role(&w, &[("customers:read", "institution")]).await;
        let body = |role: &str, scopes: &[&str]| json!({"name": uuid::Uuid::now_v7().to_string(), "role_ids": [role], "scopes": scopes});
        administrator.post(CLIENTS, &body(&audits, &["audit:read"])).await.expect(201);
        administrator.post(CLIENTS, &body(&reads, &["audit:read"])).await.expect(201);
        administrator.post(CLIENTS, &body(&reads, &["customers:read"])).await.expect_problem(403, "role_beyond_own");
        // Nor gets the key of one, nor widens it.
        let client = made(&w, std::slice::from_ref(&reads), &["customers:read"], json!({})).await;
        let path = format!("{CLIENTS}/{}", id(&client));
        administrator.post(&format!("{path}/keys"), &json!(null)).await.expect_problem(403, "role_beyond_own");
        administrator.patch(&path, &json!({"networks": []})).await.expect_problem(403, "role_beyond_own");
        administrator.post(&format!("{path}/revoke"), &json!(null)).await.expect(200);

        // A reach by campus goes no further than where its maker works.
        w.add_role("north_manager", &[("api_clients:write", Reach::Institution), ("customers:read", Reach::Campus)]).await;
        let manager = w.hire(&["north_manager"], w.places.north, None).await;
        let by_campus = role(&w, &[("customers:read", "campus")]).await;
        for (campus, status) in [(w.places.north, 201), (w.places.south, 403)] {
            let mut body = body(&by_campus, &["customers:read"]);
            body["campus_ids"] = json!([campus]);
            manager.post(CLIENTS, &body).await.expect(status);
        }
    }

    async fn what_a_client_can_not_be_is_refused_by_place(w: World) {
        let boss = w.as_boss();
        let base = json!({"name": "官网", "role_ids": [], "scopes": []});
        let with = |field: &str, value: Value| {
            let mut body = base.clone();
            body[field] = value;
            body
        };
        for (field, value, place, code) in [
            ("scopes", json!(["customers:read", "api_clients:write"]), "#/scopes/1", "scope_withheld"),
            ("scopes", json!(["staff:write"]), "#/scopes/0", "scope_withheld"),
            ("scopes", json!(["roles:assign"]), "#/scopes/0", "scope_withheld"),
            ("scopes", json!(["organization:write"]), "#/scopes/0", "scope_withheld"),
            ("scopes", json!(["self"]), "#/scopes/0", "permission_unknown"),
            ("networks", json!(["example.org"]), "#/networks/0", "network_invalid"),
            ("expires_at", json!("2020-01-01T00:00:00Z"), "#/expires_at", "client_expiry"),
            ("expires_at", json!("2999-01-01T00:00:00Z"), "#/expires_at", "client_expiry"),
            ("owner_id", json!(w.as_stranger().principal), "#/owner_id", "unknown_reference"),
            ("role_ids", json!([uuid::Uuid::now_v7()]), "#/role_ids", "unknown_reference"),
            ("campus_ids", json!([w.other_places.north]), "#/campus_ids", "unknown_reference"),
        ] {
            let refused = boss.post(CLIENTS, &with(field, value)).await.expect(422);
            assert_eq!(refused.errors(), [(place.to_owned(), code.to_owned())]);
        }
        boss.post(CLIENTS, &base).await.expect(201);
        boss.post(CLIENTS, &base).await.expect_problem(409, "name_taken");
    }
}
