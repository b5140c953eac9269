use std::{collections::BTreeSet, fmt, marker::PhantomData, sync::Arc};

use domain::{
    access::{
        ApiClient, ApiClientsWrite, ApprovalsConfigure, AttendanceWrite, AuditRead, CoursesWrite,
        CustomersAssign, CustomersConfigure, CustomersDelete, CustomersMerge, CustomersRead,
        CustomersReveal, CustomersScreen, CustomersShare, CustomersWrite, DirectoryRead,
        EnrollmentsRead, EnrollmentsWrite, EventsRead, ExportsRun, FollowUpsRead, FollowUpsWrite,
        ImportsRun, Oneself, OrganizationWrite, PaymentsRead, PaymentsVoid, PaymentsWrite,
        Permission, PrivacyErase, PrivacyManage, Reach, ReportsRead, Role, RolesWrite,
        SessionsManage, Share, ShareRequest, ShareRequestsDecide, StaffWrite, TagsManage, TagsRead,
        TagsWrite,
    },
    analytics::DayReport,
    approvals::{Approval, ApprovalPolicy},
    courses::{Class, Course, Lesson, Subject},
    custom_fields::CustomField,
    customers::{
        Anchor, Customer, Form, QualityPolicy, ScreeningRule, ScreeningRun, SourceChannel,
    },
    enrollments::{Attendance, Enrollment},
    exports::Export,
    files::StoredFile,
    follow_ups::FollowUp,
    id::Id,
    imports::{outcome::Import, template::ImportTemplate},
    jobs::Job,
    notices::Notice,
    organization::{
        Agreement, AgreementText, Campus, Department, Group, Holder, Institution, Position, Region,
        RoleRule, Staff, Team,
    },
    payments::{Balance, Charge, Entry, Payment},
    privacy::{
        Erasure, LegalHold, PersonalDataExport, PrivacyNotice, PrivacyRequest, Recipient,
        RetentionPolicy, RetentionRun,
    },
    tags::{Tag, TagCategory, Tagging},
    views::View,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::Authority;
use crate::{audit::records::Record, clock::micros, events::feed::Sequenced};

/// Proof that the caller holds `P`, with the rows that it reaches.
pub struct Grant<P> {
    scope: Arc<Scope>,
    permission: PhantomData<fn() -> P>,
}

/// The rows that a grant reaches: the union of its branches, in one institution.
#[derive(Debug)]
pub struct Scope {
    institution: Id<Institution>,
    principal: Uuid,
    branches: Vec<Branch>,
    now: i64,
}

/// One key range of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Every row of the institution.
    Institution,
    /// The rows whose customer belongs to this campus.
    Campus(Uuid),
    /// The rows whose customer this person or pool holds.
    Holder(Uuid),
    /// The rows of this class, or whose customer is a student there.
    Class(Uuid),
    /// The rows whose customer is shared with one of these.
    Shared(Vec<Uuid>),
}

impl<P: Permission> Grant<P> {
    /// The grant of `P`, or `None` where the authority does not hold it.
    pub fn of(authority: &Authority, now: Timestamp) -> Option<Self> {
        Scope::of(authority, P::CODE, now).map(Self::with)
    }

    /// What the program itself may do in an institution; `reason` says why it does.
    pub fn system(institution: Id<Institution>, now: Timestamp, reason: &'static str) -> Self {
        tracing::debug!(reason, permission = P::CODE, "system grant");
        Self::with(Scope {
            institution,
            principal: Uuid::nil(),
            branches: vec![Branch::Institution],
            now: micros(now),
        })
    }

    /// The same, within some campuses or holders, where the whole institution is within reach: a list of
    /// these is as short as theirs.
    #[must_use]
    pub fn narrowed(&self, campuses: &[Uuid], holders: &[Uuid]) -> Self {
        if !self.scope.is_whole() || (campuses.is_empty() && holders.is_empty()) {
            return self.clone();
        }
        let branches = if holders.is_empty() {
            campuses.iter().copied().map(Branch::Campus).collect()
        } else {
            holders.iter().copied().map(Branch::Holder).collect()
        };
        Self::with(Scope {
            branches,
            ..*self.scope
        })
    }

    fn with(scope: Scope) -> Self {
        Self {
            scope: Arc::new(scope),
            permission: PhantomData,
        }
    }
}

/// What a share opens: the customer with its follow-ups and tags, to be read, exported as the list
/// shows it, or changed as well. Never its money, and never to be deleted, moved or shared on.
const SHARED: &[&str] = &[
    CustomersRead::CODE,
    CustomersWrite::CODE,
    ExportsRun::CODE,
    FollowUpsRead::CODE,
    FollowUpsWrite::CODE,
    TagsRead::CODE,
    TagsWrite::CODE,
];

fn branches(authority: &Authority, reaches: &BTreeSet<Reach>, permission: &str) -> Vec<Branch> {
    let places = &authority.places;
    // What belongs to no campus is open in any case: reference data and the directory.
    let bounded = places.only_campuses && permission != DirectoryRead::CODE;
    if reaches.contains(&Reach::Institution) && !bounded {
        return vec![Branch::Institution];
    }
    let places = &authority.places;
    let mut branches = Vec::new();
    if reaches.contains(&Reach::Taught) {
        branches.extend(places.classes.iter().copied().map(Branch::Class));
    }
    // Households come with the portal: until then they cover nothing. Neither they nor classes
    // open what is held or shared.
    if reaches
        .iter()
        .all(|reach| matches!(reach, Reach::Taught | Reach::Family))
    {
        return branches;
    }
    let mut campuses = BTreeSet::new();
    let mut holders = BTreeSet::from([places.own]);
    for reach in reaches {
        match reach {
            Reach::Own | Reach::Taught | Reach::Family => {}
            Reach::Team => holders.extend(&places.team),
            Reach::Campus | Reach::Institution => campuses.extend(&places.campuses),
            Reach::Region => campuses.extend(&places.region_campuses),
        }
    }
    branches.extend(campuses.into_iter().map(Branch::Campus));
    branches.extend(holders.into_iter().map(Branch::Holder));
    // One branch each: a row that is shared twice would fill two places of a page's key range.
    if SHARED.contains(&permission) {
        let shares = places.grantees.iter();
        branches.extend(shares.map(|grantee| Branch::Shared(vec![*grantee])));
    }
    branches
}

impl Scope {
    /// What an authority reaches with a permission that is known by its code only; `None` where it
    /// does not hold it. Where the permission is known as a type, a [`Grant`] proves more.
    pub(crate) fn of(authority: &Authority, permission: &str, now: Timestamp) -> Option<Self> {
        let reaches = authority.reaches(permission)?;
        Some(Self {
            institution: authority.institution(),
            principal: authority.principal().uuid(),
            branches: branches(authority, reaches, permission),
            now: micros(now),
        })
    }

    pub fn institution(&self) -> Id<Institution> {
        self.institution
    }

    /// Who bears the grant; nil for the program itself.
    pub fn principal(&self) -> Uuid {
        self.principal
    }

    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The same without what is within reach by its class only.
    pub(crate) fn beyond_classes(&self) -> Self {
        let held = |branch: &&Branch| !matches!(branch, Branch::Class(_));
        Self {
            branches: self.branches.iter().filter(held).cloned().collect(),
            ..*self
        }
    }

    /// Whether everything of the institution is within reach.
    pub fn is_whole(&self) -> bool {
        self.branches == [Branch::Institution]
    }

    /// Whether everything of a class at a campus is within reach.
    pub fn covers_class(&self, class: Id<Class>, campus: Id<Campus>) -> bool {
        self.includes(campus) || self.branches.contains(&Branch::Class(class.uuid()))
    }

    /// Whether a row with this holder and campus is within reach, classes and shares aside.
    pub fn covers(&self, holder: Id<Holder>, campus: Id<Campus>) -> bool {
        self.branches.iter().any(|branch| match branch {
            Branch::Institution => true,
            Branch::Campus(id) => *id == campus.uuid(),
            Branch::Holder(id) => *id == holder.uuid(),
            Branch::Class(_) | Branch::Shared(_) => false,
        })
    }

    /// The campuses that are within reach as a whole.
    pub fn campuses(&self) -> impl Iterator<Item = Uuid> {
        self.branches.iter().filter_map(|branch| match branch {
            Branch::Campus(campus) => Some(*campus),
            _ => None,
        })
    }

    /// Whether the campus as a whole is within reach, and not only what somebody holds there.
    pub fn includes(&self, campus: Id<Campus>) -> bool {
        self.branches.iter().any(|branch| match branch {
            Branch::Institution => true,
            Branch::Campus(id) => *id == campus.uuid(),
            Branch::Holder(_) | Branch::Class(_) | Branch::Shared(_) => false,
        })
    }

    /// When the grant was made, in microseconds: shares that have ended by then do not count.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }
}

mod sealed {
    /// Only grants are grants.
    pub trait Sealed {}
}

impl<P> sealed::Sealed for Grant<P> {}

/// A grant that lets its bearer read `T`.
pub trait Reads<T>: sealed::Sealed + Sync {
    fn scope(&self) -> &Scope;
}

/// A grant that lets its bearer change `T`; it can read what it changes.
pub trait Writes<T>: Reads<T> {}

/// A grant that lets its bearer delete `T`, and restore it.
pub trait Deletes<T>: Writes<T> {}

/// Which permission reads and writes what.
macro_rules! grants {
    ($( $permission:ident reads $($read:ty),* ; writes $($write:ty),* ; deletes $($delete:ty),* ; )+) => {
        $(
            $( impl Reads<$read> for Grant<$permission> {
                fn scope(&self) -> &Scope {
                    &self.scope
                }
            } )*
            $( impl Writes<$write> for Grant<$permission> {} )*
            $( impl Deletes<$delete> for Grant<$permission> {} )*
        )+
    };
}

grants! {
    ImportsRun reads Import, ImportTemplate, Customer; writes Import, ImportTemplate, Customer; deletes Customer;
    ExportsRun reads Export, Customer; writes Export; deletes ;
    Oneself reads Approval, StoredFile, Job, Notice, ShareRequest, View; writes Approval, StoredFile, Job, Notice, ShareRequest, View; deletes ;
    CustomersRead reads Customer; writes ; deletes ;
    CustomersWrite reads Customer, Anchor, Recipient, StoredFile; writes Customer, StoredFile; deletes ;
    CustomersDelete reads Customer; writes Customer; deletes Customer;
    CustomersAssign reads Customer; writes Customer; deletes ;
    CustomersMerge reads Customer; writes Customer; deletes Customer;
    CustomersReveal reads Customer; writes ; deletes ;
    CustomersScreen reads Customer, ScreeningRun; writes Customer, ScreeningRun; deletes ;
    CustomersShare reads Customer, Share; writes Share; deletes Share;
    CustomersConfigure reads SourceChannel, CustomField, Form, QualityPolicy, ScreeningRule;
        writes SourceChannel, CustomField, Form, QualityPolicy, ScreeningRule; deletes ;
    ShareRequestsDecide reads Customer, Share, ShareRequest; writes Share, ShareRequest; deletes ;
    DirectoryRead reads Institution, AgreementText, Region, Campus, Department, Position, Team, Group, Staff, Role, Subject, Course, Class,
        Lesson, SourceChannel, CustomField, Form, TagCategory, Tag, PrivacyNotice, Recipient, ApprovalPolicy,
        QualityPolicy; writes ; deletes ;
    ApprovalsConfigure reads ApprovalPolicy; writes ApprovalPolicy; deletes ;
    PrivacyManage reads Customer, LegalHold, PersonalDataExport, PrivacyNotice, PrivacyRequest, Recipient, StoredFile;
        writes Customer, LegalHold, PersonalDataExport, PrivacyNotice, PrivacyRequest, Recipient, StoredFile; deletes ;
    PrivacyErase reads Customer, Erasure, PrivacyRequest, RetentionPolicy, RetentionRun;
        writes Customer, Erasure, PrivacyRequest, RetentionPolicy; deletes ;
    PaymentsRead reads Anchor, Balance, Charge, Entry, Payment; writes ; deletes ;
    PaymentsWrite reads Anchor, Charge, Payment; writes Charge, Payment; deletes ;
    PaymentsVoid reads Charge, Payment; writes Charge, Payment; deletes ;
    ReportsRead reads DayReport; writes ; deletes ;
    AuditRead reads Record; writes ; deletes ;
    EventsRead reads Sequenced; writes ; deletes ;
    TagsRead reads Tagging; writes ; deletes ;
    TagsWrite reads Tagging, Anchor; writes Tagging; deletes ;
    TagsManage reads TagCategory, Tag; writes TagCategory, Tag; deletes ;
    FollowUpsRead reads FollowUp; writes ; deletes ;
    FollowUpsWrite reads FollowUp, Anchor; writes FollowUp; deletes ;
    OrganizationWrite reads Institution, AgreementText, Region, Campus, Department, Position, Team, Group, Staff, Role;
        writes Institution, AgreementText, Region, Campus, Department, Position, Team, Group; deletes ;
    CoursesWrite reads Campus, Subject, Course, Class, Lesson;
        writes Subject, Course, Class, Lesson; deletes ;
    AttendanceWrite reads Lesson, Attendance; writes Attendance; deletes ;
    EnrollmentsRead reads Enrollment; writes ; deletes ;
    EnrollmentsWrite reads Anchor, Class, Enrollment, Charge; writes Enrollment, Charge; deletes ;
    StaffWrite reads Agreement, Campus, Department, Position, Team, Staff, Role, RoleRule;
        writes Agreement, Staff, RoleRule; deletes RoleRule;
    SessionsManage reads Staff; writes Staff; deletes ;
    RolesWrite reads Role; writes Role; deletes ;
    ApiClientsWrite reads ApiClient, Campus, Role, Staff; writes ApiClient; deletes ;
}

impl<P> Clone for Grant<P> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            permission: PhantomData,
        }
    }
}

impl<P: Permission> fmt::Debug for Grant<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant<{}>", P::CODE)
    }
}
