//! Who sends requests, and what comes back.

use domain::{access::Principal, id::Id};
use persistence::access::Bearer;
use reqwest::{
    Client, Method, Request, RequestBuilder, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::{Call, Server, call::form, credentials::Credentials, patience::patiently};

/// Somebody with (or without) credentials.
#[derive(Clone)]
pub struct Actor {
    server: &'static Server,
    client: Client,
    pub principal: Id<Principal>,
    credentials: Credentials,
}

/// A response that agrees with the contract.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Actor {
    pub(crate) fn anonymous(server: &'static Server, client: &Client) -> Self {
        Self {
            server,
            client: client.clone(),
            principal: Id::new(uuid::Uuid::nil()),
            credentials: Credentials::Nothing,
        }
    }

    pub(crate) fn in_session(server: &'static Server, client: &Client, bearer: Bearer) -> Self {
        Self {
            principal: bearer.principal,
            credentials: Credentials::of(server, bearer),
            ..Self::anonymous(server, client)
        }
    }

    /// The same person with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            credentials: Credentials::Token(token.to_owned()),
            ..self.clone()
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts with an idempotency key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let key = uuid::Uuid::now_v7().to_string();
        self.post_with_key(path, &key, body).await
    }

    pub async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("idempotency-key", key);
        self.send(if body.is_null() {
            request
        } else {
            request.json(body)
        })
        .await
    }

    /// Uploads a file under a name.
    pub async fn upload(&self, path: &str, name: &str, content: &[u8]) -> Answer {
        let (media, form) = form("file", name, content);
        let request = self
            .request(Method::POST, path)
            .header("idempotency-key", uuid::Uuid::now_v7().to_string())
            .header("content-type", media);
        self.send(request.body(form)).await
    }

    /// One's own job, once it has ended.
    pub async fn ended_job(&self, id: &str) -> Answer {
        let begun = std::time::Instant::now();
        loop {
            let job = self.get(&format!("/api/v1/jobs/{id}")).await.expect(200);
            if !job.json["finished_at"].is_null() {
                return job;
            }
            assert!(
                begun.elapsed().as_secs() < 600,
                "it does not end: {}",
                job.text
            );
        }
    }

    /// Changes a record whatever its version is now.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.patch_if(path, "*", body).await
    }

    pub async fn patch_if(&self, path: &str, etag: &str, body: &Value) -> Answer {
        self.send(
            self.request(Method::PATCH, path)
                .header("if-match", etag)
                .header("content-type", "application/merge-patch+json")
                .body(body.to_string()),
        )
        .await
    }

    /// Replaces a small document whatever its version is now.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.put_if(path, "*", body).await
    }

    pub async fn put_if(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let request = self.request(Method::PUT, path).header("if-match", etag);
        self.send(request.json(body)).await
    }

    /// Deletes a record whatever its version is now.
    pub async fn delete(&self, path: &str) -> Answer {
        self.delete_if(path, "*").await
    }

    pub async fn delete_if(&self, path: &str, etag: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).header("if-match", etag))
            .await
    }

    /// Sends a call as it is.
    pub async fn call(&self, call: &Call) -> Answer {
        let mut request = self.request(call.method.clone(), &call.path);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        self.send(match &call.body {
            Some(body) => request.body(body.clone()),
            None => request,
        })
        .await
    }

    pub fn token(&self) -> Option<String> {
        self.credentials.token(self.server)
    }

    /// The same person at another server.
    pub fn at(&self, server: &'static Server) -> Self {
        Self {
            server,
            ..self.clone()
        }
    }

    /// Any request, to be completed and sent by [`send`](Self::send).
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.server.address);
        let request = self
            .client
            .request(method, url)
            .header("accept-language", "en");
        match self.token() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends, and holds the answer against the contract. Where a slow machine is too busy, nothing was
    /// done or it is done once for its key, and it is asked again. Whatever is asked, no answer is a
    /// failure of the server.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url().path());
        let answer = self.asked(request).await;
        assert!(answer.status < 500, "{what}: {}", answer.text);
        answer
    }

    /// The same where what the server needs is made to fail: that may be the answer.
    pub async fn send_in_trouble(&self, request: RequestBuilder) -> Answer {
        self.asked(request.build().unwrap()).await
    }

    async fn asked(&self, request: Request) -> Answer {
        let is_repeatable =
            request.method() == Method::GET || request.headers().contains_key("idempotency-key");
        // What streams can't be sent twice.
        let Some(_) = request.try_clone() else {
            return self.sent(request).await;
        };
        patiently(
            || self.sent(request.try_clone().unwrap()),
            |answer| match (answer.status, answer.json["code"].as_str()) {
                (503, Some("unavailable")) => true,
                (503, Some("outcome_unknown")) => is_repeatable,
                _ => false,
            },
        )
        .await
    }

    async fn sent(&self, request: Request) -> Answer {
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.client.execute(request).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        self.server
            .contract
            .check(&method, &path, status, &headers, &text);
        Answer {
            status: status.as_u16(),
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            headers,
            text,
        }
    }
}

impl Answer {
    /// This answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// This answer, which must be a problem of this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self.json["code"].as_str().unwrap_or_default()),
            (status, code),
            "{}",
            self.text
        );
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").expect("an ETag").to_owned()
    }

    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().expect("an id").to_owned()
    }

    /// Pointers, parameters or headers of the broken rules, each with its code, sorted.
    pub fn errors(&self) -> Vec<(String, String)> {
        let mut errors: Vec<_> = self.json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| {
                let places = ["pointer", "parameter", "header"];
                let place = places.iter().find_map(|place| e[place].as_str());
                (
                    place.unwrap_or_default().to_owned(),
                    e["code"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        errors.sort();
        errors
    }

    /// Ids of a page's items.
    pub fn ids(&self) -> Vec<String> {
        self.json["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["id"].as_str().map(str::to_owned))
            .collect()
    }

    /// What a client can tell two answers apart by: without ids of the request, date, limits, and
    /// whether the connection is closed, which depends on how much of a refused body has arrived.
    pub fn essence(&self) -> (u16, Vec<(HeaderName, HeaderValue)>, Value) {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| {
                ![
                    "connection",
                    "date",
                    "x-request-id",
                    "traceparent",
                    "ratelimit",
                    "retry-after",
                ]
                .contains(&name.as_str())
            })
            .map(|(name, value)| {
                // A set of names, in no order.
                let sorted = (name == "access-control-expose-headers").then(|| {
                    let mut names: Vec<_> = value.to_str().unwrap().split(", ").collect();
                    names.sort_unstable();
                    HeaderValue::from_str(&names.join(", ")).unwrap()
                });
                (name.clone(), sorted.unwrap_or_else(|| value.clone()))
            })
            .collect();
        headers.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        let mut body = self.json.clone();
        if let Some(body) = body.as_object_mut() {
            body.remove("instance");
            body.remove("trace_id");
        }
        (self.status, headers, body)
    }

    pub fn is_success(&self) -> bool {
        StatusCode::from_u16(self.status).is_ok_and(|s| s.is_success())
    }
}
