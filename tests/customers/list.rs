use std::collections::BTreeSet;

use tests::{World, both, json};

/// Makes customers held by the caller.
async fn make(w: &World, who: &str, count: usize) -> Vec<String> {
    let actor = w.actor(who);
    let mut ids = Vec::new();
    for n in 0..count {
        let made = actor
            .post("/api/v1/customers", &w.new_customer(&format!("学员{n}")))
            .await
            .expect(201);
        ids.push(made.id());
    }
    ids
}

both! {
    async fn who_belongs_to_very_many_groups_lists_and_finds_like_others(w: World) {
        let ids = make(&w, "recruiter", 1).await;
        let recruiter = w.as_recruiter();
        let groups: Vec<_> = (0..600).map(|_| uuid::Uuid::now_v7()).collect();
        let own = || sea_orm::Value::from(w.institution.uuid());
        let rows = vec!["(?, ?, 'x', ?, 0, 0)"; groups.len()].join(", ");
        let values = groups.iter().flat_map(|id| [own(), (*id).into(), id.to_string().into()]);
        let sql = format!("INSERT INTO groups (institution_id, id, name, name_fold, version, created_at) VALUES {rows}");
        w.reorganize(&sql, values.collect()).await;
        let rows = vec!["(?, ?, ?)"; groups.len()].join(", ");
        let member = recruiter.principal.uuid();
        let values = groups.iter().flat_map(|id| [own(), (*id).into(), member.into()]);
        let sql = format!("INSERT INTO group_members (institution_id, group_id, staff_id) VALUES {rows}");
        w.reorganize(&sql, values.collect()).await;
        assert_eq!(recruiter.get("/api/v1/customers").await.expect(200).ids(), ids);
        assert_eq!(recruiter.get("/api/v1/follow-ups").await.expect(200).ids().len(), 0);
        let found = recruiter.post("/api/v1/customers/search", &json!({"query": "学员"})).await.expect(200);
        assert_eq!(found.ids(), ids);
        recruiter.get(&format!("/api/v1/customers/{}", ids[0])).await.expect(200);
    }

    async fn pages_follow_each_other_and_end(w: World) {
        let mut ids = make(&w, "recruiter", 7).await;
        ids.reverse();
        let recruiter = w.as_recruiter();
        let mut seen = Vec::new();
        let mut path = "/api/v1/customers?limit=3".to_owned();
        loop {
            let page = recruiter.get(&path).await.expect(200);
            seen.extend(page.ids());
            let Some(cursor) = page.json["next_cursor"].as_str() else {
                assert_eq!(page.header("link"), None);
                break;
            };
            path = format!("/api/v1/customers?limit=3&cursor={cursor}");
            assert_eq!(page.header("link").unwrap(), format!("<{path}>; rel=\"next\""));
        }
        assert_eq!(seen, ids);
        let oldest = recruiter.get("/api/v1/customers?sort=created_at&limit=2").await.expect(200);
        assert_eq!(oldest.ids(), [ids[6].clone(), ids[5].clone()]);
    }

    async fn a_cursor_continues_only_its_own_query(w: World) {
        make(&w, "recruiter", 3).await;
        let recruiter = w.as_recruiter();
        let page = recruiter.get("/api/v1/customers?limit=1").await.expect(200);
        let cursor = page.json["next_cursor"].as_str().unwrap();
        for path in [
            format!("/api/v1/customers?limit=1&stage=lead&cursor={cursor}"),
            format!("/api/v1/customers?limit=1&cursor={cursor}x"),
            "/api/v1/customers?limit=1&cursor=AAAA".to_owned(),
        ] {
            recruiter.get(&path).await.expect_problem(422, "invalid_cursor");
        }
        let (one, two) = ("kind=student&stage=lead", "stage=lead&kind=student");
        let page = recruiter.get(&format!("/api/v1/customers?{one}&limit=1")).await.expect(200);
        let cursor = page.json["next_cursor"].as_str().unwrap();
        // In another order, and in larger parts, it is the same query.
        let rest = recruiter.get(&format!("/api/v1/customers?limit=200&{two}&cursor={cursor}")).await.expect(200);
        assert_eq!(rest.ids().len(), 2);
        for other in [w.as_boss(), w.as_colleague(), w.as_stranger()] {
            let path = format!("/api/v1/customers?{one}&limit=1&cursor={cursor}");
            other.get(&path).await.expect_problem(422, "invalid_cursor");
        }
    }

    async fn a_parameter_that_is_wrong_or_unknown_is_refused(w: World) {
        for (query, parameter, code) in [
            ("limit=0", "limit", "out_of_range"),
            ("limit=201", "limit", "out_of_range"),
            ("limit=many", "limit", "wrong_type"),
            ("stagee=lead", "stagee", "unknown_parameter"),
            ("stage=lead,gone", "stage", "not_in_list"),
            ("stage=lead&stage=lost", "stage", "unknown_parameter"),
            ("sort=colour", "sort", "not_in_list"),
            ("holder_id=me", "holder_id", "wrong_format"),
            ("created_at%5Bgte%5D=yesterday", "created_at[gte]", "wrong_format"),
        ] {
            let refused = w.as_recruiter().get(&format!("/api/v1/customers?{query}")).await
                .expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(parameter.into(), code.into())], "{query}");
        }
    }

    async fn filters_narrow_the_list(w: World) {
        let recruiter = w.as_recruiter();
        let ids = make(&w, "recruiter", 3).await;
        recruiter.patch(&format!("/api/v1/customers/{}", ids[0]), &json!({"stage": "interested", "intent": 4}))
            .await.expect(200);
        recruiter.patch(&format!("/api/v1/customers/{}", ids[1]), &json!({"kind": "guardian"}))
            .await.expect(200);
        for (query, expected) in [
            ("stage=interested", vec![&ids[0]]),
            ("stage=interested,lead", vec![&ids[2], &ids[1], &ids[0]]),
            ("kind=guardian&stage=lead", vec![&ids[1]]),
            ("intent=4,3", vec![&ids[0]]),
            (&format!("collector_id={}", recruiter.principal), vec![&ids[2], &ids[1], &ids[0]]),
            (&format!("collector_id={}", w.as_boss().principal), vec![]),
            ("collected_at%5Bgte%5D=2999-01-01T00:00:00Z", vec![]),
            ("collected_at%5Blt%5D=2999-01-01T00:00:00Z", vec![&ids[2], &ids[1], &ids[0]]),
            ("created_at%5Bgte%5D=2999-01-01T00:00:00Z", vec![]),
            ("created_at%5Blt%5D=2999-01-01T00:00:00%2B08:00", vec![&ids[2], &ids[1], &ids[0]]),
        ] {
            let page = recruiter.get(&format!("/api/v1/customers?{query}")).await.expect(200);
            assert_eq!(page.ids().iter().collect::<Vec<_>>(), expected, "{query}");
        }
    }

    async fn each_reach_shows_what_it_covers_and_no_more(w: World) {
        let mine = make(&w, "recruiter", 2).await;
        let theirs = make(&w, "colleague", 2).await;
        let mut east = Vec::new();
        let mut body = w.new_customer("东校区学员");
        body["campus_id"] = json!(w.places.east);
        east.push(w.as_outsider().post("/api/v1/customers", &body).await.expect(201).id());
        let set = |lists: &[&Vec<String>]| -> BTreeSet<String> {
            lists.iter().flat_map(|l| l.iter().cloned()).collect()
        };
        for (who, expected) in [
            ("recruiter", set(&[&mine])),
            ("colleague", set(&[&theirs])),
            ("supervisor", set(&[&mine, &theirs])),
            ("manager", set(&[&mine, &theirs])),
            ("outsider", set(&[&east])),
            ("southerner", set(&[])),
            ("boss", set(&[&mine, &theirs, &east])),
        ] {
            let page = w.actor(who).get("/api/v1/customers").await.expect(200);
            let ids = page.ids();
            assert_eq!(ids.iter().cloned().collect::<BTreeSet<_>>(), expected, "{who}");
            assert_eq!(ids.len(), expected.len(), "{who} sees a row twice");
        }
        assert!(w.as_stranger().get("/api/v1/customers").await.expect(200).ids().is_empty());
    }
}
