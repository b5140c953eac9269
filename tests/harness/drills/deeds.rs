//! Commands that move something of value, each with records of its own, and what one of each leaves.

use std::collections::BTreeMap;

use domain::{id::Id, organization::Institution};
use persistence::Database;
use serde_json::{Value, json};
use uuid::Uuid;

use super::context::{found, rows};
use crate::desk::Desk;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Create,
    FollowUp,
    Enroll,
    Withdraw,
    CallRoll,
    Charge,
    Credit,
    Pay,
    Allocate,
    Void,
}

pub(super) const DEEDS: [Deed; 10] = [
    Deed::Create,
    Deed::FollowUp,
    Deed::Enroll,
    Deed::Withdraw,
    Deed::CallRoll,
    Deed::Charge,
    Deed::Credit,
    Deed::Pay,
    Deed::Allocate,
    Deed::Void,
];

/// A command, to be sent as often as one likes.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) path: String,
    pub(super) body: Value,
}

/// Where everything happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    pub(super) campus: Uuid,
    pub(super) course: Uuid,
}

/// Rows of one institution, by table.
pub(super) type Counts = BTreeMap<String, i64>;

fn command(path: &str, body: Value) -> Command {
    Command {
        path: format!("/api/v1/{path}"),
        body,
    }
}

fn amount(minor: i64) -> Value {
    json!({"amount_minor": minor, "currency": "CNY"})
}

impl Ground {
    async fn make(self, desk: &mut Desk, command: Command) -> Uuid {
        desk.make(&command.path, &command.body).await
    }

    async fn enroll(self, desk: &mut Desk) -> (Command, Uuid) {
        let student = desk.student(self.campus).await;
        let class = desk.class(self.course, self.campus, 3).await;
        let body = json!({"customer_id": student, "class_id": class});
        (command("enrollments", body), class)
    }

    fn charge(self, customer: Uuid) -> Command {
        let body =
            json!({"customer_id": customer, "description": "学费", "amount": amount(30_000)});
        command("charges", body)
    }

    fn pay(self, payer: Uuid) -> Command {
        let body = json!({
            "payer_id": payer, "campus_id": self.campus, "method": "cash", "amount": amount(20_000),
        });
        command("payments", body)
    }

    /// A command of this kind, and what it needs.
    pub(super) async fn prepare(self, desk: &mut Desk, deed: Deed) -> Command {
        match deed {
            Deed::Create => {
                let body = json!({
                    "kind": "student", "name": "张伟", "source_channel": "hotline",
                    "campus_id": self.campus,
                });
                command("customers", body)
            }
            Deed::FollowUp => {
                let customer = desk.student(self.campus).await;
                let body = json!({
                    "customer_id": customer, "method": "phone", "outcome": "interested", "intent": 3,
                });
                command("follow-ups", body)
            }
            Deed::Enroll => self.enroll(desk).await.0,
            Deed::Withdraw => {
                let (enroll, _) = self.enroll(desk).await;
                let enrollment = self.make(desk, enroll).await;
                let path = format!("enrollments/{enrollment}/withdraw");
                command(&path, json!({"reason": "schedule"}))
            }
            Deed::CallRoll => {
                let (enroll, class) = self.enroll(desk).await;
                let enrollment = self.make(desk, enroll).await;
                let lesson = json!({
                    "held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30",
                    "hours_hundredths": 200,
                });
                let path = format!("classes/{class}/lessons");
                let lesson = self.make(desk, command(&path, lesson)).await;
                let students = json!([{"enrollment_id": enrollment, "status": "present"}]);
                let path = format!("lessons/{lesson}/roll-call");
                command(&path, json!({"students": students}))
            }
            Deed::Charge => self.charge(desk.student(self.campus).await),
            Deed::Credit => {
                let student = desk.student(self.campus).await;
                let charge = self.make(desk, self.charge(student)).await;
                let body = json!({"amount": amount(5_000), "reason": "教材退回"});
                command(&format!("charges/{charge}/credit"), body)
            }
            Deed::Pay => {
                let student = desk.student(self.campus).await;
                self.make(desk, self.charge(student)).await;
                self.pay(student)
            }
            Deed::Allocate => {
                let student = desk.student(self.campus).await;
                let payment = self.make(desk, self.pay(student)).await;
                self.make(desk, self.charge(student)).await;
                command(&format!("payments/{payment}/allocate"), json!({}))
            }
            Deed::Void => {
                let student = desk.student(self.campus).await;
                self.make(desk, self.charge(student)).await;
                let payment = self.make(desk, self.pay(student)).await;
                let path = format!("payments/{payment}/void");
                command(&path, json!({"reason": "收款方式录错"}))
            }
        }
    }

    /// By how many rows of each table an institution grows with one command of each kind.
    pub(super) async fn effects(
        self,
        desk: &mut Desk,
        db: &Database,
        institution: Id<Institution>,
    ) -> BTreeMap<Deed, Counts> {
        let mut effects = BTreeMap::new();
        // The first of each kind may find something that is made once.
        for deed in DEEDS.into_iter().chain(DEEDS) {
            let command = self.prepare(desk, deed).await;
            let before = counts(db, institution).await;
            let (status, answer) = desk.send("POST", &command.path, &command.body).await;
            assert!([200, 201].contains(&status), "{deed:?}: {answer}");
            effects.insert(deed, growth(&before, &counts(db, institution).await));
        }
        effects
    }
}

/// By how many rows each table has grown; others are left out.
pub(super) fn growth(before: &Counts, after: &Counts) -> Counts {
    let grown = after
        .iter()
        .map(|(table, rows)| (table.clone(), rows - before[table]));
    grown.filter(|(_, rows)| *rows != 0).collect()
}

/// Tables that are filled in their own time.
const LATER: [&str; 2] = ["positions", "audit_blocks"];

/// How many rows of an institution each table has.
pub(super) async fn counts(db: &Database, institution: Id<Institution>) -> Counts {
    let tables = if db.is_postgres() {
        "SELECT CAST(c.table_name AS text) AS name FROM information_schema.columns c \
         JOIN information_schema.tables t ON t.table_schema = c.table_schema \
         AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' \
         WHERE c.table_schema = current_schema() AND c.column_name = 'institution_id'"
    } else {
        "SELECT m.name AS name FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND c.name = 'institution_id'"
    };
    let tables = found(db, tables, Vec::new()).await;
    let names = tables
        .iter()
        .map(|row| row.try_get::<String>("", "name").unwrap())
        .filter(|table| !LATER.contains(&table.as_str()));
    let parts = names.map(|table| {
        format!(
            "SELECT '{table}' AS name, count(*) AS n FROM \"{table}\" WHERE institution_id = $1"
        )
    });
    let parts: Vec<_> = parts.collect();
    assert!(
        parts.len() > 15,
        "the catalogue was not understood: {parts:?}"
    );
    let counted = rows(db, &parts.join(" UNION ALL "), institution).await;
    let count = |row: &sea_orm::QueryResult| {
        (
            row.try_get("", "name").unwrap(),
            row.try_get("", "n").unwrap(),
        )
    };
    counted.iter().map(count).collect()
}
