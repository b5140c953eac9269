use jiff::{Timestamp, civil::Date};

use super::{CLASS_ENDED, ENROLLMENT_ENDED, NOT_A_STUDENT};
use crate::{
    courses::{Class, Course, Hours},
    customers::{Anchor, Customer, Kind},
    fault::{Fault, FieldFault},
    id::Id,
    money::Money,
    organization::{Campus, Holder},
    reference::Reference,
    stamp::Stamp,
    text, text_enum,
    text_enum::TextEnum,
};

text_enum! {
    /// State of an enrollment. From `active` it goes to `completed` or to `withdrawn`, which are final.
    Status as "EnrollmentStatus" {
        Active = "active" { "在读", "Active" }
        Completed = "completed" { "结业", "Completed" }
        Withdrawn = "withdrawn" { "退学", "Withdrawn" }
    }
}

text_enum! {
    /// Why a student left a class (退学原因).
    WithdrawalReason as "WithdrawalReason" {
        Moved = "moved" { "搬迁", "Moved away" }
        Schedule = "schedule" { "时间冲突", "Schedule" }
        Price = "price" { "费用", "Price" }
        Dissatisfied = "dissatisfied" { "不满意", "Dissatisfied" }
        Health = "health" { "健康原因", "Health" }
        Competitor = "competitor" { "转往其他机构", "Went elsewhere" }
        Mistake = "mistake" { "误操作", "Entered by mistake" }
        Other = "other" { "其他", "Other" }
    }
}

/// Longest note, in characters.
pub const NOTE_MAX: usize = 2000;

/// What is asked for: everything else is the server's.
#[derive(Clone, Debug)]
pub struct NewEnrollment {
    pub student: Anchor,
    pub class: Reference<Class>,
    pub payer: Id<Customer>,
    pub note: Option<String>,
}

/// An enrollment as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    pub id: Id<Enrollment>,
    pub version: i64,
    pub student: Id<Customer>,
    /// Of the student: they follow it.
    pub holder: Id<Holder>,
    pub student_campus: Id<Campus>,
    pub class: Id<Class>,
    pub course: Id<Course>,
    /// Of the class.
    pub campus: Id<Campus>,
    pub payer: Id<Customer>,
    pub price: Money,
    /// As granted; what is left stands in the lot.
    pub hours: Hours,
    pub status: Status,
    pub enrolled_on: Date,
    pub ended_on: Option<Date>,
    pub reason: Option<WithdrawalReason>,
    pub note: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Enrollment {
    /// Enrolls a student on terms of the class.
    ///
    /// # Errors
    /// 422 where the customer is no student or the note breaks a rule, 409 where the class has ended.
    pub fn create(new: NewEnrollment, today: Date, stamp: &Stamp) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if new.student.kind != Kind::Student {
            faults.push(FieldFault::new("/customer_id", &NOT_A_STUDENT));
        }
        let note = note("/note", new.note, &mut faults);
        Fault::unless_empty(faults)?;
        let class = new.class.details;
        if class.ends_on.is_some_and(|end| end < today) {
            return Err(Fault::new(&CLASS_ENDED));
        }
        Ok(Self {
            id: stamp.id(),
            version: 1,
            student: new.student.id,
            holder: new.student.holder,
            student_campus: new.student.campus,
            class: new.class.id,
            course: class.course,
            campus: class.campus,
            payer: new.payer,
            price: class.price,
            hours: class.hours,
            status: Status::Active,
            enrolled_on: today,
            ended_on: None,
            reason: None,
            note,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    /// Ends it because the course was finished.
    pub fn complete(&self, today: Date, stamp: &Stamp) -> Result<Self, Fault> {
        self.end(Status::Completed, today, stamp)
    }

    /// Ends it before the course was finished.
    pub fn withdraw(
        &self,
        reason: WithdrawalReason,
        today: Date,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        Ok(Self {
            reason: Some(reason),
            ..self.end(Status::Withdrawn, today, stamp)?
        })
    }

    fn end(&self, status: Status, today: Date, stamp: &Stamp) -> Result<Self, Fault> {
        if self.status != Status::Active {
            return Err(Fault::new(&ENROLLMENT_ENDED).with("status", self.status.as_str()));
        }
        Ok(Self {
            version: self.version + 1,
            status,
            ended_on: Some(today),
            updated_at: stamp.now(),
            ..self.clone()
        })
    }

    /// The part of what is charged for all hours that stands for those that were not used.
    pub fn value_of(&self, left_hundredths: i32, charged: Money) -> Money {
        let whole = u64::try_from(self.hours.hundredths()).unwrap_or_default();
        let left = u64::try_from(left_hundredths)
            .unwrap_or_default()
            .min(whole);
        let parts = charged.split_by(&[whole - left, left]);
        let last = parts.and_then(|parts| parts.last().copied());
        last.unwrap_or_else(|| Money::zero(charged.currency()))
    }
}

fn note(
    pointer: &'static str,
    note: Option<String>,
    faults: &mut Vec<FieldFault>,
) -> Option<String> {
    note.and_then(|note| {
        text::note(pointer, &note, NOTE_MAX)
            .map_err(|fault| faults.push(fault))
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::money::Currency;

    fn stamp() -> Stamp {
        Stamp::new(Timestamp::UNIX_EPOCH, |_| Uuid::from_u128(7))
    }

    fn class(price: i64, hours: i32) -> Reference<Class> {
        let class = Class {
            name: "语文1班".into(),
            number: None,
            course: stamp().id(),
            campus: stamp().id(),
            teacher: None,
            room: None,
            capacity: 1,
            seats_taken: 0,
            hours: Hours::new("", hours).unwrap(),
            price: Money::new(price, Currency::CNY).unwrap(),
            starts_on: date(2026, 9, 5),
            ends_on: Some(date(2027, 1, 20)),
        };
        Reference::create(class, &stamp()).unwrap()
    }

    fn enroll(kind: Kind, class: Reference<Class>, today: Date) -> Result<Enrollment, Fault> {
        let student = Anchor {
            id: stamp().id(),
            kind,
            name: "张伟".into(),
            holder: stamp().id(),
            campus: stamp().id(),
        };
        let new = NewEnrollment {
            payer: student.id,
            student,
            class,
            note: None,
        };
        Enrollment::create(new, today, &stamp())
    }

    #[test]
    fn price_and_hours_are_those_of_the_class() {
        let made = enroll(Kind::Student, class(480_000, 4800), date(2027, 1, 20)).unwrap();
        assert_eq!(made.price.minor(), 480_000);
        assert_eq!(made.hours.hundredths(), 4800);
    }

    #[test]
    fn only_students_are_enrolled_and_only_before_the_end() {
        let today = date(2026, 9, 1);
        assert!(enroll(Kind::Guardian, class(1, 1), today).is_err());
        let late = enroll(Kind::Student, class(1, 1), date(2027, 1, 21));
        assert_eq!(late, Err(Fault::new(&CLASS_ENDED)));
    }

    #[test]
    fn an_enrollment_ends_once() {
        let today = date(2026, 9, 1);
        let made = enroll(Kind::Student, class(1, 1), today).unwrap();
        let ended = made
            .withdraw(WithdrawalReason::Moved, today, &stamp())
            .unwrap();
        assert_eq!(ended.version, 2);
        assert!(ended.complete(today, &stamp()).is_err());
        assert!(
            made.complete(today, &stamp())
                .and_then(|done| done.withdraw(WithdrawalReason::Other, today, &stamp()))
                .is_err()
        );
    }

    #[test]
    fn used_and_unused_hours_share_the_price_to_the_cent() {
        let made = enroll(Kind::Student, class(100, 300), date(2026, 9, 1)).unwrap();
        for (left, value) in [(300, 100), (0, 0), (100, 33), (200, 67), (150, 50)] {
            let unused = made.value_of(left, made.price);
            assert_eq!(unused.minor(), value, "{left}");
        }
        let reduced = Money::new(60, Currency::CNY).unwrap();
        assert_eq!(made.value_of(100, reduced).minor(), 20);
    }
}
