//! What families pay.

use domain::{
    access::{PaymentsRead, PaymentsVoid, PaymentsWrite},
    customers::Customer,
    fault::{Fault, NOT_FOUND},
    id::Id,
};
use persistence::{
    Error,
    payments::{receipts, store},
};
use serde_json::json;

use super::{
    actor::{DAYS, Filling, act},
    year::Year,
};
use crate::{boot::Failure, payments::commands as payments};

const METHODS: &[&str] = &[
    "wechat",
    "wechat",
    "wechat",
    "alipay",
    "alipay",
    "card",
    "cash",
    "bank_transfer",
];
/// One payment of so many is keyed in wrongly at first.
const MISTAKES: u32 = 25;

/// What a family has yet to bring.
pub(super) struct Debt {
    /// When it comes.
    due: u32,
    customer: Id<Customer>,
    place: usize,
    amount_minor: i64,
}

impl Year<'_> {
    /// Settles how a family pays: at once, in halves, or later.
    pub(super) async fn owe(
        &mut self,
        filling: &Filling,
        customer: Id<Customer>,
        place: usize,
        price_minor: i64,
    ) -> Result<(), Failure> {
        let day = filling.day();
        let mut later = |due: u32, amount_minor: i64| {
            self.debts.push(Debt {
                due,
                customer,
                place,
                amount_minor,
            });
        };
        let now = match self.chance.between(0, 9) {
            0..=6 => price_minor,
            7..=8 => {
                later(day + 30, price_minor - price_minor / 2);
                price_minor / 2
            }
            _ => {
                later(day + 14, price_minor);
                return Ok(());
            }
        };
        self.pay(filling, customer, place, now).await
    }

    /// Takes what families bring on this day.
    pub(super) async fn collect(&mut self, filling: &Filling) -> Result<(), Failure> {
        let day = filling.day();
        let (due, later) = std::mem::take(&mut self.debts)
            .into_iter()
            .partition::<Vec<_>, _>(|debt| debt.due <= day);
        self.debts = later;
        for debt in due {
            self.pay(filling, debt.customer, debt.place, debt.amount_minor)
                .await?;
        }
        // Today somebody pays in advance, so that there is money in the report of the day.
        if day == DAYS
            && let Some(student) = self.students.first()
        {
            let (id, place) = (student.id, student.place);
            self.pay(filling, id, place, 30_000).await?;
        }
        Ok(())
    }

    async fn pay(
        &mut self,
        filling: &Filling,
        customer: Id<Customer>,
        place: usize,
        amount_minor: i64,
    ) -> Result<(), Failure> {
        self.payments += 1;
        let campus = self.school.places.get(place).ok_or("no such campus")?.id;
        let finance = self.school.person("finance")?;
        let new = json!({
            "payer_id": customer, "campus_id": campus,
            "method": self.chance.pick(METHODS),
            "amount": { "amount_minor": amount_minor, "currency": "CNY" },
        });
        if self.payments.is_multiple_of(MISTAKES) {
            let wrong = act!(filling, finance, PaymentsWrite,
                "createPayment" => payments::create_payment, new.clone());
            let id = wrong.id;
            filling
                .act::<PaymentsVoid, _, _, _>(finance, "voidPayment", |tx, grant| async move {
                    store::void(&tx, &grant, id, "付款方式录错").await
                })
                .await?;
        }
        let paid = act!(filling, finance, PaymentsWrite,
            "createPayment" => payments::create_payment, new);
        let id = paid.id;
        filling
            .act::<PaymentsRead, _, _, _>(finance, "printReceipt", |tx, grant| async move {
                let issued = receipts::of_payment(&tx, &grant, id).await?;
                let issued = issued.ok_or_else(|| Error::from(Fault::new(&NOT_FOUND)))?;
                receipts::print(&tx, &grant, issued.receipt.id, 2).await
            })
            .await?;
        Ok(())
    }
}
