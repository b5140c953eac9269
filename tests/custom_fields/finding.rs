//! Customers are found and sorted by custom fields, as by any other.

use domain::conditions::Tree;
use persistence::{
    access::{Bearer, load},
    conditions::{compile, registry},
};
use tests::{Actor, Value, World, both, json};

use super::{CUSTOMERS, FIELDS, customer, define, define_all};
use crate::access::fields::reader_with;

const SEARCH: &str = "/api/v1/customers/search";

/// Every page of a search, two at a time.
async fn found(actor: &Actor, asked: &Value) -> Vec<String> {
    let (mut found, mut body) = (Vec::new(), asked.clone());
    body["limit"] = json!(2);
    loop {
        let page = actor.post(SEARCH, &body).await.expect(200);
        found.extend(page.ids());
        match page.json["next_cursor"].as_str() {
            Some(next) => body["cursor"] = json!(next),
            None => return found,
        }
    }
}

fn leaf(code: &str, op: &str, value: Value) -> Value {
    json!({"field": format!("custom_fields.{code}"), "op": op, "value": value})
}

/// A customer of each of these values of a field; none has it where it is null.
async fn with_each(w: &World, code: &str, values: &[Value]) -> Vec<String> {
    let mut ids = Vec::new();
    for value in values {
        ids.push(customer(w, &json!({code: value})).await.expect(201).id());
    }
    ids
}

both! {
    async fn who_has_a_value_is_found_on_all_pages_and_counted(w: World) {
        define_all(&w).await;
        let values = [json!("甲 A"), json!("乙"), json!("甲ａ"), json!("甲A"), Value::Null];
        let ids = with_each(&w, "text", &values).await;
        let pick = |places: &[usize]| -> Vec<String> { places.iter().map(|place| ids[*place].clone()).collect() };
        let recruiter = w.as_recruiter();
        for (asked, expected) in [
            (leaf("text", "eq", json!("甲a")), pick(&[3, 2, 0])),
            (leaf("text", "starts_with", json!("甲")), pick(&[3, 2, 0])),
            (json!({"all": [{"field": "kind", "op": "eq", "value": "student"}, leaf("text", "in", json!(["乙", "丙"]))]}), pick(&[1])),
            (json!({"not": leaf("text", "eq", json!("甲a"))}), pick(&[4, 1])),
            (json!({"field": "custom_fields.text", "op": "is_unknown"}), pick(&[4])),
            (json!({"any": [leaf("text", "eq", json!("乙")), leaf("yes_no", "eq", json!(true))]}), pick(&[1])),
        ] {
            let body = json!({"conditions": asked, "include_total": true});
            assert_eq!(found(&recruiter, &json!({"conditions": asked})).await, expected, "{asked}");
            let mut oldest = expected.clone();
            oldest.reverse();
            assert_eq!(found(&recruiter, &json!({"conditions": asked, "sort": "created_at"})).await, oldest, "{asked}");
            let page = recruiter.post(SEARCH, &body).await.expect(200);
            assert_eq!((&page.json["total"], &page.json["total_is_capped"]), (&json!(expected.len()), &json!(false)), "{asked}");
        }
        let asked = json!({"conditions": leaf("text", "eq", json!("甲a"))});
        let mut beside = asked.clone();
        beside["filters"] = json!({"campus_id": [w.places.south]});
        assert!(found(&recruiter, &beside).await.is_empty());
        beside["filters"] = json!({"campus_id": [w.places.north], "kind": ["student"]});
        assert_eq!(found(&recruiter, &beside).await.len(), 3);
        beside["query"] = json!("zw");
        assert_eq!(found(&recruiter, &beside).await.len(), 3);
        beside["query"] = json!("李");
        assert!(found(&recruiter, &beside).await.is_empty());
        // Found as it is now, and within reach only.
        recruiter.patch(&format!("{CUSTOMERS}/{}", ids[0]), &json!({"custom_fields": {"text": "丁"}})).await.expect(200);
        assert_eq!(found(&recruiter, &asked).await, pick(&[3, 2]));
        w.as_boss().delete(&format!("{CUSTOMERS}/{}", ids[2])).await.expect(204);
        assert_eq!(found(&recruiter, &asked).await, pick(&[3]));
        assert!(found(&w.as_outsider(), &asked).await.is_empty());
        define(&w.as_stranger(), "text", "text", json!({})).await.expect(201);
        assert!(found(&w.as_stranger(), &asked).await.is_empty());
    }

    async fn a_value_that_few_have_leads_to_them(w: World) {
        define_all(&w).await;
        with_each(&w, "number", &[json!(1), json!(2), json!(2), json!(2)]).await;
        let app = &w.server.app;
        let (read, now) = (app.db.read(), app.clock.now());
        let bearer = Bearer::owner(w.institution, w.as_boss().principal, None);
        let authority = load(&read, &bearer, now).await.unwrap().unwrap();
        let fields = registry(&read, w.institution).await.unwrap();
        let kind = json!({"field": "kind", "op": "is_known"});
        for (asked, most, expected) in [
            (leaf("number", "eq", json!(1)), 2, Some(1)),
            (leaf("number", "eq", json!(2)), 2, None),
            (leaf("number", "eq", json!(2)), 3, Some(3)),
            (leaf("number", "gt", json!(2)), 3, Some(0)),
            (json!({"all": [kind, {"all": [leaf("number", "gte", json!(1)), leaf("number", "in", json!([1, 7]))]}]}), 2, Some(1)),
            (json!({"any": [kind, leaf("number", "eq", json!(1))]}), 2, None),
            (json!({"not": leaf("number", "eq", json!(1))}), 2, None),
            (kind, 2, None),
        ] {
            let tree = Tree::read("", &asked, &fields).unwrap();
            let compiled = compile(&read, &authority, &tree, "", now).await.unwrap();
            let led = compiled.led(&read, most).await.unwrap();
            assert_eq!(led.map(|ids| ids.len()), expected, "{asked}");
        }
    }

    async fn a_search_is_sorted_by_a_field_of_any_type_either_way(w: World) {
        define_all(&w).await;
        let boss = w.as_boss();
        let (na, wei) = (w.as_recruiter().principal, w.as_colleague().principal);
        let mut staff = Vec::new();
        for principal in [na, wei] {
            let read = boss.get(&format!("/api/v1/staff/{principal}")).await.expect(200);
            staff.push((read.json["name"].as_str().unwrap().to_owned(), json!(principal)));
        }
        staff.sort_by(|a, b| a.0.cmp(&b.0));
        let money = |amount: i64| json!({"amount_minor": amount, "currency": "CNY"});
        // Of each the lowest first, then what is not known.
        for (code, values) in [
            ("text", vec![json!("Ａlpha"), json!("beta"), json!("中"), Value::Null]),
            ("number", vec![json!(-7), json!(0), json!(31), Value::Null]),
            ("date", vec![json!("1999-12-31"), json!("2026-02-01"), json!("2026-10-01"), Value::Null]),
            ("choice", vec![json!("bus"), json!("walk"), json!("bike"), Value::Null]),
            ("multi_choice", vec![json!(["bike", "bus"]), json!(["walk", "bike"]), json!(["bike"]), Value::Null]),
            ("yes_no", vec![json!(false), json!(true), Value::Null]),
            ("money", vec![money(0), money(5), money(100), Value::Null]),
            ("person", vec![staff[0].1.clone(), staff[1].1.clone(), Value::Null]),
        ] {
            let mut ids = with_each(&w, code, &values).await;
            let among = json!({"field": "created_at", "op": "gte", "value": boss.get(&format!("{CUSTOMERS}/{}", ids[0])).await.expect(200).json["created_at"]});
            let known = json!({"field": format!("custom_fields.{code}"), "op": "is_known"});
            let sort = |way: &str| json!(format!("{way}custom_fields.{code}"));
            let last = ids.last().unwrap().clone();
            for way in ["", "-"] {
                for more in [json!({}), json!({"query": "张伟"})] {
                    let mut body = more;
                    (body["sort"], body["conditions"]) = (sort(way), among.clone());
                    assert_eq!(found(&boss, &body).await, ids, "{way}{code} {body}");
                }
                let some = json!({"sort": sort(way), "conditions": {"all": [among, known]}});
                assert_eq!(found(&boss, &some).await, ids[..ids.len() - 1], "{way}{code}");
                ids.pop();
                ids.reverse();
                ids.push(last.clone());
            }
        }
        // Of those to whom a value leads.
        let few = with_each(&w, "number", &[json!(902), json!(901), json!(903)]).await;
        let asked = json!({"conditions": leaf("number", "between", json!([900, 910])), "sort": "-custom_fields.number"});
        assert_eq!(found(&boss, &asked).await, [few[2].clone(), few[0].clone(), few[1].clone()]);
    }

    async fn a_query_builder_learns_which_fields_there_are(w: World) {
        define_all(&w).await;
        let boss = w.as_boss();
        define(&boss, "ward", "text", json!({"is_sensitive": true})).await.expect(201);
        let old = define(&boss, "old", "text", json!({})).await.expect(201).id();
        boss.post(&format!("{FIELDS}/{old}/archive"), &json!(null)).await.expect(200);
        let choices = json!([{"code": "bus", "name": "校车"}, {"code": "tram", "name": "电车", "is_archived": true}]);
        define(&boss, "way", "choice", json!({"name": "上学方式", "choices": choices})).await.expect(201);
        let list = w.as_recruiter().get("/api/v1/condition-fields").await.expect(200);
        let items = list.json["items"].as_array().unwrap();
        let told = |code: &str| items.iter().find(|item| item["field"] == format!("custom_fields.{code}"));
        assert!(told("ward").is_none() && told("old").is_none());
        let way = told("way").unwrap();
        assert_eq!((&way["label"], &way["type"]), (&json!("上学方式"), &json!("choice")));
        assert_eq!(way["choices"], json!([
            {"value": "bus", "label": "校车", "is_archived": false}, {"value": "tram", "label": "电车", "is_archived": true},
        ]));
        assert_eq!((&told("number").unwrap()["decimals"], &told("multi_choice").unwrap()["type"]), (&json!(1), &json!("choices")));
        assert_eq!(told("person").unwrap()["listed_at"], "/staff");
        let operators = |code: &str| told(code).unwrap()["operators"].as_array().unwrap().iter().map(|op| op["op"].clone()).collect::<Vec<_>>();
        assert_eq!(operators("yes_no"), ["eq", "is_known", "is_unknown"]);
        let etag = list.header("etag").unwrap().to_owned();
        define(&boss, "more", "text", json!({})).await.expect(201);
        let again = w.as_recruiter().request(reqwest::Method::GET, "/api/v1/condition-fields").header("if-none-match", etag);
        w.as_recruiter().send(again).await.expect(200);
        let theirs = w.as_stranger().get("/api/v1/condition-fields").await.expect(200);
        assert!(!theirs.text.contains("custom_fields."));
    }

    async fn what_is_sealed_archived_or_no_field_is_told_by_its_name(w: World) {
        let boss = w.as_boss();
        define(&boss, "ward", "text", json!({"is_sensitive": true})).await.expect(201);
        let old = define(&boss, "old", "text", json!({})).await.expect(201).id();
        customer(&w, &json!({"ward": "7", "old": "x"})).await.expect(201);
        boss.post(&format!("{FIELDS}/{old}/archive"), &json!(null)).await.expect(200);
        for (code, rule) in [("ward", "condition_field_sealed"), ("old", "condition_field_archived"), ("none", "condition_field_unknown")] {
            for op in ["eq", "contains"] {
                let asked = json!({"conditions": {"not": leaf(code, op, json!("7"))}});
                let refused = boss.post(SEARCH, &asked).await.expect_problem(422, "validation_failed");
                assert_eq!(refused.errors(), [("#/conditions/not/field".to_owned(), rule.to_owned())], "{code}");
                if code != "none" {
                    assert_eq!(refused.json["errors"][0]["params"]["field"], format!("custom_fields.{code}"));
                }
            }
            for way in ["", "-"] {
                let asked = json!({"sort": format!("{way}custom_fields.{code}"), "query": "zw"});
                let refused = boss.post(SEARCH, &asked).await.expect_problem(422, "validation_failed");
                assert_eq!(refused.errors(), [("#/sort".to_owned(), rule.to_owned())], "{code}");
            }
            let search = json!({"conditions": leaf(code, "eq", json!("7")), "sort": format!("custom_fields.{code}")});
            let view = json!({"name": "x", "entity": "customers", "search": search});
            let refused = boss.post("/api/v1/views", &view).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [
                ("#/search/conditions/field".to_owned(), rule.to_owned()), ("#/search/sort".to_owned(), rule.to_owned()),
            ], "{code}");
        }
        for sort in ["custom_fields.", "custom_fields.A", "+custom_fields.a", "custom_fields"] {
            let refused = boss.post(SEARCH, &json!({"sort": sort})).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [("#/sort".to_owned(), "wrong_format".to_owned())], "{sort}");
        }
        let refused = w.as_recruiter().post(SEARCH, &json!({"conditions": leaf("none", "eq", json!("x")), "sort": "custom_fields.none"})).await.expect(422);
        assert_eq!(refused.errors().len(), 2);
    }

    async fn who_may_not_read_them_neither_filters_nor_sorts_by_them(w: World) {
        define(&w.as_boss(), "ring", "text", json!({})).await.expect(201);
        customer(&w, &json!({"ring": "雀环"})).await.expect(201);
        let asked = json!({"conditions": leaf("ring", "eq", json!("雀环"))});
        let by_view = json!({"name": "x", "entity": "customers", "audience": "institution", "search": asked});
        let view = w.as_boss().post("/api/v1/views", &by_view).await.expect(201).id();
        let sorted = json!({"name": "y", "entity": "customers", "audience": "institution", "search": {"sort": "custom_fields.ring"}});
        let sorted = w.as_boss().post("/api/v1/views", &sorted).await.expect(201).id();
        let rules = json!([{"record": "customers", "field": "custom_fields", "access": "hidden"}]);
        let reader = reader_with(&w, &["customers:read"], rules).await;
        for (asked, at) in [
            (asked.clone(), "#/conditions/field"),
            (json!({"conditions": {"field": "custom_fields.ring", "op": "is_unknown"}}), "#/conditions/field"),
            (json!({"sort": "-custom_fields.ring"}), "#/sort"), (json!({"view_id": view}), "#/view_id"), (json!({"view_id": sorted}), "#/view_id"),
        ] {
            let refused = reader.post(SEARCH, &asked).await.expect_problem(422, "validation_failed");
            assert_eq!(refused.errors(), [(at.to_owned(), "field_not_readable".to_owned())], "{asked}");
        }
        reader.post(&format!("/api/v1/views/{view}/count"), &json!(null)).await.expect_problem(422, "validation_failed");
        // In an order of one's own the order of the view is nothing.
        assert_eq!(reader.post(SEARCH, &json!({"view_id": sorted, "sort": "name"})).await.expect(200).ids().len(), 1);
        assert!(!reader.get("/api/v1/condition-fields").await.expect(200).text.contains("custom_fields."));
        let rules = json!([{"record": "customers", "field": "custom_fields", "access": "read_only"}]);
        let reader = reader_with(&w, &["customers:read"], rules).await;
        assert_eq!(found(&reader, &asked).await.len(), 1);
    }

    async fn a_view_tells_which_field_is_archived_and_is_whole_again_after_it(w: World) {
        let boss = w.as_boss();
        let choices = |archived: bool| json!([{"code": "bus", "name": "校车"}, {"code": "walk", "name": "步行", "is_archived": archived}]);
        let way = define(&boss, "way", "choice", json!({"choices": choices(false)})).await.expect(201).id();
        let size = define(&boss, "size", "number", json!({})).await.expect(201).id();
        let small = customer(&w, &json!({"way": "walk", "size": 3})).await.expect(201).id();
        let large = customer(&w, &json!({"way": "walk", "size": 9})).await.expect(201).id();
        customer(&w, &json!({"way": "bus"})).await.expect(201);
        let search = json!({"conditions": {"all": [leaf("way", "in", json!(["walk"])), {"field": "kind", "op": "is_known"}]}, "sort": "-custom_fields.size"});
        let view = json!({"name": "步行", "entity": "customers", "search": search});
        let made = boss.post("/api/v1/views", &view).await.expect(201);
        let path = format!("/api/v1/views/{}", made.id());
        let asked = json!({"view_id": made.id()});
        assert_eq!(found(&boss, &asked).await, [large.clone(), small.clone()]);
        // Who has a choice that is archived is found by it.
        boss.patch(&format!("{FIELDS}/{way}"), &json!({"choices": choices(true)})).await.expect(200);
        assert_eq!(boss.post(&format!("{path}/count"), &json!(null)).await.expect(200).json["total"], 2);
        boss.post(&format!("{FIELDS}/{way}/archive"), &json!(null)).await.expect(200);
        let refused = boss.post(SEARCH, &asked).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/view_id".to_owned(), "condition_field_archived".to_owned())]);
        assert_eq!(refused.json["errors"][0]["params"], json!({"field": "custom_fields.way", "at": "/conditions/all/0/field"}));
        boss.post(&format!("{path}/count"), &json!(null)).await.expect_problem(422, "validation_failed");
        boss.post(&format!("{FIELDS}/{way}/unarchive"), &json!(null)).await.expect(200);
        boss.post(&format!("{FIELDS}/{size}/archive"), &json!(null)).await.expect(200);
        let refused = boss.post(SEARCH, &asked).await.expect(422);
        assert_eq!(refused.json["errors"][0]["params"], json!({"field": "custom_fields.size", "at": "/sort"}));
        let mut own = asked.clone();
        own["sort"] = json!("created_at");
        assert_eq!(found(&boss, &own).await, [small, large]);
        // It opens, and can be renamed, whatever has become of what it names.
        assert_eq!(boss.get(&path).await.expect(200).json["search"], search);
        assert_eq!(boss.get("/api/v1/views").await.expect(200).json["items"][0]["search"], search);
        assert_eq!(boss.patch(&path, &json!({"name": "走路"})).await.expect(200).json["search"], search);
        let refused = boss.patch(&path, &json!({"search": search})).await.expect(422);
        assert_eq!(refused.errors(), [("#/search/sort".to_owned(), "condition_field_archived".to_owned())]);
    }
}
