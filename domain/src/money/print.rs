//! Amounts as receipts print them: in figures, and in Chinese capital numerals.

use super::{Currency, Money};

/// Currencies whose smallest unit is not a hundredth (ISO 4217): code and decimal places.
const PLACES: &[(&str, usize)] = &[
    ("BHD", 3),
    ("BIF", 0),
    ("CLF", 4),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("UYI", 0),
    ("UYW", 4),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

/// The digits of capital numerals (大写数字), which can't be altered by a stroke.
const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

impl Currency {
    /// Decimal places of an amount in its main unit.
    pub fn places(&self) -> usize {
        PLACES
            .iter()
            .find(|(code, _)| *code == self.code())
            .map_or(2, |(_, places)| *places)
    }
}

impl Money {
    /// The amount in its main unit, in figures: `1,299.00`; `1,299` for yen.
    pub fn figures(self) -> String {
        let places = self.currency.places();
        let digits = format!("{:0>1$}", self.minor.unsigned_abs(), places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let mut out = String::new();
        if self.minor < 0 {
            out.push('-');
        }
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        if places > 0 {
            out.push('.');
            out.push_str(fraction);
        }
        out
    }

    /// The amount in Chinese capital numerals (大写金额), as the payment rules of the People's Bank
    /// of China want them on vouchers: `人民币壹仟贰佰玖拾玖元整`. Only for amounts of renminbi that
    /// are not negative.
    pub fn capitals(self) -> Option<String> {
        if self.currency != Currency::CNY || self.minor < 0 {
            return None;
        }
        let minor = self.minor.unsigned_abs();
        let (yuan, jiao, fen) = (minor / 100, minor / 10 % 10, minor % 10);
        let mut out = String::from("人民币");
        if yuan > 0 || minor == 0 {
            whole(&mut out, yuan);
            out.push('元');
        }
        if jiao > 0 {
            out.push(digit(jiao));
            out.push('角');
        } else if fen > 0 && yuan > 0 {
            out.push('零');
        }
        if fen > 0 {
            out.push(digit(fen));
            out.push('分');
        } else {
            out.push('整');
        }
        Some(out)
    }
}

fn digit(value: u64) -> char {
    usize::try_from(value % 10)
        .ok()
        .and_then(|place| DIGITS.get(place))
        .copied()
        .unwrap_or('零')
}

/// A whole number below a hundred million million, in groups of four digits.
fn whole(out: &mut String, number: u64) {
    if number == 0 {
        out.push('零');
        return;
    }
    // Zeros between other digits are read once, wherever the groups part.
    let mut is_gap = false;
    let mut begun = false;
    for (group, name) in [(3, "万"), (2, "亿"), (1, "万"), (0, "")] {
        let above = number / 10_u64.pow(4 * group);
        let four = above % 10_000;
        for (place, unit) in [(1000, "仟"), (100, "佰"), (10, "拾"), (1, "")] {
            let value = four / place % 10;
            if value == 0 {
                is_gap = begun;
                continue;
            }
            if is_gap {
                out.push('零');
            }
            out.push(digit(value));
            out.push_str(unit);
            is_gap = false;
            begun = true;
        }
        // 90,000,000,000,000 is 玖拾万亿: what stands above counts these, too.
        if four > 0 || (group == 2 && above > 0) {
            out.push_str(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().unwrap()).unwrap()
    }

    #[test]
    fn figures_follow_the_places_of_the_currency() {
        for (minor, code, figures) in [
            (129_900, "CNY", "1,299.00"),
            (5, "CNY", "0.05"),
            (0, "CNY", "0.00"),
            (-123_456_789, "CNY", "-1,234,567.89"),
            (1_299, "JPY", "1,299"),
            (0, "JPY", "0"),
            (1_299_001, "KWD", "1,299.001"),
            (Money::MAX_MINOR, "CNY", "90,071,992,547,409.91"),
        ] {
            assert_eq!(of(minor, code).figures(), figures);
        }
    }

    #[test]
    fn capitals_are_those_of_the_payment_rules() {
        // The first five are examples of the rules themselves.
        for (minor, capitals) in [
            (140_950, "壹仟肆佰零玖元伍角整"),
            (600_714, "陆仟零柒元壹角肆分"),
            (10_700_053, "壹拾万零柒仟元伍角叁分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (32_504, "叁佰贰拾伍元零肆分"),
            (129_900, "壹仟贰佰玖拾玖元整"),
            (0, "零元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (55, "伍角伍分"),
            (1_000, "壹拾元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_000_500, "壹亿零伍元整"),
            (10_001_000_000, "壹亿零壹万元整"),
            (100_100_000, "壹佰万零壹仟元整"),
            (9_000_000_000_000_000, "玖拾万亿元整"),
            (
                Money::MAX_MINOR,
                "玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分",
            ),
        ] {
            assert_eq!(
                of(minor, "CNY").capitals(),
                Some(format!("人民币{capitals}"))
            );
        }
    }

    #[test]
    fn only_renminbi_that_is_not_negative_has_capitals() {
        assert_eq!(of(100, "USD").capitals(), None);
        assert_eq!(of(-100, "CNY").capitals(), None);
    }

    /// Reads capital numerals back, by the value of each group.
    fn read(capitals: &str) -> i64 {
        let (mut total, mut section, mut group, mut digit) = (0_i64, 0_i64, 0_i64, 0_i64);
        let mut minor = 0;
        for c in capitals.chars() {
            if let Some(value) = DIGITS.iter().position(|d| *d == c) {
                digit = i64::try_from(value).unwrap();
                continue;
            }
            match c {
                '仟' => group += digit * 1000,
                '佰' => group += digit * 100,
                '拾' => group += digit * 10,
                '万' => {
                    section += (group + digit) * 10_000;
                    group = 0;
                }
                '亿' => {
                    total = (section + group + digit) * 100_000_000;
                    (section, group) = (0, 0);
                }
                '元' => minor += (total + section + group + digit) * 100,
                '角' => minor += digit * 10,
                '分' => minor += digit,
                _ => {}
            }
            digit = 0;
        }
        minor
    }

    proptest! {
        #[test]
        fn capitals_say_the_amount(minor in prop_oneof![0..1_000_000_i64, 0..=Money::MAX_MINOR]) {
            let capitals = of(minor, "CNY").capitals().unwrap();
            prop_assert_eq!(read(&capitals), minor, "{}", capitals);
            prop_assert!(!capitals.contains("零零"));
        }
    }
}
