//! Human-facing numbers without gaps: a series (号段) a campus and year (I-05).

use std::fmt;

use crate::text_enum;

text_enum! {
    /// What is numbered.
    Series as "NumberSeries" {
        Receipt = "receipt" { "收据", "Receipt" }
    }
}

impl Series {
    fn letter(self) -> char {
        match self {
            Self::Receipt => 'R',
        }
    }
}

/// A number of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub series: Series,
    /// The campus by its own short number in the institution, from 1.
    pub campus: i32,
    pub year: i16,
    /// From 1, without gaps.
    pub value: i64,
}

/// `R2026-01-000042`: series, year, campus, value.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            campus,
            year,
            value,
            ..
        } = self;
        write!(
            f,
            "{}{year:04}-{campus:02}-{value:06}",
            self.series.letter()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_series_year_and_campus() {
        let number = Number {
            series: Series::Receipt,
            campus: 3,
            year: 2026,
            value: 42,
        };
        assert_eq!(number.to_string(), "R2026-03-000042");
        let large = Number {
            campus: 120,
            value: 1_234_567,
            ..number
        };
        assert_eq!(large.to_string(), "R2026-120-1234567");
    }
}
