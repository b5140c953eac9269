//! Opening one record to somebody beyond its holder and campus (数据共享设置, ROLE-04).

use jiff::Timestamp;

use super::{Principal, SHARE_ENDED, SHARE_WITH_ONESELF};
use crate::{
    customers::Customer,
    fault::{Fault, FieldFault},
    id::Id,
    stamp::Stamp,
    text_enum,
};

/// With whom a record can be shared: a person of staff, a team or a group, under its own id.
#[derive(Debug)]
pub enum Grantee {}

text_enum! {
    /// What somebody is with whom a record is shared.
    GranteeKind as "GranteeKind" {
        Staff = "staff" { "员工", "Person of staff" }
        Team = "team" { "团队", "Team" }
        Group = "group" { "用户组", "Group" }
    }
}

text_enum! {
    /// What a share opens (共享权限): the customer with its follow-ups and tags, never its money.
    ShareAccess as "ShareAccess" {
        Read = "read" { "查看", "Read" }
        Write = "write" { "查看和修改", "Read and change" }
    }
}

/// A customer opened to one grantee. It gives no permission: who lacks `customers:read` sees
/// nothing by it. It ends when the customer goes to another holder or campus, who decide anew: nobody
/// keeps by a share of their own what they gave away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub customer: Id<Customer>,
    pub grantee: Id<Grantee>,
    pub kind: GranteeKind,
    /// Raised each time the same customer is shared with the same grantee again, and at each end: it
    /// never comes twice.
    pub version: i64,
    pub access: ShareAccess,
    /// From then on it opens nothing; `None`: until it is ended.
    pub until: Option<Timestamp>,
    /// Who shared it last.
    pub sharer: Option<Id<Principal>>,
    pub created_at: Timestamp,
}

/// What is asked for when a record is shared.
#[derive(Clone, Copy, Debug)]
pub struct NewShare {
    pub grantee: Id<Grantee>,
    pub kind: GranteeKind,
    pub access: ShareAccess,
    pub until: Option<Timestamp>,
}

impl Share {
    /// A first share with the grantee; the store knows whether it takes the place of another.
    ///
    /// # Errors
    /// 422 where its end has passed, or somebody shares with himself: such a share would only
    /// outlast the reach that it was made from.
    pub fn open(
        customer: Id<Customer>,
        new: NewShare,
        sharer: Id<Principal>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if new.grantee.uuid() == sharer.uuid() {
            faults.push(FieldFault::new("/grantee_id", &SHARE_WITH_ONESELF));
        }
        if new.until.is_some_and(|until| until <= stamp.now()) {
            faults.push(FieldFault::new("/until", &SHARE_ENDED));
        }
        Fault::unless_empty(faults)?;
        Ok(Self {
            customer,
            grantee: new.grantee,
            kind: new.kind,
            version: 1,
            access: new.access,
            until: new.until,
            sharer: Some(sharer),
            created_at: stamp.now(),
        })
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}
