//! The traps of grouped commits, and what holds of transactions on both databases.
use tests::both;

both! {
    async fn a_failed_command_leaves_nothing_behind(w: World) {
        let boss = w.as_boss();
        boss.post("/api/v1/customers", &tests::json!({})).await.expect(422);
        assert!(boss.get("/api/v1/customers").await.ids().is_empty());
    }
}
