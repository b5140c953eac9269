//! Use cases of confidentiality agreements: load, decide, save.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    access::{Oneself, OrganizationWrite, Permissions, StaffWrite, may_decide},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    files::OF_AGREEMENT,
    id::Id,
    organization::{AGREEMENT_UNSIGNED, Agreement, AgreementText, NewAgreement, Staff},
};
use jiff::tz::TimeZone;
use persistence::{
    Error, Tx,
    access::{Grant, Reads},
    files::store as files,
    organization::{agreements as store, role_rules::governors, staff, store::institution_zone},
};

use super::{RecordAgreement, SetAgreementText};
use crate::http::IfMatch;

/// Who lacks an agreement before a change that demands more.
pub struct ShutOut {
    people: BTreeSet<Id<Staff>>,
    governors: BTreeMap<Id<Staff>, Permissions>,
}

impl ShutOut {
    pub async fn before(tx: &Tx) -> Result<Self, Error> {
        Ok(Self {
            people: store::shut_out(tx).await?,
            governors: governors(tx).await?,
        })
    }

    /// Judges who lacks one after it: nobody shuts out themselves, nor those who govern others and
    /// hold more.
    ///
    /// # Errors
    /// 409 where the caller would have to sign first, 403 for the others.
    pub async fn judge(self, tx: &Tx) -> Result<(), Error> {
        let after = store::shut_out(tx).await?;
        let Some(authority) = &tx.operation().authority else {
            return Ok(());
        };
        for person in after.difference(&self.people) {
            if person.uuid() == tx.operation().actor.principal {
                return Err(Fault::new(&AGREEMENT_UNSIGNED).into());
            }
            if let Some(theirs) = self.governors.get(person) {
                may_decide(authority.permissions(), theirs)?;
            }
        }
        Ok(())
    }
}

/// Puts another version of the text into force. Who signed an older one only is shut out at once,
/// where a role demands the agreement.
///
/// # Errors
/// 422 for a version below the one in force; 409 and 403 as [`ShutOut::judge`] says.
pub async fn set_text(
    tx: &Tx,
    grant: &Grant<OrganizationWrite>,
    condition: IfMatch,
    body: SetAgreementText,
) -> Result<AgreementText, Error> {
    let before = store::text(tx, grant).await?;
    condition.check(before.version)?;
    let after = before.raise(body.version)?;
    if after == before {
        return Ok(after);
    }
    let shut_out = ShutOut::before(tx).await?;
    store::set_text(tx, grant, before, after).await?;
    shut_out.judge(tx).await?;
    Ok(after)
}

/// Records that a person has signed.
///
/// # Errors
/// 404 where there is no such person, 422 where a field breaks a rule or the file is not the
/// caller's.
pub async fn record(
    tx: &Tx,
    grant: &Grant<StaffWrite>,
    own: &Grant<Oneself>,
    id: Id<Staff>,
    body: RecordAgreement,
) -> Result<Agreement, Error> {
    let person = staff::lock(tx, grant, id).await?;
    let person = person.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let institution = Reads::<Agreement>::scope(grant).institution();
    let zone = institution_zone(tx, institution)
        .await?
        .ok_or_else(|| Error::corrupt("no institution"))?;
    let zone = TimeZone::get(&zone).map_err(Error::corrupt)?;
    let new = NewAgreement {
        version: body.version,
        signed_on: body.signed_on,
        file: body.file_id.map(Id::new),
    };
    let by = Id::new(tx.operation().actor.principal);
    let today = tx.now().to_zoned(zone).date();
    let agreement = Agreement::record(person.id, new, by, today, &tx.stamp())?;
    if let Some(file) = agreement.file {
        let unknown = || FieldFault::new("/file_id", &REFERENCE_UNKNOWN);
        let free = files::find(tx, own, file, tx.now())
            .await?
            .filter(|file| file.attached_to.is_none())
            .ok_or_else(unknown)?;
        let record = (OF_AGREEMENT, agreement.id.uuid());
        if !files::attach(tx, institution, free.id, record, None).await? {
            return Err(unknown().into());
        }
    }
    store::insert(tx, grant, &agreement).await?;
    Ok(agreement)
}
