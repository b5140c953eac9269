//! What follows of a customer from its record, the calendar and what it took part in: shown beside it where
//! a request asks for it, and never kept.

use std::collections::BTreeMap;

use domain::{
    access::CustomersRead,
    conditions::Moment,
    customers::{Activity, SchoolStage, Schooling},
    id::Id,
};
use jiff::tz::TimeZone;
use persistence::{Error, access::Authority, customers::activity, organization::names};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CustomerBody, CustomerExpansion, RECORD};
use crate::{access::Granted, http::wire::Wire};

pub type CustomerSchoolStage = Wire<SchoolStage>;
pub type CustomerActivityLevel = Wire<domain::customers::ActivityLevel>;

/// Where children of a student's age stand at school today, by law (义务教育法 article 11): who is six by
/// 31 August enters the first grade on 1 September. What was told of the grade is `grade`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerSchooling, example = json!({"school_year": 2026, "grade": 5, "stage": "primary"}))]
pub struct SchoolingBody {
    /// The year in which the school year (学年) began, at the customer's campus.
    pub school_year: i16,
    /// Of twelve years at school; null before and after them.
    #[schema(required, minimum = 1, maximum = 12)]
    pub grade: Option<i16>,
    /// Stage of schooling (学段).
    pub stage: CustomerSchoolStage,
}

impl From<Schooling> for SchoolingBody {
    fn from(schooling: Schooling) -> Self {
        Self {
            school_year: schooling.year.first(),
            grade: schooling.grade,
            stage: Wire(schooling.stage),
        }
    }
}

/// How active a customer is (活跃度): counted of the follow-ups in which it was spoken to, and of the lessons
/// to which it came, as far as the caller may see these.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerActivity, example = json!({"level": "medium", "last_30_days": 1, "last_90_days": 4}))]
pub struct ActivityBody {
    /// `high` from three activities within the last 30 days; `medium` from one within the last 90.
    pub level: CustomerActivityLevel,
    /// Activities since the day that was 30 days ago, at the customer's campus.
    #[schema(minimum = 0)]
    pub last_30_days: i64,
    /// Activities since the day that was 90 days ago.
    #[schema(minimum = 0)]
    pub last_90_days: i64,
}

impl From<Activity> for ActivityBody {
    fn from(activity: Activity) -> Self {
        Self {
            level: Wire(activity.level()),
            last_30_days: activity.recent,
            last_90_days: activity.all,
        }
    }
}

/// Puts beside customers what follows of them, of what was asked for.
pub(super) async fn derive(
    ctx: &Granted<CustomersRead>,
    asked: impl Fn(CustomerExpansion) -> bool,
    customers: &mut [CustomerBody],
) -> Result<(), Error> {
    let reader = ctx.authority();
    // Stage and grade tell the birth date.
    let schooling =
        asked(CustomerExpansion::Schooling) && reader.fields().is_readable(RECORD, "birth_date");
    let activity = asked(CustomerExpansion::Activity);
    if customers.is_empty() || !(schooling || activity) {
        return Ok(());
    }
    let places = places(ctx, reader, customers).await?;
    if schooling {
        for customer in customers.iter_mut() {
            let mut places = places.iter();
            let place = places.find(|(_, campuses)| campuses.contains(&customer.campus_id));
            let told = place.and_then(|(moment, _)| {
                Schooling::of(customer.kind.0, customer.birth_date, moment.today)
            });
            customer.schooling = told.map(Into::into);
        }
    }
    if activity {
        let ids: Vec<_> = customers.iter().map(|one| Id::new(one.id)).collect();
        let now = ctx.stamp().now();
        let mut counted = activity::of(&ctx.read(), reader, &ids, &places, now).await?;
        for customer in customers {
            let activity = counted.remove(&Id::new(customer.id));
            customer.activity = activity.map(Into::into);
        }
    }
    Ok(())
}

/// The campuses of customers by what their clocks say.
async fn places(
    ctx: &Granted<CustomersRead>,
    reader: &Authority,
    customers: &[CustomerBody],
) -> Result<Vec<(Moment, Vec<Uuid>)>, Error> {
    let zones = names::zones(&ctx.read(), reader.institution()).await?;
    let mut places: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    for (campus, zone) in &zones {
        if customers.iter().any(|one| one.campus_id == campus.uuid()) {
            places.entry(zone).or_default().push(campus.uuid());
        }
    }
    let now = ctx.stamp().now();
    let places = places.into_iter().map(|(zone, campuses)| {
        let zone = TimeZone::get(zone).map_err(Error::corrupt)?;
        Ok((Moment::new(now, zone), campuses))
    });
    places.collect()
}
