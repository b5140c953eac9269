//! Customers whose names, dates and numbers engines like to treat each in its own way.

use tests::{Actor, World, json};

use super::Transcript;

pub(super) const REQUESTS: usize = 90;

/// Numbers in an order that only the seed decides.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.throw(from.len())]
    }
}

/// Names that engines fold, sort or store differently when they are left to.
const NAMES: &[&str] = &[
    "张伟",
    "张玮",
    "zhangwei",
    "Zhang Wei",
    "ＺＨＡＮＧ",
    "Ångström",
    "A\u{30a}ngstro\u{308}m",
    "İstanbul",
    "straße",
    "ﬁne",
    "O'Brien",
    "\"quoted\"",
    "100%",
    "a_b",
    "back\\slash",
    "😀 Emoji",
    "𠮷野家",
    "ไทย",
    "\u{202e}rtl",
    "ａ１",
    "\u{2ceb0}张",
    "张\u{2ceb0}",
    "王\u{9fd0}明",
    "\u{30000}\u{30001}\u{30002}",
    "ที่นี่",
    "한국어",
    "שָׁלוֹם",
    "a-b c.d",
    "ｶﾞｷﾞ",
    "①②",
    "-- drop",
    "NULL",
    "0",
];

const QUERIES: &[&str] = &[
    "张",
    "张伟",
    "zw",
    "zhang",
    "ang",
    "ÅNG",
    "angstrom",
    "istanbul",
    "STRASSE",
    "straße",
    "fine",
    "o'brien",
    "'",
    "\"",
    "*",
    "%",
    "_",
    "\\",
    "-",
    ":",
    "(",
    "^",
    "0",
    "a1",
    "😀",
    "𠮷",
    "ไ",
    "1234",
    "13800138000",
    "a@b.example",
    " 张 ",
    "NEAR(a b)",
    "\u{200b}",
    "\u{301}",
    "é",
    "，",
];

const LISTS: &[&str] = &[
    "",
    "?limit=2",
    "?sort=created_at&limit=200",
    "?stage=lead,interested",
    "?kind=student&stage=interested",
    "?intent=1,4",
    "?source_channel=hotline",
    "?created_at%5Bgte%5D=1969-12-31T23:59:59.999999Z",
    "?created_at%5Blt%5D=0001-01-01T00:00:00Z",
    "?created_at%5Bgte%5D=9999-12-31T23:59:59Z",
    "?created_at%5Bgte%5D=2026-02-30T00:00:00Z",
    "?intent=99999999999999999999",
    "?intent=-32769",
    "?limit=1&sort=-created_at",
    "?nonsense=1",
];

/// Times that one engine might round and the other not.
const DATES: &[&str] = &[
    "1900-01-01",
    "2000-02-29",
    "2015-09-01",
    "1899-12-31",
    "2999-01-01",
    "2001-02-29",
];
const TIMES: &[&str] = &[
    "2020-01-01T00:00:00Z",
    "2020-01-01T08:00:00.123456+08:00",
    "2020-01-01T00:00:00.1234567Z",
    "1969-12-31T23:59:59.000001Z",
    "2016-12-31T23:59:60Z",
    "2999-01-01T00:00:00Z",
];
const INTENTS: &[i64] = &[0, 1, 4, 5, -1, 32_768, i64::MAX];

/// The requests, one after the other, and their answers.
pub(super) async fn play(w: &World, told: &mut Transcript) {
    let mut dice = Dice(0x5eed_2026);
    let mut ids: Vec<String> = vec!["0192f0c1-2222-7000-8000-000000000000".into()];
    let people = [
        "recruiter",
        "colleague",
        "manager",
        "service",
        "boss",
        "finance",
    ];
    for n in 0..REQUESTS {
        let who = dice.pick(&people);
        let actor = w.actor(who);
        let path = format!("/api/v1/customers/{}", ids[dice.throw(ids.len())]);
        let (request, answer) = match dice.throw(9) {
            0 | 1 => {
                let mut body = w.new_customer(dice.pick(NAMES));
                if dice.throw(2) == 0 {
                    body["birth_date"] = json!(dice.pick(DATES));
                }
                if dice.throw(2) == 0 {
                    body["collected_at"] = json!(dice.pick(TIMES));
                }
                if dice.throw(3) == 0 {
                    body["note"] = json!(dice.pick(NAMES));
                }
                let key = format!("k{}", dice.throw(40));
                let answer = actor.post_with_key("/api/v1/customers", &key, &body).await;
                if answer.status == 201 {
                    ids.push(answer.id());
                }
                (format!("create {}", body["name"]), answer)
            }
            2 | 3 => {
                let change = match dice.throw(5) {
                    0 => json!({"intent": INTENTS[dice.throw(INTENTS.len())]}),
                    1 => json!({"name": dice.pick(NAMES)}),
                    2 => json!({"birth_date": dice.pick(DATES)}),
                    3 => json!({"stage": dice.pick(&["interested", "lost", "nonsense"])}),
                    _ => json!({"note": null, "intent": null}),
                };
                let etag = format!("\"{}-0\"", dice.throw(3) + 1);
                let etag = if dice.throw(3) == 0 {
                    etag.as_str()
                } else {
                    "*"
                };
                (
                    format!("change {change}"),
                    actor.patch_if(&path, etag, &change).await,
                )
            }
            4 => ("get".into(), actor.get(&path).await),
            5 => ("delete".into(), actor.delete(&path).await),
            6 => {
                let answer = actor.post(&format!("{path}/restore"), &json!(null)).await;
                ("restore".into(), answer)
            }
            7 => {
                let list = dice.pick(LISTS);
                let answer = actor.get(&format!("/api/v1/customers{list}")).await;
                (format!("list {list}"), answer)
            }
            _ => {
                let body = json!({"query": dice.pick(QUERIES), "limit": dice.throw(5) + 1});
                let answer = actor.post("/api/v1/customers/search", &body).await;
                (format!("search {body}"), answer)
            }
        };
        told.note(&format!("{n} {who}: {request}"), &answer);
    }
    every(w, told).await;
}

/// Every name taken in, then every query and every list by whoever sees all.
async fn every(w: &World, told: &mut Transcript) {
    let boss: Actor = w.as_boss();
    for name in NAMES {
        let answer = boss.post("/api/v1/customers", &w.new_customer(name)).await;
        told.note(&format!("create {name}"), &answer);
    }
    let ascii = (' '..='~').map(|c| c.to_string());
    for query in QUERIES.iter().map(|q| (*q).to_owned()).chain(ascii) {
        let body = json!({"query": query, "limit": 200});
        let answer = boss.post("/api/v1/customers/search", &body).await;
        assert!(answer.status < 500, "{query:?}: {}", answer.text);
        told.note(&format!("search {body}"), &answer);
    }
    for name in NAMES {
        let body = json!({"query": name, "limit": 200});
        let answer = boss.post("/api/v1/customers/search", &body).await;
        assert!(answer.status < 500, "{name:?}: {}", answer.text);
        told.note(&format!("search {body}"), &answer);
    }
    for list in LISTS {
        let answer = boss.get(&format!("/api/v1/customers{list}")).await;
        assert!(answer.status < 500, "{list:?}: {}", answer.text);
        told.note(&format!("list {list}"), &answer);
    }
}
