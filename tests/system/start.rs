//! What keeps the program from starting (T-30): each with its reason, and nothing of a secret.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tests::{Engine, process::Site};

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
