//! A school with many customers, put into the tables in the shape that the application gives them.

use std::{collections::HashMap, fmt::Write, time::Duration};

use crate::names;
use domain::{
    access::{Principal, PrincipalKind},
    id::Id,
    organization::{Campus, Institution, NewInstitution, Staff},
    search::name_grams,
    text::fold,
};
use educrm::app::App;
use persistence::{
    Error, Operation, Tx,
    access::sessions,
    organization::store::{NewCampus, NewStaff, form_team, found, hire, lead_team, open_campus},
};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection,
    postgres::PgPoolCopyExt, sqlite::SqliteConnectOptions,
};
use tests::{Engine, chance::Chance, process::Site, world::Person};
use uuid::Uuid;

/// Recruiters; a customer's number modulo this says who holds it.
const RECRUITERS: usize = 400;
/// Of these, at the small campus; then at the large one; the rest at the middle one.
const SMALL: usize = 4;
const LARGE: usize = 200;
/// Members of the team that is asked for.
pub(crate) const TEAM: std::ops::Range<usize> = 300..312;
/// A recruiter with whom customers of others are shared.
pub(crate) const SHARING: usize = 210;
const SHARES: usize = 300;
/// From the first customer to now.
const SPAN: Duration = Duration::from_secs(200 * 24 * 3600);

pub(crate) struct Seeded {
    pub(crate) institution: Id<Institution>,
    pub(crate) customers: usize,
    pub(crate) recruiters: Vec<Person>,
    /// Without customers.
    pub(crate) empty: Person,
    pub(crate) leader: Person,
    pub(crate) small: Person,
    pub(crate) large: Person,
    pub(crate) boss: Person,
    campuses: [Id<Campus>; 3],
    /// Number before every gram.
    pub(crate) number: i32,
    /// When the first customer was taken in, in milliseconds, and how much later each next one.
    pub(crate) first: u64,
    pub(crate) step: u64,
}

impl Seeded {
    /// Id of a customer by its number: a UUIDv7 that SQL can compute too.
    pub(crate) fn id(&self, number: usize) -> Uuid {
        let number = number as u64;
        let millis = u128::from(self.first + number * self.step);
        Uuid::from_u128((millis << 80) | (0x7000 << 64) | (0x8000 << 48) | u128::from(number))
    }

    /// The campus with half of all customers.
    pub(crate) fn large_campus(&self) -> Id<Campus> {
        let [_, large, _] = self.campuses;
        large
    }

    pub(crate) fn campus(&self, recruiter: usize) -> Id<Campus> {
        let [small, large, middle] = self.campuses;
        match recruiter {
            n if n < SMALL => small,
            n if n < SMALL + LARGE => large,
            _ => middle,
        }
    }

    /// Ids that stay the same from transaction to transaction.
    pub(crate) fn known(&self) -> Vec<Uuid> {
        let people = [
            &self.empty,
            &self.leader,
            &self.small,
            &self.large,
            &self.boss,
        ];
        people
            .into_iter()
            .chain(&self.recruiters)
            .flat_map(|p| [p.principal.uuid(), p.session.uuid()])
            .chain(self.campuses.map(Id::uuid))
            .chain([self.institution.uuid()])
            .collect()
    }
}

/// Founds the school and fills it.
pub(crate) fn seed(site: &Site, customers: usize) -> Seeded {
    site.prepare(async |app| {
        let mut seeded = people(&app, customers).await;
        seeded.number = match site.engine {
            Engine::Sqlite => sqlite(site, &seeded).await.unwrap(),
            Engine::Postgres => postgres(site, &seeded).await.unwrap(),
        };
        seeded
    })
}

async fn people(app: &App, customers: usize) -> Seeded {
    let stamp = app.clock.stamp();
    let institution = stamp.id();
    let operation = Operation::system(institution, PrincipalKind::Operator, "seed", stamp);
    let mut seeded = app
        .db
        .transaction(&operation, |tx| async move {
            let new = NewInstitution {
                code: "bench".into(),
                name: "启明教育".into(),
                time_zone: "Asia/Shanghai".into(),
                currency: "CNY".into(),
            };
            found(&tx, &new).await?;
            let campuses = [
                campus(&tx, "小校区").await?,
                campus(&tx, "大校区").await?,
                campus(&tx, "中校区").await?,
            ];
            let team = form_team(&tx, "招生一组", None).await?;
            let mut seeded = Seeded {
                institution,
                customers,
                recruiters: Vec::new(),
                empty: person(&tx, "empty", "recruiter", campuses[2], None).await?,
                leader: person(&tx, "leader", "sales_supervisor", campuses[2], None).await?,
                small: person(&tx, "small", "branch_manager", campuses[0], None).await?,
                large: person(&tx, "large", "branch_manager", campuses[1], None).await?,
                boss: person(&tx, "boss", "boss", campuses[2], None).await?,
                campuses,
                number: 0,
                first: 0,
                step: u64::try_from(SPAN.as_millis()).unwrap() / customers as u64,
            };
            for number in 0..RECRUITERS {
                let team = TEAM.contains(&number).then_some(team);
                let name = format!("recruiter{number}");
                let campus = seeded.campus(number);
                let recruiter = person(&tx, &name, "recruiter", campus, team).await?;
                seeded.recruiters.push(recruiter);
            }
            lead_team(&tx, team, seeded.leader.principal.cast()).await?;
            Ok::<_, Error>(seeded)
        })
        .await
        .unwrap();
    let span = u64::try_from(SPAN.as_millis()).unwrap();
    let now = u64::try_from(app.clock.now().as_millisecond()).unwrap();
    seeded.first = now - span - 3_600_000;
    seeded
}

async fn campus(tx: &Tx, name: &str) -> Result<Id<Campus>, Error> {
    open_campus(
        tx,
        &NewCampus {
            name: name.into(),
            region: None,
            legal_entity: "启明教育有限公司".into(),
            is_headquarters: false,
            time_zone: "Asia/Shanghai".into(),
        },
    )
    .await
}

async fn person(
    tx: &Tx,
    name: &str,
    role: &str,
    campus: Id<Campus>,
    team: Option<Id<domain::organization::Team>>,
) -> Result<Person, Error> {
    let id: Id<Staff> = hire(
        tx,
        &NewStaff {
            user_name: name.into(),
            name: name.into(),
            campuses: vec![campus],
            home_team: team,
            roles: vec![role.into()],
        },
    )
    .await?;
    let principal: Id<Principal> = id.cast();
    let (session, _) = sessions::open(tx, principal, jiff::SignedDuration::from_hours(24)).await?;
    Ok(Person {
        name: "",
        principal,
        session,
        token: String::new(),
    })
}

struct Customer {
    id: Uuid,
    name: String,
    intent: i16,
    stage: &'static str,
    note: &'static str,
    holder: Uuid,
    campus: Uuid,
    at: i64,
}

/// Every customer, in the order in which they came.
fn customers(seeded: &Seeded) -> impl Iterator<Item = Customer> {
    const STAGES: &[&str] = &[
        "lead",
        "contacted",
        "interested",
        "trial",
        "enrolled",
        "lost",
    ];
    const NOTES: &[&str] = &[
        "",
        "喜欢画画",
        "家长周末有空，下午联系",
        "想先试听一节课再决定",
    ];
    let mut chance = Chance::new(2026);
    (0..seeded.customers).map(move |number| {
        let [name, ..] = names::name(&mut chance);
        let recruiter = number % RECRUITERS;
        Customer {
            id: seeded.id(number),
            name,
            intent: i16::try_from(chance.below(4)).unwrap() + 1,
            stage: chance.pick::<&str>(STAGES),
            note: chance.pick::<&str>(NOTES),
            holder: seeded.recruiters[recruiter].principal.uuid(),
            campus: seeded.campus(recruiter).uuid(),
            at: i64::try_from((seeded.first + number as u64 * seeded.step) * 1000).unwrap(),
        }
    })
}

/// The grams of a name, as `persistence::customers::search` enters them.
struct Grams {
    number: i32,
    known: HashMap<String, Vec<String>>,
}

impl Grams {
    fn of(&mut self, name: &str) -> &[String] {
        let number = self.number;
        self.known.entry(name.to_owned()).or_insert_with(|| {
            let first = fold(name).chars().next().map(|c| format!("f{c}"));
            let grams = name_grams(name).into_iter().chain(first);
            grams.map(|gram| format!("{number}{gram}")).collect()
        })
    }
}

/// Customers that are shared with one recruiter: of many others, old and new.
fn shared(seeded: &Seeded) -> impl Iterator<Item = usize> {
    let every = (seeded.customers / SHARES).max(1) | 1;
    (0..seeded.customers)
        .step_by(every)
        .filter(|n| n % RECRUITERS != SHARING)
}

const CUSTOMER: &str = "customers (institution_id, id, version, kind, name, name_fold, gender, birth_date, \
    intent, stage, note, holder_id, campus_id, channel, collected_at, collector_id, created_at, updated_at, deleted_at)";

async fn postgres(site: &Site, seeded: &Seeded) -> Result<i32, sqlx::Error> {
    let pool = sqlx::PgPool::connect(site.database_url()).await?;
    let number: i32 = sqlx::query_scalar("SELECT number FROM institutions WHERE code = 'bench'")
        .fetch_one(&pool)
        .await?;
    let index: String = sqlx::query_scalar(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'search_documents_grams_idx'",
    )
    .fetch_one(&pool)
    .await?;
    let mut grams = Grams {
        number,
        known: HashMap::new(),
    };
    let institution = seeded.institution.uuid();
    // Built at the end: row by row it takes ten times as long.
    pool.execute("DROP INDEX search_documents_grams_idx")
        .await?;
    let mut rows = customers(seeded).peekable();
    while rows.peek().is_some() {
        let (mut people, mut documents) = (String::new(), String::new());
        for row in rows.by_ref().take(20_000) {
            let note = if row.note.is_empty() { "\\N" } else { row.note };
            let _ = writeln!(
                people,
                "{institution}\t{}\t1\tstudent\t{}\t{}\tnot_given\t2015-09-01\t{}\t{}\t{note}\t{}\t{}\thotline\t{at}\t{}\t{at}\t{at}\t\\N",
                row.id,
                row.name,
                fold(&row.name),
                row.intent,
                row.stage,
                row.holder,
                row.campus,
                row.holder,
                at = row.at,
            );
            let grams = grams.of(&row.name).join(",");
            let _ = writeln!(documents, "{institution}\t{}\t{{{grams}}}", row.id);
        }
        for (table, text) in [
            (CUSTOMER, people),
            (
                "search_documents (institution_id, customer_id, grams)",
                documents,
            ),
        ] {
            let mut copy = pool
                .copy_in_raw(&format!("COPY {table} FROM STDIN"))
                .await?;
            copy.send(text.into_bytes()).await?;
            copy.finish().await?;
        }
    }
    let mut connection: PgConnection = PgConnection::connect(site.database_url()).await?;
    connection
        .execute("SET maintenance_work_mem = '512MB'")
        .await?;
    connection.execute(AssertSqlSafe(index)).await?;
    for number in shared(seeded) {
        sqlx::query("INSERT INTO customer_shares (institution_id, grantee_id, customer_id, customer_created_at, can_write, until, created_at) SELECT institution_id, $1, id, created_at, false, NULL, created_at FROM customers WHERE institution_id = $2 AND id = $3")
            .bind(seeded.recruiters[SHARING].principal.uuid())
            .bind(institution)
            .bind(seeded.id(number))
            .execute(&mut connection)
            .await?;
    }
    connection.execute("VACUUM ANALYZE").await?;
    Ok(number)
}

async fn sqlite(site: &Site, seeded: &Seeded) -> Result<i32, sqlx::Error> {
    const AT_ONCE: usize = 500;
    let options = SqliteConnectOptions::new()
        .filename(site.folder.join("educrm.sqlite"))
        .pragma("synchronous", "off")
        .pragma("cache_size", "-262144")
        .busy_timeout(Duration::from_secs(30));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let number: i32 = sqlx::query("SELECT number FROM institutions WHERE code = 'bench'")
        .fetch_one(&mut connection)
        .await?
        .get(0);
    let mut grams = Grams {
        number,
        known: HashMap::new(),
    };
    let institution = seeded.institution.uuid();
    let values = |row: &str, count: usize| vec![row; count].join(", ");
    let mut rows = customers(seeded).peekable();
    let mut document = 0_i64;
    connection.execute("BEGIN IMMEDIATE").await?;
    while rows.peek().is_some() {
        let batch: Vec<Customer> = rows.by_ref().take(AT_ONCE).collect();
        let row = "(?, ?, 1, 'student', ?, ?, 'not_given', '2015-09-01', ?, ?, ?, ?, ?, 'hotline', ?, ?, ?, ?, NULL)";
        let people = format!("INSERT INTO {CUSTOMER} VALUES {}", values(row, batch.len()));
        let mut query = sqlx::query(AssertSqlSafe(people));
        for row in &batch {
            query = query
                .bind(institution)
                .bind(row.id)
                .bind(&row.name)
                .bind(fold(&row.name))
                .bind(row.intent)
                .bind(row.stage)
                .bind((!row.note.is_empty()).then_some(row.note))
                .bind(row.holder)
                .bind(row.campus)
                .bind(row.at)
                .bind(row.holder)
                .bind(row.at)
                .bind(row.at);
        }
        query.execute(&mut connection).await?;
        let documents = format!(
            "INSERT INTO search_documents (doc_id, institution_id, customer_id) VALUES {}",
            values("(?, ?, ?)", batch.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(documents));
        for (at, row) in batch.iter().enumerate() {
            query = query
                .bind(document + 1 + at as i64)
                .bind(institution)
                .bind(row.id);
        }
        query.execute(&mut connection).await?;
        let index = format!(
            "INSERT INTO search_grams (rowid, grams) VALUES {}",
            values("(?, ?)", batch.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(index));
        for row in &batch {
            document += 1;
            query = query.bind(document).bind(grams.of(&row.name).join(" "));
        }
        query.execute(&mut connection).await?;
    }
    for number in shared(seeded) {
        sqlx::query("INSERT INTO customer_shares (institution_id, grantee_id, customer_id, customer_created_at, can_write, until, created_at) SELECT institution_id, ?, id, created_at, 0, NULL, created_at FROM customers WHERE institution_id = ? AND id = ?")
            .bind(seeded.recruiters[SHARING].principal.uuid())
            .bind(institution)
            .bind(seeded.id(number))
            .execute(&mut connection)
            .await?;
    }
    connection.execute("COMMIT").await?;
    connection
        .execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .await?;
    connection.close().await?;
    Ok(number)
}
