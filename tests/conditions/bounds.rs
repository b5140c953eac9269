//! How much one page looks at.

use domain::{
    access::{CustomersRead, TagsRead},
    conditions::{Registry, Tree},
};
use persistence::{
    access::{Bearer, Grant, load},
    conditions::compile,
    customers::store::{Filter, Tagged, count_met, list_met},
    scope::{Direction, Page},
};
use tests::{Actor, World, both, json};

/// What a page of the caller's finds that looks at so many customers of each branch, and where it
/// stopped.
async fn page(
    w: &World,
    who: &Actor,
    page: &Page,
    looks_at: u64,
) -> (Vec<String>, Option<(i64, uuid::Uuid)>) {
    let app = &w.server.app;
    let (read, now) = (app.db.read(), app.clock.now());
    let bearer = Bearer::owner(w.institution, who.principal, None);
    let authority = load(&read, &bearer, now).await.unwrap().unwrap();
    let grant = Grant::<CustomersRead>::of(&authority, now).unwrap();
    let tree = json!({"field": "intent", "op": "eq", "value": 4});
    let tree = Tree::read("", &tree, &Registry::default()).unwrap();
    let conditions = compile(&read, &authority, &tree, "", now).await.unwrap();
    let filter = Filter::default().meeting(conditions);
    let untagged: Tagged<'_, Grant<TagsRead>> = None;
    let (found, edge) = list_met(&read, untagged, (&grant, &filter), page, looks_at)
        .await
        .unwrap();
    (
        found
            .iter()
            .map(|customer| customer.id.to_string())
            .collect(),
        edge,
    )
}

both! {
    async fn a_page_looks_at_so_many_and_the_next_goes_on_behind_them(w: World) {
        let (recruiter, manager) = (w.as_recruiter(), w.as_manager());
        let mut strong = Vec::new();
        for number in 0..12 {
            // Held by two people, so that a supervisor's team has two branches.
            let actor = if number % 2 == 0 { &recruiter } else { &w.as_colleague() };
            let mut body = w.new_customer("张伟");
            body["intent"] = json!(if number % 5 == 0 { 4 } else { 1 });
            let id = actor.post("/api/v1/customers", &body).await.expect(201).id();
            if number % 5 == 0 {
                strong.push(id);
            }
        }
        for (who, order) in [(&manager, Direction::OldestFirst), (&w.as_supervisor(), Direction::NewestFirst)] {
            let mut expected = strong.clone();
            if order == Direction::NewestFirst {
                expected.reverse();
            }
            let (mut walked, mut pages) = (Vec::new(), 0);
            let mut part = Page { order, after: None, limit: 51 };
            loop {
                let (found, edge) = page(&w, who, &part, 3).await;
                assert!(found.len() <= 2, "{found:?}");
                walked.extend(found);
                pages += 1;
                match edge {
                    Some(edge) => part.after = Some(edge),
                    None => break,
                }
            }
            assert_eq!(walked, expected);
            assert!((2..=5).contains(&pages), "{pages}");
        }
    }

    async fn a_count_says_where_it_has_not_looked_at_all(w: World) {
        let manager = w.as_manager();
        for _ in 0..5 {
            manager.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        }
        let app = &w.server.app;
        let (read, now) = (app.db.read(), app.clock.now());
        let grant = Grant::<CustomersRead>::system(w.institution, now, "a test counts");
        let untagged: Tagged<'_, Grant<TagsRead>> = None;
        // A few more are looked at, to learn whether there are others.
        for (bounds, expected) in [((5, 9), (5, false)), ((3, 9), (5, true)), ((9, 3), (3, true))] {
            let counted = count_met(&read, untagged, (&grant, &Filter::default()), bounds).await.unwrap();
            assert_eq!((counted.rows, counted.is_capped), expected, "{bounds:?}");
        }
    }

    async fn more_values_than_a_statement_takes_are_refused(w: World) {
        for _ in 0..6 {
            w.hire(&["recruiter"], w.places.north, Some(w.places.team)).await;
        }
        let field = json!({"entity": "customer", "code": "way", "name": "路线", "type": "text"});
        w.as_boss().post("/api/v1/custom-fields", &field).await.expect(201);
        let ways = |leaf: usize| (0..100).map(|way| format!("{leaf} {way}")).collect::<Vec<_>>();
        let leaves = |many: usize| (0..many).map(|leaf| json!({"field": "custom_fields.way", "op": "in", "value": ways(leaf)})).collect::<Vec<_>>();
        let search = |many: usize| json!({"conditions": {"any": leaves(many)}});
        w.as_supervisor().post("/api/v1/customers/search", &search(10)).await.expect(200);
        let refused = w.as_supervisor().post("/api/v1/customers/search", &search(20)).await;
        let refused = refused.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/conditions".to_owned(), "conditions_too_wide".to_owned())]);
    }
}
