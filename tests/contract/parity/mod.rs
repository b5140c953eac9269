//! SQLite and PostgreSQL answer alike (I-41, T-27): the same requests, in worlds of their own, get
//! the same answers once ids, times and digests are told apart by their order only.

mod customers;
mod document;
mod main_job;

use std::{collections::HashMap, sync::Mutex};

use jiff::{SignedDuration, Timestamp};
use tests::{Answer, Engine, Value, World, json, run};
use uuid::Uuid;

/// Fields that hold secrets, digests, or times by the time of the run.
const UNLIKE: &[&str] = &[
    "next_cursor",
    "key",
    "url",
    "one_time_password",
    "sha256",
    "expires_at",
    "until",
    "from_amount",
    "stale_at",
    "amount",
    "due_at",
    "deleted_customers_in_force_from",
    "leads_in_force_from",
];

/// How names begin that go on with an id, or a part of one.
const MADE_OF_IDS: &[&str] = &[
    "own_",
    "school-",
    "other-",
    "分类",
    "标签",
    "c_",
    "custom_fields.c_",
    "UTF-8''personal-data-",
];

/// One line an answer.
#[derive(Default)]
struct Transcript {
    begun: Timestamp,
    lines: Vec<String>,
    ids: HashMap<String, usize>,
}

impl Transcript {
    fn note(&mut self, request: &str, answer: &Answer) {
        let request = self.text(request);
        let (status, headers, body) = answer.essence();
        let headers: Vec<String> = headers
            .iter()
            .filter(|(name, _)| name.as_str() != "content-length")
            .map(|(name, value)| {
                let text = self.text(value.to_str().unwrap_or_default());
                match text.split_once('-') {
                    // A version and a digest of what is shown, ids and times included.
                    Some((version, _)) if name == "etag" => match version.len() {
                        0..=10 => format!("{name}: {version}"),
                        // One that is a time.
                        _ => format!("{name}: some"),
                    },
                    _ => format!("{name}: {text}"),
                }
            })
            .collect();
        let body = self.value(&body);
        self.lines
            .push(format!("{request}\n  {status} {headers:?}\n  {body}"));
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| {
                    let is_told_apart =
                        UNLIKE.contains(&name.as_str()) && (value.is_string() || value.is_number());
                    let value = if is_told_apart || self.is_recent(value) {
                        json!("some")
                    } else {
                        self.value(value)
                    };
                    (name.clone(), value)
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// Whether a time of the run itself.
    fn is_recent(&self, value: &Value) -> bool {
        let time = value
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok());
        let around = SignedDuration::from_hours(1);
        time.is_some_and(|time| time.duration_since(self.begun).abs() < around)
    }

    /// With each id as its number, in the order of their first sight.
    fn text(&mut self, text: &str) -> String {
        let separators = ['/', '=', '&', '?', '>', '<', ';', '"', ' '];
        let mut out = String::new();
        for part in text.split_inclusive(separators) {
            let word = part.trim_end_matches(separators);
            let end = &part[word.len()..];
            if is_id(word) {
                let next = self.ids.len();
                let number = *self.ids.entry(word.to_owned()).or_insert(next);
                out.push_str(&format!("#{number}{end}"));
            } else if out.ends_with("cursor=") {
                out.push_str(&format!("some{end}"));
            } else {
                out.push_str(part);
            }
        }
        out
    }
}

/// Whether an id, or a name made of one.
fn is_id(word: &str) -> bool {
    let made_of_one = MADE_OF_IDS.iter();
    let word = word.strip_suffix(".json").unwrap_or(word);
    let word = made_of_one
        .filter_map(|before| word.strip_prefix(before))
        .next()
        .unwrap_or(word);
    let is_hex = word.bytes().all(|b| b.is_ascii_hexdigit());
    Uuid::try_parse(word).is_ok() || (word.len() >= 12 && is_hex)
}

/// Plays the same on both engines, at the same time, and compares what they answered; where there is
/// no PostgreSQL, there is nothing to compare with.
fn compare(play: impl AsyncFn(&World, &mut Transcript) + Sync) {
    let played = |engine| {
        let lines = Mutex::<Vec<String>>::default();
        run(engine, async |w| {
            let mut told = Transcript {
                begun: w.server.app.clock.now(),
                ..Transcript::default()
            };
            play(&w, &mut told).await;
            *lines.lock().unwrap() = told.lines;
        });
        lines.into_inner().unwrap()
    };
    let (sqlite, postgres) = std::thread::scope(|threads| {
        let other = threads.spawn(|| played(Engine::Postgres));
        (played(Engine::Sqlite), other.join().unwrap())
    });
    assert!(sqlite.len() > 40, "only {} answers", sqlite.len());
    if postgres.is_empty() {
        return;
    }
    let both = sqlite.iter().zip(&postgres);
    let unlike: Vec<_> = both.filter(|(one, other)| one != other).take(10).collect();
    assert!(unlike.is_empty(), "{unlike:#?}");
    assert_eq!(sqlite.len(), postgres.len());
}

#[test]
fn both_databases_answer_alike() {
    compare(customers::play);
}

#[test]
fn both_databases_do_the_main_job_alike() {
    compare(main_job::play);
}

#[test]
fn both_databases_answer_each_operation_alike() {
    compare(document::play);
}
