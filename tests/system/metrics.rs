//! The numbers for operators, on their own port.

use tests::{Engine, Server, json, run_on};

fn measured(engine: Engine) {
    let Some(server) = Server::own(engine, &[("EDUCRM_METRICS_LISTEN", "127.0.0.1:0")]) else {
        return;
    };
    run_on(server, async |w| {
        let boss = w.as_boss();
        boss.get("/api/v1/customers").await.expect(200);
        boss.get("/api/v1/customers").await.expect(200);
        boss.post("/api/v1/customers", &json!({"name": "13800001234"}))
            .await
            .expect(422);
        boss.get("/api/v1/13800001234").await.expect(404);
        let url = format!("http://{}/metrics", w.server.metrics.unwrap());
        let answer = w.client.get(url).send().await.unwrap();
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; version=0.0.4"
        );
        let text = answer.text().await.unwrap();
        for line in [
            r#"educrm_http_requests_total{operation="listCustomers",status="200"} 2"#,
            r#"educrm_http_requests_total{operation="createCustomer",status="422"} 1"#,
            r#"educrm_http_requests_total{operation="-",status="404"} 1"#,
            r#"educrm_http_request_duration_seconds_count{operation="listCustomers"} 2"#,
            "educrm_http_requests_in_flight 0",
            r#"educrm_jobs{status="queued"} 0"#,
            "educrm_database_up 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
        assert!(text.contains("process_resident_memory_bytes"), "{text}");
        assert!(
            !text.contains("13800001234"),
            "what was asked must not show:\n{text}"
        );
        let elsewhere = boss.get("/metrics").await;
        elsewhere.expect_problem(404, "route_unknown");
    });
}

#[test]
fn the_numbers_of_a_process_are_at_a_port_of_their_own_on_sqlite() {
    measured(Engine::Sqlite);
}

#[test]
fn the_numbers_of_a_process_are_at_a_port_of_their_own_on_postgres() {
    measured(Engine::Postgres);
}
