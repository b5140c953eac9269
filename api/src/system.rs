//! What the program says of itself: health, keys, contract, problem types, lists.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, get, http::header, web};
use domain::fault::Rule;
use persistence::Error;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    access,
    app::App,
    boot::FIELD_KEY,
    contract,
    http::{
        Problem, Reply,
        context::{Language, RequestContext},
        edge::Draining,
        problem,
        wire::ListInfo,
    },
};

const TAG: &str = "system";

/// Every closed list of the contract.
static LISTS: &[ListInfo] = &[
    ListInfo::of::<domain::access::PrincipalKind>(),
    ListInfo::of::<domain::organization::Locale>(),
    ListInfo::of::<domain::audit::Outcome>(),
    ListInfo::of::<domain::access::PrincipalStatus>(),
    ListInfo::of::<domain::access::Reach>(),
    ListInfo::of::<domain::access::Side>(),
    ListInfo::of::<domain::access::FieldAccess>(),
    ListInfo::of::<domain::access::GranteeKind>(),
    ListInfo::of::<domain::access::ShareAccess>(),
    ListInfo::of::<domain::bulk::Mode>(),
    ListInfo::of::<domain::conditions::Type>(),
    ListInfo::of::<domain::views::Audience>(),
    ListInfo::of::<domain::views::ViewEntity>(),
    ListInfo::of::<domain::conditions::Operator>(),
    ListInfo::of::<domain::custom_fields::FieldEntity>(),
    ListInfo::of::<domain::custom_fields::FieldType>(),
    ListInfo::of::<domain::customers::FormFieldType>(),
    ListInfo::of::<domain::customers::ContactKind>(),
    ListInfo::of::<domain::privacy::ErasureAction>(),
    ListInfo::of::<domain::privacy::ErasureObstacle>(),
    ListInfo::of::<domain::privacy::ErasureReason>(),
    ListInfo::of::<domain::privacy::KeptGround>(),
    ListInfo::of::<domain::privacy::DataCategory>(),
    ListInfo::of::<domain::privacy::RecipientKind>(),
    ListInfo::of::<domain::privacy::RequestKind>(),
    ListInfo::of::<domain::privacy::RequestStatus>(),
    ListInfo::of::<domain::privacy::RetentionClass>(),
    ListInfo::of::<domain::privacy::RetentionRunStatus>(),
    ListInfo::of::<domain::privacy::Verdict>(),
    ListInfo::of::<domain::customers::ContactChannel>(),
    ListInfo::of::<domain::customers::ContactReason>(),
    ListInfo::of::<domain::customers::ContactObstacle>(),
    ListInfo::of::<domain::customers::Decision>(),
    ListInfo::of::<domain::customers::Purpose>(),
    ListInfo::of::<domain::customers::Standing>(),
    ListInfo::of::<domain::customers::Kind>(),
    ListInfo::of::<domain::customers::Gender>(),
    ListInfo::of::<domain::customers::Education>(),
    ListInfo::of::<domain::customers::Occupation>(),
    ListInfo::of::<domain::customers::Stage>(),
    ListInfo::of::<domain::customers::ChannelGroup>(),
    ListInfo::of::<domain::customers::Order>(),
    ListInfo::of::<domain::customers::CityClass>(),
    ListInfo::of::<domain::customers::Influence>(),
    ListInfo::of::<domain::customers::LawfulBasis>(),
    ListInfo::of::<domain::customers::Level>(),
    ListInfo::of::<domain::customers::SchoolStage>(),
    ListInfo::of::<domain::customers::ActivityLevel>(),
    ListInfo::of::<domain::customers::InsightTopic>(),
    ListInfo::of::<domain::customers::InsightSource>(),
    ListInfo::of::<domain::files::FileType>(),
    ListInfo::of::<domain::files::FilePurpose>(),
    ListInfo::of::<domain::imports::header::LeadField>(),
    ListInfo::of::<domain::imports::outcome::ImportEntity>(),
    ListInfo::of::<domain::imports::outcome::ImportMode>(),
    ListInfo::of::<domain::imports::outcome::ImportStatus>(),
    ListInfo::of::<domain::imports::outcome::RowOutcome>(),
    ListInfo::of::<domain::imports::undo::UndoObstacle>(),
    ListInfo::of::<domain::imports::template::TemplateAudience>(),
    ListInfo::of::<domain::imports::choice::ImportAction>(),
    ListInfo::of::<domain::imports::choice::ImportKey>(),
    ListInfo::of::<domain::imports::choice::ListChange>(),
    ListInfo::of::<domain::exports::ExportEntity>(),
    ListInfo::of::<domain::exports::ExportExpansion>(),
    ListInfo::of::<domain::exports::ExportFormat>(),
    ListInfo::of::<domain::exports::ExportStatus>(),
    ListInfo::of::<domain::jobs::JobStatus>(),
    ListInfo::of::<domain::jobs::JobKind>(),
    ListInfo::of::<domain::notices::NoticeKind>(),
    ListInfo::of::<domain::customers::RelationRole>(),
    ListInfo::of::<domain::customers::TimelineCategory>(),
    ListInfo::of::<domain::customers::TimelineKind>(),
    ListInfo::of::<domain::customers::CleaningReason>(),
    ListInfo::of::<domain::customers::CleaningState>(),
    ListInfo::of::<domain::customers::FilingState>(),
    ListInfo::of::<domain::customers::ScreeningStanding>(),
    ListInfo::of::<domain::customers::ScreeningOutcome>(),
    ListInfo::of::<domain::customers::ScreeningReason>(),
    ListInfo::of::<domain::customers::ScreeningRuleState>(),
    ListInfo::of::<domain::customers::MergeSide>(),
    ListInfo::of::<domain::customers::MergeField>(),
    ListInfo::of::<domain::customers::MergeObstacle>(),
    ListInfo::of::<domain::customers::DuplicateReason>(),
    ListInfo::of::<domain::customers::DuplicateKey>(),
    ListInfo::of::<domain::customers::KeeperKind>(),
    ListInfo::of::<domain::access::ShareRequestState>(),
    ListInfo::of::<domain::approvals::ApprovalKind>(),
    ListInfo::of::<domain::approvals::ApprovalState>(),
    ListInfo::of::<domain::approvals::Verdict>(),
    ListInfo::of::<domain::approvals::Act>(),
    ListInfo::of::<domain::approvals::Deciders>(),
    ListInfo::of::<domain::approvals::Side>(),
    ListInfo::of::<domain::follow_ups::Method>(),
    ListInfo::of::<domain::follow_ups::Outcome>(),
    ListInfo::of::<domain::payments::ChargeStatus>(),
    ListInfo::of::<domain::payments::Method>(),
    ListInfo::of::<domain::payments::Account>(),
    ListInfo::of::<domain::payments::PostingSide>(),
    ListInfo::of::<domain::payments::Cause>(),
    ListInfo::of::<domain::payments::SourceKind>(),
    ListInfo::of::<domain::enrollments::Status>(),
    ListInfo::of::<domain::enrollments::WithdrawalReason>(),
    ListInfo::of::<domain::enrollments::PurchaseMode>(),
    ListInfo::of::<domain::enrollments::Attendance>(),
    ListInfo::of::<domain::enrollments::HourEntryKind>(),
    ListInfo::of::<crate::audit::AuditExportFormat>(),
    ListInfo::of::<crate::customers::CustomerExpansion>(),
    ListInfo::of::<crate::http::list::CreationOrder>(),
    crate::events::TYPES,
];

/// Operations beside the API: no log-in, no prefix.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(live)
        .service(ready)
        .service(list_signing_keys)
        .service(get_problem_type);
}

/// Operations of the API that need no log-in.
pub fn public_routes(config: &mut ServiceConfig<'_>) {
    config.service(get_contract).service(list_enums);
}

/// The state of a part of the program.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `draining` while the server stops.
    status: &'static str,
}

/// Whether the process runs
///
/// Asks nothing else; for restarting what hangs.
#[utoipa::path(tag = TAG, responses((status = 200, body = Health)))]
#[get("/livez")]
async fn live() -> Result<Reply, Problem> {
    Ok(Reply::ok(&Health { status: "ok" })?)
}

/// Whether the process can serve requests
///
/// 503 while the server starts or stops, or the database does not answer; for proxies.
#[utoipa::path(tag = TAG, responses((status = 200, body = Health)))]
#[get("/readyz")]
async fn ready(app: web::Data<App>, draining: web::Data<Arc<Draining>>) -> Result<Reply, Problem> {
    if draining.is_on() || !app.readiness.holds(&app).await {
        return Err(Problem::unavailable());
    }
    Ok(Reply::ok(&Health { status: "ok" })?)
}

/// Whether the database answers, has the schema and was made with the key of this process: asked
/// once a second at most, however many ask.
pub struct Readiness {
    fingerprint: [u8; 32],
    last: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    const LASTS: Duration = Duration::from_secs(1);

    pub fn new(fingerprint: [u8; 32]) -> Self {
        Self {
            fingerprint,
            last: tokio::sync::Mutex::default(),
        }
    }

    async fn holds(&self, app: &App) -> bool {
        let mut last = self.last.lock().await;
        if let Some((asked, held)) = *last
            && asked.elapsed() < Self::LASTS
        {
            return held;
        }
        let asked = Instant::now();
        let held = self.ask(app).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "not ready");
            false
        });
        *last = Some((asked, held));
        held
    }

    async fn ask(&self, app: &App) -> Result<bool, Error> {
        app.db.ping().await?;
        Ok(app.db.has_schema().await? && app.db.has_key(FIELD_KEY, &self.fingerprint).await?)
    }
}

/// Public keys of access tokens (RFC 7517)
///
/// While keys change there are two.
#[utoipa::path(tag = TAG, responses((status = 200, body = SigningKeys)))]
#[get("/.well-known/jwks.json")]
async fn list_signing_keys(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(app.tokens.published())
}

/// A set of public keys.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what jsonwebtoken serializes")]
pub struct SigningKeys {
    /// Public keys that tokens may be signed with.
    keys: Vec<SigningKey>,
}

/// A public key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what jsonwebtoken serializes")]
pub struct SigningKey {
    /// Kind of key: `OKP`.
    kty: String,
    /// Id of the key, as the header of a token names it.
    kid: String,
    /// Curve: `Ed25519`.
    crv: String,
    /// The key itself, in base64url.
    x: String,
}

/// What a kind of problem means
///
/// Where `type` of a problem leads. Texts are in the language of the request.
#[utoipa::path(tag = TAG, params(("code" = String, Path, max_length = 100, description = "Its stable name.")),
    responses((status = 200, body = ProblemType)))]
#[get("/problems/{code}")]
async fn get_problem_type(
    app: web::Data<App>,
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    let rule = problem_rules()
        .find(|rule| rule.code == code.as_str())
        .ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&ProblemType {
        code: rule.code,
        status: answer_status(&app.document, rule),
        title: language.of(rule.title),
        detail: language.of(rule.detail),
    })?)
}

/// A kind of problem.
#[derive(Serialize, ToSchema)]
pub struct ProblemType {
    /// Stable name.
    code: &'static str,
    /// HTTP status of the answers that have it as their `code`; null for the code of a field in
    /// `errors`, of a row of an import, or of a job that failed.
    #[schema(required, minimum = 400, maximum = 599)]
    status: Option<u16>,
    /// What is wrong, in a few words.
    title: &'static str,
    /// What the reader can do; values in braces are those of `params`.
    detail: &'static str,
}

/// The status of the answers that have this rule's code, where any has.
fn answer_status(document: &Value, rule: &Rule) -> Option<u16> {
    contract::is_answered(document, rule).then(|| problem::status(rule).as_u16())
}

/// Every rule that a problem document can name.
pub fn problem_rules() -> impl Iterator<Item = &'static Rule> {
    [
        problem::RULES,
        access::commands::RULES,
        access::passwords::RULES,
        domain::fault::RULES,
        domain::reference::RULES,
        domain::bulk::RULES,
        domain::views::RULES,
        domain::conditions::RULES,
        domain::access::RULES,
        domain::organization::RULES,
        domain::customers::RULES,
        domain::custom_fields::RULES,
        domain::courses::RULES,
        domain::payments::RULES,
        domain::privacy::RULES,
        domain::approvals::RULES,
        domain::money::RULES,
        domain::follow_ups::RULES,
        domain::tags::RULES,
        domain::enrollments::RULES,
        domain::files::RULES,
        domain::imports::outcome::RULES,
        domain::imports::undo::RULES,
        domain::imports::choice::RULES,
        domain::imports::template::RULES,
        domain::exports::RULES,
        domain::jobs::RULES,
        domain::search::RULES,
        domain::phone::RULES,
        domain::email::RULES,
        domain::events::RULES,
        domain::audit::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The problem catalogue, as `openapi/problems.json` keeps it.
fn problem_catalogue(document: &Value) -> Value {
    let mut rules: Vec<_> = problem_rules().collect();
    rules.sort_by_key(|rule| rule.code);
    json!({
        "problems": rules
            .iter()
            .map(|rule| json!({
                "code": rule.code,
                "status": answer_status(document, rule),
                "title": { "zh-CN": rule.title.zh, "en": rule.title.en },
                "detail": { "zh-CN": rule.detail.zh, "en": rule.detail.en },
            }))
            .collect::<Vec<_>>(),
    })
}

/// This document
///
/// The same as `openapi/openapi.json`, with the address of this installation.
#[utoipa::path(tag = TAG, responses((status = 200, body = Document)))]
#[get("/openapi.json")]
async fn get_contract(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(&app.document)
}

/// An OpenAPI 3.1 document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the document")]
pub struct Document {
    /// Version of OpenAPI.
    openapi: String,
}

/// Values of every closed list, with their labels
///
/// For the labels of selects. The lists are the enums of this document, with labels in the language of
/// the request.
#[utoipa::path(tag = TAG, responses((status = 200, body = Enums, headers(("ETag")))))]
#[get("/enums")]
async fn list_enums(request: HttpRequest) -> Result<Reply, Problem> {
    let language = RequestContext::of(&request).language;
    Ok(Reply::list(&Enums {
        items: LISTS
            .iter()
            .map(|list| EnumList::new(list, language))
            .collect(),
    })?)
}

/// Every closed list.
#[derive(Serialize, ToSchema)]
pub struct Enums {
    items: Vec<EnumList>,
}

/// A closed list of values.
#[derive(Serialize, ToSchema)]
pub struct EnumList {
    /// Name of the schema.
    name: &'static str,
    /// All of them, in a fixed order.
    values: Vec<EnumValue>,
}

/// A value and its label in the language of the request.
#[derive(Serialize, ToSchema)]
pub struct EnumValue {
    /// The value, as bodies have it.
    value: &'static str,
    /// In the language of the request.
    label: Cow<'static, str>,
}

impl EnumList {
    fn new(list: &ListInfo, language: Language) -> Self {
        Self {
            name: list.name,
            values: (list.values)(language)
                .into_iter()
                .map(|(value, label)| EnumValue { value, label })
                .collect(),
        }
    }
}

/// The committed form of the contract and of the problem catalogue.
pub fn published() -> [(&'static str, Value); 2] {
    let document = contract::document("http://127.0.0.1:8080");
    let catalogue = problem_catalogue(&document);
    [("openapi.json", document), ("problems.json", catalogue)]
}
