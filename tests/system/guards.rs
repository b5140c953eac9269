//! What protects every answer and every caller, whatever is asked.

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tests::{Engine, Server, Value, World, both, run_on};

const CUSTOMERS: &str = "/api/v1/customers";
const SEARCH: &str = "/api/v1/customers/search";

fn request(w: &World, method: Method, path: &str) -> RequestBuilder {
    let url = format!("http://{}{path}", w.server.address);
    w.client.request(method, url)
}

fn searching(w: &World) -> RequestBuilder {
    let boss = w.as_boss();
    request(w, Method::POST, SEARCH)
        .bearer_auth(boss.token().unwrap())
        .header("content-type", "application/json")
        .body(r#"{"query": "zw"}"#)
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |v| v.to_str().unwrap())
}

/// Runs a story on a server with settings of its own.
fn with_settings<F, Fut>(settings: &[(&str, &str)], story: F)
where
    F: FnOnce(World) -> Fut + Send,
    Fut: Future<Output = ()>,
{
    let server = Server::own(Engine::Sqlite, settings).unwrap();
    run_on(server, story);
}

both! {
    async fn every_answer_carries_the_headers_that_protect_it(w: World) {
        let boss = w.as_boss();
        let token = boss.token().unwrap();
        let token = token.as_str();
        for (method, path, token) in [
            (Method::GET, CUSTOMERS, token),
            (Method::GET, CUSTOMERS, "nonsense"),
            (Method::POST, CUSTOMERS, token),
            (Method::PUT, CUSTOMERS, token),
            (Method::GET, "/nowhere", token),
            (Method::GET, "/api/v1/customers?limit=x", token),
            (Method::GET, "/livez", token),
            (Method::GET, "/docs/", token),
        ] {
            let answer = request(&w, method.clone(), path).bearer_auth(token).send().await.unwrap();
            let told = |name: &str| header(&answer, name).to_owned();
            let what = format!("{method} {path}: {answer:?}");
            assert_eq!(told("x-content-type-options"), "nosniff", "{what}");
            assert_eq!(told("referrer-policy"), "no-referrer", "{what}");
            assert_eq!(told("cross-origin-resource-policy"), "same-origin", "{what}");
            assert!(told("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
            assert!(told("strict-transport-security").starts_with("max-age="), "{what}");
            assert!(told("cache-control").contains("no-store"), "{what}");
            assert!(told("server").is_empty() && told("x-powered-by").is_empty(), "{what}");
        }
    }
}

#[test]
fn what_is_heavy_has_a_stricter_rate_and_is_told_when_to_come_again() {
    let rates = [
        ("EDUCRM_HEAVY_RATE_PER_SECOND", "1"),
        ("EDUCRM_HEAVY_RATE_BURST", "2"),
    ];
    with_settings(&rates, async |w| {
        let first = searching(&w).send().await.unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        assert!(
            header(&first, "ratelimit").contains("\"heavy\";r="),
            "{first:?}"
        );
        assert!(
            header(&first, "ratelimit-policy").contains("\"heavy\";q=2"),
            "{first:?}"
        );
        let asked = join_all((0..8).map(|_| searching(&w).send())).await;
        let refused = asked
            .into_iter()
            .map(Result::unwrap)
            .find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS)
            .expect("a refusal");
        assert!(header(&refused, "retry-after").parse::<u64>().unwrap() > 0);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "rate_limited");
        w.as_boss().get(CUSTOMERS).await.expect(200);
    });
}

#[test]
fn who_is_not_a_trusted_proxy_can_not_say_from_where_a_request_came() {
    let rates = [("EDUCRM_RATE_PER_SECOND", "1"), ("EDUCRM_RATE_BURST", "3")];
    with_settings(&rates, async |w| {
        let mut refused = false;
        for number in 0..200 {
            let answer = request(&w, Method::GET, CUSTOMERS)
                .header("x-forwarded-for", format!("203.0.{number}.7"))
                .send()
                .await
                .unwrap();
            refused |= answer.status() == StatusCode::TOO_MANY_REQUESTS;
        }
        assert!(refused, "a made-up address passed by the rate");
    });
}

#[test]
fn only_the_origins_that_are_named_may_call_from_a_browser() {
    let origins = [("EDUCRM_CORS_ORIGINS", "https://app.school.example")];
    with_settings(&origins, async |w| {
        for (origin, allowed) in [
            ("https://app.school.example", "https://app.school.example"),
            ("https://app.school.example.evil.example", ""),
            ("http://app.school.example", ""),
            ("null", ""),
        ] {
            let preflight = request(&w, Method::OPTIONS, CUSTOMERS)
                .header("origin", origin)
                .header("access-control-request-method", "GET")
                .send()
                .await
                .unwrap();
            assert_eq!(
                header(&preflight, "access-control-allow-origin"),
                allowed,
                "{origin}"
            );
            assert_eq!(header(&preflight, "access-control-allow-credentials"), "");
            assert!(!header(&preflight, "x-request-id").is_empty());
            assert_eq!(header(&preflight, "x-content-type-options"), "nosniff");
            if preflight.status() != StatusCode::OK {
                let problem: Value = preflight.json().await.unwrap();
                assert_eq!(problem["status"], 400);
            }
        }
    });
}

#[test]
fn a_page_can_read_refusals_with_their_headers() {
    const PAGE: &str = "https://app.school.example";
    let settings = [
        ("EDUCRM_CORS_ORIGINS", PAGE),
        ("EDUCRM_HEAVY_RATE_PER_SECOND", "1"),
        ("EDUCRM_HEAVY_RATE_BURST", "1"),
    ];
    with_settings(&settings, async |w| {
        let absent = format!("{CUSTOMERS}/{}", uuid::Uuid::now_v7());
        let boss = w.as_boss();
        let token = boss.token().unwrap();
        let call =
            |method: Method, path: &str| request(&w, method, path).bearer_auth(token.as_str());
        searching(&w).send().await.unwrap();
        let cases = [
            (401, request(&w, Method::GET, CUSTOMERS)),
            (404, call(Method::GET, &absent)),
            (404, call(Method::GET, "/api/v1/nothing")),
            (404, call(Method::GET, "/api/v1/%63ustomers")),
            (405, call(Method::PUT, CUSTOMERS)),
            (422, call(Method::GET, "/api/v1/customers?nonsense=1")),
            (400, call(Method::POST, CUSTOMERS).body("{}")),
            (429, searching(&w)),
        ];
        for (status, call) in cases {
            let answer = call.header("origin", PAGE).send().await.unwrap();
            assert_eq!(answer.status(), status);
            assert_eq!(
                header(&answer, "access-control-allow-origin"),
                PAGE,
                "{status}"
            );
            let told = header(&answer, "access-control-expose-headers").to_lowercase();
            assert!(told.contains("retry-after"), "{status}: {told}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["status"], status);
        }
    });
}

#[test]
fn what_takes_long_is_done_for_one_principal_in_turns() {
    with_settings(&[("EDUCRM_HEAVY_AT_ONCE", "1")], async |w| {
        let asked = (0..5).map(|_| searching(&w).send());
        for answer in join_all(asked).await {
            assert_eq!(answer.unwrap().status(), StatusCode::OK);
        }
    });
}

#[test]
fn made_up_keys_are_counted_before_they_are_looked_up() {
    let rates = [("EDUCRM_RATE_PER_SECOND", "1"), ("EDUCRM_RATE_BURST", "3")];
    with_settings(&rates, async |w| {
        let mut refused = false;
        for number in 0..200 {
            let key = format!("educrm_{number:064x}_{}", "A".repeat(43));
            let answer = request(&w, Method::GET, CUSTOMERS).bearer_auth(key).send();
            match answer.await.unwrap().status() {
                StatusCode::UNAUTHORIZED => {}
                status => {
                    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
                    refused = true;
                    break;
                }
            }
        }
        assert!(refused);
    });
}

both! {
    async fn a_disguised_path_leads_nowhere(w: World) {
        for path in ["/api/v1/customers/searc%68", "/api/v1/auth/log%69n", "/api/v1/%63ustomers", "/%6civez"] {
            let answer = request(&w, Method::POST, path)
                .bearer_auth(w.as_boss().token().unwrap())
                .header("content-type", "application/json")
                .body("{}")
                .send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "route_unknown", "{path}");
        }
    }
}

#[test]
fn what_is_not_counted_tells_the_limits_too() {
    let settings = [
        ("EDUCRM_CORS_ORIGINS", "https://app.school.example"),
        ("EDUCRM_RATE_PER_SECOND", "1"),
        ("EDUCRM_RATE_BURST", "2"),
    ];
    with_settings(&settings, async |w| {
        let preflight = |origin: &str| {
            request(&w, Method::OPTIONS, CUSTOMERS)
                .header("origin", origin)
                .header("access-control-request-method", "GET")
        };
        for _ in 0..5 {
            for (call, status) in [
                (request(&w, Method::GET, "/livez"), 200),
                (request(&w, Method::GET, "/readyz"), 200),
                (request(&w, Method::POST, "/livez"), 405),
                (request(&w, Method::DELETE, "/readyz"), 405),
                (preflight("https://app.school.example"), 200),
                (preflight("https://evil.example"), 400),
            ] {
                let answer = call.send().await.unwrap();
                assert_eq!(answer.status(), status, "{answer:?}");
                assert_eq!(header(&answer, "ratelimit-policy"), "\"default\";q=2;w=2");
                assert_eq!(header(&answer, "ratelimit"), "\"default\";r=2;t=0");
            }
        }
    });
}

#[test]
fn a_disguised_path_is_counted_as_any_unknown_one() {
    let rates = [("EDUCRM_RATE_PER_SECOND", "1"), ("EDUCRM_RATE_BURST", "5")];
    for path in ["/api/v1/%zz", "/%00", "/a%2fb", "/api/v1/%63ustomers"] {
        with_settings(&rates, async |w| {
            let first = request(&w, Method::GET, path).send().await.unwrap();
            assert_eq!(first.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(header(&first, "ratelimit-policy").contains("q=5"), "{path}");
            assert!(header(&first, "ratelimit").contains("r="), "{path}");
            let asked = (0..60).map(|_| request(&w, Method::GET, path).send());
            let mut answers = join_all(asked).await.into_iter().map(Result::unwrap);
            let refused = answers.any(|a| a.status() == StatusCode::TOO_MANY_REQUESTS);
            assert!(refused, "{path} passed by the rate");
        });
    }
}
