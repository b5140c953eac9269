//! Use cases of retention: load, decide, save.

use domain::{
    access::PrivacyErase,
    privacy::{RetentionClass, RetentionPolicy, cutoff},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    clock::timestamp,
    privacy::retention::{
        self as store,
        due::{COUNTED_MAX, FIRST, Sieve},
    },
};

use super::{ChangeRetentionPolicy, DueClass, DueRecord, RetentionPreview, TryRetention};
use crate::http::{IfMatch, wire::Wire};

/// How many of what is due are shown.
const SHOWN: i64 = 10;

/// Changes after how many days what goes.
///
/// # Errors
/// 412 where it has changed since it was read.
pub async fn change(
    tx: &Tx,
    grant: &Grant<PrivacyErase>,
    condition: IfMatch,
    body: &ChangeRetentionPolicy,
) -> Result<RetentionPolicy, Error> {
    let before = store::lock(tx, grant).await?;
    condition.check(before.version)?;
    let after = before.change(&body.changes());
    if after != before {
        store::set(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// What would go by the policy, with the days that are tried.
pub async fn preview(
    handle: &impl Handle,
    grant: &impl Reads<RetentionPolicy>,
    tried: &TryRetention,
    now: Timestamp,
) -> Result<RetentionPreview, Error> {
    let policy = store::find(handle, grant).await?;
    let institution = grant.scope().institution();
    let mut classes = Vec::new();
    let with_tried = tried.on(&policy);
    for class in RetentionClass::ALL {
        let Some(days) = with_tried.days.get(class).copied() else {
            continue;
        };
        let times = (cutoff(now, days), now);
        let sieve = Sieve::new(handle, institution, *class, times).await?;
        let counted = sieve.count(handle).await?;
        let first = sieve.next(handle, FIRST, SHOWN).await?;
        let first = first.into_iter().map(|(since, id)| {
            let since = timestamp(since)?;
            Ok(DueRecord { id, since })
        });
        classes.push(DueClass {
            class: Wire(*class),
            days,
            rows: counted.min(COUNTED_MAX),
            is_capped: counted > COUNTED_MAX,
            first: first.collect::<Result<_, Error>>()?,
        });
    }
    Ok(RetentionPreview {
        policy_version: policy.version,
        classes,
    })
}
