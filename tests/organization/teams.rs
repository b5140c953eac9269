use tests::{both, json};

both! {
    async fn a_new_leader_sees_what_the_members_hold_and_the_old_one_no_more(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let customer = format!("/api/v1/customers/{}", made.id());
        let boss = w.as_boss();
        let team = format!("/api/v1/teams/{}", w.places.team);
        w.as_supervisor().patch(&customer, &json!({"intent": 1})).await.expect(200);
        boss.patch(&team, &json!({"leader_id": null})).await.expect(200);
        // At once for a write.
        w.as_supervisor().patch(&customer, &json!({"intent": 2})).await.expect_problem(404, "not_found");
        boss.patch(&team, &json!({"leader_id": w.as_supervisor().principal})).await.expect(200);
        w.as_supervisor().patch(&customer, &json!({"intent": 3})).await.expect(200);
    }

    async fn a_leader_is_a_person_of_the_institution(w: World) {
        let boss = w.as_boss();
        for leader in [json!(w.as_stranger().principal), json!(w.places.north), json!(uuid::Uuid::now_v7())] {
            let refused = boss.post("/api/v1/teams", &json!({"name": "二组", "leader_id": leader})).await
                .expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/leader_id".into(), "unknown_reference".into())]);
        }
    }

    async fn a_group_has_people_of_the_institution(w: World) {
        let boss = w.as_boss();
        let members = [w.as_recruiter().principal, w.as_colleague().principal];
        let made = boss.post("/api/v1/groups", &json!({"name": "活动组", "member_ids": members})).await.expect(201);
        let mut listed = made.json["member_ids"].as_array().unwrap().clone();
        listed.sort_by_key(|id| id.as_str().map(str::to_owned));
        let mut expected = members.map(|id| json!(id)).to_vec();
        expected.sort_by_key(|id| id.as_str().map(str::to_owned));
        assert_eq!(listed, expected);
        let path = format!("/api/v1/groups/{}", made.id());
        let refused = boss.patch(&path, &json!({"member_ids": [w.as_stranger().principal]})).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/member_ids".into(), "unknown_reference".into())]);
        let changed = boss.patch(&path, &json!({"member_ids": [members[0]]})).await.expect(200);
        assert_eq!(changed.json["member_ids"], json!([members[0]]));
        assert_eq!(boss.get(&path).await.expect(200).json, changed.json);
        assert_eq!(boss.get("/api/v1/groups").await.expect(200).json["items"][0], changed.json);
    }
}
