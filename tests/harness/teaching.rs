//! Classes to enroll in.

use serde_json::{Value, json};

use crate::{Actor, Answer, World};

impl World {
    /// A course of a subject of its own, by somebody who may plan for the whole institution.
    pub async fn new_course(&self, planner: &Actor) -> String {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let subject = planner
            .post("/api/v1/subjects", &json!({ "name": name }))
            .await
            .expect(201);
        let course = json!({
            "name": name, "subject_id": subject.json["id"], "level": "一年级",
            "hours_hundredths": 4800, "price": { "amount_minor": 480_000, "currency": "CNY" },
        });
        let made = planner.post("/api/v1/courses", &course).await;
        made.expect(201).id()
    }

    /// A body for a class of a course at the north campus.
    pub fn new_class(&self, course: &str) -> Value {
        json!({
            "name": uuid::Uuid::now_v7().simple().to_string(), "course_id": course,
            "campus_id": self.places.north, "capacity": 20, "starts_on": "2026-09-05",
        })
    }

    /// A class at the north campus, with these fields of its own.
    pub async fn open_class(&self, own: Value) -> String {
        let boss = self.as_boss();
        let course = self.new_course(&boss).await;
        let mut class = self.new_class(&course);
        for (name, value) in own.as_object().unwrap() {
            class[name] = value.clone();
        }
        boss.post("/api/v1/classes", &class).await.expect(201).id()
    }

    /// A student of the north campus's pool.
    pub async fn new_student(&self, name: &str) -> String {
        let mut body = self.new_customer(name);
        body["holder_id"] = json!(self.places.north);
        let made = self.as_boss().post("/api/v1/customers", &body).await;
        made.expect(201).id()
    }

    /// Enrolls a student in a class.
    pub async fn enroll(&self, student: &str, class: &str) -> Answer {
        let body = json!({ "customer_id": student, "class_id": class });
        self.as_boss().post("/api/v1/enrollments", &body).await
    }
}
