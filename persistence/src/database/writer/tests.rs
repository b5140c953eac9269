use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use domain::{access::PrincipalKind, id::Id, stamp::Stamp};
use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use super::*;
use crate::{
    Database, Operation,
    database::{Target, statement},
    keys::Keys,
};

struct Fixture {
    db: Database,
    folder: PathBuf,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn operation() -> Operation {
    Operation::system(
        Id::new(Uuid::nil()),
        PrincipalKind::System,
        "test",
        Stamp::new(Timestamp::UNIX_EPOCH, |_| Uuid::nil()),
    )
}

async fn fixture() -> Fixture {
    let folder = std::env::temp_dir().join(format!("educrm-writer-{}", Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    let target = Target::Sqlite {
        file: folder.join("test.sqlite"),
        readers: 2,
        flush: false,
    };
    let db = Database::open(&target, Keys::new(&[1; 32])).await.unwrap();
    db.transaction(&operation(), |tx| async move {
        tx.execute_unprepared(
            "CREATE TABLE parents (id integer PRIMARY KEY); \
             CREATE TABLE rows (id integer PRIMARY KEY, parent integer \
             REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
        )
        .await?;
        Ok(())
    })
    .await
    .unwrap();
    Fixture { db, folder }
}

async fn insert(tx: &Tx, id: i64, parent: Option<i64>) -> Result<(), Error> {
    tx.execute_raw(statement(
        tx,
        "INSERT INTO rows (id, parent) VALUES (?, ?)",
        [id.into(), parent.into()],
    ))
    .await?;
    Ok(())
}

async fn rows(db: &Database) -> Vec<i64> {
    let read = db.read();
    read.query_all_raw(statement(&read, "SELECT id FROM rows ORDER BY id", []))
        .await
        .unwrap()
        .iter()
        .map(|row| row.try_get("", "id").unwrap())
        .collect()
}

/// Holds the writer until released, so that what comes meanwhile forms one group. The holder is
/// part of that group, and may run again.
async fn hold(db: &Database) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    let (release, wait) = watch::channel(false);
    let held = Arc::new(Notify::new());
    let (tell, db) = (held.clone(), db.clone());
    let task = tokio::spawn(async move {
        let (wait, tell) = (&wait, &tell);
        db.transaction(&operation(), |_| async move {
            tell.notify_one();
            let _ = wait.clone().wait_for(|released| *released).await;
            Ok(())
        })
        .await
        .unwrap();
    });
    held.notified().await;
    (release, task)
}

fn spawn_insert(db: &Database, id: i64) -> tokio::task::JoinHandle<Result<(), Error>> {
    let db = db.clone();
    tokio::spawn(async move {
        db.transaction(
            &operation(),
            |tx| async move { insert(&tx, id, None).await },
        )
        .await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_member_leaves_its_neighbours_alone() {
    let f = fixture().await;
    let (release, held) = hold(&f.db).await;
    let first = spawn_insert(&f.db, 1);
    let db = f.db.clone();
    let refused = tokio::spawn(async move {
        db.transaction(&operation(), |tx| async move {
            insert(&tx, 2, None).await?;
            Err::<(), _>(domain::fault::Fault::new(&domain::fault::NOT_FOUND).into())
        })
        .await
    });
    let last = spawn_insert(&f.db, 3);
    release.send(true).unwrap();
    held.await.unwrap();
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(refused.await.unwrap(), Err(Error::Fault(_))));
    assert!(last.await.unwrap().is_ok());
    assert_eq!(rows(&f.db).await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_rolled_back_underneath_commits_nothing_by_itself() {
    let f = fixture().await;
    let (release, held) = hold(&f.db).await;
    let first = spawn_insert(&f.db, 1);
    let (db, runs) = (f.db.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = runs.clone();
    let broken = tokio::spawn(async move {
        let counted = &counted;
        db.transaction(&operation(), |tx| async move {
            counted.fetch_add(1, Ordering::SeqCst);
            // As an interrupted statement does.
            tx.execute_unprepared("ROLLBACK").await?;
            insert(&tx, 2, None).await
        })
        .await
    });
    let last = spawn_insert(&f.db, 3);
    release.send(true).unwrap();
    held.await.unwrap();
    assert!(broken.await.unwrap().is_err());
    assert!(first.await.unwrap().is_ok());
    assert!(last.await.unwrap().is_ok());
    assert_eq!(
        runs.load(Ordering::SeqCst),
        2,
        "once in the group, once alone"
    );
    let kept = rows(&f.db).await;
    assert!(kept.contains(&1) && kept.contains(&3), "{kept:?}");
    // The writer is as good as new.
    assert!(spawn_insert(&f.db, 4).await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_culprit_of_a_deferred_violation_is_found() {
    let f = fixture().await;
    let (release, held) = hold(&f.db).await;
    let first = spawn_insert(&f.db, 1);
    let db = f.db.clone();
    let culprit = tokio::spawn(async move {
        db.transaction(
            &operation(),
            |tx| async move { insert(&tx, 2, Some(99)).await },
        )
        .await
    });
    let last = spawn_insert(&f.db, 3);
    release.send(true).unwrap();
    held.await.unwrap();
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(culprit.await.unwrap(), Err(Error::Fault(_))));
    assert!(last.await.unwrap().is_ok());
    assert_eq!(rows(&f.db).await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_panics_or_is_dropped_is_rolled_back() {
    let f = fixture().await;
    let (release, held) = hold(&f.db).await;
    let first = spawn_insert(&f.db, 1);
    let db = f.db.clone();
    let panicking = tokio::spawn(async move {
        db.transaction(&operation(), |tx| async move {
            insert(&tx, 2, None).await?;
            panic!("a fault of ours");
            #[expect(unreachable_code, reason = "gives the closure its type")]
            Ok(())
        })
        .await
    });
    let db = f.db.clone();
    let started = Arc::new(Notify::new());
    let tell = started.clone();
    let dropped = tokio::spawn(async move {
        let tell = &tell;
        db.transaction(&operation(), |tx| async move {
            insert(&tx, 3, None).await?;
            tell.notify_one();
            std::future::pending::<Result<(), Error>>().await
        })
        .await
    });
    release.send(true).unwrap();
    started.notified().await;
    dropped.abort();
    held.await.unwrap();
    let last = spawn_insert(&f.db, 4);
    assert!(panicking.await.is_err());
    assert!(first.await.unwrap().is_ok());
    assert!(last.await.unwrap().is_ok());
    assert_eq!(rows(&f.db).await, [1, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_outlives_its_closure_does_nothing() {
    let f = fixture().await;
    let kept =
        f.db.transaction(&operation(), |tx| async move { Ok(tx) })
            .await
            .unwrap();
    assert!(insert(&kept, 1, None).await.is_err());
    assert!(rows(&f.db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_was_dropped_still_refuses_the_transaction() {
    let f = fixture().await;
    assert!(spawn_insert(&f.db, 1).await.unwrap().is_ok());
    let swallowed =
        f.db.transaction(&operation(), |tx| async move {
            let _ = insert(&tx, 1, None).await;
            Ok(())
        })
        .await;
    assert!(swallowed.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_lose_nothing() {
    let f = fixture().await;
    let writers: Vec<_> = (0..200).map(|id| spawn_insert(&f.db, id)).collect();
    for writer in writers {
        assert!(writer.await.unwrap().is_ok());
    }
    assert_eq!(rows(&f.db).await, (0..200).collect::<Vec<_>>());
}
