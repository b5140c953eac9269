//! What the driver of SQLite does alone.

use std::time::Duration;

use tests::{chance::Chance, process::Site};
use uuid::Uuid;

use crate::{
    cases::Case,
    floor::{self, Blob, Floor},
    names,
    seed::Seeded,
};

const COLUMNS: &str = "c.institution_id, c.id, c.version, c.kind, c.name, c.name_fold, c.gender, c.birth_date, \
    c.intent, c.stage, c.note, c.holder_id, c.campus_id, c.channel, c.collected_at, c.collector_id, c.created_at, \
    c.updated_at, c.deleted_at";

/// The driver's own figure for what SQLite is asked.
pub(crate) fn driver(
    site: &Site,
    seeded: &Seeded,
    case: &Case,
    connections: usize,
    lasts: Duration,
) -> Option<Floor> {
    let institution = Blob::Id(seeded.institution.uuid());
    let people: Vec<Uuid> = seeded
        .recruiters
        .iter()
        .map(|p| p.principal.uuid())
        .collect();
    let file = site.folder.join("educrm.sqlite");
    let of = move |n: u64| usize::try_from(n % 32).unwrap() * 12;
    let now = Blob::Number(jiff_now() * 1000);
    let (count, customers) = (people.len(), seeded.customers);
    let ids: Vec<Uuid> = (0..customers).map(|number| seeded.id(number)).collect();
    match case.name {
        "get one" => {
            let sql = format!(
                "SELECT {COLUMNS} FROM customers c WHERE c.institution_id = ? AND (c.holder_id = ? OR EXISTS ( \
                 SELECT 1 FROM customer_shares s WHERE s.institution_id = c.institution_id \
                 AND s.customer_id = c.id AND s.institution_id = ? AND s.grantee_id IN (?) \
                 AND (s.until IS NULL OR s.until > ?))) AND c.deleted_at IS NULL AND c.id = ? LIMIT 1"
            );
            Some(floor::sqlite(&file, 4, connections, lasts, move |n| {
                let holder = of(n);
                let row = usize::try_from(n.wrapping_mul(0x9e37_79b9) >> 3).unwrap()
                    % (customers / count);
                let who = Blob::Id(people[holder]);
                let id = Blob::Id(ids[row * count + holder]);
                let values = [&institution, &who, &institution, &who, &now, &id];
                (sql.clone(), values.map(Clone::clone).into())
            }))
        }
        "list 20 of one holder" => {
            let sql = format!(
                "SELECT {COLUMNS} FROM ( \
                 SELECT at, id FROM (SELECT created_at AS at, id FROM customers WHERE institution_id = ? \
                 AND deleted_at IS NULL AND holder_id = ? ORDER BY created_at DESC, id DESC LIMIT ?) \
                 UNION SELECT at, id FROM (SELECT s.customer_created_at AS at, s.customer_id AS id \
                 FROM customer_shares s CROSS JOIN customers c2 ON c2.institution_id = s.institution_id AND c2.id = s.customer_id \
                 WHERE s.institution_id = ? AND s.grantee_id = ? AND (s.until IS NULL OR s.until > ?) \
                 AND c2.deleted_at IS NULL ORDER BY s.customer_created_at DESC, s.customer_id DESC LIMIT ?)) k \
                 CROSS JOIN customers c WHERE c.institution_id = ? AND c.id = k.id \
                 ORDER BY k.at DESC, k.id DESC LIMIT ?"
            );
            Some(floor::sqlite(&file, 4, connections, lasts, move |n| {
                let who = Blob::Id(people[of(n)]);
                let limit = Blob::Number(21);
                let i = &institution;
                let values = [i, &who, &limit, i, &who, &now, &limit, i, &limit];
                (sql.clone(), values.map(Clone::clone).into())
            }))
        }
        "search 2 characters" => {
            let sql = format!(
                "SELECT {COLUMNS}, f.doc_id FROM (SELECT d.doc_id, d.customer_id FROM search_grams \
                 CROSS JOIN search_documents d WHERE d.institution_id = ? AND d.deleted_at IS NULL \
                 AND d.doc_id = search_grams.rowid AND search_grams MATCH ? \
                 ORDER BY search_grams.rowid DESC LIMIT 21) f CROSS JOIN customers c \
                 WHERE c.institution_id = ? AND c.id = f.customer_id ORDER BY f.doc_id DESC"
            );
            let number = seeded.number;
            Some(floor::sqlite(&file, 4, connections, lasts, move |n| {
                let given = names::given(&mut Chance::new(n));
                let grams = Blob::Text(format!("(\"{number}h{given}\")"));
                let values = [&institution, &grams, &institution];
                (sql.clone(), values.map(Clone::clone).into())
            }))
        }
        _ => None,
    }
}

/// Milliseconds since the epoch, by the application's clock.
pub(crate) fn jiff_now() -> i64 {
    educrm::clock::Clock::default().now().as_millisecond()
}
