//! Who is kept although the time seems over.

use domain::privacy::RetentionClass;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use persistence::privacy::retention::due::Judge;
use tests::{Actor, World, json};
use uuid::Uuid;

use super::{
    applied, begun_days_ago, buyer, days_later, done, due, let_rules_be_in_force, relate, set,
    sorted,
};
use crate::privacy::{
    erasures::{path, take_in},
    legal_holds::place,
};

/// A day, so many days from now, in China.
fn day(w: &World, days: i64) -> Option<String> {
    let at = w.server.app.clock.now() + SignedDuration::from_hours(24 * days);
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    Some(at.to_zoned(zone).date().to_string())
}

#[test]
fn whoever_is_related_to_somebody_who_stays_is_kept() {
    begun_days_ago(400, |w| async move {
        let boss = w.as_boss();
        let child = buyer(&w, "赵六").await;
        let guardian = async |name: &str| take_in(&w, name, json!({"kind": "guardian"})).await;
        let (custody, lately, long_ago) = (
            guardian("孙丽").await,
            guardian("孙芳").await,
            guardian("孙敏").await,
        );
        relate(&boss, &child, "guardian", &custody, day(&w, 3000)).await;
        relate(&boss, &child, "guardian", &lately, day(&w, 100)).await;
        relate(&boss, &child, "guardian", &long_ago, day(&w, 20)).await;
        // Of any kind and role, and over others who would go.
        let contact = take_in(&w, "周强", json!({})).await;
        relate(&boss, &child, "emergency_contact", &contact, None).await;
        let brought = take_in(&w, "郑爽", json!({})).await;
        relate(&boss, &brought, "referrer", &child, None).await;
        let sibling = take_in(&w, "郑直", json!({})).await;
        relate(&boss, &sibling, "sibling", &brought, None).await;
        let school = take_in(&w, "第一小学", json!({"kind": "school"})).await;
        let pupil = take_in(&w, "冯程", json!({})).await;
        relate(&boss, &pupil, "school", &school, None).await;
        // A family of nobody who stays; one of its members was deleted since.
        let lead = take_in(&w, "张伟", json!({})).await;
        let mother = guardian("陈静").await;
        relate(&boss, &lead, "guardian", &mother, None).await;
        let other = take_in(&w, "韩梅", json!({})).await;
        let father = guardian("韩冬").await;
        relate(&boss, &other, "guardian", &father, None).await;

        let boss = days_later(&w, 400).await;
        boss.delete(&path(&father)).await.expect(204);
        let leads = sorted([&lead, &mother, &long_ago]);
        assert_eq!(due(&boss, "leads", 365).await, leads);
        set(&boss, json!({"leads_days": 365})).await.expect(200);
        let_rules_be_in_force(&w).await;
        assert_eq!(applied(&w, &boss).await, [done("leads", 3)]);
        for kept in [
            &child, &custody, &lately, &contact, &brought, &sibling, &pupil, &other,
        ] {
            boss.get(&path(kept)).await.expect(200);
        }
    });
}

#[test]
fn whoever_somebody_has_worked_with_is_kept() {
    begun_days_ago(400, |w| async move {
        let made: [&str; 8] = [
            "赵一", "钱二", "孙三", "李四", "周五", "吴六", "郑七", "王八",
        ];
        let mut people = Vec::new();
        for name in made {
            people.push(take_in(&w, name, json!({})).await);
        }
        let lost = take_in(&w, "冯九", json!({"stage": "lost"})).await;
        let asker = take_in(&w, "陈十", json!({"kind": "guardian"})).await;
        let past = w.server.app.clock.now() + SignedDuration::from_hours(1);
        let [
            edited,
            restored,
            asked,
            backdated,
            verified,
            related,
            merged,
            control,
        ] = &people[..]
        else {
            unreachable!()
        };
        w.as_boss().delete(&path(restored)).await.expect(204);
        relate(&w.as_boss(), asked, "guardian", &asker, day(&w, 2)).await;

        let boss = days_later(&w, 400).await;
        boss.patch(&path(edited), &json!({"note": "来过电话"}))
            .await
            .expect(200);
        boss.post(&format!("{}/restore", path(restored)), &json!(null))
            .await
            .expect(200);
        // What is answered counts, and who only asks too.
        let body = json!({"customer_id": asked, "kind": "copy"});
        let request = boss
            .post("/api/v1/privacy-requests", &body)
            .await
            .expect(201)
            .id();
        let body = json!({"verdict": "refuse", "reason": "无法核实身份"});
        boss.post(&format!("/api/v1/privacy-requests/{request}/decide"), &body)
            .await
            .expect(200);
        let sql = "UPDATE privacy_requests SET asked_by = ? WHERE institution_id = ?";
        let named: Uuid = asker.parse().unwrap();
        w.execute(sql, vec![named.into(), w.institution.uuid().into()])
            .await
            .unwrap();
        // What is written today of long ago.
        let body = json!({"customer_id": backdated, "method": "phone", "outcome": "considering", "occurred_at": past});
        boss.post("/api/v1/follow-ups", &body).await.expect(201);
        boss.post(&format!("{}/verify", path(verified)), &json!(null))
            .await
            .expect(200);
        let newcomer = boss
            .post("/api/v1/customers", &w.new_customer("褚新"))
            .await
            .expect(201)
            .id();
        relate(&boss, related, "sibling", &newcomer, day(&w, 1)).await;
        let twin = boss
            .post("/api/v1/customers", &w.new_customer("卫新"))
            .await
            .expect(201)
            .id();
        let version = boss.get(&path(merged)).await.json["version"].clone();
        let body = json!({"duplicate_id": twin, "version": version, "duplicate_version": 1, "reason": "同一人"});
        boss.post(&format!("{}/merge", path(merged)), &body)
            .await
            .expect(201);

        assert_eq!(due(&boss, "leads", 365).await, sorted([control]));
        set(
            &boss,
            json!({"leads_days": 365, "deleted_customers_days": 30}),
        )
        .await
        .expect(200);
        let_rules_be_in_force(&w).await;
        assert_eq!(
            applied(&w, &boss).await,
            [done("deleted_customers", 0), done("leads", 1)]
        );
        for kept in people[..7].iter().chain([&lost, &asker]) {
            boss.get(&path(kept)).await.expect(200);
        }
    });
}

#[test]
fn whoever_decided_for_somebody_who_stays_is_kept() {
    begun_days_ago(400, |w| async move {
        let boss = w.as_boss();
        let notice = json!({"purpose": "marketing", "language": "zh-CN", "title": "告知书", "text": "我们这样使用您的信息。"});
        let notice = boss
            .post("/api/v1/privacy-notices", &notice)
            .await
            .expect(201)
            .id();
        let guardian = async |of: &str, name: &str| {
            let made = take_in(&w, name, json!({"kind": "guardian"})).await;
            relate(&boss, of, "guardian", &made, day(&w, 20)).await;
            made
        };
        let decided = async |of: &str, by: &str| {
            let given = json!({"purpose": "marketing", "channel": "phone", "decision": "given", "notice_id": notice,
                "evidence": "表单 1", "decided_by": by});
            let consents = format!("{}/consents", path(of));
            boss.post(&consents, &given).await.expect(201);
        };
        let child = buyer(&w, "赵六").await;
        let (proof, deleted, other) = (
            guardian(&child, "孙丽").await,
            guardian(&child, "孙芳").await,
            guardian(&child, "孙敏").await,
        );
        decided(&child, &proof).await;
        decided(&child, &deleted).await;
        boss.delete(&path(&deleted)).await.expect(204);
        // Of nobody who stays.
        let lead = take_in(&w, "张伟", json!({})).await;
        let mother = guardian(&lead, "陈静").await;
        decided(&lead, &mother).await;
        let revealed = take_in(&w, "周强", json!({})).await;

        let boss = days_later(&w, 400).await;
        let reason = json!({"reason": "回访"});
        boss.post(&format!("{}/reveal", path(&revealed)), &reason)
            .await
            .expect(200);
        let leads = sorted([&lead, &mother, &other]);
        assert_eq!(due(&boss, "leads", 365).await, leads);
        assert!(due(&boss, "deleted_customers", 365).await.is_empty());
    });
}

/// Puts two customers on the record in one transaction.
async fn together(w: &World, names: [&str; 2]) -> [String; 2] {
    let operations = names.map(|name| json!({"op": "create", "data": w.new_customer(name)}));
    let body = json!({"operations": operations, "mode": "all_or_nothing"});
    let made = w.as_boss().post("/api/v1/customers/bulk", &body).await;
    let made = made.expect(200);
    [0, 1].map(|place| {
        made.json["results"][place]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    })
}

#[test]
fn nothing_of_whom_a_hold_stands_on_goes_by_a_rule() {
    begun_days_ago(400, |w| async move {
        let boss = w.as_boss();
        let [held, beside] = together(&w, ["赵一", "钱二"]).await;
        let [free, control] = together(&w, ["孙三", "李四"]).await;
        let ward = take_in(&w, "周五", json!({})).await;
        relate(&boss, &ward, "sibling", &held, day(&w, 5)).await;
        let released = take_in(&w, "吴六", json!({})).await;
        let hold = place(&boss, &released).await.expect(201).id();
        let standing = place(&boss, &held).await.expect(201).id();
        let of_deleted = take_in(&w, "郑七", json!({})).await;
        relate(&boss, &of_deleted, "spouse", &held, day(&w, 5)).await;
        for deleted in [&of_deleted, &control] {
            boss.delete(&path(deleted)).await.expect(204);
        }

        let boss = days_later(&w, 400).await;
        let end = json!({"reason": "已结案"});
        boss.post(&format!("/api/v1/legal-holds/{hold}/release"), &end)
            .await
            .expect(200);
        let records = async || {
            let list = format!("/api/v1/audit-events?target_id={held}");
            boss.get(&list).await.expect(200).ids()
        };
        let told = records().await;
        assert_eq!(due(&boss, "leads", 365).await, sorted([&free]));
        assert_eq!(
            due(&boss, "deleted_customers", 30).await,
            sorted([&control])
        );
        set(
            &boss,
            json!({"leads_days": 365, "deleted_customers_days": 30}),
        )
        .await
        .expect(200);
        let_rules_be_in_force(&w).await;
        assert_eq!(
            applied(&w, &boss).await,
            [done("deleted_customers", 1), done("leads", 1)]
        );
        for kept in [&held, &beside, &ward, &released] {
            boss.get(&path(kept)).await.expect(200);
        }
        assert_eq!(records().await, told);
        for record in told {
            let record = boss
                .get(&format!("/api/v1/audit-events/{record}"))
                .await
                .expect(200);
            assert!(!record.json["changes"].is_null(), "{}", record.text);
        }
        // A hold that ends leaves as much time as there was.
        boss.post(&format!("/api/v1/legal-holds/{standing}/release"), &end)
            .await
            .expect(200);
        assert_eq!(due(&boss, "leads", 365).await, Vec::<String>::new());
    });
}

async fn is_due_by(w: &World, of: RetentionClass, cutoff: Timestamp) -> bool {
    let (db, institution) = (w.server.app.db.clone(), w.institution);
    let judge = Judge {
        institution,
        class: of,
        cutoff,
    };
    let found = async move { judge.window(&db.read(), Uuid::nil()).await };
    let found = w.server.inside(found).await.unwrap();
    found.is_some_and(|window| !window.due.is_empty())
}

async fn at(by: &Actor, customer: &str, field: &str) -> Timestamp {
    let shown = by.get(&path(customer)).await.expect(200);
    shown.json[field].as_str().unwrap().parse().unwrap()
}

tests::both! {
    async fn whoever_has_been_there_so_long_to_the_microsecond_is_due(w: World) {
        let (boss, instant) = (w.as_boss(), SignedDuration::from_micros(1));
        let person = take_in(&w, "张伟", json!({})).await;
        let since = at(&boss, &person, "updated_at").await;
        assert!(is_due_by(&w, RetentionClass::Leads, since).await);
        assert!(!is_due_by(&w, RetentionClass::Leads, since - instant).await);
        boss.delete(&path(&person)).await.expect(204);
        let sql = "SELECT CAST(deleted_at AS text) FROM customers WHERE institution_id = ?";
        let deleted = w.server.texts(sql, vec![w.institution.uuid().into()]).await;
        let since = Timestamp::from_microsecond(deleted[0].parse().unwrap()).unwrap();
        assert!(is_due_by(&w, RetentionClass::DeletedCustomers, since).await);
        assert!(!is_due_by(&w, RetentionClass::DeletedCustomers, since - instant).await);
        assert!(!is_due_by(&w, RetentionClass::Leads, since).await);
    }
}
