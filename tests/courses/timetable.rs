//! Lessons of all classes, in the order in which they begin.

use tests::{World, both, json};

async fn plan(w: &World, class: &str, day: &str, start: &str) -> String {
    let end = format!("{}:50", &start[..2]);
    let body =
        json!({"held_on": day, "start_time": start, "end_time": end, "hours_hundredths": 100});
    let path = format!("/api/v1/classes/{class}/lessons");
    w.as_boss().post(&path, &body).await.expect(201).id()
}

both! {
    async fn a_timetable_is_in_the_order_in_which_lessons_begin(w: World) {
        let teacher = w.actor("teacher");
        let own = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let south = w.open_class(json!({"campus_id": w.places.south})).await;
        let late = plan(&w, &own, "2026-09-06", "18:00").await;
        let early = plan(&w, &own, "2026-09-05", "09:00").await;
        let between = plan(&w, &south, "2026-09-05", "14:00").await;
        let whole = [early.as_str(), between.as_str(), late.as_str()];
        let list = async |query: String| {
            teacher.get(&format!("/api/v1/lessons{query}")).await.expect(200)
        };
        assert_eq!(list(String::new()).await.ids(), whole);
        for (query, expected) in [
            (format!("?teacher_id={}", teacher.principal), vec![&early, &late]),
            (format!("?campus_id={}", w.places.south), vec![&between]),
            (format!("?class_id={own},{south}"), vec![&early, &between, &late]),
            ("?held_on%5Bgte%5D=2026-09-06".to_owned(), vec![&late]),
            ("?held_on%5Bgte%5D=2026-09-05&held_on%5Blt%5D=2026-09-06".to_owned(), vec![&early, &between]),
        ] {
            let page = list(query.clone()).await;
            assert_eq!(page.ids().iter().collect::<Vec<_>>(), expected, "{query}");
        }
        let first = list("?limit=2".to_owned()).await;
        assert_eq!(first.ids(), whole[..2]);
        let cursor = first.json["next_cursor"].as_str().unwrap();
        assert_eq!(list(format!("?limit=2&cursor={cursor}")).await.ids(), whole[2..]);

        let of_class = format!("/api/v1/classes/{own}/lessons");
        assert_eq!(teacher.get(&of_class).await.expect(200).ids(), [early.as_str(), late.as_str()]);
        let after = format!("{of_class}?held_on%5Bgte%5D=2026-09-06");
        assert_eq!(teacher.get(&after).await.expect(200).ids(), [late.as_str()]);

        // What moves takes its new place, and what is cancelled is left out.
        w.as_boss().patch(&format!("/api/v1/lessons/{late}"), &json!({"held_on": "2026-09-01"})).await.expect(200);
        assert_eq!(list(String::new()).await.ids(), [late.as_str(), early.as_str(), between.as_str()]);
        w.as_boss().post(&format!("/api/v1/lessons/{early}/archive"), &json!({})).await.expect(200);
        assert_eq!(list(String::new()).await.ids(), [late.as_str(), between.as_str()]);
        assert_eq!(list("?include_archived=true".to_owned()).await.ids().len(), 3);
        assert!(w.as_stranger().get("/api/v1/lessons").await.expect(200).ids().is_empty());
    }
}
