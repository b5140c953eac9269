//! Why a decision was refused.
//!
//! A [`Rule`] is declared once, with its stable code and its texts; a [`Fault`] says that it was
//! broken, and where. The published problem catalogue is made from the declared rules.

use std::{borrow::Cow, fmt};

use crate::organization::Locale;

/// A sentence in the two languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub zh: &'static str,
    pub en: &'static str,
}

impl Text {
    pub fn of(self, locale: Locale) -> &'static str {
        match locale {
            Locale::Chinese => self.zh,
            Locale::English => self.en,
        }
    }
}

/// What kind of refusal a rule makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The input breaks a rule that the caller can see before asking.
    Invalid,
    /// The input is right, the present state does not allow it.
    Conflict,
    /// The caller may not do this.
    Denied,
    /// What was named does not exist for the caller.
    Absent,
    /// The record changed since the caller read it.
    Stale,
}

/// A rule with its stable code. Details may name parameters in braces: `{max}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// snake_case, unique, never changed once published: clients branch on it.
    pub code: &'static str,
    pub class: Class,
    /// What is wrong, the same words each time.
    pub title: Text,
    /// What the reader can do about it.
    pub detail: Text,
}

/// A named value in a detail: `("max", "100")`.
pub type Param = (&'static str, Cow<'static, str>);

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// JSON Pointer into the input, without the leading `#`: `/contact_points/0/value`.
    pub pointer: Cow<'static, str>,
    pub rule: &'static Rule,
    pub params: Vec<Param>,
}

impl FieldFault {
    pub fn new(pointer: impl Into<Cow<'static, str>>, rule: &'static Rule) -> Self {
        Self {
            pointer: pointer.into(),
            rule,
            params: Vec::new(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.params.push((name, value.to_string().into()));
        self
    }
}

/// A broken rule, with the fields that broke it where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub rule: &'static Rule,
    pub params: Vec<Param>,
    pub fields: Vec<FieldFault>,
}

impl Fault {
    pub const fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            params: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Several fields, told all at once.
    pub fn fields(fields: Vec<FieldFault>) -> Self {
        Self {
            rule: &VALIDATION_FAILED,
            params: Vec::new(),
            fields,
        }
    }

    /// One field.
    pub fn field(pointer: impl Into<Cow<'static, str>>, rule: &'static Rule) -> Self {
        Self::fields(vec![FieldFault::new(pointer, rule)])
    }

    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.params.push((name, value.to_string().into()));
        self
    }

    /// Both results, or what is wrong with either: fields all at once.
    ///
    /// # Errors
    /// Where one of them is a fault.
    pub fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(mut fault), Err(more)) if fault.rule == more.rule => {
                fault.fields.extend(more.fields);
                Err(fault)
            }
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
        }
    }

    /// `Ok` when nothing was collected.
    pub fn unless_empty(fields: Vec<FieldFault>) -> Result<(), Self> {
        if fields.is_empty() {
            Ok(())
        } else {
            Err(Self::fields(fields))
        }
    }
}

impl From<FieldFault> for Fault {
    fn from(fault: FieldFault) -> Self {
        Self::fields(vec![fault])
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.code)?;
        for field in &self.fields {
            write!(f, " {}:{}", field.pointer, field.rule.code)?;
        }
        Ok(())
    }
}
impl std::error::Error for Fault {}

/// Declares rules and the list of them, so that none is missing from the catalogue.
#[macro_export]
macro_rules! rules {
    ($( $(#[$doc:meta])* $name:ident = $class:ident $code:literal { $zh:literal, $en:literal; $dzh:literal, $den:literal } )*) => {
        $( $(#[$doc])* pub static $name: $crate::fault::Rule = $crate::fault::Rule {
            code: $code,
            class: $crate::fault::Class::$class,
            title: $crate::fault::Text { zh: $zh, en: $en },
            detail: $crate::fault::Text { zh: $dzh, en: $den },
        }; )*
        /// Every rule of this module.
        pub static RULES: &[&$crate::fault::Rule] = &[$(&$name),*];
    };
}

rules! {
    VALIDATION_FAILED = Invalid "validation_failed" {
        "提交的内容不符合要求", "The request breaks a rule";
        "请按 errors 中的说明修改。", "See errors for each field and its rule." }
    NOT_FOUND = Absent "not_found" {
        "未找到", "Not found";
        "该记录不存在，或不在您的权限范围内。", "There is no such record within your reach." }
    VERSION_STALE = Stale "version_stale" {
        "记录已被他人修改", "The record has changed";
        "请重新读取后再提交。", "Read it again, then repeat the change with the new ETag." }
    TOO_MANY = Invalid "too_many" {
        "过多", "Too many";
        "最多 {max} 个。", "At most {max}." }
    REQUIRED = Invalid "required" {
        "必填", "Required";
        "此项必须填写。", "This field must be given." }
    TEXT_BLANK = Invalid "blank" {
        "不能为空白", "Blank";
        "此项不能为空，首尾不能有空格。", "Must not be empty, nor begin or end with a space." }
    TEXT_CONTROL = Invalid "control_character" {
        "含有不可见字符", "Control character";
        "请去掉控制字符。", "Control characters are not allowed." }
    TEXT_TOO_LONG = Invalid "too_long" {
        "过长", "Too long";
        "最多 {max} 个字符。", "At most {max} characters." }
    VALUE_MASKED = Invalid "masked_value" {
        "不能提交脱敏后的值", "A masked value can't be stored";
        "请省略此项以保留原值，或填写完整的新值。", "Leave it out to keep what is stored, or send the whole new value." }
    REFERENCE_UNKNOWN = Invalid "unknown_reference" {
        "引用的记录不存在", "Unknown reference";
        "所引用的记录不存在，或不在您的权限范围内。", "The record named here does not exist within your reach." }
    CURRENCY_MISMATCH = Invalid "currency_mismatch" {
        "币种不符", "Currency mismatch";
        "本机构只使用一种货币。", "The institution keeps its books in one currency." }
    DATE_OUT_OF_RANGE = Invalid "date_out_of_range" {
        "日期超出范围", "Date out of range";
        "日期应在 {first} 与 {last} 之间。", "A date lies between {first} and {last}." }
    AMOUNT_OUT_OF_RANGE = Invalid "amount_out_of_range" {
        "金额超出范围", "Amount out of range";
        "金额必须在允许的范围内。", "The amount is outside the range that can be kept." }
}
