//! What people ask about their own data, and the institution owes them.

mod erasures;
mod requests;
