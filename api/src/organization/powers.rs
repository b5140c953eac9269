//! Power over others: nobody alters what those hold who govern others and hold more, nor makes somebody
//! one of those.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{Permissions, may_decide},
    id::Id,
    organization::Staff,
};
use persistence::{Error, Tx, organization::role_rules::governors};

/// What those hold who govern others, before a change.
pub struct Powers(BTreeMap<Id<Staff>, Permissions>);

impl Powers {
    pub async fn before(tx: &Tx) -> Result<Self, Error> {
        Ok(Self(governors(tx).await?))
    }

    /// # Errors
    /// 403 where one of these governs others and holds more than the caller.
    pub fn may_alter(&self, tx: &Tx, people: &BTreeSet<Id<Staff>>) -> Result<(), Error> {
        if let Some(authority) = &tx.operation().authority {
            for theirs in people.iter().filter_map(|person| self.0.get(person)) {
                may_decide(authority.permissions(), theirs)?;
            }
        }
        Ok(())
    }

    /// Judges what they hold after the change. Else two who may give what they do not hold could give
    /// it to each other, and govern those who hold more.
    ///
    /// # Errors
    /// 403 where somebody has gained by it who governs others now and holds more than the caller.
    pub async fn judge(self, tx: &Tx) -> Result<(), Error> {
        let Some(authority) = &tx.operation().authority else {
            return Ok(());
        };
        for (person, theirs) in governors(tx).await? {
            let gained = self.0.get(&person).is_none_or(|was| !theirs.is_subset(was));
            if gained {
                may_decide(authority.permissions(), &theirs)?;
            }
        }
        Ok(())
    }
}
