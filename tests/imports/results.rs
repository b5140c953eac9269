use tests::{both, json};

use super::{IMPORTS, begin, ended, import, rows};

const LIST: &str = "姓名,性别,出生日期,家长姓名,关系,手机号,备注\n\
    张伟,男,2015-06-01,张强,爸爸,138 0013 8000,\"喜欢\n画画\"\n\
    张丽,女,2017-03-04,张强,爸爸,13800138000,=1+1\n\
    ,男,,,,13800138001,\n\
    李娜,龙,2015年2月30日,,,12345,\n\
    张 伟,女,2015-06-01,张强,爸爸,13800138000,又来\n";

both! {
    async fn each_row_has_its_outcome_and_each_family_one_guardian(w: World) {
        let boss = w.as_boss();
        let done = import(&w, &boss, LIST, "commit").await;
        assert_eq!(done.json["counts"], json!({"created": 2, "duplicate": 1, "skipped": 0, "failed": 2, "updated": 0, "unchanged": 0}));
        let rows = rows(&boss, &done).await;
        let outcomes: Vec<_> = rows.iter().map(|r| (r["row"].as_i64().unwrap(), r["outcome"].as_str().unwrap())).collect();
        assert_eq!(outcomes, [(2, "created"), (3, "created"), (4, "failed"), (5, "failed"), (6, "duplicate")]);
        assert_eq!(rows[2]["problems"], json!([{"code": "name_missing", "field": "name", "custom_field": null, "value": ""}]));
        assert_eq!(rows[3]["problems"].as_array().unwrap().len(), 2);
        assert_eq!((&rows[4]["customer_id"], &rows[4]["differences"]), (&rows[0]["customer_id"], &json!(["gender"])));
        let child = rows[0]["customer_id"].as_str().unwrap();
        let stored = boss.get(&format!("/api/v1/customers/{child}")).await.expect(200);
        assert_eq!((&stored.json["name"], &stored.json["gender"]), (&json!("张伟"), &json!("male")));
        assert_eq!(stored.json["collector_id"], json!(boss.principal));
        assert_eq!((&stored.json["holder_id"], &stored.json["note"]), (&json!(w.places.north), &json!("喜欢\n画画")));
        assert_eq!(boss.get("/api/v1/customers").await.expect(200).ids().len(), 3, "two children, one father");
        let found = boss.post("/api/v1/customers/search", &json!({"query": "13800138000"})).await.expect(200);
        assert_eq!(found.json["items"][0]["name"], "张强", "the phone is the guardian's");
        let related = boss.get(&format!("/api/v1/customers/{child}/relations")).await.expect(200);
        assert!(related.text.contains("张强"), "{}", related.text);
    }

    async fn no_phone_of_a_list_is_lost(w: World) {
        let list = "姓名,出生日期,家长姓名,手机号\n\
            张伟,2015-06-01,张强,13800138000\n\
            张丽,2017-03-04,张强,13800138000/13900139000\n\
            张伟,2015-06-01,张强,13800138000/13700137000\n";
        let boss = w.as_boss();
        for twice in [false, true] {
            let rows = rows(&boss, &import(&w, &boss, list, "commit").await).await;
            assert_eq!(rows[2]["outcome"], "duplicate", "again: {twice}");
            let told: Vec<_> = rows.iter().map(|row| row["differences"].clone()).collect();
            assert_eq!(told, [json!([]), json!([]), json!(["phone"])], "again: {twice}");
        }
        // The second phone of the family is the girl's, whose father was there before.
        for (phone, name) in [("13800138000", "张强"), ("13900139000", "张丽")] {
            let found = boss.post("/api/v1/customers/search", &json!({ "query": phone })).await.expect(200);
            let names: Vec<_> = found.json["items"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
            assert_eq!(names, [name], "{phone}");
        }
    }

    async fn a_row_keeps_its_number_behind_empty_lines_and_quoted_line_breaks(w: World) {
        let boss = w.as_boss();
        let done = import(&w, &boss, "姓名,备注\n\n张伟,\"一\n\n二\"\n\n\n李娜,三\n", "commit").await;
        let rows: Vec<_> = rows(&boss, &done).await.iter().map(|r| r["row"].clone()).collect();
        assert_eq!(rows, [json!(3), json!(6)]);
    }

    async fn the_same_list_again_changes_nothing(w: World) {
        let boss = w.as_boss();
        import(&w, &boss, LIST, "commit").await;
        let before = w.server.contents(w.institution).await;
        let again = import(&w, &boss, LIST, "commit").await;
        assert_eq!(again.json["counts"], json!({"created": 0, "duplicate": 3, "skipped": 0, "failed": 2, "updated": 0, "unchanged": 0}));
        let after = w.server.contents(w.institution).await;
        for table in ["customers", "customer_relations", "contact_index", "search_documents", "events"] {
            assert_eq!(before[table], after[table], "{table}");
        }
    }

    async fn a_list_that_is_tried_tells_what_would_be_and_does_nothing(w: World) {
        let boss = w.as_boss();
        let tried = import(&w, &boss, LIST, "validate").await;
        assert_eq!(tried.json["counts"], json!({"created": 2, "duplicate": 1, "skipped": 0, "failed": 2, "updated": 0, "unchanged": 0}));
        assert!(boss.get("/api/v1/customers").await.expect(200).ids().is_empty());
    }

    async fn the_result_file_has_clear_values_and_no_formulas(w: World) {
        let boss = w.as_boss();
        let done = import(&w, &boss, "姓名,手机号\n张伟,=HYPERLINK(1)\n李娜,13800138\n", "commit").await;
        assert_eq!(rows(&boss, &done).await[1]["problems"][0]["value"], "13***");
        let file = done.json["result_file_id"].as_str().unwrap();
        let text = boss.get(&format!("/api/v1/files/{file}/content")).await.expect(200).text;
        assert!(text.contains("3,failed,phone_invalid,phone,13800138") && text.contains("'=HYPERLINK"), "{text}");
        w.as_manager().get(&format!("/api/v1/files/{file}")).await.expect_problem(404, "not_found");
    }

    async fn whoever_imports_is_told_when_it_is_done(w: World) {
        let boss = w.as_boss();
        import(&w, &boss, LIST, "commit").await;
        let inbox = boss.get("/api/v1/notices").await.expect(200);
        assert_eq!(inbox.json["items"][0]["text"],
            "The import is done: 2 rows are new, 1 known already, 0 left out, 2 failed.");
        let job = begin(&w, &boss, "a.csv", b"a,b\n1,2\n", "commit").await;
        let failed = boss.ended_job(&job.id()).await;
        assert_eq!(failed.json["problem"]["code"], "name_column_missing");
        assert_eq!(boss.get("/api/v1/notices").await.expect(200).json["items"][0]["kind"], "import_failed");
    }

    async fn the_columns_of_a_long_list_in_an_old_encoding_are_proposed(w: World) {
        let rows: String = (0..20_000).map(|n| format!("学员{n},家长{n}\n")).collect();
        let list = encoding_rs::GB18030.encode(&format!("姓名,家长姓名\n{rows}")).0.into_owned();
        let file = w.as_boss().upload("/api/v1/files?purpose=import", "a.csv", &list).await.expect(201).id();
        let seen = w.as_boss().post("/api/v1/imports/propose-mapping", &json!({"file_id": file})).await.expect(200);
        assert_eq!(seen.json["columns"], json!([
            {"column": 0, "header": "姓名", "field": "name"}, {"column": 1, "header": "家长姓名", "field": "guardian_name"},
        ]));
    }

    async fn the_columns_of_a_list_whose_first_line_does_not_end_are_not_looked_for(w: World) {
        let boss = w.as_boss();
        let endless = "姓名,".repeat(400_000);
        let file = boss.upload("/api/v1/files?purpose=import", "a.csv", endless.as_bytes()).await.expect(201).id();
        boss.post("/api/v1/imports/propose-mapping", &json!({"file_id": file})).await
            .expect_problem(422, "import_file_unreadable");
        let old = format!("姓名,手机号\r{}", "张伟,\r".repeat(200_000));
        let file = boss.upload("/api/v1/files?purpose=import", "a.csv", old.as_bytes()).await.expect(201).id();
        let seen = boss.post("/api/v1/imports/propose-mapping", &json!({"file_id": file})).await.expect(200);
        assert_eq!(seen.json["columns"][1]["field"], "phone");
    }

    async fn columns_are_proposed_and_can_be_chosen(w: World) {
        let boss = w.as_boss();
        let list = "称呼,Phone\n张伟,13800138000\n";
        let file = boss.upload("/api/v1/files?purpose=import", "a.csv", list.as_bytes()).await.expect(201).id();
        let seen = boss.post("/api/v1/imports/propose-mapping", &json!({"file_id": file})).await.expect(200);
        assert_eq!(seen.json["columns"], json!([
            {"column": 0, "header": "称呼", "field": null}, {"column": 1, "header": "Phone", "field": "phone"},
        ]));
        let mut body = json!({"file_id": file, "entity": "customers", "campus_id": w.places.north, "mode": "commit",
            "mapping": [{"column": 1, "field": "phone"}]});
        let refused = boss.post(IMPORTS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/mapping".into(), "name_column_missing".into())]);
        body["mapping"] = json!([{"column": 0, "field": "name"}, {"column": 1, "field": "phone"}]);
        let job = boss.post(IMPORTS, &body).await.expect(202);
        assert_eq!(ended(&boss, &job).await.json["counts"]["created"], 1);
    }
}
