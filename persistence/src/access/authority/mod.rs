//! What a principal may do, and how far.

mod load;

pub use load::{confirm, load};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    access::{
        DirectoryRead, FieldRules, GOVERNING, Oneself, Permission, Principal, PrincipalKind, Reach,
        Session,
    },
    id::Id,
    organization::{Campus, Institution, Locale},
};
use ipnet::IpNet;
use uuid::Uuid;

use crate::keys::digest;

/// Who sends a request, as its credentials say: a principal by one of its sessions, or keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bearer {
    pub institution: Id<Institution>,
    pub principal: Id<Principal>,
    pub session: Id<Session>,
    /// Of what the principal may do, only these permissions; all where there is no such bound.
    pub scope: Option<Arc<BTreeSet<String>>>,
    /// Whether it is a job that acts, which goes on after its owner has logged out.
    in_job: bool,
}

impl Bearer {
    /// One with bounds.
    pub fn within(
        institution: Id<Institution>,
        principal: Id<Principal>,
        session: Id<Session>,
        scope: Option<Arc<BTreeSet<String>>>,
    ) -> Self {
        Self {
            institution,
            principal,
            session,
            scope,
            in_job: false,
        }
    }

    /// The owner of a job, by no session at all, with the bounds of whoever asked for it.
    pub fn owner(
        institution: Id<Institution>,
        principal: Id<Principal>,
        scope: Option<Arc<BTreeSet<String>>>,
    ) -> Self {
        Self {
            in_job: true,
            ..Self::within(institution, principal, Id::new(Uuid::nil()), scope)
        }
    }

    /// With everything that the principal may do.
    pub fn whole(
        institution: Id<Institution>,
        principal: Id<Principal>,
        session: Id<Session>,
    ) -> Self {
        Self::within(institution, principal, session, None)
    }
}

/// A principal's standing: who it is, what it may do, how far.
#[derive(Debug)]
pub struct Authority {
    bearer: Bearer,
    kind: PrincipalKind,
    standing: Standing,
    must_change_password: bool,
    must_sign: Option<i64>,
    locale: Locale,
    permissions: BTreeMap<String, BTreeSet<Reach>>,
    fields: FieldRules,
    networks: Vec<IpNet>,
    pub(super) places: Places,
}

/// What must not have changed for the rest to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    principal_version: i64,
    access_version: i64,
}

/// Where the principal stands in the organization.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) own: Uuid,
    pub(super) team: Vec<Uuid>,
    pub(super) campuses: Vec<Uuid>,
    pub(super) region_campuses: Vec<Uuid>,
    /// Whether even the reach of the whole institution ends at `campuses`.
    pub(super) only_campuses: bool,
    /// Classes that the principal teaches, archived ones left out.
    pub(super) classes: Vec<Uuid>,
    /// Whom a share may name to open a record to this principal: itself, its team and its groups.
    pub(super) grantees: Vec<Uuid>,
}

impl Authority {
    pub fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    pub fn institution(&self) -> Id<Institution> {
        self.bearer.institution
    }

    pub fn principal(&self) -> Id<Principal> {
        self.bearer.principal
    }

    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    pub fn session(&self) -> Id<Session> {
        self.bearer.session
    }

    /// What is left of the fields of what it reaches.
    pub fn fields(&self) -> &FieldRules {
        &self.fields
    }

    /// From where it may call; from everywhere where there is none.
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    /// Where it works.
    pub fn campuses(&self) -> impl Iterator<Item = Id<Campus>> {
        self.places.campuses.iter().copied().map(Id::new)
    }

    pub fn holds<P: Permission>(&self) -> bool {
        self.reaches(P::CODE).is_some()
    }

    /// The same of a permission that is known by its code only.
    pub fn may(&self, permission: &str) -> bool {
        self.reaches(permission).is_some()
    }

    /// Whether nothing but the own account may be touched: the password must be changed, or an
    /// agreement signed, before anything else.
    fn is_held_back(&self) -> bool {
        self.must_change_password || self.must_sign.is_some()
    }

    /// Whether it may do anything that governs others.
    pub fn governs(&self) -> bool {
        GOVERNING
            .iter()
            .any(|code| self.permissions.contains_key(*code))
    }

    /// Whether nothing but one's own account may be touched before the password is changed.
    pub fn must_change_password(&self) -> bool {
        self.must_change_password
    }

    /// The version of the confidentiality agreement that must be signed before anything but the own
    /// account may be touched.
    pub fn must_sign(&self) -> Option<i64> {
        self.must_sign
    }

    /// Language of texts where none is asked for.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// Codes of the permissions held, each with its reaches.
    pub fn permissions(&self) -> &BTreeMap<String, BTreeSet<Reach>> {
        &self.permissions
    }

    /// The same within the bounds of an API client: whoever is bound to campuses reaches no further than
    /// these, but for what belongs to no campus.
    pub fn bounded(&self) -> BTreeMap<&str, BTreeSet<Reach>> {
        let bound = |code: &str, reach: Reach| match reach {
            Reach::Institution | Reach::Region
                if self.places.only_campuses && code != DirectoryRead::CODE =>
            {
                Reach::Campus
            }
            reach => reach,
        };
        let all = self.permissions.iter();
        all.map(|(code, reaches)| {
            let reaches = reaches.iter().map(|reach| bound(code, *reach));
            (code.as_str(), reaches.collect())
        })
        .collect()
    }

    /// Stands for all that it may do and see: another digest says that some of that has changed. Places
    /// count as far as it reaches by them.
    pub fn digest(&self) -> [u8; 32] {
        let reaches: BTreeSet<Reach> = self
            .permissions
            .iter()
            .filter(|(code, _)| *code != Oneself::CODE)
            .flat_map(|(_, reaches)| reaches.iter().copied())
            .collect();
        let by = |counts: bool, places| if counts { places } else { &[] as &[Uuid] };
        let places = &self.places;
        let campuses = reaches.contains(&Reach::Campus) || places.only_campuses;
        let places = (
            places.own,
            places.only_campuses,
            by(reaches.contains(&Reach::Team), &places.team),
            by(campuses, &places.campuses),
            by(reaches.contains(&Reach::Region), &places.region_campuses),
            by(reaches.contains(&Reach::Taught), &places.classes),
            by(!self.reaches_everything(), &places.grantees),
        );
        let all = format!("{:?}", (&self.permissions, &self.fields, places));
        digest(&[all.as_bytes()])
    }

    /// How far it reaches with a permission now; `None` where it may not use it.
    pub(super) fn reaches(&self, permission: &str) -> Option<&BTreeSet<Reach>> {
        if self.is_held_back() && permission != Oneself::CODE {
            return None;
        }
        self.permissions.get(permission)
    }

    /// Whether it reaches the whole institution with all that it may do, so that no place of its own
    /// gives it more.
    pub fn reaches_everything(&self) -> bool {
        self.permissions
            .iter()
            .filter(|(code, _)| *code != Oneself::CODE)
            .all(|(_, reaches)| reaches.contains(&Reach::Institution))
    }
}
