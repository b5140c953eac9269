//! Every error as an RFC 9457 problem document, in the reader's language.

use std::fmt;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{StatusCode, header},
};
use domain::{
    access::ALLOWANCE_SPENT,
    exports::EXPORT_EXPIRED,
    fault::{Class, Fault, FieldFault, Param, Rule, VERSION_STALE},
    files::SCAN_UNAVAILABLE,
    rules,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use persistence::access::allowance::WAIT;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    context::{Language, RequestContext},
    precondition::CURRENT,
};
use crate::access::commands::{
    LOGIN_REFUSED, LOGIN_THROTTLED, ONE_TIME_PASSWORD_EXPIRED, REFRESH_REFUSED,
};

rules! {
    MALFORMED = Invalid "malformed_request" {
        "请求无法解析", "The request can't be parsed";
        "请求体不是合法的 JSON。", "The body is not well-formed JSON." }
    UNAUTHENTICATED = Denied "unauthenticated" {
        "需要登录", "Log-in needed";
        "请提供有效的访问令牌。", "Send a valid access token." }
    PERMISSION_MISSING = Denied "permission_missing" {
        "没有权限", "Permission missing";
        "该操作需要权限 {permission}。", "The operation needs the permission {permission}." }
    PASSWORD_CHANGE_REQUIRED = Denied "password_change_required" {
        "需要先修改密码", "The password must be changed first";
        "请通过 /auth/password 设置新密码。", "Set a password of your own by /auth/password." }
    ROUTE_UNKNOWN = Absent "route_unknown" {
        "没有这个地址", "No such address";
        "请核对请求地址。", "There is no operation at this address." }
    METHOD_NOT_ALLOWED = Invalid "method_not_allowed" {
        "不支持该方法", "Method not allowed";
        "请使用 Allow 中列出的方法。", "Use one of the methods in Allow." }
    MEDIA_TYPE_UNSUPPORTED = Invalid "media_type_unsupported" {
        "不支持该内容类型", "Media type not supported";
        "请使用 {accepted}。", "Send {accepted}." }
    BODY_TOO_LARGE = Invalid "body_too_large" {
        "请求体过大", "The body is too large";
        "请求体超过了允许的大小。", "The body is larger than allowed." }
    BODY_TOO_COMPLEX = Invalid "body_too_complex" {
        "请求体过于复杂", "The body is too complex";
        "嵌套过深、数组过长，或有重复的键。", "It is nested too deeply, an array is too long, or a key stands twice." }
    TIMED_OUT = Invalid "request_timed_out" {
        "请求超时", "The request came too slowly";
        "请求体未在规定时间内到达。", "The body was not there in time." }
    OUTCOME_UNKNOWN = Conflict "outcome_unknown" {
        "处理超时，结果未知", "It took too long; the outcome is unknown";
        "请用同一个 Idempotency-Key 重复请求，或重新读取后再决定。", "Repeat it with the same Idempotency-Key, or read again before you decide." }
    UNKNOWN_FIELD = Invalid "unknown_field" {
        "未知字段", "Unknown field";
        "此字段不存在。", "There is no such field." }
    UNKNOWN_PARAMETER = Invalid "unknown_parameter" {
        "未知参数", "Unknown parameter";
        "此参数不存在。", "There is no such parameter." }
    WRONG_TYPE = Invalid "wrong_type" {
        "类型不正确", "Wrong type";
        "需要 {expected}。", "Expected {expected}." }
    TOO_SHORT = Invalid "too_short" {
        "过短", "Too short";
        "至少 {min}。", "At least {min}." }
    OUT_OF_RANGE = Invalid "out_of_range" {
        "超出范围", "Out of range";
        "应在 {limit} 的范围内。", "The limit is {limit}." }
    NOT_IN_LIST = Invalid "not_in_list" {
        "不在允许的取值中", "Not one of the values";
        "允许的取值：{values}。", "Allowed: {values}." }
    WRONG_FORMAT = Invalid "wrong_format" {
        "格式不正确", "Wrong format";
        "应符合格式 {format}。", "The format is {format}." }
    INVALID_VALUE = Invalid "invalid_value" {
        "取值不正确", "Not a valid value";
        "此取值不被接受。", "This value is not accepted." }
    RANGE_NOT_SATISFIABLE = Invalid "range_not_satisfiable" {
        "请求的范围不存在", "The range is not there";
        "文件共 {size} 字节。", "There are {size} bytes." }
    INVALID_CURSOR = Invalid "invalid_cursor" {
        "分页游标无效", "The cursor is not valid";
        "游标只能用于得到它的同一查询。", "A cursor continues only the query that gave it." }
    PRECONDITION_REQUIRED = Invalid "precondition_required" {
        "缺少 If-Match", "If-Match needed";
        "请带上读取时得到的 ETag。", "Send the ETag that you read, in If-Match." }
    IDEMPOTENCY_KEY_REQUIRED = Invalid "idempotency_key_required" {
        "缺少 Idempotency-Key", "Idempotency-Key needed";
        "请为此次操作提供一个唯一的键，1 到 255 个可见 ASCII 字符。", "Send a key of your own for this command: 1 to 255 visible ASCII characters." }
    IDEMPOTENCY_KEY_REUSED = Invalid "idempotency_key_reused" {
        "Idempotency-Key 已用于其他内容", "The key was used for something else";
        "同一个键只能重复同一个请求。", "A key repeats one request; use another key for another." }
    IDEMPOTENCY_ANSWER_WITHHELD = Conflict "idempotency_answer_withheld" {
        "已完成，原答复不再提供", "Done before; its answer is not given again";
        "本人的权限此后有变化，请重新读取该记录。", "What you may do or see has changed since: read the record." }
    IDEMPOTENCY_IN_PROGRESS = Conflict "idempotency_in_progress" {
        "相同的请求正在处理", "The same request is under way";
        "请稍后重试。", "Try again in a moment." }
    RATE_LIMITED = Denied "rate_limited" {
        "请求过于频繁", "Too many requests";
        "请在 Retry-After 之后重试。", "Try again after Retry-After." }
    UNAVAILABLE = Conflict "unavailable" {
        "服务繁忙", "The service is busy";
        "请稍后重试。", "Try again in a moment." }
    INTERNAL = Conflict "internal_error" {
        "内部错误", "Internal error";
        "请将 trace_id 告知管理员。", "Tell the operator the trace_id." }
}

/// The status of answers that name this rule: what its class says, but for what is refused by the way
/// that a request came.
pub fn status(rule: &Rule) -> StatusCode {
    let by_the_way: [(&Rule, StatusCode); 20] = [
        (&MALFORMED, StatusCode::BAD_REQUEST),
        (&IDEMPOTENCY_KEY_REQUIRED, StatusCode::BAD_REQUEST),
        (&UNAUTHENTICATED, StatusCode::UNAUTHORIZED),
        (&LOGIN_REFUSED, StatusCode::UNAUTHORIZED),
        (&ONE_TIME_PASSWORD_EXPIRED, StatusCode::UNAUTHORIZED),
        (&REFRESH_REFUSED, StatusCode::UNAUTHORIZED),
        (&METHOD_NOT_ALLOWED, StatusCode::METHOD_NOT_ALLOWED),
        (&TIMED_OUT, StatusCode::REQUEST_TIMEOUT),
        (&BODY_TOO_LARGE, StatusCode::PAYLOAD_TOO_LARGE),
        (&MEDIA_TYPE_UNSUPPORTED, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&EXPORT_EXPIRED, StatusCode::GONE),
        (&RANGE_NOT_SATISFIABLE, StatusCode::RANGE_NOT_SATISFIABLE),
        (&PRECONDITION_REQUIRED, StatusCode::PRECONDITION_REQUIRED),
        (&RATE_LIMITED, StatusCode::TOO_MANY_REQUESTS),
        (&LOGIN_THROTTLED, StatusCode::TOO_MANY_REQUESTS),
        (&ALLOWANCE_SPENT, StatusCode::TOO_MANY_REQUESTS),
        (&INTERNAL, StatusCode::INTERNAL_SERVER_ERROR),
        (&UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE),
        (&OUTCOME_UNKNOWN, StatusCode::SERVICE_UNAVAILABLE),
        (&SCAN_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE),
    ];
    let by_class = match rule.class {
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Denied => StatusCode::FORBIDDEN,
        Class::Absent => StatusCode::NOT_FOUND,
        Class::Stale => StatusCode::PRECONDITION_FAILED,
    };
    let found = by_the_way.iter().find(|(known, _)| known.code == rule.code);
    found.map_or(by_class, |(_, status)| *status)
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    fault: Fault,
    /// Where each field of `fault` stands: in the body, or a parameter or header.
    place: Place,
    headers: Vec<(header::HeaderName, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Body,
    Parameter,
    Header,
}

impl Problem {
    pub fn new(status: StatusCode, rule: &'static Rule) -> Self {
        Self::from_fault(status, Fault::new(rule))
    }

    pub fn from_fault(status: StatusCode, fault: Fault) -> Self {
        Self {
            status,
            fault,
            place: Place::Body,
            headers: Vec::new(),
        }
    }

    /// Parameters that break rules, by name.
    pub(crate) fn parameters(fields: Vec<FieldFault>) -> Self {
        Self {
            place: Place::Parameter,
            ..Self::from_fault(StatusCode::UNPROCESSABLE_ENTITY, Fault::fields(fields))
        }
    }

    /// A header that is missing or breaks a rule, under that rule's own code.
    pub(crate) fn of_header(status: StatusCode, name: &'static str, rule: &'static Rule) -> Self {
        let mut fault = Fault::field(name, rule);
        fault.rule = rule;
        Self {
            place: Place::Header,
            ..Self::from_fault(status, fault)
        }
    }

    /// Code of the rule that was broken.
    pub(crate) fn code(&self) -> &'static str {
        self.fault.rule.code
    }

    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.fault = self.fault.with(name, value);
        self
    }

    /// Under another rule's code, the fields as they are.
    pub(crate) fn titled(mut self, rule: &'static Rule) -> Self {
        self.fault.rule = rule;
        self
    }

    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Credentials are missing (`None`) or not valid.
    pub fn unauthenticated(invalid: bool) -> Self {
        let challenge = if invalid {
            "Bearer realm=\"educrm\", error=\"invalid_token\""
        } else {
            "Bearer realm=\"educrm\""
        };
        Self::new(StatusCode::UNAUTHORIZED, &UNAUTHENTICATED)
            .header(header::WWW_AUTHENTICATE, challenge)
    }

    pub fn permission_missing(permission: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, &PERMISSION_MISSING)
            .with("permission", permission)
            .header(
                header::WWW_AUTHENTICATE,
                format!(
                    "Bearer realm=\"educrm\", error=\"insufficient_scope\", scope=\"{permission}\""
                ),
            )
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, &domain::fault::NOT_FOUND)
    }

    pub fn internal(source: impl fmt::Display) -> Self {
        tracing::error!(error = %source, "internal error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &INTERNAL)
    }

    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, &UNAVAILABLE).header(header::RETRY_AFTER, "1")
    }

    /// The document as it is told within another answer.
    pub(crate) fn told(&self, context: &RequestContext, public_url: &str) -> ProblemBody {
        ProblemBody::new(self, context, public_url)
    }

    /// The finished document.
    pub(crate) fn render(&self, context: &RequestContext, public_url: &str) -> HttpResponse {
        let body = self.told(context, public_url);
        let mut response = HttpResponseBuilder::new(self.status);
        for (name, value) in &self.headers {
            response.insert_header((name, value.as_str()));
        }
        response.content_type("application/problem+json");
        response.body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.fault)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Only a mark: the edge renders the document, which needs the request.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = status(fault.rule);
        let in_progress = fault.rule == &IDEMPOTENCY_IN_PROGRESS;
        let current = fault.params.iter().find(|(name, _)| *name == CURRENT);
        // Of a tag in If-Match only the version counts.
        let current = current.map(|(_, version)| format!("\"{version}\""));
        let stale = fault.rule == &VERSION_STALE;
        let wait = fault.params.iter().find(|(name, _)| *name == WAIT);
        let wait = wait.map(|(_, seconds)| seconds.to_string());
        let problem = Self::from_fault(status, fault);
        match current {
            _ if in_progress => problem.header(header::RETRY_AFTER, "1"),
            Some(tag) if stale => problem.header(header::ETAG, tag),
            _ => match wait {
                Some(seconds) => problem.header(header::RETRY_AFTER, seconds),
                None => problem,
            },
        }
    }
}

impl From<persistence::Error> for Problem {
    fn from(error: persistence::Error) -> Self {
        match error {
            persistence::Error::Fault(fault) => fault.into(),
            persistence::Error::AuthorityChanged
            | persistence::Error::Busy
            | persistence::Error::Transient(_) => Self::unavailable(),
            persistence::Error::Internal(message) => Self::internal(message),
        }
    }
}

/// An error (RFC 9457). `code` is what programs go by; the texts are for people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "http://127.0.0.1:8080/problems/validation_failed", "title": "The request breaks a rule",
    "status": 422, "detail": "See errors for each field and its rule.",
    "instance": "/requests/0192f0c1-2222-7000-8000-000000000000", "code": "validation_failed",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "errors": [{"pointer": "#/name", "parameter": null, "header": null,
                "code": "required", "detail": "This field must be given.", "params": {}}]}))]
pub struct ProblemBody {
    /// Address of the description of this kind of problem.
    #[schema(format = "uri")]
    r#type: String,
    /// The same words for every problem of this kind.
    title: &'static str,
    /// HTTP status of the response.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What the reader can do.
    detail: String,
    /// This occurrence.
    instance: String,
    /// Stable name of the kind of problem. Each operation lists those that it answers, by status, in
    /// `x-problem-codes`; `GET /problems/{code}` tells what one means.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    code: &'static str,
    /// Trace to give to the operator.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    trace_id: String,
    /// Each field that breaks a rule.
    errors: Vec<FieldError>,
}

/// One field, parameter or header that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body: a JSON Pointer in fragment form (RFC 6901, section 6). Of a name, the first 100
    /// characters.
    #[schema(required)]
    pointer: Option<String>,
    /// Name of the path or query parameter; the first 100 characters of it.
    #[schema(required)]
    parameter: Option<String>,
    /// Name of the header.
    #[schema(required)]
    header: Option<String>,
    /// Stable name of the rule, of those that `openapi/problems.json` lists.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    code: &'static str,
    /// The rule in words.
    detail: String,
    /// Values of the rule, such as its limit.
    params: Params,
}

/// Named values of a rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = std::collections::HashMap<String, String>)]
pub struct Params(Map<String, Value>);

impl ProblemBody {
    fn new(problem: &Problem, context: &RequestContext, public_url: &str) -> Self {
        let fault = &problem.fault;
        let language = context.language;
        Self {
            r#type: format!("{public_url}/problems/{}", fault.rule.code),
            title: language.of(fault.rule.title),
            status: problem.status.as_u16(),
            detail: detail(fault.rule, &fault.params, language),
            instance: format!("/requests/{}", context.request_id),
            code: fault.rule.code,
            trace_id: context.trace_id.simple().to_string(),
            errors: fault
                .fields
                .iter()
                .map(|field| FieldError::new(field, problem.place, language))
                .collect(),
        }
    }
}

impl FieldError {
    fn new(field: &FieldFault, place: Place, language: Language) -> Self {
        let told =
            |here: Place, tell: fn(&str) -> String| (place == here).then(|| tell(&field.pointer));
        Self {
            pointer: told(Place::Body, fragment),
            parameter: told(Place::Parameter, |name| cut(name).to_owned()),
            header: told(Place::Header, str::to_owned),
            code: field.rule.code,
            detail: detail(field.rule, &field.params, language),
            params: Params(
                field
                    .params
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_ref())))
                    .collect(),
            ),
        }
    }
}

/// Characters of a name that a client made up: it knows the rest.
const TOLD: usize = 100;

/// What stands as it is in the fragment of an address (RFC 3986, section 3.5).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/')
    .remove(b'?');

/// A JSON Pointer as the fragment of an address (RFC 6901, section 6), each name cut.
fn fragment(pointer: &str) -> String {
    let names: Vec<_> = pointer
        .split('/')
        .map(|name| {
            let short = cut(name);
            // Not in the middle of `~0` or `~1`.
            let short = if short.len() < name.len() {
                short.trim_end_matches('~')
            } else {
                short
            };
            utf8_percent_encode(short, ENCODED).to_string()
        })
        .collect();
    format!("#{}", names.join("/"))
}

fn cut(name: &str) -> &str {
    let end = name.char_indices().nth(TOLD);
    end.and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

/// The rule's detail with its parameters in place.
fn detail(rule: &Rule, params: &[Param], language: Language) -> String {
    params.iter().fold(
        language.of(rule.detail).to_owned(),
        |text, (name, value)| text.replace(&format!("{{{name}}}"), value),
    )
}
