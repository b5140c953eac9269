//! A part of a workbook, piece by piece, and the texts in it.

use std::io::{self, BufReader, Cursor, Read};

use domain::{
    fault::Fault,
    imports::outcome::{CELL_MAX, IMPORT_FILE_UNREADABLE},
};
use quick_xml::{
    Reader,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
};
use zip::read::ZipFile;

use crate::imports::table::{too_large, unreadable};

/// Bytes of one tag, comment or stretch of text.
const PIECE_MAX: u64 = 1024 * 1024;
/// Bytes that are read of a text. Only one with more characters than a cell may hold has more.
const TEXT_MAX: usize = 8 * (CELL_MAX + 1);

pub(super) fn broken() -> Fault {
    Fault::new(&IMPORT_FILE_UNREADABLE)
}

pub(super) fn is(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref() == name
}

/// An attribute, in whatever namespace.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Fault> {
    // Looking for doubles takes as many looks as there are attributes, times attributes.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(unreadable)?;
        if attribute.key.local_name().as_ref() == name {
            let value = quick_xml::escape::unescape(&attribute.value).map_err(unreadable)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Bytes of a part: at most so many in all, and so many until the next piece begins.
struct Bounded<R> {
    inner: R,
    left: u64,
    piece: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        let piece = self.piece.checked_sub(read as u64);
        let (Some(left), Some(piece)) = (left, piece) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        (self.left, self.piece) = (left, piece);
        Ok(read)
    }
}

type Entry<'p, 'a> = ZipFile<'p, Cursor<&'a [u8]>>;

/// A part that is being read.
pub(super) struct Part<'p, 'a> {
    xml: Reader<BufReader<Bounded<Entry<'p, 'a>>>>,
    piece: Vec<u8>,
}

impl<'p, 'a> Part<'p, 'a> {
    pub(super) fn new(entry: Entry<'p, 'a>, limit: u64) -> Self {
        let mut xml = Reader::from_reader(BufReader::new(Bounded {
            inner: entry,
            left: limit,
            piece: PIECE_MAX,
        }));
        let config = xml.config_mut();
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Self {
            xml,
            piece: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, Fault> {
        self.xml.get_mut().get_mut().piece = PIECE_MAX;
        self.piece.clear();
        match self.xml.read_event_into(&mut self.piece) {
            Ok(event) => Ok(event),
            Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(too_large())
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    /// What stands up to the end of an element.
    fn text(&mut self, element: &str) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::Text(piece) => add(&mut text, &piece.xml10_content()),
                Event::CData(piece) => add(&mut text, &piece.xml10_content()),
                Event::GeneralRef(entity) => add(&mut text, &character(&entity)?),
                Event::End(tag) if tag.local_name().as_ref() == element => return Ok(text),
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
    }

    /// The text of an element whose parts may look different; how it is spoken is left out.
    pub(super) fn rich_text(&mut self, element: &str) -> Result<String, Fault> {
        let mut whole = String::new();
        let mut is_spoken = false;
        loop {
            match self.next()? {
                Event::Start(tag) if is(&tag, "rPh") => is_spoken = true,
                Event::End(tag) if tag.local_name().as_ref() == "rPh" => is_spoken = false,
                Event::Start(tag) if is(&tag, "t") && !is_spoken => {
                    let is_kept = attribute(&tag, "space")?.is_some_and(|v| v == "preserve");
                    let text = self.text("t")?;
                    let blank = [' ', '\t', '\r', '\n'];
                    let text = if is_kept {
                        &text
                    } else {
                        text.trim_matches(blank)
                    };
                    add(&mut whole, &unescaped(text));
                }
                Event::End(tag) if tag.local_name().as_ref() == element => return Ok(whole),
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
    }

    /// The cell that has just begun, as a person would have typed it.
    pub(super) fn cell(&mut self, kind: &str, texts: &Texts) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::Start(tag) if is(&tag, "is") => text = self.rich_text("is")?,
                Event::Start(tag) if is(&tag, "v") => {
                    let value = self.text("v")?;
                    // The text of an inline cell stands beside its value.
                    if kind != "inlineStr" {
                        text = typed(kind, value, texts)?;
                    }
                }
                Event::End(tag) if tag.local_name().as_ref() == "c" => return Ok(text),
                Event::Eof => return Err(broken()),
                _ => {}
            }
        }
    }
}

fn add(text: &mut String, piece: &str) {
    if text.len() < TEXT_MAX {
        text.push_str(piece);
    }
}

/// The character that stands for itself no more, such as `&amp;` or `&#10;`.
fn character(entity: &BytesRef<'_>) -> Result<String, Fault> {
    if let Some(known) = resolve_xml_entity(entity) {
        return Ok(known.to_owned());
    }
    let told = entity.resolve_char_ref().map_err(unreadable)?;
    Ok(told.ok_or_else(broken)?.to_string())
}

fn typed(kind: &str, value: String, texts: &Texts) -> Result<String, Fault> {
    Ok(match kind {
        _ if value.is_empty() => value,
        "s" => texts.get(&value).ok_or_else(broken)?.to_owned(),
        "b" => matches!(value.trim(), "1" | "true").to_string(),
        "e" => String::new(),
        // Numbers of phones and serials of days are whole, and may be written as `1.38E10`.
        "n" => value
            .parse::<f64>()
            .map_or(value, |number| number.to_string()),
        _ => unescaped(&value),
    })
}

/// A text in which `_x000D_` stands for a character by its number, or for half of one.
fn unescaped(text: &str) -> String {
    let mut units = Vec::new();
    let mut left = text;
    while let Some((before, escape)) = left.find("_x").and_then(|at| left.split_at_checked(at)) {
        units.extend(before.encode_utf16());
        let digits = escape.get(2..6).filter(|_| escape.get(6..7) == Some("_"));
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|d| u16::from_str_radix(d, 16).ok());
        units.push(unit.unwrap_or(u16::from(b'_')));
        left = escape
            .get(if unit.is_some() { 7 } else { 1 }..)
            .unwrap_or_default();
    }
    if units.is_empty() {
        return text.to_owned();
    }
    units.extend(left.encode_utf16());
    String::from_utf16_lossy(&units)
}

/// Texts that cells name by their number.
#[derive(Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.all.push_str(text);
        self.ends
            .push(u32::try_from(self.all.len()).map_err(unreadable)?);
        Ok(())
    }

    fn get(&self, number: &str) -> Option<&str> {
        let number: usize = number.trim().parse().ok()?;
        let begin = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.all
            .get(begin as usize..*self.ends.get(number)? as usize)
    }
}
