use tests::{both, json};

use super::{BULK, all_or_nothing, best_effort, create, customer, outcomes, update};

both! {
    async fn a_call_of_too_many_operations_or_none_is_refused(w: World) {
        let recruiter = w.as_recruiter();
        let many: Vec<_> = (0..501).map(|_| create(&w, "张伟")).collect();
        for (operations, code) in [(json!(many), "too_many"), (json!([]), "too_short")] {
            let refused = best_effort(&recruiter, operations).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/operations".to_owned(), code.to_owned())]);
            let limit = &refused.json["errors"][0]["params"];
            assert!([&json!("500"), &json!("1")].contains(&limit.as_object().unwrap().values().next().unwrap()));
        }
        assert!(recruiter.get("/api/v1/customers").await.expect(200).ids().is_empty());
    }

    async fn what_is_wrong_with_the_call_itself_refuses_it_in_both_modes(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&recruiter, &w).await;
        let before = w.server.contents(w.institution).await;
        let mut first = create(&w, "李雷");
        first["ref"] = json!("same");
        let mut same = first.clone();
        same["id"] = json!(id);
        let operations = json!([
            first,
            same,
            {"op": "merge", "id": id},
            {"id": id, "version": 1},
            {"op": "update", "id": id, "data": {"intent": 1}},
            {"op": "update", "id": "nonsense", "version": 0, "data": {"intent": 1}},
            {"op": "delete", "id": id, "version": null, "data": {}},
            {"op": "transfer", "id": id, "version": 1, "ref": ""},
            "delete",
        ]);
        for answer in [best_effort(&recruiter, operations.clone()).await, all_or_nothing(&recruiter, operations).await] {
            let refused = answer.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [
                ("#/operations/1/id", "unknown_field"),
                ("#/operations/1/ref", "ref_repeated"),
                ("#/operations/2/op", "not_in_list"),
                ("#/operations/3/op", "required"),
                ("#/operations/4/version", "required"),
                ("#/operations/5/id", "wrong_format"),
                ("#/operations/5/version", "out_of_range"),
                ("#/operations/6/data", "unknown_field"),
                ("#/operations/6/version", "wrong_type"),
                ("#/operations/7/data", "required"),
                ("#/operations/7/ref", "too_short"),
                ("#/operations/7/version", "unknown_field"),
                ("#/operations/8", "wrong_type"),
            ].map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        }
        let no_mode = json!({"operations": [create(&w, "李雷")], "modus": "best_effort"});
        let refused = recruiter.post(BULK, &no_mode).await.expect_problem(422, "validation_failed");
        let errors = [("#/mode", "required"), ("#/modus", "unknown_field")];
        assert_eq!(refused.errors(), errors.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        assert_eq!(w.server.contents(w.institution).await, before);
    }

    async fn a_character_that_no_text_may_hold_is_a_fault_of_its_operation(w: World) {
        let recruiter = w.as_recruiter();
        let operations = json!([create(&w, "\0"), create(&w, "李雷")]);
        let done = best_effort(&recruiter, operations.clone()).await.expect(200);
        assert_eq!(outcomes(&done), [(422, "validation_failed".to_owned()), (201, String::new())]);
        let told = &done.json["results"][0]["problem"]["errors"];
        assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
        let refused = all_or_nothing(&recruiter, operations).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/operations/0/data/name".to_owned(), "control_character".to_owned())]);

        let mut named = create(&w, "韩梅梅");
        named["ref"] = json!("a\0b");
        let refused = best_effort(&recruiter, json!([named])).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/operations/0/ref".to_owned(), "control_character".to_owned())]);
    }

    async fn a_problem_within_the_answer_speaks_the_language_of_the_reader(w: World) {
        let recruiter = w.as_recruiter();
        let id = customer(&recruiter, &w).await;
        let done = best_effort(&recruiter, json!([update(&id, 9, json!({"intent": 1}))])).await.expect(200);
        assert_eq!(done.json["results"][0]["problem"]["title"], "The record has changed");
    }
}
