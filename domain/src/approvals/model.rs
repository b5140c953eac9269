//! An approval: its steps, and what becomes of it.

use jiff::{SignedDuration, Timestamp};

use super::{
    APPROVAL_ENDED, APPROVAL_NOT_ASKED, APPROVAL_NOT_YOURS, APPROVAL_OWN, APPROVAL_REASON_MISSING,
    APPROVAL_STEP_DECIDED, APPROVAL_TO_ASKER, ApprovalPolicy, DAYS_MAX, Decider,
};
use crate::{
    access::Principal,
    fault::{Fault, FieldFault},
    id::Id,
    organization::Staff,
    reference::Reference,
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// What an approval is for; the kind names the unit of amounts.
    ApprovalKind as "ApprovalKind" {
        /// By rows.
        Export = "export" { "导出", "An export; its amount is its rows" }
    }
}

text_enum! {
    /// How an approval stands.
    ApprovalState as "ApprovalState" {
        Waiting = "waiting" { "审批中", "Waits to be decided" }
        Approved = "approved" { "已通过", "Approved" }
        Refused = "refused" { "未通过", "Refused" }
        Recalled = "recalled" { "已撤回", "Recalled by who asked" }
        Expired = "expired" { "已过期", "Not decided in time" }
    }
}

text_enum! {
    /// What is decided of a step.
    Verdict as "ApprovalVerdict" {
        Approve = "approve" { "同意", "Approve" }
        Refuse = "refuse" { "拒绝", "Refuse" }
    }
}

text_enum! {
    /// What was done to an approval.
    Act as "ApprovalAct" {
        Asked = "asked" { "申请", "Asked for" }
        Approved = "approved" { "同意", "A step was approved" }
        Refused = "refused" { "拒绝", "Refused" }
        Delegated = "delegated" { "转交", "A step was delegated" }
        Recalled = "recalled" { "撤回", "Recalled" }
        Expired = "expired" { "过期", "Expired" }
    }
}

text_enum! {
    /// Who can decide the step that an approval waits for.
    Deciders as "ApprovalDeciders" {
        Named = "named" { "步骤指定的人", "Whom the step names" }
        Administrators = "administrators" { "审批管理员", "Who makes the policies, for nobody else works whom the step names" }
        Nobody = "nobody" { "无人", "Nobody of these: who administers roles" }
    }
}

text_enum! {
    /// Which approvals, of those that concern somebody.
    Side as "ApprovalSide" {
        All = "all" { "全部", "All" }
        WaitingForMe = "waiting_for_me" { "待我审批", "That one can decide now" }
        AskedByMe = "asked_by_me" { "我的申请", "That one asked for" }
    }
}

/// Longest reason, in characters.
pub const APPROVAL_REASON_MAX: usize = 500;
/// Longest summary, in characters.
pub const SUMMARY_MAX: usize = 2000;

/// An approval (审批) of one thing.
#[derive(Clone, PartialEq, Eq)]
pub struct Approval {
    pub id: Id<Approval>,
    /// Raised by one with every act.
    pub version: i64,
    pub kind: ApprovalKind,
    /// What waits for it.
    pub subject: Id<()>,
    /// In the unit of the kind.
    pub amount: i64,
    /// What is asked for, in words.
    pub summary: String,
    pub asker: Id<Principal>,
    pub policy: Id<ApprovalPolicy>,
    /// Of the policy, when it was asked.
    pub policy_version: i64,
    /// As they are now: a delegated one names whom it was delegated to.
    pub steps: Vec<Decider>,
    /// The step that it waits for, or at which it ended, from 1.
    pub step: usize,
    pub state: ApprovalState,
    pub created_at: Timestamp,
    /// Until when it can be decided.
    pub due_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl std::fmt::Debug for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Approval({}, {:?})", self.id, self.state)
    }
}

/// What is to be approved.
#[derive(Clone)]
pub struct NewApproval {
    pub kind: ApprovalKind,
    pub subject: Id<()>,
    pub amount: i64,
    /// Cut to [`SUMMARY_MAX`] characters.
    pub summary: String,
}

/// One act, as the history keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Deed {
    /// Of which step.
    pub step: usize,
    pub act: Act,
    /// None of what time did.
    pub by: Option<Id<Principal>>,
    /// To whom it was delegated.
    pub to: Option<Id<Staff>>,
    pub reason: Option<String>,
    pub at: Timestamp,
}

impl std::fmt::Debug for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deed({:?})", self.act)
    }
}

/// Who acts on an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub id: Id<Principal>,
    /// Whether one of those who decide the step that it waits for.
    pub decides: bool,
}

impl Approval {
    /// Asks for what a policy demands.
    pub fn ask(
        new: NewApproval,
        policy: &Reference<ApprovalPolicy>,
        asker: Id<Principal>,
        stamp: &Stamp,
    ) -> (Self, Deed) {
        let lasts = SignedDuration::from_hours(policy.details.days.clamp(1, DAYS_MAX) * 24);
        let approval = Self {
            id: stamp.id(),
            version: 1,
            kind: new.kind,
            subject: new.subject,
            amount: new.amount,
            summary: new.summary.chars().take(SUMMARY_MAX).collect(),
            asker,
            policy: policy.id,
            policy_version: policy.version,
            steps: policy.details.steps.clone(),
            step: 1,
            state: ApprovalState::Waiting,
            created_at: stamp.now(),
            due_at: stamp.now() + lasts,
            ended_at: None,
        };
        let deed = approval.deed(Act::Asked, Some(asker), None, stamp);
        (approval, deed)
    }

    /// Decides the step that the actor has read.
    ///
    /// # Errors
    /// 409 where it is over, or that step was decided; 403 for the asker and for who does not decide it; 422
    /// where a refusal has no reason.
    pub fn decide(
        &self,
        actor: Actor,
        step: usize,
        (verdict, reason): (Verdict, Option<&str>),
        stamp: &Stamp,
    ) -> Result<(Self, Deed), Fault> {
        self.check(actor, step, stamp)?;
        let reason = reason.map(said).transpose()?;
        if verdict == Verdict::Refuse && reason.is_none() {
            return Err(FieldFault::new("/reason", &APPROVAL_REASON_MISSING).into());
        }
        let (act, after) = match verdict {
            Verdict::Refuse => (Act::Refused, self.ended(ApprovalState::Refused, stamp)),
            Verdict::Approve if step < self.steps.len() => (
                Act::Approved,
                Self {
                    version: self.version + 1,
                    step: step + 1,
                    ..self.clone()
                },
            ),
            Verdict::Approve => (Act::Approved, self.ended(ApprovalState::Approved, stamp)),
        };
        Ok((after, self.deed(act, Some(actor.id), reason, stamp)))
    }

    /// Leaves the step that the actor has read to another person, who works.
    ///
    /// # Errors
    /// As [`Self::decide`]; 422 where it would be the asker's.
    pub fn delegate(
        &self,
        actor: Actor,
        step: usize,
        (to, reason): (Id<Staff>, &str),
        stamp: &Stamp,
    ) -> Result<(Self, Deed), Fault> {
        self.check(actor, step, stamp)?;
        if to.uuid() == self.asker.uuid() {
            return Err(FieldFault::new("/staff_id", &APPROVAL_TO_ASKER).into());
        }
        let reason = said(reason)?;
        let mut steps = self.steps.clone();
        if let Some(decider) = steps.get_mut(self.step - 1) {
            *decider = Decider::Person(to);
        }
        let after = Self {
            version: self.version + 1,
            steps,
            ..self.clone()
        };
        let deed = self.deed(Act::Delegated, Some(actor.id), Some(reason), stamp);
        let deed = Deed {
            to: Some(to),
            ..deed
        };
        Ok((after, deed))
    }

    /// Takes it back.
    ///
    /// # Errors
    /// 403 for anybody but the asker, 409 where it is over.
    pub fn recall(&self, by: Id<Principal>, stamp: &Stamp) -> Result<(Self, Deed), Fault> {
        if by != self.asker {
            return Err(Fault::new(&APPROVAL_NOT_ASKED));
        }
        self.check_waiting()?;
        let after = self.ended(ApprovalState::Recalled, stamp);
        Ok((after, self.deed(Act::Recalled, Some(by), None, stamp)))
    }

    /// Ends it after its time.
    ///
    /// # Errors
    /// 409 where it is over.
    pub fn expire(&self, stamp: &Stamp) -> Result<(Self, Deed), Fault> {
        self.check_waiting()?;
        let after = self.ended(ApprovalState::Expired, stamp);
        Ok((after, self.deed(Act::Expired, None, None, stamp)))
    }

    fn check(&self, actor: Actor, step: usize, stamp: &Stamp) -> Result<(), Fault> {
        self.check_waiting()?;
        if self.due_at <= stamp.now() {
            return Err(Fault::new(&APPROVAL_ENDED));
        }
        if actor.id == self.asker {
            return Err(Fault::new(&APPROVAL_OWN));
        }
        if step < self.step {
            return Err(Fault::new(&APPROVAL_STEP_DECIDED));
        }
        if step != self.step || !actor.decides {
            return Err(Fault::new(&APPROVAL_NOT_YOURS));
        }
        Ok(())
    }

    fn check_waiting(&self) -> Result<(), Fault> {
        match self.state {
            ApprovalState::Waiting => Ok(()),
            _ => Err(Fault::new(&APPROVAL_ENDED)),
        }
    }

    fn ended(&self, state: ApprovalState, stamp: &Stamp) -> Self {
        Self {
            version: self.version + 1,
            state,
            ended_at: Some(stamp.now()),
            ..self.clone()
        }
    }

    fn deed(
        &self,
        act: Act,
        by: Option<Id<Principal>>,
        reason: Option<String>,
        stamp: &Stamp,
    ) -> Deed {
        Deed {
            step: self.step,
            act,
            by,
            to: None,
            reason,
            at: stamp.now(),
        }
    }
}

fn said(reason: &str) -> Result<String, FieldFault> {
    text::line("/reason", reason, APPROVAL_REASON_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;

    fn stamp(seconds: i64) -> Stamp {
        Stamp::new(Timestamp::from_second(seconds).unwrap(), |_| {
            uuid::Uuid::from_u128(7)
        })
    }

    fn id<K>(number: u128) -> Id<K> {
        Id::new(uuid::Uuid::from_u128(number))
    }

    const ASKER: u128 = 1;
    const DECIDER: u128 = 2;
    const DAY: i64 = 86_400;

    fn asked() -> Approval {
        let policy = ApprovalPolicy {
            name: "导出".into(),
            kind: ApprovalKind::Export,
            from_amount: 100,
            days: 2,
            steps: vec![Decider::Role(id(8)), Decider::Person(id(9))],
        };
        let policy = Reference::create(policy, &stamp(0)).unwrap();
        let new = NewApproval {
            kind: ApprovalKind::Export,
            subject: id(5),
            amount: 120,
            summary: "盘点".into(),
        };
        let (approval, deed) = Approval::ask(new, &policy, id(ASKER), &stamp(0));
        assert_eq!((deed.act, deed.by), (Act::Asked, Some(id(ASKER))));
        approval
    }

    fn by(actor: u128) -> Actor {
        Actor {
            id: id(actor),
            decides: actor == DECIDER,
        }
    }

    type Done = Result<(Approval, Deed), Fault>;

    fn approve(approval: &Approval, actor: u128, step: usize, at: i64) -> Done {
        approval.decide(by(actor), step, (Verdict::Approve, None), &stamp(at))
    }

    fn code(done: Done) -> &'static str {
        let fault = done.unwrap_err();
        fault
            .fields
            .first()
            .map_or(fault.rule, |field| field.rule)
            .code
    }

    /// An action, what does it, and the state that it leads to.
    type Action = (&'static str, fn(&Approval) -> Done, ApprovalState);

    #[test]
    fn every_state_takes_every_action_or_refuses_it() {
        use ApprovalState::{Approved, Expired, Recalled, Refused, Waiting};
        let actions: [Action; 5] = [
            ("approve", |a| approve(a, DECIDER, 2, 1), Approved),
            (
                "refuse",
                |a| a.decide(by(DECIDER), 2, (Verdict::Refuse, Some("不需要")), &stamp(1)),
                Refused,
            ),
            (
                "delegate",
                |a| a.delegate(by(DECIDER), 2, (id(4), "出差"), &stamp(1)),
                Waiting,
            ),
            ("recall", |a| a.recall(id(ASKER), &stamp(1)), Recalled),
            ("expire", |a| a.expire(&stamp(1)), Expired),
        ];
        let (last, _) = approve(&asked(), DECIDER, 1, 1).unwrap();
        for state in ApprovalState::ALL {
            let before = match state {
                Waiting => last.clone(),
                ended => last.ended(*ended, &stamp(1)),
            };
            for (name, action, leads_to) in &actions {
                let done = action(&before);
                if *state != Waiting {
                    assert_eq!(code(done), "approval_ended", "{name} of {state:?}");
                    continue;
                }
                let (after, deed) = done.unwrap();
                assert_eq!(after.state, *leads_to, "{name}");
                assert_eq!(after.version, before.version + 1, "{name}");
                assert_eq!(after.ended_at.is_some(), *leads_to != Waiting, "{name}");
                assert_eq!(deed.step, 2, "{name}");
            }
        }
    }

    #[test]
    fn steps_are_decided_in_order_and_each_once() {
        let first = asked();
        assert_eq!(code(approve(&first, DECIDER, 2, 1)), "approval_not_yours");
        let (second, deed) = approve(&first, DECIDER, 1, 1).unwrap();
        assert_eq!(
            (second.state, second.step, deed.step),
            (ApprovalState::Waiting, 2, 1)
        );
        assert_eq!(
            code(approve(&second, DECIDER, 1, 1)),
            "approval_step_decided"
        );
        let (done, _) = approve(&second, DECIDER, 2, 1).unwrap();
        assert_eq!((done.state, done.step), (ApprovalState::Approved, 2));
    }

    #[test]
    fn nobody_decides_what_they_asked_for() {
        let actor = Actor {
            decides: true,
            ..by(ASKER)
        };
        let verdict = (Verdict::Approve, None);
        assert_eq!(
            code(asked().decide(actor, 1, verdict, &stamp(1))),
            "approval_own"
        );
        let to_asker = asked().delegate(by(DECIDER), 1, (id(ASKER), "出差"), &stamp(1));
        assert_eq!(code(to_asker), "approval_to_asker");
        assert_eq!(code(approve(&asked(), 3, 1, 1)), "approval_not_yours");
        assert_eq!(
            code(asked().recall(id(DECIDER), &stamp(1))),
            "approval_not_asked"
        );
    }

    #[test]
    fn a_refusal_says_why() {
        for reason in [None, Some(""), Some("  ")] {
            let refused = asked().decide(by(DECIDER), 1, (Verdict::Refuse, reason), &stamp(1));
            assert!(refused.is_err(), "{reason:?}");
        }
    }

    #[test]
    fn after_its_time_it_is_not_decided_any_more() {
        assert_eq!(asked().due_at, stamp(2 * DAY).now());
        assert!(approve(&asked(), DECIDER, 1, 2 * DAY - 1).is_ok());
        assert_eq!(
            code(approve(&asked(), DECIDER, 1, 2 * DAY)),
            "approval_ended"
        );
    }

    #[test]
    fn what_is_delegated_is_decided_by_whom_it_was_delegated_to() {
        let (after, deed) = asked()
            .delegate(by(DECIDER), 1, (id(4), "出差"), &stamp(1))
            .unwrap();
        assert_eq!(
            after.steps,
            [Decider::Person(id(4)), Decider::Person(id(9))]
        );
        assert_eq!(
            (deed.to, deed.reason.as_deref()),
            (Some(id(4)), Some("出差"))
        );
    }
}
