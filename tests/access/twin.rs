//! Twin worlds (T-06): what somebody reads is the same, to the byte, whether or not there is what he or she
//! may not see (I-21, I-22). Every reading operation of the document is walked, in every order that it has,
//! from its lists into their records.

use std::collections::{BTreeMap, BTreeSet};

use domain::{access::Reach, id::Id, organization::Campus, text_enum::TextEnum};
use reqwest::Method;
use tests::{Actor, Answer, Value, World, both, json};

use crate::{
    customers::merge,
    exports::{begin_with, content, ended},
};

/// Operations that tell of what is beyond reach, or of the reader's own doings meanwhile, and may.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("listSessions", "when each was last used"),
    ("listJobs", "one's own exports"),
    ("listExports", "one's own exports"),
    ("listNotices", "that they have ended"),
    ("countUnreadNotices", "that they have ended"),
];

/// Fields that may differ, and why.
const FIELDS: &[(&str, &str)] = &[
    (
        "seats_taken",
        "how full a class is concerns everybody who may enroll in it",
    ),
    ("evaluated_at", "the moment of reading"),
];

fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match FIELDS.iter().any(|(field, _)| field == name) {
                    true => *value = Value::Null,
                    false => blank(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

/// What somebody was told, by what was asked for.
type Told = BTreeMap<String, String>;

/// What is walked of the document for one reader.
struct Walk<'a> {
    w: &'a World,
    who: &'a Actor,
    told: Told,
    /// Paths that were found for each template.
    paths: BTreeMap<String, Vec<String>>,
}

impl Walk<'_> {
    async fn all(w: &World, who: &Actor) -> Told {
        let mut walk = Walk {
            w,
            who,
            told: Told::new(),
            paths: BTreeMap::new(),
        };
        let mut templates: Vec<_> = w.server.contract.operations().collect();
        templates.retain(|(method, path, operation)| {
            let id = operation["operationId"].as_str().unwrap();
            let is_excepted = EXCEPTIONS.iter().any(|(excepted, _)| *excepted == id);
            *method == Method::GET && path.starts_with("/api/v1/") && !is_excepted
        });
        templates.sort_by_key(|(_, path, _)| path.matches('/').count());
        for (_, template, operation) in templates {
            for path in walk.instances(template) {
                walk.read(template, &path, operation).await;
            }
        }
        walk.search().await;
        walk.export().await;
        walk.told
    }

    /// Paths of a template: by the ids that the list above it told.
    fn instances(&self, template: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for segment in template.split('/').skip(1) {
            let listed = segment.starts_with('{');
            let mut longer = Vec::new();
            for path in &found {
                if listed {
                    longer.extend(self.paths.get(path).into_iter().flatten().cloned());
                } else {
                    longer.push(format!("{path}/{segment}"));
                }
            }
            found = longer;
        }
        found
    }

    async fn read(&mut self, template: &str, path: &str, operation: &Value) {
        let plain = self.ask(path, "").await;
        if plain.status == 200 {
            let items = plain.json["items"].as_array().into_iter().flatten();
            let ids = items.filter_map(|item| item["id"].as_str().map(|id| format!("{path}/{id}")));
            self.paths.insert(path.to_owned(), ids.collect());
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<Value> = parameters
            .map(|parameter| self.w.server.contract.resolve(parameter).clone())
            .collect();
        for parameter in parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
        {
            let name = parameter["name"].as_str().unwrap();
            let schema = self.w.server.contract.resolve(&parameter["schema"]).clone();
            let several = self.w.server.contract.resolve(&schema["items"]).clone();
            let is_told =
                ["limit", "cursor", "lang"].contains(&name) || template.contains("/content");
            let values = match (schema["type"].as_str(), &schema["enum"], &several["enum"]) {
                _ if is_told => Vec::new(),
                (Some("boolean"), ..) => vec!["true".to_owned()],
                (_, Value::Array(values), _) | (_, _, Value::Array(values)) => values
                    .iter()
                    .map(|value| value.as_str().unwrap().to_owned())
                    .collect(),
                _ => Vec::new(),
            };
            for value in values {
                self.ask(path, &format!("&{name}={value}")).await;
            }
        }
    }

    /// Asks, and keeps the answer; of a refusal only which it is.
    async fn ask(&mut self, path: &str, query: &str) -> Answer {
        let asked = format!("{path}?{}", query.trim_start_matches('&'));
        let answer = self.who.get(asked.trim_end_matches('?')).await;
        self.keep(asked, &answer);
        answer
    }

    fn keep(&mut self, asked: String, answer: &Answer) {
        let told = match answer.status {
            200 if answer.json.is_null() => answer.text.clone(),
            200 => {
                let mut told = answer.json.clone();
                blank(&mut told);
                told.to_string()
            }
            refused => format!("{refused} {}", answer.json["code"]),
        };
        self.told.insert(asked, told);
    }

    async fn search(&mut self) {
        let mut bodies: Vec<Value> = [
            "张小明",
            "zhangxiaoming",
            "zxm",
            "13800138000",
            "8000",
            "@example.com",
            "张",
            "海淀",
        ]
        .iter()
        .map(|text| json!({ "query": text, "include_total": true }))
        .collect();
        bodies.push(json!({"note": "怕生", "include_total": true}));
        bodies.push(json!({"include_total": true, "expand": ["holder", "campus", "collector", "details", "custom_fields"]}));
        bodies.push(json!({"expand": ["schooling", "activity", "photo"]}));
        let fields = self.who.get("/api/v1/condition-fields").await;
        for field in fields.json["items"].as_array().into_iter().flatten() {
            let operators = field["operators"].as_array().unwrap();
            if operators.contains(&json!("is_known")) {
                let leaf = json!({"field": field["field"], "op": "is_known"});
                bodies.push(json!({"conditions": leaf, "include_total": true}));
            }
        }
        for (field, op, value) in [
            ("intent", "gte", json!(2)),
            ("name", "contains", json!("小")),
            ("created_at", "within_last_days", json!(3)),
        ] {
            let leaf = json!({"field": field, "op": op, "value": value});
            bodies.push(json!({"conditions": {"not": leaf}, "include_total": true}));
            bodies.push(json!({"conditions": leaf, "include_total": true}));
        }
        for body in bodies {
            let answer = self.who.post("/api/v1/customers/search", &body).await;
            self.keep(format!("search {body}"), &answer);
        }
    }

    /// Rows of an export, but for who made it and when.
    async fn export(&mut self) {
        let made = ended(
            self.who,
            &begin_with(self.who, json!({"expand": ["details"]})).await,
        )
        .await;
        let text = content(self.who, &made).await.text;
        let rows = text
            .lines()
            .map(|row| row.rsplit_once(',').map_or(row, |(row, _)| row));
        self.told
            .insert("export".into(), rows.collect::<Vec<_>>().join("\n"));
    }
}

/// Two families at a campus, and all that happens with them.
async fn families(
    w: &World,
    by: &Actor,
    (campus, holder): (Id<Campus>, Value),
    (class, notice): (&str, &str),
) -> Vec<String> {
    let mut made = Vec::new();
    for (name, phone) in [("张小明", "13800138000"), ("张晓明", "13900139000")] {
        let mut body = json!({
            "kind": "student", "name": name, "source_channel": "hotline", "campus_id": campus, "holder_id": holder,
            "intent": 3, "note": "有点怕生", "details": {"needs": "数学"},
        });
        body["contact_points"] = json!([{"kind": "phone", "value": phone},
            {"kind": "email", "value": "zhang@example.com"}, {"kind": "address", "value": "北京市海淀区"}]);
        let student = by.post("/api/v1/customers", &body).await.expect(201).id();
        body["kind"] = json!("guardian");
        let guardian = by.post("/api/v1/customers", &body).await.expect(201).id();
        body["kind"] = json!("student");
        let double = by.post("/api/v1/customers", &body).await.expect(201).id();
        let of = |part: &str| format!("/api/v1/customers/{student}/{part}");
        let relation = json!({"role": "guardian", "relative_id": guardian});
        by.post(&of("relations"), &relation).await.expect(201);
        by.post(&of("collections"), &json!({"source_channel": "website"}))
            .await
            .expect(201);
        let consent = json!({"purpose": "marketing", "decision": "given", "channel": "phone", "notice_id": notice, "evidence": "电话录音"});
        by.post(&of("consents"), &consent).await.expect(201);
        let called = json!({"customer_id": student, "method": "phone", "outcome": "interested", "content": "周末来"});
        by.post("/api/v1/follow-ups", &called).await.expect(201);
        let enrolled = json!({"customer_id": student, "class_id": class});
        by.post("/api/v1/enrollments", &enrolled).await.expect(201);
        let paid = json!({"payer_id": student, "campus_id": campus, "method": "cash",
            "amount": {"amount_minor": 30_000, "currency": "CNY"}});
        by.post("/api/v1/payments", &paid).await.expect(201);
        merge::merge(by, &student, &double).await.expect(201);
        made.extend([student, guardian]);
    }
    w.server.settle().await;
    made
}

/// What people agree to.
async fn notice(by: &Actor) -> String {
    let body = json!({"purpose": "marketing", "language": "zh-CN", "title": "营销告知书", "text": "我们会介绍课程。"});
    by.post("/api/v1/privacy-notices", &body)
        .await
        .expect(201)
        .id()
}

/// A class at a campus that anybody of the institution may see.
async fn class(w: &World, by: &Actor, campus: Id<Campus>) -> String {
    let course = w.new_course(by).await;
    let mut body = w.new_class(&course);
    body["campus_id"] = json!(campus);
    by.post("/api/v1/classes", &body).await.expect(201).id()
}

/// Who reads everything that is within a reach.
async fn reader(w: &World, reach: Reach) -> Actor {
    let code = format!("reads_{}", reach.as_str());
    let permissions = [
        "customers:read",
        "follow_ups:read",
        "tags:read",
        "enrollments:read",
        "payments:read",
        "reports:read",
        "exports:run",
    ];
    w.add_role(&code, &permissions.map(|code| (code, reach)))
        .await;
    w.hire(&[&code], w.places.north, Some(w.places.team)).await
}

/// What differs between two walks.
fn different(before: &Told, after: &Told) -> BTreeSet<String> {
    let asked = before.keys().chain(after.keys());
    asked
        .filter(|asked| before.get(*asked) != after.get(*asked))
        .cloned()
        .collect()
}

both! {
    async fn nobody_reads_anything_of_what_is_beyond_reach(w: World) {
        let (boss, stranger) = (w.as_boss(), w.as_stranger());
        let (own, team, campus) = (reader(&w, Reach::Own).await, reader(&w, Reach::Team).await, reader(&w, Reach::Campus).await);
        let (northern, southern) = (class(&w, &boss, w.places.north).await, class(&w, &boss, w.places.south).await);
        let (notice, strange_notice) = (notice(&boss).await, notice(&stranger).await);
        let theirs = class(&w, &stranger, w.other_places.north).await;
        families(&w, &boss, (w.places.north, json!(own.principal)), (&northern, &notice)).await;
        let shared = families(&w, &boss, (w.places.east, json!(w.places.east)), (&northern, &notice)).await;
        let grant = json!({"grantee_id": own.principal, "access": "read"});
        boss.post(&format!("/api/v1/customers/{}/shares", shared[0]), &grant).await.expect(201);
        let readers = [("own", &own), ("team", &team), ("campus", &campus), ("boss", &boss)];
        let mut before = Vec::new();
        for (_, who) in readers {
            before.push(Walk::all(&w, who).await);
        }

        // Beyond all of them but the boss: a pool, somebody's own, and another institution, of the same names
        // and numbers.
        families(&w, &boss, (w.places.south, json!(w.places.south)), (&southern, &notice)).await;
        families(&w, &boss, (w.places.south, json!(w.actor("southerner").principal)), (&southern, &notice)).await;
        families(&w, &stranger, (w.other_places.north, json!(w.other_places.north)), (&theirs, &strange_notice)).await;

        for ((name, who), before) in readers.into_iter().zip(before) {
            let after = Walk::all(&w, who).await;
            let differ = different(&before, &after);
            let readable = before.values().filter(|told| told.starts_with('{')).count();
            if name == "boss" {
                for asked in ["/api/v1/customers?", "/api/v1/follow-ups?", "/api/v1/payments?", "/api/v1/enrollments?", "export"] {
                    assert!(differ.contains(asked), "the boss does not see it: {asked}");
                }
                continue;
            }
            assert!(readable > 60, "{name} reads {readable}");
            let shown: Vec<_> = differ.iter().map(|asked| (asked, before.get(asked), after.get(asked))).collect();
            assert!(shown.is_empty(), "{name} sees {} of {}: {:#?}", shown.len(), before.len(), shown.first());
        }
    }
}
