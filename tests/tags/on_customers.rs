//! Tags on customers: who put them on, when and why.

use futures_util::future::join_all;
use tests::{World, both, json};

use super::tag;

/// A customer of the recruiter, and the address of its tags.
async fn tags_of_customer(w: &World) -> (String, String) {
    let body = w.new_customer("张伟");
    let made = w.as_recruiter().post("/api/v1/customers", &body).await;
    let id = made.expect(201).id();
    let tags = format!("/api/v1/customers/{id}/tags");
    (id, tags)
}

both! {
    async fn a_tag_is_put_on_and_taken_off_and_both_stay_known(w: World) {
        let (id, tags) = tags_of_customer(&w).await;
        let tag = tag(&w, "数学薄弱").await;
        let recruiter = w.as_recruiter();
        let on = recruiter.post(&tags, &json!({"tag_id": tag, "reason": "家长反馈"})).await.expect(201);
        assert_eq!(on.json["put_on_by"], json!(recruiter.principal));
        assert_eq!(recruiter.get(&tags).await.expect(200).json["items"], json!([on.json]));
        recruiter.post(&tags, &json!({"tag_id": tag})).await.expect_problem(409, "tag_on_already");
        let off = recruiter.post(&format!("{tags}/{tag}/take-off"), &json!({"reason": "成绩已提高"})).await.expect(200);
        assert_eq!((&off.json["put_on_reason"], &off.json["taken_off_reason"]), (&json!("家长反馈"), &json!("成绩已提高")));
        assert_eq!(recruiter.get(&tags).await.json["items"], json!([]));
        assert_eq!(recruiter.get(&format!("{tags}?include_taken_off=true")).await.json["items"], json!([off.json]));
        recruiter.post(&format!("{tags}/{tag}/take-off"), &json!({})).await.expect_problem(404, "not_found");
        recruiter.post(&tags, &json!({"tag_id": tag})).await.expect(201);
        let timeline = recruiter.get(&format!("/api/v1/customers/{id}/timeline")).await.expect(200);
        let told: Vec<_> = timeline.json["items"].as_array().unwrap().iter()
            .map(|entry| (entry["text"].clone(), entry["is_ended"].clone())).collect();
        assert_eq!(told, [(json!("数学薄弱"), json!(false)), (json!("数学薄弱"), json!(true))]);
        // The customer's version is its own.
        assert_eq!(recruiter.get(&format!("/api/v1/customers/{id}")).await.json["version"], 1);
    }

    async fn a_tag_that_is_put_on_by_many_at_once_is_on_once(w: World) {
        let (_, tags) = tags_of_customer(&w).await;
        let tag = tag(&w, "活跃").await;
        let body = json!({"tag_id": tag});
        let recruiter = w.as_recruiter();
        let answers = join_all((0..8).map(|_| recruiter.post(&tags, &body))).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        for refused in answers.into_iter().filter(|a| a.status != 201) {
            refused.expect_problem(409, "tag_on_already");
        }
    }

    async fn a_tag_of_nobody_here_or_in_the_archive_can_not_be_chosen(w: World) {
        let (_, tags) = tags_of_customer(&w).await;
        let archived = tag(&w, "旧标签").await;
        w.as_boss().post(&format!("/api/v1/tags/{archived}/archive"), &json!(null)).await.expect(200);
        let strange = w.fixture(w.other, "tag_id").await.unwrap().to_string();
        for tag in [archived, strange, uuid::Uuid::now_v7().to_string()] {
            let refused = w.as_recruiter().post(&tags, &json!({"tag_id": tag})).await.expect(422);
            assert_eq!(refused.errors(), [("#/tag_id".into(), "unknown_reference".into())]);
        }
    }

    async fn the_tags_of_a_customer_out_of_reach_are_as_good_as_none(w: World) {
        let (id, tags) = tags_of_customer(&w).await;
        let tag = tag(&w, "活跃").await;
        w.as_recruiter().post(&tags, &json!({"tag_id": tag})).await.expect(201);
        let nothing = format!("/api/v1/customers/{}/tags", uuid::Uuid::now_v7());
        for actor in [w.as_colleague(), w.as_outsider(), w.as_stranger()] {
            let refused = actor.get(&tags).await.expect_problem(404, "not_found");
            assert_eq!(refused.essence(), actor.get(&nothing).await.essence());
            actor.post(&tags, &json!({"tag_id": tag})).await.expect_problem(404, "not_found");
            actor.post(&format!("{tags}/{tag}/take-off"), &json!({})).await.expect_problem(404, "not_found");
        }
        // They go with the customer, and are hidden with it.
        let to = json!({"holder_id": w.as_colleague().principal, "reason": "分班调整"});
        w.as_manager().post(&format!("/api/v1/customers/{id}/transfer"), &to).await.expect(200);
        assert_eq!(w.as_colleague().get(&tags).await.expect(200).json["items"][0]["tag_id"], json!(tag));
        w.as_boss().delete(&format!("/api/v1/customers/{id}")).await.expect(204);
        w.as_boss().get(&tags).await.expect(404);
    }
}
