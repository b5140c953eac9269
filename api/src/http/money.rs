//! Amounts of money on the wire.

use domain::{
    fault::FieldFault,
    money::{CURRENCY_UNKNOWN, Money},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount of money, in the one currency of the institution.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Money, example = json!({"amount_minor": 129_900, "currency": "CNY"}))]
pub struct MoneyBody {
    /// In the smallest unit of the currency (分 for CNY).
    #[schema(minimum = -9_007_199_254_740_991_i64, maximum = 9_007_199_254_740_991_i64)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// An amount of money that is sent and may be zero: a price.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount_minor": 129_900, "currency": "CNY"}))]
pub struct MoneyInput {
    /// In the smallest unit of the currency (分 for CNY).
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

/// An amount of money that is sent, above zero.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount_minor": 129_900, "currency": "CNY"}))]
pub struct AmountInput {
    /// In the smallest unit of the currency (分 for CNY).
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

impl AmountInput {
    /// The amount that was sent.
    ///
    /// # Errors
    /// Names the field at `pointer` where it is none.
    pub fn read(&self, pointer: &'static str) -> Result<Money, FieldFault> {
        let Self {
            amount_minor,
            currency,
        } = self.clone();
        MoneyInput {
            amount_minor,
            currency,
        }
        .read(pointer)
    }
}

impl MoneyInput {
    /// The amount that was sent.
    ///
    /// # Errors
    /// Names the field at `pointer` where it is none.
    pub fn read(&self, pointer: &'static str) -> Result<Money, FieldFault> {
        let currency = self
            .currency
            .parse()
            .map_err(|_| FieldFault::new(format!("{pointer}/currency"), &CURRENCY_UNKNOWN))?;
        Money::new(self.amount_minor, currency)
            .map_err(|fault| FieldFault::new(format!("{pointer}/amount_minor"), fault.rule))
    }
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self {
            amount_minor: money.minor(),
            currency: money.currency().code().into(),
        }
    }
}
