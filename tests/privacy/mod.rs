//! What people ask about their own data, and the institution owes them.

mod erasures;
mod personal_data;
mod recipients;
mod requests;
