//! Use cases of log-in and sessions.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    access::{Principal, PrincipalKind, Session},
    fault::Fault,
    id::Id,
    organization::{AGREEMENT_REQUIRED, Institution, LogInName},
    rules,
    stamp::Stamp,
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use persistence::{
    Error, Operation, Tx,
    access::{
        Bearer,
        credentials::{self, Credentials},
        sessions::{self, Presented},
    },
    database::{Actor, Change},
    organization::agreements::missing,
};
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;

use super::{
    LogIn, TokensBody,
    guesses::{Counted, Guess},
    refusals,
    tokens::ACCESS_TOKEN_LASTS,
};
use crate::{app::App, http::context::RequestContext};

rules! {
    LOGIN_REFUSED = Denied "login_refused" {
        "登录失败", "Log-in refused";
        "机构、用户名（或电话）或密码不正确。", "Institution, user name or phone, or password is wrong." }
    LOGIN_THROTTLED = Denied "login_throttled" {
        "登录尝试过多", "Too many tries";
        "请在 Retry-After 之后重试。", "Try again after Retry-After." }
    ONE_TIME_PASSWORD_EXPIRED = Denied "one_time_password_expired" {
        "一次性密码已过期", "The one-time password has expired";
        "请让管理员重新发放一次性密码。", "Ask whoever manages log-ins for a new one." }
    REFRESH_REFUSED = Denied "refresh_refused" {
        "刷新令牌无效", "The refresh token is not good";
        "请重新登录。", "Log in again." }
}

const REFRESH_PREFIX: &str = "educrm_rt_";
const DEVICE_PREFIX: &str = "educrm_dt_";

/// Secrets from which tokens are derived.
pub struct Derivation {
    key: [u8; 32],
}

impl Derivation {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    pub(crate) fn of(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        // HMAC takes keys of any length.
        Hmac::<Sha256>::new_from_slice(&self.key)
            .map(|mut mac| {
                mac.update(purpose.as_bytes());
                mac.update(&[0]);
                mac.update(text);
                mac.finalize().into_bytes().into()
            })
            .unwrap_or_default()
    }

    /// The token that follows a refresh token: derived, so that it can be given again without being
    /// stored.
    fn successor(&self, institution: Id<Institution>, token: &str) -> String {
        refresh_token(institution, &self.of("refresh", token.as_bytes()))
    }

    /// Tells an account's devices from others; only who logged in there has it.
    pub(super) fn device(&self, account: &[u8; 32]) -> String {
        let tag = self.of("device", account);
        format!("{DEVICE_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }
}

fn refresh_token(institution: Id<Institution>, secret: &[u8; 32]) -> String {
    let mut bytes = institution.uuid().as_bytes().to_vec();
    bytes.extend_from_slice(secret);
    format!("{REFRESH_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn institution_of(token: &str) -> Option<Id<Institution>> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token.strip_prefix(REFRESH_PREFIX)?)
        .ok()
        .filter(|bytes| bytes.len() == 48)?;
    let (institution, _) = bytes.split_at_checked(16)?;
    Uuid::from_slice(institution).ok().map(Id::new)
}

/// Refuses somebody until this version of the confidentiality agreement is signed.
pub(super) fn agreement_required(version: i64) -> Fault {
    Fault::new(&AGREEMENT_REQUIRED).with("version", version)
}

/// Why a log-in did not happen.
pub enum Refused {
    /// Seconds to wait.
    Throttled(i64),
    Wrong,
    /// The account waits, by its other name: whoever asks is told that the password is wrong.
    Hidden,
    /// The one-time password is right, but too old.
    Expired,
    Failed(Error),
}

impl Refused {
    /// Why, as the trail tells it; `None` where nobody was refused.
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::Throttled(_) | Self::Hidden => LOGIN_THROTTLED.code,
            Self::Wrong => LOGIN_REFUSED.code,
            Self::Expired => ONE_TIME_PASSWORD_EXPIRED.code,
            Self::Failed(Error::Fault(fault)) => fault.rule.code,
            Self::Failed(_) => return None,
        })
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What became of a log-in with the right password.
enum Opened {
    Session {
        session: Id<Session>,
        expires: Timestamp,
        must_change: bool,
    },
    /// This version of the confidentiality agreement must be signed first.
    Unsigned(i64),
    /// The password is another by now.
    Outdated,
    /// The password for one use is too old.
    Expired,
}

/// Logs a person in. `network` is where the request came from. What is refused to an account is noted for
/// the trail: in memory, so that it takes no longer than where there is no such account.
pub async fn log_in(
    app: &App,
    context: &RequestContext,
    network: [u8; 16],
    body: &LogIn,
) -> Result<TokensBody, Refused> {
    let name = LogInName::new(&body.user_name);
    let found = credentials::find(&app.db.read(), &body.institution, &name).await?;
    let account = found.as_ref().map(|c| (c.institution, c.principal));
    let outcome = let_in(app, context, network, body, &name, found).await;
    if let (Some((institution, principal)), Err(refused)) = (account, &outcome)
        && let Some(rule) = refused.rule()
    {
        let log_in = operation(
            institution,
            Some(principal),
            "logIn",
            context,
            app.clock.stamp(),
        );
        refusals::note_log_in(app, log_in, rule);
    }
    outcome
}

async fn let_in(
    app: &App,
    context: &RequestContext,
    network: [u8; 16],
    body: &LogIn,
    name: &LogInName,
    found: Option<Credentials>,
) -> Result<TokensBody, Refused> {
    let stamp = app.clock.stamp();
    let guess = Guess::new(
        app,
        &body.institution,
        name,
        found.as_ref().map(|c| c.user_name.as_str()),
        network,
        body.device_token.as_deref(),
    );
    let (found, why) = match guess.count(app, context, "log_in").await? {
        Counted::Open => (found, Refused::Wrong),
        Counted::Wait(wait) => return Err(Refused::Throttled(wait)),
        Counted::Hidden(_) => (None, Refused::Hidden),
    };
    let hash = found.as_ref().map(|c| c.password_hash.as_str());
    let same = app.passwords.verify(&body.password, hash).await?;
    let Some(credentials) = found.filter(|_| same) else {
        tracing::warn!(request_id = %context.request_id, "log-in refused");
        return Err(why);
    };
    let Credentials {
        institution,
        principal,
        password_hash: ref checked,
        user_name: _,
    } = credentials;
    let mut secret = [0_u8; 32];
    persistence::keys::random(&mut secret)?;
    let refresh = refresh_token(institution, &secret);
    let (token, counted) = (refresh.as_bytes(), &guess);
    let lasts = SignedDuration::from_mins(app.settings.one_time_password_minutes.0.into());
    let opened = app
        .db
        .transaction(
            &operation(institution, Some(principal), "logIn", context, stamp),
            |tx| async move {
                // It may have been changed while the hash was computed.
                let Some(kept) = credentials::lock(&tx, principal).await? else {
                    return Ok(Opened::Outdated);
                };
                if kept.hash != *checked {
                    return Ok(Opened::Outdated);
                }
                counted.succeeded(&tx).await?;
                if kept.must_change && tx.now().duration_since(kept.changed_at) > lasts {
                    return Ok(Opened::Expired);
                }
                // Only who knows the password is told.
                if let Some(version) = missing(&tx, institution, principal).await? {
                    return Ok(Opened::Unsigned(version));
                }
                let (session, expires) = sessions::open(&tx, principal, sessions::LASTS).await?;
                sessions::keep_refresh_token(&tx, session, token).await?;
                record(&tx, session, "opened");
                Ok(Opened::Session {
                    session,
                    expires,
                    must_change: kept.must_change,
                })
            },
        )
        .await?;
    let (session, expires, must_change_password) = match opened {
        Opened::Session {
            session,
            expires,
            must_change,
        } => (session, expires, must_change),
        Opened::Unsigned(version) => return Err(Error::from(agreement_required(version)).into()),
        Opened::Outdated => return Err(Refused::Wrong),
        Opened::Expired => return Err(Refused::Expired),
    };
    Ok(TokensBody {
        access_token: access_token(app, institution, principal, session, &stamp)?,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LASTS.as_secs(),
        refresh_token: refresh,
        session_expires_at: expires,
        session_id: session.uuid(),
        must_change_password,
        device_token: Some(guess.into_device()),
    })
}

/// New tokens for a refresh token.
pub async fn refresh(
    app: &App,
    context: &RequestContext,
    presented: &str,
) -> Result<TokensBody, Refused> {
    let stamp = app.clock.stamp();
    let institution = institution_of(presented).ok_or(Refused::Wrong)?;
    let successor = app.derivation.successor(institution, presented);
    let (token, next) = (presented.as_bytes(), successor.as_bytes());
    let outcome = app
        .db
        .transaction(
            &operation(institution, None, "refreshTokens", context, stamp),
            |tx| async move {
                let outcome = sessions::present(&tx, token, next).await?;
                // Refused whole, so that the token is good again once the agreement is signed.
                if let Presented::Good { principal, .. } = outcome
                    && let Some(version) = missing(&tx, institution, principal).await?
                {
                    return Err(agreement_required(version).into());
                }
                if let Presented::Reused(session) = outcome {
                    record(&tx, session, "ended_by_reuse");
                }
                Ok(outcome)
            },
        )
        .await?;
    match outcome {
        Presented::Good {
            session,
            principal,
            expires,
        } => Ok(TokensBody {
            access_token: access_token(app, institution, principal, session, &stamp)?,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_LASTS.as_secs(),
            refresh_token: successor,
            session_expires_at: expires,
            session_id: session.uuid(),
            must_change_password: credentials::must_change(&app.db.read(), institution, principal)
                .await?,
            device_token: None,
        }),
        Presented::Reused(session) => {
            tracing::warn!(%session, "a used refresh token came back: its session is ended");
            Err(Refused::Wrong)
        }
        Presented::Unknown => Err(Refused::Wrong),
    }
}

fn access_token(
    app: &App,
    institution: Id<Institution>,
    principal: Id<Principal>,
    session: Id<Session>,
    stamp: &Stamp,
) -> Result<String, Error> {
    app.tokens
        .issue(&Bearer::whole(institution, principal, session), stamp)
        .map_err(Error::internal)
}

/// Ends a session of the caller's own.
pub async fn end_session(tx: &Tx, session: Id<Session>) -> Result<(), Error> {
    sessions::end(tx, session).await?;
    record(tx, session, "ended");
    Ok(())
}

/// Ends every session of somebody.
pub async fn end_sessions(tx: &Tx, principal: Id<Principal>) -> Result<(), Error> {
    let institution = tx.operation().institution;
    let open = sessions::list(tx, institution, principal, tx.now()).await?;
    sessions::end_others(tx, principal, None).await?;
    let ids: Vec<_> = open.iter().map(|session| session.id).collect();
    let ended = json!({ "state": "ended", "session_ids": ids });
    tx.record(Change::new("sessions", principal.uuid(), 1, ended));
    Ok(())
}

fn record(tx: &Tx, session: Id<Session>, what: &str) {
    tx.record(Change::new(
        "session",
        session.uuid(),
        1,
        json!({ "state": what }),
    ));
}

pub(super) fn operation(
    institution: Id<Institution>,
    principal: Option<Id<Principal>>,
    name: &str,
    context: &RequestContext,
    stamp: Stamp,
) -> Operation {
    Operation {
        institution,
        actor: Actor {
            principal: principal.map_or(Uuid::nil(), Id::uuid),
            kind: if principal.is_some() {
                PrincipalKind::Staff
            } else {
                PrincipalKind::System
            },
            // The session is only being opened or renewed; it is the target.
            session: None,
            origin: context.origin.clone(),
        },
        name: name.into(),
        request: context.request_id,
        trace: context.trace_id,
        stamp,
        authority: None,
    }
}
