//! How a column is read, and what is told of it.

use domain::{privacy::Withheld, text_enum::TextEnum};
use sea_orm::{QueryResult, TryGetable};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error,
    clock::timestamp,
    keys::{FieldKeys, SealedAt},
};

/// What is told of the rows of one table.
#[derive(Debug)]
pub struct Told {
    pub table: &'static str,
    /// Which rows, where they are others than those that erasure finds.
    pub(super) rows: Option<&'static str>,
    pub columns: &'static [Column],
    /// The column that a seal names its row by.
    pub(super) sealed_in: &'static str,
    /// Columns of which nothing is told.
    pub withheld: &'static [(&'static str, Withheld)],
}

/// A column of which something is told.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// As the document calls it.
    pub name: &'static str,
    /// As the table calls it.
    pub column: &'static str,
    is: Is,
    /// In which rows; what the others hold is somebody else's.
    only: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
enum Is {
    Text,
    Number,
    YesNo,
    Json,
    Instant,
    Id,
    /// A column of the record that is named here: table and column.
    LookedUp(&'static str, &'static str),
    SealedText,
    SealedJson,
    /// Some fields of what is sealed.
    SealedFields(&'static [&'static str]),
    Opened(Open),
}

/// What is told of a value that is sealed in more than one layer, of the row of this id.
pub(super) type Open = fn(&FieldKeys, Uuid, &QueryResult, &[u8]) -> Result<Json, Error>;

const fn column(name: &'static str, is: Is) -> Column {
    Column {
        name,
        column: name,
        is,
        only: None,
    }
}

/// Dates as well.
pub(super) const fn text(name: &'static str) -> Column {
    column(name, Is::Text)
}

pub(super) const fn number(name: &'static str) -> Column {
    column(name, Is::Number)
}

pub(super) const fn yes_no(name: &'static str) -> Column {
    column(name, Is::YesNo)
}

pub(super) const fn json(name: &'static str) -> Column {
    column(name, Is::Json)
}

pub(super) const fn instant(name: &'static str) -> Column {
    column(name, Is::Instant)
}

pub(super) const fn id(name: &'static str) -> Column {
    column(name, Is::Id)
}

pub(super) const fn sealed_text(name: &'static str) -> Column {
    column(name, Is::SealedText)
}

pub(super) const fn sealed(name: &'static str) -> Column {
    column(name, Is::SealedJson)
}

pub(super) const fn opened(name: &'static str, open: Open) -> Column {
    column(name, Is::Opened(open))
}

impl Column {
    /// Under another name than the table has for it.
    pub(super) const fn told_as(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) const fn only(self, rows: &'static str) -> Self {
        Self {
            only: Some(rows),
            ..self
        }
    }

    /// Of what it names, a column in its place.
    pub(super) const fn of(self, table: &'static str, column: &'static str) -> Self {
        Self {
            is: Is::LookedUp(table, column),
            ..self
        }
    }

    /// Some fields of what is sealed in it.
    pub(super) const fn fields(self, names: &'static [&'static str]) -> Self {
        Self {
            is: Is::SealedFields(names),
            ..self
        }
    }

    /// As it is selected, of a row of `table`.
    pub(super) fn sql(&self, table: &str) -> String {
        let own = format!("{table}.{}", self.column);
        let value = match self.is {
            Is::Text | Is::Json => format!("CAST({own} AS text)"),
            Is::Number | Is::Instant => format!("CAST({own} AS bigint)"),
            Is::LookedUp(other, column) => format!(
                "(SELECT CAST(n.{column} AS text) FROM {other} n \
                 WHERE n.institution_id = {table}.institution_id AND n.id = {own})"
            ),
            _ => own,
        };
        match self.only {
            Some(rows) => format!("CASE WHEN {rows} THEN {value} END AS \"{}\"", self.name),
            None => format!("{value} AS \"{}\"", self.name),
        }
    }

    /// What stands in a row.
    pub(super) fn read(
        &self,
        table: &'static str,
        row: &QueryResult,
        keys: &FieldKeys,
    ) -> Result<Json, Error> {
        Ok(match self.is {
            Is::Text | Is::LookedUp(..) => json!(self.value::<String>(row)?),
            Is::Number => json!(self.value::<i64>(row)?),
            Is::YesNo => json!(self.value::<bool>(row)?),
            Is::Json => match self.value::<String>(row)? {
                Some(text) => serde_json::from_str(&text).map_err(Error::corrupt)?,
                None => Json::Null,
            },
            Is::Id => json!(self.value::<Uuid>(row)?),
            Is::Instant => {
                let at = self.value::<i64>(row)?.map(timestamp).transpose()?;
                json!(at.map(|at| at.to_string()))
            }
            Is::SealedText | Is::SealedJson | Is::SealedFields(_) | Is::Opened(_) => {
                match self.value::<Vec<u8>>(row)? {
                    Some(sealed) => self.open(table, row, keys, &sealed)?,
                    None => Json::Null,
                }
            }
        })
    }

    fn value<T: TryGetable>(&self, row: &QueryResult) -> Result<Option<T>, Error> {
        Ok(row.try_get("", self.name)?)
    }

    fn open(
        &self,
        table: &'static str,
        row: &QueryResult,
        keys: &FieldKeys,
        sealed: &[u8],
    ) -> Result<Json, Error> {
        let id: Uuid = row.try_get("", ROW)?;
        if let Is::Opened(open) = self.is {
            return open(keys, id, row, sealed);
        }
        let place = SealedAt {
            table,
            column: self.column,
            row: id,
        };
        let plain = Zeroizing::new(keys.open(place, sealed)?);
        if let Is::SealedText = self.is {
            return Ok(json!(std::str::from_utf8(&plain).map_err(Error::corrupt)?));
        }
        let mut whole: Json = serde_json::from_slice(&plain).map_err(Error::corrupt)?;
        let Is::SealedFields(names) = self.is else {
            return Ok(whole);
        };
        let mut part = Map::new();
        for name in names {
            let value = whole.get_mut(*name).map(Json::take);
            part.insert((*name).to_owned(), value.unwrap_or_default());
        }
        Ok(part.into())
    }

    fn is_sealed(&self) -> bool {
        matches!(
            self.is,
            Is::SealedText | Is::SealedJson | Is::SealedFields(_) | Is::Opened(_)
        )
    }
}

/// What the id of a row is called where something is sealed in it.
const ROW: &str = "sealed_in";

impl Told {
    /// Everything that is told of the rows that a condition finds, in the order of the first columns.
    pub(super) fn select(&self, rows: &str) -> String {
        let table = self.table;
        let mut columns: Vec<_> = self.columns.iter().map(|told| told.sql(table)).collect();
        if self.columns.iter().any(Column::is_sealed) {
            columns.push(format!("{table}.{} AS {ROW}", self.sealed_in));
        }
        let order: Vec<_> = (1..=self.columns.len().min(3))
            .map(|place| place.to_string())
            .collect();
        format!(
            "SELECT {} FROM {table} WHERE institution_id = {{institution}} AND {rows} ORDER BY {}",
            columns.join(", "),
            order.join(", ")
        )
    }

    /// What the document says of columns that it does not tell, or not in rows that are others' as well.
    pub(super) fn unsaid(&self) -> impl Iterator<Item = Json> {
        let in_part = self.columns.iter().filter(|told| told.only.is_some());
        let in_part = in_part.map(|told| (told.column, Withheld::OtherPeople, true));
        let whole = self.withheld.iter().map(|(name, why)| (*name, *why, false));
        whole.chain(in_part).map(|(name, why, is_in_part)| {
            json!({ "table": self.table, "column": name, "ground": why.as_str(), "in_part": is_in_part })
        })
    }
}
