//! Reading the journal: entries with their lines, the latest first.
//!
//! An entry does not say who may see it: it stays as it was posted, whoever holds its customer later. It
//! is within reach where the customer of its charge or payment is.

use std::collections::HashMap;

use domain::{
    customers::Customer,
    id::Id,
    money::{Currency, Money},
    organization::{Campus, Institution},
    payments::{Account, Balance, Cause, Entry, Posting, PostingSide, Source, SourceKind},
    text_enum::TextEnum,
};
use jiff::{Timestamp, civil::Date};
use sea_orm::{
    Condition, QueryResult,
    sea_query::{ArrayType, Expr, ExprTrait, JoinType, Query, SelectStatement},
};
use uuid::Uuid;

use super::entity::balance;
use crate::{
    Error, Handle,
    access::Reads,
    clock::{date, date_column, micros, timestamp, utc_midnight},
    customers::links,
    database::{among, statement},
    scope::{Page, reachable},
};

/// An entry as it was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    pub id: Id<Entry>,
    pub cause: Cause,
    pub source: Source,
    /// Of the source.
    pub customer: Id<Customer>,
    /// Where it happened.
    pub campus: Id<Campus>,
    pub legal_entity: String,
    pub business_date: Date,
    pub posted_at: Timestamp,
    pub reversal_of: Option<Id<Entry>>,
    pub postings: Vec<Posting>,
}

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// With a line of any of these. None of them is no condition; an empty list is met by nothing.
    pub customers: Option<Vec<Uuid>>,
    pub campuses: Vec<Uuid>,
    pub causes: Vec<Cause>,
    pub sources: Vec<SourceKind>,
    pub business_from: Option<Date>,
    pub business_until: Option<Date>,
    pub posted_from: Option<Timestamp>,
    pub posted_until: Option<Timestamp>,
}

const ENTRIES: &str = "journal_entries";
const POSTINGS: &str = "journal_postings";

fn own(column: &'static str) -> Expr {
    Expr::col((ENTRIES, column))
}

impl Filter {
    fn condition(&self) -> Result<Condition, Error> {
        let mut all = self.bounds();
        if !self.campuses.is_empty() {
            all = all.add(own("campus_id").is_in(self.campuses.iter().copied()));
        }
        if !self.causes.is_empty() {
            all = all.add(own("cause").is_in(self.causes.iter().map(|v| v.as_str())));
        }
        if !self.sources.is_empty() {
            all = all.add(own("source_kind").is_in(self.sources.iter().map(|v| v.as_str())));
        }
        let from = self.business_from.map(date_column).transpose()?;
        let until = self.business_until.map(date_column).transpose()?;
        Ok(all
            .add_option(from.map(|day| own("business_date").gte(day)))
            .add_option(until.map(|day| own("business_date").lt(day))))
    }

    /// Bounds of the instants in whose order the list is: without them all history is walked. No place
    /// is a day away from another.
    fn bounds(&self) -> Condition {
        let yesterday = |day: Date| utc_midnight(day.yesterday().ok()?);
        let tomorrow = |day: Date| utc_midnight(day.tomorrow().ok()?);
        let at = || own("posted_at");
        Condition::all()
            .add_option(self.posted_from.map(|from| at().gte(micros(from))))
            .add_option(self.posted_until.map(|until| at().lt(micros(until))))
            .add_option(
                self.business_from
                    .and_then(yesterday)
                    .map(|first| at().gte(first)),
            )
            .add_option(
                self.business_until
                    .and_then(tomorrow)
                    .map(|end| at().lt(end)),
            )
    }
}

/// One page of the entries within reach.
pub async fn list<G>(
    handle: &impl Handle,
    grant: &G,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Posted>, Error>
where
    G: Reads<Entry> + Reads<Balance>,
{
    let keys = keys(handle, grant, filter, page).await?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let ids = keys
        .iter()
        .take(limit)
        .map(|key| Ok(key.try_get("", "id")?))
        .collect::<Result<Vec<Uuid>, Error>>()?;
    let institution = Reads::<Entry>::scope(grant).institution();
    let mut found = read(handle, institution, &ids).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Entries that are looked at one after the other before those of each customer are: whoever reaches
/// one in twenty finds a page among them.
const LATEST: u64 = 1000;

/// Ids of a page, in its order.
async fn keys<G>(
    handle: &impl Handle,
    grant: &G,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<QueryResult>, Error>
where
    G: Reads<Entry> + Reads<Balance>,
{
    let scope = Reads::<Entry>::scope(grant);
    let institution = scope.institution();
    let condition = filter.condition()?;
    if let Some(customers) = &filter.customers {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = touching(institution, customers);
        within_reach(&mut select, grant);
        return confined(handle, select, condition, page).await;
    }
    if scope.is_whole() {
        let mut select = Query::select();
        select.from(ENTRIES);
        return confined(handle, of(select, institution), condition, page).await;
    }
    let mut select = latest(institution, filter, page)?;
    within_reach(&mut select, grant);
    let found = confined(handle, select, condition.clone(), page).await?;
    if u64::try_from(found.len()).map_err(Error::internal)? >= page.limit {
        return Ok(found);
    }
    links::page_of(handle, scope, (ENTRIES, "posted_at"), condition, page).await
}

fn of_institution(institution: Id<Institution>) -> Condition {
    Condition::all().add(own("institution_id").eq(institution.uuid()))
}

fn of(mut select: SelectStatement, institution: Id<Institution>) -> SelectStatement {
    select.cond_where(of_institution(institution));
    select
}

/// Entries with a line of some customers.
fn touching(institution: Id<Institution>, customers: &[Uuid]) -> SelectStatement {
    let line = |column: &'static str| Expr::col((POSTINGS, column));
    let mut select = Query::select();
    // CROSS JOIN keeps the tables in this order on SQLite, whose planner would walk the largest.
    select
        .distinct()
        .from(POSTINGS)
        .join(JoinType::CrossJoin, ENTRIES, Condition::all())
        .and_where(line("institution_id").eq(institution.uuid()))
        .and_where(line("customer_id").is_in(customers.iter().copied()))
        .and_where(own("id").eq(line("entry_id")));
    of(select, institution)
}

/// The first entries of the page, whoever may see them.
fn latest(
    institution: Id<Institution>,
    filter: &Filter,
    page: &Page,
) -> Result<SelectStatement, Error> {
    let mut latest = Query::select();
    latest
        .columns([
            "institution_id",
            "id",
            "customer_id",
            "campus_id",
            "cause",
            "source_kind",
            "business_date",
            "posted_at",
        ])
        .from(ENTRIES)
        .cond_where(of_institution(institution).add(filter.bounds()));
    let page = Page {
        limit: LATEST,
        ..page.clone()
    };
    page.confine(&mut latest, own("posted_at"), own("id"));
    let mut select = Query::select();
    select.from_subquery(latest, ENTRIES);
    Ok(select)
}

/// Confines entries to those within reach: whoever was charged, or paid, has a balance.
fn within_reach(select: &mut SelectStatement, grant: &impl Reads<Balance>) {
    let balance = |column: balance::Column| Expr::col((balance::Entity, column));
    select
        .join(JoinType::CrossJoin, balance::Entity, Condition::all())
        .and_where(balance(balance::Column::InstitutionId).eq(own("institution_id")))
        .and_where(balance(balance::Column::CustomerId).eq(own("customer_id")))
        .cond_where(reachable::<balance::Entity>(grant));
}

async fn confined(
    handle: &impl Handle,
    mut select: SelectStatement,
    condition: Condition,
    page: &Page,
) -> Result<Vec<QueryResult>, Error> {
    select
        .expr_as(own("posted_at"), "at")
        .expr_as(own("id"), "id")
        .cond_where(condition);
    page.confine(&mut select, own("posted_at"), own("id"));
    Ok(handle.query_all(&select).await?)
}

/// Entries with their lines.
async fn read(
    handle: &impl Handle,
    institution: Id<Institution>,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Posted>, Error> {
    let mut found = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let ids = ids.iter().map(|id| (*id).into()).collect();
    let (named, ids) = among(handle, "e.id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT e.id, e.legal_entity, e.campus_id, e.business_date, e.posted_at, e.source_kind, \
         e.source_id, e.cause, e.customer_id, e.reversal_of, p.account, p.customer_id AS whose, \
         p.side, p.amount_minor, p.currency FROM journal_entries e \
         JOIN journal_postings p ON p.institution_id = e.institution_id AND p.entry_id = e.id \
         WHERE e.institution_id = ? AND {named} ORDER BY e.id, p.line"
    );
    let values = [institution.uuid().into()].into_iter().chain(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    for row in &rows {
        let id: Uuid = row.try_get("", "id")?;
        let line = posting(row)?;
        match found.get_mut(&id) {
            None => {
                found.insert(id, entry(row, line)?);
            }
            Some(Posted { postings, .. }) => postings.push(line),
        }
    }
    Ok(found)
}

fn entry(row: &QueryResult, first: Posting) -> Result<Posted, Error> {
    let kind = listed::<SourceKind>(row, "source_kind")?;
    let reversal_of: Option<Uuid> = row.try_get("", "reversal_of")?;
    Ok(Posted {
        id: Id::new(row.try_get("", "id")?),
        cause: listed(row, "cause")?,
        source: Source::new(kind, row.try_get("", "source_id")?),
        customer: Id::new(row.try_get("", "customer_id")?),
        campus: Id::new(row.try_get("", "campus_id")?),
        legal_entity: row.try_get("", "legal_entity")?,
        business_date: date(row.try_get("", "business_date")?)?,
        posted_at: timestamp(row.try_get("", "posted_at")?)?,
        reversal_of: reversal_of.map(Id::new),
        postings: vec![first],
    })
}

fn posting(row: &QueryResult) -> Result<Posting, Error> {
    let currency: String = row.try_get("", "currency")?;
    let currency: Currency = currency.parse().map_err(|_| Error::corrupt("currency"))?;
    Ok(Posting {
        account: listed::<Account>(row, "account")?,
        customer: Id::new(row.try_get("", "whose")?),
        side: listed::<PostingSide>(row, "side")?,
        amount: Money::new(row.try_get("", "amount_minor")?, currency)?,
    })
}

fn listed<E: TextEnum>(row: &QueryResult, column: &str) -> Result<E, Error> {
    let text: String = row.try_get("", column)?;
    E::parse(&text).ok_or_else(|| Error::corrupt(E::NAME))
}
