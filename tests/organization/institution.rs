//! The institution itself: everybody of the staff reads it, who governs the organization changes it.

use futures_util::future::join_all;
use tests::{Answer, World, both, json};

const PATH: &str = "/api/v1/institution";

/// A body for a new course in a currency.
async fn course(w: &World, name: &str, currency: &str) -> Answer {
    let boss = w.as_boss();
    let subject = json!({ "name": format!("{name}的科目") });
    let subject = boss
        .post("/api/v1/subjects", &subject)
        .await
        .expect(201)
        .id();
    let body = json!({
        "name": name, "subject_id": subject, "hours_hundredths": 100,
        "price": { "amount_minor": 1000, "currency": currency },
    });
    boss.post("/api/v1/courses", &body).await
}

/// What somebody is told who asks for no language, and the language that it is said to be in.
async fn unasked(w: &World, token: Option<&str>, path: &str) -> (String, String) {
    let url = format!("http://{}{path}", w.server.address);
    let mut request = w.client.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let language = answer.headers()["content-language"]
        .to_str()
        .unwrap()
        .to_owned();
    (language, answer.text().await.unwrap())
}

both! {
    async fn everybody_of_the_staff_reads_the_own_institution_and_no_other(w: World) {
        let read = w.as_boss().get(PATH).await.expect(200);
        assert_eq!(read.json["id"], json!(w.institution));
        assert_eq!(read.json["code"], json!(w.code));
        assert_eq!(read.json["name"], "启明教育");
        for (field, value) in [("time_zone", "Asia/Shanghai"), ("currency", "CNY"), ("locale", "zh-CN")] {
            assert_eq!(read.json[field], value);
        }
        for who in w.names() {
            assert_eq!(w.actor(who).get(PATH).await.expect(200).json, read.json, "{who}");
        }
        let nobody = w.hire(&[], w.places.north, None).await;
        nobody.get(PATH).await.expect(200);
        w.as_anonymous().get(PATH).await.expect_problem(401, "unauthenticated");
        assert_eq!(w.as_stranger().get(PATH).await.expect(200).json["id"], json!(w.other));
    }

    async fn a_change_is_made_from_a_version_and_told(w: World) {
        let boss = w.as_boss();
        let read = boss.get(PATH).await.expect(200);
        boss.send(boss.request(reqwest::Method::PATCH, PATH).json(&json!({"name": "启明"}))).await
            .expect_problem(428, "precondition_required");
        let change = json!({"name": "启明教育集团", "time_zone": "Asia/Urumqi", "currency": "HKD", "locale": "en"});
        let changed = boss.patch_if(PATH, &read.etag(), &change).await.expect(200);
        for (field, value) in change.as_object().unwrap() {
            assert_eq!(&changed.json[field], value);
        }
        assert_eq!(changed.json["version"], 2);
        assert_eq!(boss.get(PATH).await.expect(200).etag(), changed.etag());
        boss.patch_if(PATH, &read.etag(), &json!({"name": "启明"})).await.expect_problem(412, "version_stale");
        // What changes nothing leaves nothing behind.
        let same = boss.patch(PATH, &change).await.expect(200);
        assert_eq!(same.etag(), changed.etag());
        assert_eq!(boss.patch(PATH, &json!({})).await.expect(200).etag(), changed.etag());
        w.server.settle().await;
        let events = boss.get("/api/v1/events?type=institution.changed").await.expect(200);
        let events = events.json["items"].as_array().unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["data"]["changed"], json!(["currency", "locale", "name", "time_zone"]));
        assert_eq!(events[0]["subject"], json!({"kind": "institution", "id": w.institution, "version": 2}));
        let trail = boss.get("/api/v1/audit-events?target_kind=institution&operation=changeInstitution").await.expect(200);
        let record = boss.get(&format!("/api/v1/audit-events/{}", trail.ids()[0])).await.expect(200);
        assert_eq!(record.json["changes"][0]["before"]["name"], "启明教育");
        assert_eq!(record.json["changes"][0]["after"]["name"], "启明教育集团");
        assert_eq!(w.as_stranger().get(PATH).await.expect(200).json["name"], "启明教育");
    }

    async fn only_who_governs_the_organization_changes_it(w: World) {
        let before = w.as_boss().get(PATH).await.expect(200);
        for who in w.names().filter(|who| *who != "boss") {
            w.actor(who).patch(PATH, &json!({"name": "我的"})).await.expect_problem(403, "permission_missing");
        }
        w.as_anonymous().patch(PATH, &json!({"name": "我的"})).await.expect_problem(401, "unauthenticated");
        assert_eq!(w.as_boss().get(PATH).await.expect(200).etag(), before.etag());
        w.hire(&["system_administrator"], w.places.north, None).await
            .patch(PATH, &json!({"name": "启明教育集团"})).await.expect(200);
    }

    async fn every_broken_field_is_told_and_the_code_is_fixed(w: World) {
        let boss = w.as_boss();
        let refused = boss.patch(PATH, &json!({"name": " 启明", "time_zone": "Mars/Base"})).await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/name".into(), "blank".into()), ("#/time_zone".into(), "time_zone_unknown".into())]);
        for (body, code) in [
            (json!({"code": "other"}), "unknown_field"),
            (json!({"id": w.other}), "unknown_field"),
            (json!({"status": "suspended"}), "unknown_field"),
            (json!({"locale": "fr"}), "not_in_list"),
            (json!({"locale": "zh"}), "not_in_list"),
            (json!({"currency": "cny"}), "wrong_format"),
            (json!({"currency": "ABC"}), "currency_unknown"),
            (json!({"name": ""}), "too_short"),
            (json!({"name": "启".repeat(101)}), "too_long"),
        ] {
            let refused = boss.patch(PATH, &body).await.expect_problem(422, "validation_failed");
            let field = body.as_object().unwrap().keys().next().unwrap();
            assert_eq!(refused.errors(), [(format!("#/{field}"), code.into())], "{body}");
        }
        for field in ["name", "time_zone", "currency", "locale"] {
            boss.patch(PATH, &json!({ field: null })).await.expect_problem(422, "validation_failed");
        }
    }

    async fn the_currency_is_fixed_once_there_are_amounts(w: World) {
        let boss = w.as_boss();
        let (yuan, dollar) = (json!({"currency": "CNY"}), json!({"currency": "HKD"}));
        boss.patch(PATH, &dollar).await.expect(200);
        boss.patch(PATH, &yuan).await.expect(200);
        course(&w, "三年级数学", "CNY").await.expect(201);
        let refused = boss.patch(PATH, &dollar).await.expect_problem(409, "currency_fixed");
        assert!(refused.json["detail"].as_str().unwrap().contains("CNY"), "{}", refused.text);
        // All else can still be changed, and the same currency is none other.
        let rest = json!({"currency": "CNY", "name": "启明教育集团", "time_zone": "Asia/Urumqi"});
        boss.patch(PATH, &rest).await.expect(200);
        w.as_stranger().patch(PATH, &dollar).await.expect(200);
    }

    async fn a_charge_by_hand_fixes_the_currency_too(w: World) {
        let boss = w.as_boss();
        let customer = boss.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id();
        let charge = json!({
            "customer_id": customer, "amount": {"amount_minor": 100, "currency": "CNY"}, "description": "教材费",
        });
        boss.post("/api/v1/charges", &charge).await.expect(201);
        boss.patch(PATH, &json!({"currency": "HKD"})).await.expect_problem(409, "currency_fixed");
    }

    async fn no_amount_is_kept_in_another_currency_than_the_books(w: World) {
        for round in 0..6 {
            let name = format!("课程{round}");
            let boss = w.as_boss();
            let (other, now) = if round % 2 == 0 { ("HKD", "CNY") } else { ("CNY", "HKD") };
            let change = json!({ "currency": other });
            let (made, changed) = futures_util::join!(course(&w, &name, now), boss.patch(PATH, &change));
            let currency = boss.get(PATH).await.expect(200).json["currency"].clone();
            if made.status == 201 {
                changed.expect_problem(409, "currency_fixed");
                assert_eq!(currency, now);
                return;
            }
            made.expect_problem(422, "validation_failed");
            changed.expect(200);
            assert_eq!(currency, other);
        }
    }

    async fn of_changes_at_once_from_one_version_one_is_made(w: World) {
        let boss = w.as_boss();
        let etag = boss.get(PATH).await.expect(200).etag();
        let names: Vec<_> = (0..6).map(|number| json!({ "name": format!("启明{number}") })).collect();
        let tries = names.iter().map(|name| boss.patch_if(PATH, &etag, name));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 5);
    }

    async fn who_asks_for_no_language_is_spoken_to_in_that_of_the_institution(w: World) {
        let boss = w.as_boss();
        let token = w.as_recruiter().token();
        let missing = format!("/api/v1/customers/{}", uuid::Uuid::now_v7());
        let (language, text) = unasked(&w, token.as_deref(), &missing).await;
        assert!(language == "zh-CN" && text.contains("未找到"), "{language}: {text}");
        boss.patch(PATH, &json!({"locale": "en"})).await.expect(200);
        let (language, text) = unasked(&w, token.as_deref(), &missing).await;
        assert!(language == "en" && text.contains("Not found"), "{language}: {text}");
        let (language, text) = unasked(&w, token.as_deref(), "/api/v1/enums").await;
        assert!(language == "en" && text.contains("Simplified Chinese"), "{language}: {text}");
        let (language, _) = unasked(&w, token.as_deref(), "/api/v1/nothing").await;
        assert_eq!(language, "en");
        // Before log-in nobody's institution is known, and whoever asks gets what they ask for.
        let (language, _) = unasked(&w, None, &missing).await;
        assert_eq!(language, "zh-CN");
        let (language, _) = unasked(&w, w.as_stranger().token().as_deref(), "/api/v1/me").await;
        assert_eq!(language, "zh-CN");
        boss.patch(PATH, &json!({"locale": "zh-CN"})).await.expect(200);
        let english = boss.get(&missing).await.expect(404);
        assert_eq!(english.header("content-language"), Some("en"));
    }

    async fn a_new_campus_takes_the_zone_of_the_institution(w: World) {
        let boss = w.as_boss();
        boss.patch(PATH, &json!({"time_zone": "Asia/Urumqi"})).await.expect(200);
        let new = json!({"name": "西校区", "legal_entity": "启明教育西部有限公司"});
        let made = boss.post("/api/v1/campuses", &new).await.expect(201);
        assert_eq!(made.json["time_zone"], "Asia/Urumqi");
        let north = boss.get(&format!("/api/v1/campuses/{}", w.places.north)).await.expect(200);
        assert_eq!(north.json["time_zone"], "Asia/Shanghai");
    }

    async fn the_agreement_that_counts_raises_the_version(w: World) {
        let boss = w.as_boss();
        let before = boss.get(PATH).await.expect(200);
        boss.put("/api/v1/confidentiality-agreement", &json!({"version": 2})).await.expect(200);
        boss.patch_if(PATH, &before.etag(), &json!({"name": "启明"})).await.expect_problem(412, "version_stale");
    }
}
