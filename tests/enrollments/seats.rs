//! Races for seats (I-09), and T-01 in small counts; `drill last-seat` runs it long.

use std::path::Path;

use futures_util::future::join_all;
use tests::{Engine, both, json, last_seat::last_seat};

fn raced(engine: Engine) {
    let drill = Path::new(env!("CARGO_BIN_EXE_drill"));
    if let Some(report) = last_seat(drill, engine, 16, 20, 1) {
        println!("{report}");
    }
}

#[test]
fn of_many_clients_one_gets_the_last_seat_on_sqlite() {
    raced(Engine::Sqlite);
}

#[test]
fn of_many_clients_one_gets_the_last_seat_through_two_servers_on_postgres() {
    raced(Engine::Postgres);
}

both! {
    async fn the_last_seat_has_one_winner(w: World) {
        let mut students = Vec::new();
        for n in 0..8 {
            students.push(w.new_student(&format!("学员{n}")).await);
        }
        for round in 0..5 {
            let class = w.open_class(json!({"capacity": 1})).await;
            let answers = join_all(students.iter().map(|student| w.enroll(student, &class))).await;
            let won: Vec<_> = answers.iter().filter(|a| a.status == 201).collect();
            assert_eq!(won.len(), 1, "round {round}");
            let winner = won[0].id();
            for lost in answers.into_iter().filter(|a| a.status != 201) {
                lost.expect_problem(409, "class_full");
            }
            let roster = w.as_boss().get(&format!("/api/v1/classes/{class}/roster")).await.expect(200);
            assert_eq!(roster.json["items"][0]["enrollment_id"], json!(winner));
        }
    }

    async fn a_student_gets_one_seat_in_a_class_whatever_comes_together(w: World) {
        let class = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        let answers = join_all((0..8).map(|_| w.enroll(&student, &class))).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        for refused in answers.into_iter().filter(|a| a.status != 201) {
            refused.expect_problem(409, "already_enrolled");
        }
        let class = w.as_boss().get(&format!("/api/v1/classes/{class}")).await.expect(200);
        assert_eq!(class.json["seats_taken"], 1);
    }

    async fn seats_are_counted_right_while_students_come_and_go(w: World) {
        let class = w.open_class(json!({"capacity": 3})).await;
        let mut students = Vec::new();
        for n in 0..6 {
            students.push(w.new_student(&format!("学员{n}")).await);
        }
        join_all(students.iter().map(async |student| {
            for _ in 0..8 {
                let answer = w.enroll(student, &class).await;
                if answer.status == 201 {
                    let path = format!("/api/v1/enrollments/{}/withdraw", answer.id());
                    // Both at once: one of them ends it.
                    let body = json!({"reason": "schedule"});
                    let ends = join_all([w.as_boss().post(&path, &body), w.actor("service").post(&path, &body)]).await;
                    assert_eq!(ends.iter().filter(|a| a.status == 200).count(), 1);
                    for refused in ends.into_iter().filter(|a| a.status != 200) {
                        refused.expect_problem(409, "enrollment_ended");
                    }
                } else {
                    answer.expect_problem(409, "class_full");
                }
            }
        })).await;
        let class = w.as_boss().get(&format!("/api/v1/classes/{class}")).await.expect(200);
        assert_eq!(class.json["seats_taken"], 0);
    }
}
