use actix_web::get;
use domain::{access::ReportsRead, organization::Campus};
use persistence::Error;

use super::{DayReportBody, ReadDayReport, commands};
use crate::{
    access::Granted,
    http::{Parameters, Problem, Reply, path::PathId},
};

const TAG: &str = "analytics";

/// Read the day of a campus that is within reach as a whole
///
/// Only for whoever reaches the campus as a whole; others get 404. A day that is not over counts until
/// now. Worked out anew for each request.
#[utoipa::path(tag = TAG, params(("campus_id" = Uuid, Path), ReadDayReport), responses((status = 200, body = DayReportBody)),
    security(("bearer" = ["reports:read"])))]
#[get("/campuses/{campus_id}/day-report")]
pub(super) async fn get_day_report(
    ctx: Granted<ReportsRead>,
    id: PathId<Campus>,
    query: Parameters<ReadDayReport>,
) -> Result<Reply, Problem> {
    let now = ctx.stamp().now();
    let (report, zone) =
        commands::day_report(&ctx.report(), &ctx.grant, id.0, query.0.on, now).await?;
    let body = DayReportBody::new(&report, &zone, now).map_err(Error::from)?;
    Ok(Reply::evaluated(&body)?)
}
