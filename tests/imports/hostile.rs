use tests::both;

use super::{begin, import, rows};

both! {
    async fn a_hostile_table_is_refused_before_anything_is_taken_in(w: World) {
        let boss = w.as_boss();
        let wide = format!("姓名{}\n张伟\n", ",".repeat(16_384));
        let many = format!("姓名,备注\n张伟,\n{}", ",\n".repeat(300_001));
        let broken = "PK\u{3}\u{4} nonsense xl/workbook.xml PK\u{5}\u{6}".to_owned();
        for (name, content, code) in [
            ("wide.csv", wide, "import_too_large"),
            ("many.csv", many, "import_too_large"),
            ("broken.xlsx", broken, "import_file_unreadable"),
            ("headless.csv", "a,b,c\n1,2,3\n".into(), "name_column_missing"),
        ] {
            let job = begin(&w, &boss, name, content.as_bytes(), "commit").await;
            let ended = boss.ended_job(&job.id()).await;
            assert_eq!((ended.json["status"].as_str(), ended.json["problem"]["code"].as_str()), (Some("failed"), Some(code)), "{name}");
        }
        assert!(boss.get("/api/v1/customers").await.expect(200).ids().is_empty());
    }

    async fn a_cell_without_end_fails_its_row_and_no_other(w: World) {
        let list = format!("姓名,备注\n张伟,{}\n李娜,好\n王芳,\"没有结尾\n", "长".repeat(40_000));
        let boss = w.as_boss();
        let rows = rows(&boss, &import(&w, &boss, &list, "commit").await).await;
        let outcomes: Vec<_> = rows.iter().map(|r| r["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["failed", "created", "created"]);
        assert_eq!(rows[0]["problems"][0]["code"], "cell_too_long");
    }

    async fn phones_without_end_fail_their_row_and_no_other(w: World) {
        let phones: Vec<_> = (0..40).map(|n| format!("1380013{n:04}")).collect();
        let (some, others) = phones.split_at(15);
        let list = format!("姓名,手机号,备用电话\n张伟,{},\n王芳,{},{}\n李娜,13900139000,\n",
            phones.join("/"), some.join("/"), others[..15].join("/"));
        let boss = w.as_boss();
        let rows = rows(&boss, &import(&w, &boss, &list, "commit").await).await;
        let outcomes: Vec<_> = rows.iter().map(|r| r["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["failed", "failed", "created"]);
        for row in &rows[..2] {
            assert_eq!(row["problems"][0]["code"], "too_many");
        }
    }

    async fn names_of_tags_without_end_fail_their_rows_and_no_other(w: World) {
        let names = |from: usize| (from..from + 5000).map(|n| n.to_string()).collect::<Vec<_>>().join("/");
        let rows_of_many: String = (1..10).map(|n| format!("学员,{}\n", names(n * 5000))).collect();
        let list = format!("姓名,标签\n{rows_of_many}李娜,好\n");
        let boss = w.as_boss();
        let rows = rows(&boss, &import(&w, &boss, &list, "commit").await).await;
        let codes: Vec<_> = rows.iter().map(|row| row["problems"][0]["code"].as_str()).collect();
        assert_eq!(codes, [vec![Some("too_long"); 9], vec![None]].concat());
    }
}
