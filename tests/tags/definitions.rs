//! Categories and tags as reference data.

use tests::{both, json};

use super::tag;

both! {
    async fn a_tag_is_made_changed_and_archived(w: World) {
        let boss = w.as_boss();
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "需求偏好"})).await.expect(201);
        let made = boss.post("/api/v1/tags", &json!({
            "name": "数学薄弱", "category_id": category.id(), "definition": "成绩低于班级平均", "colour": "#d04a02",
        })).await.expect(201);
        assert_eq!(made.json["colour"], "#D04A02");
        let path = format!("/api/v1/tags/{}", made.id());
        let changed = boss.patch(&path, &json!({"definition": null})).await.expect(200);
        assert_eq!((&changed.json["definition"], &changed.json["version"]), (&json!(null), &json!(2)));
        let of_category = format!("/api/v1/tag-categories/{}/archive", category.id());
        boss.post(&of_category, &json!(null)).await.expect_problem(409, "in_use");
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        boss.post(&of_category, &json!(null)).await.expect(200);
        let refused = boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(422);
        assert_eq!(refused.errors(), [("#/category_id".into(), "unknown_reference".into())]);
        // Everybody on the staff reads them.
        w.actor("teacher").get(&path).await.expect(200);
        w.as_recruiter().post("/api/v1/tags", &json!({"name": "新", "category_id": category.id()})).await
            .expect_problem(403, "permission_missing");
        w.as_stranger().get(&path).await.expect_problem(404, "not_found");
    }

    async fn every_broken_field_of_a_tag_is_told_at_once(w: World) {
        let refused = w.as_boss().post("/api/v1/tags", &json!({
            "name": "", "category_id": "x", "colour": "red", "definition": "长".repeat(501), "weight": 3,
        })).await.expect_problem(422, "validation_failed");
        let fields: Vec<_> = refused.errors().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(fields, ["#/category_id", "#/colour", "#/definition", "#/name", "#/weight"]);
        let strange = json!({"name": "标签", "category_id": uuid::Uuid::now_v7()});
        let refused = w.as_boss().post("/api/v1/tags", &strange).await.expect(422);
        assert_eq!(refused.errors(), [("#/category_id".into(), "unknown_reference".into())]);
    }

    async fn a_name_is_given_once(w: World) {
        let id = tag(&w, "VIP").await;
        let category = w.as_boss().get(&format!("/api/v1/tags/{id}")).await.json["category_id"].clone();
        w.as_boss().post("/api/v1/tags", &json!({"name": "ｖip", "category_id": category})).await
            .expect_problem(409, "name_taken");
    }
}
