use actix_web::{HttpRequest, get, post};
use domain::{
    access::{DirectoryRead, EnrollmentsRead, EnrollmentsWrite},
    courses::Class,
    enrollments::{Enrollment, Status},
    fault::{Fault, NOT_FOUND},
};
use persistence::{
    Error, Tx,
    access::{Grant, Reads},
    clock::micros,
    customers::merges,
    enrollments::{
        hours,
        store::{self, Filter},
    },
    reference,
    scope::Direction,
};

use super::{
    CreateEnrollment, EnrollmentBody, EnrollmentPage, HourEntryBody, HourEntryPage,
    ListEnrollments, NAMES, RosterPage, Shown, WithdrawEnrollment, commands,
};
use crate::{
    access::{
        Granted, IdempotencyKey, OptionalIdempotencyKey,
        fields::{listable, show, show_as, show_in, writable},
    },
    http::{
        Json, List, Problem, Reply,
        list::{Paging, Unfiltered},
        path::PathId,
    },
};

const TAG: &str = "enrollments";

/// The record in field rules.
const RECORD: &str = "enrollments";

fn record(tx: &Tx, shown: Shown) -> Result<Reply, Error> {
    let version = shown.enrollment.version;
    Reply::record(version, &show_in(tx, RECORD, EnrollmentBody::from(shown))?)
}

/// Enroll a student in a class
///
/// Takes a seat of the class, grants its lesson hours, and makes a charge for the price, unless that is
/// nothing: all of it, or nothing. The price is not sent: it is the class's. Refused where no seat is
/// free (`class_full`), the student has one already (`already_enrolled`), or the class has ended.
#[utoipa::path(tag = TAG, request_body = CreateEnrollment, responses((status = 201, body = EnrollmentBody)),
    security(("bearer" = ["enrollments:write"])),
    extensions(("x-problem-codes" = json!(["class_full", "class_ended", "already_enrolled",
        "amount_out_of_range"]))))]
#[post("/enrollments")]
pub(super) async fn create_enrollment(
    ctx: Granted<EnrollmentsWrite>,
    key: IdempotencyKey,
    body: Json<CreateEnrollment>,
) -> Result<Reply, Problem> {
    let (new, sent) = (&body.value, body.names.as_slice());
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        writable(&tx, RECORD, sent, &[])?;
        let made = commands::create(&tx, &grant, new.clone()).await?;
        let (id, version) = (made.enrollment.id, made.enrollment.version);
        let address = format!("/api/v1/enrollments/{id}");
        let body = show_in(&tx, RECORD, EnrollmentBody::from(made))?;
        Reply::created(address, version, &body)
    })
    .await
}

/// List the enrollments within reach
///
/// The newest first, unless `sort` says otherwise.
#[utoipa::path(tag = TAG, params(Paging, ListEnrollments), responses((status = 200, body = EnrollmentPage)),
    security(("bearer" = ["enrollments:read"])))]
#[get("/enrollments")]
pub(super) async fn list_enrollments(
    ctx: Granted<EnrollmentsRead>,
    request: HttpRequest,
    asked: List<ListEnrollments>,
) -> Result<Reply, Problem> {
    let List { query, part } = asked;
    listable(ctx.authority(), RECORD, &request)?;
    let page = part.page(query.sort.unwrap_or_default())?;
    let mut filter = query.filter();
    let institution = ctx.grant.scope().institution();
    filter.customers = merges::resolved(&ctx.read(), institution, filter.customers).await?;
    let rows = store::list(&ctx.read(), &ctx.grant, &filter, &page).await?;
    let (rows, next) = part.cut(rows, |e| (micros(e.created_at), e.id.uuid()));
    let items = commands::show(&ctx.read(), &ctx.grant, rows).await?;
    let seen = |item| show(Some(ctx.authority()), RECORD, EnrollmentBody::from(item));
    let items: Result<Vec<_>, _> = items.into_iter().map(seen).collect();
    Ok(next.answer::<EnrollmentPage>(items?)?)
}

/// Read an enrollment
///
/// Found as long as its student is within reach, also after it has ended.
#[utoipa::path(tag = TAG, params(("enrollment_id" = Uuid, Path)), responses((status = 200, body = EnrollmentBody)),
    security(("bearer" = ["enrollments:read"])))]
#[get("/enrollments/{enrollment_id}")]
pub(super) async fn get_enrollment(
    ctx: Granted<EnrollmentsRead>,
    id: PathId<Enrollment>,
) -> Result<Reply, Problem> {
    let shown = commands::get(&ctx.read(), &ctx.grant, id.0).await?;
    let version = shown.enrollment.version;
    let body = show(Some(ctx.authority()), RECORD, EnrollmentBody::from(shown))?;
    Ok(Reply::record(version, &body)?)
}

/// List what was granted, used and given back of the lesson hours of an enrollment, newest first
///
/// All entries sum up to `hours_left_hundredths` of the enrollment, and are found as long as it is.
#[utoipa::path(tag = TAG, params(("enrollment_id" = Uuid, Path), Paging),
    responses((status = 200, body = HourEntryPage)), security(("bearer" = ["enrollments:read"])))]
#[get("/enrollments/{enrollment_id}/hour-entries")]
pub(super) async fn list_hour_entries(
    ctx: Granted<EnrollmentsRead>,
    id: PathId<Enrollment>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::NewestFirst)?;
    let read = ctx.read();
    store::find(&read, &ctx.grant, id.0)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let rows = hours::entries(&read, ctx.grant.scope().institution(), id.0, &page).await?;
    let (rows, next) = part.cut(rows, |entry| (micros(entry.posted_at), entry.id.uuid()));
    Ok(next.answer::<HourEntryPage>(rows.into_iter().map(HourEntryBody::from))?)
}

/// End an enrollment before the course is finished
///
/// Frees the seat at once, takes back the hours that are left, and takes off the charge what they cost.
/// Money that was paid for them becomes the payer's credit; nothing is paid out. It is final.
#[utoipa::path(tag = TAG, params(("enrollment_id" = Uuid, Path)), request_body = WithdrawEnrollment,
    responses((status = 200, body = EnrollmentBody)), security(("bearer" = ["enrollments:write"])),
    extensions(("x-problem-codes" = json!(["enrollment_ended"])), ("x-moves-value" = json!(true))))]
#[post("/enrollments/{enrollment_id}/withdraw")]
pub(super) async fn withdraw_enrollment(
    ctx: Granted<EnrollmentsWrite>,
    id: PathId<Enrollment>,
    key: IdempotencyKey,
    body: Json<WithdrawEnrollment>,
) -> Result<Reply, Problem> {
    let reason = body.value.reason.0;
    ctx.once(Some(key.of(body.fingerprint)), |tx, grant| async move {
        let shown = commands::withdraw(&tx, &grant, id.0, reason).await?;
        record(&tx, shown)
    })
    .await
}

/// End an enrollment whose course is finished
///
/// Frees the seat; the hours that are left stay. It is final.
#[utoipa::path(tag = TAG, params(("enrollment_id" = Uuid, Path)), responses((status = 200, body = EnrollmentBody)),
    security(("bearer" = ["enrollments:write"])),
    extensions(("x-problem-codes" = json!(["enrollment_ended"]))))]
#[post("/enrollments/{enrollment_id}/complete")]
pub(super) async fn complete_enrollment(
    ctx: Granted<EnrollmentsWrite>,
    id: PathId<Enrollment>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let shown = commands::complete(&tx, &grant, id.0).await?;
        record(&tx, shown)
    })
    .await
}

/// List the students of a class who are within reach
///
/// Active enrollments, in the order in which they were made. Whoever reaches neither the class nor a
/// student in it gets 404.
#[utoipa::path(tag = TAG, params(("class_id" = Uuid, Path), Paging), responses((status = 200, body = RosterPage)),
    security(("bearer" = ["enrollments:read"])))]
#[get("/classes/{class_id}/roster")]
pub(super) async fn list_roster(
    ctx: Granted<EnrollmentsRead>,
    class: PathId<Class>,
    asked: List<Unfiltered>,
) -> Result<Reply, Problem> {
    let part = asked.part;
    let page = part.page(Direction::OldestFirst)?;
    let read = ctx.read();
    let catalogue = Grant::<DirectoryRead>::system(
        ctx.authority().institution(),
        ctx.stamp().now(),
        "the class of a roster",
    );
    let class = reference::find(&read, &catalogue, class.0)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let filter = Filter {
        classes: vec![class.id.uuid()],
        statuses: vec![Status::Active],
        ..Filter::default()
    };
    let rows = store::list(&read, &ctx.grant, &filter, &page).await?;
    // Whoever reaches neither the class nor a student in it learns nothing of it.
    let scope = Reads::<Enrollment>::scope(&ctx.grant);
    if rows.is_empty() && !scope.covers_class(class.id, class.details.campus) {
        return Err(Problem::not_found());
    }
    let (rows, next) = part.cut(rows, |e| (micros(e.created_at), e.id.uuid()));
    let entries = commands::roster(&read, &ctx.grant, rows).await?;
    let seen = |entry| show_as(Some(ctx.authority()), "customers", NAMES, entry);
    let items: Result<Vec<_>, _> = entries.into_iter().map(seen).collect();
    Ok(next.answer::<RosterPage>(items?)?)
}
