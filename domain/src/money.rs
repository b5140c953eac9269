//! Amounts of money that never lose a cent.
//!
//! An amount is a whole number of the currency's smallest unit (分 for CNY). There are no operators:
//! every sum can leave the range or mix currencies, so every sum says that it can be refused.

mod codes;
mod print;

use std::{cmp::Reverse, fmt, num::NonZeroU32, str::FromStr};

use crate::{
    fault::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH, Fault, Rule},
    rules,
};

rules! {
    CURRENCY_UNKNOWN = Invalid "currency_unknown" {
        "币种代码无效", "Unknown currency";
        "请使用 ISO 4217 中的币种代码（三个大写字母），如 CNY。", "Use a code of ISO 4217 in capital letters, such as CNY." }
}

/// A currency by its code of three capital letters (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const CNY: Self = Self(*b"CNY");

    pub fn code(&self) -> &str {
        // The letters were checked when it was made
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = &'static Rule;

    /// A code of ISO 4217, in capital letters. Whether the institution uses it is another rule.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes().try_into() {
            Ok(letters) if codes::CODES.binary_search(&letters).is_ok() => Ok(Self(letters)),
            _ => Err(&CURRENCY_UNKNOWN),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in the smallest unit of its currency, within ±[`Money::MAX_MINOR`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The largest whole number that every JSON reader keeps exactly: 2^53 - 1.
    pub const MAX_MINOR: i64 = 9_007_199_254_740_991;

    /// The most of one charge, payment or price: sums of thousands of them stay in the range.
    pub const ONE_MAX_MINOR: i64 = 1_000_000_000_000;

    /// Refused with `amount_out_of_range` beyond ±[`Self::MAX_MINOR`].
    pub fn new(minor: i64, currency: Currency) -> Result<Self, Fault> {
        Self::within(minor.into(), currency)
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// For totals that are shown: the end of the range stands for what is beyond it.
    pub fn capped(minor: i128, currency: Currency) -> Self {
        let most = i128::from(Self::MAX_MINOR);
        let minor = i64::try_from(minor.clamp(-most, most)).unwrap_or(Self::MAX_MINOR);
        Self { minor, currency }
    }

    fn within(minor: i128, currency: Currency) -> Result<Self, Fault> {
        match i64::try_from(minor) {
            Ok(minor) if minor.unsigned_abs() <= Self::MAX_MINOR.unsigned_abs() => {
                Ok(Self { minor, currency })
            }
            _ => Err(Fault::new(&AMOUNT_OUT_OF_RANGE)),
        }
    }

    pub const fn minor(self) -> i64 {
        self.minor
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Refused with `currency_mismatch` or `amount_out_of_range`.
    pub fn plus(self, other: Self) -> Result<Self, Fault> {
        self.same_currency(other)?;
        Self::within(
            i128::from(self.minor) + i128::from(other.minor),
            self.currency,
        )
    }

    /// Refused with `currency_mismatch` or `amount_out_of_range`.
    pub fn minus(self, other: Self) -> Result<Self, Fault> {
        self.plus(other.negated()?)
    }

    /// The same amount the other way. The range has both ends, but sums are all read alike.
    pub fn negated(self) -> Result<Self, Fault> {
        self.times(-1)
    }

    /// Refused with `amount_out_of_range`.
    pub fn times(self, count: i64) -> Result<Self, Fault> {
        Self::within(i128::from(self.minor) * i128::from(count), self.currency)
    }

    /// `n` parts that sum exactly to the whole and differ by at most one unit, the larger ones
    /// first (of a negative amount: those further from zero), as I-07 demands. The caller keeps
    /// `n` small: every part is kept.
    pub fn split(self, n: NonZeroU32) -> Vec<Self> {
        let n = i64::from(n.get());
        let (part, rest) = (self.minor / n, self.minor % n);
        (0..n)
            .map(|i| {
                if i < rest.abs() {
                    part + rest.signum()
                } else {
                    part
                }
            })
            .map(|minor| Self { minor, ..self })
            .collect()
    }

    /// One part a weight, in proportion, summing exactly to the whole. The units that rounding
    /// down leaves over go to the largest remainders, earlier parts first (I-07).
    /// `None` where no weight is above zero: there is nobody to give the money to.
    pub fn split_by(self, weights: &[u64]) -> Option<Vec<Self>> {
        let whole = u128::from(self.minor.unsigned_abs());
        let total: u128 = weights.iter().copied().map(u128::from).sum();
        if total == 0 {
            return None;
        }
        let mut parts: Vec<_> = weights
            .iter()
            .map(|weight| whole * u128::from(*weight))
            .map(|product| (product / total, product % total))
            .collect();
        hand_out(whole, &mut parts);
        let sign = i128::from(self.minor.signum());
        parts
            .into_iter()
            .map(|(part, _)| Self::within(sign * i128::try_from(part).ok()?, self.currency).ok())
            .collect()
    }

    fn same_currency(self, other: Self) -> Result<(), Fault> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(Fault::new(&CURRENCY_MISMATCH))
        }
    }
}

/// Raises the parts with the largest remainders by one each until they sum to `whole`.
fn hand_out(whole: u128, parts: &mut [(u128, u128)]) {
    let mut left = whole - parts.iter().map(|(part, _)| part).sum::<u128>();
    let mut by_remainder: Vec<_> = parts.iter_mut().collect();
    by_remainder.sort_by_key(|(_, remainder)| Reverse(*remainder));
    for (part, _) in by_remainder {
        if left == 0 {
            return;
        }
        *part += 1;
        left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cny(minor: i64) -> Money {
        Money::new(minor, Currency::CNY).unwrap()
    }

    #[test]
    fn a_currency_is_one_of_iso_4217_in_capital_letters() {
        assert!(codes::CODES.is_sorted());
        assert_eq!("CNY".parse(), Ok(Currency::CNY));
        for text in ["cny", "CN", "CNYY", "QQQ", ""] {
            assert_eq!(text.parse::<Currency>(), Err(&CURRENCY_UNKNOWN), "{text}");
        }
    }

    fn sum(parts: &[Money]) -> i128 {
        parts.iter().map(|part| i128::from(part.minor())).sum()
    }

    fn minors(parts: Vec<Money>) -> Vec<i64> {
        parts.into_iter().map(Money::minor).collect()
    }

    fn any_amount() -> impl Strategy<Value = i64> {
        prop_oneof![
            -1000..1000_i64,
            -Money::MAX_MINOR..=Money::MAX_MINOR,
            Just(Money::MAX_MINOR),
            Just(-Money::MAX_MINOR),
        ]
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("CNY".parse(), Ok(Currency::CNY));
        assert_eq!(Currency::CNY.code(), "CNY");
        for wrong in ["", "CN", "cny", "CNYY", "C1Y", "元", "ＣＮＹ"] {
            assert_eq!(wrong.parse::<Currency>(), Err(&CURRENCY_UNKNOWN));
        }
    }

    #[test]
    fn amounts_stay_within_what_json_keeps() {
        assert!(Money::new(Money::MAX_MINOR + 1, Currency::CNY).is_err());
        assert!(Money::new(i64::MIN, Currency::CNY).is_err());
        let most = cny(Money::MAX_MINOR);
        assert_eq!(most.plus(cny(1)), Err(Fault::new(&AMOUNT_OUT_OF_RANGE)));
        assert_eq!(most.times(i64::MAX), Err(Fault::new(&AMOUNT_OUT_OF_RANGE)));
        assert_eq!(most.negated().and_then(Money::negated), Ok(most));
        assert_eq!(Money::capped(i128::MAX, Currency::CNY), most);
        assert_eq!(
            Money::capped(i128::MIN, Currency::CNY),
            most.negated().unwrap()
        );
        assert_eq!(Money::capped(5, Currency::CNY), cny(5));
    }

    #[test]
    fn currencies_never_mix() {
        let usd = Money::zero("USD".parse().unwrap());
        assert_eq!(cny(0).plus(usd), Err(Fault::new(&CURRENCY_MISMATCH)));
        assert_eq!(cny(0).minus(usd), Err(Fault::new(&CURRENCY_MISMATCH)));
    }

    #[test]
    fn larger_parts_come_first() {
        let three = NonZeroU32::new(3).unwrap();
        assert_eq!(minors(cny(100).split(three)), [34, 33, 33]);
        assert_eq!(minors(cny(-100).split(three)), [-34, -33, -33]);
        assert_eq!(minors(cny(1).split(three)), [1, 0, 0]);
    }

    #[test]
    fn the_largest_remainder_gets_the_unit_that_is_left() {
        assert_eq!(
            cny(100).split_by(&[1, 1, 1]).map(minors),
            Some(vec![34, 33, 33])
        );
        assert_eq!(
            cny(10).split_by(&[1, 0, 5]).map(minors),
            Some(vec![2, 0, 8])
        );
        assert_eq!(cny(-10).split_by(&[1, 5]).map(minors), Some(vec![-2, -8]));
        assert_eq!(cny(10).split_by(&[0, 0]), None);
        assert_eq!(cny(10).split_by(&[]), None);
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_cancel(a in any_amount(), b in any_amount()) {
            if let Ok(total) = cny(a).plus(cny(b)) {
                prop_assert_eq!(total.minus(cny(b)), Ok(cny(a)));
            }
        }

        #[test]
        fn equal_parts_sum_to_the_whole(a in any_amount(), n in 1..2_000_u32) {
            let parts = cny(a).split(NonZeroU32::new(n).unwrap());
            prop_assert_eq!(parts.len(), n as usize);
            prop_assert_eq!(sum(&parts), i128::from(a));
            let sizes: Vec<_> = parts.iter().map(|part| part.minor().abs()).collect();
            prop_assert!(sizes.is_sorted_by(|a, b| a >= b));
            prop_assert!(sizes.first().unwrap() - sizes.last().unwrap() <= 1);
        }

        #[test]
        fn weighed_parts_sum_to_the_whole(a in any_amount(), weights in prop::collection::vec(any::<u64>(), 1..50)) {
            let total: u128 = weights.iter().copied().map(u128::from).sum();
            prop_assume!(total > 0);
            let parts = cny(a).split_by(&weights).unwrap();
            prop_assert_eq!(sum(&parts), i128::from(a));
            for (part, weight) in parts.iter().zip(&weights) {
                let fair = u128::from(a.unsigned_abs()) * u128::from(*weight);
                let given = u128::from(part.minor().unsigned_abs()) * total;
                prop_assert!(fair.abs_diff(given) < total);
            }
        }
    }
}
