use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use super::{
    ALLOCATED_TWICE, ALLOCATION_EXCEEDS_PAYMENT, AMOUNT_NOT_POSITIVE, Account, Charge, Entry,
    PAID_IN_FUTURE, PAYMENT_SPREAD_OUT, PAYMENT_VOIDED,
};
use crate::{
    access::Principal,
    calendar,
    customers::{Anchor, Customer},
    fault::{AMOUNT_OUT_OF_RANGE, Fault, FieldFault},
    id::Id,
    money::Money,
    organization::{Campus, Holder},
    stamp::Stamp,
    text, text_enum,
};

/// Longest note on a payment, in characters.
pub const NOTE_MAX: usize = 500;
/// Longest reason of a void, in characters.
pub const REASON_MAX: usize = 200;
/// Most charges that a payment is put to by one command.
pub const ALLOCATIONS_MAX: usize = 100;
/// Most charges that a payment is put to at a time: voiding it changes all of them.
pub const CHARGES_MAX: usize = 500;

text_enum! {
    /// How money came in.
    Method as "PaymentMethod" {
        Cash = "cash" { "现金", "Cash" }
        Card = "card" { "刷卡", "Card" }
        Wechat = "wechat" { "微信支付", "WeChat Pay" }
        Alipay = "alipay" { "支付宝", "Alipay" }
        BankTransfer = "bank_transfer" { "银行转账", "Bank transfer" }
        Other = "other" { "其他", "Other" }
    }
}

impl Method {
    /// The account of the journal in which the money stands.
    pub fn account(self) -> Account {
        match self {
            Self::Cash => Account::Cash,
            Self::Card => Account::Card,
            Self::Wechat => Account::Wechat,
            Self::Alipay => Account::Alipay,
            Self::BankTransfer => Account::BankTransfer,
            Self::Other => Account::Other,
        }
    }
}

/// Money that came in, as it is taken.
#[derive(Clone, Debug)]
pub struct NewPayment {
    pub payer: Anchor,
    /// Whose desk took it, and whose receipt it gets.
    pub campus: Id<Campus>,
    pub method: Method,
    /// Above zero.
    pub amount: Money,
    /// Today at the campus, when absent.
    pub paid_on: Option<Date>,
    /// Up to [`NOTE_MAX`] characters.
    pub note: Option<String>,
}

/// A payment (收款) as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: Id<Payment>,
    pub version: i64,
    /// Who paid.
    pub customer: Id<Customer>,
    /// Of the payer: they follow it.
    pub holder: Id<Holder>,
    pub customer_campus: Id<Campus>,
    pub campus: Id<Campus>,
    pub method: Method,
    pub amount: Money,
    /// What is left of it: the payer's credit.
    pub unallocated: Money,
    /// When the money came in, as the payer counts.
    pub paid_on: Date,
    /// The day of the books: today at the campus, when it was taken.
    pub business_date: Date,
    pub note: Option<String>,
    pub entry: Id<Entry>,
    pub received_by: Id<Principal>,
    pub voided: Option<Voided>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// That a payment was taken back, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided {
    pub at: Timestamp,
    /// The day of the books.
    pub on: Date,
    pub by: Id<Principal>,
    pub reason: String,
}

/// Part of a payment for a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub charge: Id<Charge>,
    pub amount: Money,
}

impl Payment {
    /// Nothing of it is allocated yet.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once. `today` is the campus's date.
    pub fn take(
        new: NewPayment,
        received_by: Id<Principal>,
        today: Date,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if !new.amount.is_positive() {
            faults.push(FieldFault::new("/amount", &AMOUNT_NOT_POSITIVE));
        } else if new.amount.minor() > Money::ONE_MAX_MINOR {
            faults.push(FieldFault::new("/amount", &AMOUNT_OUT_OF_RANGE));
        }
        let paid_on = new.paid_on.unwrap_or(today);
        if let Err(fault) = calendar::check("/paid_on", paid_on) {
            faults.push(fault);
        } else if paid_on > today {
            faults.push(FieldFault::new("/paid_on", &PAID_IN_FUTURE));
        }
        let note = new.note.map(|note| {
            text::note("/note", &note, NOTE_MAX)
                .map_err(|fault| faults.push(fault))
                .unwrap_or_default()
        });
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            customer: new.payer.id,
            holder: new.payer.holder,
            customer_campus: new.payer.campus,
            campus: new.campus,
            method: new.method,
            amount: new.amount,
            unallocated: new.amount,
            paid_on,
            business_date: today,
            note,
            entry: stamp.id(),
            received_by,
            voided: None,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    /// Less by what is put to charges; the version stays, since one command may put it to several.
    ///
    /// # Errors
    /// 409 where it is voided, 422 where less is left.
    pub fn allocate(&self, amount: Money) -> Result<Self, Fault> {
        self.live()?;
        let left = self.unallocated.minus(amount)?;
        if left.minor() < 0 {
            return Err(exceeds(self.unallocated));
        }
        Ok(Self {
            unallocated: left,
            ..self.clone()
        })
    }

    /// With what a charge gave back.
    pub fn release(&self, amount: Money, stamp: &Stamp) -> Result<Self, Fault> {
        Ok(Self {
            unallocated: self.unallocated.plus(amount)?,
            ..self.touched(stamp)
        })
    }

    /// Taken back: once, for a reason.
    ///
    /// # Errors
    /// 409 the second time, 422 where the reason is no line of text.
    pub fn void(
        &self,
        reason: &str,
        by: Id<Principal>,
        today: Date,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        self.live()?;
        let reason = text::line("/reason", reason, REASON_MAX)?;
        Ok(Self {
            unallocated: Money::zero(self.amount.currency()),
            voided: Some(Voided {
                at: stamp.now(),
                on: today,
                by,
                reason,
            }),
            ..self.touched(stamp)
        })
    }

    /// # Errors
    /// 409 where it is voided.
    pub fn live(&self) -> Result<(), Fault> {
        if self.voided.is_some() {
            return Err(Fault::new(&PAYMENT_VOIDED));
        }
        Ok(())
    }

    pub fn touched(&self, stamp: &Stamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: stamp.now(),
            ..self.clone()
        }
    }
}

fn exceeds(left: Money) -> Fault {
    Fault::fields(vec![
        FieldFault::new("/allocations", &ALLOCATION_EXCEEDS_PAYMENT).with("left", left.minor()),
    ])
}

/// Whether `wanted` can come out of `available`: each charge once, amounts above zero.
///
/// # Errors
/// Every entry that breaks a rule, at once.
pub fn check_allocations(available: Money, wanted: &[Allocation]) -> Result<(), Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut sum = Money::zero(available.currency());
    for (place, allocation) in wanted.iter().enumerate() {
        if !allocation.amount.is_positive() {
            let pointer = format!("/allocations/{place}/amount");
            faults.push(FieldFault::new(pointer, &AMOUNT_NOT_POSITIVE));
        }
        if !seen.insert(allocation.charge) {
            let pointer = format!("/allocations/{place}/charge_id");
            faults.push(FieldFault::new(pointer, &ALLOCATED_TWICE));
        }
        sum = sum.plus(allocation.amount)?;
    }
    Fault::unless_empty(faults)?;
    if available.minus(sum)?.minor() < 0 {
        return Err(exceeds(available));
    }
    Ok(())
}

/// Whether a payment can be put to all of these charges at a time.
///
/// # Errors
/// 409 where they are too many.
pub fn check_spread(charges: impl IntoIterator<Item = Id<Charge>>) -> Result<(), Fault> {
    let distinct: BTreeSet<_> = charges.into_iter().collect();
    if distinct.len() > CHARGES_MAX {
        return Err(Fault::new(&PAYMENT_SPREAD_OUT).with("max", CHARGES_MAX));
    }
    Ok(())
}

/// Puts `available` to the charges in their order, each as far as it is outstanding.
pub fn allocate_in_order(available: Money, charges: &[Charge]) -> Result<Vec<Allocation>, Fault> {
    let mut left = available;
    let mut allocations = Vec::new();
    for charge in charges {
        let over = left.minus(charge.outstanding)?;
        let amount = if over.is_positive() {
            charge.outstanding
        } else {
            left
        };
        if !amount.is_positive() {
            continue;
        }
        left = left.minus(amount)?;
        allocations.push(Allocation {
            charge: charge.id,
            amount,
        });
    }
    Ok(allocations)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_payment_is_put_to_so_many_charges_at_a_time() {
        let charges = |count| (0..count).map(|n| Id::new(Uuid::from_u128(n)));
        assert_eq!(check_spread(charges(500)), Ok(()));
        assert_eq!(check_spread(charges(500).chain(charges(9))), Ok(()));
        assert!(check_spread(charges(501)).is_err());
    }
}
