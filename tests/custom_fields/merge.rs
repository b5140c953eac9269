//! Of two who are one, what the survivor has wins, and what it lacks comes from the other.

use tests::{both, json};

use super::{CUSTOMERS, customer, define, define_all};

both! {
    async fn values_that_the_survivor_lacks_come_along_and_go_back(w: World) {
        define_all(&w).await;
        define(&w.as_boss(), "illness", "text", json!({"is_sensitive": true})).await.expect(201);
        let boss = w.as_boss();
        let own = json!({"text": "甲", "multi_choice": ["bus"]});
        let brought = json!({"text": "乙", "multi_choice": ["walk", "bike"], "number": 3, "illness": "canary"});
        let (survivor, duplicate) = (customer(&w, &own).await.expect(201).id(), customer(&w, &brought).await.expect(201).id());
        let shown = async |id: &str| boss.get(&format!("{CUSTOMERS}/{id}?expand=custom_fields")).await.expect(200).json["custom_fields"].clone();
        let body = json!({"duplicate_id": duplicate, "version": 1, "duplicate_version": 1, "reason": "同一学员"});
        let preview = boss.post(&format!("{CUSTOMERS}/{survivor}/merge-preview"), &json!({"duplicate_id": duplicate})).await.expect(200);
        assert!(preview.json["moves"].as_array().unwrap().iter().any(|one| one["rows"] == 2 && one.to_string().contains("custom_values")), "{}", preview.text);
        let merged = boss.post(&format!("{CUSTOMERS}/{survivor}/merge"), &body).await.expect(201);
        assert_eq!(shown(&survivor).await, json!({"text": "甲", "multi_choice": ["bus"], "number": 3, "illness": "***"}));
        let reveal = json!({"reason": "核对", "custom_fields": ["illness"]});
        let clear = boss.post(&format!("{CUSTOMERS}/{survivor}/reveal"), &reveal).await.expect(200);
        assert_eq!(clear.json["custom_fields"], json!({"illness": "canary"}));
        boss.post(&format!("/api/v1/customer-merges/{}/undo", merged.id()), &json!(null)).await.expect(200);
        assert_eq!(shown(&survivor).await, own);
        assert_eq!(shown(&duplicate).await, json!({"text": "乙", "multi_choice": ["bike", "walk"], "number": 3, "illness": "***"}));
    }
}
