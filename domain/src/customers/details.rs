//! What is known of a customer beyond the basic profile (CUST-08…10, CUST-12…14, CUST-21, CUST-22,
//! CUST-49, CUST-52).
//!
//! A part of the customer that stands apart, so that lists stay lean: most customers have none of it.
//! Each field is declared once, in [`details!`]: what it is called, which kinds of customer have it,
//! whether it tells something of a person that the trail must not repeat, and whether it is beyond what an
//! enquiry needs.

use std::collections::BTreeSet;

use super::{CityClass, DETAIL_NOT_FITTING, ITEM_REPEATED, Kind, RegionCode};
use crate::{
    conditions::field::{Choice, choices_of},
    fault::{Fault, FieldFault, TOO_MANY},
    text, text_enum,
    text_enum::TextEnum,
};

text_enum! {
    /// How much of something a customer has.
    Level as "CustomerLevel" {
        Low = "low" { "低", "Low" }
        Medium = "medium" { "中", "Medium" }
        High = "high" { "高", "High" }
    }
}

text_enum! {
    /// By what a customer influences others (影响力, CUST-49).
    Influence as "CustomerInfluence" {
        Position = "position" { "社会地位", "Position" }
        Duty = "duty" { "职务", "Duty" }
        Achievement = "achievement" { "个人成就", "Achievement" }
    }
}

/// Longest text, in characters.
pub const DETAIL_TEXT_MAX: usize = 1000;
/// Longest line, in characters.
pub const DETAIL_LINE_MAX: usize = 200;
/// Longest item of a list, in characters.
pub const DETAIL_ITEM_MAX: usize = 50;
/// Items of a list, at most.
pub const DETAIL_ITEMS_MAX: usize = 20;

/// A field of the details.
#[derive(Debug)]
pub struct DetailField {
    /// In the words of the contract; its column has the same name.
    pub name: &'static str,
    /// The field as rules and the trail name it: `details.needs`.
    pub path: &'static str,
    /// Whether customers of a kind have it.
    pub fits: fn(Kind) -> bool,
    /// Whether it is a list: its column holds each item between line breaks, so that one can be sought.
    pub is_list: bool,
    /// Of free text, the column that holds it as it is compared; of a list, each item so.
    pub folded: Option<&'static str>,
    /// Its values, where these are a closed list.
    pub choices: Option<fn() -> Vec<Choice>>,
    /// Whether its value never goes on the trail in the clear.
    pub is_personal: bool,
    /// Whether it tells more than an enquiry needs: of a child under 14 it is kept only once a guardian
    /// has agreed (I-36).
    pub is_beyond_enquiry: bool,
}

/// By its name, which no other has.
impl PartialEq for DetailField {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for DetailField {}

impl std::hash::Hash for DetailField {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Text of several lines.
pub type Text = Option<Prose>;
/// Short texts, each once.
pub type Items = Vec<String>;

/// Text of several lines, as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prose(pub String);

/// A value as it is checked, and as it stands in its column.
trait Value: Sized {
    const IS_LIST: bool = false;
    const IS_FREE_TEXT: bool = false;
    const CHOICES: Option<fn() -> Vec<Choice>> = None;

    /// In canonical form.
    fn checked(self, pointer: &'static str) -> Result<Self, FieldFault>;
    /// `None` where nothing is known.
    fn stored(&self) -> Option<String>;
    /// `None` where the column can't hold this.
    fn read(stored: &str) -> Option<Self>;
}

impl Value for Text {
    const IS_FREE_TEXT: bool = true;

    fn checked(self, pointer: &'static str) -> Result<Self, FieldFault> {
        let Some(Prose(told)) = self else {
            return Ok(None);
        };
        text::note(pointer, &told, DETAIL_TEXT_MAX).map(|told| Some(Prose(told)))
    }

    fn stored(&self) -> Option<String> {
        self.as_ref().map(|told| told.0.clone())
    }

    fn read(stored: &str) -> Option<Self> {
        Some(Some(Prose(stored.to_owned())))
    }
}

/// A single line.
impl Value for Option<String> {
    const IS_FREE_TEXT: bool = true;

    fn checked(self, pointer: &'static str) -> Result<Self, FieldFault> {
        self.map(|line| text::line(pointer, &line, DETAIL_LINE_MAX))
            .transpose()
    }

    fn stored(&self) -> Option<String> {
        self.clone()
    }

    fn read(stored: &str) -> Option<Self> {
        Some(Some(stored.to_owned()))
    }
}

impl Value for Items {
    const IS_LIST: bool = true;
    const IS_FREE_TEXT: bool = true;

    fn checked(self, pointer: &'static str) -> Result<Self, FieldFault> {
        if self.len() > DETAIL_ITEMS_MAX {
            return Err(FieldFault::new(pointer, &TOO_MANY).with("max", DETAIL_ITEMS_MAX));
        }
        let mut seen = BTreeSet::new();
        let item = |(place, item): (usize, String)| {
            let at = format!("{pointer}/{place}");
            let item = text::line("", &item, DETAIL_ITEM_MAX).map_err(|fault| FieldFault {
                pointer: at.clone().into(),
                ..fault
            })?;
            match seen.insert(text::fold(&item)) {
                true => Ok(item),
                false => Err(FieldFault::new(at, &ITEM_REPEATED)),
            }
        };
        self.into_iter().enumerate().map(item).collect()
    }

    fn stored(&self) -> Option<String> {
        between_breaks(self.iter().map(String::as_str))
    }

    fn read(stored: &str) -> Option<Self> {
        Some(detail_items(stored).map(str::to_owned).collect())
    }
}

impl<E: TextEnum + Ord> Value for BTreeSet<E> {
    const IS_LIST: bool = true;
    const CHOICES: Option<fn() -> Vec<Choice>> = Some(choices_of::<E>);

    fn checked(self, _: &'static str) -> Result<Self, FieldFault> {
        Ok(self)
    }

    fn stored(&self) -> Option<String> {
        between_breaks(self.iter().map(|value| value.as_str()))
    }

    fn read(stored: &str) -> Option<Self> {
        detail_items(stored).map(E::parse).collect()
    }
}

impl<E: TextEnum> Value for Option<E> {
    const CHOICES: Option<fn() -> Vec<Choice>> = Some(choices_of::<E>);

    fn checked(self, _: &'static str) -> Result<Self, FieldFault> {
        Ok(self)
    }

    fn stored(&self) -> Option<String> {
        self.map(|value| value.as_str().to_owned())
    }

    fn read(stored: &str) -> Option<Self> {
        E::parse(stored).map(Some)
    }
}

impl DetailField {
    /// Text as it is compared, of what stands in its column; of a list, each item between line breaks.
    pub fn fold(&self, stored: &str) -> Option<String> {
        match self.is_list {
            true => between_breaks(detail_items(stored).map(text::fold)),
            false => Some(text::fold(stored)),
        }
    }
}

fn between_breaks(items: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    let mut stored = String::new();
    for item in items {
        stored.push('\n');
        stored.push_str(item.as_ref());
    }
    (!stored.is_empty()).then(|| stored + "\n")
}

/// The items of a list as its column holds them.
pub fn detail_items(stored: &str) -> impl Iterator<Item = &str> {
    stored.split('\n').filter(|item| !item.is_empty())
}

impl Value for Option<RegionCode> {
    fn checked(self, _: &'static str) -> Result<Self, FieldFault> {
        Ok(self)
    }

    fn stored(&self) -> Option<String> {
        self.as_ref().map(|code| code.as_str().to_owned())
    }

    fn read(stored: &str) -> Option<Self> {
        RegionCode::parse(stored).map(Some)
    }
}

fn anyone(_: Kind) -> bool {
    true
}

fn guardian(kind: Kind) -> bool {
    kind == Kind::Guardian
}

fn partner(kind: Kind) -> bool {
    kind == Kind::Partner
}

fn organisation(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::School | Kind::Institution | Kind::Partner | Kind::Company
    )
}

macro_rules! details {
    ($( $(#[$doc:meta])* $field:ident: $type:ty, $fits:ident $privacy:ident $need:ident; )+) => {
        /// What is known of a customer beyond its profile.
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct Details {
            $( $(#[$doc])* pub $field: $type, )+
        }

        /// Every field of the details, in the order of the contract.
        pub static DETAIL_FIELDS: &[DetailField] = &[
            $( DetailField {
                name: stringify!($field),
                path: concat!("details.", stringify!($field)),
                fits: $fits,
                is_list: <$type as Value>::IS_LIST,
                folded: if <$type as Value>::IS_FREE_TEXT {
                    Some(concat!(stringify!($field), "_fold"))
                } else {
                    None
                },
                choices: <$type as Value>::CHOICES,
                is_personal: details!(@ $privacy),
                is_beyond_enquiry: details!(@ $need),
            } ),+
        ];

        impl Details {
            /// The details of a customer of this kind in canonical form.
            ///
            /// # Errors
            /// Every field that breaks a rule or does not fit the kind, at once.
            pub fn checked(self, kind: Kind) -> Result<Self, Fault> {
                let mut faults = Vec::new();
                $( let $field = match self.$field.checked(concat!("/details/", stringify!($field))) {
                    Ok(value) => value,
                    Err(fault) => {
                        faults.push(fault);
                        Default::default()
                    }
                }; )+
                let checked = Self { $( $field ),+ };
                for (field, value) in checked.stored() {
                    if value.is_some() && !(field.fits)(kind) {
                        let pointer = format!("/details/{}", field.name);
                        faults.push(FieldFault::new(pointer, &DETAIL_NOT_FITTING));
                    }
                }
                Fault::unless_empty(faults)?;
                Ok(checked)
            }

            /// Each field with what stands in its column.
            pub fn stored(&self) -> Vec<(&'static DetailField, Option<String>)> {
                let values = vec![ $( self.$field.stored() ),+ ];
                DETAIL_FIELDS.iter().zip(values).collect()
            }

            /// Each column of text as it is compared, and what stands in it.
            pub fn folded(&self) -> Vec<(&'static str, Option<String>)> {
                let folded = self.stored().into_iter().filter_map(|(field, value)| {
                    Some((field.folded?, value.and_then(|value| field.fold(&value))))
                });
                folded.collect()
            }

            /// The details whose columns hold this; `None` where one can't.
            pub fn read(mut column: impl FnMut(&'static str) -> Option<String>) -> Option<Self> {
                Some(Self {
                    $( $field: match column(stringify!($field)) {
                        Some(stored) => <$type as Value>::read(&stored)?,
                        None => Default::default(),
                    }, )+
                })
            }
        }
    };
    (@ personal) => { true };
    (@ plain) => { false };
    (@ beyond) => { true };
    (@ enquiry) => { false };
}

details! {
    /// What the customer needs (需求, CUST-08).
    needs: Text, anyone personal enquiry;
    /// What the customer hopes for (教育期望, CUST-08).
    expectations: Text, anyone personal enquiry;
    /// Background (背景, CUST-22).
    background: Text, anyone personal beyond;
    /// Where the customer is heading (发展趋势, CUST-22).
    development_trend: Text, anyone personal beyond;
    /// How the customer buys (消费习惯, CUST-09).
    consumption_habits: Text, anyone personal beyond;
    /// What is peculiar to the need (需求特点, CUST-09).
    need_features: Text, anyone personal beyond;
    /// How the customer lives (居住情况, CUST-18); the address is a contact point.
    residence: Text, anyone personal beyond;
    /// What the customer likes to do (兴趣爱好, CUST-08).
    hobbies: Items, anyone personal beyond;
    /// Which products the customer prefers (产品偏好, CUST-10).
    preferences_product: Items, anyone personal enquiry;
    /// Which services the customer prefers (服务偏好, CUST-10).
    preferences_service: Items, anyone personal enquiry;
    /// What a guardian minds most (关注重点, CUST-12).
    focus_of_concern: Items, guardian personal beyond;
    /// Where the customer lives, by GB/T 2260 (CUST-03, CUST-07).
    region_code: Option<RegionCode>, anyone plain enquiry;
    /// What kind of place that is, where somebody said so (CUST-07).
    city_class: Option<CityClass>, anyone plain enquiry;
    /// By what the customer influences others (影响力, CUST-49).
    influence: BTreeSet<Influence>, anyone plain beyond;
    /// How, in words (CUST-49).
    influence_note: Text, anyone personal beyond;
    /// How much the customer may come to spend (消费潜力, CUST-13).
    consumption_potential: Option<Level>, anyone plain beyond;
    /// How much the customer can spend (消费能力, CUST-14).
    spending_power: Option<Level>, anyone plain beyond;
    /// Which tier of membership the customer has (会员等级).
    membership_tier: Option<String>, anyone plain enquiry;
    /// What a partner is strong in (优势资源, CUST-21).
    advantage_resources: Text, partner plain enquiry;
    /// In which industry an organization works (行业, CUST-52).
    industry: Option<String>, organisation plain enquiry;
    /// How large it is (规模, CUST-52).
    size: Option<String>, organisation plain enquiry;
    /// Its website (网站, CUST-52).
    website: Option<String>, organisation plain enquiry;
    /// Which exhibitions it attends (参展情况, CUST-52).
    exhibitions: Text, organisation plain enquiry;
    /// How good its credit is (信用状况, CUST-52).
    credit: Text, organisation plain enquiry;
    /// How it runs (经营状况, CUST-52).
    operation: Text, organisation plain enquiry;
    /// How its sales go (销售状况, CUST-52).
    sales_situation: Text, organisation plain enquiry;
    /// In which business it is (业务范围, CUST-36).
    business_scope: Text, organisation plain enquiry;
}

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Details {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The class of the customer's place: as somebody said, else as the code of the region has it.
    pub fn place_class(&self) -> Option<CityClass> {
        self.city_class
            .or_else(|| self.region_code.as_ref()?.city_class())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Details {
        Details {
            needs: Some(Prose("数学提高\n晚上上课".into())),
            hobbies: vec!["篮球".into(), "画画".into()],
            influence: BTreeSet::from([Influence::Duty, Influence::Position]),
            region_code: RegionCode::parse("110108"),
            ..Details::default()
        }
    }

    #[test]
    fn what_stands_in_columns_is_read_as_it_was() {
        let details = known().checked(Kind::Student).unwrap();
        let stored = details.stored();
        let column = |name: &str| {
            let mut stored = stored.iter();
            stored.find(|(field, _)| field.name == name)?.1.clone()
        };
        assert_eq!(column("hobbies").as_deref(), Some("\n篮球\n画画\n"));
        assert_eq!(Details::read(column), Some(details));
        assert_eq!(Details::read(|_| None), Some(Details::default()));
        assert!(Details::read(|name| (name == "influence").then(|| "\nfame\n".into())).is_none());
    }

    #[test]
    fn a_field_is_for_the_kinds_that_have_it() {
        let company = Details {
            industry: Some("教育".into()),
            focus_of_concern: vec!["升学".into()],
            ..known()
        };
        for (kind, broken) in [
            (Kind::Company, vec!["/details/focus_of_concern"]),
            (Kind::Guardian, vec!["/details/industry"]),
            (
                Kind::Student,
                vec!["/details/focus_of_concern", "/details/industry"],
            ),
        ] {
            let fault = company.clone().checked(kind).unwrap_err();
            let pointers: Vec<_> = fault.fields.iter().map(|f| f.pointer.as_ref()).collect();
            assert_eq!(pointers, broken, "{kind:?}");
        }
    }

    #[test]
    fn a_list_has_each_item_once() {
        let repeated = Details {
            hobbies: vec!["Chess".into(), "画画".into(), "chess".into()],
            ..Details::default()
        };
        let fault = repeated.checked(Kind::Student).unwrap_err();
        assert_eq!(fault.fields[0].pointer, "/details/hobbies/2");
    }
}
