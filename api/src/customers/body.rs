use domain::{
    customers::{
        ContactInput, ContactPoint, Customer, Education, Gender, Kind, Occupation, Order, Profile,
        Stage,
    },
    id::Id,
    tags::TagLabel,
};
use jiff::{Timestamp, civil::Date};
use persistence::scope::Counted;
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    CollectionEvidence, CustomerDetailsBody, CustomerDetailsInput, NamedRecord, SourceChannelCode,
    derived::{ActivityBody, SchoolingBody},
    photos::PhotoBody,
};
use crate::{
    access::fields::Shown,
    custom_fields::{CustomFieldCode, CustomFieldValues, CustomFieldsInput},
    http::{list::PageBody, wire::Wire},
};

pub type ContactKind = Wire<domain::customers::ContactKind>;
pub type CustomerKind = Wire<Kind>;
pub type CustomerGender = Wire<Gender>;
pub type CustomerStage = Wire<Stage>;
pub type CustomerEducation = Wire<Education>;
pub type CustomerOccupation = Wire<Occupation>;
pub type CustomerOrder = Wire<Order>;

/// A new customer (客户).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "student", "name": "张伟", "gender": "male", "birth_date": "2015-09-01",
    "intent": 3, "source_channel": "hotline", "campus_id": "0192f0c1-1111-7000-8000-000000000000"}))]
pub struct CreateCustomer {
    /// What the customer is: it says which relations there can be.
    pub kind: CustomerKind,
    /// Name of the person or organization; searched by characters, pinyin and initials.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// `not_given` when absent.
    #[schema(nullable = false)]
    pub gender: Option<CustomerGender>,
    /// A day that has been, by the calendar.
    #[schema(nullable = false)]
    pub birth_date: Option<Date>,
    /// Strength of interest (意向强烈度): 1 weak to 4 strong.
    #[schema(minimum = 1, maximum = 4, nullable = false)]
    pub intent: Option<i16>,
    /// `lead` when absent.
    #[schema(nullable = false)]
    pub stage: Option<CustomerStage>,
    /// Where the customer lives (所在地区), as it was told.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub region: Option<String>,
    /// The highest degree of schooling that was finished (教育背景).
    #[schema(nullable = false)]
    pub education: Option<CustomerEducation>,
    /// What the customer does for a living (职业).
    #[schema(nullable = false)]
    pub occupation: Option<CustomerOccupation>,
    /// The school that a child goes to (就读学校).
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub school: Option<String>,
    /// The grade that it is in there (年级), as it was told.
    #[schema(min_length = 1, max_length = 50, nullable = false)]
    pub grade: Option<String>,
    /// For colleagues.
    #[schema(max_length = 2000, nullable = false)]
    pub note: Option<String>,
    /// What is known beyond that.
    #[schema(nullable = false)]
    #[validate(nested)]
    pub details: Option<CustomerDetailsInput>,
    /// What the institution keeps beyond that.
    #[schema(nullable = false)]
    pub custom_fields: Option<CustomFieldsInput>,
    /// Ways to reach the customer.
    #[schema(max_items = 20, nullable = false, value_type = Option<Vec<ContactPointInput>>)]
    pub contact_points: Option<Vec<ContactPointInput>>,
    /// To which campus the customer belongs. One that the caller reaches and that is not archived.
    pub campus_id: Uuid,
    /// Who holds the customer: a person of staff of the campus, or the campus itself for its pool.
    /// The caller, when absent, if he or she works there; else the pool.
    #[schema(nullable = false)]
    pub holder_id: Option<Uuid>,
    /// Where the customer was met: a channel of the institution that is not archived.
    pub source_channel: SourceChannelCode,
    /// When; now, when absent.
    #[schema(nullable = false)]
    pub collected_at: Option<Timestamp>,
    /// By whom; the caller, when absent.
    #[schema(nullable = false)]
    pub collector_id: Option<Uuid>,
    /// What else there is to say of how the data were collected: it stands in the customer's first collection.
    #[schema(nullable = false)]
    #[validate(nested)]
    pub collection: Option<CollectionEvidence>,
    /// Says that somebody who was erased came back by itself. Without it whoever is known as erased is not
    /// taken in (`erased_person`); who said so is on the trail.
    #[schema(nullable = false)]
    pub asked_again: Option<bool>,
}

/// Changes to a customer: absent leaves a field, null clears it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"intent": 4, "note": null}))]
pub struct ChangeCustomer {
    /// What the customer is. It can't change while there are relations or enrollments.
    #[schema(nullable = false)]
    pub kind: Option<CustomerKind>,
    /// Name of the person or organization; searched by characters, pinyin and initials.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// Gender; `not_given` takes it back.
    #[schema(nullable = false)]
    pub gender: Option<CustomerGender>,
    /// A day that has been, by the calendar. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Date>)]
    pub birth_date: Option<Option<Date>>,
    /// Strength of interest (意向强烈度): 1 weak to 4 strong. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<i16>, minimum = 1, maximum = 4)]
    pub intent: Option<Option<i16>>,
    /// Where the customer stands.
    #[schema(nullable = false)]
    pub stage: Option<CustomerStage>,
    /// Where the customer lives (所在地区), as it was told. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub region: Option<Option<String>>,
    /// The highest degree of schooling that was finished (教育背景). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<CustomerEducation>)]
    pub education: Option<Option<CustomerEducation>>,
    /// What the customer does for a living (职业). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<CustomerOccupation>)]
    pub occupation: Option<Option<CustomerOccupation>>,
    /// The school that a child goes to (就读学校). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub school: Option<Option<String>>,
    /// The grade that it is in there (年级), as it was told. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub grade: Option<Option<String>>,
    /// For colleagues. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub note: Option<Option<String>>,
    /// What is known beyond that; what is absent of it stays.
    #[schema(nullable = false)]
    #[validate(nested)]
    pub details: Option<CustomerDetailsInput>,
    /// What the institution keeps beyond that; fields that are absent of it stay.
    #[schema(nullable = false)]
    pub custom_fields: Option<CustomFieldsInput>,
    /// Replaces the whole list: name the ones to keep by their id.
    #[schema(max_items = 20, nullable = false, value_type = Option<Vec<ContactPointInput>>)]
    pub contact_points: Option<Vec<ContactPointInput>>,
}

/// A contact point as it is sent: an existing one by its id, or a new one.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "phone", "value": "+8613800138000", "label": "妈妈"}))]
pub struct ContactPointInput {
    /// Of an existing contact point; what is absent beside it stays as it is.
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// Phone, e-mail or another.
    #[schema(nullable = false)]
    pub kind: Option<ContactKind>,
    /// Phones in any usual form; they are kept in E.164. A masked value is refused.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub value: Option<String>,
    /// Whose it is, such as 妈妈. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub label: Option<Option<String>>,
    /// Whether it is to be tried first; not, when absent of a new one. An existing one of which nothing is
    /// said gives way to another of its kind that is.
    #[schema(nullable = false)]
    pub is_preferred: Option<bool>,
    /// Whether somebody made sure that the value is right, now or before; not, when absent of a new one or
    /// of one whose value changes.
    #[schema(nullable = false)]
    pub is_verified: Option<bool>,
    /// Whether the customer does not want to be reached by it; not, when absent of a new one.
    #[schema(nullable = false)]
    pub do_not_contact: Option<bool>,
}

impl std::fmt::Debug for ContactPointInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl From<ContactPointInput> for ContactInput {
    fn from(input: ContactPointInput) -> Self {
        Self {
            id: input.id.map(Id::new),
            kind: input.kind.map(|kind| kind.0),
            value: input.value,
            label: input.label,
            is_preferred: input.is_preferred,
            is_verified: input.is_verified,
            do_not_contact: input.do_not_contact,
        }
    }
}

/// A way to reach a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ContactPoint)]
pub struct ContactPointBody {
    pub id: Uuid,
    /// Phone, e-mail or another.
    pub kind: ContactKind,
    /// In its safe form (`138****8000`), except in reveals.
    pub value: String,
    /// Whose it is, such as 妈妈; null where nobody said.
    #[schema(required)]
    pub label: Option<String>,
    /// Whether it is to be tried first.
    pub is_preferred: bool,
    /// When somebody made sure that the value is right; null where nobody has since it was told.
    #[schema(required)]
    pub verified_at: Option<Timestamp>,
    /// Whether the customer does not want to be reached by it.
    pub do_not_contact: bool,
}

impl ContactPointBody {
    pub(super) fn safe(point: &ContactPoint) -> Self {
        Self {
            id: point.id.uuid(),
            kind: Wire(point.kind),
            value: point.safe(),
            label: point.label.clone(),
            is_preferred: point.is_preferred,
            verified_at: point.verified_at,
            do_not_contact: point.do_not_contact,
        }
    }

    fn clear(point: &ContactPoint) -> Self {
        Self {
            value: point.clear().to_owned(),
            ..Self::safe(point)
        }
    }
}

/// Why contact values are needed in the clear.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "回访"}))]
pub struct RevealCustomer {
    /// Kept on the audit trail.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
    /// Which of the customer's contact points; all of them, when this and `custom_fields` are absent.
    #[schema(min_items = 1, max_items = 20, nullable = false)]
    pub contact_point_ids: Option<Vec<Uuid>>,
    /// Which of the customer's custom fields, by their codes; none, when absent.
    #[schema(min_items = 1, max_items = 100, nullable = false)]
    pub custom_fields: Option<Vec<CustomFieldCode>>,
}

/// In whose hands a customer will be.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"holder_id": "0192f0c1-3333-7000-8000-000000000000", "campus_id": "0192f0c1-1111-7000-8000-000000000000",
    "reason": "招生老师离职"}))]
pub struct TransferCustomer {
    /// A person of staff of the campus, or the campus itself for its pool.
    pub holder_id: Uuid,
    /// The customer's campus, when absent.
    #[schema(nullable = false)]
    pub campus_id: Option<Uuid>,
    /// Kept on the audit trail.
    #[schema(min_length = 2, max_length = 200)]
    pub reason: String,
}

/// Values in the clear.
#[derive(Serialize, ToSchema)]
pub struct RevealedCustomer {
    pub id: Uuid,
    /// Those that were asked for, values in the clear.
    #[schema(value_type = Vec<ContactPointBody>)]
    pub contact_points: Vec<ContactPointBody>,
    /// Those that were asked for, as far as the customer has them, in the clear.
    pub custom_fields: CustomFieldValues,
}

impl RevealedCustomer {
    pub fn new(
        id: Id<Customer>,
        points: &[ContactPoint],
        custom_fields: CustomFieldValues,
    ) -> Self {
        Self {
            id: id.uuid(),
            contact_points: points.iter().map(ContactPointBody::clear).collect(),
            custom_fields,
        }
    }
}

impl RevealCustomer {
    /// Whether contact points are asked for.
    pub(super) fn asks_for_contacts(&self) -> bool {
        self.contact_point_ids.is_some() || self.custom_fields.is_none()
    }

    /// The fields that are asked for.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let contacts = self.asks_for_contacts().then_some("contact_points");
        let custom = self.custom_fields.as_ref().map(|_| "custom_fields");
        contacts.into_iter().chain(custom).collect()
    }
}

impl ChangeCustomer {
    /// The profile with these changes.
    pub fn apply(self, profile: Profile) -> Profile {
        Profile {
            kind: self.kind.map_or(profile.kind, |v| v.0),
            name: self.name.unwrap_or(profile.name),
            gender: self.gender.map_or(profile.gender, |v| v.0),
            birth_date: self.birth_date.unwrap_or(profile.birth_date),
            intent: self.intent.unwrap_or(profile.intent),
            stage: self.stage.map_or(profile.stage, |v| v.0),
            region: self.region.unwrap_or(profile.region),
            education: self.education.map_or(profile.education, |v| v.map(|v| v.0)),
            occupation: self
                .occupation
                .map_or(profile.occupation, |v| v.map(|v| v.0)),
            school: self.school.unwrap_or(profile.school),
            grade: self.grade.unwrap_or(profile.grade),
            note: self.note.unwrap_or(profile.note),
        }
    }
}

/// A customer (客户): lead, student, guardian, school or partner. What a field rule hides from the
/// caller is null, or an empty list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Customer, example = json!({"id": "0192f0c1-2222-7000-8000-000000000000", "version": 1,
    "kind": "student", "name": "张伟", "gender": "male", "birth_date": "2015-09-01", "intent": 3,
    "stage": "lead", "region": "海淀区", "education": null, "occupation": "student",
    "school": "实验小学", "grade": "五年级", "note": null, "contact_points": [], "tags": [], "campus_id": "0192f0c1-1111-7000-8000-000000000000",
    "holder_id": "0192f0c1-3333-7000-8000-000000000000", "source_channel": "hotline",
    "collected_at": "2026-11-21T02:00:00Z", "collector_id": "0192f0c1-3333-7000-8000-000000000000",
    "details": null, "custom_fields": null, "holder": null, "campus": null, "collector": null, "schooling": null, "activity": null, "photo": null,
    "created_at": "2026-11-21T02:00:00Z", "updated_at": "2026-11-21T02:00:00Z"}))]
pub struct CustomerBody {
    pub id: Uuid,
    /// Raised with every change; the first part of the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the customer is: it says which relations there can be.
    pub kind: CustomerKind,
    /// Name of the person or organization; null only where a field rule hides it.
    #[schema(required)]
    pub name: Option<String>,
    /// `not_given` where nobody said; null where a field rule hides it.
    #[schema(required)]
    pub gender: Option<CustomerGender>,
    /// By the calendar; null where it is not known or a field rule hides it.
    #[schema(required)]
    pub birth_date: Option<Date>,
    /// Strength of interest (意向强烈度): 1 weak to 4 strong.
    #[schema(required, minimum = 1, maximum = 4)]
    pub intent: Option<i16>,
    /// Where the customer stands; null where a field rule hides it.
    #[schema(required)]
    pub stage: Option<CustomerStage>,
    /// Where the customer lives (所在地区), as it was told; null where nobody said or a field rule
    /// hides it.
    #[schema(required)]
    pub region: Option<String>,
    /// The highest degree of schooling that was finished (教育背景); null where nobody said or a
    /// field rule hides it.
    #[schema(required)]
    pub education: Option<CustomerEducation>,
    /// What the customer does for a living (职业); null where nobody said or a field rule hides it.
    #[schema(required)]
    pub occupation: Option<CustomerOccupation>,
    /// The school that a child goes to (就读学校); null where nobody said or a field rule hides it.
    #[schema(required)]
    pub school: Option<String>,
    /// The grade that it is in there (年级), as it was told; null where nobody said or a field rule
    /// hides it.
    #[schema(required)]
    pub grade: Option<String>,
    /// For colleagues; null where there is none or a field rule hides it.
    #[schema(required)]
    pub note: Option<String>,
    /// Ways to reach the customer, values in their safe form; empty where a field rule hides them.
    #[schema(value_type = Vec<ContactPointBody>)]
    pub contact_points: Vec<ContactPointBody>,
    /// The tags that it has, as far as the caller may see them (`tags:read`), in the order in which
    /// they were put on.
    #[schema(value_type = Vec<TagLabelBody>)]
    pub tags: Vec<TagLabelBody>,
    /// To which campus the customer belongs; a transfer changes it.
    pub campus_id: Uuid,
    /// A person of staff, or a campus for its pool.
    pub holder_id: Uuid,
    /// Where the customer was met; null where a field rule hides it.
    #[schema(required)]
    pub source_channel: Option<SourceChannelCode>,
    /// When the customer's data were collected; null where a field rule hides it.
    #[schema(required)]
    pub collected_at: Option<Timestamp>,
    /// By whom the customer's data were collected; null where a field rule hides it.
    #[schema(required)]
    pub collector_id: Option<Uuid>,
    /// Who holds it; null unless `expand` names it, and for who may not see the directory.
    #[schema(required)]
    pub holder: Option<NamedRecord>,
    /// The campus; null unless `expand` names it, and for who may not see the directory.
    #[schema(required)]
    pub campus: Option<NamedRecord>,
    /// What is known beyond the profile; null unless `expand` names it. The answers to creating and changing a
    /// customer have it wherever something is known.
    #[schema(required)]
    pub details: Option<CustomerDetailsBody>,
    /// What the institution keeps beyond that, by code; null unless `expand` names it, and where a field rule hides
    /// it. The answers to creating and changing a customer have it wherever something is known.
    #[schema(required)]
    pub custom_fields: Option<CustomFieldValues>,
    /// Who collected its data; null unless `expand` names it, and where `collector_id` is.
    #[schema(required)]
    pub collector: Option<NamedRecord>,
    /// Where a student stands at school, by age; null unless `expand` names it, of others than students, and where
    /// `birth_date` is null.
    #[schema(required)]
    pub schooling: Option<SchoolingBody>,
    /// How active it is; null unless `expand` names it, and for who may not read follow-ups.
    #[schema(required)]
    pub activity: Option<ActivityBody>,
    /// Its photo; null unless `expand` names it, and for who may not see its files.
    #[schema(required)]
    pub photo: Option<PhotoBody>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A tag as it is shown beside its customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TagLabel)]
pub struct TagLabelBody {
    pub id: Uuid,
    pub name: String,
    /// The category that the tag stands in.
    pub category_id: Uuid,
    /// `#rrggbb`; null where it has none.
    #[schema(required, pattern = "^#[0-9A-F]{6}$")]
    pub colour: Option<String>,
}

impl From<TagLabel> for TagLabelBody {
    fn from(label: TagLabel) -> Self {
        Self {
            id: label.id.uuid(),
            name: label.name,
            category_id: label.category.uuid(),
            colour: label.colour,
        }
    }
}

impl CustomerBody {
    pub(super) fn new(customer: Customer, tags: Vec<TagLabel>) -> Self {
        let profile = customer.profile;
        Self {
            id: customer.id.uuid(),
            version: customer.version,
            kind: Wire(profile.kind),
            name: Some(profile.name),
            gender: Some(Wire(profile.gender)),
            birth_date: profile.birth_date,
            intent: profile.intent,
            stage: Some(Wire(profile.stage)),
            region: profile.region,
            education: profile.education.map(Wire),
            occupation: profile.occupation.map(Wire),
            school: profile.school,
            grade: profile.grade,
            note: profile.note,
            contact_points: customer
                .contacts
                .iter()
                .map(ContactPointBody::safe)
                .collect(),
            tags: tags.into_iter().map(Into::into).collect(),
            campus_id: customer.campus.uuid(),
            holder_id: customer.holder.uuid(),
            source_channel: Some((&customer.provenance.channel).into()),
            collected_at: Some(customer.provenance.collected_at),
            collector_id: customer.provenance.collector.map(Id::uuid),
            details: None,
            custom_fields: None,
            holder: None,
            campus: None,
            collector: None,
            schooling: None,
            activity: None,
            photo: None,
            created_at: customer.created_at,
            updated_at: customer.updated_at,
        }
    }
}

/// One page of customers.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerPage {
    #[schema(value_type = Vec<CustomerBody>)]
    pub items: Vec<Shown<CustomerBody>>,
    /// Continues the list; null at its end.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// How many there are on all pages, counted up to 10,000, or up to 1,000 of a search for text; null
    /// unless `include_total` asks for it.
    #[schema(required, minimum = 0, maximum = 10_000)]
    pub total: Option<u64>,
    /// Whether there are more than `total`; null where that is.
    #[schema(required)]
    pub total_is_capped: Option<bool>,
}

/// Customers are counted up to here.
pub const COUNTED: u64 = 10_000;
/// Those that are found by text, each of which is read for it.
pub const COUNTED_BY_TEXT: u64 = 1_000;

impl PageBody for CustomerPage {
    type Item = Shown<CustomerBody>;

    fn new(items: Vec<Self::Item>, next_cursor: Option<String>) -> Self {
        Self {
            items,
            next_cursor,
            total: None,
            total_is_capped: None,
        }
    }
}

impl CustomerPage {
    /// Says how many there are.
    pub fn say(&mut self, counted: Counted) {
        self.total = Some(counted.rows);
        self.total_is_capped = Some(counted.is_capped);
    }
}
