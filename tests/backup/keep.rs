use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tests::{Engine, process::Site};

use super::{DRILL, Story, backups};

/// A folder outside the data folder; removed with this value.
struct Shelf(PathBuf);

impl Shelf {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("educrm-shelf-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn each_folder_keeps_the_newest_backups_and_both_have_the_same_bytes() {
    let shelf = Shelf::new();
    let story = Story::new(&[
        ("EDUCRM_BACKUP_KEEP", "2"),
        ("EDUCRM_BACKUP_SECOND_DIR", shelf.text()),
    ]);
    // Another school keeps its backups there, too; and somebody keeps notes.
    let mut neighbour = Story::new(&[]);
    neighbour.site.set("EDUCRM_BACKUP_DIR", shelf.text());
    let foreign = name(&neighbour.back_up());
    fs::write(shelf.0.join("educrm-notes.backup"), "where we keep them").unwrap();

    let made: Vec<String> = (0..4).map(|_| name(&story.back_up())).collect();
    let first = story.site.folder.join("backups");
    assert_eq!(backups(&first), made[2..]);
    let mut expected = made[2..].to_vec();
    expected.extend([foreign, "educrm-notes.backup".into()]);
    expected.sort();
    assert_eq!(backups(&shelf.0), expected);
    for name in &made[2..] {
        let copy = shelf.0.join(name);
        assert!(fs::read(first.join(name)).unwrap() == fs::read(&copy).unwrap());
        let mode = fs::metadata(copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_backup_without_its_copy_is_told() {
    let shelf = Shelf::new();
    let absent = shelf.0.join("not-mounted");
    let story = Story::new(&[("EDUCRM_BACKUP_SECOND_DIR", absent.to_str().unwrap())]);
    let said = story.run(&["backup"]).refused();
    assert!(said.contains("there is no copy of it"), "{said}");
    assert_eq!(backups(&story.site.folder.join("backups")).len(), 1);
    assert!(!absent.exists());
}

#[test]
fn the_list_tells_size_checksum_and_whether_a_backup_is_good() {
    let story = Story::new(&[]);
    let good = story.back_up();
    let size = fs::metadata(&good).unwrap().len();
    let said = story.run(&["backup", "list"]).done();
    let line = said.lines().nth(1).unwrap();
    let fields: Vec<&str> = line.split('\t').collect();
    assert_eq!(fields[0], name(&good));
    assert_eq!(fields[1], size.to_string());
    let sum = std::process::Command::new("sha256sum").arg(&good).output();
    let sum = String::from_utf8(sum.unwrap().stdout).unwrap();
    assert_eq!(fields[2], sum.split(' ').next().unwrap());
    assert_eq!(fields[3], "good");

    let altered = story.back_up();
    let mut bytes = fs::read(&altered).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&altered, bytes).unwrap();
    let cut = story.back_up();
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    // As a backup that was broken off leaves it.
    fs::write(format!("{}#1", cut.display()), &bytes[..bytes.len() / 2]).unwrap();
    let finished = story.run(&["backup", "list"]);
    assert!(!finished.success);
    let states: Vec<(String, bool)> = finished
        .out
        .lines()
        .skip(1)
        .map(|line| {
            let (name, rest) = line.split_once('\t').unwrap();
            assert!(rest.ends_with("good") || rest.contains("damaged"), "{rest}");
            (name.to_owned(), rest.ends_with("good"))
        })
        .collect();
    let expected = [(&cut, false), (&altered, false), (&good, true)];
    assert_eq!(states, expected.map(|(path, good)| (name(path), good)));

    story.back_up();
    assert!(!Path::new(&format!("{}#1", cut.display())).exists());
}

#[test]
fn nothing_is_left_of_a_backup_that_fails() {
    let story = Story::new(&[]);
    let lost = story.site.folder.join("audit.key");
    fs::rename(&lost, story.site.folder.join("elsewhere")).unwrap();
    let said = story.run(&["backup"]).refused();
    assert!(said.contains("audit.key"), "{said}");
    assert!(backups(&story.site.folder.join("backups")).is_empty());
    assert!(!story.site.folder.join("backup.tmp").exists());
}

#[test]
fn postgres_has_tools_of_its_own() {
    let Some(site) = Site::new(Engine::Postgres, &[]) else {
        return;
    };
    fs::create_dir(&site.folder).unwrap();
    for arguments in [
        ["backup"].as_slice(),
        &["backup", "list"],
        &["restore", "x"],
    ] {
        let said = site.run(Path::new(DRILL), arguments).refused();
        assert!(said.contains("pg_"), "{said}");
    }
}
