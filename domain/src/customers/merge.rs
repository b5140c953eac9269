//! Making one customer of two who are the same (DATA-14).
//!
//! One of them survives, under its id; the other is hidden, and its id stands for the survivor from then
//! on. Of each field the survivor's value is kept, or the other's where there is none or somebody chooses
//! it; lists and ways to reach them are put together. A merge can be undone as long as nothing was built on it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CONTACTS_MAX, ContactPoint, Customer, DETAIL_ITEMS_MAX, Details, Gender, MERGE_OBSTRUCTED,
    MERGE_WITH_ITSELF, Profile, detail_items,
};
use crate::{
    fault::{Fault, FieldFault},
    stamp::Stamp,
    text, text_enum,
    text_enum::TextEnum,
};

text_enum! {
    /// Whose value a merge keeps of a field.
    MergeSide as "MergeSide" {
        Survivor = "survivor" { "保留方", "The one that stays" }
        Duplicate = "duplicate" { "被合并方", "The one that is merged into it" }
    }
}

text_enum! {
    /// A field of which a merge keeps one of two values.
    MergeField as "MergeField" {
        Name = "name" { "姓名", "Name" }
        Gender = "gender" { "性别", "Gender" }
        BirthDate = "birth_date" { "出生日期", "Birth date" }
        Intent = "intent" { "意向强烈度", "Intent" }
        Stage = "stage" { "阶段", "Stage" }
        Region = "region" { "所在地区", "Region" }
        Education = "education" { "教育背景", "Education" }
        Occupation = "occupation" { "职业", "Occupation" }
        School = "school" { "就读学校", "School" }
        Grade = "grade" { "年级", "Grade" }
        Note = "note" { "备注", "Note" }
        Needs = "details.needs" { "需求", "Needs" }
        Expectations = "details.expectations" { "教育期望", "Expectations" }
        Background = "details.background" { "背景", "Background" }
        DevelopmentTrend = "details.development_trend" { "发展趋势", "Development trend" }
        ConsumptionHabits = "details.consumption_habits" { "消费习惯", "Consumption habits" }
        NeedFeatures = "details.need_features" { "需求特点", "Features of the need" }
        Residence = "details.residence" { "居住情况", "Residence" }
        RegionCode = "details.region_code" { "行政区划代码", "Code of the region" }
        CityClass = "details.city_class" { "城市级别", "Class of the city" }
        InfluenceNote = "details.influence_note" { "影响力说明", "Influence, in words" }
        ConsumptionPotential = "details.consumption_potential" { "消费潜力", "Consumption potential" }
        SpendingPower = "details.spending_power" { "消费能力", "Spending power" }
        MembershipTier = "details.membership_tier" { "会员等级", "Membership tier" }
        AdvantageResources = "details.advantage_resources" { "优势资源", "Strengths" }
        Industry = "details.industry" { "行业", "Industry" }
        Size = "details.size" { "规模", "Size" }
        Website = "details.website" { "网站", "Website" }
        Exhibitions = "details.exhibitions" { "参展情况", "Exhibitions" }
        Credit = "details.credit" { "信用状况", "Credit" }
        Operation = "details.operation" { "经营状况", "Operation" }
        SalesSituation = "details.sales_situation" { "销售状况", "Sales" }
        BusinessScope = "details.business_scope" { "业务范围", "Scope of business" }
    }
}

text_enum! {
    /// What stands in the way of a merge, or of taking one back.
    MergeObstacle as "MergeObstacle" {
        DifferentKinds = "different_kinds" { "客户类型不同", "They are of different kinds" }
        SameClass = "same_class" { "两者在同一班级在读", "Both are in the same class" }
        RelatedInACircle = "related_in_a_circle" { "合并后的关系会成环", "Their relations would lead back to themselves" }
        TooManyContacts = "too_many_contacts" { "联系方式过多", "Together they have too many contact points" }
        MergedSince = "merged_since" { "之后又有合并", "One of them was merged again since" }
        SurvivorChanged = "survivor_changed" { "之后已修改", "The customer was changed, moved or deleted since" }
        RecordsUsed = "records_used" { "之后有新的业务", "Enrollments, charges or payments that came along were used since" }
        DecidedSince = "decided_since" { "之后又有同意、撤回或勿再联系的要求", "Consent was decided, or contact refused, since" }
        GuardianConsentMissing = "guardian_consent_missing" { "缺少监护人同意", "More would be kept of a child under 14 than a guardian agreed to" }
        NotTakenInFirst = "not_taken_in_first" { "保留方建档较晚", "The one that stays was taken in later, and the caller may not assign customers or write all fields" }
        HandsGone = "hands_gone" { "原负责人或校区已停用", "Whoever held it does not work there any more" }
    }
}

/// Which value is kept, of the fields that somebody chose.
pub type Choices = BTreeMap<MergeField, MergeSide>;

/// The fields in which both have a value, and not the same.
pub fn conflicts(survivor: &Customer, duplicate: &Customer) -> Vec<MergeField> {
    let both = |choices: &Choices| {
        let profile = taken(&survivor.profile, &duplicate.profile, choices);
        let details = known(&survivor.details, &duplicate.details, choices);
        (profile, details)
    };
    let unchosen = both(&Choices::new());
    let all = MergeField::ALL.iter().copied();
    all.filter(|field| both(&Choices::from([(*field, MergeSide::Duplicate)])) != unchosen)
        .collect()
}

/// The details of both together: of a list all that either has, as far as there is room.
fn known(a: &Details, b: &Details, choices: &Choices) -> Details {
    let mut stored = BTreeMap::new();
    for ((field, own), (_, other)) in a.stored().into_iter().zip(b.stored()) {
        let chosen = MergeField::parse(field.path).and_then(|field| choices.get(&field));
        let value = match (own, other) {
            (Some(own), Some(other)) if field.is_list => Some(all_items(&own, &other)),
            (own, other) if chosen == Some(&MergeSide::Duplicate) => other.or(own),
            (own, other) => own.or(other),
        };
        stored.insert(field.name, value);
    }
    let together = Details::read(|name| stored.remove(name).flatten());
    together.unwrap_or_else(|| a.clone())
}

/// The items of two lists, each once, as a column holds them.
fn all_items(own: &str, other: &str) -> String {
    let mut seen = BTreeSet::new();
    let items = detail_items(own).chain(detail_items(other));
    let items = items.filter(|item| seen.insert(text::fold(item)));
    let items: Vec<_> = items.take(DETAIL_ITEMS_MAX).collect();
    format!("\n{}\n", items.join("\n"))
}

/// The profile of both together.
fn taken(a: &Profile, b: &Profile, choices: &Choices) -> Profile {
    let other = |field| choices.get(&field) == Some(&MergeSide::Duplicate);
    fn either<T: Clone>(other: bool, a: &Option<T>, b: &Option<T>) -> Option<T> {
        if other {
            b.clone().or(a.clone())
        } else {
            a.clone().or(b.clone())
        }
    }
    let pick = |field| if other(field) { b } else { a };
    Profile {
        kind: a.kind,
        name: pick(MergeField::Name).name.clone(),
        gender: {
            let given = |gender| (gender != Gender::NotGiven).then_some(gender);
            let gender = either(
                other(MergeField::Gender),
                &given(a.gender),
                &given(b.gender),
            );
            gender.unwrap_or(Gender::NotGiven)
        },
        birth_date: either(other(MergeField::BirthDate), &a.birth_date, &b.birth_date),
        intent: either(other(MergeField::Intent), &a.intent, &b.intent),
        stage: pick(MergeField::Stage).stage,
        region: either(other(MergeField::Region), &a.region, &b.region),
        education: either(other(MergeField::Education), &a.education, &b.education),
        occupation: either(other(MergeField::Occupation), &a.occupation, &b.occupation),
        school: either(other(MergeField::School), &a.school, &b.school),
        grade: either(other(MergeField::Grade), &a.grade, &b.grade),
        note: either(other(MergeField::Note), &a.note, &b.note),
    }
}

/// What stands in the way as far as the two themselves tell.
pub fn obstacles(survivor: &Customer, duplicate: &Customer) -> Vec<MergeObstacle> {
    let mut found = Vec::new();
    if survivor.profile.kind != duplicate.profile.kind {
        found.push(MergeObstacle::DifferentKinds);
    }
    if together(survivor, duplicate).len() > CONTACTS_MAX {
        found.push(MergeObstacle::TooManyContacts);
    }
    found
}

/// Names what stands in the way.
///
/// # Errors
/// 409, unless nothing does.
pub fn unless_obstructed(obstacles: &[MergeObstacle]) -> Result<(), Fault> {
    if obstacles.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = obstacles.iter().map(|found| found.as_str()).collect();
    Err(Fault::new(&MERGE_OBSTRUCTED).with("obstacles", names.join(", ")))
}

/// The contact points of both; what both have is the survivor's, and so is what is tried first. By what one
/// of them does not want to be reached, nobody is.
fn together(survivor: &Customer, duplicate: &Customer) -> Vec<ContactPoint> {
    let mut points = survivor.contacts.clone();
    for point in &duplicate.contacts {
        let mut own = points.iter_mut();
        if let Some(own) = own.find(|own| own.kind == point.kind && own.clear() == point.clear()) {
            own.do_not_contact |= point.do_not_contact;
            own.verified_at = own.verified_at.max(point.verified_at);
            continue;
        }
        let mut point = point.clone();
        let mut own = survivor.contacts.iter();
        point.is_preferred &= !own.any(|own| own.kind == point.kind && own.is_preferred);
        points.push(point);
    }
    points
}

/// What would be known of both together, where nobody chooses.
pub fn taken_together(survivor: &Customer, duplicate: &Customer) -> Customer {
    Customer {
        profile: taken(&survivor.profile, &duplicate.profile, &Choices::new()),
        details: known(&survivor.details, &duplicate.details, &Choices::new()),
        ..survivor.clone()
    }
}

/// The survivor with what the duplicate brings.
///
/// # Errors
/// 422 for one customer with itself, 409 where something stands in the way.
pub fn merged(
    survivor: &Customer,
    duplicate: &Customer,
    choices: &Choices,
    stamp: &Stamp,
) -> Result<Customer, Fault> {
    if survivor.id == duplicate.id {
        return Err(FieldFault::new("/duplicate_id", &MERGE_WITH_ITSELF).into());
    }
    unless_obstructed(&obstacles(survivor, duplicate))?;
    Ok(Customer {
        profile: taken(&survivor.profile, &duplicate.profile, choices),
        details: known(&survivor.details, &duplicate.details, choices),
        contacts: together(survivor, duplicate),
        ..survivor.touched(stamp)
    })
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use uuid::Uuid;

    use super::*;
    use crate::{
        custom_fields::CustomValues,
        customers::{
            ChannelCode, ContactKind, DETAIL_FIELDS, Evidence, Kind, Prose, Provenance, Stage,
        },
        id::Id,
    };

    fn stamp() -> Stamp {
        Stamp::new(Timestamp::UNIX_EPOCH, |_| Uuid::from_u128(7))
    }

    fn customer(id: u128, name: &str) -> Customer {
        Customer {
            id: Id::new(Uuid::from_u128(id)),
            version: 3,
            profile: Profile {
                kind: Kind::Student,
                name: name.into(),
                gender: Gender::NotGiven,
                birth_date: None,
                intent: None,
                stage: Stage::Lead,
                region: None,
                education: None,
                occupation: None,
                school: None,
                grade: None,
                note: None,
            },
            contacts: Vec::new(),
            details: Details::default(),
            custom: CustomValues::default(),
            holder: Id::new(Uuid::nil()),
            campus: Id::new(Uuid::nil()),
            provenance: Provenance {
                channel: ChannelCode::parse("hotline").unwrap(),
                collected_at: Timestamp::UNIX_EPOCH,
                collector: None,
                evidence: Evidence::default(),
            },
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    fn phone(number: &str, is_preferred: bool) -> ContactPoint {
        let id = Id::new(Uuid::nil());
        ContactPoint::stored(
            id,
            ContactKind::Phone,
            number.into(),
            None,
            is_preferred,
            None,
            false,
        )
    }

    #[test]
    fn what_one_lacks_comes_from_the_other_and_what_both_have_stays_unless_chosen() {
        let (mut a, mut b) = (customer(1, "张伟"), customer(2, "张玮"));
        b.profile.gender = Gender::Male;
        b.profile.birth_date = Some(date(2015, 9, 1));
        a.profile.school = Some("实验小学".into());
        b.profile.school = Some("第二小学".into());
        assert_eq!(conflicts(&a, &b), [MergeField::Name, MergeField::School]);
        let plain = merged(&a, &b, &Choices::new(), &stamp()).unwrap();
        assert_eq!((plain.id, plain.version), (a.id, 4));
        assert_eq!(plain.profile.name, "张伟");
        assert_eq!(plain.profile.gender, Gender::Male);
        assert_eq!(plain.profile.birth_date, b.profile.birth_date);
        let choices = Choices::from([(MergeField::School, MergeSide::Duplicate)]);
        let chosen = merged(&a, &b, &choices, &stamp()).unwrap();
        assert_eq!(chosen.profile.school, b.profile.school);
        assert_eq!(chosen.profile.name, "张伟");
    }

    #[test]
    fn every_field_can_be_chosen() {
        let (a, mut b) = (customer(1, "张伟"), customer(2, "张玮"));
        b.profile = Profile {
            gender: Gender::Female,
            birth_date: Some(date(2015, 9, 1)),
            intent: Some(2),
            stage: Stage::Trial,
            region: Some("海淀".into()),
            education: Some(crate::customers::Education::Primary),
            occupation: Some(crate::customers::Occupation::Student),
            school: Some("第二小学".into()),
            grade: Some("三年级".into()),
            note: Some("好动".into()),
            ..b.profile
        };
        let all = MergeField::ALL
            .iter()
            .map(|field| (*field, MergeSide::Duplicate));
        let taken = merged(&a, &b, &all.collect(), &stamp()).unwrap();
        assert_eq!(taken.profile, b.profile);
        for field in DETAIL_FIELDS {
            let is_chosen = MergeField::parse(field.path).is_some();
            assert_eq!(is_chosen, !field.is_list, "{}", field.path);
        }
    }

    #[test]
    fn of_details_lists_are_put_together_and_others_are_as_fields() {
        let (mut a, mut b) = (customer(1, "张伟"), customer(2, "张伟"));
        a.details.hobbies = vec!["Chess".into(), "画画".into()];
        b.details.hobbies = vec!["chess".into(), "篮球".into()];
        a.details.membership_tier = Some("金卡".into());
        b.details.membership_tier = Some("银卡".into());
        b.details.needs = Some(Prose("数学提高".into()));
        assert_eq!(conflicts(&a, &b), [MergeField::MembershipTier]);
        let choices = Choices::from([(MergeField::MembershipTier, MergeSide::Duplicate)]);
        let details = merged(&a, &b, &choices, &stamp()).unwrap().details;
        assert_eq!(details.hobbies, ["Chess", "画画", "篮球"]);
        assert_eq!(details.membership_tier, b.details.membership_tier);
        assert_eq!(details.needs, b.details.needs);
    }

    #[test]
    fn ways_to_reach_them_are_put_together_once_each() {
        let (mut a, mut b) = (customer(1, "张伟"), customer(2, "张伟"));
        a.contacts = vec![phone("+8613800138000", true)];
        b.contacts = vec![
            phone("+8613800138000", false),
            phone("+8613900139000", true),
        ];
        let both = merged(&a, &b, &Choices::new(), &stamp()).unwrap().contacts;
        let told: Vec<_> = both.iter().map(|p| (p.clear(), p.is_preferred)).collect();
        assert_eq!(told, [("+8613800138000", true), ("+8613900139000", false)]);
    }

    #[test]
    fn kinds_that_differ_stand_in_the_way_and_nobody_is_merged_with_itself() {
        let (a, mut b) = (customer(1, "张伟"), customer(2, "张伟"));
        let itself = merged(&a, &a, &Choices::new(), &stamp()).unwrap_err();
        assert_eq!(itself.fields[0].rule, &MERGE_WITH_ITSELF);
        b.profile.kind = Kind::Guardian;
        let fault = merged(&a, &b, &Choices::new(), &stamp()).unwrap_err();
        assert_eq!(fault.rule, &MERGE_OBSTRUCTED);
        assert_eq!(obstacles(&a, &b), [MergeObstacle::DifferentKinds]);
    }
}
