use std::{fs, path::Path, time::Instant};

use tests::{Value, process::LONGEST_START};

use super::{DRILL, Story, backups, lines};

const JOBS: &str = "SELECT status || ' ' || coalesce(problem, '') AS line FROM jobs \
                    WHERE kind = 'make_backup' AND finished_at IS NOT NULL";
const UNTIL_NOW: [(&str, &str); 2] = [
    ("EDUCRM_BACKUP_AT", "00:00"),
    ("EDUCRM_BACKUP_TIME_ZONE", "UTC"),
];

impl Story {
    /// The kinds of a person's notices, once there is one.
    fn notices(&self, address: std::net::SocketAddr, person: &str) -> Vec<String> {
        let token = self
            .site
            .token(self.institution(), self.school.person(person));
        let begun = Instant::now();
        loop {
            let asked = tests::new_client()
                .get(format!("http://{address}/api/v1/notices"))
                .bearer_auth(&token);
            let page: Value = self
                .runtime
                .block_on(async { asked.send().await.unwrap().json().await.unwrap() });
            let items = page["items"].as_array().unwrap();
            if !items.is_empty() {
                let kinds = items.iter().map(|item| item["kind"].as_str().unwrap());
                return kinds.map(str::to_owned).collect();
            }
            assert!(begun.elapsed() < LONGEST_START, "there is no notice");
        }
    }
}

#[test]
fn a_backup_is_made_once_a_day() {
    let story = Story::new(&UNTIL_NOW);
    let folder = story.site.folder.join("backups");
    let server = story.site.start(Path::new(DRILL));
    let begun = Instant::now();
    let made = || folder.is_dir() && backups(&folder).iter().any(|n| n.ends_with(".backup"));
    while !made() {
        assert!(begun.elapsed() < LONGEST_START, "no backup is made");
    }
    server.stop();
    // The next start finds the day done.
    story.site.start(Path::new(DRILL)).stop();
    let jobs = lines(&story.site, "SELECT status AS line FROM jobs");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    let name = backups(&folder).pop().unwrap();
    assert!(story.run(&["backup", "list"]).done().contains(&name));
}

#[test]
fn administrators_are_told_of_a_day_without_a_backup() {
    let mut story = Story::new(&UNTIL_NOW);
    let taken = story.site.folder.join("taken");
    fs::write(&taken, "no folder").unwrap();
    story.site.set("EDUCRM_BACKUP_DIR", taken.to_str().unwrap());
    let server = story.site.start(Path::new(DRILL));
    assert_eq!(story.notices(server.address, "boss"), ["backup_failed"]);
    server.stop();
    assert_eq!(lines(&story.site, JOBS), ["failed backup_failed"]);
    let log = fs::read_to_string(story.site.folder.join("log")).unwrap();
    assert!(log.contains("the backup of the day was not made"));
}

#[test]
fn administrators_are_told_of_a_backup_without_its_copy() {
    let mut story = Story::new(&UNTIL_NOW);
    let absent = story.site.folder.join("not-mounted");
    story
        .site
        .set("EDUCRM_BACKUP_SECOND_DIR", absent.to_str().unwrap());
    let server = story.site.start(Path::new(DRILL));
    assert_eq!(story.notices(server.address, "boss"), ["backup_not_copied"]);
    server.stop();
    assert_eq!(backups(&story.site.folder.join("backups")).len(), 1);
}
