//! What people ask about their own data, and the institution owes them.

mod erasures;
mod legal_holds;
mod personal_data;
mod recipients;
mod requests;
mod retention;
