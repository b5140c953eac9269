//! The main job from end to end, and what goes wrong on the way.

use tests::{Answer, Value, World, json};

use super::Transcript;

/// Somebody at a desk, whose every answer is noted.
struct Desk<'a> {
    w: &'a World,
    told: &'a mut Transcript,
}

impl Desk<'_> {
    async fn get(&mut self, who: &str, path: &str) -> Answer {
        let answer = self.w.actor(who).get(&format!("/api/v1{path}")).await;
        self.told.note(&format!("{who}: {path}"), &answer);
        answer
    }

    async fn post(&mut self, who: &str, path: &str, body: Value) -> Answer {
        let answer = self
            .w
            .actor(who)
            .post(&format!("/api/v1{path}"), &body)
            .await;
        self.told.note(&format!("{who}: {path} {body}"), &answer);
        answer
    }

    async fn patch(&mut self, who: &str, path: &str, etag: &str, body: Value) {
        let path = format!("/api/v1{path}");
        let answer = self.w.actor(who).patch_if(&path, etag, &body).await;
        self.told
            .note(&format!("{who}: {path} {etag} {body}"), &answer);
    }

    async fn student(&mut self, name: &str) -> String {
        let body = self.w.new_customer(name);
        self.post("recruiter", "/customers", body).await.id()
    }
}

fn cny(minor: i64) -> Value {
    json!({"amount_minor": minor, "currency": "CNY"})
}

pub(super) async fn play(w: &World, told: &mut Transcript) {
    let mut desk = Desk { w, told };
    let (child, other) = (desk.student("张小明").await, desk.student("李雷").await);
    tags(&mut desk, &child, &other).await;
    follow_ups(&mut desk, &child, &other).await;
    let enrollment = enrollments(&mut desk, &child, &other).await;
    payments(&mut desk, &child, &other).await;
    look_back(&mut desk, &child, &enrollment).await;
}

async fn tags(desk: &mut Desk<'_>, child: &str, other: &str) {
    let of_category = json!({"name": "需求偏好"});
    let category = desk
        .post("boss", "/tag-categories", of_category.clone())
        .await;
    desk.post("boss", "/tag-categories", of_category).await;
    let mut made = Vec::new();
    for name in ["数学薄弱", "Ａ班", "a班", "straße", "STRASSE", " ", ""] {
        let body = json!({"name": name, "category_id": category.json["id"]});
        let tag = desk.post("boss", "/tags", body).await;
        made.extend(tag.json["id"].as_str().map(str::to_owned));
    }
    for (customer, tag) in [(child, 0), (child, 1), (child, 0), (other, 0)] {
        let body = json!({"tag_id": made[tag], "reason": "家长反馈"});
        desk.post("recruiter", &format!("/customers/{customer}/tags"), body)
            .await;
    }
    let off = format!("/customers/{other}/tags/{}/take-off", made[0]);
    for _ in 0..2 {
        desk.post("recruiter", &off, json!({"reason": "已解决"}))
            .await;
    }
    for tag in &made {
        desk.get("boss", &format!("/customers?tag_id={tag}")).await;
    }
    for list in [
        "/tags",
        "/tags?limit=2",
        "/tag-categories",
        "/tags?nonsense=1",
    ] {
        desk.get("boss", list).await;
    }
    desk.get("recruiter", &format!("/customers/{child}/tags"))
        .await;
    desk.patch(
        "boss",
        &format!("/tags/{}", made[0]),
        "\"9-0\"",
        json!({"name": "数学"}),
    )
    .await;
    desk.patch(
        "boss",
        &format!("/tags/{}", made[0]),
        "*",
        json!({"name": "数学"}),
    )
    .await;
}

async fn follow_ups(desk: &mut Desk<'_>, child: &str, other: &str) {
    let zone = "Asia/Shanghai";
    let today = desk.w.server.app.clock.now().in_tz(zone).unwrap().date();
    for (customer, outcome, next_on) in [
        (child, "interested", json!(today)),
        (child, "other", json!(null)),
        (other, "interested", json!(today.tomorrow().unwrap())),
        (other, "interested", json!(today.yesterday().unwrap())),
        (other, "nonsense", json!(today)),
        (other, "other", json!("2026-02-30")),
    ] {
        let body = json!({"customer_id": customer, "method": "phone", "outcome": outcome,
            "intent": 4, "content": "周末来试听 😀", "next_on": next_on});
        desk.post("recruiter", "/follow-ups", body).await;
    }
    for list in [
        "/follow-ups",
        "/follow-ups?limit=1",
        "/follow-ups/due",
        "/follow-ups/due?limit=1",
    ] {
        for who in ["recruiter", "colleague", "supervisor", "finance", "boss"] {
            desk.get(who, list).await;
        }
    }
    desk.get("boss", &format!("/follow-ups?customer_id={child}"))
        .await;
}

async fn enrollments(desk: &mut Desk<'_>, child: &str, other: &str) -> String {
    let subject = desk
        .post("boss", "/subjects", json!({"name": "数学"}))
        .await;
    let course = json!({"name": "三年级数学", "subject_id": subject.json["id"],
        "hours_hundredths": 4800, "price": cny(480_000)});
    let mut dear = course.clone();
    dear["price"]["currency"] = json!("USD");
    desk.post("boss", "/courses", dear).await;
    let course = desk.post("boss", "/courses", course).await;
    let north = desk.w.places.north;
    let class = json!({"name": "三年级数学1班", "course_id": course.json["id"], "campus_id": north,
        "capacity": 1, "starts_on": "2026-09-05"});
    let mut crowded = class.clone();
    crowded["capacity"] = json!(0);
    desk.post("boss", "/classes", crowded).await;
    let class = desk.post("boss", "/classes", class).await.id();
    let seat = |customer: &str| json!({"customer_id": customer, "class_id": class});
    let enrollment = desk.post("boss", "/enrollments", seat(child)).await.id();
    for customer in [child, other, "0192f0c1-2222-7000-8000-000000000000"] {
        desk.post("boss", "/enrollments", seat(customer)).await;
    }
    let lesson = json!({"held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30",
        "hours_hundredths": 150});
    let lesson = desk
        .post("boss", &format!("/classes/{class}/lessons"), lesson)
        .await
        .id();
    for status in ["present", "absent", "asleep"] {
        let students = json!([{"enrollment_id": enrollment, "status": status}]);
        let path = format!("/lessons/{lesson}/roll-call");
        desk.post("boss", &path, json!({"students": students}))
            .await;
    }
    for path in [
        format!("/classes/{class}"),
        format!("/classes/{class}/roster"),
        format!("/classes/{class}/lessons"),
        format!("/lessons/{lesson}/roll-call"),
        format!("/enrollments/{enrollment}"),
        format!("/enrollments/{enrollment}/hour-entries"),
        "/enrollments".into(),
        format!("/enrollments?class_id={class}&limit=1"),
    ] {
        for who in ["boss", "teacher", "outsider"] {
            desk.get(who, &path).await;
        }
    }
    enrollment
}

async fn payments(desk: &mut Desk<'_>, child: &str, other: &str) {
    let north = desk.w.places.north;
    let charge = json!({"customer_id": child, "amount": cny(129_900), "description": "教材费"});
    let charge = desk.post("finance", "/charges", charge).await.id();
    for minor in [0, -1, i64::MAX] {
        let body = json!({"customer_id": child, "amount": cny(minor), "description": "教材费"});
        desk.post("finance", "/charges", body).await;
    }
    let pay = |payer: &str, minor: i64| json!({"payer_id": payer, "campus_id": north, "method": "wechat", "amount": cny(minor)});
    let paid = desk.post("finance", "/payments", pay(child, 300_000)).await;
    let spare = desk.post("finance", "/payments", pay(other, 5_000)).await;
    let mut named = pay(child, 100_000);
    named["allocations"] = json!([{"charge_id": charge, "amount": cny(129_901)}]);
    desk.post("finance", "/payments", named).await;
    for (path, body) in [
        (format!("/payments/{}/allocate", spare.id()), json!({})),
        (
            format!("/charges/{charge}/credit"),
            json!({"amount": cny(900), "reason": "优惠"}),
        ),
        (
            format!("/payments/{}/void", paid.id()),
            json!({"reason": "录错"}),
        ),
        (
            format!("/payments/{}/void", paid.id()),
            json!({"reason": "录错"}),
        ),
    ] {
        desk.post("boss", &path, body).await;
    }
    let again = desk.post("finance", "/payments", pay(child, 609_000)).await;
    let receipt = again.json["receipt_id"].as_str().unwrap();
    desk.post(
        "finance",
        &format!("/receipts/{receipt}/print"),
        json!({"parts": 3}),
    )
    .await;
    for path in [
        format!("/payments/{}", paid.id()),
        format!("/payments/{}/receipt", paid.id()),
        format!("/payments/{}/receipt", again.id()),
        format!("/receipts/{receipt}/page?parts=3"),
        format!("/charges/{charge}"),
        format!("/customers/{child}/balance"),
        format!("/customers/{other}/balance"),
        "/charges?limit=2".into(),
        "/payments".into(),
        "/payments?method=cash".into(),
        "/receivables".into(),
        "/receivables/total".into(),
        "/journal-entries".into(),
        "/journal-entries?limit=2&cause=voided,paid".into(),
        format!("/journal-entries?customer_id={other}&business_date[lt]=2026-02-30"),
    ] {
        for who in ["finance", "recruiter", "boss"] {
            desk.get(who, &path).await;
        }
    }
}

async fn look_back(desk: &mut Desk<'_>, child: &str, enrollment: &str) {
    let north = desk.w.places.north;
    for query in ["张", "zxm", "李雷", "nobody"] {
        desk.post("recruiter", "/customers/search", json!({"query": query}))
            .await;
    }
    for path in [
        format!("/customers/{child}"),
        format!("/customers/{child}/timeline"),
        format!("/customers/{child}/timeline?limit=2"),
        format!("/campuses/{north}/day-report"),
        format!("/campuses/{north}/day-report?on=2020-02-30"),
    ] {
        for who in ["manager", "outsider", "employee"] {
            desk.get(who, &path).await;
        }
    }
    for reason in ["nonsense", "moved", "moved"] {
        let path = format!("/enrollments/{enrollment}/withdraw");
        desk.post("boss", &path, json!({"reason": reason})).await;
    }
    desk.get("boss", &format!("/customers/{child}/balance"))
        .await;
}
