//! Files: uploads and downloads.

mod customers;
mod download;
mod scan;
mod upload;

/// The beginning and the end of a workbook, as far as anybody looks.
pub(crate) const WORKBOOK: &[u8] = b"PK\x03\x04[Content_Types].xml xl/workbook.xml PK\x05\x06";
