//! What a field or fact of conditions is, and those that every institution has.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use super::CONDITION_FIELD_ARCHIVED;
use crate::{
    access::{FIELD_NOT_READABLE, FieldRules},
    custom_fields::CustomField,
    customers::{
        ActivityLevel, DETAIL_FIELDS, DetailField, Education, GRADES, Gender, INTENT_MAX, Kind,
        Occupation, SchoolStage, ScreeningStanding, Stage,
    },
    exports::column::COLUMNS,
    fault::{FieldFault, Text},
    id::Id,
    organization::Locale,
    text_enum,
    text_enum::TextEnum,
};

text_enum! {
    /// What a field of conditions holds.
    Type as "ConditionType" {
        Text = "text" { "文本", "Text" }
        Texts = "texts" { "多条文本", "Several texts" }
        Number = "number" { "数字", "Whole number" }
        Date = "date" { "日期", "Date" }
        Instant = "instant" { "时间", "Instant" }
        Choice = "choice" { "单选", "One of a list" }
        Choices = "choices" { "多选", "Several of a list" }
        Id = "id" { "记录", "A record" }
        Ids = "ids" { "多个记录", "Several records" }
        YesNo = "yes_no" { "是否", "Yes or no" }
        Money = "money" { "金额", "Amount of money" }
        Birthday = "birthday" { "生日", "Birthday" }
    }
}

text_enum! {
    /// How a field is held against a value. What is unknown meets `is_unknown` and nothing else.
    Operator as "ConditionOperator" {
        Eq = "eq" { "等于", "Is" }
        In = "in" { "属于", "Is one of" }
        Gt = "gt" { "大于", "Is more than" }
        Gte = "gte" { "不小于", "Is at least" }
        Lt = "lt" { "小于", "Is less than" }
        Lte = "lte" { "不大于", "Is at most" }
        Between = "between" { "介于（含两端）", "Lies between, ends included" }
        Contains = "contains" { "包含", "Contains" }
        StartsWith = "starts_with" { "开头是", "Starts with" }
        WithinLastDays = "within_last_days" { "最近若干天内", "Within the last days, today included" }
        WithinNextDays = "within_next_days" { "未来若干天内", "Within the next days, today included" }
        BeforeLastDays = "before_last_days" { "早于若干天前", "Before the last days" }
        IsKnown = "is_known" { "已知", "Is known" }
        IsUnknown = "is_unknown" { "未知", "Is not known" }
    }
}

impl Type {
    /// The operators that a field of the type has.
    pub fn operators(self) -> &'static [Operator] {
        use Operator::{
            BeforeLastDays, Between, Contains, Eq, Gt, Gte, In, IsKnown, IsUnknown, Lt, Lte,
            StartsWith, WithinLastDays, WithinNextDays,
        };
        match self {
            Self::Text | Self::Texts => &[Eq, In, Contains, StartsWith, IsKnown, IsUnknown],
            Self::Number => &[Eq, In, Gt, Gte, Lt, Lte, Between, IsKnown, IsUnknown],
            Self::Date => &[
                Eq,
                Gt,
                Gte,
                Lt,
                Lte,
                Between,
                WithinLastDays,
                WithinNextDays,
                BeforeLastDays,
                IsKnown,
                IsUnknown,
            ],
            Self::Instant => &[
                Gt,
                Gte,
                Lt,
                Lte,
                Between,
                WithinLastDays,
                WithinNextDays,
                BeforeLastDays,
                IsKnown,
                IsUnknown,
            ],
            Self::Choice | Self::Choices | Self::Id | Self::Ids => &[Eq, In, IsKnown, IsUnknown],
            Self::YesNo => &[Eq],
            Self::Money => &[Eq, Gt, Gte, Lt, Lte, Between, IsKnown, IsUnknown],
            Self::Birthday => &[WithinNextDays, IsKnown, IsUnknown],
        }
    }
}

/// What people see in the place of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    Ours(Text),
    /// In the words of an institution, in every language.
    Theirs(String),
}

impl Label {
    pub fn of(&self, locale: Locale) -> &str {
        match self {
            Self::Ours(text) => text.of(locale),
            Self::Theirs(text) => text,
        }
    }
}

/// A value of a list.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: Cow<'static, str>,
    pub label: Label,
    /// Whether nobody is given it any more.
    pub is_archived: bool,
}

/// A field or fact that conditions can speak of.
#[derive(Clone, Debug)]
pub struct Field {
    pub subject: Subject,
    /// As trees name it; never changed once published.
    pub code: Cow<'static, str>,
    pub kind: Type,
    pub label: Label,
    /// The field of a customer whose rule guards it.
    pub rule: Option<&'static str>,
    /// The permission by which its facts are seen, and within whose reach they count.
    pub permission: Option<&'static str>,
    /// Values of a choice.
    pub choices: Vec<Choice>,
    /// What a number lies within.
    pub range: Option<(i64, i64)>,
    /// Of a number, how many of its digits are decimals.
    pub decimals: i16,
    /// Whether it can be asked for the last days only.
    pub has_span: bool,
    /// Where the records are listed that it names.
    pub listed_at: Option<&'static str>,
    /// Whether nobody asks for it any more.
    pub is_archived: bool,
}

impl Field {
    /// The operators that it has. Of what is always known, nobody asks whether it is.
    pub fn operators(&self) -> &'static [Operator] {
        match (self.kind, self.subject) {
            (Type::YesNo, Subject::Custom(_)) => {
                &[Operator::Eq, Operator::IsKnown, Operator::IsUnknown]
            }
            (kind, _) => kind.operators(),
        }
    }

    /// Whether somebody may ask for it: no rule hides or masks it, and the facts are of a kind of record
    /// that he or she may see.
    pub fn is_open(&self, rules: &FieldRules, holds: impl Fn(&str) -> bool) -> bool {
        let mut rule = self.rule.into_iter();
        rule.all(|rule| rules.is_readable("customers", rule)) && self.permission.is_none_or(holds)
    }

    /// Why somebody can't ask for it at `pointer`, where that is so.
    pub fn closed(
        &self,
        pointer: &str,
        rules: &FieldRules,
        holds: impl Fn(&str) -> bool,
    ) -> Option<FieldFault> {
        let fault = |rule| FieldFault::new(pointer.to_owned(), rule);
        if !self.is_open(rules, holds) {
            return Some(fault(&FIELD_NOT_READABLE));
        }
        let archived = || fault(&CONDITION_FIELD_ARCHIVED).with("field", &self.code);
        self.is_archived.then(archived)
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject
    }
}

impl Eq for Field {}

/// The values of a closed list.
pub fn choices_of<E: TextEnum>() -> Vec<Choice> {
    let choices = E::ALL.iter().map(|v| Choice {
        value: v.as_str().into(),
        label: Label::Ours(v.label()),
        is_archived: false,
    });
    choices.collect()
}

macro_rules! fields {
    ($( $name:ident = $code:literal $kind:ident $({ $($more:tt)* })? [ $zh:literal, $en:literal ] )+) => {
        /// What a field speaks of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Subject {
            $($name,)+
            /// What is known of some beyond their profiles.
            Detail(&'static DetailField),
            /// What an institution keeps beyond these.
            Custom(Id<CustomField>),
        }

        /// Every field that every institution has, in the order in which a query builder shows them.
        pub static FIELDS: LazyLock<Vec<Arc<Field>>> = LazyLock::new(|| {
            let fields = vec![
                $( Field {
                    $($($more)*)?
                    ..field_of(Subject::$name, $code, Type::$kind, Text { zh: $zh, en: $en })
                } ),+
            ];
            let details = DETAIL_FIELDS.iter().map(detail);
            fields.into_iter().chain(details).map(Arc::new).collect()
        });
    };
}

fn field_of(subject: Subject, code: &'static str, kind: Type, label: Text) -> Field {
    Field {
        subject,
        code: code.into(),
        kind,
        label: Label::Ours(label),
        rule: None,
        permission: None,
        choices: Vec::new(),
        range: None,
        decimals: 0,
        has_span: false,
        listed_at: None,
        is_archived: false,
    }
}

/// A field of the details, under the heading that it has in exports.
fn detail(field: &'static DetailField) -> Field {
    let kind = match (field.choices, field.is_list) {
        (Some(_), true) => Type::Choices,
        (Some(_), false) => Type::Choice,
        (None, true) => Type::Texts,
        (None, false) => Type::Text,
    };
    let heading = COLUMNS.iter().find(|column| column.field == field.path);
    let unnamed = Text {
        zh: field.name,
        en: field.name,
    };
    Field {
        rule: Some(field.path),
        choices: field.choices.map(|all| all()).unwrap_or_default(),
        ..field_of(
            Subject::Detail(field),
            field.path,
            kind,
            heading.map_or(unnamed, |column| column.heading),
        )
    }
}

const TAGS: Option<&str> = Some("tags:read");
const FOLLOW_UPS: Option<&str> = Some("follow_ups:read");
const ENROLLMENTS: Option<&str> = Some("enrollments:read");
const PAYMENTS: Option<&str> = Some("payments:read");

fields! {
    Kind = "kind" Choice { choices: choices_of::<Kind>(), } ["类型", "Kind"]
    Name = "name" Text { rule: Some("name"), } ["姓名", "Name"]
    Gender = "gender" Choice { rule: Some("gender"), choices: choices_of::<Gender>(), } ["性别", "Gender"]
    BirthDate = "birth_date" Date { rule: Some("birth_date"), } ["出生日期", "Birth date"]
    Age = "age" Number { rule: Some("birth_date"), range: Some((0, 200)), } ["年龄（周岁）", "Age in whole years"]
    Birthday = "birthday" Birthday { rule: Some("birth_date"), } ["生日", "Birthday"]
    Intent = "intent" Number { rule: Some("intent"), range: Some((1, INTENT_MAX as i64)), } ["意向强烈度", "Intent"]
    Stage = "stage" Choice { rule: Some("stage"), choices: choices_of::<Stage>(), } ["阶段", "Stage"]
    Screening = "screening" Choice { rule: Some("screening"), choices: choices_of::<ScreeningStanding>(), } ["筛选结果", "Screening"]
    Region = "region" Text { rule: Some("region"), } ["所在地区", "Region"]
    Education = "education" Choice { rule: Some("education"), choices: choices_of::<Education>(), } ["教育背景", "Education"]
    Occupation = "occupation" Choice { rule: Some("occupation"), choices: choices_of::<Occupation>(), } ["职业", "Occupation"]
    School = "school" Text { rule: Some("school"), } ["就读学校", "School"]
    Grade = "grade" Text { rule: Some("grade"), } ["年级", "Grade"]
    SchoolStage = "school_stage" Choice { rule: Some("birth_date"), choices: choices_of::<SchoolStage>(), } ["学段（按出生日期）", "School stage, by age"]
    SchoolGrade = "school_grade" Number { rule: Some("birth_date"), range: Some((*GRADES.start() as i64, *GRADES.end() as i64)), } ["年级（按出生日期）", "School grade, by age"]
    Note = "note" Text { rule: Some("note"), } ["备注", "Note"]
    SourceChannel = "source_channel" Text { rule: Some("source_channel"), listed_at: Some("/source-channels"), } ["来源渠道", "Source channel"]
    CollectedAt = "collected_at" Instant { rule: Some("collected_at"), } ["采集时间", "Time of collection"]
    Collector = "collector_id" Id { rule: Some("collector_id"), listed_at: Some("/staff"), } ["采集人", "Collector"]
    Holder = "holder_id" Id { listed_at: Some("/staff"), } ["归属人", "Holder"]
    InPool = "in_pool" YesNo ["是否在公海", "Whether in the pool"]
    Campus = "campus_id" Id { listed_at: Some("/campuses"), } ["校区", "Campus"]
    Tags = "tag_id" Ids { permission: TAGS, listed_at: Some("/tags"), } ["标签", "Tags"]
    CreatedAt = "created_at" Instant ["创建时间", "Time of creation"]
    UpdatedAt = "updated_at" Instant ["更新时间", "Time of the last change"]
    LastContactAt = "last_contact_at" Instant { permission: FOLLOW_UPS, } ["最近联系时间", "Last contact"]
    NextContactOn = "next_contact_on" Date { permission: FOLLOW_UPS, } ["下次联系日期", "Next contact"]
    FollowUps = "follow_up_count" Number { permission: FOLLOW_UPS, range: Some((0, 1_000_000)), has_span: true, } ["跟进次数", "Number of follow-ups"]
    ActivityLevel = "activity_level" Choice { permission: FOLLOW_UPS, choices: choices_of::<ActivityLevel>(), } ["活跃度", "Activity level"]
    EnrolledCourses = "enrolled_course_id" Ids { permission: ENROLLMENTS, listed_at: Some("/courses"), } ["报名过的课程", "Courses ever enrolled in"]
    HasEnrollment = "has_enrollment" YesNo { permission: ENROLLMENTS, } ["是否报过名", "Whether ever enrolled"]
    HasActiveEnrollment = "has_active_enrollment" YesNo { permission: ENROLLMENTS, } ["是否在读", "Whether enrolled now"]
    Outstanding = "amount_outstanding" Money { permission: PAYMENTS, } ["欠费金额", "Amount owed"]
    Paid = "amount_paid" Money { permission: PAYMENTS, } ["已付金额", "Amount paid"]
}
