//! Trees, and what leaves say.

use std::{borrow::Cow, cmp::Ordering, ops::Bound, sync::Arc};

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::field::{Field, Subject};
use crate::{access::FieldRules, fault::FieldFault, money::Money};

/// Which records are meant.
#[derive(Clone, PartialEq, Eq)]
pub enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    Leaf(Leaf),
}

/// One field, held against a value of its type.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf {
    pub field: Arc<Field>,
    pub test: Test,
    /// Of facts that have a time, those of the last days only.
    pub last_days: Option<i32>,
}

/// What a leaf asks of its field.
#[derive(Clone, PartialEq, Eq)]
pub enum Test {
    Known,
    Unknown,
    /// Any of these, of which there is one at least.
    OneOf(Vec<Value>),
    Range(Bound<Value>, Bound<Value>),
    Contains(String),
    StartsWith(String),
    /// Today and as many days before it.
    LastDays(i32),
    /// Today and as many days after it.
    NextDays(i32),
    /// Longer ago than these days.
    BeforeDays(i32),
}

/// A value of a field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Text(String),
    Number(i64),
    Date(Date),
    Instant(Timestamp),
    /// Of a closed list.
    Choice(Cow<'static, str>),
    Id(Uuid),
    YesNo(bool),
    Money(Amount),
}

/// An amount of money; of one currency they are in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Money);

impl Tree {
    /// Its leaves, from left to right, each with its pointer from here.
    pub fn leaves(&self) -> Vec<(String, &Leaf)> {
        let mut leaves = Vec::new();
        self.collect("", &mut leaves);
        leaves
    }

    fn collect<'a>(&'a self, at: &str, leaves: &mut Vec<(String, &'a Leaf)>) {
        let (name, trees) = match self {
            Self::All(trees) => ("all", trees),
            Self::Any(trees) => ("any", trees),
            Self::Not(tree) => return tree.collect(&format!("{at}/not"), leaves),
            Self::Leaf(leaf) => return leaves.push((at.to_owned(), leaf)),
        };
        for (number, tree) in trees.iter().enumerate() {
            tree.collect(&format!("{at}/{name}/{number}"), leaves);
        }
    }

    /// Whether what it says depends on the day.
    pub fn is_relative(&self) -> bool {
        let mut leaves = self.leaves().into_iter();
        leaves.any(|(_, leaf)| leaf.is_relative())
    }

    /// Faults where it asks for what somebody may not read: a field that a rule hides or masks, a fact
    /// of a kind of record that somebody may not see at all; and for fields that are archived.
    pub fn closed(
        &self,
        pointer: &str,
        rules: &FieldRules,
        holds: impl Fn(&str) -> bool,
    ) -> Vec<FieldFault> {
        let leaves = self.leaves().into_iter();
        let closed = leaves.filter_map(|(at, leaf)| {
            let field = leaf.field.as_ref();
            field.closed(&format!("{pointer}{at}/field"), rules, &holds)
        });
        closed.collect()
    }
}

impl Leaf {
    /// Whether what it says depends on the day.
    pub fn is_relative(&self) -> bool {
        let by_test = matches!(
            self.test,
            Test::LastDays(_) | Test::NextDays(_) | Test::BeforeDays(_)
        );
        let by_field = matches!(
            self.field.subject,
            Subject::Age | Subject::SchoolStage | Subject::SchoolGrade | Subject::ActivityLevel
        );
        by_test || by_field || self.last_days.is_some()
    }
}

impl From<Money> for Value {
    fn from(money: Money) -> Self {
        Self::Money(Amount(money))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |amount: &Self| (amount.0.currency().code().to_owned(), amount.0.minor());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Conditions name people and what is said of them.
impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl std::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Leaf({})", self.field.code)
    }
}
