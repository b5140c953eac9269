//! Templates: how lists of some form are read, kept under a name.

use tests::{Actor, Answer, Value, World, both, json};

use super::{IMPORTS, ended};

const TEMPLATES: &str = "/api/v1/import-templates";

fn template(name: &str, audience: &str) -> Value {
    json!({
        "name": name, "entity": "customers", "audience": audience, "action": "upsert", "key": "phone",
        "columns": [{"header": "孩子大名", "field": "name"}, {"header": "妈妈的电话", "field": "phone"},
            {"header": "几年级", "field": "grade"}],
    })
}

async fn kept(who: &Actor, name: &str, audience: &str) -> Answer {
    who.post(TEMPLATES, &template(name, audience))
        .await
        .expect(201)
}

/// Imports a list by a template; the import.
async fn import_by(w: &World, who: &Actor, list: &str, template: &str, more: Value) -> Answer {
    let upload = "/api/v1/files?purpose=import";
    let file = who
        .upload(upload, "a.csv", list.as_bytes())
        .await
        .expect(201)
        .id();
    let mut body = json!({"file_id": file, "entity": "customers", "campus_id": w.places.north,
        "mode": "commit", "template_id": template});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    who.post(IMPORTS, &body).await
}

both! {
    async fn a_list_is_read_as_its_template_says_wherever_its_columns_stand(w: World) {
        let manager = w.as_manager();
        let made = kept(&manager, "地推登记表", "own").await;
        let first = "几年级,序号,*妈妈的电话（必填）,孩子大名\n三年级,1,13800138000,张伟\n";
        let job = import_by(&w, &manager, first, &made.id(), json!({})).await.expect(202);
        let import = ended(&manager, &job).await;
        assert_eq!((&import.json["template_id"], &import.json["action"], &import.json["key"]),
            (&json!(made.id()), &json!("upsert"), &json!("phone")));
        assert_eq!(import.json["counts"]["created"], 1, "{}", import.text);
        let again = "孩子大名,妈妈的电话,几年级\n张伟,13800138000,四年级\n李娜,13900139000,\n";
        let job = import_by(&w, &manager, again, &made.id(), json!({"action": "update"})).await.expect(202);
        let import = ended(&manager, &job).await;
        let counts = &import.json["counts"];
        assert_eq!((&counts["updated"], &counts["skipped"]), (&json!(1), &json!(1)), "{}", import.text);
        // One that began goes on without its template.
        manager.delete(&format!("{TEMPLATES}/{}", made.id())).await.expect(204);
        let seen = manager.get(&format!("{IMPORTS}/{}", import.id())).await.expect(200);
        assert_eq!(seen.json["template_id"], json!(made.id()));
    }

    async fn a_template_is_its_owners_unless_it_is_shown_to_everybody(w: World) {
        let (boss, manager) = (w.as_boss(), w.as_manager());
        let own = kept(&manager, "我的表", "own").await;
        let everybodys = kept(&boss, "总部表", "institution").await;
        assert_eq!(manager.get(TEMPLATES).await.expect(200).ids(), [own.id(), everybodys.id()]);
        assert_eq!(boss.get(TEMPLATES).await.expect(200).ids(), [everybodys.id()]);
        let at = |made: &Answer| format!("{TEMPLATES}/{}", made.id());
        boss.get(&at(&own)).await.expect_problem(404, "not_found");
        let seen = manager.get(&at(&everybodys)).await.expect(200);
        assert_eq!((&seen.json["is_own"], &seen.json["name"]), (&json!(false), &json!("总部表")));
        let renamed = json!({"name": "新名"});
        manager.patch(&at(&everybodys), &renamed).await.expect_problem(403, "import_template_not_own");
        manager.delete(&at(&everybodys)).await.expect_problem(403, "import_template_not_own");
        manager.post(TEMPLATES, &template("大家的", "institution")).await.expect_problem(403, "permission_missing");
        let list = "孩子大名,妈妈的电话\n张伟,13800138000\n";
        let refused = import_by(&w, &boss, list, &own.id(), json!({})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/template_id".to_owned(), "unknown_reference".to_owned())]);
        import_by(&w, &manager, list, &everybodys.id(), json!({})).await.expect(202);
    }

    async fn a_template_is_changed_and_must_be_one_that_can_be_used(w: World) {
        let manager = w.as_manager();
        let made = kept(&manager, "我的表", "own").await;
        let at = format!("{TEMPLATES}/{}", made.id());
        let changed = manager.patch(&at, &json!({"name": "改名", "lists": "replace"})).await.expect(200);
        assert_eq!((&changed.json["version"], &changed.json["lists"], &changed.json["name"]), (&json!(2), &json!("replace"), &json!("改名")));
        let same = manager.patch(&at, &json!({"name": "改名"})).await.expect(200);
        assert_eq!(same.json["version"], 2);
        for (change, field, code) in [
            (json!({"columns": [{"header": "电话", "field": "phone"}]}), "#/columns", "name_column_missing"),
            (json!({"action": "create"}), "#/key", "key_not_for_creating"),
            (json!({"columns": [{"header": "姓名", "field": "name"}, {"header": "电话", "field": "phone"},
                {"header": "电话：", "field": "note"}]}), "#/columns/2/header", "heading_repeated"),
        ] {
            let refused = manager.patch(&at, &change).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(field.to_owned(), code.to_owned())]);
        }
        let list = "孩子大名\n张伟\n";
        let mapping = json!({"mapping": [{"column": 0, "field": "name"}], "action": "create", "key": "household"});
        let refused = import_by(&w, &manager, list, &made.id(), mapping).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/mapping".to_owned(), "template_and_mapping".to_owned())]);
    }
}
