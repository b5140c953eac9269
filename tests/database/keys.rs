use tests::{Engine, Server, server::KEY_FILES};

#[test]
fn an_instance_with_a_key_of_its_own_does_not_start() {
    // On PostgreSQL only: on SQLite the keys stand beside the file.
    let Some(server) = Server::shared(Engine::Postgres) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for key in KEY_FILES {
        let why = runtime.block_on(server.refused_with_other(key));
        assert!(why.starts_with(key), "{why}");
    }
}
