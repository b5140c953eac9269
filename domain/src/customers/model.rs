use jiff::{Timestamp, civil::Date};

use super::{
    BIRTH_DATE_INVALID, COLLECTED_IN_FUTURE, CUSTOMER_DELETED, CUSTOMER_NOT_DELETED, ContactInput,
    ContactPoint, Details, Provenance, replace,
};
use crate::{
    custom_fields::CustomValues,
    fault::{Fault, FieldFault},
    id::Id,
    organization::{Campus, Holder},
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// Kind of a customer.
    Kind as "CustomerKind" {
        Student = "student" { "学员", "Student" }
        Guardian = "guardian" { "家长", "Guardian" }
        School = "school" { "学校", "School" }
        Institution = "institution" { "教育机构", "Education institution" }
        Partner = "partner" { "合作伙伴", "Partner" }
        Company = "company" { "企业客户", "Company" }
        Other = "other" { "其他", "Other" }
    }
}

text_enum! {
    /// Gender; `not_given` where nobody said.
    Gender as "Gender" {
        Female = "female" { "女", "Female" }
        Male = "male" { "男", "Male" }
        NotGiven = "not_given" { "未提供", "Not given" }
    }
}

text_enum! {
    /// Where a customer stands between first contact and the last lesson.
    Stage as "CustomerStage" {
        Lead = "lead" { "线索", "Lead" }
        Contacted = "contacted" { "已联系", "Contacted" }
        Interested = "interested" { "有意向", "Interested" }
        Trial = "trial" { "试听", "Trial" }
        Negotiating = "negotiating" { "洽谈", "Negotiating" }
        Enrolled = "enrolled" { "在读", "Enrolled" }
        Completed = "completed" { "结业", "Completed" }
        Lapsed = "lapsed" { "中断", "Lapsed" }
        Lost = "lost" { "流失", "Lost" }
        WonBack = "won_back" { "挽回", "Won back" }
        Invalid = "invalid" { "无效", "Invalid" }
    }
}

text_enum! {
    /// The highest degree of schooling that somebody has finished (教育背景, CUST-03).
    Education as "Education" {
        Primary = "primary" { "小学", "Primary school" }
        JuniorSecondary = "junior_secondary" { "初中", "Junior secondary school" }
        SeniorSecondary = "senior_secondary" { "高中", "Senior secondary school" }
        Vocational = "vocational" { "中专或职高", "Vocational school" }
        Associate = "associate" { "大专", "Junior college" }
        Bachelor = "bachelor" { "本科", "Bachelor" }
        Master = "master" { "硕士", "Master" }
        Doctorate = "doctorate" { "博士", "Doctorate" }
        Other = "other" { "其他", "Other" }
    }
}

text_enum! {
    /// What somebody does for a living (职业, CUST-06).
    Occupation as "Occupation" {
        CompanyEmployee = "company_employee" { "公司职员", "Company employee" }
        CivilServant = "civil_servant" { "公务员", "Civil servant" }
        Teacher = "teacher" { "教师", "Teacher" }
        Student = "student" { "学生", "Student" }
        Freelancer = "freelancer" { "自由职业", "Freelancer" }
        Other = "other" { "其他", "Other" }
    }
}

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;
/// Longest note, in characters.
pub const NOTE_MAX: usize = 2000;
/// Longest region and longest name of a school, in characters.
pub const PLACE_MAX: usize = 100;
/// Longest grade, in characters.
pub const GRADE_MAX: usize = 50;
/// Intent (意向强烈度, LIFE-17) runs from 1, weak, to this, strong.
pub const INTENT_MAX: i16 = 4;

/// A customer as it stands.
#[derive(Clone, Debug)]
pub struct Customer {
    pub id: Id<Customer>,
    /// Raised by one with every change to the customer or its own parts.
    pub version: i64,
    pub profile: Profile,
    /// At most [`CONTACTS_MAX`](super::CONTACTS_MAX).
    pub contacts: Vec<ContactPoint>,
    /// Nothing where they were not read: lists do without.
    pub details: Details,
    /// The same of what the institution has fields of its own for.
    pub custom: CustomValues,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
    pub provenance: Provenance,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// What another record needs of the customer that it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct Anchor {
    pub id: Id<Customer>,
    pub kind: Kind,
    pub name: String,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
}

impl std::fmt::Debug for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Anchor({})", self.id)
    }
}

/// What is known of the customer itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    pub kind: Kind,
    /// 1 to [`NAME_MAX`] characters.
    pub name: String,
    pub gender: Gender,
    pub birth_date: Option<Date>,
    /// 1 to [`INTENT_MAX`].
    pub intent: Option<i16>,
    pub stage: Stage,
    /// Where the customer lives (所在地区, CUST-03), in the words in which it was told; 1 to
    /// [`PLACE_MAX`] characters.
    pub region: Option<String>,
    pub education: Option<Education>,
    pub occupation: Option<Occupation>,
    /// The school that a child goes to (就读学校); 1 to [`PLACE_MAX`] characters.
    pub school: Option<String>,
    /// The grade that it is in there (年级), as it was told; 1 to [`GRADE_MAX`] characters.
    pub grade: Option<String>,
    /// Up to [`NOTE_MAX`] characters.
    pub note: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Profile {
    /// The profile with its text in canonical form.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once. `today` is the campus's date.
    pub fn checked(self, today: Date) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let mut keep = |result: Result<String, FieldFault>| {
            result
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        };
        let name = keep(text::line("/name", &self.name, NAME_MAX));
        let mut line = |pointer, text: Option<String>, max| {
            text.map(|text| keep(text::line(pointer, &text, max)))
        };
        let region = line("/region", self.region, PLACE_MAX);
        let school = line("/school", self.school, PLACE_MAX);
        let grade = line("/grade", self.grade, GRADE_MAX);
        let note = self
            .note
            .map(|note| keep(text::note("/note", &note, NOTE_MAX)));
        if self
            .birth_date
            .is_some_and(|born| born > today || born.year() < 1900)
        {
            faults.push(FieldFault::new("/birth_date", &BIRTH_DATE_INVALID));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            name,
            region,
            school,
            grade,
            note,
            ..self
        })
    }
}

impl Customer {
    /// What another record needs of it.
    pub fn anchor(&self) -> Anchor {
        Anchor {
            id: self.id,
            kind: self.profile.kind,
            name: self.profile.name.clone(),
            holder: self.holder,
            campus: self.campus,
        }
    }

    /// A new customer, met as `provenance` says.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn create(
        profile: Profile,
        contacts: Vec<ContactInput>,
        provenance: Provenance,
        holder: Id<Holder>,
        campus: Id<Campus>,
        today: Date,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let profile = profile.checked(today)?;
        let contacts = replace(&[], contacts, stamp)?;
        if provenance.collected_at > stamp.now() {
            return Err(Fault::field("/collected_at", &COLLECTED_IN_FUTURE));
        }
        Ok(Self {
            id: stamp.id(),
            version: 1,
            profile,
            contacts,
            details: Details::default(),
            custom: CustomValues::default(),
            holder,
            campus,
            provenance,
            created_at: stamp.now(),
            updated_at: stamp.now(),
            deleted_at: None,
        })
    }

    /// The customer with another profile, other details, these values of custom fields, and other contact
    /// points where they are given; the same customer when nothing differs.
    pub fn change(
        &self,
        profile: Profile,
        details: Details,
        custom: CustomValues,
        contacts: Option<Vec<ContactInput>>,
        today: Date,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if self.deleted_at.is_some() {
            return Err(Fault::new(&CUSTOMER_DELETED));
        }
        let kind = profile.kind;
        let known = Fault::both(profile.checked(today), details.checked(kind));
        let contacts = match contacts {
            Some(inputs) => replace(&self.contacts, inputs, stamp),
            None => Ok(self.contacts.clone()),
        };
        let ((profile, details), contacts) = Fault::both(known, contacts)?;
        if profile == self.profile
            && details == self.details
            && custom == self.custom
            && contacts == self.contacts
        {
            return Ok(self.clone());
        }
        Ok(Self {
            profile,
            details,
            custom,
            contacts,
            ..self.touched(stamp)
        })
    }

    /// The customer in other hands; the same customer when nothing differs.
    ///
    /// # Errors
    /// 409 while it is deleted.
    pub fn transfer(
        &self,
        holder: Id<Holder>,
        campus: Id<Campus>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if self.deleted_at.is_some() {
            return Err(Fault::new(&CUSTOMER_DELETED));
        }
        if (holder, campus) == (self.holder, self.campus) {
            return Ok(self.clone());
        }
        Ok(Self {
            holder,
            campus,
            ..self.touched(stamp)
        })
    }

    /// Hidden from every list; ledgers, totals and audit keep it.
    pub fn delete(&self, stamp: &Stamp) -> Result<Self, Fault> {
        if self.deleted_at.is_some() {
            return Err(Fault::new(&CUSTOMER_DELETED));
        }
        Ok(Self {
            deleted_at: Some(stamp.now()),
            ..self.touched(stamp)
        })
    }

    /// Back as it was.
    pub fn restore(&self, stamp: &Stamp) -> Result<Self, Fault> {
        if self.deleted_at.is_none() {
            return Err(Fault::new(&CUSTOMER_NOT_DELETED));
        }
        Ok(Self {
            deleted_at: None,
            ..self.touched(stamp)
        })
    }

    /// The customer after a change to a part of it that stands apart, such as a relation.
    pub fn touched(&self, stamp: &Stamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: stamp.now(),
            ..self.clone()
        }
    }
}
