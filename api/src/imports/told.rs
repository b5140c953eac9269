//! What the job of an import is told: which import, and what its template said when it began.

use domain::{
    id::Id,
    imports::{header::LeadField, outcome::Import, template::TemplateColumn},
    text_enum::TextEnum,
};
use persistence::Error;
use uuid::Uuid;

/// The bytes of an id.
const ID: usize = 16;

pub(super) fn write(
    import: Id<Import>,
    columns: Option<&[TemplateColumn]>,
) -> Result<Vec<u8>, Error> {
    let mut told = import.uuid().as_bytes().to_vec();
    if let Some(columns) = columns {
        let columns = columns.iter();
        let pairs: Vec<_> = columns
            .map(|column| (column.header.as_str(), column.field.as_str()))
            .collect();
        told.extend(serde_json::to_vec(&pairs).map_err(Error::internal)?);
    }
    Ok(told)
}

pub(super) fn read(told: &[u8]) -> Result<(Id<Import>, Option<Vec<TemplateColumn>>), Error> {
    let corrupt = || Error::corrupt("what an import was told");
    let (id, columns) = told.split_at_checked(ID).ok_or_else(corrupt)?;
    let id = Id::new(Uuid::from_slice(id).map_err(Error::corrupt)?);
    if columns.is_empty() {
        return Ok((id, None));
    }
    let pairs: Vec<(String, String)> = serde_json::from_slice(columns).map_err(|_| corrupt())?;
    let columns = pairs.into_iter().map(|(header, field)| {
        let field = LeadField::parse(&field).ok_or_else(corrupt)?;
        Ok(TemplateColumn { header, field })
    });
    Ok((id, Some(columns.collect::<Result<_, Error>>()?)))
}
