//! Use cases of retention: load, decide, save.

use domain::{
    access::PrivacyErase,
    id::Id,
    organization::Institution,
    privacy::{RetentionClass, RetentionPolicy, cutoff},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads},
    privacy::retention::{self as store, due::Judge},
};
use uuid::Uuid;

use super::{ChangeRetentionPolicy, DueClass, RetentionPreview, TryRetention};
use crate::http::{IfMatch, wire::Wire};

/// How many of who is due are shown.
const SHOWN: usize = 10;
/// How many records a preview looks at.
const LOOKED_AT: i64 = 5000;

/// Changes after how many days who goes.
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
    let (_, later) = store::times(tx, tx.now()).await?;
    let after = before.change(&body.changes(), later);
    if after != before {
        store::set(tx, grant, &before, &after).await?;
    }
    Ok(after)
}

/// Who would go by the policy, with the days that are tried.
pub async fn preview(
    handle: &impl Handle,
    grant: &impl Reads<RetentionPolicy>,
    tried: &TryRetention,
    own: Timestamp,
) -> Result<RetentionPreview, Error> {
    let policy = store::find(handle, grant).await?;
    let (now, _) = store::times(handle, own).await?;
    let mut classes = Vec::new();
    for class in RetentionClass::ALL {
        let ruled = policy.rules.get(class).map(|rule| rule.days);
        let Some(days) = tried.days(*class).or(ruled) else {
            continue;
        };
        classes.push(due(handle, grant.scope().institution(), (*class, days), now).await?);
    }
    Ok(RetentionPreview {
        policy_version: policy.version,
        classes,
    })
}

async fn due(
    handle: &impl Handle,
    institution: Id<Institution>,
    (class, days): (RetentionClass, i64),
    now: Timestamp,
) -> Result<DueClass, Error> {
    let judge = Judge {
        institution,
        class,
        cutoff: cutoff(now, days),
    };
    let mut found = DueClass {
        class: Wire(class),
        days,
        people: 0,
        looked_at: 0,
        is_capped: false,
        first: Vec::new(),
    };
    let mut behind = Uuid::nil();
    while let Some(window) = judge.window(handle, behind).await? {
        found.looked_at += window.looked_at;
        for household in &window.due {
            found.people += i64::try_from(household.members.len()).map_err(Error::internal)?;
            let free = SHOWN.saturating_sub(found.first.len());
            found.first.extend(household.members.iter().take(free));
        }
        behind = window.last;
        if found.looked_at >= LOOKED_AT {
            found.is_capped = true;
            break;
        }
    }
    Ok(found)
}
