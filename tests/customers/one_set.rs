//! List, count, search, view, export, record and timeline are of one set for everybody (I-20): whatever the
//! role, its reach, and what is shared.

use std::collections::BTreeSet;

use domain::{access::Reach, text_enum::TextEnum};
use tests::{Actor, Value, World, both, chance::Chance, json};

use super::merge::merge;
use crate::exports::{column, table_with};

type Ids = BTreeSet<String>;

/// Somebody with a role of their own: reads within one reach and exports within another, or not at all.
struct Reader {
    actor: Actor,
    campus: String,
    read: Reach,
    export: Option<Reach>,
}

async fn reader(w: &World, chance: &mut Chance, number: u32) -> Reader {
    let campus = *chance.pick(&[w.places.north, w.places.east, w.places.south]);
    let is_in_team = campus == w.places.north && chance.percent(60);
    let read = match number {
        0 => Reach::Institution,
        1 => Reach::Own,
        _ => *chance.pick(Reach::ALL),
    };
    let export = chance.percent(70).then(|| *chance.pick(Reach::ALL));
    let code = format!("reader_{number}");
    let mut permissions = vec![("customers:read", read)];
    permissions.extend(export.map(|reach| ("exports:run", reach)));
    w.add_role(&code, &permissions).await;
    let actor = w
        .hire(&[&code], campus, is_in_team.then_some(w.places.team))
        .await;
    Reader {
        actor,
        campus: campus.to_string(),
        read,
        export,
    }
}

/// Customers in all hands, of whom some are shared, deleted or merged.
async fn customers(w: &World, chance: &mut Chance, readers: &[Reader]) -> Ids {
    let boss = w.as_boss();
    let campuses = [w.places.north, w.places.east, w.places.south].map(|campus| campus.to_string());
    let mut all = Vec::new();
    for number in 0..36 {
        let campus = chance.pick(&campuses).clone();
        let hands = readers.iter().filter(|reader| reader.campus == campus);
        let mut hands: Vec<_> = hands
            .map(|reader| reader.actor.principal.to_string())
            .collect();
        hands.push(campus.clone());
        let mut body = w.new_customer(&format!("学员{number}"));
        body["campus_id"] = json!(campus);
        body["holder_id"] = json!(chance.pick(&hands));
        all.push(boss.post("/api/v1/customers", &body).await.expect(201).id());
    }
    for id in &all {
        if chance.percent(20) {
            let grantee = match chance.percent(20) {
                true => json!(w.places.team),
                false => json!(chance.pick(readers).actor.principal),
            };
            let shares = format!("/api/v1/customers/{id}/shares");
            boss.post(
                &shares,
                &json!({"grantee_id": grantee, "access": chance.pick(&["read", "write"])}),
            )
            .await;
        }
    }
    for pair in all.chunks(2).step_by(4) {
        let (survivor, duplicate) = (&pair[0], &pair[1]);
        merge(&boss, survivor, duplicate).await.expect(201);
    }
    for id in all.iter().skip(2).step_by(9) {
        boss.delete(&format!("/api/v1/customers/{id}"))
            .await
            .expect(204);
    }
    all.into_iter().collect()
}

/// Every page of a list or a search, and its total.
async fn walked(who: &Actor, search: Option<&Value>, limit: u64) -> (Ids, Value) {
    let (mut seen, mut total, mut cursor) = (Vec::new(), json!(null), None::<String>);
    loop {
        let page = match search {
            None => {
                let cursor = cursor
                    .iter()
                    .map(|cursor| format!("&cursor={cursor}"))
                    .collect::<String>();
                let path = format!("/api/v1/customers?limit={limit}&include_total=true{cursor}");
                who.get(&path).await
            }
            Some(search) => {
                let mut body = search.clone();
                body["limit"] = json!(limit);
                body["include_total"] = json!(true);
                if let Some(cursor) = &cursor {
                    body["cursor"] = json!(cursor);
                }
                who.post("/api/v1/customers/search", &body).await
            }
        };
        let page = page.expect(200);
        seen.extend(page.ids());
        if cursor.is_none() {
            total = page.json["total"].clone();
        }
        cursor = page.json["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            let set: Ids = seen.iter().cloned().collect();
            assert_eq!(set.len(), seen.len(), "a row stands on two pages");
            return (set, total);
        }
    }
}

both! {
    async fn everything_that_somebody_reads_is_of_one_set(w: World) {
        let seed = Chance::new(u64::try_from(w.server.app.clock.now().as_microsecond()).unwrap()).number();
        let mut chance = Chance::new(seed);
        let mut readers = Vec::new();
        for number in 0..8 {
            readers.push(reader(&w, &mut chance, number).await);
        }
        let all = customers(&w, &mut chance, &readers).await;
        let anybody = json!({"field": "name", "op": "is_known"});
        let view = json!({"name": "全部", "entity": "customers", "audience": "institution", "search": {"conditions": anybody}});
        let view = w.as_boss().post("/api/v1/views", &view).await.expect(201).id();
        let whole = walked(&w.as_boss(), None, 50).await.0;
        let mut sizes = BTreeSet::new();
        for reader in &readers {
            let (who, limit) = (&reader.actor, chance.below(9) + 1);
            let what = format!("seed {seed}: reads {:?}, exports {:?}", reader.read, reader.export);
            let (list, total) = walked(who, None, limit).await;
            assert!(list.is_subset(&whole), "{what}");
            assert!(reader.read != Reach::Institution || list == whole, "{what}");
            sizes.insert(list.len());
            assert_eq!(total, json!(list.len()), "{what}: the total of the list");
            for search in [json!({}), json!({"query": "学员"}), json!({"conditions": anybody}), json!({"view_id": view}),
                json!({"query": "学员", "conditions": anybody, "sort": "name"}), json!({"sort": "-updated_at"})] {
                let found = walked(who, Some(&search), limit).await;
                assert_eq!(found, (list.clone(), total.clone()), "{what}: {search}");
            }
            let count = who.post(&format!("/api/v1/views/{view}/count"), &json!(null)).await.expect(200);
            assert_eq!(count.json["total"], total, "{what}: the count of the view");
            if let Some(reach) = reader.export {
                for asked in [json!({}), json!({"view_id": view})] {
                    let exported = column(&table_with(who, asked).await, "ID");
                    assert!(exported.is_subset(&list), "{what}: the export");
                    assert!(exported == list || (reach != Reach::Institution && reach != reader.read), "{what}: the export");
                }
            }
            for id in &all {
                let path = format!("/api/v1/customers/{id}");
                let read = who.get(&path).await;
                let timeline = who.get(&format!("{path}/timeline")).await;
                // One who was merged is read as who is left.
                let is_listed = match read.status {
                    200 => list.contains(read.json["id"].as_str().unwrap()),
                    _ => !list.contains(id),
                };
                assert!(is_listed, "{what}: {id} {}", read.text);
                assert_eq!(timeline.status, read.status, "{what}: the timeline");
            }
        }
        assert!(sizes.len() > 1, "seed {seed}: all see the same");
    }
}
