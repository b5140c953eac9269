//! Erasing a person (删除个人信息, PRIV-03; article 47 of the personal information protection law).
//!
//! What is known of the person goes; the books stay and name a pseudonym, so that no sum changes. A
//! certificate says what was done, and nothing of whom. Lists of leads do not bring the person back.

use std::fmt;

use jiff::Timestamp;

use super::{ERASURE_OBSTRUCTED, PrivacyRequest, RetentionRun};
use crate::{
    access::Principal, customers::Customer, fault::Fault, id::Id, text_enum, text_enum::TextEnum,
};

text_enum! {
    /// Why a person is erased: a closed list, so that a certificate tells nothing of the person.
    ErasureReason as "ErasureReason" {
        Requested = "requested" { "本人或监护人要求", "The person or a guardian asked for it" }
        ConsentWithdrawn = "consent_withdrawn" { "撤回同意", "Consent was withdrawn" }
        PurposeFulfilled = "purpose_fulfilled" { "目的已实现或保存期限已满", "The purpose is fulfilled, or the time is over" }
        Unlawful = "unlawful" { "违法或违约处理", "The data should not have been there" }
    }
}

text_enum! {
    /// What stands in the way of an erasure.
    ErasureObstacle as "ErasureObstacle" {
        ActiveEnrollment = "active_enrollment" { "有在读报名", "It is enrolled, or pays for somebody who is" }
        OpenCharge = "open_charge" { "有未结清的应收", "A charge is open" }
        UnspentCredit = "unspent_credit" { "有未使用的余额", "Money that it paid is not used up" }
        OpenRequest = "open_request" { "有未答复的个人信息申请", "A request about its own data is not answered yet" }
        LegalHold = "legal_hold" { "处于法定保全中", "A legal hold stands" }
    }
}

text_enum! {
    /// What erasure does with the rows of a table.
    ErasureAction as "ErasureAction" {
        Removed = "removed" { "已移除", "They go" }
        Emptied = "emptied" { "已清空", "They stay, without what tells of the person" }
        Kept = "kept" { "保留", "They stay; they name a pseudonym" }
    }
}

text_enum! {
    /// Why rows of an erased person stay.
    KeptGround as "KeptGround" {
        Bookkeeping = "bookkeeping" { "法定会计凭证", "Books that the law wants kept" }
        Accountability = "accountability" { "证明处理合规", "Proof of what was done with the data" }
    }
}

/// What becomes of the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedTable {
    pub table: String,
    pub action: ErasureAction,
    /// Of rows that are kept.
    pub ground: Option<KeptGround>,
    pub rows: i64,
}

/// The erasure of a person, as its certificate tells it.
#[derive(Clone, Debug)]
pub struct Erasure {
    pub id: Id<Erasure>,
    /// Of the institution, from 1.
    pub number: i64,
    pub customer: Id<Customer>,
    pub reason: ErasureReason,
    /// The request that was done with it.
    pub request: Option<Id<PrivacyRequest>>,
    pub tables: Vec<ErasedTable>,
    pub erased_at: Timestamp,
    /// Nobody, where a rule did.
    pub erased_by: Option<Id<Principal>>,
    /// That by which it was erased, where a rule of retention did.
    pub retention_run: Option<Id<RetentionRun>>,
}

impl Erasure {
    pub fn pseudonym(&self) -> Pseudonym {
        Pseudonym(self.number)
    }
}

/// What an erased person is called.
#[derive(Clone, Copy, Debug)]
pub struct Pseudonym(pub i64);

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "erased {}", self.0)
    }
}

/// Names what stands in the way.
///
/// # Errors
/// 409, unless nothing does.
pub fn unless_obstructed(obstacles: &[ErasureObstacle]) -> Result<(), Fault> {
    if obstacles.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = obstacles.iter().map(|found| found.as_str()).collect();
    Err(Fault::new(&ERASURE_OBSTRUCTED).with("obstacles", names.join(", ")))
}
