//! Filing (归档, CUST-36, CUST-37, DATA-18): a record that somebody checked, and found whole, stands in the
//! archive of its kind, business scope and region until it changes or is taken out.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Customer, Examined, FILING_ENDED, Kind, RECORD_FILED, RECORD_INCOMPLETE, RegionCode};
use crate::{
    access::Principal,
    custom_fields::CustomField,
    fault::Fault,
    id::Id,
    organization::{Campus, Holder},
    stamp::Stamp,
    text, text_enum,
};

text_enum! {
    /// Where a filing stands.
    FilingState as "FilingState" {
        Filed = "filed" { "已归档", "Filed" }
        Changed = "changed" { "归档后有变更", "Changed since it was filed" }
        TakenOut = "taken_out" { "已取出", "Taken out" }
    }
}

/// Longest name of a business scope, in characters.
pub const SCOPE_MAX: usize = 50;
/// Longest reason for taking a record out, in characters.
pub const TAKE_OUT_REASON_MAX: usize = 500;

/// Under what a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilingGroup {
    pub kind: Kind,
    /// As whoever filed it named it; 1 to [`SCOPE_MAX`] characters.
    pub business_scope: Option<String>,
    /// As the record says.
    pub region: Option<RegionCode>,
}

/// How a record was taken out.
#[derive(Clone, PartialEq, Eq)]
pub struct TakenOut {
    pub at: Timestamp,
    /// Nobody where it was the program itself.
    pub by: Option<Id<Principal>>,
    pub reason: String,
}

impl std::fmt::Debug for TakenOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A record in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    pub id: Id<Filing>,
    /// Raised by one with every change.
    pub version: i64,
    pub customer: Id<Customer>,
    pub holder: Id<Holder>,
    pub campus: Id<Campus>,
    pub group: FilingGroup,
    /// The version of the customer that was filed.
    pub customer_version: i64,
    pub created_at: Timestamp,
    pub filed_at: Timestamp,
    /// Who checked it; nobody where it was the program itself.
    pub filed_by: Option<Id<Principal>>,
    /// When the record was first changed since.
    pub changed_at: Option<Timestamp>,
    pub taken_out: Option<TakenOut>,
}

/// What a record is filed under, where nothing that is required is missing.
///
/// # Errors
/// 409 naming what is missing; 422 where the business scope breaks a rule.
fn group(
    examined: &Examined,
    fields: &[CustomField],
    business_scope: Option<&str>,
) -> Result<FilingGroup, Fault> {
    let scope = business_scope.map(|scope| text::line("/business_scope", scope, SCOPE_MAX));
    let business_scope = scope.transpose()?;
    let missing = examined.missing_for_filing(fields);
    if !missing.is_empty() {
        return Err(Fault::new(&RECORD_INCOMPLETE).with("missing", missing.join(", ")));
    }
    Ok(FilingGroup {
        kind: examined.customer.profile.kind,
        business_scope,
        region: examined.customer.details.region_code.clone(),
    })
}

impl Filing {
    /// A record that is filed, or filed anew since it was changed.
    ///
    /// # Errors
    /// As [`group`]; 409 where it is filed as it is.
    pub fn file(
        before: Option<&Self>,
        (examined, fields): (&Examined, &[CustomField]),
        business_scope: Option<&str>,
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if before.is_some_and(|before| before.changed_at.is_none()) {
            return Err(Fault::new(&RECORD_FILED));
        }
        let customer = &examined.customer;
        Ok(Self {
            id: before.map_or_else(|| stamp.id(), |before| before.id),
            version: before.map_or(1, |before| before.version + 1),
            customer: customer.id,
            holder: customer.holder,
            campus: customer.campus,
            group: group(examined, fields, business_scope)?,
            customer_version: customer.version,
            created_at: before.map_or(stamp.now(), |before| before.created_at),
            filed_at: stamp.now(),
            filed_by: by,
            changed_at: None,
            taken_out: None,
        })
    }

    pub fn state(&self) -> FilingState {
        match (&self.taken_out, self.changed_at) {
            (Some(_), _) => FilingState::TakenOut,
            (None, Some(_)) => FilingState::Changed,
            (None, None) => FilingState::Filed,
        }
    }

    /// The filing of a record that was changed; the same where it was before.
    #[must_use]
    pub fn changed(&self, stamp: &Stamp) -> Self {
        if self.state() != FilingState::Filed {
            return self.clone();
        }
        Self {
            version: self.version + 1,
            changed_at: Some(stamp.now()),
            ..self.clone()
        }
    }

    /// The filing of a record that is taken out.
    ///
    /// # Errors
    /// 409 where it was already; 422 where the reason breaks a rule.
    pub fn take_out(
        &self,
        reason: &str,
        by: Option<Id<Principal>>,
        stamp: &Stamp,
    ) -> Result<Self, Fault> {
        if self.taken_out.is_some() {
            return Err(Fault::new(&FILING_ENDED));
        }
        let reason = text::line("/reason", reason, TAKE_OUT_REASON_MAX)?;
        Ok(Self {
            version: self.version + 1,
            taken_out: Some(TakenOut {
                at: stamp.now(),
                by,
                reason,
            }),
            ..self.clone()
        })
    }
}

/// Whether a customer is another record than before, as an archive sees it: in whose hands it is, and who
/// made sure of it, stands elsewhere.
pub fn says_otherwise(before: &Customer, after: &Customer) -> bool {
    before.profile != after.profile
        || before.details != after.details
        || before.custom != after.custom
        || before.contacts != after.contacts
        || before.provenance != after.provenance
}

/// Fields without which nobody judges whether a record of a kind is whole.
pub fn judged_by(kind: Kind, fields: &[CustomField]) -> BTreeSet<&'static str> {
    let own = super::WANTED
        .iter()
        .filter(|wanted| wanted.is_required_of(kind));
    let custom = fields
        .iter()
        .any(|field| !field.required_at.is_empty() && field.fits(kind));
    // Which of them must be known tells the stage.
    let custom = custom.then_some(["custom_fields", "stage"]);
    own.map(|wanted| wanted.field)
        .chain(custom.into_iter().flatten())
        .collect()
}
