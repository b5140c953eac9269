//! Collections (信息采集): each time when data of a customer were taken in (CUST-26, CUST-24).
//!
//! The first one is that with which the customer was created, and has its id: where it was met, when and by
//! whom are the customer's own. A collection is corrected, never overwritten: what was said before stays as an
//! earlier version.

use jiff::Timestamp;
use uuid::Uuid;

use super::{COLLECTED_IN_FUTURE, ChannelCode, Customer, FormVersion};
use crate::{
    fault::{Fault, FieldFault, TOO_MANY},
    files::StoredFile,
    id::Id,
    organization::{Department, Staff},
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// On which basis of law data are kept (处理依据; Personal Information Protection Law, article 13).
    LawfulBasis as "LawfulBasis" {
        Consent = "consent" { "取得个人同意", "Consent" }
        Contract = "contract" { "订立、履行合同所必需", "Needed for a contract" }
        LegalDuty = "legal_duty" { "履行法定职责或义务", "Duty by law" }
        Emergency = "emergency" { "应对突发公共卫生事件或紧急情况", "Emergency" }
        PublicInterest = "public_interest" { "公共利益的新闻报道、舆论监督", "Reporting in the public interest" }
        Published = "published" { "本人公开或已合法公开", "Lawfully made public" }
    }
}

/// Entries of a filled form, at most.
pub const FORM_MAX: usize = 100;
/// Longest label of an entry, in characters.
pub const FORM_LABEL_MAX: usize = 100;
/// Longest value of an entry, in characters.
pub const FORM_VALUE_MAX: usize = 1000;
/// Longest name of an event, and of a source document, in characters.
pub const COLLECTION_LINE_MAX: usize = 200;
/// Longest reason of a correction, in characters.
pub const CORRECTION_REASON_MAX: usize = 200;
/// Versions of a collection, at most.
pub const CORRECTIONS_MAX: i64 = 100;

/// How data came to be (CUST-26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    pub channel: ChannelCode,
    pub collected_at: Timestamp,
    pub collector: Option<Id<Staff>>,
    /// Nothing where it was not read: customers do without.
    pub evidence: Evidence,
}

/// What there is beside channel, time and collector.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Which department collected (采集部门, CUST-51).
    pub department: Option<Id<Department>>,
    /// At which event; 1 to [`COLLECTION_LINE_MAX`] characters.
    pub event: Option<String>,
    /// The paper or list that it comes from; 1 to [`COLLECTION_LINE_MAX`] characters.
    pub source_document: Option<String>,
    /// A file of the customer that holds the document.
    pub file: Option<Id<StoredFile>>,
    pub lawful_basis: Option<LawfulBasis>,
    /// The registration form (客户信息登记表, CUST-24) as it was filled: sealed wherever it is stored.
    pub form: Vec<FormEntry>,
    /// Of which version of which form that was.
    pub form_version: Option<FormVersion>,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A line of a filled form.
#[derive(Clone, PartialEq, Eq)]
pub struct FormEntry {
    pub label: String,
    pub value: String,
}

/// One collection, in one of its versions.
#[derive(Clone, Debug)]
pub struct Collection {
    pub id: Id<Collection>,
    pub customer: Id<Customer>,
    /// Raised with every correction.
    pub version: i64,
    pub provenance: Provenance,
    /// When the collection was first recorded.
    pub created_at: Timestamp,
    /// When this version was.
    pub recorded_at: Timestamp,
    pub recorded_by: Option<Uuid>,
    /// Why it was corrected; nothing of the first version.
    pub reason: Option<String>,
}

impl Provenance {
    /// The same in canonical form.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn checked(self, now: Timestamp) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        if self.collected_at > now {
            faults.push(FieldFault::new("/collected_at", &COLLECTED_IN_FUTURE));
        }
        let evidence = self.evidence.checked("").unwrap_or_else(|more| {
            faults.extend(more);
            Evidence::default()
        });
        Fault::unless_empty(faults)?;
        Ok(Self { evidence, ..self })
    }
}

impl Evidence {
    /// The same in canonical form, sent in the part at `pointer`.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn checked(self, pointer: &str) -> Result<Self, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let mut keep = |at: String, checked: Result<String, FieldFault>| {
            checked
                .map_err(|fault| {
                    faults.push(FieldFault {
                        pointer: format!("{pointer}/{at}").into(),
                        ..fault
                    });
                })
                .unwrap_or_default()
        };
        let mut line = |name: &str, text: Option<String>| {
            text.map(|text| keep(name.into(), text::line("", &text, COLLECTION_LINE_MAX)))
        };
        let event = line("event", self.event);
        let source_document = line("source_document", self.source_document);
        let mut form = Vec::new();
        for (place, entry) in self.form.into_iter().enumerate() {
            form.push(FormEntry {
                label: keep(
                    format!("form/{place}/label"),
                    text::line("", &entry.label, FORM_LABEL_MAX),
                ),
                value: keep(
                    format!("form/{place}/value"),
                    text::note("", &entry.value, FORM_VALUE_MAX),
                ),
            });
        }
        if form.len() > FORM_MAX {
            let at = format!("{pointer}/form");
            faults.push(FieldFault::new(at, &TOO_MANY).with("max", FORM_MAX));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            event,
            source_document,
            form,
            ..self
        })
    }
}

impl Collection {
    /// That with which a customer begins.
    pub fn first(customer: &Customer, by: Option<Uuid>) -> Self {
        Self {
            id: customer.id.cast(),
            customer: customer.id,
            version: 1,
            provenance: customer.provenance.clone(),
            created_at: customer.created_at,
            recorded_at: customer.created_at,
            recorded_by: by,
            reason: None,
        }
    }

    /// A later one.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once.
    pub fn record(
        customer: Id<Customer>,
        provenance: Provenance,
        by: Uuid,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        Ok(Self {
            id: stamp.id(),
            customer,
            version: 1,
            provenance: provenance.checked(stamp.now())?,
            created_at: stamp.now(),
            recorded_at: stamp.now(),
            recorded_by: Some(by),
            reason: None,
        })
    }

    /// Whether the customer was created with it.
    pub fn is_first(&self) -> bool {
        self.id.uuid() == self.customer.uuid()
    }

    /// The collection as it should have been recorded; the same where nothing differs.
    ///
    /// # Errors
    /// Every field that breaks a rule, at once; 409 where it was corrected too often.
    pub fn correct(
        &self,
        provenance: Provenance,
        reason: &str,
        by: Uuid,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        let reason = text::line("/reason", reason, CORRECTION_REASON_MAX).map_err(Fault::from);
        let (provenance, reason) = Fault::both(provenance.checked(stamp.now()), reason)?;
        if provenance == self.provenance {
            return Ok(self.clone());
        }
        if self.version >= CORRECTIONS_MAX {
            return Err(Fault::new(&super::TOO_MANY_CORRECTIONS).with("max", CORRECTIONS_MAX));
        }
        Ok(Self {
            version: self.version + 1,
            provenance,
            recorded_at: stamp.now(),
            recorded_by: Some(by),
            reason: Some(reason),
            ..self.clone()
        })
    }
}
