#![expect(unreachable_pub, reason = "what the ORM derives is public")]

pub(crate) mod balance;
pub(super) mod charge;
pub(super) mod payment;

use domain::money::{Currency, Money};

use crate::Error;

fn currency(code: &str) -> Result<Currency, Error> {
    code.parse().map_err(|_| Error::corrupt("currency"))
}

fn money(minor: i64, currency: Currency) -> Result<Money, Error> {
    Money::new(minor, currency).map_err(Error::corrupt)
}
