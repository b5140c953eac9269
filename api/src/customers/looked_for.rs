//! What a search or a view looks for, taken apart for somebody.

use std::sync::Arc;

use domain::{
    access::{FIELD_NOT_READABLE, FieldRules},
    conditions::{CONDITION_FIELD_ARCHIVED, Field, Registry, Tree, registry::CUSTOM},
    fault::{Fault, FieldFault, TEXT_BLANK},
    search::{Query, Sought},
    views::{VIEW_OUTDATED, View},
};
use persistence::access::Authority;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_with::skip_serializing_none;
use utoipa::ToSchema;
use validator::Validate;

use super::{CustomerFilters, CustomerSort, RECORD, SearchCustomers};
use crate::conditions::ConditionBody;

/// What a search looks for, its filters aside.
pub struct Looked {
    pub queries: Vec<Query>,
    /// Trees that all must be met, each with its pointer into the body.
    pub conditions: Vec<(&'static str, Tree)>,
    /// The custom field by which it is sorted.
    pub sorted_by: Option<Arc<Field>>,
}

impl SearchCustomers {
    /// What is looked for by itself, without a view.
    pub fn own(&self) -> ViewSearch {
        ViewSearch {
            query: self.query.clone(),
            name: self.name.clone(),
            phone: self.phone.clone(),
            email: self.email.clone(),
            address: self.address.clone(),
            note: self.note.clone(),
            filters: self.filters.clone(),
            conditions: self.conditions.clone(),
            sort: self.sort.clone(),
        }
    }
}

/// What a view looks for: whatever meets all that is given, as in a search.
#[skip_serializing_none]
#[derive(Clone, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"filters": {"stage": ["lead"]}, "sort": "next_contact_on"}))]
pub struct ViewSearch {
    /// As in a search.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub query: Option<String>,
    /// Part of a name.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub name: Option<String>,
    /// A whole telephone number, or the last four digits of one.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub phone: Option<String>,
    /// A whole e-mail address, or a whole word of one.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub email: Option<String>,
    /// Part of a postal address.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub address: Option<String>,
    /// Part of the note.
    #[schema(min_length = 1, max_length = 64, nullable = false)]
    pub note: Option<String>,
    /// What else they must be.
    #[schema(nullable = false)]
    #[validate(nested)]
    pub filters: Option<CustomerFilters>,
    /// What else they must be, in any combination.
    #[schema(nullable = false)]
    pub conditions: Option<ConditionBody>,
    /// Newest first, when absent.
    #[schema(nullable = false)]
    pub sort: Option<CustomerSort>,
}

impl std::fmt::Debug for ViewSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Whether a search as it is sent or kept may name custom fields; else nobody need look which there are.
pub fn names_custom_fields(search: &impl Serialize) -> bool {
    let said = serde_json::to_string(search).unwrap_or_default();
    [format!("\"{CUSTOM}"), format!("\"-{CUSTOM}")]
        .iter()
        .any(|name| said.contains(name))
}

impl ViewSearch {
    /// What a view has kept. A field that it names may be archived since.
    ///
    /// # Errors
    /// 409 where it was kept by an older version, and is none any more.
    pub fn kept(view: &View, fields: &Registry) -> Result<Self, Fault> {
        let kept: Option<Self> = serde_json::from_value(view.search.clone()).ok();
        let stands = |kept: &Self| match kept.check("", fields) {
            Ok(()) => true,
            Err(fault) => (fault.fields.iter()).all(|f| *f.rule == CONDITION_FIELD_ARCHIVED),
        };
        kept.filter(stands)
            .ok_or_else(|| Fault::new(&VIEW_OUTDATED))
    }

    /// Whether all of it can be looked for by somebody.
    ///
    /// # Errors
    /// Everything that can't be, behind `pointer`.
    pub fn check(&self, pointer: &str, fields: &Registry) -> Result<(), Fault> {
        let checked = self.taken_apart(fields, &FieldRules::default(), |_| true);
        checked.map(drop).map_err(|fault| behind(pointer, fault))
    }
}

/// The same fault, of a body that stands in another.
fn behind(pointer: &str, fault: Fault) -> Fault {
    let fields = fault.fields.into_iter().map(|field| FieldFault {
        pointer: format!("{pointer}{}", field.pointer).into(),
        ..field
    });
    Fault {
        fields: fields.collect(),
        ..fault
    }
}

impl ViewSearch {
    /// What is looked for, taken apart.
    ///
    /// # Errors
    /// Every text that can't be what is sought, every condition that is none, and every one that looks
    /// into what somebody may not read, at once.
    pub fn looked_for(&self, fields: &Registry, reader: &Authority) -> Result<Looked, Fault> {
        self.taken_apart(fields, reader.fields(), |code| reader.may(code))
    }

    fn taken_apart(
        &self,
        fields: &Registry,
        rules: &FieldRules,
        holds: impl Fn(&str) -> bool,
    ) -> Result<Looked, Fault> {
        let typed = [
            ("/query", Sought::Anywhere, &self.query),
            ("/name", Sought::Name, &self.name),
            ("/phone", Sought::Phone, &self.phone),
            ("/email", Sought::Email, &self.email),
            ("/address", Sought::Address, &self.address),
        ];
        let filters = self.filters.as_ref();
        let mut faults = filters.map_or_else(Vec::new, |filters| filters.unreadable(rules));
        let mut queries = Vec::new();
        for (pointer, sought, text) in typed {
            let Some(text) = text else { continue };
            match Query::read(pointer, sought, text) {
                Err(fault) => faults.push(fault),
                Ok(query) if query.fields().iter().all(|f| rules.is_readable(RECORD, f)) => {
                    queries.push(query);
                }
                Ok(_) => faults.push(FieldFault::new(pointer, &FIELD_NOT_READABLE)),
            }
        }
        let mut conditions = Vec::new();
        for (pointer, tree) in [
            ("/note", self.note.as_deref().map(in_note)),
            (
                "/conditions",
                self.conditions
                    .as_ref()
                    .map(|tree| tree.read("/conditions", fields)),
            ),
        ] {
            match tree {
                None => {}
                Some(Err(broken)) => faults.extend(broken),
                Some(Ok(tree)) => {
                    let closed = tree.closed(pointer, rules, &holds);
                    // What is typed into a field of its own is no field of a tree.
                    let closed = closed.into_iter().map(|fault| match pointer {
                        "/note" => FieldFault::new(pointer, fault.rule),
                        _ => fault,
                    });
                    faults.extend(closed);
                    conditions.push((pointer, tree));
                }
            }
        }
        let sorted = self.sort.as_ref();
        let sorted_by = sorted.map(|sort| sort.custom_field("/sort", fields, rules));
        let sorted_by = match sorted_by {
            Some(Err(fault)) => {
                faults.push(fault);
                None
            }
            Some(Ok(field)) => field,
            None => None,
        };
        Fault::unless_empty(faults)?;
        Ok(Looked {
            queries,
            conditions,
            sorted_by,
        })
    }
}

/// What a text that is sought in notes asks for.
fn in_note(text: &str) -> Result<Tree, Vec<FieldFault>> {
    let leaf = json!({ "field": "note", "op": "contains", "value": text });
    Tree::read("", &leaf, &Registry::default())
        .map_err(|_| vec![FieldFault::new("/note", &TEXT_BLANK)])
}
