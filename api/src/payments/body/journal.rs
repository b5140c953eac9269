use domain::payments::{Account, Cause, PostingSide as Side, SeenPosting, SourceKind};
use jiff::{Timestamp, civil::Date};
use persistence::payments::entries::{Filter, Posted};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::{list::page, money::MoneyBody, wire::Wire};

pub type JournalAccount = Wire<Account>;
pub type JournalCause = Wire<Cause>;
pub type JournalSource = Wire<SourceKind>;
pub type PostingSide = Wire<Side>;

/// An entry of the journal (总账分录): what a charge or a payment moved between accounts, by double entry.
/// It never changes; a mistake is taken back by another entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = JournalEntry, example = json!({"id": "0192f0c1-aaaa-7000-8000-000000000000", "cause": "charged",
    "source_kind": "charge", "source_id": "0192f0c1-bbbb-7000-8000-000000000000",
    "customer_id": "0192f0c1-2222-7000-8000-000000000000", "campus_id": "0192f0c1-1111-7000-8000-000000000000",
    "legal_entity": "启明教育有限公司", "business_date": "2026-11-21", "posted_at": "2026-11-21T02:00:00Z",
    "reversal_of": null, "postings": [
        {"account": "receivable", "side": "debit", "amount": {"amount_minor": 480_000, "currency": "CNY"},
            "customer_id": "0192f0c1-2222-7000-8000-000000000000"},
        {"account": "deferred_tuition", "side": "credit", "amount": {"amount_minor": 480_000, "currency": "CNY"},
            "customer_id": "0192f0c1-2222-7000-8000-000000000000"}]}))]
pub struct JournalEntryBody {
    pub id: Uuid,
    /// Why it was posted.
    pub cause: JournalCause,
    /// Kind of the document that it comes from.
    pub source_kind: JournalSource,
    /// Id of that charge or payment.
    pub source_id: Uuid,
    /// Of the charge or the payment: who was charged, or paid.
    pub customer_id: Uuid,
    /// Where it happened; it stays there when the customer moves.
    pub campus_id: Uuid,
    /// Whose books they are: the legal entity of the campus when it was posted.
    pub legal_entity: String,
    /// The day of the books: the campus's date when it was posted.
    pub business_date: Date,
    /// When it was posted: entries are in this order, the newest first.
    pub posted_at: Timestamp,
    /// The entry that it takes back; null where it takes back none.
    #[schema(required)]
    pub reversal_of: Option<Uuid>,
    /// Its lines, two or more: debits and credits come to the same.
    #[schema(value_type = Vec<JournalPosting>)]
    pub postings: Vec<JournalPosting>,
}

/// A line of an entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalPosting {
    /// The account that it moves.
    pub account: JournalAccount,
    /// On which side of it.
    pub side: PostingSide,
    /// Above zero.
    pub amount: MoneyBody,
    /// Whose account it is. Null stands for all customers out of the caller's reach: their lines are one an
    /// account and side.
    #[schema(required)]
    pub customer_id: Option<Uuid>,
}

impl JournalEntryBody {
    /// As somebody sees it who sees these lines.
    pub fn new(entry: Posted, lines: Vec<SeenPosting>) -> Self {
        Self {
            id: entry.id.uuid(),
            cause: Wire(entry.cause),
            source_kind: Wire(entry.source.kind()),
            source_id: entry.source.uuid(),
            customer_id: entry.customer.uuid(),
            campus_id: entry.campus.uuid(),
            legal_entity: entry.legal_entity,
            business_date: entry.business_date,
            posted_at: entry.posted_at,
            reversal_of: entry.reversal_of.map(|id| id.uuid()),
            postings: lines.into_iter().map(JournalPosting::from).collect(),
        }
    }
}

impl From<SeenPosting> for JournalPosting {
    fn from(line: SeenPosting) -> Self {
        Self {
            account: Wire(line.account),
            side: Wire(line.side),
            amount: line.amount.into(),
            customer_id: line.customer.map(|id| id.uuid()),
        }
    }
}

page! {
    /// One page of the journal.
    JournalEntryPage of JournalEntryBody
}

/// Which entries.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListJournalEntries {
    /// With a line of any of these customers, as far as they are within reach.
    #[param(style = Form, explode = false)]
    pub customer_id: Option<Vec<Uuid>>,
    /// Posted at any of these campuses.
    #[param(style = Form, explode = false)]
    pub campus_id: Option<Vec<Uuid>>,
    /// Posted for any of these causes.
    #[param(style = Form, explode = false)]
    pub cause: Option<Vec<JournalCause>>,
    /// From documents of any of these kinds.
    #[param(style = Form, explode = false)]
    pub source_kind: Option<Vec<JournalSource>>,
    /// On this day of the books or after.
    #[param(rename = "business_date[gte]")]
    #[serde(rename = "business_date[gte]")]
    pub business_from: Option<Date>,
    /// Before this day of the books.
    #[param(rename = "business_date[lt]")]
    #[serde(rename = "business_date[lt]")]
    pub business_until: Option<Date>,
    /// Posted at or after.
    #[param(rename = "posted_at[gte]")]
    #[serde(rename = "posted_at[gte]")]
    pub posted_from: Option<Timestamp>,
    /// Posted before.
    #[param(rename = "posted_at[lt]")]
    #[serde(rename = "posted_at[lt]")]
    pub posted_until: Option<Timestamp>,
}

impl ListJournalEntries {
    pub fn filter(&self) -> Filter {
        Filter {
            customers: self.customer_id.clone(),
            campuses: self.campus_id.clone().unwrap_or_default(),
            causes: self.cause.iter().flatten().map(|v| v.0).collect(),
            sources: self.source_kind.iter().flatten().map(|v| v.0).collect(),
            business_from: self.business_from,
            business_until: self.business_until,
            posted_from: self.posted_from,
            posted_until: self.posted_until,
        }
    }
}
