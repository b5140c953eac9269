//! How guesses at a password are counted: at log-in, and where the present one is asked for.

use domain::id::Id;
use persistence::{Error, Tx, access::throttle};
use uuid::Uuid;

use super::commands::operation;
use crate::{app::App, http::context::RequestContext};

/// A try at the password of an account, which may not exist.
pub(super) struct Guess {
    account: [u8; 32],
    ladder: [u8; 32],
    device: String,
    known_device: bool,
}

impl Guess {
    /// `network` is where the request came from, `device_token` what it brought along.
    pub(super) fn new(
        app: &App,
        institution_code: &str,
        user_name: &str,
        network: [u8; 16],
        device_token: Option<&str>,
    ) -> Self {
        let account = app.derivation.of(
            "account",
            format!("{institution_code}\0{user_name}").as_bytes(),
        );
        let device = app.derivation.device(&account);
        let known_device = device_token == Some(device.as_str());
        // A known device has a ladder of its own, which others in its network do not climb.
        let place = if known_device {
            device.as_bytes()
        } else {
            &network
        };
        let ladder = app
            .derivation
            .of("ladder", &[account.as_slice(), place].concat());
        Self {
            account,
            ladder,
            device,
            known_device,
        }
    }

    /// Tells the account's devices from others.
    pub(super) fn into_device(self) -> String {
        self.device
    }

    /// Counts it, before the password is looked at; `Some` seconds to wait where it may not be. In a
    /// transaction of its own: the hash takes long.
    pub(super) async fn count(
        &self,
        app: &App,
        context: &RequestContext,
        name: &str,
    ) -> Result<Option<i64>, Error> {
        let nowhere = operation(Id::new(Uuid::nil()), None, name, context, app.clock.stamp());
        let wait = app
            .db
            .transaction(&nowhere, |tx| async move {
                let wait = throttle::attempt(&tx, &self.ladder, throttle::Rule::Ladder).await?;
                if wait.is_some() || self.known_device {
                    return Ok(wait);
                }
                throttle::attempt(&tx, &self.account, throttle::Rule::Hourly).await
            })
            .await?;
        Ok(wait.map(|micros| micros / 1_000_000 + 1))
    }

    /// Takes its count back: the password was right.
    pub(super) async fn succeeded(&self, tx: &Tx) -> Result<(), Error> {
        throttle::succeeded(tx, &self.ladder, throttle::Rule::Ladder).await?;
        if !self.known_device {
            throttle::succeeded(tx, &self.account, throttle::Rule::Hourly).await?;
        }
        Ok(())
    }
}
