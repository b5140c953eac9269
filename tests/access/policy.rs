//! A small model of who may do what to which record, and records to try it on.

use std::collections::BTreeSet;

use domain::{
    access::{BUILT_IN_ROLES, Principal, Reach},
    id::Id,
    organization::{Campus, Institution},
};
use tests::{Actor, Call, Operation, World, json};
use uuid::Uuid;

/// Kinds of record that operations name in their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Customer,
    /// Of a customer, with a person of its institution.
    Share,
    /// Of a customer, with a guardian in the same hands.
    Relation,
    /// Of a customer, in a class that the customer's holder teaches.
    Enrollment,
    /// At a campus; its students are listed as far as they are within reach.
    TaughtClass,
    /// Of a class.
    Lesson,
    /// Of a customer: hidden with it.
    FollowUp,
    /// A tag on a customer.
    Tagging,
    Charge,
    /// With something left of it, and an open charge.
    Payment,
    Receipt,
    /// What a customer owes: it has no id of its own, and is tried by tests/payments.
    Receivable,
    /// Its owner's alone, whatever roles there are.
    Session,
    TagCategory,
    Tag,
    Subject,
    Course,
    Class,
    Region,
    Campus,
    Department,
    Team,
    Group,
    Role,
    Staff,
    ApiClient,
    /// Of an API client.
    ApiKey,
    AuditEvent,
    /// Of a campus as a whole.
    DayReport,
    File,
    Job,
    Notice,
    /// Its owner's, who may import.
    Import,
}

impl Kind {
    /// Whether a grant covers all records of an institution or none.
    pub(crate) fn is_of_institution(self) -> bool {
        use Kind::{
            Charge, Customer, DayReport, Enrollment, File, FollowUp, Import, Job, Lesson, Notice,
            Payment, Receipt, Receivable, Relation, Session, Share, Tagging, TaughtClass,
        };
        !matches!(
            self,
            Charge
                | Customer
                | DayReport
                | Enrollment
                | File
                | FollowUp
                | Import
                | Job
                | Lesson
                | Notice
                | Payment
                | Receipt
                | Receivable
                | Relation
                | Session
                | Share
                | Tagging
                | TaughtClass
        )
    }

    /// Whether a record that is no more live is as good as absent; others are in the way.
    pub(crate) fn is_gone(self) -> bool {
        (!self.is_of_institution() && !matches!(self, Self::Enrollment | Self::Lesson))
            || self == Self::ApiKey
    }
}

impl Kind {
    /// Whether a holder who is a person teaches the class that it is, or is of.
    fn is_taught(self) -> bool {
        matches!(self, Self::Enrollment | Self::TaughtClass | Self::Lesson)
    }

    /// Whether it belongs to a principal, and to nobody else.
    fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Session | Self::File | Self::Job | Self::Notice | Self::Import
        )
    }
}

/// What a record must be for an operation to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    /// Deleted or ended; archived, for what others choose from; suspended, for staff.
    Deleted,
    Voided,
    /// Whatever it is.
    Any,
}

impl State {
    /// A state in which the operation is refused; none where there is no such state.
    fn other(self, kind: Kind) -> Option<Self> {
        match (kind, self) {
            (_, Self::Any) => None,
            (Kind::Payment, _) => Some(Self::Voided),
            (_, Self::Live) => Some(Self::Deleted),
            _ => Some(Self::Live),
        }
    }
}

/// Every operation with an id in its path: the kind of the record, and its state. An operation that
/// is added to the API needs a row here.
pub(crate) const ROWS: &[(&str, Kind, State)] = &[
    ("getCustomer", Kind::Customer, State::Live),
    ("changeCustomer", Kind::Customer, State::Live),
    ("deleteCustomer", Kind::Customer, State::Live),
    ("restoreCustomer", Kind::Customer, State::Deleted),
    ("transferCustomer", Kind::Customer, State::Live),
    ("revealCustomer", Kind::Customer, State::Live),
    ("relateCustomer", Kind::Customer, State::Live),
    ("listRelations", Kind::Customer, State::Live),
    ("listCustomerTags", Kind::Customer, State::Live),
    ("putTagOn", Kind::Customer, State::Live),
    ("takeTagOff", Kind::Tagging, State::Live),
    ("listTimeline", Kind::Customer, State::Live),
    ("getFollowUp", Kind::FollowUp, State::Live),
    ("changeFollowUp", Kind::FollowUp, State::Live),
    ("getRelation", Kind::Relation, State::Live),
    ("endRelation", Kind::Relation, State::Live),
    ("listCustomerShares", Kind::Customer, State::Live),
    ("shareCustomer", Kind::Customer, State::Live),
    ("endCustomerShare", Kind::Share, State::Live),
    ("getBalance", Kind::Customer, State::Live),
    ("getCharge", Kind::Charge, State::Any),
    ("creditCharge", Kind::Charge, State::Any),
    ("getPayment", Kind::Payment, State::Any),
    ("allocatePayment", Kind::Payment, State::Live),
    ("voidPayment", Kind::Payment, State::Live),
    ("getPaymentReceipt", Kind::Payment, State::Any),
    ("printReceipt", Kind::Receipt, State::Any),
    ("getReceiptPage", Kind::Receipt, State::Any),
    ("getEnrollment", Kind::Enrollment, State::Any),
    ("withdrawEnrollment", Kind::Enrollment, State::Live),
    ("completeEnrollment", Kind::Enrollment, State::Live),
    ("getDayReport", Kind::DayReport, State::Any),
    ("createLesson", Kind::Class, State::Live),
    ("listLessons", Kind::Class, State::Any),
    ("getLesson", Kind::Lesson, State::Any),
    ("changeLesson", Kind::Lesson, State::Live),
    ("archiveLesson", Kind::Lesson, State::Live),
    ("unarchiveLesson", Kind::Lesson, State::Deleted),
    ("listRoster", Kind::TaughtClass, State::Any),
    ("callRoll", Kind::Lesson, State::Any),
    ("getRollCall", Kind::Lesson, State::Any),
    ("endSession", Kind::Session, State::Live),
    ("getTagCategory", Kind::TagCategory, State::Any),
    ("changeTagCategory", Kind::TagCategory, State::Live),
    ("archiveTagCategory", Kind::TagCategory, State::Live),
    ("unarchiveTagCategory", Kind::TagCategory, State::Deleted),
    ("getTag", Kind::Tag, State::Any),
    ("changeTag", Kind::Tag, State::Live),
    ("archiveTag", Kind::Tag, State::Live),
    ("unarchiveTag", Kind::Tag, State::Deleted),
    ("getAuditEvent", Kind::AuditEvent, State::Any),
    ("getSubject", Kind::Subject, State::Any),
    ("changeSubject", Kind::Subject, State::Live),
    ("archiveSubject", Kind::Subject, State::Live),
    ("unarchiveSubject", Kind::Subject, State::Deleted),
    ("getCourse", Kind::Course, State::Any),
    ("changeCourse", Kind::Course, State::Live),
    ("archiveCourse", Kind::Course, State::Live),
    ("unarchiveCourse", Kind::Course, State::Deleted),
    ("getClass", Kind::Class, State::Any),
    ("changeClass", Kind::Class, State::Live),
    ("archiveClass", Kind::Class, State::Live),
    ("unarchiveClass", Kind::Class, State::Deleted),
    ("getRegion", Kind::Region, State::Any),
    ("changeRegion", Kind::Region, State::Live),
    ("archiveRegion", Kind::Region, State::Live),
    ("unarchiveRegion", Kind::Region, State::Deleted),
    ("getCampus", Kind::Campus, State::Any),
    ("changeCampus", Kind::Campus, State::Live),
    ("archiveCampus", Kind::Campus, State::Live),
    ("unarchiveCampus", Kind::Campus, State::Deleted),
    ("getDepartment", Kind::Department, State::Any),
    ("changeDepartment", Kind::Department, State::Live),
    ("archiveDepartment", Kind::Department, State::Live),
    ("unarchiveDepartment", Kind::Department, State::Deleted),
    ("getTeam", Kind::Team, State::Any),
    ("changeTeam", Kind::Team, State::Live),
    ("archiveTeam", Kind::Team, State::Live),
    ("unarchiveTeam", Kind::Team, State::Deleted),
    ("getGroup", Kind::Group, State::Any),
    ("changeGroup", Kind::Group, State::Live),
    ("archiveGroup", Kind::Group, State::Live),
    ("unarchiveGroup", Kind::Group, State::Deleted),
    ("getRole", Kind::Role, State::Any),
    ("changeRole", Kind::Role, State::Live),
    ("getRoleFieldRules", Kind::Role, State::Any),
    ("setRoleFieldRules", Kind::Role, State::Live),
    ("archiveRole", Kind::Role, State::Live),
    ("unarchiveRole", Kind::Role, State::Deleted),
    ("copyRole", Kind::Role, State::Any),
    ("getStaff", Kind::Staff, State::Any),
    ("changeStaff", Kind::Staff, State::Any),
    ("getStaffRoles", Kind::Staff, State::Any),
    ("setStaffRoles", Kind::Staff, State::Any),
    ("suspendStaff", Kind::Staff, State::Live),
    ("resetStaffPassword", Kind::Staff, State::Any),
    ("reinstateStaff", Kind::Staff, State::Deleted),
    ("leaveStaff", Kind::Staff, State::Any),
    ("getApiClient", Kind::ApiClient, State::Any),
    ("changeApiClient", Kind::ApiClient, State::Live),
    ("revokeApiClient", Kind::ApiClient, State::Live),
    ("createApiKey", Kind::ApiClient, State::Live),
    ("endApiKey", Kind::ApiKey, State::Live),
    ("getFile", Kind::File, State::Live),
    ("createDownloadLink", Kind::File, State::Live),
    ("downloadFile", Kind::File, State::Live),
    ("getJob", Kind::Job, State::Live),
    ("cancelJob", Kind::Job, State::Live),
    ("readNotice", Kind::Notice, State::Live),
    ("getImport", Kind::Import, State::Live),
    ("listImportRows", Kind::Import, State::Live),
];

/// What everybody may do to what is his own.
pub(crate) const ONESELF: &str = "self";

/// Operations that the example of the document can't do, since it names a secret or a file of
/// somebody's.
/// This list may only shrink.
pub(crate) const NOT_BY_EXAMPLE: &[&str] = &["changePassword", "createImport", "proposeMapping"];

/// Operations that look at a second permission, since nobody gives more than they hold.
pub(crate) const ALSO_NEEDS: &[(&str, &str)] = &[
    ("shareCustomer", "customers:read"),
    ("createRole", "customers:read"),
];

/// What everybody holds who works here.
pub(crate) const DIRECTORY: &str = "directory:read";

/// Operations with something in their path that is no record. This list may only shrink.
pub(crate) const NO_RECORD: &[&str] = &["getProblemType"];

/// The row of an operation.
pub(crate) fn row(operation: &str) -> (Kind, State) {
    let found = ROWS.iter().find(|(name, ..)| *name == operation);
    assert!(
        found.is_some(),
        "{operation} has an id in its path: give it a row in tests/access/policy.rs"
    );
    let (_, kind, state) = found.unwrap();
    (*kind, *state)
}

/// The kind of what a list's items are, by the name of the list's schema.
pub(crate) fn listed(schema: &str) -> Kind {
    let kinds = [
        ("CustomerPage", Kind::Customer),
        ("FollowUpPage", Kind::FollowUp),
        ("JobPage", Kind::Job),
        ("NoticePage", Kind::Notice),
        ("ImportPage", Kind::Import),
        ("EnrollmentPage", Kind::Enrollment),
        ("AuditEventPage", Kind::AuditEvent),
        ("TagCategoryPage", Kind::TagCategory),
        ("TagPage", Kind::Tag),
        ("SubjectPage", Kind::Subject),
        ("CoursePage", Kind::Course),
        ("ClassPage", Kind::Class),
        ("RegionPage", Kind::Region),
        ("CampusPage", Kind::Campus),
        ("DepartmentPage", Kind::Department),
        ("TeamPage", Kind::Team),
        ("GroupPage", Kind::Group),
        ("RolePage", Kind::Role),
        ("StaffPage", Kind::Staff),
        ("ApiClientPage", Kind::ApiClient),
        ("ChargePage", Kind::Charge),
        ("PaymentPage", Kind::Payment),
        ("ReceivablePage", Kind::Receivable),
    ];
    let found = kinds.iter().find(|(name, _)| *name == schema);
    assert!(
        found.is_some(),
        "{schema} is a list of something new: give it a kind"
    );
    found.unwrap().1
}

/// Somebody, as the model knows them.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) actor: Actor,
    pub(crate) institution: Id<Institution>,
    pub(crate) campus: Id<Campus>,
    /// Other campuses of the same region.
    pub(crate) region: Vec<Id<Campus>>,
    /// Members of the teams that the person leads.
    pub(crate) led: Vec<Id<Principal>>,
    pub(crate) permissions: Vec<(&'static str, Reach)>,
}

/// A record to try something on.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) ids: Vec<String>,
    pub(crate) institution: Id<Institution>,
    pub(crate) holder: Uuid,
    pub(crate) teacher: Option<Uuid>,
    /// Whether only a grant over the whole institution reaches it.
    pub(crate) is_whole: bool,
    pub(crate) campus: Id<Campus>,
    pub(crate) state: State,
}

/// How a record stands to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Own,
    Teammates,
    CampusPool,
    RegionPool,
    OtherCampus,
    OtherInstitution,
    /// Held by the person, and not in the state that the operation needs.
    OwnInOtherState,
}

pub(crate) const RELATIONS: [Relation; 7] = [
    Relation::Own,
    Relation::Teammates,
    Relation::CampusPool,
    Relation::RegionPool,
    Relation::OtherCampus,
    Relation::OtherInstitution,
    Relation::OwnInOtherState,
];

impl Target {
    /// A call on the record whose body names no place or holder that is out of somebody's reach.
    pub(crate) async fn call(&self, w: &World, operation: &Operation) -> Call {
        let call = operation.call_in(w, self.institution, &self.ids).await;
        let Some(mut body) = operation.example_in(w, self.institution).await else {
            return call;
        };
        let here = [
            ("holder_id", self.holder),
            ("campus_id", self.campus.uuid()),
        ];
        for (field, value) in here {
            if body.get(field).is_some() {
                body[field] = json!(value);
            }
        }
        if body.get("relative_id").is_some() {
            let guardian = guardian(w, self.institution, self.holder, self.campus).await;
            body["relative_id"] = json!(guardian);
        }
        if body["students"].is_array() {
            let ruler = w.ruler_of(self.institution);
            let path = format!("/api/v1/lessons/{}", self.ids[0]);
            let lesson = ruler.get(&path).await;
            if let Some(class) = lesson.json["class_id"].as_str() {
                let path = format!("/api/v1/classes/{class}/roster");
                let roster = ruler.get(&path).await.expect(200);
                let student = &roster.json["items"][0]["enrollment_id"];
                body["students"][0]["enrollment_id"] = student.clone();
            }
        }
        call.with_body(&body)
    }
}

impl Person {
    pub(crate) fn holds(&self, permission: &str) -> bool {
        permission == ONESELF || self.permissions.iter().any(|(code, _)| *code == permission)
    }

    /// Whether a record is within the reach of a permission.
    pub(crate) fn reaches(&self, permission: &str, target: &Target) -> bool {
        let own = target.holder == self.actor.principal.uuid();
        if permission == ONESELF || permission == "imports:run" {
            return own;
        }
        target.institution == self.institution
            && self
                .permissions
                .iter()
                .filter(|(code, _)| *code == permission)
                .filter(|(_, reach)| !target.is_whole || *reach == Reach::Institution)
                .any(|(_, reach)| {
                    let staff = !matches!(reach, Reach::Taught | Reach::Family);
                    (staff && own)
                        || match reach {
                            Reach::Own => false,
                            Reach::Team => self.led.iter().any(|p| p.uuid() == target.holder),
                            Reach::Campus => target.campus == self.campus,
                            Reach::Region => {
                                target.campus == self.campus || self.region.contains(&target.campus)
                            }
                            Reach::Institution => true,
                            Reach::Taught => target.teacher == Some(self.actor.principal.uuid()),
                            // Comes with the portal.
                            Reach::Family => false,
                        }
                })
    }
}

/// One of all who are the same to a permission: where they are, whom they lead, how far they reach
/// with it.
pub(crate) fn unlike<'a>(people: &'a [Person], permission: &str) -> Vec<&'a Person> {
    let mut seen = BTreeSet::new();
    let mut unlike = Vec::new();
    for person in people {
        let reaches: BTreeSet<_> = person
            .permissions
            .iter()
            .filter(|(code, _)| *code == permission)
            .map(|(_, reach)| *reach)
            .collect();
        let standing = (person.campus, !person.led.is_empty(), reaches);
        if seen.insert((person.institution, standing)) {
            unlike.push(person);
        }
    }
    unlike
}

fn permissions(roles: &[&str]) -> Vec<(&'static str, Reach)> {
    BUILT_IN_ROLES
        .iter()
        .filter(|role| roles.contains(&role.code))
        .flat_map(|role| role.permissions)
        .flat_map(|(reach, codes)| codes.iter().map(|code| (*code, *reach)))
        .chain([(DIRECTORY, Reach::Institution)])
        .collect()
}

/// Everybody in the world, somebody of every built-in role, some with two roles or one of the
/// school's own, and the stranger.
pub(crate) async fn people(w: &World) -> Vec<Person> {
    let mut people = Vec::new();
    let region = |campus: Id<Campus>| {
        let all = [w.places.north, w.places.east];
        let others: Vec<_> = all.into_iter().filter(|c| *c != campus).collect();
        if others.len() == 1 {
            others
        } else {
            Vec::new()
        }
    };
    let team: Vec<_> = w
        .names()
        .filter(|name| w.post(name).in_team)
        .map(|name| w.actor(name).principal)
        .collect();
    for name in w.names() {
        let post = w.post(name);
        let leads = name == "supervisor";
        people.push(Person {
            name: name.into(),
            actor: w.actor(name),
            institution: w.institution,
            campus: post.campus,
            region: region(post.campus),
            led: if leads { team.clone() } else { Vec::new() },
            permissions: permissions(&[post.role]),
        });
    }
    w.add_role(
        "region_clerk",
        &[
            ("customers:read", Reach::Region),
            ("customers:write", Reach::Region),
        ],
    )
    .await;
    let missing = BUILT_IN_ROLES
        .iter()
        .filter(|role| w.names().all(|name| w.post(name).role != role.code))
        .map(|role| vec![role.code]);
    let more = [vec!["recruiter", "finance"], vec!["region_clerk"]];
    for roles in missing.chain(more) {
        let mut permissions = permissions(&roles);
        if roles == ["region_clerk"] {
            permissions = vec![
                ("customers:read", Reach::Region),
                ("customers:write", Reach::Region),
                (DIRECTORY, Reach::Institution),
            ];
        }
        people.push(Person {
            name: roles.join("+"),
            actor: w.hire(&roles, w.places.north, None).await,
            institution: w.institution,
            campus: w.places.north,
            region: region(w.places.north),
            led: Vec::new(),
            permissions,
        });
    }
    people.push(Person {
        name: "stranger".into(),
        actor: w.as_stranger(),
        institution: w.other,
        campus: w.other_places.north,
        region: vec![w.other_places.east],
        led: Vec::new(),
        permissions: permissions(&["boss"]),
    });
    people
}

/// Makes a record that stands so to a person; `None` where there can't be one.
pub(crate) async fn target(
    w: &World,
    kind: Kind,
    wanted: State,
    person: &Person,
    relation: Relation,
) -> Option<Target> {
    use Relation::{OtherInstitution, Own, OwnInOtherState};
    if kind.is_of_institution() && ![Own, OtherInstitution, OwnInOtherState].contains(&relation) {
        return None;
    }
    let own = (person.actor.principal.uuid(), person.campus);
    let is_pool = matches!(relation, Relation::CampusPool | Relation::RegionPool);
    if kind.is_personal() && is_pool {
        return None;
    }
    let pool = |campus: Id<Campus>| (campus.uuid(), campus);
    let here = person.institution == w.institution;
    let places = if here { w.places } else { w.other_places };
    let mut state = wanted;
    let mut institution = person.institution;
    let (holder, campus) = match relation {
        Relation::Own => own,
        Relation::Teammates if !here => return None,
        Relation::Teammates => {
            let mates = [w.as_colleague(), w.as_recruiter()];
            let mate = mates
                .iter()
                .find(|m| m.principal != person.actor.principal)
                .unwrap();
            (mate.principal.uuid(), places.north)
        }
        Relation::CampusPool => pool(person.campus),
        Relation::RegionPool => pool(*person.region.first()?),
        Relation::OtherCampus if person.campus == places.south => pool(places.north),
        Relation::OtherCampus => pool(places.south),
        Relation::OtherInstitution => {
            institution = if here { w.other } else { w.institution };
            pool(if here {
                w.other_places.north
            } else {
                w.places.north
            })
        }
        Relation::OwnInOtherState => {
            state = wanted.other(kind)?;
            own
        }
    };
    let holder = match relation {
        _ if !kind.is_personal() => holder,
        Relation::OtherCampus if !here => return None,
        Relation::OtherCampus => w.actor("southerner").principal.uuid(),
        Relation::OtherInstitution if here => w.as_stranger().principal.uuid(),
        Relation::OtherInstitution => w.as_boss().principal.uuid(),
        _ => holder,
    };
    if kind.is_personal() && relation != Relation::Own && state == wanted && holder == own.0 {
        return None;
    }
    let ids = make(w, kind, state, institution, holder, campus).await;
    Some(Target {
        ids,
        institution,
        // A class is in nobody's hands, nor is a campus.
        holder: if matches!(
            kind,
            Kind::Class | Kind::TaughtClass | Kind::Lesson | Kind::DayReport
        ) {
            Uuid::nil()
        } else {
            holder
        },
        is_whole: kind.is_of_institution() && kind != Kind::Class,
        teacher: (kind.is_taught() && holder != campus.uuid()).then_some(holder),
        campus,
        state,
    })
}

/// Somebody with every right in the school, and ids of a record on which that person can do an
/// operation; none where it needs none.
pub(crate) async fn doer(w: &World, operation: &Operation) -> (Actor, Vec<String>) {
    let boss = w.hire(&["boss"], w.places.north, None).await;
    let ids = record(w, operation, &boss, false).await;
    if operation.id == "readAllNotices" {
        let to = boss.principal.uuid();
        make(
            w,
            Kind::Notice,
            State::Live,
            w.institution,
            to,
            w.places.north,
        )
        .await;
    }
    (boss, ids)
}

/// Ids of a record of the north campus for an operation, or of one in another state than it needs.
pub(crate) async fn record(
    w: &World,
    operation: &Operation,
    actor: &Actor,
    in_other_state: bool,
) -> Vec<String> {
    if operation.path_ids.is_empty() {
        return Vec::new();
    }
    let (kind, needed) = row(&operation.id);
    let state = if in_other_state {
        match needed.other(kind) {
            Some(state) => state,
            None => return operation.random_ids(),
        }
    } else {
        needed
    };
    let holder = match kind {
        _ if kind.is_personal() => actor.principal.uuid(),
        _ => w.places.north.uuid(),
    };
    make(w, kind, state, w.institution, holder, w.places.north).await
}

/// Makes a record, by whoever may do everything where it is.
pub(crate) async fn make(
    w: &World,
    kind: Kind,
    state: State,
    institution: Id<Institution>,
    holder: Uuid,
    campus: Id<Campus>,
) -> Vec<String> {
    let maker = w.ruler_of(institution);
    match kind {
        Kind::TaughtClass => {
            let course = w.fixture(institution, "course_id").await.unwrap();
            let mut body = w.new_class(&course.to_string());
            body["campus_id"] = json!(campus);
            if holder != campus.uuid() {
                body["teacher_id"] = json!(holder);
            }
            let made = maker.post("/api/v1/classes", &body).await.expect(201);
            vec![made.id()]
        }
        Kind::Lesson => {
            let places = w.places_of(institution);
            let of = |kind| Box::pin(make(w, kind, State::Live, institution, holder, campus));
            let enrollment = if holder == places.north.uuid() {
                let known = w.fixture(institution, "enrollment_id").await;
                known.unwrap().to_string()
            } else {
                of(Kind::Enrollment).await[0].clone()
            };
            let path = format!("/api/v1/enrollments/{enrollment}");
            let enrollment = maker.get(&path).await.expect(200);
            let class = enrollment.json["class_id"].as_str().unwrap();
            let body = json!({
                "held_on": "2026-09-05", "start_time": "18:00", "end_time": "19:30", "hours_hundredths": 1,
            });
            let path = format!("/api/v1/classes/{class}/lessons");
            let made = maker.post(&path, &body).await.expect(201).id();
            if state == State::Deleted {
                let path = format!("/api/v1/lessons/{made}/archive");
                maker.post(&path, &json!(null)).await.expect(200);
            }
            vec![made]
        }
        Kind::Enrollment => {
            let of = |kind| Box::pin(make(w, kind, State::Live, institution, holder, campus));
            let body = json!({
                "class_id": of(Kind::TaughtClass).await[0], "customer_id": of(Kind::Customer).await[0],
            });
            let made = maker.post("/api/v1/enrollments", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/enrollments/{}/withdraw", made.id());
                let reason = json!({"reason": "moved"});
                maker.post(&path, &reason).await.expect(200);
            }
            vec![made.id()]
        }
        // There is no other state than to be gone.
        Kind::File | Kind::Job | Kind::Notice | Kind::Import if state == State::Deleted => {
            vec![Uuid::now_v7().to_string()]
        }
        Kind::File => {
            let owner = w.acting_as(institution, Id::new(holder)).await;
            let made = owner
                .upload("/api/v1/files", "notes.txt", b"some notes")
                .await;
            vec![made.expect(201).id()]
        }
        Kind::Class => {
            let course = w.fixture(institution, "course_id").await.unwrap();
            let mut body = w.new_class(&course.to_string());
            body["campus_id"] = json!(campus);
            let made = maker.post("/api/v1/classes", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/classes/{}/archive", made.id());
                maker.post(&path, &json!(null)).await.expect(200);
            }
            vec![made.id()]
        }
        Kind::AuditEvent => {
            let list = maker.get("/api/v1/audit-events?limit=1").await;
            list.expect(200).ids()
        }
        Kind::Job => vec![w.waiting_job(institution, holder).await.to_string()],
        Kind::Import => vec![
            w.ended_import(institution, holder, campus)
                .await
                .to_string(),
        ],
        Kind::Notice => vec![w.notice(institution, holder).await.to_string()],
        Kind::Session => {
            let id = Uuid::now_v7();
            let now = w.server.app.clock.now().as_microsecond();
            let ended = (state == State::Deleted).then_some(now);
            w.server
                .execute(
                    institution,
                    "INSERT INTO sessions (institution_id, id, principal_id, created_at, \
                     expires_at, ended_at) VALUES (?, ?, ?, ?, ?, ?)",
                    vec![
                        institution.uuid().into(),
                        id.into(),
                        holder.into(),
                        now.into(),
                        (now + 3_600_000_000).into(),
                        sea_orm::Value::BigInt(ended),
                    ],
                )
                .await
                .unwrap();
            vec![id.to_string()]
        }
        Kind::FollowUp => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let body = json!({"customer_id": customer, "method": "phone", "outcome": "other", "next_on": today(w)});
            let made = maker.post("/api/v1/follow-ups", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{customer}");
                maker.delete(&path).await.expect(204);
            }
            vec![made.id()]
        }
        Kind::Tagging => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let tag = w.fixture(institution, "tag_id").await.unwrap();
            let tags = format!("/api/v1/customers/{}/tags", ids[0]);
            maker.post(&tags, &json!({"tag_id": tag})).await.expect(201);
            if state == State::Deleted {
                let path = format!("{tags}/{tag}/take-off");
                maker.post(&path, &json!({})).await.expect(200);
            }
            ids.push(tag.to_string());
            ids
        }
        Kind::Relation => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let relations = format!("/api/v1/customers/{}/relations", ids[0]);
            let guardian = guardian(w, institution, holder, campus).await;
            let body = json!({"role": "guardian", "relative_id": guardian});
            let made = maker.post(&relations, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{relations}/{}", made.id());
                maker.delete(&path).await.expect(204);
            }
            ids.push(made.id());
            ids
        }
        Kind::Share => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let mut ids = Box::pin(customer).await;
            let shares = format!("/api/v1/customers/{}/shares", ids[0]);
            let grantee = w.places_of(institution).team;
            let body = json!({"grantee_id": grantee, "access": "read"});
            maker.post(&shares, &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("{shares}/{grantee}");
                maker.delete(&path).await.expect(204);
            }
            ids.push(grantee.to_string());
            ids
        }
        Kind::Charge => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let body = json!({"customer_id": customer, "description": "学费",
                "amount": {"amount_minor": 300_000, "currency": "CNY"}});
            let made = maker.post("/api/v1/charges", &body).await.expect(201);
            vec![made.id()]
        }
        Kind::Payment => {
            let customer = make(w, Kind::Customer, State::Live, institution, holder, campus);
            let customer = Box::pin(customer).await.remove(0);
            let amount = json!({"amount_minor": 100_000, "currency": "CNY"});
            let body = json!({"payer_id": customer, "campus_id": campus, "method": "cash", "amount": amount});
            let made = maker.post("/api/v1/payments", &body).await.expect(201);
            let body = json!({"customer_id": customer, "description": "学费", "amount": amount});
            maker.post("/api/v1/charges", &body).await.expect(201);
            if state == State::Voided {
                let path = format!("/api/v1/payments/{}/void", made.id());
                maker
                    .post(&path, &json!({"reason": "录错"}))
                    .await
                    .expect(200);
            }
            vec![made.id()]
        }
        Kind::Receipt => {
            let payment = make(w, Kind::Payment, State::Live, institution, holder, campus);
            let payment = Box::pin(payment).await.remove(0);
            let path = format!("/api/v1/payments/{payment}");
            let read = maker.get(&path).await.expect(200);
            vec![read.json["receipt_id"].as_str().unwrap().to_owned()]
        }
        Kind::Receivable => Vec::new(),
        Kind::DayReport => vec![campus.to_string()],
        Kind::Customer => {
            let mut body = w.new_customer("张伟");
            body["holder_id"] = json!(holder);
            body["campus_id"] = json!(campus);
            let made = maker.post("/api/v1/customers", &body).await.expect(201);
            if state == State::Deleted {
                let path = format!("/api/v1/customers/{}", made.id());
                maker.delete(&path).await.expect(204);
            }
            vec![made.id()]
        }
        Kind::ApiClient | Kind::ApiKey => api_client(&maker, kind, state).await,
        _ => vec![reference(w, institution, kind, state).await],
    }
}

/// Makes an API client, or one of its keys.
async fn api_client(maker: &Actor, kind: Kind, state: State) -> Vec<String> {
    let body = json!({"name": Uuid::now_v7().simple().to_string(), "role_ids": [], "scopes": []});
    let made = maker.post("/api/v1/api-clients", &body).await.expect(201);
    let id = made.json["api_client"]["id"].as_str().unwrap();
    let key = made.json["key"]["id"].as_str().unwrap();
    let path = format!("/api/v1/api-clients/{id}");
    if kind == Kind::ApiKey {
        if state == State::Deleted {
            let key = format!("{path}/keys/{key}");
            maker.delete(&key).await.expect(204);
        }
        return vec![id.to_owned(), key.to_owned()];
    }
    if state == State::Deleted {
        let revoke = format!("{path}/revoke");
        maker.post(&revoke, &json!(null)).await.expect(200);
    }
    vec![id.to_owned()]
}

/// Makes a record of what others choose from, or a person with a role, as the example says.
async fn reference(w: &World, institution: Id<Institution>, kind: Kind, state: State) -> String {
    let create = w.server.contract.named(&format!("create{kind:?}"));
    let maker = w.ruler_of(institution);
    let mut body = create.example_in(w, institution).await.unwrap();
    if kind == Kind::Role {
        // It gives nothing, so that everybody may give it.
        body["permissions"] = json!([]);
    }
    let made = maker.post(&create.template, &body).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    if kind == Kind::Staff {
        let role = Box::pin(reference(w, institution, Kind::Role, State::Live)).await;
        let roles = json!({"role_ids": [role]});
        maker
            .put(&format!("{path}/roles"), &roles)
            .await
            .expect(200);
    }
    if state == State::Deleted {
        let action = if kind == Kind::Staff {
            "suspend"
        } else {
            "archive"
        };
        maker
            .post(&format!("{path}/{action}"), &json!(null))
            .await
            .expect(200);
    }
    made.id()
}

/// Makes a guardian in these hands.
async fn guardian(
    w: &World,
    institution: Id<Institution>,
    holder: Uuid,
    campus: Id<Campus>,
) -> String {
    let mut body = w.new_customer("王芳");
    body["kind"] = json!("guardian");
    body["holder_id"] = json!(holder);
    body["campus_id"] = json!(campus);
    let maker = w.ruler_of(institution);
    let made = maker.post("/api/v1/customers", &body).await.expect(201);
    made.id()
}

/// Today at every campus of the world.
fn today(w: &World) -> String {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let now = w.server.app.clock.now();
    now.to_zoned(zone).date().to_string()
}
