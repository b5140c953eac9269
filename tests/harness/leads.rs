//! Messy lists of leads with their truth, from a seed; and how a process is given one.

use std::net::SocketAddr;

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
const GENDERS: &[&str] = &["男", "女", "M", "F", "先生", "女士", "保密", ""];
const INTENTS: &[&str] = &["强", "A", "★★★", "中", "一般", "B", "弱", ""];
const CHANNELS: &[&str] = &["老带新", "地推", "公益课", "官网", "微信公众号", "前台", ""];
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

/// A child that was written down before.
#[derive(Clone)]
struct Child {
    row: usize,
    name: String,
    born: String,
    guardian: String,
    phone: String,
}

/// `count` rows; the same seed gives the same list.
pub fn generate(seed: u64, count: usize) -> List {
    let mut chance = Chance::new(seed);
    let mut csv =
        "姓名,性别,出生日期,家长姓名,关系,手机号,邮箱,意向程度,来源渠道,备注\n".to_owned();
    let mut truth = Vec::new();
    let mut children: Vec<Child> = Vec::new();
    for row in 1..=count {
        let kind = chance.below(100);
        let mut problems = Vec::new();
        let mut duplicate = None;
        let mut child = fresh(&mut chance, row);
        if kind < 10 && !children.is_empty() {
            // The same child again.
            let first = chance.pick(&children).clone();
            duplicate = Some(first.row);
            child = first;
        } else if kind < 20 && !children.is_empty() {
            // A brother or a sister.
            let first = chance.pick(&children).clone();
            child.guardian = first.guardian;
            child.phone = first.phone;
        }
        let (mut name, mut phone, mut mail) = (
            child.name.clone(),
            written(&mut chance, &child.phone),
            String::new(),
        );
        let mut born = child.born.clone();
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
            name,
            (*chance.pick(GENDERS)).into(),
            born,
            child.guardian.clone(),
            "妈妈".into(),
            phone,
            mail,
            (*chance.pick(INTENTS)).into(),
            (*chance.pick(CHANNELS)).into(),
            (*chance.pick(NOTES)).into(),
        ];
        let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        csv.push_str(&quoted.join(","));
        csv.push('\n');
        truth.push(json!({"row": row, "problems": problems, "duplicate_of_row": duplicate}));
    }
    csv.push_str(",,,,,,,,,\n,,,,,,,,,\n");
    List { csv, truth }
}

fn fresh(chance: &mut Chance, row: usize) -> Child {
    let family = *chance.pick(FAMILY);
    // The number keeps brothers from having one name.
    let name = format!("{family}{}{}", chance.pick(GIVEN), cardinal(row));
    let born = format!(
        "20{:02}-{:02}-{:02}",
        10 + chance.below(10),
        1 + chance.below(12),
        1 + chance.below(28)
    );
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

/// A number as people write it.
fn written(chance: &mut Chance, phone: &str) -> String {
    let (a, rest) = phone.split_at(3);
    let (b, c) = rest.split_at(4);
    match chance.below(5) {
        0 => format!("{a} {b} {c}"),
        1 => format!("{a}-{b}-{c}"),
        2 => format!("+86{phone}"),
        3 => format!("'{phone}"),
        _ => phone.to_owned(),
    }
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
