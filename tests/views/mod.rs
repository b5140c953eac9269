//! Saved views: who sees, changes and runs them, and with whose rights.

use tests::{Actor, Value, World, both, json};

use crate::access::fields::reader_with;

const VIEWS: &str = "/api/v1/views";
const SEARCH: &str = "/api/v1/customers/search";

async fn keep(actor: &Actor, audience: &str, search: Value) -> String {
    let body = json!({"name": "意向强的学员", "entity": "customers", "audience": audience, "search": search});
    actor.post(VIEWS, &body).await.expect(201).id()
}

fn strong() -> Value {
    json!({"conditions": {"field": "intent", "op": "gte", "value": 3}})
}

/// Customers of somebody, by their intents.
async fn make(w: &World, who: &str, intents: &[i32]) -> Vec<String> {
    let mut ids = Vec::new();
    for intent in intents {
        let mut body = w.new_customer("张伟");
        body["intent"] = json!(intent);
        body["campus_id"] = json!(w.post(who).campus);
        ids.push(
            w.actor(who)
                .post("/api/v1/customers", &body)
                .await
                .expect(201)
                .id(),
        );
    }
    ids
}

both! {
    async fn a_view_is_kept_changed_and_deleted(w: World) {
        let recruiter = w.as_recruiter();
        let search = json!({"query": "zw", "filters": {"kind": ["student"]}, "sort": "-updated_at",
            "conditions": {"any": [{"field": "intent", "op": "in", "value": [4, 3]}, {"field": "note", "op": "is_known"}]}});
        let body = json!({"name": "意向强的学员", "entity": "customers", "search": search});
        let made = recruiter.post(VIEWS, &body).await.expect(201);
        let path = format!("{VIEWS}/{}", made.id());
        let read = recruiter.get(&path).await.expect(200);
        assert_eq!((&read.json["search"], &read.json["audience"], &read.json["is_own"]), (&search, &json!("own"), &json!(true)));
        assert_eq!(read.json["condition_version"], 1);
        let etag = read.headers.get("etag").unwrap().to_str().unwrap().to_owned();
        let changed = recruiter.patch_if(&path, &etag, &json!({"name": "强意向"})).await.expect(200);
        assert_eq!((&changed.json["name"], &changed.json["search"], &changed.json["version"]), (&json!("强意向"), &search, &json!(2)));
        recruiter.patch_if(&path, &etag, &json!({"name": "别的"})).await.expect_problem(412, "version_stale");
        let changed = recruiter.patch(&path, &json!({"search": strong()})).await.expect(200);
        assert_eq!((&changed.json["search"], &changed.json["version"]), (&strong(), &json!(3)));
        assert_eq!(recruiter.patch(&path, &json!({"name": "强意向"})).await.expect(200).json["version"], 3);
        assert_eq!(recruiter.get(VIEWS).await.expect(200).ids(), [made.id()]);
        recruiter.delete(&path).await.expect(204);
        recruiter.get(&path).await.expect(404);
        recruiter.delete(&path).await.expect(404);
        assert!(recruiter.get(VIEWS).await.expect(200).ids().is_empty());
    }

    async fn what_can_not_be_looked_for_is_not_kept(w: World) {
        let recruiter = w.as_recruiter();
        let body = |search: Value| json!({"name": "x", "entity": "customers", "search": search});
        for (search, expected) in [
            (json!({"conditions": {"all": [{"field": "colour", "op": "eq", "value": "red"}]}}), ("#/search/conditions/all/0/field", "condition_field_unknown")),
            (json!({"phone": "zhangwei"}), ("#/search/phone", "phone_invalid")),
            (json!({"limit": 3}), ("#/search/limit", "unknown_field")),
            (json!({"sort": "colour"}), ("#/search/sort", "wrong_format")),
        ] {
            let refused = recruiter.post(VIEWS, &body(search)).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(expected.0.to_owned(), expected.1.to_owned())]);
        }
        let mut blank = body(json!({}));
        blank["name"] = json!(" ");
        recruiter.post(VIEWS, &blank).await.expect(422);
    }

    async fn a_view_is_seen_by_its_audience_and_changed_by_its_owner(w: World) {
        let recruiter = w.as_recruiter();
        let own = keep(&recruiter, "own", strong()).await;
        let team = keep(&recruiter, "team", strong()).await;
        let all = keep(&w.as_boss(), "institution", strong()).await;
        for (who, expected) in [
            ("recruiter", vec![&own, &team, &all]), ("colleague", vec![&team, &all]), ("outsider", vec![&all]), ("boss", vec![&all]),
        ] {
            let seen = w.actor(who).get(VIEWS).await.expect(200).ids();
            assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{who}");
            for view in [&own, &team, &all] {
                let read = w.actor(who).get(&format!("{VIEWS}/{view}")).await;
                assert_eq!(read.status, if expected.contains(&view) { 200 } else { 404 }, "{who}");
            }
        }
        assert!(w.as_stranger().get(VIEWS).await.expect(200).ids().is_empty());
        w.as_stranger().get(&format!("{VIEWS}/{all}")).await.expect(404);
        // Whoever sees it does not change it.
        let (team_path, all_path) = (format!("{VIEWS}/{team}"), format!("{VIEWS}/{all}"));
        let name = json!({"name": "别的"});
        w.as_colleague().patch(&team_path, &name).await.expect_problem(403, "view_not_own");
        w.as_colleague().delete(&team_path).await.expect_problem(403, "view_not_own");
        recruiter.patch(&all_path, &name).await.expect_problem(403, "view_not_own");
        // Nobody shows everybody a view without the right to tend such, or a team that is not theirs.
        let body = json!({"name": "x", "entity": "customers", "audience": "institution", "search": {}});
        recruiter.post(VIEWS, &body).await.expect_problem(403, "permission_missing");
        recruiter.patch(&team_path, &json!({"audience": "institution"})).await.expect_problem(403, "permission_missing");
        let body = json!({"name": "x", "entity": "customers", "audience": "team", "search": {}});
        let refused = w.as_outsider().post(VIEWS, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/audience".to_owned(), "view_team_missing".to_owned())]);
        // Another who tends them goes on when its owner is gone.
        let other = w.hire(&["boss"], w.places.north, None).await;
        other.patch(&all_path, &name).await.expect(200);
        // Taken back, it is gone for the others.
        recruiter.patch(&team_path, &json!({"audience": "own"})).await.expect(200);
        w.as_colleague().get(&team_path).await.expect(404);
    }

    async fn a_view_is_run_with_the_rights_of_who_runs_it(w: World) {
        let mine = make(&w, "recruiter", &[4, 1]).await;
        let theirs = make(&w, "outsider", &[3]).await;
        let view = keep(&w.as_boss(), "institution", strong()).await;
        let count = format!("{VIEWS}/{view}/count");
        for (who, expected) in [
            ("recruiter", vec![&mine[0]]), ("colleague", vec![]), ("outsider", vec![&theirs[0]]), ("boss", vec![&theirs[0], &mine[0]]),
        ] {
            let found = w.actor(who).post(SEARCH, &json!({"view_id": view})).await.expect(200).ids();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{who}");
            let counted = w.actor(who).post(&count, &json!(null)).await.expect(200);
            assert_eq!((&counted.json["total"], &counted.json["total_is_capped"]), (&json!(expected.len()), &json!(false)), "{who}");
        }
        // With what else is asked for.
        let boss = w.as_boss();
        for (asked, expected) in [
            (json!({"query": "zw", "sort": "created_at"}), vec![&mine[0], &theirs[0]]),
            (json!({"conditions": {"field": "intent", "op": "lt", "value": 4}}), vec![&theirs[0]]),
            (json!({"filters": {"intent": [4]}}), vec![&mine[0]]),
            (json!({"query": "李"}), vec![]),
        ] {
            let mut asked = asked;
            asked["view_id"] = json!(view);
            let found = boss.post(SEARCH, &asked).await.expect(200).ids();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{asked}");
        }
        // Its author's rights count for nothing.
        let rules = json!([{"record": "customers", "field": "intent", "access": "hidden"}]);
        let reader = reader_with(&w, &["customers:read"], rules).await;
        for refused in [
            reader.post(SEARCH, &json!({"view_id": view})).await,
            reader.post(&count, &json!(null)).await,
        ] {
            let refused = refused.expect(422);
            assert_eq!(refused.errors(), [("#/view_id".to_owned(), "field_not_readable".to_owned())]);
            assert!(refused.text.contains("/conditions/field"), "{}", refused.text);
        }
        reader.get(&format!("{VIEWS}/{view}")).await.expect(200);
        let own = keep(&w.as_recruiter(), "own", json!({})).await;
        for nobodys in [own.as_str(), &uuid::Uuid::now_v7().to_string()] {
            let refused = boss.post(SEARCH, &json!({"view_id": nobodys})).await.expect(422);
            assert_eq!(refused.errors(), [("#/view_id".to_owned(), "unknown_reference".to_owned())]);
        }
        let filtered = keep(&boss, "own", json!({"filters": {"intent": [4]}, "sort": "created_at"})).await;
        let refused = boss.post(SEARCH, &json!({"view_id": filtered, "filters": {}})).await.expect(422);
        assert_eq!(refused.errors(), [("#/filters".to_owned(), "view_has_filters".to_owned())]);
    }

    async fn a_page_goes_on_in_the_same_version_of_its_view(w: World) {
        make(&w, "recruiter", &[4, 4, 4]).await;
        let recruiter = w.as_recruiter();
        let view = keep(&recruiter, "own", strong()).await;
        let mut asked = json!({"view_id": view, "limit": 1});
        let page = recruiter.post(SEARCH, &asked).await.expect(200);
        asked["cursor"] = page.json["next_cursor"].clone();
        assert_eq!(recruiter.post(SEARCH, &asked).await.expect(200).ids().len(), 1);
        recruiter.patch(&format!("{VIEWS}/{view}"), &json!({"search": {}})).await.expect(200);
        recruiter.post(SEARCH, &asked).await.expect_problem(422, "invalid_cursor");
    }

    async fn a_view_opens_whatever_has_become_of_what_it_names(w: World) {
        let boss = w.as_boss();
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "意愿"})).await.expect(201).id();
        let tag = boss.post("/api/v1/tags", &json!({"name": "画画", "category_id": category})).await.expect(201).id();
        let nobody = uuid::Uuid::now_v7();
        let search = json!({"conditions": {"any": [
            {"field": "tag_id", "op": "eq", "value": tag}, {"field": "holder_id", "op": "eq", "value": nobody}]}});
        let view = keep(&boss, "own", search.clone()).await;
        boss.post(&format!("/api/v1/tags/{tag}/archive"), &json!(null)).await.expect(200);
        assert_eq!(boss.get(&format!("{VIEWS}/{view}")).await.expect(200).json["search"], search);
        assert!(boss.post(SEARCH, &json!({"view_id": view})).await.expect(200).ids().is_empty());
    }

    async fn nobody_keeps_more_than_they_may(w: World) {
        let recruiter = w.as_recruiter();
        let first = keep(&recruiter, "own", json!({})).await;
        // As many rows as there may be but one, of which nobody reads the content.
        for _ in 1..199 {
            let id = uuid::Uuid::now_v7();
            let sql = "INSERT INTO views (institution_id, id, version, entity, owner_id, audience, team_id, language, \
                content, created_at, updated_at) SELECT institution_id, ?, version, entity, owner_id, audience, team_id, \
                language, content, created_at, updated_at FROM views WHERE institution_id = ? AND id = ?";
            let first: uuid::Uuid = first.parse().unwrap();
            let values = vec![id.into(), w.institution.uuid().into(), first.into()];
            w.server.execute(w.institution, sql, values).await.unwrap();
        }
        let body = json!({"name": "x", "entity": "customers", "search": {}});
        let together = (0..8).map(|_| recruiter.post(VIEWS, &body));
        let mut answers: Vec<_> = futures_util::future::join_all(together).await;
        answers.sort_by_key(|answer| answer.status);
        answers.remove(0).expect(201);
        for refused in answers {
            refused.expect_problem(409, "too_many_views");
        }
        w.as_colleague().post(VIEWS, &body).await.expect(201);
    }
}
