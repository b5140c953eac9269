//! Parts of a transaction that are refused while the rest of it goes on.

use std::{future::Future, sync::Arc};

use domain::{
    access::{CustomersWrite, PrincipalKind},
    fault::{Fault, NOT_FOUND},
};
use educrm::customers::{CreateCustomer, commands::create};
use persistence::{Error, Operation, Tx, access::Grant};
use sea_orm::ConnectionTrait;
use tests::{World, both, json};

/// Takes in a customer.
async fn add(tx: &Tx, campus: uuid::Uuid, name: &str) -> Result<(), Error> {
    let body = json!({
        "kind": "student", "name": name, "source_channel": "hotline", "campus_id": campus,
    });
    let body: CreateCustomer = serde_json::from_value(body).unwrap();
    let institution = tx.operation().institution;
    let grant = Grant::<CustomersWrite>::system(institution, tx.now(), "a test");
    create(tx, &grant, body).await.map(drop)
}

fn refused<T>() -> Result<T, Error> {
    Err(Fault::new(&NOT_FOUND).into())
}

/// Runs a transaction as a request would; `work` is given the campus of its customers.
async fn transaction<F, Fut>(w: &World, work: F) -> Result<(), Error>
where
    F: Fn(Tx, uuid::Uuid) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (db, stamp) = (w.server.app.db.clone(), w.server.app.clock.stamp());
    let operation = Operation::system(w.institution, PrincipalKind::Operator, "attempt", stamp);
    let (campus, work) = (w.places.north.uuid(), Arc::new(work));
    w.server
        .inside(async move { db.transaction(&operation, |tx| work(tx, campus)).await })
        .await
}

/// Names of the customers that there are, and how many records and events tell of them.
async fn left(w: &World) -> (Vec<String>, usize, usize) {
    let institution = || vec![w.institution.uuid().into()];
    let names = "SELECT name FROM customers WHERE institution_id = ? ORDER BY name";
    let events = "SELECT type FROM events WHERE institution_id = ? AND type = 'customer.created'";
    let trail =
        "SELECT operation FROM audit_records WHERE institution_id = ? AND operation = 'attempt'";
    (
        w.server.texts(names, institution()).await,
        w.server.texts(events, institution()).await.len(),
        w.server.texts(trail, institution()).await.len(),
    )
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

both! {
    async fn a_refused_attempt_leaves_nothing_and_what_follows_is_done(w: World) {
        transaction(&w, |tx, campus| async move {
            add(&tx, campus, "a").await?;
            let tried = tx.attempt(|tx| async move {
                add(&tx, campus, "b").await?;
                refused::<()>()
            });
            assert_eq!(tried.await?, Err(Fault::new(&NOT_FOUND)));
            let tried = tx.attempt(|tx| async move { add(&tx, campus, "c").await });
            assert_eq!(tried.await?, Ok(()));
            add(&tx, campus, "d").await
        }).await.unwrap();
        assert_eq!(left(&w).await, (named(&["a", "c", "d"]), 3, 1));
    }

    async fn where_every_attempt_is_refused_nothing_is_on_the_trail(w: World) {
        transaction(&w, |tx, campus| async move {
            let tried = tx.attempt(|tx| async move {
                add(&tx, campus, "a").await?;
                refused::<()>()
            });
            tried.await?.unwrap_err();
            Ok(())
        }).await.unwrap();
        assert_eq!(left(&w).await, (Vec::new(), 0, 0));
    }

    async fn after_a_statement_that_failed_the_transaction_goes_on(w: World) {
        transaction(&w, |tx, campus| async move {
            let tried = tx.attempt(|tx| async move {
                add(&tx, campus, "a").await?;
                tx.execute_unprepared("INSERT INTO nothing VALUES (1)").await.unwrap_err();
                // Nothing more is accepted, as on PostgreSQL.
                assert!(add(&tx, campus, "b").await.is_err());
                refused::<()>()
            });
            tried.await?.unwrap_err();
            add(&tx, campus, "c").await
        }).await.unwrap();
        assert_eq!(left(&w).await, (named(&["c"]), 1, 1));
    }

    async fn an_attempt_within_an_attempt_goes_with_it(w: World) {
        transaction(&w, |tx, campus| async move {
            let kept = tx.attempt(|tx| async move {
                add(&tx, campus, "a").await?;
                let inner = tx.attempt(|tx| async move {
                    add(&tx, campus, "b").await?;
                    refused::<()>()
                });
                inner.await?.unwrap_err();
                add(&tx, campus, "c").await
            });
            kept.await?.unwrap();
            let gone = tx.attempt(|tx| async move {
                let inner = tx.attempt(|tx| async move { add(&tx, campus, "d").await });
                inner.await?.unwrap();
                add(&tx, campus, "e").await?;
                refused::<()>()
            });
            gone.await?.unwrap_err();
            add(&tx, campus, "f").await
        }).await.unwrap();
        assert_eq!(left(&w).await, (named(&["a", "c", "f"]), 3, 1));
    }

    async fn what_is_no_refusal_ends_the_whole_transaction(w: World) {
        for drops_the_error in [false, true] {
            let done = transaction(&w, move |tx, campus| async move {
                add(&tx, campus, "a").await?;
                let tried = tx.attempt(|tx| async move {
                    add(&tx, campus, "b").await?;
                    Err::<(), _>(Error::Busy)
                });
                match tried.await {
                    Err(_) if drops_the_error => add(&tx, campus, "c").await,
                    other => other.map(drop),
                }
            }).await;
            assert!(matches!((&done, drops_the_error), (Err(Error::Busy), false) | (Err(Error::Internal(_)), true)), "{done:?}");
        }
        assert_eq!(left(&w).await, (Vec::new(), 0, 0));
    }

    async fn the_error_of_a_statement_is_not_to_be_dropped_in_an_attempt(w: World) {
        let done = transaction(&w, |tx, campus| async move {
            let tried = tx.attempt(|tx| async move {
                add(&tx, campus, "a").await?;
                let _ = tx.execute_unprepared("INSERT INTO nothing VALUES (1)").await;
                Ok(())
            });
            tried.await.map(drop)
        }).await;
        assert!(matches!(done, Err(Error::Internal(_))), "{done:?}");
        assert_eq!(left(&w).await, (Vec::new(), 0, 0));
    }

    async fn a_handle_is_of_its_attempt_only(w: World) {
        transaction(&w, |tx, campus| async move {
            let whole = tx.clone();
            let tried = tx.attempt(|tx| async move {
                assert!(add(&whole, campus, "a").await.is_err());
                add(&tx, campus, "b").await?;
                Ok(tx)
            });
            let kept = tried.await?.unwrap();
            assert!(add(&kept, campus, "c").await.is_err());
            let tried = tx.attempt(|tx| async move {
                assert!(add(&kept, campus, "d").await.is_err());
                add(&tx, campus, "e").await
            });
            tried.await?.unwrap();
            add(&tx, campus, "f").await
        }).await.unwrap();
        assert_eq!(left(&w).await, (named(&["b", "e", "f"]), 3, 1));
    }

    async fn a_transaction_that_was_rolled_back_underneath_an_attempt_commits_nothing(w: World) {
        let done = transaction(&w, |tx, campus| async move {
            add(&tx, campus, "a").await?;
            let tried = tx.attempt(|tx| async move {
                // As an interrupted statement does.
                tx.execute_unprepared("ROLLBACK").await?;
                refused::<()>()
            });
            let _ = tried.await;
            add(&tx, campus, "b").await
        }).await;
        assert!(done.is_err(), "{done:?}");
        assert_eq!(left(&w).await, (Vec::new(), 0, 0));
    }
}
