//! The stricter consent wins: what one of two has withdrawn is not given again by the other.

use std::collections::BTreeSet;

use domain::{
    customers::{Consent, ContactChannel, Customer, Decision, Purpose},
    id::Id,
};
use uuid::Uuid;

use crate::{Error, Tx, access::Writes, customers::consents};

/// Purposes, and channels of them.
pub(super) type Withdrawn = BTreeSet<(Purpose, Option<ContactChannel>)>;

/// What either of two has withdrawn.
pub(super) async fn withdrawn(
    tx: &Tx,
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
) -> Result<Withdrawn, Error> {
    let mut all = Withdrawn::new();
    for id in [survivor, duplicate] {
        let deciding = consents::deciding(tx, tx.operation().institution, id).await?;
        let said = deciding.into_iter();
        let said = said.filter(|consent| consent.decision == Decision::Withdrawn);
        all.extend(said.map(|consent| (consent.purpose, consent.channel)));
    }
    Ok(all)
}

/// Withdraws again what the decisions of both together would give; the ids of what that takes.
pub(super) async fn keep(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    survivor: Id<Customer>,
    withdrawn: &Withdrawn,
) -> Result<Vec<Uuid>, Error> {
    let mut added = Vec::new();
    for said in consents::deciding(tx, tx.operation().institution, survivor).await? {
        let is_stricter = withdrawn.contains(&(said.purpose, said.channel));
        if said.decision == Decision::Withdrawn || !is_stricter {
            continue;
        }
        let consent = Consent {
            id: tx.stamp().id(),
            decision: Decision::Withdrawn,
            decided_at: tx.now(),
            recorded_at: tx.now(),
            evidence: None,
            ..said
        };
        consents::insert(tx, grant, &consent).await?;
        added.push(consent.id.uuid());
    }
    Ok(added)
}
