//! Lists as schools really keep them, against what a careful clerk would store.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use domain::email::Email;
use tests::{Actor, Engine, Value, World, json, leads, run};
use uuid::Uuid;

use super::{begin, ended, rows, workbooks};
use crate::exports::table;

const CUSTOMERS: &str = "/api/v1/customers";

/// Rows whose outcome is not as the truth has it.
fn wrong(truth: &[Value], rows: &[Value]) -> Vec<String> {
    // The header is row 1 in our count.
    let number = |row: &Value| row["row"].as_i64().unwrap();
    let told: HashMap<i64, &Value> = rows.iter().map(|row| (number(row) - 1, row)).collect();
    let mut wrong = Vec::new();
    for row in truth {
        let problems = row["problems"].as_array().unwrap();
        let expected = if !problems.is_empty() {
            "failed"
        } else if row["duplicate_of_row"].is_number() {
            "duplicate"
        } else {
            "created"
        };
        let ours = told[&number(row)];
        let codes = ours["problems"].as_array().unwrap();
        let has = |code: &Value| codes.iter().any(|ours| ours["code"] == *code);
        if ours["outcome"] != expected || !problems.iter().all(has) {
            wrong.push(format!("{row}, ours {ours}"));
        }
    }
    wrong
}

/// A customer with its values in the clear.
struct Kept {
    customer: Value,
    phones: BTreeSet<String>,
    email: String,
}

/// Every customer that somebody reaches, by id.
async fn kept(who: &Actor) -> HashMap<String, Kept> {
    let mut clear: HashMap<_, _> = table(who, &json!({}))
        .await
        .into_iter()
        .map(|row| (row["ID"].clone(), row))
        .collect();
    let (mut path, mut all) = (format!("{CUSTOMERS}?limit=200"), HashMap::new());
    loop {
        let page = who.get(&path).await.expect(200);
        for customer in page.json["items"].as_array().unwrap() {
            let id = customer["id"].as_str().unwrap();
            let row = clear.remove(id).unwrap();
            // An apostrophe keeps spreadsheets from taking it for a formula.
            let phones = row["Phone"].trim_start_matches('\'').split('/');
            let one = Kept {
                customer: customer.clone(),
                phones: phones
                    .filter(|phone| !phone.is_empty())
                    .map(str::to_owned)
                    .collect(),
                email: row["E-mail"].clone(),
            };
            all.insert(id.to_owned(), one);
        }
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            return all;
        };
        path = format!("{CUSTOMERS}?limit=200&cursor={cursor}");
    }
}

/// The guardian of each child.
async fn guardians(w: &World) -> HashMap<String, String> {
    let sql = "SELECT customer_id, relative_id FROM customer_relations WHERE institution_id = ?";
    let found = w.server.query(sql, vec![w.institution.uuid().into()]).await;
    let ids = found.iter().map(|row| {
        let id = |at| row.try_get_by_index::<Uuid>(at).unwrap().to_string();
        (id(0), id(1))
    });
    ids.collect()
}

/// What a list has left, beside its truth.
struct Outcome<'a> {
    truth: HashMap<i64, &'a Value>,
    /// Children by row.
    children: HashMap<i64, String>,
    kept: HashMap<String, Kept>,
    guardians: HashMap<String, String>,
}

impl<'a> Outcome<'a> {
    async fn of(w: &World, truth: &'a [Value], rows: &[Value]) -> Self {
        let number = |row: &Value| row["row"].as_i64().unwrap();
        let child = |row: &Value| Some((number(row) - 1, row["customer_id"].as_str()?.to_owned()));
        Self {
            truth: truth.iter().map(|row| (number(row), row)).collect(),
            children: rows.iter().filter_map(child).collect(),
            kept: kept(&w.as_boss()).await,
            guardians: guardians(w).await,
        }
    }

    /// The first row of the brothers and sisters of a row, itself among them.
    fn family(&self, row: i64) -> i64 {
        let first = self.truth[&row]["sibling_of_row"].as_i64();
        first.map_or(row, |first| self.family(first))
    }

    /// Rows of which something else is kept than the truth has it.
    fn lost(&self) -> Vec<String> {
        let (mut numbers, mut families) = (HashMap::new(), HashMap::new());
        let mut of_whom: HashMap<&str, BTreeSet<i64>> = HashMap::new();
        for (row, truth) in self.taken_in() {
            let family = self.family(row);
            let numbers: &mut BTreeSet<String> = numbers.entry(family).or_default();
            numbers.extend(phones(truth));
            if let Some(guardian) = self.guardians.get(&self.children[&row]) {
                let known = families.entry(family).or_insert_with(BTreeSet::new);
                known.insert(guardian.as_str());
                of_whom.entry(guardian).or_default().insert(family);
            }
        }
        let mut lost = Vec::new();
        for (row, truth) in &self.truth {
            let family = self.family(*row);
            let is_right = match truth["duplicate_of_row"].as_i64() {
                _ if truth["problems"] != json!([]) => !self.children.contains_key(row),
                // It is told which customer it is.
                Some(first) => self.children.get(row) == self.children.get(&first),
                None => self.children.get(row).is_some_and(|child| {
                    let guardian = self.guardians.get(child);
                    let is_shared = guardian.is_none_or(|guardian| {
                        // One guardian of all brothers and sisters, and of nobody else.
                        families[&family].len() == 1
                            && of_whom[guardian.as_str()].len() == 1
                            && self.kept[guardian].phones.is_subset(&numbers[&family])
                    });
                    is_shared && self.is_kept(truth, child)
                }),
            };
            if !is_right {
                let child = self.children.get(row);
                let child = child.and_then(|child| self.kept.get(child));
                let ours = child.map_or(&Value::Null, |child| &child.customer);
                lost.push(format!("{truth}, ours {ours}"));
            }
        }
        lost
    }

    /// Rows that make a new customer, as the truth has it and we have one.
    fn taken_in(&self) -> impl Iterator<Item = (i64, &'a Value)> {
        let is_new =
            |truth: &Value| truth["problems"] == json!([]) && truth["duplicate_of_row"].is_null();
        let rows = self.truth.iter().map(|(row, truth)| (*row, *truth));
        rows.filter(move |(row, truth)| is_new(truth) && self.children.contains_key(row))
    }

    /// Whether of a new child and its guardian is kept what the truth has, and no number of others.
    fn is_kept(&self, truth: &Value, child: &str) -> bool {
        let (store, kept) = (&truth["store"], &self.kept[child]);
        let guardian = self
            .guardians
            .get(child)
            .map(|guardian| &self.kept[guardian]);
        let child = &kept.customer;
        let or = |value: &Value, other: &str| value.as_str().unwrap_or(other).to_owned();
        let email = store["email"]
            .as_str()
            .map(|text| Email::parse(text).unwrap().address().to_owned());
        let phones = phones(truth);
        let reached: BTreeSet<_> = guardian
            .into_iter()
            .chain([kept])
            .flat_map(|one| one.phones.clone())
            .collect();
        child["name"] == store["name"]
            && child["gender"] == or(&store["gender"], "not_given")
            && child["birth_date"] == store["birth_date"]
            && child["intent"] == store["intent"]
            && child["source_channel"] == or(&store["channel"], "other")
            && kept.email == email.unwrap_or_default()
            && guardian.map_or(&Value::Null, |one| &one.customer["name"]) == &truth["guardian"]
            && kept.phones.is_subset(&phones)
            && reached.is_superset(&phones)
    }
}

/// The numbers that a row has.
fn phones(truth: &Value) -> BTreeSet<String> {
    let phones = truth["store"]["phones"].as_array().unwrap().iter();
    phones
        .map(|phone| phone.as_str().unwrap().to_owned())
        .collect()
}

/// Takes a list in, and tells the rows of which came something else than the truth has.
async fn taken_in(w: &World, name: &str, content: &[u8], truth: &[Value]) -> [Vec<String>; 2] {
    let boss = w.as_boss();
    let begun = std::time::Instant::now();
    let done = ended(&boss, &begin(w, &boss, name, content, "commit").await).await;
    println!("{name}: {:?}", begun.elapsed());
    let rows = rows(&boss, &done).await;
    assert_eq!(rows.len(), truth.len(), "{name}");
    let refused = truth.iter().filter(|row| row["problems"] != json!([]));
    assert_eq!(done.json["counts"]["failed"], refused.count());
    let lost = Outcome::of(w, truth, &rows).await.lost();
    [wrong(truth, &rows), lost]
}

/// The truth of the given lists, with the guardians that their rows name.
fn given_truth(folder: &Path) -> Option<Vec<Value>> {
    let truth = std::fs::read_to_string(folder.join("leads-truth.jsonl")).ok()?;
    let list = std::fs::read_to_string(folder.join("leads-utf8-bom.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(list.trim_start_matches('\u{FEFF}').as_bytes());
    let header = reader.headers().unwrap();
    let column = header.iter().position(|name| name == "家长姓名").unwrap();
    let rows = truth.lines().zip(reader.records()).map(|(line, record)| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let record = record.unwrap();
        let name = record[column].trim();
        row["guardian"] = json!((!name.is_empty()).then_some(name));
        row
    });
    Some(rows.collect())
}

fn given(engine: Engine) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let Some(truth) = given_truth(&folder) else {
        return;
    };
    for name in ["leads-gb18030.csv", "leads-utf8-bom.csv", "leads.xlsx"] {
        let content = std::fs::read(folder.join(name)).unwrap();
        let truth = &truth;
        run(engine, |w: World| async move {
            let [wrong, lost] = taken_in(&w, name, &content, truth).await;
            let few = |rows: &[String]| rows.len() * 100 < truth.len();
            assert!(few(&wrong), "{name}: {} {wrong:#?}", wrong.len());
            assert!(lost.is_empty(), "{name}: {} {lost:#?}", lost.len());
        });
    }
}

#[test]
fn the_given_lists_are_taken_in_as_a_clerk_would_on_sqlite() {
    given(Engine::Sqlite);
}

#[test]
fn the_given_lists_are_taken_in_as_a_clerk_would_on_postgres() {
    given(Engine::Postgres);
}

fn own(engine: Engine) {
    let list = leads::generate(7, 400);
    let siblings = list
        .truth
        .iter()
        .filter(|row| row["sibling_of_row"].is_number());
    assert!(siblings.count() > 20);
    for (name, content) in [
        ("a.csv", list.csv.clone().into_bytes()),
        ("b.csv", list.gb18030()),
        ("c.xlsx", workbooks::of_list(&list.csv)),
    ] {
        let truth = &list.truth;
        run(engine, |w: World| async move {
            let boss = w.as_boss();
            let tried = ended(&boss, &begin(&w, &boss, name, &content, "validate").await).await;
            let told = wrong(truth, &rows(&boss, &tried).await);
            assert!(told.is_empty(), "{name}: {told:#?}");
            let told = taken_in(&w, name, &content, truth).await;
            assert!(told.iter().all(Vec::is_empty), "{name}: {told:#?}");
        });
    }
}

#[test]
fn a_list_of_our_own_is_taken_in_as_it_was_meant_on_sqlite() {
    own(Engine::Sqlite);
}

#[test]
fn a_list_of_our_own_is_taken_in_as_it_was_meant_on_postgres() {
    own(Engine::Postgres);
}
