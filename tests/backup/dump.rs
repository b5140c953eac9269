//! The commands that the README gives for PostgreSQL, as they stand there (SECU-03…06).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tests::{
    Engine,
    client::Connection,
    process::{Finished, Site, finished},
    server::KEY_FILES,
};

use super::{CUSTOMERS, DRILL, create, lines, restore};

/// Where copies of the keys are kept, in the README.
const SAFE: &str = "/media/safe";

/// The blocks that hold the commands: dumping, and restoring.
fn commands() -> [String; 2] {
    let readme = include_str!("../../README.md");
    let (_, backup) = readme.split_once("\n## Keys and backup\n").unwrap();
    let (_, postgres) = backup.split_once("\n### PostgreSQL\n").unwrap();
    let (postgres, _) = postgres.split_once("\n## ").unwrap();
    let blocks: Vec<_> = postgres
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split_once("```").unwrap().0.to_owned())
        .collect();
    blocks.try_into().unwrap()
}

/// `PATH` with PostgreSQL's own programs: Debian wraps some and leaves out others.
fn programs() -> String {
    let newest = fs::read_dir("/usr/lib/postgresql").ok().and_then(|found| {
        let versions = found.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        versions.max_by_key(|version| version.parse::<u32>().unwrap_or(0))
    });
    let path = std::env::var("PATH").unwrap_or_default();
    newest.map_or(path.clone(), |version| {
        format!("/usr/lib/postgresql/{version}/bin:{path}")
    })
}

/// Runs commands as an operator does, in the folder that holds the data folder of a site.
fn shell(site: &Site, commands: &str) -> Finished {
    let script = format!("set -e\neducrm() {{ '{DRILL}' educrm \"$@\"; }}\n{commands}");
    // For its environment only.
    let settings = site.command(Path::new(DRILL), &[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .env_clear()
        .envs(settings.get_envs().filter_map(|(n, v)| Some((n, v?))))
        .env("PATH", programs())
        .current_dir(site.folder.parent().unwrap());
    Finished::of(finished(&mut shell))
}

/// A site whose data folder is `data` in a folder of its own, which is there.
fn place() -> Option<(Site, PathBuf)> {
    let mut site = Site::new(Engine::Postgres, &[])?;
    let parent = site.folder.clone();
    fs::create_dir(&parent).unwrap();
    site.folder = parent.join("data");
    let folder = site.folder.to_str().unwrap().to_owned();
    site.set("EDUCRM_DATA_DIR", &folder);
    Some((site, parent))
}

#[test]
fn the_commands_of_the_readme_bring_a_school_on_postgresql_back() {
    let Some((site, parent)) = place() else {
        return;
    };
    let [dump, restore] = commands();
    let school = site.prepare(async |app| tests::world::settle(app, "school").await);
    let token = site.token(school.institution, school.person("boss"));
    let campus = school.places.north.to_string();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let content = b"Agreed on the phone".repeat(1_000);
    let server = site.start(Path::new(DRILL));
    let file = runtime.block_on(async {
        let mut connection = Connection::open(server.address).await.unwrap();
        for name in ["Zhang Xiaoming", "李雷"] {
            assert_eq!(create(&mut connection, &token, &campus, name).await, 201);
        }
        restore::upload(server.address, &token, &content).await
    });
    shell(&site, &dump).done();
    server.stop();
    let customers = lines(&site, CUSTOMERS);
    assert_eq!(customers.len(), 2);

    let (elsewhere, new_parent) = place().unwrap();
    let safe = parent.join("safe");
    fs::create_dir(&safe).unwrap();
    for key in KEY_FILES {
        fs::copy(site.folder.join(key), safe.join(key)).unwrap();
    }
    for file in ["educrm-checkpoints.tar", "educrm.dump", "educrm-files.tar"] {
        fs::copy(parent.join(file), new_parent.join(file)).unwrap();
    }
    let said = shell(&elsewhere, &restore.replace(SAFE, safe.to_str().unwrap())).done();
    assert!(said.contains("every invariant holds"), "{said}");
    assert!(said.contains("sound"), "{said}");
    assert_eq!(lines(&elsewhere, CUSTOMERS), customers);

    let server = elsewhere.start(Path::new(DRILL));
    let address = format!("http://{}/api/v1/files/{file}/content", server.address);
    let read = runtime.block_on(async {
        let sent = tests::new_client().get(address).bearer_auth(&token);
        sent.send().await.unwrap().bytes().await.unwrap()
    });
    assert!(read == content, "the content of the file is another");
    server.stop();
    for folder in [parent, new_parent] {
        fs::remove_dir_all(folder).unwrap();
    }
}
