use std::collections::BTreeSet;

use super::{
    CUSTOM_CHOICE_REMOVED, CUSTOM_CHOICES_UNFIT, CUSTOM_DECIMALS_UNFIT, CUSTOM_FIELD_CODE_INVALID,
};
use crate::{
    customers::{ITEM_REPEATED, Kind, Stage},
    fault::{Fault, FieldFault, TOO_MANY},
    reference::Details,
    text, text_enum,
};

text_enum! {
    /// Whose field a custom field is.
    FieldEntity as "CustomFieldEntity" {
        Customer = "customer" { "客户", "Customer" }
    }
}

text_enum! {
    /// What a custom field holds.
    FieldType as "CustomFieldType" {
        /// Up to [`VALUE_TEXT_MAX`](super::VALUE_TEXT_MAX) characters, line breaks among them.
        Text = "text" { "文本", "Text" }
        /// Whole, or with up to four decimals: a whole number of its smallest decimal.
        Number = "number" { "数字", "Number" }
        Date = "date" { "日期", "Date" }
        Choice = "choice" { "单选", "One of a list" }
        MultiChoice = "multi_choice" { "多选", "Several of a list" }
        YesNo = "yes_no" { "是否", "Yes or no" }
        /// In the currency of the institution.
        Money = "money" { "金额", "Amount of money" }
        /// A member of staff.
        Person = "person" { "人员", "Member of staff" }
    }
}

/// Longest name of a field or a choice, in characters.
pub const FIELD_NAME_MAX: usize = 50;
/// Fields of one kind of record that are not archived, at most.
pub const FIELDS_MAX: u64 = 100;
/// Choices of a field, archived ones included, at most.
pub const CHOICES_MAX: usize = 200;
/// Decimals of a number, at most.
pub const DECIMALS_MAX: i16 = 4;

/// The code of a field or of a choice: a letter, then up to 39 letters, digits and underscores, all lower
/// case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldCode(String);

impl FieldCode {
    /// `None` where the text is no code.
    pub fn parse(text: &str) -> Option<Self> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_code = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= 40
            && text.chars().all(is_part);
        is_code.then(|| Self(text.to_owned()))
    }

    /// The code that was sent in this field.
    ///
    /// # Errors
    /// Where it is none.
    pub fn sent(pointer: impl Into<String>, text: &str) -> Result<Self, FieldFault> {
        Self::parse(text).ok_or_else(|| FieldFault::new(pointer.into(), &CUSTOM_FIELD_CODE_INVALID))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One of the values of a field of choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChoice {
    /// By which values name it; it never changes and never goes.
    pub code: FieldCode,
    pub name: String,
    /// Whether it can't be chosen any more.
    pub is_archived: bool,
}

/// A custom field (自定义字段, CFG-01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Never changed.
    pub entity: FieldEntity,
    /// Never changed: values are named by it.
    pub code: FieldCode,
    /// Unique among those of the entity that are not archived.
    pub name: String,
    /// Never changed.
    pub field_type: FieldType,
    /// Of a number, never changed: a value of 1355 with one decimal is 135.5.
    pub decimals: i16,
    /// In the order in which they are shown.
    pub choices: Vec<FieldChoice>,
    /// Which kinds of customer have it; all, where none is named.
    pub kinds: BTreeSet<Kind>,
    /// Whether its values are sealed. Never changed.
    pub is_sensitive: bool,
    /// At which stages a customer must have a value.
    pub required_at: BTreeSet<Stage>,
    /// Where it stands among the others: by this, then by code.
    pub position: i32,
}

impl CustomField {
    /// Whether customers of a kind have it.
    pub fn fits(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether a customer of a kind must have a value at a stage (CUST-25).
    pub fn is_required(&self, kind: Kind, stage: Stage) -> bool {
        self.fits(kind) && self.required_at.contains(&stage)
    }

    /// Codes of the choices that can be made.
    pub fn open_choices(&self) -> impl Iterator<Item = &FieldCode> {
        let open = self.choices.iter().filter(|choice| !choice.is_archived);
        open.map(|choice| &choice.code)
    }

    /// The field with other choices.
    ///
    /// # Errors
    /// Where one of those it has is not among them: values may name it.
    pub fn with_choices(self, choices: Vec<FieldChoice>) -> Result<Self, FieldFault> {
        let kept = |code: &FieldCode| choices.iter().any(|choice| choice.code == *code);
        match self.choices.iter().find(|choice| !kept(&choice.code)) {
            Some(gone) => Err(FieldFault::new("/choices", &CUSTOM_CHOICE_REMOVED)
                .with("code", gone.code.as_str())),
            None => Ok(Self { choices, ..self }),
        }
    }

    fn checked_choices(&self) -> Result<Vec<FieldChoice>, Fault> {
        let has_choices = matches!(self.field_type, FieldType::Choice | FieldType::MultiChoice);
        if has_choices != self.open_choices().next().is_some()
            || !has_choices && !self.choices.is_empty()
        {
            return Err(Fault::field("/choices", &CUSTOM_CHOICES_UNFIT));
        }
        if self.choices.len() > CHOICES_MAX {
            let fault = FieldFault::new("/choices", &TOO_MANY).with("max", CHOICES_MAX);
            return Err(fault.into());
        }
        let (mut codes, mut names) = (BTreeSet::new(), BTreeSet::new());
        let (mut checked, mut faults) = (Vec::new(), Vec::new());
        for (place, choice) in self.choices.iter().enumerate() {
            let at = format!("/choices/{place}");
            match text::line("", &choice.name, FIELD_NAME_MAX) {
                Ok(name) => {
                    if !names.insert(text::fold(&name)) {
                        faults.push(FieldFault::new(format!("{at}/name"), &ITEM_REPEATED));
                    }
                    checked.push(FieldChoice {
                        name,
                        ..choice.clone()
                    });
                }
                Err(fault) => faults.push(FieldFault {
                    pointer: format!("{at}/name").into(),
                    ..fault
                }),
            }
            if !codes.insert(&choice.code) {
                faults.push(FieldFault::new(format!("{at}/code"), &ITEM_REPEATED));
            }
        }
        Fault::unless_empty(faults)?;
        Ok(checked)
    }
}

impl Details for CustomField {
    fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, FIELD_NAME_MAX).map_err(Fault::from);
        let (name, choices) = Fault::both(name, self.checked_choices())?;
        let most = match self.field_type {
            FieldType::Number => DECIMALS_MAX,
            _ => 0,
        };
        if !(0..=most).contains(&self.decimals) {
            return Err(Fault::field("/decimals", &CUSTOM_DECIMALS_UNFIT));
        }
        Ok(Self {
            name,
            choices,
            ..self
        })
    }
}
