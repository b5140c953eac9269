//! The first sheet of a workbook, cell by cell. Only the parts that lead to its cells are opened, and
//! none is held as a whole but the shared texts. Every part, piece and row is bounded, and numbers that
//! a file tells of itself reserve nothing.

mod part;

use std::{collections::HashMap, io::Cursor};

use domain::{
    fault::Fault,
    imports::outcome::{COLUMNS_MAX, ROWS_MAX},
};
use quick_xml::events::Event;
use zip::ZipArchive;

use self::part::{Part, Texts, attribute, broken, is};
use super::table::{Row, bounded, give, too_large, unreadable};

/// Entries of the archive.
const ENTRIES_MAX: usize = 1_000;
/// Bytes of a part that leads to others, unpacked.
const GUIDE_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of the texts that cells share.
const TEXTS_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of the sheet.
const SHEET_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of a row. Cells can share their text, so a small file may hold large rows.
const ROW_MAX: usize = 512 * 1024;
/// Bytes of all rows.
const ROWS_BYTES_MAX: usize = 100 * 1024 * 1024;

/// Reads the rows of the first sheet, as far as `take` wants them.
pub(super) fn rows(content: &[u8], mut take: impl FnMut(Row) -> bool) -> Result<(), Fault> {
    let mut package = Package::open(content)?;
    let main = package
        .target("", |relation| relation.is_of("officeDocument"))?
        .ok_or_else(broken)?;
    let first = package.first_sheet(&main)?;
    let sheet = package
        .target(&main, |relation| relation.id == first)?
        .ok_or_else(broken)?;
    let texts = package.texts(&main)?;
    package.sheet(&sheet, &texts, &mut take)
}

/// The archive that a workbook is. Names of parts don't tell large from small letters.
struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    numbers: HashMap<String, usize>,
}

impl<'a> Package<'a> {
    fn open(content: &'a [u8]) -> Result<Self, Fault> {
        // Each entry of the directory begins so; what the archive says of their number is not asked.
        let marks = content.windows(4).filter(|bytes| bytes == b"PK\x01\x02");
        if marks.take(ENTRIES_MAX + 1).count() > ENTRIES_MAX {
            return Err(too_large());
        }
        let archive = ZipArchive::new(Cursor::new(content)).map_err(unreadable)?;
        let mut numbers = HashMap::new();
        for (number, name) in archive.file_names().enumerate() {
            numbers.insert(key(&name.map_err(unreadable)?), number);
        }
        Ok(Self { archive, numbers })
    }

    fn part(&mut self, path: &str, limit: u64) -> Result<Option<Part<'_, 'a>>, Fault> {
        let Some(number) = self.numbers.get(&key(path)) else {
            return Ok(None);
        };
        let entry = self.archive.by_index(*number).map_err(unreadable)?;
        Ok(Some(Part::new(entry, limit)))
    }

    /// The part that the first fitting relation of a part names; of the whole package, where the path
    /// is empty.
    fn target(
        &mut self,
        path: &str,
        fits: impl Fn(&Relation) -> bool,
    ) -> Result<Option<String>, Fault> {
        let (folder, name) = split(path);
        let Some(mut part) = self.part(&format!("{folder}_rels/{name}.rels"), GUIDE_MAX)? else {
            return Ok(None);
        };
        loop {
            match part.next()? {
                Event::Start(tag) if is(&tag, "Relationship") => {
                    let relation = Relation {
                        id: attribute(&tag, "Id")?.unwrap_or_default(),
                        kind: attribute(&tag, "Type")?.unwrap_or_default(),
                    };
                    if fits(&relation) {
                        let target = attribute(&tag, "Target")?.ok_or_else(broken)?;
                        return Ok(Some(match target.strip_prefix('/') {
                            Some(whole) => whole.to_owned(),
                            None => format!("{folder}{target}"),
                        }));
                    }
                }
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// The id by which the workbook names its first sheet.
    fn first_sheet(&mut self, main: &str) -> Result<String, Fault> {
        let mut part = self.part(main, GUIDE_MAX)?.ok_or_else(broken)?;
        loop {
            match part.next()? {
                Event::Start(tag) if is(&tag, "sheet") => {
                    return attribute(&tag, "id")?.ok_or_else(broken);
                }
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
    }

    fn texts(&mut self, main: &str) -> Result<Texts, Fault> {
        let named = self.target(main, |relation| relation.is_of("sharedStrings"))?;
        let path = named.unwrap_or_else(|| format!("{}sharedStrings.xml", split(main).0));
        let mut texts = Texts::default();
        let Some(mut part) = self.part(&path, TEXTS_MAX)? else {
            return Ok(texts);
        };
        loop {
            match part.next()? {
                Event::Start(tag) if is(&tag, "si") => {
                    let text = part.rich_text("si")?;
                    texts.push(&text)?;
                }
                Event::Eof => return Ok(texts),
                _ => {}
            }
        }
    }

    fn sheet(
        &mut self,
        path: &str,
        texts: &Texts,
        take: &mut impl FnMut(Row) -> bool,
    ) -> Result<(), Fault> {
        let mut part = self.part(path, SHEET_MAX)?.ok_or_else(broken)?;
        loop {
            match part.next()? {
                Event::Start(tag) if is(&tag, "sheetData") => break,
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
        let mut rows = Rows::default();
        let mut at = (0, 0);
        loop {
            match part.next()? {
                Event::Start(tag) if is(&tag, "row") => {
                    if let Some(told) = attribute(&tag, "r")? {
                        at.0 = place(&told)?.0;
                    }
                }
                Event::End(tag) if tag.local_name().as_ref() == "row" => {
                    at = (at.0.saturating_add(1), 0);
                }
                Event::Start(tag) if is(&tag, "c") => {
                    if let Some(told) = attribute(&tag, "r")? {
                        let (row, column) = place(&told)?;
                        at = (row, column.ok_or_else(broken)?);
                    }
                    let kind = attribute(&tag, "t")?;
                    let text = part.cell(kind.as_deref().unwrap_or("n"), texts)?;
                    if !rows.add(at, text, take)? {
                        return Ok(());
                    }
                    at.1 = at.1.saturating_add(1);
                }
                Event::End(tag) if tag.local_name().as_ref() == "sheetData" => {
                    rows.end(take);
                    return Ok(());
                }
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
    }
}

struct Relation {
    id: String,
    kind: String,
}

impl Relation {
    fn is_of(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

fn key(path: &str) -> String {
    path.replace('\\', "/").to_ascii_lowercase()
}

/// The folder of a part with its last `/`, and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |end| end + 1))
}

/// The row and the column of `AB12`, from 0; a row alone has no column.
fn place(told: &str) -> Result<(u32, Option<usize>), Fault> {
    let digits = told.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = told.strip_suffix(digits).unwrap_or_default();
    let column = letters.bytes().fold(0_usize, |column, letter| {
        let letter = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        column.saturating_mul(26).saturating_add(letter)
    });
    let row: u32 = digits.parse().map_err(unreadable)?;
    Ok((
        row.checked_sub(1).ok_or_else(broken)?,
        column.checked_sub(1),
    ))
}

/// Rows as their cells come.
#[derive(Default)]
struct Rows {
    at: Option<u32>,
    cells: Vec<String>,
    bytes: usize,
    total: usize,
}

impl Rows {
    /// Takes a cell in; whether more is wanted.
    fn add(
        &mut self,
        (row, column): (u32, usize),
        text: String,
        take: &mut impl FnMut(Row) -> bool,
    ) -> Result<bool, Fault> {
        if text.is_empty() {
            return Ok(true);
        }
        if row >= ROWS_MAX || column >= COLUMNS_MAX {
            return Err(too_large());
        }
        if let Some(last) = self.at.filter(|last| *last != row) {
            if row < last {
                return Err(broken());
            }
            if !self.end(take) {
                return Ok(false);
            }
        }
        self.at = Some(row);
        let text = bounded(text);
        self.bytes += text.len();
        self.total += text.len();
        if self.bytes > ROW_MAX || self.total > ROWS_BYTES_MAX {
            return Err(too_large());
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        if let Some(place) = self.cells.get_mut(column) {
            *place = text;
        }
        Ok(true)
    }

    /// Hands over the row that is complete.
    fn end(&mut self, take: &mut impl FnMut(Row) -> bool) -> bool {
        self.bytes = 0;
        let cells = std::mem::take(&mut self.cells);
        self.at
            .take()
            .is_none_or(|row| give(i64::from(row) + 1, cells, take))
    }
}
