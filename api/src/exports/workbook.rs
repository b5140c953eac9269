//! A workbook of one sheet, written row by row. Every cell is typed as text, so that none is a formula;
//! nothing is put into files on the way.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{exports::EXPORT_TOO_LARGE, fault::Fault, imports::outcome::CELL_MAX};
use persistence::Error;
use quick_xml::escape::escape;
use zip::{
    ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// The parts before the sheet.
const PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
];
const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const SHEET: &str = "xl/worksheets/sheet1.xml";
const BEGIN: &str =
    r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const END: &str = "</sheetData></worksheet>";

/// What the archive has written, until it is taken.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A workbook that is being written.
pub(super) struct Workbook {
    archive: ZipWriter<StreamWriter<Written>>,
    written: Written,
    /// Bytes of the sheet.
    size: u64,
}

/// Bytes that a sheet has room for: programs that read workbooks know no larger parts of an archive.
const SIZE_MAX: u64 = 4_000_000_000;

impl Workbook {
    pub(super) fn begin() -> Result<Self, Error> {
        let written = Written::default();
        let mut archive = ZipWriter::new_stream(written.clone());
        for (name, content) in PARTS {
            part(&mut archive, name, content)?;
        }
        part(&mut archive, SHEET, BEGIN)?;
        Ok(Self {
            archive,
            written,
            size: 0,
        })
    }

    pub(super) fn rows(&mut self, rows: &[Vec<String>]) -> Result<Vec<u8>, Error> {
        let mut xml = String::new();
        for row in rows {
            xml.push_str("<row>");
            for cell in row {
                add(&mut xml, cell);
            }
            xml.push_str("</row>");
        }
        self.write(&xml)?;
        Ok(self.written.take())
    }

    pub(super) fn end(mut self) -> Result<Vec<u8>, Error> {
        self.write(END)?;
        self.archive.finish().map_err(Error::internal)?;
        Ok(self.written.take())
    }

    fn write(&mut self, xml: &str) -> Result<(), Error> {
        self.size += xml.len() as u64;
        if self.size > SIZE_MAX {
            return Err(Fault::new(&EXPORT_TOO_LARGE).into());
        }
        self.archive
            .write_all(xml.as_bytes())
            .map_err(Error::internal)
    }
}

/// Begins a part.
fn part(
    archive: &mut ZipWriter<StreamWriter<Written>>,
    name: &str,
    content: &str,
) -> Result<(), Error> {
    archive
        .start_file(name, SimpleFileOptions::default())
        .map_err(Error::internal)?;
    archive
        .write_all(format!("{DECLARATION}{content}").as_bytes())
        .map_err(Error::internal)
}

fn add(xml: &mut String, cell: &str) {
    if cell.is_empty() {
        xml.push_str("<c/>");
        return;
    }
    xml.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
    xml.push_str(&escape(told(&shortened(cell))));
    xml.push_str("</t></is></c>");
}

/// Spreadsheets refuse a workbook with a longer cell.
fn shortened(cell: &str) -> Cow<'_, str> {
    if cell.len() <= CELL_MAX || cell.chars().count() <= CELL_MAX {
        return cell.into();
    }
    let mut kept: String = cell.chars().take(CELL_MAX - 1).collect();
    kept.push('…');
    kept.into()
}

/// The text without what XML can't hold, as spreadsheets write it: they read `_x000D_` as a character.
fn told(cell: &str) -> String {
    let mut told = String::with_capacity(cell.len());
    for (at, c) in cell.char_indices() {
        match c {
            '_' if is_code(cell.get(at..).unwrap_or_default()) => told.push_str("_x005F_"),
            '\r' => told.push_str("_x000D_"),
            '\n' | '\t' => told.push(c),
            '\u{FFFE}' | '\u{FFFF}' => {}
            _ if c.is_control() => {}
            _ => told.push(c),
        }
    }
    told
}

/// Whether a text begins as `_x000D_` does.
fn is_code(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("_x") else {
        return false;
    };
    let mut rest = rest.bytes();
    rest.by_ref().take(4).filter(u8::is_ascii_hexdigit).count() == 4 && rest.next() == Some(b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut xml = String::new();
        add(&mut xml, text);
        xml
    }

    #[test]
    fn every_cell_is_text_and_comes_through_as_it_is() {
        for (text, xml) in [
            ("=1+1", "=1+1"),
            ("a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"),
            ("一\r\n二", "一_x000D_\n二"),
            ("_x000D_", "_x005F_x000D_"),
            ("snake_x_case", "snake_x_case"),
            ("\u{1}\u{FFFE}é", "é"),
        ] {
            let typed =
                format!(r#"<c t="inlineStr"><is><t xml:space="preserve">{xml}</t></is></c>"#);
            assert_eq!(cell(text), typed);
        }
        assert_eq!(cell(""), "<c/>");
        let long = "长".repeat(CELL_MAX + 1);
        assert_eq!(shortened(&long).chars().count(), CELL_MAX);
    }
}
