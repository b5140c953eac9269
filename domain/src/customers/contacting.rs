//! Whether a customer may be addressed: one gate for whatever is sent, and for whoever calls (PRIV-02).
//!
//! Two things are asked of it. What belongs to a service that the customer takes (a lesson that is
//! cancelled, a charge that is due) is told as long as there is a way that the customer left open.
//! Marketing needs consent besides, channel by channel.

use jiff::Timestamp;

use super::{Consent, ContactChannel, ContactKind, ContactPoint, Purpose, Standing, standing};
use crate::{id::Id, privacy::PrivacyNotice, text_enum};

text_enum! {
    /// For what somebody is addressed.
    ContactReason as "ContactReason" {
        Service = "service" { "服务通知", "Service" }
        Marketing = "marketing" { "营销推广", "Marketing" }
    }
}

text_enum! {
    /// Why somebody may not be addressed.
    ContactObstacle as "ContactObstacle" {
        NoContactPoint = "no_contact_point" { "没有联系方式", "Nothing is known to reach the customer by" }
        DoNotContact = "do_not_contact" { "勿联系", "The customer is not to be contacted in this way" }
        AskedNotTo = "asked_not_to" { "跟进时要求勿再联系", "Asked in a follow-up not to be contacted" }
        ConsentMissing = "consent_missing" { "未取得同意", "Consent was not asked for" }
        ConsentOutdated = "consent_outdated" { "需重新取得同意", "Consent is to be asked for anew" }
        ConsentWithdrawn = "consent_withdrawn" { "已拒绝或撤回同意", "Consent was refused or withdrawn" }
    }
}

/// What the gate looks at.
pub struct Contacting<'a> {
    pub points: &'a [ContactPoint],
    /// What was decided on the customer.
    pub consents: &'a [Consent],
    /// When marketing had to be asked for anew.
    pub renewed_at: Option<(Id<PrivacyNotice>, Timestamp)>,
    /// When the customer last asked in a follow-up not to be contacted.
    pub asked_not_to_at: Option<Timestamp>,
}

impl ContactChannel {
    /// What a customer is reached by in this way.
    pub fn kind(self) -> ContactKind {
        match self {
            Self::Phone | Self::Sms => ContactKind::Phone,
            Self::Wechat => ContactKind::Wechat,
            Self::Qq => ContactKind::Qq,
            Self::Email => ContactKind::Email,
            Self::Post | Self::Visit => ContactKind::Address,
        }
    }
}

impl Contacting<'_> {
    /// What stands in the way of addressing the customer; nothing where it is allowed.
    ///
    /// Who gives consent after asking not to be contacted may be contacted again.
    pub fn obstacle(
        &self,
        channel: ContactChannel,
        reason: ContactReason,
    ) -> Option<ContactObstacle> {
        let points = || self.points.iter().filter(|p| p.kind == channel.kind());
        if points().next().is_none() {
            return Some(ContactObstacle::NoContactPoint);
        }
        if points().all(|point| point.do_not_contact) {
            return Some(ContactObstacle::DoNotContact);
        }
        if reason == ContactReason::Service {
            return None;
        }
        let (standing, by) = standing(
            self.consents,
            Purpose::Marketing,
            Some(channel),
            self.renewed_at,
        );
        match standing {
            Standing::None => return Some(ContactObstacle::ConsentMissing),
            Standing::Outdated => return Some(ContactObstacle::ConsentOutdated),
            Standing::Withdrawn => return Some(ContactObstacle::ConsentWithdrawn),
            Standing::Given => {}
        }
        let asked_since = self.asked_not_to_at >= by.map(|consent| consent.decided_at);
        (self.asked_not_to_at.is_some() && asked_since).then_some(ContactObstacle::AskedNotTo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::Decision;
    use uuid::Uuid;

    fn point(kind: ContactKind, do_not_contact: bool) -> ContactPoint {
        let id = Id::new(Uuid::nil());
        ContactPoint::stored(id, kind, "1".into(), None, false, None, do_not_contact)
    }

    fn consent(second: i64, decision: Decision) -> Consent {
        Consent {
            id: Id::new(Uuid::nil()),
            customer: Id::new(Uuid::nil()),
            purpose: Purpose::Marketing,
            channel: None,
            decision,
            decided_at: Timestamp::from_second(second).unwrap(),
            decided_by: None,
            notice: None,
            evidence: None,
            recorded_at: Timestamp::from_second(second).unwrap(),
        }
    }

    fn obstacles(
        points: &[ContactPoint],
        consents: &[Consent],
        asked_not_to: Option<i64>,
    ) -> [Option<ContactObstacle>; 2] {
        let gate = Contacting {
            points,
            consents,
            renewed_at: None,
            asked_not_to_at: asked_not_to.map(|second| Timestamp::from_second(second).unwrap()),
        };
        [ContactReason::Service, ContactReason::Marketing]
            .map(|reason| gate.obstacle(ContactChannel::Sms, reason))
    }

    #[test]
    fn a_way_that_is_left_open_is_enough_for_a_service() {
        use ContactObstacle::{ConsentMissing, DoNotContact, NoContactPoint};
        let phone = |marked| point(ContactKind::Phone, marked);
        let email = point(ContactKind::Email, false);
        assert_eq!(obstacles(&[email], &[], None), [Some(NoContactPoint); 2]);
        assert_eq!(
            obstacles(&[phone(true)], &[], None),
            [Some(DoNotContact); 2]
        );
        let two = [phone(true), phone(false)];
        assert_eq!(obstacles(&two, &[], None), [None, Some(ConsentMissing)]);
    }

    #[test]
    fn marketing_needs_consent_that_is_later_than_the_wish_not_to_be_contacted() {
        use ContactObstacle::{AskedNotTo, ConsentWithdrawn};
        let phone = [point(ContactKind::Phone, false)];
        let given = [consent(5, Decision::Given)];
        assert_eq!(obstacles(&phone, &given, None), [None, None]);
        assert_eq!(obstacles(&phone, &given, Some(4)), [None, None]);
        assert_eq!(obstacles(&phone, &given, Some(5)), [None, Some(AskedNotTo)]);
        let withdrawn = [consent(5, Decision::Withdrawn)];
        assert_eq!(
            obstacles(&phone, &withdrawn, Some(9)),
            [None, Some(ConsentWithdrawn)]
        );
    }
}
