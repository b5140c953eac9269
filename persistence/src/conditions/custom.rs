//! Leaves and orders that go by custom fields.

use domain::{
    conditions::{Field, Leaf, Moment, Subject, Test, Tree, Type, Value},
    custom_fields::CustomField,
    id::Id,
    organization::Institution,
    text::fold,
};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, IntoIden, SelectStatement};

use super::compile::{Compiler, dated, is_there, own, simple};
use crate::{
    Error, custom_fields::values::head, customers::entity::Column as Customer, scope::SORT_TEXT_MAX,
};

const VALUES: &str = "custom_values";
/// The column that names the record of a value.
pub(super) const RECORD: &str = "record_id";
const STAFF: &str = "staff";

fn value(column: &'static str) -> Expr {
    Expr::col((VALUES, column))
}

/// The values of a field.
fn values(field: Id<CustomField>) -> SelectStatement {
    let mut values = SelectStatement::new();
    values
        .from(VALUES.into_iden())
        .and_where(value("field_id").eq(field.uuid()));
    values
}

/// Those of the customer that is looked at.
fn of_customer(field: Id<CustomField>) -> SelectStatement {
    let mut values = values(field);
    values
        .and_where(value("institution_id").eq(own(Customer::InstitutionId)))
        .and_where(value(RECORD).eq(own(Customer::Id)));
    values
}

impl Compiler<'_> {
    pub(super) fn custom(
        &self,
        id: Id<CustomField>,
        leaf: &Leaf,
        moment: &Moment,
    ) -> Result<Expr, Error> {
        let mut held = of_customer(id);
        held.expr(Expr::val(1)).limit(1);
        match &leaf.test {
            Test::Known => Ok(is_there(held)),
            Test::Unknown => Ok(Expr::from(held).is_null()),
            test => {
                held.and_where(self.meets(leaf.field.kind, test, moment)?);
                Ok(is_there(held))
            }
        }
    }

    /// Whether the value in a row meets a test.
    fn meets(&self, kind: Type, test: &Test, moment: &Moment) -> Result<Expr, Error> {
        match kind {
            Type::Text => match test {
                // By the beginning, which is what the index bears, and by the whole.
                Test::OneOf(values) => {
                    let heads = values.iter().filter_map(|value| match value {
                        Value::Text(text) => Some(head(&fold(text))),
                        _ => None,
                    });
                    let heads = value("text_head").is_in(heads);
                    Ok(heads.and(self.text(value("text_fold"), test)?))
                }
                test => self.text(value("text_fold"), test),
            },
            Type::Number | Type::Money => simple(value("number"), test),
            Type::Date => dated(value("date"), test, moment),
            Type::Choice | Type::Choices => simple(value("choice"), test),
            Type::Id => simple(value("ref_id"), test),
            Type::YesNo => simple(value("number"), &numbered(test)),
            Type::Texts | Type::Instant | Type::Ids | Type::Birthday => {
                Err(Error::internal("a type that no custom field has"))
            }
        }
    }

    /// The records that bear what one leaf asks for that all of a tree must meet; of several leaves the one
    /// that leaves fewest, as far as that can be told from here.
    pub(super) fn lead(
        &self,
        institution: Id<Institution>,
        tree: &Tree,
    ) -> Result<Option<SelectStatement>, Error> {
        let mut must = Vec::new();
        musts(tree, &mut must);
        let leading = must.into_iter().filter(|leaf| rank(leaf).is_some());
        let Some(leaf) = leading.min_by_key(|leaf| rank(leaf)) else {
            return Ok(None);
        };
        let (Subject::Custom(id), Some((moment, _))) = (leaf.field.subject, self.place.0.first())
        else {
            return Ok(None);
        };
        let mut lead = values(id);
        lead.column((VALUES, RECORD))
            .and_where(value("institution_id").eq(institution.uuid()))
            .and_where(self.meets(leaf.field.kind, &leaf.test, moment)?);
        Ok(Some(lead))
    }
}

/// Leaves without which nobody meets a tree.
fn musts<'a>(tree: &'a Tree, leaves: &mut Vec<&'a Leaf>) {
    match tree {
        Tree::All(trees) => trees.iter().for_each(|tree| musts(tree, leaves)),
        Tree::Leaf(leaf) => leaves.push(leaf),
        Tree::Any(_) | Tree::Not(_) => {}
    }
}

/// How little a leaf leaves, the least first; `None` of those that an index does not lead to. Yes and no
/// never leave little.
fn rank(leaf: &Leaf) -> Option<u8> {
    let is_custom = matches!(leaf.field.subject, Subject::Custom(_));
    match (&leaf.test, leaf.field.kind) {
        _ if !is_custom || leaf.field.kind == Type::YesNo => None,
        (Test::OneOf(_), Type::Text | Type::Number | Type::Money | Type::Date) => Some(0),
        (Test::OneOf(_), _) => Some(1),
        (Test::Range(..), _) => Some(2),
        _ => None,
    }
}

/// Yes and no as they are kept.
fn numbered(test: &Test) -> Test {
    match test {
        Test::OneOf(values) => {
            let numbers = values.iter().map(|value| match value {
                Value::YesNo(yes) => Value::Number(i64::from(*yes)),
                other => other.clone(),
            });
            Test::OneOf(numbers.collect())
        }
        test => test.clone(),
    }
}

/// What the customer that is looked at is sorted by, never null: what is not known stands at the end.
pub(crate) fn sort_key(field: &Field, is_descending: bool) -> Result<Expr, Error> {
    let Subject::Custom(id) = field.subject else {
        return Err(Error::internal("an order of its own"));
    };
    let mut first = of_customer(id);
    let beginning = |text: Expr| {
        let beginning = [text, 1.into(), SORT_TEXT_MAX.into()];
        Expr::from(Func::cust("substr").args(beginning))
    };
    let (key, is_text) = match field.kind {
        Type::Text => (beginning(value("text_head")), true),
        Type::Date => (digits(value("date")), false),
        Type::Choice | Type::Choices => (in_order(field), false),
        Type::Id => {
            first.inner_join(
                STAFF.into_iden(),
                Expr::col((STAFF, "institution_id"))
                    .eq(value("institution_id"))
                    .and(Expr::col((STAFF, "id")).eq(value("ref_id"))),
            );
            (beginning(Expr::col((STAFF, "name"))), true)
        }
        Type::Number | Type::Money | Type::YesNo => (value("number"), false),
        Type::Texts | Type::Instant | Type::Ids | Type::Birthday => {
            return Err(Error::internal("a type that no custom field has"));
        }
    };
    first.expr(Func::min(key));
    let last = match (is_text, is_descending) {
        (true, true) => Expr::val(""),
        (true, false) => Expr::val(char::MAX.to_string()),
        (false, true) => Expr::val(i64::MIN),
        (false, false) => Expr::val(i64::MAX),
    };
    Ok(Func::coalesce([first.into(), last]).into())
}

/// A date as a number: 20260901. Both engines write it as `YYYY-MM-DD`.
fn digits(date: Expr) -> Expr {
    let written = Expr::from(Func::cast_as(date, "text"));
    let digits = Func::cust("replace").args([written, "-".into(), "".into()]);
    Func::cast_as(Expr::from(digits), "bigint").into()
}

/// The place of a choice among those of its field.
fn in_order(field: &Field) -> Expr {
    let mut order = CaseStatement::new();
    for (place, choice) in (0_i64..).zip(&field.choices) {
        order = order.case(value("choice").eq(choice.value.as_ref()), place);
    }
    order.into()
}
