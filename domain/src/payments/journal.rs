//! The journal (总账): balanced entries, never changed.

use uuid::Uuid;

use super::{Charge, Payment};
use crate::{customers::Customer, fault::Fault, id::Id, money::Money, text_enum};

text_enum! {
    /// An account of the journal. Money that came in stands in the account of its method.
    Account as "JournalAccount" {
        Receivable = "receivable" { "应收账款", "Receivable" }
        DeferredTuition = "deferred_tuition" { "预收学费", "Deferred tuition" }
        CustomerCredit = "customer_credit" { "客户预存", "Customer credit" }
        Cash = "cash" { "库存现金", "Cash" }
        Card = "card" { "刷卡", "Card" }
        Wechat = "wechat" { "微信支付", "WeChat Pay" }
        Alipay = "alipay" { "支付宝", "Alipay" }
        BankTransfer = "bank_transfer" { "银行存款", "Bank transfer" }
        Other = "other" { "其他货币资金", "Other" }
    }
}

text_enum! {
    /// A side of an account.
    PostingSide as "PostingSide" {
        Debit = "debit" { "借", "Debit" }
        Credit = "credit" { "贷", "Credit" }
    }
}

text_enum! {
    /// Why an entry was posted.
    Cause as "JournalCause" {
        Charged = "charged" { "确认应收", "Charged" }
        Credited = "credited" { "冲减应收", "Credited" }
        Paid = "paid" { "收款", "Paid" }
        Allocated = "allocated" { "核销", "Allocated" }
        Voided = "voided" { "作废", "Voided" }
    }
}

text_enum! {
    /// The kind of document that an entry comes from.
    SourceKind as "JournalSource" {
        Charge = "charge" { "应收", "Charge" }
        Payment = "payment" { "收款", "Payment" }
    }
}

/// A line of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    pub account: Account,
    /// Whose account it is.
    pub customer: Id<Customer>,
    pub side: PostingSide,
    /// Above zero.
    pub amount: Money,
}

/// The document that an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Charge(Id<Charge>),
    Payment(Id<Payment>),
}

impl Source {
    /// The document of this kind and id.
    pub fn new(kind: SourceKind, id: Uuid) -> Self {
        match kind {
            SourceKind::Charge => Self::Charge(Id::new(id)),
            SourceKind::Payment => Self::Payment(Id::new(id)),
        }
    }

    pub fn kind(self) -> SourceKind {
        match self {
            Self::Charge(_) => SourceKind::Charge,
            Self::Payment(_) => SourceKind::Payment,
        }
    }

    pub fn uuid(self) -> Uuid {
        match self {
            Self::Charge(id) => id.uuid(),
            Self::Payment(id) => id.uuid(),
        }
    }
}

/// An entry: debits and credits of the same sum (I-01). Where and when it is posted is stamped on
/// it by the store, and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub cause: Cause,
    pub source: Source,
    pub customer: Id<Customer>,
    pub reversal_of: Option<Id<Entry>>,
    postings: Vec<Posting>,
}

impl Entry {
    pub fn new(cause: Cause, source: Source, customer: Id<Customer>) -> Self {
        Self {
            cause,
            source,
            customer,
            reversal_of: None,
            postings: Vec::new(),
        }
    }

    /// As the entry that takes another one back.
    pub fn reversing(self, entry: Id<Self>) -> Self {
        Self {
            reversal_of: Some(entry),
            ..self
        }
    }

    /// With a line on the debit side; nothing of it where the amount is zero.
    pub fn debit(self, account: Account, customer: Id<Customer>, amount: Money) -> Self {
        self.line(account, customer, PostingSide::Debit, amount)
    }

    /// With a line on the credit side; nothing of it where the amount is zero.
    pub fn credit(self, account: Account, customer: Id<Customer>, amount: Money) -> Self {
        self.line(account, customer, PostingSide::Credit, amount)
    }

    fn line(
        mut self,
        account: Account,
        customer: Id<Customer>,
        side: PostingSide,
        amount: Money,
    ) -> Self {
        if !amount.is_zero() {
            self.postings.push(Posting {
                account,
                customer,
                side,
                amount,
            });
        }
        self
    }

    /// The lines, which sum to nothing; `None` where they do not, or one is not above zero.
    pub fn balanced(&self) -> Result<Option<&[Posting]>, Fault> {
        let Some(first) = self.postings.first() else {
            return Ok(None);
        };
        let mut sum = Money::zero(first.amount.currency());
        for posting in &self.postings {
            if !posting.amount.is_positive() {
                return Ok(None);
            }
            sum = match posting.side {
                PostingSide::Debit => sum.plus(posting.amount)?,
                PostingSide::Credit => sum.minus(posting.amount)?,
            };
        }
        Ok(sum.is_zero().then_some(&self.postings))
    }
}

/// A line as somebody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenPosting {
    pub account: Account,
    /// Whose account it is; `None` of all customers that are out of reach.
    pub customer: Option<Id<Customer>>,
    pub side: PostingSide,
    pub amount: Money,
}

/// The lines of an entry as whoever reaches some of their customers sees them. Those of the others are
/// one line an account and side: the entry balances still, and tells neither whose they are nor how
/// many.
pub fn seen(
    postings: &[Posting],
    reaches: impl Fn(Id<Customer>) -> bool,
) -> Result<Vec<SeenPosting>, Fault> {
    let mut lines: Vec<SeenPosting> = Vec::new();
    for posting in postings {
        let line = SeenPosting {
            account: posting.account,
            customer: reaches(posting.customer).then_some(posting.customer),
            side: posting.side,
            amount: posting.amount,
        };
        let others = lines.iter_mut().find(|other| {
            line.customer.is_none()
                && SeenPosting {
                    amount: line.amount,
                    ..**other
                } == line
        });
        match others {
            Some(others) => others.amount = others.amount.plus(line.amount)?,
            None => lines.push(line),
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn an_entry_balances_or_is_none() {
        let customer = Id::new(Uuid::nil());
        let source = Source::Charge(Id::new(Uuid::nil()));
        let cny = |minor| Money::new(minor, Currency::CNY).unwrap();
        let entry = || Entry::new(Cause::Charged, source, customer);
        let postings = |entry: Entry| entry.balanced().map(|p| p.map(<[Posting]>::len));

        assert_eq!(postings(entry()), Ok(None));
        let whole = entry().debit(Account::Receivable, customer, cny(100));
        assert_eq!(postings(whole.clone()), Ok(None));
        let balanced = whole
            .clone()
            .credit(Account::DeferredTuition, customer, cny(60))
            .credit(Account::CustomerCredit, customer, cny(40))
            .credit(Account::Cash, customer, cny(0));
        assert_eq!(postings(balanced), Ok(Some(3)));
        let negative = entry().debit(Account::Cash, customer, cny(-1)).credit(
            Account::CustomerCredit,
            customer,
            cny(-1),
        );
        assert_eq!(postings(negative), Ok(None));
        let usd = Money::new(100, "USD".parse().unwrap()).unwrap();
        let mixed = whole.credit(Account::DeferredTuition, customer, usd);
        assert!(mixed.balanced().is_err());
    }

    #[test]
    fn lines_of_others_are_one_and_the_entry_balances_still() {
        let customer = |n| Id::new(Uuid::from_u128(n));
        let cny = |minor| Money::new(minor, Currency::CNY).unwrap();
        let line = |account, n, side, minor| Posting {
            account,
            customer: customer(n),
            side,
            amount: cny(minor),
        };
        let postings = [
            line(Account::Cash, 1, PostingSide::Debit, 100),
            line(Account::Receivable, 2, PostingSide::Credit, 30),
            line(Account::Receivable, 1, PostingSide::Credit, 20),
            line(Account::Receivable, 3, PostingSide::Credit, 40),
            line(Account::CustomerCredit, 3, PostingSide::Credit, 10),
        ];
        let shown = |known: fn(u128) -> bool| {
            let lines = seen(&postings, |id| known(id.uuid().as_u128())).unwrap();
            let told = |line: &SeenPosting| (line.customer.is_some(), line.amount.minor());
            lines.iter().map(told).collect::<Vec<_>>()
        };
        let all = [(true, 100), (true, 30), (true, 20), (true, 40), (true, 10)];
        assert_eq!(shown(|_| true), all);
        let own = [(true, 100), (false, 70), (true, 20), (false, 10)];
        assert_eq!(shown(|id| id == 1), own);
        assert_eq!(shown(|_| false), [(false, 100), (false, 90), (false, 10)]);
    }
}
