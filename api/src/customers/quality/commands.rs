//! Use cases of the quality of records: load, decide, save.

use domain::{
    access::{CustomersConfigure, FollowUpsRead},
    customers::{Customer, QualityPolicy},
    id::Id,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Reads, Writes},
    customers::{quality as store, store::is_within},
};

use super::{ChangeQualityPolicy, CustomerQuality, Sees};
use crate::{
    customers::commands::{get, present},
    http::IfMatch,
};

/// How good the record of a customer within reach is, as somebody may know it, and its version.
pub async fn quality(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    reader: Option<&Authority>,
    id: Id<Customer>,
    now: Timestamp,
) -> Result<(i64, CustomerQuality), Error> {
    let customer = get(handle, grant, id).await?;
    judged(handle, reader, grant.scope().institution(), customer, now).await
}

async fn judged(
    handle: &impl Handle,
    reader: Option<&Authority>,
    institution: Id<domain::organization::Institution>,
    customer: Customer,
    now: Timestamp,
) -> Result<(i64, CustomerQuality), Error> {
    let (id, version) = (customer.id, customer.version);
    let follow_ups = match reader {
        None => true,
        Some(reader) => match Grant::<FollowUpsRead>::of(reader, now) {
            Some(grant) => is_within(handle, grant.scope(), id).await?,
            None => false,
        },
    };
    let sees = Sees {
        fields: reader.map(Authority::fields),
        follow_ups,
    };
    let policy = store::policy(handle, institution).await?;
    let fields = store::custom_fields(handle, institution).await?;
    let examined = store::examine(handle, institution, vec![customer], now).await?;
    let examined = examined
        .first()
        .ok_or_else(|| Error::internal("an examined record is gone"))?;
    let quality = CustomerQuality::new(examined, (&policy, &fields), sees, now);
    Ok((version, quality))
}

/// Writes that the caller has made sure of a record.
///
/// # Errors
/// 404 where the customer is out of reach.
pub async fn verify(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
) -> Result<CustomerQuality, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.touched(&tx.stamp());
    store::verify(tx, grant, &before, &after).await?;
    let reader = tx.operation().authority.as_deref();
    let institution = grant.scope().institution();
    let (_, quality) = judged(tx, reader, institution, after, tx.now()).await?;
    Ok(quality)
}

/// Changes what the institution goes by.
///
/// # Errors
/// 412 where it has changed since it was read.
pub async fn change_policy(
    tx: &Tx,
    grant: &Grant<CustomersConfigure>,
    condition: IfMatch,
    body: &ChangeQualityPolicy,
) -> Result<QualityPolicy, Error> {
    let before = store::lock_policy(tx, grant).await?;
    condition.check(before.version)?;
    let required = match &body.required_fields {
        Some(named) => {
            let named: Vec<_> = named.iter().map(|field| field.0.clone()).collect();
            QualityPolicy::fields_named(&named)?
        }
        None => before.required_fields.clone(),
    };
    let days = body.stale_after_days.unwrap_or(before.stale_after_days);
    let after = before.change(days, required);
    if after != before {
        store::set_policy(tx, grant, &before, &after).await?;
    }
    Ok(after)
}
