//! The cleaning list, and the sweep that fills it.

use tests::{Actor, Value, World, both, json};

use super::quality::{age, whole_student};
use crate::access::fields::reader_with;

const CUSTOMERS: &str = "/api/v1/customers";
const ENTRIES: &str = "/api/v1/cleaning-entries";

async fn create(by: &Actor, body: &Value) -> String {
    by.post(CUSTOMERS, body).await.expect(201).id()
}

async fn sweep(w: &World) {
    let boss = w.as_boss();
    let job = boss
        .post("/api/v1/record-sweeps", &json!(null))
        .await
        .expect(202);
    let ended = boss.ended_job(&job.id()).await;
    assert_eq!(
        (&ended.json["type"], &ended.json["status"]),
        (&json!("sweep_records"), &json!("succeeded"))
    );
}

/// Lets records come on the list where any of these is missing.
async fn require(w: &World, fields: &[&str]) {
    let policy = json!({"required_fields": fields});
    let set = w.as_boss().patch("/api/v1/quality-policy", &policy).await;
    assert_eq!(set.expect(200).json["required_fields"], json!(fields));
}

const ALL: &[&str] = &[
    "gender",
    "birth_date",
    "school",
    "grade",
    "contact_points",
    "details.needs",
    "details.region_code",
    "custom_fields",
];

async fn keep(by: &Actor, entry: &Value, days: i64) -> tests::Answer {
    let path = format!("{ENTRIES}/{}/keep", entry["id"].as_str().unwrap());
    by.post(&path, &json!({"days": days, "reason": "开学后补充"}))
        .await
}

/// Customers and reasons of the list, in its order.
async fn listed(by: &Actor, query: &str) -> Vec<(String, String)> {
    let page = by.get(&format!("{ENTRIES}?{query}")).await.expect(200);
    let items = page.json["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (text(&item["customer_id"]), text(&item["reason"])))
        .collect()
}

async fn entry(by: &Actor, customer: &str, reason: &str) -> Value {
    let path = format!("{ENTRIES}?customer_id={customer}&reason={reason}&state=open,kept,cleaned");
    let page = by.get(&path).await.expect(200);
    assert_eq!(page.json["items"].as_array().unwrap().len(), 1, "{reason}");
    page.json["items"][0].clone()
}

/// How many records each notice tells of, newest first.
async fn told(by: &Actor) -> Vec<i64> {
    let page = by.get("/api/v1/notices").await.expect(200);
    let items = page.json["items"].as_array().unwrap().iter();
    let own = items.filter(|item| item["kind"] == "records_to_clean");
    let number = |text: &str| text.split(' ').find_map(|word| word.parse().ok());
    own.map(|item| number(item["text"].as_str().unwrap()).unwrap())
        .collect()
}

fn of(customer: &str, reason: &str) -> (String, String) {
    (customer.into(), reason.into())
}

both! {
    async fn a_sweep_finds_what_is_to_be_cleaned_and_tells_each_holder_once(w: World) {
        let (recruiter, colleague) = (w.as_recruiter(), w.as_colleague());
        require(&w, ALL).await;
        create(&recruiter, &whole_student(&w)).await;
        let mut other = whole_student(&w);
        other["contact_points"] = json!([{"kind": "phone", "value": "13900139000"}]);
        other["name"] = json!("王芳");
        let stale = create(&recruiter, &other).await;
        age(&w, &stale, 181).await;
        other["contact_points"] = json!([{"kind": "phone", "value": "13900139001"}]);
        other["name"] = json!("赵云");
        let wrong = create(&recruiter, &other).await;
        let call = json!({"customer_id": wrong, "method": "phone", "outcome": "wrong_contact"});
        recruiter.post("/api/v1/follow-ups", &call).await.expect(201);
        let lean = create(&colleague, &w.new_customer("孙燕")).await;
        sweep(&w).await;
        let found = listed(&recruiter, "sort=created_at").await;
        assert_eq!(found, [of(&stale, "stale"), of(&wrong, "contact_invalid")]);
        assert_eq!(listed(&colleague, "").await, [of(&lean, "incomplete")]);
        let incomplete = entry(&colleague, &lean, "incomplete").await;
        assert_eq!(incomplete["missing_fields"], json!(["gender", "birth_date", "school", "grade",
            "contact_points", "details.needs", "details.region_code"]));
        assert_eq!((told(&recruiter).await, told(&colleague).await), (vec![2], vec![1]));
        // Nothing new: nobody hears of it again.
        sweep(&w).await;
        assert_eq!(listed(&recruiter, "").await.len(), 2);
        assert_eq!((told(&recruiter).await, told(&colleague).await), (vec![2], vec![1]));
        assert_eq!(listed(&recruiter, "reason=stale").await, [of(&stale, "stale")]);
        let first = recruiter.get(&format!("{ENTRIES}?limit=1")).await.expect(200);
        let cursor = first.json["next_cursor"].as_str().unwrap();
        let second = recruiter.get(&format!("{ENTRIES}?limit=1&cursor={cursor}")).await.expect(200);
        assert_ne!(first.json["items"], second.json["items"]);
        assert_eq!(second.json["next_cursor"], json!(null));
    }

    async fn an_entry_goes_as_soon_as_its_cause_does(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, ALL).await;
        let lean = create(&recruiter, &w.new_customer("孙燕")).await;
        age(&w, &lean, 181).await;
        sweep(&w).await;
        assert_eq!(listed(&recruiter, "").await.len(), 2);
        recruiter.post(&format!("{CUSTOMERS}/{lean}/verify"), &json!(null)).await.expect(200);
        assert_eq!(listed(&recruiter, "").await, [of(&lean, "incomplete")]);
        let path = format!("{CUSTOMERS}/{lean}");
        recruiter.patch(&path, &json!({"gender": "female", "school": "实验小学"})).await.expect(200);
        let left = entry(&recruiter, &lean, "incomplete").await;
        assert_eq!(left["missing_fields"],
            json!(["birth_date", "grade", "contact_points", "details.needs", "details.region_code"]));
        let rest = json!({"birth_date": "2005-05-05", "grade": "四年级", "contact_points": [{"kind": "qq", "value": "10001"}],
            "details": {"needs": "数学提高", "region_code": "110108"}});
        recruiter.patch(&path, &rest).await.expect(200);
        assert!(listed(&recruiter, "").await.is_empty());
        let cleaned = entry(&recruiter, &lean, "incomplete").await;
        assert!(cleaned["state"] == "cleaned" && cleaned["cleaned_at"].is_string());
        assert_eq!(listed(&recruiter, "state=cleaned").await.len(), 2);
        // A later follow-up keeps a record fresh, too.
        age(&w, &lean, 181).await;
        w.execute("UPDATE customer_upkeep SET verified_at = 1 WHERE institution_id = ?",
            vec![w.institution.uuid().into()]).await.unwrap();
        sweep(&w).await;
        assert_eq!(listed(&recruiter, "").await, [of(&lean, "stale")]);
        let call = json!({"customer_id": lean, "method": "phone", "outcome": "interested"});
        recruiter.post("/api/v1/follow-ups", &call).await.expect(201);
        assert!(listed(&recruiter, "").await.is_empty());
    }

    async fn a_record_stays_as_it_is_until_its_day_by_decision(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, ALL).await;
        let lean = create(&recruiter, &w.new_customer("孙燕")).await;
        sweep(&w).await;
        let open = entry(&recruiter, &lean, "incomplete").await;
        let path = format!("{ENTRIES}/{}", open["id"].as_str().unwrap());
        let keep = format!("{path}/keep");
        let kept = recruiter.post(&keep, &json!({"days": 60, "reason": "开学后补充"})).await.expect(200);
        assert_eq!((&kept.json["state"], &kept.json["kept_reason"], &kept.json["kept_by"]),
            (&json!("kept"), &json!("开学后补充"), &json!(recruiter.principal)));
        assert_eq!(recruiter.get(&path).await.expect(200).json, kept.json);
        assert!(listed(&recruiter, "").await.is_empty());
        sweep(&w).await;
        assert_eq!(entry(&recruiter, &lean, "incomplete").await["state"], "kept");
        w.execute("UPDATE cleaning_entries SET kept_until = 1 WHERE institution_id = ?",
            vec![w.institution.uuid().into()]).await.unwrap();
        sweep(&w).await;
        assert_eq!(listed(&recruiter, "").await, [of(&lean, "incomplete")]);
        assert_eq!(told(&recruiter).await, [1, 1]);
        w.as_colleague().post(&keep, &json!({"days": 1, "reason": "不便"})).await.expect_problem(404, "not_found");
    }

    async fn two_who_are_likely_the_same_are_told_to_who_reaches_both(w: World) {
        let (recruiter, colleague, boss) = (w.as_recruiter(), w.as_colleague(), w.as_boss());
        let own = create(&recruiter, &whole_student(&w)).await;
        let twin = create(&recruiter, &whole_student(&w)).await;
        let mut brother = whole_student(&w);
        brother["name"] = json!("李雷");
        brother["birth_date"] = json!("2007-07-07");
        create(&recruiter, &brother).await;
        let mut elsewhere = whole_student(&w);
        elsewhere["name"] = json!("韩梅梅");
        elsewhere["contact_points"] = json!([{"kind": "qq", "value": "10001"}]);
        let apart = create(&recruiter, &elsewhere).await;
        let theirs = create(&colleague, &elsewhere).await;
        sweep(&w).await;
        let found = listed(&recruiter, "reason=duplicate&sort=created_at").await;
        assert_eq!(found, [of(&own, "duplicate"), of(&twin, "duplicate")]);
        assert_eq!(entry(&recruiter, &own, "duplicate").await["duplicate_id"], json!(twin));
        // Nobody learns from the list of somebody beyond reach.
        assert!(listed(&colleague, "").await.is_empty());
        assert_eq!((told(&recruiter).await, told(&colleague).await), (vec![2], vec![]));
        assert_eq!(listed(&boss, "reason=duplicate").await.len(), 4);
        assert_eq!(entry(&boss, &theirs, "duplicate").await["duplicate_id"], json!(apart));
        recruiter.patch(&format!("{CUSTOMERS}/{twin}"), &json!({"name": "王五", "birth_date": "1999-01-01"})).await.expect(200);
        sweep(&w).await;
        assert!(listed(&recruiter, "").await.is_empty());
    }

    async fn the_list_tells_nothing_that_rules_hide_or_that_lies_beyond_reach(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, ALL).await;
        let mut body = whole_student(&w);
        body.as_object_mut().unwrap().remove("school");
        let customer = create(&recruiter, &body).await;
        let call = json!({"customer_id": customer, "method": "phone", "outcome": "wrong_contact"});
        recruiter.post("/api/v1/follow-ups", &call).await.expect(201);
        sweep(&w).await;
        assert_eq!(listed(&recruiter, "").await.len(), 2);
        let id = entry(&recruiter, &customer, "incomplete").await["id"].as_str().unwrap().to_owned();
        let hidden = |field: &str| json!([{"record": "customers", "field": field, "access": "hidden"}]);
        let both = ["customers:read", "customers:write", "follow_ups:read"];
        let reader = reader_with(&w, &both, hidden("school")).await;
        let query = format!("customer_id={customer}");
        assert_eq!(listed(&reader, &query).await, [of(&customer, "contact_invalid")]);
        reader.get(&format!("{ENTRIES}/{id}")).await.expect_problem(404, "not_found");
        let keep = json!({"days": 1, "reason": "不便"});
        reader.post(&format!("{ENTRIES}/{id}/keep"), &keep).await.expect_problem(404, "not_found");
        let reader = reader_with(&w, &both, hidden("contact_points")).await;
        assert_eq!(listed(&reader, &query).await, [of(&customer, "incomplete")]);
        let reader = reader_with(&w, &["customers:read"], json!([])).await;
        assert_eq!(listed(&reader, &query).await, [of(&customer, "incomplete")]);
        assert!(listed(&w.as_stranger(), "").await.is_empty());
        recruiter.post("/api/v1/record-sweeps", &json!(null)).await.expect_problem(403, "permission_missing");
    }

    async fn what_is_hidden_comes_back_with_its_customer_and_goes_with_a_transfer(w: World) {
        let (boss, recruiter, colleague) = (w.as_boss(), w.as_recruiter(), w.as_colleague());
        require(&w, ALL).await;
        let lean = create(&recruiter, &w.new_customer("孙燕")).await;
        sweep(&w).await;
        let path = format!("{CUSTOMERS}/{lean}");
        boss.delete(&path).await.expect(204);
        assert!(listed(&recruiter, "").await.is_empty());
        sweep(&w).await;
        boss.post(&format!("{path}/restore"), &json!(null)).await.expect(200);
        assert_eq!(listed(&recruiter, "").await, [of(&lean, "incomplete")]);
        let transfer = json!({"holder_id": colleague.principal, "reason": "调岗"});
        boss.post(&format!("{path}/transfer"), &transfer).await.expect(200);
        assert!(listed(&recruiter, "").await.is_empty());
        assert_eq!(listed(&colleague, "").await, [of(&lean, "incomplete")]);
    }

    async fn what_lies_in_a_pool_is_told_to_who_configures_records(w: World) {
        let boss = w.as_boss();
        require(&w, ALL).await;
        let mut body = w.new_customer("孙燕");
        body["holder_id"] = json!(w.places.north);
        create(&boss, &body).await;
        sweep(&w).await;
        assert_eq!(told(&boss).await, [1]);
    }

    async fn nothing_is_missing_that_the_institution_does_not_require(w: World) {
        let recruiter = w.as_recruiter();
        let lean = create(&recruiter, &w.new_customer("孙燕")).await;
        sweep(&w).await;
        assert!(listed(&recruiter, "").await.is_empty());
        let refused = w.as_boss().patch("/api/v1/quality-policy", &json!({"required_fields": ["gender", "shoe_size"]})).await;
        assert_eq!(refused.expect(422).errors(), [("#/required_fields/1".to_owned(), "required_field_unknown".to_owned())]);
        require(&w, &["gender"]).await;
        sweep(&w).await;
        assert_eq!(entry(&recruiter, &lean, "incomplete").await["missing_fields"], json!(["gender"]));
    }

    async fn a_decision_about_two_holds_though_one_was_away_in_between(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let own = create(&recruiter, &whole_student(&w)).await;
        let twin = create(&recruiter, &whole_student(&w)).await;
        sweep(&w).await;
        keep(&recruiter, &entry(&recruiter, &own, "duplicate").await, 60).await.expect(200);
        let path = format!("{CUSTOMERS}/{twin}");
        boss.delete(&path).await.expect(204);
        sweep(&w).await;
        boss.post(&format!("{path}/restore"), &json!(null)).await.expect(200);
        // One more of the kind, who is older and in the same hands, is not what was decided about.
        let third = create(&recruiter, &whole_student(&w)).await;
        age(&w, &third, 1).await;
        sweep(&w).await;
        let kept = entry(&recruiter, &own, "duplicate").await;
        assert_eq!((&kept["state"], &kept["duplicate_id"]), (&json!("kept"), &json!(twin)));
        assert_eq!(kept["cleaned_at"], json!(null));
    }

    async fn what_was_decided_holds_though_a_part_of_it_was_filled_in_between(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, &["school", "grade"]).await;
        let lean = create(&recruiter, &w.new_customer("孙燕")).await;
        sweep(&w).await;
        keep(&recruiter, &entry(&recruiter, &lean, "incomplete").await, 60).await.expect(200);
        for grade in [json!("四年级"), json!(null)] {
            recruiter.patch(&format!("{CUSTOMERS}/{lean}"), &json!({"grade": grade})).await.expect(200);
        }
        sweep(&w).await;
        assert_eq!(entry(&recruiter, &lean, "incomplete").await["state"], "kept");
    }

    async fn what_was_decided_holds_for_what_was_found_anew_meanwhile(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        require(&w, &["school", "grade"]).await;
        let mut lean = w.new_customer("孙燕");
        lean["grade"] = json!("四年级");
        let lean = create(&recruiter, &lean).await;
        let own = create(&recruiter, &whole_student(&w)).await;
        let twin = create(&recruiter, &whole_student(&w)).await;
        sweep(&w).await;
        for (customer, reason) in [(&lean, "incomplete"), (&own, "duplicate")] {
            keep(&recruiter, &entry(&recruiter, customer, reason).await, 60).await.expect(200);
        }
        // Both causes go, and something else is found; then they are back alone.
        let path = format!("{CUSTOMERS}/{lean}");
        recruiter.patch(&path, &json!({"school": "实验小学"})).await.expect(200);
        recruiter.patch(&path, &json!({"school": null, "grade": null})).await.expect(200);
        boss.delete(&format!("{CUSTOMERS}/{twin}")).await.expect(204);
        sweep(&w).await;
        create(&recruiter, &whole_student(&w)).await;
        sweep(&w).await;
        assert_eq!(listed(&recruiter, &format!("customer_id={lean}&state=open")).await.len(), 1);
        assert_eq!(listed(&recruiter, &format!("customer_id={own}&state=open")).await.len(), 1);
        recruiter.patch(&path, &json!({"grade": "四年级"})).await.expect(200);
        boss.post(&format!("{CUSTOMERS}/{twin}/restore"), &json!(null)).await.expect(200);
        for _ in 0..2 {
            sweep(&w).await;
            for customer in [&lean, &own] {
                let standing = format!("customer_id={customer}&state=open,kept");
                let standing = recruiter.get(&format!("{ENTRIES}?{standing}")).await.expect(200);
                let states = standing.json["items"].as_array().unwrap().iter().map(|item| &item["state"]);
                assert_eq!(states.collect::<Vec<_>>(), ["kept"], "{}", standing.text);
            }
        }
    }

    async fn two_are_found_among_many_who_share_a_number(w: World) {
        let boss = w.as_boss();
        let data = |number: usize| {
            let mut data = w.new_customer(["赵一", "钱二", "孙三", "李四", "周五", "吴六", "郑七"][number % 7]);
            data["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}]);
            data["birth_date"] = json!(format!("2010-{:02}-{:02}", number / 25 + 1, number % 25 + 1));
            data["holder_id"] = json!(w.places.north);
            data
        };
        let mut all: Vec<Value> = (0..50).map(data).collect();
        all.push(data(49));
        let operations: Vec<_> = all.into_iter().map(|data| json!({"op": "create", "data": data})).collect();
        let made = boss.post("/api/v1/customers/bulk", &json!({"operations": operations, "mode": "all_or_nothing"})).await.expect(200);
        let of = |place: usize| made.json["results"][place]["id"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            sweep(&w).await;
            let mut found = listed(&boss, "reason=duplicate").await;
            found.sort();
            let mut both = [49, 50].map(|place| (of(place), "duplicate".to_owned()));
            both.sort();
            assert_eq!(found, both);
        }
        assert_eq!(entry(&boss, &of(50), "duplicate").await["version"], 1);
    }

    async fn a_record_that_nobody_can_read_keeps_no_other_off_the_list(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, &["school"]).await;
        let broken = create(&recruiter, &w.new_customer("孙燕")).await;
        let mut body = w.new_customer("李雷");
        body["contact_points"] = json!([{"kind": "qq", "value": "10001"}]);
        let sound = create(&recruiter, &body).await;
        let (one, other): (uuid::Uuid, uuid::Uuid) = (broken.parse().unwrap(), sound.parse().unwrap());
        w.execute("UPDATE customers SET contacts = (SELECT o.contacts FROM customers o WHERE o.id = ?) WHERE id = ?",
            vec![other.into(), one.into()]).await.unwrap();
        sweep(&w).await;
        w.execute("UPDATE customers SET contacts = NULL WHERE id = ?", vec![one.into()]).await.unwrap();
        assert_eq!(listed(&recruiter, "").await, [of(&sound, "incomplete")]);
        sweep(&w).await;
        assert_eq!(listed(&recruiter, "sort=created_at").await.len(), 2);
    }

    async fn nobody_is_refused_for_a_sweep_and_no_sweep_ends_for_anybody(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, &["school", "grade"]).await;
        let mut customers = Vec::new();
        for name in ["孙燕", "李雷", "王芳", "赵云"] {
            customers.push(create(&recruiter, &w.new_customer(name)).await);
        }
        sweep(&w).await;
        let write = async |customer: &String| {
            let listed = entry(&recruiter, customer, "incomplete").await;
            let path = format!("{CUSTOMERS}/{customer}");
            for round in 1..4 {
                keep(&recruiter, &listed, round).await.expect(200);
                recruiter.patch(&path, &json!({"note": format!("第{round}次")})).await.expect(200);
            }
            recruiter.patch(&path, &json!({"school": "实验小学", "grade": "四年级"})).await.expect(200);
        };
        let writes = futures_util::future::join_all(customers.iter().map(write));
        let sweeps = async {
            for _ in 0..4 {
                require(&w, &["gender", "school", "grade"]).await;
                sweep(&w).await;
                require(&w, &["school", "grade"]).await;
                sweep(&w).await;
            }
        };
        futures_util::future::join(writes, sweeps).await;
        sweep(&w).await;
        assert!(listed(&recruiter, "state=open,kept").await.is_empty());
    }

    async fn the_trail_tells_neither_what_is_missing_nor_who_is_the_same(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        require(&w, &["details.needs"]).await;
        let mut body = whole_student(&w);
        body["details"] = json!({});
        let own = create(&recruiter, &body).await;
        let twin = create(&w.as_colleague(), &body).await;
        sweep(&w).await;
        for reason in ["incomplete", "duplicate"] {
            let listed = entry(&boss, &own, reason).await;
            let list = format!("/api/v1/audit-events?target_id={}", listed["id"].as_str().unwrap());
            let event = boss.get(&list).await.expect(200).ids().remove(0);
            let told = boss.get(&format!("/api/v1/audit-events/{event}")).await.expect(200);
            assert!(!told.text.contains("details.needs"), "{}", told.text);
            let changes = told.json["changes"].as_array().unwrap().iter();
            let of_own = changes.filter(|change| change["after"]["customer_id"] == json!(own));
            assert!(of_own.clone().count() > 0 && of_own.clone().all(|change| !change.to_string().contains(&twin)), "{}", told.text);
        }
    }

    async fn a_field_that_a_stage_demands_is_told_to_who_knows_the_stage(w: World) {
        let recruiter = w.as_recruiter();
        require(&w, &["custom_fields"]).await;
        let customer = create(&recruiter, &w.new_customer("孙燕")).await;
        let field = json!({"entity": "customer", "code": "way", "name": "上学方式", "type": "text", "required_at": ["lead"]});
        w.as_boss().post("/api/v1/custom-fields", &field).await.expect(201);
        sweep(&w).await;
        assert_eq!(entry(&recruiter, &customer, "incomplete").await["missing_fields"], json!(["custom_fields.way"]));
        for field in ["stage", "custom_fields"] {
            let hidden = json!([{"record": "customers", "field": field, "access": "hidden"}]);
            let reader = reader_with(&w, &["customers:read"], hidden).await;
            assert!(listed(&reader, "").await.is_empty(), "{field}");
        }
        recruiter.patch(&format!("{CUSTOMERS}/{customer}"), &json!({"custom_fields": {"way": "校车"}})).await.expect(200);
        assert!(listed(&recruiter, "").await.is_empty());
    }
}
