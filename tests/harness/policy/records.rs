//! Records to try operations on, made by whoever may do everything where they are.

use std::collections::BTreeMap;

use crate::{Actor, Operation, World, json};
use domain::{
    access::Wanted,
    id::Id,
    organization::{Campus, Institution},
};
use uuid::Uuid;

use super::{Kind, Person, Relation, State, Target, row};

/// Records by how they stand to whom: what nobody has changed serves the next operation too.
#[derive(Debug, Default)]
pub struct Records(BTreeMap<(Kind, State, String, Relation), Option<Target>>);

impl Records {
    /// A record that stands so to a person; `None` where there can't be one.
    pub(super) async fn of(
        &mut self,
        w: &World,
        (kind, wanted): (Kind, State),
        person: &Person,
        relation: Relation,
    ) -> Option<Target> {
        let key = (kind, wanted, person.name.clone(), relation);
        if let Some(made) = self.0.get(&key) {
            return made.clone();
        }
        let made = target(w, kind, wanted, person, relation).await;
        self.0.insert(key, made.clone());
        made
    }

    /// Something was done to a record: nothing more is tried on it.
    pub(super) fn changed(&mut self, changed: &Target) {
        let is_it = |made: &Option<Target>| made.as_ref().is_some_and(|m| m.ids == changed.ids);
        self.0.retain(|_, made| !is_it(made));
    }
}

/// Makes a record that stands so to a person; `None` where there can't be one.
pub async fn target(
    w: &World,
    kind: Kind,
    wanted: State,
    person: &Person,
    relation: Relation,
) -> Option<Target> {
    use Relation::{OtherInstitution, Own, OwnInOtherState};
    if kind.is_of_institution() && ![Own, OtherInstitution, OwnInOtherState].contains(&relation) {
        return None;
    }
    let is_own = matches!(relation, Own | OwnInOtherState);
    if person.is_program && is_own && !kind.is_of_institution() {
        return None;
    }
    let own = (person.actor.principal.uuid(), person.campus);
    let is_pool = matches!(relation, Relation::CampusPool | Relation::RegionPool);
    if kind.is_personal() && is_pool {
        return None;
    }
    let pool = |campus: Id<Campus>| (campus.uuid(), campus);
    let here = person.institution == w.institution;
    let places = if here { w.places } else { w.other_places };
    let mut state = wanted;
    let mut institution = person.institution;
    let (holder, campus) = match relation {
        Relation::Own => own,
        Relation::Teammates if !here => return None,
        Relation::Teammates => {
            let mates = [w.as_colleague(), w.as_recruiter()];
            let mate = mates
                .iter()
                .find(|m| m.principal != person.actor.principal)
                .unwrap();
            (mate.principal.uuid(), places.north)
        }
        Relation::CampusPool => pool(person.campus),
        Relation::RegionPool => pool(*person.region.first()?),
        Relation::OtherCampus if person.campus == places.south => pool(places.north),
        Relation::OtherCampus => pool(places.south),
        Relation::OtherInstitution => {
            institution = if here { w.other } else { w.institution };
            pool(if here {
                w.other_places.north
            } else {
                w.places.north
            })
        }
        Relation::OwnInOtherState => {
            state = wanted.other(kind)?;
            own
        }
    };
    let holder = match relation {
        _ if !kind.is_personal() => holder,
        Relation::OtherCampus if !here => return None,
        Relation::OtherCampus => w.actor("southerner").principal.uuid(),
        Relation::OtherInstitution if here => w.as_stranger().principal.uuid(),
        Relation::OtherInstitution => w.as_boss().principal.uuid(),
        _ => holder,
    };
    if kind.is_personal() && relation != Relation::Own && state == wanted && holder == own.0 {
        return None;
    }
    let ids = make(w, kind, state, institution, holder, campus).await;
    Some(Target {
        ids,
        institution,
        // A class is in nobody's hands, nor is a campus.
        holder: if matches!(
            kind,
            Kind::Class | Kind::TaughtClass | Kind::Lesson | Kind::DayReport
        ) {
            Uuid::nil()
        } else {
            holder
        },
        is_whole: kind.is_of_institution() && kind != Kind::Class,
        teacher: (kind.is_taught() && holder != campus.uuid()).then_some(holder),
        campus,
        state,
    })
}

/// Somebody with every right in the school, and ids of a record on which that person can do an
/// operation; none where it needs none.
pub async fn doer(w: &World, operation: &Operation) -> (Actor, Vec<String>) {
    let boss = w.hire(&["boss"], w.places.north, None).await;
    let ids = record(w, operation, &boss, false).await;
    if operation.id == "readAllNotices" {
        let to = boss.principal.uuid();
        make(
            w,
            Kind::Notice,
            State::Live,
            w.institution,
            to,
            w.places.north,
        )
        .await;
    }
    (boss, ids)
}

/// Ids of a record of the north campus for an operation, or of one in another state than it needs.
pub async fn record(
    w: &World,
    operation: &Operation,
    actor: &Actor,
    in_other_state: bool,
) -> Vec<String> {
    if operation.path_ids.is_empty() {
        return Vec::new();
    }
    let (kind, needed) = row(&operation.id);
    let state = if in_other_state {
        match needed.other(kind) {
            Some(state) => state,
            None => return operation.random_ids(),
        }
    } else {
        needed
    };
    let holder = match kind {
        _ if kind.is_personal() => actor.principal.uuid(),
        _ => w.places.north.uuid(),
    };
    make(w, kind, state, w.institution, holder, w.places.north).await
}

/// Makes a record, by whoever may do everything where it is.
pub async fn make(
    w: &World,
    kind: Kind,
    state: State,
    institution: Id<Institution>,
    holder: Uuid,
    campus: Id<Campus>,
) -> Vec<String> {
    let maker = w.ruler_of(institution);
    match kind {
        Kind::TaughtClass => {
            let course = w.fixture(institution, "course_id").await.unwrap();
            let mut body = w.new_class(&course.to_string());
            body["campus_id"] = json!(campus);
            if holder != campus.uuid() {
                body["teacher_id"] = json!(holder);
            }
            let made = maker.post("/api/v1/classes", &body).await.expect(201);
            vec![made.id()]
        }
        Kind::Lesson => {
            let places = w.places_of(institution);
            let of = |kind| Box::pin(make(w, kind, State::Live, institution, holder, campus));
            let enrollment = if holder == places.north.uuid() {
                let known = w.fixture(institution, "enrollment_id").await;
                known.unwrap().to_string()
            } else {
                of(Kind::Enrollment).await[0].clone()
            };
            let path = format!("/api/v1/enrollments/{enrollment}");
            let enrollment = maker.get(&path).await.expect(200);
            let class = enrollment.json["class_id"].as_str().unwrap();
            let body = json!({
                "held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": 1,
            });
            let path = format!("/api/v1/classes/{class}/lessons");
            let made = maker.post(&path, &body).await.expect(201).id();
            if state == State::Deleted {
                let path = format!("/api/v1/lessons/{made}/archive");
                maker.post(&path, &json!(null)).await.expect(200);
            }
            vec![made]
        }
        Kind::Enrollment => {
            let of = |kind| Box::pin(make(w, kind, State::Live, institution, holder, campus));
            let body = json!({
                "class_id": of(Kind::TaughtClass).await[0], "customer_id": of(Kind::Customer).await[0],
            });
            let made = maker.post("/api/v1/enrollments", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/enrollments/{}/withdraw", made.id());
                let reason = json!({"reason": "moved"});
                maker.post(&path, &reason).await.expect(200);
            }
            vec![made.id()]
        }
        // There is no other state than to be gone.
        Kind::File
        | Kind::Job
        | Kind::Notice
        | Kind::Import
        | Kind::Export
        | Kind::ScreeningRun
        | Kind::ShareRequest
        | Kind::ImportTemplate
        | Kind::View
        | Kind::Approval
            if state == State::Deleted =>
        {
            vec![Uuid::now_v7().to_string()]
        }
        Kind::File => {
            let owner = w.acting_as(institution, Id::new(holder)).await;
            let made = owner
                .upload("/api/v1/files", "notes.txt", b"some notes")
                .await;
            vec![made.expect(201).id()]
        }
        Kind::ImportTemplate => {
            let made = w.import_template(institution, Id::new(holder));
            vec![Box::pin(made).await.to_string()]
        }
        Kind::View => {
            let owner = w.acting_as(institution, Id::new(holder)).await;
            let body = json!({"name": "我的视图", "entity": "customers", "search": {}});
            vec![owner.post("/api/v1/views", &body).await.expect(201).id()]
        }
        Kind::CustomerFile => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let files = format!("/api/v1/customers/{}/files", ids[0]);
            let made = maker
                .upload(&files, "photo.png", b"\x89PNG\r\n\x1a\n image")
                .await;
            ids.push(made.expect(201).id());
            if state == State::Deleted {
                maker
                    .delete(&format!("{files}/{}", ids[1]))
                    .await
                    .expect(204);
            }
            ids
        }
        Kind::CustomerPhoto => {
            let file = make(
                w,
                Kind::CustomerFile,
                State::Live,
                institution,
                holder,
                campus,
            );
            let mut ids = Box::pin(file).await;
            let path = format!("/api/v1/customers/{}/files/{}/use-as-photo", ids[0], ids[1]);
            maker.post(&path, &json!(null)).await.expect(200);
            ids.truncate(1);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{}/photo", ids[0]);
                maker.delete(&path).await.expect(204);
            }
            ids
        }
        Kind::Class => {
            let course = w.fixture(institution, "course_id").await.unwrap();
            let mut body = w.new_class(&course.to_string());
            body["campus_id"] = json!(campus);
            let made = maker.post("/api/v1/classes", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/classes/{}/archive", made.id());
                maker.post(&path, &json!(null)).await.expect(200);
            }
            vec![made.id()]
        }
        Kind::AuditEvent => {
            let list = maker.get("/api/v1/audit-events?limit=1").await;
            list.expect(200).ids()
        }
        Kind::Job => vec![w.waiting_job(institution, holder).await.to_string()],
        Kind::Import => vec![
            w.ended_import(institution, holder, campus)
                .await
                .to_string(),
        ],
        Kind::Export => vec![w.ended_export(institution, holder).await.to_string()],
        Kind::Merge => {
            let of = || {
                Box::pin(make(
                    w,
                    Kind::Customer,
                    State::Live,
                    institution,
                    holder,
                    campus,
                ))
            };
            let (survivor, duplicate) = (of().await.remove(0), of().await.remove(0));
            let body = json!({
                "duplicate_id": duplicate, "version": 1, "duplicate_version": 1, "reason": "同一学员",
            });
            let path = format!("/api/v1/customers/{survivor}/merge");
            let made = maker.post(&path, &body).await.expect(201).id();
            if state == State::Deleted {
                let path = format!("/api/v1/customer-merges/{made}/undo");
                maker.post(&path, &json!(null)).await.expect(200);
            }
            vec![made]
        }
        Kind::ShareRequest => {
            let asker = Id::new(holder);
            vec![w.share_request(institution, asker, None).await.to_string()]
        }
        Kind::ReceivedShareRequest => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0).parse().unwrap();
            let asker = w.employee_of(institution).await;
            let wanted = Wanted {
                customer: Id::new(customer),
                holder: Id::new(holder),
                campus,
            };
            let made = w.share_request(institution, asker, Some(wanted)).await;
            if state == State::Deleted {
                let path = format!("/api/v1/received-share-requests/{made}/refuse");
                let reason = json!({"reason": "不便"});
                maker.post(&path, &reason).await.expect(200);
            }
            vec![made.to_string()]
        }
        Kind::Approval => {
            let decider = reference(w, institution, Kind::Staff, State::Live).await;
            let decider = Id::new(decider.parse().unwrap());
            let asker = Id::new(holder);
            vec![w.approval(institution, asker, decider).await.to_string()]
        }
        Kind::ReceivedApproval => {
            let asker = reference(w, institution, Kind::Staff, State::Live).await;
            let asker = Id::new(asker.parse().unwrap());
            let made = w.approval(institution, asker, Id::new(holder)).await;
            if state == State::Deleted {
                let decider = w.acting_as(institution, Id::new(holder)).await;
                let path = format!("/api/v1/approvals/{made}/decision");
                let refusal = json!({"step": 1, "verdict": "refuse", "reason": "不需要"});
                decider.post(&path, &refusal).await.expect(200);
            }
            vec![made.to_string()]
        }
        Kind::Notice => vec![w.notice(institution, holder).await.to_string()],
        Kind::Session => {
            let id = Uuid::now_v7();
            let now = w.server.app.clock.now().as_microsecond();
            let ended = (state == State::Deleted).then_some(now);
            w.server
                .execute(
                    institution,
                    "INSERT INTO sessions (institution_id, id, principal_id, created_at, \
                     expires_at, ended_at) VALUES (?, ?, ?, ?, ?, ?)",
                    vec![
                        institution.uuid().into(),
                        id.into(),
                        holder.into(),
                        now.into(),
                        (now + 3_600_000_000).into(),
                        sea_orm::Value::BigInt(ended),
                    ],
                )
                .await
                .unwrap();
            vec![id.to_string()]
        }
        Kind::FollowUp => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let body = json!({"customer_id": customer, "method": "phone", "outcome": "other", "next_on": today(w)});
            let made = maker.post("/api/v1/follow-ups", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{customer}");
                maker.delete(&path).await.expect(204);
            }
            vec![made.id()]
        }
        Kind::WholeCustomer => {
            let mut body = w.new_customer("张小明");
            let known = json!({
                "campus_id": campus, "holder_id": holder, "gender": "male", "birth_date": "2005-05-05",
                "school": "实验中学", "grade": "高三", "details": {"region_code": "110108"},
                "contact_points": [{"kind": "qq", "value": "10001"}],
            });
            for (name, value) in known.as_object().unwrap() {
                body[name] = value.clone();
            }
            let made = maker
                .post("/api/v1/customers", &body)
                .await
                .expect(201)
                .id();
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{made}");
                maker.delete(&path).await.expect(204);
            }
            vec![made]
        }
        Kind::Filing => {
            let customer = make(
                w,
                Kind::WholeCustomer,
                State::Live,
                institution,
                holder,
                campus,
            );
            let customer = Box::pin(customer).await.remove(0);
            let path = format!("/api/v1/customers/{customer}/file");
            let made = maker.post(&path, &json!({})).await.expect(201).id();
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{customer}");
                maker.delete(&path).await.expect(204);
            }
            vec![made]
        }
        Kind::Screening => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let path = format!("/api/v1/customers/{}/screen", ids[0]);
            let body = json!({"outcome": "valid", "reason": "verified"});
            ids.push(maker.post(&path, &body).await.expect(201).id());
            ids
        }
        Kind::ScreeningRule => {
            let body = json!({
                "name": "年龄不符", "conditions": {"field": "age", "op": "gte", "value": 60},
                "outcome": "invalid", "reason": "outside_criteria",
            });
            let rules = "/api/v1/screening-rules";
            let made = maker.post(rules, &body).await.expect(201).id();
            if state == State::Deleted {
                let path = format!("{rules}/{made}");
                maker
                    .patch(&path, &json!({"state": "ended"}))
                    .await
                    .expect(200);
            }
            vec![made]
        }
        Kind::ScreeningRun => vec![w.ended_screening(institution, holder).await.to_string()],
        Kind::CleaningEntry => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let made = w
                .cleaning_entry(institution, customer.parse().unwrap())
                .await;
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{customer}");
                maker.delete(&path).await.expect(204);
            }
            vec![made.to_string()]
        }
        Kind::Tagging => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let tag = w.fixture(institution, "tag_id").await.unwrap();
            let tags = format!("/api/v1/customers/{}/tags", ids[0]);
            maker.post(&tags, &json!({"tag_id": tag})).await.expect(201);
            if state == State::Deleted {
                let path = format!("{tags}/{tag}/take-off");
                maker.post(&path, &json!({})).await.expect(200);
            }
            ids.push(tag.to_string());
            ids
        }
        Kind::Collection => {
            // Gone with its customer.
            let customer = make(w, Kind::Customer, state, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            vec![customer.clone(), customer]
        }
        Kind::Relation => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let relations = format!("/api/v1/customers/{}/relations", ids[0]);
            let guardian = guardian(w, institution, holder, campus).await;
            let body = json!({"role": "guardian", "relative_id": guardian});
            let made = maker.post(&relations, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{relations}/{}", made.id());
                maker.delete(&path).await.expect(204);
            }
            ids.push(made.id());
            ids
        }
        Kind::PrivacyNotice => {
            let notice = w.fixture(institution, "notice_id").await.unwrap();
            vec![notice.to_string()]
        }
        // What is granted waits to be done.
        Kind::PrivacyRequest => {
            let customer = w.fixture(institution, "customer_id").await.unwrap();
            let body = json!({"customer_id": customer, "kind": "copy", "identity": "身份证"});
            let requests = "/api/v1/privacy-requests";
            let made = maker.post(requests, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{requests}/{}/decide", made.id());
                let grant = json!({"verdict": "grant", "reason": "已核实"});
                maker.post(&path, &grant).await.expect(200);
            }
            vec![made.id()]
        }
        Kind::RetentionRun => {
            let id = Uuid::now_v7();
            let sql = "INSERT INTO retention_runs (institution_id, id, version, job_id, class, days, policy_version, status, \
                       looked_at, erased, failed, seen_id, started_at, ended_at) \
                       VALUES (?, ?, 1, ?, 'leads', 365, 1, 'finished', 0, 0, 0, ?, 1, 1)";
            let values = [institution.uuid(), id, id, id].map(Into::into);
            w.server
                .execute(institution, sql, values.to_vec())
                .await
                .unwrap();
            vec![id.to_string()]
        }
        Kind::LegalHold => {
            let customer = w.fixture(institution, "customer_id").await.unwrap();
            let body = json!({"customer_id": customer, "reason": "退费诉讼"});
            let made = maker.post("/api/v1/legal-holds", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/legal-holds/{}/release", made.id());
                let reason = json!({"reason": "已结案"});
                maker.post(&path, &reason).await.expect(200);
            }
            vec![made.id()]
        }
        Kind::PersonalDataExport => {
            let request = Kind::PrivacyRequest;
            let granted = make(w, request, State::Deleted, institution, holder, campus);
            let granted = Box::pin(granted).await.remove(0);
            let path = format!("/api/v1/privacy-requests/{granted}/exports");
            let body = json!({"reason": "家长要求"});
            vec![maker.post(&path, &body).await.expect(201).id()]
        }
        Kind::Erasure => {
            let pool = campus.uuid();
            let customer = make(w, Kind::Customer, State::Live, institution, pool, campus);
            let customer = Box::pin(customer).await.remove(0);
            let body = json!({"version": 1, "reason": "requested"});
            let path = format!("/api/v1/customers/{customer}/erasure");
            vec![maker.post(&path, &body).await.expect(201).id()]
        }
        Kind::Disclosure => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let recipient = w.fixture(institution, "recipient_id").await.unwrap();
            let disclosures = format!("/api/v1/customers/{}/disclosures", ids[0]);
            let body = json!({"recipient_id": recipient, "categories": ["identity"]});
            ids.push(maker.post(&disclosures, &body).await.expect(201).id());
            ids
        }
        Kind::Insight => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let insights = format!("/api/v1/customers/{}/insights", ids[0]);
            let body = json!({"topic": "interests", "content": "编程", "source": "partner", "origin": "科技馆",
                "lawful_basis": "published", "authorisation": "公开榜单"});
            ids.push(maker.post(&insights, &body).await.expect(201).id());
            if state == State::Deleted {
                let path = format!("{insights}/{}/withdraw", ids[1]);
                maker
                    .post(&path, &json!({"reason": "错"}))
                    .await
                    .expect(200);
            }
            ids
        }
        Kind::Consent => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let consents = format!("/api/v1/customers/{}/consents", ids[0]);
            let body = json!({"purpose": "marketing", "decision": "withdrawn"});
            ids.push(maker.post(&consents, &body).await.expect(201).id());
            ids
        }
        Kind::Share => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let shares = format!("/api/v1/customers/{}/shares", ids[0]);
            let grantee = w.places_of(institution).team;
            let body = json!({"grantee_id": grantee, "access": "read"});
            maker.post(&shares, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{shares}/{grantee}");
                maker.delete(&path).await.expect(204);
            }
            ids.push(grantee.to_string());
            ids
        }
        Kind::Charge => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let body = json!({"customer_id": customer, "description": "学费",
                "amount": {"amount_minor": 300_000, "currency": "CNY"}});
            let made = maker.post("/api/v1/charges", &body).await.expect(201);
            vec![made.id()]
        }
        Kind::Payment => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let amount = json!({"amount_minor": 100_000, "currency": "CNY"});
            let body = json!({"payer_id": customer, "campus_id": campus, "method": "cash", "amount": amount});
            let made = maker.post("/api/v1/payments", &body).await.expect(201);
            let body = json!({"customer_id": customer, "description": "学费", "amount": amount});
            maker.post("/api/v1/charges", &body).await.expect(201);
            if state == State::Voided {
                let path = format!("/api/v1/payments/{}/void", made.id());
                maker
                    .post(&path, &json!({"reason": "录错"}))
                    .await
                    .expect(200);
            }
            vec![made.id()]
        }
        Kind::Receipt => {
            let payment = make(w, Kind::Payment, State::Live, institution, holder, campus);
            let payment = Box::pin(payment).await.remove(0);
            let path = format!("/api/v1/payments/{payment}");
            let read = maker.get(&path).await.expect(200);
            vec![read.json["receipt_id"].as_str().unwrap().to_owned()]
        }
        Kind::Receivable | Kind::JournalEntry => Vec::new(),
        Kind::DayReport => vec![campus.to_string()],
        Kind::Customer => {
            let mut body = w.new_customer("张伟");
            body["holder_id"] = json!(holder);
            body["campus_id"] = json!(campus);
            let made = maker.post("/api/v1/customers", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{}", made.id());
                maker.delete(&path).await.expect(204);
            }
            vec![made.id()]
        }
        Kind::RoleRule => {
            let made = reference(w, institution, kind, State::Live).await;
            if state == State::Deleted {
                let path = format!("/api/v1/role-rules/{made}");
                maker.delete(&path).await.expect(204);
            }
            vec![made]
        }
        Kind::StaffAgreement => {
            let person = reference(w, institution, Kind::Staff, State::Live).await;
            let body = json!({"version": 1, "signed_on": "2025-09-01"});
            let path = format!("/api/v1/staff/{person}/agreements");
            let made = maker.post(&path, &body).await.expect(201);
            vec![person, made.id()]
        }
        Kind::ApiClient | Kind::ApiKey => api_client(&maker, kind, state).await,
        _ => vec![reference(w, institution, kind, state).await],
    }
}

/// Makes an API client, or one of its keys.
async fn api_client(maker: &Actor, kind: Kind, state: State) -> Vec<String> {
    let body = json!({"name": Uuid::now_v7().simple().to_string(), "role_ids": [], "scopes": []});
    let made = maker.post("/api/v1/api-clients", &body).await.expect(201);
    let id = made.json["api_client"]["id"].as_str().unwrap();
    let key = made.json["key"]["id"].as_str().unwrap();
    let path = format!("/api/v1/api-clients/{id}");
    if kind == Kind::ApiKey {
        if state == State::Deleted {
            let key = format!("{path}/keys/{key}");
            maker.delete(&key).await.expect(204);
        }
        return vec![id.to_owned(), key.to_owned()];
    }
    if state == State::Deleted {
        let revoke = format!("{path}/revoke");
        maker.post(&revoke, &json!(null)).await.expect(200);
    }
    vec![id.to_owned()]
}

/// Makes a record of what others choose from, or a person with a role, as the example says.
async fn reference(w: &World, institution: Id<Institution>, kind: Kind, state: State) -> String {
    let create = w.server.contract.named(&format!("create{kind:?}"));
    let maker = w.ruler_of(institution);
    let mut body = create.example_in(w, institution).await.unwrap();
    if kind == Kind::Role {
        // It gives nothing, so that everybody may give it.
        body["permissions"] = json!([]);
    }
    let made = maker.post(&create.template, &body).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    if kind == Kind::Staff {
        let role = Box::pin(reference(w, institution, Kind::Role, State::Live)).await;
        let roles = json!({"role_ids": [role]});
        maker
            .put(&format!("{path}/roles"), &roles)
            .await
            .expect(200);
    }
    if state == State::Deleted {
        let action = if kind == Kind::Staff {
            "suspend"
        } else {
            "archive"
        };
        maker
            .post(&format!("{path}/{action}"), &json!(null))
            .await
            .expect(200);
    }
    made.id()
}

/// Makes a guardian in these hands.
pub(super) async fn guardian(
    w: &World,
    institution: Id<Institution>,
    holder: Uuid,
    campus: Id<Campus>,
) -> String {
    let mut body = w.new_customer("王芳");
    body["kind"] = json!("guardian");
    body["holder_id"] = json!(holder);
    body["campus_id"] = json!(campus);
    let maker = w.ruler_of(institution);
    let made = maker.post("/api/v1/customers", &body).await.expect(201);
    made.id()
}

/// Today at every campus of the world.
fn today(w: &World) -> String {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let now = w.server.app.clock.now();
    now.to_zoned(zone).date().to_string()
}
