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
//! Grams only pre-filter: they find every name that matches, and some that don't. [`recheck`]
//! tells these apart.

mod reading;

use std::{collections::BTreeSet, fmt};

pub(crate) use self::reading::is_han;
use self::reading::{Reading, parts, readings, written};
use crate::{
    email::Email,
    fault::{Fault, REQUIRED, TEXT_CONTROL},
    phone::Phone,
    rules,
    text::fold,
};

rules! {
    QUERY_TOO_LONG = Invalid "query_too_long" {
        "搜索内容过长", "Search text too long";
        "最多 {max} 个字符。", "At most {max} characters." }
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
    /// The beginning of the folded name ([`fold`]): the text is too short for grams, or in a
    /// script that has none.
    NamePrefix(String),
}

/// What somebody typed into the search field. It may be personal: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Term>,
    /// What a name must hold: runs of ASCII letters and digits, and runs of other characters.
    pieces: Vec<String>,
}

impl Query {
    /// An e-mail address, a telephone number or four digits are looked up as such; everything
    /// else is sought in names. An address or number that isn't complete is sought in names too.
    ///
    /// Refused: nothing but blanks (`required`), more than [`MAX_QUERY`] characters
    /// (`query_too_long`), control characters (`control_character`), which no index takes.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Fault::new(&REQUIRED));
        }
        if text.chars().count() > MAX_QUERY {
            return Err(Fault::new(&QUERY_TOO_LONG).with("max", MAX_QUERY));
        }
        if text.chars().any(char::is_control) {
            return Err(Fault::new(&TEXT_CONTROL));
        }
        Ok(match contact(text) {
            Some(term) => Self {
                terms: vec![term],
                pieces: Vec::new(),
            },
            None => in_names(text),
        })
    }

    /// The fields of a customer that it looks into.
    pub fn fields(&self) -> BTreeSet<&'static str> {
        let field = |term: &Term| match term {
            Term::Grams(_) | Term::NamePrefix(_) => "name",
            Term::PhoneLastFour(_) | Term::Phone(_) | Term::Email(_) => "contact_points",
        };
        self.terms.iter().map(field).collect()
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

fn contact(text: &str) -> Option<Term> {
    if let Ok(email) = Email::parse(text) {
        return Some(Term::Email(email));
    }
    if let Ok(phone) = Phone::parse(text) {
        return Some(Term::Phone(phone));
    }
    let digits = fold(text);
    let four = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    four.then_some(Term::PhoneLastFour(digits))
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
    Query { terms, pieces }
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
/// A telephone number or an e-mail address is matched exactly by its term: there is nothing to
/// confirm in the name, and the answer is yes.
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

fn says(reading: &Reading, piece: &str) -> bool {
    reading.letters().contains(piece) || reading.initials().contains(piece)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As a store would: any term's grams among the name's, then the recheck.
    fn finds(text: &str, name: &str) -> bool {
        let query = Query::parse(text).unwrap();
        let grams = name_grams(name);
        let candidate = query.terms().iter().any(|term| match term {
            Term::Grams(wanted) => wanted.iter().all(|gram| grams.contains(gram)),
            Term::NamePrefix(prefix) => fold(name).starts_with(prefix),
            _ => false,
        });
        candidate && recheck(&query, name)
    }

    fn only_term(text: &str) -> Term {
        let query = Query::parse(text).unwrap();
        assert_eq!(query.terms().len(), 1);
        query.terms().first().unwrap().clone()
    }

    fn some_name() -> impl Strategy<Value = Vec<char>> {
        let character = prop_oneof![
            8 => prop::sample::select("张王李单曾乐行若雨吕女伟诸葛〇".chars().collect::<Vec<_>>()),
            8 => prop::char::range('\u{4E00}', '\u{9FFF}'),
            1 => prop::char::range('\u{20000}', '\u{2A6DF}'),
        ];
        prop::collection::vec(character, 2..8)
    }

    #[test]
    fn the_grams_of_a_name() {
        let grams: Vec<_> = name_grams("张伟").into_iter().collect();
        assert_eq!(
            grams,
            [
                "bwe", "bzh", "h张伟", "izw", "tang", "tgwe", "than", "tngw", "twei", "tzha"
            ]
        );
        assert!(name_grams("Анна").is_empty());
    }

    #[test]
    fn a_chinese_name_is_found_by_each_way_of_typing_it() {
        for text in [
            "张伟",
            "张 伟",
            "zhangwei",
            "Zhang Wei",
            "zhangw",
            "angwei",
            "wei",
            "zh",
            "zw",
            "ZW",
            "张wei",
            "张",
            "Ｚｗ",
        ] {
            assert!(finds(text, "张伟"), "{text}");
        }
        for text in ["章伟", "伟张", "李zw", "zhangwen", "wz", "张伟明", "伟"] {
            assert!(!finds(text, "张伟"), "{text}");
        }
        assert!(finds("zs", "张三"));
        assert!(finds("zgry", "诸葛若雨"));
        assert!(finds("gr", "诸葛若雨"));
        assert!(finds("葛若雨", "诸葛若雨"));
    }

    #[test]
    fn characters_with_several_readings_are_found_by_each() {
        assert!(finds("shanxiaoming", "单晓明"));
        assert!(finds("sxm", "单晓明"));
        assert!(finds("danxiaoming", "单晓明"));
        assert!(finds("zengyue", "曾乐"));
        assert!(finds("lvbu", "吕布"));
        assert!(finds("lubu", "吕布"));
        assert!(finds("lübu", "吕布"));
    }

    #[test]
    fn rare_syllables_are_found_in_plain_letters() {
        // Dictionaries give 誒 the sound ê besides ei, xi and yi
        assert!(finds("ezhang", "誒张"));
    }

    #[test]
    fn other_names_are_found_by_their_letters() {
        assert!(finds("mit", "Tom Smith"));
        assert!(finds("tom smith", "Tom Smith"));
        assert!(finds("ts", "Tom Smith"));
        assert!(finds("jose", "José Núñez"));
        assert!(finds("张tom", "张Tom"));
        assert!(finds("ab", "张ab"));
        assert!(finds("анна", "Анна Петрова"));
        assert!(finds("阿依古丽", "阿依·古丽"));
        assert!(finds("12班", "三年级12班"));
        assert!(finds("𠮷", "𠮷田"));
        assert!(finds("张𠮷", "张𠮷明"));
        assert!(!finds("zm", "张𠮷明"));
    }

    #[test]
    fn contacts_are_looked_up_as_such() {
        let phone = Phone::parse("13800131234").unwrap();
        assert_eq!(only_term("138 0013 1234"), Term::Phone(phone));
        assert_eq!(only_term("１２３４"), Term::PhoneLastFour("1234".into()));
        let email = Email::parse("li@example.com").unwrap();
        assert_eq!(only_term(" Li@example.com "), Term::Email(email));
        assert_eq!(last_four_gram("1234"), "d1234");
        assert!(recheck(&Query::parse("1234").unwrap(), "张伟"));
        assert!(matches!(only_term("***"), Term::NamePrefix(_)));
    }

    #[test]
    fn a_query_is_neither_blank_nor_endless() {
        assert_eq!(Query::parse(" \u{3000}"), Err(Fault::new(&REQUIRED)));
        assert!(Query::parse(&"张".repeat(64)).is_ok());
        assert_eq!(
            Query::parse(&"张".repeat(65)),
            Err(Fault::new(&QUERY_TOO_LONG).with("max", 64))
        );
    }

    proptest! {
        #[test]
        fn a_name_is_found_by_any_two_neighbours(name in some_name(), at in any::<prop::sample::Index>()) {
            let start = at.index(name.len() - 1);
            let all: String = name.iter().collect();
            for end in start + 2..=name.len() {
                let part: String = name.get(start..end).unwrap().iter().collect();
                prop_assert!(finds(&part, &all), "{} in {}", part, all);
            }
        }

        #[test]
        fn a_name_is_found_by_any_of_its_readings(name in some_name(), at in any::<prop::sample::Index>()) {
            let name: String = name.into_iter().collect();
            for reading in readings(&parts(&name)) {
                let letters = reading.letters();
                let part = letters.get(at.index(letters.len())..).unwrap().trim();
                if part.len() >= 3 && !part.contains(' ') {
                    prop_assert!(finds(part, &name), "{} in {}", part, name);
                }
            }
        }

        #[test]
        fn grams_are_words_for_the_index(name in "\\PC{0,30}") {
            for gram in name_grams(&name) {
                let mut chars = gram.chars();
                prop_assert!(matches!(chars.next(), Some('h' | 't' | 'i' | 'b')));
                prop_assert!(chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || is_han(c)));
            }
        }

        #[test]
        fn any_text_is_a_query_or_refused(text in "\\PC{0,70}") {
            let _ = Query::parse(&text).map(|query| recheck(&query, &text));
        }
    }
}
