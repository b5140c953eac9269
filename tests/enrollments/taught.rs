//! A teacher reaches the classes that he teaches, and their students.

use domain::access::Reach;
use tests::{both, json};

both! {
    async fn a_teacher_reaches_own_classes_their_enrollments_and_students(w: World) {
        w.add_role("class_teacher", &[
            ("enrollments:read", Reach::Taught), ("customers:read", Reach::Taught), ("customers:write", Reach::Taught),
        ]).await;
        let teacher = w.hire(&["class_teacher"], w.places.north, None).await;
        let own = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let second = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let other = w.open_class(json!({"teacher_id": w.actor("teacher").principal})).await;
        let (mine, both, theirs) = (w.new_student("张伟").await, w.new_student("李雷").await, w.new_student("韩梅梅").await);
        let a = w.enroll(&mine, &own).await.expect(201).id();
        let b = w.enroll(&both, &own).await.expect(201).id();
        let c = w.enroll(&both, &second).await.expect(201).id();
        let d = w.enroll(&theirs, &other).await.expect(201).id();

        assert_eq!(teacher.get("/api/v1/enrollments?sort=created_at").await.expect(200).ids(), [a.clone(), b.clone(), c]);
        teacher.get(&format!("/api/v1/enrollments/{a}")).await.expect(200);
        teacher.get(&format!("/api/v1/enrollments/{d}")).await.expect_problem(404, "not_found");
        let roster = teacher.get(&format!("/api/v1/classes/{own}/roster")).await.expect(200);
        let names: Vec<_> = roster.json["items"].as_array().unwrap().iter().map(|i| i["student_name"].clone()).collect();
        assert_eq!(names, [json!("张伟"), json!("李雷")]);
        teacher.get(&format!("/api/v1/classes/{other}/roster")).await.expect_problem(404, "not_found");

        // A student of two of the classes stands in the list once.
        assert_eq!(teacher.get("/api/v1/customers?sort=created_at").await.expect(200).ids(), [mine.clone(), both.clone()]);
        assert_eq!(teacher.get("/api/v1/customers?limit=1").await.expect(200).ids(), [both.as_str()]);
        let student = format!("/api/v1/customers/{both}");
        teacher.get(&student).await.expect(200);
        teacher.patch(&student, &json!({"intent": 2})).await.expect(200);
        teacher.get(&format!("/api/v1/customers/{theirs}")).await.expect_problem(404, "not_found");
        let found = teacher.post("/api/v1/customers/search", &json!({"query": "张伟"})).await.expect(200);
        assert_eq!(found.ids(), [mine.as_str()]);

        // Who has left is out of reach, and so is the class when somebody else takes it over.
        w.as_boss().post(&format!("/api/v1/enrollments/{a}/withdraw"), &json!({"reason": "moved"})).await.expect(200);
        teacher.get(&format!("/api/v1/customers/{mine}")).await.expect_problem(404, "not_found");
        for class in [&own, &second] {
            let taken = json!({"teacher_id": w.actor("teacher").principal});
            w.as_boss().patch(&format!("/api/v1/classes/{class}"), &taken).await.expect(200);
        }
        teacher.patch(&student, &json!({"intent": 3})).await.expect_problem(404, "not_found");
        assert!(teacher.get("/api/v1/customers").await.expect(200).ids().is_empty());
        assert!(teacher.get("/api/v1/enrollments").await.expect(200).ids().is_empty());
    }

    async fn a_teacher_sees_own_students_but_not_how_they_were_won(w: World) {
        let teacher = w.hire(&["teacher"], w.places.north, None).await;
        let class = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let mut body = w.new_customer("张伟");
        body["note"] = json!("嫌贵");
        body["holder_id"] = json!(w.places.north);
        let student = w.as_boss().post("/api/v1/customers", &body).await.expect(201).id();
        let path = format!("/api/v1/customers/{student}");
        teacher.get(&path).await.expect_problem(404, "not_found");
        let files = format!("{path}/files");
        let file = w.as_boss().upload(&files, "scan.txt", b"one line").await.expect(201).id();
        w.enroll(&student, &class).await.expect(201);
        let seen = teacher.get(&path).await.expect(200).json;
        assert_eq!(seen["name"], "张伟");
        for field in ["note", "intent", "stage", "source_channel", "collected_at", "collector_id"] {
            assert_eq!(seen[field], json!(null), "{field}");
        }
        // Papers of the family are none of a lesson's.
        assert!(teacher.get(&files).await.expect(200).ids().is_empty());
        teacher.get(&format!("/api/v1/files/{file}")).await.expect_problem(404, "not_found");
        teacher.patch(&path, &json!({"intent": 2})).await.expect_problem(403, "permission_missing");
        let revealed = teacher.post(&format!("{path}/reveal"), &json!({"reason": "联系"})).await;
        revealed.expect_problem(403, "permission_missing");
    }

    async fn what_a_teacher_reaches_is_the_union_with_other_roles(w: World) {
        let class = w.open_class(json!({"teacher_id": w.as_recruiter().principal})).await;
        w.enroll(&w.new_student("张伟").await, &class).await.expect(201);
        let recruiter = w.as_recruiter();
        // A recruiter's own role does not reach what he teaches.
        assert!(recruiter.get("/api/v1/enrollments").await.expect(200).ids().is_empty());
        let both = w.hire(&["recruiter", "teacher"], w.places.north, None).await;
        let taught = json!({"teacher_id": both.principal});
        w.as_boss().patch(&format!("/api/v1/classes/{class}"), &taught).await.expect(200);
        let own = both.post("/api/v1/customers", &w.new_customer("李雷")).await.expect(201).id();
        let elsewhere = w.open_class(json!({})).await;
        w.enroll(&own, &elsewhere).await.expect(201);
        w.enroll(&own, &class).await.expect(201);
        assert_eq!(both.get("/api/v1/enrollments").await.expect(200).ids().len(), 3);
    }

    async fn a_timeline_tells_a_teacher_of_own_classes_only(w: World) {
        w.add_role("class_teacher", &[
            ("customers:read", Reach::Taught), ("enrollments:read", Reach::Taught),
        ]).await;
        w.add_role("reads_all", &[("customers:read", Reach::Institution)]).await;
        let teacher = w.hire(&["class_teacher", "reads_all"], w.places.north, None).await;
        let own = w.open_class(json!({"teacher_id": teacher.principal})).await;
        let other = w.open_class(json!({})).await;
        let student = w.new_student("张伟").await;
        let seen = w.enroll(&student, &own).await.expect(201).id();
        let hidden = w.enroll(&student, &other).await.expect(201).id();
        let timeline = format!("/api/v1/customers/{student}/timeline");
        let told = async |who: &tests::Actor| -> Vec<String> {
            let page = who.get(&timeline).await.expect(200);
            let items = page.json["items"].as_array().unwrap();
            let enrollments = items.iter().filter(|item| item["kind"] == "enrollment");
            enrollments.map(|item| item["record_id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(told(&teacher).await, [seen.as_str()]);
        assert_eq!(told(&w.as_boss()).await, [hidden.as_str(), seen.as_str()]);
        // As the list of enrollments does, it shows who has left the class too.
        w.as_boss().post(&format!("/api/v1/enrollments/{seen}/withdraw"), &json!({"reason": "moved"})).await.expect(200);
        assert_eq!(told(&teacher).await, [seen.as_str()]);
        assert_eq!(teacher.get("/api/v1/enrollments").await.expect(200).ids(), [seen.as_str()]);
    }
}
