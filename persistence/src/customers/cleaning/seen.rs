//! What of the cleaning list somebody may see.
//!
//! An entry tells something of fields, of follow-ups or of another customer: it is there for those only
//! who may know that. For the others it is as if it were not.

use domain::{
    access::{FieldAccess, FollowUpsRead},
    customers::{CleaningReason, Customer, WANTED},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Func, IntoIden, Query},
};

use super::entity::{Column, Entity};
use crate::{
    access::{Authority, Grant, Reads},
    customers::entity as customers,
    scope::{nothing, reachable, reaching},
};

const RECORD: &str = "customers";
/// What a twin is found by.
const LIKENESS: [&str; 4] = ["name", "birth_date", "school", "contact_points"];

/// The entries that the bearer of a grant may see, as a condition on those within its reach.
pub(super) fn seen(
    grant: &impl Reads<Customer>,
    reader: &Authority,
    is_postgres: bool,
    now: Timestamp,
) -> Condition {
    let is_hidden =
        |field: &str| reader.fields().access(RECORD, field) == Some(FieldAccess::Hidden);
    let of = |reason: CleaningReason| Condition::all().add(Column::Reason.eq(reason.as_str()));
    let mut any = Condition::any()
        .add(of(CleaningReason::Incomplete).add_option(missing_of(is_hidden, is_postgres)));
    if let Some(follow_ups) = Grant::<FollowUpsRead>::of(reader, now)
        && !is_hidden("contact_points")
    {
        let told = [CleaningReason::Stale, CleaningReason::ContactInvalid].map(|one| one.as_str());
        let told = Condition::all().add(Column::Reason.is_in(told));
        any = any.add(told.add(reaching::<Entity>(follow_ups.scope())));
    }
    let mut likeness = LIKENESS.iter();
    if likeness.all(|field| reader.fields().is_readable(RECORD, field)) {
        let mut twin = Query::select();
        twin.expr(Expr::val(1))
            .from(customers::Entity.into_iden())
            .and_where(
                Expr::col((customers::Entity, customers::Column::InstitutionId))
                    .equals((Entity, Column::InstitutionId)),
            )
            .and_where(
                Expr::col((customers::Entity, customers::Column::Id))
                    .equals((Entity, Column::TwinId)),
            )
            .cond_where(reachable::<customers::Entity>(grant));
        any = any.add(of(CleaningReason::Duplicate).add(Expr::exists(twin)));
    }
    Condition::all().add(any)
}

/// That something is missing which may be known about; nothing, where all may.
fn missing_of(is_hidden: impl Fn(&str) -> bool, is_postgres: bool) -> Option<Condition> {
    let custom = ("custom_fields", "\ncustom_fields.".to_owned());
    let own = WANTED
        .iter()
        .map(|wanted| (wanted.field, format!("\n{}\n", wanted.field)));
    // Which custom fields must be known tells the stage.
    let is_kept_back =
        |field: &str| is_hidden(field) || (field == "custom_fields" && is_hidden("stage"));
    let (hidden, shown): (Vec<_>, Vec<_>) = own
        .chain([custom])
        .partition(|(field, _)| is_kept_back(field));
    if hidden.is_empty() {
        return None;
    }
    let position = if is_postgres { "strpos" } else { "instr" };
    let any = shown.into_iter().map(|(_, part)| {
        let column = Expr::col((Entity, Column::Missing));
        let found = Func::cust(position).args([column, Expr::val(part)]);
        Expr::from(found).gt(0)
    });
    // An empty "any of" would let everything through.
    Some(any.fold(Condition::any().add(nothing()), Condition::add))
}
