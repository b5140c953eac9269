//! What is kept of a merge, so that it can be undone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::since::Marks;
use crate::{
    Error,
    customers::entity::Snapshot,
    keys::{FieldKeys, SealedAt},
};

/// What it takes to part two again, as it is sealed.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct Kept {
    pub(super) reason: String,
    /// Of the survivor.
    pub(super) before: Snapshot,
    /// Ids of the rows that went, by table and column.
    pub(super) moved: BTreeMap<String, Vec<Uuid>>,
    /// Ids that stood for the duplicate.
    pub(super) carried: Vec<Uuid>,
    /// The next date of one of the two that was settled, since a customer is due once.
    pub(super) settled: Option<(Uuid, i64, i64)>,
    /// Decisions that were added, so that the stricter ones hold.
    pub(super) withdrawn: Vec<Uuid>,
    /// Whose the duplicate was.
    pub(super) holder: Uuid,
    pub(super) campus: Uuid,
    /// Where things stood then.
    #[serde(default)]
    pub(super) marks: Marks,
    /// The sums of the duplicate: charged, credited, paid, credit.
    pub(super) sums: Option<[i64; 4]>,
}

fn place(id: Uuid) -> SealedAt {
    SealedAt {
        table: "customer_merges",
        column: "kept",
        row: id,
    }
}

impl Kept {
    pub(super) fn seal(&self, keys: &FieldKeys, id: Uuid) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(self).map_err(Error::internal)?;
        keys.seal(place(id), &plain)
    }

    pub(super) fn open(keys: &FieldKeys, id: Uuid, sealed: &[u8]) -> Result<Self, Error> {
        let plain = keys.open(place(id), sealed)?;
        serde_json::from_slice(&plain).map_err(Error::corrupt)
    }

    pub(super) fn rows(&self) -> BTreeMap<String, usize> {
        let mut rows = BTreeMap::new();
        for (name, ids) in &self.moved {
            let table = name.split('.').next().unwrap_or_default();
            *rows.entry(table.to_owned()).or_default() += ids.len();
        }
        rows.retain(|_, count| *count > 0);
        rows
    }
}
