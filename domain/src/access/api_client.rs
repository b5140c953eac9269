//! Programs of others that act for the institution.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::{
    CLIENT_EXPIRY, GOVERNING, NETWORK_INVALID, PERMISSION_UNKNOWN, Permissions, ROLE_BEYOND_OWN,
    Reach, Role, SCOPE_WITHHELD, permission, within_own,
};
use crate::{
    fault::{Fault, FieldFault},
    id::Id,
    organization::{Campus, Staff},
    reference::Details,
    text,
};

/// Longest name, in characters.
pub const CLIENT_NAME_MAX: usize = 60;
/// A client is good for this long at most; then it is looked at again.
pub const CLIENT_LASTS: SignedDuration = SignedDuration::from_hours(366 * 24);
/// Open keys of one client: the one in use, and the one that takes its place.
pub const CLIENT_KEYS: usize = 2;

/// An API client (接口客户端): it may do what its roles give and its scopes name, at its campuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiClient {
    pub name: String,
    /// Who answers for it. While that is nobody who works, it can do nothing.
    pub owner: Id<Staff>,
    pub roles: BTreeSet<Id<Role>>,
    /// Codes of permissions: of what the roles give, only these count.
    pub scopes: BTreeSet<String>,
    /// Where its reach ends; the whole institution where none is named.
    pub campuses: BTreeSet<Id<Campus>>,
    /// From where it may call; from everywhere where none is named.
    pub networks: BTreeSet<IpNet>,
    /// When its keys end.
    pub expires_at: Timestamp,
}

impl Details for ApiClient {
    fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, CLIENT_NAME_MAX)?;
        Ok(Self { name, ..self })
    }
}

/// Scopes, as a request lists them.
pub fn scopes(list: &[String], faults: &mut Vec<FieldFault>) -> BTreeSet<String> {
    for (place, code) in list.iter().enumerate() {
        let rule = match permission(code) {
            // Who keeps the key of a client that governs could take back by it what was taken away.
            _ if GOVERNING.contains(&code.as_str()) => &SCOPE_WITHHELD,
            Some(known) if !known.reaches.is_empty() => continue,
            _ => &PERMISSION_UNKNOWN,
        };
        faults.push(FieldFault::new(format!("/scopes/{place}"), rule));
    }
    list.iter().cloned().collect()
}

/// Networks (`203.0.113.0/24`) and single addresses, as a request lists them, each in one form.
pub fn networks(list: &[String], faults: &mut Vec<FieldFault>) -> BTreeSet<IpNet> {
    let mut networks = BTreeSet::new();
    for (place, text) in list.iter().enumerate() {
        let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse::<IpNet>().ok().or_else(one) {
            Some(network) => {
                networks.insert(network.trunc());
            }
            None => faults.push(FieldFault::new(
                format!("/networks/{place}"),
                &NETWORK_INVALID,
            )),
        }
    }
    networks
}

impl ApiClient {
    /// The latest time at which a client can end.
    pub fn latest_end(now: Timestamp) -> Timestamp {
        now.saturating_add(CLIENT_LASTS).unwrap_or(Timestamp::MAX)
    }

    /// # Errors
    /// 422 where it would have ended already, or would last for more than a year.
    pub fn lasting(&self, now: Timestamp) -> Result<(), Fault> {
        if self.expires_at <= now || self.expires_at > Self::latest_end(now) {
            return Err(Fault::field("/expires_at", &CLIENT_EXPIRY));
        }
        Ok(())
    }

    /// What it may do of what its roles give.
    pub fn scoped(&self, given: &Permissions) -> Permissions {
        given
            .iter()
            .filter(|(code, _)| self.scopes.contains(code))
            .cloned()
            .collect()
    }

    /// Whether one who holds `own` at `campuses` may have this client, whose roles give `given`.
    ///
    /// # Errors
    /// 403 where the client could do more.
    pub fn within(
        &self,
        given: &Permissions,
        own: &BTreeMap<String, BTreeSet<Reach>>,
        campuses: &BTreeSet<Id<Campus>>,
    ) -> Result<(), Fault> {
        let given = self.scoped(given);
        within_own(own, &given)?;
        for (code, reach) in &given {
            let by_campus = matches!(reach, Reach::Campus | Reach::Region);
            let everywhere = own
                .get(code)
                .is_some_and(|held| held.contains(&Reach::Institution));
            if by_campus && !everywhere && !self.campuses.is_subset(campuses) {
                return Err(Fault::new(&ROLE_BEYOND_OWN).with("permission", code));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> ApiClient {
        ApiClient {
            name: "官网".into(),
            owner: Id::new(uuid::Uuid::from_u128(1)),
            roles: BTreeSet::new(),
            scopes: BTreeSet::from(["customers:read".to_owned()]),
            campuses: BTreeSet::new(),
            networks: BTreeSet::new(),
            expires_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn scopes_are_permissions_that_a_role_can_give_save_that_of_making_clients() {
        let listed = [
            "customers:read",
            "customers:burn",
            "self",
            "api_clients:write",
            "",
        ];
        let mut faults = Vec::new();
        scopes(&listed.map(str::to_owned), &mut faults);
        let places: Vec<_> = faults.iter().map(|f| f.pointer.as_ref()).collect();
        assert_eq!(places, ["/scopes/1", "/scopes/2", "/scopes/3", "/scopes/4"]);
    }

    #[test]
    fn networks_are_kept_in_one_form() {
        let mut faults = Vec::new();
        let good = ["203.0.113.7/24", "2001:db8::1", "203.0.113.0/24"];
        let kept = networks(&good.map(str::to_owned), &mut faults);
        let kept: Vec<_> = kept.iter().map(ToString::to_string).collect();
        assert_eq!(kept, ["203.0.113.0/24", "2001:db8::1/128"]);
        assert!(faults.is_empty());
        let bad = ["203.0.113.0/33", "example.org", "", "203.0.113"];
        networks(&bad.map(str::to_owned), &mut faults);
        assert_eq!(faults.len(), bad.len());
    }

    #[test]
    fn a_client_lasts_for_a_year_at_most() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let mut client = client();
        for (hours, good) in [
            (0, false),
            (1, true),
            (366 * 24, true),
            (366 * 24 + 1, false),
        ] {
            client.expires_at = now + SignedDuration::from_hours(hours);
            assert_eq!(client.lasting(now).is_ok(), good, "{hours}");
        }
    }

    #[test]
    fn nobody_has_a_client_that_could_do_more_than_they() {
        let client = client();
        let given = |reach| Permissions::from([("customers:read".to_owned(), reach)]);
        let own = BTreeMap::from([("customers:read".to_owned(), BTreeSet::from([Reach::Campus]))]);
        let here = BTreeSet::from([Id::new(uuid::Uuid::from_u128(1))]);
        let there = BTreeSet::from([Id::new(uuid::Uuid::from_u128(2))]);
        let at = |campuses: &BTreeSet<_>| ApiClient {
            campuses: campuses.clone(),
            ..client.clone()
        };
        assert!(at(&here).within(&given(Reach::Campus), &own, &here).is_ok());
        assert!(
            at(&there)
                .within(&given(Reach::Campus), &own, &here)
                .is_err()
        );
        assert!(
            at(&here)
                .within(&given(Reach::Institution), &own, &here)
                .is_err()
        );
        // What its scopes leave out does not count.
        let more = Permissions::from([("payments:void".to_owned(), Reach::Institution)]);
        assert!(at(&here).within(&more, &own, &here).is_ok());
    }
}
