//! Who of a list is already known.
//!
//! The same folded name with a shared telephone number is the same child; so is the same folded
//! name with the same birth date and guardian. Another name with the number is another child of
//! the household: brothers and sisters are not duplicates.

use std::collections::HashMap;

use jiff::civil::Date;

use super::lead::Lead;
use crate::{phone::Phone, text::fold};

/// How a lead stands to those already known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<K> {
    New,
    /// The same child as this one.
    Duplicate(K),
    /// Another child who is reached by the same telephone number.
    Sibling(K),
}

/// The leads known so far, by what tells that they are the same. `K` names one of them, such as
/// its row.
pub struct Known<K> {
    children: HashMap<Key, K>,
    households: HashMap<Phone, K>,
}

/// What only one child has. Names are folded.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Reached {
        name: String,
        phone: Phone,
    },
    Born {
        name: String,
        on: Date,
        guardian: String,
    },
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self {
            children: HashMap::new(),
            households: HashMap::new(),
        }
    }
}

impl<K: Copy> Known<K> {
    pub fn standing(&self, lead: &Lead) -> Standing<K> {
        if let Some(known) = keys(lead).find_map(|key| self.children.get(&key)) {
            return Standing::Duplicate(*known);
        }
        match phones(lead).find_map(|phone| self.households.get(phone)) {
            Some(known) => Standing::Sibling(*known),
            None => Standing::New,
        }
    }

    /// Adds a lead. For a duplicate, give the name of the lead that it repeats: what it adds,
    /// such as another number, then leads there too. Who came first is kept.
    pub fn insert(&mut self, who: K, lead: &Lead) {
        for key in keys(lead) {
            self.children.entry(key).or_insert(who);
        }
        for phone in phones(lead) {
            self.households.entry(phone.clone()).or_insert(who);
        }
    }
}

fn keys(lead: &Lead) -> impl Iterator<Item = Key> {
    let name = fold(&lead.name);
    let born = lead
        .birth_date
        .zip(lead.guardian_name.as_deref())
        .map(|(on, guardian)| Key::Born {
            name: name.clone(),
            on,
            guardian: fold(guardian),
        });
    let reached = phones(lead).cloned().map(move |phone| Key::Reached {
        name: name.clone(),
        phone,
    });
    reached.chain(born)
}

fn phones(lead: &Lead) -> impl Iterator<Item = &Phone> {
    lead.phones.iter().chain(&lead.guardian_phones)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::imports::{header::propose, lead::read_row};

    fn lead(cells: [&str; 5]) -> Lead {
        let mapping = propose(&["姓名", "出生日期", "家长姓名", "手机号", "家长电话"]);
        read_row(&mapping, &cells, date(2026, 9, 1)).unwrap()
    }

    fn known() -> Known<u32> {
        let mut known = Known::default();
        known.insert(1, &lead(["张伟", "2015-06-01", "李红", "13800138000", ""]));
        known
    }

    #[test]
    fn the_same_name_and_number_is_the_same_child() {
        for cells in [
            ["张 伟", "", "", "+86 138-0013-8000", ""],
            ["张伟", "2014-01-01", "王强", "13900139000/13800138000", ""],
            ["张伟", "", "", "", "13800138000"],
        ] {
            assert_eq!(known().standing(&lead(cells)), Standing::Duplicate(1));
        }
    }

    #[test]
    fn the_same_name_birth_date_and_guardian_is_the_same_child() {
        let other_number = lead(["张伟", "2015/6/1", "李 红", "13900139000", ""]);
        assert_eq!(known().standing(&other_number), Standing::Duplicate(1));
        let other_guardian = lead(["张伟", "2015/6/1", "王强", "13900139000", ""]);
        assert_eq!(known().standing(&other_guardian), Standing::New);
        let no_guardian = lead(["张伟", "2015/6/1", "", "", ""]);
        assert_eq!(known().standing(&no_guardian), Standing::New);
    }

    #[test]
    fn brothers_and_sisters_are_not_duplicates() {
        let sister = lead(["张敏", "2015-06-01", "李红", "13800138000", ""]);
        assert_eq!(known().standing(&sister), Standing::Sibling(1));
        let mut known = known();
        known.insert(2, &sister);
        assert_eq!(known.standing(&sister), Standing::Duplicate(2));
    }

    #[test]
    fn a_duplicate_adds_its_other_number() {
        let mut known = known();
        known.insert(1, &lead(["张伟", "", "", "13800138000/13900139000", ""]));
        let third = lead(["张伟", "", "", "13900139000", ""]);
        assert_eq!(known.standing(&third), Standing::Duplicate(1));
    }
}
