//! What every answer has in common, whatever was asked.

use std::io::Read;

use actix_web::{App, HttpResponse, body::to_bytes, middleware::from_fn, web};
use educrm::http::edge::edge;
use reqwest::Method;
use tests::{Answer, both, json};

const CUSTOMERS: &str = "/api/v1/customers";

async fn boom() -> HttpResponse {
    let people: Vec<&str> = Vec::new();
    HttpResponse::Ok().body(people[7])
}

both! {
    async fn a_panic_is_a_problem_and_the_next_request_is_answered(w: World) {
        let app = w.server.app.clone();
        let service = actix_web::test::init_service(
            App::new()
                .app_data(web::Data::new(app))
                .wrap(from_fn(edge))
                .route("/boom", web::get().to(boom)),
        ).await;
        for _ in 0..2 {
            let request = actix_web::test::TestRequest::get().uri("/boom").to_request();
            let refused = actix_web::test::try_call_service(&service, request).await.unwrap_err();
            let response = refused.error_response();
            assert_eq!(response.status(), 500);
            assert!(response.headers().contains_key("ratelimit"));
            let text = to_bytes(response.into_body()).await.unwrap();
            let problem: tests::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(problem["code"], "internal_error");
            assert!(!problem.to_string().contains("index"), "{problem}");
        }
    }

    async fn a_long_answer_is_packed_for_whoever_takes_it(w: World) {
        let recruiter = w.as_recruiter();
        for _ in 0..8 {
            recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        }
        let plain = recruiter.get(CUSTOMERS).await.expect(200);
        assert!(plain.text.len() > 1024 && plain.header("content-encoding").is_none());
        assert!(plain.header("vary").unwrap().contains("Accept-Encoding"));
        let url = |path: &str| format!("http://{}{path}", w.server.address);
        let get = |path: &str| w.client.get(url(path)).bearer_auth(recruiter.token().unwrap());
        let packed = get(CUSTOMERS).header("accept-encoding", "br, gzip").send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        let bytes = packed.bytes().await.unwrap();
        assert!(bytes.len() * 3 < plain.text.len());
        let mut text = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text);
        // What is short goes as it is.
        let one = format!("{CUSTOMERS}/{}", plain.ids()[0]);
        let short = get(&one).header("accept-encoding", "gzip").send().await.unwrap();
        assert!(!short.headers().contains_key("content-encoding"));
    }

    async fn the_tag_of_a_packed_answer_holds_for_both_forms(w: World) {
        let boss = w.as_boss();
        let mut new = w.new_customer("张伟");
        new["holder_id"] = json!(w.places.north);
        new["note"] = json!("喜欢画画。".repeat(200));
        let made = boss.post(CUSTOMERS, &new).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let url = format!("http://{}{path}", w.server.address);
        let get = || w.client.get(&url).bearer_auth(boss.token().unwrap());
        let packed = get().header("accept-encoding", "gzip").send().await.unwrap();
        let tag = packed.headers()["etag"].to_str().unwrap().to_owned();
        assert!(tag.ends_with("-gzip\""), "{tag}");
        let same = get().header("if-none-match", &tag).send().await.unwrap();
        assert_eq!(same.status(), 304);
        let change = boss.request(Method::PATCH, &path).header("if-match", &tag).json(&json!({"intent": 3}));
        boss.send(change).await.expect(200);
    }

    async fn a_stale_change_is_told_the_present_version(w: World) {
        let boss = w.as_boss();
        let mut new = w.new_customer("张伟");
        new["holder_id"] = json!(w.places.north);
        let made = boss.post(CUSTOMERS, &new).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        boss.patch(&path, &json!({"intent": 2})).await.expect(200);
        let from = |tag: String| {
            let request = boss.request(Method::PATCH, &path).header("if-match", tag);
            boss.send(request.json(&json!({"intent": 3})))
        };
        let stale: Answer = from("\"1-0011223344556677\"".into()).await.expect_problem(412, "version_stale");
        let present = stale.header("etag").unwrap().to_owned();
        from(present).await.expect(200);
    }

    async fn an_answer_goes_on_with_the_trace_of_its_request(w: World) {
        let boss = w.as_boss();
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let request = boss.request(Method::GET, CUSTOMERS).header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        let answer = boss.send(request).await.expect(200);
        let parent = answer.header("traceparent").unwrap();
        assert!(parent.starts_with(&format!("00-{trace}-")) && parent.len() == 55, "{parent}");
        assert!(!parent.contains("00f067aa0ba902b7"));
    }

    async fn the_documentation_is_found_without_its_last_slash(w: World) {
        let url = format!("http://{}/docs", w.server.address);
        let page = reqwest::get(url).await.unwrap();
        assert_eq!((page.status().as_u16(), page.url().path()), (200, "/docs/"));
    }

    async fn the_documentation_is_read_and_nothing_else(w: World) {
        let call = |method: Method, path: &str| w.client.request(method, format!("http://{}{path}", w.server.address));
        for path in ["/docs", "/docs/", "/docs/openapi.json", "/docs/nothing"] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
                let refused = call(method.clone(), path).send().await.unwrap();
                assert_eq!(refused.status(), 405, "{method} {path}");
                assert_eq!(refused.headers()["allow"], "GET, HEAD", "{method} {path}");
                let problem: tests::Value = refused.json().await.unwrap();
                assert_eq!(problem["code"], "method_not_allowed");
            }
        }
        for path in ["/docs/", "/docs/openapi.json"] {
            let whole = call(Method::GET, path).send().await.unwrap();
            let head = call(Method::HEAD, path).send().await.unwrap();
            assert_eq!((head.status(), &head.headers()["content-type"]), (whole.status(), &whole.headers()["content-type"]));
            assert_eq!(head.headers()["content-length"], whole.headers()["content-length"]);
            assert!(head.bytes().await.unwrap().is_empty());
        }
    }
}
