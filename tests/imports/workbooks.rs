//! Workbooks as programs write them, and as nobody but an attacker does.

use std::io::{Cursor, Write};

use tests::{both, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{begin, ended, rows};

const MIB: usize = 1024 * 1024;

const PARTS: [(&str, &str); 4] = [
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="rId7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="/xl/worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet><sheetData><row><c t="inlineStr"><is><t>姓名</t></is></c></row><row><c t="inlineStr"><is><t>张伟</t></is></c></row></sheetData></worksheet>"#,
    ),
    // The last one, so that the end of the file says what it is.
    (
        "xl/workbook.xml",
        r#"<workbook><sheets><sheet name="线索" sheetId="1" r:id="rId7"/></sheets></workbook>"#,
    ),
];

/// A workbook with some parts more, or in place of those that every workbook has.
fn workbook(parts: &[(&str, String)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let replaced = |name: &str| parts.iter().find(|(other, _)| *other == name);
    let more = parts
        .iter()
        .filter(|(name, _)| PARTS.iter().all(|(usual, _)| usual != name))
        .map(|(name, text)| (*name, text.as_str()));
    let usual = PARTS
        .iter()
        .map(|(name, text)| (*name, replaced(name).map_or(*text, |(_, text)| text)));
    for (name, text) in more.chain(usual) {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A list as a workbook: what consists of digits only is a number there.
pub(super) fn of_list(csv: &str) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(csv.as_bytes());
    let mut rows = String::new();
    for record in reader.records() {
        rows.push_str("<row>");
        for cell in &record.unwrap() {
            if !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit()) {
                rows.push_str(&format!("<c><v>{cell}</v></c>"));
                continue;
            }
            let text = cell.replace('&', "&amp;").replace('<', "&lt;");
            let text = format!("<is><t xml:space=\"preserve\">{text}</t></is>");
            rows.push_str(&format!("<c t=\"inlineStr\">{text}</c>"));
        }
        rows.push_str("</row>");
    }
    workbook(&[("xl/worksheets/sheet1.xml", sheet(&rows))])
}

fn sheet(rows: &str) -> String {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

both! {
    async fn a_workbook_is_read_as_programs_write_it(w: World) {
        let texts = "<x:sst count=\"9\" uniqueCount=\"1000000000000000\"><x:si><x:t> 姓名\n</x:t></x:si>\
            <x:si><x:r><x:t>张</x:t></x:r><x:r><x:t>伟</x:t></x:r><x:rPh><x:t>zhang</x:t></x:rPh></x:si></x:sst>";
        let rows = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"inlineStr\"><is><t>手机号</t></is></c>\
            <c t=\"str\"><f>A1</f><v>出生日期</v></c><c t=\"inlineStr\"><is><t><![CDATA[备注]]></t></is></c></row>\
            <row/><row r=\"4\"><c r=\"A4\" t=\"s\"><v>1</v></c><c><v>1.3800138E10</v></c><c s=\"3\"><v>45292.75</v></c>\
            <c t=\"inlineStr\"><is><t xml:space=\"preserve\">&#60;甲 &amp; 乙_x003E_</t></is></c><c t=\"e\"><v>#N/A</v></c></row>";
        let sheet = format!("<worksheet><dimension ref=\"B2:XFD1048576\"/><sheetData>{rows}<row r=\"1048576\">\
            <c r=\"XFD1048576\"/></row></sheetData></worksheet>");
        let content = workbook(&[("XL/SHAREDSTRINGS.XML", texts.into()), ("xl/worksheets/sheet1.xml", sheet)]);
        let boss = w.as_boss();
        let done = ended(&boss, &begin(&w, &boss, "a.xlsx", &content, "commit").await).await;
        let row = super::rows(&boss, &done).await[0].clone();
        assert_eq!((row["row"].as_i64(), row["outcome"].as_str()), (Some(4), Some("created")), "{row}");
        let child = boss.get(&format!("/api/v1/customers/{}", row["customer_id"].as_str().unwrap())).await.expect(200).json;
        assert_eq!((&child["name"], &child["birth_date"], &child["note"]), (&json!("张伟"), &json!("2024-01-01"), &json!("<甲 & 乙>")));
        assert_eq!(child["contact_points"][0]["value"], "138****8000");
    }

    async fn a_workbook_that_unpacks_to_more_than_a_list_is_refused(w: World) {
        let many: Vec<String> = (0..1000).map(|n| format!("xl/media/{n}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), String::new())).collect();
        let texts = |text: &str, times: usize| {
            vec![("xl/sharedStrings.xml", format!("<sst>{}</sst>", format!("<si><t>{text}</t></si>").repeat(times)))]
        };
        let rows = |rows: &str| vec![("xl/worksheets/sheet1.xml", sheet(rows))];
        let comments = format!("<!--{}-->", "x".repeat(MIB / 2)).repeat(9);
        let shared = "<c t=\"s\"><v>0</v></c>".repeat(10);
        let mut wide = texts(&"长".repeat(30_000), 1);
        wide.extend(rows(&format!("<row>{shared}</row>")));
        let boss = w.as_boss();
        for (what, parts, code) in [
            ("entries", many, "import_too_large"),
            ("texts", texts(&"a".repeat(MIB / 2), 65), "import_too_large"),
            ("a text", texts(&"a".repeat(2 * MIB), 1), "import_too_large"),
            ("a tag", rows(&format!("<row><c r=\"{}\"/></row>", "A".repeat(2 * MIB))), "import_too_large"),
            ("the book", vec![("xl/workbook.xml", comments)], "import_too_large"),
            ("a row", wide, "import_too_large"),
            ("a column", rows("<row><c r=\"XFD1\"><v>1</v></c></row>"), "import_too_large"),
            ("a far cell", rows("<row><c r=\"A1048576\"><v>1</v></c></row>"), "import_too_large"),
            ("a number", rows("<row r=\"99999999999\"/>"), "import_file_unreadable"),
            ("no cell", rows("<row><c r=\"长1\"/></row>"), "import_file_unreadable"),
            ("the order", rows("<row r=\"3\"><c><v>1</v></c></row><row r=\"2\"><c><v>1</v></c></row>"), "import_file_unreadable"),
            ("no text", rows("<row><c t=\"s\"><v>7</v></c></row>"), "import_file_unreadable"),
            ("the end", vec![("xl/worksheets/sheet1.xml", "<worksheet><sheetData>".into())], "import_file_unreadable"),
            ("no sheet", vec![("xl/workbook.xml", "<workbook/>".into())], "import_file_unreadable"),
        ] {
            let job = begin(&w, &boss, "a.xlsx", &workbook(&parts), "commit").await;
            let ended = boss.ended_job(&job.id()).await;
            assert_eq!((ended.json["status"].as_str(), ended.json["problem"]["code"].as_str()), (Some("failed"), Some(code)), "{what}");
        }
        assert!(boss.get("/api/v1/customers").await.expect(200).ids().is_empty());
    }

    async fn a_cell_of_many_pieces_that_is_too_long_fails_its_row_and_no_other(w: World) {
        let name = |name: &str| format!("<row><c t=\"inlineStr\"><is>{name}</is></c></row>");
        let long = format!("<r><t>{}</t></r>", "长".repeat(1000)).repeat(40);
        let content = workbook(&[("xl/worksheets/sheet1.xml", sheet(&[
            name("<t>姓名</t>"), name(&long), name("<t>李娜</t>"),
        ].concat()))]);
        let boss = w.as_boss();
        let done = ended(&boss, &begin(&w, &boss, "a.xlsx", &content, "commit").await).await;
        let rows = rows(&boss, &done).await;
        assert_eq!((&rows[0]["problems"][0]["code"], &rows[1]["outcome"]), (&json!("cell_too_long"), &json!("created")));
    }
}
