//! What people ask of the institution about their own data: to see it, to have a copy, to have it
//! corrected or deleted (PRIV-03; articles 44 to 50 of the personal information protection law).

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::{REQUEST_IN_FUTURE, REQUEST_NOT_GRANTED, REQUEST_NOT_OPEN, REQUEST_UNIDENTIFIED};
use crate::{
    customers::Customer,
    fault::{Fault, FieldFault},
    id::Id,
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// What is asked for.
    RequestKind as "PrivacyRequestKind" {
        Access = "access" { "查阅", "To see the data" }
        Copy = "copy" { "复制", "A copy" }
        Correction = "correction" { "更正", "Correction" }
        Deletion = "deletion" { "删除", "Deletion" }
        Transfer = "transfer" { "转移", "Transfer to another" }
        Explanation = "explanation" { "解释说明", "An explanation" }
        Objection = "objection" { "拒绝自动化决策", "No automated decisions" }
    }
}

text_enum! {
    /// How far a request has come.
    RequestStatus as "PrivacyRequestStatus" {
        Open = "open" { "待处理", "Open" }
        Granted = "granted" { "已同意", "Granted" }
        Refused = "refused" { "已拒绝", "Refused" }
        Done = "done" { "已完成", "Done" }
    }
}

text_enum! {
    /// What is decided of a request.
    Verdict as "PrivacyRequestVerdict" {
        Grant = "grant" { "同意", "Grant" }
        Refuse = "refuse" { "拒绝", "Refuse" }
    }
}

/// Longest text of a request or answer, in characters.
pub const REQUEST_TEXT_MAX: usize = 2000;
/// Longest word on how somebody was identified, in characters.
pub const IDENTITY_MAX: usize = 200;
/// Days in which a request is answered (GB/T 35273).
const ANSWERED_IN: i32 = 30;
/// Working days in which data is deleted (GB/T 35273).
const DELETED_IN: u32 = 15;

/// A request of a person about its own data.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivacyRequest {
    pub id: Id<PrivacyRequest>,
    /// Raised by one with every change.
    pub version: i64,
    pub customer: Id<Customer>,
    pub kind: RequestKind,
    /// A guardian or relative who asks for the customer; the customer itself, where there is none.
    pub asked_by: Option<Id<Customer>>,
    /// How it was made sure who asks: 1 to [`IDENTITY_MAX`] characters.
    pub identity: Option<String>,
    /// What is asked, in words: up to [`REQUEST_TEXT_MAX`] characters.
    pub details: Option<String>,
    pub received_at: Timestamp,
    /// The last day on which it is answered in time, at the customer's campus.
    pub due_on: Date,
    pub status: RequestStatus,
    /// What was answered: why it is refused, what was done.
    pub answer: Option<String>,
    pub closed_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A request as it comes in.
#[derive(Clone)]
pub struct NewRequest {
    pub kind: RequestKind,
    pub asked_by: Option<Id<Customer>>,
    pub identity: Option<String>,
    pub details: Option<String>,
    /// Now, where nothing is said.
    pub received_at: Option<Timestamp>,
}

impl std::fmt::Debug for PrivacyRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivacyRequest({})", self.id)
    }
}

impl PrivacyRequest {
    /// A request of a customer whose campus is in `zone`.
    ///
    /// # Errors
    /// 422 with every field that breaks a rule.
    pub fn receive(
        customer: Id<Customer>,
        new: NewRequest,
        zone: &TimeZone,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let identity = line("/identity", new.identity, &mut faults);
        let details = note("/details", new.details, &mut faults);
        let received_at = new.received_at.unwrap_or(stamp.now());
        if received_at > stamp.now() {
            faults.push(FieldFault::new("/received_at", &REQUEST_IN_FUTURE));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            customer,
            kind: new.kind,
            asked_by: new.asked_by,
            identity,
            details,
            received_at,
            due_on: due_on(new.kind, received_at.to_zoned(zone.clone()).date()),
            status: RequestStatus::Open,
            answer: None,
            closed_at: None,
            created_at: stamp.now(),
        })
    }

    /// The request, granted or refused for a reason.
    ///
    /// # Errors
    /// 409 unless it is open; 422 where it is to be granted to somebody of whom nobody made sure who it
    /// is.
    pub fn decide(
        &self,
        verdict: Verdict,
        (identity, reason): (Option<String>, String),
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if self.status != RequestStatus::Open {
            return Err(Fault::new(&REQUEST_NOT_OPEN));
        }
        let mut faults = Vec::new();
        let identity = line("/identity", identity, &mut faults).or(self.identity.clone());
        let answer = note("/reason", Some(reason), &mut faults);
        if verdict == Verdict::Grant && identity.is_none() {
            faults.push(FieldFault::new("/identity", &REQUEST_UNIDENTIFIED));
        }
        Fault::unless_empty(faults)?;
        let (status, closed_at) = match verdict {
            Verdict::Grant => (RequestStatus::Granted, None),
            Verdict::Refuse => (RequestStatus::Refused, Some(stamp.now())),
        };
        Ok(Self {
            version: self.version + 1,
            identity,
            status,
            answer,
            closed_at,
            ..self.clone()
        })
    }

    /// The request, once what was granted has been done.
    ///
    /// # Errors
    /// 409 unless it was granted.
    pub fn complete(&self, outcome: String, stamp: &Stamp) -> Result<Self, Fault> {
        if self.status != RequestStatus::Granted {
            return Err(Fault::new(&REQUEST_NOT_GRANTED));
        }
        let mut faults = Vec::new();
        let answer = note("/outcome", Some(outcome), &mut faults);
        Fault::unless_empty(faults)?;
        Ok(Self {
            version: self.version + 1,
            status: RequestStatus::Done,
            answer,
            closed_at: Some(stamp.now()),
            ..self.clone()
        })
    }

    /// Whether those who work with the customer have something to do once it is granted.
    pub fn changes_data(&self) -> bool {
        matches!(self.kind, RequestKind::Correction | RequestKind::Deletion)
    }
}

fn line(
    pointer: &'static str,
    text: Option<String>,
    faults: &mut Vec<FieldFault>,
) -> Option<String> {
    let read = text.map(|text| text::line(pointer, &text, IDENTITY_MAX));
    read.and_then(|read| read.map_err(|fault| faults.push(fault)).ok())
}

fn note(
    pointer: &'static str,
    text: Option<String>,
    faults: &mut Vec<FieldFault>,
) -> Option<String> {
    let read = text.map(|text| text::note(pointer, &text, REQUEST_TEXT_MAX));
    read.and_then(|read| read.map_err(|fault| faults.push(fault)).ok())
}

/// The last day on which a request that came on a day is answered in time. Working days are Monday to
/// Friday.
fn due_on(kind: RequestKind, received: Date) -> Date {
    if kind != RequestKind::Deletion {
        return received.saturating_add(ANSWERED_IN.days());
    }
    let mut day = received;
    let mut left = DELETED_IN;
    while left > 0 {
        day = day.saturating_add(1.day());
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn most_requests_are_answered_in_thirty_days() {
        let due = due_on(RequestKind::Access, date(2026, 11, 23));
        assert_eq!(due, date(2026, 12, 23));
    }

    #[test]
    fn data_is_deleted_in_fifteen_working_days() {
        // A Monday, and a Friday: three weekends lie between each and its last day.
        for (received, due) in [
            (date(2026, 11, 23), date(2026, 12, 14)),
            (date(2026, 11, 27), date(2026, 12, 18)),
            (date(2026, 11, 28), date(2026, 12, 18)),
        ] {
            assert_eq!(due_on(RequestKind::Deletion, received), due);
        }
    }
}
