//! Rows as text (RFC 4180): what the program writes as CSV is written here.

use csv::{Terminator, WriterBuilder};
use domain::exports::cell::neutral;
use persistence::Error;

/// Spreadsheets read a CSV as UTF-8 only after this mark.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Lines of cells; none is a formula.
pub(crate) fn lines<R, C>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, Error>
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let cells = row.into_iter().map(|cell| neutral(cell.as_ref()));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}
