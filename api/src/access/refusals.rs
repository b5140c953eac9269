//! Refused actions on their way to the audit trail (I-31).
//!
//! A refusal costs its request nothing: it is noted in memory, within bounds, and written soon after
//! with others. Of each kind of action a person is refused, ten a minute have a record of their own;
//! the rest of the minute has one, with their count. Log-ins are refused to anybody who sends them: all
//! those of an institution together have no more than [`LOG_INS`] a minute. Each instance counts for itself. What was noted
//! when a process is killed is lost; one that stops in order writes it first.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::{HttpRequest, body::BoxBody, dev::ServiceResponse};
use domain::{
    access::{Principal, PrincipalKind},
    id::Id,
    organization::Institution,
};
use jiff::{SignedDuration, Timestamp};
use persistence::{
    Error, Operation,
    audit::refusals::{self, Refusal},
    database::Actor,
};
use uuid::Uuid;

use super::authenticate::Caller;
use crate::{
    app::App,
    http::{Problem, context::RequestContext, operations::OperationInfo},
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Refusals of one kind and minute with a record of their own.
const SINGLE: u32 = 10;
/// The same of the log-ins to all accounts of an institution.
const LOG_INS: u32 = 30;
/// Records that wait at most; what comes beyond is only counted.
const WAITING: usize = 10_000;
/// Kinds that are counted at most.
const KINDS: usize = 10_000;
/// Records of one transaction.
const TOGETHER: usize = 200;

/// What was refused and is not on the trail yet.
#[derive(Default)]
pub struct Refusals {
    noted: Mutex<Noted>,
    /// One writes at a time.
    writing: tokio::sync::Mutex<()>,
}

/// Who was refused what.
type Kind = (Id<Institution>, Id<Principal>, Arc<str>);

#[derive(Default)]
struct Noted {
    waiting: Vec<Refusal>,
    minutes: HashMap<Kind, Minute>,
    /// Neither kept nor counted, for want of room.
    lost: u64,
}

/// What was refused of one kind within a minute.
struct Minute {
    since: Timestamp,
    single: u32,
    /// Those beyond, in one.
    more: Option<Refusal>,
}

impl Noted {
    /// Notes a refused log-in to an account.
    fn note_log_in(&mut self, account: Id<Principal>, refusal: Refusal) {
        let (institution, operation) = (refusal.institution, refusal.operation.clone());
        let all: Kind = (institution, Id::new(Uuid::nil()), operation.clone());
        self.turn(&all, refusal.at);
        let single = self.minutes.get(&all).map_or(0, |minute| minute.single);
        if single >= LOG_INS {
            let nobody = Actor {
                principal: Uuid::nil(),
                kind: PrincipalKind::System,
                ..refusal.actor
            };
            let refusal = Refusal {
                actor: nobody,
                ..refusal
            };
            self.note(all, refusal);
            return;
        }
        let (at, waiting) = (refusal.at, self.waiting.len());
        self.note((institution, account, operation), refusal);
        if self.waiting.len() > waiting && self.minutes.len() < KINDS {
            self.minutes.entry(all).or_insert(Minute::begun(at)).single += 1;
        }
    }

    /// Ends the minute of a kind that is over.
    fn turn(&mut self, kind: &Kind, now: Timestamp) {
        if let Some(minute) = self.minutes.get(kind)
            && minute.is_over(now)
        {
            let minute = self.minutes.remove(kind);
            self.waiting.extend(minute.and_then(|minute| minute.more));
        }
    }

    fn note(&mut self, kind: Kind, refusal: Refusal) {
        self.turn(&kind, refusal.at);
        if self.minutes.len() >= KINDS && !self.minutes.contains_key(&kind) {
            self.lost += 1;
            return;
        }
        let minute = self
            .minutes
            .entry(kind)
            .or_insert(Minute::begun(refusal.at));
        if minute.single < SINGLE && self.waiting.len() < WAITING {
            minute.single += 1;
            self.waiting.push(refusal);
        } else {
            let before = minute.more.as_ref().map_or(0, |more| more.count);
            minute.more = Some(Refusal {
                target: None,
                count: before + 1,
                ..refusal
            });
        }
    }

    /// Lets the minutes that are over, or all, join what waits.
    fn close(&mut self, now: Timestamp, everything: bool) {
        let waiting = &mut self.waiting;
        self.minutes.retain(|_, minute| {
            let over = everything || minute.is_over(now);
            if over {
                waiting.extend(minute.more.take());
            }
            !over
        });
    }
}

impl Minute {
    fn begun(since: Timestamp) -> Self {
        Self {
            since,
            single: 0,
            more: None,
        }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) >= MINUTE
    }
}

impl Refusals {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written, by institution. It stays until it is.
    fn due(&self, now: Timestamp, everything: bool) -> BTreeMap<Uuid, Vec<Refusal>> {
        let mut noted = self.noted();
        noted.close(now, everything);
        if noted.lost > 0 {
            tracing::error!(
                count = noted.lost,
                "refusals were too many to be on the trail"
            );
            noted.lost = 0;
        }
        let mut due = BTreeMap::<Uuid, Vec<Refusal>>::new();
        for refusal in &noted.waiting {
            let of = due.entry(refusal.institution.uuid()).or_default();
            of.push(refusal.clone());
        }
        due
    }

    fn written(&self, batch: &[Refusal]) {
        let written: HashSet<Uuid> = batch.iter().map(|r| r.id).collect();
        self.noted()
            .waiting
            .retain(|refusal| !written.contains(&refusal.id));
    }
}

/// Notes that a request of somebody who is known was refused, where it asked for a sensitive action.
pub(crate) fn note(response: &ServiceResponse<BoxBody>, context: &RequestContext, app: &App) {
    let error = response.response().error();
    if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
        note_of(response.request(), context, app, problem.code());
    }
}

/// Notes the same of a part of a request, which was answered all the same; `rule` is the code of the
/// rule that was broken.
pub(crate) fn note_of(
    request: &HttpRequest,
    context: &RequestContext,
    app: &App,
    rule: &'static str,
) {
    let Caller::Known(authority) = Caller::of(request) else {
        return;
    };
    let Some(operation) = OperationInfo::of(request).filter(|operation| operation.is_sensitive)
    else {
        return;
    };
    let stamp = app.clock.stamp();
    let ids = request.match_info().iter();
    let refusal = Refusal {
        id: stamp.id::<()>().uuid(),
        institution: authority.institution(),
        actor: Actor {
            principal: authority.principal().uuid(),
            kind: authority.kind(),
            session: Some(authority.session().uuid()),
            origin: context.origin.clone(),
        },
        operation: operation.name.clone(),
        request: context.request_id,
        trace: context.trace_id,
        at: stamp.now(),
        rule,
        target: ids
            .filter_map(|(_, text)| Uuid::try_parse(text).ok())
            .last(),
        count: 1,
    };
    let kind = (
        authority.institution(),
        authority.principal(),
        operation.name.clone(),
    );
    app.refusals.noted().note(kind, refusal);
}

/// Notes that a log-in was refused; its actor is the account that it named.
pub(super) fn note_log_in(app: &App, log_in: Operation, rule: &'static str) {
    let account = Id::new(log_in.actor.principal);
    let refusal = Refusal {
        id: log_in.stamp.id::<()>().uuid(),
        institution: log_in.institution,
        actor: log_in.actor,
        operation: log_in.name,
        request: log_in.request,
        trace: log_in.trace,
        at: log_in.stamp.now(),
        rule,
        target: None,
        count: 1,
    };
    app.refusals.noted().note_log_in(account, refusal);
}

/// Writes what waits; with `everything`, also what minutes have counted that are not over.
///
/// # Errors
/// The last failure of the database; what could not be written waits for the next time.
pub async fn write(app: &App, everything: bool) -> Result<(), Error> {
    let noted = &app.refusals;
    let _turn = noted.writing.lock().await;
    let mut result = Ok(());
    for (institution, waiting) in noted.due(app.clock.now(), everything) {
        let operation = Operation::system(
            Id::new(institution),
            PrincipalKind::System,
            "write_refusals",
            app.clock.stamp(),
        );
        for batch in waiting.chunks(TOGETHER) {
            let written = app
                .db
                .transaction(
                    &operation,
                    |tx| async move { refusals::write(&tx, batch).await },
                )
                .await;
            match written {
                Ok(()) => noted.written(batch),
                Err(error) => result = Err(error),
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(at: Timestamp) -> Refusal {
        Refusal {
            id: Uuid::now_v7(),
            institution: Id::new(Uuid::nil()),
            actor: Actor::new(Uuid::nil(), PrincipalKind::Staff),
            operation: "deleteCustomer".into(),
            request: Uuid::nil(),
            trace: Uuid::nil(),
            at,
            rule: "permission_missing",
            target: None,
            count: 1,
        }
    }

    fn kind(person: u128) -> Kind {
        (
            Id::new(Uuid::nil()),
            Id::new(Uuid::from_u128(person)),
            "deleteCustomer".into(),
        )
    }

    fn counts(noted: &Noted) -> Vec<u64> {
        noted.waiting.iter().map(|refusal| refusal.count).collect()
    }

    #[test]
    fn ten_a_minute_stand_alone_and_the_rest_together() {
        let (mut noted, begun) = (Noted::default(), Timestamp::UNIX_EPOCH);
        for second in 0..25 {
            let at = begun + SignedDuration::from_secs(second);
            noted.note(kind(1), refusal(at));
        }
        noted.note(kind(2), refusal(begun));
        assert_eq!(counts(&noted), [1; 11]);
        noted.close(begun + SignedDuration::from_secs(59), false);
        assert_eq!(counts(&noted), [1; 11]);
        noted.note(kind(1), refusal(begun + MINUTE));
        let expected = [vec![1; 11], vec![15, 1]].concat();
        assert_eq!(counts(&noted), expected);
        noted.close(begun, true);
        assert_eq!(counts(&noted), expected);
    }

    #[test]
    fn log_ins_to_all_accounts_of_an_institution_are_bounded_together() {
        let (mut noted, begun) = (Noted::default(), Timestamp::UNIX_EPOCH);
        for number in 0..1_000_u128 {
            noted.note_log_in(Id::new(Uuid::from_u128(1 + number % 50)), refusal(begun));
        }
        noted.note(kind(1), refusal(begun));
        assert_eq!(counts(&noted), [1; 31]);
        noted.note_log_in(Id::new(Uuid::from_u128(1)), refusal(begun + MINUTE));
        noted.close(begun + MINUTE + MINUTE, false);
        let mut all = counts(&noted);
        all.sort_unstable();
        assert_eq!(all, [[1; 32].as_slice(), &[970]].concat());
    }

    #[test]
    fn what_waits_has_bounds_and_what_comes_beyond_is_counted() {
        let (mut noted, at) = (Noted::default(), Timestamp::UNIX_EPOCH);
        for person in 0..12_000_u128 {
            noted.note(kind(person), refusal(at));
            noted.note(kind(person), refusal(at));
        }
        assert_eq!(noted.waiting.len(), WAITING);
        assert_eq!(noted.minutes.len(), KINDS);
        assert_eq!(noted.lost, 4_000);
        noted.close(at, true);
        let all: u64 = counts(&noted).iter().sum();
        assert_eq!(all, 20_000);
    }
}
