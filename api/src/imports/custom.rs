//! Custom fields of the customers of a list: what their rows say of them, held against their definitions.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{CustomersReveal, FIELD_NOT_READABLE},
    custom_fields::{
        CUSTOM_FIELD_UNKNOWN, CustomValues, Definitions, FieldCode, FieldEntity, FieldType, SEALED,
        unknown_person,
    },
    customers::{Customer, Kind, Stage},
    fault::{Fault, FieldFault},
    id::Id,
    imports::{
        custom::{CustomColumn, Reader, person},
        header::LeadField,
        outcome::{CELL_MAX, COLUMN_UNKNOWN, COLUMNS_MAX, CellProblem, FIELD_TAKEN, Import},
    },
    organization::{Institution, Staff},
};
use persistence::{
    Error, Tx,
    access::{Authority, Reads},
    custom_fields::definitions,
    organization::store::staff_among,
};
use serde_json::Map;

use super::{
    CustomFieldColumn,
    plan::{Candidate, Ground},
    table::Row,
};

/// The columns of an import that hold custom fields.
///
/// # Errors
/// Each that is mapped twice, of which there is no field, or that is sealed while it updates whom somebody may
/// not reveal; these go to `faults`.
pub(super) async fn columns(
    tx: &Tx,
    (sent, updates): (Option<&[CustomFieldColumn]>, bool),
    mapping: Option<&[Option<LeadField>]>,
    faults: &mut Vec<FieldFault>,
) -> Result<Vec<CustomColumn>, Error> {
    let Some(sent) = sent.filter(|sent| !sent.is_empty()) else {
        return Ok(Vec::new());
    };
    let institution = tx.operation().institution;
    let known = definitions::open(tx, institution, FieldEntity::Customer).await?;
    let reader = tx.operation().authority.as_deref();
    let reveals = reader.is_none_or(Authority::holds::<CustomersReveal>);
    let mut columns: Vec<CustomColumn> = Vec::new();
    for (place, told) in sent.iter().enumerate() {
        let pointer = |name: &str| format!("/custom_fields/{place}/{name}");
        let mut fields = known.fields.iter().map(|(_, field)| field);
        let Some(field) = fields.find(|field| field.code.as_str() == told.code.0) else {
            faults.push(FieldFault::new(pointer("code"), &CUSTOM_FIELD_UNKNOWN));
            continue;
        };
        if updates && field.is_sensitive && !reveals {
            faults.push(FieldFault::new(pointer("code"), &FIELD_NOT_READABLE));
        }
        let code = &field.code;
        if told.column >= COLUMNS_MAX {
            faults.push(FieldFault::new(pointer("column"), &COLUMN_UNKNOWN));
            continue;
        }
        let held = mapping.and_then(|mapping| mapping.get(told.column));
        let is_mapped = held.is_some_and(|field| !matches!(field, None | Some(LeadField::Ignore)));
        if is_mapped || columns.iter().any(|known| known.column == told.column) {
            faults.push(FieldFault::new(pointer("column"), &FIELD_TAKEN));
        }
        if columns.iter().any(|known| known.code == *code) {
            faults.push(FieldFault::new(pointer("code"), &FIELD_TAKEN));
        }
        columns.push(CustomColumn {
            column: told.column,
            code: code.clone(),
        });
    }
    Ok(columns)
}

/// The fields of an institution, where an import goes by them.
pub(super) async fn known(
    tx: &Tx,
    institution: Id<Institution>,
    import: &Import,
) -> Result<Option<Definitions>, Error> {
    if import.custom_fields.is_empty() {
        return Ok(None);
    }
    let open = definitions::open(tx, institution, FieldEntity::Customer).await?;
    Ok(Some(open))
}

/// What reads the cells of each custom field that an import goes by.
pub(super) fn readers(import: &Import, known: Option<&Definitions>) -> BTreeMap<FieldCode, Reader> {
    let fields = known.into_iter().flat_map(|known| {
        let fields = known.fields.iter();
        fields.map(move |(_, field)| (field, known.currency))
    });
    let held = fields.filter(|(field, _)| {
        let mut columns = import.custom_fields.iter();
        columns.any(|held| held.code == field.code)
    });
    let readers = held.map(|(field, currency)| (field.code.clone(), Reader::new(field, currency)));
    readers.collect()
}

/// The people of staff whom rows name in custom fields, without those of whom there are none: in one statement.
pub(super) async fn staff(
    tx: &Tx,
    institution: Id<Institution>,
    (import, known): (&Import, Option<&Definitions>),
    rows: &[Row],
) -> Result<BTreeSet<Id<Staff>>, Error> {
    let Some(known) = known else {
        return Ok(BTreeSet::new());
    };
    let names_people = |held: &&CustomColumn| {
        let mut fields = known.fields.iter().map(|(_, field)| field);
        fields.any(|field| field.code == held.code && field.field_type == FieldType::Person)
    };
    let columns = import.custom_fields.iter();
    let columns: Vec<_> = columns.filter(names_people).collect();
    let cells = rows.iter().flat_map(|row| {
        let cells = columns.iter().map(move |held| row.cells.get(held.column));
        cells.flatten()
    });
    let named = cells.filter_map(|cell| person(cell)).collect();
    staff_among(tx, institution, &named).await
}

impl Ground<'_> {
    /// What a customer has of custom fields after a row; a blank cell leaves what is known. A new customer
    /// is a student and a lead.
    pub(super) fn custom(
        &self,
        candidate: &Candidate<'_>,
        before: Option<&Customer>,
    ) -> Result<CustomValues, Vec<CellProblem>> {
        let none = CustomValues::default();
        let customer = before;
        let before = before.map(|before| {
            let standing = (before.profile.kind, before.profile.stage);
            (&before.custom, standing)
        });
        let (known, standing) = before.unwrap_or((&none, (Kind::Student, Stage::Lead)));
        let Some(definitions) = &self.custom_fields else {
            return Ok(known.clone());
        };
        let (mut sent, mut problems) = (Map::new(), Vec::new());
        for column in &self.import.custom_fields {
            let cell = candidate.row.cells.get(column.column);
            let cell = cell.map(String::as_str).unwrap_or_default();
            let read = match self.readers.get(&column.code) {
                Some(reader) => reader.value(cell),
                None if cell.trim().is_empty() => Ok(None),
                None => Err(&CUSTOM_FIELD_UNKNOWN),
            };
            match read {
                // Whether it is the same tells what is sealed.
                Ok(Some(_)) if !self.is_open(&column.code) && !self.may_compare(customer) => {
                    let rule = FIELD_NOT_READABLE.code;
                    problems.push(self.of_custom(candidate.row, rule, &column.code));
                }
                Ok(told) => sent.extend(told.map(|told| (column.code.as_str().to_owned(), told))),
                Err(rule) => problems.push(self.of_custom(candidate.row, rule.code, &column.code)),
            }
        }
        let after = definitions.apply(known, &sent);
        let checked = match &after {
            Ok(after) => {
                let named = after.new_persons(known);
                let strangers = named.filter(|(_, person)| !self.staff.contains(person));
                let strangers = strangers.map(|(code, _)| unknown_person(code)).collect();
                let unfit = definitions.unless_unfit(before, (after, standing));
                Fault::both(Fault::unless_empty(strangers), unfit).map(|_| ())
            }
            Err(_) => Ok(()),
        };
        match Fault::both(after, checked) {
            Ok((after, ())) if problems.is_empty() => Ok(after),
            Ok(_) => Err(problems),
            Err(fault) => {
                problems.extend(self.told(candidate.row, &fault, &[], LeadField::Name));
                Err(problems)
            }
        }
    }

    /// Whether what a row says may be held against what is sealed of a customer.
    fn may_compare(&self, customer: Option<&Customer>) -> bool {
        let Some(customer) = customer else {
            return true;
        };
        let revealing = self.revealing.as_ref();
        revealing.is_some_and(|grant| {
            Reads::<Customer>::scope(grant).covers(customer.holder, customer.campus)
        })
    }

    /// Whether a custom field is known, and none whose values are sealed.
    fn is_open(&self, code: &FieldCode) -> bool {
        let known = self.custom_fields.iter().flat_map(|all| &all.fields);
        let mut found = known.filter(|(_, field)| field.code == *code);
        found.any(|(_, field)| !field.is_sensitive)
    }

    /// The custom field that a column holds.
    pub(super) fn custom_of(&self, column: usize) -> Option<FieldCode> {
        let mut columns = self.import.custom_fields.iter();
        let held = columns.find(|held| held.column == column);
        held.map(|held| held.code.clone())
    }

    /// A cell of a custom field for which its row is refused. What was to be sealed is not kept, nor that of a
    /// field of which nothing is known any more.
    pub(super) fn of_custom(&self, row: &Row, rule: &str, code: &FieldCode) -> CellProblem {
        let mut columns = self.import.custom_fields.iter();
        let column = columns.find(|column| column.code == *code);
        let cell = column.and_then(|column| row.cells.get(column.column));
        let value = match cell.map(String::as_str).unwrap_or_default() {
            told if self.is_open(code) || told.is_empty() => told,
            _ => SEALED,
        };
        CellProblem {
            code: rule.to_owned(),
            field: None,
            custom_field: Some(code.clone()),
            value: value.chars().take(CELL_MAX).collect(),
        }
    }
}

/// The custom field of which a fault speaks.
pub(super) fn named(fault: &FieldFault) -> Option<FieldCode> {
    let code = fault.pointer.strip_prefix("/custom_fields/")?;
    FieldCode::parse(code)
}
