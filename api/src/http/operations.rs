//! Which operation of the contract a request asks for.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, http::Method};
use domain::access::{AuditRead, Permission};
use matchit::Router;
use serde_json::{Value, json};

use super::{Problem, parameters};
use crate::boot::Failure;

/// An operation of the contract.
pub(crate) struct OperationInfo {
    method: Method,
    /// Its path, with parameters in braces.
    pub(crate) route: Arc<str>,
    /// Its operationId.
    pub(crate) name: Arc<str>,
    /// Whether it has parameters in the query string.
    takes_query: bool,
    /// Whether it needs no log-in.
    pub(crate) is_public: bool,
    /// Whether a refusal of it is on the audit trail.
    pub(crate) is_sensitive: bool,
}

impl OperationInfo {
    /// What a request asks for; `None` where there is no such operation. The edge has looked.
    pub(crate) fn of(request: &impl HttpMessage) -> Option<Arc<Self>> {
        request.extensions().get::<Arc<Self>>().cloned()
    }

    /// Refuses parameters of an operation that has none.
    pub(crate) fn check_query(&self, request: &HttpRequest) -> Result<(), Problem> {
        if self.takes_query || request.query_string().is_empty() {
            Ok(())
        } else {
            parameters::none(request)
        }
    }
}

/// The operations of the contract, by path and method.
pub struct Operations(Router<Vec<Arc<OperationInfo>>>);

impl Operations {
    /// # Errors
    /// Two paths of the document can't be told apart.
    pub fn new(document: &Value) -> Result<Self, Failure> {
        let mut router = Router::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let route: Arc<str> = Arc::from(path.as_str());
            let mut known = Vec::new();
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = method.to_uppercase();
                if let Some(name) = operation["operationId"].as_str() {
                    known.push(Arc::new(OperationInfo {
                        route: route.clone(),
                        name: Arc::from(name),
                        takes_query: operation["parameters"]
                            .as_array()
                            .is_some_and(|all| all.iter().any(|p| p["in"] == "query")),
                        is_public: operation["security"] == json!([]),
                        is_sensitive: is_sensitive(&method, path, operation),
                        method: method.parse()?,
                    }));
                }
            }
            router.insert(path.as_str(), known)?;
        }
        Ok(Self(router))
    }

    /// The operation of a method at a path.
    pub(crate) fn at(&self, method: &Method, path: &str) -> Option<&Arc<OperationInfo>> {
        let mut all = self.known(path).iter();
        all.find(|operation| operation.method == method)
    }

    /// Methods allowed at a path; `None` where there is nothing at all.
    pub(crate) fn allowed(&self, path: &str) -> Option<String> {
        let known = self.known(path);
        let mut methods: Vec<&str> = known.iter().map(|one| one.method.as_str()).collect();
        methods.sort_unstable();
        (!methods.is_empty()).then(|| methods.join(", "))
    }

    fn known(&self, path: &str) -> &[Arc<OperationInfo>] {
        self.0.at(path).map_or(&[], |found| found.value)
    }
}

/// Whether an operation changes something, lets something leave as a file, or reads the audit trail.
fn is_sensitive(method: &str, path: &str, operation: &Value) -> bool {
    let is_read = method == "GET" || operation["x-read-only"] == true;
    let reads_audit = operation["x-required-permission"] == AuditRead::CODE;
    !is_read || path.ends_with("/content") || reads_audit
}
