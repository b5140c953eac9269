//! Who of a list is already known.
//!
//! The one look at customers beyond the importer's reach: it tells only that a row is a duplicate.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    customers::Customer,
    id::Id,
    imports::lead::Lead,
    organization::{Campus, Holder},
    text::fold,
};
use jiff::civil::Date;
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use uuid::Uuid;

use crate::{
    Error, Handle, Tx,
    access::{Scope, Writes},
    clock::{date, date_column},
    database::{self, among, statement},
    keys::{FieldKeys, bytes},
    privacy::erasure::blocked::{Digest, among_erased, named},
};

/// A guardian to whom children can be linked.
#[derive(Clone, Copy, Debug)]
pub struct Guardian {
    pub id: Id<Customer>,
    /// Relations that it has already.
    pub relations: i64,
}

/// What is known of the households of some leads. Names are folded, phones keyed hashes.
#[derive(Default)]
pub struct Households {
    reached: HashMap<(String, [u8; 32]), Id<Customer>>,
    born: HashMap<(String, Date, String), Id<Customer>>,
    guardians: HashMap<(String, [u8; 32]), Guardian>,
}

/// The keys by which a lead is known again.
#[derive(Clone)]
pub struct LeadKeys {
    name: String,
    /// In the order of [`Lead::all_phones`].
    pub(super) phones: Vec<[u8; 32]>,
    pub(super) email: Option<[u8; 32]>,
    born: Option<(Date, String)>,
    guardian: Option<String>,
    /// By what the child or its guardian would be known as erased.
    erased: BTreeSet<Digest>,
}

/// By what erased people are known among some leads.
pub struct Erased(BTreeSet<Digest>);

impl Erased {
    /// Whether a lead would bring somebody back who was erased.
    pub fn has(&self, lead: &LeadKeys) -> bool {
        !self.0.is_disjoint(&lead.erased)
    }
}

/// Who of the people in these leads was erased.
pub async fn erased(tx: &Tx, leads: &[LeadKeys]) -> Result<Erased, Error> {
    let all = leads.iter().flat_map(|lead| &lead.erased).copied();
    let all = all.collect();
    let institution = tx.operation().institution;
    Ok(Erased(among_erased(tx, institution, &all).await?))
}

impl Households {
    /// The child that a lead is.
    pub fn child(&self, lead: &LeadKeys) -> Option<Id<Customer>> {
        let by_phone = lead
            .phones
            .iter()
            .find_map(|phone| self.reached.get(&(lead.name.clone(), *phone)).copied());
        by_phone.or_else(|| {
            let (on, guardian) = lead.born.clone()?;
            self.born.get(&(lead.name.clone(), on, guardian)).copied()
        })
    }

    /// The guardian that a lead names, of its name and one of its phones.
    pub fn guardian(&mut self, lead: &LeadKeys) -> Option<&mut Guardian> {
        let name = lead.guardian.as_ref()?;
        let phone = lead
            .phones
            .iter()
            .find(|phone| self.guardians.contains_key(&(name.clone(), **phone)))?;
        self.guardians.get_mut(&(name.clone(), *phone))
    }

    /// Whether each phone of a lead leads to this child, by itself or by its guardian.
    pub fn reaches(&self, lead: &LeadKeys, child: Id<Customer>) -> Vec<bool> {
        let key = |phone: &[u8; 32]| (lead.name.clone(), *phone);
        let known = |phone| self.reached.get(&key(phone)) == Some(&child);
        lead.phones.iter().map(known).collect()
    }

    /// Whether the guardian that a lead names has each phone of it.
    pub fn has(&self, lead: &LeadKeys, guardian: Id<Customer>) -> Vec<bool> {
        let name = lead.guardian.clone().unwrap_or_default();
        let held = |phone: &[u8; 32]| self.guardians.get(&(name.clone(), *phone));
        let has = |phone| held(phone).is_some_and(|known| known.id == guardian);
        lead.phones.iter().map(has).collect()
    }

    /// Adds a child that is new; the first one of equal keys stays.
    pub fn add_child(&mut self, lead: &LeadKeys, child: Id<Customer>) {
        for phone in &lead.phones {
            self.reached
                .entry((lead.name.clone(), *phone))
                .or_insert(child);
        }
        if let Some((on, guardian)) = lead.born.clone() {
            self.born
                .entry((lead.name.clone(), on, guardian))
                .or_insert(child);
        }
    }

    /// Adds a guardian that is new.
    pub fn add_guardian(&mut self, lead: &LeadKeys, guardian: Guardian) {
        let Some(name) = &lead.guardian else { return };
        for phone in &lead.phones {
            self.guardians
                .entry((name.clone(), *phone))
                .or_insert(guardian);
        }
    }

    /// Takes in what others know; what is known here stays.
    pub fn merge(&mut self, other: Self) {
        for (key, child) in other.reached {
            self.reached.entry(key).or_insert(child);
        }
        for (key, child) in other.born {
            self.born.entry(key).or_insert(child);
        }
        for (key, guardian) in other.guardians {
            self.guardians.entry(key).or_insert(guardian);
        }
    }
}

/// The keys of a lead.
pub async fn keys(tx: &Tx, lead: &Lead) -> Result<LeadKeys, Error> {
    let field_keys = tx.keys().await?;
    let phones = lead
        .all_phones()
        .map(|phone| field_keys.hash("phone", phone.e164()))
        .collect::<Result<Vec<_>, _>>()?;
    let email = lead.email.as_ref();
    let email = email.map(|email| field_keys.hash("email", email.address()));
    let guardian = lead.guardian_name.as_deref().map(fold);
    Ok(LeadKeys {
        email: email.transpose()?,
        name: fold(&lead.name),
        erased: known_as_erased(&field_keys, lead, &phones)?,
        phones,
        born: lead.birth_date.zip(guardian.clone()),
        guardian,
    })
}

fn known_as_erased(
    keys: &FieldKeys,
    lead: &Lead,
    phones: &[Digest],
) -> Result<BTreeSet<Digest>, Error> {
    let mut ways = phones.to_vec();
    if let Some(email) = &lead.email {
        ways.push(keys.hash("email", email.address())?);
    }
    let mut known = BTreeSet::new();
    for way in ways {
        for name in std::iter::once(&lead.name).chain(&lead.guardian_name) {
            known.insert(named(keys, name, &way)?);
        }
        known.insert(way);
    }
    Ok(known)
}

/// One list of leads at a time is compared with an institution's customers.
pub async fn alone(tx: &Tx) -> Result<(), Error> {
    database::alone(tx, "imports").await
}

/// Keeps the guardians who may be found from being deleted, moved or related to others until the
/// transaction ends. SQLite has one writer. What the phones find is put together first: a plan that
/// looks it up for each guardian takes as many looks as there are guardians, times phones.
async fn hold_guardians(
    tx: &Tx,
    institution: Uuid,
    (is_among, digests): &(String, Vec<Value>),
) -> Result<(), Error> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let sql = format!(
        "WITH found AS MATERIALIZED (SELECT DISTINCT customer_id FROM contact_index \
         WHERE institution_id = ? AND {is_among}) \
         SELECT c.id FROM found f JOIN customers c ON c.institution_id = ? AND c.id = f.customer_id \
         WHERE c.kind = 'guardian' ORDER BY c.id FOR NO KEY UPDATE OF c"
    );
    let mut values: Vec<Value> = vec![institution.into()];
    values.extend(digests.iter().cloned());
    values.push(institution.into());
    tx.query_all_raw(statement(tx, &sql, values)).await?;
    Ok(())
}

/// What is known of the households of these leads.
pub async fn households(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    leads: &[LeadKeys],
) -> Result<Households, Error> {
    let institution = grant.scope().institution().uuid();
    let mut found = Households::default();
    let digests: HashSet<[u8; 32]> = leads.iter().flat_map(|l| l.phones.clone()).collect();
    if !digests.is_empty() {
        let digests = digests.iter().map(bytes).collect();
        let among = among(tx, "digest", ArrayType::Bytes, digests);
        hold_guardians(tx, institution, &among).await?;
        let (is_among, digests) = among;
        // Children by their own phones, guardians by theirs, and the children of these.
        let sql = format!(
            "WITH reached AS (SELECT i.digest, c.id, c.kind, c.name_fold, c.holder_id, c.campus_id \
             FROM contact_index i JOIN customers c ON c.institution_id = i.institution_id AND c.id = i.customer_id \
             WHERE i.institution_id = ? AND i.{is_among} AND c.deleted_at IS NULL) \
             SELECT digest, id, kind, name_fold, holder_id, campus_id, (SELECT count(*) FROM customer_relations n \
             WHERE n.institution_id = ? AND n.relative_id = reached.id AND n.role = 'guardian') AS relations FROM reached \
             UNION ALL SELECT g.digest, s.id, s.kind, s.name_fold, s.holder_id, s.campus_id, 0 FROM reached g \
             JOIN customer_relations r ON r.institution_id = ? AND r.relative_id = g.id AND r.role = 'guardian' \
             JOIN customers s ON s.institution_id = r.institution_id AND s.id = r.customer_id \
             WHERE g.kind = 'guardian' AND s.deleted_at IS NULL ORDER BY 2"
        );
        let mut values: Vec<Value> = vec![institution.into()];
        values.extend(digests);
        values.extend([institution.into(), institution.into()]);
        for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
            found.add_reached(&row, grant.scope())?;
        }
    }
    let born: HashSet<(&str, Date)> = leads
        .iter()
        .filter_map(|lead| Some((lead.name.as_str(), lead.born.as_ref()?.0)))
        .collect();
    if !born.is_empty() {
        let (wanted, mut values) = wanted(tx, born)?;
        let sql = format!(
            "WITH wanted (name_fold, birth_date) AS ({wanted}) \
             SELECT s.id, s.name_fold, s.birth_date, g.name_fold AS guardian FROM wanted w \
             CROSS JOIN customers s \
             JOIN customer_relations r ON r.institution_id = s.institution_id AND r.customer_id = s.id \
             AND r.role = 'guardian' \
             JOIN customers g ON g.institution_id = r.institution_id AND g.id = r.relative_id \
             WHERE s.institution_id = ? AND s.name_fold = w.name_fold AND s.birth_date = w.birth_date \
             AND s.deleted_at IS NULL AND g.deleted_at IS NULL ORDER BY s.id"
        );
        values.push(institution.into());
        for row in tx.query_all_raw(statement(tx, &sql, values)).await? {
            let on: time::Date = row.try_get("", "birth_date")?;
            let key = (
                row.try_get("", "name_fold")?,
                date(on)?,
                row.try_get("", "guardian")?,
            );
            let child: Uuid = row.try_get("", "id")?;
            found.born.entry(key).or_insert(Id::new(child));
        }
    }
    Ok(found)
}

/// Names and birth dates as rows of a statement.
fn wanted(tx: &Tx, born: HashSet<(&str, Date)>) -> Result<(String, Vec<Value>), Error> {
    let pairs = born.into_iter().map(|(name, on)| {
        let on: Value = date_column(on)?.into();
        Ok((Value::from(name), on))
    });
    let pairs = pairs.collect::<Result<Vec<_>, Error>>()?;
    if !tx.is_postgres() {
        let rows = vec!["(?, ?)"; pairs.len()].join(", ");
        let values = pairs.into_iter().flat_map(|(name, on)| [name, on]);
        return Ok((format!("VALUES {rows}"), values.collect()));
    }
    let (names, dates) = pairs.into_iter().unzip();
    let sql = "SELECT name COLLATE \"C\", born FROM unnest(?, ?) AS told (name, born)";
    let list = |kind, values: Vec<Value>| Value::Array(kind, Some(Box::new(values)));
    let values = vec![
        list(ArrayType::String, names),
        list(ArrayType::TimeDate, dates),
    ];
    Ok((sql.to_owned(), values))
}

impl Households {
    /// Children are known wherever they are; guardians only within reach, or nobody could be linked
    /// to them.
    fn add_reached(&mut self, row: &QueryResult, scope: &Scope) -> Result<(), Error> {
        let digest: Vec<u8> = row.try_get("", "digest")?;
        let digest = digest.try_into().map_err(|_| Error::corrupt("digest"))?;
        let kind: String = row.try_get("", "kind")?;
        let key = (row.try_get("", "name_fold")?, digest);
        let id: Uuid = row.try_get("", "id")?;
        match kind.as_str() {
            "student" => {
                self.reached.entry(key).or_insert(Id::new(id));
            }
            "guardian" => {
                let holder = Id::<Holder>::new(row.try_get("", "holder_id")?);
                let campus = Id::<Campus>::new(row.try_get("", "campus_id")?);
                if scope.covers(holder, campus) {
                    self.guardians.entry(key).or_insert(Guardian {
                        id: Id::new(id),
                        relations: row.try_get("", "relations")?,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}
