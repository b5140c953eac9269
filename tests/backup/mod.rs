//! Backups, and bringing one back: the real commands, on folders of their own (SECU-03…06, T-16).

mod daily;
mod dump;
mod keep;
mod restore;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use domain::{id::Id, organization::Institution};
use educrm::app::App;
use sea_orm::{ConnectionTrait, Statement};
use tests::{
    Engine,
    client::{Connection, request},
    json,
    process::Site,
    world::School,
};
use tokio::runtime::Runtime;

const DRILL: &str = env!("CARGO_BIN_EXE_drill");
const CUSTOMERS: &str = "SELECT name AS line FROM customers ORDER BY name";

/// A school in a folder of its own, on SQLite.
struct Story {
    site: Site,
    school: School,
    runtime: Runtime,
}

impl Story {
    fn new(settings: &[(&str, &str)]) -> Self {
        let site = Site::new(Engine::Sqlite, settings).unwrap();
        let school = site.prepare(async |app: App| tests::world::settle(app, "school").await);
        Self {
            site,
            school,
            runtime: Runtime::new().unwrap(),
        }
    }

    fn institution(&self) -> Id<Institution> {
        self.school.institution
    }

    fn token(&self) -> String {
        self.site
            .token(self.institution(), self.school.person("boss"))
    }

    /// Makes a backup; where it is.
    fn back_up(&self) -> PathBuf {
        let out = self.site.run(DRILL.as_ref(), &["backup"]).done();
        let path = out.lines().next().unwrap().strip_prefix("backup   ");
        PathBuf::from(path.unwrap())
    }

    fn run(&self, arguments: &[&str]) -> tests::process::Finished {
        self.site.run(Path::new(DRILL), arguments)
    }

    fn customers(&self) -> Vec<String> {
        lines(&self.site, CUSTOMERS)
    }

    /// Changes the school behind the back of any server.
    fn add_customer(&self, name: &str) {
        let process = self.site.start(Path::new(DRILL));
        let (token, campus) = (self.token(), self.school.places.north.to_string());
        self.runtime.block_on(async {
            let mut connection = Connection::open(process.address).await.unwrap();
            assert_eq!(create(&mut connection, &token, &campus, name).await, 201);
        });
        process.stop();
    }
}

async fn create(connection: &mut Connection, token: &str, campus: &str, name: &str) -> u16 {
    let body = json!({
        "kind": "student", "name": name, "source_channel": "hotline", "campus_id": campus,
    });
    let key = uuid::Uuid::now_v7().to_string();
    let headers = [("idempotency-key", key.as_str())];
    let sent = request(
        "POST",
        "/api/v1/customers",
        token,
        &headers,
        &body.to_string(),
    );
    connection.send_patiently(&sent).await.unwrap().status
}

/// What a query finds while no server runs, a text a row.
fn lines(site: &Site, sql: &str) -> Vec<String> {
    site.prepare(async |app: App| {
        let read = app.db.read();
        let statement = Statement::from_string(read.get_database_backend(), sql);
        let rows = read.query_all_raw(statement).await.unwrap();
        rows.iter()
            .map(|row| row.try_get("", "line").unwrap())
            .collect()
    })
}

/// A place that has nothing but the key of the backups.
fn new_machine(of: &Site) -> Site {
    let site = Site::new(Engine::Sqlite, &[]).unwrap();
    fs::create_dir(&site.folder).unwrap();
    fs::copy(of.folder.join("field.key"), site.folder.join("field.key")).unwrap();
    site
}

/// Every file below a folder with its bytes; the files that only hold locks are left out.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
            found.insert(path, Vec::new());
        } else if !path.ends_with("lock") && !path.ends_with("backup.lock") {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// Names of the backups in a folder, oldest first.
fn backups(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}
