//! Registration forms: what is asked of customers of a kind, and what of it they must have.

use tests::{Actor, Answer, Value, World, both, json};

use super::super::access::fields::reader_with;

const FORMS: &str = "/api/v1/customer-forms";
const CUSTOMERS: &str = "/api/v1/customers";

async fn mark(actor: &Actor, kind: &str, marks: Value) -> Answer {
    actor
        .put(&format!("{FORMS}/{kind}"), &json!({ "marks": marks }))
        .await
}

async fn define(w: &World, code: &str, more: Value) -> Answer {
    let mut body = json!({"entity": "customer", "code": code, "name": code, "type": "text"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    w.as_boss().post("/api/v1/custom-fields", &body).await
}

fn field<'a>(form: &'a Answer, name: &str) -> &'a Value {
    let fields = form.json["fields"].as_array().unwrap();
    fields
        .iter()
        .find(|field| field["field"] == name)
        .unwrap_or(&Value::Null)
}

both! {
    async fn a_form_tells_what_is_asked_of_a_kind(w: World) {
        define(&w, "ring", json!({"kinds": ["student"], "required_at": ["trial"], "is_sensitive": true, "name": "手环"})).await.expect(201);
        let student = w.as_recruiter().get(&format!("{FORMS}/student")).await.expect(200);
        let names: Vec<_> = student.json["fields"].as_array().unwrap().iter().map(|field| field["field"].clone()).collect();
        assert_eq!((&names[0], names.last().unwrap()), (&json!("name"), &json!("custom_fields.ring")));
        assert_eq!((&field(&student, "name")["is_fixed"], &field(&student, "school")["is_fixed"]), (&json!(true), &json!(false)));
        let ring = field(&student, "custom_fields.ring");
        assert_eq!((&ring["label"], &ring["required_at"], &ring["is_sensitive"]), (&json!("手环"), &json!(["trial"]), &json!(true)));
        assert_eq!((&field(&student, "intent")["minimum"], &field(&student, "intent")["maximum"]), (&json!(1), &json!(4)));
        assert_eq!(field(&student, "details.influence")["type"], "multi_choice");
        assert_eq!((field(&student, "details.industry"), &field(&student, "school")["max_length"]), (&Value::Null, &json!(100)));
        let company = w.as_recruiter().get(&format!("{FORMS}/company")).await.expect(200);
        assert_eq!(field(&company, "details.industry")["type"], "text");
        assert_eq!(field(&company, "custom_fields.ring"), &Value::Null);
        let refused = w.as_recruiter().get(&format!("{FORMS}/alien")).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("kind".to_owned(), "not_in_list".to_owned())]);
        let rules = json!([{"record": "customers", "field": "school", "access": "read_only"}]);
        let reader = reader_with(&w, &["customers:read", "directory:read"], rules).await;
        let form = reader.get(&format!("{FORMS}/student")).await.expect(200);
        assert_eq!((field(&form, "school"), &field(&form, "grade")["field"]), (&Value::Null, &json!("grade")));
        assert_ne!(field(&form, "custom_fields.ring"), &Value::Null);
    }

    async fn marks_are_kept_version_by_version(w: World) {
        let boss = w.as_boss();
        let path = format!("{FORMS}/student");
        let first = boss.get(&path).await.expect(200);
        let marked = mark(&boss, "student", json!([{"field": "school", "required_at": ["lead"]}, {"field": "details.needs", "required_at": []}])).await.expect(200);
        assert_eq!(field(&marked, "school")["required_at"], json!(["lead"]));
        assert_eq!(marked.json["version"], json!(first.json["version"].as_i64().unwrap() + 1));
        let etag = first.etag();
        let stale = boss.request(reqwest::Method::PUT, &path).header("if-match", etag).header("content-type", "application/json").body(json!({"marks": []}).to_string());
        boss.send(stale).await.expect_problem(412, "version_stale");
        // The same marks are no version; a custom field more is one of the form.
        assert_eq!(mark(&boss, "student", json!([{"field": "school", "required_at": ["lead"]}])).await.expect(200).json, marked.json);
        define(&w, "ring", json!({})).await.expect(201);
        let more = boss.get(&path).await.expect(200);
        assert_eq!(more.json["version"], json!(marked.json["version"].as_i64().unwrap() + 1));
        mark(&boss, "student", json!([])).await.expect(200);
        let history = w.as_recruiter().get(&format!("{path}/history")).await.expect(200);
        let told: Vec<_> = history.json["items"].as_array().unwrap().iter().map(|item| (item["version"].clone(), item["marks"].clone())).collect();
        assert_eq!(told, [
            (json!(more.json["version"].as_i64().unwrap() + 1), json!([])),
            (marked.json["version"].clone(), json!([{"field": "school", "required_at": ["lead"]}])),
        ]);
        w.as_recruiter().put(&path, &json!({"marks": []})).await.expect_problem(403, "permission_missing");
        let refused = mark(&boss, "student", json!([{"field": "name", "required_at": ["lead"]}, {"field": "details.industry", "required_at": ["lead"]}, {"field": "custom_fields.ring", "required_at": ["lead"]}])).await.expect(422);
        assert_eq!(refused.errors(), [0, 1, 2].map(|place| (format!("#/marks/{place}/field"), "form_field_unknown".to_owned())));
        assert_eq!(w.as_stranger().get(&path).await.expect(200).json["version"], 1);
    }

    async fn who_may_not_write_a_field_does_not_mark_it_either(w: World) {
        let path = format!("{FORMS}/student");
        let marks = json!([{"field": "school", "required_at": ["lead"]}]);
        mark(&w.as_boss(), "student", marks.clone()).await.expect(200);
        let rules = json!([{"record": "customers", "field": "school", "access": "read_only"}]);
        let setter = reader_with(&w, &["customers:configure", "directory:read"], rules).await;
        let refused = mark(&setter, "student", marks.clone()).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/marks/0/field".to_owned(), "form_field_unknown".to_owned())]);
        let set = mark(&setter, "student", json!([{"field": "note", "required_at": ["trial"]}])).await.expect(200);
        assert_eq!((field(&set, "school"), &field(&set, "note")["required_at"]), (&Value::Null, &json!(["trial"])));
        let form = w.as_boss().get(&path).await.expect(200);
        assert_eq!(field(&form, "school")["required_at"], json!(["lead"]));
        let seen = |history: &Answer| history.json["items"][0]["marks"].as_array().unwrap().len();
        let history = format!("{path}/history");
        let (own, all) = (setter.get(&history).await.expect(200), w.as_boss().get(&history).await.expect(200));
        assert_eq!((seen(&own), seen(&all)), (1, 2));
    }

    async fn what_is_marked_is_asked_with_what_custom_fields_ask(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let before = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        define(&w, "ring", json!({"required_at": ["lead", "trial"]})).await.expect(201);
        mark(&boss, "student", json!([{"field": "school", "required_at": ["lead", "trial"]}, {"field": "details.needs", "required_at": ["trial"]}])).await.expect(200);
        let missing = |fields: &[&str]| fields.iter().map(|field| (format!("#/{field}"), "required".to_owned())).collect::<Vec<_>>();
        let mut body = w.new_customer("李雷");
        let refused = recruiter.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["custom_fields/ring", "school"]));
        body["kind"] = json!("guardian");
        body["custom_fields"] = json!({"ring": "x"});
        recruiter.post(CUSTOMERS, &body).await.expect(201);
        body["kind"] = json!("student");
        body["school"] = json!("实验小学");
        recruiter.post(CUSTOMERS, &body).await.expect(201);
        // Who was there without it stays so in peace, but goes no further without it.
        let path = format!("{CUSTOMERS}/{before}");
        recruiter.patch(&path, &json!({"intent": 1})).await.expect(200);
        recruiter.patch(&path, &json!({"stage": "contacted"})).await.expect(200);
        let refused = recruiter.patch(&path, &json!({"stage": "trial"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["custom_fields/ring", "details/needs", "school"]));
        let all = json!({"stage": "trial", "school": "实验小学", "details": {"needs": "数学"}, "custom_fields": {"ring": "x"}});
        recruiter.patch(&path, &all).await.expect(200);
        let refused = recruiter.patch(&path, &json!({"school": null})).await.expect(422);
        assert_eq!(refused.errors(), missing(&["school"]));
    }

    async fn a_filled_form_names_its_version_and_is_whole(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let customer = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        let form = json!([{"label": "学校", "value": "实验小学"}]);
        let path = format!("{CUSTOMERS}/{customer}/collections");
        let asked = mark(&boss, "student", json!([{"field": "school", "required_at": ["lead"]}])).await.expect(200);
        define(&w, "ring", json!({"required_at": ["lead"]})).await.expect(201);
        let collected = |more: Value| {
            let mut body = json!({"source_channel": "hotline", "form": form});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        let refused = recruiter.post(&path, &collected(json!({}))).await.expect_problem(422, "validation_failed");
        let at = ("#/form".to_owned(), "form_incomplete".to_owned());
        assert_eq!(refused.errors(), [at.clone(), at]);
        recruiter.patch(&format!("{CUSTOMERS}/{customer}"), &json!({"school": "实验小学", "custom_fields": {"ring": "x"}})).await.expect(200);
        let made = recruiter.post(&path, &collected(json!({}))).await.expect(201);
        let version = asked.json["version"].as_i64().unwrap() + 1;
        assert_eq!((&made.json["form_kind"], &made.json["form_version"]), (&json!("student"), &json!(version)));
        let older = recruiter.post(&path, &collected(json!({"form_version": version - 1}))).await.expect(201);
        assert_eq!(older.json["form_version"], json!(version - 1));
        let unfit = [("#/form_version".to_owned(), "form_version_unfit".to_owned())];
        for body in [collected(json!({"form_version": version + 1})), json!({"source_channel": "hotline", "form_version": 1})] {
            assert_eq!(recruiter.post(&path, &body).await.expect(422).errors(), unfit);
        }
        let none = recruiter.post(&path, &json!({"source_channel": "hotline"})).await.expect(201);
        assert_eq!((&none.json["form_kind"], &none.json["form_version"]), (&json!(null), &json!(null)));
        // What was filled stays that of the kind by which it was.
        recruiter.patch(&format!("{CUSTOMERS}/{customer}"), &json!({"kind": "guardian"})).await.expect(200);
        let read = recruiter.get(&format!("{path}/{}", made.id())).await.expect(200);
        assert_eq!(read.json["current"]["form_kind"], "student");
        let other = recruiter.post(&path, &collected(json!({}))).await.expect(201);
        assert_eq!(other.json["form_kind"], "guardian");
    }

    async fn a_form_that_is_filled_by_a_correction_is_whole_too(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let customer = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        let path = format!("{CUSTOMERS}/{customer}/collections");
        let bare = recruiter.post(&path, &json!({"source_channel": "hotline"})).await.expect(201).id();
        let path = format!("{path}/{bare}");
        mark(&boss, "student", json!([{"field": "school", "required_at": ["lead"]}])).await.expect(200);
        let filled = |value: &str| json!({"form": [{"label": "学校", "value": value}], "reason": "补录"});
        let refused = recruiter.patch(&path, &filled("实验小学")).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/form".to_owned(), "form_incomplete".to_owned())]);
        recruiter.patch(&path, &json!({"event": "开放日", "reason": "补录"})).await.expect(200);
        recruiter.patch(&format!("{CUSTOMERS}/{customer}"), &json!({"school": "实验小学"})).await.expect(200);
        recruiter.patch(&path, &filled("实验小学")).await.expect(200);
        // What is demanded later does not stand in the way of mending what was filled.
        mark(&boss, "student", json!([{"field": "grade", "required_at": ["lead"]}])).await.expect(200);
        recruiter.patch(&path, &filled("实验二小")).await.expect(200);
    }
}
