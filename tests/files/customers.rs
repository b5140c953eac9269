//! A file that belongs to a customer is reached by whoever reaches the customer, and by nobody else.

use domain::access::PrincipalKind;
use jiff::SignedDuration;
use persistence::Operation;
use tests::{Actor, Engine, Server, World, both, json, patience::commit, run_on};

const FILES: &str = "/api/v1/files";

/// A customer of the recruiter's with a file: their paths.
async fn filed(w: &World) -> (String, String) {
    let recruiter = w.as_recruiter();
    let made = recruiter
        .post("/api/v1/customers", &w.new_customer("张伟"))
        .await
        .expect(201);
    let customer = format!("/api/v1/customers/{}", made.id());
    let file = recruiter
        .upload(&format!("{customer}/files"), "合同.pdf", b"%PDF-1.7 %%EOF")
        .await
        .expect(201);
    let path = file.header("location").unwrap().to_owned();
    assert_eq!(path, format!("{FILES}/{}", file.id()));
    (customer, path)
}

/// Whether somebody sees a file, by every way of seeing it at once.
async fn sees(actor: &Actor, customer: &str, file: &str) -> bool {
    let link = actor
        .post(&format!("{file}/download-link"), &json!(null))
        .await;
    let list = actor.get(&format!("{customer}/files")).await;
    let id = file.rsplit('/').next().unwrap().to_owned();
    let answers = [
        actor.get(file).await.status == 200,
        actor.get(&format!("{file}/content")).await.status == 200,
        link.status == 200,
        list.ids().contains(&id),
    ];
    assert!(
        answers.iter().all(|a| *a == answers[0]),
        "get, content, link, list: {answers:?}"
    );
    answers[0]
}

async fn transfer(w: &World, customer: &str, to: &Actor) {
    let body = json!({"holder_id": to.principal, "reason": "调班"});
    w.as_boss()
        .post(&format!("{customer}/transfer"), &body)
        .await
        .expect(200);
}

both! {
    async fn a_file_has_the_reach_of_its_customer(w: World) {
        let (customer, file) = filed(&w).await;
        for (who, seen) in [
            ("recruiter", true), ("manager", true), ("boss", true), ("finance", true), ("service", true),
            ("colleague", false), ("outsider", false), ("southerner", false), ("teacher", false), ("employee", false),
        ] {
            assert_eq!(sees(&w.actor(who), &customer, &file).await, seen, "{who}");
        }
        assert!(!sees(&w.as_stranger(), &customer, &file).await);
        let read = w.as_boss().get(&file).await.expect(200);
        let id = customer.rsplit('/').next().unwrap();
        assert_eq!(read.json["record"], json!({"kind": "customer", "id": id}));
        assert_eq!((&read.json["expires_at"], &read.json["name"]), (&json!(null), &json!("合同.pdf")));
    }

    async fn out_of_reach_it_looks_like_none_at_all(w: World) {
        let (customer, file) = filed(&w).await;
        let nothing = format!("{FILES}/{}", uuid::Uuid::now_v7());
        for actor in [w.as_colleague(), w.actor("southerner"), w.actor("employee"), w.as_stranger()] {
            for end in ["", "/content"] {
                let absent = actor.get(&format!("{nothing}{end}")).await.expect(404);
                assert_eq!(actor.get(&format!("{file}{end}")).await.essence(), absent.essence());
            }
        }
        let files = format!("{customer}/files");
        let refused = w.as_colleague().upload(&files, "a.txt", b"one").await;
        refused.expect_problem(404, "not_found");
        w.as_stranger().upload(&files, "a.txt", b"one").await.expect_problem(404, "not_found");
        w.actor("finance").upload(&files, "a.txt", b"one").await.expect_problem(403, "permission_missing");
    }

    async fn after_a_transfer_it_is_the_new_holders_and_no_more_its_uploaders(w: World) {
        let (customer, file) = filed(&w).await;
        transfer(&w, &customer, &w.as_colleague()).await;
        assert!(!sees(&w.as_recruiter(), &customer, &file).await);
        assert!(sees(&w.as_colleague(), &customer, &file).await);
        let id = file.rsplit('/').next().unwrap();
        let part = format!("{customer}/files/{id}");
        w.as_recruiter().delete(&part).await.expect_problem(404, "not_found");
        w.as_colleague().delete(&part).await.expect(204);
        assert!(!sees(&w.as_boss(), &customer, &file).await);
    }

    async fn a_deleted_customer_hides_its_files_and_brings_them_back(w: World) {
        let (customer, file) = filed(&w).await;
        let manager = w.as_manager();
        manager.delete(&customer).await.expect(204);
        for actor in [w.as_recruiter(), manager.clone(), w.as_boss()] {
            assert!(!sees(&actor, &customer, &file).await);
        }
        manager.upload(&format!("{customer}/files"), "a.txt", b"one").await.expect_problem(404, "not_found");
        manager.post(&format!("{customer}/restore"), &json!(null)).await.expect(200);
        assert!(sees(&w.as_recruiter(), &customer, &file).await);
    }

    async fn a_share_opens_the_files_and_to_read_takes_none_away(w: World) {
        let (customer, file) = filed(&w).await;
        let outsider = w.as_outsider();
        let body = json!({"grantee_id": outsider.principal, "access": "read"});
        w.as_manager().post(&format!("{customer}/shares"), &body).await.expect(201);
        assert!(sees(&outsider, &customer, &file).await);
        let id = file.rsplit('/').next().unwrap();
        outsider.delete(&format!("{customer}/files/{id}")).await.expect_problem(404, "not_found");
        outsider.upload(&format!("{customer}/files"), "a.txt", b"one").await.expect_problem(404, "not_found");
        assert!(sees(&outsider, &customer, &file).await);
    }

    async fn a_link_to_a_file_ends_with_the_reach_of_its_customer(w: World) {
        let (customer, file) = filed(&w).await;
        let link = w.as_recruiter().post(&format!("{file}/download-link"), &json!(null)).await.expect(200);
        let url = link.json["url"].as_str().unwrap().to_owned();
        let link = &url[url.find("/api/").unwrap()..];
        w.as_anonymous().get(link).await.expect(200);
        transfer(&w, &customer, &w.as_colleague()).await;
        w.as_anonymous().get(link).await.expect_problem(404, "not_found");
    }

    async fn a_file_is_taken_from_its_own_customer_only_as_it_was_read(w: World) {
        let (customer, file) = filed(&w).await;
        let (other, _) = filed(&w).await;
        let id = file.rsplit('/').next().unwrap();
        let recruiter = w.as_recruiter();
        recruiter.delete(&format!("{other}/files/{id}")).await.expect_problem(404, "not_found");
        recruiter.delete_if(&format!("{customer}/files/{id}"), "\"9-0\"").await.expect(412);
        let tag = recruiter.get(&file).await.etag();
        recruiter.delete_if(&format!("{customer}/files/{id}"), &tag).await.expect(204);
        recruiter.delete(&format!("{customer}/files/{id}")).await.expect_problem(404, "not_found");
    }

    async fn what_is_taken_from_a_held_person_stays_until_no_hold_stands(w: World) {
        let (customer, file) = filed(&w).await;
        let id = file.rsplit('/').next().unwrap();
        let hold = json!({"customer_id": customer.rsplit('/').next().unwrap(), "reason": "诉讼保全"});
        let hold = w.as_boss().post("/api/v1/legal-holds", &hold).await.expect(201);
        w.as_recruiter().delete(&format!("{customer}/files/{id}")).await.expect(204);
        let expired = async || {
            let stamp = w.server.app.clock.stamp();
            let operation = Operation::system(w.institution, PrincipalKind::Operator, "test", stamp);
            let sql = "UPDATE files SET expires_at = 1 WHERE institution_id = ? AND expires_at IS NOT NULL";
            w.execute(sql, vec![w.institution.uuid().into()]).await.unwrap();
            let gone = commit(&w.server.app.db, &operation, |tx| async move {
                persistence::files::store::expire(&tx, tx.operation().institution, 10).await
            });
            gone.await.unwrap().len()
        };
        assert_eq!(expired().await, 0);
        let release = format!("/api/v1/legal-holds/{}/release", hold.id());
        w.as_boss().post(&release, &json!({"reason": "已结案"})).await.expect(200);
        assert_eq!(expired().await, 1);
    }

    async fn files_are_listed_newest_first_and_page_by_page(w: World) {
        let (customer, first) = filed(&w).await;
        let recruiter = w.as_recruiter();
        let files = format!("{customer}/files");
        let second = recruiter.upload(&files, "a.txt", b"one").await.expect(201).id();
        let page = recruiter.get(&format!("{files}?limit=1")).await.expect(200);
        assert_eq!(page.ids(), [second]);
        let next = page.json["next_cursor"].as_str().unwrap();
        let last = recruiter.get(&format!("{files}?limit=1&cursor={next}")).await.expect(200);
        assert_eq!(last.ids(), [first.rsplit('/').next().unwrap()]);
        assert_eq!(last.json["next_cursor"], json!(null));
    }

    async fn what_belongs_to_nothing_is_its_uploaders_alone(w: World) {
        let own = w.as_recruiter().upload(FILES, "a.txt", b"one").await.expect(201).id();
        let path = format!("{FILES}/{own}");
        for actor in [w.as_boss(), w.as_manager(), w.as_colleague(), w.as_stranger()] {
            actor.get(&path).await.expect_problem(404, "not_found");
            actor.get(&format!("{path}/content")).await.expect_problem(404, "not_found");
        }
        w.as_recruiter().get(&path).await.expect(200);
    }
}

/// What belongs to nothing is gone after a day; what belongs to a customer stays.
fn a_day_later(engine: Engine) {
    let Some(server) = Server::own(engine, &[]) else {
        return;
    };
    run_on(server, |w: World| async move {
        let (customer, kept) = filed(&w).await;
        let own = w
            .as_recruiter()
            .upload(FILES, "a.txt", b"one")
            .await
            .expect(201)
            .id();
        w.server.app.clock.advance(SignedDuration::from_hours(24));
        let recruiter = w.acting_as(w.institution, w.as_recruiter().principal).await;
        recruiter
            .get(&format!("{FILES}/{own}"))
            .await
            .expect_problem(404, "not_found");
        assert!(sees(&recruiter, &customer, &kept).await);
    });
}

#[test]
fn a_day_later_only_what_belongs_to_a_customer_is_there_on_sqlite() {
    a_day_later(Engine::Sqlite);
}

#[test]
fn a_day_later_only_what_belongs_to_a_customer_is_there_on_postgres() {
    a_day_later(Engine::Postgres);
}
