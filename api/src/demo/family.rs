//! Families: taken in, spoken to, won or lost.

use domain::{
    access::{CustomersWrite, FollowUpsWrite, TagsWrite},
    id::Id,
    organization::Staff,
};
use serde_json::json;

use super::{
    actor::{DAYS, Filling, act},
    words,
    year::{Student, Year},
};
use crate::{
    boot::Failure,
    customers::{commands as customers, relations::commands as relations},
    follow_ups::commands as follow_ups,
    http::IfMatch,
    tags::commands as tags,
};

/// Families of the year: 300 customers with their children.
const FAMILIES: usize = 137;
/// Those that have two children.
const SIBLINGS: usize = 26;
/// Those that come today.
const TODAY: usize = 3;
/// Who is undecided after as many talks has lost interest.
const TALKS_MAX: u32 = 6;
const CHANNELS: &[&str] = &[
    "hotline",
    "walk_in",
    "website",
    "social",
    "event",
    "public_lesson",
    "referral",
    "advertisement",
];

/// The day on which a family comes.
fn arrives(family: usize) -> Option<u32> {
    if family >= FAMILIES {
        return None;
    }
    let before = FAMILIES - TODAY;
    if family >= before {
        return Some(DAYS);
    }
    let days = usize::try_from(DAYS).ok()?;
    u32::try_from(family * (days - 1) / before).ok()
}

fn children(family: usize) -> usize {
    if family % 5 == 4 && family / 5 < SIBLINGS {
        2
    } else {
        1
    }
}

impl Year<'_> {
    /// Takes in whoever comes on this day.
    pub(super) async fn take_in_families(&mut self, filling: &Filling) -> Result<(), Failure> {
        while arrives(self.families) == Some(filling.day()) {
            self.take_in(filling, self.families).await?;
            self.families += 1;
        }
        Ok(())
    }

    async fn take_in(&mut self, filling: &Filling, family: usize) -> Result<(), Failure> {
        // The first campus is the larger one.
        let at = usize::from(family > 0 && self.chance.percent(40));
        let place = self.school.places.get(at).ok_or("no such campus")?;
        // One family in twelve is in the pool, where nobody has taken it up yet.
        let recruiter = (family % 12 != 11)
            .then(|| self.chance.pick(&place.recruiters))
            .flatten();
        let by = match recruiter {
            Some(recruiter) => recruiter,
            None => self.school.person("customer_service")?,
        };
        let holder = recruiter.map_or(place.id.uuid(), Id::uuid);
        let channel = self.chance.pick(CHANNELS);
        let name = match family {
            0 => words::FIRST_FAMILY,
            _ => words::family(&mut self.chance),
        };
        let new = json!({
            "kind": "guardian", "name": words::adult(&mut self.chance, name),
            "campus_id": place.id, "holder_id": holder, "source_channel": channel,
            "occupation": self.chance.pick(&["company_employee", "civil_servant", "teacher", "freelancer"]),
            "contact_points": [{ "kind": "phone", "value": words::phone(family + 1) }],
        });
        let guardian =
            act!(filling, by, CustomersWrite, "createCustomer" => customers::create, new);
        let called = self.chance.pick(&["妈妈", "爸爸"]);
        for child in 0..children(family) {
            let child = match (family, child) {
                (0, 0) => words::FIRST_CHILD.to_owned(),
                _ => words::child(&mut self.chance, name),
            };
            let age = i16::try_from(self.chance.between(6, 12))?;
            let born = jiff::civil::date(filling.date(0)?.year() - age, 3, 1);
            let new = json!({
                "kind": "student", "name": child, "campus_id": place.id, "holder_id": holder,
                "source_channel": channel, "intent": self.chance.between(1, 4), "birth_date": born,
                "gender": self.chance.pick(&["female", "male"]),
            });
            let student =
                act!(filling, by, CustomersWrite, "createCustomer" => customers::create, new);
            let relation =
                json!({ "role": "guardian", "relative_id": guardian.id, "label": called });
            act!(filling, by, CustomersWrite,
                "relateCustomer" => relations::relate[student.id], relation);
            self.students.push(Student {
                id: student.id,
                place: at,
                recruiter,
                next: recruiter.map(|_| filling.day()),
                talks: 0,
            });
        }
        Ok(())
    }

    /// Speaks to most of those who are due.
    pub(super) async fn speak_to_families(&mut self, filling: &Filling) -> Result<(), Failure> {
        // Not everything is done on the last days: something is due, and something overdue.
        let done = if filling.day() + 2 > DAYS { 35 } else { 85 };
        for number in 0..self.students.len() {
            let Some(student) = self.students.get(number) else {
                continue;
            };
            let Some(recruiter) = student.recruiter else {
                continue;
            };
            let is_due = student.next.is_some_and(|next| next <= filling.day());
            if is_due && (student.talks == 0 || self.chance.percent(done)) {
                self.speak(filling, number, recruiter).await?;
            }
        }
        Ok(())
    }

    async fn speak(
        &mut self,
        filling: &Filling,
        number: usize,
        recruiter: Id<Staff>,
    ) -> Result<(), Failure> {
        let Some(student) = self.students.get_mut(number) else {
            return Ok(());
        };
        student.talks += 1;
        let (id, place, talks) = (student.id, student.place, student.talks);
        let wins = talks >= 3 && self.chance.percent(55) && self.has_seat(filling, place);
        let loses = !wins && (talks >= TALKS_MAX || (talks >= 3 && self.chance.percent(20)));
        let (outcome, stage) = match () {
            () if wins => (Some("agreed"), "enrolled"),
            () if loses => (Some("not_interested"), "lost"),
            () if talks == 1 => (self.chance.pick(&["interested", "no_answer"]), "contacted"),
            () => (
                self.chance.pick(&["considering", "appointment_made"]),
                "interested",
            ),
        };
        let next = (!wins && !loses).then(|| self.next_talk(filling.day()));
        let said = json!({
            "customer_id": id, "outcome": outcome,
            "method": self.chance.pick(&["phone", "phone", "wechat", "reception", "visit"]),
            "content": self.chance.pick(words::SAID),
            "next_on": next.map(|day| filling.date(day)).transpose()?,
        });
        if let Some(student) = self.students.get_mut(number) {
            student.next = next;
        }
        act!(filling, recruiter, FollowUpsWrite, "recordFollowUp" => follow_ups::record, said);
        let change = json!({ "stage": stage });
        act!(filling, recruiter, CustomersWrite,
            "changeCustomer" => customers::change[id, IfMatch::Any], change);
        if talks == 2 {
            let tag = self.chance.pick(&self.school.tags);
            let on = json!({ "tag_id": tag, "reason": "沟通中了解" });
            act!(filling, recruiter, TagsWrite, "putTagOn" => tags::put_on[id], on);
        }
        if wins {
            self.enroll(filling, id, place).await?;
        }
        Ok(())
    }

    /// The day of the next talk. The last weeks look forward to an open day: today.
    fn next_talk(&mut self, day: u32) -> u32 {
        let next = day + self.chance.between(2, 9);
        if day < DAYS { next.min(DAYS) } else { next }
    }
}
