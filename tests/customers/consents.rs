//! What people decided on the use of their data.

use jiff::{SignedDuration, ToSpan, civil::Date};
use tests::{Actor, Answer, Value, World, both, json};

use crate::access::fields::reader_with;

const NOTICES: &str = "/api/v1/privacy-notices";
const CUSTOMERS: &str = "/api/v1/customers";

async fn notice(w: &World, purpose: &str, asks_anew: bool) -> String {
    let body = json!({"purpose": purpose, "language": "zh-CN", "title": "告知书", "text": "我们这样使用您的信息。",
        "asks_anew": asks_anew});
    let boss = w.as_boss();
    boss.post(NOTICES, &body).await.expect(201).id()
}

async fn customer(w: &World, by: &Actor, kind: &str, born: Option<Date>) -> String {
    let mut body = w.new_customer("张小明");
    body["kind"] = json!(kind);
    if let Some(born) = born {
        body["birth_date"] = json!(born);
    }
    by.post(CUSTOMERS, &body).await.expect(201).id()
}

fn today(w: &World) -> Date {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    w.server.app.clock.now().to_zoned(zone).date()
}

/// Somebody who is thirteen until tomorrow.
fn still_a_child(w: &World) -> Date {
    today(w)
        .checked_sub(14.years())
        .unwrap()
        .tomorrow()
        .unwrap()
}

async fn decide(by: &Actor, customer: &str, body: &Value) -> Answer {
    by.post(&format!("{CUSTOMERS}/{customer}/consents"), body)
        .await
}

/// What holds of a purpose and channel.
async fn standing(by: &Actor, customer: &str, purpose: &str, channel: Option<&str>) -> String {
    let path = format!("{CUSTOMERS}/{customer}/consent-standing");
    let told = by.get(&path).await.expect(200);
    let items = told.json["items"].as_array().unwrap().clone();
    let mut items = items.iter();
    let found = items.find(|item| item["purpose"] == purpose && item["channel"] == json!(channel));
    found.unwrap()["standing"].as_str().unwrap().to_owned()
}

async fn related(by: &Actor, child: &str, guardian: &str) -> String {
    let body = json!({"role": "guardian", "relative_id": guardian});
    let made = by
        .post(&format!("{CUSTOMERS}/{child}/relations"), &body)
        .await
        .expect(201);
    made.header("location").unwrap().to_owned()
}

both! {
    async fn the_latest_decision_counts_and_all_are_kept(w: World) {
        let recruiter = w.as_recruiter();
        let notice = notice(&w, "marketing", false).await;
        let grown = customer(&w, &recruiter, "guardian", None).await;
        assert_eq!(standing(&recruiter, &grown, "marketing", Some("sms")).await, "none");
        let given = json!({"purpose": "marketing", "decision": "given", "notice_id": notice, "evidence": "表单 118"});
        let made = decide(&recruiter, &grown, &given).await.expect(201);
        assert_eq!(standing(&recruiter, &grown, "marketing", Some("sms")).await, "given");
        let read = recruiter.get(made.header("location").unwrap()).await.expect(200);
        assert_eq!(read.json, made.json);
        let withdrawn = json!({"purpose": "marketing", "channel": "sms", "decision": "withdrawn"});
        decide(&recruiter, &grown, &withdrawn).await.expect(201);
        assert_eq!(standing(&recruiter, &grown, "marketing", Some("sms")).await, "withdrawn");
        assert_eq!(standing(&recruiter, &grown, "marketing", Some("email")).await, "given");
        assert_eq!(standing(&recruiter, &grown, "photos", None).await, "none");
        let all = recruiter.get(&format!("{CUSTOMERS}/{grown}/consents")).await.expect(200);
        let decisions: Vec<_> = all.json["items"].as_array().unwrap().iter().map(|item| item["decision"].clone()).collect();
        assert_eq!(decisions, ["withdrawn", "given"]);
        // The customer itself has not changed.
        assert_eq!(recruiter.get(&format!("{CUSTOMERS}/{grown}")).await.json["version"], 1);
    }

    async fn what_is_given_names_what_was_read_and_how_it_can_be_shown(w: World) {
        let recruiter = w.as_recruiter();
        let photos = notice(&w, "photos", false).await;
        let grown = customer(&w, &recruiter, "guardian", None).await;
        let refused = decide(&recruiter, &grown, &json!({"purpose": "marketing", "decision": "given"})).await.expect(422);
        assert_eq!(refused.errors(), [("#/evidence", "required"), ("#/notice_id", "consent_notice_missing")]
            .map(|(at, code)| (at.into(), code.into())));
        let later = w.server.app.clock.now() + SignedDuration::from_hours(1);
        let body = json!({"purpose": "recording", "channel": "phone", "decision": "given", "notice_id": photos,
            "evidence": "录音 7", "decided_at": later});
        let refused = decide(&recruiter, &grown, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/channel", "consent_channel_not_fitting"), ("#/decided_at", "consent_in_future"),
            ("#/notice_id", "consent_notice_not_fitting")].map(|(at, code)| (at.into(), code.into())));
        let body = json!({"purpose": "photos", "decision": "given", "evidence": "表单", "notice_id": uuid::Uuid::now_v7()});
        let refused = decide(&recruiter, &grown, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/notice_id".into(), "unknown_reference".into())]);
        assert_eq!(recruiter.get(&format!("{CUSTOMERS}/{grown}/consents")).await.json["items"], json!([]));
    }

    async fn a_guardian_agrees_for_a_child(w: World) {
        let recruiter = w.as_recruiter();
        let notice = notice(&w, "photos", false).await;
        let child = customer(&w, &recruiter, "student", Some(still_a_child(&w))).await;
        let youth = customer(&w, &recruiter, "student", Some(today(&w).checked_sub(14.years()).unwrap())).await;
        let mother = customer(&w, &recruiter, "guardian", None).await;
        let mut body = json!({"purpose": "photos", "decision": "given", "notice_id": notice, "evidence": "表单 1"});
        decide(&recruiter, &youth, &body).await.expect(201);
        let refused = decide(&recruiter, &child, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/decided_by".into(), "consent_not_by_guardian".into())]);
        body["decided_by"] = json!(mother);
        let refused = decide(&recruiter, &child, &body).await.expect(422);
        assert_eq!(refused.errors(), [("#/decided_by".into(), "decider_not_related".into())]);
        let relation = related(&recruiter, &child, &mother).await;
        let made = decide(&recruiter, &child, &body).await.expect(201);
        assert_eq!(made.json["decided_by"], json!(mother));
        // The child may take it back by itself; who is a guardian no longer gives nothing.
        decide(&recruiter, &child, &json!({"purpose": "photos", "decision": "withdrawn"})).await.expect(201);
        let until = today(&w);
        recruiter.patch(&relation, &json!({"valid_until": until})).await.expect(200);
        decide(&recruiter, &child, &body).await.expect(422);
        assert_eq!(standing(&recruiter, &child, "photos", None).await, "withdrawn");
        let told = recruiter.get(&format!("{CUSTOMERS}/{child}/consent-standing")).await;
        assert_eq!(told.json["is_child"], true);
    }

    async fn one_gate_tells_how_a_customer_may_be_addressed(w: World) {
        let recruiter = w.as_recruiter();
        let notice = notice(&w, "marketing", false).await;
        let mut body = w.new_customer("王芳");
        body["contact_points"] = json!([{"kind": "phone", "value": "13800138000"}, {"kind": "email", "value": "fang@example.com"}]);
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let gate = async |by: &Actor, channel: &str| {
            let told = by.get(&format!("{path}/contact-permissions")).await.expect(200);
            let items = told.json["items"].as_array().unwrap().clone();
            let of = |reason: &str| {
                let found = items.iter().find(|item| item["channel"] == channel && item["reason"] == reason).unwrap();
                assert_eq!(found["is_allowed"], json!(found["obstacle"].is_null()));
                found["obstacle"].as_str().unwrap_or("allowed").to_owned()
            };
            (of("service"), of("marketing"))
        };
        let told = |service: &str, marketing: &str| (service.to_owned(), marketing.to_owned());
        assert_eq!(gate(&recruiter, "sms").await, told("allowed", "consent_missing"));
        assert_eq!(gate(&recruiter, "wechat").await, told("no_contact_point", "no_contact_point"));
        let given = json!({"purpose": "marketing", "decision": "given", "notice_id": notice, "evidence": "表单 118"});
        decide(&recruiter, &made.id(), &given).await.expect(201);
        assert_eq!(gate(&recruiter, "sms").await, told("allowed", "allowed"));
        decide(&recruiter, &made.id(), &json!({"purpose": "marketing", "channel": "sms", "decision": "withdrawn"})).await.expect(201);
        assert_eq!(gate(&recruiter, "sms").await, told("allowed", "consent_withdrawn"));
        assert_eq!(gate(&recruiter, "email").await, told("allowed", "allowed"));
        // Whoever asks not to be contacted gets no marketing until consent is given anew.
        w.server.app.clock.advance(SignedDuration::from_secs(1));
        let said = json!({"customer_id": made.id(), "method": "phone", "outcome": "do_not_contact"});
        recruiter.post("/api/v1/follow-ups", &said).await.expect(201);
        assert_eq!(gate(&recruiter, "email").await, told("allowed", "asked_not_to"));
        w.server.app.clock.advance(SignedDuration::from_secs(1));
        decide(&recruiter, &made.id(), &given).await.expect(201);
        assert_eq!(gate(&recruiter, "email").await, told("allowed", "allowed"));
        let email = made.json["contact_points"][1]["id"].clone();
        let phone = made.json["contact_points"][0]["id"].clone();
        let marked = json!({"contact_points": [{"id": phone}, {"id": email, "do_not_contact": true}]});
        recruiter.patch(&path, &marked).await.expect(200);
        assert_eq!(gate(&recruiter, "email").await, told("do_not_contact", "do_not_contact"));
        // From whom contact points are hidden, this tells nothing of them either.
        let rules = json!([{"record": "customers", "field": "contact_points", "access": "hidden"}]);
        let blind = reader_with(&w, &["customers:read"], rules).await;
        assert_eq!(gate(&blind, "email").await, told("no_contact_point", "no_contact_point"));
        w.as_stranger().get(&format!("{path}/contact-permissions")).await.expect_problem(404, "not_found");
    }

    async fn a_guardian_out_of_reach_is_neither_taken_nor_shown(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let notice = notice(&w, "photos", false).await;
        let child = customer(&w, &recruiter, "student", Some(still_a_child(&w))).await;
        let mother = customer(&w, &w.as_colleague(), "guardian", None).await;
        related(&boss, &child, &mother).await;
        let body = json!({"purpose": "photos", "decision": "given", "notice_id": notice, "evidence": "表单 1", "decided_by": mother});
        let refused = decide(&recruiter, &child, &body).await.expect(422);
        let random = json!({"purpose": "photos", "decision": "given", "notice_id": notice, "evidence": "表单 1",
            "decided_by": uuid::Uuid::now_v7()});
        assert_eq!(refused.essence(), decide(&recruiter, &child, &random).await.essence());
        let made = decide(&boss, &child, &body).await.expect(201);
        let seen = recruiter.get(made.header("location").unwrap()).await.expect(200);
        assert_eq!((&seen.json["decided_by"], &seen.json["decision"]), (&json!(null), &json!("given")));
    }

    async fn files_of_a_child_are_kept_only_once_a_guardian_agrees(w: World) {
        let recruiter = w.as_recruiter();
        let notice = notice(&w, "child_data", false).await;
        let child = customer(&w, &recruiter, "student", Some(still_a_child(&w))).await;
        let mother = customer(&w, &recruiter, "guardian", None).await;
        related(&recruiter, &child, &mother).await;
        let files = format!("{CUSTOMERS}/{child}/files");
        let upload = || recruiter.upload(&files, "照片.pdf", b"%PDF-1.7 %%EOF");
        upload().await.expect_problem(422, "guardian_consent_missing");
        assert_eq!(recruiter.get(&files).await.json["items"], json!([]));
        let body = json!({"purpose": "child_data", "decision": "given", "notice_id": notice, "evidence": "表单 1", "decided_by": mother});
        decide(&recruiter, &child, &body).await.expect(201);
        upload().await.expect(201);
        // Whoever reads a notice that says something else has not agreed to it.
        self::notice(&w, "child_data", true).await;
        assert_eq!(standing(&recruiter, &child, "child_data", None).await, "outdated");
        upload().await.expect_problem(422, "guardian_consent_missing");
        let youth = customer(&w, &recruiter, "student", Some(today(&w).checked_sub(14.years()).unwrap())).await;
        recruiter.upload(&format!("{CUSTOMERS}/{youth}/files"), "照片.pdf", b"%PDF-1.7 %%EOF").await.expect(201);
    }

    async fn details_of_a_child_beyond_an_enquiry_are_kept_only_once_a_guardian_agrees(w: World) {
        let recruiter = w.as_recruiter();
        let notice = notice(&w, "child_data", false).await;
        let beyond = json!({"needs": "数学提高", "hobbies": ["篮球"], "background": "单亲家庭"});
        let missing = |fields: &[&str]| -> Vec<(String, String)> {
            fields.iter().map(|field| (format!("#/details/{field}"), "guardian_consent_missing".into())).collect()
        };
        let mut body = w.new_customer("王小明");
        body["birth_date"] = json!(still_a_child(&w));
        body["details"] = beyond.clone();
        let refused = recruiter.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["background", "hobbies"]));
        body["details"] = json!({"needs": "数学提高", "region_code": "110108"});
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let (child, path) = (made.id().to_owned(), format!("{CUSTOMERS}/{}", made.id()));
        let refused = recruiter.patch(&path, &json!({"details": beyond})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["background", "hobbies"]));
        assert_eq!(recruiter.get(&path).await.json["version"], 1);
        let mother = customer(&w, &recruiter, "guardian", None).await;
        related(&recruiter, &child, &mother).await;
        let given = json!({"purpose": "child_data", "decision": "given", "notice_id": notice, "evidence": "表单 1", "decided_by": mother});
        decide(&recruiter, &child, &given).await.expect(201);
        let kept = recruiter.patch(&path, &json!({"details": beyond})).await.expect(200);
        assert_eq!(kept.json["details"]["hobbies"], json!(["篮球"]));
        // What was kept stays and can be taken away; nothing is added once it is withdrawn.
        decide(&recruiter, &child, &json!({"purpose": "child_data", "decision": "withdrawn"})).await.expect(201);
        recruiter.patch(&path, &json!({"intent": 3, "details": {"background": null}})).await.expect(200);
        let refused = recruiter.patch(&path, &json!({"details": {"hobbies": ["画画"]}})).await.expect(422);
        assert_eq!(refused.errors(), missing(&["hobbies"]));
    }

    async fn nothing_is_demanded_of_a_child_that_may_not_be_kept_of_it(w: World) {
        let (boss, recruiter) = (w.as_boss(), w.as_recruiter());
        let notice = notice(&w, "child_data", false).await;
        let illness = json!({"entity": "customer", "code": "illness", "name": "病史", "type": "text",
            "kinds": ["student"], "is_sensitive": true, "required_at": ["lead", "trial"]});
        boss.post("/api/v1/custom-fields", &illness).await.expect(201);
        let marks = json!([{"field": "details.background", "required_at": ["lead", "trial"]}, {"field": "details.needs", "required_at": ["lead"]}]);
        boss.put("/api/v1/customer-forms/student", &json!({ "marks": marks })).await.expect(200);
        let missing = |fields: &[&str]| -> Vec<(String, String)> {
            fields.iter().map(|field| (format!("#/{field}"), "required".into())).collect()
        };
        let mut body = w.new_customer("王小明");
        let refused = recruiter.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["custom_fields/illness", "details/background", "details/needs"]));
        body["birth_date"] = json!(still_a_child(&w));
        let refused = recruiter.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["details/needs"]));
        body["details"] = json!({"needs": "数学提高"});
        let child = recruiter.post(CUSTOMERS, &body).await.expect(201).id();
        let path = format!("{CUSTOMERS}/{child}");
        for stage in ["contacted", "trial", "contacted"] {
            recruiter.patch(&path, &json!({ "stage": stage })).await.expect(200);
        }
        // Once more may be kept, more is demanded.
        let mother = customer(&w, &recruiter, "guardian", None).await;
        related(&recruiter, &child, &mother).await;
        let given = json!({"purpose": "child_data", "decision": "given", "notice_id": notice, "evidence": "表单 1", "decided_by": mother});
        decide(&recruiter, &child, &given).await.expect(201);
        let refused = recruiter.patch(&path, &json!({"stage": "trial"})).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), missing(&["custom_fields/illness", "details/background"]));
        let all = json!({"stage": "trial", "details": {"background": "单亲家庭"}, "custom_fields": {"illness": "哮喘"}});
        recruiter.patch(&path, &all).await.expect(200);
    }

    async fn a_filled_form_of_a_child_is_kept_only_once_a_guardian_agrees(w: World) {
        let recruiter = w.as_recruiter();
        let form = json!([{"label": "家庭情况", "value": "单亲"}]);
        let mut body = w.new_customer("王小明");
        body["birth_date"] = json!(still_a_child(&w));
        body["collection"] = json!({"form": form});
        let refused = recruiter.post(CUSTOMERS, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/collection/form".into(), "guardian_consent_missing".into())]);
        let child = customer(&w, &recruiter, "student", Some(still_a_child(&w))).await;
        let path = format!("{CUSTOMERS}/{child}/collections");
        let refused = recruiter.post(&path, &json!({"source_channel": "hotline", "form": form})).await.expect(422);
        assert_eq!(refused.errors(), [("#/form".into(), "guardian_consent_missing".into())]);
        let made = recruiter.post(&path, &json!({"source_channel": "hotline"})).await.expect(201);
        let told = json!({"form": form, "reason": "补录"});
        recruiter.patch(&format!("{path}/{}", made.id()), &told).await.expect(422);
        // Whose birth date nobody knew turns out to be a child.
        let unknown = customer(&w, &recruiter, "student", None).await;
        let path = format!("{CUSTOMERS}/{unknown}");
        recruiter.post(&format!("{path}/collections"), &json!({"source_channel": "hotline", "form": form})).await.expect(201);
        let refused = recruiter.patch(&path, &json!({"birth_date": still_a_child(&w)})).await.expect(422);
        assert_eq!(refused.errors(), [("#/birth_date".into(), "guardian_consent_missing".into())]);
    }

    async fn who_read_an_older_notice_has_not_agreed_to_the_newer(w: World) {
        let recruiter = w.as_recruiter();
        let old = notice(&w, "photos", false).await;
        notice(&w, "photos", true).await;
        let grown = customer(&w, &recruiter, "guardian", None).await;
        let given = json!({"purpose": "photos", "decision": "given", "notice_id": old, "evidence": "旧表单"});
        decide(&recruiter, &grown, &given).await.expect(201);
        assert_eq!(standing(&recruiter, &grown, "photos", None).await, "outdated");
    }

    async fn who_turns_out_to_be_a_child_keeps_no_details_without_a_guardian(w: World) {
        let recruiter = w.as_recruiter();
        let mut body = w.new_customer("王小明");
        body["birth_date"] = json!(today(&w).checked_sub(14.years()).unwrap());
        body["details"] = json!({"hobbies": ["篮球"]});
        let made = recruiter.post(CUSTOMERS, &body).await.expect(201);
        let path = format!("{CUSTOMERS}/{}", made.id());
        let younger = json!({"birth_date": still_a_child(&w)});
        let refused = recruiter.patch(&path, &younger).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.errors(), [("#/details/hobbies".into(), "guardian_consent_missing".into())]);
        let mut cleared = younger.clone();
        cleared["details"] = json!({"hobbies": null});
        recruiter.patch(&path, &cleared).await.expect(200);
    }

    async fn notices_are_revised_and_never_changed(w: World) {
        let boss = w.as_boss();
        let revisions = futures_util::future::join_all((0..4).map(|_| notice(&w, "sharing", false))).await;
        let path = format!("{NOTICES}?purpose=sharing");
        let listed = w.as_recruiter().get(&path).await.expect(200);
        let mut numbers: Vec<_> = listed.json["items"].as_array().unwrap().iter().map(|item| item["revision"].as_i64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let one = format!("{NOTICES}/{}", revisions[0]);
        boss.patch(&one, &json!({"text": "别的"})).await.expect(405);
        w.as_recruiter().post(NOTICES, &json!({"purpose": "sharing", "language": "en", "title": "a", "text": "b"})).await
            .expect_problem(403, "permission_missing");
        w.as_stranger().get(&one).await.expect_problem(404, "not_found");
        let refused = boss.post(NOTICES, &json!({"purpose": "sharing", "language": "en", "title": "a", "text": " \n "})).await.expect(422);
        assert_eq!(refused.errors(), [("#/text".into(), "notice_text_empty".into())]);
    }
}
