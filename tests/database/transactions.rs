//! The traps of grouped commits, and what holds of transactions on both databases.

use std::collections::BTreeMap;

use domain::access::PrincipalKind;
use futures_util::future::{join, join_all};
use persistence::Operation;
use tests::{Answer, Value, World, both, json, provision::Contents};
use tokio::{sync::watch, task::JoinHandle};

/// Good commands of each kind, and refused ones among them.
const MANY: usize = 8;

/// Keeps the writer of SQLite busy until it is told to end, so that what comes meanwhile is
/// committed as a group.
async fn hold(w: &World) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (release, wait) = watch::channel(false);
    let (tell, mut held) = watch::channel(false);
    let (db, stamp) = (w.server.app.db.clone(), w.server.app.clock.stamp());
    let operation = Operation::system(w.institution, PrincipalKind::Operator, "hold", stamp);
    let holding = tokio::spawn(w.server.inside(async move {
        let (wait, tell) = (&wait, &tell);
        let held = db.transaction(&operation, |_| async move {
            tell.send_replace(true);
            let _ = wait.clone().wait_for(|released| *released).await;
            Ok(())
        });
        held.await.unwrap();
    }));
    held.wait_for(|held| *held).await.unwrap();
    (release, holding)
}

/// What becomes of commands that wait for the writer together.
async fn together(w: &World, commands: Vec<(&str, Value)>) -> Vec<Answer> {
    let boss = w.as_boss();
    let (release, holding) = hold(w).await;
    let asked = commands.iter().map(|(path, body)| boss.post(path, body));
    let released = async {
        // What was sent before these has come as far as the writer.
        join_all((0..MANY).map(|_| boss.get("/api/v1/me"))).await;
        release.send_replace(true);
    };
    let (answers, ()) = join(join_all(asked), released).await;
    holding.await.unwrap();
    answers
}

/// By how many rows each table has grown.
fn growth(before: &Contents, after: &Contents) -> BTreeMap<String, usize> {
    let grown = after
        .iter()
        .map(|(table, rows)| (table.clone(), rows.len() - before[table].len()));
    grown.filter(|(_, rows)| *rows > 0).collect()
}

both! {
    async fn what_is_refused_after_its_first_write_leaves_nothing_among_others_that_are_done(w: World) {
        const ENROLL: &str = "/api/v1/enrollments";
        const CREATE: &str = "/api/v1/customers";
        let boss = w.as_boss();
        let class = w.open_class(json!({"capacity": MANY + 3})).await;
        let mut students = Vec::new();
        for _ in 0..MANY + 2 {
            students.push(w.new_student("张伟").await);
        }
        let taken = students.pop().unwrap();
        w.enroll(&taken, &class).await.expect(201);
        let seat = |student: &str| (ENROLL, json!({"customer_id": student, "class_id": class}));
        // What a command of each kind leaves where it is alone.
        let before = w.server.contents(w.institution).await;
        let (path, body) = seat(&students.pop().unwrap());
        boss.post(path, &body).await.expect(201);
        boss.post(CREATE, &w.new_customer("李雷")).await.expect(201);
        let between = w.server.contents(w.institution).await;
        let alone = growth(&before, &between);

        let read = async || boss.get(&format!("{CREATE}/{taken}")).await.expect(200).json;
        let known = read().await;
        let half = json!({"mode": "all_or_nothing", "operations": [
            {"op": "create", "data": w.new_customer("韩梅梅")},
            {"op": "update", "id": taken, "version": known["version"], "data": {"intent": 4}},
            // No longer its version, as it would be by then.
            {"op": "update", "id": taken, "version": known["version"], "data": {"intent": 1}},
        ]});
        let commands = students.iter().flat_map(|student| [
            seat(student),
            // It takes a seat before it is seen that the student has one.
            seat(&taken),
            (CREATE, w.new_customer("李雷")),
            ("/api/v1/customers/bulk", half.clone()),
        ]);
        let answers = together(&w, commands.collect()).await;
        for (place, answer) in answers.into_iter().enumerate() {
            match place % 4 {
                1 => answer.expect_problem(409, "already_enrolled"),
                3 => answer.expect_problem(422, "operations_refused"),
                _ => answer.expect(201),
            };
        }
        let after = w.server.contents(w.institution).await;
        let expected: BTreeMap<_, _> = alone.into_iter().map(|(table, rows)| (table, rows * MANY)).collect();
        assert!(expected.len() > 8, "{expected:?}");
        assert_eq!(growth(&between, &after), expected);
        let class = boss.get(&format!("/api/v1/classes/{class}")).await.expect(200);
        assert_eq!(class.json["seats_taken"], MANY + 2);
        assert_eq!(read().await, known);
    }
}
