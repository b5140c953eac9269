//! Events (事件): what others learn of a change, written with it.
//!
//! A row has no position until the [`sequencer`] has seen it committed; readers go by position only
//! ([`feed`]). Every type stands in the [`registry`].

pub mod feed;
pub mod registry;
pub mod sequencer;

use domain::text_enum::TextEnum;
use serde_json::Value;

use crate::{
    Error, Tx,
    clock::micros,
    database::{Change, insert_many},
};

/// A kind of event; its data is a named schema of the contract.
#[derive(Debug)]
pub struct EventType {
    /// `subject.what_happened`, never changed once published.
    pub name: &'static str,
    pub schema_version: i32,
}

/// What happened, without personal values: ids and names of fields.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: &'static EventType,
    pub data: Value,
}

pub(crate) async fn write(tx: &Tx, changes: &[Change]) -> Result<(), Error> {
    let operation = tx.operation();
    let mut rows = Vec::new();
    for (change, event) in changes
        .iter()
        .filter_map(|c| c.event.as_ref().map(|e| (c, e)))
    {
        if cfg!(debug_assertions) && !registry::is_known(event.kind.name) {
            let name = event.kind.name;
            return Err(Error::Internal(format!(
                "{name} is missing in events/registry.rs"
            )));
        }
        rows.push(vec![
            operation.institution.uuid().into(),
            tx.stamp().id::<()>().uuid().into(),
            micros(tx.now()).into(),
            event.kind.name.into(),
            event.kind.schema_version.into(),
            change.kind.into(),
            change.id.into(),
            change.version.into(),
            operation.actor.principal.into(),
            operation.actor.kind.as_str().into(),
            event.data.clone().into(),
        ]);
    }
    insert_many(
        tx,
        (
            "events",
            "institution_id, id, at, type, schema_version, subject_kind, \
         subject_id, subject_version, actor_id, actor_kind, data",
        ),
        "",
        rows,
    )
    .await
}
