//! What is known of one person, in one document (查阅复制, 可携带; PRIV-03, article 45 of the personal
//! information protection law).

use jiff::Timestamp;

use super::{
    PrivacyRequest, REQUEST_ASKS_FOR_NO_DATA, REQUEST_NOT_GRANTED, RequestKind, RequestStatus,
};
use crate::{
    access::Principal, customers::Customer, fault::Fault, files::StoredFile, id::Id, text_enum,
};

text_enum! {
    /// Why something is not told to the person whom it is about.
    Withheld as "PersonalDataWithheld" {
        OtherPeople = "other_people" { "涉及他人", "It tells of other people" }
        Technical = "technical" { "仅供系统查找和保存", "It only serves to find or to keep the data" }
        Repeated = "repeated" { "文件其他部分已列出", "The document tells it elsewhere" }
    }
}

/// A document with everything that is known of a person.
#[derive(Clone, Debug)]
pub struct PersonalDataExport {
    pub id: Id<PersonalDataExport>,
    pub customer: Id<Customer>,
    /// The request that it answers.
    pub request: Id<PrivacyRequest>,
    /// Who had it made.
    pub owner: Id<Principal>,
    pub file: Id<StoredFile>,
    /// When its file goes.
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

impl PrivacyRequest {
    /// Makes sure that a document may be made for it.
    ///
    /// # Errors
    /// 409 unless it asks for data, and was granted.
    pub fn answered_by_document(&self) -> Result<(), Fault> {
        let kinds = [
            RequestKind::Access,
            RequestKind::Copy,
            RequestKind::Transfer,
        ];
        if !kinds.contains(&self.kind) {
            return Err(Fault::new(&REQUEST_ASKS_FOR_NO_DATA));
        }
        match self.status {
            RequestStatus::Granted => Ok(()),
            _ => Err(Fault::new(&REQUEST_NOT_GRANTED)),
        }
    }
}
