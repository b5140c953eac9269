use std::ops::RangeInclusive;

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use super::{NEXT_DATE_INVALID, NEXT_DATE_MISSING, OCCURRED_IN_FUTURE, OUTCOME_FIXED};
use crate::{
    customers::{Anchor, Customer},
    day,
    fault::{Fault, FieldFault},
    id::Id,
    organization::{Campus, Holder, Staff},
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// How the customer was spoken to.
    Method as "FollowUpMethod" {
        Phone = "phone" { "电话", "Phone" }
        Visit = "visit" { "上门拜访", "Visit" }
        Reception = "reception" { "到访接待", "Received at the campus" }
        Wechat = "wechat" { "微信", "WeChat" }
        Qq = "qq" { "QQ", "QQ" }
        Sms = "sms" { "短信", "SMS" }
        Email = "email" { "邮件", "E-mail" }
        Other = "other" { "其他", "Other" }
    }
}

text_enum! {
    /// What came of it.
    Outcome as "FollowUpOutcome" {
        Interested = "interested" { "有意向", "Interested" }
        Considering = "considering" { "考虑中", "Considering" }
        AppointmentMade = "appointment_made" { "已预约", "Appointment made" }
        Agreed = "agreed" { "达成意向", "Agreed" }
        NotInterested = "not_interested" { "无意向", "Not interested" }
        NoAnswer = "no_answer" { "未接通", "No answer" }
        WrongContact = "wrong_contact" { "联系方式有误", "Wrong number or address" }
        DoNotContact = "do_not_contact" { "请勿再联系", "Asked not to be contacted" }
        Other = "other" { "其他", "Other" }
        /// Nobody has spoken to the customer yet.
        Planned = "planned" { "待跟进", "Planned only" }
    }
}

impl Outcome {
    /// Whether the customer was spoken to.
    pub fn is_answer(self) -> bool {
        !matches!(self, Self::Planned | Self::NoAnswer | Self::WrongContact)
    }
}

/// Longest content, in characters.
pub const CONTENT_MAX: usize = 4000;
/// How far ahead the next date can be.
const NEXT_YEARS: i64 = 2;

/// The days for which a next follow-up can be set on `today`.
pub fn next_days(today: Date) -> RangeInclusive<Date> {
    today..=today.saturating_add(Span::new().years(NEXT_YEARS))
}

/// A follow-up of a customer.
#[derive(Clone, Debug)]
pub struct FollowUp {
    pub id: Id<FollowUp>,
    /// Raised by one with every change.
    pub version: i64,
    pub customer: Id<Customer>,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
    pub report: Report,
    /// While no later follow-up has settled the next date: that day at the campus.
    pub due: Option<Due>,
    /// Who spoke to the customer or planned it, where that was a person of staff.
    pub author: Option<Id<Staff>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is told of a follow-up.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    pub method: Method,
    pub outcome: Outcome,
    /// 1 to [`INTENT_MAX`](crate::customers::INTENT_MAX), as it seemed then.
    pub intent: Option<i16>,
    /// Up to [`CONTENT_MAX`] characters.
    pub content: Option<String>,
    /// When the customer was spoken to, or the follow-up planned.
    pub occurred_at: Timestamp,
    /// A day at the customer's campus.
    pub next_on: Option<Date>,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The day on which a customer is due, as instants: half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Due {
    /// A day in a zone.
    fn on(date: Date, zone: &TimeZone) -> Self {
        let bounds = day::bounds(date, zone);
        Self {
            from: bounds.start,
            until: bounds.end,
        }
    }

    /// Whether the day has passed.
    pub fn has_passed(&self, now: Timestamp) -> bool {
        self.until <= now
    }
}

impl Report {
    /// The report in canonical form.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once. The next date is judged on the campus's day, unless
    /// it is kept from `before`; only what is planned anew can't do without. What was `recorded` then
    /// had happened by then.
    fn checked(
        self,
        zone: &TimeZone,
        now: Timestamp,
        recorded: Timestamp,
        before: Option<&Self>,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let content = self.content.as_deref().map(|content| {
            text::note("/content", content, CONTENT_MAX)
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        });
        if self.occurred_at > recorded {
            faults.push(FieldFault::new("/occurred_at", &OCCURRED_IN_FUTURE));
        }
        let days = next_days(now.to_zoned(zone.clone()).date());
        let is_kept = before.is_some_and(|before| before.next_on == self.next_on);
        let was_planned = before.is_some_and(|before| before.outcome == Outcome::Planned);
        if before.is_some() && was_planned != (self.outcome == Outcome::Planned) {
            faults.push(FieldFault::new("/outcome", &OUTCOME_FIXED));
        }
        match self.next_on {
            Some(next) if !is_kept && !days.contains(&next) => {
                let fault = FieldFault::new("/next_on", &NEXT_DATE_INVALID);
                faults.push(fault.with("last", days.end()));
            }
            None if self.outcome == Outcome::Planned && before.is_none() => {
                faults.push(FieldFault::new("/next_on", &NEXT_DATE_MISSING));
            }
            _ => {}
        }
        Fault::unless_empty(faults)?;
        Ok(Self { content, ..self })
    }
}

impl FollowUp {
    /// A new follow-up of a customer whose campus is in `zone`.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn record(
        customer: &Anchor,
        report: Report,
        author: Option<Id<Staff>>,
        zone: &TimeZone,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let report = report.checked(zone, stamp.now(), stamp.now(), None)?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            customer: customer.id,
            holder: customer.holder,
            campus: customer.campus,
            due: report.next_on.map(|next| Due::on(next, zone)),
            report,
            author,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    /// A follow-up of a customer to whom nobody has spoken yet.
    ///
    /// # Errors
    /// Where `next_on` is none of the [`next_days`].
    pub fn plan(
        customer: &Anchor,
        next_on: Date,
        author: Option<Id<Staff>>,
        zone: &TimeZone,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let report = Report {
            method: Method::Other,
            outcome: Outcome::Planned,
            intent: None,
            content: None,
            occurred_at: stamp.now(),
            next_on: Some(next_on),
        };
        Self::record(customer, report, author, zone, stamp)
    }

    /// The follow-up told otherwise; the same follow-up when nothing differs. Only the next date of
    /// the customer's latest follow-up is due.
    pub fn correct(
        &self,
        report: Report,
        is_latest: bool,
        zone: &TimeZone,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let before = Some(&self.report);
        let report = report.checked(zone, stamp.now(), self.created_at, before)?;
        if report == self.report {
            return Ok(self.clone());
        }
        Ok(Self {
            due: report
                .next_on
                .filter(|_| is_latest)
                .map(|next| Due::on(next, zone)),
            report,
            version: self.version + 1,
            updated_at: stamp.now(),
            ..self.clone()
        })
    }
}
