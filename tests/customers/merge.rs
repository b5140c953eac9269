//! Two customers who are the same become one; old ids, sums and books hold, and it can be undone.

use futures_util::future::join_all;
use tests::{Actor, Answer, Value, World, both, chance::Chance, json};

pub(super) fn path(id: &str) -> String {
    format!("/api/v1/customers/{id}")
}

pub(super) async fn take_in(w: &World, name: &str, more: Value) -> String {
    let mut body = w.new_customer(name);
    body["holder_id"] = json!(w.as_recruiter().principal);
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = w
        .as_boss()
        .post("/api/v1/customers", &body)
        .await
        .expect(201);
    made.id()
}

/// Merges two as they are now.
pub(crate) async fn merge(actor: &Actor, survivor: &str, duplicate: &str) -> Answer {
    let version = async |id: &str| actor.get(&path(id)).await.json["version"].clone();
    let body = json!({
        "duplicate_id": duplicate, "version": version(survivor).await,
        "duplicate_version": version(duplicate).await, "reason": "同一学员",
    });
    actor
        .post(&format!("{}/merge", path(survivor)), &body)
        .await
}

pub(crate) async fn undo(actor: &Actor, merge: &str) -> Answer {
    let undo = format!("/api/v1/customer-merges/{merge}/undo");
    actor.post(&undo, &json!(null)).await
}

async fn charge(w: &World, customer: &str, minor: i64) -> String {
    let body = json!({"customer_id": customer, "description": "学费", "amount": {"amount_minor": minor, "currency": "CNY"}});
    w.as_boss()
        .post("/api/v1/charges", &body)
        .await
        .expect(201)
        .id()
}

async fn pay(w: &World, customer: &str, minor: i64) -> Answer {
    let body = json!({"payer_id": customer, "campus_id": w.places.north, "method": "cash",
        "amount": {"amount_minor": minor, "currency": "CNY"}});
    w.as_boss()
        .post("/api/v1/payments", &body)
        .await
        .expect(201)
}

async fn follow_up(w: &World, customer: &str, next_on: Option<&str>) -> String {
    let mut body = json!({"customer_id": customer, "method": "phone", "outcome": "interested"});
    if let Some(day) = next_on {
        body["next_on"] = json!(day);
    }
    w.as_boss()
        .post("/api/v1/follow-ups", &body)
        .await
        .expect(201)
        .id()
}

/// Sums of a customer's balance, without whose it is and when.
async fn balance(w: &World, customer: &str) -> Vec<i64> {
    let read = w
        .as_boss()
        .get(&format!("{}/balance", path(customer)))
        .await
        .expect(200);
    let sums = ["charged", "credited", "paid", "outstanding", "credit"];
    sums.iter()
        .map(|sum| read.json[*sum]["amount_minor"].as_i64().unwrap())
        .collect()
}

async fn listed(w: &World, list: &str) -> Vec<String> {
    let mut ids = w
        .as_boss()
        .get(&format!("/api/v1/{list}"))
        .await
        .expect(200)
        .ids();
    ids.sort();
    ids
}

fn both_of(one: &[String], other: &[String]) -> Vec<String> {
    let mut all = [one, other].concat();
    all.sort();
    all
}

fn total(one: &[i64], other: &[i64]) -> Vec<i64> {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

/// What lists show of a customer.
async fn records(w: &World, id: &str) -> Vec<Vec<String>> {
    let lists = [
        format!("follow-ups?customer_id={id}"),
        format!("enrollments?customer_id={id}"),
        format!("charges?customer_id={id}"),
        format!("charges?payer_id={id}"),
        format!("payments?payer_id={id}"),
        format!("journal-entries?customer_id={id}"),
        format!("customers/{id}/relations"),
        format!("customers/{id}/files"),
    ];
    let mut all = Vec::new();
    for list in lists {
        all.push(listed(w, &list).await);
    }
    all
}

async fn enroll(w: &World, student: &str) -> String {
    let class = w.open_class(json!({})).await;
    w.enroll(student, &class).await.expect(201).id()
}

/// Business of every kind.
async fn business(w: &World, id: &str) {
    let boss = w.as_boss();
    follow_up(w, id, None).await;
    enroll(w, id).await;
    charge(w, id, 5_000).await;
    pay(w, id, 300_000).await;
    let guardian = take_in(w, "王芳", json!({"kind": "guardian"})).await;
    let relation = json!({"role": "guardian", "relative_id": guardian});
    boss.post(&format!("{}/relations", path(id)), &relation)
        .await
        .expect(201);
    let files = format!("{}/files", path(id));
    boss.upload(&files, "notes.txt", b"some notes")
        .await
        .expect(201);
}

both! {
    async fn what_both_have_is_the_survivors_and_the_old_id_stands_for_it_everywhere(w: World) {
        let boss = w.as_boss();
        let phone = |number: &str| json!([{"kind": "phone", "value": number}]);
        let survivor = take_in(&w, "张伟", json!({"school": "实验小学", "contact_points": phone("13800138001")})).await;
        let duplicate = take_in(&w, "张玮", json!({"school": "第二小学", "birth_date": "2009-09-01", "contact_points": phone("13800138002")})).await;
        for id in [&survivor, &duplicate] {
            business(&w, id).await;
        }
        let (a, b) = (records(&w, &survivor).await, records(&w, &duplicate).await);
        let sums = total(&balance(&w, &survivor).await, &balance(&w, &duplicate).await);

        let preview = boss.post(&format!("{}/merge-preview", path(&survivor)), &json!({"duplicate_id": duplicate})).await.expect(200);
        assert_eq!(preview.json["conflicts"], json!([
            {"field": "name", "survivor": "张伟", "duplicate": "张玮"},
            {"field": "school", "survivor": "实验小学", "duplicate": "第二小学"},
        ]));
        assert_eq!(preview.json["obstacles"], json!([]));
        let moves = preview.json["moves"].clone();

        let body = json!({"duplicate_id": duplicate, "version": preview.json["survivor"]["version"],
            "duplicate_version": preview.json["duplicate"]["version"], "reason": "同一学员",
            "choices": [{"field": "school", "from": "duplicate"}]});
        let made = boss.post(&format!("{}/merge", path(&survivor)), &body).await.expect(201);
        assert_eq!(made.json["moved"], moves, "the preview tells what happens");

        let now = boss.get(&path(&duplicate)).await.expect(200);
        assert_eq!(now.json["id"], json!(survivor));
        assert_eq!(now.text, boss.get(&path(&survivor)).await.text);
        assert_eq!((&now.json["name"], &now.json["school"], &now.json["birth_date"]),
            (&json!("张伟"), &json!("第二小学"), &json!("2009-09-01")));
        assert_eq!(now.json["contact_points"].as_array().unwrap().len(), 2);
        let all: Vec<_> = a.iter().zip(&b).map(|(a, b)| both_of(a, b)).collect();
        for id in [&survivor, &duplicate] {
            assert_eq!(records(&w, id).await, all);
            assert_eq!(balance(&w, id).await, sums);
        }
        let timeline = boss.get(&format!("{}/timeline?limit=200", path(&duplicate))).await.expect(200);
        // What the duplicate was taken in with is a collection of the survivor's now.
        assert_eq!(timeline.json["items"].as_array().unwrap().len(), 2 * 5 + 1);

        // Writes that name the old id are the survivor's.
        let said = follow_up(&w, &duplicate, None).await;
        let said = boss.get(&format!("/api/v1/follow-ups/{said}")).await.expect(200);
        assert_eq!(said.json["customer_id"], json!(survivor));
        boss.patch(&path(&duplicate), &json!({"intent": 4})).await.expect(200);
        assert_eq!(boss.get(&path(&survivor)).await.json["intent"], 4);
        let charged = charge(&w, &duplicate, 700).await;
        let charged = boss.get(&format!("/api/v1/charges/{charged}")).await.expect(200);
        assert_eq!((&charged.json["customer_id"], &charged.json["payer_id"]), (&json!(survivor), &json!(survivor)));
        // It is found by what either was reached by, and is there once.
        for number in ["13800138001", "13800138002"] {
            let found = boss.post("/api/v1/customers/search", &json!({"query": number})).await.expect(200);
            assert_eq!(found.ids(), std::slice::from_ref(&survivor));
        }
        boss.post(&format!("{}/restore", path(&duplicate)), &json!(null)).await.expect_problem(409, "customer_not_deleted");
        // In other hands the old id goes along.
        let to = json!({"holder_id": w.places.south, "campus_id": w.places.south, "reason": "搬家"});
        boss.post(&format!("{}/transfer", path(&duplicate)), &to).await.expect(200);
        assert_eq!(w.actor("southerner").get(&path(&duplicate)).await.expect(200).json["id"], json!(survivor));
        w.as_recruiter().get(&path(&duplicate)).await.expect(404);
        w.server.settle().await;
        let events = boss.get("/api/v1/events?type=customer.merged").await.expect(200);
        assert_eq!(events.json["items"].as_array().unwrap().len(), 2);
        let merges = boss.get(&format!("{}/merges", path(&duplicate))).await.expect(200);
        assert_eq!(merges.ids(), [made.id()]);
    }

    async fn details_go_along_and_come_back(w: World) {
        let boss = w.as_boss();
        let details = |tier: &str, hobby: &str| json!({"details": {"membership_tier": tier, "hobbies": [hobby]}});
        let survivor = take_in(&w, "张伟", details("金卡", "篮球")).await;
        let mut more = details("银卡", "画画");
        more["details"]["needs"] = json!("数学提高");
        let duplicate = take_in(&w, "张伟", more).await;
        let of = async |id: &str| boss.get(&format!("{}?expand=details", path(id))).await.expect(200).json["details"].clone();
        let (a, b) = (of(&survivor).await, of(&duplicate).await);
        let preview = boss.post(&format!("{}/merge-preview", path(&survivor)), &json!({"duplicate_id": duplicate})).await.expect(200);
        assert_eq!(preview.json["conflicts"], json!([{"field": "details.membership_tier", "survivor": "金卡", "duplicate": "银卡"}]));
        let made = merge(&boss, &survivor, &duplicate).await.expect(201);
        let both = of(&survivor).await;
        assert_eq!((&both["membership_tier"], &both["hobbies"], &both["needs"]),
            (&json!("金卡"), &json!(["篮球", "画画"]), &json!("数学提高")));
        undo(&boss, &made.id()).await.expect(200);
        assert_eq!((of(&survivor).await, of(&duplicate).await), (a, b));
    }

    async fn whatever_is_read_of_a_customer_is_read_by_an_old_id_too(w: World) {
        let boss = w.as_boss();
        let (survivor, duplicate) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张玮", json!({})).await);
        for id in [&survivor, &duplicate] {
            business(&w, id).await;
            let refused = json!({"purpose": "photos", "decision": "withdrawn"});
            boss.post(&format!("{}/consents", path(id)), &refused).await.expect(201);
            let met = json!({"source_channel": "hotline", "event": "开放日"});
            boss.post(&format!("{}/collections", path(id)), &met).await.expect(201);
        }
        merge(&boss, &survivor, &duplicate).await.expect(201);
        let mut read = 0;
        for operation in w.server.contract.callable() {
            if operation.method != "GET" || operation.path_ids != ["customer_id"] {
                continue;
            }
            let by = async |id: &str| {
                let path = operation.template.replace("{customer_id}", id);
                let mut told = boss.get(&path).await.expect(200).json;
                if let Some(told) = told.as_object_mut() {
                    told.remove("evaluated_at");
                }
                told
            };
            assert_eq!(by(&duplicate).await, by(&survivor).await, "{}", operation.id);
            read += 1;
        }
        assert!(read > 8, "{read}");
    }

    async fn an_undone_merge_leaves_both_as_they_were(w: World) {
        let boss = w.as_boss();
        let survivor = take_in(&w, "张伟", json!({"note": "先来"})).await;
        let duplicate = take_in(&w, "张玮", json!({"note": "后到", "holder_id": w.as_colleague().principal})).await;
        for id in [&survivor, &duplicate] {
            business(&w, id).await;
        }
        let was = async |id: &str| {
            let read = boss.get(&path(id)).await.expect(200);
            let mut shown = read.json;
            for passing in ["version", "updated_at"] {
                shown[passing].take();
            }
            (shown, records(&w, id).await, balance(&w, id).await)
        };
        let before = (was(&survivor).await, was(&duplicate).await);
        let made = merge(&boss, &survivor, &duplicate).await.expect(201);
        let undone = undo(&boss, &made.id()).await.expect(200);
        assert!(!undone.json["undone_at"].is_null());
        assert_eq!((was(&survivor).await, was(&duplicate).await), before);
        w.as_colleague().get(&path(&duplicate)).await.expect(200);
        undo(&boss, &made.id()).await.expect_problem(409, "merge_undone");
        // And once more, the other way round.
        let again = merge(&boss, &duplicate, &survivor).await.expect(201);
        undo(&boss, &again.id()).await.expect(200);
        assert_eq!((was(&survivor).await, was(&duplicate).await), before);
    }

    async fn what_was_built_on_a_merge_stands_in_the_way_of_undoing_it(w: World) {
        let boss = w.as_boss();
        let (survivor, duplicate) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
        let owed = charge(&w, &duplicate, 5_000).await;
        let made = merge(&boss, &survivor, &duplicate).await.expect(201).id();
        pay(&w, &survivor, 1_000).await;
        let paid = boss.get(&format!("/api/v1/charges/{owed}")).await.expect(200);
        assert_eq!(paid.json["paid"]["amount_minor"], 1_000);
        let refused = undo(&boss, &made).await.expect_problem(409, "merge_obstructed");
        assert!(refused.text.contains("records_used"), "{}", refused.text);

        let (survivor, duplicate) = (take_in(&w, "李雷", json!({})).await, take_in(&w, "李雷", json!({})).await);
        let made = merge(&boss, &survivor, &duplicate).await.expect(201).id();
        let other = take_in(&w, "李雷", json!({})).await;
        let later = merge(&boss, &other, &survivor).await.expect(201).id();
        assert_eq!(boss.get(&path(&duplicate)).await.expect(200).json["id"], json!(other));
        let refused = undo(&boss, &made).await.expect_problem(409, "merge_obstructed");
        assert!(refused.text.contains("merged_since"), "{}", refused.text);
        undo(&boss, &later).await.expect(200);
        assert_eq!(boss.get(&path(&duplicate)).await.expect(200).json["id"], json!(survivor));
        let refused = undo(&boss, &made).await.expect_problem(409, "merge_obstructed");
        assert!(refused.text.contains("survivor_changed"), "{}", refused.text);
    }

    async fn what_stands_in_the_way_of_a_merge_is_named_before_and_refused(w: World) {
        let boss = w.as_boss();
        let (a, b) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
        let guardian = take_in(&w, "张伟", json!({"kind": "guardian"})).await;
        let class = w.open_class(json!({})).await;
        for id in [&a, &b] {
            w.enroll(id, &class).await.expect(201);
        }
        for (other, obstacle) in [(&guardian, "different_kinds"), (&b, "same_class")] {
            let preview = boss.post(&format!("{}/merge-preview", path(&a)), &json!({"duplicate_id": other})).await.expect(200);
            assert_eq!(preview.json["obstacles"], json!([obstacle]));
            let refused = merge(&boss, &a, other).await.expect_problem(409, "merge_obstructed");
            assert!(refused.text.contains(obstacle), "{}", refused.text);
        }
        merge(&boss, &a, &a).await.expect(422);
        let stale = json!({"duplicate_id": b, "version": 9, "duplicate_version": 1, "reason": "同一学员"});
        let (c, d) = (take_in(&w, "李雷", json!({})).await, take_in(&w, "李雷", json!({})).await);
        let mut body = stale.clone();
        body["duplicate_id"] = json!(d);
        boss.post(&format!("{}/merge", path(&c)), &body).await.expect_problem(412, "version_stale");
        // Both within reach of whoever merges.
        let far = take_in(&w, "李雷", json!({"campus_id": w.places.south, "holder_id": w.places.south})).await;
        let manager = w.as_manager();
        let body = json!({"duplicate_id": far, "version": 1, "duplicate_version": 1, "reason": "同一学员"});
        let refused = manager.post(&format!("{}/merge", path(&c)), &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/duplicate_id".to_owned(), "unknown_reference".to_owned())]);
        let body = json!({"duplicate_id": c, "version": 1, "duplicate_version": 1, "reason": "同一学员"});
        manager.post(&format!("{}/merge", path(&far)), &body).await.expect(404);
        w.as_recruiter().post(&format!("{}/merge", path(&c)), &body).await.expect(403);
    }

    async fn what_both_have_alike_is_kept_once_and_a_customer_is_due_once(w: World) {
        let boss = w.as_boss();
        let (a, b) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
        let guardian = take_in(&w, "王芳", json!({"kind": "guardian"})).await;
        let tag = w.fixture(w.institution, "tag_id").await.unwrap();
        for id in [&a, &b] {
            boss.post(&format!("{}/tags", path(id)), &json!({"tag_id": tag})).await.expect(201);
            boss.post(&format!("{}/relations", path(id)), &json!({"role": "guardian", "relative_id": guardian})).await.expect(201);
        }
        boss.post(&format!("{}/relations", path(&a)), &json!({"role": "sibling", "relative_id": b})).await.expect(201);
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let today = w.server.app.clock.now().to_zoned(zone).date();
        let (soon, later) = (today.to_string(), today.tomorrow().unwrap().to_string());
        follow_up(&w, &a, Some(&later)).await;
        let due = follow_up(&w, &b, Some(&soon)).await;
        let made = merge(&boss, &a, &b).await.expect(201).id();
        let tags = boss.get(&path(&b)).await.expect(200).json["tags"].clone();
        assert_eq!(tags.as_array().unwrap().len(), 1);
        let relations = boss.get(&format!("{}/relations", path(&b))).await.expect(200);
        assert_eq!(relations.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(relations.json["items"][0]["relative_id"], json!(guardian));
        let open: Vec<_> = boss.get(&format!("/api/v1/follow-ups?customer_id={a}")).await.json["items"].as_array().unwrap()
            .iter().filter(|said| said["is_open"] == true).map(|said| said["id"].clone()).collect();
        assert_eq!(open, [json!(due)]);
        undo(&boss, &made).await.expect(200);
        for id in [&a, &b] {
            let read = boss.get(&path(id)).await.expect(200);
            assert_eq!(read.json["tags"].as_array().unwrap().len(), 1);
            let relations = boss.get(&format!("{}/relations", path(id))).await.expect(200);
            assert_eq!(relations.json["items"].as_array().unwrap().len(), 2);
            let said = boss.get(&format!("/api/v1/follow-ups?customer_id={id}")).await.expect(200);
            assert_eq!(said.json["items"][0]["is_open"], true);
        }
    }

    async fn of_merges_in_both_directions_and_other_business_at_once_nothing_is_lost(w: World) {
        for round in 0..4 {
            let boss = w.as_boss();
            let (a, b) = (take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await);
            let class = w.open_class(json!({})).await;
            for id in [&a, &b] {
                charge(&w, id, 10_000).await;
            }
            let body = |other: &str| json!({"duplicate_id": other, "version": 1, "duplicate_version": 1, "reason": "同一学员"});
            let payment = json!({"payer_id": b, "campus_id": w.places.north, "method": "cash", "amount": {"amount_minor": 3_000, "currency": "CNY"}});
            let to = json!({"holder_id": w.as_colleague().principal, "reason": "交接"});
            let calls = [
                (format!("{}/merge", path(&a)), body(&b)),
                (format!("{}/merge", path(&b)), body(&a)),
                ("/api/v1/payments".to_owned(), payment.clone()),
                ("/api/v1/enrollments".to_owned(), json!({"customer_id": b, "class_id": class})),
                (format!("{}/transfer", path(if round % 2 == 0 { &a } else { &b })), to),
                ("/api/v1/follow-ups".to_owned(), json!({"customer_id": a, "method": "phone", "outcome": "other"})),
            ];
            let answers = join_all(calls.iter().map(|(path, body)| boss.post(path, body))).await;
            let merged = answers[..2].iter().filter(|answer| answer.status == 201).count();
            assert!(merged <= 1, "only one of both directions");
            for answer in &answers[..2] {
                assert!([201, 412, 422].contains(&answer.status), "{}", answer.text);
            }
            for answer in &answers[2..] {
                assert!(answer.is_success(), "{}", answer.text);
            }
            let now = [boss.get(&path(&a)).await.expect(200), boss.get(&path(&b)).await.expect(200)];
            assert_eq!(now[0].json["id"] == now[1].json["id"], merged == 1);
            let sums = if merged == 1 { balance(&w, &a).await } else { total(&balance(&w, &a).await, &balance(&w, &b).await) };
            assert_eq!((sums[0], sums[2] + sums[4]), (20_000 + 480_000, 3_000), "{sums:?}");
        }
    }

    async fn whatever_happens_to_both_a_merge_and_its_undoing_keep_all_sums(w: World) {
        let boss = w.as_boss();
        for seed in 1..=4 {
            let mut chance = Chance::new(seed);
            let ids = [take_in(&w, "张伟", json!({})).await, take_in(&w, "张伟", json!({})).await];
            let mut charges = Vec::new();
            for _ in 0..12 {
                let id = chance.pick(&ids).clone();
                match chance.below(5) {
                    0 => charges.push(charge(&w, &id, 1_000 + i64::try_from(chance.below(9_000)).unwrap()).await),
                    1 => { pay(&w, &id, 500 + i64::try_from(chance.below(5_000)).unwrap()).await; }
                    2 => {
                        let enrollment = enroll(&w, &id).await;
                        if chance.percent(50) {
                            let path = format!("/api/v1/enrollments/{enrollment}/withdraw");
                            boss.post(&path, &json!({"reason": "moved"})).await.expect(200);
                        }
                    }
                    3 => { follow_up(&w, &id, None).await; }
                    _ => {
                        let paid = pay(&w, &id, 700).await.id();
                        let path = format!("/api/v1/payments/{paid}/void");
                        boss.post(&path, &json!({"reason": "录错"})).await.expect(200);
                    }
                }
            }
            let before = [balance(&w, &ids[0]).await, balance(&w, &ids[1]).await];
            let records_before = [records(&w, &ids[0]).await, records(&w, &ids[1]).await];
            let made = merge(&boss, &ids[0], &ids[1]).await.expect(201).id();
            w.server.check_invariants(w.institution).await;
            assert_eq!(balance(&w, &ids[1]).await, total(&before[0], &before[1]), "seed {seed}");
            if chance.percent(50) {
                undo(&boss, &made).await.expect(200);
                w.server.check_invariants(w.institution).await;
                assert_eq!([balance(&w, &ids[0]).await, balance(&w, &ids[1]).await], before, "seed {seed}");
                assert_eq!([records(&w, &ids[0]).await, records(&w, &ids[1]).await], records_before, "seed {seed}");
            } else {
                // Business goes on, on what came along too.
                pay(&w, &ids[1], 20_000).await;
                for charge in &charges {
                    boss.get(&format!("/api/v1/charges/{charge}")).await.expect(200);
                }
                w.server.check_invariants(w.institution).await;
            }
        }
    }
}
