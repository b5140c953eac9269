mod access;
mod change;
mod create;
mod delete;
mod list;
mod search;
mod shares;
mod walk;
