//! Tables as schools send them: CSV in UTF-8 or GB18030, and workbooks. Every file is hostile: rows,
//! columns, cells and what an archive unpacks to are bounded, and nothing is evaluated.

use std::borrow::Cow;

use domain::{
    fault::Fault,
    files::FileType,
    imports::outcome::{CELL_MAX, COLUMNS_MAX, IMPORT_FILE_UNREADABLE, IMPORT_TOO_LARGE, ROWS_MAX},
};
use encoding_rs::GB18030;

use super::workbook;

/// A row as it stands in the file.
pub(super) struct Row {
    /// As a spreadsheet counts: the header is row 1.
    pub(super) number: i64,
    pub(super) cells: Vec<String>,
}

/// Reads a table row by row, the header first; blank rows are left out. `take` says whether to go on.
pub(super) fn read(
    kind: FileType,
    content: &[u8],
    take: impl FnMut(Row) -> bool,
) -> Result<(), Fault> {
    match kind {
        FileType::Xlsx => workbook::rows(content, take),
        _ => lines(content, take),
    }
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> Fault {
    // The error may quote the file.
    tracing::debug!(length = error.to_string().len(), "a table can't be read");
    Fault::new(&IMPORT_FILE_UNREADABLE)
}

pub(super) fn too_large() -> Fault {
    Fault::new(&IMPORT_TOO_LARGE)
        .with("rows", ROWS_MAX)
        .with("columns", COLUMNS_MAX)
        .with("cell", CELL_MAX)
}

/// Cuts a cell to one more than it may hold: what is longer is refused with its row.
pub(super) fn bounded(cell: String) -> String {
    if cell.len() <= CELL_MAX {
        return cell;
    }
    cell.chars().take(CELL_MAX + 1).collect()
}

/// The text of a CSV, whatever wrote it.
fn decoded(content: &[u8]) -> Cow<'_, str> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    match std::str::from_utf8(content) {
        Ok(text) => text.into(),
        Err(_) => GB18030.decode(content).0,
    }
}

fn lines(content: &[u8], mut take: impl FnMut(Row) -> bool) -> Result<(), Fault> {
    let text = decoded(content);
    let mut written = text.lines().filter(|line| !line.trim().is_empty());
    let header = written.next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|d| header.bytes().filter(|b| b == d).count())
        // Of equals the last one would be taken.
        .filter(|d| header.as_bytes().contains(d))
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut number = 0;
    let mut end = 0;
    while reader.read_record(&mut record).map_err(unreadable)? {
        number += 1 + empty_lines(text.as_bytes(), end);
        end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        if number > ROWS_MAX || record.len() > COLUMNS_MAX {
            return Err(too_large());
        }
        let cells: Vec<String> = record.iter().map(|c| bounded(c.to_owned())).collect();
        if !give(i64::from(number), cells, &mut take) {
            break;
        }
    }
    Ok(())
}

/// Empty lines behind the row that ends at `end`: the reader passes over them without a word.
fn empty_lines(text: &[u8], end: usize) -> u32 {
    let (read, mut left) = text.split_at_checked(end).unwrap_or((text, &[]));
    // The second half of the row's own line break.
    if read.ends_with(b"\r") {
        left = left.strip_prefix(b"\n").unwrap_or(left);
    }
    let mut lines = 0;
    while let Some(rest) = [b"\r\n".as_slice(), b"\n", b"\r"]
        .into_iter()
        .find_map(|line_break| left.strip_prefix(line_break))
    {
        lines += 1;
        left = rest;
    }
    lines
}

/// Hands a row over, unless it is blank.
pub(super) fn give(number: i64, cells: Vec<String>, take: &mut impl FnMut(Row) -> bool) -> bool {
    let blank = cells.iter().all(|cell| cell.trim().is_empty());
    blank || take(Row { number, cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(content: &[u8]) -> Vec<(i64, Vec<String>)> {
        let mut rows = Vec::new();
        read(FileType::Text, content, |row| {
            rows.push((row.number, row.cells));
            true
        })
        .unwrap();
        rows
    }

    #[test]
    fn rows_keep_their_numbers_and_blank_ones_are_left_out() {
        let rows = table("姓名,备注\n张伟,\"一\n二\"\n,\n李娜,三\n".as_bytes());
        let numbers: Vec<_> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 4]);
        assert_eq!(rows[1].1, ["张伟", "一\n二"]);
    }

    #[test]
    fn an_empty_line_counts_as_a_row_and_a_line_break_in_quotes_does_not() {
        for line_break in ["\n", "\r\n", "\r"] {
            let text = "姓名,备注\n\n\n张伟,\"一\n\n二\"\n李娜,三\n\n王芳,四\n\n"
                .replace('\n', line_break);
            let numbers: Vec<_> = table(text.as_bytes()).into_iter().map(|r| r.0).collect();
            assert_eq!(numbers, [1, 4, 5, 7], "{line_break:?}");
        }
        let late = table("\n\n姓名;备注\n张伟;一\n".as_bytes());
        assert_eq!(late[0], (3, vec!["姓名".to_owned(), "备注".to_owned()]));
    }

    #[test]
    fn the_encoding_and_the_delimiter_are_found_out() {
        let text = "姓名;手机号\n张伟;1\n";
        let gb = GB18030.encode(text).0.into_owned();
        let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
        for content in [gb.as_slice(), text.as_bytes(), &marked] {
            assert_eq!(table(content)[1].1, ["张伟", "1"]);
        }
    }

    #[test]
    fn a_table_that_is_too_wide_is_refused() {
        let wide = vec!["a"; COLUMNS_MAX + 1].join(",");
        let refused = read(FileType::Text, wide.as_bytes(), |_| true).unwrap_err();
        assert_eq!(refused.rule.code, "import_too_large");
        let broken = read(FileType::Xlsx, b"PK\x03\x04 nonsense", |_| true);
        assert_eq!(broken.unwrap_err().rule.code, "import_file_unreadable");
    }
}
