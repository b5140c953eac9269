mod customers;
mod definitions;
mod on_customers;

use tests::{World, json};

/// A tag in a category of its own.
async fn tag(w: &World, name: &str) -> String {
    let boss = w.as_boss();
    let category = json!({ "name": format!("{name}类") });
    let category = boss
        .post("/api/v1/tag-categories", &category)
        .await
        .expect(201)
        .id();
    let tag = json!({"name": name, "category_id": category});
    boss.post("/api/v1/tags", &tag).await.expect(201).id()
}
