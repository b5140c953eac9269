//! A customer goes over into other hands, and everything that belongs to it goes along.

use tests::{Answer, World, both, json};

/// A customer of the recruiter.
async fn held(w: &World) -> Answer {
    let body = w.new_customer("张伟");
    w.as_recruiter()
        .post("/api/v1/customers", &body)
        .await
        .expect(201)
}

fn path(customer: &Answer) -> String {
    format!("/api/v1/customers/{}", customer.id())
}

both! {
    async fn a_transferred_customer_is_the_new_holders_and_no_longer_the_old_ones(w: World) {
        let customer = held(&w).await;
        let to = json!({"holder_id": w.as_colleague().principal, "reason": "分班调整"});
        let moved = w.as_manager().post(&format!("{}/transfer", path(&customer)), &to).await.expect(200);
        assert_eq!(moved.json["holder_id"], json!(w.as_colleague().principal));
        assert_eq!(moved.json["version"], 2);
        w.as_colleague().get(&path(&customer)).await.expect(200);
        w.as_recruiter().get(&path(&customer)).await.expect_problem(404, "not_found");
    }

    async fn a_customer_moves_to_the_pool_of_another_campus(w: World) {
        let customer = held(&w).await;
        let to = json!({"holder_id": w.places.south, "campus_id": w.places.south, "reason": "搬家"});
        w.as_boss().post(&format!("{}/transfer", path(&customer)), &to).await.expect(200);
        w.actor("southerner").get(&path(&customer)).await.expect(200);
        w.as_manager().get(&path(&customer)).await.expect(404);
    }

    async fn nobody_hands_a_customer_to_whom_he_does_not_reach(w: World) {
        let customer = held(&w).await;
        let transfer = format!("{}/transfer", path(&customer));
        let manager = w.as_manager();
        let before = w.server.contents(w.institution).await;
        for (to, pointer, code) in [
            (json!({"holder_id": w.places.south, "campus_id": w.places.south}), "#/holder_id", "unknown_reference"),
            (json!({"holder_id": w.as_stranger().principal}), "#/holder_id", "holder_not_at_campus"),
            (json!({"holder_id": w.as_outsider().principal}), "#/holder_id", "holder_not_at_campus"),
            (json!({"holder_id": w.places.north, "campus_id": w.other_places.north}), "#/campus_id", "unknown_reference"),
        ] {
            let mut to = to;
            to["reason"] = json!("试一试");
            let refused = manager.post(&transfer, &to).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(pointer.into(), code.into())], "{to}");
        }
        w.as_recruiter().post(&transfer, &json!({"holder_id": w.places.north, "reason": "给我"})).await
            .expect_problem(403, "permission_missing");
        assert_eq!(before, w.server.contents(w.institution).await);
    }

    async fn to_whom_it_belongs_already_it_goes_without_a_trace(w: World) {
        let customer = held(&w).await;
        let to = json!({"holder_id": w.as_recruiter().principal, "reason": "重复"});
        let same = w.as_manager().post(&format!("{}/transfer", path(&customer)), &to).await.expect(200);
        assert_eq!(same.json["version"], 1);
    }
}
