//! Custom fields in lists: columns that are mapped to them by code.

use domain::access::Reach;
use tests::{Actor, Answer, Value, World, both, json};

use super::{
    IMPORTS, rows,
    update::{asked, run, student},
};
use crate::access::fields::reader_with;

const CUSTOMERS: &str = "/api/v1/customers";

async fn define(w: &World, code: &str, field_type: &str, more: Value) {
    let mut body = json!({"entity": "customer", "code": code, "name": code, "type": field_type});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    w.as_boss()
        .post("/api/v1/custom-fields", &body)
        .await
        .expect(201);
}

async fn define_all(w: &World) {
    let choices = json!([{"code": "bus", "name": "校车"}, {"code": "walk", "name": "步行"}]);
    define(w, "height_cm", "number", json!({"decimals": 1})).await;
    define(w, "way", "choice", json!({ "choices": choices })).await;
    define(w, "secret", "text", json!({"is_sensitive": true})).await;
    define(w, "tutor", "person", json!({})).await;
}

async fn known(who: &Actor, id: &str) -> Value {
    let path = format!("{CUSTOMERS}/{id}?expand=custom_fields");
    who.get(&path).await.expect(200).json["custom_fields"].clone()
}

fn columns(codes: &[(usize, &str)]) -> Value {
    let columns = codes
        .iter()
        .map(|(column, code)| json!({"column": column, "code": code}));
    columns.collect()
}

/// What is told of the refused cells of a row: rule, custom field and value.
fn refused(row: &Value) -> Vec<(Value, Value, Value)> {
    let problems = row["problems"].as_array().unwrap().iter();
    problems
        .map(|one| {
            (
                one["code"].clone(),
                one["custom_field"].clone(),
                one["value"].clone(),
            )
        })
        .collect()
}

/// What is told of the refused cells of the only row.
async fn refused_in(who: &Actor, import: &Answer) -> Vec<(Value, Value, Value)> {
    refused(&rows(who, import).await[0])
}

both! {
    async fn columns_go_into_custom_fields_by_code_and_bad_cells_are_named(w: World) {
        define_all(&w).await;
        let (boss, nobody) = (w.as_boss(), uuid::Uuid::now_v7());
        let list = format!(
            "姓名,手机号,身高,上学方式,标签,老师\n\
             张小明,13800138001,'135.5,校车,雀在笼中,{}\n李雷,13900139000,高,飞机,,\n韩梅,13700137000,,,,{nobody}\n",
            w.as_recruiter().principal
        );
        let more = json!({"custom_fields": columns(&[(2, "height_cm"), (3, "way"), (4, "secret"), (5, "tutor")])});
        let done = run(&w, &boss, &list, more).await;
        assert_eq!((&done.json["counts"]["created"], &done.json["counts"]["failed"]), (&json!(1), &json!(2)));
        let rows = rows(&boss, &done).await;
        let made = known(&boss, rows[0]["customer_id"].as_str().unwrap()).await;
        let tutor = w.as_recruiter().principal;
        assert_eq!(made, json!({"height_cm": 1355, "way": "bus", "secret": "***", "tutor": tutor}));
        assert_eq!(rows[0]["unread"], json!([]), "the column of tags holds something else");
        assert_eq!(refused(&rows[1]), [
            (json!("custom_value_unfit"), json!("height_cm"), json!("高***")),
            (json!("custom_choice_unknown"), json!("way"), json!("飞机***")),
        ]);
        let value = json!(format!("{}***", &nobody.to_string()[..2]));
        assert_eq!(refused(&rows[2]), [(json!("unknown_reference"), json!("tutor"), value)]);
        let file = boss.get(&format!("/api/v1/files/{}/content", done.json["result_file_id"].as_str().unwrap())).await.expect(200);
        assert!(file.text.contains("custom_choice_unknown,custom_fields.way,飞机"), "{}", file.text);
    }

    async fn an_update_is_undone_with_its_custom_fields(w: World) {
        define_all(&w).await;
        let boss = w.as_boss();
        let id = student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        let was = json!({"height_cm": 1200, "secret": "雀在笼中"});
        boss.patch(&format!("{CUSTOMERS}/{id}"), &json!({"custom_fields": was})).await.expect(200);
        let list = "手机号,身高,上学方式,暗号\n13800138000,135.5,walk,雀出笼\n";
        let more = json!({"action": "update", "key": "phone",
            "custom_fields": columns(&[(1, "height_cm"), (2, "way"), (3, "secret")])});
        let done = run(&w, &boss, list, more.clone()).await;
        assert_eq!(done.json["counts"]["updated"], 1, "{}", done.text);
        assert_eq!(known(&boss, &id).await, json!({"height_cm": 1355, "way": "walk", "secret": "***"}));
        // The same again is nothing new; a blank cell leaves what is known.
        let again = run(&w, &boss, "手机号,身高,上学方式,暗号\n13800138000,,步行,\n", more).await;
        assert_eq!(again.json["counts"]["unchanged"], 1, "{}", again.text);
        let job = boss.post(&format!("{IMPORTS}/{}/undo", done.id()), &json!(null)).await.expect(202).id();
        let job = boss.ended_job(&job).await;
        assert_eq!(job.json["status"], "succeeded", "{}", job.text);
        assert_eq!(known(&boss, &id).await, json!({"height_cm": 1200, "secret": "***"}));
        let reveal = json!({"reason": "核对撤销结果", "custom_fields": ["secret"]});
        let shown = boss.post(&format!("{CUSTOMERS}/{id}/reveal"), &reveal).await.expect(200);
        assert_eq!(shown.json["custom_fields"]["secret"], "雀在笼中");
    }

    async fn of_a_child_nothing_sealed_is_taken_in_without_its_guardian(w: World) {
        define_all(&w).await;
        let boss = w.as_boss();
        let list = "姓名,手机号,出生日期,暗号\n张小明,13800138001,2022-05-01,雀\n李雷,13900139000,2022-05-01,\n";
        let done = run(&w, &boss, list, json!({"custom_fields": columns(&[(3, "secret")])})).await;
        let rows = rows(&boss, &done).await;
        assert_eq!(refused(&rows[0]), [(json!("guardian_consent_missing"), json!("secret"), json!("***"))]);
        assert_eq!(rows[1]["outcome"], "created");
    }

    async fn a_bad_cell_of_a_custom_field_hides_no_other_fault_of_its_row(w: World) {
        define_all(&w).await;
        let boss = w.as_boss();
        let fields = |row: &Value| {
            let problems = row["problems"].as_array().unwrap().iter();
            problems.map(|one| json!([one["field"], one["custom_field"]])).collect::<Vec<_>>()
        };
        let list = format!("姓名,手机号,身高\n{},13800138000,高\n", "张".repeat(101));
        let more = json!({"custom_fields": columns(&[(2, "height_cm")])});
        let done = run(&w, &boss, &list, more.clone()).await;
        assert_eq!(fields(&rows(&boss, &done).await[0]), [json!([null, "height_cm"]), json!(["name", null])]);
        student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        let mut more = more;
        more["action"] = json!("update");
        more["key"] = json!("phone");
        let done = run(&w, &boss, &list, more).await;
        assert_eq!(fields(&rows(&boss, &done).await[0]), [json!([null, "height_cm"]), json!(["name", null])]);
    }

    async fn nothing_of_a_refused_cell_is_shown_where_its_field_is_sealed(w: World) {
        define(&w, "pin", "number", json!({"is_sensitive": true})).await;
        let boss = w.as_boss();
        let list = "姓名,手机号,门锁\n张小明,13800138001,八七六五\n";
        let done = run(&w, &boss, list, json!({"custom_fields": columns(&[(2, "pin")])})).await;
        let rows = rows(&boss, &done).await;
        assert_eq!(refused(&rows[0]), [(json!("custom_value_unfit"), json!("pin"), json!("***"))]);
        let file = boss.get(&format!("/api/v1/files/{}/content", done.json["result_file_id"].as_str().unwrap())).await.expect(200);
        assert!(file.text.contains("custom_value_unfit,custom_fields.pin,***"), "{}", file.text);
        assert!(!file.text.contains('八'), "{}", file.text);
    }

    async fn nobody_finds_out_by_updates_what_is_sealed(w: World) {
        define_all(&w).await;
        let boss = w.as_boss();
        let id = student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        boss.patch(&format!("{CUSTOMERS}/{id}"), &json!({"custom_fields": {"secret": "雀"}})).await.expect(200);
        let list = "手机号,暗号\n13800138000,雀\n";
        let more = json!({"action": "update", "key": "phone", "custom_fields": columns(&[(1, "secret")])});
        let permissions = ["customers:read", "customers:write", "imports:run", "directory:read"];
        let who = reader_with(&w, &permissions, json!([])).await;
        let body = asked(&w, &who, list, "validate", &more).await;
        let refused = who.post(IMPORTS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/custom_fields/0/code".to_owned(), "field_not_readable".to_owned())]);
        // Within what one may reveal, and not beyond it.
        let own = "reveals_own";
        w.add_role(own, &[("customers:read", Reach::Institution), ("customers:write", Reach::Institution),
            ("imports:run", Reach::Institution), ("directory:read", Reach::Institution), ("customers:reveal", Reach::Own)]).await;
        let who = w.hire(&[own], w.places.north, None).await;
        let body = asked(&w, &who, list, "validate", &more).await;
        let job = who.post(IMPORTS, &body).await.expect(202).id();
        let job = who.ended_job(&job).await;
        let done = who.get(&format!("{IMPORTS}/{}", job.json["result"]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(refused_in(&who, &done).await, [(json!("field_not_readable"), json!("secret"), json!("***"))]);
        let done = run(&w, &boss, list, more).await;
        assert_eq!(done.json["counts"]["unchanged"], 1, "{}", done.text);
    }

    async fn a_choice_that_was_archived_stays_with_who_has_it_and_no_one_else_gets_it(w: World) {
        let choices = |is_archived: bool| json!([
            {"code": "bus", "name": "校车", "is_archived": is_archived}, {"code": "walk", "name": "步行"},
        ]);
        define(&w, "way", "choice", json!({ "choices": choices(false) })).await;
        let boss = w.as_boss();
        let id = student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        boss.patch(&format!("{CUSTOMERS}/{id}"), &json!({"custom_fields": {"way": "bus"}})).await.expect(200);
        student(&w, "李雷", json!(w.places.north), &["13900139000"]).await;
        let fields = boss.get("/api/v1/custom-fields").await.expect(200);
        let field = fields.json["items"][0]["id"].as_str().unwrap();
        let body = json!({ "choices": choices(true) });
        boss.patch(&format!("/api/v1/custom-fields/{field}"), &body).await.expect(200);
        let list = "手机号,学校,上学方式\n13800138000,一中,校车\n13900139000,一中,校车\n";
        let more = json!({"action": "update", "key": "phone", "custom_fields": columns(&[(2, "way")])});
        let done = run(&w, &boss, list, more).await;
        let rows = rows(&boss, &done).await;
        assert_eq!(rows[0]["outcome"], "updated", "{}", rows[0]);
        assert_eq!(known(&boss, &id).await, json!({"way": "bus"}));
        assert_eq!(refused(&rows[1]), [(json!("custom_choice_unknown"), json!("way"), json!("校车***"))]);
    }

    async fn who_may_not_write_custom_fields_imports_none_and_columns_are_checked(w: World) {
        define_all(&w).await;
        let permissions = ["customers:read", "customers:write", "imports:run", "directory:read"];
        let rules = json!([{"record": "customers", "field": "custom_fields", "access": "read_only"}]);
        let who = reader_with(&w, &permissions, rules).await;
        let list = "姓名,手机号,身高\n张小明,13800138001,135.5\n";
        let of = |codes: &[(usize, &str)]| json!({ "custom_fields": columns(codes) });
        let body = asked(&w, &who, list, "commit", &of(&[(2, "height_cm")])).await;
        let job = who.post(IMPORTS, &body).await.expect(202).id();
        let job = who.ended_job(&job).await;
        assert_eq!((&job.json["status"], &job.json["problem"]["code"]), (&json!("failed"), &json!("field_read_only")));

        let boss = w.as_boss();
        let mut more = of(&[(2, "height_cm"), (2, "way"), (3, "height_cm"), (4, "nobody"), (0, "secret")]);
        more["mapping"] = json!([{"column": 0, "field": "name"}]);
        let body = asked(&w, &boss, list, "validate", &more).await;
        let refused = boss.post(IMPORTS, &body).await.expect_problem(422, "validation_failed");
        let at = |place: usize, name: &str, rule: &str| (format!("#/custom_fields/{place}/{name}"), rule.to_owned());
        let mut told = refused.errors();
        told.sort();
        assert_eq!(told, [
            at(1, "column", "field_taken"), at(2, "code", "field_taken"), at(3, "code", "custom_field_unknown"),
            at(4, "column", "field_taken"),
        ]);
        // What is left out else may hold a custom field; a column that is not there holds none.
        let mut more = of(&[(2, "height_cm")]);
        more["mapping"] = json!([{"column": 0, "field": "name"}, {"column": 1, "field": "phone"}, {"column": 2, "field": "ignore"}]);
        let done = run(&w, &boss, list, more).await;
        assert_eq!(done.json["custom_fields"], columns(&[(2, "height_cm")]));
        assert_eq!(done.json["counts"]["created"], 1, "{}", done.text);
        let body = asked(&w, &boss, list, "commit", &of(&[(3, "height_cm")])).await;
        let job = boss.post(IMPORTS, &body).await.expect(202).id();
        let job = boss.ended_job(&job).await;
        assert_eq!((&job.json["status"], &job.json["problem"]["code"]), (&json!("failed"), &json!("column_unknown")));
        // Another institution has not these fields.
        let stranger = w.as_stranger();
        let campuses = stranger.get("/api/v1/campuses").await.expect(200);
        let mut body = asked(&w, &stranger, list, "validate", &of(&[(2, "height_cm")])).await;
        body["campus_id"] = campuses.json["items"][0]["id"].clone();
        let refused = stranger.post(IMPORTS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [at(0, "code", "custom_field_unknown")]);
    }
}
