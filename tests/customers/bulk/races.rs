use futures_util::future::join_all;
use tests::{Value, both, json};

use super::{BULK, best_effort, create, customer, outcomes, seen, update};

both! {
    async fn calls_that_overlap_wait_for_each_other_and_end(w: World) {
        let manager = w.as_manager();
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(customer(&manager, &w).await);
        }
        let mut calls = Vec::new();
        for n in 0..6_usize {
            // Each begins with another customer, every second goes the other way round.
            ids.rotate_left(1);
            let mut ids = ids.clone();
            if n % 2 == 1 {
                ids.reverse();
            }
            let changes = ids.iter().map(|id| update(id, 1, json!({"intent": 1 + n % 4})));
            let operations: Value = [create(&w, "李雷")].into_iter().chain(changes).collect();
            calls.push((w.hire(&["branch_manager"], w.places.north, None).await, operations));
        }
        let asked = calls.into_iter().map(async |(actor, operations)| best_effort(&actor, operations).await);
        let answers = join_all(asked).await;
        let mut changed = 0;
        for answer in answers {
            for (status, _) in outcomes(&answer.expect(200)).into_iter().skip(1) {
                assert!([200, 412].contains(&status), "{status}");
                changed += usize::from(status == 200);
            }
        }
        assert_eq!(changed, 6, "each customer is changed once");
        for id in &ids {
            assert_eq!(seen(&manager, id).await.1, json!(2));
        }
    }

    async fn twins_of_a_call_are_done_once(w: World) {
        let recruiter = w.as_recruiter();
        let call = json!({"mode": "all_or_nothing", "operations": [create(&w, "李雷"), create(&w, "韩梅梅")]});
        let twins = join_all((0..2).map(|_| recruiter.post_with_key(BULK, "twin", &call))).await;
        assert!(twins.iter().all(|answer| [200, 409].contains(&answer.status)));
        recruiter.post_with_key(BULK, "twin", &call).await.expect(200);
        assert_eq!(recruiter.get("/api/v1/customers").await.expect(200).ids().len(), 2);
    }
}
