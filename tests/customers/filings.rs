//! Records that were checked, and stand in the archive.

use tests::{Actor, Value, both, json};

use super::quality::whole_student;
use crate::access::fields::reader_with;

const CUSTOMERS: &str = "/api/v1/customers";
const FILINGS: &str = "/api/v1/filings";

async fn create(by: &Actor, body: &Value) -> String {
    by.post(CUSTOMERS, body).await.expect(201).id()
}

async fn file(by: &Actor, customer: &str, body: &Value) -> tests::Answer {
    by.post(&format!("{CUSTOMERS}/{customer}/file"), body).await
}

async fn listed(by: &Actor, query: &str) -> Vec<String> {
    let page = by.get(&format!("{FILINGS}?{query}")).await.expect(200);
    let items = page.json["items"].as_array().unwrap().iter();
    items
        .map(|item| item["customer_id"].as_str().unwrap().to_owned())
        .collect()
}

both! {
    async fn the_trail_of_a_filing_goes_by_the_rules_for_its_customer(w: World) {
        let customer = create(&w.as_boss(), &whole_student(&w)).await;
        let filed = file(&w.as_boss(), &customer, &json!({"business_scope": "数学培训"})).await.expect(201).id();
        let list = format!("/api/v1/audit-events?target_id={filed}");
        let event = w.as_boss().get(&list).await.expect(200).ids().remove(0);
        let event = format!("/api/v1/audit-events/{event}");
        let told = w.as_boss().get(&event).await.expect(200).json["changes"][0]["after"].clone();
        assert_eq!((&told["business_scope"], &told["region_code"]), (&json!("数学培训"), &json!("110108")));
        let rules = json!([
            {"record": "customers", "field": "details.business_scope", "access": "masked"},
            {"record": "customers", "field": "details.region_code", "access": "hidden"},
        ]);
        let reader = reader_with(&w, &["customers:read", "audit:read"], rules).await;
        let told = reader.get(&event).await.expect(200).json["changes"][0]["after"].clone();
        assert_eq!((&told["business_scope"], &told["region_code"]), (&json!("***"), &json!(null)));
        assert_eq!(told["state"], "filed");
    }

    async fn who_does_not_know_the_stage_files_nothing_that_must_have_fields_by_stage(w: World) {
        let customer = create(&w.as_boss(), &whole_student(&w)).await;
        let hidden = json!([{"record": "customers", "field": "stage", "access": "hidden"}]);
        let reader = reader_with(&w, &["customers:read", "customers:write"], hidden).await;
        let field = json!({"entity": "customer", "code": "way", "name": "上学方式", "type": "text", "required_at": ["lead"]});
        w.as_boss().post("/api/v1/custom-fields", &field).await.expect(201);
        file(&reader, &customer, &json!({})).await.expect_problem(422, "field_not_readable");
    }

    async fn a_record_is_filed_once_nothing_is_missing_that_must_be_there(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = whole_student(&w);
        body.as_object_mut().unwrap().remove("school");
        body["details"] = json!({"region_code": "110108"});
        let customer = create(&recruiter, &body).await;
        let refused = file(&recruiter, &customer, &json!({})).await;
        refused.expect_problem(409, "record_incomplete");
        let field = json!({"entity": "customer", "code": "way", "name": "上学方式", "type": "text", "required_at": ["lead"]});
        w.as_boss().post("/api/v1/custom-fields", &field).await.expect(201);
        let refused = file(&recruiter, &customer, &json!({})).await.expect(409);
        assert!(refused.json["detail"].as_str().unwrap().contains("school, custom_fields.way"), "{}", refused.json);
        let path = format!("{CUSTOMERS}/{customer}");
        let rest = json!({"school": "实验小学", "custom_fields": {"way": "校车"}});
        recruiter.patch(&path, &rest).await.expect(200);
        let filed = file(&recruiter, &customer, &json!({"business_scope": "数学培训"})).await.expect(201);
        assert_eq!((&filed.json["state"], &filed.json["kind"], &filed.json["business_scope"], &filed.json["region_code"]),
            (&json!("filed"), &json!("student"), &json!("数学培训"), &json!("110108")));
        assert_eq!((&filed.json["filed_by"], &filed.json["customer_version"]), (&json!(recruiter.principal), &json!(2)));
        let read = recruiter.get(filed.header("location").unwrap()).await.expect(200);
        assert_eq!(read.json, filed.json);
        file(&recruiter, &customer, &json!({})).await.expect_problem(409, "record_filed");
    }

    async fn a_later_change_marks_the_filing_until_it_is_filed_anew(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let customer = create(&recruiter, &whole_student(&w)).await;
        let filed = file(&recruiter, &customer, &json!({})).await.expect(201);
        let path = format!("{FILINGS}/{}", filed.id());
        // Neither making sure of it nor other hands are another record.
        boss.post(&format!("{CUSTOMERS}/{customer}/verify"), &json!(null)).await.expect(200);
        let transfer = json!({"holder_id": w.as_colleague().principal, "reason": "调岗"});
        boss.post(&format!("{CUSTOMERS}/{customer}/transfer"), &transfer).await.expect(200);
        assert_eq!(boss.get(&path).await.json["state"], "filed");
        recruiter.get(&path).await.expect_problem(404, "not_found");
        boss.patch(&format!("{CUSTOMERS}/{customer}"), &json!({"grade": "五年级"})).await.expect(200);
        let changed = boss.get(&path).await.expect(200);
        assert!(changed.json["state"] == "changed" && changed.json["changed_at"].is_string());
        assert_eq!(listed(&boss, "state=changed").await, [customer.as_str()]);
        boss.patch(&format!("{CUSTOMERS}/{customer}"), &json!({"grade": "六年级"})).await.expect(200);
        assert_eq!(boss.get(&path).await.json["version"], 2);
        let again = file(&boss, &customer, &json!({"business_scope": "英语培训"})).await.expect(201);
        assert_eq!((again.id(), &again.json["state"], &again.json["version"]), (filed.id(), &json!("filed"), &json!(3)));
    }

    async fn a_record_can_be_taken_out_and_filed_again(w: World) {
        let recruiter = w.as_recruiter();
        let customer = create(&recruiter, &whole_student(&w)).await;
        let filed = file(&recruiter, &customer, &json!({})).await.expect(201);
        let path = format!("{FILINGS}/{}/take-out", filed.id());
        let reason = json!({"reason": "转校，需重新核对"});
        w.as_colleague().post(&path, &reason).await.expect_problem(404, "not_found");
        let out = recruiter.post(&path, &reason).await.expect(200);
        assert_eq!((&out.json["state"], &out.json["taken_out_reason"], &out.json["taken_out_by"]),
            (&json!("taken_out"), &json!("转校，需重新核对"), &json!(recruiter.principal)));
        recruiter.post(&path, &reason).await.expect_problem(409, "filing_ended");
        assert_eq!(listed(&recruiter, "").await, Vec::<String>::new());
        let again = file(&recruiter, &customer, &json!({})).await.expect(201);
        assert_ne!(again.id(), filed.id());
        assert_eq!(listed(&recruiter, "").await, [customer.as_str()]);
        assert_eq!(listed(&recruiter, "state=taken_out").await, [customer]);
    }

    async fn the_archive_is_grouped_by_kind_business_and_region(w: World) {
        let (boss, recruiter, colleague) = (w.as_boss(), w.as_recruiter(), w.as_colleague());
        let student = create(&recruiter, &whole_student(&w)).await;
        let mut body = whole_student(&w);
        body["details"]["region_code"] = json!("310104");
        let far = create(&colleague, &body).await;
        let company = json!({"kind": "company", "name": "启明科技", "source_channel": "hotline", "campus_id": w.places.north,
            "contact_points": [{"kind": "phone", "value": "13700137000"}],
            "details": {"region_code": "110105", "industry": "教育", "business_scope": "软件"}});
        let company = create(&recruiter, &company).await;
        file(&recruiter, &student, &json!({"business_scope": "数学培训"})).await.expect(201);
        file(&recruiter, &company, &json!({"business_scope": "合作"})).await.expect(201);
        file(&colleague, &far, &json!({"business_scope": "数学培训"})).await.expect(201);
        recruiter.patch(&format!("{CUSTOMERS}/{student}"), &json!({"grade": "五年级"})).await.expect(200);
        let groups = |by: Actor| async move { by.get(&format!("{FILINGS}/groups")).await.expect(200).json["items"].clone() };
        let group = |kind: &str, scope: &str, province: &str, changed: i64| json!({
            "kind": kind, "business_scope": scope, "province": province, "filings": 1, "changed": changed});
        assert_eq!(groups(boss).await, json!([group("company", "合作", "11", 0),
            group("student", "数学培训", "11", 1), group("student", "数学培训", "31", 0)]));
        assert_eq!(groups(colleague).await, json!([group("student", "数学培训", "31", 0)]));
        assert_eq!(listed(&recruiter, "kind=company").await, [company.as_str()]);
        assert_eq!(listed(&recruiter, "region=1101&sort=created_at").await, [student.clone(), company.clone()]);
        assert_eq!(listed(&recruiter, "business_scope=%E5%90%88%E4%BD%9C").await, [company]);
        let hidden = json!([{"record": "customers", "field": "details.region_code", "access": "hidden"}]);
        let reader = reader_with(&w, &["customers:read", "customers:write"], hidden).await;
        let seen = groups(reader.clone()).await;
        assert_eq!(seen[0], json!({"kind": "student", "business_scope": "数学培训", "province": null, "filings": 2, "changed": 1}));
        let refused = reader.get(&format!("{FILINGS}?region=11")).await;
        refused.expect_problem(422, "validation_failed");
        let page = reader.get(FILINGS).await.expect(200);
        assert!(page.json["items"].as_array().unwrap().iter().all(|item| item["region_code"] == json!(null)));
        file(&reader, &student, &json!({})).await.expect_problem(422, "field_not_readable");
        assert_eq!(groups(w.as_stranger()).await, json!([]));
    }
}
