//! Rows of definitions, and of every version that they had.

use std::collections::BTreeSet;

use domain::{
    access::Principal,
    custom_fields::{
        CustomField, Definitions, FIELDS_MAX, FieldChoice, FieldCode, FieldEntity, FieldType,
    },
    id::Id,
    organization::Institution,
    reference::Reference,
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::CUSTOM_FIELD;
use crate::{
    Error, Handle, Tx,
    access::Writes,
    clock::{micros, timestamp},
    database::{alone, statement},
    reference::{Events, Kept, record, row, stands_in, table},
};

table!(custom_fields, "custom_fields" {
    entity: String,
    code: String,
    field_type: String,
    decimals: i16,
    choices: String,
    kinds: String,
    is_sensitive: bool,
    required_at: String,
    place: i32,
});

/// A choice as it is kept.
#[derive(Serialize, Deserialize)]
struct Choice {
    code: String,
    name: String,
    is_archived: bool,
}

pub(crate) fn code(text: &str) -> Result<FieldCode, Error> {
    FieldCode::parse(text).ok_or_else(|| Error::corrupt("code of a custom field"))
}

pub(crate) fn known<E: TextEnum>(text: &str) -> Result<E, Error> {
    E::parse(text).ok_or_else(|| Error::corrupt(E::NAME))
}

fn listed<E: TextEnum + Ord>(texts: &str) -> Result<BTreeSet<E>, Error> {
    let texts = texts.split(',').filter(|text| !text.is_empty());
    texts.map(known).collect()
}

fn list<E: TextEnum>(values: &BTreeSet<E>) -> String {
    let texts: Vec<_> = values.iter().map(|value| value.as_str()).collect();
    texts.join(",")
}

fn choices(text: &str) -> Result<Vec<FieldChoice>, Error> {
    let kept: Vec<Choice> = serde_json::from_str(text).map_err(Error::corrupt)?;
    kept.into_iter().map(FieldChoice::try_from).collect()
}

impl TryFrom<Choice> for FieldChoice {
    type Error = Error;

    fn try_from(choice: Choice) -> Result<Self, Error> {
        Ok(Self {
            code: code(&choice.code)?,
            name: choice.name,
            is_archived: choice.is_archived,
        })
    }
}

fn kept(choices: &[FieldChoice]) -> Vec<Choice> {
    let choices = choices.iter().map(|choice| Choice {
        code: choice.code.as_str().to_owned(),
        name: choice.name.clone(),
        is_archived: choice.is_archived,
    });
    choices.collect()
}

fn read(row: custom_fields::Model) -> Result<Reference<CustomField>, Error> {
    Ok(record!(
        row,
        CustomField {
            entity: known(&row.entity)?,
            code: code(&row.code)?,
            name: row.name,
            field_type: known(&row.field_type)?,
            decimals: row.decimals,
            choices: choices(&row.choices)?,
            kinds: listed(&row.kinds)?,
            is_sensitive: row.is_sensitive,
            required_at: listed(&row.required_at)?,
            position: row.place,
        }
    ))
}

impl Kept for CustomField {
    const KIND: &'static str = "custom_field";
    const EVENTS: &'static Events = &CUSTOM_FIELD;
    stands_in!(custom_fields);

    fn read(row: custom_fields::Model) -> Result<Reference<Self>, Error> {
        read(row)
    }

    fn row(
        institution: Id<Institution>,
        record: &Reference<Self>,
    ) -> Result<custom_fields::ActiveModel, Error> {
        let field = &record.details;
        Ok(row!(custom_fields, institution, record, {
            entity: field.entity.as_str().to_owned(),
            code: field.code.as_str().to_owned(),
            field_type: field.field_type.as_str().to_owned(),
            decimals: field.decimals,
            choices: serde_json::to_string(&kept(&field.choices)).map_err(Error::internal)?,
            kinds: list(&field.kinds),
            is_sensitive: field.is_sensitive,
            required_at: list(&field.required_at),
            place: field.position,
        }))
    }

    fn fields(&self) -> Value {
        json!({
            "entity": self.entity.as_str(),
            "code": self.code.as_str(),
            "name": self.name,
            "type": self.field_type.as_str(),
            "decimals": self.decimals,
            "choices": kept(&self.choices),
            "kinds": self.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
            "is_sensitive": self.is_sensitive,
            "required_at": self.required_at.iter().map(|at| at.as_str()).collect::<Vec<_>>(),
            "position": self.position,
        })
    }

    fn alters_access(_: Option<&Reference<Self>>, _: &Reference<Self>) -> bool {
        false
    }

    async fn write_parts(
        tx: &Tx,
        institution: Id<Institution>,
        _: Option<&Reference<Self>>,
        after: &Reference<Self>,
    ) -> Result<(), Error> {
        // A registration form has a version for each of a field: those stay in one order.
        alone(tx, "customer_forms").await?;
        let said = serde_json::to_string(&Said::from(after)).map_err(Error::internal)?;
        tx.execute_raw(statement(
            tx,
            "INSERT INTO custom_field_versions \
             (institution_id, field_id, version, said, changed_at, changed_by) VALUES (?, ?, ?, ?, ?, ?)",
            [
                institution.uuid().into(),
                after.id.uuid().into(),
                after.version.into(),
                said.into(),
                micros(tx.now()).into(),
                tx.operation().actor.principal.into(),
            ],
        ))
        .await?;
        Ok(())
    }
}

/// What can change of a field, as a version keeps it.
#[derive(Serialize, Deserialize)]
struct Said {
    name: String,
    choices: Vec<Choice>,
    kinds: String,
    required_at: String,
    position: i32,
    archived_at: Option<i64>,
}

impl From<&Reference<CustomField>> for Said {
    fn from(record: &Reference<CustomField>) -> Self {
        let field = &record.details;
        Self {
            name: field.name.clone(),
            choices: kept(&field.choices),
            kinds: list(&field.kinds),
            required_at: list(&field.required_at),
            position: field.position,
            archived_at: record.archived_at.map(micros),
        }
    }
}

/// A custom field as it was.
#[derive(Debug)]
pub struct Version {
    pub field: Reference<CustomField>,
    pub changed_at: Timestamp,
    pub changed_by: Id<Principal>,
}

/// Versions that are shown, the last ones.
const VERSIONS: usize = 200;

/// The versions of a field that the caller has read, the last one first.
pub async fn versions(
    handle: &impl Handle,
    institution: Id<Institution>,
    field: &Reference<CustomField>,
) -> Result<Vec<Version>, Error> {
    let sql = format!(
        "SELECT version, said, changed_at, changed_by FROM custom_field_versions \
         WHERE institution_id = ? AND field_id = ? ORDER BY version DESC LIMIT {VERSIONS}"
    );
    let values = [institution.uuid().into(), field.id.uuid().into()];
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    rows.iter().map(|row| version(row, field)).collect()
}

fn version(row: &QueryResult, now: &Reference<CustomField>) -> Result<Version, Error> {
    let said: String = row.try_get("", "said")?;
    let said: Said = serde_json::from_str(&said).map_err(Error::corrupt)?;
    let choices = said.choices.into_iter().map(FieldChoice::try_from);
    let details = CustomField {
        name: said.name,
        choices: choices.collect::<Result<_, _>>()?,
        kinds: listed(&said.kinds)?,
        required_at: listed(&said.required_at)?,
        position: said.position,
        ..now.details.clone()
    };
    let by: Uuid = row.try_get("", "changed_by")?;
    Ok(Version {
        field: Reference {
            version: row.try_get("", "version")?,
            archived_at: said.archived_at.map(timestamp).transpose()?,
            details,
            ..now.clone()
        },
        changed_at: timestamp(row.try_get("", "changed_at")?)?,
        changed_by: Id::new(by),
    })
}

/// Whether a record can have one field more; no other comes until the transaction ends.
pub async fn has_room(
    tx: &Tx,
    grant: &impl Writes<CustomField>,
    entity: FieldEntity,
) -> Result<bool, Error> {
    alone(tx, "custom_fields").await?;
    let sql = "SELECT COUNT(*) AS fields FROM custom_fields \
         WHERE institution_id = ? AND entity = ? AND archived_at IS NULL";
    let values = [
        grant.scope().institution().uuid().into(),
        entity.as_str().into(),
    ];
    let row = tx.query_one_raw(statement(tx, sql, values)).await?;
    let fields: i64 = row.map_or(Ok(0), |row| row.try_get("", "fields"))?;
    Ok(u64::try_from(fields).is_ok_and(|fields| fields < FIELDS_MAX))
}

/// Whether a field has a code, be it archived.
pub async fn is_taken(
    tx: &Tx,
    grant: &impl Writes<CustomField>,
    (entity, code): (FieldEntity, &FieldCode),
) -> Result<bool, Error> {
    let values = [
        grant.scope().institution().uuid().into(),
        entity.as_str().into(),
        code.as_str().into(),
    ];
    let sql =
        "SELECT 1 AS found FROM custom_fields WHERE institution_id = ? AND entity = ? AND code = ?";
    let found = tx.query_one_raw(statement(tx, sql, values)).await?;
    Ok(found.is_some())
}

/// The fields of records of one kind, archived ones left out; in one statement with what else their values
/// go by.
pub async fn open(
    handle: &impl Handle,
    institution: Id<Institution>,
    entity: FieldEntity,
) -> Result<Definitions, Error> {
    let sql = "SELECT i.currency, f.id, f.code, f.name, f.field_type, f.decimals, f.choices, f.kinds, \
         f.is_sensitive, f.required_at, f.place FROM institutions i \
         LEFT JOIN custom_fields f ON f.institution_id = i.institution_id AND f.entity = ? \
         AND f.archived_at IS NULL WHERE i.institution_id = ? ORDER BY f.place, f.code";
    let values = [entity.as_str().into(), institution.uuid().into()];
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    let first = rows
        .first()
        .ok_or_else(|| Error::corrupt("no institution"))?;
    let currency: String = first.try_get("", "currency")?;
    let fields = rows.iter().map(|row| opened(row, entity));
    Ok(Definitions {
        fields: fields
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?,
        currency: currency.parse().map_err(|_| Error::corrupt("currency"))?,
    })
}

/// All fields of records of one kind, each with whether it is archived.
pub(crate) async fn all(
    handle: &impl Handle,
    institution: Id<Institution>,
    entity: FieldEntity,
) -> Result<Vec<(Id<CustomField>, CustomField, bool)>, Error> {
    let sql = "SELECT id, code, name, field_type, decimals, choices, kinds, is_sensitive, required_at, place, \
         archived_at FROM custom_fields WHERE institution_id = ? AND entity = ? ORDER BY place, code";
    let values = [institution.uuid().into(), entity.as_str().into()];
    let rows = handle.query_all_raw(statement(handle, sql, values)).await?;
    let mut all = Vec::new();
    for row in &rows {
        if let Some((id, field)) = opened(row, entity)? {
            let archived_at: Option<i64> = row.try_get("", "archived_at")?;
            all.push((id, field, archived_at.is_some()));
        }
    }
    Ok(all)
}

/// The field of a row; `None` where the institution has none.
fn opened(
    row: &QueryResult,
    entity: FieldEntity,
) -> Result<Option<(Id<CustomField>, CustomField)>, Error> {
    let Some(id) = row.try_get::<Option<Uuid>>("", "id")? else {
        return Ok(None);
    };
    let text = |name: &str| row.try_get::<String>("", name);
    let field = CustomField {
        entity,
        code: code(&text("code")?)?,
        name: text("name")?,
        field_type: known::<FieldType>(&text("field_type")?)?,
        decimals: row.try_get("", "decimals")?,
        choices: choices(&text("choices")?)?,
        kinds: listed(&text("kinds")?)?,
        is_sensitive: row.try_get("", "is_sensitive")?,
        required_at: listed(&text("required_at")?)?,
        position: row.try_get("", "place")?,
    };
    Ok(Some((Id::new(id), field)))
}
