//! Messy lists of leads with their truth, from a seed; and how a process is given one.

use std::net::SocketAddr;

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::{call::form, chance::Chance, credentials::new_client};

/// A list, and what a careful clerk would make of each row.
pub struct List {
    pub csv: String,
    pub truth: Vec<Value>,
}

impl List {
    /// The same as a Chinese spreadsheet program saves it.
    pub fn gb18030(&self) -> Vec<u8> {
        encoding_rs::GB18030.encode(&self.csv).0.into_owned()
    }
}

const FAMILY: &[&str] = &["张", "李", "王", "赵", "欧阳", "诸葛", "司马", "陈"];
const GIVEN: &[&str] = &["伟", "丽", "若雨", "博涵", "子沐", "萱涵", "一诺", "思远"];
/// Words with what is stored for them.
type Words<T> = &'static [(&'static str, Option<T>)];
const GENDERS: Words<&str> = &[
    ("男", Some("male")),
    ("女 ", Some("female")),
    ("M", Some("male")),
    ("Ｆ", Some("female")),
    ("先生", Some("male")),
    ("女士", Some("female")),
    ("保密", None),
    ("", None),
];
const INTENTS: Words<i64> = &[
    ("强", Some(4)),
    ("A", Some(4)),
    ("★★★", Some(4)),
    ("中", Some(2)),
    ("一般", Some(2)),
    ("B", Some(3)),
    ("弱", Some(1)),
    ("", None),
];
const CHANNELS: Words<&str> = &[
    ("老带新", Some("referral")),
    ("地推", Some("event")),
    ("公益课", Some("public_lesson")),
    ("官网", Some("website")),
    ("微信公众号", Some("social")),
    ("前台", Some("walk_in")),
    ("", None),
];
const NOTES: &[&str] = &[
    "",
    "喜欢画画",
    "=1+1",
    "\"引号\"",
    "两行\n备注",
    "-1+1 再定",
    "👍",
];
const BAD_PHONES: &[&str] = &["12345", "1380013800", "无"];
const BAD_DATES: &[&str] = &["昨天", "2015年2月30日", "6/1/2015", "2999-01-01"];
const BAD_MAILS: &[&str] = &["x@", "@example.com"];
/// What parts two numbers in a cell.
const BETWEEN: &[&str] = &["/", ";", "；", "、", "\n"];

/// A child that was written down before.
#[derive(Clone)]
struct Child {
    row: usize,
    name: String,
    born: Date,
    guardian: String,
    phone: String,
}

/// `count` rows; the same seed gives the same list. The truth of a row has `row`, `problems`,
/// `duplicate_of_row`, `sibling_of_row` and, where it is taken in, `store`; `guardian` is whom it
/// names.
pub fn generate(seed: u64, count: usize) -> List {
    let mut chance = Chance::new(seed);
    let mut csv =
        "姓名,性别,出生日期,家长姓名,关系,手机号,备用电话,邮箱,意向程度,来源渠道,备注\n".to_owned();
    let mut truth = Vec::new();
    let mut children: Vec<Child> = Vec::new();
    for row in 1..=count {
        let kind = chance.below(100);
        let mut problems = Vec::new();
        let (mut duplicate, mut sibling) = (None, None);
        let mut child = fresh(&mut chance, row);
        if kind < 10 && !children.is_empty() {
            // The same child again.
            let first = chance.pick(&children).clone();
            duplicate = Some(first.row);
            child = first;
        } else if kind < 20 && !children.is_empty() {
            // A brother or a sister.
            let first = chance.pick(&children).clone();
            sibling = Some(first.row);
            child.guardian = first.guardian;
            child.phone = first.phone;
        }
        let mut name = spaced(&mut chance, &child.name);
        let mut born = written_day(&mut chance, child.born);
        let guardian = if chance.percent(90) {
            child.guardian.as_str()
        } else {
            ""
        };
        // A number that nobody else has.
        let second = format!("137{:08}", row * 6353 % 100_000_000);
        let mut phone = written(&mut chance, &child.phone);
        let (mut other_phone, mut phones) = (String::new(), vec![&child.phone]);
        match chance.below(10) {
            0 => {
                let between = *chance.pick(BETWEEN);
                phone = format!("{phone}{between}{}", written(&mut chance, &second));
                phones.push(&second);
            }
            1 | 2 => {
                other_phone = written(&mut chance, &second);
                phones.push(&second);
            }
            // The same number in both columns.
            3 => other_phone = written(&mut chance, &child.phone),
            _ => {}
        }
        let mail = chance.percent(30).then(|| format!("h{row}@example.com"));
        let (gender, stored_gender) = *chance.pick(GENDERS);
        let (intent, stored_intent) = *chance.pick(INTENTS);
        let (channel, stored_channel) = *chance.pick(CHANNELS);
        let store = json!({
            "name": child.name, "gender": stored_gender, "birth_date": child.born.to_string(),
            "phones": phones.iter().map(|phone| format!("+86{phone}")).collect::<Vec<_>>(),
            "email": mail, "intent": stored_intent, "channel": stored_channel,
        });
        let mut mail = mail.unwrap_or_default();
        if kind >= 94 {
            match kind {
                94 => {
                    name = "  ".into();
                    problems.push("name_missing");
                }
                95 | 96 => {
                    phone = (*chance.pick(BAD_PHONES)).to_owned();
                    problems.push("phone_invalid");
                }
                97 | 98 => {
                    born = (*chance.pick(BAD_DATES)).to_owned();
                    problems.push("birth_date_invalid");
                }
                _ => {
                    mail = (*chance.pick(BAD_MAILS)).to_owned();
                    problems.push("email_invalid");
                }
            }
        } else if duplicate.is_none() {
            children.push(child.clone());
        }
        let cells = [
            &name,
            gender,
            &born,
            guardian,
            "妈妈",
            &phone,
            &other_phone,
            &mail,
            intent,
            channel,
            *chance.pick(NOTES),
        ];
        let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        csv.push_str(&quoted.join(","));
        csv.push('\n');
        let is_taken_in = problems.is_empty();
        truth.push(json!({
            "row": row, "problems": problems, "duplicate_of_row": duplicate, "sibling_of_row": sibling,
            "store": is_taken_in.then_some(store),
            "guardian": (!guardian.is_empty()).then_some(guardian),
        }));
    }
    csv.push_str(",,,,,,,,,,\n,,,,,,,,,,\n");
    List { csv, truth }
}

fn fresh(chance: &mut Chance, row: usize) -> Child {
    let family = *chance.pick(FAMILY);
    // The number keeps brothers from having one name.
    let name = format!("{family}{}{}", chance.pick(GIVEN), cardinal(row));
    let mut below = |end| i8::try_from(chance.below(end)).unwrap();
    let born = date(2010 + i16::from(below(10)), 1 + below(12), 1 + below(28));
    Child {
        row,
        name,
        born,
        guardian: format!("{family}{}", chance.pick(GIVEN)),
        phone: format!("139{:08}", row * 7919 % 100_000_000),
    }
}

/// A number in Chinese digits, as part of a name.
fn cardinal(number: usize) -> String {
    let digits: Vec<char> = "零一二三四五六七八九".chars().collect();
    let text = number.to_string();
    let digit = |c: char| digits[c.to_digit(10).unwrap() as usize];
    text.chars().map(digit).collect()
}

/// A name with the blanks by which people align short ones.
fn spaced(chance: &mut Chance, name: &str) -> String {
    let (first, rest) = name.split_at(name.chars().next().unwrap().len_utf8());
    match chance.below(6) {
        0 => format!("{first}　{rest}"),
        1 => format!(" {name} "),
        _ => name.to_owned(),
    }
}

/// A number as people write it.
fn written(chance: &mut Chance, phone: &str) -> String {
    let (a, rest) = phone.split_at(3);
    let (b, c) = rest.split_at(4);
    match chance.below(8) {
        0 => format!("{a} {b} {c}"),
        1 => format!("{a}-{b}-{c}"),
        2 => format!("+86{phone}"),
        3 => format!("'{phone}"),
        4 => full_width(phone),
        5 => format!("0086 {a}{b}{c}"),
        _ => phone.to_owned(),
    }
}

/// A day as people write it, or as a spreadsheet counts it.
fn written_day(chance: &mut Chance, day: Date) -> String {
    const START: Date = date(1899, 12, 30);
    match chance.below(9) {
        0 => day.strftime("%Y/%-m/%-d").to_string(),
        1 => day.strftime("%Y.%m.%d").to_string(),
        2 => day.strftime("%Y年%-m月%-d日").to_string(),
        3 => day.strftime("%Y%m%d").to_string(),
        4 => (day - START).get_days().to_string(),
        5 => full_width(&day.to_string()),
        6 => format!("{day} 00:00:00"),
        _ => day.to_string(),
    }
}

/// Digits as wide as Chinese characters.
fn full_width(text: &str) -> String {
    let wide = |c: char| {
        let digit = c.to_digit(10)?;
        char::from_u32(u32::from('０') + digit)
    };
    text.chars().map(|c| wide(c).unwrap_or(c)).collect()
}

/// Adds a tag that lists can name.
pub async fn add_tag(address: SocketAddr, token: &str, name: &str) {
    let client = new_client();
    let post = |path: &str, body: Value| {
        let request = client.post(format!("http://{address}/api/v1/{path}"));
        answer(request.json(&body), token)
    };
    let category = post("tag-categories", json!({ "name": name })).await;
    let tag = json!({"name": name, "category_id": category["id"]});
    post("tags", tag).await;
}

/// How far a job has come.
pub struct Progress {
    pub done: u64,
    pub finished: bool,
}

/// Gives a process a list to import; the id of its job.
pub async fn send(address: SocketAddr, token: &str, campus: &str, list: &str) -> String {
    let client = new_client();
    let (media, body) = form("file", "leads.csv", list.as_bytes());
    let upload = client
        .post(format!("http://{address}/api/v1/files?purpose=import"))
        .header("content-type", media)
        .body(body);
    let file = answer(upload, token).await;
    let import = client
        .post(format!("http://{address}/api/v1/imports"))
        .json(&json!({
            "file_id": file["id"], "entity": "customers", "campus_id": campus, "mode": "commit",
        }));
    let job = answer(import, token).await;
    job["id"].as_str().unwrap().to_owned()
}

/// How far a job of a process has come.
pub async fn progress(address: SocketAddr, token: &str, job: &str) -> Progress {
    let request = new_client().get(format!("http://{address}/api/v1/jobs/{job}"));
    let job = answer(request, token).await;
    assert_ne!(job["status"], "failed", "{job}");
    Progress {
        done: job["progress"]["done"].as_u64().unwrap(),
        finished: !job["finished_at"].is_null(),
    }
}

async fn answer(request: reqwest::RequestBuilder, token: &str) -> Value {
    let key = uuid::Uuid::now_v7().to_string();
    let request = request.bearer_auth(token).header("idempotency-key", key);
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert!(status.is_success(), "{body}");
    body
}
