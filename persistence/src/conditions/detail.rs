//! Leaves that go by the details of a customer, which stand in a row of their own where there are any.

use domain::{
    conditions::{Leaf, Test, Type, Value},
    customers::DetailField,
    text::fold,
};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, IntoIden, SelectStatement};

use super::compile::{Compiler, own, simple};
use crate::{Error, customers::entity::Column as Customer};

const DETAILS: &str = "customer_details";

/// What stands in a column of the details of the customer that is looked at.
fn known(column: &'static str) -> Expr {
    let of = |column| Expr::col((DETAILS, column));
    let mut details = SelectStatement::new();
    details
        .from(DETAILS.into_iden())
        .column((DETAILS, column))
        .and_where(of("institution_id").eq(own(Customer::InstitutionId)))
        .and_where(of("customer_id").eq(own(Customer::Id)));
    details.into()
}

impl Compiler<'_> {
    pub(super) fn detail(&self, field: &DetailField, leaf: &Leaf) -> Result<Expr, Error> {
        let test = &leaf.test;
        match leaf.field.kind {
            Type::Text => self.text(known(field.folded.unwrap_or(field.name)), test),
            Type::Texts | Type::Choices => self.items(field, test),
            _ => simple(known(self.column(field)), test),
        }
    }

    /// Nobody learns the class of a place by a code of its region that he or she may not read.
    fn column(&self, field: &DetailField) -> &'static str {
        match field.name {
            "city_class" if self.sight.reads_region => "place_class",
            name => name,
        }
    }

    /// Each item stands between line breaks.
    fn items(&self, field: &DetailField, test: &Test) -> Result<Expr, Error> {
        let column = field.folded.unwrap_or(field.name);
        match test {
            Test::OneOf(values) => {
                let mut any = Condition::any();
                for value in values {
                    let item = match value {
                        Value::Text(text) => fold(text),
                        Value::Choice(choice) => choice.clone().into_owned(),
                        _ => return Err(Error::internal("an item that is no text")),
                    };
                    any = any.add(self.holds(column, format!("\n{item}\n")));
                }
                Ok(any.into())
            }
            Test::Contains(part) => Ok(self.holds(column, fold(part))),
            Test::StartsWith(part) => Ok(self.holds(column, format!("\n{}", fold(part)))),
            test => simple(known(column), test),
        }
    }

    fn holds(&self, column: &'static str, part: String) -> Expr {
        let position = if self.postgres { "strpos" } else { "instr" };
        let position = Func::cust(position).args([known(column), Expr::val(part)]);
        Expr::from(position).gt(0)
    }
}
