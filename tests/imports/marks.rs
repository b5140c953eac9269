//! What a list says of its customers beside the record itself: tags, and when to speak to them next.

use jiff::{Span, civil::Date, tz::TimeZone};
use tests::{Actor, Value, World, both, json};

use super::{import, rows};

const DUE: &str = "/api/v1/follow-ups/due";

/// Tags of these names, in the order of the names.
async fn tags<const N: usize>(w: &World, names: [&str; N]) -> [String; N] {
    let boss = w.as_boss();
    let category = json!({"name": "需求"});
    let made = boss.post("/api/v1/tag-categories", &category).await;
    let category = made.expect(201).id();
    let mut ids = names.map(str::to_owned);
    for id in &mut ids {
        let tag = json!({"name": id, "category_id": category});
        *id = boss.post("/api/v1/tags", &tag).await.expect(201).id();
    }
    ids
}

/// The customer of a row.
fn child(row: &Value) -> &str {
    row["customer_id"].as_str().unwrap()
}

/// The tags of the customer of a row.
async fn put_on(who: &Actor, row: &Value) -> Vec<Value> {
    let path = format!("/api/v1/customers/{}/tags", child(row));
    let list = who.get(&path).await.expect(200);
    list.json["items"].as_array().unwrap().clone()
}

/// The note of the customer of a row.
async fn note(who: &Actor, row: &Value) -> Value {
    let path = format!("/api/v1/customers/{}", child(row));
    who.get(&path).await.expect(200).json["note"].clone()
}

/// A day at the campuses, as many days from today.
fn day(w: &World, from_today: i64) -> Date {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let today = w.server.app.clock.now().to_zoned(zone).date();
    today.saturating_add(Span::new().days(from_today))
}

/// What a spreadsheet counts as this day.
fn serial(day: Date) -> i32 {
    let start = Date::constant(1899, 12, 30);
    start.until(day).unwrap().get_days()
}

/// Somebody at the north campus who may import, and do this besides.
async fn importer(w: &World, name: &str, more: &[(&str, &str)]) -> Actor {
    let boss = w.as_boss();
    let needed = [("imports:run", "campus"), ("customers:read", "campus")];
    let permissions = needed.iter().chain(more);
    let permissions: Vec<_> = permissions
        .map(|(code, reach)| json!({"permission": code, "reach": reach}))
        .collect();
    let role = json!({"name": name, "permissions": permissions});
    let role = boss.post("/api/v1/roles", &role).await.expect(201).id();
    let actor = w.hire(&[], w.places.north, None).await;
    let roles = format!("/api/v1/staff/{}/roles", actor.principal);
    let given = json!({"role_ids": [role]});
    boss.put(&roles, &given).await.expect(200);
    actor
}

both! {
    async fn tags_that_are_there_are_put_on_and_other_names_go_into_the_note(w: World) {
        let boss = w.as_boss();
        let [vip, price, old] = tags(&w, ["VIP", "价格 敏感", "旧标签"]).await;
        boss.post(&format!("/api/v1/tags/{old}/archive"), &json!(null)).await.expect(200);
        let list = "姓名,标签,备注\n\
            张伟,价格敏感、火星/ｖｉｐ；VIP，木星,好\n\
            李娜,旧标签,\n\
            王芳,无,\n\
            赵敏,\"vip\n价格敏感\",\n\
            孙丽,,\n";
        let done = import(&w, &boss, list, "commit").await;
        let rows = rows(&boss, &done).await;
        let unread: Vec<_> = rows.iter().map(|row| row["unread"].clone()).collect();
        assert_eq!(unread, [json!(["tags"]), json!(["tags"]), json!([]), json!([]), json!([])]);
        let first = put_on(&boss, &rows[0]).await;
        let ids: Vec<_> = first.iter().map(|one| one["tag_id"].as_str().unwrap()).collect();
        assert_eq!(ids, [&price, &vip]);
        for one in &first {
            assert_eq!(one["put_on_by"], json!(boss.principal));
            assert_eq!(one["put_on_reason"], format!("import:{}", done.id()));
        }
        for (row, tags) in [(1, 0), (2, 0), (3, 2), (4, 0)] {
            assert_eq!(put_on(&boss, &rows[row]).await.len(), tags, "row {row}");
        }
        let mut notes = Vec::new();
        for row in &rows {
            notes.push(note(&boss, row).await);
        }
        assert_eq!(notes, [json!("好\n标签：火星、木星"), json!("标签：旧标签"), json!(null), json!(null), json!(null)]);
        // As if put on by hand: they lead to the customer, and stand on its timeline.
        let led = boss.get(&format!("/api/v1/customers?tag_id={price}&sort=created_at")).await.expect(200);
        assert_eq!(led.ids(), [child(&rows[0]), child(&rows[3])]);
        let timeline = boss.get(&format!("/api/v1/customers/{}/timeline", child(&rows[3]))).await.expect(200);
        let texts: Vec<_> = timeline.json["items"].as_array().unwrap().iter().map(|one| one["text"].clone()).collect();
        assert!(texts.contains(&json!("VIP")) && texts.contains(&json!("价格 敏感")), "{}", timeline.text);
    }

    async fn next_dates_become_due_in_the_campus_s_day(w: World) {
        let boss = w.as_boss();
        let (today, soon) = (day(&w, 0), day(&w, 3));
        let list = format!(
            "姓名,下次跟进时间\n张伟,{}\n李娜,{}\n王芳,{} 10:30\n赵敏,{}\n孙丽,{}\n周杰,下周 三\n吴刚,无\n",
            today.strftime("%Y年%-m月%-d日"), serial(soon), soon.strftime("%Y/%-m/%-d"), day(&w, -1), day(&w, 800),
        );
        let rows = rows(&boss, &import(&w, &boss, &list, "commit").await).await;
        let unread: Vec<_> = rows.iter().map(|row| row["unread"] == json!(["next_follow_up_on"])).collect();
        assert_eq!(unread, [false, false, false, true, true, true, false]);
        let due = boss.get(DUE).await.expect(200);
        let one = due.json["items"][0].clone();
        assert_eq!((due.ids().len(), &one["customer_id"]), (1, &rows[0]["customer_id"]));
        assert_eq!((&one["next_on"], &one["outcome"], &one["author_id"]), (&json!(today), &json!("planned"), &json!(boss.principal)));
        assert_eq!((&one["is_open"], &one["is_overdue"], &one["content"]), (&json!(true), &json!(false), &json!(null)));
        for row in &rows[1..3] {
            let planned = boss.get(&format!("/api/v1/follow-ups?customer_id={}", child(row))).await.expect(200);
            assert_eq!((planned.ids().len(), &planned.json["items"][0]["next_on"]), (1, &json!(soon)));
        }
        let mut notes = Vec::new();
        for row in &rows[2..] {
            notes.push(note(&boss, row).await);
        }
        let kept = |text: String| json!(format!("下次跟进：{text}"));
        assert_eq!(notes, [json!(null), kept(day(&w, -1).to_string()), kept(day(&w, 800).to_string()), kept("下周 三".into()), json!(null)]);
        // The pool holds them: whoever sees the campus sees them due, and no day counts them as done.
        assert_eq!(w.as_manager().get(DUE).await.expect(200).ids(), due.ids());
        assert!(w.as_recruiter().get(DUE).await.expect(200).ids().is_empty());
        let report = boss.get(&format!("/api/v1/campuses/{}/day-report", w.places.north)).await.expect(200);
        assert_eq!(report.json["follow_ups"], json!({"done": 0, "due": 1}));
        // What is said to the customer settles it.
        let said = json!({"customer_id": child(&rows[0]), "method": "phone", "outcome": "interested"});
        boss.post("/api/v1/follow-ups", &said).await.expect(201);
        assert!(boss.get(DUE).await.expect(200).ids().is_empty());
    }

    async fn an_importer_puts_on_what_it_could_put_on_by_hand(w: World) {
        let boss = w.as_boss();
        tags(&w, ["VIP"]).await;
        for (place, (more, tagged, planned)) in [
            (&[][..], false, false),
            // The pool holds what is new: what reaches one's own customers does not reach these.
            (&[("tags:read", "campus"), ("tags:write", "own"), ("follow_ups:write", "own")], false, false),
            (&[("tags:write", "campus")], true, false),
            (&[("follow_ups:write", "campus")], false, true),
        ].into_iter().enumerate() {
            let actor = importer(&w, &format!("导入员{place}"), more).await;
            let list = format!("姓名,标签,下次跟进时间\n学员{place},VIP,{}\n", day(&w, 0));
            let tried = rows(&actor, &import(&w, &actor, &list, "validate").await).await;
            let row = rows(&actor, &import(&w, &actor, &list, "commit").await).await[0].clone();
            assert_eq!((&row["outcome"], &row["unread"]), (&json!("created"), &tried[0]["unread"]));
            let left = [("tags", tagged), ("next_follow_up_on", planned)];
            let left: Vec<_> = left.iter().filter(|(_, done)| !done).map(|(field, _)| *field).collect();
            assert_eq!(row["unread"], json!(left), "{more:?}");
            assert_eq!(put_on(&boss, &row).await.len(), usize::from(tagged), "{more:?}");
            let followed = boss.get(&format!("/api/v1/follow-ups?customer_id={}", child(&row))).await.expect(200);
            assert_eq!(followed.ids().len(), usize::from(planned), "{more:?}");
            let note = note(&boss, &row).await;
            let note = note.as_str().unwrap_or_default();
            assert_eq!((note.contains("标签：VIP"), note.contains("下次跟进：")), (!tagged, !planned), "{note}");
        }
    }

    async fn a_known_child_gets_no_tag_and_no_date(w: World) {
        let boss = w.as_boss();
        tags(&w, ["VIP", "活跃"]).await;
        let (today, later) = (day(&w, 0), day(&w, 5));
        let list = format!("姓名,手机号,标签,下次跟进时间\n\
            张伟,13800138000,VIP、火星,{today}\n张伟,13800138000,活跃,{later}\n");
        let tried = rows(&boss, &import(&w, &boss, &list, "validate").await).await;
        let first = rows(&boss, &import(&w, &boss, &list, "commit").await).await;
        for (tried, done) in tried.iter().zip(&first) {
            assert_eq!((&tried["outcome"], &tried["unread"]), (&done["outcome"], &done["unread"]));
        }
        assert_eq!((&first[0]["unread"], &first[1]["outcome"]), (&json!(["tags"]), &json!("duplicate")));
        let before = w.server.contents(w.institution).await;
        assert_eq!((before["taggings"].len(), before["follow_ups"].len()), (1, 1));
        let again = import(&w, &boss, &list, "commit").await;
        assert_eq!(again.json["counts"]["duplicate"], 2);
        let after = w.server.contents(w.institution).await;
        for table in ["customers", "taggings", "follow_ups", "tags", "events"] {
            assert_eq!(before[table], after[table], "{table}");
        }
    }

    async fn a_list_that_is_tried_puts_nothing_on(w: World) {
        let boss = w.as_boss();
        tags(&w, ["VIP"]).await;
        let list = format!("姓名,标签,下次跟进时间\n张伟,VIP,{}\n", day(&w, 0));
        import(&w, &boss, &list, "validate").await;
        let after = w.server.contents(w.institution).await;
        for table in ["taggings", "follow_ups"] {
            assert!(after[table].is_empty(), "{table}");
        }
    }
}
