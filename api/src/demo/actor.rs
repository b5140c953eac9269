//! Doing something as somebody of the school, at a time of its past.

use std::sync::Arc;

use domain::{
    access::{Permission, PrincipalKind},
    id::Id,
    organization::{Institution, Staff},
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use persistence::{
    Error, Operation, Tx,
    access::{Bearer, Grant, load},
    database::Actor,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{access::passwords::commands::give_password, app::App, boot::Failure, clock::Clock};

/// Where the school is.
pub(super) const ZONE: &str = "Asia/Shanghai";
/// Days that are lived through before today.
pub(super) const DAYS: u32 = 365;
/// What passes between two things that are done.
const PAUSE: SignedDuration = SignedDuration::from_mins(2);

/// A school that is being filled.
pub(super) struct Filling {
    pub(super) app: App,
    institution: Option<Id<Institution>>,
    zone: TimeZone,
    today: Date,
    real: Clock,
    day: u32,
}

impl Filling {
    /// At the first day.
    pub(super) fn begin(app: App) -> Result<Self, Failure> {
        let zone = TimeZone::get(ZONE)?;
        let real = Clock::default();
        let mut filling = Self {
            app,
            institution: None,
            today: real.now().to_zoned(zone.clone()).date(),
            zone,
            real,
            day: 0,
        };
        filling.turn_to(0)?;
        Ok(filling)
    }

    pub(super) fn belongs_to(&mut self, institution: Id<Institution>) {
        self.institution = Some(institution);
    }

    pub(super) fn institution(&self) -> Result<Id<Institution>, Failure> {
        self.institution.ok_or_else(|| "no institution yet".into())
    }

    pub(super) fn day(&self) -> u32 {
        self.day
    }

    pub(super) fn is_today(&self) -> bool {
        self.day == DAYS
    }

    /// A day, counted from the first one.
    pub(super) fn date(&self, day: u32) -> Result<Date, Failure> {
        let first = self.today.checked_sub(i64::from(DAYS).days())?;
        Ok(first.checked_add(i64::from(day).days())?)
    }

    /// Begins a day: in the morning, or, where it is today, now.
    pub(super) fn turn_to(&mut self, day: u32) -> Result<(), Failure> {
        self.day = day;
        self.set_hour(9)
    }

    /// Lets the day go on to an hour; today goes by the real time.
    pub(super) fn set_hour(&self, hour: i8) -> Result<(), Failure> {
        let at = if self.is_today() {
            self.real.now()
        } else {
            let start = self.date(self.day)?.at(hour, 0, 0, 0);
            start.to_zoned(self.zone.clone())?.timestamp()
        };
        self.set_clock(at);
        Ok(())
    }

    fn set_clock(&self, at: Timestamp) {
        let clock = &self.app.clock;
        clock.advance(at.duration_since(clock.now()));
    }

    /// Gives somebody a password to be kept, in place of any other.
    pub(super) async fn give_password(&self, to: Id<Staff>) -> Result<Zeroizing<String>, Failure> {
        let (institution, stamp) = (self.institution()?, self.app.clock.stamp());
        let kind = PrincipalKind::Operator;
        let operation = Operation::system(institution, kind, "set_password", stamp);
        Ok(give_password(&self.app, &operation, to.cast()).await?)
    }

    /// Does something with a permission that somebody holds.
    pub(super) async fn act<P, T, F, Fut>(
        &self,
        who: Id<Staff>,
        operation: &'static str,
        work: F,
    ) -> Result<T, Failure>
    where
        P: Permission,
        F: Fn(Tx, Grant<P>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        let institution = self.institution()?;
        let stamp = self.app.clock.stamp();
        let bearer = Bearer::owner(institution, who.cast(), None);
        let authority = load(&self.app.db.read(), &bearer, stamp.now())
            .await?
            .ok_or("nobody of this id works here")?;
        let grant = Grant::<P>::of(&authority, stamp.now())
            .ok_or_else(|| format!("{operation} needs {}", P::CODE))?;
        let operation = Operation {
            actor: Actor::new(who.uuid(), PrincipalKind::Staff),
            authority: Some(Arc::new(authority)),
            ..Operation::system(institution, PrincipalKind::Staff, operation, stamp)
        };
        let done = self
            .app
            .db
            .transaction(&operation, |tx| work(tx, grant.clone()))
            .await?;
        if !self.is_today() {
            self.app.clock.advance(PAUSE);
        }
        Ok(done)
    }
}

/// Does something by a use case that takes a body, which stands here as a client would send it.
macro_rules! act {
    ($filling:expr, $who:expr, $permission:ty, $operation:literal => $command:path $([$($of:expr),+])?, $body:expr) => {{
        let body = $crate::demo::actor::body($body)?;
        let body = &body;
        $filling
            .act::<$permission, _, _, _>($who, $operation, |tx, grant| async move {
                $command(&tx, &grant, $($($of,)+)? Clone::clone(body)).await
            })
            .await?
    }};
}
pub(super) use act;

/// A request's body, as the contract has it.
pub(super) fn body<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    Ok(serde_json::from_value(value)?)
}
