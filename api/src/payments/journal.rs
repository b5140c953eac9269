//! The journal over HTTP: what was posted, to be read only.

use std::collections::BTreeSet;

use actix_web::get;
use domain::{
    access::PaymentsRead,
    customers::Customer,
    id::Id,
    payments::{Entry, seen},
};
use persistence::{
    Error, Handle,
    access::Reads,
    clock::micros,
    customers::{links, merges},
    payments::entries::{self, Filter, Posted},
    scope::Direction,
};

use super::{JournalEntryBody, JournalEntryPage, ListJournalEntries};
use crate::{
    access::Granted,
    http::{List, Problem, Reply, list::Paging},
    payments::handlers::TAG,
};

/// List the journal of what was charged and paid, newest first
///
/// The books behind charges, payments and balances. An entry is within reach where the customer of its
/// charge or payment is; what others paid for a customer stands in entries of theirs. Of all entries with
/// a line of a customer, the lines of that customer on `receivable` sum up to what it owes, and those on
/// `customer_credit` to its credit.
#[utoipa::path(tag = TAG, params(Paging, ListJournalEntries),
    responses((status = 200, body = JournalEntryPage)), security(("bearer" = ["payments:read"])))]
#[get("/journal-entries")]
pub(in crate::payments) async fn list_journal_entries(
    ctx: Granted<PaymentsRead>,
    asked: List<ListJournalEntries>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    let page = part.page(Direction::NewestFirst)?;
    let read = ctx.read();
    let filter = filter(&read, &ctx.grant, &query).await?;
    let rows = entries::list(&read, &ctx.grant, &filter, &page).await?;
    let (rows, next) = part.cut(rows, |entry| (micros(entry.posted_at), entry.id.uuid()));
    Ok(next.answer::<JournalEntryPage>(show(&read, &ctx.grant, rows).await?)?)
}

/// Which entries a list shows: of customers out of reach it finds none.
async fn filter(
    handle: &impl Handle,
    grant: &impl Reads<Entry>,
    query: &ListJournalEntries,
) -> Result<Filter, Error> {
    let mut filter = query.filter();
    if let Some(customers) = &mut filter.customers {
        let institution = grant.scope().institution();
        *customers = merges::resolved(handle, institution, std::mem::take(customers)).await?;
        let wanted = customers.iter().copied().map(Id::new).collect();
        let reached = links::within_reach(handle, grant.scope(), &wanted).await?;
        customers.retain(|customer| reached.contains(&Id::new(*customer)));
        *customers = merges::with_former(handle, institution, std::mem::take(customers)).await?;
    }
    Ok(filter)
}

/// Entries as they are shown, with the customers of their lines where these are within reach.
async fn show(
    handle: &impl Handle,
    grant: &impl Reads<Entry>,
    entries: Vec<Posted>,
) -> Result<Vec<JournalEntryBody>, Error> {
    let named = |entry: &Posted| {
        let own = entry.customer;
        let customers = entry.postings.iter().map(|posting| posting.customer);
        customers
            .filter(|customer| *customer != own)
            .collect::<Vec<_>>()
    };
    let others: BTreeSet<_> = entries.iter().flat_map(named).collect();
    let ids: Vec<_> = others.iter().map(|id| id.uuid()).collect();
    let now = merges::now_of(handle, grant.scope().institution(), &ids).await?;
    // What was posted stands under the id of that time.
    let now = |id: Id<Customer>| now.get(&id.uuid()).copied().map_or(id, Id::new);
    let others = others.into_iter().map(now).collect();
    let reached = links::within_reach(handle, grant.scope(), &others).await?;
    entries
        .into_iter()
        .map(|entry| {
            let lines = seen(&entry.postings, |customer| {
                customer == entry.customer || reached.contains(&now(customer))
            })?;
            Ok(JournalEntryBody::new(entry, lines))
        })
        .collect()
}
