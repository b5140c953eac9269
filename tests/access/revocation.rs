//! What is taken from somebody is gone for the next write at once, and for reads within two
//! seconds (I-26), on this instance and on every other.

use std::time::{Duration, Instant};

use tests::{Actor, Engine, Server, Value, World, both, json, run_on};

/// Reads by what they knew may go on for so long.
const SOON: Duration = Duration::from_secs(2);

/// What can be taken from a person, and what then answers a write, and a read of the list.
#[derive(Clone, Copy, Debug)]
enum Taken {
    /// The principal is suspended.
    Standing,
    /// The person has left.
    Employment,
    /// The session is ended.
    Session,
    /// The session has run out.
    Time,
    /// The role is taken away.
    Role,
    /// The role no longer has the permission.
    Permission,
    /// The institution is suspended.
    Institution,
}

const ALL: [Taken; 7] = [
    Taken::Standing,
    Taken::Employment,
    Taken::Session,
    Taken::Time,
    Taken::Role,
    Taken::Permission,
    Taken::Institution,
];

impl Taken {
    /// Takes it; only the database knows of it.
    async fn take(self, w: &World, actor: &Actor) {
        let institution = || w.institution.uuid().into();
        let person = || actor.principal.uuid().into();
        let (sql, values) = match self {
            Self::Standing => (
                "UPDATE principals SET status = 'suspended', version = version + 1 \
                 WHERE institution_id = ? AND id = ?",
                vec![institution(), person()],
            ),
            Self::Employment => (
                "UPDATE principals SET status = 'left', version = version + 1 \
                 WHERE institution_id = ? AND id = ?",
                vec![institution(), person()],
            ),
            Self::Session => (
                "UPDATE sessions SET ended_at = created_at \
                 WHERE institution_id = ? AND principal_id = ?",
                vec![institution(), person()],
            ),
            Self::Time => (
                "UPDATE sessions SET expires_at = created_at \
                 WHERE institution_id = ? AND principal_id = ?",
                vec![institution(), person()],
            ),
            Self::Role => (
                "DELETE FROM principal_roles WHERE institution_id = ? AND principal_id = ?",
                vec![institution(), person()],
            ),
            Self::Permission => (
                "DELETE FROM role_permissions WHERE institution_id = ?",
                vec![institution()],
            ),
            Self::Institution => (
                "UPDATE institutions SET status = 'suspended' WHERE institution_id = ?",
                vec![institution()],
            ),
        };
        if matches!(self, Self::Role | Self::Permission) {
            w.reorganize(sql, values).await;
        } else {
            w.execute(sql, values).await.unwrap();
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Role | Self::Permission => 403,
            _ => 401,
        }
    }
}

/// Somebody who has just read and written, so that every cache knows them.
async fn known(w: &World) -> Actor {
    let actor = w.hire(&["recruiter"], w.places.north, None).await;
    actor.get("/api/v1/customers").await.expect(200);
    actor
        .post("/api/v1/customers", &w.new_customer("张伟"))
        .await
        .expect(201);
    actor
}

/// Reads until the answer has this status. A read that began more than two seconds after the change
/// must have it.
async fn soon(actor: &Actor, since: Instant, status: u16) {
    loop {
        let late = since.elapsed() > SOON;
        let answer = actor.get("/api/v1/customers").await;
        if answer.status == status {
            return;
        }
        assert!(
            !late,
            "still {} instead of {status} after two seconds",
            answer.status
        );
    }
}

/// Customers that a person sees.
async fn sees(actor: &Actor) -> Vec<String> {
    actor.get("/api/v1/customers").await.expect(200).ids()
}

both! {
    async fn the_next_write_is_refused_at_once_and_then_every_read(w: World) {
        for taken in ALL {
            // The institution's own suspension comes last: nobody can do anything afterwards.
            let actor = known(&w).await;
            let mine = sees(&actor).await;
            let path = format!("/api/v1/customers/{}", mine[0]);
            taken.take(&w, &actor).await;
            let before = w.server.contents(w.institution).await;
            // The first of them is the one that finds out.
            for answer in [
                actor.patch(&path, &json!({"intent": 1})).await,
                actor.post("/api/v1/customers", &w.new_customer("李雷")).await,
            ] {
                assert_eq!(answer.status, taken.status(), "{taken:?}: {}", answer.text);
            }
            // The write has shown this instance that what it knew is no longer so.
            for read in ["/api/v1/customers".to_owned(), path.clone()] {
                let answer = actor.get(&read).await;
                assert_eq!(answer.status, taken.status(), "{taken:?}: {}", answer.text);
            }
            assert_eq!(before, w.server.contents(w.institution).await, "{taken:?}");
            if let Taken::Permission = taken {
                restore_recruiters(&w).await;
            }
        }
    }

    async fn reads_alone_notice_within_two_seconds(w: World) {
        let taken = [Taken::Standing, Taken::Session, Taken::Role];
        let mut watched = Vec::new();
        for taken in taken {
            let actor = known(&w).await;
            actor.get("/api/v1/customers").await.expect(200);
            taken.take(&w, &actor).await;
            watched.push((actor, Instant::now(), taken.status()));
        }
        let all = watched.iter().map(|(actor, since, status)| soon(actor, *since, *status));
        futures_util::future::join_all(all).await;
    }

    async fn somebody_who_moves_writes_with_the_new_reach_at_once(w: World) {
        let clerk = w.hire(&["customer_service"], w.places.north, None).await;
        let north = clerk.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201).id();
        let boss = w.as_boss();
        let mut body = w.new_customer("李雷");
        body["campus_id"] = json!(w.places.south);
        let south = boss.post("/api/v1/customers", &body).await.expect(201).id();
        boss.patch(&format!("/api/v1/customers/{north}"), &json!({"intent": 4})).await.expect(200);
        for (customer, campus) in [(&north, w.places.north), (&south, w.places.south)] {
            let to_pool = json!({"holder_id": campus, "reason": "移交"});
            boss.post(&format!("/api/v1/customers/{customer}/transfer"), &to_pool).await.expect(200);
        }
        clerk.get(&format!("/api/v1/customers/{south}")).await.expect(404);
        w.reorganize(
            "UPDATE staff_campuses SET campus_id = ? WHERE institution_id = ? AND staff_id = ?",
            vec![w.places.south.uuid().into(), w.institution.uuid().into(), clerk.principal.uuid().into()],
        ).await;
        let change = json!({"intent": 1});
        clerk.patch(&format!("/api/v1/customers/{north}"), &change).await.expect_problem(404, "not_found");
        clerk.patch(&format!("/api/v1/customers/{south}"), &change).await.expect(200);
        assert_eq!(sees(&clerk).await, [south]);
    }

    async fn somebody_who_leaves_a_team_is_no_longer_seen_by_its_leader(w: World) {
        let made = w.as_recruiter().post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        let path = format!("/api/v1/customers/{}", made.id());
        let supervisor = w.as_supervisor();
        supervisor.patch(&path, &json!({"intent": 1})).await.expect(200);
        w.reorganize(
            "UPDATE staff SET home_team_id = NULL WHERE institution_id = ? AND id = ?",
            vec![w.institution.uuid().into(), w.as_recruiter().principal.uuid().into()],
        ).await;
        supervisor.patch(&path, &json!({"intent": 2})).await.expect_problem(404, "not_found");
        supervisor.get(&path).await.expect_problem(404, "not_found");
    }

    async fn a_kept_answer_is_not_given_to_who_lost_the_right_to_it(w: World) {
        let body: Value = w.new_customer("张伟");
        for (taken, status, code) in [(Taken::Role, 403, "permission_missing"), (Taken::Standing, 401, "unauthenticated")] {
            let actor = w.hire(&["recruiter"], w.places.north, None).await;
            actor.post_with_key("/api/v1/customers", "once", &body).await.expect(201);
            let again = actor.post_with_key("/api/v1/customers", "once", &body).await.expect(201);
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
            taken.take(&w, &actor).await;
            actor.post_with_key("/api/v1/customers", "once", &body).await.expect_problem(status, code);
        }
    }

    async fn what_is_given_serves_the_next_write_too(w: World) {
        let actor = w.hire(&["finance"], w.places.north, None).await;
        actor.post("/api/v1/customers", &w.new_customer("张伟")).await.expect_problem(403, "permission_missing");
        w.reorganize(
            "INSERT INTO principal_roles (institution_id, principal_id, role_id) \
             SELECT institution_id, ?, id FROM roles WHERE institution_id = ? AND code = 'recruiter'",
            vec![actor.principal.uuid().into(), w.institution.uuid().into()],
        ).await;
        // What it lacked was known; within two seconds it is not.
        let since = Instant::now();
        loop {
            let late = since.elapsed() > SOON;
            let answer = actor.post("/api/v1/customers", &w.new_customer("张伟")).await;
            if answer.status == 201 {
                break;
            }
            assert!(!late, "still {} after two seconds", answer.status);
        }
    }
}

/// Gives recruiters back what the test took from every role.
async fn restore_recruiters(w: &World) {
    for permission in ["customers:read", "customers:write"] {
        w.reorganize(
            "INSERT INTO role_permissions (institution_id, role_id, permission, reach) \
             SELECT institution_id, id, ?, 'own' FROM roles WHERE institution_id = ? AND code = 'recruiter'",
            vec![permission.into(), w.institution.uuid().into()],
        )
        .await;
    }
}

/// Two instances on one database: what one takes, the other stops giving.
#[test]
fn another_instance_refuses_writes_at_once_and_reads_within_two_seconds() {
    let Some(server) = Server::own(Engine::Postgres, &[]) else {
        return;
    };
    let twin = server.twin();
    run_on(server, |w| async move {
        let (last, all) = ALL.split_last().unwrap();
        for some in [all, &[*last]] {
            let mut watched = Vec::new();
            for taken in some {
                let reader = known(&w).await.at(twin);
                let writer = known(&w).await.at(twin);
                reader.get("/api/v1/customers").await.expect(200);
                let path = format!("/api/v1/customers/{}", sees(&writer).await[0]);
                taken.take(&w, &reader).await;
                let since = Instant::now();
                taken.take(&w, &writer).await;
                let answer = writer.patch(&path, &json!({"intent": 1})).await;
                assert_eq!(answer.status, taken.status(), "{taken:?}: {}", answer.text);
                if let Taken::Permission = taken {
                    restore_recruiters(&w).await;
                } else {
                    watched.push((reader, since, taken.status()));
                }
            }
            let reads = watched
                .iter()
                .map(|(actor, since, status)| soon(actor, *since, *status));
            futures_util::future::join_all(reads).await;
        }
    });
}
