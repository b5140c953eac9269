//! Sharing a customer over HTTP: who may open what to whom. What a share opens stands in
//! tests/customers/shares.rs.

use domain::access::Reach;
use futures_util::future::join_all;
use tests::{Actor, Value, World, both, json};
use uuid::Uuid;

/// A customer of the north campus's pool.
async fn northern(w: &World) -> String {
    let mut body = w.new_customer("张伟");
    body["holder_id"] = json!(w.places.north);
    let made = w.as_boss().post("/api/v1/customers", &body).await;
    made.expect(201).id()
}

fn shares(customer: &str) -> String {
    format!("/api/v1/customers/{customer}/shares")
}

fn customer(id: &str) -> String {
    format!("/api/v1/customers/{id}")
}

async fn listed(actor: &Actor, id: &str) -> Vec<Value> {
    let list = actor.get(&shares(id)).await.expect(200);
    list.json["items"].as_array().unwrap().clone()
}

both! {
    async fn a_customer_is_shared_listed_and_taken_back(w: World) {
        let (boss, outsider) = (w.as_boss(), w.as_outsider());
        let id = northern(&w).await;
        outsider.get(&customer(&id)).await.expect(404);
        let made = boss.post(&shares(&id), &json!({"grantee_id": outsider.principal, "access": "read"})).await.expect(201);
        assert_eq!(made.json["grantee_kind"], "staff");
        assert_eq!(made.json["shared_by"], json!(boss.principal));
        assert_eq!(listed(&boss, &id).await, std::slice::from_ref(&made.json));
        outsider.get(&customer(&id)).await.expect(200);
        outsider.patch(&customer(&id), &json!({"intent": 1})).await.expect(404);

        let again = boss.post(&shares(&id), &json!({"grantee_id": outsider.principal, "access": "write"})).await.expect(201);
        assert_eq!((&again.json["version"], &again.json["access"]), (&json!(2), &json!("write")));
        assert_eq!(listed(&boss, &id).await.len(), 1);
        outsider.patch(&customer(&id), &json!({"intent": 1})).await.expect(200);

        let path = again.header("location").unwrap().to_owned();
        boss.delete_if(&path, &made.etag()).await.expect_problem(412, "version_stale");
        boss.delete_if(&path, &again.etag()).await.expect(204);
        boss.delete(&path).await.expect_problem(404, "not_found");
        assert!(listed(&boss, &id).await.is_empty());
        outsider.get(&customer(&id)).await.expect(404);
    }

    async fn a_share_ends_when_the_customer_goes_into_other_hands(w: World) {
        let (boss, supervisor, outsider) = (w.as_boss(), w.as_supervisor(), w.as_outsider());
        w.add_role("shares_own", &[("customers:read", Reach::Own), ("customers:write", Reach::Own), ("customers:share", Reach::Own)]).await;
        let giver = w.hire(&["shares_own"], w.places.north, Some(w.places.team)).await;
        let mut body = w.new_customer("张伟");
        body["holder_id"] = json!(giver.principal);
        let id = boss.post("/api/v1/customers", &body).await.expect(201).id();
        // With others, and with the giver's own team: neither outlasts the giver's reach.
        for grantee in [outsider.principal.uuid(), w.places.team.uuid()] {
            giver.post(&shares(&id), &json!({"grantee_id": grantee, "access": "write"})).await.expect(201);
        }
        outsider.get(&customer(&id)).await.expect(200);
        let to = json!({"holder_id": supervisor.principal, "reason": "分班调整"});
        boss.post(&format!("{}/transfer", customer(&id)), &to).await.expect(200);
        for actor in [&giver, &outsider, &w.as_colleague()] {
            actor.get(&customer(&id)).await.expect_problem(404, "not_found");
            actor.patch(&customer(&id), &json!({"intent": 1})).await.expect_problem(404, "not_found");
        }
        assert!(listed(&boss, &id).await.is_empty());
        let ended = boss.get(&format!("/api/v1/audit-events?target_id={id}&target_kind=customer_share&operation=transferCustomer")).await;
        assert_eq!(ended.expect(200).ids().len(), 1);
        boss.post(&shares(&id), &json!({"grantee_id": outsider.principal, "access": "read"})).await.expect(201);
        outsider.get(&customer(&id)).await.expect(200);
        // Who hands it to whoever holds it already hands nothing over.
        boss.post(&format!("{}/transfer", customer(&id)), &to).await.expect(200);
        outsider.get(&customer(&id)).await.expect(200);
    }

    async fn a_share_that_is_made_again_is_never_taken_for_the_one_before(w: World) {
        let boss = w.as_boss();
        let id = northern(&w).await;
        let body = json!({"grantee_id": w.as_outsider().principal, "access": "read"});
        let first = boss.post(&shares(&id), &body).await.expect(201);
        let path = first.header("location").unwrap().to_owned();
        assert_eq!(boss.get(&path).await.expect(200).etag(), first.etag());
        boss.delete_if(&path, &first.etag()).await.expect(204);
        boss.get(&path).await.expect_problem(404, "not_found");
        let second = boss.post(&shares(&id), &body).await.expect(201);
        assert!(second.json["version"].as_i64().unwrap() > first.json["version"].as_i64().unwrap() + 1);
        boss.delete_if(&path, &first.etag()).await.expect_problem(412, "version_stale");
        boss.delete_if(&path, &second.etag()).await.expect(204);
    }

    async fn a_team_and_a_group_can_be_shared_with(w: World) {
        let (boss, outsider) = (w.as_boss(), w.as_outsider());
        let id = northern(&w).await;
        let group = boss.post("/api/v1/groups", &json!({"name": "专项组", "member_ids": [outsider.principal]})).await.expect(201).id();
        for (grantee, kind) in [(w.places.team.to_string(), "team"), (group, "group")] {
            let made = boss.post(&shares(&id), &json!({"grantee_id": grantee, "access": "read"})).await.expect(201);
            assert_eq!(made.json["grantee_kind"], kind);
        }
        w.as_recruiter().get(&customer(&id)).await.expect(200);
        outsider.get(&customer(&id)).await.expect(200);
        w.actor("southerner").get(&customer(&id)).await.expect(404);
    }

    async fn a_share_is_for_somebody_who_is_there(w: World) {
        let boss = w.as_boss();
        let id = northern(&w).await;
        let gone = w.hire(&["recruiter"], w.places.north, None).await;
        boss.post(&format!("/api/v1/staff/{}/leave", gone.principal), &json!(null)).await.expect(200);
        let archived = boss.post("/api/v1/groups", &json!({"name": "旧组", "member_ids": []})).await.expect(201).id();
        boss.post(&format!("/api/v1/groups/{archived}/archive"), &json!(null)).await.expect(200);
        let others = [Uuid::now_v7().to_string(), w.as_stranger().principal.to_string(), w.other_places.team.to_string(),
            w.places.north.to_string(), gone.principal.to_string(), archived];
        for grantee in others {
            let refused = boss.post(&shares(&id), &json!({"grantee_id": grantee, "access": "read"})).await.expect(422);
            assert_eq!(refused.errors(), [("#/grantee_id".into(), "unknown_reference".into())]);
        }
        let past = json!({"grantee_id": boss.principal, "access": "read", "until": "2020-01-01T00:00:00Z"});
        let refused = boss.post(&shares(&id), &past).await.expect(422);
        assert_eq!(refused.errors(), [
            ("#/grantee_id".into(), "share_with_oneself".into()),
            ("#/until".into(), "share_ended".into()),
        ]);
        assert!(listed(&boss, &id).await.is_empty());
    }

    async fn nobody_opens_a_customer_further_than_they_reach_it(w: World) {
        let id = northern(&w).await;
        w.add_role("shares_all", &[("customers:share", Reach::Institution), ("customers:read", Reach::Own)]).await;
        w.add_role("reads_all", &[("customers:share", Reach::Institution), ("customers:read", Reach::Institution), ("customers:write", Reach::Own)]).await;
        let mate = w.as_recruiter().principal;
        for (role, access, status) in [("shares_all", "read", 403), ("shares_all", "write", 403), ("reads_all", "read", 201), ("reads_all", "write", 403)] {
            let actor = w.hire(&[role], w.places.south, None).await;
            let answer = actor.post(&shares(&id), &json!({"grantee_id": mate, "access": access})).await.expect(status);
            if status == 403 {
                assert_eq!(answer.json["code"], "share_beyond_own", "{role} {access}");
            }
        }
    }

    async fn what_came_by_a_share_is_not_shared_on(w: World) {
        let id = northern(&w).await;
        let southerner = w.actor("southerner");
        let body = json!({"grantee_id": southerner.principal, "access": "write"});
        w.as_boss().post(&shares(&id), &body).await.expect(201);
        southerner.patch(&customer(&id), &json!({"intent": 2})).await.expect(200);
        let on = json!({"grantee_id": w.as_outsider().principal, "access": "read"});
        southerner.post(&shares(&id), &on).await.expect_problem(404, "not_found");
        southerner.get(&shares(&id)).await.expect_problem(404, "not_found");
    }

    async fn the_same_share_at_the_same_moment_is_one(w: World) {
        let boss = w.as_boss();
        let id = northern(&w).await;
        let body = json!({"grantee_id": w.as_outsider().principal, "access": "read"});
        let path = shares(&id);
        let answers = join_all((0..8).map(|_| boss.post(&path, &body))).await;
        let mut versions: Vec<_> = answers.into_iter().map(|a| a.expect(201).json["version"].as_i64().unwrap()).collect();
        versions.sort_unstable();
        assert_eq!(versions, (1..=8).collect::<Vec<_>>());
        assert_eq!(listed(&boss, &id).await.len(), 1);
    }
}
