//! Somebody who may do everything, and prepares what a drill needs.

use std::net::SocketAddr;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Connection, request};

/// A connection of somebody who may do everything.
pub(crate) struct Desk {
    connection: Connection,
    token: String,
}

impl Desk {
    pub(crate) async fn open(address: SocketAddr, token: &str) -> Self {
        Self {
            connection: Connection::open(address).await.unwrap(),
            token: token.to_owned(),
        }
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let key = Uuid::now_v7().to_string();
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("idempotency-key", key.as_str())];
        let headers = if method == "POST" { &headers[..] } else { &[] };
        let bytes = request(method, path, &self.token, headers, &text);
        let answer = self.connection.send_patiently(&bytes).await.unwrap();
        (answer.status, serde_json::from_slice(answer.body).unwrap())
    }

    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        expected: u16,
    ) -> Value {
        let (status, answer) = self.send(method, path, body).await;
        assert_eq!(status, expected, "{answer}");
        answer
    }

    pub(crate) async fn make(&mut self, path: &str, body: &Value) -> Uuid {
        let made = self.ask("POST", path, body, 201).await;
        made["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn course(&mut self) -> Uuid {
        let name = json!({ "name": "语文" });
        let subject = self.make("/api/v1/subjects", &name).await;
        let course = json!({
            "name": "一年级语文", "subject_id": subject, "hours_hundredths": 4800,
            "price": { "amount_minor": 480_000, "currency": "CNY" },
        });
        self.make("/api/v1/courses", &course).await
    }

    pub(crate) async fn student(&mut self, campus: Uuid) -> Uuid {
        let student = json!({
            "kind": "student", "name": "张伟", "source_channel": "hotline", "campus_id": campus,
        });
        self.make("/api/v1/customers", &student).await
    }

    pub(crate) async fn class(&mut self, course: Uuid, campus: Uuid, capacity: usize) -> Uuid {
        let class = json!({
            "name": Uuid::now_v7(), "course_id": course, "campus_id": campus, "capacity": capacity,
            "starts_on": "2026-09-05",
        });
        self.make("/api/v1/classes", &class).await
    }
}
