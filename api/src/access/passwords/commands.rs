//! Use cases of passwords: changing one's own, giving one to somebody.

use domain::{
    access::{Principal, Session},
    fault::Fault,
    id::Id,
    organization::LogInName,
};
use persistence::{
    Error, Operation, Tx,
    access::{
        credentials::{self, Account},
        sessions,
    },
    database::Change,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::PASSWORD_WRONG;
use crate::{
    access::{
        commands::Refused,
        guesses::{Counted, Guess},
    },
    app::App,
    http::context::RequestContext,
};

/// Checks the present password, as guarded against guesses as a log-in is. Slow: before the
/// transaction, never in it.
pub(in crate::access) async fn confirm_password(
    app: &App,
    context: &RequestContext,
    account: &Account,
    network: [u8; 16],
    password: &str,
) -> Result<Guess, Refused> {
    let guess = Guess::new(
        app,
        &account.institution_code,
        &LogInName::new(&account.user_name),
        Some(&account.user_name),
        network,
        None,
    );
    if let Counted::Wait(wait) | Counted::Hidden(wait) =
        guess.count(app, context, "changePassword").await?
    {
        return Err(Refused::Throttled(wait));
    }
    if app
        .passwords
        .verify(password, Some(&account.password_hash))
        .await?
    {
        Ok(guess)
    } else {
        Err(Refused::Wrong)
    }
}

/// Changes the caller's own password from the one that was `checked`, and ends the other sessions.
///
/// # Errors
/// 422 where the password is another by now: it may have been changed while the hashes were computed.
pub(in crate::access) async fn change_password(
    tx: &Tx,
    principal: Id<Principal>,
    session: Id<Session>,
    checked: &str,
    hash: &str,
    confirmed: &Guess,
) -> Result<(), Error> {
    let kept = credentials::lock_to_change(tx, principal).await?;
    if kept.is_none_or(|kept| kept.hash != checked) {
        return Err(Fault::field("/current_password", &PASSWORD_WRONG).into());
    }
    confirmed.succeeded(tx).await?;
    credentials::set_password(tx, principal, hash, false).await?;
    sessions::end_others(tx, principal, Some(session)).await?;
    record_password(tx, principal, "changed");
    Ok(())
}

/// Gives a person a password for one use. Returns it; nobody sees it again.
pub async fn give_one_time_password(
    app: &App,
    operation: &Operation,
    principal: Id<Principal>,
) -> Result<Zeroizing<String>, Error> {
    reset_password(app, operation, principal, true).await
}

/// Gives a person a password that is made up, to be kept. Returns it; nobody sees it again.
pub async fn give_password(
    app: &App,
    operation: &Operation,
    principal: Id<Principal>,
) -> Result<Zeroizing<String>, Error> {
    reset_password(app, operation, principal, false).await
}

async fn reset_password(
    app: &App,
    operation: &Operation,
    principal: Id<Principal>,
    for_one_use: bool,
) -> Result<Zeroizing<String>, Error> {
    let (password, hash) = one_time_password(app).await?;
    let hash = hash.as_str();
    app.db
        .transaction(operation, |tx| async move {
            set_given_password(&tx, principal, hash, for_one_use).await
        })
        .await?;
    Ok(password)
}

/// A password that is made up, and its hash. Slow: before the transaction, never in it.
pub async fn one_time_password(app: &App) -> Result<(Zeroizing<String>, String), Error> {
    let password = super::one_time()?;
    let hash = app.passwords.hash(&password).await?;
    Ok((password, hash))
}

/// Sets a password that its bearer must change before anything else; every log-in ends.
pub async fn set_one_time_password(
    tx: &Tx,
    principal: Id<Principal>,
    hash: &str,
) -> Result<(), Error> {
    set_given_password(tx, principal, hash, true).await
}

async fn set_given_password(
    tx: &Tx,
    principal: Id<Principal>,
    hash: &str,
    for_one_use: bool,
) -> Result<(), Error> {
    credentials::set_password(tx, principal, hash, for_one_use).await?;
    sessions::end_others(tx, principal, None).await?;
    record_password(tx, principal, "reset");
    Ok(())
}

fn record_password(tx: &Tx, principal: Id<Principal>, what: &str) {
    tx.record(Change::new(
        "password",
        principal.uuid(),
        1,
        json!({ "state": what }),
    ));
}
