//! Rows of values: one a value, or one a choice where a value has several. They are read by whoever has
//! found their record within reach.

use std::collections::{BTreeSet, HashMap};

use domain::{
    custom_fields::{CustomField, CustomValue, CustomValues, FieldCode, FieldType, Held},
    customers::Customer,
    id::Id,
    money::{Currency, Money},
    organization::Institution,
    text::fold,
};
use sea_orm::{ConnectionTrait, QueryResult, Value, sea_query::ArrayType};
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::definitions::{code, known};
use crate::{
    Error, Handle, Tx,
    clock::{date, date_column},
    database::{among, insert_many, placeholders, statement},
    keys::{FieldKeys, SealedAt},
};

/// Characters of a text that its index bears.
pub(crate) const HEAD: usize = 100;

/// The beginning of a folded text, as its index bears it.
pub(crate) fn head(folded: &str) -> String {
    folded.chars().take(HEAD).collect()
}

fn place(id: Uuid) -> SealedAt {
    SealedAt {
        table: "custom_values",
        column: "sealed",
        row: id,
    }
}

/// What some customers have, whom the caller has found within reach.
pub async fn of(
    handle: &impl Handle,
    institution: Id<Institution>,
    records: &[Id<Customer>],
) -> Result<HashMap<Id<Customer>, CustomValues>, Error> {
    if records.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = records.iter().map(|id| id.uuid().into()).collect();
    let (is_among, ids) = among(handle, "v.record_id", ArrayType::Uuid, ids);
    let sql = format!(
        "SELECT v.record_id, v.id, v.field_id, f.code, f.field_type, v.text, v.choice, v.number, v.date, \
         v.ref_id, v.sealed, i.currency FROM custom_values v \
         JOIN custom_fields f ON f.institution_id = v.institution_id AND f.id = v.field_id \
         JOIN institutions i ON i.institution_id = v.institution_id \
         WHERE v.institution_id = ? AND {is_among} ORDER BY v.record_id, v.field_id, v.place"
    );
    let mut values: Vec<Value> = vec![institution.uuid().into()];
    values.extend(ids);
    let rows = handle
        .query_all_raw(statement(handle, &sql, values))
        .await?;
    let keys = handle.keys_of(institution).await?;
    let mut found: HashMap<Id<Customer>, Vec<(FieldCode, Held)>> = HashMap::new();
    for row in &rows {
        let record: Uuid = row.try_get("", "record_id")?;
        let held = found.entry(Id::new(record)).or_default();
        let (code, one) = read(row, &keys)?;
        match held.last_mut() {
            Some((last, before)) if *last == code => join(&mut before.value, one.value)?,
            _ => held.push((code, one)),
        }
    }
    let found = found.into_iter();
    Ok(found
        .map(|(record, held)| (record, held.into_iter().collect()))
        .collect())
}

/// Puts a further choice to those of a value.
fn join(value: &mut CustomValue, more: CustomValue) -> Result<(), Error> {
    match (value, more) {
        (CustomValue::Choices(choices), CustomValue::Choices(more)) => {
            choices.extend(more);
            Ok(())
        }
        _ => Err(Error::corrupt("two values of a field that has one")),
    }
}

fn read(row: &QueryResult, keys: &FieldKeys) -> Result<(FieldCode, Held), Error> {
    let text: String = row.try_get("", "code")?;
    let field_type: String = row.try_get("", "field_type")?;
    let field_type = known::<FieldType>(&field_type)?;
    let sealed: Option<Vec<u8>> = row.try_get("", "sealed")?;
    let value = match &sealed {
        Some(sealed) => opened(row.try_get("", "id")?, field_type, sealed, keys)?,
        None => plain(row, field_type)?,
    };
    let field: Uuid = row.try_get("", "field_id")?;
    let held = Held {
        field: Id::new(field),
        is_sensitive: sealed.is_some(),
        value,
    };
    Ok((code(&text)?, held))
}

fn opened(
    id: Uuid,
    field_type: FieldType,
    sealed: &[u8],
    keys: &FieldKeys,
) -> Result<CustomValue, Error> {
    let plain = Zeroizing::new(keys.open(place(id), sealed)?);
    let json: Json = serde_json::from_slice(&plain).map_err(|_| Error::corrupt("a value"))?;
    CustomValue::parse(field_type, &json).ok_or_else(|| Error::corrupt("a value"))
}

fn plain(row: &QueryResult, field_type: FieldType) -> Result<CustomValue, Error> {
    let chosen = || code(&row.try_get::<String>("", "choice")?);
    let number = || row.try_get::<i64>("", "number");
    Ok(match field_type {
        FieldType::Text => CustomValue::Text(row.try_get("", "text")?),
        FieldType::Number => CustomValue::Number(number()?),
        FieldType::Date => CustomValue::Date(date(row.try_get("", "date")?)?),
        FieldType::Choice => CustomValue::Choice(chosen()?),
        FieldType::MultiChoice => CustomValue::Choices(BTreeSet::from([chosen()?])),
        FieldType::YesNo => CustomValue::YesNo(number()? == 1),
        FieldType::Money => {
            let currency: String = row.try_get("", "currency")?;
            let currency: Currency = currency.parse().map_err(|_| Error::corrupt("currency"))?;
            CustomValue::Money(Money::new(number()?, currency)?)
        }
        FieldType::Person => {
            let id: Uuid = row.try_get("", "ref_id")?;
            CustomValue::Person(Id::new(id))
        }
    })
}

/// A customer that is about to be changed, with its values.
pub async fn read_into(tx: &Tx, customer: Customer) -> Result<Customer, Error> {
    let mut found = of(tx, tx.operation().institution, &[customer.id]).await?;
    Ok(Customer {
        custom: found.remove(&customer.id).unwrap_or_default(),
        ..customer
    })
}

/// Writes the values of new customers.
pub(crate) async fn insert(
    tx: &Tx,
    institution: Id<Institution>,
    customers: &[Customer],
) -> Result<(), Error> {
    let mut rows = Vec::new();
    for customer in customers {
        for (_, held) in customer.custom.iter() {
            rows.extend(rows_of(tx, institution, customer.id, held).await?);
        }
    }
    write(tx, rows).await
}

/// Writes the values of a customer that has others than before.
pub(crate) async fn update(
    tx: &Tx,
    institution: Id<Institution>,
    before: &Customer,
    after: &Customer,
) -> Result<(), Error> {
    let (mut gone, mut rows): (Vec<Id<CustomField>>, _) = (Vec::new(), Vec::new());
    for code in after.custom.differing(&before.custom) {
        gone.extend(before.custom.get(code.as_str()).map(|held| held.field));
        if let Some(held) = after.custom.get(code.as_str()) {
            rows.extend(rows_of(tx, institution, after.id, held).await?);
        }
    }
    if !gone.is_empty() {
        let sql = format!(
            "DELETE FROM custom_values WHERE institution_id = ? AND record_id = ? AND field_id IN ({})",
            placeholders(gone.len())
        );
        let head: [Value; 2] = [institution.uuid().into(), after.id.uuid().into()];
        let values = head
            .into_iter()
            .chain(gone.iter().map(|id| id.uuid().into()));
        tx.execute_raw(statement(tx, &sql, values)).await?;
    }
    write(tx, rows).await
}

const COLUMNS: &str = "institution_id, id, record_id, field_id, place, text, text_fold, text_head, choice, \
     number, date, ref_id, sealed";

async fn write(tx: &Tx, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    insert_many(tx, ("custom_values", COLUMNS), "", rows).await
}

/// What stands in the columns of a row.
#[derive(Default)]
struct Columns {
    text: Option<String>,
    choice: Option<String>,
    number: Option<i64>,
    date: Option<time::Date>,
    person: Option<Uuid>,
    sealed: Option<Vec<u8>>,
}

async fn rows_of(
    tx: &Tx,
    institution: Id<Institution>,
    record: Id<Customer>,
    held: &Held,
) -> Result<Vec<Vec<Value>>, Error> {
    let columns = match held.is_sensitive {
        true => vec![Columns::default()],
        false => columns(&held.value)?,
    };
    let mut rows = Vec::new();
    for (number, mut columns) in columns.into_iter().enumerate() {
        let id: Uuid = tx.stamp().id::<()>().uuid();
        if held.is_sensitive {
            let plain = Zeroizing::new(held.value.json().to_string());
            columns.sealed = Some(tx.keys().await?.seal(place(id), plain.as_bytes())?);
        }
        let folded = columns.text.as_deref().map(fold);
        rows.push(vec![
            institution.uuid().into(),
            id.into(),
            record.uuid().into(),
            held.field.uuid().into(),
            i16::try_from(number).map_err(Error::internal)?.into(),
            columns.text.into(),
            folded.clone().into(),
            folded.as_deref().map(head).into(),
            columns.choice.into(),
            columns.number.into(),
            columns.date.into(),
            columns.person.into(),
            columns.sealed.into(),
        ]);
    }
    Ok(rows)
}

fn columns(value: &CustomValue) -> Result<Vec<Columns>, Error> {
    let none = Columns::default();
    let number = |number| Columns {
        number: Some(number),
        ..Columns::default()
    };
    let choice = |code: &FieldCode| Columns {
        choice: Some(code.as_str().to_owned()),
        ..Columns::default()
    };
    Ok(vec![match value {
        CustomValue::Text(text) => Columns {
            text: Some(text.clone()),
            ..none
        },
        CustomValue::Number(value) => number(*value),
        CustomValue::Date(day) => Columns {
            date: Some(date_column(*day)?),
            ..none
        },
        CustomValue::Choice(code) => choice(code),
        CustomValue::Choices(codes) => return Ok(codes.iter().map(choice).collect()),
        CustomValue::YesNo(yes) => number(i64::from(*yes)),
        CustomValue::Money(money) => number(money.minor()),
        CustomValue::Person(id) => Columns {
            person: Some(id.uuid()),
            ..none
        },
    }])
}

/// Puts to what the trail compares which values differ; it never tells the values themselves.
pub(crate) fn tell(
    before: Option<&CustomValues>,
    after: &CustomValues,
    sides: (&mut Json, &mut Json),
) {
    let none = CustomValues::default();
    let before = before.unwrap_or(&none);
    let (mut was, mut is) = (Map::new(), Map::new());
    for code in after.differing(before) {
        let name = format!("custom_fields.{}", code.as_str());
        let told = |values: &CustomValues| values.get(code.as_str()).map(|_| Json::from("***"));
        was.insert(name.clone(), told(before).into());
        is.insert(name, told(after).into());
    }
    for (side, told) in [(sides.0, was), (sides.1, is)] {
        if let Some(side) = side.as_object_mut() {
            side.extend(told);
        }
    }
}
