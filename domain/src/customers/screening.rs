//! Screening (信息筛选, DATA-13, DATA-16): what was collected is told apart, into records that are worth
//! following up and records that are not, by hand or by the rules of the institution.
//!
//! It says what a record is worth, not how far its customer has come: that is its stage. Each screening is
//! kept; the last one counts. Rules only decide on records that nobody has screened.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Customer, SCREENING_DETAILS_MISSING, SCREENING_REASON_UNFIT, SCREENING_RULE_ENDED,
    SCREENING_RULE_IN_FORCE,
};
use crate::{
    access::Principal,
    conditions::VERSION,
    fault::{Fault, FieldFault},
    id::Id,
    jobs::{Job, JobStatus},
    stamp::Stamp,
    text, text_enum,
    views::View,
};

text_enum! {
    /// What the last screening of a record said.
    ScreeningStanding as "ScreeningStanding" {
        Unscreened = "unscreened" { "未筛选", "Not screened" }
        Valid = "valid" { "有效", "Valid" }
        Invalid = "invalid" { "无效", "Invalid" }
    }
}

text_enum! {
    /// What a screening says of a record.
    ScreeningOutcome as "ScreeningOutcome" {
        Valid = "valid" { "有效", "Valid" }
        Invalid = "invalid" { "无效", "Invalid" }
    }
}

text_enum! {
    /// Why a record is valid or not.
    ScreeningReason as "ScreeningReason" {
        MeetsCriteria = "meets_criteria" { "符合标准", "It meets the criteria" }
        Verified = "verified" { "已核实", "Somebody has made sure of it" }
        OutsideCriteria = "outside_criteria" { "不符合标准", "It does not meet the criteria" }
        Unreachable = "unreachable" { "无法联系", "Nobody can be reached" }
        NotGenuine = "not_genuine" { "信息不实", "It is not genuine" }
        Duplicate = "duplicate" { "重复", "It is there already" }
        NoNeed = "no_need" { "无需求", "There is no need" }
        /// Of either outcome.
        Other = "other" { "其他", "Something else" }
    }
}

text_enum! {
    /// Where a screening rule stands.
    ScreeningRuleState as "ScreeningRuleState" {
        Draft = "draft" { "草稿", "Draft" }
        InForce = "in_force" { "生效", "In force" }
        Ended = "ended" { "已停用", "Ended" }
    }
}

impl From<ScreeningOutcome> for ScreeningStanding {
    fn from(outcome: ScreeningOutcome) -> Self {
        match outcome {
            ScreeningOutcome::Valid => Self::Valid,
            ScreeningOutcome::Invalid => Self::Invalid,
        }
    }
}

impl ScreeningReason {
    /// Whether it can be why a record is so.
    pub fn fits(self, outcome: ScreeningOutcome) -> bool {
        match self {
            Self::MeetsCriteria | Self::Verified => outcome == ScreeningOutcome::Valid,
            Self::OutsideCriteria
            | Self::Unreachable
            | Self::NotGenuine
            | Self::Duplicate
            | Self::NoNeed => outcome == ScreeningOutcome::Invalid,
            Self::Other => true,
        }
    }
}

/// Longest details of a reason, in characters.
pub const SCREENING_DETAILS_MAX: usize = 500;
/// Longest name of a rule, in characters.
pub const SCREENING_RULE_NAME_MAX: usize = 50;
/// Rules of an institution that have not ended, at most.
pub const SCREENING_RULES_MAX: usize = 50;
/// The largest place of a rule among the others.
pub const SCREENING_POSITION_MAX: i32 = 9999;

/// What is said of a record, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: ScreeningOutcome,
    pub reason: ScreeningReason,
    /// 1 to [`SCREENING_DETAILS_MAX`] characters.
    pub details: Option<String>,
}

/// Details are what somebody wrote of a person.
impl std::fmt::Debug for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verdict({:?}, {:?})", self.outcome, self.reason)
    }
}

impl Verdict {
    /// # Errors
    /// 422 where the reason is none for the outcome, or says nothing, or the details break a rule.
    pub fn checked(self) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if !self.reason.fits(self.outcome) {
            faults.push(FieldFault::new("/reason", &SCREENING_REASON_UNFIT));
        }
        let details = self.details.as_deref();
        let details = details.map(|text| text::line("/details", text, SCREENING_DETAILS_MAX));
        let details = match details.transpose() {
            Ok(details) => details,
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        if self.reason == ScreeningReason::Other && self.details.is_none() {
            faults.push(FieldFault::new("/details", &SCREENING_DETAILS_MISSING));
        }
        Fault::unless_empty(faults)?;
        Ok(Self { details, ..self })
    }
}

/// What was said of a record at a time. It is never changed: who finds otherwise says so anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screening {
    pub id: Id<Screening>,
    pub customer: Id<Customer>,
    pub verdict: Verdict,
    /// The rule that decided, in the version that it was in; none where it was done by hand.
    pub rule: Option<(Id<ScreeningRule>, i64)>,
    pub run: Option<Id<ScreeningRun>>,
    /// Who did it, or ran the rules; nobody where it was the program itself.
    pub by: Option<Id<Principal>>,
    pub at: Timestamp,
}

impl Screening {
    /// By hand, of a verdict that was checked.
    pub fn by_hand(
        customer: Id<Customer>,
        verdict: Verdict,
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Self {
        Self {
            id: stamp.id(),
            customer,
            verdict,
            rule: None,
            run: None,
            by,
            at: stamp.now(),
        }
    }

    /// By a rule that a run applies.
    pub fn by_rule(
        customer: Id<Customer>,
        (rule, run): (&ScreeningRule, Id<ScreeningRun>),
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Self {
        Self {
            rule: Some((rule.id, rule.version)),
            run: Some(run),
            ..Self::by_hand(customer, rule.verdict.clone(), by, stamp)
        }
    }
}

/// By which records are valid or not: the first rule that is met decides. Each change is a version, and
/// every version is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreeningRule {
    pub id: Id<ScreeningRule>,
    /// Raised by one with every change.
    pub version: i64,
    pub state: ScreeningRuleState,
    /// Its place among the others, the least first; of two in one place the older one comes first.
    pub position: i32,
    pub name: String,
    /// Which records it is about, as the contract has it.
    pub conditions: Value,
    /// Version of the language of its conditions.
    pub language: i16,
    pub verdict: Verdict,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// Who wrote this version; nobody where it was the program itself.
    pub changed_by: Option<Id<Principal>>,
}

/// What a rule shall say.
#[derive(Clone, Debug)]
pub struct NewScreeningRule {
    pub state: ScreeningRuleState,
    pub position: i32,
    pub name: String,
    pub conditions: Value,
    pub verdict: Verdict,
}

impl NewScreeningRule {
    fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, SCREENING_RULE_NAME_MAX);
        let (name, verdict) = Fault::both(name.map_err(Fault::from), self.verdict.checked())?;
        Ok(Self {
            name,
            verdict,
            ..self
        })
    }
}

impl ScreeningRule {
    /// A new rule.
    ///
    /// # Errors
    /// 422 where a field breaks a rule.
    pub fn create(
        new: NewScreeningRule,
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let new = new.checked()?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            state: new.state,
            position: new.position,
            name: new.name,
            conditions: new.conditions,
            language: VERSION,
            verdict: new.verdict,
            created_at: stamp.now(),
            changed_at: stamp.now(),
            changed_by: by,
        })
    }

    /// The next version; the same one where nothing is different.
    ///
    /// # Errors
    /// 409 once it has ended; 422 where a field breaks a rule, or what was in force shall be a draft.
    pub fn change(
        &self,
        new: NewScreeningRule,
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if self.state == ScreeningRuleState::Ended {
            return Err(Fault::new(&SCREENING_RULE_ENDED));
        }
        let was_in_force = self.state == ScreeningRuleState::InForce;
        if was_in_force && new.state == ScreeningRuleState::Draft {
            return Err(Fault::field("/state", &SCREENING_RULE_IN_FORCE));
        }
        let new = new.checked()?;
        let after = Self {
            state: new.state,
            position: new.position,
            name: new.name,
            conditions: new.conditions,
            language: VERSION,
            verdict: new.verdict,
            ..self.clone()
        };
        if after == *self {
            return Ok(after);
        }
        Ok(Self {
            version: self.version + 1,
            changed_at: stamp.now(),
            changed_by: by,
            ..after
        })
    }

    /// What it says.
    pub fn content(&self) -> NewScreeningRule {
        NewScreeningRule {
            state: self.state,
            position: self.position,
            name: self.name.clone(),
            conditions: self.conditions.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

/// A rule in the version that a run applies, and how many records it has marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub rule: Id<ScreeningRule>,
    pub version: i64,
    pub outcome: ScreeningOutcome,
    pub reason: ScreeningReason,
    pub marked: i64,
}

impl From<&ScreeningRule> for Applied {
    fn from(rule: &ScreeningRule) -> Self {
        Self {
            rule: rule.id,
            version: rule.version,
            outcome: rule.verdict.outcome,
            reason: rule.verdict.reason,
            marked: 0,
        }
    }
}

/// The rules applied to the records that nobody has screened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreeningRun {
    pub id: Id<ScreeningRun>,
    /// Raised with every step.
    pub version: i64,
    pub owner: Id<Principal>,
    pub job: Id<Job>,
    /// The view that confines it, in the version that it is in.
    pub view: Option<(Id<View>, i64)>,
    /// In the order in which they are asked.
    pub rules: Vec<Applied>,
    pub status: JobStatus,
    /// Records that were not screened, and were held against the rules.
    pub looked_at: i64,
    /// Behind which record it goes on.
    pub behind: Option<(i64, Id<()>)>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;

    fn said(outcome: ScreeningOutcome, reason: ScreeningReason, details: Option<&str>) -> Verdict {
        let details = details.map(str::to_owned);
        Verdict {
            outcome,
            reason,
            details,
        }
    }

    #[test]
    fn a_reason_is_one_for_its_outcome_and_something_else_is_explained() {
        use ScreeningOutcome::{Invalid, Valid};
        let code = |verdict: Verdict| verdict.checked().err().map(|f| f.fields[0].rule.code);
        assert_eq!(code(said(Valid, ScreeningReason::Verified, None)), None);
        let unfit = said(Valid, ScreeningReason::Unreachable, None);
        assert_eq!(code(unfit), Some("screening_reason_unfit"));
        let bare = said(Invalid, ScreeningReason::Other, None);
        assert_eq!(code(bare), Some("screening_details_missing"));
        assert_eq!(
            code(said(Invalid, ScreeningReason::Other, Some("空号"))),
            None
        );
    }

    #[test]
    fn every_outcome_is_a_standing() {
        for outcome in ScreeningOutcome::ALL {
            let standing = ScreeningStanding::from(*outcome);
            assert_eq!(outcome.as_str(), standing.as_str());
        }
    }
}
