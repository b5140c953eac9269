//! What the head of a request decides: lines that stand twice, codings, lengths that are announced.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use tests::{Answer, Value, World, both, call::form, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const CUSTOMERS: &str = "/api/v1/customers";
const FILES: &str = "/api/v1/files";
const TOKEN: &str = "/api/v1/oauth/token";

/// A customer in the boss's reach, in its first version.
async fn customer(w: &World) -> String {
    let boss = w.as_boss();
    let mut new = w.new_customer("张伟");
    new["holder_id"] = json!(w.places.north);
    let made = boss.post(CUSTOMERS, &new).await.expect(201);
    format!("{CUSTOMERS}/{}", made.id())
}

/// Each way to send a body: JSON, files, and a form for a token.
fn sending(w: &World, customer: &str) -> Vec<RequestBuilder> {
    let boss = w.as_boss();
    let post = |path: &str| {
        let key = uuid::Uuid::now_v7().to_string();
        boss.request(Method::POST, path)
            .header("idempotency-key", key)
    };
    let (media, file) = form("file", "a.csv", b"a,b\n");
    let upload = |path: &str| {
        post(path)
            .header("content-type", media.clone())
            .body(file.clone())
    };
    vec![
        post(CUSTOMERS).json(&w.new_customer("李雷")),
        upload(FILES),
        upload(&format!("{FILES}?purpose=import")),
        upload(&format!("{customer}/files")),
        w.as_anonymous()
            .request(Method::POST, TOKEN)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials"),
    ]
}

/// Changes a customer from the versions that these lines of `If-Match` name.
async fn change(w: &World, path: &str, lines: &[&str]) -> Answer {
    let boss = w.as_boss();
    let request = boss
        .request(Method::PATCH, path)
        .json(&json!({"note": uuid::Uuid::now_v7()}));
    let request = lines
        .iter()
        .fold(request, |request, line| request.header("if-match", *line));
    boss.send(request).await
}

/// What is answered to a head alone, whose body never comes.
async fn answer_to_head(w: &World, path: &str, media: &str, length: usize) -> String {
    let token = w.as_boss().token().unwrap();
    let key = uuid::Uuid::now_v7();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: e\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\
         content-type: {media}\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(w.server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let closed = timeout(Duration::from_secs(60), stream.read_to_end(&mut read)).await;
    assert!(closed.is_ok(), "the connection stays open: {read:?}");
    String::from_utf8_lossy(&read).into_owned()
}

both! {
    async fn a_coding_of_the_body_is_refused_wherever_one_is_taken(w: World) {
        let path = customer(&w).await;
        for lines in [&["br"][..], &["gzip"], &["identity", "gzip"], &["identity, gzip"]] {
            for request in sending(&w, &path) {
                let request = lines.iter().fold(request, |r, line| r.header("content-encoding", *line));
                let refused = w.as_boss().send(request).await;
                refused.expect_problem(415, "media_type_unsupported");
            }
        }
        for request in sending(&w, &path) {
            let plain = request.header("content-encoding", "Identity");
            assert_ne!(w.as_boss().send(plain).await.status, 415);
        }
    }

    async fn all_lines_of_if_match_are_one_list_of_strong_tags(w: World) {
        let path = customer(&w).await;
        change(&w, &path, &["\"7-aa\"", "\"1-bb\""]).await.expect(200);
        change(&w, &path, &["\"7-aa\", \"2-bb\""]).await.expect(200);
        change(&w, &path, &["\"nonsense\"", "\"3-bb\", \"9-cc\""]).await.expect(200);
        for stale in [&["\"1-aa\"", "\"2-aa\""][..], &["W/\"4-aa\""], &["W/\"4\""], &["*", "*"], &["*, *"]] {
            change(&w, &path, stale).await.expect_problem(412, "version_stale");
        }
        change(&w, &path, &["W/\"4-aa\"", "\"4-aa-gzip\""]).await.expect(200);
        change(&w, &path, &["*"]).await.expect(200);
        // What is only read is compared weakly.
        let boss = w.as_boss();
        let tag = boss.get(&path).await.expect(200).etag();
        let read = boss.request(Method::GET, &path).header("if-none-match", "\"x\"").header("if-none-match", format!("W/{tag}"));
        boss.send(read).await.expect(304);
    }

    async fn a_body_that_is_announced_too_large_is_refused_at_once(w: World) {
        let (json, form, token) = ("application/json", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded");
        for (path, media, length) in [
            (CUSTOMERS, json, 1_048_577),
            ("/api/v1/customers/bulk", json, 1_048_577),
            ("/api/v1/auth/login", json, usize::MAX),
            (TOKEN, token, 1_048_577),
            (FILES, form, 11 << 20),
            ("/api/v1/files?purpose=import", form, 101 << 20),
        ] {
            let answer = answer_to_head(&w, path, media, length).await;
            assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
            let (_, problem) = answer.split_once("\r\n\r\n").unwrap();
            let problem: Value = serde_json::from_str(problem).unwrap();
            assert_eq!(problem["code"], "body_too_large");
        }
    }

    async fn a_type_of_the_body_that_is_told_twice_is_none(w: World) {
        let path = customer(&w).await;
        for request in sending(&w, &path) {
            let refused = w.as_boss().send(request.header("content-type", "text/plain")).await;
            assert!([400, 415].contains(&refused.status), "{}", refused.text);
        }
    }

    async fn a_key_that_is_sent_twice_is_none(w: World) {
        let boss = w.as_boss();
        for second in ["once", "other"] {
            let request = boss.request(Method::POST, CUSTOMERS)
                .header("idempotency-key", "once")
                .header("idempotency-key", second);
            let refused = boss.send(request.json(&w.new_customer("李雷"))).await;
            refused.expect_problem(400, "idempotency_key_required");
        }
        assert!(boss.get(CUSTOMERS).await.expect(200).ids().is_empty());
    }

    async fn credentials_of_another_scheme_are_none(w: World) {
        let anonymous = w.as_anonymous();
        let told = async |lines: &[&str]| {
            let request = anonymous.request(Method::GET, CUSTOMERS);
            let request = lines.iter().fold(request, |r, line| r.header("authorization", *line));
            let refused = anonymous.send(request).await.expect(401);
            refused.header("www-authenticate").unwrap().to_owned()
        };
        for none in [&["Basic YTpi"][..], &["Digest x", "Basic YTpi"], &["nonsense"]] {
            assert_eq!(told(none).await, "Bearer realm=\"educrm\"", "{none:?}");
        }
        for bad in [&["bearer a.b.c"][..], &["Bearer"], &["Basic YTpi", "Bearer a.b.c"]] {
            assert!(told(bad).await.contains("error=\"invalid_token\""), "{bad:?}");
        }
    }
}
