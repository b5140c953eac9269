//! What was made is read at the address that its answer names.

use tests::both;

use tests::policy::{NOT_BY_EXAMPLE, doer};

both! {
    async fn whatever_is_made_can_be_read_at_its_address(w: World) {
        let mut made = 0;
        for operation in w.server.contract.callable() {
            if operation.permission.is_none() || operation.success != 201 || NOT_BY_EXAMPLE.contains(&operation.id.as_str()) {
                continue;
            }
            let (boss, ids) = doer(&w, &operation).await;
            let answer = boss.call(&operation.call(&w, &ids).await).await.expect(201);
            let address = answer.header("location").unwrap();
            let read = boss.get(address).await;
            assert_eq!(read.status, 200, "{} at {address}: {}", operation.id, read.text);
            made += 1;
        }
        assert!(made > 15, "only {made} were made");
    }
}
