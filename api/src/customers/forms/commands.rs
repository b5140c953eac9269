//! Use cases of registration forms: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    access::{CustomersConfigure, FieldRules},
    customers::{Form, Kind, Marks, Stage},
};
use persistence::{Error, Tx, access::Grant, customers::forms as store};

use super::SetCustomerForm;
use crate::{customers::RECORD, http::IfMatch};

/// Marks what the form of a kind demands, all anew.
///
/// # Errors
/// 412 where the form has changed since the caller read it, 422 where a field can't be marked.
pub async fn set(
    tx: &Tx,
    grant: &Grant<CustomersConfigure>,
    kind: Kind,
    condition: IfMatch,
    body: SetCustomerForm,
) -> Result<Form, Error> {
    let before = store::lock(tx, grant, kind).await?;
    condition.check(before.version)?;
    let marks = body.marks.into_iter().map(|mark| {
        let stages: BTreeSet<Stage> = mark.required_at.into_iter().map(|at| at.0).collect();
        (mark.field, stages)
    });
    let asked = |field: &str| writes(tx, field);
    let marks = Marks::sent(kind, &marks.collect::<Vec<_>>(), asked)?;
    let marks = marks.beside(&before.marks, asked);
    match marks == before.marks {
        true => Ok(before),
        false => store::mark(tx, grant, kind, &marks).await,
    }
}

/// Whether whoever gave a command may write a field of customers, and so can be asked for it.
pub(in crate::customers) fn writes(tx: &Tx, field: &str) -> bool {
    let reader = tx.operation().authority.as_deref();
    reader.is_none_or(|reader| may_write(reader.fields(), field))
}

/// Whether field rules leave it to somebody to write a field of customers.
pub(super) fn may_write(rules: &FieldRules, field: &str) -> bool {
    rules.access(RECORD, field).is_none()
}
