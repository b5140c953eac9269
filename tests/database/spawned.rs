//! Every command, spawned on a multi-thread runtime as a job would: there it must be `Send`, and own
//! all that it works on.

use std::{collections::BTreeSet, path::Path, pin::Pin, sync::Arc};

use domain::{
    access::{
        ApiClientsWrite, ApprovalsConfigure, AttendanceWrite, CoursesWrite, CustomersAssign,
        CustomersConfigure, CustomersDelete, CustomersMerge, CustomersRead, CustomersReveal,
        CustomersScreen, CustomersShare, CustomersWrite, EnrollmentsWrite, ExportsRun,
        FollowUpsWrite, ImportsRun, Oneself, OrganizationWrite, PaymentsRead, PaymentsVoid,
        PaymentsWrite, Permission, PrincipalKind, PrivacyErase, PrivacyManage, RolesWrite,
        SessionsManage, ShareRequestsDecide, StaffWrite, TagsManage, TagsWrite,
    },
    approvals::ApprovalPolicy,
    courses::{Class, Course, Subject},
    custom_fields::CustomField,
    customers::{Kind, SourceChannel},
    enrollments::WithdrawalReason,
    files::TemporaryRoom,
    id::Id,
    imports::template::ImportTemplate,
    organization::{Campus, Department, Group, Locale, Position, Region, Team},
    privacy::Recipient,
    tags::{Tag, TagCategory},
    views::View,
};
use educrm::{
    access, app::App, approvals, courses, custom_fields, customers,
    customers::duplicates::commands::Allowances, enrollments, exports, files, follow_ups,
    http::IfMatch, imports, kept, organization, payments, privacy, reference, tags, views,
};
use persistence::{
    Error, Operation, Tx,
    access::{Authority, Bearer, Grant, allowance::Allowance, load},
    database::Actor,
    jobs, notices,
};
use serde::de::DeserializeOwned;
use tests::{Value, World, both};
use tokio::runtime::{Handle, RuntimeFlavor};
use uuid::Uuid;

use tests::policy::{NOT_BY_EXAMPLE, doer};

/// What a command is given: ids of records that are as it needs them, and the document's example.
#[derive(Clone)]
struct Given {
    authority: Arc<Authority>,
    operation: Operation,
    ids: Vec<Uuid>,
    body: Value,
}

impl Given {
    fn id<K>(&self) -> Id<K> {
        Id::new(self.ids[0])
    }

    fn second_id<K>(&self) -> Id<K> {
        Id::new(self.ids[1])
    }

    fn body<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.body.clone()).unwrap()
    }

    fn grant<P: Permission>(&self) -> Grant<P> {
        Grant::of(&self.authority, self.operation.stamp.now()).unwrap()
    }
}

type Spawned = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

struct Command {
    /// The operation whose record and example it gets.
    operation: &'static str,
    call: &'static str,
    run: fn(App, Given) -> Spawned,
}

/// Runs a command as somebody who holds its permission.
async fn run<P, F, Fut>(app: App, given: Given, work: F) -> Result<(), Error>
where
    P: Permission,
    F: Fn(Tx, Grant<P>, Given) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let spawned = tokio::spawn(async move {
        let flavor = Handle::current().runtime_flavor();
        assert_eq!(flavor, RuntimeFlavor::MultiThread);
        let grant = given.grant::<P>();
        app.db
            .transaction(&given.operation, |tx| {
                work(tx, grant.clone(), given.clone())
            })
            .await
    });
    spawned.await.unwrap()
}

/// Lists commands by the operation that calls them, with the permission and the call.
macro_rules! commands {
    (|$tx:ident, $grant:ident, $given:ident| $( $operation:ident $permission:ident => $call:expr; )+) => {
        &[ $(
            Command {
                operation: stringify!($operation),
                call: stringify!($call),
                run: |app, given| Box::pin(run::<$permission, _, _>(app, given, |tx, grant, given| async move {
                    let ($tx, $grant, $given) = (&tx, &grant, &given);
                    let _ = ($tx, $grant, $given);
                    $call.await.map(drop)
                })),
            },
        )+ ]
    };
}

/// Room for a file of an export.
const ROOM: TemporaryRoom = TemporaryRoom {
    files: 10,
    bytes: 1 << 30,
    institution_bytes: 1 << 40,
};

/// Of checks and look-ups.
const ALLOWANCES: Allowances = {
    let much = Allowance {
        of: "tests",
        most: u32::MAX,
        seconds: 3600,
    };
    Allowances {
        asks: much,
        finds: much,
    }
};

const COMMANDS: &[Command] = commands! { |tx, grant, given|
    createCustomer CustomersWrite => customers::commands::create(tx, grant, given.body());
    changeCustomer CustomersWrite => customers::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    deleteCustomer CustomersDelete => customers::commands::delete(tx, grant, given.id(), IfMatch::Any);
    restoreCustomer CustomersDelete => customers::commands::restore(tx, grant, given.id());
    transferCustomer CustomersAssign => customers::commands::transfer(tx, grant, given.id(), given.body());
    bulkCustomers CustomersWrite => customers::bulk::commands::perform(tx, &given.body());
    revealCustomer CustomersReveal => customers::commands::reveal(tx, grant, given.id(), &given.body());
    relateCustomer CustomersWrite => customers::relations::commands::relate(tx, grant, given.id(), given.body());
    changeRelation CustomersWrite => customers::relations::commands::change(tx, grant, given.id(), given.second_id(), IfMatch::Any, given.body());
    removeRelation CustomersWrite => customers::relations::commands::remove(tx, grant, given.id(), given.second_id(), IfMatch::Any);
    recordConsent CustomersWrite => customers::consents::commands::record(tx, grant, given.id(), given.body());
    recordInsight CustomersWrite => customers::insights::commands::record(tx, grant, given.id(), given.body());
    withdrawInsight CustomersWrite => customers::insights::commands::withdraw(tx, grant, given.id(), given.second_id(), &given.body());
    publishPrivacyNotice PrivacyManage => privacy::notices::commands::publish(tx, grant, given.body());
    recordPrivacyRequest CustomersWrite => privacy::requests::commands::record(tx, grant, given.body());
    decidePrivacyRequest PrivacyManage => privacy::requests::commands::decide(tx, grant, given.id(), given.body());
    completePrivacyRequest PrivacyManage => privacy::requests::commands::complete(tx, grant, given.id(), given.body());
    recordDisclosure CustomersWrite => privacy::disclosures::commands::record(tx, grant, given.id(), given.body());
    createRecipient PrivacyManage => privacy::recipients::commands::create(tx, grant, given.body());
    changeRecipient PrivacyManage => privacy::recipients::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveRecipient PrivacyManage => reference::archive::<Recipient>(tx, grant, given.id());
    unarchiveRecipient PrivacyManage => reference::unarchive::<Recipient>(tx, grant, given.id());
    exportPersonalData PrivacyManage => privacy::personal_data::commands::begin(tx, grant, given.id(), &ROOM);
    downloadPersonalData PrivacyManage => privacy::personal_data::commands::download(tx, grant, given.id());
    placeLegalHold PrivacyManage => privacy::legal_holds::commands::place(tx, grant, given.body());
    releaseLegalHold PrivacyManage => privacy::legal_holds::commands::release(tx, grant, given.id(), given.body());
    changeRetentionPolicy PrivacyErase => privacy::retention::commands::change(tx, grant, IfMatch::Any, &given.body());
    eraseCustomer PrivacyErase => privacy::erasures::commands::erase(tx, grant, given.id(), given.body());
    shareCustomer CustomersShare => access::shares::commands::open(tx, grant, given.id(), given.body());
    endCustomerShare CustomersShare => access::shares::commands::end(tx, grant, given.id(), given.second_id(), IfMatch::Any);
    askForShare CustomersRead => access::share_requests::commands::ask(tx, given.body());
    takeBackShareRequest Oneself => access::share_requests::commands::take_back(tx, grant, given.id());
    grantShareRequest ShareRequestsDecide => access::share_requests::commands::grant(tx, grant, given.id(), given.body());
    refuseShareRequest ShareRequestsDecide => access::share_requests::commands::refuse(tx, grant, given.id(), "不便");
    keepCleaningEntry CustomersWrite => customers::cleaning::commands::keep(tx, grant, given.id(), &given.body());
    fileCustomer CustomersWrite => customers::filings::commands::file(tx, grant, given.id(), &given.body());
    takeOutFiling CustomersWrite => customers::filings::commands::take_out(tx, grant, given.id(), &given.body());
    screenCustomer CustomersScreen => customers::screenings::commands::screen(tx, grant, given.id(), &given.body());
    screenCustomers CustomersScreen => customers::screenings::commands::screen_all(tx, grant, &given.body());
    createScreeningRule CustomersConfigure => customers::screenings::rules::commands::create(tx, grant, given.body());
    changeScreeningRule CustomersConfigure => customers::screenings::rules::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    runScreening CustomersScreen => customers::screenings::runs::commands::begin(tx, grant, &given.grant(), &given.body());
    sweepRecords CustomersConfigure => customers::cleaning::commands::sweep(tx);
    verifyCustomer CustomersWrite => customers::quality::commands::verify(tx, grant, given.id());
    changeQualityPolicy CustomersConfigure => customers::quality::commands::change_policy(tx, grant, IfMatch::Any, &given.body());
    mergeCustomers CustomersMerge => customers::merges::commands::merge(tx, grant, given.id(), &given.body());
    undoMerge CustomersMerge => customers::merges::commands::undo(tx, grant, given.id());
    checkDuplicates CustomersWrite => customers::duplicates::commands::check(tx, &given.body(), ALLOWANCES);
    lookUpCaller CustomersRead => customers::duplicates::commands::look_up(tx, &given.body(), ALLOWANCES);
    createApiClient ApiClientsWrite => access::clients::commands::create(tx, grant, &[7; 32], given.body());
    changeApiClient ApiClientsWrite => access::clients::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    revokeApiClient ApiClientsWrite => access::clients::commands::revoke(tx, grant, given.id());
    createApiKey ApiClientsWrite => access::clients::commands::rotate(tx, grant, given.id(), &[8; 32]);
    endApiKey ApiClientsWrite => access::clients::commands::end_key(tx, grant, given.id(), given.second_id(), IfMatch::Any);
    endSession Oneself => access::commands::end_session(tx, given.id());
    resetStaffPassword SessionsManage => organization::staff::commands::managed(tx, grant, given.id());
    resetStaffPassword SessionsManage => access::passwords::commands::set_one_time_password(tx, given.id(), "no hash");
    endStaffSessions SessionsManage => organization::staff::commands::managed(tx, grant, given.id());
    endStaffSessions SessionsManage => access::commands::end_sessions(tx, given.id());
    createSubject CoursesWrite => courses::commands::create_subject(tx, grant, given.body());
    changeSubject CoursesWrite => courses::commands::change_subject(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveSubject CoursesWrite => reference::archive::<Subject>(tx, grant, given.id());
    unarchiveSubject CoursesWrite => reference::unarchive::<Subject>(tx, grant, given.id());
    createCourse CoursesWrite => courses::commands::create_course(tx, grant, given.body());
    changeCourse CoursesWrite => courses::commands::change_course(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveCourse CoursesWrite => reference::archive::<Course>(tx, grant, given.id());
    unarchiveCourse CoursesWrite => courses::commands::unarchive_course(tx, grant, given.id());
    createClass CoursesWrite => courses::commands::create_class(tx, grant, given.body());
    changeClass CoursesWrite => courses::commands::change_class(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveClass CoursesWrite => reference::archive::<Class>(tx, grant, given.id());
    unarchiveClass CoursesWrite => courses::commands::unarchive_class(tx, grant, given.id());
    createLesson CoursesWrite => courses::lessons::commands::plan(tx, grant, given.id(), given.body());
    changeLesson CoursesWrite => courses::lessons::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveLesson CoursesWrite => courses::lessons::commands::archive(tx, grant, given.id());
    unarchiveLesson CoursesWrite => courses::lessons::commands::unarchive(tx, grant, given.id());
    createEnrollment EnrollmentsWrite => enrollments::commands::create(tx, grant, given.body());
    withdrawEnrollment EnrollmentsWrite => enrollments::commands::withdraw(tx, grant, given.id(), WithdrawalReason::Moved);
    completeEnrollment EnrollmentsWrite => enrollments::commands::complete(tx, grant, given.id());
    callRoll AttendanceWrite => enrollments::attendance::commands::call_roll(tx, grant, given.id(), &given.body());
    downloadFile Oneself => files::commands::download(tx, grant, given.id());
    recordFollowUp FollowUpsWrite => follow_ups::commands::record(tx, grant, given.body());
    changeFollowUp FollowUpsWrite => follow_ups::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    createImport ImportsRun => imports::commands::create(tx, grant, &given.grant(), given.body());
    createImportTemplate ImportsRun => imports::templates::commands::create(tx, grant, given.body());
    changeImportTemplate ImportsRun => imports::templates::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    deleteImportTemplate ImportsRun => kept::delete::<ImportTemplate>(tx, grant, given.id(), IfMatch::Any);
    undoImport ImportsRun => imports::commands::undo(tx, grant, given.id());
    createExport ExportsRun => exports::commands::create(tx, grant, &given.grant(), &ROOM, (&given.body(), None), Locale::English);
    downloadExport ExportsRun => exports::commands::download(tx, grant, &given.grant(), given.id());
    createApprovalPolicy ApprovalsConfigure => approvals::policies::commands::create(tx, grant, given.body());
    changeApprovalPolicy ApprovalsConfigure => approvals::policies::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveApprovalPolicy ApprovalsConfigure => reference::archive::<ApprovalPolicy>(tx, grant, given.id());
    unarchiveApprovalPolicy ApprovalsConfigure => reference::unarchive::<ApprovalPolicy>(tx, grant, given.id());
    decideApproval Oneself => approvals::commands::decide(tx, grant, given.id(), given.body());
    delegateApproval Oneself => approvals::commands::delegate(tx, grant, given.id(), given.body());
    recallApproval Oneself => approvals::commands::recall(tx, grant, given.id());
    createView Oneself => views::commands::create(tx, grant, given.body());
    changeView Oneself => views::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    deleteView Oneself => kept::delete::<View>(tx, grant, given.id(), IfMatch::Any);
    cancelJob Oneself => jobs::store::cancel(tx, grant, given.id());
    readNotice Oneself => notices::store::mark_read(tx, grant, given.id());
    readAllNotices Oneself => notices::store::mark_all_read(tx, grant);
    setAgreementText OrganizationWrite => organization::agreements::commands::set_text(tx, grant, IfMatch::Any, given.body());
    recordStaffAgreement StaffWrite => organization::agreements::commands::record(tx, grant, &given.grant(), given.id(), given.body());
    createRegion OrganizationWrite => organization::commands::create_region(tx, grant, given.body());
    changeRegion OrganizationWrite => organization::commands::change_region(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveRegion OrganizationWrite => reference::archive::<Region>(tx, grant, given.id());
    unarchiveRegion OrganizationWrite => reference::unarchive::<Region>(tx, grant, given.id());
    createCampus OrganizationWrite => organization::commands::create_campus(tx, grant, given.body());
    changeCampus OrganizationWrite => organization::commands::change_campus(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveCampus OrganizationWrite => reference::archive::<Campus>(tx, grant, given.id());
    unarchiveCampus OrganizationWrite => organization::commands::unarchive_campus(tx, grant, given.id());
    createDepartment OrganizationWrite => organization::commands::create_department(tx, grant, given.body());
    changeDepartment OrganizationWrite => organization::commands::change_department(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveDepartment OrganizationWrite => reference::archive::<Department>(tx, grant, given.id());
    unarchiveDepartment OrganizationWrite => organization::commands::unarchive_department(tx, grant, given.id());
    archivePosition OrganizationWrite => reference::archive::<Position>(tx, grant, given.id());
    unarchivePosition OrganizationWrite => reference::unarchive::<Position>(tx, grant, given.id());
    createTeam OrganizationWrite => organization::commands::create_team(tx, grant, given.body());
    changeTeam OrganizationWrite => organization::commands::change_team(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveTeam OrganizationWrite => reference::archive::<Team>(tx, grant, given.id());
    unarchiveTeam OrganizationWrite => organization::commands::unarchive_team(tx, grant, given.id());
    createGroup OrganizationWrite => organization::commands::create_group(tx, grant, given.body());
    changeGroup OrganizationWrite => organization::commands::change_group(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveGroup OrganizationWrite => reference::archive::<Group>(tx, grant, given.id());
    unarchiveGroup OrganizationWrite => organization::commands::unarchive_group(tx, grant, given.id());
    changeInstitution OrganizationWrite => organization::institution::commands::change(tx, grant, IfMatch::Any, given.body());
    createRoleRule StaffWrite => organization::role_rules::commands::create(tx, grant, given.body());
    endRoleRule StaffWrite => organization::role_rules::commands::end(tx, grant, given.id(), IfMatch::Any);
    createRole RolesWrite => organization::roles::commands::create(tx, grant, given.body());
    changeRole RolesWrite => organization::roles::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    copyRole RolesWrite => organization::roles::commands::copy(tx, grant, given.id(), given.body());
    setRoleFieldRules RolesWrite => organization::roles::commands::set_fields(tx, grant, given.id(), IfMatch::Any, Default::default());
    archiveRole RolesWrite => organization::roles::commands::put_away(tx, grant, given.id());
    createStaff StaffWrite => organization::staff::commands::create(tx, grant, given.body());
    changeStaff StaffWrite => organization::staff::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    setStaffRoles StaffWrite => organization::staff::commands::set_roles(tx, grant, given.id(), IfMatch::Any, given.body());
    suspendStaff StaffWrite => organization::staff::commands::suspend(tx, grant, given.id());
    reinstateStaff StaffWrite => organization::staff::commands::reinstate(tx, grant, given.id());
    leaveStaff StaffWrite => organization::staff::commands::leave(tx, grant, given.id());
    createCharge PaymentsWrite => payments::commands::create_charge(tx, grant, given.body());
    creditCharge PaymentsVoid => payments::commands::credit_charge(tx, grant, given.id(), given.body());
    createPayment PaymentsWrite => payments::commands::create_payment(tx, grant, given.body());
    allocatePayment PaymentsWrite => payments::commands::allocate_payment(tx, grant, given.id(), given.body());
    voidPayment PaymentsVoid => persistence::payments::store::void(tx, grant, given.id(), "录错");
    printReceipt PaymentsRead => persistence::payments::receipts::print(tx, grant, given.id(), 2);
    recordCollection CustomersWrite => customers::collections::commands::record(tx, grant, given.id(), given.body());
    correctCollection CustomersWrite => customers::collections::commands::correct(tx, grant, given.id(), given.second_id(), IfMatch::Any, given.body());
    revealCollection CustomersReveal => customers::collections::commands::reveal(tx, grant, given.id(), given.second_id(), &given.body());
    setCustomerForm CustomersConfigure => customers::forms::commands::set(tx, grant, Kind::Student, IfMatch::Any, given.body());
    createSourceChannel CustomersConfigure => customers::channels::commands::create(tx, grant, given.body());
    changeSourceChannel CustomersConfigure => customers::channels::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveSourceChannel CustomersConfigure => reference::archive::<SourceChannel>(tx, grant, given.id());
    unarchiveSourceChannel CustomersConfigure => reference::unarchive::<SourceChannel>(tx, grant, given.id());
    createCustomField CustomersConfigure => custom_fields::commands::create(tx, grant, given.body());
    changeCustomField CustomersConfigure => custom_fields::commands::change(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveCustomField CustomersConfigure => reference::archive::<CustomField>(tx, grant, given.id());
    unarchiveCustomField CustomersConfigure => custom_fields::commands::unarchive(tx, grant, given.id());
    createTagCategory TagsManage => tags::commands::create_tag_category(tx, grant, given.body());
    changeTagCategory TagsManage => tags::commands::change_tag_category(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveTagCategory TagsManage => reference::archive::<TagCategory>(tx, grant, given.id());
    unarchiveTagCategory TagsManage => reference::unarchive::<TagCategory>(tx, grant, given.id());
    createTag TagsManage => tags::commands::create_tag(tx, grant, given.body());
    changeTag TagsManage => tags::commands::change_tag(tx, grant, given.id(), IfMatch::Any, given.body());
    archiveTag TagsManage => reference::archive::<Tag>(tx, grant, given.id());
    unarchiveTag TagsManage => tags::commands::unarchive_tag(tx, grant, given.id());
    putTagOn TagsWrite => tags::commands::put_on(tx, grant, given.id(), given.body());
    takeTagOff TagsWrite => tags::commands::take_off(tx, grant, given.id(), given.second_id(), given.body());
};

/// What somebody who may do everything needs for an operation.
async fn given(w: &World, name: &'static str) -> Given {
    let operation = w.server.contract.named(name);
    let (actor, ids) = Box::pin(doer(w, &operation)).await;
    let body = operation.example(w).await.unwrap_or_default();
    let (app, institution, principal) = (w.server.app.clone(), w.institution, actor.principal);
    w.server
        .inside(async move {
            let stamp = app.clock.stamp();
            let bearer = Bearer::owner(institution, principal, None);
            let known = load(&app.db.read(), &bearer, stamp.now()).await.unwrap();
            let authority = Arc::new(known.unwrap());
            let operation = Operation {
                actor: Actor::new(principal.uuid(), PrincipalKind::Staff),
                authority: Some(authority.clone()),
                ..Operation::system(institution, PrincipalKind::Staff, name, stamp)
            };
            Given {
                authority,
                operation,
                ids: ids.iter().map(|id| id.parse().unwrap()).collect(),
                body,
            }
        })
        .await
}

both! {
    async fn every_command_runs_when_it_is_spawned(w: World) {
        for command in COMMANDS {
            // What it takes to make every kind of record is too much for the stack of a test.
            let given = Box::pin(given(&w, command.operation)).await;
            let (app, run) = (w.server.app.clone(), command.run);
            let done = w.server.inside(async move { run(app, given).await }).await;
            // The document can't name a file of somebody's.
            let is_refused = matches!(done, Err(Error::Fault(_)));
            assert_eq!(is_refused, NOT_BY_EXAMPLE.contains(&command.operation), "{}: {done:?}", command.call);
            assert!(is_refused || done.is_ok(), "{}: {done:?}", command.call);
        }
    }
}

#[test]
fn no_command_is_left_out() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src");
    let mut written = BTreeSet::new();
    commands_in(&source, "", &mut written);
    assert!(written.len() > 60, "the source was not understood");
    let listed: BTreeSet<String> = COMMANDS
        .iter()
        .filter_map(|command| command.call.split(['(', '<']).next())
        .map(str::to_owned)
        .filter(|call| call.contains("::commands::"))
        .collect();
    assert_eq!(listed, written);
}

/// Public functions of `commands.rs` files that begin with an open transaction.
fn commands_in(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            commands_in(&path, &format!("{module}{name}::"), found);
        } else if path.ends_with("commands.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for function in text.split("\npub async fn ").skip(1) {
                let (name, arguments) = function.split_once('(').unwrap();
                let name = name.split('<').next().unwrap();
                if arguments.trim_start().starts_with("tx: &Tx") {
                    found.insert(format!("{module}commands::{name}"));
                }
            }
        }
    }
}
