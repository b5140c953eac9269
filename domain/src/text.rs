//! Text as it is kept and as it is compared.
//!
//! Both databases must answer alike, and neither folds Chinese or accented text the way the other
//! does: what is compared is folded here, once, and stored beside the original.

use unicode_normalization::UnicodeNormalization;

use crate::fault::{FieldFault, TEXT_BLANK, TEXT_CONTROL, TEXT_TOO_LONG};

/// Canonical composition (NFC): what is stored.
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// What is compared: compatibility forms unified (full-width digits become ASCII), lower case,
/// without white space.
pub fn fold(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace())
        .collect()
}

/// Whether nothing is seen of a character that stands alone: white space, and what joins, parts or
/// fills without a shape of its own.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// A line of text such as a name: 1 to `max` characters of which one is seen, no control characters,
/// no blank at either end. Returns the NFC form.
pub fn line(pointer: &'static str, text: &str, max: usize) -> Result<String, FieldFault> {
    let text = nfc(text);
    // An empty text is unseen too.
    if text.trim() != text || text.chars().all(is_unseen) {
        return Err(FieldFault::new(pointer, &TEXT_BLANK));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldFault::new(pointer, &TEXT_CONTROL));
    }
    within(pointer, text, max)
}

/// Free text of several lines: up to `max` characters; line breaks and tabs are the only control
/// characters. Returns the NFC form.
pub fn note(pointer: &'static str, text: &str, max: usize) -> Result<String, FieldFault> {
    let text = nfc(text);
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(FieldFault::new(pointer, &TEXT_CONTROL));
    }
    within(pointer, text, max)
}

fn within(pointer: &'static str, text: String, max: usize) -> Result<String, FieldFault> {
    if text.chars().count() > max {
        Err(FieldFault::new(pointer, &TEXT_TOO_LONG).with("max", max))
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_unifies_width_case_and_space() {
        assert_eq!(fold("Ｚhang  WEI １２"), "zhangwei12");
        assert_eq!(fold("张 伟"), "张伟");
    }

    #[test]
    fn a_name_has_no_blank_ends_and_no_control_characters() {
        assert!(line("/name", " 张伟", 100).is_err());
        assert!(line("/name", "张\u{0}伟", 100).is_err());
        assert!(line("/name", "", 100).is_err());
        assert!(line("/name", "\u{200b}\u{feff}", 100).is_err());
        assert!(line("/name", "张\u{200b}伟", 100).is_ok());
        assert!(line("/name", &"张".repeat(101), 100).is_err());
        assert_eq!(
            line("/name", &"张".repeat(100), 100).map(|s| s.chars().count()),
            Ok(100)
        );
    }
}
