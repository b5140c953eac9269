//! A whole row: what a careful clerk would store.

use std::fmt;

use jiff::civil::Date;
use uuid::Uuid;

use super::{
    cell::{self, Unread, unquoted},
    channels::ChannelWords,
    header::LeadField,
};
use crate::{
    customers::{ChannelCode, Education, GRADE_MAX, Gender, Occupation, PLACE_MAX},
    email::Email,
    fault::Rule,
    phone::Phone,
};

/// A row of a lead list, read. It is personal: `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Lead {
    /// Its id, where it is there and the row tells it.
    pub customer: Option<Uuid>,
    /// Blank where rows need not tell one.
    pub name: String,
    pub gender: Option<Gender>,
    pub birth_date: Option<Date>,
    pub education: Option<Education>,
    pub occupation: Option<Occupation>,
    pub grade: Option<String>,
    pub school: Option<String>,
    pub guardian_name: Option<String>,
    /// In the school's own words.
    pub guardian_relation: Option<String>,
    pub guardian_occupation: Option<Occupation>,
    pub guardian_phones: Vec<Phone>,
    /// Each once, the preferred one first.
    pub phones: Vec<Phone>,
    pub wechat: Option<String>,
    pub email: Option<Email>,
    pub region: Option<String>,
    pub address: Option<String>,
    pub course: Option<String>,
    /// 1 (weak) to 4 (strong).
    pub intent: Option<i16>,
    pub channel: Option<ChannelCode>,
    pub campus: Option<String>,
    pub collector: Option<String>,
    pub collected_on: Option<Date>,
    pub next_follow_up_on: Option<Date>,
    /// As it was written, where it is no date.
    pub next_follow_up: Option<String>,
    pub tags: Vec<String>,
    pub note: Option<String>,
    /// Cells that say something, which could not be read and is left out.
    pub unread: Vec<LeadField>,
}

impl Lead {
    /// Its own phones, then those of the guardian.
    pub fn all_phones(&self) -> impl Iterator<Item = &Phone> {
        self.phones.iter().chain(&self.guardian_phones)
    }
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A cell for which its row is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellFault {
    pub field: LeadField,
    pub rule: &'static Rule,
}

/// Reads a row whose columns hold the fields of `mapping`; cells that are missing are blank.
/// `today` is the campus's: nobody is born after it. `channels` are those of the institution. Where
/// customers are found by something else, rows need not tell their names.
///
/// All faults at once: `name_missing`, `phone_invalid`, `birth_date_invalid`, `email_invalid`.
pub fn read_row(
    mapping: &[Option<LeadField>],
    cells: &[&str],
    today: Date,
    channels: &ChannelWords,
    needs_name: bool,
) -> Result<Lead, Vec<CellFault>> {
    let mut row = Row {
        mapping,
        cells,
        unread: Vec::new(),
        faults: Vec::new(),
    };
    let mut phones = row.checked(LeadField::Phone, cell::phones);
    for phone in row.checked(LeadField::OtherPhone, cell::phones) {
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    let mut lead = Lead {
        customer: row.understood(LeadField::CustomerId, customer),
        name: match needs_name || cell::is_told(row.cell(LeadField::Name)) {
            true => row.checked(LeadField::Name, cell::name),
            false => String::new(),
        },
        gender: row.understood(LeadField::Gender, cell::gender),
        birth_date: row.checked(LeadField::BirthDate, |cell| cell::birth_date(cell, today)),
        education: row.understood(LeadField::Education, cell::education),
        occupation: row.understood(LeadField::Occupation, cell::occupation),
        grade: row.understood(LeadField::Grade, |cell| fitting(cell, GRADE_MAX)),
        school: row.understood(LeadField::School, |cell| fitting(cell, PLACE_MAX)),
        guardian_name: row.line(LeadField::GuardianName),
        guardian_relation: row.line(LeadField::GuardianRelation),
        guardian_occupation: row.understood(LeadField::GuardianOccupation, cell::occupation),
        guardian_phones: row.checked(LeadField::GuardianPhone, cell::phones),
        phones,
        wechat: row.line(LeadField::Wechat),
        email: row.checked(LeadField::Email, cell::email),
        region: row.understood(LeadField::Region, |cell| fitting(cell, PLACE_MAX)),
        address: row.line(LeadField::Address),
        course: row.line(LeadField::Course),
        intent: row.understood(LeadField::Intent, cell::intent),
        channel: row.understood(LeadField::Channel, |cell| channels.read(cell)),
        campus: row.line(LeadField::Campus),
        collector: row.line(LeadField::Collector),
        collected_on: row.understood(LeadField::CollectedOn, day),
        next_follow_up_on: row.understood(LeadField::NextFollowUpOn, day),
        next_follow_up: None,
        tags: cell::list(row.cell(LeadField::Tags)),
        note: cell::note(row.cell(LeadField::Note)),
        unread: Vec::new(),
    };
    if row.unread.contains(&LeadField::NextFollowUpOn) {
        lead.next_follow_up = row.line(LeadField::NextFollowUpOn);
    }
    lead.unread = row.unread;
    if row.faults.is_empty() {
        Ok(lead)
    } else {
        Err(row.faults)
    }
}

fn customer(cell: &str) -> Result<Option<Uuid>, Unread> {
    if !cell::is_told(cell) {
        return Ok(None);
    }
    cell.parse().map(Some).map_err(|_| Unread)
}

fn day(cell: &str) -> Result<Option<Date>, Unread> {
    if !cell::is_told(cell) {
        return Ok(None);
    }
    cell::day(cell).map(Some).ok_or(Unread)
}

/// Text on one line, as far as its field has room for it.
fn fitting(cell: &str, max: usize) -> Result<Option<String>, Unread> {
    match cell::line(cell).filter(|text| cell::is_told(text)) {
        Some(text) if text.chars().count() > max => Err(Unread),
        text => Ok(text),
    }
}

/// A row being read, and what was wrong with it so far.
struct Row<'a> {
    mapping: &'a [Option<LeadField>],
    cells: &'a [&'a str],
    unread: Vec<LeadField>,
    faults: Vec<CellFault>,
}

impl<'a> Row<'a> {
    fn cell(&self, field: LeadField) -> &'a str {
        let column = self.mapping.iter().position(|held| *held == Some(field));
        let cell = column.and_then(|at| self.cells.get(at)).copied();
        unquoted(cell.unwrap_or_default())
    }

    fn line(&self, field: LeadField) -> Option<String> {
        cell::line(self.cell(field))
    }

    /// A value without which, or with a wrong one of which, the row is refused.
    fn checked<T: Default>(
        &mut self,
        field: LeadField,
        read: impl FnOnce(&str) -> Result<T, &'static Rule>,
    ) -> T {
        read(self.cell(field)).unwrap_or_else(|rule| {
            self.faults.push(CellFault { field, rule });
            T::default()
        })
    }

    /// A value that is left out where it can't be read.
    fn understood<T>(
        &mut self,
        field: LeadField,
        read: impl FnOnce(&str) -> Result<Option<T>, Unread>,
    ) -> Option<T> {
        read(self.cell(field)).unwrap_or_else(|Unread| {
            self.unread.push(field);
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::imports::header::propose;

    const TODAY: Date = date(2026, 9, 1);
    const HEADERS: [&str; 9] = [
        "姓名",
        "性别",
        "出生日期",
        "手机号",
        "备用电话",
        "邮箱",
        "意向程度",
        "来源渠道",
        "备注",
    ];

    fn read(cells: [&str; 9]) -> Result<Lead, Vec<CellFault>> {
        let referral = (ChannelCode::parse("referral").unwrap(), "转介绍".into());
        let channels = ChannelWords::new(vec![referral]);
        read_row(&propose(&HEADERS), &cells, TODAY, &channels, true)
    }

    #[test]
    fn a_row_as_a_clerk_would_store_it() {
        let lead = read([
            " 张 伟",
            "先生",
            "42156",
            "138 0013 8000",
            "13900139000/13800138000",
            "Li@Example.com",
            "★★★",
            "老带新",
            "=1+1",
        ])
        .unwrap();
        assert_eq!(lead.name, "张伟");
        assert_eq!(lead.gender, Some(Gender::Male));
        assert_eq!(lead.birth_date, Some(date(2015, 6, 1)));
        let phones: Vec<_> = lead.phones.iter().map(Phone::e164).collect();
        assert_eq!(phones, ["+8613800138000", "+8613900139000"]);
        assert_eq!(
            lead.email.as_ref().map(Email::address),
            Some("li@example.com")
        );
        assert_eq!(
            (lead.intent, lead.channel.as_ref().map(ChannelCode::as_str)),
            (Some(4), Some("referral"))
        );
        assert_eq!(lead.note.as_deref(), Some("=1+1"));
        assert!(lead.unread.is_empty());
        assert_eq!(format!("{lead:?}"), "***");
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = read([" ", "", "2015年2月30日", "12345", "无", "x@", "", "", ""]).unwrap_err();
        let mut told: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field, fault.rule.code))
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                (LeadField::Name, "name_missing"),
                (LeadField::BirthDate, "birth_date_invalid"),
                (LeadField::Phone, "phone_invalid"),
                (LeadField::OtherPhone, "phone_invalid"),
                (LeadField::Email, "email_invalid"),
            ]
        );
    }

    #[test]
    fn unknown_words_do_not_refuse_a_row() {
        let lead = read(["张伟", "龙", "", "", "", "", "★★", "托梦", ""]).unwrap();
        assert_eq!(
            lead.unread,
            [LeadField::Gender, LeadField::Intent, LeadField::Channel]
        );
        assert_eq!((lead.gender, lead.intent, lead.channel), (None, None, None));
    }

    #[test]
    fn a_next_date_that_is_none_is_kept_as_it_was_written() {
        let read = |cell| {
            let mapping = propose(&["姓名", "下次跟进时间"]);
            let channels = ChannelWords::default();
            let lead = read_row(&mapping, &["张伟", cell], TODAY, &channels, true).unwrap();
            (lead.next_follow_up_on, lead.next_follow_up, lead.unread)
        };
        assert_eq!(
            read("2026年10月8日"),
            (Some(date(2026, 10, 8)), None, vec![])
        );
        assert_eq!(
            read("下周 三"),
            (
                None,
                Some("下周 三".to_owned()),
                vec![LeadField::NextFollowUpOn]
            )
        );
        for blank in ["", "无", "-"] {
            assert_eq!(read(blank), (None, None, vec![]));
        }
    }

    #[test]
    fn short_rows_and_cells_marked_as_text() {
        assert!(
            read_row(
                &propose(&HEADERS),
                &["张伟"],
                TODAY,
                &ChannelWords::default(),
                true
            )
            .is_ok()
        );
        let marked = ["'张伟", "'", "'42156", "'", "'", "'", "'", "'", "'=1+1"];
        let lead = read(marked).unwrap();
        assert_eq!(
            (lead.name.as_str(), lead.birth_date),
            ("张伟", Some(date(2015, 6, 1)))
        );
        assert_eq!((lead.email, lead.note.as_deref()), (None, Some("=1+1")));
        assert!(read_row(&[], &["张伟"], TODAY, &ChannelWords::default(), true).is_err());
    }

    #[test]
    fn where_customers_are_found_by_their_ids_rows_need_no_name() {
        let mapping = propose(&["客户编号", "姓名", "年级"]);
        let id = "0192f0c1-1111-7000-8000-000000000000";
        let read = |cells: &[&str], needs_name| {
            read_row(&mapping, cells, TODAY, &ChannelWords::default(), needs_name)
        };
        let lead = read(&[id, "", "三年级"], false).unwrap();
        assert_eq!((lead.customer, lead.name.as_str()), (id.parse().ok(), ""));
        assert!(read(&[id, "", "三年级"], true).is_err());
        let lead = read(&["第三个", "张 伟", ""], false).unwrap();
        assert_eq!((lead.customer, lead.name.as_str()), (None, "张伟"));
        assert_eq!(lead.unread, [LeadField::CustomerId]);
    }
}
