use tests::{both, json};

/// The lists of reference data.
const LISTS: &[&str] = &["regions", "campuses", "departments", "teams", "groups"];

both! {
    async fn everyone_who_works_here_reads_reference_data(w: World) {
        for who in w.names() {
            for list in LISTS {
                w.actor(who).get(&format!("/api/v1/{list}")).await.expect(200);
            }
        }
    }

    async fn only_who_may_changes_the_organization(w: World) {
        let team = format!("/api/v1/teams/{}", w.places.team);
        for who in w.names().filter(|who| *who != "boss") {
            let actor = w.actor(who);
            for list in LISTS {
                actor.post(&format!("/api/v1/{list}"), &json!({"nonsense": 1})).await
                    .expect_problem(403, "permission_missing");
            }
            actor.patch(&team, &json!({"name": "我的组"})).await.expect_problem(403, "permission_missing");
            actor.post(&format!("{team}/archive"), &json!(null)).await.expect_problem(403, "permission_missing");
        }
    }

    async fn another_institution_looks_like_nothing(w: World) {
        let stranger = w.as_stranger();
        let absent = uuid::Uuid::now_v7().to_string();
        for (list, id) in [("campuses", w.places.north.to_string()), ("teams", w.places.team.to_string())] {
            let (real, random) = (format!("/api/v1/{list}/{id}"), format!("/api/v1/{list}/{absent}"));
            assert!(!stranger.get(&format!("/api/v1/{list}")).await.expect(200).ids().contains(&id));
            assert_eq!(stranger.get(&real).await.expect(404).essence(), stranger.get(&random).await.expect(404).essence());
            let change = json!({"name": "夺来的"});
            assert_eq!(
                stranger.patch(&real, &change).await.expect(404).essence(),
                stranger.patch(&random, &change).await.expect(404).essence(),
            );
            for action in ["archive", "unarchive"] {
                stranger.post(&format!("{real}/{action}"), &json!(null)).await.expect_problem(404, "not_found");
            }
        }
    }
}
