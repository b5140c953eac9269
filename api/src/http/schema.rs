//! Checks made from the published document: what a body or parameter may be is said once, in the
//! schema that clients read, and enforced from there, every error at once.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::fault::{FieldFault, REQUIRED, Rule, TEXT_CONTROL, TEXT_TOO_LONG, TOO_MANY};
use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    instants,
    problem::{
        INVALID_VALUE, NOT_IN_LIST, OUT_OF_RANGE, TOO_SHORT, UNKNOWN_FIELD, WRONG_FORMAT,
        WRONG_TYPE,
    },
};

/// Errors told at once; more would help nobody.
pub(crate) const MOST_ERRORS: usize = 50;

/// The document's schemas, and the checks compiled from them.
pub struct Schemas {
    components: Value,
    compiled: RwLock<HashMap<TypeId, Arc<Check>>>,
}

/// A compiled check, with what else was prepared for it.
pub(super) struct Check {
    validator: Validator,
    /// The schema itself, for what the check's owner reads from it.
    pub(super) schema: Value,
}

impl Schemas {
    /// From the published document.
    pub fn new(document: &Value) -> Self {
        Self {
            components: document.get("components").cloned().unwrap_or(Value::Null),
            compiled: RwLock::default(),
        }
    }

    /// Every field of a value that breaks the named schema of `T`.
    pub(crate) fn faults<T: ToSchema + 'static>(
        &self,
        value: &Value,
    ) -> Result<Vec<FieldFault>, String> {
        let check = self.check::<T>(|| reference(&T::name()))?;
        Ok(check.faults(value))
    }

    /// The same but for what the schema of `field` says at `pointer`, the whole of it or of its items,
    /// where anything may stand: it is looked at by itself. Of one `T` it is always the same part.
    pub(crate) fn faults_but_for<T: ToSchema + 'static>(
        &self,
        (field, pointer): (&str, &str),
        value: &Value,
    ) -> Result<Vec<FieldFault>, String> {
        let check = self.check::<T>(|| {
            let all = self.components.get("schemas");
            let named = all.and_then(|all| all.get(T::name().as_ref()));
            let mut schema = named.cloned().unwrap_or(Value::Null);
            let part = schema.pointer_mut(&format!("/properties/{field}{pointer}"));
            if let Some(part) = part {
                *part = true.into();
            }
            schema
        })?;
        let mut faults = check.broken(value);
        if faults.is_empty() {
            for (name, other) in value.as_object().into_iter().flatten() {
                if name != field {
                    nulls(other, &child("", name), &mut faults);
                }
            }
        }
        Ok(faults)
    }

    /// The check of `T`, compiled once from `schema`.
    pub(super) fn check<T: 'static>(
        &self,
        schema: impl FnOnce() -> Value,
    ) -> Result<Arc<Check>, String> {
        let id = TypeId::of::<T>();
        let known = self
            .compiled
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        if let Some(check) = known {
            return Ok(check);
        }
        let schema = schema();
        let mut root = schema.clone();
        if let Some(root) = root.as_object_mut() {
            root.insert("components".into(), self.components.clone());
        }
        let mut options = jsonschema::draft202012::options().should_validate_formats(true);
        for format in instants::FORMATS {
            options = options.with_format(format, bounded(format)?);
        }
        let validator = options.build(&root).map_err(|e| e.to_string())?;
        let check = Arc::new(Check { validator, schema });
        self.compiled
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, check.clone());
        Ok(check)
    }
}

impl Check {
    /// Every field that breaks a rule, by JSON Pointer.
    pub(super) fn faults(&self, value: &Value) -> Vec<FieldFault> {
        let mut faults = self.broken(value);
        if faults.is_empty() {
            nulls(value, "", &mut faults);
        }
        faults
    }

    /// Every field that breaks a rule of the schema.
    fn broken(&self, value: &Value) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        for error in self.validator.iter_errors(value).take(MOST_ERRORS) {
            push(&mut faults, &error);
        }
        faults
    }
}

/// The check of a format that has bounds, which JSON Schema has no words for.
fn bounded(format: &'static str) -> Result<impl Fn(&str) -> bool + Send + Sync, String> {
    let plain = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&json!({ "format": format }))
        .map_err(|e| e.to_string())?;
    Ok(move |text: &str| plain.is_valid(&text.into()) && instants::is_held(format, text))
}

/// Finds the one character that no text may hold, since PostgreSQL can't keep it.
fn nulls(value: &Value, at: &str, faults: &mut Vec<FieldFault>) {
    match value {
        Value::String(text) if text.contains('\0') => {
            faults.push(FieldFault::new(at.to_owned(), &TEXT_CONTROL));
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                nulls(item, &format!("{at}/{number}"), faults);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                nulls(field, &child(at, name), faults);
            }
        }
        _ => {}
    }
}

fn push(faults: &mut Vec<FieldFault>, error: &ValidationError<'_>) {
    let at = error.instance_path().to_string();
    let one = |rule: &'static Rule| FieldFault::new(at.clone(), rule);
    let fault = match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                faults.push(FieldFault::new(child(&at, name), &UNKNOWN_FIELD));
            }
            return;
        }
        Kind::Required { property } => {
            FieldFault::new(child(&at, property.as_str().unwrap_or_default()), &REQUIRED)
        }
        // A nullable reference: what is wrong is what its other branch says.
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            let branch = context.iter().find(|errors| {
                !errors.iter().any(|e| {
                    matches!(e.kind(), Kind::Type { .. }) && e.instance_path().as_str() == at
                })
            });
            match branch {
                Some(errors) if !errors.is_empty() => {
                    for error in errors {
                        push(faults, error);
                    }
                    return;
                }
                _ => one(&INVALID_VALUE),
            }
        }
        Kind::Type { kind } => one(&WRONG_TYPE).with("expected", type_names(kind)),
        Kind::MaxLength { limit } => one(&TEXT_TOO_LONG).with("max", limit),
        Kind::MaxItems { limit } => one(&TOO_MANY).with("max", limit),
        Kind::MinLength { limit } | Kind::MinItems { limit } => one(&TOO_SHORT).with("min", limit),
        Kind::Minimum { limit }
        | Kind::Maximum { limit }
        | Kind::ExclusiveMinimum { limit }
        | Kind::ExclusiveMaximum { limit } => one(&OUT_OF_RANGE).with("limit", limit),
        Kind::Enum { options } => one(&NOT_IN_LIST).with("values", list(options)),
        Kind::Format { format } => {
            let text = error.instance().as_str();
            match text.and_then(|text| instants::bound_broken(format, text)) {
                Some(limit) => one(&OUT_OF_RANGE).with("limit", limit),
                None => one(&WRONG_FORMAT).with("format", format),
            }
        }
        Kind::Pattern { pattern } => one(&WRONG_FORMAT).with("format", pattern),
        _ => one(&INVALID_VALUE),
    };
    faults.push(fault);
}

fn child(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn type_names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => several
            .iter()
            .map(|t| t.to_string())
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn list(options: &Value) -> String {
    options
        .as_array()
        .map(|values| {
            values
                .iter()
                .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(", ")
        })
        .unwrap_or_default()
}

/// A schema that refers to a named one of the document.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
