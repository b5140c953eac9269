//! The photo of a customer.

use tests::{Actor, Value, both, json};

const CUSTOMERS: &str = "/api/v1/customers";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nimage";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0image";

async fn file(by: &Actor, customer: &str, name: &str, content: &'static [u8]) -> String {
    let path = format!("{CUSTOMERS}/{customer}/files");
    by.upload(&path, name, content).await.expect(201).id()
}

async fn photo(by: &Actor, customer: &str) -> Value {
    let path = format!("{CUSTOMERS}/{customer}?expand=photo");
    by.get(&path).await.expect(200).json["photo"].clone()
}

fn using(customer: &str, file: &str) -> String {
    format!("{CUSTOMERS}/{customer}/files/{file}/use-as-photo")
}

both! {
    async fn an_image_among_the_files_of_a_customer_is_its_photo(w: World) {
        let recruiter = w.as_recruiter();
        let made = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201);
        let id = made.id();
        assert_eq!(photo(&recruiter, &id).await, Value::Null);
        recruiter.delete(&format!("{CUSTOMERS}/{id}/photo")).await.expect_problem(404, "not_found");
        let [first, second] = [file(&recruiter, &id, "a.png", PNG).await, file(&recruiter, &id, "b.jpg", JPEG).await];
        let chosen = recruiter.post(&using(&id, &first), &json!(null)).await.expect(200);
        assert_eq!((&chosen.json["file_id"], &chosen.json["type"]), (&json!(first), &json!("png")));
        assert_eq!(photo(&recruiter, &id).await, chosen.json);
        let listed = recruiter.get(&format!("{CUSTOMERS}?expand=photo")).await.expect(200);
        assert_eq!(listed.json["items"][0]["photo"], chosen.json);
        let version = async || recruiter.get(&format!("{CUSTOMERS}/{id}")).await.expect(200).json["version"].clone();
        assert_eq!(version().await, 2);
        // The same again changes nothing; another takes its place.
        recruiter.post(&using(&id, &first), &json!(null)).await.expect(200);
        assert_eq!(version().await, 2);
        recruiter.post(&using(&id, &second), &json!(null)).await.expect(200);
        assert_eq!((photo(&recruiter, &id).await["file_id"].clone(), version().await), (json!(second), json!(3)));
        recruiter.delete_if(&format!("{CUSTOMERS}/{id}/photo"), "\"2\"").await.expect_problem(412, "version_stale");
        recruiter.delete(&format!("{CUSTOMERS}/{id}/photo")).await.expect(204);
        assert_eq!((photo(&recruiter, &id).await, version().await), (Value::Null, json!(4)));
        // A file that is taken away is no photo any more.
        recruiter.post(&using(&id, &first), &json!(null)).await.expect(200);
        recruiter.delete(&format!("{CUSTOMERS}/{id}/files/{first}")).await.expect(204);
        assert_eq!(photo(&recruiter, &id).await, Value::Null);
        recruiter.post(&using(&id, &first), &json!(null)).await.expect_problem(404, "not_found");
    }

    async fn only_an_image_of_the_customer_itself_is_its_photo(w: World) {
        let recruiter = w.as_recruiter();
        let id = recruiter.post(CUSTOMERS, &w.new_customer("张伟")).await.expect(201).id();
        let other = recruiter.post(CUSTOMERS, &w.new_customer("李雷")).await.expect(201).id();
        let text = file(&recruiter, &id, "a.txt", b"notes").await;
        recruiter.post(&using(&id, &text), &json!(null)).await.expect_problem(409, "photo_not_image");
        let image = file(&recruiter, &other, "a.png", PNG).await;
        recruiter.post(&using(&id, &image), &json!(null)).await.expect_problem(404, "not_found");
        w.as_outsider().post(&using(&other, &image), &json!(null)).await.expect_problem(404, "not_found");
        assert_eq!(photo(&recruiter, &id).await, Value::Null);
    }

    async fn who_only_teaches_a_student_does_not_see_its_photo(w: World) {
        let student = w.new_student("张伟").await;
        let boss = w.as_boss();
        let image = file(&boss, &student, "a.png", PNG).await;
        boss.post(&using(&student, &image), &json!(null)).await.expect(200);
        let teacher = w.actor("teacher");
        let class = w.open_class(json!({"teacher_id": teacher.principal})).await;
        w.enroll(&student, &class).await.expect(201);
        assert_eq!(photo(&teacher, &student).await, Value::Null);
        assert_ne!(photo(&boss, &student).await, Value::Null);
    }

    async fn of_two_that_are_merged_the_survivor_keeps_a_photo(w: World) {
        let boss = w.as_boss();
        for has_one in [false, true] {
            let [kept, twin] = [w.new_student("张伟").await, w.new_student("张伟").await];
            let theirs = file(&boss, &twin, "a.png", PNG).await;
            boss.post(&using(&twin, &theirs), &json!(null)).await.expect(200);
            let mut expected = theirs;
            if has_one {
                expected = file(&boss, &kept, "b.jpg", JPEG).await;
                boss.post(&using(&kept, &expected), &json!(null)).await.expect(200);
            }
            let version = async |id: &str| boss.get(&format!("{CUSTOMERS}/{id}")).await.expect(200).json["version"].clone();
            let merge = json!({"duplicate_id": twin, "version": version(&kept).await, "duplicate_version": version(&twin).await, "reason": "同一人"});
            boss.post(&format!("{CUSTOMERS}/{kept}/merge"), &merge).await.expect(201);
            assert_eq!(photo(&boss, &kept).await["file_id"], json!(expected));
        }
    }
}
