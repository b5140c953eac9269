//! SQL on both engines, and the evaluation in `domain`, mean the same by a tree. `CONDITION_SEED` and
//! `CONDITION_TREES` try others, and more.

use std::collections::{BTreeSet, HashMap};

use domain::{
    conditions::{
        FIELDS, Facts, Field, Moment, Operator, Registry, Subject, Tree, Type, Value as Known,
    },
    custom_fields::{CustomValue, FieldType},
    customers::{ACTIVE_DAYS, Activity, RECENT_DAYS},
    text_enum::TextEnum,
};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use persistence::conditions::registry;
use tests::{Value, World, both, chance::Chance, json};

use super::found;
use crate::custom_fields::define_all;

/// How many trees a run tries.
const TREES: usize = 150;

const NAMES: &[&str] = &["张伟", "Ｚhang WEI", "李 娜", "alice", "欧阳小明", "王芳"];
const TEXTS: &[&str] = &[
    "海淀区",
    "海 淀 Ａ区",
    "beijing",
    "100%_x",
    "三年级",
    "x\\y",
    "%",
];

struct Customer {
    id: String,
    zone: &'static str,
    known: HashMap<Subject, Vec<Known>>,
    follow_ups: Vec<Timestamp>,
}

/// A customer at a moment.
struct Seen<'a>(&'a Customer, &'a Moment);

impl Facts for Seen<'_> {
    fn known(&self, subject: Subject, last_days: Option<i32>) -> Vec<Known> {
        let Self(customer, moment) = self;
        if subject == Subject::FollowUps {
            let since = last_days.map(|days| moment.start_of(-days));
            let all = customer.follow_ups.iter();
            let counted = all
                .filter(|at| since.is_none_or(|since| **at >= since))
                .count();
            return vec![Known::Number(counted.try_into().unwrap())];
        }
        if subject == Subject::ActivityLevel {
            let since = |days: i32| {
                let start = moment.start_of(-days);
                let all = customer.follow_ups.iter();
                i64::try_from(all.filter(|at| **at >= start).count()).unwrap()
            };
            let activity = Activity {
                recent: since(RECENT_DAYS),
                all: since(ACTIVE_DAYS),
            };
            return vec![Known::Choice(activity.level().as_str().into())];
        }
        customer.known.get(&subject).cloned().unwrap_or_default()
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// A value of a custom field; long texts differ behind what an index bears of them.
fn custom(w: &World, field_type: FieldType, chance: &mut Chance) -> Value {
    let today = w.server.app.clock.now().to_zoned(TimeZone::UTC).date();
    match field_type {
        FieldType::Text => match chance.below(3) {
            0 => json!(chance.pick(TEXTS)),
            1 => json!(chance.pick(NAMES)),
            _ => json!(format!(
                "{}{}",
                "长".repeat(120),
                chance.pick(&["甲", "乙"])
            )),
        },
        FieldType::Number => json!(chance.below(5) as i64 * 5 - 10),
        FieldType::Date => json!(today + Span::new().days(chance.below(80) as i64 - 40)),
        FieldType::Choice => json!(chance.pick(&["bus", "walk", "bike"])),
        FieldType::MultiChoice => match chance.below(3) {
            0 => json!(["bus"]),
            1 => json!(["walk", "bus"]),
            _ => json!(["bike"]),
        },
        FieldType::YesNo => json!(chance.percent(50)),
        FieldType::Money => {
            json!({"amount_minor": 1000 * chance.below(4), "currency": "CNY"})
        }
        FieldType::Person => {
            json!(chance.pick(&[w.as_recruiter().principal, w.as_colleague().principal]))
        }
    }
}

/// What may be known beyond the profile; of a child, as much as an enquiry needs.
fn details(is_child: bool, chance: &mut Chance) -> Value {
    let mut details = json!({});
    for (field, value) in [
        (
            "needs",
            json!(format!("{}\n{}", chance.pick(TEXTS), chance.pick(NAMES))),
        ),
        (
            "hobbies",
            chance
                .pick(&[
                    json!(["篮球", "Ｃhess 棋"]),
                    json!(["画 画"]),
                    json!(["chess棋", "%"]),
                ])
                .clone(),
        ),
        ("preferences_product", json!([chance.pick(TEXTS)])),
        (
            "influence",
            chance
                .pick(&[json!(["duty"]), json!(["position", "achievement"])])
                .clone(),
        ),
        ("region_code", json!(chance.pick(&["110108", "331127"]))),
        ("city_class", json!(chance.pick(&["third", "rural"]))),
        ("spending_power", json!(chance.pick(&["low", "high"]))),
        ("membership_tier", json!(chance.pick(TEXTS))),
    ] {
        let fits = !is_child || !["hobbies", "influence", "spending_power"].contains(&field);
        if fits && chance.percent(50) {
            details[field] = value;
        }
    }
    details
}

/// Customers of all campuses with whatever may be known of them, and what is.
async fn people(w: &World, chance: &mut Chance) -> (Vec<Customer>, Registry) {
    let boss = w.as_boss();
    // As precise as it is kept.
    let now = Timestamp::from_microsecond(w.server.app.clock.now().as_microsecond()).unwrap();
    // Its day is another one for most of a day.
    let path = format!("/api/v1/campuses/{}", w.places.south);
    boss.patch(&path, &json!({"time_zone": "America/Los_Angeles"}))
        .await
        .expect(200);
    let category = boss
        .post("/api/v1/tag-categories", &json!({"name": "条件"}))
        .await
        .expect(201)
        .id();
    let mut tags = Vec::new();
    for name in ["甲", "乙", "丙"] {
        let tag = json!({"name": name, "category_id": category});
        tags.push(boss.post("/api/v1/tags", &tag).await.expect(201).id());
    }
    define_all(w).await;
    let fields = registry(&w.server.app.db.read(), w.institution)
        .await
        .unwrap();
    let classes = [w.open_class(json!({})).await, w.open_class(json!({})).await];
    let staff = w.as_recruiter().principal.to_string();
    let mut people = Vec::new();
    for number in 0..24 {
        let (campus, zone) = *chance.pick(&[
            (w.places.north, "Asia/Shanghai"),
            (w.places.east, "Asia/Shanghai"),
            (w.places.south, "America/Los_Angeles"),
        ]);
        let mut body = json!({
            "kind": if number < 14 { "student" } else { "guardian" },
            "name": chance.pick(NAMES), "campus_id": campus, "holder_id": campus,
            "source_channel": chance.pick(&["hotline", "website", "event"]),
        });
        if campus == w.places.north && chance.percent(50) {
            body["holder_id"] = json!(staff);
        }
        let born = Date::new(2024, 1, 1).unwrap() - Span::new().days(chance.below(6000) as i64);
        let born = if chance.percent(15) {
            Date::new(2016, 2, 29).unwrap()
        } else {
            born
        };
        let collected = now - Span::new().hours(1 + chance.below(24 * 60) as i64);
        for (field, value) in [
            ("birth_date", json!(born)),
            ("gender", json!(chance.pick(&["female", "male"]))),
            ("intent", json!(1 + chance.below(4))),
            ("stage", json!(chance.pick(&["lead", "contacted", "trial"]))),
            ("region", json!(chance.pick(TEXTS))),
            ("education", json!(chance.pick(&["bachelor", "primary"]))),
            ("occupation", json!(chance.pick(&["teacher", "student"]))),
            ("school", json!(chance.pick(TEXTS))),
            ("grade", json!(chance.pick(TEXTS))),
            (
                "note",
                json!(format!("{}\n{}", chance.pick(TEXTS), chance.pick(NAMES))),
            ),
            ("collected_at", json!(collected)),
            ("collector_id", json!(staff)),
        ] {
            if chance.percent(70) {
                body[field] = value;
            }
        }
        let (mut values, mut known) = (json!({}), HashMap::new());
        for field_type in FieldType::ALL
            .iter()
            .filter(|_| chance.percent(60))
            .collect::<Vec<_>>()
        {
            let value = custom(w, *field_type, chance);
            let name = format!("custom_fields.{}", field_type.as_str());
            let facts = CustomValue::parse(*field_type, &value).unwrap().facts();
            known.insert(fields.find("", &name).unwrap().subject, facts);
            values[field_type.as_str()] = value;
        }
        body["custom_fields"] = values;
        body["details"] = details(number < 14 || !body["birth_date"].is_null(), chance);
        let id = boss.post("/api/v1/customers", &body).await.expect(201).id();
        let mut standing = "unscreened";
        for (outcome, reason) in [("valid", "verified"), ("invalid", "duplicate")] {
            if chance.percent(50) {
                let path = format!("/api/v1/customers/{id}/screen");
                let said = json!({"outcome": outcome, "reason": reason});
                boss.post(&path, &said).await.expect(201);
                standing = outcome;
            }
        }
        known.insert(Subject::Screening, vec![Known::Choice(standing.into())]);
        let mut customer = Customer {
            id: id.clone(),
            zone,
            known,
            follow_ups: Vec::new(),
        };
        let known = &mut customer.known;
        for tag in tags
            .iter()
            .filter(|_| chance.percent(40))
            .collect::<Vec<_>>()
        {
            boss.post(
                &format!("/api/v1/customers/{id}/tags"),
                &json!({"tag_id": tag}),
            )
            .await
            .expect(201);
            known
                .entry(Subject::Tags)
                .or_default()
                .push(Known::Id(tag.parse().unwrap()));
        }
        for _ in 0..chance.below(4) {
            let at = now - Span::new().hours(1 + chance.below(24 * 120) as i64);
            let mut body = json!({"customer_id": id, "method": "phone", "outcome": "considering", "occurred_at": at});
            known.remove(&Subject::NextContactOn);
            if chance.percent(60) {
                let next = now.to_zoned(self::zone("Asia/Shanghai")).date()
                    + Span::new().days(1 + chance.below(40) as i64);
                body["next_on"] = json!(next);
                known.insert(Subject::NextContactOn, vec![Known::Date(next)]);
            }
            boss.post("/api/v1/follow-ups", &body).await.expect(201);
            customer.follow_ups.push(at);
        }
        if let Some(last) = customer.follow_ups.iter().max() {
            known.insert(Subject::LastContactAt, vec![Known::Instant(*last)]);
        }
        for (subject, is) in [
            (Subject::HasEnrollment, false),
            (Subject::HasActiveEnrollment, false),
        ] {
            known.insert(subject, vec![Known::YesNo(is)]);
        }
        if number < 8 {
            let class = chance.pick(&classes);
            let made = w.enroll(&id, class).await.expect(201);
            let is_active = chance.percent(50);
            if !is_active {
                boss.post(
                    &format!("/api/v1/enrollments/{}/complete", made.id()),
                    &json!(null),
                )
                .await
                .expect(200);
            }
            let class = boss
                .get(&format!("/api/v1/classes/{class}"))
                .await
                .expect(200);
            let course = class.json["course_id"].as_str().unwrap().parse().unwrap();
            known.insert(Subject::EnrolledCourses, vec![Known::Id(course)]);
            known.insert(Subject::HasEnrollment, vec![Known::YesNo(true)]);
            known.insert(Subject::HasActiveEnrollment, vec![Known::YesNo(is_active)]);
            if chance.percent(60) {
                let paid = json!({"payer_id": id, "campus_id": campus, "method": "cash",
                    "amount": {"amount_minor": 1000 * (1 + chance.below(300)), "currency": "CNY"}});
                boss.post("/api/v1/payments", &paid).await.expect(201);
            }
            let owed = boss
                .get(&format!("/api/v1/customers/{id}/balance"))
                .await
                .expect(200);
            for (subject, field) in [
                (Subject::Outstanding, "outstanding"),
                (Subject::Paid, "paid"),
            ] {
                known.insert(subject, vec![value_of(subject, &owed.json[field])]);
            }
        }
        people.push(customer);
    }
    let all = boss
        .get("/api/v1/customers?limit=200&expand=details")
        .await
        .expect(200);
    for seen in all.json["items"].as_array().unwrap() {
        let person = people
            .iter_mut()
            .find(|person| seen["id"] == person.id)
            .unwrap();
        for field in FIELDS.iter().filter(|field| field.permission.is_none()) {
            let value = match field.code.strip_prefix("details.") {
                Some(detail) => &seen["details"][detail],
                None => &seen[&*field.code],
            };
            let values = match value {
                Value::Null => continue,
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            let facts = values.iter().map(|value| value_of(field.subject, value));
            person.known.insert(field.subject, facts.collect());
        }
        let in_pool = seen["holder_id"] == seen["campus_id"];
        person
            .known
            .insert(Subject::InPool, vec![Known::YesNo(in_pool)]);
    }
    (people, fields)
}

fn field_of(subject: Subject) -> &'static Field {
    FIELDS
        .iter()
        .find(|field| field.subject == subject)
        .unwrap()
}

/// A value as an answer tells it, by way of a tree that asks for it.
fn value_of(subject: Subject, value: &Value) -> Known {
    let op = if field_of(subject).kind == Type::Instant {
        "gte"
    } else {
        "eq"
    };
    let leaf = json!({"field": field_of(subject).code, "op": op, "value": value});
    let read = Tree::read("", &leaf, &Registry::default());
    assert!(read.is_ok(), "{leaf}: {:?}", read.err());
    let tree = read.unwrap();
    match tree {
        Tree::Leaf(leaf) => match leaf.test {
            domain::conditions::Test::OneOf(mut values) => values.remove(0),
            domain::conditions::Test::Range(std::ops::Bound::Included(value), _) => value,
            _ => unreachable!(),
        },
        _ => unreachable!(),
    }
}

/// A value that a customer has, mostly, so that comparisons are close.
fn some_value(field: &Field, people: &[Customer], chance: &mut Chance) -> Value {
    let known: Vec<Known> = people
        .iter()
        .flat_map(|p| p.known.get(&field.subject).cloned().unwrap_or_default())
        .collect();
    if !known.is_empty() && chance.percent(85) {
        let value = chance.pick(&known).canonical();
        return match value.as_str() {
            Some(text) if field.kind == Type::Text && text.chars().count() > 200 => json!("x"),
            _ => value,
        };
    }
    match field.kind {
        Type::Text | Type::Texts => json!(chance.pick(TEXTS)),
        Type::Number => {
            let (least, most) = field.range.unwrap();
            json!((least + chance.below(15) as i64).min(most))
        }
        Type::Date => json!("2015-02-28"),
        Type::Instant => json!("2026-11-01T00:00:00Z"),
        Type::Choice | Type::Choices => json!(field.choices[0].value),
        Type::Id | Type::Ids => json!(uuid::Uuid::now_v7()),
        Type::YesNo => json!(chance.percent(50)),
        Type::Money => json!({"amount_minor": 1000, "currency": "CNY"}),
        Type::Birthday => json!(30),
    }
}

/// The fields that trees speak of, and those of whom they are asked.
type Asked = (Registry, Vec<Customer>);

fn leaf(asked: &Asked, chance: &mut Chance) -> Value {
    let fields: Vec<_> = asked.0.open().collect();
    let field = *chance.pick(&fields);
    let op = *chance.pick(field.operators());
    leaf_of(field, op, asked, chance)
}

fn leaf_of(field: &Field, op: Operator, asked: &Asked, chance: &mut Chance) -> Value {
    let (fields, people) = asked;
    let mut leaf = json!({"field": field.code, "op": op.as_str()});
    let value = match op {
        Operator::IsKnown | Operator::IsUnknown => return leaf,
        Operator::WithinLastDays | Operator::WithinNextDays | Operator::BeforeLastDays => {
            json!(chance.pick(&[0, 1, 7, 30, 45, 200, 365, 3000]))
        }
        Operator::In => (0..1 + chance.below(3))
            .map(|_| some_value(field, people, chance))
            .collect(),
        Operator::Between => {
            let mut ends = [
                some_value(field, people, chance),
                some_value(field, people, chance),
            ];
            if Tree::read(
                "",
                &json!({"field": field.code, "op": "between", "value": ends}),
                fields,
            )
            .is_err()
            {
                ends.reverse();
            }
            json!(ends)
        }
        Operator::Contains | Operator::StartsWith => {
            let value = some_value(field, people, chance);
            let text: Vec<char> = value.as_str().unwrap().chars().collect();
            let from = if op == Operator::Contains {
                chance.below(text.len() as u64) as usize
            } else {
                0
            };
            let part: String = text[from..].iter().take(2).collect();
            if domain::text::fold(&part).is_empty() {
                json!("张")
            } else {
                json!(part)
            }
        }
        _ => some_value(field, people, chance),
    };
    leaf["value"] = value;
    if field.has_span && chance.percent(50) {
        leaf["last_days"] = json!(chance.below(45));
    }
    leaf
}

fn tree(depth: usize, people: &Asked, chance: &mut Chance) -> Value {
    if depth == 0 || chance.percent(40) {
        return leaf(people, chance);
    }
    match chance.below(3) {
        0 => json!({"not": tree(depth - 1, people, chance)}),
        group => {
            let members = 1 + chance.below(3);
            let members: Vec<_> = (0..members)
                .map(|_| tree(depth - 1, people, chance))
                .collect();
            json!({ if group == 1 { "all" } else { "any" }: members })
        }
    }
}

/// Those who meet a tree by the rules.
fn meeting(w: &World, tree: &Value, (fields, people): &Asked) -> BTreeSet<String> {
    let read = Tree::read("", tree, fields);
    assert!(read.is_ok(), "{tree}: {:?}", read.err());
    let read = read.unwrap();
    let told = read.canonical();
    assert!(Tree::read("", &told, fields).unwrap() == read, "{told}");
    let now = w.server.app.clock.now();
    let met = people.iter().filter(|person| {
        let moment = Moment::new(now, zone(person.zone));
        read.is_met(&Seen(person, &moment), &moment)
    });
    met.map(|person| person.id.clone()).collect()
}

both! {
    async fn both_engines_and_the_rules_find_the_same_customers(w: World) {
        let seed = std::env::var("CONDITION_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(7);
        let trees = std::env::var("CONDITION_TREES").ok().and_then(|trees| trees.parse().ok());
        let mut chance = Chance::new(seed);
        let (people, fields) = people(&w, &mut chance).await;
        let people = (fields, people);
        let boss = w.as_boss();
        let mut kinds = BTreeSet::new();
        // Every field with every operator, then whatever comes.
        let pairs = people.0.open().flat_map(|field| field.operators().iter().map(move |op| (field, *op)));
        let leaves: Vec<_> = pairs.map(|(field, op)| leaf_of(field, op, &people, &mut chance)).collect();
        let trees = (0..trees.unwrap_or(TREES)).map(|_| tree(3, &people, &mut chance));
        for asked in leaves.into_iter().chain(trees.collect::<Vec<_>>()) {
            // Some have too many leaves.
            if Tree::read("", &asked, &people.0).is_err_and(|faults| faults[0].rule.code == "too_many") {
                continue;
            }
            let expected = meeting(&w, &asked, &people);
            kinds.insert(expected.len());
            let seen: BTreeSet<String> = found(&boss, &asked).await.into_iter().collect();
            assert_eq!(seen, expected, "seed {seed}: {asked}");
        }
        assert!(kinds.len() > 5, "the trees tell nobody from another: {kinds:?}");
    }
}
