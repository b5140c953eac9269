//! A name taken apart, and the ways in which it can be said.

use pinyin::ToPinyinMulti;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How many readings of one name are kept: 单 alone has three, a long name could have thousands.
const MAX_READINGS: usize = 8;

/// Stands for a character that has no known pinyin, so that its neighbours don't seem to touch.
const UNKNOWN: &str = " ";

/// A Chinese character, or a word of other letters and digits in lower case without accents.
pub(super) enum Part {
    Han(char),
    Word(String),
}

/// Blanks and punctuation part words, and are otherwise left out: 阿依·古丽 is found without its
/// dot.
pub(super) fn parts(name: &str) -> Vec<Part> {
    let lower = name.nfkc().flat_map(char::to_lowercase);
    let mut parts = Vec::new();
    let mut word = String::new();
    for c in unaccented::<Vec<_>>(lower) {
        if c.is_alphanumeric() && !is_han(c) {
            word.push(c);
            continue;
        }
        end_word(&mut parts, &mut word);
        if is_han(c) {
            parts.push(Part::Han(c));
        }
    }
    end_word(&mut parts, &mut word);
    parts
}

fn end_word(parts: &mut Vec<Part>, word: &mut String) {
    if !word.is_empty() {
        parts.push(Part::Word(std::mem::take(word)));
    }
}

/// The name as written, without what parts its words.
pub(super) fn written(parts: &[Part]) -> String {
    parts.iter().fold(String::new(), |mut text, part| {
        match part {
            Part::Han(c) => text.push(*c),
            Part::Word(word) => text.push_str(word),
        }
        text
    })
}

/// Chinese characters: 〇, the basic plane, and the two planes of rare ones.
pub(crate) fn is_han(c: char) -> bool {
    matches!(
        c,
        '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}'
    )
}

/// One way to say a name, syllable by syllable; a word counts as one syllable.
#[derive(Clone, Default)]
pub(super) struct Reading(Vec<String>);

impl Reading {
    /// All syllables in one: `zhangwei`.
    pub(super) fn letters(&self) -> String {
        self.0.concat()
    }

    /// The first letter of each: `zw`.
    pub(super) fn initials(&self) -> String {
        self.0
            .iter()
            .filter_map(|syllable| syllable.chars().next())
            .collect()
    }

    pub(super) fn syllables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn and(&self, syllable: &str) -> Self {
        Self(
            self.syllables()
                .chain([syllable])
                .map(str::to_owned)
                .collect(),
        )
    }
}

/// The likely readings, at most [`MAX_READINGS`]. Where there are more, the first characters keep
/// their choices: a surname is the character most often read unlike itself (单 as shan).
pub(super) fn readings(parts: &[Part]) -> Vec<Reading> {
    let mut readings = vec![Reading::default()];
    for part in parts {
        let mut choices = sounds(part);
        choices.truncate((MAX_READINGS / readings.len()).max(1));
        readings = readings
            .iter()
            .flat_map(|reading| choices.iter().map(|sound| reading.and(sound)))
            .collect();
    }
    readings
}

/// The different sounds of a part, the usual one first.
fn sounds(part: &Part) -> Vec<String> {
    let mut sounds = Vec::new();
    match part {
        Part::Word(word) => sounds.push(word.clone()),
        Part::Han(c) => {
            let known = c.to_pinyin_multi().into_iter().flatten();
            for sound in known.flat_map(|sound| spellings(sound.plain())) {
                if !sounds.contains(&sound) {
                    sounds.push(sound);
                }
            }
        }
    }
    if sounds.is_empty() {
        sounds.push(UNKNOWN.to_owned());
    }
    sounds
}

/// Pinyin in ASCII. People type `v` for ü, or leave out its dots: 吕 is `lv` or `lu`.
fn spellings(plain: &str) -> Vec<String> {
    let mut spellings = vec![unaccented(plain.chars())];
    if plain.contains('ü') {
        spellings.insert(0, plain.replace('ü', "v"));
    }
    spellings
}

fn unaccented<T: FromIterator<char>>(letters: impl Iterator<Item = char>) -> T {
    letters.nfd().filter(|c| !is_combining_mark(*c)).collect()
}
