//! A table that is written row by row, in either form.

use domain::exports::ExportFormat;
use persistence::Error;

use super::{csv, workbook::Workbook};

/// What has been written of a table is handed over after each step; nothing else is held.
pub(super) enum Sheet {
    Csv,
    Workbook(Box<Workbook>),
}

impl Sheet {
    pub(super) fn begin(format: ExportFormat) -> Result<Self, Error> {
        Ok(match format {
            ExportFormat::Csv => Self::Csv,
            ExportFormat::Xlsx => Self::Workbook(Box::new(Workbook::begin()?)),
        })
    }

    pub(super) fn rows(&mut self, rows: &[Vec<String>]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Csv => csv::lines(rows),
            Self::Workbook(workbook) => workbook.rows(rows),
        }
    }

    pub(super) fn end(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Csv => Ok(Vec::new()),
            Self::Workbook(workbook) => workbook.end(),
        }
    }
}
