//! What a person has agreed to (同意), and what has been taken back: PRIV-02, articles 13 to 16, 23, 24
//! and 31 of the personal information protection law.
//!
//! A decision is never changed. What holds for a purpose is told by the decisions on it, the latest
//! first; where two could be meant, the stricter one counts.

use jiff::{Timestamp, civil::Date};

use super::{
    CONSENT_CHANNEL_NOT_FITTING, CONSENT_IN_FUTURE, CONSENT_NOT_BY_GUARDIAN,
    CONSENT_NOTICE_MISSING, CONSENT_NOTICE_NOT_FITTING, Customer, DECIDER_NOT_RELATED, Details,
    GUARDIAN_CONSENT_MISSING,
};
use crate::{
    calendar::age,
    fault::{Fault, FieldFault, REQUIRED},
    id::Id,
    privacy::PrivacyNotice,
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// What somebody's data is used for beyond what was asked for.
    Purpose as "ConsentPurpose" {
        /// All that is kept of a child under 14 beyond an enquiry; its guardian decides.
        ChildData = "child_data" { "不满十四周岁儿童的个人信息", "Data of a child under 14" }
        SensitiveData = "sensitive_data" { "敏感个人信息", "Sensitive data" }
        Marketing = "marketing" { "营销推广", "Marketing" }
        Profiling = "profiling" { "个性化与自动化决策", "Profiling and automated decisions" }
        Sharing = "sharing" { "向第三方提供", "Sharing with third parties" }
        Photos = "photos" { "肖像和作品展示", "Photos and works on show" }
        Recording = "recording" { "通话录音", "Recording of calls" }
    }
}

text_enum! {
    /// A way in which somebody is addressed.
    ContactChannel as "ContactChannel" {
        Phone = "phone" { "电话", "Telephone" }
        Sms = "sms" { "短信", "SMS" }
        Wechat = "wechat" { "微信", "WeChat" }
        Qq = "qq" { "QQ", "QQ" }
        Email = "email" { "邮件", "E-mail" }
        Post = "post" { "信件", "Post" }
        Visit = "visit" { "上门", "Visit" }
    }
}

text_enum! {
    /// What was decided.
    Decision as "ConsentDecision" {
        Given = "given" { "同意", "Given" }
        Withdrawn = "withdrawn" { "撤回或拒绝", "Withdrawn or refused" }
    }
}

text_enum! {
    /// What holds for a purpose.
    Standing as "ConsentStanding" {
        None = "none" { "未征求", "Not asked" }
        Given = "given" { "已同意", "Given" }
        /// The notice has changed since: it has to be asked for anew.
        Outdated = "outdated" { "需重新征求", "To be asked for anew" }
        Withdrawn = "withdrawn" { "已撤回", "Withdrawn" }
    }
}

/// Under this age, in whole years, a guardian decides (article 31).
pub const CHILD_UNTIL: i16 = 14;
/// Longest evidence, in characters.
pub const EVIDENCE_MAX: usize = 500;

/// One decision.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: Id<Consent>,
    /// Whose data it is about.
    pub customer: Id<Customer>,
    pub purpose: Purpose,
    /// Of marketing only: the one channel that is meant; else all.
    pub channel: Option<ContactChannel>,
    pub decision: Decision,
    pub decided_at: Timestamp,
    /// A guardian who decided; the customer itself, where there is none.
    pub decided_by: Option<Id<Customer>>,
    /// What was read before.
    pub notice: Option<Id<PrivacyNotice>>,
    /// By what it can be shown: 1 to [`EVIDENCE_MAX`] characters.
    pub evidence: Option<String>,
    pub recorded_at: Timestamp,
}

impl std::fmt::Debug for Consent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Consent({})", self.id)
    }
}

/// A decision as it is told.
#[derive(Clone)]
pub struct NewConsent {
    pub purpose: Purpose,
    pub channel: Option<ContactChannel>,
    pub decision: Decision,
    /// Now, where nothing is said.
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<Id<Customer>>,
    pub evidence: Option<String>,
}

/// What a decision is checked against.
pub struct Ground<'a> {
    pub customer: &'a Customer,
    /// At the customer's campus.
    pub today: Date,
    /// Whether who decided, if it is another, is a guardian or parent of the customer now.
    pub is_guardian: bool,
    /// The notice that was read, where there is such a one.
    pub notice: Option<&'a PrivacyNotice>,
}

impl Consent {
    /// # Errors
    /// 422 with every field that breaks a rule: a channel for another purpose than marketing, a time to
    /// come, somebody who is no guardian; and of what is given: without notice or evidence, after a notice
    /// of another purpose, or by a child under 14 itself.
    pub fn new(new: NewConsent, ground: &Ground<'_>, stamp: &Stamp) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if new.channel.is_some() && new.purpose != Purpose::Marketing {
            faults.push(FieldFault::new("/channel", &CONSENT_CHANNEL_NOT_FITTING));
        }
        let decided_at = new.decided_at.unwrap_or(stamp.now());
        if decided_at > stamp.now() {
            faults.push(FieldFault::new("/decided_at", &CONSENT_IN_FUTURE));
        }
        if new.decided_by.is_some() && !ground.is_guardian {
            faults.push(FieldFault::new("/decided_by", &DECIDER_NOT_RELATED));
        }
        let evidence = new.evidence.map(|evidence| {
            text::line("/evidence", &evidence, EVIDENCE_MAX)
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        });
        if new.decision == Decision::Given {
            let needs_guardian =
                new.purpose == Purpose::ChildData || is_child(ground.customer, ground.today);
            if needs_guardian && new.decided_by.is_none() {
                faults.push(FieldFault::new("/decided_by", &CONSENT_NOT_BY_GUARDIAN));
            }
            match ground.notice {
                None => faults.push(FieldFault::new("/notice_id", &CONSENT_NOTICE_MISSING)),
                Some(notice) if notice.purpose != new.purpose => {
                    faults.push(FieldFault::new("/notice_id", &CONSENT_NOTICE_NOT_FITTING));
                }
                Some(_) => {}
            }
            if evidence.is_none() {
                faults.push(FieldFault::new("/evidence", &REQUIRED));
            }
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            customer: ground.customer.id,
            purpose: new.purpose,
            channel: new.channel,
            decision: new.decision,
            decided_at,
            decided_by: new.decided_by,
            notice: ground.notice.map(|notice| notice.id),
            evidence,
            recorded_at: stamp.now(),
        })
    }
}

/// Whether a customer is known to be under [`CHILD_UNTIL`] on a day.
pub fn is_child(customer: &Customer, today: Date) -> bool {
    is_childs_birth(customer.profile.birth_date, today)
}

/// Whether somebody who was born then is known to be under [`CHILD_UNTIL`] on a day.
pub fn is_childs_birth(born: Option<Date>, today: Date) -> bool {
    born.is_some_and(|born| age(born, today) < CHILD_UNTIL)
}

/// What is told of a customer that may be kept only once a guardian agrees: of a child under 14 the details
/// beyond an enquiry, a filled form and sensitive custom fields, unless they were kept of that child before
/// (I-36).
pub fn beyond_enquiry(before: Option<&Customer>, after: &Customer, today: Date) -> Vec<FieldFault> {
    if !is_child(after, today) {
        return Vec::new();
    }
    let mut pointers = Vec::new();
    if before.is_none() && !after.provenance.evidence.form.is_empty() {
        pointers.push("/collection/form".to_owned());
    }
    let kept = before.filter(|before| is_child(before, today));
    for (code, held) in after.custom.iter().filter(|(_, held)| held.is_sensitive) {
        if kept.and_then(|kept| kept.custom.get(code.as_str())) != Some(held) {
            pointers.push(format!("/custom_fields/{}", code.as_str()));
        }
    }
    let kept = kept.map_or_else(Details::default, |before| before.details.clone());
    for ((field, now), (_, kept)) in after.details.stored().into_iter().zip(kept.stored()) {
        if field.is_beyond_enquiry && now.is_some() && now != kept {
            pointers.push(format!("/details/{}", field.name));
        }
    }
    let faults = pointers.into_iter();
    faults
        .map(|at| FieldFault::new(at, &GUARDIAN_CONSENT_MISSING))
        .collect()
}

/// What holds of a purpose, and the decision that says so.
///
/// A decision on all channels concerns each; what was withdrawn for one channel is given again for that
/// channel only. `history` is what was decided on one customer, in any order; `renewed_at` is when the
/// last notice of the purpose was published that asks for consent anew.
pub fn standing(
    history: &[Consent],
    purpose: Purpose,
    channel: Option<ContactChannel>,
    renewed_at: Option<(Id<PrivacyNotice>, Timestamp)>,
) -> (Standing, Option<&Consent>) {
    let of_purpose = || history.iter().filter(|consent| consent.purpose == purpose);
    let latest = |channel: Option<ContactChannel>| {
        let mut found: Vec<&Consent> = of_purpose().filter(|c| c.channel == channel).collect();
        found.sort_by_key(|consent| (consent.decided_at, consent.recorded_at, consent.id));
        found.pop()
    };
    let (general, own) = (latest(None), channel.and_then(|_| latest(channel)));
    let deciding = match (general, own) {
        (Some(general), Some(own)) => {
            let is_lifted =
                own.decision == Decision::Given || general.decision == Decision::Withdrawn;
            let is_later = general.decided_at > own.decided_at;
            if is_lifted && is_later { general } else { own }
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return (Standing::None, None),
    };
    let standing = match deciding.decision {
        Decision::Withdrawn => Standing::Withdrawn,
        Decision::Given => match renewed_at {
            // Notices sort by the time when they were published: whoever read an older one since has not
            // read what changed.
            Some((notice, at))
                if (deciding.decided_at < at && deciding.notice != Some(notice))
                    || deciding.notice.is_some_and(|read| read < notice) =>
            {
                Standing::Outdated
            }
            _ => Standing::Given,
        },
    };
    (standing, Some(deciding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const MARKETING: Purpose = Purpose::Marketing;

    fn decided(second: i64, decision: Decision, channel: Option<ContactChannel>) -> Consent {
        Consent {
            id: Id::new(Uuid::from_u128(u128::try_from(second).unwrap())),
            customer: Id::new(Uuid::nil()),
            purpose: MARKETING,
            channel,
            decision,
            decided_at: Timestamp::from_second(second).unwrap(),
            decided_by: None,
            notice: None,
            evidence: None,
            recorded_at: Timestamp::from_second(second).unwrap(),
        }
    }

    fn of(history: &[Consent], channel: Option<ContactChannel>) -> Standing {
        standing(history, MARKETING, channel, None).0
    }

    #[test]
    fn the_latest_decision_counts_in_whatever_order_they_are_told() {
        let mut history = vec![
            decided(2, Decision::Withdrawn, None),
            decided(1, Decision::Given, None),
        ];
        assert_eq!(of(&history, None), Standing::Withdrawn);
        history.push(decided(3, Decision::Given, None));
        assert_eq!(of(&history, None), Standing::Given);
        assert_eq!(of(&[], None), Standing::None);
    }

    #[test]
    fn what_was_withdrawn_for_a_channel_is_given_again_for_that_channel_only() {
        let sms = Some(ContactChannel::Sms);
        let mut history = vec![
            decided(1, Decision::Given, None),
            decided(2, Decision::Withdrawn, sms),
            decided(3, Decision::Given, None),
        ];
        assert_eq!(of(&history, sms), Standing::Withdrawn);
        assert_eq!(of(&history, Some(ContactChannel::Email)), Standing::Given);
        history.push(decided(4, Decision::Given, sms));
        assert_eq!(of(&history, sms), Standing::Given);
        history.push(decided(5, Decision::Withdrawn, None));
        assert_eq!(of(&history, sms), Standing::Withdrawn);
    }

    #[test]
    fn a_notice_that_asks_anew_ends_what_was_given_before_it() {
        let history = [decided(5, Decision::Given, None)];
        let at = |second| {
            let notice = Id::new(Uuid::from_u128(9));
            Some((notice, Timestamp::from_second(second).unwrap()))
        };
        let of = |renewed| standing(&history, MARKETING, None, renewed).0;
        assert_eq!(of(at(4)), Standing::Given);
        assert_eq!(of(at(6)), Standing::Outdated);
    }
}
