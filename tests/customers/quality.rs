//! How good a record is.

use tests::{Actor, Value, World, both, json};

use crate::access::fields::reader_with;

const CUSTOMERS: &str = "/api/v1/customers";
const POLICY: &str = "/api/v1/quality-policy";
const DAY: i64 = 86_400_000_000;

/// All that a student is asked for.
pub(super) fn whole_student(w: &World) -> Value {
    let mut body = w.new_customer("张小明");
    body["gender"] = json!("male");
    body["birth_date"] = json!("2005-05-05");
    body["school"] = json!("实验小学");
    body["grade"] = json!("四年级");
    body["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}]);
    body["details"] = json!({"needs": "数学提高", "region_code": "110108"});
    body
}

async fn create(by: &Actor, body: &Value) -> String {
    by.post(CUSTOMERS, body).await.expect(201).id()
}

async fn quality(by: &Actor, customer: &str) -> Value {
    let path = format!("{CUSTOMERS}/{customer}/quality");
    by.get(&path).await.expect(200).json
}

/// Lets a customer have been taken in so many days ago.
pub(super) async fn age(w: &World, customer: &str, days: i64) {
    let id: uuid::Uuid = customer.parse().unwrap();
    let values = vec![(days * DAY).into(), w.institution.uuid().into(), id.into()];
    let sql =
        "UPDATE customers SET created_at = created_at - ? WHERE institution_id = ? AND id = ?";
    w.execute(sql, values).await.unwrap();
}

async fn spoke(by: &Actor, customer: &str, outcome: &str) {
    let body = json!({"customer_id": customer, "method": "phone", "outcome": outcome});
    by.post("/api/v1/follow-ups", &body).await.expect(201);
}

async fn change(by: &Actor, customer: &str, body: &Value) {
    by.patch(&format!("{CUSTOMERS}/{customer}"), body)
        .await
        .expect(200);
}

both! {
    async fn what_a_kind_is_asked_for_and_has_not_is_missing(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("张小明");
        body["gender"] = json!("male");
        let student = create(&recruiter, &body).await;
        let told = quality(&recruiter, &student).await;
        assert_eq!(told["missing_fields"],
            json!(["birth_date", "school", "grade", "contact_points", "details.needs", "details.region_code"]));
        assert_eq!(told["completeness_percent"], 14);
        body["kind"] = json!("other");
        let other = create(&recruiter, &body).await;
        assert_eq!(quality(&recruiter, &other).await["missing_fields"],
            json!(["contact_points", "details.needs", "details.region_code"]));
        let whole = create(&recruiter, &whole_student(&w)).await;
        let told = quality(&recruiter, &whole).await;
        assert_eq!((&told["completeness_percent"], &told["missing_fields"]), (&json!(100), &json!([])));
        // A field of the institution's own counts where the stage demands it.
        let field = json!({"entity": "customer", "code": "way", "name": "上学方式", "type": "text", "required_at": ["lead"]});
        w.as_boss().post("/api/v1/custom-fields", &field).await.expect(201);
        let told = quality(&recruiter, &whole).await;
        assert_eq!((&told["completeness_percent"], &told["missing_fields"]), (&json!(87), &json!(["custom_fields.way"])));
    }

    async fn a_student_is_reached_through_a_guardian_who_can_be(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = whole_student(&w);
        body.as_object_mut().unwrap().remove("contact_points");
        let student = create(&recruiter, &body).await;
        let mut guardian = w.new_customer("李丽");
        guardian["kind"] = json!("guardian");
        let guardian = create(&recruiter, &guardian).await;
        let relation = json!({"role": "guardian", "relative_id": guardian});
        recruiter.post(&format!("{CUSTOMERS}/{student}/relations"), &relation).await.expect(201);
        assert_eq!(quality(&recruiter, &student).await["missing_fields"], json!(["contact_points"]));
        change(&recruiter, &guardian, &json!({"contact_points": [{"kind": "phone", "value": "13700137000"}]})).await;
        assert_eq!(quality(&recruiter, &student).await["missing_fields"], json!([]));
    }

    async fn a_record_is_stale_until_somebody_makes_sure_or_the_customer_answers(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let policy = boss.get(POLICY).await.expect(200);
        assert_eq!((&policy.json["version"], &policy.json["stale_after_days"]), (&json!(1), &json!(180)));
        let tag = policy.header("etag").unwrap().to_owned();
        let set = boss.patch_if(POLICY, &tag, &json!({"stale_after_days": 30})).await.expect(200);
        assert_eq!((&set.json["version"], &set.json["stale_after_days"]), (&json!(2), &json!(30)));
        boss.patch_if(POLICY, &tag, &json!({"stale_after_days": 31})).await.expect_problem(412, "version_stale");
        let (checked, called) = (create(&recruiter, &whole_student(&w)).await, create(&recruiter, &whole_student(&w)).await);
        for customer in [&checked, &called] {
            assert_eq!(quality(&recruiter, customer).await["is_stale"], false);
            age(&w, customer, 31).await;
            let told = quality(&recruiter, customer).await;
            assert_eq!((&told["is_stale"], &told["policy_version"]), (&json!(true), &json!(2)));
        }
        spoke(&recruiter, &called, "no_answer").await;
        assert_eq!(quality(&recruiter, &called).await["is_stale"], true);
        spoke(&recruiter, &called, "interested").await;
        let told = quality(&recruiter, &called).await;
        assert!(told["is_stale"] == false && told["last_contact_at"].is_string());
        let path = format!("{CUSTOMERS}/{checked}/verify");
        let verified = recruiter.post(&path, &json!(null)).await.expect(200);
        assert_eq!(verified.json, quality(&recruiter, &checked).await);
        assert_eq!(verified.json["verified_by"], json!(recruiter.principal));
        assert!(verified.json["is_stale"] == false && verified.json["verified_at"].is_string());
        assert_eq!(recruiter.get(&format!("{CUSTOMERS}/{checked}")).await.json["version"], 2);
    }

    async fn a_contact_point_that_was_found_wrong_is_invalid_until_it_is_mended(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = whole_student(&w);
        body["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}, {"kind": "qq", "value": "10001"}]);
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let (customer, phone) = (made.id(), made.json["contact_points"][0]["id"].clone());
        let qq = made.json["contact_points"][1]["id"].clone();
        assert_eq!(quality(&recruiter, &customer).await["invalid_contact_point_ids"], json!([]));
        spoke(&recruiter, &customer, "wrong_contact").await;
        assert_eq!(quality(&recruiter, &customer).await["invalid_contact_point_ids"], json!([phone]));
        // A label mends nothing.
        let labelled = json!([{"id": phone, "label": "妈妈"}, {"id": qq}]);
        change(&recruiter, &customer, &json!({"contact_points": labelled})).await;
        assert_eq!(quality(&recruiter, &customer).await["invalid_contact_point_ids"], json!([phone]));
        let mended = json!([{"id": phone, "value": "13900139000"}, {"id": qq}]);
        change(&recruiter, &customer, &json!({"contact_points": mended})).await;
        assert_eq!(quality(&recruiter, &customer).await["invalid_contact_point_ids"], json!([]));
        spoke(&recruiter, &customer, "wrong_contact").await;
        let sure = json!([{"id": phone, "is_verified": true}, {"id": qq}]);
        change(&recruiter, &customer, &json!({"contact_points": sure})).await;
        let told = quality(&recruiter, &customer).await;
        assert_eq!(told["invalid_contact_point_ids"], json!([]));
        assert!(told["contact_points_verified_at"].is_string());
    }

    async fn nobody_learns_of_what_a_rule_hides_or_lies_beyond_reach(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = whole_student(&w);
        body.as_object_mut().unwrap().remove("school");
        let customer = create(&recruiter, &body).await;
        spoke(&recruiter, &customer, "wrong_contact").await;
        let told = quality(&recruiter, &customer).await;
        assert_eq!((&told["completeness_percent"], &told["missing_fields"]), (&json!(85), &json!(["school"])));
        let hidden = |field: &str| json!({"record": "customers", "field": field, "access": "hidden"});
        let rules = json!([hidden("contact_points"), hidden("school")]);
        let reader = reader_with(&w, &["customers:read", "follow_ups:read"], rules).await;
        let seen = quality(&reader, &customer).await;
        assert_eq!((&seen["completeness_percent"], &seen["missing_fields"]), (&json!(100), &json!([])));
        assert_eq!(seen["invalid_contact_point_ids"], json!([]));
        let masked = json!([{"record": "customers", "field": "school", "access": "masked"}]);
        let reader = reader_with(&w, &["customers:read"], masked).await;
        let seen = quality(&reader, &customer).await;
        assert_eq!(seen["missing_fields"], json!(["school"]));
        assert_eq!((&seen["is_stale"], &seen["stale_at"], &seen["last_contact_at"]), (&json!(null), &json!(null), &json!(null)));
        assert_eq!(seen["invalid_contact_point_ids"], json!([]));
        let verify = format!("{CUSTOMERS}/{customer}/verify");
        reader.post(&verify, &json!(null)).await.expect_problem(403, "permission_missing");
        for other in [w.as_colleague(), w.as_stranger()] {
            let path = format!("{CUSTOMERS}/{customer}/quality");
            other.get(&path).await.expect_problem(404, "not_found");
        }
    }
}
