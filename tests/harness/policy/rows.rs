//! The kinds of record, and the kind that each operation names.

/// Kinds of record that operations name in their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Customer,
    /// Of a customer, with a person of its institution.
    Share,
    /// Of a customer.
    Collection,
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
    /// Posted for a charge or a payment, never made alone: it is tried by tests/payments.
    JournalEntry,
    /// Of a customer.
    CustomerFile,
    /// A customer with a photo.
    CustomerPhoto,
    /// What was decided on a customer.
    Consent,
    PrivacyNotice,
    PrivacyRequest,
    /// It stands.
    LegalHold,
    /// What a job did, which nobody asks for by hand.
    RetentionRun,
    /// Of a granted request; with a file.
    PersonalDataExport,
    Recipient,
    /// What was shared of a customer.
    Disclosure,
    /// What was learned of a customer.
    Insight,
    /// Of a customer who is no more.
    Erasure,
    /// Its owner's alone, whatever roles there are.
    Session,
    SourceChannel,
    CustomField,
    TagCategory,
    Tag,
    Subject,
    Course,
    Class,
    Region,
    Campus,
    Department,
    Position,
    Team,
    Group,
    Role,
    /// Of a role that gives nothing, and of a department.
    RoleRule,
    Staff,
    /// Of a person of staff.
    StaffAgreement,
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
    /// Its owner's, who may import, shown to nobody else.
    ImportTemplate,
    /// Its owner's, who may export; with a file.
    Export,
    /// Of two customers; it can be undone.
    Merge,
    /// Of whoever asks.
    ShareRequest,
    /// For a customer: of whoever decides.
    ReceivedShareRequest,
    /// Its owner's, shown to nobody else.
    View,
    ApprovalPolicy,
    /// Of whoever asks.
    Approval,
    /// Of whoever decides.
    ReceivedApproval,
    /// Of a customer: hidden with it.
    CleaningEntry,
    /// A customer of whom nothing is missing.
    WholeCustomer,
    /// Of a customer of whom nothing is missing.
    Filing,
    /// What was said of a customer's record.
    Screening,
    ScreeningRule,
    /// Its owner's, who may screen.
    ScreeningRun,
}

impl Kind {
    /// Whether a grant covers all records of an institution or none.
    pub fn is_of_institution(self) -> bool {
        use Kind::{
            Approval, Charge, CleaningEntry, Collection, Consent, Customer, CustomerFile,
            CustomerPhoto, DayReport, Disclosure, Enrollment, Export, File, Filing, FollowUp,
            Import, ImportTemplate, Insight, Job, JournalEntry, Lesson, Merge, Notice, Payment,
            Receipt, Receivable, ReceivedApproval, ReceivedShareRequest, Relation, Screening,
            ScreeningRun, Session, Share, ShareRequest, Tagging, TaughtClass, View, WholeCustomer,
        };
        !matches!(
            self,
            Approval
                | Charge
                | CleaningEntry
                | Consent
                | Collection
                | Customer
                | CustomerFile
                | CustomerPhoto
                | DayReport
                | Disclosure
                | Enrollment
                | Export
                | File
                | Filing
                | FollowUp
                | Import
                | ImportTemplate
                | Insight
                | Job
                | JournalEntry
                | Lesson
                | Merge
                | Notice
                | Payment
                | Receipt
                | Receivable
                | ReceivedApproval
                | ReceivedShareRequest
                | Relation
                | Screening
                | ScreeningRun
                | Session
                | Share
                | ShareRequest
                | Tagging
                | TaughtClass
                | View
                | WholeCustomer
        )
    }

    /// Whether a record that is no more live is as good as absent; others are in the way.
    pub fn is_gone(self) -> bool {
        (!self.is_of_institution()
            && !matches!(
                self,
                Self::Enrollment
                    | Self::Insight
                    | Self::Lesson
                    | Self::Merge
                    | Self::ReceivedApproval
                    | Self::ReceivedShareRequest
            ))
            || matches!(self, Self::ApiKey | Self::RoleRule)
    }
}

impl Kind {
    /// Whether a holder who is a person teaches the class that it is, or is of.
    pub fn is_taught(self) -> bool {
        matches!(self, Self::Enrollment | Self::TaughtClass | Self::Lesson)
    }

    /// Whether it belongs to a principal, and to nobody else.
    pub fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Session
                | Self::File
                | Self::Job
                | Self::Notice
                | Self::Import
                | Self::ImportTemplate
                | Self::Export
                | Self::ScreeningRun
                | Self::ShareRequest
                | Self::View
                | Self::Approval
                | Self::ReceivedApproval
        )
    }
}

/// What a record must be for an operation to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Live,
    /// Deleted or ended; archived, for what others choose from; suspended, for staff.
    Deleted,
    Voided,
    /// Whatever it is.
    Any,
}

impl State {
    /// A state in which the operation is refused; none where there is no such state.
    pub(super) fn other(self, kind: Kind) -> Option<Self> {
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
pub const ROWS: &[(&str, Kind, State)] = &[
    ("getCustomer", Kind::Customer, State::Live),
    ("changeCustomer", Kind::Customer, State::Live),
    ("deleteCustomer", Kind::Customer, State::Live),
    ("restoreCustomer", Kind::Customer, State::Deleted),
    ("transferCustomer", Kind::Customer, State::Live),
    ("getCustomerQuality", Kind::Customer, State::Live),
    ("getCleaningEntry", Kind::CleaningEntry, State::Live),
    ("keepCleaningEntry", Kind::CleaningEntry, State::Live),
    ("fileCustomer", Kind::WholeCustomer, State::Live),
    ("getFiling", Kind::Filing, State::Live),
    ("takeOutFiling", Kind::Filing, State::Live),
    ("screenCustomer", Kind::Customer, State::Live),
    ("listScreenings", Kind::Customer, State::Live),
    ("getScreening", Kind::Screening, State::Any),
    ("getScreeningStanding", Kind::Customer, State::Live),
    ("getScreeningRule", Kind::ScreeningRule, State::Any),
    ("getScreeningRuleHistory", Kind::ScreeningRule, State::Any),
    ("changeScreeningRule", Kind::ScreeningRule, State::Live),
    ("getScreeningRun", Kind::ScreeningRun, State::Live),
    ("verifyCustomer", Kind::Customer, State::Live),
    ("revealCustomer", Kind::Customer, State::Live),
    ("recordCollection", Kind::Customer, State::Live),
    ("listCollections", Kind::Customer, State::Live),
    ("getCollection", Kind::Collection, State::Live),
    ("correctCollection", Kind::Collection, State::Live),
    ("revealCollection", Kind::Collection, State::Live),
    ("listDuplicates", Kind::Customer, State::Live),
    ("previewMerge", Kind::Customer, State::Live),
    ("mergeCustomers", Kind::Customer, State::Live),
    ("listMerges", Kind::Customer, State::Live),
    ("getMerge", Kind::Merge, State::Any),
    ("undoMerge", Kind::Merge, State::Live),
    ("relateCustomer", Kind::Customer, State::Live),
    ("listRelations", Kind::Customer, State::Live),
    ("listCustomerTags", Kind::Customer, State::Live),
    ("putTagOn", Kind::Customer, State::Live),
    ("takeTagOff", Kind::Tagging, State::Live),
    ("listTimeline", Kind::Customer, State::Live),
    ("getFollowUp", Kind::FollowUp, State::Live),
    ("changeFollowUp", Kind::FollowUp, State::Live),
    ("recordConsent", Kind::Customer, State::Live),
    ("listConsents", Kind::Customer, State::Live),
    ("getConsentStanding", Kind::Customer, State::Live),
    ("getContactPermissions", Kind::Customer, State::Live),
    ("getConsent", Kind::Consent, State::Any),
    ("getPrivacyNotice", Kind::PrivacyNotice, State::Any),
    ("previewErasure", Kind::Customer, State::Any),
    ("eraseCustomer", Kind::Customer, State::Any),
    ("getErasure", Kind::Erasure, State::Any),
    ("getPrivacyRequest", Kind::PrivacyRequest, State::Any),
    ("decidePrivacyRequest", Kind::PrivacyRequest, State::Live),
    (
        "completePrivacyRequest",
        Kind::PrivacyRequest,
        State::Deleted,
    ),
    ("getLegalHold", Kind::LegalHold, State::Any),
    ("releaseLegalHold", Kind::LegalHold, State::Live),
    ("getRetentionRun", Kind::RetentionRun, State::Any),
    ("recordInsight", Kind::Customer, State::Live),
    ("listInsights", Kind::Customer, State::Live),
    ("getInsight", Kind::Insight, State::Any),
    ("withdrawInsight", Kind::Insight, State::Live),
    ("recordDisclosure", Kind::Customer, State::Live),
    ("listDisclosures", Kind::Customer, State::Live),
    ("getDisclosure", Kind::Disclosure, State::Any),
    ("getRecipient", Kind::Recipient, State::Any),
    ("changeRecipient", Kind::Recipient, State::Live),
    ("archiveRecipient", Kind::Recipient, State::Live),
    ("unarchiveRecipient", Kind::Recipient, State::Deleted),
    ("exportPersonalData", Kind::PrivacyRequest, State::Deleted),
    (
        "getPersonalDataExport",
        Kind::PersonalDataExport,
        State::Any,
    ),
    ("downloadPersonalData", Kind::PersonalDataExport, State::Any),
    ("getRelation", Kind::Relation, State::Live),
    ("changeRelation", Kind::Relation, State::Live),
    ("removeRelation", Kind::Relation, State::Live),
    ("listCustomerShares", Kind::Customer, State::Live),
    ("shareCustomer", Kind::Customer, State::Live),
    ("getCustomerShare", Kind::Share, State::Live),
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
    ("listHourEntries", Kind::Enrollment, State::Any),
    ("withdrawEnrollment", Kind::Enrollment, State::Live),
    ("completeEnrollment", Kind::Enrollment, State::Live),
    ("getDayReport", Kind::DayReport, State::Any),
    ("createLesson", Kind::Class, State::Live),
    ("listClassLessons", Kind::Class, State::Any),
    ("getLesson", Kind::Lesson, State::Any),
    ("changeLesson", Kind::Lesson, State::Live),
    ("archiveLesson", Kind::Lesson, State::Live),
    ("unarchiveLesson", Kind::Lesson, State::Deleted),
    ("listRoster", Kind::TaughtClass, State::Any),
    ("callRoll", Kind::Lesson, State::Any),
    ("getRollCall", Kind::Lesson, State::Any),
    ("endSession", Kind::Session, State::Live),
    ("getCustomField", Kind::CustomField, State::Any),
    ("getCustomFieldHistory", Kind::CustomField, State::Any),
    ("changeCustomField", Kind::CustomField, State::Live),
    ("archiveCustomField", Kind::CustomField, State::Live),
    ("unarchiveCustomField", Kind::CustomField, State::Deleted),
    ("getSourceChannel", Kind::SourceChannel, State::Any),
    ("changeSourceChannel", Kind::SourceChannel, State::Live),
    ("archiveSourceChannel", Kind::SourceChannel, State::Live),
    (
        "unarchiveSourceChannel",
        Kind::SourceChannel,
        State::Deleted,
    ),
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
    ("getPosition", Kind::Position, State::Any),
    ("changePosition", Kind::Position, State::Live),
    ("archivePosition", Kind::Position, State::Live),
    ("unarchivePosition", Kind::Position, State::Deleted),
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
    ("getRoleRule", Kind::RoleRule, State::Live),
    ("endRoleRule", Kind::RoleRule, State::Live),
    ("getStaff", Kind::Staff, State::Any),
    ("changeStaff", Kind::Staff, State::Any),
    ("getStaffRoles", Kind::Staff, State::Any),
    ("setStaffRoles", Kind::Staff, State::Any),
    ("listStaffAgreements", Kind::Staff, State::Any),
    ("recordStaffAgreement", Kind::Staff, State::Any),
    ("getStaffAgreement", Kind::StaffAgreement, State::Any),
    ("suspendStaff", Kind::Staff, State::Live),
    ("resetStaffPassword", Kind::Staff, State::Any),
    ("listStaffSessions", Kind::Staff, State::Any),
    ("endStaffSessions", Kind::Staff, State::Any),
    ("reinstateStaff", Kind::Staff, State::Deleted),
    ("leaveStaff", Kind::Staff, State::Any),
    ("getApiClient", Kind::ApiClient, State::Any),
    ("changeApiClient", Kind::ApiClient, State::Live),
    ("revokeApiClient", Kind::ApiClient, State::Live),
    ("createApiKey", Kind::ApiClient, State::Live),
    ("getApiKey", Kind::ApiKey, State::Live),
    ("endApiKey", Kind::ApiKey, State::Live),
    ("uploadCustomerFile", Kind::Customer, State::Live),
    ("listCustomerFiles", Kind::Customer, State::Live),
    ("removeCustomerFile", Kind::CustomerFile, State::Live),
    ("useFileAsPhoto", Kind::CustomerFile, State::Live),
    ("removeCustomerPhoto", Kind::CustomerPhoto, State::Live),
    ("getFile", Kind::File, State::Live),
    ("createDownloadLink", Kind::File, State::Live),
    ("downloadFile", Kind::File, State::Live),
    ("getJob", Kind::Job, State::Live),
    ("cancelJob", Kind::Job, State::Live),
    ("readNotice", Kind::Notice, State::Live),
    ("getImport", Kind::Import, State::Live),
    ("listImportRows", Kind::Import, State::Live),
    ("previewImportUndo", Kind::Import, State::Live),
    ("undoImport", Kind::Import, State::Live),
    ("getImportTemplate", Kind::ImportTemplate, State::Live),
    ("changeImportTemplate", Kind::ImportTemplate, State::Live),
    ("deleteImportTemplate", Kind::ImportTemplate, State::Live),
    ("getExport", Kind::Export, State::Live),
    ("downloadExport", Kind::Export, State::Live),
    ("getShareRequest", Kind::ShareRequest, State::Live),
    ("takeBackShareRequest", Kind::ShareRequest, State::Live),
    (
        "getReceivedShareRequest",
        Kind::ReceivedShareRequest,
        State::Any,
    ),
    ("grantShareRequest", Kind::ReceivedShareRequest, State::Live),
    (
        "refuseShareRequest",
        Kind::ReceivedShareRequest,
        State::Live,
    ),
    ("getView", Kind::View, State::Live),
    ("changeView", Kind::View, State::Live),
    ("deleteView", Kind::View, State::Live),
    ("countView", Kind::View, State::Live),
    ("getApprovalPolicy", Kind::ApprovalPolicy, State::Any),
    ("changeApprovalPolicy", Kind::ApprovalPolicy, State::Live),
    ("archiveApprovalPolicy", Kind::ApprovalPolicy, State::Live),
    (
        "unarchiveApprovalPolicy",
        Kind::ApprovalPolicy,
        State::Deleted,
    ),
    ("getApproval", Kind::Approval, State::Live),
    ("recallApproval", Kind::Approval, State::Live),
    ("decideApproval", Kind::ReceivedApproval, State::Live),
    ("delegateApproval", Kind::ReceivedApproval, State::Live),
];

/// What everybody may do to what is his own.
pub const ONESELF: &str = "self";

/// Operations that the example of the document can't do, since it names a secret or a file of
/// somebody's.
/// This list may only shrink.
pub const NOT_BY_EXAMPLE: &[&str] = &["changePassword", "createImport", "proposeMapping"];

/// Operations that look at a second permission, since nobody gives more than they hold.
pub const ALSO_NEEDS: &[(&str, &str)] = &[
    ("shareCustomer", "customers:read"),
    ("grantShareRequest", "customers:read"),
    ("createExport", "customers:read"),
    ("previewScreening", "customers:read"),
    ("runScreening", "customers:read"),
    ("createRole", "customers:read"),
];

/// Operations that refuse every API client, whatever record it names.
pub const NOT_BY_PROGRAMS: &[&str] = &["askForShare", "endSession", "logOut"];

/// Operations that make what all campuses share, of a permission that may be held for less than the
/// whole institution.
pub const ON_WHAT_ALL_SHARE: &[&str] = &["createSubject", "createCourse"];

/// Operations after which a session is no more.
pub const LEAVES: &[&str] = &["logOut"];

/// What everybody holds who works here.
pub const DIRECTORY: &str = "directory:read";

/// Operations with something in their path that is no record. This list may only shrink.
pub const NO_RECORD: &[&str] = &["getProblemType"];

/// The row of an operation.
pub fn row(operation: &str) -> (Kind, State) {
    let found = ROWS.iter().find(|(name, ..)| *name == operation);
    assert!(
        found.is_some(),
        "{operation} has an id in its path: give it a row in tests/harness/policy/rows.rs"
    );
    let (_, kind, state) = found.unwrap();
    (*kind, *state)
}

/// The kind of what a list's items are, by the name of the list's schema.
pub fn listed(schema: &str) -> Kind {
    let kinds = [
        ("CustomerPage", Kind::Customer),
        ("CollectionPage", Kind::Collection),
        ("CleaningEntryPage", Kind::CleaningEntry),
        ("FilingPage", Kind::Filing),
        ("ScreeningRulePage", Kind::ScreeningRule),
        ("ScreeningRunPage", Kind::ScreeningRun),
        ("FollowUpPage", Kind::FollowUp),
        ("JobPage", Kind::Job),
        ("NoticePage", Kind::Notice),
        ("ImportPage", Kind::Import),
        ("ImportTemplatePage", Kind::ImportTemplate),
        ("ExportPage", Kind::Export),
        ("CustomerMergePage", Kind::Merge),
        ("ShareRequestPage", Kind::ShareRequest),
        ("ReceivedShareRequestPage", Kind::ReceivedShareRequest),
        ("ViewPage", Kind::View),
        ("ApprovalPolicyPage", Kind::ApprovalPolicy),
        ("ApprovalPage", Kind::Approval),
        ("EnrollmentPage", Kind::Enrollment),
        ("AuditEventPage", Kind::AuditEvent),
        ("PrivacyNoticePage", Kind::PrivacyNotice),
        ("PrivacyRequestPage", Kind::PrivacyRequest),
        ("LegalHoldPage", Kind::LegalHold),
        ("RetentionRunPage", Kind::RetentionRun),
        ("PersonalDataExportPage", Kind::PersonalDataExport),
        ("RecipientPage", Kind::Recipient),
        ("DisclosurePage", Kind::Disclosure),
        ("InsightPage", Kind::Insight),
        ("ErasurePage", Kind::Erasure),
        ("CustomFieldPage", Kind::CustomField),
        ("SourceChannelPage", Kind::SourceChannel),
        ("TagCategoryPage", Kind::TagCategory),
        ("TagPage", Kind::Tag),
        ("SubjectPage", Kind::Subject),
        ("CoursePage", Kind::Course),
        ("ClassPage", Kind::Class),
        ("LessonPage", Kind::Lesson),
        ("RegionPage", Kind::Region),
        ("CampusPage", Kind::Campus),
        ("DepartmentPage", Kind::Department),
        ("PositionPage", Kind::Position),
        ("TeamPage", Kind::Team),
        ("GroupPage", Kind::Group),
        ("RolePage", Kind::Role),
        ("RoleRulePage", Kind::RoleRule),
        ("StaffPage", Kind::Staff),
        ("ApiClientPage", Kind::ApiClient),
        ("ChargePage", Kind::Charge),
        ("PaymentPage", Kind::Payment),
        ("ReceivablePage", Kind::Receivable),
        ("JournalEntryPage", Kind::JournalEntry),
    ];
    let found = kinds.iter().find(|(name, _)| *name == schema);
    assert!(
        found.is_some(),
        "{schema} is a list of something new: give it a kind"
    );
    found.unwrap().1
}
