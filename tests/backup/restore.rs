use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tests::{Value, client::Connection, patience::LONGEST_WAIT, process::Site};

use super::{CUSTOMERS, DRILL, Story, contents, create, lines, new_machine};

/// Uploads a file to a running server; its id.
pub(super) async fn upload(address: std::net::SocketAddr, token: &str, content: &[u8]) -> String {
    let (media, body) = tests::call::form("file", "notes.txt", content);
    let sent = tests::new_client()
        .post(format!("http://{address}/api/v1/files"))
        .header("content-type", media)
        .header("idempotency-key", "upload")
        .bearer_auth(token)
        .body(body)
        .send();
    let file: Value = sent.await.unwrap().json().await.unwrap();
    file["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_backup_made_while_others_write_holds_all_that_was_acknowledged_before() {
    let story = Story::new(&[]);
    let server = story.site.start(Path::new(DRILL));
    let (token, campus) = (story.token(), story.school.places.north.to_string());
    let content = b"0123456789abcdef".repeat(20_000);
    let file = story
        .runtime
        .block_on(upload(server.address, &token, &content));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (acknowledged, enough) = (acknowledged.clone(), enough.clone());
            let (token, campus, address) = (token.clone(), campus.clone(), server.address);
            story.runtime.spawn(async move {
                let mut connection = Connection::open(address).await.unwrap();
                for number in 0.. {
                    if enough.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("{writer}-{number}");
                    let status = create(&mut connection, &token, &campus, &name).await;
                    assert_eq!(status, 201);
                    acknowledged.lock().unwrap().push(name);
                }
            })
        })
        .collect();
    let known = || acknowledged.lock().unwrap().clone();
    server.until("enough is acknowledged", || {
        assert!(writers.iter().all(|writer| !writer.is_finished()));
        (known().len() >= 40).then_some(())
    });
    let before = known();
    let backup = story.back_up();
    enough.store(true, Ordering::Relaxed);
    for writer in writers {
        story.runtime.block_on(writer).unwrap();
    }
    let after = known();
    server.stop();
    assert_eq!(
        fs::metadata(&backup).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let elsewhere = new_machine(&story.site);
    let said = elsewhere
        .run(Path::new(DRILL), &["restore", backup.to_str().unwrap()])
        .done();
    assert!(said.contains("every invariant holds"), "{said}");
    assert!(said.contains("sound"), "{said}");
    let restored = lines(&elsewhere, CUSTOMERS);
    let lost: Vec<_> = before.iter().filter(|n| !restored.contains(n)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(restored.iter().all(|name| after.contains(name)));

    let server = elsewhere.start(Path::new(DRILL));
    let address = format!("http://{}/api/v1/files/{file}/content", server.address);
    let read = story.runtime.block_on(async {
        let sent = tests::new_client().get(address).bearer_auth(&token);
        sent.send().await.unwrap().bytes().await.unwrap()
    });
    assert!(read == content, "the content of the file is another");
    server.stop();
    let proven = elsewhere.run(Path::new(DRILL), &["audit", "verify"]).done();
    assert!(proven.contains("sound"), "{proven}");
}

#[test]
fn a_damaged_or_foreign_backup_is_refused_and_nothing_is_touched() {
    let story = Story::new(&[]);
    let backup = story.back_up();
    let whole = fs::read(&backup).unwrap();
    let other = Story::new(&[]);
    let foreign = fs::read(other.back_up()).unwrap();
    let altered = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let chunk = whole.len() - 70_000..whole.len();
    let swapped = [&whole[..64], &whole[64 + 65_564..], &whole[64..64 + 65_564]].concat();
    let cases = [
        ("altered in its head", altered(3)),
        ("altered in its salt", altered(20)),
        ("altered at its beginning", altered(70)),
        ("altered in the middle", altered(whole.len() / 2)),
        ("altered at its end", altered(whole.len() - 1)),
        ("cut short", whole[..whole.len() - 1].to_vec()),
        ("without its last chunk", whole[..chunk.start].to_vec()),
        ("nothing but its head", whole[..64].to_vec()),
        ("empty", Vec::new()),
        ("longer", [whole.as_slice(), b"0"].concat()),
        ("with chunks swapped", swapped),
        ("of another installation", foreign),
    ];
    let bad = std::env::temp_dir().join(format!("{}.backup", story.institution()));
    let before = contents(&story.site.folder);
    for (what, bytes) in cases {
        fs::write(&bad, bytes).unwrap();
        let said = story
            .run(&["restore", "--replace", bad.to_str().unwrap()])
            .refused();
        assert!(said.contains("nothing was changed"), "{what}: {said}");
        assert!(
            contents(&story.site.folder) == before,
            "{what}: the folder was changed"
        );
    }
    fs::remove_file(bad).unwrap();
    story
        .run(&["restore", "--replace", backup.to_str().unwrap()])
        .done();
}

#[test]
fn a_state_that_is_there_is_replaced_only_when_told_and_is_kept() {
    let story = Story::new(&[]);
    story.add_customer("张伟");
    let backup = story.back_up();
    story.add_customer("李娜");
    let name = backup.file_name().unwrap().to_str().unwrap();

    let server = story.site.start(Path::new(DRILL));
    let said = story.run(&["restore", "--replace", name]).refused();
    assert!(said.contains("in use by another educrm process"), "{said}");
    server.stop();

    let before = contents(&story.site.folder);
    let said = story.run(&["restore", name]).refused();
    assert!(said.contains("--replace"), "{said}");
    assert!(contents(&story.site.folder) == before);

    let said = story.run(&["restore", "--replace", name]).done();
    assert_eq!(story.customers(), ["张伟"]);
    let former = said
        .lines()
        .find_map(|line| line.strip_prefix("former    "));
    let former = Path::new(former.unwrap());
    let kept = new_machine(&story.site);
    for part in fs::read_dir(former).unwrap() {
        let part = part.unwrap();
        fs::rename(part.path(), kept.folder.join(part.file_name())).unwrap();
    }
    assert_eq!(lines(&kept, CUSTOMERS), ["张伟", "李娜"]);
}

#[test]
fn a_new_machine_needs_the_key_first() {
    let story = Story::new(&[]);
    let backup = story.back_up();
    let elsewhere = new_machine(&story.site);
    fs::remove_file(elsewhere.folder.join("field.key")).unwrap();
    let said = elsewhere
        .run(Path::new(DRILL), &["restore", backup.to_str().unwrap()])
        .refused();
    assert!(said.contains("field.key"), "{said}");
    assert!(contents(&elsewhere.folder).is_empty());
}

/// Kills a restore as soon as this is there in the data folder.
fn killed_at(site: &Site, backup: &str, seen: &str) {
    let mut restoring = site
        .command(
            Path::new(DRILL),
            &["educrm", "restore", "--replace", backup],
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !site.folder.join(seen).exists() && restoring.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < LONGEST_WAIT, "{seen} is never there");
    }
    restoring.kill().unwrap();
    restoring.wait().unwrap();
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_state_or_the_new_one() {
    let story = Story::new(&[]);
    story.add_customer("张伟");
    let backup = story.back_up();
    story.add_customer("李娜");
    let backup = backup.to_str().unwrap();
    for seen in [
        "restore.new",
        "restore.new/educrm.sqlite",
        "restore.new/audit.key",
        "restored",
        "restored/files",
    ] {
        killed_at(&story.site, backup, seen);
        let customers = story.customers();
        assert!(
            customers == ["张伟", "李娜"] || customers == ["张伟"],
            "{seen}: {customers:?}"
        );
        story.run(&["selfcheck"]).done();
        if customers.len() == 1 {
            story.add_customer("李娜");
        }
    }
    story.run(&["restore", "--replace", backup]).done();
    assert_eq!(story.customers(), ["张伟"]);
    assert!(!story.site.folder.join("restore.new").exists());
}

#[test]
fn a_backup_of_a_newer_program_is_refused() {
    let story = Story::new(&[]);
    story.site.prepare(async |_| ());
    let add = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)";
    story.runtime.block_on(async {
        let file = story.site.folder.join("educrm.sqlite");
        let address = format!("sqlite://{}", file.display());
        let db = sea_orm::Database::connect(address).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, add)
            .await
            .unwrap();
        db.close().await.unwrap();
    });
    let backup = story.back_up();
    let elsewhere = new_machine(&story.site);
    let said = elsewhere
        .run(Path::new(DRILL), &["restore", backup.to_str().unwrap()])
        .refused();
    assert!(said.contains("newer educrm"), "{said}");
    assert!(!elsewhere.folder.join("educrm.sqlite").exists());
}
