//! How guesses at a password are counted: at log-in, and where the present one is asked for.
//!
//! An account has one count, whichever of its names is presented. Beside it each name that is
//! presented has one of its own, whether it leads to an account or not, and only this one is told:
//! from the other, who guesses by two names would learn that both are one person's.

use domain::{id::Id, organization::LogInName};
use persistence::{
    Error, Tx,
    access::throttle::{Rule, attempt, succeeded},
};
use uuid::Uuid;

use super::commands::operation;
use crate::{app::App, http::context::RequestContext};

/// A try at the password of an account, which may not exist.
pub(super) struct Guess {
    presented: Count,
    account: Count,
    device: String,
    known_device: bool,
}

/// Keys of what is counted of a name or an account.
struct Count {
    /// From one network.
    ladder: [u8; 32],
    /// From everywhere.
    hourly: [u8; 32],
}

/// Whether the password may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    Open,
    /// Seconds to wait.
    Wait(i64),
    /// The same, which only whoever is logged in may be told: to others the password is wrong.
    Hidden(i64),
}

impl Count {
    fn new(app: &App, purpose: &str, of: &str, place: &[u8]) -> Self {
        let hourly = app.derivation.of(purpose, of.as_bytes());
        Self {
            ladder: ladder(app, &hourly, place),
            hourly,
        }
    }

    /// Counts a try; `Some` microseconds to wait where it may not be evaluated.
    async fn attempt(&self, tx: &Tx) -> Result<Option<i64>, Error> {
        match attempt(tx, &self.ladder, Rule::Ladder).await? {
            None => attempt(tx, &self.hourly, Rule::Hourly).await,
            wait => Ok(wait),
        }
    }

    async fn succeeded(&self, tx: &Tx) -> Result<(), Error> {
        succeeded(tx, &self.ladder, Rule::Ladder).await?;
        succeeded(tx, &self.hourly, Rule::Hourly).await
    }
}

fn ladder(app: &App, of: &[u8; 32], place: &[u8]) -> [u8; 32] {
    app.derivation
        .of("ladder", &[of.as_slice(), place].concat())
}

impl Guess {
    /// `user_name` is that of the account which the presented name leads to, `network` where the
    /// request came from, `device_token` what it brought along.
    pub(super) fn new(
        app: &App,
        institution_code: &str,
        name: &LogInName,
        user_name: Option<&str>,
        network: [u8; 16],
        device_token: Option<&str>,
    ) -> Self {
        let presented = format!("{institution_code}\0{}", name.canonical());
        let mut account = match user_name {
            Some(user_name) => {
                let account = format!("{institution_code}\0{user_name}");
                Count::new(app, "account", &account, &network)
            }
            None => Count::new(app, "nobody", &presented, &network),
        };
        let device = app.derivation.device(&account.hourly);
        let known_device = device_token == Some(device.as_str());
        if known_device {
            // It has a ladder of its own, which others in its network do not climb.
            account.ladder = ladder(app, &account.hourly, device.as_bytes());
        }
        Self {
            presented: Count::new(app, "presented", &presented, &network),
            account,
            device,
            known_device,
        }
    }

    /// Tells the account's devices from others.
    pub(super) fn into_device(self) -> String {
        self.device
    }

    /// Counts it, before the password is looked at. In a transaction of its own: the hash takes long.
    pub(super) async fn count(
        &self,
        app: &App,
        context: &RequestContext,
        name: &str,
    ) -> Result<Counted, Error> {
        let nowhere = operation(Id::new(Uuid::nil()), None, name, context, app.clock.stamp());
        let seconds = |micros: i64| micros / 1_000_000 + 1;
        app.db
            .transaction(&nowhere, |tx| async move {
                if self.known_device {
                    let wait = attempt(&tx, &self.account.ladder, Rule::Ladder).await?;
                    return Ok(wait.map_or(Counted::Open, |wait| Counted::Wait(seconds(wait))));
                }
                if let Some(wait) = self.presented.attempt(&tx).await? {
                    return Ok(Counted::Wait(seconds(wait)));
                }
                let wait = self.account.attempt(&tx).await?;
                Ok(wait.map_or(Counted::Open, |wait| Counted::Hidden(seconds(wait))))
            })
            .await
    }

    /// Takes its count back: the password was right.
    pub(super) async fn succeeded(&self, tx: &Tx) -> Result<(), Error> {
        if self.known_device {
            return succeeded(tx, &self.account.ladder, Rule::Ladder).await;
        }
        self.presented.succeeded(tx).await?;
        self.account.succeeded(tx).await
    }
}
