//! How active customers are (CUST-13), as far as somebody sees what they took part in.

use std::collections::HashMap;

use domain::{
    access::{EnrollmentsRead, FollowUpsRead},
    conditions::Moment,
    customers::{ACTIVE_DAYS, Activity, Customer, RECENT_DAYS},
    id::Id,
};
use jiff::Timestamp;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, SelectStatement};
use uuid::Uuid;

use super::entity::{Column, Entity};
use crate::{
    Error, Handle,
    access::{Authority, Grant},
    clock::micros,
    conditions::facts,
};

/// Of customers whom the caller has found within reach, each at one of these places: campuses by what
/// their clocks say. Nothing for who may not read follow-ups.
pub async fn of(
    handle: &impl Handle,
    reader: &Authority,
    customers: &[Id<Customer>],
    places: &[(Moment, Vec<Uuid>)],
    now: Timestamp,
) -> Result<HashMap<Id<Customer>, Activity>, Error> {
    let follow_ups: Option<Grant<FollowUpsRead>> = Grant::of(reader, now);
    let Some(follow_ups) = follow_ups.filter(|_| !customers.is_empty()) else {
        return Ok(HashMap::new());
    };
    let enrollments: Option<Grant<EnrollmentsRead>> = Grant::of(reader, now);
    let since = |days: i32| {
        let mut by_place = CaseStatement::new();
        for (moment, campuses) in places {
            let there = Expr::col((Entity, Column::CampusId)).is_in(campuses.iter().copied());
            let since = micros(moment.start_of(-days));
            let counted = facts::activities(&follow_ups, enrollments.as_ref(), since);
            by_place = by_place.case(there, counted);
        }
        by_place.finally(0_i64)
    };
    let mut select = SelectStatement::new();
    select
        .column((Entity, Column::Id))
        .expr_as(since(RECENT_DAYS), "recent")
        .expr_as(since(ACTIVE_DAYS), "active")
        .from(Entity)
        .and_where(Expr::col((Entity, Column::InstitutionId)).eq(reader.institution().uuid()))
        .and_where(Expr::col((Entity, Column::Id)).is_in(customers.iter().map(|id| id.uuid())));
    let rows = handle.query_all(&select).await?;
    let counted = rows.iter().map(|row| {
        let activity = Activity {
            recent: row.try_get("", "recent")?,
            all: row.try_get("", "active")?,
        };
        Ok((Id::new(row.try_get("", "id")?), activity))
    });
    counted.collect()
}
