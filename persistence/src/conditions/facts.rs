//! What is known of a customer by other tables: sub-selects of one value, within the reach of a grant.

use domain::{
    enrollments::Enrollment,
    follow_ups::{FollowUp, Outcome},
    payments::Balance,
    tags::Tagging,
    text_enum::TextEnum,
};
use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait, Func, IntoIden, Order, SelectStatement},
};
use uuid::Uuid;

use super::compile::own;
use crate::{
    access::Reads,
    customers::entity::Column as Customer,
    enrollments::entity as enrollments,
    follow_ups::entity as follow_ups,
    payments::entity::balance as balances,
    scope::{Scoped, reachable},
    tags::entity as taggings,
};

/// Rows of the customer that is looked at, within reach.
fn rows<E: Scoped>(grant: &impl Reads<E::Record>) -> SelectStatement {
    let mut rows = SelectStatement::new();
    rows.from(E::default().into_iden())
        .cond_where(reachable::<E>(grant))
        .and_where(Expr::col((E::default(), E::INSTITUTION)).eq(own(Customer::InstitutionId)))
        .and_where(Expr::col((E::default(), E::CUSTOMER)).eq(own(Customer::Id)));
    rows
}

/// What was last said of the record, `unscreened` where nothing was. Everybody is told who sees the customer.
pub(crate) fn screening() -> Expr {
    Expr::cust(
        "COALESCE((SELECT s.outcome FROM customer_screenings s \
         WHERE s.institution_id = \"customers\".\"institution_id\" AND s.customer_id = \"customers\".\"id\" \
         ORDER BY s.screened_at DESC, s.id DESC LIMIT 1), 'unscreened')",
    )
}

/// Something, where the customer has any of some tags, or any at all.
pub(super) fn tagged(grant: &impl Reads<Tagging>, tags: &[Uuid]) -> SelectStatement {
    use taggings::Column;
    let mut on = rows::<taggings::Entity>(grant);
    on.expr(Expr::val(1))
        .and_where(Column::TakenOffAt.is_null())
        .limit(1);
    if !tags.is_empty() {
        on.and_where(Column::TagId.is_in(tags.iter().copied()));
    }
    on
}

/// Follow-ups that were done.
fn done(grant: &impl Reads<FollowUp>) -> SelectStatement {
    let mut done = rows::<follow_ups::Entity>(grant);
    done.and_where(follow_ups::Column::Outcome.ne("planned"));
    done
}

/// When somebody last spoke to the customer.
pub(crate) fn last_contact(grant: &impl Reads<FollowUp>) -> SelectStatement {
    let at = (follow_ups::Entity, follow_ups::Column::OccurredAt);
    let mut last = done(grant);
    last.column(at).order_by(at, Order::Desc).limit(1);
    last
}

/// The next date that is open.
pub(super) fn next_contact(grant: &impl Reads<FollowUp>) -> SelectStatement {
    use follow_ups::Column;
    let mut next = rows::<follow_ups::Entity>(grant);
    next.column((follow_ups::Entity, Column::NextOn))
        .and_where(Column::DueAt.is_not_null())
        .limit(1);
    next
}

/// When the day of that date begins, by the clocks of the customer's campus.
pub(crate) fn next_contact_at(grant: &impl Reads<FollowUp>) -> SelectStatement {
    use follow_ups::Column;
    let mut next = rows::<follow_ups::Entity>(grant);
    next.column((follow_ups::Entity, Column::DueAt))
        .and_where(Column::DueAt.is_not_null())
        .limit(1);
    next
}

/// How many follow-ups there were, all or since an instant.
pub(super) fn follow_ups(grant: &impl Reads<FollowUp>, since: Option<i64>) -> SelectStatement {
    use follow_ups::Column;
    let mut all = done(grant);
    all.expr(Func::count(Expr::col((follow_ups::Entity, Column::Id))))
        .and_where_option(since.map(|at| Column::OccurredAt.gte(at)));
    all
}

/// How often the customer was spoken to since an instant.
fn spoken(grant: &impl Reads<FollowUp>, since: i64) -> SelectStatement {
    use follow_ups::Column;
    let answers = Outcome::ALL.iter().filter(|outcome| outcome.is_answer());
    let mut spoken = rows::<follow_ups::Entity>(grant);
    spoken
        .expr(Func::count(Expr::col((follow_ups::Entity, Column::Id))))
        .and_where(Column::Outcome.is_in(answers.map(|outcome| outcome.as_str())))
        .and_where(Column::OccurredAt.gte(since));
    spoken
}

/// To how many lessons the customer came that began since an instant.
fn attended(grant: &impl Reads<Enrollment>, since: i64) -> SelectStatement {
    use enrollments::Column;
    let of = |table: &'static str, column: &'static str| Expr::col((table, column));
    let same = |table, own: Column, its| {
        let institution = (enrollments::Entity, Column::InstitutionId);
        of(table, "institution_id")
            .equals(institution)
            .and(of(table, its).equals((enrollments::Entity, own)))
    };
    let mut attended = rows::<enrollments::Entity>(grant);
    attended
        .expr(Func::count(of("attendances", "enrollment_id")))
        .inner_join(
            "attendances",
            same("attendances", Column::Id, "enrollment_id"),
        )
        .inner_join(
            "lessons",
            of("lessons", "institution_id")
                .equals(("attendances", "institution_id"))
                .and(of("lessons", "id").equals(("attendances", "lesson_id"))),
        )
        .and_where(of("attendances", "status").eq("present"))
        .and_where(of("lessons", "starts_at").gte(since));
    attended
}

/// In how much the customer took part since an instant, as far as somebody sees it ([`Activity`]).
///
/// [`Activity`]: domain::customers::Activity
pub(crate) fn activities(
    follow_ups: &impl Reads<FollowUp>,
    enrollments: Option<&impl Reads<Enrollment>>,
    since: i64,
) -> Expr {
    let spoken = Expr::from(spoken(follow_ups, since));
    match enrollments {
        Some(grant) => spoken.add(Expr::from(attended(grant, since))),
        None => spoken,
    }
}

/// Something, where the customer is or was enrolled, in any of some courses or in any at all.
pub(super) fn enrolled(
    grant: &impl Reads<Enrollment>,
    courses: &[Uuid],
    is_active: bool,
) -> SelectStatement {
    use enrollments::Column;
    let mut enrolled = rows::<enrollments::Entity>(grant);
    enrolled
        .expr(Expr::val(1))
        .and_where_option(is_active.then(|| Column::Status.eq("active")))
        .and_where_option(
            (!courses.is_empty()).then(|| Column::CourseId.is_in(courses.iter().copied())),
        )
        .limit(1);
    enrolled
}

/// What the customer owes.
pub(super) fn outstanding(grant: &impl Reads<Balance>) -> SelectStatement {
    balance(grant, balances::Column::OutstandingMinor)
}

/// What was paid of what the customer was charged.
pub(super) fn paid(grant: &impl Reads<Balance>) -> SelectStatement {
    balance(grant, balances::Column::PaidMinor)
}

fn balance(grant: &impl Reads<Balance>, column: balances::Column) -> SelectStatement {
    let mut balance = rows::<balances::Entity>(grant);
    balance.column((balances::Entity, column));
    balance
}
