//! What of a record's fields one may see and change (字段访问设置, ROLE-05).
//!
//! Which rows somebody reaches says nothing of their fields ((d) 40): a role that reads all
//! customers may still not see their notes. Of several roles the most generous wins, field by
//! field; a role that gives no permission on the record does not count.

use std::collections::BTreeMap;

use super::{FIELD_RULE_UNKNOWN, Permissions, ROLE_BEYOND_OWN, Reach};
use crate::{
    fault::{Fault, FieldFault, Text},
    text_enum,
};

text_enum! {
    /// What a rule leaves of a field, strictest first.
    FieldAccess as "FieldAccess" {
        /// Shown as if it were empty.
        Hidden = "hidden" { "隐藏", "Hidden" }
        /// Shown in its safe form.
        Masked = "masked" { "脱敏", "Masked" }
        /// Shown, and not to be changed.
        ReadOnly = "read_only" { "只读", "Read only" }
    }
}

/// A field that rules can be made for.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Plural, as in the permissions on the record: `customers`.
    pub record: &'static str,
    /// Its name in the contract; of what stands in a part both, parted by a dot: `details.needs`.
    pub field: &'static str,
    pub label: Text,
    /// Whether it is text with a safe form.
    pub is_maskable: bool,
}

macro_rules! fields {
    ($( $record:literal: $( $field:literal $mask:ident { $zh:literal, $en:literal } )+ ; )+) => {
        /// Every field that rules can be made for. A response field that stands here is nullable.
        pub static FIELDS: &[FieldInfo] = &[
            $($( FieldInfo {
                record: $record,
                field: $field,
                label: Text { zh: $zh, en: $en },
                is_maskable: fields!(@ $mask),
            } ),+),+
        ];
    };
    (@ maskable) => { true };
    (@ whole) => { false };
}

fields! {
    "customers":
        "name" maskable { "姓名", "Name" }
        "gender" whole { "性别", "Gender" }
        "birth_date" whole { "出生日期", "Birth date" }
        "intent" whole { "意向强烈度", "Intent" }
        "stage" whole { "阶段", "Stage" }
        "region" maskable { "所在地区", "Region" }
        "education" whole { "教育背景", "Education" }
        "occupation" whole { "职业", "Occupation" }
        "school" maskable { "就读学校", "School" }
        "grade" maskable { "年级", "Grade" }
        "note" maskable { "备注", "Note" }
        "contact_points" whole { "联系方式", "Contact points" }
        "source_channel" whole { "来源渠道", "Source channel" }
        "collected_at" whole { "采集时间", "Time of collection" }
        "collector_id" whole { "采集人", "Collector" }
        "custom_fields" whole { "自定义字段", "Custom fields" }
        "screening" whole { "筛选结果", "Screening" }
        "details.needs" maskable { "需求", "Needs" }
        "details.expectations" maskable { "教育期望", "Expectations" }
        "details.background" maskable { "背景", "Background" }
        "details.development_trend" maskable { "发展趋势", "Development trend" }
        "details.consumption_habits" maskable { "消费习惯", "Consumption habits" }
        "details.need_features" maskable { "需求特点", "Features of the need" }
        "details.residence" maskable { "居住情况", "Residence" }
        "details.hobbies" whole { "兴趣爱好", "Hobbies" }
        "details.preferences_product" whole { "产品偏好", "Preferred products" }
        "details.preferences_service" whole { "服务偏好", "Preferred services" }
        "details.focus_of_concern" whole { "关注重点", "Focus of concern" }
        "details.region_code" whole { "行政区划代码", "Region code" }
        "details.city_class" whole { "城市级别", "Class of the city" }
        "details.influence" whole { "影响力", "Influence" }
        "details.influence_note" maskable { "影响力说明", "Note on the influence" }
        "details.consumption_potential" whole { "消费潜力", "Consumption potential" }
        "details.spending_power" whole { "消费能力", "Spending power" }
        "details.membership_tier" maskable { "会员等级", "Tier of membership" }
        "details.advantage_resources" maskable { "优势资源", "Advantage resources" }
        "details.industry" maskable { "行业", "Industry" }
        "details.size" maskable { "规模", "Size" }
        "details.website" maskable { "网站", "Website" }
        "details.exhibitions" maskable { "参展情况", "Exhibitions" }
        "details.credit" maskable { "信用状况", "Credit" }
        "details.operation" maskable { "经营状况", "Operation" }
        "details.sales_situation" maskable { "销售状况", "Sales situation" }
        "details.business_scope" maskable { "业务范围", "Business scope" }
    ;
    "follow_ups":
        "intent" whole { "跟进所见意向", "Intent as it seemed" }
        "content" maskable { "跟进内容", "Content" }
    ;
    "enrollments":
        "price" whole { "报名价格", "Price" }
        "withdrawal_reason" whole { "退班原因", "Reason of withdrawal" }
        "note" maskable { "报名备注", "Note" }
    ;
    "payments":
        "note" maskable { "收款备注", "Note" }
        "void_reason" maskable { "作废原因", "Reason of voiding" }
    ;
}

/// The field of this name.
pub fn field(record: &str, field: &str) -> Option<&'static FieldInfo> {
    FIELDS
        .iter()
        .find(|known| known.record == record && known.field == field)
}

/// Rules by record and field; where there is none, a field is shown and can be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRules(BTreeMap<(&'static str, &'static str), FieldAccess>);

impl FieldRules {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of a field; `None` where no rule stands against it.
    pub fn access(&self, record: &str, field: &str) -> Option<FieldAccess> {
        let known = self
            .0
            .iter()
            .find(|((r, f), _)| (*r, *f) == (record, field));
        known.map(|(_, access)| *access)
    }

    /// Whether a field's value can be seen as it is, and so filtered, sorted and searched by.
    pub fn is_readable(&self, record: &str, field: &str) -> bool {
        !matches!(
            self.access(record, field),
            Some(FieldAccess::Hidden | FieldAccess::Masked)
        )
    }

    /// The rules of one record's fields.
    pub fn of<'a>(
        &'a self,
        record: &'a str,
    ) -> impl Iterator<Item = (&'static FieldInfo, FieldAccess)> + 'a {
        self.iter().filter(move |(known, _)| known.record == record)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static FieldInfo, FieldAccess)> + '_ {
        self.0
            .iter()
            .filter_map(|((r, f), access)| field(r, f).map(|known| (known, *access)))
    }

    /// The rules of a list, as a request gives them.
    ///
    /// # Errors
    /// Every entry that names a field that there is not, twice the same, or a safe form that a field
    /// has not.
    pub fn listed(list: &[(String, String, FieldAccess)]) -> Result<Self, Fault> {
        let (mut rules, mut faults) = (Self::default(), Vec::new());
        for (place, (record, name, access)) in list.iter().enumerate() {
            let known = field(record, name)
                .filter(|known| known.is_maskable || *access != FieldAccess::Masked)
                .filter(|known| !rules.0.contains_key(&(known.record, known.field)));
            match known {
                Some(known) => {
                    rules.0.insert((known.record, known.field), *access);
                }
                None => faults.push(FieldFault::new(
                    format!("/rules/{place}"),
                    &FIELD_RULE_UNKNOWN,
                )),
            }
        }
        Fault::unless_empty(faults)?;
        Ok(rules)
    }

    /// The rules that are stored; those of fields that are no more are left out.
    pub fn stored(rows: impl IntoIterator<Item = (String, String, FieldAccess)>) -> Self {
        let known = rows.into_iter().filter_map(|(record, name, access)| {
            field(&record, &name).map(|known| ((known.record, known.field), access))
        });
        Self(known.collect())
    }

    /// What is left to somebody of several roles: of each field the most that one of them leaves. A
    /// role that opens classes or a family only lifts no rule of one that opens more.
    pub fn united<'a>(roles: impl IntoIterator<Item = (&'a Permissions, &'a Self)>) -> Self {
        let roles: Vec<_> = roles.into_iter().collect();
        let rules = FIELDS.iter().filter_map(|known| {
            let wide = |permissions: &Permissions| concerns(permissions, known.record, reaches_far);
            let any_wide = roles.iter().any(|(permissions, _)| wide(permissions));
            let mut of_roles = roles
                .iter()
                .filter(|(permissions, _)| match any_wide {
                    true => wide(permissions),
                    false => concerns(permissions, known.record, |_| true),
                })
                .map(|(_, rules)| rules.access(known.record, known.field));
            let first = of_roles.next()?;
            let most = of_roles.fold(first, |a, b| a.zip(b).map(|(a, b)| a.max(b)));
            most.map(|access| ((known.record, known.field), access))
        });
        Self(rules.collect())
    }

    /// Whether one who is left with these may give a role that leaves `given`.
    ///
    /// # Errors
    /// 403 naming the first field of which the role leaves more.
    pub fn within_own(&self, permissions: &Permissions, given: &Self) -> Result<(), Fault> {
        let beyond = self.iter().find(|(known, own)| {
            let left = given.access(known.record, known.field);
            concerns(permissions, known.record, |_| true) && left.is_none_or(|left| left > *own)
        });
        match beyond {
            Some((known, _)) => Err(Fault::new(&ROLE_BEYOND_OWN)
                .with("permission", format!("{}.{}", known.record, known.field))),
            None => Ok(()),
        }
    }
}

/// Whether a permission on this record is among some, with such a reach.
fn concerns(permissions: &Permissions, record: &str, such: fn(Reach) -> bool) -> bool {
    permissions.iter().any(|(code, reach)| {
        such(*reach) && code.split_once(':').is_some_and(|(of, _)| of == record)
    })
}

/// Whether it is more than single classes or a family.
fn reaches_far(reach: Reach) -> bool {
    !matches!(reach, Reach::Taught | Reach::Family)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use FieldAccess::{Hidden, Masked, ReadOnly};

    fn rules(list: &[(&str, FieldAccess)]) -> FieldRules {
        let list: Vec<_> = list
            .iter()
            .map(|(name, access)| ("customers".to_owned(), (*name).to_owned(), *access))
            .collect();
        FieldRules::listed(&list).unwrap()
    }

    fn reads(code: &str) -> Permissions {
        Permissions::from([(code.to_owned(), Reach::Own)])
    }

    #[test]
    fn every_detail_of_a_customer_can_have_rules() {
        let details = crate::customers::DETAIL_FIELDS.iter();
        let ruled = FIELDS.iter().map(|known| known.field);
        let ruled: BTreeSet<_> = ruled.filter(|name| name.starts_with("details.")).collect();
        assert_eq!(ruled, details.map(|known| known.path).collect());
    }

    #[test]
    fn of_several_roles_the_most_generous_wins_field_by_field() {
        let customers = reads("customers:read");
        let strict = rules(&[("note", Hidden), ("intent", Hidden), ("name", Masked)]);
        let mild = rules(&[("note", ReadOnly), ("name", Hidden)]);
        let united = FieldRules::united([(&customers, &strict), (&customers, &mild)]);
        assert_eq!(united, rules(&[("note", ReadOnly), ("name", Masked)]));
    }

    #[test]
    fn a_role_that_opens_single_classes_lifts_no_rule_of_one_that_opens_more() {
        let at = |reach| BTreeSet::from([("customers:read".to_owned(), reach)]);
        let (taught, campus) = (at(Reach::Taught), at(Reach::Campus));
        let (strict, none) = (rules(&[("note", Hidden)]), FieldRules::default());
        assert_eq!(
            FieldRules::united([(&taught, &none), (&campus, &strict)]),
            strict
        );
        assert_eq!(
            FieldRules::united([(&taught, &strict), (&campus, &none)]),
            none
        );
        assert_eq!(FieldRules::united([(&taught, &strict)]), strict);
    }

    #[test]
    fn a_role_without_permissions_on_the_record_does_not_count() {
        let (customers, nothing) = (reads("customers:read"), reads("reports:read"));
        let strict = rules(&[("note", Hidden)]);
        let united =
            FieldRules::united([(&customers, &strict), (&nothing, &FieldRules::default())]);
        assert_eq!(united, strict);
        assert!(FieldRules::united([(&nothing, &strict)]).is_empty());
    }

    #[test]
    fn a_rule_is_for_a_field_that_can_have_it_and_stands_once() {
        let list = |name: &str, access| ("customers".to_owned(), name.to_owned(), access);
        let listed = [
            list("note", Masked),
            list("birth_date", Masked),
            list("holder_id", Hidden),
            list("note", Hidden),
        ];
        let faults = FieldRules::listed(&listed).unwrap_err().fields;
        let places: Vec<_> = faults.iter().map(|f| f.pointer.as_ref()).collect();
        assert_eq!(places, ["/rules/1", "/rules/2", "/rules/3"]);
    }

    #[test]
    fn nobody_gives_a_role_that_leaves_more_than_they_have() {
        let (own, reading) = (rules(&[("note", Masked)]), reads("customers:read"));
        for (given, good) in [(Hidden, true), (Masked, true), (ReadOnly, false)] {
            let given = rules(&[("note", given)]);
            assert_eq!(own.within_own(&reading, &given).is_ok(), good);
        }
        assert!(own.within_own(&reading, &FieldRules::default()).is_err());
        assert!(
            own.within_own(&reads("reports:read"), &FieldRules::default())
                .is_ok()
        );
        assert!(
            FieldRules::default()
                .within_own(&reading, &FieldRules::default())
                .is_ok()
        );
    }
}
