//! Nobody changes the trail unnoticed, not even who may write to the database (I-32, T-22).

use educrm::{boot, data_dir::DataDir, upkeep::seal_once};
use persistence::audit::{
    chain::{self, Sealer},
    verify::{Proof, verify},
};
use tests::{
    Engine, Server, World,
    patience::{is_busy, patiently},
};
use uuid::Uuid;

/// Makes changes, and seals them in a block of their own.
async fn block(w: &World) {
    for name in ["张伟", "李娜", "王芳"] {
        w.as_recruiter()
            .post("/api/v1/customers", &w.new_customer(name))
            .await
            .expect(201);
    }
    seal(w).await;
}

/// Seals what is on the trail.
pub(crate) async fn seal(w: &World) {
    w.server.settle().await;
    let app = w.server.app.clone();
    w.server
        .inside(async move {
            // What is sealed by half goes on where it ended.
            let seal = async || {
                seal_once(&app, true)
                    .await
                    .map_err(|error| error.to_string())
            };
            patiently(seal, |sealed| sealed.is_err()).await.unwrap();
        })
        .await;
}

/// Proves the trail of the school.
pub(crate) async fn prove(w: &World) -> Proof {
    let key = DataDir::beside(&w.server.folder)
        .unwrap()
        .key("audit.key")
        .unwrap();
    let kept = w
        .server
        .app
        .checkpoints
        .newest(w.institution.uuid())
        .unwrap();
    let (db, institution) = (w.server.app.db.clone(), w.institution.uuid());
    w.server
        .inside(async move { verify(&db, &chain::public(&key), institution, kept.as_ref()).await })
        .await
        .unwrap()
}

/// What somebody does who may do everything to the database.
async fn sql(w: &World, sql: &str) {
    for statement in sql.split(';').filter(|s| !s.trim().is_empty()) {
        let own = statement.matches('?').map(|_| w.institution.uuid().into());
        w.execute(statement, own.collect()).await.unwrap();
    }
}

async fn drop_guards(w: &World) {
    if w.server.app.db.is_postgres() {
        for table in [
            "audit_records",
            "audit_payloads",
            "audit_targets",
            "audit_blocks",
            "positions",
        ] {
            sql(w, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await;
        }
        sql(w, "DROP INDEX audit_records_position_key").await;
        return;
    }
    let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' \
                    AND (tbl_name LIKE 'audit%' OR tbl_name = 'positions')";
    for trigger in w.server.texts(triggers, vec![]).await {
        sql(w, &format!("DROP TRIGGER {trigger}")).await;
    }
    sql(w, "DROP INDEX audit_records_position_key").await;
}

/// A record in the middle of the second block.
const VICTIM: &str = "(SELECT id FROM audit_records WHERE institution_id = ? AND position = \
    (SELECT first_position + 1 FROM audit_blocks WHERE institution_id = ? AND number = 2))";

/// The kinds of tampering, and the first block that is not as it was.
const TAMPERINGS: &[(&str, &str, i64)] = &[
    (
        "edit a record",
        "UPDATE audit_records SET operation = 'getCustomer' WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "edit whose session it was",
        "UPDATE audit_records SET session_id = institution_id WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "edit a content",
        "UPDATE audit_payloads SET payload = (SELECT payload FROM audit_payloads p \
        WHERE p.institution_id = ? AND p.id <> {victim} LIMIT 1) WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "remove a content",
        "DELETE FROM audit_payloads WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "delete a record",
        "DELETE FROM audit_payloads WHERE institution_id = ? AND id = {victim}; \
        DELETE FROM audit_targets WHERE institution_id = ? AND record_id = {victim}; \
        DELETE FROM audit_records WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "insert a record",
        "INSERT INTO audit_records (institution_id, id, at, principal_id, principal_kind, operation, \
        outcome, request_id, trace_id, target_kind, target_id, payload_digest, position) \
        SELECT institution_id, institution_id, at, principal_id, principal_kind, operation, outcome, request_id, \
        trace_id, target_kind, target_id, payload_digest, position FROM audit_records \
        WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "reorder records",
        "UPDATE audit_records SET position = -position WHERE institution_id = ? AND id = {victim}; \
        UPDATE audit_records SET position = position + 1 WHERE institution_id = ? AND position = \
        (SELECT first_position FROM audit_blocks WHERE institution_id = ? AND number = 2); \
        UPDATE audit_records SET position = -position - 1 WHERE institution_id = ? AND position < 0",
        2,
    ),
    (
        "add a target",
        "INSERT INTO audit_targets (institution_id, record_id, kind, target_id) \
        SELECT institution_id, id, 'customer', institution_id FROM audit_records \
        WHERE institution_id = ? AND id = {victim}",
        2,
    ),
    (
        "edit a block",
        "UPDATE audit_blocks SET sealed_at = sealed_at + 1 WHERE institution_id = ? AND number = 2",
        2,
    ),
    (
        "cut off the end",
        "DELETE FROM audit_payloads WHERE institution_id = ? AND id IN {last}; \
        DELETE FROM audit_targets WHERE institution_id = ? AND record_id IN {last}; \
        UPDATE positions SET last = (SELECT first_position - 1 FROM audit_blocks WHERE institution_id = ? AND number = 3) \
        WHERE institution_id = ? AND stream = 'audit_records'; \
        DELETE FROM audit_records WHERE institution_id = ? AND id IN {last}; \
        DELETE FROM audit_blocks WHERE institution_id = ? AND number = 3",
        3,
    ),
    (
        "remove everything",
        "DELETE FROM audit_payloads WHERE institution_id = ?; \
        DELETE FROM audit_targets WHERE institution_id = ?; DELETE FROM audit_records WHERE institution_id = ?; \
        DELETE FROM audit_blocks WHERE institution_id = ?; \
        UPDATE positions SET last = 0 WHERE institution_id = ? AND stream = 'audit_records'",
        1,
    ),
];

const LAST: &str = "(SELECT r.id FROM audit_records r JOIN audit_blocks b ON b.institution_id = r.institution_id \
    AND r.position BETWEEN b.first_position AND b.last_position WHERE b.institution_id = ? AND b.number = 3)";

async fn three_blocks(server: &'static Server) -> World {
    for _ in 0..20 {
        let w = World::found(server).await;
        for _ in 0..3 {
            block(&w).await;
        }
        let sizes = "SELECT CAST(last_position - first_position + 1 AS text) FROM audit_blocks \
                     WHERE institution_id = ? ORDER BY number";
        let sizes = w
            .server
            .texts(sizes, vec![w.institution.uuid().into()])
            .await;
        // On a slow machine the server seals what has waited too long: then anew.
        if sizes.len() == 3 && sizes[1..] == ["3", "3"] {
            return w;
        }
    }
    unreachable!("the server seals before the test does, each time");
}

async fn every_tampering_is_found(server: &'static Server) {
    let clean = three_blocks(server).await;
    let proof = prove(&clean).await;
    assert_eq!((proof.broken, proof.blocks, proof.unsealed), (None, 3, 0));
    let erase = "UPDATE audit_payloads SET salt = NULL, payload = NULL WHERE institution_id = ?";
    sql(&clean, erase).await;
    assert_eq!(
        prove(&clean).await.broken,
        None,
        "what was erased is no tampering"
    );
    drop_guards(&clean).await;
    for (what, how, first_bad) in TAMPERINGS {
        let w = three_blocks(server).await;
        assert_eq!(prove(&w).await.broken, None);
        sql(&w, &how.replace("{victim}", VICTIM).replace("{last}", LAST)).await;
        let broken = prove(&w).await.broken;
        assert_eq!(
            broken.as_ref().map(|(block, _)| block),
            Some(first_bad),
            "{what}: {broken:?}"
        );
    }
    // Who may write to the database builds the chain anew; he has not the key.
    let w = three_blocks(server).await;
    sql(&w, &format!("UPDATE audit_records SET operation = 'getCustomer' WHERE institution_id = ? AND id = {VICTIM}")).await;
    sql(
        &w,
        "DELETE FROM audit_blocks WHERE institution_id = ? AND number > 1",
    )
    .await;
    let forger = Sealer::new(server.app.db.clone(), Uuid::now_v7(), &[9; 32], |_| None);
    let app = server.app.clone();
    server
        .inside(async move {
            patiently(|| app.sealer.stop(), is_busy).await.unwrap();
            let waits = |sealed: &Result<Vec<_>, _>| {
                is_busy(sealed) || sealed.as_ref().is_ok_and(Vec::is_empty)
            };
            let sealed = patiently(|| forger.seal(true), waits).await.unwrap();
            assert!(!sealed.is_empty(), "another holds the lease of the seals");
            patiently(|| forger.stop(), is_busy).await.unwrap();
        })
        .await;
    let broken = prove(&w).await.broken;
    assert_eq!(
        broken.as_ref().map(|(block, _)| *block),
        Some(2),
        "{broken:?}"
    );
}

fn on(engine: Engine, story: impl AsyncFnOnce(&'static Server)) {
    if let Some(server) = Server::own(engine, &[]) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(story(server));
        server.retire();
    }
}

#[test]
fn every_tampering_is_found_on_sqlite() {
    on(Engine::Sqlite, every_tampering_is_found);
}

#[test]
fn every_tampering_is_found_on_postgres() {
    on(Engine::Postgres, every_tampering_is_found);
}

#[test]
fn the_trail_is_proved_beside_a_running_server() {
    on(Engine::Sqlite, async |server| {
        let w = three_blocks(server).await;
        let settings = server.app.settings.clone();
        let institution = w.institution.uuid();
        let proof = server
            .inside(async move {
                let (db, folder) = boot::open_beside(&settings).await.unwrap();
                let key = folder.key("audit.key").unwrap();
                verify(&db, &chain::public(&key), institution, None).await
            })
            .await
            .unwrap();
        assert_eq!((proof.broken, proof.blocks), (None, 3));
        block(&w).await;
    });
}
