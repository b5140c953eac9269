//! Entries of the cleaning list, without a sweep.

use domain::{
    access::{CustomersRead, PrincipalKind},
    customers::{CleaningEntry, CleaningReason, Finding, WANTED},
    id::Id,
    organization::Institution,
};
use persistence::{
    Error, Operation,
    access::Grant,
    customers::{cleaning::store as cleaning, store::find_all},
};
use uuid::Uuid;

use crate::{World, patience::commit};

impl World {
    /// An entry that says of a customer that everything is missing: who may know of any field sees it.
    pub async fn cleaning_entry(&self, institution: Id<Institution>, customer: Uuid) -> Uuid {
        let app = &self.server.app;
        let stamp = app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::Operator, "sweep", stamp);
        let db = app.db.clone();
        self.server
            .inside(async move {
                commit(&db, &operation, |tx| async move {
                    let now = tx.now();
                    let grant = Grant::<CustomersRead>::system(institution, now, "a test");
                    let found = find_all(&tx, &grant, &[Id::new(customer)]).await?;
                    let found = found.first().ok_or_else(|| Error::corrupt("no customer"))?;
                    let finding = Finding {
                        reason: CleaningReason::Incomplete,
                        missing: WANTED
                            .iter()
                            .map(|wanted| wanted.field.to_owned())
                            .collect(),
                        twin: None,
                    };
                    let entry = CleaningEntry::open(found, finding, &tx.stamp());
                    cleaning::insert(&tx, std::slice::from_ref(&entry), None).await?;
                    Ok(entry.id.uuid())
                })
                .await
                .unwrap()
            })
            .await
    }
}
