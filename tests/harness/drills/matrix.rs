//! Everybody against every operation (T-05).

use std::fmt;

use futures_util::{StreamExt, stream};

use crate::{
    Engine, Operation, Server, World,
    chance::Chance,
    policy::{Person, Records, Tally, people, suspended, try_on_records, try_without_record},
    run_on,
};

/// Operations that are tried at once.
const AT_ONCE: usize = 4;

/// What a drill of the access matrix saw.
#[derive(Debug, Default)]
pub struct Matrix {
    seed: u64,
    operations: usize,
    people: usize,
    tally: Tally,
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} operations by {} people and programs, as the policy has it; {}",
            self.seed, self.operations, self.people, self.tally
        )
    }
}

/// Lets everybody try every operation on a record of each relation (T-05), in an order that the seed
/// gives; `cargo test` leaves out who is the same to a permission as somebody else. `None` where
/// there is no PostgreSQL.
pub fn matrix(engine: Engine, seed: u64) -> Option<Matrix> {
    let server = Server::own(engine, &[])?;
    let mut report = Matrix {
        seed,
        ..Matrix::default()
    };
    let told = &mut report;
    run_on(server, |w| async move {
        let mut operations = w.server.contract.callable();
        operations.retain(|operation| operation.permission.is_some());
        shuffle(&mut operations, seed);
        let (people, suspended) = (people(&w).await, suspended(&w).await);
        told.operations = operations.len();
        told.people = people.len();
        let trials = operations
            .iter()
            .map(|operation| all(&w, operation, &people, &suspended));
        let mut trials = stream::iter(trials).buffer_unordered(AT_ONCE);
        while let Some(tally) = trials.next().await {
            told.tally.add(&tally);
        }
    });
    Some(report)
}

async fn all(
    w: &World,
    operation: &Operation,
    people: &[Person],
    suspended: &crate::Actor,
) -> Tally {
    let people: Vec<&Person> = people.iter().collect();
    let permission = operation.permission.as_deref().unwrap();
    if operation.path_ids.is_empty() {
        try_without_record(w, operation, permission, &people, suspended).await
    } else {
        let mut records = Records::default();
        try_on_records(w, operation, permission, &people, suspended, &mut records).await
    }
}

fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut chance = Chance::new(seed);
    for last in (1..items.len()).rev() {
        let other = usize::try_from(chance.below(last as u64 + 1)).unwrap();
        items.swap(last, other);
    }
}
