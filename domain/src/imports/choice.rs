//! What an import does with rows whose customer is there, and by what it knows that.

use super::{header::LeadField, outcome::NAME_COLUMN_MISSING};
use crate::{fault::Rule, rules, text_enum};

text_enum! {
    /// What an import does with a row whose customer is there, and with one whose customer is not.
    ImportAction as "ImportAction" {
        Create = "create" { "新增", "Create: who is there stays as it is, and is told as a duplicate" }
        Skip = "skip" { "跳过已有", "Create: rows of who is there are left out" }
        Update = "update" { "更新", "Update who is there; other rows are left out" }
        Upsert = "upsert" { "新增或更新", "Update who is there, create who is not" }
    }
}

text_enum! {
    /// By what the customer of a row is known.
    ImportKey as "ImportKey" {
        Household = "household" { "姓名与电话或家长", "Name and phone, or name, birth date and guardian" }
        Phone = "phone" { "电话", "A phone of its own, not of its guardian" }
        Email = "email" { "邮箱", "E-mail" }
        Id = "id" { "客户编号", "Id of the customer" }
    }
}

text_enum! {
    /// What becomes of tags and contact points that a customer has, where a row tells others.
    ListChange as "ImportLists" {
        Append = "append" { "追加", "They stay" }
        Replace = "replace" { "替换", "They go" }
    }
}

rules! {
    KEY_COLUMN_MISSING = Invalid "key_column_missing" {
        "缺少匹配列", "There is no column of the key";
        "请指定哪一列是用于匹配的字段。", "Say which column holds what customers are to be found by." }
    KEY_NOT_FOR_CREATING = Invalid "key_not_for_creating" {
        "该匹配方式只用于更新", "Such a key is for updates";
        "新增时按姓名与电话或家长匹配。", "Who is only created is known by name and phone or guardian." }
    KEY_MISSING = Invalid "key_missing" {
        "缺少匹配值", "The row has no key";
        "该行没有用于匹配的值。", "It doesn't tell by what its customer is to be found." }
    KEY_AMBIGUOUS = Invalid "key_ambiguous" {
        "匹配到多个客户", "The key fits several customers";
        "请使用能唯一确定客户的匹配方式。", "Find them by a key that only one of them has." }
    CUSTOMER_UNKNOWN = Invalid "customer_unknown" {
        "没有匹配的客户", "No such customer";
        "您可修改的客户中没有匹配的。", "None that you may change has this key." }
}

/// What an import does with rows, and by what it knows their customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub action: ImportAction,
    pub key: ImportKey,
    pub lists: ListChange,
}

impl Choice {
    /// Who is there stays as it is.
    pub const CREATE: Self = Self {
        action: ImportAction::Create,
        key: ImportKey::Household,
        lists: ListChange::Append,
    };

    /// Whether it changes customers who are there.
    pub fn updates(&self) -> bool {
        matches!(self.action, ImportAction::Update | ImportAction::Upsert)
    }

    /// Whether each row must tell a name.
    pub fn needs_name(&self) -> bool {
        self.action != ImportAction::Update || self.key == ImportKey::Household
    }

    /// Whether columns can be imported so as they are mapped.
    ///
    /// # Errors
    /// `name_column_missing`, `key_column_missing`.
    pub fn check_mapping(&self, mapping: &[Option<LeadField>]) -> Result<(), &'static Rule> {
        let has = |fields: &[LeadField]| mapping.iter().flatten().any(|held| fields.contains(held));
        if self.needs_name() && !has(&[LeadField::Name]) {
            return Err(&NAME_COLUMN_MISSING);
        }
        let is_there = match self.key {
            ImportKey::Household => true,
            ImportKey::Phone => has(&[
                LeadField::Phone,
                LeadField::OtherPhone,
                LeadField::GuardianPhone,
            ]),
            ImportKey::Email => has(&[LeadField::Email]),
            ImportKey::Id => has(&[LeadField::CustomerId]),
        };
        is_there.then_some(()).ok_or(&KEY_COLUMN_MISSING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_needs_names_where_it_creates_and_the_column_of_its_key() {
        let check = |action, key, mapping: &[LeadField]| {
            let lists = ListChange::Append;
            let mapping: Vec<_> = mapping.iter().copied().map(Some).collect();
            let choice = Choice { action, key, lists };
            choice.check_mapping(&mapping).map_err(|rule| rule.code)
        };
        use ImportAction::{Create, Update, Upsert};
        let missing = Err("name_column_missing");
        assert_eq!(
            check(Create, ImportKey::Household, &[LeadField::Phone]),
            missing
        );
        assert_eq!(
            check(Upsert, ImportKey::Phone, &[LeadField::Phone]),
            missing
        );
        assert_eq!(check(Update, ImportKey::Phone, &[LeadField::Phone]), Ok(()));
        assert_eq!(
            check(Update, ImportKey::Household, &[LeadField::Name]),
            Ok(())
        );
        let keyless = Err("key_column_missing");
        assert_eq!(check(Update, ImportKey::Id, &[LeadField::Name]), keyless);
        assert_eq!(check(Upsert, ImportKey::Email, &[LeadField::Name]), keyless);
    }
}
