//! One value as people write it into a spreadsheet, after [`unquoted`].

use std::collections::BTreeSet;

use jiff::{ToSpan, civil::Date};
use unicode_normalization::UnicodeNormalization;

use super::{
    is_among,
    words::{EDUCATIONS, GENDERS, INTENTS, OCCUPATIONS, UNTOLD, Words},
};
use crate::{
    customers::{BIRTH_DATE_INVALID, CONTACTS_MAX, Education, Gender, NAME_MISSING, Occupation},
    email::Email,
    fault::{Rule, TOO_MANY},
    phone::{Phone, split_phones},
    search::is_han,
    text::{fold, nfc},
};

/// The cell says something that isn't known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread;

/// Without blank ends, and without the apostrophe by which spreadsheets mark text. Some write
/// nothing but that mark into their blank cells.
pub fn unquoted(cell: &str) -> &str {
    let text = cell.trim();
    text.strip_prefix('\'').unwrap_or(text).trim()
}

/// `None` where nothing is told.
pub fn gender(cell: &str) -> Result<Option<Gender>, Unread> {
    word(cell, GENDERS)
}

/// `None` where nothing is told (CUST-03).
pub fn education(cell: &str) -> Result<Option<Education>, Unread> {
    word(cell, EDUCATIONS)
}

/// `None` where nothing is told (CUST-06).
pub fn occupation(cell: &str) -> Result<Option<Occupation>, Unread> {
    word(cell, OCCUPATIONS)
}

/// 1 (weak) to 4 (strong).
pub fn intent(cell: &str) -> Result<Option<i16>, Unread> {
    word(cell, INTENTS)
}

/// Whether a cell says something, and not that nothing is known.
pub fn is_told(cell: &str) -> bool {
    let text = fold(cell);
    !text.is_empty() && !is_among(UNTOLD, &text)
}

fn word<T: Copy>(cell: &str, words: Words<T>) -> Result<Option<T>, Unread> {
    if !is_told(cell) {
        return Ok(None);
    }
    let text = fold(cell);
    let found = words.iter().find(|(_, known)| is_among(known, &text));
    found.map(|(value, _)| Some(*value)).ok_or(Unread)
}

/// A name without stray blanks. People put blanks between the characters of short names to
/// align them (张　伟): these go too. Refused with `name_missing` where nothing is left.
pub fn name(cell: &str) -> Result<String, &'static Rule> {
    let mut name = String::new();
    for word in cell.split_whitespace() {
        let han_meets_han = name.ends_with(is_han) && word.starts_with(is_han);
        if !name.is_empty() && !han_meets_han {
            name.push(' ');
        }
        name.push_str(word);
    }
    note(&name).ok_or(&NAME_MISSING)
}

/// Text on one line, `None` where the cell is blank.
pub fn line(cell: &str) -> Option<String> {
    let words: Vec<_> = cell.split_whitespace().collect();
    note(&words.join(" "))
}

/// Text as written, line breaks included, without other control characters; `None` where the
/// cell is blank.
pub fn note(cell: &str) -> Option<String> {
    let kept: String = cell
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || *c == '\u{FEFF}'))
        .collect();
    let text = nfc(kept.trim());
    (!text.is_empty()).then_some(text)
}

/// The parts of a list such as `价格敏感、老学员推荐`, or one on several lines, each once.
pub fn list(cell: &str) -> Vec<String> {
    if !is_told(cell) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    cell.split(['、', ',', '，', ';', '；', '|', '｜', '/', '／', '\n', '\r'])
        .filter_map(line)
        .filter(|item| seen.insert(item.clone()))
        .collect()
}

/// The numbers of a cell, each once. Refused with `phone_invalid` where one of them is none, with
/// `too_many` where there are more than a customer can have.
pub fn phones(cell: &str) -> Result<Vec<Phone>, &'static Rule> {
    let mut phones = Vec::new();
    for text in split_phones(cell) {
        let phone = Phone::parse(text)?;
        if !phones.contains(&phone) {
            phones.push(phone);
        }
        if phones.len() > CONTACTS_MAX {
            return Err(&TOO_MANY);
        }
    }
    Ok(phones)
}

/// `None` where the cell is blank. Refused with `email_invalid`.
pub fn email(cell: &str) -> Result<Option<Email>, &'static Rule> {
    match cell.trim() {
        "" => Ok(None),
        text => Email::parse(text).map(Some),
    }
}

/// `None` where the cell is blank. Refused with `birth_date_invalid`: what is no [`day`], one
/// before 1900, and one after `today`.
pub fn birth_date(cell: &str, today: Date) -> Result<Option<Date>, &'static Rule> {
    if cell.trim().is_empty() {
        return Ok(None);
    }
    day(cell)
        .filter(|day| day.year() >= 1900 && *day <= today)
        .map(Some)
        .ok_or(&BIRTH_DATE_INVALID)
}

/// A day, year first: `2015-6-1`, `2015/06/01`, `2015.6.1`, `2015年6月1日`, `20150601`, each with
/// or without a time of day, or a spreadsheet's serial number of five digits, whose fraction is the
/// time of day.
///
/// `None` for all else, above all for `6/1/2015`: nobody can tell its day from its month.
pub fn day(cell: &str) -> Option<Date> {
    let text: String = cell.trim().nfkc().collect();
    let text: String = without_time(&text).split_whitespace().collect();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    if whole.len() == 5 && is_number(fraction) {
        return serial(whole);
    }
    if text.len() == 8 && is_number(&text) {
        return civil(text.get(..4)?, text.get(4..6)?, text.get(6..)?);
    }
    let text = text.strip_suffix(['日', '号']).unwrap_or(&text);
    let parts: Vec<_> = text.split(['-', '/', '.', '年', '月']).collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => civil(year, month, day),
        _ => None,
    }
}

/// `2015-06-01 00:00:00` and `2015-06-01T00:00` are how programs write a day.
fn without_time(text: &str) -> &str {
    match text.rsplit_once([' ', 'T']) {
        Some((day, time)) if is_time(time) => day,
        _ => text,
    }
}

fn is_time(text: &str) -> bool {
    text.contains(':') && text.split([':', '.']).all(is_number)
}

/// ASCII digits, one at least.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    if ![year, month, day].into_iter().all(is_number) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Days since 30 December 1899: the spreadsheets' 1900 system takes that year for a leap year.
fn serial(text: &str) -> Option<Date> {
    const START: Date = Date::constant(1899, 12, 30);
    let days: i64 = is_number(text).then(|| text.parse().ok())??;
    START.checked_add(days.days()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 9, 1);

    #[test]
    fn a_leading_apostrophe_marks_text() {
        assert_eq!(unquoted(" '张伟 "), "张伟");
        assert_eq!(unquoted("O'Brien"), "O'Brien");
        assert_eq!(unquoted("'"), "");
    }

    #[test]
    fn genders_have_many_words() {
        for cell in ["男", "M", " 先生", "Male", "Ｍ"] {
            assert_eq!(gender(cell), Ok(Some(Gender::Male)));
        }
        for cell in ["女 ", "f", "女士", "Female"] {
            assert_eq!(gender(cell), Ok(Some(Gender::Female)));
        }
        for cell in ["", " ", "保密", "未知"] {
            assert_eq!(gender(cell), Ok(None));
        }
        assert_eq!(gender("龙"), Err(Unread));
    }

    #[test]
    fn intent_is_told_in_words_letters_and_stars() {
        for (cell, value) in [
            ("强", 4),
            ("A", 4),
            ("★★★", 4),
            ("高", 4),
            ("较强", 3),
            ("b", 3),
        ] {
            assert_eq!(intent(cell), Ok(Some(value)));
        }
        for (cell, value) in [
            ("中", 2),
            ("一般", 2),
            ("Ｃ", 2),
            ("弱", 1),
            ("D", 1),
            ("1", 1),
        ] {
            assert_eq!(intent(cell), Ok(Some(value)));
        }
        assert_eq!(intent("★★"), Err(Unread));
        assert_eq!(intent("5"), Err(Unread));
    }

    #[test]
    fn names_lose_their_stray_blanks() {
        assert_eq!(name(" 张伟\t").as_deref(), Ok("张伟"));
        assert_eq!(name("张\u{3000}伟").as_deref(), Ok("张伟"));
        assert_eq!(name("Tom   Smith").as_deref(), Ok("Tom Smith"));
        assert_eq!(name("𠮷田\u{0}").as_deref(), Ok("𠮷田"));
        assert_eq!(name("O'Brien").as_deref(), Ok("O'Brien"));
        for blank in ["", "   ", "\u{3000}", "\u{FEFF}"] {
            assert_eq!(name(blank), Err(&NAME_MISSING));
        }
    }

    #[test]
    fn a_formula_is_text() {
        let formula = "=HYPERLINK(\"http://x.example\",\"点我\")";
        assert_eq!(note(formula).as_deref(), Some(formula));
        assert_eq!(note(" -1+1\r\n再定 ").as_deref(), Some("-1+1\n再定"));
        assert_eq!(note(" \n"), None);
    }

    #[test]
    fn lists_are_parted_at_any_comma_and_at_line_breaks() {
        assert_eq!(list("价格敏感、VIP, VIP；"), ["价格敏感", "VIP"]);
        assert_eq!(
            list("甲，乙;丙|丁/戊\r\n己 庚"),
            ["甲", "乙", "丙", "丁", "戊", "己 庚"]
        );
        assert!(list(" 、/\n").is_empty() && list("N/A").is_empty());
    }

    #[test]
    fn a_cell_may_hold_two_numbers() {
        let numbers = |cell| {
            phones(cell).map(|phones| {
                phones
                    .iter()
                    .map(|p| p.e164().to_owned())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            numbers("138-0013-8000/13900139000"),
            Ok(vec![
                "+8613800138000".to_owned(),
                "+8613900139000".to_owned()
            ])
        );
        assert_eq!(
            numbers("13800138000 8613800138000").map(|all| all.len()),
            Ok(1)
        );
        assert_eq!(numbers(" "), Ok(vec![]));
        assert!(numbers("13800138000/无").is_err());
    }

    #[test]
    fn a_birth_date_in_all_its_forms() {
        for cell in [
            "2015-06-01",
            "2015-6-1",
            "2015/6/1",
            "2015.06.01",
            "2015年6月1日",
            "2015 年 6 月 1 日",
            "2015年06月01号",
            "20150601",
            "２０１５-０６-０１",
            "2015-06-01 00:00:00",
            "2015-06-01T00:00:00.000",
            "42156",
        ] {
            assert_eq!(
                birth_date(cell, TODAY),
                Ok(Some(date(2015, 6, 1))),
                "{cell}"
            );
        }
        assert_eq!(birth_date(" ", TODAY), Ok(None));
        assert_eq!(birth_date("2026-09-01", TODAY), Ok(Some(TODAY)));
    }

    #[test]
    fn a_birth_date_that_cannot_be_right_is_refused() {
        for cell in [
            "昨天",
            "2015-13-02",
            "2015年2月30日",
            "2031-01-01",
            "2026-09-02",
            "60000",
            "1899-12-31",
            "6/1/2015",
            "01-06-2015",
            "15-06-01",
            "2015-06",
            "2015年6月",
            "2015",
            "150601",
            "-2015-06-01",
            "2015-+6-01",
        ] {
            assert_eq!(birth_date(cell, TODAY), Err(&BIRTH_DATE_INVALID), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn a_serial_counts_days(days in 10_000..46_000_i64) {
            let read = serial(&days.to_string());
            prop_assert_eq!(read, date(1900, 3, 1).checked_add((days - 61).days()).ok());
            prop_assert_eq!(day(&format!("{days}.75")), read);
        }

        #[test]
        fn any_cell_is_read_or_refused(cell in "\\PC{0,30}") {
            let _ = (birth_date(&cell, TODAY), name(&cell), phones(&cell), email(&cell));
        }
    }
}
