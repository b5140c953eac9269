//! I-19: killed in the middle and begun again, an import ends as if nothing had happened.

use std::path::Path;

use domain::{access::PrincipalKind, id::Id, organization::Institution};
use educrm::{app::App, clock::Clock};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use persistence::{Error, Operation};
use sea_orm::{ConnectionTrait, Statement};
use tests::{
    Engine, leads,
    patience::commit,
    process::{Process, Site},
};
use tokio::runtime::Runtime;

const DRILL: &str = env!("CARGO_BIN_EXE_drill");

/// What an import leaves: rows by outcome, whom it took in, and what it put on them.
const END: &str = "SELECT outcome || ' ' || CAST(row_number AS text) AS line FROM import_rows \
    UNION ALL SELECT kind || ' ' || name FROM customers \
    UNION ALL SELECT 'tag ' || c.name FROM taggings t JOIN customers c ON c.id = t.customer_id \
    UNION ALL SELECT 'next ' || c.name FROM follow_ups f JOIN customers c ON c.id = f.customer_id \
    UNION ALL SELECT 'relations ' || CAST(count(*) AS text) FROM customer_relations ORDER BY 1";
const JOBS: &str = "SELECT status || ' ' || CAST(attempt AS text) AS line FROM jobs";

async fn lines(app: &App, sql: &str) -> Vec<String> {
    let read = app.db.read();
    let statement = Statement::from_string(read.get_database_backend(), sql);
    let rows = read.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "line").unwrap())
        .collect()
}

/// A school of its own with an import under way.
struct Story {
    site: Site,
    institution: Id<Institution>,
    token: String,
    campus: String,
    /// A day on which leads can be spoken to.
    next: Date,
    runtime: Runtime,
}

impl Story {
    fn new(engine: Engine) -> Option<Self> {
        let site = Site::new(engine, &[])?;
        let (school, now) = site.prepare(async |app: App| {
            let now = app.clock.now();
            (tests::world::settle(app, "school").await, now)
        });
        Some(Self {
            institution: school.institution,
            token: site.token(school.institution, school.person("boss")),
            campus: school.places.north.to_string(),
            next: now.to_zoned(TimeZone::UTC).date() + 7.days(),
            runtime: Runtime::new().unwrap(),
            site,
        })
    }

    /// Waits until an import has come further than this, or to its end; whether it has ended.
    fn gets_on(&self, process: &Process, job: &str, rows: u64) -> bool {
        process.until("the import gets on", || {
            let asked = leads::progress(process.address, &self.token, job);
            let progress = self.runtime.block_on(asked);
            (progress.finished || progress.done > rows).then_some(progress.finished)
        })
    }

    /// Ends the lease of whoever is gone at once, beside the process that is to go on.
    fn end_lease(&self) {
        let institution = self.institution;
        self.runtime.block_on(async {
            let db = self.site.database().await;
            let stamp = Clock::default().stamp();
            let operation = Operation::system(institution, PrincipalKind::Operator, "test", stamp);
            let sql = "UPDATE jobs SET due_at = 0 WHERE status = 'running'";
            let ended = commit(&db, &operation, |tx| async move {
                Ok::<_, Error>(tx.execute_unprepared(sql).await?)
            });
            ended.await.unwrap();
            db.close().await;
        });
    }

    /// A list whose leads all have a tag and a next date. Its rows begin with a quoted cell, and none of
    /// their other lines does.
    fn marked(&self, list: &str) -> String {
        let marks = format!("\"VIP/火星\",\"{}\"", self.next);
        let rows = list.replace("\n\"", &format!("\n{marks},\""));
        format!("标签,下次跟进时间,{rows}")
    }

    /// Imports a list in a process that is killed so often on its way, or until it is over on a machine that is
    /// too busy to see how it gets on; what it leaves.
    fn import(&self, list: &str, kills: u64) -> Vec<String> {
        let mut process = self.site.start(Path::new(DRILL));
        let tag = leads::add_tag(process.address, &self.token, "VIP");
        self.runtime.block_on(tag);
        let list = &self.marked(list);
        let sent = leads::send(process.address, &self.token, &self.campus, list);
        let job = self.runtime.block_on(sent);
        for killed in 0..kills {
            // Each time a little further on.
            let is_over = self.gets_on(&process, &job, killed * 150);
            assert!(!is_over || killed > 0, "it was over too soon");
            if is_over {
                break;
            }
            process.kill();
            process = self.site.start(Path::new(DRILL));
            self.end_lease();
        }
        self.gets_on(&process, &job, u64::MAX);
        process.stop();
        self.site.prepare(async |app: App| lines(&app, END).await)
    }
}

fn killed(engine: Engine) {
    let list = leads::generate(11, 600).csv;
    let (Some(one), Some(other)) = (Story::new(engine), Story::new(engine)) else {
        return;
    };
    let end = other.import(&list, 0);
    for put_on in ["tag ", "next "] {
        assert!(end.iter().any(|line| line.starts_with(put_on)), "{put_on}");
    }
    assert_eq!(one.import(&list, 3), end);
}

#[test]
fn a_killed_import_ends_as_one_that_was_not_on_sqlite() {
    killed(Engine::Sqlite);
}

#[test]
fn a_killed_import_ends_as_one_that_was_not_on_postgres() {
    killed(Engine::Postgres);
}

#[test]
fn a_server_that_stops_gives_its_jobs_back() {
    let story = Story::new(Engine::Sqlite).unwrap();
    let process = story.site.start(Path::new(DRILL));
    let list = leads::generate(13, 2000).csv;
    let sent = leads::send(process.address, &story.token, &story.campus, &list);
    let job = story.runtime.block_on(sent);
    story.gets_on(&process, &job, 0);
    process.stop();
    let jobs = story.site.prepare(async |app: App| lines(&app, JOBS).await);
    assert_eq!(jobs, ["queued 0"]);
}
