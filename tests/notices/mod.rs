//! Notices: everybody's own inbox.

use reqwest::Method;
use tests::{both, json};

const NOTICES: &str = "/api/v1/notices";
const UNREAD: &str = "/api/v1/notices/unread-count";

both! {
    async fn a_notice_is_read_once_and_stays_in_the_inbox(w: World) {
        let boss = w.as_boss();
        let first = w.notice(w.institution, boss.principal.uuid()).await.to_string();
        let second = w.notice(w.institution, boss.principal.uuid()).await.to_string();
        w.notice(w.institution, w.as_recruiter().principal.uuid()).await;
        let list = boss.get(NOTICES).await.expect(200);
        assert_eq!(list.ids(), [second.clone(), first.clone()]);
        assert_eq!(list.json["items"][0]["text"],
            "The import is done: 7 rows are new, 2 known already, 1 left out, 0 failed.");
        let read = boss.post(&format!("{NOTICES}/{first}/read"), &json!(null)).await.expect(200);
        assert!(read.json["read_at"].is_string());
        let again = boss.post(&format!("{NOTICES}/{first}/read"), &json!(null)).await.expect(200);
        assert_eq!(again.text, read.text);
        assert_eq!(boss.get(&format!("{NOTICES}?unread_only=true")).await.expect(200).ids(), [second]);
        assert_eq!(boss.get(NOTICES).await.expect(200).ids().len(), 2);
    }

    async fn the_inbox_is_walked_page_by_page(w: World) {
        let boss = w.as_boss();
        let mut all = Vec::new();
        for _ in 0..5 {
            all.insert(0, w.notice(w.institution, boss.principal.uuid()).await.to_string());
        }
        let mut path = format!("{NOTICES}?limit=2");
        let mut seen = Vec::new();
        loop {
            let page = boss.get(&path).await.expect(200);
            seen.extend(page.ids());
            let Some(cursor) = page.json["next_cursor"].as_str() else { break };
            path = format!("{NOTICES}?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, all);
    }

    async fn the_count_of_unread_notices_is_sent_only_when_it_has_changed(w: World) {
        let boss = w.as_boss();
        w.notice(w.institution, boss.principal.uuid()).await;
        let count = boss.get(UNREAD).await.expect(200);
        assert_eq!(count.json, json!({"count": 1, "is_capped": false}));
        let etag = count.etag();
        let ask = || boss.send(boss.request(Method::GET, UNREAD).header("if-none-match", &etag));
        assert_eq!(ask().await.expect(304).text, "");
        w.notice(w.institution, boss.principal.uuid()).await;
        assert_eq!(ask().await.expect(200).json["count"], 2);
        boss.post(&format!("{NOTICES}/read-all"), &json!(null)).await.expect(204);
        assert_eq!(boss.get(UNREAD).await.expect(200).json["count"], 0);
        assert_eq!(w.as_recruiter().get(UNREAD).await.expect(200).json["count"], 0);
    }
}
