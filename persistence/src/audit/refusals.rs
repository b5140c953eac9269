//! Refused actions on the trail (I-31). A refusal leaves no transaction behind: its record is written
//! later, with others.

use std::sync::Arc;

use domain::{audit::Outcome, id::Id, organization::Institution};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{Header, insert};
use crate::{Error, Tx, database::Actor};

/// A refused action; or all those like it that have no record of their own, under the request of the
/// last one.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Of its record, so that it is written once however often that is tried.
    pub id: Uuid,
    pub institution: Id<Institution>,
    pub actor: Actor,
    /// The operationId of the contract.
    pub operation: Arc<str>,
    pub request: Uuid,
    pub trace: Uuid,
    pub at: Timestamp,
    /// Code of the rule that refused it.
    pub rule: &'static str,
    /// What it was to be done to, as far as the request named it: there may be no such record.
    pub target: Option<Uuid>,
    /// How many it stands for.
    pub count: u64,
}

/// Writes a record for each refusal of one institution.
pub async fn write(tx: &Tx, refusals: &[Refusal]) -> Result<(), Error> {
    for refusal in refusals {
        let target = refusal.target.unwrap_or(refusal.actor.principal);
        let header = Header {
            id: refusal.id,
            at: refusal.at,
            actor: &refusal.actor,
            operation: &refusal.operation,
            outcome: Outcome::Refused,
            request: refusal.request,
            trace: refusal.trace,
            target: ("refusal", target),
        };
        let after = json!({ "rule": refusal.rule, "count": refusal.count });
        let change = json!({ "kind": "refusal", "id": target, "version": 1, "before": null, "after": after });
        insert(tx, &header, vec![change]).await?;
    }
    tx.left_a_record();
    Ok(())
}
