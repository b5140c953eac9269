//! Telephone numbers: one form to keep (E.164), and one that is safe to show.
//!
//! People write the same number in many ways. A number whose country is not said is taken as one
//! of mainland China: a mobile (手机) or a landline with its area code (固定电话).

use std::fmt;

use crate::{fault::Rule, rules};

rules! {
    PHONE_INVALID = Invalid "phone_invalid" {
        "电话号码无效", "Not a telephone number";
        "请填写手机号、带区号的固定电话，或以 + 开头的国际号码。", "Give a Chinese mobile number, a landline with its area code, or an international number that begins with +." }
}

/// What parts two numbers in one cell.
const SEPARATORS: &[char] = &['/', '／', '、', ',', '，', ';', '；', '|', '｜', '\n', '\r'];

/// A telephone number in E.164 form. It is personal: `Debug` doesn't show it, and there is no
/// `Display`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people write it: full-width digits, blanks, dashes, dots, brackets, a
    /// spreadsheet's leading apostrophe, and `+86`, `0086` or `86` in front.
    ///
    /// Accepted are 11-digit mobiles that begin with 13 to 19, landlines (0, area code, 7 or 8
    /// digits), and any other country's `+` and 8 to 15 digits. All else is `phone_invalid`.
    pub fn parse(text: &str) -> Result<Self, &'static Rule> {
        let number = compact(text).ok_or(&PHONE_INVALID)?;
        e164(&number).map(Self).ok_or(&PHONE_INVALID)
    }

    /// `+8613800138000`
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The last four digits, by which staff ask for a customer.
    pub fn last_four(&self) -> &str {
        last_four(&self.0)
    }

    /// The form that is safe to show: `138****1234`. The shorter the number, the less of its
    /// beginning is shown, so that four digits at least stay hidden.
    pub fn masked(&self) -> String {
        let (prefix, digits) = self.written();
        let shown = digits.len().saturating_sub(8).min(3);
        let head = digits.get(..shown).unwrap_or_default();
        format!("{prefix}{head}****{}", last_four(digits))
    }

    /// The digits as their owner says them: without the country where it is China, and without signs.
    pub fn spoken(&self) -> &str {
        self.written().1
    }

    /// The digits as a caller in China would write them, and the sign before them.
    fn written(&self) -> (&'static str, &str) {
        let digits = self.0.trim_start_matches('+');
        match digits.strip_prefix("86") {
            Some(national) if is_mobile(national) => ("", national),
            Some(national) => ("0", national),
            None => ("+", digits),
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn last_four(digits: &str) -> &str {
    let start = digits.len().saturating_sub(4);
    digits.get(start..).unwrap_or_default()
}

/// The digits and a leading `+`, without what people put between them. `None` where anything
/// else is in the text.
fn compact(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix(['\'', '’', '＇']).unwrap_or(text);
    let mut number = String::with_capacity(16);
    for c in text.chars().filter(|c| !is_filler(*c)) {
        match half_width(c) {
            digit @ '0'..='9' => number.push(digit),
            '+' if number.is_empty() => number.push('+'),
            _ => return None,
        }
    }
    Some(number)
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' | '＋' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

fn is_filler(c: char) -> bool {
    // Address books put invisible direction marks (202A to 202E, 2066 to 2069) around a number
    c.is_whitespace()
        || matches!(c, '-' | '－' | '.' | '．' | '(' | ')' | '（' | '）')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200B}'..='\u{200F}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn e164(number: &str) -> Option<String> {
    if let Some(digits) = number.strip_prefix('+') {
        return match digits.strip_prefix("86") {
            Some(rest) => mainland(rest),
            None => is_international(digits).then(|| number.to_owned()),
        };
    }
    if let Some(rest) = ["0086", "86"]
        .iter()
        .find_map(|code| number.strip_prefix(code))
    {
        return mainland(rest);
    }
    // Without a country, only the trunk 0 tells a landline from any other digits
    let may_be = number.starts_with('0') || is_mobile(number);
    may_be.then(|| mainland(number)).flatten()
}

fn mainland(number: &str) -> Option<String> {
    let national = number.strip_prefix('0').unwrap_or(number);
    (is_mobile(national) || is_landline(national)).then(|| format!("+86{national}"))
}

fn is_mobile(national: &str) -> bool {
    national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// Area codes are 10 and 2x (two digits), 3xx to 9xx (three).
fn is_landline(national: &str) -> bool {
    let local = match national.as_bytes() {
        [b'1', b'0', local @ ..] | [b'2', _, local @ ..] => local,
        [b'3'..=b'9', _, _, local @ ..] => local,
        _ => return false,
    };
    matches!(local.len(), 7 | 8) && !local.starts_with(b"0")
}

fn is_international(digits: &str) -> bool {
    (8..=15).contains(&digits.len()) && !digits.starts_with('0')
}

/// The numbers of a cell, as written, blank ones left out: people put two into one cell, parted by
/// a sign (`/ 、 , ; |`) or a line break, or by a blank where both halves are numbers.
pub fn split_phones(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(SEPARATORS)
        .flat_map(|part| {
            let (first, second) = halves(part).unwrap_or((part, ""));
            [first, second]
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn halves(part: &str) -> Option<(&str, &str)> {
    let part = part.trim();
    part.match_indices(char::is_whitespace)
        .map(|(at, _)| part.split_at(at))
        .filter(|(head, _)| !head.ends_with(char::is_whitespace))
        .find(|(head, tail)| Phone::parse(head).is_ok() && Phone::parse(tail).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Phone::parse(text).ok().map(|phone| phone.0)
    }

    fn split(cell: &str) -> Vec<&str> {
        split_phones(cell).collect()
    }

    #[test]
    fn one_mobile_in_many_spellings() {
        for text in [
            "13800138000",
            "１３８００１３８０００",
            "138 0013 8000",
            "138-0013-8000",
            "138.0013.8000",
            " 13800138000\t",
            "'13800138000",
            "+86 13800138000",
            "＋86（138）00138000",
            "0086-138-0013-8000",
            "8613800138000",
            "013800138000",
            "\u{202D}138 0013 8000\u{202C}",
        ] {
            assert_eq!(read(text).as_deref(), Some("+8613800138000"), "{text}");
        }
    }

    #[test]
    fn landlines_need_their_area_code() {
        assert_eq!(read("010-88886666").as_deref(), Some("+861088886666"));
        assert_eq!(read("(0755) 2688 1234").as_deref(), Some("+8675526881234"));
        assert_eq!(read("0311-8888666").as_deref(), Some("+863118888666"));
        assert_eq!(read("+86 10 8888 6666").as_deref(), Some("+861088886666"));
        assert_eq!(read("+86 010 8888 6666").as_deref(), Some("+861088886666"));
        assert_eq!(read("88886666"), None);
        assert_eq!(read("1088886666"), None);
        assert_eq!(read("010-888866"), None);
    }

    #[test]
    fn other_countries_begin_with_plus() {
        assert_eq!(read("+852 9123 4567").as_deref(), Some("+85291234567"));
        assert_eq!(read("+1 (415) 555-2671").as_deref(), Some("+14155552671"));
        assert_eq!(read("85291234567"), None);
        assert_eq!(read("+0123456789"), None);
        assert_eq!(read("+1234567"), None);
        assert_eq!(read("+1234567890123456"), None);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "无",
            "12345",
            "1380000",
            "12800138000",
            "139123456789012",
            "02x-8888888",
            "138****8000",
            "1+3800138000",
            "①③800138000",
            "'",
            "++8613800138000",
        ] {
            assert_eq!(Phone::parse(text), Err(&PHONE_INVALID), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_never_the_whole_number() {
        let masked = |text| Phone::parse(text).unwrap().masked();
        assert_eq!(masked("13800131234"), "138****1234");
        assert_eq!(masked("010-88886666"), "010****6666");
        assert_eq!(masked("0311-8888666"), "031****8666");
        assert_eq!(masked("+85291234567"), "+852****4567");
        assert_eq!(masked("+12345678"), "+****5678");
        assert_eq!(Phone::parse("13800131234").unwrap().last_four(), "1234");
        assert_eq!(
            Phone::parse("+8613800131234").unwrap().spoken(),
            "13800131234"
        );
        assert_eq!(
            Phone::parse("+85291234567").unwrap().spoken(),
            "85291234567"
        );
        assert_eq!(format!("{:?}", Phone::parse("13800131234")), "Ok(***)");
    }

    #[test]
    fn two_numbers_in_one_cell() {
        for cell in [
            "13800138000/13900139000",
            "13800138000、13900139000",
            "13800138000，13900139000；",
            "13800138000 13900139000",
            "13800138000\n13900139000",
            " 13800138000\t; 13900139000",
        ] {
            assert_eq!(split(cell), ["13800138000", "13900139000"], "{cell}");
        }
        assert_eq!(split("138 0013 8000"), ["138 0013 8000"]);
        assert_eq!(
            split("138 0013 8000 13900139000"),
            ["138 0013 8000", "13900139000"]
        );
        assert_eq!(split("13800138000 12345"), ["13800138000 12345"]);
        assert_eq!(split(" "), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.e164()), Ok(phone.clone()));
                prop_assert!(phone.masked().contains("****"));
            }
        }

        #[test]
        fn four_digits_stay_hidden(digits in "[1-9][0-9]{7,14}") {
            if let Ok(phone) = Phone::parse(&format!("+{digits}")) {
                let shown = phone.masked().chars().filter(char::is_ascii_digit).count();
                prop_assert!(shown + 4 <= digits.len());
            }
        }
    }
}
