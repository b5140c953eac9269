//! Rows of registration forms: what each version marks.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::Principal,
    customers::{AllMarks, Form, Kind, Marks, Stage},
    id::Id,
    organization::Institution,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::FORM_CHANGED;
use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    clock::{micros, timestamp},
    database::{Change, alone, statement},
};

/// A mark as it is kept.
#[derive(Serialize, Deserialize)]
struct Mark {
    field: String,
    required_at: Vec<String>,
}

fn kept(marks: &Marks) -> Vec<Mark> {
    let marks = marks.iter().map(|(field, stages)| Mark {
        field: field.to_owned(),
        required_at: stages.iter().map(|at| at.as_str().to_owned()).collect(),
    });
    marks.collect()
}

fn read(kind: Kind, text: &str) -> Result<Marks, Error> {
    let kept: Vec<Mark> = serde_json::from_str(text).map_err(Error::corrupt)?;
    let stages = |mark: &Mark| -> Result<BTreeSet<Stage>, Error> {
        let stages = mark.required_at.iter();
        stages
            .map(|at| Stage::parse(at).ok_or_else(|| Error::corrupt(Stage::NAME)))
            .collect()
    };
    let mut list = Vec::new();
    for mark in kept {
        let stages = stages(&mark)?;
        list.push((mark.field, stages));
    }
    Ok(Marks::stored(kind, list))
}

/// What all forms of an institution demand, in one statement.
pub async fn marks(handle: &impl Handle, institution: Id<Institution>) -> Result<AllMarks, Error> {
    let sql = "SELECT f.kind, f.marks FROM customer_forms f WHERE f.institution_id = ? AND f.version = \
         (SELECT MAX(l.version) FROM customer_forms l \
         WHERE l.institution_id = f.institution_id AND l.kind = f.kind)";
    let values = [institution.uuid().into()];
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    let all = rows.iter().map(|row| {
        let (kind, text): (String, String) = (row.try_get("", "kind")?, row.try_get("", "marks")?);
        let kind = Kind::parse(&kind).ok_or_else(|| Error::corrupt(Kind::NAME))?;
        Ok((kind, read(kind, &text)?))
    });
    Ok(AllMarks(all.collect::<Result<BTreeMap<_, _>, Error>>()?))
}

/// The form of a kind, and what is to be known of the last row of its marks.
struct Last {
    form: Form,
    id: Option<Uuid>,
    version: i64,
}

async fn last(
    handle: &impl Handle,
    institution: Id<Institution>,
    kind: Kind,
) -> Result<Last, Error> {
    let sql = "SELECT f.id, f.version, f.marks, (SELECT CAST(COALESCE(SUM(c.version), 0) AS bigint) \
         FROM custom_fields c WHERE c.institution_id = i.institution_id AND c.entity = 'customer') AS fields \
         FROM institutions i LEFT JOIN customer_forms f \
         ON f.institution_id = i.institution_id AND f.kind = ? \
         WHERE i.institution_id = ? ORDER BY f.version DESC LIMIT 1";
    let values = [kind.as_str().into(), institution.uuid().into()];
    let row = handle.query_one_raw(statement(handle, sql, values)).await?;
    let row = row.ok_or_else(|| Error::corrupt("no institution"))?;
    let text: Option<String> = row.try_get("", "marks")?;
    let version: Option<i64> = row.try_get("", "version")?;
    let (version, fields): (i64, i64) = (version.unwrap_or(0), row.try_get("", "fields")?);
    let marks = text.map(|text| read(kind, &text)).transpose()?;
    Ok(Last {
        form: Form {
            kind,
            version: 1 + version + fields,
            marks: marks.unwrap_or_default(),
        },
        id: row.try_get("", "id")?,
        version,
    })
}

/// The form of a kind.
pub async fn find(
    handle: &impl Handle,
    institution: Id<Institution>,
    kind: Kind,
) -> Result<Form, Error> {
    Ok(last(handle, institution, kind).await?.form)
}

/// The form of a kind for a caller who may see it.
pub async fn get(
    handle: &impl Handle,
    grant: &impl Reads<Form>,
    kind: Kind,
) -> Result<Form, Error> {
    find(handle, grant.scope().institution(), kind).await
}

/// The form of a kind, which nobody else marks until the transaction ends.
pub async fn lock(tx: &Tx, grant: &impl Writes<Form>, kind: Kind) -> Result<Form, Error> {
    alone(tx, "customer_forms").await?;
    find(tx, grant.scope().institution(), kind).await
}

/// Writes other marks of a form that is locked, as a version.
pub async fn mark(
    tx: &Tx,
    grant: &impl Writes<Form>,
    kind: Kind,
    marks: &Marks,
) -> Result<Form, Error> {
    let institution = grant.scope().institution();
    let before = last(tx, institution, kind).await?;
    let id = before.id.unwrap_or_else(|| tx.stamp().id::<()>().uuid());
    let after = Form {
        kind,
        version: before.form.version + 1,
        marks: marks.clone(),
    };
    let text = serde_json::to_string(&kept(marks)).map_err(Error::internal)?;
    tx.execute_raw(statement(
        tx,
        "INSERT INTO customer_forms \
         (institution_id, id, kind, version, marks, form_version, changed_at, changed_by) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            institution.uuid().into(),
            id.into(),
            kind.as_str().into(),
            (before.version + 1).into(),
            text.into(),
            after.version.into(),
            micros(tx.now()).into(),
            tx.operation().actor.principal.into(),
        ],
    ))
    .await?;
    let told = |marks| json!({ "kind": kind.as_str(), "marks": kept(marks) });
    let data = json!({ "kind": kind.as_str() });
    tx.record(
        Change::new("customer_form", id, after.version, told(marks))
            .before(told(&before.form.marks))
            .event(&FORM_CHANGED, data),
    );
    Ok(after)
}

/// What a form marked from one of its versions on.
#[derive(Debug)]
pub struct Version {
    pub form: Form,
    pub changed_at: Timestamp,
    pub changed_by: Id<Principal>,
}

/// Versions that are shown, the last ones.
const VERSIONS: usize = 200;

/// What a form marked, the last first.
pub async fn versions(
    handle: &impl Handle,
    grant: &impl Reads<Form>,
    kind: Kind,
) -> Result<Vec<Version>, Error> {
    let sql = format!(
        "SELECT marks, form_version, changed_at, changed_by FROM customer_forms \
         WHERE institution_id = ? AND kind = ? ORDER BY version DESC LIMIT {VERSIONS}"
    );
    let values = [
        grant.scope().institution().uuid().into(),
        kind.as_str().into(),
    ];
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(|row| version(row, kind)).collect()
}

fn version(row: &QueryResult, kind: Kind) -> Result<Version, Error> {
    let (text, by): (String, Uuid) = (row.try_get("", "marks")?, row.try_get("", "changed_by")?);
    Ok(Version {
        form: Form {
            kind,
            version: row.try_get("", "form_version")?,
            marks: read(kind, &text)?,
        },
        changed_at: timestamp(row.try_get("", "changed_at")?)?,
        changed_by: Id::new(by),
    })
}
