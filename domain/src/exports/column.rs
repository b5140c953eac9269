//! What stands in which column of exported customers.
//!
//! This is the one list of columns: a field that is added to customers gets its line here (a test of
//! the contract says so). Imports know a heading where they can take the column in again.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use uuid::Uuid;

use crate::{
    customers::{
        CityClass, ContactKind, ContactPoint, Customer, Details, Prose, RegionCode, Schooling,
    },
    fault::Text,
    organization::Locale,
    tags::TagLabel,
    text_enum::TextEnum,
};

/// A column of exported customers.
#[derive(Debug)]
pub struct Column {
    pub heading: Text,
    /// The field that it shows, in the words of the contract: rules of that field hold for it.
    pub field: &'static str,
    pub needs: Needs,
    pub cell: fn(&Row<'_>, Locale) -> String,
}

/// What one must be able to read for a column, beside customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// Names of people and places.
    Directory,
    Tags,
    /// Nothing, but that it was asked for ([`ExportExpansion::Details`](super::ExportExpansion::Details)).
    Details,
}

/// A customer that becomes a row, with what is shown beside it.
#[derive(Debug)]
pub struct Row<'a> {
    pub customer: &'a Customer,
    /// As far as the reader may see them.
    pub tags: &'a [TagLabel],
    /// Of people and places, by their ids.
    pub names: &'a BTreeMap<Uuid, String>,
    /// Of source channels, by their codes.
    pub channels: &'a BTreeMap<String, String>,
    /// Of the customer's campus.
    pub zone: &'a TimeZone,
    /// The day there.
    pub today: Date,
    /// Whether contact values are shown in the clear.
    pub is_revealed: bool,
    /// Whether the class of a place may be told by its region.
    pub reads_region: bool,
}

macro_rules! columns {
    ($( $field:literal $needs:ident { $zh:literal, $en:literal } $cell:expr; )+) => {
        /// Every column of exported customers, from the left.
        pub static COLUMNS: &[Column] = &[
            $( Column {
                heading: Text { zh: $zh, en: $en },
                field: $field,
                needs: Needs::$needs,
                cell: $cell,
            } ),+
        ];
    };
}

columns! {
    "id" Nothing { "编号", "ID" } |row, _| row.customer.id.to_string();
    "kind" Nothing { "类型", "Kind" } |row, locale| label(row.customer.profile.kind, locale);
    "name" Nothing { "姓名", "Name" } |row, _| row.customer.profile.name.clone();
    "gender" Nothing { "性别", "Gender" } |row, locale| label(row.customer.profile.gender, locale);
    "birth_date" Nothing { "出生日期", "Birth date" } |row, _| optional(row.customer.profile.birth_date);
    "contact_points" Nothing { "手机号", "Phone" } |row, _| row.all(ContactKind::Phone);
    "contact_points" Nothing { "微信号", "WeChat" } |row, _| row.first(ContactKind::Wechat);
    "contact_points" Nothing { "邮箱", "E-mail" } |row, _| row.first(ContactKind::Email);
    "contact_points" Nothing { "地址", "Address" } |row, _| row.first(ContactKind::Address);
    "contact_points" Nothing { "联系方式明细", "Contact points" } |row, locale| row.told(locale);
    "region" Nothing { "所在地区", "Region" } |row, _| optional(row.customer.profile.region.as_ref());
    "school" Nothing { "就读学校", "School" } |row, _| optional(row.customer.profile.school.as_ref());
    "grade" Nothing { "年级", "Grade" } |row, _| optional(row.customer.profile.grade.as_ref());
    "birth_date" Nothing { "学段", "School stage" } |row, locale| labelled(row.schooling().map(|told| told.stage), locale);
    "birth_date" Nothing { "适龄年级", "Grade by age" } |row, _| optional(row.schooling().and_then(|told| told.grade));
    "education" Nothing { "教育背景", "Education" } |row, locale| labelled(row.customer.profile.education, locale);
    "occupation" Nothing { "职业", "Occupation" } |row, locale| labelled(row.customer.profile.occupation, locale);
    "intent" Nothing { "意向程度", "Intent" } |row, _| optional(row.customer.profile.intent);
    "stage" Nothing { "阶段", "Stage" } |row, locale| label(row.customer.profile.stage, locale);
    "source_channel" Nothing { "来源渠道", "Source channel" } |row, _| row.channel();
    "collected_at" Nothing { "采集时间", "Collected at" } |row, _| row.time(row.customer.provenance.collected_at);
    "collector_id" Directory { "采集人", "Collector" } |row, _| row.name(collector(row));
    "campus_id" Directory { "校区", "Campus" } |row, _| row.name(Some(row.customer.campus.uuid()));
    "holder_id" Directory { "归属人", "Holder" } |row, _| row.name(Some(row.customer.holder.uuid()));
    "tags" Tags { "标签", "Tags" } |row, locale| row.tags(locale, |tag| tag.name.clone());
    "note" Nothing { "备注", "Note" } |row, _| row.customer.profile.note.clone().unwrap_or_default();
    "created_at" Nothing { "创建时间", "Created" } |row, _| row.time(row.customer.created_at);
    "updated_at" Nothing { "更新时间", "Updated" } |row, _| row.time(row.customer.updated_at);
    "collector_id" Nothing { "采集人编号", "Collector ID" } |row, _| optional(collector(row));
    "campus_id" Nothing { "校区编号", "Campus ID" } |row, _| row.customer.campus.to_string();
    "holder_id" Nothing { "归属人编号", "Holder ID" } |row, _| row.customer.holder.to_string();
    "tags" Tags { "标签编号", "Tag IDs" } |row, locale| row.tags(locale, |tag| tag.id.to_string());
    "details.needs" Details { "需求", "Needs" } |row, _| prose(&row.details().needs);
    "details.expectations" Details { "教育期望", "Expectations" } |row, _| prose(&row.details().expectations);
    "details.background" Details { "背景", "Background" } |row, _| prose(&row.details().background);
    "details.development_trend" Details { "发展趋势", "Development trend" } |row, _| prose(&row.details().development_trend);
    "details.consumption_habits" Details { "消费习惯", "Consumption habits" } |row, _| prose(&row.details().consumption_habits);
    "details.need_features" Details { "需求特点", "Need features" } |row, _| prose(&row.details().need_features);
    "details.residence" Details { "居住情况", "Residence" } |row, _| prose(&row.details().residence);
    "details.hobbies" Details { "兴趣爱好", "Hobbies" } |row, locale| items(&row.details().hobbies, locale);
    "details.preferences_product" Details { "产品偏好", "Preferred products" } |row, locale| items(&row.details().preferences_product, locale);
    "details.preferences_service" Details { "服务偏好", "Preferred services" } |row, locale| items(&row.details().preferences_service, locale);
    "details.focus_of_concern" Details { "关注重点", "Focus of concern" } |row, locale| items(&row.details().focus_of_concern, locale);
    "details.region_code" Details { "行政区划代码", "Region code" } |row, _| optional(row.details().region_code.as_ref().map(RegionCode::as_str));
    "details.city_class" Details { "城市级别", "City class" } |row, locale| labelled(row.city_class(), locale);
    "details.influence" Details { "影响力", "Influence" } |row, locale| parted(row.details().influence.iter().map(|value| label(*value, locale)), locale);
    "details.influence_note" Details { "影响力说明", "Influence in words" } |row, _| prose(&row.details().influence_note);
    "details.consumption_potential" Details { "消费潜力", "Consumption potential" } |row, locale| labelled(row.details().consumption_potential, locale);
    "details.spending_power" Details { "消费能力", "Spending power" } |row, locale| labelled(row.details().spending_power, locale);
    "details.membership_tier" Details { "会员等级", "Membership tier" } |row, _| optional(row.details().membership_tier.as_ref());
    "details.advantage_resources" Details { "优势资源", "Strengths" } |row, _| prose(&row.details().advantage_resources);
    "details.industry" Details { "行业", "Industry" } |row, _| optional(row.details().industry.as_ref());
    "details.size" Details { "规模", "Size" } |row, _| optional(row.details().size.as_ref());
    "details.website" Details { "网站", "Website" } |row, _| optional(row.details().website.as_ref());
    "details.exhibitions" Details { "参展情况", "Exhibitions" } |row, _| prose(&row.details().exhibitions);
    "details.credit" Details { "信用状况", "Credit" } |row, _| prose(&row.details().credit);
    "details.operation" Details { "经营状况", "Operation" } |row, _| prose(&row.details().operation);
    "details.sales_situation" Details { "销售状况", "Sales" } |row, _| prose(&row.details().sales_situation);
    "details.business_scope" Details { "业务范围", "Business scope" } |row, _| prose(&row.details().business_scope);
}

fn label(value: impl TextEnum, locale: Locale) -> String {
    value.label().of(locale).to_owned()
}

fn labelled(value: Option<impl TextEnum>, locale: Locale) -> String {
    value.map_or_else(String::new, |value| label(value, locale))
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn prose(value: &Option<Prose>) -> String {
    optional(value.as_ref().map(|told| told.0.as_str()))
}

fn items(list: &[String], locale: Locale) -> String {
    list.join(comma(locale))
}

fn parted(items: impl Iterator<Item = String>, locale: Locale) -> String {
    items.collect::<Vec<_>>().join(comma(locale))
}

fn collector(row: &Row<'_>) -> Option<Uuid> {
    row.customer.provenance.collector.map(|staff| staff.uuid())
}

/// What parts the items of a list in a cell.
fn comma(locale: Locale) -> &'static str {
    Text {
        zh: "、", en: ", "
    }
    .of(locale)
}

/// What stands behind a contact point by which the customer does not want to be reached.
const DO_NOT_CONTACT: Text = Text {
    zh: "［勿联系］",
    en: " [do not contact]",
};

impl Row<'_> {
    fn details(&self) -> &Details {
        &self.customer.details
    }

    fn value(&self, point: &ContactPoint) -> String {
        if self.is_revealed {
            point.clear().to_owned()
        } else {
            point.safe()
        }
    }

    /// Contact points, the preferred ones first.
    fn points(&self) -> Vec<&ContactPoint> {
        let mut points: Vec<_> = self.customer.contacts.iter().collect();
        points.sort_by_key(|point| !point.is_preferred);
        points
    }

    fn of_kind(&self, kind: ContactKind) -> Vec<String> {
        let points = self.points().into_iter();
        let of_kind = points.filter(|point| point.kind == kind);
        of_kind.map(|point| self.value(point)).collect()
    }

    fn all(&self, kind: ContactKind) -> String {
        self.of_kind(kind).join("/")
    }

    fn first(&self, kind: ContactKind) -> String {
        self.of_kind(kind).into_iter().next().unwrap_or_default()
    }

    /// Every contact point with its kind and whose it is.
    fn told(&self, locale: Locale) -> String {
        let warning = Some(DO_NOT_CONTACT.of(locale));
        let told = self.points().into_iter().map(|point| {
            let kind = label(point.kind, locale);
            let value = self.value(point);
            let told = match (&point.label, locale) {
                (None, Locale::Chinese) => format!("{kind}：{value}"),
                (None, Locale::English) => format!("{kind}: {value}"),
                (Some(whose), Locale::Chinese) => format!("{kind}（{whose}）：{value}"),
                (Some(whose), Locale::English) => format!("{kind} ({whose}): {value}"),
            };
            told + warning.filter(|_| point.do_not_contact).unwrap_or_default()
        });
        let parted = Text {
            zh: "；", en: "; "
        }
        .of(locale);
        told.collect::<Vec<_>>().join(parted)
    }

    fn tags(&self, locale: Locale, shown: impl Fn(&TagLabel) -> String) -> String {
        parted(self.tags.iter().map(shown), locale)
    }

    fn name(&self, of: Option<Uuid>) -> String {
        let name = of.and_then(|id| self.names.get(&id));
        name.cloned().unwrap_or_default()
    }

    fn schooling(&self) -> Option<Schooling> {
        let profile = &self.customer.profile;
        Schooling::of(profile.kind, profile.birth_date, self.today)
    }

    /// As whoever reads the record sees it.
    fn city_class(&self) -> Option<CityClass> {
        match self.reads_region {
            true => self.details().place_class(),
            false => self.details().city_class,
        }
    }

    /// As the institution calls it.
    fn channel(&self) -> String {
        let code = self.customer.provenance.channel.as_str();
        self.channels
            .get(code)
            .map_or(code, String::as_str)
            .to_owned()
    }

    /// By the clocks of the campus, as spreadsheets read it.
    fn time(&self, at: Timestamp) -> String {
        let local = at.to_zoned(self.zone.clone());
        local.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        customers::Gender,
        imports::{
            cell::{self, Unread},
            header::{LeadField, propose},
        },
    };

    /// What imports take of an exported list, whatever its language.
    const IMPORTED: &[LeadField] = &[
        LeadField::Name,
        LeadField::Gender,
        LeadField::BirthDate,
        LeadField::Phone,
        LeadField::Wechat,
        LeadField::Email,
        LeadField::Address,
        LeadField::Region,
        LeadField::School,
        LeadField::Grade,
        LeadField::Education,
        LeadField::Occupation,
        LeadField::Intent,
        LeadField::Channel,
        LeadField::CollectedOn,
        LeadField::Collector,
        LeadField::Campus,
        LeadField::Tags,
        LeadField::Note,
        LeadField::Ignore,
    ];

    #[test]
    fn imports_understand_the_headings_in_both_languages() {
        let both = Locale::ALL.iter().map(|locale| {
            let headings = COLUMNS.iter().map(|column| column.heading.of(*locale));
            propose(&headings.collect::<Vec<_>>())
        });
        let [chinese, english] = both.collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(chinese, english);
        let known: BTreeSet<_> = chinese.into_iter().flatten().collect();
        assert_eq!(known, IMPORTED.iter().copied().collect());
    }

    #[test]
    fn imports_understand_the_labels_in_both_languages() {
        fn check<T: TextEnum + PartialEq + std::fmt::Debug>(
            read: impl Fn(&str) -> Result<Option<T>, Unread>,
            untold: Option<T>,
        ) {
            for (value, locale) in T::ALL
                .iter()
                .flat_map(|v| Locale::ALL.iter().map(move |l| (*v, *l)))
            {
                let told = Some(value).filter(|value| Some(*value) != untold);
                assert_eq!(read(&label(value, locale)), Ok(told), "{value:?}");
            }
        }
        check(cell::gender, Some(Gender::NotGiven));
        check(cell::education, None);
        check(cell::occupation, None);
    }

    #[test]
    fn each_heading_stands_once() {
        for locale in Locale::ALL {
            let all: BTreeSet<_> = COLUMNS.iter().map(|c| c.heading.of(*locale)).collect();
            assert_eq!(all.len(), COLUMNS.len());
        }
    }
}
