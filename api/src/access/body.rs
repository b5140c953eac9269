use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{http::wire::Wire, organization::roles::FieldRule};

pub type PrincipalKind = Wire<domain::access::PrincipalKind>;
pub type Reach = Wire<domain::access::Reach>;

/// A log-in.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"institution": "qiming", "user_name": "admin", "password": "one-time-password"}))]
pub struct LogIn {
    /// Code of the institution.
    #[schema(min_length = 1, max_length = 32)]
    pub institution: String,
    /// The user name; or the person's phone, in any usual form: no user name looks like one.
    #[schema(min_length = 1, max_length = 64)]
    pub user_name: String,
    /// The password, or the one for one use.
    #[schema(min_length = 1, max_length = 256, format = "password")]
    pub password: String,
    /// `device_token` of an earlier log-in: others' failed tries do not hold a known device up.
    #[schema(max_length = 256, nullable = false)]
    pub device_token: Option<String>,
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Tokens of a session.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensBody {
    /// Sent with every request: `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    pub token_type: &'static str,
    /// Seconds for which the access token is good.
    #[schema(minimum = 1)]
    pub expires_in: i64,
    /// Good once, for the next tokens.
    pub refresh_token: String,
    /// When the session ends whatever happens.
    pub session_expires_at: Timestamp,
    /// The session, as `GET /auth/sessions` lists it.
    pub session_id: Uuid,
    /// Whether nothing but one's own account can be used before the password is changed.
    pub must_change_password: bool,
    /// To be kept on this device and sent with its next log-in; null where nothing is new.
    #[schema(required)]
    pub device_token: Option<String>,
}

impl fmt::Debug for TokensBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A refresh token for new tokens.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "educrm_rt_…"}))]
pub struct RefreshTokens {
    /// The token that was given last. It is good once.
    #[schema(min_length = 1, max_length = 256)]
    pub refresh_token: String,
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A new password.
#[derive(Clone, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "…", "new_password": "correct horse battery"}))]
pub struct ChangePassword {
    /// The present one. A wrong one counts as a failed log-in.
    #[schema(min_length = 1, max_length = 256, format = "password")]
    pub current_password: String,
    /// 10 to 128 characters, not easily guessed; at least 14 for whoever manages the organization, staff,
    /// roles, log-ins or API clients.
    #[schema(min_length = 1, max_length = 256, format = "password")]
    pub new_password: String,
}

impl fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A log-in that has not ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    pub id: Uuid,
    /// When the log-in was.
    pub created_at: Timestamp,
    /// When the session ends whatever happens.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// Sessions, newest first; at most 200.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionList {
    #[schema(value_type = Vec<SessionBody>)]
    pub items: Vec<SessionBody>,
}

/// Who asks, and what he, she or it may do: what a frontend shapes its screens by.
#[derive(Clone, Serialize, ToSchema)]
pub struct Me {
    /// The institution that everything else belongs to.
    pub institution_id: Uuid,
    /// Who asks: the id of the person of staff, or of the API client. Holders, authors and actors are
    /// named by it.
    pub principal_id: Uuid,
    /// What the principal is.
    pub principal_kind: PrincipalKind,
    /// The log-in, or the key of an API client.
    pub session_id: Uuid,
    /// One's own phone, whole, in E.164; null where one has none. To others it shows in its safe form.
    #[schema(required, pattern = "^\\+[1-9][0-9]{7,14}$")]
    pub phone: Option<String>,
    /// Whether nothing but one's own account can be used before the password is changed.
    pub must_change_password: bool,
    /// The version of the confidentiality agreement that must be signed before anything but the own
    /// account can be used; null where nothing is missing.
    #[schema(required, minimum = 1)]
    pub missing_agreement_version: Option<i64>,
    /// Where the principal works: the campuses that the reaches `campus` and `region` go by. An API
    /// client that has any is bound to them.
    pub campus_ids: Vec<Uuid>,
    /// Permissions held, by code.
    #[schema(value_type = Vec<HeldPermission>)]
    pub permissions: Vec<HeldPermission>,
    /// What is left of fields; those that are not named are shown and can be changed.
    #[schema(value_type = Vec<FieldRule>)]
    pub field_rules: Vec<FieldRule>,
}

/// A permission, and how far it goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldPermission {
    /// Code of the permission, such as `customers:read`.
    pub code: String,
    /// The reaches by which it is held: the caller reaches the union of them.
    #[schema(value_type = Vec<Reach>)]
    pub reaches: Vec<Reach>,
}
