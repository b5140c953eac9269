//! Registration forms (客户信息登记表): what is asked of a customer of a kind, and what of it must be told
//! (CUST-24, CUST-25).
//!
//! A form has the fields of the profile, the details that fit the kind, contact points and the custom fields of
//! the institution. The institution marks those that it wants, by the stages at which they must be there, as a
//! custom field says it of itself. Every change is a version.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    CONTACTS_MAX, Customer, DETAIL_FIELDS, DetailField, Education, FORM_FIELD_UNKNOWN,
    FORM_INCOMPLETE, FORM_VERSION_UNFIT, GRADE_MAX, Gender, INTENT_MAX, ITEM_REPEATED, Kind,
    NAME_MAX, NOTE_MAX, Occupation, PLACE_MAX, Stage,
};
use crate::{
    access,
    conditions::{
        field::{Choice, Label, choices_of},
        registry::CUSTOM,
    },
    custom_fields::{CustomField, Definitions, FieldType, VALUE_TEXT_MAX},
    fault::{Fault, FieldFault, REQUIRED, Text},
    money::Money,
    text_enum,
    text_enum::TextEnum,
};

text_enum! {
    /// What is filled into a field of a form.
    FormFieldType as "FormFieldType" {
        Text = "text" { "文本", "Text" }
        Number = "number" { "数字", "Number" }
        Date = "date" { "日期", "Date" }
        Choice = "choice" { "单选", "One of a list" }
        MultiChoice = "multi_choice" { "多选", "Several of a list" }
        YesNo = "yes_no" { "是否", "Yes or no" }
        Money = "money" { "金额", "Amount of money" }
        Person = "person" { "人员", "Member of staff" }
        Items = "items" { "多个短文本", "Several short texts" }
        ContactPoints = "contact_points" { "联系方式", "Contact points" }
    }
}

/// What can be filled into a field, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct Filling {
    pub field_type: FormFieldType,
    /// Of a text, or of each of several, in characters.
    pub length_max: Option<usize>,
    /// Of several.
    pub items_max: Option<usize>,
    pub range: Option<(i64, i64)>,
    pub choices: fn() -> Vec<Choice>,
}

fn none() -> Vec<Choice> {
    Vec::new()
}

impl Filling {
    const fn of(field_type: FormFieldType) -> Self {
        Self {
            field_type,
            length_max: None,
            items_max: None,
            range: None,
            choices: none,
        }
    }

    /// Text of so many characters.
    pub const fn text(length_max: usize) -> Self {
        Self {
            length_max: Some(length_max),
            ..Self::of(FormFieldType::Text)
        }
    }

    /// So many short texts of so many characters.
    pub const fn items(length_max: usize, items_max: usize) -> Self {
        Self {
            length_max: Some(length_max),
            items_max: Some(items_max),
            ..Self::of(FormFieldType::Items)
        }
    }

    /// One of a list.
    pub const fn choice<E: TextEnum>() -> Self {
        Self {
            choices: choices_of::<E>,
            ..Self::of(FormFieldType::Choice)
        }
    }

    /// Several of a list.
    pub const fn choices<E: TextEnum>() -> Self {
        Self {
            choices: choices_of::<E>,
            ..Self::of(FormFieldType::MultiChoice)
        }
    }
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct FormField {
    /// As field rules name it: `school`, `details.needs`, `custom_fields.height_cm`.
    pub name: Cow<'static, str>,
    pub label: Label,
    pub field_type: FormFieldType,
    pub length_max: Option<usize>,
    pub items_max: Option<usize>,
    pub range: Option<(i64, i64)>,
    pub decimals: i16,
    pub choices: Vec<Choice>,
    /// Whether it is sealed, and shown by a reveal only.
    pub is_sensitive: bool,
    /// At which stages a customer must have it.
    pub required_at: BTreeSet<Stage>,
    /// Whether no customer can be without it, so that there is nothing to mark.
    pub is_fixed: bool,
}

/// The fields of the profile, with what is filled into them; after the name, which nobody can be without.
static PROFILE: &[(&str, Filling)] = &[
    ("gender", Filling::choice::<Gender>()),
    ("birth_date", Filling::of(FormFieldType::Date)),
    (
        "intent",
        Filling {
            range: Some((1, INTENT_MAX as i64)),
            ..Filling::of(FormFieldType::Number)
        },
    ),
    ("region", Filling::text(PLACE_MAX)),
    ("education", Filling::choice::<Education>()),
    ("occupation", Filling::choice::<Occupation>()),
    ("school", Filling::text(PLACE_MAX)),
    ("grade", Filling::text(GRADE_MAX)),
    ("note", Filling::text(NOTE_MAX)),
];

const NAME: &str = "name";
const CONTACTS: &str = "contact_points";

/// Every field of a kind that can be marked, custom fields aside, which say it of themselves.
fn markable(kind: Kind) -> impl Iterator<Item = (&'static str, Filling)> {
    let details = DETAIL_FIELDS.iter().filter(move |field| (field.fits)(kind));
    let contacts = Filling {
        items_max: Some(CONTACTS_MAX),
        ..Filling::of(FormFieldType::ContactPoints)
    };
    let profile = PROFILE.iter().copied();
    let details = details.map(|field: &DetailField| (field.path, field.filling));
    profile.chain([(CONTACTS, contacts)]).chain(details)
}

/// What an institution wants of customers of one kind, by the names of fields: at which stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<&'static str, BTreeSet<Stage>>);

impl Marks {
    /// The marks of a list that stands at `/marks` of a body; a field that is not named is optional.
    ///
    /// # Errors
    /// Every field that customers of the kind have not, that is named twice, that can't be marked, or that is
    /// not `asked` of whoever marks.
    pub fn sent(
        kind: Kind,
        list: &[(String, BTreeSet<Stage>)],
        asked: impl Fn(&str) -> bool,
    ) -> Result<Self, Fault> {
        let (mut marks, mut faults) = (Self::default(), Vec::new());
        for (place, (name, stages)) in list.iter().enumerate() {
            let at = format!("/marks/{place}/field");
            match markable(kind).find(|(known, _)| known == name && asked(known)) {
                None => faults.push(FieldFault::new(at, &FORM_FIELD_UNKNOWN)),
                Some((known, _)) if marks.0.contains_key(known) => {
                    faults.push(FieldFault::new(at, &ITEM_REPEATED));
                }
                Some((known, _)) => {
                    marks.0.insert(known, stages.clone());
                }
            }
        }
        Fault::unless_empty(faults)?;
        marks.0.retain(|_, stages| !stages.is_empty());
        Ok(marks)
    }

    /// The marks that are stored; those of fields that are no more are left out.
    pub fn stored(kind: Kind, list: impl IntoIterator<Item = (String, BTreeSet<Stage>)>) -> Self {
        let known = list.into_iter().filter_map(|(name, stages)| {
            let mut all = markable(kind);
            all.find(|(known, _)| *known == name)
                .map(|(known, _)| (known, stages))
        });
        Self(known.collect())
    }

    /// These, and of what was marked before that which whoever marks is not `asked`, and so does not see.
    #[must_use]
    pub fn beside(mut self, before: &Self, asked: impl Fn(&str) -> bool) -> Self {
        let unseen = before.iter().filter(|(name, _)| !asked(name));
        self.0
            .extend(unseen.map(|(name, stages)| (name, stages.clone())));
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &BTreeSet<Stage>)> {
        self.0.iter().map(|(name, stages)| (*name, stages))
    }

    /// Fields that a customer must have at a stage.
    fn at(&self, stage: Stage) -> impl Iterator<Item = &'static str> {
        let marks = self.0.iter();
        marks
            .filter(move |(_, stages)| stages.contains(&stage))
            .map(|(name, _)| *name)
    }
}

/// The marks of an institution, kind by kind.
#[derive(Clone, Debug, Default)]
pub struct AllMarks(pub BTreeMap<Kind, Marks>);

impl AllMarks {
    /// Fields that a customer must have where it stands.
    fn of(&self, customer: &Customer) -> BTreeSet<&'static str> {
        let marks = self.0.get(&customer.profile.kind).into_iter();
        marks
            .flat_map(|marks| marks.at(customer.profile.stage))
            .collect()
    }

    /// Refuses a customer that has not what its kind and stage demand: a new one, and one that lost it or came
    /// to where it is demanded. What was missing before, though it was demanded, stays missing in peace, and what is
    /// beyond an enquiry is not demanded of whom no more may be kept (I-36).
    ///
    /// # Errors
    /// Every such field that is `asked` of whoever writes.
    pub fn unless_missing(
        &self,
        before: Option<&Customer>,
        after: &Customer,
        keeps_more: bool,
        asked: impl Fn(&str) -> bool,
    ) -> Result<(), Fault> {
        let bore_it = |name: &str| {
            before.is_some_and(|before| !has(before, name) && self.of(before).contains(name))
        };
        let missing = self.of(after).into_iter();
        let missing = missing.filter(|name| !has(after, name) && !bore_it(name) && asked(name));
        let missing = missing.filter(|name| keeps_more || !is_beyond_enquiry(name));
        let faults = missing.map(|name| {
            let at = format!("/{}", name.replace('.', "/"));
            FieldFault::new(at, &REQUIRED)
        });
        Fault::unless_empty(faults.collect())
    }

    /// Refuses a filled form of a customer, who stands there with its custom fields, while something is missing
    /// that the form wants.
    ///
    /// # Errors
    /// Every such field that is `asked` of whoever writes, by its name.
    pub fn unless_incomplete(
        &self,
        definitions: &Definitions,
        customer: &Customer,
        asked: impl Fn(&str) -> bool,
    ) -> Result<(), Fault> {
        let wanted = self.of(customer).into_iter();
        let missing = wanted.filter(|name| !has(customer, name) && asked(name));
        let missing = missing.map(|name| name.to_owned());
        let (kind, stage) = (customer.profile.kind, customer.profile.stage);
        let custom = definitions.fields.iter().filter(|(_, field)| {
            field.is_required(kind, stage) && customer.custom.get(field.code.as_str()).is_none()
        });
        let custom = custom.map(|(_, field)| format!("{CUSTOM}{}", field.code.as_str()));
        let custom = custom.filter(|_| asked("custom_fields"));
        let faults = missing.chain(custom).map(|name| {
            let fault = FieldFault::new("/form", &FORM_INCOMPLETE);
            fault.with("field", name)
        });
        Fault::unless_empty(faults.collect())
    }
}

/// Whether a field tells more than an enquiry needs.
fn is_beyond_enquiry(name: &str) -> bool {
    let mut details = DETAIL_FIELDS.iter();
    details.any(|field| field.path == name && field.is_beyond_enquiry)
}

/// Whether a customer has something in a field.
fn has(customer: &Customer, name: &str) -> bool {
    let profile = &customer.profile;
    match name {
        "gender" => profile.gender != Gender::NotGiven,
        "birth_date" => profile.birth_date.is_some(),
        "intent" => profile.intent.is_some(),
        "region" => profile.region.is_some(),
        "education" => profile.education.is_some(),
        "occupation" => profile.occupation.is_some(),
        "school" => profile.school.is_some(),
        "grade" => profile.grade.is_some(),
        "note" => profile.note.is_some(),
        CONTACTS => !customer.contacts.is_empty(),
        name => {
            let details = customer.details.stored();
            let mut details = details.into_iter();
            details.any(|(field, value)| field.path == name && value.is_some())
        }
    }
}

/// Whether a change comes to where something may be demanded, or takes away what may be.
pub fn can_miss(before: &Customer, after: &Customer) -> bool {
    let standing = |customer: &Customer| (customer.profile.kind, customer.profile.stage);
    let is_lost = |name: &str| has(before, name) && !has(after, name);
    let details = before.details.stored().into_iter();
    let mut details = details.zip(after.details.stored());
    standing(before) != standing(after)
        || PROFILE.iter().any(|(name, _)| is_lost(name))
        || is_lost(CONTACTS)
        || details.any(|((_, was), (_, is))| was.is_some() && is.is_none())
}

/// The form of a kind.
#[derive(Clone, Debug)]
pub struct Form {
    pub kind: Kind,
    /// Raised with every change of its marks, and of any custom field of customers.
    pub version: i64,
    pub marks: Marks,
}

/// One version of the form of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormVersion {
    pub kind: Kind,
    pub version: i64,
}

impl Form {
    /// Its fields that are `asked` of somebody, in their order.
    pub fn fields(&self, definitions: Definitions, asked: impl Fn(&str) -> bool) -> Vec<FormField> {
        let name = FormField {
            required_at: Stage::ALL.iter().copied().collect(),
            is_fixed: true,
            ..built_in(NAME, Filling::text(NAME_MAX))
        };
        let built_in = markable(self.kind).map(|(name, filling)| FormField {
            required_at: self.marks.0.get(name).cloned().unwrap_or_default(),
            ..built_in(name, filling)
        });
        let own = definitions.fields.into_iter();
        let own = own.filter(|(_, field)| asked("custom_fields") && field.fits(self.kind));
        let own = own.map(|(_, field)| custom(field));
        let built_in = [name].into_iter().chain(built_in);
        let built_in = built_in.filter(|field| asked(&field.name));
        built_in.chain(own).collect()
    }

    /// The version of it that was filled: this one, where none is named.
    ///
    /// # Errors
    /// Where there was none of this number, or nothing was filled.
    pub fn filled(
        &self,
        pointer: &'static str,
        named: Option<i64>,
        is_filled: bool,
    ) -> Result<Option<FormVersion>, FieldFault> {
        let of = |version: i64| FormVersion {
            kind: self.kind,
            version,
        };
        match named {
            None => Ok(is_filled.then_some(of(self.version))),
            Some(named) if is_filled && (1..=self.version).contains(&named) => Ok(Some(of(named))),
            Some(_) => Err(FieldFault::new(pointer, &FORM_VERSION_UNFIT).with("max", self.version)),
        }
    }
}

fn built_in(name: &'static str, filling: Filling) -> FormField {
    let known = access::field("customers", name);
    let unknown = Text { zh: name, en: name };
    let choices = match name {
        CONTACTS => choices_of::<super::ContactKind>(),
        _ => (filling.choices)(),
    };
    FormField {
        name: name.into(),
        label: Label::Ours(known.map_or(unknown, |known| known.label)),
        field_type: filling.field_type,
        length_max: filling.length_max,
        items_max: filling.items_max,
        range: filling.range,
        decimals: 0,
        choices,
        is_sensitive: name == CONTACTS,
        required_at: BTreeSet::new(),
        is_fixed: false,
    }
}

fn custom(field: CustomField) -> FormField {
    let field_type = match field.field_type {
        FieldType::Text => FormFieldType::Text,
        FieldType::Number => FormFieldType::Number,
        FieldType::Date => FormFieldType::Date,
        FieldType::Choice => FormFieldType::Choice,
        FieldType::MultiChoice => FormFieldType::MultiChoice,
        FieldType::YesNo => FormFieldType::YesNo,
        FieldType::Money => FormFieldType::Money,
        FieldType::Person => FormFieldType::Person,
    };
    let open = field.choices.iter().filter(|choice| !choice.is_archived);
    let choices = open.map(|choice| Choice {
        value: choice.code.as_str().to_owned().into(),
        label: Label::Theirs(choice.name.clone()),
        is_archived: false,
    });
    let is = |known: FormFieldType| field_type == known;
    FormField {
        name: format!("{CUSTOM}{}", field.code.as_str()).into(),
        field_type,
        length_max: is(FormFieldType::Text).then_some(VALUE_TEXT_MAX),
        items_max: None,
        range: is(FormFieldType::Number).then_some((-Money::MAX_MINOR, Money::MAX_MINOR)),
        decimals: field.decimals,
        choices: choices.collect(),
        label: Label::Theirs(field.name),
        is_sensitive: field.is_sensitive,
        required_at: field.required_at,
        is_fixed: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_can_be_marked_has_a_rule_and_a_label() {
        for kind in Kind::ALL {
            for (name, _) in markable(*kind) {
                assert!(access::field("customers", name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn marks_are_of_fields_that_the_kind_has_and_stand_once() {
        let mark = |name: &str| (name.to_owned(), BTreeSet::from([Stage::Lead]));
        let list = ["school", "details.industry", "name", "school", "stage"].map(mark);
        let faults = Marks::sent(Kind::Student, &list, |_| true)
            .unwrap_err()
            .fields;
        let told: Vec<_> = faults
            .iter()
            .map(|f| (f.pointer.as_ref(), f.rule.code))
            .collect();
        assert_eq!(
            told,
            [
                ("/marks/1/field", "form_field_unknown"),
                ("/marks/2/field", "form_field_unknown"),
                ("/marks/3/field", "item_repeated"),
                ("/marks/4/field", "form_field_unknown"),
            ]
        );
        let list = ["school", "details.industry"].map(mark);
        assert!(Marks::sent(Kind::School, &list, |name| name != "grade").is_ok());
        let none = [("school".to_owned(), BTreeSet::new())];
        assert_eq!(
            Marks::sent(Kind::School, &none, |_| true).unwrap(),
            Marks::default()
        );
    }

    #[test]
    fn who_may_not_write_a_field_neither_marks_it_nor_takes_its_mark_away() {
        let mark = |name: &str| (name.to_owned(), BTreeSet::from([Stage::Lead]));
        let asked = |name: &str| name != "school";
        let refused = Marks::sent(Kind::Student, &[mark("school")], asked);
        assert_eq!(
            refused.unwrap_err().fields[0].rule.code,
            "form_field_unknown"
        );
        let before = Marks::sent(Kind::Student, &["school", "note"].map(mark), |_| true).unwrap();
        let sent = Marks::sent(Kind::Student, &[mark("grade")], asked).unwrap();
        let after = sent.beside(&before, asked);
        let names: Vec<_> = after.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["grade", "school"]);
    }
}
