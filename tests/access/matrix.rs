//! Every operation × everybody × every relation to the record, against the policy model (T-05,
//! I-25, I-27). All of it is made from the published document.

use std::collections::BTreeSet;

use domain::{
    access::{PERMISSIONS, Reach},
    text_enum::TextEnum,
};
use tests::{Operation, World, both, in_quarters, json};

use tests::policy::{
    ALSO_NEEDS, DIRECTORY, Kind, NO_RECORD, NOT_BY_EXAMPLE, ONESELF, RELATIONS, ROWS, Records,
    Relation, State, Tally, doer, listed, people, record, row, suspended, target, try_on_records,
    try_without_record, unlike,
};

/// Operations of the document that need a permission.
fn guarded(w: &World) -> impl Iterator<Item = (Operation, String)> {
    let all = w.server.contract.callable().into_iter();
    all.filter_map(|operation| {
        let permission = operation.permission.clone()?;
        Some((operation, permission))
    })
}

/// Operations that name a record in their path.
fn on_records(w: &World) -> impl Iterator<Item = (Operation, String)> {
    guarded(w).filter(|(operation, _)| !operation.path_ids.is_empty())
}

in_quarters! {
    async fn everybody_does_to_a_record_what_the_policy_allows_and_nothing_else(w: World, quarter: Quarter) {
        let (people, suspended) = (people(&w).await, suspended(&w).await);
        let (mut tally, mut records) = (Tally::default(), Records::default());
        // Operations on records of the same kind try the same ones, as long as nobody changes them.
        let here = on_records(&w).filter(|(o, _)| row(&o.id).0 as usize % 4 == quarter.0);
        for (operation, permission) in here {
            let people = unlike(&people, &permission);
            let tried = try_on_records(&w, &operation, &permission, &people, &suspended, &mut records);
            tally.add(&tried.await);
        }
        assert!(tally.done > 10 && tally.forbidden > 10 && tally.absent > 10, "{tally}");
    }

    async fn everybody_is_let_in_by_the_permission_and_by_nothing_else(w: World, quarter: Quarter) {
        let (people, suspended) = (people(&w).await, suspended(&w).await);
        let mut tally = Tally::default();
        let others = guarded(&w).filter(|(operation, _)| operation.path_ids.is_empty());
        for (operation, permission) in quarter.of(others) {
            let people = unlike(&people, &permission);
            tally.add(&try_without_record(&w, &operation, &permission, &people, &suspended).await);
        }
        assert!(tally.done > 10 && tally.forbidden > 10, "{tally}");
    }

    async fn an_operation_needs_the_permission_that_the_document_names_and_no_other(w: World, quarter: Quarter) {
        let named = guarded(&w).filter(|(_, p)| p != ONESELF && p != DIRECTORY);
        for (operation, permission) in quarter.of(named) {
            let all = PERMISSIONS.iter().map(|p| p.code);
            let others: Vec<_> = all.filter(|code| *code != permission).map(|code| (code, Reach::Institution)).collect();
            let without = format!("without_{}", operation.id);
            w.add_role(&without, &others).await;
            let only = format!("only_{}", operation.id);
            let also = ALSO_NEEDS.iter().filter(|(id, _)| *id == operation.id).map(|(_, code)| *code);
            let needed: Vec<_> = also.chain([permission.as_str()]).map(|code| (code, Reach::Institution)).collect();
            w.add_role(&only, &needed).await;

            let holder = w.hire(&[&only], w.places.north, None).await;
            let call = operation.call(&w, &record(&w, &operation, &holder, false).await).await;
            let refused = w.hire(&[&without], w.places.north, None).await.call(&call).await
                .expect_problem(403, "permission_missing");
            let challenge = refused.header("www-authenticate").unwrap();
            assert!(challenge.contains(&format!("scope=\"{permission}\"")), "{}: {challenge}", operation.id);
            let expected = if NOT_BY_EXAMPLE.contains(&operation.id.as_str()) { 422 } else { operation.success };
            holder.call(&call).await.expect(expected);
        }
    }
}

both! {
    async fn the_list_of_targets_is_that_of_the_document(w: World) {
        let with_path: BTreeSet<String> = w.server.contract.callable().into_iter()
            .filter(|o| !o.path_ids.is_empty() && !NO_RECORD.contains(&o.id.as_str()))
            .map(|o| o.id)
            .collect();
        let rows: BTreeSet<String> = ROWS.iter().map(|(id, ..)| (*id).to_owned()).collect();
        assert_eq!(with_path, rows, "each operation on a record has a row, and no other");
    }

    async fn everybody_holds_what_their_roles_list_and_nothing_else(w: World) {
        let people = people(&w).await;
        for person in &people {
            let me = person.actor.get("/api/v1/me").await.expect(200);
            let is_bound = !person.is_program || person.name == "program_of_the_north";
            let campuses = if is_bound { vec![person.campus] } else { Vec::new() };
            assert_eq!(me.json["campus_ids"], json!(campuses), "{}", person.name);
            let held = me.json["permissions"].as_array().unwrap().iter().flat_map(|held| {
                let reaches = held["reaches"].as_array().unwrap().iter();
                reaches.map(|reach| (held["code"].as_str().unwrap(), reach.as_str().unwrap()))
            });
            // What everybody of the staff may do is in no role.
            let in_roles = |(code, _): &(&str, &str)| ![ONESELF, "directory:read"].contains(code);
            let held: BTreeSet<_> = held.filter(in_roles).collect();
            let listed = person.permissions.iter().map(|(code, reach)| (*code, reach.as_str()));
            let listed: BTreeSet<_> = listed.filter(in_roles).collect();
            assert_eq!(held, listed, "{}", person.name);
        }
    }

    async fn a_refused_change_leaves_the_record_as_it_was(w: World) {
        for (operation, _) in on_records(&w).filter(|(o, _)| !o.is_read) {
            let (boss, ids) = doer(&w, &operation).await;
            let call = operation.call(&w, &ids).await;
            let before = w.server.contents(w.institution).await;
            for actor in [w.as_anonymous(), w.as_recruiter(), w.as_outsider(), w.actor("teacher"), w.as_stranger()] {
                let refused = actor.call(&call).await;
                assert!([401, 403, 404].contains(&refused.status), "{}: {}", operation.id, refused.text);
            }
            assert_eq!(w.server.contents(w.institution).await, before, "{}", operation.id);
            let done = boss.call(&call).await.expect(operation.success);
            if done.status == 202 {
                // What goes on in its job is not of the next one.
                boss.ended_job(&done.id()).await;
            }
        }
    }

    async fn a_list_or_search_shows_what_the_policy_reaches_each_row_once(w: World) {
        let people = people(&w).await;
        let lists: Vec<_> = guarded(&w).filter(|(o, _)| is_list(o)).collect();
        assert!(lists.len() >= 2);
        // A payment and an enrollment are made with charges of their own: charges are looked at first.
        for (kind, state) in [
            (Kind::Customer, State::Live),
            (Kind::FollowUp, State::Live),
            (Kind::Charge, State::Any),
            (Kind::Payment, State::Any),
            (Kind::Enrollment, State::Any),
        ] {
            let mut records = Vec::new();
            for person in people.iter().filter(|p| ["recruiter", "stranger", "outsider"].contains(&p.name.as_str())) {
                for relation in RELATIONS {
                    records.extend(target(&w, kind, state, person, relation).await.map(|r| (relation, r)));
                }
            }
            for (operation, permission) in lists.iter().filter(|(o, _)| kind_of(o) == kind) {
                for person in unlike(&people, permission) {
                    let answer = person.actor.call(&operation.call(&w, &[]).await).await;
                    let what = format!("{} by {}", operation.id, person.name);
                    if !person.holds(permission) {
                        answer.expect_problem(403, "permission_missing");
                        continue;
                    }
                    let seen = answer.expect(200).ids();
                    let expected: BTreeSet<&str> = records.iter()
                        .filter(|(relation, _)| *relation != Relation::OwnInOtherState)
                        .filter(|(_, record)| person.reaches(permission, record))
                        .map(|(_, record)| record.ids[0].as_str())
                        .collect();
                    assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{what}");
                    assert_eq!(seen.len(), expected.len(), "{what} shows a row twice");
                }
            }
        }
    }

    async fn what_is_ones_own_needs_no_role_at_all(w: World) {
        for (operation, _) in guarded(&w).filter(|(_, permission)| permission == ONESELF) {
            let nobody = w.hire(&[], w.places.north, None).await;
            let call = operation.call(&w, &record(&w, &operation, &nobody, false).await).await;
            let answer = nobody.call(&call).await;
            let expected = if NOT_BY_EXAMPLE.contains(&operation.id.as_str()) { 422 } else { operation.success };
            assert_eq!(answer.status, expected, "{}: {}", operation.id, answer.text);
            w.as_anonymous().call(&call).await.expect_problem(401, "unauthenticated");
        }
    }

    async fn a_role_that_is_archived_gives_nothing(w: World) {
        w.add_role("gone", &[("customers:read", Reach::Institution)]).await;
        let actor = w.hire(&["gone"], w.places.north, None).await;
        w.reorganize(
            "UPDATE roles SET archived_at = 1 WHERE institution_id = ? AND code = ?",
            vec![w.institution.uuid().into(), "gone".into()],
        ).await;
        actor.get("/api/v1/customers").await.expect_problem(403, "permission_missing");
    }

    async fn nobody_moves_a_record_out_of_reach_or_takes_one_in_by_an_id_in_the_body(w: World) {
        let recruiter = w.as_recruiter();
        for (field, value, code) in [
            ("campus_id", json!(w.places.south), "unknown_reference"),
            ("campus_id", json!(w.other_places.north), "unknown_reference"),
            ("campus_id", json!(uuid::Uuid::now_v7()), "unknown_reference"),
            ("holder_id", json!(w.as_colleague().principal), "unknown_reference"),
            ("holder_id", json!(w.as_stranger().principal), "unknown_reference"),
            ("holder_id", json!(w.places.north), "unknown_reference"),
            ("collector_id", json!(w.as_stranger().principal), "unknown_reference"),
        ] {
            let mut body = w.new_customer("张伟");
            body[field] = value.clone();
            let refused = recruiter.post("/api/v1/customers", &body).await.expect(422);
            assert_eq!(refused.errors(), [(format!("#/{field}"), code.into())], "{field}: {value}");
        }
        assert!(w.as_boss().get("/api/v1/customers").await.ids().is_empty());
    }
}

fn is_list(operation: &Operation) -> bool {
    operation.is_read
        && operation.path_ids.is_empty()
        && operation
            .answer
            .as_ref()
            .is_some_and(|a| a["properties"]["next_cursor"].is_object())
}

/// What a list is of, by the name of its page's schema.
fn kind_of(operation: &Operation) -> Kind {
    listed(operation.answer_name.as_deref().unwrap())
}
