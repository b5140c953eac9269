//! The grams by which a customer is found, and the reading of what somebody typed (DATA-06).
//!
//! A gram is a word for the search index, made of lower-case ASCII letters, digits and Chinese
//! characters only, so that both databases keep it whole. Its first letter tells its kind:
//!
//! | kind | of 张伟 | holds |
//! |---|---|---|
//! | `h` | `h张伟` | two neighbouring Chinese characters |
//! | `t` | `tzha` `than` … `twei` | three neighbouring letters or digits, Chinese in full pinyin |
//! | `i` | `izw` | two or three neighbouring initials of syllables or words |
//! | `b` | `bzh` `bwe` | the two letters with which a syllable or word begins |
//! | `d` | | the last four digits of a telephone number |
//!
//! Whole telephone numbers and e-mail addresses, parts of the latter and pairs of neighbouring
//! characters of postal addresses are in the index too, as keyed hashes: what they are says
//! [`Term`].
//!
//! Grams only pre-filter: they find everybody who matches, and some who don't. [`recheck`] and
//! [`recheck_address`] tell these apart.

mod contact;
mod reading;

use std::{collections::BTreeSet, fmt};

pub use self::contact::{address_pairs, email_parts};
pub(crate) use self::reading::is_han;
use self::{
    contact::{email_part, plain_address},
    reading::{Reading, parts, readings, written},
};
use crate::{
    email::{EMAIL_INVALID, Email},
    fault::{FieldFault, REQUIRED, Rule, TEXT_CONTROL},
    phone::{PHONE_INVALID, Phone},
    rules,
    text::fold,
};

rules! {
    QUERY_TOO_LONG = Invalid "query_too_long" {
        "搜索内容过长", "Search text too long";
        "最多 {max} 个字符。", "At most {max} characters." }
    QUERY_TOO_SHORT = Invalid "query_too_short" {
        "搜索内容过短", "Search text too short";
        "请至少填写两个文字、字母或数字。", "Give at least two letters, digits or characters." }
}

/// The longest text that can be searched for, in characters.
pub const MAX_QUERY: usize = 64;

/// Every gram by which a name is found.
pub fn name_grams(name: &str) -> BTreeSet<String> {
    let parts = parts(name);
    let mut grams: BTreeSet<_> = han_pairs(&written(&parts)).collect();
    for reading in readings(&parts) {
        grams.extend(triples(&reading.letters()));
        grams.extend(initials(&reading.initials(), 2));
        grams.extend(initials(&reading.initials(), 3));
        grams.extend(reading.syllables().filter_map(beginning));
    }
    grams
}

/// The ways in which a whole name can be said, its words run together: `zhangwei`.
pub fn sounds_of(name: &str) -> BTreeSet<String> {
    let readings = readings(&parts(name)).into_iter();
    let letters = readings.map(|reading| reading.letters());
    letters.filter(|said| !said.trim().is_empty()).collect()
}

/// The gram of the last four digits of a telephone number.
pub fn last_four_gram(digits: &str) -> String {
    format!("d{digits}")
}

fn han_pairs(text: &str) -> impl Iterator<Item = String> {
    neighbours('h', 2, text, is_han)
}

fn triples(letters: &str) -> impl Iterator<Item = String> {
    neighbours('t', 3, letters, |c| c.is_ascii_alphanumeric())
}

fn initials(letters: &str, width: usize) -> impl Iterator<Item = String> {
    neighbours('i', width, letters, |c| c.is_ascii_alphanumeric())
}

fn beginning(syllable: &str) -> Option<String> {
    let two: String = syllable.chars().take(2).collect();
    (two.len() == 2 && is_ascii_word(&two)).then(|| format!("b{two}"))
}

/// Each run of `width` characters, all of them `wanted`, with its kind before it.
fn neighbours(
    kind: char,
    width: usize,
    text: &str,
    wanted: fn(char) -> bool,
) -> impl Iterator<Item = String> {
    let bounds = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
    bounds()
        .zip(bounds().skip(width))
        .filter_map(|(start, end)| text.get(start..end))
        .filter(move |run| run.chars().all(wanted))
        .map(move |run| format!("{kind}{run}"))
}

fn is_ascii_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// One way in which a query can match. It may be personal: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub enum Term {
    /// All of these grams.
    Grams(Vec<String>),
    /// The last four digits of a telephone number: see [`last_four_gram`].
    PhoneLastFour(String),
    /// A whole telephone number, found by its keyed hash.
    Phone(Phone),
    /// A whole e-mail address, found by its keyed hash.
    Email(Email),
    /// A part of an e-mail address (see [`email_parts`]), found by its keyed hash.
    EmailPart(String),
    /// All of these pairs of a postal address (see [`address_pairs`]), found by their keyed hashes.
    Address(Vec<String>),
    /// The beginning of the folded name ([`fold`]): the text is too short for grams, or in a
    /// script that has none.
    NamePrefix(String),
}

/// What a text is sought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// Whatever it looks like: an e-mail address or, with its `@`, a part of one, a telephone number
    /// or four digits are looked up as such; everything else is sought in names. An address or
    /// number that isn't complete is sought in names too.
    Anywhere,
    Name,
    /// A whole number in any usual form, or the last four digits.
    Phone,
    /// A whole address, or a part of one (see [`email_parts`]) with or without its `@`.
    Email,
    /// Any part of a postal address of two characters or more.
    Address,
}

/// What somebody looks for. It may be personal: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
    /// What a name must hold: runs of ASCII letters and digits, and runs of other characters.
    pieces: Vec<String>,
    /// What a postal address must hold.
    address: Option<String>,
}

impl Query {
    /// Reads the text at `pointer`.
    ///
    /// # Errors
    /// Nothing but blanks (`required`), more than [`MAX_QUERY`] characters (`query_too_long`), control
    /// characters (`control_character`), which no index takes; and what can't be what is sought:
    /// `phone_invalid`, `email_invalid`, `query_too_short`.
    pub fn read(pointer: &'static str, sought: Sought, text: &str) -> Result<Self, FieldFault> {
        let refused = |rule: &'static Rule| FieldFault::new(pointer, rule);
        let text = text.trim();
        if text.is_empty() {
            return Err(refused(&REQUIRED));
        }
        if text.chars().count() > MAX_QUERY {
            return Err(refused(&QUERY_TOO_LONG).with("max", MAX_QUERY));
        }
        if text.chars().any(char::is_control) {
            return Err(refused(&TEXT_CONTROL));
        }
        let looked_up = |term: Option<Term>, rule| term.map(Self::by).ok_or_else(|| refused(rule));
        match sought {
            Sought::Anywhere => Ok(anything(text).map_or_else(|| in_names(text), Self::by)),
            Sought::Name => Ok(in_names(text)),
            Sought::Phone => looked_up(phone(text), &PHONE_INVALID),
            Sought::Email => looked_up(email(text), &EMAIL_INVALID),
            Sought::Address => {
                let pairs: Vec<String> = address_pairs(text).into_iter().collect();
                let term = (!pairs.is_empty()).then_some(Term::Address(pairs));
                let query = looked_up(term, &QUERY_TOO_SHORT)?;
                Ok(Self {
                    address: Some(plain_address(text)),
                    ..query
                })
            }
        }
    }

    /// A query that the index alone answers.
    fn by(term: Term) -> Self {
        Self {
            terms: vec![term],
            pieces: Vec::new(),
            address: None,
        }
    }

    /// The fields of a customer that it looks into.
    pub fn fields(&self) -> BTreeSet<&'static str> {
        let field = |term: &Term| match term {
            Term::Grams(_) | Term::NamePrefix(_) => "name",
            Term::PhoneLastFour(_)
            | Term::Phone(_)
            | Term::Email(_)
            | Term::EmailPart(_)
            | Term::Address(_) => "contact_points",
        };
        self.terms.iter().map(field).collect()
    }

    /// Whether it tells more of a way to reach somebody than its safe form shows: a few of them would
    /// amount to a reveal.
    pub fn looks_behind_masks(&self) -> bool {
        let mut terms = self.terms.iter();
        terms.any(|term| matches!(term, Term::EmailPart(_) | Term::Address(_)))
    }

    /// Any of these may match.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A way to reach somebody, if a text looks like one.
fn anything(text: &str) -> Option<Term> {
    let has_at = text.contains('@');
    phone(text).or_else(|| email(text).filter(|_| has_at))
}

fn phone(text: &str) -> Option<Term> {
    if let Ok(phone) = Phone::parse(text) {
        return Some(Term::Phone(phone));
    }
    let digits = fold(text);
    let four = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    four.then_some(Term::PhoneLastFour(digits))
}

fn email(text: &str) -> Option<Term> {
    let whole = Email::parse(text).ok().map(Term::Email);
    whole.or_else(|| email_part(text).map(Term::EmailPart))
}

fn in_names(text: &str) -> Query {
    let sought = written(&parts(text));
    let han: BTreeSet<_> = han_pairs(&sought).collect();
    let pieces = pieces(&sought);
    // One run of letters pre-filters well enough: the recheck demands the others
    let ways = pieces
        .iter()
        .map(|piece| ways(piece))
        .find(|ways| !ways.is_empty());
    let terms = match ways {
        Some(ways) => ways
            .into_iter()
            .map(|way| Term::Grams(han.union(&way).cloned().collect()))
            .collect(),
        None if han.is_empty() => vec![Term::NamePrefix(fold(text))],
        None => vec![Term::Grams(han.into_iter().collect())],
    };
    Query {
        terms,
        pieces,
        address: None,
    }
}

/// Runs of ASCII letters and digits, and the runs of other characters between them.
fn pieces(sought: &str) -> Vec<String> {
    let chars: Vec<_> = sought.chars().collect();
    chars
        .chunk_by(|a, b| a.is_ascii() == b.is_ascii())
        .map(|run| run.iter().collect())
        .collect()
}

/// What a run of letters may be: initials, or letters of full pinyin or of a Latin name. None
/// for a single letter, and for other characters.
fn ways(piece: &str) -> Vec<BTreeSet<String>> {
    match piece.len() {
        _ if !is_ascii_word(piece) => Vec::new(),
        0 | 1 => Vec::new(),
        2 => vec![
            initials(piece, 2).collect(),
            beginning(piece).into_iter().collect(),
        ],
        _ => {
            let initials = covering(&initials(piece, 3).collect::<Vec<_>>());
            vec![initials, covering(&triples(piece).collect::<Vec<_>>())]
        }
    }
}

/// Of the triples of a text, as many as hold all its letters: the others would let through hardly less,
/// and each is one more list to be read.
fn covering(triples: &[String]) -> BTreeSet<String> {
    triples
        .iter()
        .step_by(3)
        .chain(triples.last())
        .cloned()
        .collect()
}

/// Whether a name that the grams brought up really matches: every run of the query stands in it
/// as written or, if it is of letters, in one of its readings or their initials.
///
/// A way to reach somebody has nothing to confirm in the name: the answer is yes.
pub fn recheck(query: &Query, name: &str) -> bool {
    if let [Term::NamePrefix(prefix)] = query.terms() {
        return fold(name).starts_with(prefix);
    }
    let parts = parts(name);
    let (written, readings) = (written(&parts), readings(&parts));
    query
        .pieces
        .iter()
        .all(|piece| written.contains(piece) || readings.iter().any(|reading| says(reading, piece)))
}

/// Whether any of the postal addresses of a customer that the grams brought up really matches; yes
/// where a query looks for none.
pub fn recheck_address<'a>(query: &Query, addresses: impl IntoIterator<Item = &'a str>) -> bool {
    query.address.as_ref().is_none_or(|sought| {
        let mut addresses = addresses.into_iter();
        addresses.any(|address| plain_address(address).contains(sought))
    })
}

fn says(reading: &Reading, piece: &str) -> bool {
    reading.letters().contains(piece) || reading.initials().contains(piece)
}

#[cfg(test)]
mod tests;
