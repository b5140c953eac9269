//! Asking for a customer beyond one's reach: whoever holds it decides, or the data steward.

use tests::{Actor, Answer, Value, World, both, json};

const ASK: &str = "/api/v1/share-requests";
const RECEIVED: &str = "/api/v1/received-share-requests";

/// A customer in somebody's hands who has this phone.
async fn customer(w: &World, holder: &Actor, number: &str) -> String {
    let mut body = w.new_customer("金丝雀");
    body["contact_points"] = json!([{"kind": "phone", "value": number}]);
    holder
        .post("/api/v1/customers", &body)
        .await
        .expect(201)
        .id()
}

/// The token that a check gives.
async fn token(actor: &Actor, number: &str) -> String {
    let body = json!({"contact_points": [{"kind": "phone", "value": number}]});
    let found = actor
        .post("/api/v1/customers/duplicate-check", &body)
        .await
        .expect(200);
    let token = &found.json["beyond_reach"][0]["request_token"];
    token.as_str().unwrap().to_owned()
}

async fn ask(actor: &Actor, token: &str) -> Answer {
    actor
        .post(ASK, &json!({"token": token, "reason": "家长今天到访"}))
        .await
}

fn own(id: &str) -> String {
    format!("{ASK}/{id}")
}

fn received(id: &str, action: &str) -> String {
    format!("{RECEIVED}/{id}/{action}")
}

/// Kinds of the notices about a request, newest first.
async fn notices(actor: &Actor) -> Vec<Value> {
    let list = actor.get("/api/v1/notices").await.expect(200);
    let items = list.json["items"].as_array().unwrap().iter();
    items.map(|notice| notice["kind"].clone()).collect()
}

both! {
    async fn the_holder_grants_a_share_with_an_end_and_until_then_the_asker_sees_only_the_state(w: World) {
        let (holder, asker) = (w.as_recruiter(), w.as_outsider());
        let held = customer(&w, &holder, "13800138000").await;
        let made = ask(&asker, &token(&asker, "13800138000").await).await.expect(201);
        let path = own(&made.id());
        let seen = asker.get(&path).await.expect(200);
        assert_eq!(seen.json["state"], "waiting");
        assert!(!seen.text.contains(&held) && !seen.text.contains("金丝雀"), "{}", seen.text);
        assert_eq!(notices(&holder).await, [json!("share_requested")]);
        asker.get(&format!("/api/v1/customers/{held}")).await.expect(404);
        // Nobody else sees it, and a team mate of the holder decides nothing.
        holder.get(&path).await.expect(404);
        assert_eq!(w.as_colleague().get(RECEIVED).await.expect(200).ids(), [""; 0]);
        let grant = json!({"access": "read", "days": 7});
        w.as_colleague().post(&received(&made.id(), "grant"), &grant).await.expect(404);
        asker.post(&received(&made.id(), "grant"), &grant).await.expect(404);

        let list = holder.get(&format!("{RECEIVED}?state=waiting")).await.expect(200);
        assert_eq!(list.json["items"][0]["customer_id"], json!(held));
        assert_eq!(list.json["items"][0]["reason"], "家长今天到访");
        let granted = holder.post(&received(&made.id(), "grant"), &grant).await.expect(200);
        assert_eq!((&granted.json["state"], &granted.json["asker_id"]), (&json!("granted"), &json!(asker.principal)));
        let seen = asker.get(&path).await.expect(200);
        assert_eq!((&seen.json["state"], &seen.json["customer_id"]), (&json!("granted"), &json!(held)));
        assert_eq!(notices(&asker).await, [json!("share_granted")]);
        asker.get(&format!("/api/v1/customers/{held}")).await.expect(200);
        let shares = w.as_boss().get(&format!("/api/v1/customers/{held}/shares")).await.expect(200);
        assert_eq!(shares.json["items"][0]["until"], seen.json["until"]);
        assert_eq!(shares.json["items"][0]["grantee_id"], json!(asker.principal));
        holder.post(&received(&made.id(), "refuse"), &json!({"reason": "太晚"})).await.expect_problem(409, "share_request_decided");
        asker.post(&format!("{path}/take-back"), &json!(null)).await.expect_problem(409, "share_request_decided");
        w.server.settle().await;
        let events = w.as_boss().get("/api/v1/events?type=share_request.created,share_request.granted").await.expect(200);
        assert_eq!(events.json["items"].as_array().unwrap().len(), 2);
        assert!(!events.text.contains(&held), "{}", events.text);
    }

    async fn a_refusal_has_a_reason_and_opens_nothing(w: World) {
        let (holder, asker) = (w.as_recruiter(), w.as_outsider());
        let held = customer(&w, &holder, "13800138000").await;
        let made = ask(&asker, &token(&asker, "13800138000").await).await.expect(201).id();
        // The supervisor of the team may decide as well.
        let refused = w.as_supervisor().post(&received(&made, "refuse"), &json!({"reason": "由原老师联系"})).await.expect(200);
        assert_eq!(refused.json["state"], "refused");
        let seen = asker.get(&own(&made)).await.expect(200);
        assert_eq!((&seen.json["answer"], &seen.json["customer_id"]), (&json!("由原老师联系"), &json!(null)));
        assert_eq!(notices(&asker).await, [json!("share_refused")]);
        asker.get(&format!("/api/v1/customers/{held}")).await.expect(404);
    }

    async fn a_request_dies_with_its_customer_and_follows_it_into_other_hands(w: World) {
        let (holder, asker) = (w.as_recruiter(), w.as_outsider());
        let held = customer(&w, &holder, "13800138000").await;
        let made = ask(&asker, &token(&asker, "13800138000").await).await.expect(201).id();
        let to = json!({"holder_id": w.as_colleague().principal, "reason": "交接"});
        w.as_manager().post(&format!("/api/v1/customers/{held}/transfer"), &to).await.expect(200);
        assert_eq!(holder.get(RECEIVED).await.expect(200).ids(), [""; 0]);
        assert_eq!(w.as_colleague().get(RECEIVED).await.expect(200).ids(), std::slice::from_ref(&made));
        w.as_manager().delete(&format!("/api/v1/customers/{held}")).await.expect(204);
        assert_eq!(asker.get(&own(&made)).await.expect(200).json["state"], "lapsed");
        assert_eq!(notices(&asker).await, [json!("share_request_lapsed")]);
        assert_eq!(w.as_colleague().get(RECEIVED).await.expect(200).ids(), [""; 0]);
        w.as_manager().post(&format!("/api/v1/customers/{held}/restore"), &json!(null)).await.expect(200);
        let grant = json!({"access": "read", "days": 7});
        w.as_colleague().post(&received(&made, "grant"), &grant).await.expect_problem(409, "share_request_decided");
    }

    async fn a_token_is_good_for_its_own_asker_for_a_day_and_only_while_there_is_somebody(w: World) {
        let asker = w.as_outsider();
        let held = customer(&w, &w.as_recruiter(), "13800138000").await;
        let good = token(&asker, "13800138000").await;
        let stranger = w.as_stranger();
        for other in [&w.actor("southerner"), &stranger] {
            let refused = ask(other, &good).await.expect(422);
            assert_eq!(refused.errors(), [("#/token".to_owned(), "share_token_invalid".to_owned())]);
        }
        let mut altered = good.clone().into_bytes();
        altered[20] = if altered[20] == b'A' { b'B' } else { b'A' };
        ask(&asker, &String::from_utf8(altered).unwrap()).await.expect(422);
        for body in [json!({"reason": "家长到访"}), json!({"reason": "家长到访", "token": good, "description": "张伟"})] {
            asker.post(ASK, &body).await.expect_problem(422, "share_request_unclear");
        }
        w.as_boss().delete(&format!("/api/v1/customers/{held}")).await.expect(204);
        ask(&asker, &good).await.expect(422);
    }

    async fn the_data_steward_names_the_customer_of_a_request_in_words(w: World) {
        let asker = w.as_outsider();
        let held = customer(&w, &w.as_recruiter(), "13800138000").await;
        let body = json!({"description": "三月公开课的金丝雀", "reason": "家长今天到访"});
        let made = asker.post(ASK, &body).await.expect(201).id();
        // It is nobody's who decides for less than the whole institution.
        for other in [w.as_recruiter(), w.as_manager()] {
            assert_eq!(other.get(RECEIVED).await.expect(200).ids(), [""; 0]);
        }
        let steward = w.hire(&["customer_information_administrator"], w.places.south, None).await;
        assert_eq!(notices(&w.as_boss()).await, [json!("share_requested")]);
        let list = steward.get(RECEIVED).await.expect(200);
        assert_eq!(list.json["items"][0]["description"], "三月公开课的金丝雀");
        let grant = received(&made, "grant");
        for body in [json!({"access": "read", "days": 7}), json!({"access": "read", "days": 7, "customer_id": made})] {
            let refused = steward.post(&grant, &body).await.expect(422);
            assert_eq!(refused.errors(), [("#/customer_id".to_owned(), "unknown_reference".to_owned())]);
        }
        let body = json!({"access": "write", "days": 7, "customer_id": held});
        steward.post(&grant, &body).await.expect(200);
        assert_eq!(asker.get(&own(&made)).await.expect(200).json["customer_id"], json!(held));
        asker.patch(&format!("/api/v1/customers/{held}"), &json!({"intent": 2})).await.expect(200);
    }

    async fn one_of_a_grant_a_refusal_and_a_withdrawal_wins(w: World) {
        let (holder, asker) = (w.as_recruiter(), w.as_outsider());
        let held = customer(&w, &holder, "13800138000").await;
        let made = ask(&asker, &token(&asker, "13800138000").await).await.expect(201).id();
        let (grant, refuse) = (received(&made, "grant"), received(&made, "refuse"));
        let back = format!("{}/take-back", own(&made));
        let (granting, refusing) = (json!({"access": "read", "days": 7}), json!({"reason": "不便"}));
        let boss = w.as_boss();
        let (path, nothing) = (format!("/api/v1/customers/{held}"), json!(null));
        let (a, b, c, d) = tokio::join!(
            holder.post(&grant, &granting),
            boss.post(&refuse, &refusing),
            asker.post(&back, &nothing),
            boss.delete(&path),
        );
        let won = [&a, &b, &c].iter().filter(|answer| answer.status == 200).count();
        for answer in [&a, &b, &c] {
            assert!([200, 404, 409, 422].contains(&answer.status), "{}", answer.text);
        }
        d.expect(204);
        let state = asker.get(&own(&made)).await.expect(200).json["state"].clone();
        assert_eq!(won, usize::from(state != "lapsed"), "{state}");
    }
}
