//! A person under every id that stands for it, in statements over many tables.

use domain::{customers::Customer, id::Id, organization::Institution};
use sea_orm::{Statement, Value};
use uuid::Uuid;

use crate::{
    Error, Handle,
    customers::merges,
    database::{placeholders, statement},
};

pub(super) struct Person {
    pub(super) institution: Id<Institution>,
    pub(super) ids: Vec<Uuid>,
    /// When it is erased, and what it is called from then on.
    pub(super) as_of: (i64, String),
}

impl Person {
    pub(super) async fn of(
        handle: &impl Handle,
        institution: Id<Institution>,
        customer: Id<Customer>,
    ) -> Result<Self, Error> {
        let ids = merges::with_former(handle, institution, vec![customer.uuid()]).await?;
        Ok(Self {
            institution,
            ids,
            as_of: (0, String::new()),
        })
    }

    /// A statement with what it says of the person put in: `{who}` stands for all its ids, `{institution}`
    /// for whose they are; `{now}` and `{pseudonym}` for what it is after its erasure.
    pub(super) fn say(&self, handle: &impl Handle, sql: &str) -> Statement {
        self.say_and(handle, sql, Vec::new())
    }

    /// The same, with values for what is asked behind that.
    pub(super) fn say_and(&self, handle: &impl Handle, sql: &str, behind: Vec<Value>) -> Statement {
        let mut values: Vec<Value> = Vec::new();
        let mut said = String::new();
        for part in sql.split_inclusive('}') {
            let (before, token) = match part.rsplit_once('{') {
                Some((before, token)) => (before, token),
                None => (part, ""),
            };
            said.push_str(before);
            let told: Vec<Value> = match token {
                "who}" => self.ids.iter().map(|id| (*id).into()).collect(),
                "institution}" => vec![self.institution.uuid().into()],
                "now}" => vec![self.as_of.0.into()],
                "pseudonym}" => vec![self.as_of.1.as_str().into()],
                _ => Vec::new(),
            };
            said.push_str(&placeholders(told.len()));
            values.extend(told);
        }
        values.extend(behind);
        statement(handle, &said, values)
    }
}
