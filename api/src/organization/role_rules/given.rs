//! What rules give, judged wherever a change alters it: nobody gives by rule, or by moving people,
//! what they could not give by hand.

use std::collections::BTreeSet;

use domain::{
    access::{Role, may_give},
    fault::Fault,
    id::Id,
    organization::{OWN_STANDING, Staff},
};
use persistence::{
    Error, Tx,
    access::Reads,
    organization::role_rules::{Ruled, keep_apart, ruled, take_turns},
};

use crate::{organization::powers::Powers, reference::get};

/// What rules give before a change.
pub struct Given {
    of: Option<Id<Staff>>,
    roles: Ruled,
    powers: Powers,
}

impl Given {
    /// What they give to one person, about whom the caller has decided, or to everybody. From here
    /// on the change takes turns with others of its kind.
    pub async fn before(
        tx: &Tx,
        grant: &impl Reads<Staff>,
        of: Option<Id<Staff>>,
    ) -> Result<Self, Error> {
        take_turns(tx, of).await?;
        Ok(Self {
            of,
            roles: ruled(tx, grant, of).await?,
            powers: Powers::before(tx).await?,
        })
    }

    /// Judges what they give after the change.
    ///
    /// # Errors
    /// 403 where it alters what the caller holds, or what somebody holds who governs others and holds
    /// more, or makes somebody one of those, or where a role goes beyond what the caller may give; 409
    /// where sales and purchasing would come together.
    pub async fn judge(
        self,
        tx: &Tx,
        grant: &(impl Reads<Staff> + Reads<Role>),
    ) -> Result<(), Error> {
        let after = ruled(tx, grant, self.of).await?;
        let none = BTreeSet::new();
        let mut people = BTreeSet::new();
        let mut new = BTreeSet::new();
        for person in self.roles.keys().chain(after.keys()) {
            let was = self.roles.get(person).unwrap_or(&none);
            let is = after.get(person).unwrap_or(&none);
            if was != is {
                people.insert(*person);
                new.extend(is.difference(was).copied());
            }
        }
        if let Some(authority) = &tx.operation().authority {
            if people.contains(&Id::new(tx.operation().actor.principal)) {
                return Err(Fault::new(&OWN_STANDING).into());
            }
            self.powers.may_alter(tx, &people)?;
            for role in new {
                let role = get::<Role>(tx, grant, role).await?;
                may_give(authority.permissions(), authority.fields(), &role.details)?;
            }
        }
        self.powers.judge(tx).await?;
        keep_apart(tx, people).await
    }
}
