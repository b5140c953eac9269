//! What was exported can be imported elsewhere, in either form, and no cell is a formula.

use std::io::{Cursor, Read};

use tests::{Actor, World, both, json};
use zip::ZipArchive;

use super::{EXPORTS, content, customer, export};
use crate::imports::{begin, ended, rows};

/// Customers whose every value comes from a list.
async fn school(w: &World) {
    let points = json!([
        {"kind": "phone", "value": "13800138000", "label": "妈妈"}, {"kind": "phone", "value": "13900139000"},
        {"kind": "email", "value": "zhang@example.com"}, {"kind": "wechat", "value": "zhang_wei"},
    ]);
    let whole = json!({"gender": "male", "birth_date": "2015-06-01", "intent": 3, "source_channel": "referral",
        "contact_points": points, "collected_at": "2026-03-01T16:30:00Z", "note": "=1+1"});
    customer(w, "张伟", whole).await;
    customer(
        w,
        "=HYPERLINK(1)",
        json!({"note": "-1\n二", "contact_points": []}),
    )
    .await;
}

/// The bytes of a file.
async fn bytes(w: &World, who: &Actor, path: &str) -> Vec<u8> {
    let request = who.request(reqwest::Method::GET, path).build().unwrap();
    let answer = w.client.execute(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// Imports an exported file at the stranger's school, and compares who is there then.
async fn taken_in(w: &World, name: &str, file: &[u8]) {
    let stranger = w.as_stranger();
    let upload = "/api/v1/files?purpose=import";
    let file = stranger.upload(upload, name, file).await.expect(201).id();
    let body = json!({"file_id": file, "entity": "customers", "campus_id": w.other_places.north, "mode": "commit"});
    let job = stranger.post("/api/v1/imports", &body).await.expect(202);
    let done = ended(&stranger, &job).await;
    assert_eq!(
        done.json["counts"]["created"],
        2,
        "{:?}",
        rows(&stranger, &done).await
    );
    let unread: Vec<_> = rows(&stranger, &done)
        .await
        .iter()
        .map(|r| r["unread"].clone())
        .collect();
    assert_eq!(unread, [json!([]), json!([])]);
    let list = stranger.get("/api/v1/customers").await.expect(200);
    let all = list.json["items"].as_array().unwrap();
    let one = all.iter().find(|c| c["name"] == "张伟").unwrap();
    for (field, value) in [
        ("gender", json!("male")),
        ("birth_date", json!("2015-06-01")),
        ("intent", json!(3)),
        ("source_channel", json!("referral")),
    ] {
        assert_eq!(one[field], value, "{field}");
    }
    assert!(one["note"].as_str().unwrap().contains("=1+1"), "{one}");
    let path = format!("/api/v1/customers/{}/reveal", one["id"].as_str().unwrap());
    let revealed = stranger
        .post(&path, &json!({"reason": "核对"}))
        .await
        .expect(200);
    let values: Vec<_> = revealed.json["contact_points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["value"].as_str().unwrap())
        .collect();
    assert_eq!(
        values,
        [
            "+8613800138000",
            "+8613900139000",
            "zhang_wei",
            "zhang@example.com"
        ]
    );
    let other = all.iter().find(|c| c["name"] == "=HYPERLINK(1)").unwrap();
    assert!(
        other["note"].as_str().unwrap().starts_with("-1\n二"),
        "{other}"
    );
}

both! {
    async fn a_csv_can_be_imported_elsewhere(w: World) {
        school(&w).await;
        let boss = w.as_boss();
        let made = export(&boss, "csv", &json!({"kind": ["student"]})).await;
        let text = content(&boss, &made).await.text;
        assert!(text.contains(",'=HYPERLINK(1),") && text.contains(",'+8613800138000/+8613900139000,"), "{text}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            assert!(!record.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "{record:?}");
        }
        assert!(text.split("\r\n").count() > 2, "lines end as RFC 4180 says");
        taken_in(&w, "a.csv", text.as_bytes()).await;
    }

    async fn a_workbook_can_be_imported_elsewhere_and_all_its_cells_are_text(w: World) {
        school(&w).await;
        let boss = w.as_boss();
        let made = export(&boss, "xlsx", &json!({})).await;
        let path = format!("{EXPORTS}/{}/content", made.id());
        let answer = boss.get(&path).await.expect(200);
        assert!(answer.header("content-disposition").unwrap().ends_with(".xlsx"));
        let file = bytes(&w, &boss, &path).await;
        assert_eq!(bytes(&w, &boss, &format!("{path}?bom=true")).await, file, "a workbook has no mark");
        let mut archive = ZipArchive::new(Cursor::new(file.clone())).unwrap();
        let mut sheet = String::new();
        archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
        assert!(!sheet.contains("<f>") && sheet.contains(">=HYPERLINK(1)<") && sheet.contains(">+8613800138000/+8613900139000<"), "{sheet}");
        taken_in(&w, "a.xlsx", &file).await;
    }

    async fn an_export_can_be_imported_where_it_came_from_and_changes_nothing(w: World) {
        school(&w).await;
        let boss = w.as_boss();
        let made = export(&boss, "csv", &json!({"intent": [3]})).await;
        let text = content(&boss, &made).await.text;
        let done = ended(&boss, &begin(&w, &boss, "a.csv", text.as_bytes(), "commit").await).await;
        assert_eq!((&done.json["counts"]["created"], &done.json["counts"]["duplicate"]), (&json!(0), &json!(1)));
    }
}
