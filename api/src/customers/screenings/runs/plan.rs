//! What rules are held against: records that nobody has screened, confined by a view and conditions.

use domain::{
    access::FIELD_NOT_READABLE,
    conditions::{FIELDS, Leaf, Registry, Subject, Test, Tree, Value},
    customers::{
        SCREENING_RULE_OUTDATED, SCREENING_VIEW_REVEALS, ScreeningRule, ScreeningStanding,
    },
    fault::Fault,
    text_enum::TextEnum,
    views::View,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle,
    access::Authority,
    conditions::{Compiled, compile, registry},
    keys::{digest, hex},
};
use serde_json::json;

use crate::{
    conditions::ConditionBody,
    customers::{
        CustomerFilters, Selection, ViewSearch,
        search::{VIEW, fields_of, in_view},
    },
};

/// What confines the records.
#[derive(Clone, Copy)]
pub(super) struct Confines<'a> {
    pub(super) view: Option<&'a View>,
    pub(super) conditions: Option<&'a ConditionBody>,
}

impl Confines<'_> {
    /// The records, as far as somebody may look for them.
    ///
    /// # Errors
    /// 409 where the view can't be read any more; 422 where anything goes by what the reader may not read, or
    /// looks behind masks.
    pub(super) async fn records(
        self,
        handle: &impl Handle,
        (reader, now): (&Authority, Timestamp),
    ) -> Result<Selection, Error> {
        let own = ViewSearch {
            conditions: self.conditions.cloned(),
            ..ViewSearch::default()
        };
        let fields = fields_of(handle, reader, &own).await?;
        let mut looked_for = own.looked_for(&fields, reader)?;
        let mut filters = CustomerFilters::default();
        if let Some(view) = self.view {
            let (kept, of_view) = in_view(handle, reader, view, true).await?;
            looked_for.queries.extend(of_view.queries);
            looked_for.conditions.extend(of_view.conditions);
            filters = kept.filters.unwrap_or_default();
        }
        looked_for.conditions.push(("/conditions", unscreened()?));
        let selection =
            Selection::begin(handle, (reader, now), looked_for, (filters, VIEW)).await?;
        match selection.looks_behind_masks() {
            true => Err(Fault::field(VIEW, &SCREENING_VIEW_REVEALS).into()),
            false => Ok(selection),
        }
    }

    /// What tells whether something else would be done.
    pub(super) fn key(self, rules: &[ScreeningRule]) -> String {
        let rules: Vec<_> = rules.iter().map(|rule| (rule.id, rule.version)).collect();
        let view = self.view.map(|view| (view.id, view.version));
        let said = json!({ "rules": rules, "view": view, "conditions": self.conditions });
        hex(&digest(&[said.to_string().as_bytes()]))
    }
}

/// That nobody has screened a record.
fn unscreened() -> Result<Tree, Error> {
    let mut fields = FIELDS.iter();
    let field = fields.find(|field| field.subject == Subject::Screening);
    let field = field.ok_or_else(|| Error::internal("no field of screening"))?;
    let unscreened = Value::Choice(ScreeningStanding::Unscreened.as_str().into());
    Ok(Tree::Leaf(Leaf {
        field: field.clone(),
        test: Test::OneOf(vec![unscreened]),
        last_days: None,
    }))
}

/// Rules as SQL, for whoever applies them.
///
/// # Errors
/// 409 where one can't be read any more; 422 where one goes by what the reader may not read.
pub(super) async fn compiled(
    handle: &impl Handle,
    (reader, now): (&Authority, Timestamp),
    rules: &[ScreeningRule],
) -> Result<Vec<Compiled>, Error> {
    let fields = registry(handle, reader.institution()).await?;
    let mut all = Vec::with_capacity(rules.len());
    for rule in rules {
        let tree = readable(reader, rule, &fields)?;
        let one = compile(handle, reader, &tree, "/conditions", now).await;
        all.push(one.map_err(|error| match error {
            Error::Fault(_) => outdated(rule).into(),
            other => other,
        })?);
    }
    Ok(all)
}

fn readable(reader: &Authority, rule: &ScreeningRule, fields: &Registry) -> Result<Tree, Fault> {
    let body: Option<ConditionBody> = serde_json::from_value(rule.conditions.clone()).ok();
    let tree = body.and_then(|body| body.read("", fields).ok());
    let tree = tree.ok_or_else(|| outdated(rule))?;
    let closed = tree.closed("", reader.fields(), |code| reader.may(code));
    match closed.iter().any(|fault| *fault.rule == FIELD_NOT_READABLE) {
        true => Err(Fault::new(&FIELD_NOT_READABLE)),
        false if closed.is_empty() => Ok(tree),
        false => Err(outdated(rule)),
    }
}

fn outdated(rule: &ScreeningRule) -> Fault {
    Fault::new(&SCREENING_RULE_OUTDATED).with("name", &rule.name)
}
