//! Who is to be spoken to again: due and overdue, in the campus's day.

use futures_util::future::join_all;
use tests::{Actor, World, both, json};

use super::{customer, day, record};

const PATH: &str = "/api/v1/follow-ups/due";

async fn due(actor: &Actor) -> Vec<String> {
    actor.get(PATH).await.expect(200).ids()
}

/// Puts a next date into the past, as time does.
async fn let_days_pass(w: &World, id: &str, days: i64) {
    let shift = days * 86_400_000_000;
    w.execute(
        "UPDATE follow_ups SET due_at = due_at - ?, due_until = due_until - ? \
         WHERE institution_id = ? AND id = ?",
        vec![
            shift.into(),
            shift.into(),
            w.institution.uuid().into(),
            id.parse::<uuid::Uuid>().unwrap().into(),
        ],
    )
    .await
    .unwrap();
}

both! {
    async fn what_is_due_today_or_before_is_listed_longest_due_first(w: World) {
        let recruiter = w.as_recruiter();
        let customers = [customer(&w).await, customer(&w).await, customer(&w).await, customer(&w).await];
        let today = record(&w, &customers[0], Some(&day(&w, 0))).await.id();
        record(&w, &customers[1], Some(&day(&w, 1))).await;
        record(&w, &customers[2], None).await;
        let overdue = record(&w, &customers[3], Some(&day(&w, 0))).await.id();
        let_days_pass(&w, &overdue, 2).await;
        assert_eq!(due(&recruiter).await, [overdue.clone(), today.clone()]);
        let list = recruiter.get(PATH).await.json;
        assert_eq!(list["items"][0]["is_overdue"], true);
        assert_eq!(list["items"][1]["is_overdue"], false);
        // Page by page it is the same.
        let first = recruiter.get(&format!("{PATH}?limit=1")).await.expect(200);
        let cursor = first.json["next_cursor"].as_str().unwrap();
        let second = recruiter.get(&format!("{PATH}?limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!([first.ids(), second.ids()].concat(), [overdue, today]);
        assert_eq!(second.json["next_cursor"], json!(null));
    }

    async fn the_next_follow_up_settles_the_last_one(w: World) {
        let id = customer(&w).await;
        let first = record(&w, &id, Some(&day(&w, 0))).await;
        assert_eq!(due(&w.as_recruiter()).await, [first.id()]);
        record(&w, &id, Some(&day(&w, 7))).await;
        assert!(due(&w.as_recruiter()).await.is_empty());
        let read = w.as_recruiter().get(first.header("location").unwrap()).await.expect(200);
        assert_eq!((&read.json["is_open"], &read.json["next_on"]), (&json!(false), &json!(day(&w, 0))));
        // Correcting the one that is settled does not make it due again.
        let again = w.as_recruiter().patch(first.header("location").unwrap(), &json!({"next_on": null})).await.expect(200);
        assert_eq!(again.json["is_open"], false);
        w.as_recruiter().patch(first.header("location").unwrap(), &json!({"next_on": day(&w, 0)})).await.expect(200);
        assert!(due(&w.as_recruiter()).await.is_empty());
    }

    async fn a_date_that_is_put_off_is_due_later(w: World) {
        let id = customer(&w).await;
        let made = record(&w, &id, Some(&day(&w, 0))).await;
        let path = made.header("location").unwrap();
        let recruiter = w.as_recruiter();
        recruiter.patch(path, &json!({"next_on": day(&w, 5)})).await.expect(200);
        assert!(due(&recruiter).await.is_empty());
        recruiter.patch(path, &json!({"next_on": day(&w, 0)})).await.expect(200);
        assert_eq!(due(&recruiter).await, [made.id()]);
        recruiter.patch(path, &json!({"next_on": null})).await.expect(200);
        assert!(due(&recruiter).await.is_empty());
    }

    async fn a_customer_is_due_once_however_many_speak_to_it_at_once(w: World) {
        let id = customer(&w).await;
        let today = day(&w, 0);
        let answers = join_all((0..8).map(|_| record(&w, &id, Some(&today)))).await;
        let list = due(&w.as_recruiter()).await;
        assert_eq!(list.len(), 1);
        assert!(answers.iter().any(|a| a.id() == list[0]));
    }

    async fn the_due_list_is_that_of_ones_reach(w: World) {
        let id = customer(&w).await;
        let made = record(&w, &id, Some(&day(&w, 0))).await.id();
        for (who, seen) in [("recruiter", true), ("supervisor", true), ("manager", true), ("boss", true), ("colleague", false), ("outsider", false), ("southerner", false)] {
            assert_eq!(due(&w.actor(who)).await == [made.as_str()], seen, "{who}");
        }
        assert!(due(&w.as_stranger()).await.is_empty());
        let mine = format!("{PATH}?holder_id={}", w.as_manager().principal);
        assert!(w.as_manager().get(&mine).await.expect(200).ids().is_empty());
    }

    async fn the_days_to_come_are_listed_by_their_dates(w: World) {
        let recruiter = w.as_recruiter();
        let mut made = Vec::new();
        for days in [0, 1, 5] {
            let id = customer(&w).await;
            made.push(record(&w, &id, Some(&day(&w, days))).await.id());
        }
        let settled = customer(&w).await;
        let old = record(&w, &settled, Some(&day(&w, 1))).await.id();
        record(&w, &settled, None).await;
        let week = format!("/api/v1/follow-ups/due?next_on[lt]={}", day(&w, 7));
        assert_eq!(recruiter.get(&week).await.expect(200).ids(), made);
        let tomorrow = format!("next_on[gte]={}&next_on[lt]={}", day(&w, 1), day(&w, 2));
        let open = recruiter.get(&format!("/api/v1/follow-ups/due?{tomorrow}")).await.expect(200);
        assert_eq!(open.ids(), [made[1].clone()]);
        let all = recruiter.get(&format!("/api/v1/follow-ups?{tomorrow}&sort=created_at")).await.expect(200);
        assert_eq!(all.ids(), [made[1].clone(), old]);
        assert_eq!(due(&recruiter).await, made[..1]);
    }

    async fn a_next_date_is_a_day_by_the_clocks_of_where_the_customer_is(w: World) {
        let boss = w.as_boss();
        let id = customer(&w).await;
        let path = format!("/api/v1/follow-ups/{}", record(&w, &id, Some(&day(&w, 3))).await.id());
        let next_on = jiff::civil::Date::strptime("%F", day(&w, 3)).unwrap();
        let bounds = async || {
            let sql = "SELECT CAST(due_at AS text) || ' ' || CAST(due_until AS text) FROM follow_ups \
                WHERE institution_id = ? AND due_at IS NOT NULL";
            w.server.texts(sql, vec![w.institution.uuid().into()]).await
        };
        let in_zone = |zone: &str| {
            let zone = jiff::tz::TimeZone::get(zone).unwrap();
            let day = domain::day::bounds(next_on, &zone);
            vec![format!("{} {}", day.start.as_microsecond(), day.end.as_microsecond())]
        };
        assert_eq!(bounds().await, in_zone("Asia/Shanghai"));
        for (campus, zone) in [(w.places.north, "Europe/London"), (w.places.south, "America/New_York")] {
            let campus = format!("/api/v1/campuses/{campus}");
            boss.patch(&campus, &json!({"time_zone": zone})).await.expect(200);
        }
        assert_eq!(bounds().await, in_zone("Europe/London"));
        let move_south = json!({"holder_id": w.places.south, "campus_id": w.places.south, "reason": "搬家"});
        boss.post(&format!("/api/v1/customers/{id}/transfer"), &move_south).await.expect(200);
        assert_eq!(bounds().await, in_zone("America/New_York"));
        assert_eq!(boss.get(&path).await.expect(200).json["next_on"], next_on.to_string());
    }

    async fn corrections_and_a_change_of_the_clocks_wait_for_each_other(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let mut all = Vec::new();
        for _ in 0..4 {
            let id = customer(&w).await;
            all.push(format!("/api/v1/follow-ups/{}", record(&w, &id, Some(&day(&w, 3))).await.id()));
        }
        let campus = format!("/api/v1/campuses/{}", w.places.north);
        let zones = ["Europe/London", "America/New_York", "Asia/Tokyo", "Asia/Shanghai", "Asia/Urumqi"];
        for (round, zone) in zones.into_iter().enumerate() {
            let to = json!({"time_zone": zone});
            // To and fro, so that each correction works out its date anew.
            let next_on = json!({"next_on": day(&w, 4 + (round as i64) % 2)});
            let corrected = join_all(all.iter().map(|path| recruiter.patch(path, &next_on)));
            let (corrected, changed) = futures_util::join!(corrected, boss.patch(&campus, &to));
            changed.expect(200);
            for answer in corrected {
                answer.expect(200);
            }
            let zone = jiff::tz::TimeZone::get(zone).unwrap();
            let next_on = jiff::civil::Date::strptime("%F", next_on["next_on"].as_str().unwrap()).unwrap();
            let begins = domain::day::bounds(next_on, &zone).start.as_microsecond().to_string();
            let sql = "SELECT CAST(due_at AS text) FROM follow_ups WHERE institution_id = ? AND due_at IS NOT NULL";
            assert_eq!(w.server.texts(sql, vec![w.institution.uuid().into()]).await, [&*begins; 4], "{round}");
        }
    }
}
