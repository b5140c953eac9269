use actix_web::{HttpRequest, get, http::StatusCode, http::header, post, web};
use domain::{
    access::{CLIENT_KEY_MANAGED, Oneself, Permission, Principal, PrincipalKind, Session},
    fault::{Fault, NOT_FOUND, Rule},
    id::Id,
};
use persistence::{
    access::{Authority, credentials, sessions},
    organization::phones::phone_of,
};

use super::{
    ChangePassword, Granted, HeldPermission, LogIn, Me, RefreshTokens, SessionBody, SessionList,
    TokensBody,
    commands::{
        self, LOGIN_REFUSED, LOGIN_THROTTLED, ONE_TIME_PASSWORD_EXPIRED, REFRESH_REFUSED, Refused,
    },
    passwords::{self, PASSWORD_WRONG},
    refusals,
};
use crate::{
    app::App,
    http::{Json, Problem, Reply, address, context::RequestContext, path::PathId, wire::Wire},
    organization::roles,
};

const TAG: &str = "access";

/// Log in
///
/// The same answer, after the same time, for an unknown user and a wrong password. After five failed
/// tries from one network the account waits there, longer each time (`login_throttled`, with
/// `Retry-After`); `device_token` of an earlier log-in passes by the tries of others. With
/// `must_change_password` only the own account can be used, until `POST /auth/password`; a password for
/// one use that is too old is refused (`one_time_password_expired`).
#[utoipa::path(tag = TAG, request_body = LogIn, responses((status = 200, body = TokensBody)),
    extensions(("x-problem-codes" = json!(["login_refused", "login_throttled", "one_time_password_expired", "agreement_required"]))))]
#[post("/auth/login")]
pub(super) async fn log_in(
    app: web::Data<App>,
    request: HttpRequest,
    body: Json<LogIn>,
) -> Result<Reply, Problem> {
    let network = address::client(&request, &app).map_or([0xff; 16], address::network_of);
    let context = RequestContext::of(&request);
    match commands::log_in(&app, &context, network, &body.value).await {
        Ok(tokens) => Ok(Reply::ok(&tokens)?),
        Err(Refused::Wrong | Refused::Hidden) => Err(unauthorized(&LOGIN_REFUSED)),
        Err(Refused::Expired) => Err(unauthorized(&ONE_TIME_PASSWORD_EXPIRED)),
        Err(Refused::Throttled(wait)) => Err(throttled(wait)),
        Err(Refused::Failed(error)) => Err(error.into()),
    }
}

fn unauthorized(rule: &'static Rule) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, rule)
        .header(header::WWW_AUTHENTICATE, "Bearer realm=\"educrm\"")
}

fn throttled(wait: i64) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, &LOGIN_THROTTLED)
        .header(header::RETRY_AFTER, wait.to_string())
}

/// Exchange a refresh token for new tokens
///
/// A refresh token is good once: keep the new one at once. Within ten seconds the same token gets the
/// same answer again, for a lost one; later it ends the session, since somebody else may have it.
#[utoipa::path(tag = TAG, request_body = RefreshTokens, responses((status = 200, body = TokensBody)),
    extensions(("x-problem-codes" = json!(["refresh_refused", "agreement_required"]))))]
#[post("/auth/refresh")]
pub(super) async fn refresh_tokens(
    app: web::Data<App>,
    request: HttpRequest,
    body: Json<RefreshTokens>,
) -> Result<Reply, Problem> {
    let context = RequestContext::of(&request);
    match commands::refresh(&app, &context, &body.value.refresh_token).await {
        Ok(tokens) => Ok(Reply::ok(&tokens)?),
        Err(Refused::Failed(error)) => Err(error.into()),
        Err(_) => Err(unauthorized(&REFRESH_REFUSED)),
    }
}

/// Log out: end the session that asks
///
/// Its tokens are good for nothing from then on. An API client has no session to end, but keys, which
/// are not its own to end.
#[utoipa::path(tag = TAG, responses((status = 204)), security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["client_key_managed"]))))]
#[post("/auth/logout")]
pub(super) async fn log_out(ctx: Granted<Oneself>) -> Result<Reply, Problem> {
    let session = ctx.authority().session();
    no_client(ctx.authority())?;
    ctx.transaction(|tx, _| async move {
        commands::end_session(&tx, session).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// The session of an API client is its key, which whoever manages it ends.
fn no_client(who: &Authority) -> Result<(), Fault> {
    match who.kind() {
        PrincipalKind::ApiClient => Err(Fault::new(&CLIENT_KEY_MANAGED)),
        _ => Ok(()),
    }
}

/// List one's own sessions
///
/// The newest first, at most as many as are open.
#[utoipa::path(tag = TAG, responses((status = 200, body = SessionList)), security(("bearer" = ["self"])))]
#[get("/auth/sessions")]
pub(super) async fn list_sessions(ctx: Granted<Oneself>) -> Result<Reply, Problem> {
    sessions_of(&ctx, ctx.authority().principal()).await
}

/// Answers the open sessions of somebody.
pub async fn sessions_of<P: Permission>(
    ctx: &Granted<P>,
    principal: Id<Principal>,
) -> Result<Reply, Problem> {
    let who = ctx.authority();
    let now = ctx.stamp().now();
    let open = sessions::list(&ctx.read(), who.institution(), principal, now).await?;
    let items = open.into_iter().map(|session| SessionBody {
        id: session.id.uuid(),
        created_at: session.created_at,
        expires_at: session.expires_at,
        is_current: who.session() == session.id,
    });
    Ok(Reply::list(&SessionList {
        items: items.collect(),
    })?)
}

/// End one of one's own sessions
///
/// Its tokens are good for nothing from then on.
#[utoipa::path(tag = TAG, params(("session_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["self"])), extensions(("x-problem-codes" = json!(["client_key_managed"]))))]
#[post("/auth/sessions/{session_id}/end")]
pub(super) async fn end_session(
    ctx: Granted<Oneself>,
    id: PathId<Session>,
) -> Result<Reply, Problem> {
    let principal = ctx.authority().principal();
    no_client(ctx.authority())?;
    ctx.transaction(|tx, _| async move {
        if !sessions::is_open(&tx, principal, id.0).await? {
            return Err(Fault::new(&NOT_FOUND).into());
        }
        commands::end_session(&tx, id.0).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Change one's own password; other sessions end
///
/// 10 to 128 characters of any kind, at least 14 for whoever governs others; not easily guessed, nor
/// made of what is known of the person. All other sessions end, this one goes on. A wrong present
/// password counts as a failed log-in.
#[utoipa::path(tag = TAG, request_body = ChangePassword, responses((status = 204)),
    security(("bearer" = ["self"])),
    extensions(("x-problem-codes" = json!(["login_throttled"]))))]
#[post("/auth/password")]
pub(super) async fn change_password(
    ctx: Granted<Oneself>,
    request: HttpRequest,
    body: Json<ChangePassword>,
) -> Result<Reply, Problem> {
    let ChangePassword {
        current_password,
        new_password,
    } = &body.value;
    let who = ctx.authority();
    let (principal, session) = (who.principal(), who.session());
    let wrong = || Fault::field("/current_password", &PASSWORD_WRONG);
    let account = credentials::account(&ctx.read(), who.institution(), principal)
        .await?
        .ok_or_else(wrong)?;
    let words = account.words.iter().map(String::as_str);
    let context: Vec<&str> = words.chain(["educrm", current_password]).collect();
    passwords::check("/new_password", new_password, who.governs(), &context)?;
    let network = address::client(&request, ctx.app()).map_or([0xff; 16], address::network_of);
    let requested = RequestContext::of(&request);
    let confirmed = passwords::commands::confirm_password(
        ctx.app(),
        &requested,
        &account,
        network,
        current_password,
    )
    .await;
    let refused = |rule| refusals::note_of(&request, &requested, ctx.app(), rule);
    let confirmed = match confirmed {
        Ok(guess) => guess,
        Err(Refused::Wrong | Refused::Hidden | Refused::Expired) => {
            refused(PASSWORD_WRONG.code);
            return Err(wrong().into());
        }
        Err(Refused::Throttled(wait)) => {
            refused(LOGIN_THROTTLED.code);
            return Err(throttled(wait));
        }
        Err(Refused::Failed(error)) => return Err(error.into()),
    };
    let hash = ctx.app().passwords.hash(new_password).await?;
    let (checked, hash) = (account.password_hash.as_str(), hash.as_str());
    let confirmed = &confirmed;
    ctx.transaction(|tx, _| async move {
        passwords::commands::change_password(&tx, principal, session, checked, hash, confirmed)
            .await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Who asks, and what is allowed
///
/// What a frontend shapes its screens by: permissions with how far they go, and what field rules leave.
/// Ask again after a 403.
#[utoipa::path(tag = TAG, responses((status = 200, body = Me)), security(("bearer" = ["self"])))]
#[get("/me")]
pub(super) async fn get_me(ctx: Granted<Oneself>) -> Result<Reply, Problem> {
    let who = ctx.authority();
    let phone = phone_of(&ctx.read(), who.institution(), who.principal()).await?;
    Ok(Reply::record(
        1,
        &Me {
            institution_id: who.institution().uuid(),
            principal_id: who.principal().uuid(),
            principal_kind: Wire(who.kind()),
            session_id: who.session().uuid(),
            phone: phone.map(|phone| phone.e164().to_owned()),
            must_change_password: who.must_change_password(),
            missing_agreement_version: who.must_sign(),
            campus_ids: who.campuses().map(Id::uuid).collect(),
            permissions: who
                .bounded()
                .into_iter()
                .map(|(code, reaches)| HeldPermission {
                    code: code.to_owned(),
                    reaches: reaches.into_iter().map(Wire).collect(),
                })
                .collect(),
            field_rules: roles::rules(who.fields()),
        },
    )?)
}
