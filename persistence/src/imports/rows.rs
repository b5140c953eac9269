//! What became of each row, sealed: a refused cell may hold anything.

use domain::{
    conditions::registry::CUSTOM,
    custom_fields::FieldCode,
    id::Id,
    imports::{
        header::LeadField,
        outcome::{CellProblem, Import, RowOutcome, RowResult},
    },
    text_enum::TextEnum,
};
use sea_orm::{QueryResult, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error, Handle, Tx,
    access::{Reads, Writes},
    database::{insert_many, placeholders, statement},
    keys::{FieldKeys, SealedAt, digest, row_of},
};

/// What is sealed of a row.
#[derive(Serialize, Deserialize)]
struct Detail {
    problems: Vec<(String, Option<String>, String)>,
    differences: Vec<String>,
    unread: Vec<String>,
}

fn place(import: Id<Import>, row: i64) -> SealedAt {
    let bound = digest(&[import.uuid().as_bytes(), &row.to_be_bytes()]);
    SealedAt {
        table: "import_rows",
        column: "detail",
        row: row_of(bound),
    }
}

/// Writes the results of a step, with its effects.
pub async fn insert(
    tx: &Tx,
    grant: &impl Writes<Import>,
    import: Id<Import>,
    results: &[RowResult],
) -> Result<(), Error> {
    let institution = grant.scope().institution().uuid();
    let keys = tx.keys().await?;
    let rows = results
        .iter()
        .map(|result| {
            Ok(vec![
                institution.into(),
                import.uuid().into(),
                result.row.into(),
                result.outcome.as_str().into(),
                result.customer.map(Id::uuid).into(),
                Value::Bytes(seal(&keys, import, result)?),
            ])
        })
        .collect::<Result<Vec<_>, Error>>()?;
    insert_many(
        tx,
        (
            "import_rows",
            "institution_id, import_id, row_number, outcome, customer_id, detail",
        ),
        "",
        rows,
    )
    .await
}

fn seal(
    keys: &FieldKeys,
    import: Id<Import>,
    result: &RowResult,
) -> Result<Option<Vec<u8>>, Error> {
    if result.problems.is_empty() && result.differences.is_empty() && result.unread.is_empty() {
        return Ok(None);
    }
    let names = |fields: &[LeadField]| fields.iter().map(|f| f.as_str().to_owned()).collect();
    let detail = Detail {
        problems: result
            .problems
            .iter()
            .map(|p| {
                let custom = p.custom_field.as_ref();
                let custom = custom.map(|code| format!("{CUSTOM}{}", code.as_str()));
                let field = p.field.map(|f| f.as_str().to_owned()).or(custom);
                (p.code.clone(), field, p.value.clone())
            })
            .collect(),
        differences: names(&result.differences),
        unread: names(&result.unread),
    };
    let plain = Zeroizing::new(serde_json::to_vec(&detail).map_err(Error::internal)?);
    keys.seal(place(import, result.row), &plain).map(Some)
}

/// Rows of an import behind `after`, in their order. The caller has found the import within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Import>,
    import: Id<Import>,
    outcomes: &[RowOutcome],
    after: i64,
    limit: u64,
) -> Result<Vec<RowResult>, Error> {
    let institution = grant.scope().institution();
    let wanted = match outcomes.len() {
        0 => String::new(),
        n => format!("AND outcome IN ({})", placeholders(n)),
    };
    let mut values: Vec<Value> = vec![
        institution.uuid().into(),
        import.uuid().into(),
        after.into(),
    ];
    values.extend(outcomes.iter().map(|outcome| outcome.as_str().into()));
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    let rows = handle
        .query_all_raw(statement(
            handle,
            &format!(
                "SELECT row_number, outcome, customer_id, detail FROM import_rows \
                 WHERE institution_id = ? AND import_id = ? AND row_number > ? {wanted} \
                 ORDER BY row_number LIMIT ?"
            ),
            values,
        ))
        .await?;
    let keys = handle.keys_of(institution).await?;
    rows.iter().map(|row| read(row, &keys, import)).collect()
}

fn read(row: &QueryResult, keys: &FieldKeys, import: Id<Import>) -> Result<RowResult, Error> {
    let number: i64 = row.try_get("", "row_number")?;
    let outcome: String = row.try_get("", "outcome")?;
    let detail: Option<Vec<u8>> = row.try_get("", "detail")?;
    let detail = match detail {
        None => Detail {
            problems: Vec::new(),
            differences: Vec::new(),
            unread: Vec::new(),
        },
        Some(sealed) => {
            let plain = Zeroizing::new(keys.open(place(import, number), &sealed)?);
            serde_json::from_slice(&plain).map_err(|_| Error::corrupt("import row"))?
        }
    };
    let fields = |names: &[String]| names.iter().filter_map(|n| LeadField::parse(n)).collect();
    Ok(RowResult {
        row: number,
        outcome: RowOutcome::parse(&outcome).ok_or_else(|| Error::corrupt("row outcome"))?,
        customer: row.try_get::<Option<Uuid>>("", "customer_id")?.map(Id::new),
        differences: fields(&detail.differences),
        unread: fields(&detail.unread),
        problems: detail
            .problems
            .into_iter()
            .map(|(code, field, value)| CellProblem {
                code,
                field: field.as_deref().and_then(LeadField::parse),
                custom_field: field
                    .as_deref()
                    .and_then(|field| FieldCode::parse(field.strip_prefix(CUSTOM)?)),
                value,
            })
            .collect(),
    })
}
