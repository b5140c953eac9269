use tests::{both, json};

const JOBS: &str = "/api/v1/jobs";

both! {
    async fn one_sees_ones_own_jobs_and_cancels_them_once(w: World) {
        let boss = w.as_boss();
        let first = w.waiting_job(w.institution, boss.principal.uuid()).await.to_string();
        let second = w.waiting_job(w.institution, boss.principal.uuid()).await.to_string();
        w.waiting_job(w.institution, w.as_recruiter().principal.uuid()).await;
        assert_eq!(boss.get(JOBS).await.expect(200).ids(), [second, first.clone()]);
        let path = format!("{JOBS}/{first}");
        let job = boss.get(&path).await.expect(200);
        assert_eq!(job.json["status"], "queued");
        assert_eq!(job.json["progress"], json!({"done": 0, "total": null, "percent": null}));
        w.as_recruiter().get(&path).await.expect_problem(404, "not_found");
        w.as_recruiter().post(&format!("{path}/cancel"), &json!(null)).await.expect_problem(404, "not_found");
        let cancelled = boss.post(&format!("{path}/cancel"), &json!(null)).await.expect(200);
        assert_eq!(cancelled.json["status"], "cancelled");
        assert!(cancelled.json["finished_at"].is_string());
        boss.post(&format!("{path}/cancel"), &json!(null)).await.expect_problem(409, "job_finished");
    }
}
