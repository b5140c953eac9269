//! Stage and grade at school, by age, and how active a customer is.

use jiff::{Span, tz::TimeZone};
use tests::{Actor, Value, World, both, json};

use crate::{access::fields::reader_with, enrollments::roll_call::call};

const CUSTOMERS: &str = "/api/v1/customers";
const SEARCH: &str = "/api/v1/customers/search";

async fn beside(by: &Actor, customer: &str, what: &str) -> Value {
    let path = format!("{CUSTOMERS}/{customer}?expand={what}");
    by.get(&path).await.expect(200).json[what].clone()
}

async fn found(by: &Actor, conditions: Value) -> Vec<String> {
    by.post(SEARCH, &json!({ "conditions": conditions }))
        .await
        .expect(200)
        .ids()
}

async fn spoke(w: &World, customer: &str, outcome: &str, days_ago: i64) {
    let at = w.server.app.clock.now() - Span::new().hours(24 * days_ago);
    let body =
        json!({"customer_id": customer, "method": "phone", "outcome": outcome, "occurred_at": at});
    w.as_boss()
        .post("/api/v1/follow-ups", &body)
        .await
        .expect(201);
}

both! {
    async fn a_student_stands_where_the_law_puts_children_of_its_age(w: World) {
        let recruiter = w.as_recruiter();
        let today = w.server.app.clock.now().to_zoned(TimeZone::get("Asia/Shanghai").unwrap()).date();
        let year = today.year() - i16::from(today.month() < 9);
        let mut ids = Vec::new();
        for (kind, born, grade, stage) in [
            ("student", json!(format!("{}-08-31", year - 6)), json!(1), "primary"),
            ("student", json!(format!("{}-09-01", year - 6)), Value::Null, "preschool"),
            ("student", json!(format!("{}-09-01", year - 12)), json!(6), "primary"),
            ("student", json!(format!("{}-08-31", year - 12)), json!(7), "junior_secondary"),
            ("student", json!(format!("{}-01-01", year - 17)), json!(12), "senior_secondary"),
            ("student", json!(format!("{}-01-01", year - 18)), Value::Null, "after_school"),
            ("student", Value::Null, Value::Null, ""),
            ("guardian", json!("1990-01-01"), Value::Null, ""),
        ] {
            let mut body = w.new_customer("张伟");
            body["kind"] = json!(kind);
            // As somebody told; it does not count.
            body["grade"] = json!("三年级");
            if !born.is_null() {
                body["birth_date"] = born;
            }
            let id = recruiter.post(CUSTOMERS, &body).await.expect(201).id();
            let schooling = match stage {
                "" => Value::Null,
                stage => json!({"school_year": year, "grade": grade, "stage": stage}),
            };
            assert_eq!(beside(&recruiter, &id, "schooling").await, schooling, "{body}");
            ids.push(id);
        }
        let listed = recruiter.get(&format!("{CUSTOMERS}?expand=schooling,activity,holder")).await.expect(200);
        let stages: Vec<_> = listed.json["items"].as_array().unwrap().iter().map(|item| &item["schooling"]["stage"]).collect();
        assert_eq!(stages, ["", "", "after_school", "senior_secondary", "junior_secondary", "primary", "preschool", "primary"].map(|stage| match stage {
            "" => Value::Null,
            stage => json!(stage),
        }).iter().collect::<Vec<_>>());
        let plain = recruiter.get(&format!("{CUSTOMERS}/{}", ids[0])).await.expect(200);
        assert_eq!(plain.json["schooling"], Value::Null);

        ids.reverse();
        let of = |places: &[usize]| places.iter().map(|place| ids[*place].clone()).collect::<Vec<_>>();
        for (conditions, expected) in [
            (json!({"field": "school_stage", "op": "eq", "value": "primary"}), of(&[5, 7])),
            (json!({"field": "school_stage", "op": "in", "value": ["preschool", "after_school"]}), of(&[2, 6])),
            (json!({"field": "school_stage", "op": "is_unknown"}), of(&[0, 1])),
            (json!({"field": "school_grade", "op": "between", "value": [6, 7]}), of(&[4, 5])),
            (json!({"field": "school_grade", "op": "gt", "value": 11}), of(&[3])),
            (json!({"field": "school_grade", "op": "lt", "value": 1}), of(&[])),
            (json!({"field": "school_grade", "op": "is_unknown"}), of(&[0, 1, 2, 6])),
            (json!({"not": {"field": "school_grade", "op": "gte", "value": 6}}), of(&[0, 1, 2, 6, 7])),
        ] {
            assert_eq!(found(&recruiter, conditions.clone()).await, expected, "{conditions}");
        }
    }

    async fn nobody_learns_the_stage_whose_birth_date_is_hidden(w: World) {
        let mut body = w.new_customer("张伟");
        body["birth_date"] = json!("2015-05-05");
        let id = w.as_recruiter().post(CUSTOMERS, &body).await.expect(201).id();
        assert_ne!(beside(&w.as_boss(), &id, "schooling").await, Value::Null);
        let rules = json!([{"record": "customers", "field": "birth_date", "access": "hidden"}]);
        let reader = reader_with(&w, &["customers:read"], rules).await;
        assert_eq!(beside(&reader, &id, "schooling").await, Value::Null);
        for field in ["school_stage", "school_grade"] {
            let asked = json!({"conditions": {"field": field, "op": "is_known"}});
            let refused = reader.post(SEARCH, &asked).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/conditions/field".to_owned(), "field_not_readable".to_owned())]);
        }
    }

    async fn a_customer_is_as_active_as_what_it_took_part_in_lately(w: World) {
        let boss = w.as_boss();
        let [idle, tried, once, often] = [w.new_student("甲").await, w.new_student("乙").await, w.new_student("丙").await, w.new_student("丁").await];
        for outcome in ["no_answer", "wrong_contact"] {
            spoke(&w, &tried, outcome, 1).await;
        }
        spoke(&w, &tried, "interested", 92).await;
        spoke(&w, &once, "not_interested", 89).await;
        for days in [1, 2] {
            spoke(&w, &often, "considering", days).await;
        }
        let class = w.open_class(json!({})).await;
        let made = w.enroll(&often, &class).await.expect(201).id();
        let lesson = async |mark: &str| {
            let today = w.server.app.clock.now().to_zoned(TimeZone::get("Asia/Shanghai").unwrap()).date();
            let body = json!({"held_on": today, "start_time": "00:00", "end_time": "00:30", "hours_hundredths": 50});
            let lesson = boss.post(&format!("/api/v1/classes/{class}/lessons"), &body).await.expect(201).id();
            call(&boss, &lesson, &[(&made, mark)]).await.expect(200);
        };
        lesson("absent").await;
        assert_eq!(beside(&boss, &often, "activity").await, json!({"level": "medium", "last_30_days": 2, "last_90_days": 2}));
        lesson("present").await;
        for (id, level, recent, all) in [(&idle, "low", 0, 0), (&tried, "low", 0, 0), (&once, "medium", 0, 1), (&often, "high", 3, 3)] {
            let told = beside(&boss, id, "activity").await;
            assert_eq!(told, json!({"level": level, "last_30_days": recent, "last_90_days": all}));
        }
        for (level, expected) in [("low", vec![tried, idle]), ("medium", vec![once]), ("high", vec![often.clone()])] {
            assert_eq!(found(&boss, json!({"field": "activity_level", "op": "eq", "value": level})).await, expected);
        }
        // Who may not see lessons counts follow-ups only; who may not see these either counts nothing.
        let spoken = reader_with(&w, &["customers:read", "follow_ups:read"], json!([])).await;
        assert_eq!(beside(&spoken, &often, "activity").await["level"], "medium");
        let reader = reader_with(&w, &["customers:read"], json!([])).await;
        assert_eq!(beside(&reader, &often, "activity").await, Value::Null);
    }
}
