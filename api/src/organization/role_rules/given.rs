//! What rules give, judged wherever a change alters it: nobody gives by rule, or by moving people,
//! what they could not give by hand.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{Permissions, Role, may_decide, may_give, one_side},
    fault::Fault,
    id::Id,
    organization::{OWN_STANDING, Staff},
};
use persistence::{
    Error, Tx,
    access::Reads,
    organization::role_rules::{Ruled, governors, ruled, sides, take_turns},
};

use crate::reference::get;

/// What rules give before a change.
pub struct Given {
    of: Option<Id<Staff>>,
    roles: Ruled,
    governors: BTreeMap<Id<Staff>, Permissions>,
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
            governors: match of {
                None => governors(tx).await?,
                Some(_) => BTreeMap::new(),
            },
        })
    }

    /// Judges what they give after the change.
    ///
    /// # Errors
    /// 403 where it alters what the caller holds, or what somebody holds who governs others and holds
    /// more, or where a role goes beyond what the caller may give; 409 where sales and purchasing
    /// would come together.
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
            for person in &people {
                if let Some(theirs) = self.governors.get(person) {
                    may_decide(authority.permissions(), theirs)?;
                }
            }
            for role in new {
                let role = get::<Role>(tx, grant, role).await?;
                may_give(authority.permissions(), authority.fields(), &role.details)?;
            }
        }
        for sides in sides(tx, people).await?.into_values() {
            one_side(sides)?;
        }
        Ok(())
    }
}
