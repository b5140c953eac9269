use domain::{
    analytics::{DayReport, Takings},
    fault::Fault,
    money::Money,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    http::{money::MoneyBody, wire::Wire},
    payments::PaymentMethod,
};

/// Which day.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadDayReport {
    /// A day of the campus; today there, when absent.
    pub on: Option<Date>,
}

/// The day of a campus (校区日报), in numbers of the whole campus: whoever may read it reads the same.
///
/// A day runs from midnight to midnight by the clocks of the campus. Customers and follow-ups count
/// where the customers belong now, enrollments and money where they happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DayReport)]
pub struct DayReportBody {
    /// Whose day it is.
    pub campus_id: Uuid,
    /// The day that was asked for.
    pub on: Date,
    /// IANA name: whose days these are.
    #[schema(example = "Asia/Shanghai")]
    pub time_zone: String,
    /// Customers who were taken in on that day, guardians aside: they come with their children.
    /// Deleted ones do not count.
    pub new_leads: i64,
    /// Follow-ups of the day.
    pub follow_ups: DayFollowUps,
    /// Enrollments in classes of the campus on that day, whatever became of them.
    pub new_enrollments: i64,
    /// Money of the day, by the day of the books.
    pub money_in: MoneyIn,
    /// When it was worked out. It is not in the digest of the ETag.
    pub evaluated_at: Timestamp,
}

/// Follow-ups of a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayFollowUps {
    /// Those that took place on that day; those that were only planned do not count.
    pub done: i64,
    /// Customers whose next date is that day, and with whom nobody has spoken since.
    pub due: i64,
}

/// Money that came in on a day (收款), as the books have it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MoneyIn {
    /// Taken on that day, also what was voided later. 9,007,199,254,740,991 stands for that and
    /// anything above it, here and below.
    pub received: MoneyBody,
    /// Taken back on that day, whenever it was taken: a void does not change the day of the payment.
    pub voided: MoneyBody,
    /// `received` less `voided`; below zero where more was taken back.
    pub net: MoneyBody,
    /// Methods that saw money on that day.
    pub methods: Vec<MethodTakings>,
}

/// Money that came in by one method.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MethodTakings {
    /// How the money came in.
    pub method: PaymentMethod,
    /// Taken on the day.
    pub received: MoneyBody,
    /// Taken back on the day, whenever it was taken.
    pub voided: MoneyBody,
    /// Received less voided.
    pub net: MoneyBody,
}

impl DayReportBody {
    pub fn new(
        report: &DayReport,
        zone: &TimeZone,
        evaluated_at: Timestamp,
    ) -> Result<Self, Fault> {
        let sum = |of: fn(&Takings) -> Money| {
            let each = report.takings.iter().map(|t| i128::from(of(t).minor()));
            Money::capped(each.sum(), report.currency)
        };
        let (received, voided) = (sum(|t| t.received), sum(|t| t.voided));
        Ok(Self {
            campus_id: report.campus.uuid(),
            on: report.on,
            time_zone: zone.iana_name().unwrap_or_default().to_owned(),
            new_leads: report.new_leads,
            follow_ups: DayFollowUps {
                done: report.follow_ups_done,
                due: report.follow_ups_due,
            },
            new_enrollments: report.new_enrollments,
            money_in: MoneyIn {
                received: received.into(),
                voided: voided.into(),
                net: received.minus(voided)?.into(),
                methods: report
                    .takings
                    .iter()
                    .map(MethodTakings::new)
                    .collect::<Result<_, _>>()?,
            },
            evaluated_at,
        })
    }
}

impl MethodTakings {
    fn new(takings: &Takings) -> Result<Self, Fault> {
        Ok(Self {
            method: Wire(takings.method),
            received: takings.received.into(),
            voided: takings.voided.into(),
            net: takings.net()?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{id::Id, money::Currency, payments::Method};

    use super::*;

    #[test]
    fn a_day_of_more_money_than_a_number_holds_can_still_be_read() {
        let most = Money::capped(i128::MAX, Currency::CNY);
        let takings = [Method::Cash, Method::Wechat].map(|method| Takings {
            method,
            received: most,
            voided: Money::zero(Currency::CNY),
        });
        let report = DayReport {
            campus: Id::new(Uuid::nil()),
            on: Date::constant(2026, 9, 1),
            new_leads: 0,
            follow_ups_done: 0,
            follow_ups_due: 0,
            new_enrollments: 0,
            currency: Currency::CNY,
            takings: takings.to_vec(),
        };
        let body = DayReportBody::new(&report, &TimeZone::UTC, Timestamp::UNIX_EPOCH).unwrap();
        for told in [body.money_in.received, body.money_in.net] {
            assert_eq!(told.amount_minor, Money::MAX_MINOR);
        }
    }
}
