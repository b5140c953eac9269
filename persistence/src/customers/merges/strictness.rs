//! The stricter consent wins: what one of two has withdrawn is not given again by the other.

use std::collections::BTreeSet;

use domain::{
    customers::{Consent, ContactChannel, Customer, Decision, Purpose, Standing, standing},
    id::Id,
    text_enum::TextEnum,
};
use uuid::Uuid;

use crate::{Error, Tx, access::Writes, customers::consents};

/// Purposes, and channels of marketing; a purpose as a whole before its channels.
pub(super) type Withdrawn = BTreeSet<(Purpose, Option<ContactChannel>)>;

/// All that can be decided on.
fn each() -> impl Iterator<Item = (Purpose, Option<ContactChannel>)> {
    let whole = Purpose::ALL.iter().map(|purpose| (*purpose, None));
    let channels = ContactChannel::ALL.iter();
    whole.chain(channels.map(|channel| (Purpose::Marketing, Some(*channel))))
}

fn is_withdrawn(
    history: &[Consent],
    (purpose, channel): (Purpose, Option<ContactChannel>),
) -> bool {
    standing(history, purpose, channel, None).0 == Standing::Withdrawn
}

/// What holds as withdrawn of either of two.
pub(super) async fn withdrawn(
    tx: &Tx,
    (survivor, duplicate): (Id<Customer>, Id<Customer>),
) -> Result<Withdrawn, Error> {
    let mut all = Withdrawn::new();
    for id in [survivor, duplicate] {
        let history = consents::deciding(tx, tx.operation().institution, id).await?;
        all.extend(each().filter(|said| is_withdrawn(&history, *said)));
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
    let mut history = consents::deciding(tx, tx.operation().institution, survivor).await?;
    for (purpose, channel) in withdrawn {
        if is_withdrawn(&history, (*purpose, *channel)) {
            continue;
        }
        let consent = Consent {
            id: tx.stamp().id(),
            customer: survivor,
            purpose: *purpose,
            channel: *channel,
            decision: Decision::Withdrawn,
            decided_at: tx.now(),
            decided_by: None,
            notice: None,
            evidence: None,
            recorded_at: tx.now(),
        };
        consents::insert(tx, grant, &consent).await?;
        added.push(consent.id.uuid());
        history.push(consent);
    }
    Ok(added)
}
