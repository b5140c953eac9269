//! Imports that change customers who are there.

use tests::{Actor, Answer, Value, World, both, json};

use super::{IMPORTS, ended, import, rows};

const CUSTOMERS: &str = "/api/v1/customers";

/// What is asked of an import of a list, beside what all have.
pub(super) async fn asked(w: &World, who: &Actor, list: &str, mode: &str, more: &Value) -> Value {
    let upload = "/api/v1/files?purpose=import";
    let file = who
        .upload(upload, "a.csv", list.as_bytes())
        .await
        .expect(201)
        .id();
    let mut body =
        json!({"file_id": file, "entity": "customers", "campus_id": w.places.north, "mode": mode});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Tries a list, then takes it in; the import. Trying it tells row by row what comes of it.
pub(super) async fn run(w: &World, who: &Actor, list: &str, more: Value) -> Answer {
    let mut outcomes = Vec::new();
    let mut last = None;
    for mode in ["validate", "commit"] {
        let body = asked(w, who, list, mode, &more).await;
        let job = who.post(IMPORTS, &body).await.expect(202);
        let import = ended(who, &job).await;
        let told: Vec<_> = rows(who, &import)
            .await
            .iter()
            .map(|row| json!([row["row"], row["outcome"], row["problems"], row["unread"]]))
            .collect();
        outcomes.push((told, import.json["counts"].clone()));
        last = Some(import);
    }
    assert_eq!(
        outcomes[0], outcomes[1],
        "trying a list tells what comes of it"
    );
    last.unwrap()
}

/// The outcome of each row with the code of its first problem.
async fn outcomes(who: &Actor, import: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows(who, import)
        .await
        .iter()
        .map(|row| (text(&row["outcome"]), text(&row["problems"][0]["code"])))
        .collect()
}

fn told(outcomes: &[(&str, &str)]) -> Vec<(String, String)> {
    outcomes
        .iter()
        .map(|(outcome, code)| ((*outcome).to_owned(), (*code).to_owned()))
        .collect()
}

/// Takes in a student by hand, in the pool of a campus.
pub(super) async fn student(w: &World, name: &str, campus: Value, phones: &[&str]) -> String {
    let points: Vec<_> = phones
        .iter()
        .map(|value| json!({"kind": "phone", "value": value, "label": "妈妈"}))
        .collect();
    let body = json!({
        "kind": "student", "name": name, "intent": 1, "school": "实验小学", "source_channel": "hotline",
        "campus_id": campus, "holder_id": campus, "contact_points": points,
    });
    w.as_boss().post(CUSTOMERS, &body).await.expect(201).id()
}

async fn read(who: &Actor, id: &str) -> Value {
    who.get(&format!("{CUSTOMERS}/{id}")).await.expect(200).json
}

/// The contact values of a customer, in the clear.
async fn values(w: &World, id: &str) -> Vec<String> {
    let path = format!("{CUSTOMERS}/{id}/reveal");
    let shown = w
        .as_boss()
        .post(&path, &json!({"reason": "核对导入结果"}))
        .await
        .expect(200);
    let points = shown.json["contact_points"].as_array().unwrap().iter();
    points
        .map(|point| point["value"].as_str().unwrap().to_owned())
        .collect()
}

async fn undo(who: &Actor, import: &Answer) -> Answer {
    who.post(&format!("{IMPORTS}/{}/undo", import.id()), &json!(null))
        .await
}

both! {
    async fn an_update_changes_what_its_rows_tell_of_whom_their_key_finds(w: World) {
        let boss = w.as_boss();
        let north = json!(w.places.north);
        let one = student(&w, "张伟", north.clone(), &["13800138000"]).await;
        let other = student(&w, "李娜", north.clone(), &["13900139000"]).await;
        student(&w, "王一", north.clone(), &["13700137000"]).await;
        student(&w, "王二", north, &["13700137000"]).await;
        let list = "手机号,姓名,年级,意向程度,就读学校\n\
            13800138000,张大伟,三年级,强,\n\
            13900139000,,,1,实验小学\n\
            13800138000,,四年级,,\n\
            13700137000,,四年级,,\n\
            13600136000,赵敏,四年级,,\n\
            ,孙丽,四年级,,\n";
        let done = run(&w, &boss, list, json!({"action": "update", "key": "phone"})).await;
        assert_eq!(outcomes(&boss, &done).await, told(&[
            ("updated", ""), ("unchanged", ""), ("duplicate", ""), ("failed", "key_ambiguous"),
            ("skipped", "customer_unknown"), ("failed", "key_missing"),
        ]));
        assert_eq!((&done.json["counts"]["updated"], &done.json["counts"]["unchanged"]), (&json!(1), &json!(1)));
        let now = read(&boss, &one).await;
        assert_eq!(
            (&now["name"], &now["grade"], &now["intent"], &now["school"], &now["version"]),
            (&json!("张大伟"), &json!("三年级"), &json!(4), &json!("实验小学"), &json!(2))
        );
        assert_eq!(read(&boss, &other).await["version"], 1);
        assert_eq!(rows(&boss, &done).await[0]["customer_id"], json!(one));
        // By the id, whoever has which phone.
        let list = format!("客户编号,年级\n{other},五年级\n{},五年级\n某人,五年级\n", w.places.north);
        let by_id = run(&w, &boss, &list, json!({"action": "update", "key": "id"})).await;
        assert_eq!(outcomes(&boss, &by_id).await, told(&[
            ("updated", ""), ("skipped", "customer_unknown"), ("failed", "key_missing"),
        ]));
        assert_eq!(read(&boss, &other).await["grade"], "五年级");
    }

    async fn an_upsert_updates_who_is_there_and_creates_who_is_not(w: World) {
        let boss = w.as_boss();
        let known = student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        let list = "姓名,手机号,年级\n张伟,13800138000,三年级\n李娜,13900139000,二年级\n李娜,13900139000,三年级\n";
        let done = run(&w, &boss, list, json!({"action": "upsert"})).await;
        assert_eq!(outcomes(&boss, &done).await, told(&[("updated", ""), ("created", ""), ("duplicate", "")]));
        assert_eq!(read(&boss, &known).await["grade"], "三年级");
        let again = run(&w, &boss, list, json!({"action": "upsert", "key": "phone"})).await;
        assert_eq!(outcomes(&boss, &again).await, told(&[("unchanged", ""), ("unchanged", ""), ("updated", "")]));
        let skipped = run(&w, &boss, list, json!({"action": "skip"})).await;
        assert_eq!(outcomes(&boss, &skipped).await, told(&[("skipped", ""), ("skipped", ""), ("skipped", "")]));
    }

    async fn a_guardians_phone_leads_to_no_child_and_becomes_none_of_its_own(w: World) {
        let boss = w.as_boss();
        let family = "姓名,家长姓名,手机号\n张小明,王芳,13800138001\n";
        let first = import(&w, &boss, family, "commit").await;
        let child = rows(&boss, &first).await[0]["customer_id"].as_str().unwrap().to_owned();
        let list = "姓名,家长姓名,手机号,年级\n张小红,王芳,13800138001,三年级\n张小刚,王芳,13800138001,二年级\n\
            张小明,王芳,13800138001,一年级\n李一,赵敏,13600136000,\n李二,赵敏,13600136000,\n";
        let by_phone = run(&w, &boss, list, json!({"action": "upsert", "key": "phone"})).await;
        let (created, duplicate) = (("created", ""), ("duplicate", ""));
        assert_eq!(outcomes(&boss, &by_phone).await, told(&[created, created, duplicate, created, created]));
        let list = "手机号,年级\n13800138001,三年级\n";
        let update = run(&w, &boss, list, json!({"action": "update", "key": "phone"})).await;
        assert_eq!(outcomes(&boss, &update).await, told(&[("skipped", "customer_unknown")]));
        let now = read(&boss, &child).await;
        assert_eq!((&now["name"], &now["grade"]), (&json!("张小明"), &json!(null)));
        // Whatever the row calls the child.
        let list = format!("客户编号,姓名,手机号,备用电话\n{child},张晓明,13800138001,13700137001\n");
        let by_id = run(&w, &boss, &list, json!({"action": "update", "key": "id"})).await;
        assert_eq!(outcomes(&boss, &by_id).await, told(&[("updated", "")]));
        assert_eq!(read(&boss, &child).await["name"], "张晓明");
        assert_eq!(values(&w, &child).await, ["+8613700137001"]);
    }

    async fn lists_are_appended_to_or_replaced(w: World) {
        let boss = w.as_boss();
        let category = boss.post("/api/v1/tag-categories", &json!({"name": "需求"})).await.expect(201).id();
        for name in ["VIP", "活跃"] {
            boss.post("/api/v1/tags", &json!({"name": name, "category_id": category})).await.expect(201);
        }
        let known = student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        let add = "姓名,手机号,备用电话,标签\n张伟,13800138000,13900139000,VIP\n";
        run(&w, &boss, add, json!({"action": "update"})).await;
        assert_eq!(values(&w, &known).await, ["+8613800138000", "+8613900139000"]);
        let now = read(&boss, &known).await;
        assert_eq!((&now["contact_points"][0]["label"], &now["tags"][0]["name"]), (&json!("妈妈"), &json!("VIP")));
        let replace = "姓名,手机号,标签\n张伟,13900139000,活跃\n";
        let replaced = run(&w, &boss, replace, json!({"action": "update", "lists": "replace"})).await;
        assert_eq!(replaced.json["counts"]["updated"], 1);
        assert_eq!(values(&w, &known).await, ["+8613900139000"]);
        let names = |now: &Value| now["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect::<Vec<_>>();
        assert_eq!(names(&read(&boss, &known).await), ["活跃"]);
        // What an undo takes back, it takes back of lists too.
        let job = undo(&boss, &replaced).await.expect(202).id();
        assert_eq!(boss.ended_job(&job).await.json["status"], "succeeded");
        assert_eq!(values(&w, &known).await, ["+8613800138000", "+8613900139000"]);
        assert_eq!(names(&read(&boss, &known).await), ["VIP"]);
    }

    async fn who_is_beyond_the_reach_of_a_change_is_no_more_to_be_seen_than_before(w: World) {
        let manager = w.as_manager();
        let south = student(&w, "张伟", json!(w.places.south), &["13800138000"]).await;
        let list = "姓名,手机号,年级\n张伟,13800138000,三年级\n李娜,13900139000,三年级\n";
        // By phone alone nobody can be tried out.
        let by_phone = run(&w, &manager, list, json!({"action": "update", "key": "phone"})).await;
        let unknown = ("skipped", "customer_unknown");
        assert_eq!(outcomes(&manager, &by_phone).await, told(&[unknown, unknown]));
        // By the household as in every import.
        let by_household = run(&w, &manager, list, json!({"action": "update"})).await;
        assert_eq!(outcomes(&manager, &by_household).await, told(&[("duplicate", ""), unknown]));
        assert_eq!(rows(&manager, &by_household).await[0]["customer_id"], json!(null));
        let by_id = format!("客户编号,年级\n{south},三年级\n");
        let by_id = run(&w, &manager, &by_id, json!({"action": "update", "key": "id"})).await;
        assert_eq!(outcomes(&manager, &by_id).await, told(&[unknown]));
        let seen = read(&w.as_boss(), &south).await;
        assert_eq!((&seen["grade"], &seen["version"]), (&json!(null), &json!(1)));
        let upsert = run(&w, &manager, list, json!({"action": "upsert", "key": "phone"})).await;
        assert_eq!(outcomes(&manager, &upsert).await, told(&[("duplicate", ""), ("created", "")]));
    }

    async fn an_update_needs_the_right_to_change_and_keeps_to_the_rules_of_fields(w: World) {
        let boss = w.as_boss();
        let known = student(&w, "张伟", json!(w.places.north), &["13800138000"]).await;
        let role = |more: &[&str]| {
            let codes = ["imports:run", "customers:read"].iter().chain(more);
            let codes: Vec<_> = codes.map(|code| json!({"permission": code, "reach": "institution"})).collect();
            json!({"name": format!("导入{}", more.len()), "permissions": codes})
        };
        let list = "姓名,手机号,年级\n张伟,13800138000,三年级\n";
        let mut actors = Vec::new();
        for more in [&[][..], &["customers:write"][..]] {
            let role = boss.post("/api/v1/roles", &role(more)).await.expect(201).id();
            let actor = w.hire(&[], w.places.north, None).await;
            let roles = format!("/api/v1/staff/{}/roles", actor.principal);
            boss.put(&roles, &json!({"role_ids": [role]})).await.expect(200);
            actors.push((actor, role));
        }
        let (reader, _) = &actors[0];
        let update = json!({"action": "update", "key": "phone"});
        let body = asked(&w, reader, list, "commit", &update).await;
        reader.post(IMPORTS, &body).await.expect_problem(403, "permission_missing");
        let (writer, role) = &actors[1];
        for field in ["name", "grade"] {
            let rules = json!({"rules": [{"record": "customers", "field": field, "access": "read_only"}]});
            boss.put(&format!("/api/v1/roles/{role}/field-rules"), &rules).await.expect(200);
            let body = asked(&w, writer, list, "commit", &update).await;
            let job = writer.post(IMPORTS, &body).await.expect(202).id();
            let ended = writer.ended_job(&job).await;
            assert_eq!(ended.json["problem"]["code"], "field_read_only", "{field}: {}", ended.text);
        }
        assert_eq!(read(&boss, &known).await["version"], 1);
        for (more, field, code) in [
            (json!({"key": "phone"}), "#/key", "key_not_for_creating"),
            (json!({"action": "update", "key": "email", "mapping": [{"column": 0, "field": "name"}]}), "#/mapping", "key_column_missing"),
        ] {
            let body = asked(&w, &boss, list, "commit", &more).await;
            let refused = boss.post(IMPORTS, &body).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(field.to_owned(), code.to_owned())]);
        }
    }

    async fn an_update_that_made_a_child_older_is_not_undone_once_there_are_papers(w: World) {
        let boss = w.as_boss();
        let child = w.new_student("张小明").await;
        let path = format!("{CUSTOMERS}/{child}");
        boss.patch(&path, &json!({"birth_date": "2018-05-01"})).await.expect(200);
        let list = format!("客户编号,出生日期\n{child},2001-05-01\n");
        let done = run(&w, &boss, &list, json!({"action": "update", "key": "id"})).await;
        assert_eq!(read(&boss, &child).await["birth_date"], "2001-05-01");
        boss.upload(&format!("{path}/files"), "notes.txt", b"some notes").await.expect(201);
        let seen = boss.get(&format!("{IMPORTS}/{}/undo-preview", done.id())).await.expect(200);
        assert_eq!(seen.json["obstacles"][0]["reason"], "has_files", "{}", seen.text);
        boss.post(&format!("{IMPORTS}/{}/undo", done.id()), &json!(null)).await.expect_problem(409, "import_built_on");
        assert_eq!(read(&boss, &child).await["birth_date"], "2001-05-01");
    }

    async fn an_update_is_undone_unless_the_customer_was_changed_again(w: World) {
        let boss = w.as_boss();
        let north = json!(w.places.north);
        let one = student(&w, "张伟", north.clone(), &["13800138000"]).await;
        let other = student(&w, "李娜", north, &["13900139000"]).await;
        let list = "姓名,手机号,年级,微信号\n张伟,13800138000,三年级,zw2015\n李娜,13900139000,三年级,\n赵敏,13600136000,三年级,\n";
        let done = run(&w, &boss, list, json!({"action": "upsert"})).await;
        assert_eq!(done.json["counts"]["updated"], 2);
        boss.patch(&format!("{CUSTOMERS}/{other}"), &json!({"intent": 3})).await.expect(200);
        let preview = format!("{IMPORTS}/{}/undo-preview", done.id());
        let seen = boss.get(&preview).await.expect(200).json;
        assert_eq!((&seen["customers"], &seen["restored"], &seen["in_the_way"]), (&json!(1), &json!(2), &json!(1)), "{seen}");
        assert_eq!((&seen["obstacles"][0]["customer_id"], &seen["obstacles"][0]["reason"]), (&json!(other), &json!("changed")));
        undo(&boss, &done).await.expect_problem(409, "import_built_on");
        // What was said since to somebody who was there before is no obstacle.
        let call = json!({"customer_id": one, "method": "phone", "outcome": "interested"});
        boss.post("/api/v1/follow-ups", &call).await.expect(201);
        boss.delete(&format!("{CUSTOMERS}/{other}")).await.expect(204);
        let job = undo(&boss, &done).await.expect(202).id();
        assert_eq!(boss.ended_job(&job).await.json["status"], "succeeded");
        let now = read(&boss, &one).await;
        assert_eq!((&now["grade"], &now["version"]), (&json!(null), &json!(3)));
        assert_eq!(values(&w, &one).await, ["+8613800138000"]);
        assert_eq!(boss.get(CUSTOMERS).await.expect(200).ids(), [one]);
    }
}
