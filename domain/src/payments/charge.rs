use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::{AMOUNT_NOT_POSITIVE, CHARGE_OVERPAID, CREDIT_EXCEEDS_CHARGE};
use crate::{
    calendar,
    customers::{Anchor, Customer},
    fault::{AMOUNT_OUT_OF_RANGE, Fault, FieldFault},
    id::Id,
    money::Money,
    organization::{Campus, Holder},
    stamp::Stamp,
    text, text_enum,
};

/// Longest description of a charge, in characters.
pub const DESCRIPTION_MAX: usize = 200;

text_enum! {
    /// Whether anything of a charge is still to be paid.
    ChargeStatus as "ChargeStatus" {
        Open = "open" { "未结清", "Open" }
        Settled = "settled" { "已结清", "Settled" }
    }
}

/// What a customer is to be charged.
#[derive(Clone, Debug)]
pub struct NewCharge {
    pub customer: Anchor,
    /// Who is expected to pay: the customer, or a guardian.
    pub payer: Id<Customer>,
    /// Where it is charged; it stays there when the customer moves.
    pub campus: Id<Campus>,
    pub enrollment: Option<Uuid>,
    /// Above zero.
    pub amount: Money,
    /// 1 to [`DESCRIPTION_MAX`] characters.
    pub description: String,
    pub due_on: Date,
}

/// A charge (应收) as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub id: Id<Charge>,
    pub version: i64,
    pub customer: Id<Customer>,
    /// Of the customer: they follow it.
    pub holder: Id<Holder>,
    pub customer_campus: Id<Campus>,
    pub payer: Id<Customer>,
    pub campus: Id<Campus>,
    pub enrollment: Option<Uuid>,
    pub amount: Money,
    /// Taken off the amount since.
    pub credited: Money,
    /// Allocated to it from payments.
    pub paid: Money,
    /// What is still to be paid: amount less credited less paid, never below zero.
    pub outstanding: Money,
    pub description: String,
    pub due_on: Date,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What crediting a charge does: part of it was not paid yet, the rest goes back to the payers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credited {
    pub charge: Charge,
    /// What was paid and is no longer owed.
    pub released: Money,
}

impl Charge {
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn post(new: NewCharge, stamp: &Stamp) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if !new.amount.is_positive() {
            faults.push(FieldFault::new("/amount", &AMOUNT_NOT_POSITIVE));
        } else if new.amount.minor() > Money::ONE_MAX_MINOR {
            faults.push(FieldFault::new("/amount", &AMOUNT_OUT_OF_RANGE));
        }
        faults.extend(calendar::check("/due_on", new.due_on).err());
        let description = text::line("/description", &new.description, DESCRIPTION_MAX)
            .map_err(|fault| faults.push(fault))
            .unwrap_or_default();
        Fault::unless_empty(faults)?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            customer: new.customer.id,
            holder: new.customer.holder,
            customer_campus: new.customer.campus,
            payer: new.payer,
            campus: new.campus,
            enrollment: new.enrollment,
            amount: new.amount,
            credited: Money::zero(new.amount.currency()),
            paid: Money::zero(new.amount.currency()),
            outstanding: new.amount,
            description,
            due_on: new.due_on,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    pub fn status(&self) -> ChargeStatus {
        if self.outstanding.is_zero() {
            ChargeStatus::Settled
        } else {
            ChargeStatus::Open
        }
    }

    /// The amount less what was taken off it.
    pub fn left(&self) -> Result<Money, Fault> {
        self.amount.minus(self.credited)
    }

    /// With part of a payment.
    ///
    /// # Errors
    /// 409 where more comes than is outstanding.
    pub fn receive(&self, amount: Money, stamp: &Stamp) -> Result<Self, Fault> {
        let outstanding = self.outstanding.minus(amount)?;
        if outstanding.minor() < 0 {
            return Err(Fault::new(&CHARGE_OVERPAID).with("outstanding", self.outstanding.minor()));
        }
        Ok(Self {
            paid: self.paid.plus(amount)?,
            outstanding,
            ..self.touched(stamp)
        })
    }

    /// Without part of a payment that was allocated to it, which is owed again.
    pub fn reopen(&self, amount: Money, stamp: &Stamp) -> Result<Self, Fault> {
        Ok(Self {
            paid: self.paid.minus(amount)?,
            outstanding: self.outstanding.plus(amount)?,
            ..self.touched(stamp)
        })
    }

    /// Less by an amount that is not owed any longer. What is outstanding goes first.
    ///
    /// # Errors
    /// 409 where more is credited than was charged.
    pub fn credit(&self, amount: Money, stamp: &Stamp) -> Result<Credited, Fault> {
        if !amount.is_positive() {
            return Err(Fault::field("/amount", &AMOUNT_NOT_POSITIVE));
        }
        let left = self.left()?;
        if left.minus(amount)?.minor() < 0 {
            return Err(Fault::new(&CREDIT_EXCEEDS_CHARGE).with("left", left.minor()));
        }
        let over = amount.minus(self.outstanding)?;
        let released = if over.is_positive() {
            over
        } else {
            Money::zero(amount.currency())
        };
        Ok(Credited {
            charge: Self {
                credited: self.credited.plus(amount)?,
                paid: self.paid.minus(released)?,
                outstanding: self.outstanding.minus(amount.minus(released)?)?,
                ..self.touched(stamp)
            },
            released,
        })
    }

    fn touched(&self, stamp: &Stamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: stamp.now(),
            ..self.clone()
        }
    }
}
