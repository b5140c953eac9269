//! Records as a client knows them, and as the database keeps them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Debug,
};

use domain::{id::Id, organization::Institution};
use persistence::Database;
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::drills::context::rows;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Customer {
    pub(super) version: i64,
    pub(super) note: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Payment {
    pub(super) amount: i64,
    /// The number of its receipt.
    pub(super) receipt: i64,
    pub(super) is_voided: bool,
}

/// Records by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) customers: BTreeMap<Uuid, Customer>,
    /// What each says.
    pub(super) follow_ups: BTreeMap<Uuid, String>,
    /// The student of each.
    pub(super) enrollments: BTreeMap<Uuid, Uuid>,
    pub(super) payments: BTreeMap<Uuid, Payment>,
}

impl Facts {
    /// Takes over what is new, and what is newer.
    pub(super) fn add(&mut self, more: Self) {
        self.customers.extend(more.customers);
        self.follow_ups.extend(more.follow_ups);
        self.enrollments.extend(more.enrollments);
        self.payments.extend(more.payments);
    }

    /// Whether all of these are among them, as they are.
    pub(super) fn hold(&self, wanted: &Self) -> bool {
        among(&wanted.customers, &self.customers)
            && among(&wanted.follow_ups, &self.follow_ups)
            && among(&wanted.enrollments, &self.enrollments)
            && among(&wanted.payments, &self.payments)
    }

    /// Refuses any difference from what is stored: nothing acknowledged is lost, and nothing is
    /// there that nobody asked for.
    pub(super) fn check(&self, stored: &Self, seed: u64) {
        same("customers", &self.customers, &stored.customers, seed);
        same("follow_ups", &self.follow_ups, &stored.follow_ups, seed);
        same("enrollments", &self.enrollments, &stored.enrollments, seed);
        same("payments", &self.payments, &stored.payments, seed);
    }

    /// Everything that is stored of an institution.
    pub(super) async fn stored(db: &Database, institution: Id<Institution>) -> Self {
        let mut facts = Self::default();
        let read = async |sql| rows(db, sql, institution).await;
        for row in read("SELECT id, version, note FROM customers WHERE institution_id = $1").await {
            let customer = Customer {
                version: row.try_get("", "version").unwrap(),
                note: row.try_get("", "note").unwrap(),
            };
            facts.customers.insert(id(&row), customer);
        }
        for row in read("SELECT id, content FROM follow_ups WHERE institution_id = $1").await {
            let content = row.try_get("", "content").unwrap();
            facts.follow_ups.insert(id(&row), content);
        }
        let sql = "SELECT id, customer_id FROM enrollments WHERE institution_id = $1 \
             AND status = 'active'";
        for row in read(sql).await {
            let customer = row.try_get("", "customer_id").unwrap();
            facts.enrollments.insert(id(&row), customer);
        }
        let sql = "SELECT p.id, p.amount_minor, r.number, p.voided_at AS voided, \
             r.voided_at AS taken_back FROM payments p \
             JOIN receipts r ON r.institution_id = p.institution_id AND r.payment_id = p.id \
             WHERE p.institution_id = $1";
        for row in read(sql).await {
            let at = |name: &str| row.try_get::<Option<i64>>("", name).unwrap();
            assert_eq!(
                at("voided").is_some(),
                at("taken_back").is_some(),
                "a void by half"
            );
            let payment = Payment {
                amount: row.try_get("", "amount_minor").unwrap(),
                receipt: row.try_get("", "number").unwrap(),
                is_voided: at("voided").is_some(),
            };
            facts.payments.insert(id(&row), payment);
        }
        facts
    }
}

fn id(row: &QueryResult) -> Uuid {
    row.try_get("", "id").unwrap()
}

fn among<T: PartialEq>(some: &BTreeMap<Uuid, T>, all: &BTreeMap<Uuid, T>) -> bool {
    some.iter().all(|(id, value)| all.get(id) == Some(value))
}

fn same<T: Clone + Debug + PartialEq>(
    table: &str,
    known: &BTreeMap<Uuid, T>,
    stored: &BTreeMap<Uuid, T>,
    seed: u64,
) {
    let mut left = stored.clone();
    for (id, known) in known {
        let is = match left.entry(*id) {
            Entry::Occupied(found) => Some(found.remove()),
            Entry::Vacant(_) => None,
        };
        assert!(
            is.as_ref() == Some(known),
            "seed {seed}, {table} {id}: {is:?} is stored, {known:?} was acknowledged"
        );
    }
    assert!(
        left.is_empty(),
        "seed {seed}, {table}: nobody asked for {left:?}"
    );
}
