//! Regions by their codes (行政区划代码, GB/T 2260), and what kind of place they are (CUST-07).

use super::REGION_CODE_INVALID;
use crate::{fault::FieldFault, text_enum};

text_enum! {
    /// What kind of place a customer lives in.
    CityClass as "CityClass" {
        First = "first" { "一线城市", "First-tier city" }
        Second = "second" { "二线城市", "Second-tier city" }
        Third = "third" { "三线城市", "Third-tier city" }
        Rural = "rural" { "农村", "Rural" }
    }
}

/// The code of a province, a city or a county: two digits each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionCode(String);

/// The first two digits: provinces, autonomous regions, municipalities, and the special regions.
const PROVINCES: &[&str] = &[
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82",
];

/// Beijing, Shanghai, Guangzhou and Shenzhen, as everybody counts them.
const FIRST: &[&str] = &["11", "31", "4401", "4403"];

/// The other municipalities, the capitals of provinces, and the cities that plan for themselves (计划单列市):
/// what is second-tier by its standing. Rankings by commerce change each year and are no part of the standard;
/// who goes by one says the class.
const SECOND: &[&str] = &[
    "12", "50", "1301", "1401", "1501", "2101", "2102", "2201", "2301", "3201", "3301", "3302",
    "3401", "3501", "3502", "3601", "3701", "3702", "4101", "4201", "4301", "4501", "4601", "5101",
    "5201", "5301", "5401", "6101", "6201", "6301", "6401", "6501",
];

impl RegionCode {
    /// `None` where the text has not the form of a code, or its province is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_form = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        let is_known = is_form
            && PROVINCES.iter().any(|province| text.starts_with(province))
            // A county is in a city, or in what stands for one.
            && (text.ends_with("00") || text.get(2..4) != Some("00"));
        is_known.then(|| Self(text.to_owned()))
    }

    /// The code that was sent.
    ///
    /// # Errors
    /// Where it is none.
    pub fn sent(pointer: &'static str, text: &str) -> Result<Self, FieldFault> {
        Self::parse(text).ok_or_else(|| FieldFault::new(pointer, &REGION_CODE_INVALID))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of place it is, as far as the code says: counties and banners (21…80) are rural; a
    /// district, and a city as a whole, is of the class of its city; cities of counties (81…99, or those
    /// right below a province, 90) are third-tier. A province, a league or an autonomous prefecture says
    /// nothing, nor do the special regions.
    pub fn city_class(&self) -> Option<CityClass> {
        let part = |from: usize| self.0.get(from..from + 2)?.parse::<u8>().ok();
        let (province, city, county) = (part(0)?, part(2)?, part(4)?);
        if (21..=80).contains(&county) {
            return Some(CityClass::Rural);
        }
        let is_among = |cities: &[&str]| cities.iter().any(|of| self.0.starts_with(of));
        match (city, county) {
            _ if province >= 71 => None,
            _ if county >= 81 => Some(CityClass::Third),
            _ if is_among(FIRST) => Some(CityClass::First),
            _ if is_among(SECOND) => Some(CityClass::Second),
            (90, 1..) | (1..=20 | 51..=70, _) => Some(CityClass::Third),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_and_a_province() {
        for code in ["110108", "440300", "330000", "429004", "810000"] {
            assert!(RegionCode::parse(code).is_some(), "{code}");
        }
        for code in [
            "",
            "11010",
            "1101080",
            "990101",
            "000000",
            "1101a8",
            "110001",
            "１１０１０８",
        ] {
            assert!(RegionCode::parse(code).is_none(), "{code}");
        }
    }

    #[test]
    fn the_class_of_a_city_is_told_where_the_code_says_enough() {
        for (code, class) in [
            ("110108", Some(CityClass::First)),
            ("440300", Some(CityClass::First)),
            ("440106", Some(CityClass::First)),
            ("330106", Some(CityClass::Second)),
            ("500103", Some(CityClass::Second)),
            // A county of Chongqing.
            ("500229", Some(CityClass::Rural)),
            ("320500", Some(CityClass::Third)),
            ("320583", Some(CityClass::Third)),
            ("330122", Some(CityClass::Rural)),
            ("429004", Some(CityClass::Third)),
            ("429021", Some(CityClass::Rural)),
            // Provinces, autonomous prefectures, special regions.
            ("330000", None),
            ("532900", None),
            ("810000", None),
        ] {
            assert_eq!(
                RegionCode::parse(code).unwrap().city_class(),
                class,
                "{code}"
            );
        }
    }
}
