//! What keeps the program from starting (T-30): each with its reason, and nothing of a secret.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tests::{
    Engine, Value, json,
    process::{Process, Site},
};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");

fn site() -> Site {
    let site = Site::new(Engine::Sqlite, &[]).unwrap();
    site.prepare(async |_| ());
    site
}

fn refused(site: &Site, reason: &str) {
    let why = site.run(Path::new(DRILL), &["serve"]).refused();
    assert!(why.contains(reason), "{why}");
}

/// What the program has said since it was started.
fn said(site: &Site) -> String {
    fs::read_to_string(site.folder.join("log")).unwrap()
}

/// Status and body of a call, from a process that is running.
fn call(process: &Process, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("http://{}/api/v1{path}", process.address);
        let sent = tests::new_client().post(url).bearer_auth(token).json(body);
        let answer = sent.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    })
}

fn modes(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut found = Vec::new();
    for entry in entries {
        let (path, about) = (entry.path(), entry.metadata().unwrap());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        found.push((name, about.permissions().mode() & 0o777));
        if about.is_dir() {
            found.extend(modes(&path));
        }
    }
    found
}

#[test]
fn the_first_start_founds_a_school_and_tells_its_administrators_password_once() {
    let site = Site::new(Engine::Sqlite, &[]).unwrap();
    fs::create_dir(&site.folder).unwrap();
    fs::set_permissions(&site.folder, fs::Permissions::from_mode(0o700)).unwrap();
    let process = site.start(Path::new(DRILL));
    let told = said(&site);
    assert!(
        told.contains("/api/v1") && told.contains("/docs/"),
        "{told}"
    );
    let mut lines = told.lines().skip_while(|l| !l.starts_with("First start: "));
    assert!(lines.next().unwrap().contains("`school`, user `admin`"));
    let password = lines.next().unwrap().trim();

    let log_in = json!({"institution": "school", "user_name": "admin", "password": password});
    let (status, opened) = call(&process, "/auth/login", "", &log_in);
    assert_eq!(status, 200, "{opened}");
    let token = opened["access_token"].as_str().unwrap();
    let own = json!({"current_password": password, "new_password": "lantern orchid gravel 93"});
    assert_eq!(call(&process, "/auth/password", token, &own).0, 204);
    assert_eq!(call(&process, "/auth/login", "", &log_in).0, 401);
    for (name, mode) in modes(&site.folder) {
        let is_ours = name != "log";
        assert!(!is_ours || mode & 0o077 == 0, "{name}: {mode:o}");
    }
    process.stop();

    let again = site.start(Path::new(DRILL));
    assert!(!said(&site).contains("First start"), "{}", said(&site));
    let log_in = json!({"institution": "school", "user_name": "admin", "password": "lantern orchid gravel 93"});
    assert_eq!(call(&again, "/auth/login", "", &log_in).0, 200);
    again.stop();
}

#[test]
fn a_key_that_is_no_secret_is_refused() {
    let site = site();
    let key = site.folder.join("token.key");
    let real = fs::read_to_string(&key).unwrap();
    for (weak, reason) in [
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "not a secret key",
        ),
        ("c2hvcnQ=", "not a key of 32 bytes"),
        ("", "not a key of 32 bytes"),
    ] {
        fs::write(&key, weak).unwrap();
        refused(&site, reason);
    }
    fs::write(&key, &real).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&site, "token.key: others may read it");
    let why = site.run(Path::new(DRILL), &["serve"]).refused();
    assert!(!why.contains(real.trim()), "a refusal shows the key");
}

#[test]
fn a_key_that_the_database_was_not_made_with_is_refused() {
    let site = site();
    fs::remove_file(site.folder.join("cursor.key")).unwrap();
    refused(&site, "cursor.key");
}

#[test]
fn a_folder_has_one_server() {
    let site = site();
    let running = site.start(Path::new(DRILL));
    refused(&site, "in use by another educrm process");
    running.stop();
}

#[test]
fn settings_that_are_not_safe_are_refused_all_at_once() {
    let mut site = site();
    site.set("EDUCRM_LISTEN", "0.0.0.0:0");
    site.set("EDUCRM_CORS_ORIGINS", "*");
    site.set(
        "DATABASE_URL",
        "postgres://crm:verysecret@db.school.example/crm",
    );
    let why = site.run(Path::new(DRILL), &["serve"]).refused();
    for name in ["EDUCRM_LISTEN", "EDUCRM_CORS_ORIGINS", "DATABASE_URL"] {
        assert!(why.contains(name), "{why}");
    }
    assert!(!why.contains("verysecret"), "{why}");
}

#[test]
fn a_superuser_of_postgresql_is_refused_unless_it_is_a_trial() {
    let Some(mut site) = Site::new(Engine::Postgres, &[]) else {
        return;
    };
    site.prepare(async |_| ());
    site.set("EDUCRM_DATABASE_SUPERUSER", "off");
    let is_superuser = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let read = site.database().await.read();
        let sql = "SELECT current_setting('is_superuser') AS is";
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let row = sea_orm::ConnectionTrait::query_one_raw(&read, statement)
            .await
            .unwrap();
        row.unwrap().try_get::<String>("", "is").unwrap() == "on"
    });
    if is_superuser {
        let why = site.run(Path::new(DRILL), &["migrate"]).refused();
        assert!(why.contains("EDUCRM_DATABASE_SUPERUSER"), "{why}");
        site.set("EDUCRM_DATABASE_SUPERUSER", "on");
    }
    site.run(Path::new(DRILL), &["migrate"]).done();
}

#[test]
fn an_institution_speaks_its_language_and_is_suspended_and_resumed() {
    let site = site();
    let drill = Path::new(DRILL);
    let found = [
        "institution",
        "create",
        "--code",
        "music",
        "--name",
        "Music",
    ];
    let why = site
        .run(drill, &[&found[..], &["--locale", "fr"]].concat())
        .refused();
    assert!(why.contains("zh-CN or en"), "{why}");
    site.run(drill, &[&found[..], &["--locale", "en"]].concat())
        .done();
    let status = || {
        let all = site.run(drill, &["institution", "list"]).done();
        let own = all.lines().find(|line| line.starts_with("music\t"));
        own.unwrap().split('\t').nth(1).unwrap().to_owned()
    };
    assert_eq!(status(), "active");
    for (command, expected, said) in [
        ("suspend", "suspended", "is suspended\n"),
        ("suspend", "suspended", "is suspended already\n"),
        ("resume", "active", "is active\n"),
        ("resume", "active", "is active already\n"),
    ] {
        let told = site
            .run(drill, &["institution", command, "--code", "music"])
            .done();
        assert!(told.contains(said), "{told}");
        assert_eq!(status(), expected);
    }
    site.run(drill, &["audit", "verify"]).done();
}

#[test]
fn nobody_is_hired_on_both_sides_of_the_wall_between_sales_and_purchasing() {
    let site = site();
    let drill = Path::new(DRILL);
    let found = ["institution", "create", "--code", "music", "--name", "音乐"];
    site.run(drill, &found).done();
    let hired = |name: &str, roles: &[&str]| {
        let person = ["staff", "create", "--institution", "music"];
        let named = ["--user-name", name, "--name", name];
        site.run(drill, &[&person[..], &named, roles].concat())
    };
    let both = ["--role", "salesperson", "--role", "purchasing"];
    let why = hired("li", &both).refused();
    assert!(why.contains("sales_purchasing_wall"), "{why}");
    hired("li", &both[..2]).done();
    hired("wang", &["--role", "purchasing", "--role", "finance"]).done();
}

#[test]
fn an_institution_is_not_founded_with_a_currency_that_there_is_not() {
    let site = site();
    let found = ["institution", "create", "--code", "music", "--name", "音乐"];
    for code in ["cny", "QQQ", ""] {
        let arguments = [&found[..], &["--currency", code]].concat();
        let why = site.run(Path::new(DRILL), &arguments).refused();
        assert!(why.contains("ISO 4217"), "{why}");
    }
    let arguments = [&found[..], &["--currency", "JPY"]].concat();
    site.run(Path::new(DRILL), &arguments).done();
}
