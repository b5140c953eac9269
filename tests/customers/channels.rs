//! Source channels: what customers are met by is for the institution to say.

use tests::{Answer, World, both, json};

use crate::imports::{begin, ended, rows};

const CHANNELS: &str = "/api/v1/source-channels";

async fn id_of(w: &World, code: &str) -> String {
    let list = w
        .as_boss()
        .get("/api/v1/source-channels?limit=200")
        .await
        .expect(200);
    let items = list.json["items"].as_array().unwrap();
    let found = items
        .iter()
        .find(|channel| channel["code"] == code)
        .unwrap();
    found["id"].as_str().unwrap().to_owned()
}

async fn customer_by(w: &World, code: &str) -> Answer {
    let mut body = w.new_customer("张伟");
    body["source_channel"] = json!(code);
    w.as_boss().post("/api/v1/customers", &body).await
}

async fn archive(w: &World, code: &str) {
    let path = format!("{CHANNELS}/{}/archive", id_of(w, code).await);
    w.as_boss().post(&path, &json!(null)).await.expect(200);
}

both! {
    async fn an_institution_begins_with_the_channels_of_the_requirements(w: World) {
        let list = w.as_recruiter().get(&format!("{CHANNELS}?limit=200")).await.expect(200);
        let known: Vec<_> = domain::customers::SOURCE_CHANNELS.iter().map(|known| json!(known.code)).collect();
        let codes: Vec<_> = list.json["items"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
        assert_eq!(codes, known);
        assert_eq!(list.json["items"][0]["name"], "咨询热线");
        assert_eq!(list.json["items"][0]["group"], "offline");
    }

    async fn a_channel_is_made_changed_and_archived_and_customers_keep_it(w: World) {
        let boss = w.as_boss();
        let fair = json!({"code": "spring_fair", "name": "春季教育展", "group": "offline"});
        let made = boss.post(CHANNELS, &fair).await.expect(201);
        let path = format!("{CHANNELS}/{}", made.id());
        let customer = customer_by(&w, "spring_fair").await.expect(201);
        let at = format!("/api/v1/customers/{}", customer.id());
        let changed = boss.patch(&path, &json!({"name": "春季展", "group": "other"})).await.expect(200);
        assert_eq!((&changed.json["code"], &changed.json["version"]), (&json!("spring_fair"), &json!(2)));
        boss.post(&format!("{path}/archive"), &json!(null)).await.expect(200);
        let refused = customer_by(&w, "spring_fair").await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/source_channel".into(), "unknown_reference".into())]);
        // Who has it keeps it, can be changed, and is found by it.
        assert_eq!(boss.patch(&at, &json!({"intent": 4})).await.expect(200).json["source_channel"], "spring_fair");
        let list = boss.get("/api/v1/customers?source_channel=spring_fair").await.expect(200);
        assert_eq!(list.ids(), [customer.id()]);
        boss.post(&format!("{path}/unarchive"), &json!(null)).await.expect(200);
        customer_by(&w, "spring_fair").await.expect(201);
        w.server.settle().await;
        let events = boss.get("/api/v1/events?type=source_channel.archived").await.expect(200);
        assert_eq!(events.json["items"][0]["subject"]["id"], json!(made.id()));
    }

    async fn codes_and_names_are_given_once(w: World) {
        let boss = w.as_boss();
        let new = |code: &str, name: &str| json!({"code": code, "name": name, "group": "online"});
        boss.post(CHANNELS, &new("hotline", "新热线")).await.expect_problem(409, "channel_code_taken");
        boss.post(CHANNELS, &new("hotline_2", "咨询 热线")).await.expect_problem(409, "name_taken");
        archive(&w, "hotline").await;
        boss.post(CHANNELS, &new("hotline", "新热线")).await.expect_problem(409, "channel_code_taken");
        boss.post(CHANNELS, &new("hotline_2", "咨询热线")).await.expect(201);
        for code in ["Hotline", "x", "2nd", "a-b"] {
            let refused = boss.post(CHANNELS, &new(code, "新")).await.expect_problem(422, "validation_failed");
            assert!(refused.errors().iter().all(|(at, _)| at == "#/code"), "{code}: {}", refused.text);
        }
        let refused = boss.patch(&format!("{CHANNELS}/{}", id_of(&w, "website").await), &json!({"code": "web"})).await;
        assert_eq!(refused.expect(422).errors(), [("#/code".into(), "unknown_field".into())]);
        // The stranger's school has the code for itself.
        w.as_stranger().post(CHANNELS, &new("hotline", "咨询热线二")).await.expect_problem(409, "channel_code_taken");
        w.as_stranger().post(CHANNELS, &new("hotline_2", "咨询热线二")).await.expect(201);
    }

    async fn an_unknown_channel_is_refused_with_its_field_in_bulk_too(w: World) {
        let refused = customer_by(&w, "carrier_pigeon").await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/source_channel".into(), "unknown_reference".into())]);
        let refused = customer_by(&w, "Carrier Pigeon").await.expect_problem(422, "validation_failed");
        assert!(refused.errors().iter().all(|(at, _)| at == "#/source_channel"), "{}", refused.text);
        let mut strange = w.new_customer("李雷");
        strange["source_channel"] = json!("carrier_pigeon");
        let call = json!({"mode": "best_effort", "operations": [
            {"op": "create", "ref": "a", "data": w.new_customer("张伟")},
            {"op": "create", "ref": "b", "data": strange},
            {"op": "create", "ref": "c", "data": w.new_customer("韩梅")},
        ]});
        let done = w.as_recruiter().post("/api/v1/customers/bulk", &call).await.expect(200);
        let statuses: Vec<_> = done.json["results"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
        assert_eq!(statuses, [201, 422, 201]);
        assert_eq!(done.json["results"][1]["problem"]["errors"][0]["pointer"], "#/operations/1/data/source_channel");
    }

    async fn only_who_configures_records_changes_channels_and_other_stays(w: World) {
        let new = json!({"code": "tv", "name": "电视", "group": "offline"});
        w.as_recruiter().post(CHANNELS, &new).await.expect_problem(403, "permission_missing");
        w.hire(&["customer_information_administrator"], w.places.north, None).await.post(CHANNELS, &new).await.expect(201);
        let other = format!("{CHANNELS}/{}/archive", id_of(&w, "other").await);
        w.as_boss().post(&other, &json!(null)).await.expect_problem(409, "in_use");
        w.as_stranger().get(&format!("{CHANNELS}/{}", id_of(&w, "hotline").await)).await.expect_problem(404, "not_found");
    }

    async fn lists_are_taken_in_and_out_by_the_words_of_the_institution(w: World) {
        let boss = w.as_boss();
        boss.post(CHANNELS, &json!({"code": "spring_fair", "name": "春季 教育展", "group": "offline"})).await.expect(201);
        archive(&w, "walk_in").await;
        let list = "姓名,来源渠道\n张一,春季教育展\n张二,SPRING_FAIR\n张三,老带新\n张四,上门\n张五,\n";
        let done = ended(&boss, &begin(&w, &boss, "a.csv", list.as_bytes(), "commit").await).await;
        let rows = rows(&boss, &done).await;
        let unread: Vec<_> = rows.iter().map(|row| row["unread"].clone()).collect();
        assert_eq!(unread, [json!([]), json!([]), json!([]), json!(["channel"]), json!([])]);
        let kept = boss.get("/api/v1/customers?sort=created_at").await.expect(200);
        let mut kept: Vec<_> = kept.json["items"].as_array().unwrap().iter()
            .map(|one| (one["name"].as_str().unwrap().to_owned(), one["source_channel"].as_str().unwrap().to_owned()))
            .collect();
        kept.sort();
        let told = |name: &str, code: &str| (name.to_owned(), code.to_owned());
        assert_eq!(kept, [
            told("张一", "spring_fair"), told("张三", "referral"), told("张二", "spring_fair"), told("张五", "other"), told("张四", "other"),
        ]);
        let made = crate::exports::export(&boss, "csv", &json!({"source_channel": ["spring_fair"]})).await;
        let text = crate::exports::content(&boss, &made).await.text;
        assert_eq!(text.matches(",春季 教育展,").count(), 2, "{text}");
    }
}
