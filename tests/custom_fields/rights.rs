//! Field rules hold for custom fields wherever they are shown, written, told of or revealed.

use tests::{both, json};

use super::{CUSTOMERS, customer, define};
use crate::access::fields::reader_with;

both! {
    async fn hidden_values_leave_by_no_channel(w: World) {
        define(&w.as_boss(), "ring", "text", json!({})).await.expect(201);
        let made = customer(&w, &json!({"ring": "雀环"})).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let rule = |access: &str| json!([{"record": "customers", "field": "custom_fields", "access": access}]);
        let all = ["customers:read", "customers:write", "customers:reveal", "audit:read"];
        let hidden = reader_with(&w, &all, rule("hidden")).await;
        let read_only = reader_with(&w, &all, rule("read_only")).await;
        let reveal = json!({"reason": "核对", "custom_fields": ["ring"]});
        for answer in [
            hidden.get(&format!("{path}?expand=custom_fields")).await.expect(200),
            hidden.get(&format!("{CUSTOMERS}?expand=custom_fields")).await.expect(200),
            hidden.post(&format!("{CUSTOMERS}/search"), &json!({"query": "张伟", "expand": ["custom_fields"]})).await.expect(200),
            hidden.patch(&path, &json!({})).await.expect(200),
        ] {
            assert!(!answer.text.contains("雀环") && !answer.text.contains("\"ring\""), "{}", answer.text);
        }
        hidden.post(&format!("{path}/reveal"), &reveal).await.expect_problem(422, "field_not_readable");
        let shown = read_only.get(&format!("{path}?expand=custom_fields")).await.expect(200);
        assert_eq!(shown.json["custom_fields"], json!({"ring": "雀环"}));
        read_only.post(&format!("{path}/reveal"), &reveal).await.expect(200);
        for (actor, code) in [(&hidden, "field_not_readable"), (&read_only, "field_read_only")] {
            let refused = actor.patch(&path, &json!({"custom_fields": {"ring": "x"}})).await.expect(422);
            assert_eq!(refused.errors(), [("#/custom_fields".into(), code.into())]);
        }
        let event = w.as_boss().get(&format!("/api/v1/audit-events?target_id={}&operation=createCustomer", made.id())).await.expect(200);
        let event = format!("/api/v1/audit-events/{}", event.ids()[0]);
        assert_eq!(read_only.get(&event).await.expect(200).json["changes"][0]["after"]["custom_fields.ring"], "***");
        assert_eq!(hidden.get(&event).await.expect(200).json["changes"][0]["after"]["custom_fields.ring"], json!(null));
    }

    async fn who_may_not_write_them_is_not_asked_for_those_that_are_required(w: World) {
        define(&w.as_boss(), "ring", "text", json!({"required_at": ["lead"]})).await.expect(201);
        let mut body = w.new_customer("张伟");
        body["holder_id"] = json!(w.places.north);
        let rule = |access: &str| json!([{"record": "customers", "field": "custom_fields", "access": access}]);
        for access in ["hidden", "read_only"] {
            let actor = reader_with(&w, &["customers:read", "customers:write"], rule(access)).await;
            actor.post(CUSTOMERS, &body).await.expect(201);
        }
        let actor = reader_with(&w, &["customers:read", "customers:write"], json!([])).await;
        actor.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
    }
}
