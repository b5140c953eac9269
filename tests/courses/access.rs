use tests::{both, json};
use uuid::Uuid;

both! {
    async fn everyone_who_works_here_reads_what_is_taught(w: World) {
        let class = w.open_class(json!({})).await;
        for who in w.names() {
            for list in ["subjects", "courses", "classes"] {
                assert_eq!(w.actor(who).get(&format!("/api/v1/{list}")).await.expect(200).ids().len(), 1);
            }
            w.actor(who).get(&format!("/api/v1/classes/{class}")).await.expect(200);
        }
    }

    async fn only_who_may_plans(w: World) {
        let class = format!("/api/v1/classes/{}", w.open_class(json!({})).await);
        for who in ["recruiter", "teacher", "finance", "supervisor"] {
            let actor = w.actor(who);
            for list in ["subjects", "courses", "classes"] {
                actor.post(&format!("/api/v1/{list}"), &json!({"nonsense": 1})).await
                    .expect_problem(403, "permission_missing");
            }
            actor.patch(&class, &json!({"room": "1"})).await.expect_problem(403, "permission_missing");
            actor.post(&format!("{class}/archive"), &json!(null)).await.expect_problem(403, "permission_missing");
            actor.post(&format!("{class}/unarchive"), &json!(null)).await.expect_problem(403, "permission_missing");
        }
    }

    async fn who_plans_for_a_campus_makes_and_changes_classes_there_only(w: World) {
        let boss = w.as_boss();
        let service = w.actor("service");
        let course = w.new_course(&boss).await;
        let made = service.post("/api/v1/classes", &w.new_class(&course)).await.expect(201);
        let own = format!("/api/v1/classes/{}", made.id());
        service.patch(&own, &json!({"room": "202"})).await.expect(200);
        service.post(&format!("{own}/archive"), &json!(null)).await.expect(200);
        service.post(&format!("{own}/unarchive"), &json!(null)).await.expect(200);
        let mut elsewhere = w.new_class(&course);
        elsewhere["campus_id"] = json!(w.places.south);
        let refused = service.post("/api/v1/classes", &elsewhere).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/campus_id".into(), "unknown_reference".into())]);
        let far = boss.post("/api/v1/classes", &elsewhere).await.expect(201);
        let absent = Uuid::now_v7().to_string();
        let before = w.server.contents(w.institution).await;
        for actor in [service.clone(), w.as_stranger()] {
            let (real, random) = (format!("/api/v1/classes/{}", far.id()), format!("/api/v1/classes/{absent}"));
            let change = json!({"room": "1"});
            assert_eq!(actor.patch(&real, &change).await.expect(404).essence(), actor.patch(&random, &change).await.expect(404).essence());
            for action in ["archive", "unarchive"] {
                actor.post(&format!("{real}/{action}"), &json!(null)).await.expect_problem(404, "not_found");
            }
        }
        assert_eq!(w.server.contents(w.institution).await, before);
    }

    async fn subjects_and_courses_belong_to_the_whole_institution(w: World) {
        let service = w.actor("service");
        let course = w.new_course(&w.as_boss()).await;
        service.post("/api/v1/subjects", &json!({"name": "数学"})).await.expect_problem(403, "institution_only");
        let new = json!({
            "name": "一年级数学", "subject_id": Uuid::now_v7(), "hours_hundredths": 4800,
            "price": {"amount_minor": 1, "currency": "CNY"},
        });
        service.post("/api/v1/courses", &new).await.expect_problem(403, "institution_only");
        service.patch(&format!("/api/v1/courses/{course}"), &json!({"level": "二"})).await.expect_problem(404, "not_found");
        service.post(&format!("/api/v1/courses/{course}/archive"), &json!(null)).await.expect_problem(404, "not_found");
    }

    async fn another_institution_sees_nothing_of_what_is_taught(w: World) {
        let class = w.open_class(json!({})).await;
        let stranger = w.as_stranger();
        assert!(stranger.get("/api/v1/classes").await.expect(200).ids().is_empty());
        assert_eq!(
            stranger.get(&format!("/api/v1/classes/{class}")).await.expect(404).essence(),
            stranger.get(&format!("/api/v1/classes/{}", Uuid::now_v7())).await.expect(404).essence(),
        );
    }
}
