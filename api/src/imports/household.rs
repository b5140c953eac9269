//! The household of a lead: a child, and the guardian whom the lead names, found again or new.

use domain::{
    custom_fields::CustomValues,
    customers::{
        CONTACTS_MAX, ChannelCode, ContactInput, ContactKind, Customer, Evidence, Gender, Kind,
        Profile, Provenance, RELATIONS_MAX, Relation, Stage, TOO_MANY_RELATIONS, beyond_enquiry,
    },
    fault::Fault,
    id::Id,
    imports::{header::LeadField, lead::Lead, outcome::CellProblem},
    organization::Campus,
    phone::Phone,
    stamp::Stamp,
};
use persistence::imports::known::{Guardian, Households};

use super::{
    custom,
    marks::Marks,
    plan::{Candidate, Ground, Household},
    table::Row,
};

impl Ground<'_> {
    /// The child of a lead, with its guardian where the lead names one: found again, or new.
    pub(super) fn household(
        &self,
        candidate: &Candidate<'_>,
        households: &mut Households,
        stamp: &Stamp,
    ) -> Result<Household, Vec<CellProblem>> {
        let Candidate {
            row,
            lead,
            campus,
            keys,
            marks,
            custom,
        } = candidate;
        let told = |fault: Fault, fields: &[LeadField], name: LeadField| {
            self.told(row, &fault, fields, name)
        };
        let phones: Vec<&Phone> = lead.all_phones().collect();
        let Some(guardian_name) = lead.guardian_name.as_deref() else {
            let (customer, fields) = self.child(lead, (marks, custom), *campus, &phones, stamp);
            let child = customer.map_err(|fault| told(fault, &fields, LeadField::Name))?;
            return Ok(Household {
                customers: vec![child],
                relation: None,
            });
        };
        let found = households.guardian(keys).map(|guardian| {
            guardian.relations += 1;
            *guardian
        });
        if found.is_some_and(|g| g.relations > RELATIONS_MAX.cast_signed() as i64) {
            let field = Some(LeadField::GuardianName);
            return Err(vec![self.problem(row, TOO_MANY_RELATIONS.code, field)]);
        }
        // Nothing is added to a guardian who is there: by what is new, the child itself is reached.
        let own: Vec<&Phone> = found.map_or_else(Vec::new, |guardian| {
            let known = households.has(keys, guardian.id);
            let all = phones.iter().zip(known);
            all.filter(|(_, known)| !known)
                .map(|(phone, _)| *phone)
                .collect()
        });
        let (customer, fields) = self.child(lead, (marks, custom), *campus, &own, stamp);
        let child = customer.map_err(|fault| told(fault, &fields, LeadField::Name))?;
        let label = lead.guardian_relation.as_ref();
        let label = label.map(|label| label.chars().take(50).collect::<String>());
        let related = |guardian: Id<Customer>, label: Option<String>| {
            Relation::guardian(child.id, guardian, label, stamp)
                .map_err(|fault| told(fault, &[], LeadField::GuardianRelation))
        };
        let mut customers = vec![child.clone()];
        let relation = match found {
            Some(guardian) => related(guardian.id, label)?,
            None => {
                let (customer, fields) =
                    self.guardian(lead, guardian_name, *campus, &phones, stamp);
                let guardian =
                    customer.map_err(|fault| told(fault, &fields, LeadField::GuardianName))?;
                households.add_guardian(
                    keys,
                    Guardian {
                        id: guardian.id,
                        relations: 1,
                    },
                );
                let relation = related(guardian.id, label)?;
                customers.push(guardian);
                relation
            }
        };
        Ok(Household {
            customers,
            relation: Some(relation),
        })
    }

    /// What else is wrong with the child of a row that is refused for its custom fields.
    pub(super) fn unfit_child(&self, candidate: &Candidate<'_>, stamp: &Stamp) -> Vec<CellProblem> {
        let (lead, row) = (&candidate.lead, candidate.row);
        let with = (&candidate.marks, &candidate.custom);
        let phones: Vec<&Phone> = lead.phones.iter().collect();
        let (child, fields) = self.child(lead, with, candidate.campus, &phones, stamp);
        let fault = child.err();
        let told = fault.map(|fault| self.told(row, &fault, &fields, LeadField::Name));
        told.unwrap_or_default()
    }

    fn child(
        &self,
        lead: &Lead,
        (marks, custom): (&Marks, &CustomValues),
        campus: Id<Campus>,
        phones: &[&Phone],
        stamp: &Stamp,
    ) -> (Result<Customer, Fault>, Vec<LeadField>) {
        let mut points = phone_points(phones);
        let more = [
            (ContactKind::Wechat, LeadField::Wechat, lead.wechat.clone()),
            (
                ContactKind::Email,
                LeadField::Email,
                lead.email.as_ref().map(|email| email.address().to_owned()),
            ),
            (
                ContactKind::Address,
                LeadField::Address,
                lead.address.clone(),
            ),
        ];
        for (kind, field, value) in more {
            points.extend(value.map(|value| (field, point(kind, value, false))));
        }
        let profile = Profile {
            kind: Kind::Student,
            name: lead.name.clone(),
            gender: lead.gender.unwrap_or(Gender::NotGiven),
            birth_date: lead.birth_date,
            intent: lead.intent,
            stage: Stage::Lead,
            region: lead.region.clone(),
            education: lead.education,
            occupation: lead.occupation,
            school: lead.school.clone(),
            grade: lead.grade.clone(),
            note: note(lead, marks),
        };
        let (child, fields) = self.customer(lead, profile, points, campus, stamp);
        let child = child.and_then(|child| {
            let custom = custom.clone();
            let child = Customer { custom, ..child };
            // Nobody has agreed to more than an enquiry needs where the customer is new (I-36).
            Fault::unless_empty(beyond_enquiry(None, &child, self.today(campus, stamp)))?;
            Ok(child)
        });
        (child, fields)
    }

    fn guardian(
        &self,
        lead: &Lead,
        name: &str,
        campus: Id<Campus>,
        phones: &[&Phone],
        stamp: &Stamp,
    ) -> (Result<Customer, Fault>, Vec<LeadField>) {
        let profile = Profile {
            kind: Kind::Guardian,
            name: name.to_owned(),
            gender: Gender::NotGiven,
            birth_date: None,
            intent: None,
            stage: Stage::Lead,
            region: None,
            education: None,
            occupation: lead.guardian_occupation,
            school: None,
            grade: None,
            note: None,
        };
        self.customer(lead, profile, phone_points(phones), campus, stamp)
    }

    fn customer(
        &self,
        lead: &Lead,
        profile: Profile,
        points: Vec<(LeadField, ContactInput)>,
        campus: Id<Campus>,
        stamp: &Stamp,
    ) -> (Result<Customer, Fault>, Vec<LeadField>) {
        let zone = self.zone(campus);
        let collected = lead
            .collected_on
            .and_then(|day| day.to_zoned(zone.clone()).ok())
            .map(|day| day.timestamp())
            .filter(|at| *at <= stamp.now());
        let (fields, inputs): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let provenance = Provenance {
            channel: lead.channel.clone().unwrap_or_else(ChannelCode::other),
            collected_at: collected.unwrap_or(stamp.now()),
            collector: self.collector,
            evidence: Evidence::default(),
        };
        let today = stamp.now().to_zoned(zone).date();
        let holder = campus.cast();
        let made = Customer::create(profile, inputs, provenance, holder, campus, today, stamp);
        (made, fields)
    }

    /// What was wrong with a record, in terms of the row's cells.
    pub(super) fn told(
        &self,
        row: &Row,
        fault: &Fault,
        contacts: &[LeadField],
        name: LeadField,
    ) -> Vec<CellProblem> {
        let field = |pointer: &str| match pointer.split('/').nth(1) {
            Some("name") => Some(name),
            Some("note") => Some(LeadField::Note),
            Some("birth_date") => Some(LeadField::BirthDate),
            Some("label") => Some(LeadField::GuardianRelation),
            Some("contact_points") => {
                // Of too many the first that is too much.
                let place = pointer.split('/').nth(2).map(str::parse);
                contacts
                    .get(place.unwrap_or(Ok(CONTACTS_MAX)).ok()?)
                    .copied()
            }
            _ => None,
        };
        if fault.fields.is_empty() {
            return vec![self.problem(row, fault.rule.code, None)];
        }
        let faults = fault.fields.iter();
        faults
            .map(|fault| match custom::named(fault) {
                Some(code) => self.of_custom(row, fault.rule.code, &code),
                None => self.problem(row, fault.rule.code, field(&fault.pointer)),
            })
            .collect()
    }
}

pub(super) fn point(kind: ContactKind, value: String, is_preferred: bool) -> ContactInput {
    ContactInput {
        kind: Some(kind),
        value: Some(value),
        is_preferred: Some(is_preferred),
        ..ContactInput::default()
    }
}

fn phone_points(phones: &[&Phone]) -> Vec<(LeadField, ContactInput)> {
    let mut points: Vec<(LeadField, ContactInput)> = Vec::new();
    for phone in phones {
        let value = phone.e164().to_owned();
        if points
            .iter()
            .all(|(_, known)| known.value.as_ref() != Some(&value))
        {
            let first = points.is_empty();
            points.push((LeadField::Phone, point(ContactKind::Phone, value, first)));
        }
    }
    points
}

/// The note of a lead, and what it says that has no place of its own.
fn note(lead: &Lead, marks: &Marks) -> Option<String> {
    let tags = (!marks.other_tags.is_empty()).then(|| marks.other_tags.join("、"));
    let more = [
        ("意向课程", lead.course.clone()),
        ("采集人", lead.collector.clone()),
        ("下次跟进", marks.other_next.clone()),
        ("标签", tags),
    ];
    let mut lines: Vec<String> = lead.note.clone().into_iter().collect();
    for (name, value) in more {
        lines.extend(value.map(|value| format!("{name}：{value}")));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
