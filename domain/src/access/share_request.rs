//! Asking for what is beyond one's reach (ROLE-18): of the customer that a duplicate check told of, or
//! in words.

use jiff::{SignedDuration, Timestamp};

use super::{Principal, SHARE_REQUEST_DECIDED};
use crate::{
    customers::Customer,
    fault::Fault,
    id::Id,
    organization::{Campus, Holder},
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// How a request for a share stands.
    ShareRequestState as "ShareRequestState" {
        Waiting = "waiting" { "待处理", "Waits to be decided" }
        Granted = "granted" { "已同意", "Granted" }
        Refused = "refused" { "已拒绝", "Refused" }
        TakenBack = "taken_back" { "已撤回", "Taken back by who asked" }
        Lapsed = "lapsed" { "已失效", "The customer is no more" }
    }
}

/// Longest reason or description, in characters.
pub const SHARE_REQUEST_TEXT_MAX: usize = 500;
/// Longest share that a request can be granted, in days.
pub const SHARE_REQUEST_DAYS_MAX: i64 = 365;

/// A request for a share. Whoever holds the customer decides, or who may for its team or place; of one
/// in words, only who may for the whole institution, who names the customer. Until it is granted, who
/// asked sees nothing but how it stands.
#[derive(Clone)]
pub struct ShareRequest {
    pub id: Id<ShareRequest>,
    pub version: i64,
    pub asker: Id<Principal>,
    pub about: Option<Wanted>,
    pub words: Words,
    pub state: ShareRequestState,
    /// Until when it was granted.
    pub until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
}

/// The customer that is asked for, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub customer: Id<Customer>,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
}

impl Wanted {
    pub fn of(customer: &Customer) -> Self {
        Self {
            customer: customer.id,
            holder: customer.holder,
            campus: customer.campus,
        }
    }
}

/// What people wrote. It may be personal: `Debug` doesn't show it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Who is asked for, where no check told.
    pub description: Option<String>,
    pub reason: String,
    /// Why it was refused.
    pub answer: Option<String>,
}

impl std::fmt::Debug for ShareRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShareRequest({})", self.id)
    }
}

impl ShareRequest {
    /// # Errors
    /// 422 where a text breaks a rule.
    pub fn ask(
        asker: Id<Principal>,
        about: Option<Wanted>,
        description: Option<String>,
        reason: &str,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let described = description
            .map(|text| text::line("/description", &text, SHARE_REQUEST_TEXT_MAX))
            .transpose()?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            asker,
            about,
            words: Words {
                description: described,
                reason: text::line("/reason", reason, SHARE_REQUEST_TEXT_MAX)?,
                answer: None,
            },
            state: ShareRequestState::Waiting,
            until: None,
            created_at: stamp.now(),
            decided_at: None,
        })
    }

    /// Grants a share of a customer for some days.
    ///
    /// # Errors
    /// 409 where it was decided already.
    pub fn grant(&self, about: Wanted, days: i64, stamp: &Stamp) -> Result<Self, Fault> {
        let lasts = SignedDuration::from_hours(days.clamp(1, SHARE_REQUEST_DAYS_MAX) * 24);
        Ok(Self {
            about: Some(about),
            until: Some(stamp.now() + lasts),
            ..self.decided(ShareRequestState::Granted, stamp)?
        })
    }

    /// # Errors
    /// 409 where it was decided already, 422 where the reason breaks a rule.
    pub fn refuse(&self, reason: &str, stamp: &Stamp) -> Result<Self, Fault> {
        let answer = text::line("/reason", reason, SHARE_REQUEST_TEXT_MAX)?;
        let mut refused = self.decided(ShareRequestState::Refused, stamp)?;
        refused.words.answer = Some(answer);
        Ok(refused)
    }

    /// # Errors
    /// 409 where it was decided already.
    pub fn take_back(&self, stamp: &Stamp) -> Result<Self, Fault> {
        self.decided(ShareRequestState::TakenBack, stamp)
    }

    /// # Errors
    /// 409 where it was decided already.
    pub fn lapse(&self, stamp: &Stamp) -> Result<Self, Fault> {
        self.decided(ShareRequestState::Lapsed, stamp)
    }

    fn decided(&self, state: ShareRequestState, stamp: &Stamp) -> Result<Self, Fault> {
        if self.state != ShareRequestState::Waiting {
            return Err(Fault::new(&SHARE_REQUEST_DECIDED));
        }
        Ok(Self {
            version: self.version + 1,
            state,
            decided_at: Some(stamp.now()),
            ..self.clone()
        })
    }
}
