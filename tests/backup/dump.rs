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
const README: &str = include_str!("../../README.md");

/// What the README says under a heading, up to the next one of that rank.
fn section<'a>(text: &'a str, rank: &str, heading: &str) -> &'a str {
    let (_, from) = text.split_once(&format!("\n{rank} {heading}\n")).unwrap();
    from.split(&format!("\n{rank} ")).next().unwrap()
}

/// The blocks of a language in a text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// A role that owns the tables, and one that reads and writes rows: as the README makes them.
struct Roles {
    owner: String,
    user: String,
}

impl Roles {
    fn new() -> Self {
        let name = format!("educrm_test_{}", uuid::Uuid::now_v7().simple());
        Self {
            owner: format!("{name}_owner"),
            user: format!("{name}_user"),
        }
    }

    /// Founds a database by the commands of the README; the roles too, where they are not there.
    fn found(&self, site: &Site, with_roles: bool) {
        let server = std::env::var("TEST_POSTGRES_URL").unwrap();
        let database = database(site);
        let [commands] = blocks(
            section(README, "##", "Several instances on PostgreSQL"),
            "sql",
        )
        .try_into()
        .unwrap();
        let commands: Vec<_> = commands
            .lines()
            .filter(|line| with_roles || !line.contains("CREATE ROLE"))
            .map(|line| {
                line.replace("DATABASE educrm", &format!("DATABASE {database}"))
                    .replace("connect educrm", &format!("connect {database}"))
                    .replace("educrm_owner", &self.owner)
                    .replace("ROLE educrm ", &format!("ROLE {} ", self.user))
                    .replace("TO educrm;", &format!("TO {};", self.user))
            })
            .collect();
        let script = format!("DROP DATABASE {database};\n{}", commands.join("\n"));
        psql(&server, &script);
    }

    /// Lets a site use its database as these roles.
    fn lend(&self, site: &mut Site) {
        let url = site.database_url().to_owned();
        let (_, place) = url.rsplit_once('@').unwrap();
        for (setting, role) in [
            ("DATABASE_URL", &self.user),
            ("EDUCRM_MIGRATE_DATABASE_URL", &self.owner),
        ] {
            site.set(setting, &format!("postgres://{role}:…@{place}"));
        }
        site.set("EDUCRM_DATABASE_SUPERUSER", "off");
    }

    fn drop(&self) {
        let server = std::env::var("TEST_POSTGRES_URL").unwrap();
        psql(
            &server,
            &format!("DROP ROLE {};\nDROP ROLE {};", self.user, self.owner),
        );
    }
}

/// Name of a site's database.
fn database(site: &Site) -> &str {
    let url = site.database_url();
    let name = url.rsplit('/').next().unwrap();
    name.split('?').next().unwrap()
}

fn psql(url: &str, script: &str) {
    let mut psql = Command::new("sh");
    let file = std::env::temp_dir().join(format!("{}.sql", uuid::Uuid::now_v7()));
    fs::write(&file, script).unwrap();
    psql.args([
        "-c",
        "exec psql -qX -v ON_ERROR_STOP=1 -f \"$1\" \"$0\"",
        url,
    ])
    .arg(&file)
    .env("PATH", programs());
    Finished::of(finished(&mut psql)).done();
    fs::remove_file(file).unwrap();
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
fn place(roles: &Roles, with_roles: bool) -> Option<(Site, PathBuf)> {
    let mut site = Site::new(Engine::Postgres, &[])?;
    let parent = site.folder.clone();
    fs::create_dir(&parent).unwrap();
    site.folder = parent.join("data");
    let folder = site.folder.to_str().unwrap().to_owned();
    site.set("EDUCRM_DATA_DIR", &folder);
    roles.found(&site, with_roles);
    roles.lend(&mut site);
    Some((site, parent))
}

#[test]
fn the_commands_of_the_readme_bring_a_school_on_postgresql_back() {
    let roles = Roles::new();
    let Some((site, parent)) = place(&roles, true) else {
        return;
    };
    let backup = section(README, "##", "Keys and backup");
    let [dump, restore] = blocks(section(backup, "###", "PostgreSQL"), "sh")
        .try_into()
        .unwrap();
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

    let (elsewhere, new_parent) = place(&roles, false).unwrap();
    let safe = parent.join("safe");
    fs::create_dir(&safe).unwrap();
    for key in KEY_FILES {
        fs::copy(site.folder.join(key), safe.join(key)).unwrap();
    }
    for file in ["educrm-checkpoints.tar", "educrm.dump", "educrm-files.tar"] {
        // There may be no checkpoint yet.
        if parent.join(file).exists() {
            fs::copy(parent.join(file), new_parent.join(file)).unwrap();
        }
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
    drop((site, elsewhere));
    roles.drop();
    for folder in [parent, new_parent] {
        fs::remove_dir_all(folder).unwrap();
    }
}
