//! Charges, payments, balances, receipts and the journal over HTTP.

mod body;
pub mod commands;
mod handlers;
mod journal;
mod receipts;

pub use body::*;
pub use receipts::{PrintReceipt, ReceiptBody, ReceiptLine};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::create_charge)
        .service(handlers::list_charges)
        .service(handlers::get_charge)
        .service(handlers::credit_charge)
        .service(handlers::create_payment)
        .service(handlers::list_payments)
        .service(handlers::get_payment)
        .service(handlers::allocate_payment)
        .service(handlers::void_payment)
        .service(handlers::get_balance)
        .service(handlers::list_receivables)
        .service(handlers::get_receivables_total)
        .service(journal::list_journal_entries)
        .service(receipts::get_payment_receipt)
        .service(receipts::print_receipt)
        .service(receipts::get_receipt_page);
}
