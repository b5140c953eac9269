//! Use cases of runs: what the rules would do, and that they are applied.

use std::time::{Duration, Instant};

use domain::{
    access::{CustomersRead, CustomersScreen, FIELD_NOT_READABLE, Oneself},
    customers::{SCREENING_CHANGED, ScreeningRun},
    fault::{Fault, REFERENCE_UNKNOWN},
    id::Id,
    jobs::JobStatus,
    views::View,
};
use jiff::Timestamp;
use persistence::{
    Error, Handle, Tx,
    access::{Authority, Grant, Writes},
    customers::screenings::{judged, rules, runs},
    kept,
};
use uuid::Uuid;

use super::{
    PreviewScreening, RunScreening, ScreeningPreview, TriedRecord, TriedScreeningRule,
    job::Told,
    plan::{Confines, compiled},
};
use crate::{
    access::missing,
    customers::screenings::commands::{actor, is_shown, unless_ruled},
    http::wire::Wire,
};

/// Records of which a preview asks the rules, at most.
const LOOKED_AT: i64 = 10_000;
/// Records that are looked at together, and how often a preview looks for more.
const AT_ONCE: u64 = 500;
const PAGES: usize = 100;
/// How long a preview looks for more.
const LONG: Duration = Duration::from_secs(5);
/// Records that a preview shows.
const SHOWN: usize = 20;

/// By what somebody applies rules, and sees records and views.
pub(super) struct Grants {
    pub(super) screening: Grant<CustomersScreen>,
    pub(super) seen: Grant<CustomersRead>,
    pub(super) own: Grant<Oneself>,
}

impl Grants {
    /// # Errors
    /// 403 for who may not see customers.
    pub(super) fn of(
        screening: Grant<CustomersScreen>,
        reader: &Authority,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        Ok(Self {
            screening,
            seen: Grant::of(reader, now).ok_or_else(missing::<CustomersRead>)?,
            own: Grant::of(reader, now).ok_or_else(missing::<Oneself>)?,
        })
    }
}

/// What the rules would do now.
///
/// # Errors
/// 403 for who may not see customers; 409 where a rule or the view can't be read any more; 422 where anything
/// goes by what the caller may not read.
pub(super) async fn preview(
    handle: &impl Handle,
    grants: &Grants,
    (reader, now): (&Authority, Timestamp),
    body: &PreviewScreening,
) -> Result<ScreeningPreview, Error> {
    if !is_shown(reader) {
        return Err(Fault::new(&FIELD_NOT_READABLE).into());
    }
    let with_drafts = body.with_drafts.unwrap_or_default();
    let view = view(handle, &grants.own, body.view_id).await?;
    let confines = Confines {
        view: view.as_ref(),
        conditions: body.conditions.as_ref(),
    };
    let rules = rules::standing(handle, reader.institution(), with_drafts).await?;
    let trees = compiled(handle, (reader, now), &rules).await?;
    let records = confines.records(handle, (reader, now)).await?;
    let mut preview = ScreeningPreview {
        preview_key: (!with_drafts).then(|| confines.key(&rules)),
        looked_at: 0,
        is_capped: false,
        unmatched: 0,
        rules: rules.iter().map(tried).collect(),
        sample: Vec::new(),
    };
    let (begun, mut after) = (Instant::now(), None);
    for _ in 0..PAGES {
        let (some, next) = records
            .batch(handle, &grants.seen, (after, AT_ONCE))
            .await?;
        let ids: Vec<Uuid> = some.iter().map(|customer| customer.id.uuid()).collect();
        let judged = judged(handle, &grants.screening, &trees, &ids).await?;
        for id in ids {
            if let Some(rule) = judged.get(&id) {
                preview.count(id, *rule);
            }
        }
        after = next;
        if after.is_none() || preview.looked_at >= LOOKED_AT || begun.elapsed() >= LONG {
            break;
        }
    }
    preview.is_capped = after.is_some();
    Ok(preview)
}

impl ScreeningPreview {
    /// That one of its rules, or none, says something of a record.
    fn count(&mut self, record: Uuid, rule: Option<usize>) {
        self.looked_at += 1;
        let Some(rule) = rule.and_then(|place| self.rules.get_mut(place)) else {
            self.unmatched += 1;
            return;
        };
        rule.marked += 1;
        if self.sample.len() < SHOWN {
            self.sample.push(TriedRecord {
                customer_id: record,
                rule_id: rule.rule_id,
                outcome: rule.outcome,
            });
        }
    }
}

fn tried(rule: &domain::customers::ScreeningRule) -> TriedScreeningRule {
    TriedScreeningRule {
        rule_id: rule.id.uuid(),
        version: rule.version,
        name: rule.name.clone(),
        state: Wire(rule.state),
        outcome: Wire(rule.verdict.outcome),
        reason: Wire(rule.verdict.reason),
        marked: 0,
    }
}

async fn view(
    handle: &impl Handle,
    own: &Grant<Oneself>,
    id: Option<Uuid>,
) -> Result<Option<View>, Error> {
    let Some(id) = id else {
        return Ok(None);
    };
    let view = kept::find(handle, own, Id::new(id)).await?;
    let view = view.ok_or_else(|| Fault::field("/view_id", &REFERENCE_UNKNOWN))?;
    Ok(Some(view))
}

/// Begins a run of the rules that are in force.
///
/// # Errors
/// 403 for who may not see customers; 409 where it is not what was previewed, or a rule or the view can't be
/// read any more; 422 where anything goes by what the caller may not read.
pub async fn begin(
    tx: &Tx,
    grant: &impl Writes<ScreeningRun>,
    own: &Grant<Oneself>,
    body: &RunScreening,
) -> Result<ScreeningRun, Error> {
    unless_ruled(tx, "")?;
    let reader = tx.operation().authority.as_deref();
    let reader = reader.filter(|reader| reader.holds::<CustomersRead>());
    let reader = reader.ok_or_else(missing::<CustomersRead>)?;
    let view = view(tx, own, body.view_id).await?;
    let confines = Confines {
        view: view.as_ref(),
        conditions: body.conditions.as_ref(),
    };
    let rules = rules::standing(tx, tx.operation().institution, false).await?;
    if body
        .preview_key
        .as_ref()
        .is_some_and(|key| *key != confines.key(&rules))
    {
        return Err(Fault::new(&SCREENING_CHANGED).into());
    }
    compiled(tx, (reader, tx.now()), &rules).await?;
    confines.records(tx, (reader, tx.now())).await?;
    let run = ScreeningRun {
        id: tx.stamp().id(),
        version: 1,
        owner: actor(tx).ok_or_else(missing::<Oneself>)?,
        job: tx.stamp().id(),
        view: view.as_ref().map(|view| (view.id, view.version)),
        rules: rules.iter().map(Into::into).collect(),
        status: JobStatus::Running,
        looked_at: 0,
        behind: None,
        created_at: tx.now(),
        finished_at: None,
    };
    let told = Told {
        conditions: body.conditions.clone(),
    };
    let told = serde_json::to_vec(&told).map_err(Error::internal)?;
    runs::begin(tx, grant, &run, &told).await?;
    Ok(run)
}
