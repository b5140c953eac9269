//! Everything that happened to a customer, newest first, told by the tables themselves.

use domain::{
    customers::{Customer, TimelineKind},
    id::Id,
    money::Money,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use super::{CHILDREN, OnTimeline, entity::Entity};
use crate::{
    Error, Handle,
    access::{Authority, Branch, Scope},
    clock::timestamp,
    database::{placeholders, statement},
    scope::reaches,
};

/// One thing that happened.
#[derive(Clone)]
pub struct Happening {
    pub kind: TimelineKind,
    pub at: Timestamp,
    pub record: Uuid,
    pub actor: Option<Uuid>,
    pub text: Option<String>,
    pub amount: Option<Money>,
    /// Whether it no longer holds.
    pub ended: bool,
}

impl std::fmt::Debug for Happening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Happening({:?} {})", self.kind, self.record)
    }
}

/// The kinds of entry within reach at a customer; of some of them, only what is of these classes.
#[derive(Clone, Debug)]
pub struct Reached(Vec<(TimelineKind, Option<Vec<Uuid>>)>);

impl Reached {
    /// Leaves out the kinds that are not wanted.
    pub fn retain(&mut self, wanted: impl Fn(&TimelineKind) -> bool) {
        self.0.retain(|(kind, _)| wanted(kind));
    }

    fn of(&self, kind: TimelineKind) -> Option<Option<&[Uuid]>> {
        let found = self.0.iter().find(|(reached, _)| *reached == kind);
        found.map(|(_, classes)| classes.as_deref())
    }
}

/// The kinds of entry that an authority reaches at a customer.
pub async fn reached(
    handle: &impl Handle,
    authority: &Authority,
    customer: &Customer,
    now: Timestamp,
) -> Result<Reached, Error> {
    let mut reached = Vec::new();
    for (kind, permission) in kinds() {
        let Some(scope) = Scope::of(authority, permission, now) else {
            continue;
        };
        // To who teaches a customer its papers are closed.
        let scope = match is_paper(kind) {
            true => scope.beyond_classes(),
            false => scope,
        };
        if scope.covers(customer.holder, customer.campus) {
            reached.push((kind, None));
        } else if class_of(kind).is_some() {
            reached.push((kind, Some(classes(&scope))));
        } else if reaches::<Entity>(handle, &scope, customer.id.uuid()).await? {
            reached.push((kind, None));
        }
    }
    Ok(Reached(reached))
}

/// Whether entries of a kind tell of papers ([`super::store::opens_papers`]).
fn is_paper(kind: TimelineKind) -> bool {
    matches!(
        kind,
        TimelineKind::Collection
            | TimelineKind::Consent
            | TimelineKind::Disclosure
            | TimelineKind::Insight
    )
}

/// The column by which entries of a kind are within reach of who teaches, where their table has a
/// class; those of other kinds are reached where their customer is.
fn class_of(kind: TimelineKind) -> Option<&'static str> {
    match kind {
        TimelineKind::Enrollment => Some("class_id"),
        TimelineKind::FollowUp
        | TimelineKind::Tag
        | TimelineKind::Charge
        | TimelineKind::Payment
        | TimelineKind::Collection
        | TimelineKind::Consent
        | TimelineKind::Disclosure
        | TimelineKind::Insight
        | TimelineKind::Screening => None,
    }
}

fn classes(scope: &Scope) -> Vec<Uuid> {
    let classes = scope.branches().iter().filter_map(|branch| match branch {
        Branch::Class(class) => Some(*class),
        _ => None,
    });
    classes.collect()
}

/// Tables that name a customer without being in its hands, and stand on its timeline all the same.
static BESIDE: &[(&str, OnTimeline)] = &[
    (
        "customer_collections",
        OnTimeline::As {
            kind: TimelineKind::Collection,
            permission: "customers:read",
            at: "created_at",
            actor: "recorded_by",
            text: "NULL",
            amount: "NULL",
            currency: "NULL",
            // The first one is the customer itself.
            only: "is_current AND id <> customer_id",
            ended: "FALSE",
        },
    ),
    (
        "consents",
        OnTimeline::As {
            kind: TimelineKind::Consent,
            permission: "customers:read",
            at: "decided_at",
            actor: "recorded_by",
            text: "purpose",
            amount: "NULL",
            currency: "NULL",
            only: "TRUE",
            ended: "decision = 'withdrawn'",
        },
    ),
    (
        "disclosures",
        OnTimeline::As {
            kind: TimelineKind::Disclosure,
            permission: "customers:read",
            at: "disclosed_at",
            actor: "recorded_by",
            text: "(SELECT r.name FROM recipients r WHERE r.institution_id = disclosures.institution_id \
                   AND r.id = disclosures.recipient_id)",
            amount: "NULL",
            currency: "NULL",
            only: "TRUE",
            ended: "FALSE",
        },
    ),
    (
        "customer_insights",
        OnTimeline::As {
            kind: TimelineKind::Insight,
            permission: "customers:read",
            at: "recorded_at",
            actor: "recorded_by",
            text: "topic",
            amount: "NULL",
            currency: "NULL",
            only: "TRUE",
            ended: "withdrawn_at IS NOT NULL",
        },
    ),
    (
        "customer_screenings",
        OnTimeline::As {
            kind: TimelineKind::Screening,
            permission: "customers:read",
            at: "screened_at",
            actor: "screened_by",
            text: "outcome",
            amount: "NULL",
            currency: "NULL",
            only: "TRUE",
            ended: "FALSE",
        },
    ),
];

/// Every table whose rows stand on timelines.
fn shown() -> impl Iterator<Item = (&'static str, &'static OnTimeline)> {
    let children = CHILDREN.iter().map(|child| (child.table, &child.shown));
    children.chain(BESIDE.iter().map(|(table, shown)| (*table, shown)))
}

/// Kinds of entry, each with the permission within whose reach it is.
fn kinds() -> impl Iterator<Item = (TimelineKind, &'static str)> {
    shown().filter_map(|(_, shown)| match shown {
        OnTimeline::As {
            kind, permission, ..
        } => Some((*kind, *permission)),
        OnTimeline::Elsewhere => None,
    })
}

/// At most `limit` entries of these kinds behind `after`. The caller has found the customer within
/// reach.
pub async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    customer: Id<Customer>,
    reached: &Reached,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<Happening>, Error> {
    let mut sql = String::new();
    let mut values: Vec<Value> = Vec::new();
    for (table, shown) in shown() {
        let OnTimeline::As {
            kind,
            at,
            actor,
            text,
            amount,
            currency,
            only,
            ended,
            ..
        } = shown
        else {
            continue;
        };
        let Some(classes) = reached.of(*kind) else {
            continue;
        };
        if classes.is_some_and(<[Uuid]>::is_empty) {
            continue;
        }
        if !sql.is_empty() {
            sql.push_str(" UNION ALL ");
        }
        let behind = if after.is_some() {
            format!(" AND ({at}, id) < (?, ?)")
        } else {
            String::new()
        };
        let within = match (class_of(*kind), classes) {
            (Some(column), Some(classes)) => {
                format!(" AND {column} IN ({})", placeholders(classes.len()))
            }
            _ => String::new(),
        };
        // SQLite takes no ORDER BY or LIMIT in a member of a union: wrapped, it does.
        sql.push_str(&format!(
            "SELECT * FROM (SELECT '{kind}' AS kind, {at} AS at, id, CAST({actor} AS {uuid}) AS actor, \
             CAST({text} AS text) AS text, CAST({amount} AS bigint) AS amount, \
             CAST({currency} AS text) AS currency, CASE WHEN {ended} THEN 1 ELSE 0 END AS ended FROM {table} \
             WHERE institution_id = ? AND customer_id = ? AND {only}{within}{behind} \
             ORDER BY {at} DESC, id DESC LIMIT {limit}) AS {table}",
            kind = kind.as_str(),
            uuid = if handle.is_postgres() { "uuid" } else { "blob" },
        ));
        values.extend([institution.uuid().into(), customer.uuid().into()]);
        values.extend(
            classes
                .into_iter()
                .flatten()
                .map(|class| Value::from(*class)),
        );
        if let Some((at, id)) = after {
            values.extend([at.into(), id.into()]);
        }
    }
    if sql.is_empty() {
        return Ok(Vec::new());
    }
    sql.push_str(&format!(" ORDER BY at DESC, id DESC LIMIT {limit}"));
    handle
        .query_all_raw(statement(handle, &sql, values))
        .await?
        .iter()
        .map(entry)
        .collect()
}

fn entry(row: &QueryResult) -> Result<Happening, Error> {
    let kind: String = row.try_get("", "kind")?;
    Ok(Happening {
        kind: TimelineKind::parse(&kind).ok_or_else(|| Error::corrupt(TimelineKind::NAME))?,
        at: timestamp(row.try_get("", "at")?)?,
        record: row.try_get("", "id")?,
        actor: row.try_get("", "actor")?,
        text: row.try_get("", "text")?,
        amount: amount(row)?,
        ended: row.try_get::<i32>("", "ended")? == 1,
    })
}

fn amount(row: &QueryResult) -> Result<Option<Money>, Error> {
    let minor: Option<i64> = row.try_get("", "amount")?;
    let currency: Option<String> = row.try_get("", "currency")?;
    let (Some(minor), Some(currency)) = (minor, currency) else {
        return Ok(None);
    };
    let currency = currency.parse().map_err(|_| Error::corrupt("currency"))?;
    Ok(Some(Money::new(minor, currency)?))
}
