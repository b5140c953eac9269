//! Receipts: as JSON, and as a page to print.

mod body;
mod handlers;
mod page;

use body::ReceiptPageParts;
pub use body::{PrintReceipt, ReceiptBody, ReceiptLine};
pub(super) use handlers::{get_payment_receipt, get_receipt_page, print_receipt};
