//! Templates (导入模板): how lists of some form are read, kept under a name.

use jiff::Timestamp;

use super::{
    choice::{Choice, ImportKey, KEY_NOT_FOR_CREATING},
    header::{LeadField, plain},
    outcome::{FIELD_TAKEN, ImportEntity},
};
use crate::{
    access::Principal,
    fault::{Fault, FieldFault},
    id::Id,
    rules,
    stamp::Stamp,
    text, text_enum,
};

rules! {
    TEMPLATE_NOT_OWN = Denied "import_template_not_own" {
        "这是他人的导入模板", "Somebody else's template";
        "只有创建人可以修改；也可以另存为自己的模板。", "Only whoever made it changes it; keep a template of your own." }
    TOO_MANY_TEMPLATES = Conflict "too_many_import_templates" {
        "导入模板过多", "Too many templates";
        "每人最多 {max} 个，请先删除不用的模板。", "One keeps at most {max}: delete those that are of no use." }
    HEADING_REPEATED = Invalid "heading_repeated" {
        "表头重复", "The heading is there twice";
        "每个表头只能对应一个字段。", "Each heading stands for one field." }
    TEMPLATE_AND_MAPPING = Invalid "template_and_mapping" {
        "模板已包含列对应关系", "The template says what the columns hold";
        "请只提供模板或列对应关系之一。", "Send a template or a mapping, not both." }
}

text_enum! {
    /// Who sees a template beside its owner.
    TemplateAudience as "ImportTemplateAudience" {
        Own = "own" { "仅本人", "Oneself" }
        Institution = "institution" { "全机构", "Everybody who may import" }
    }
}

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;
/// Longest heading, in characters.
pub const HEADING_MAX: usize = 200;
/// Templates of one person, at most.
pub const TEMPLATES_MAX: i64 = 200;

/// What stands under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateColumn {
    pub header: String,
    pub field: LeadField,
}

/// How lists of some form are read.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportTemplate {
    pub id: Id<ImportTemplate>,
    pub version: i64,
    pub owner: Id<Principal>,
    pub audience: TemplateAudience,
    pub entity: ImportEntity,
    pub name: String,
    pub columns: Vec<TemplateColumn>,
    pub choice: Choice,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// People write names into them.
impl std::fmt::Debug for ImportTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportTemplate({})", self.id)
    }
}

/// What a template is, as it is asked for.
#[derive(Clone)]
pub struct NewTemplate {
    pub audience: TemplateAudience,
    pub entity: ImportEntity,
    pub name: String,
    pub columns: Vec<TemplateColumn>,
    pub choice: Choice,
}

impl NewTemplate {
    fn checked(self) -> Result<Self, Fault> {
        let name = text::line("/name", &self.name, NAME_MAX);
        let mut faults = Vec::new();
        let mut columns: Vec<TemplateColumn> = Vec::new();
        for (place, column) in self.columns.into_iter().enumerate() {
            let at = |name: &str| format!("/columns/{place}/{name}");
            let header = text::line("", &column.header, HEADING_MAX).unwrap_or_else(|fault| {
                let pointer = at("header").into();
                faults.push(FieldFault { pointer, ..fault });
                String::new()
            });
            if columns.iter().any(|known| is_same(&known.header, &header)) {
                faults.push(FieldFault::new(at("header"), &HEADING_REPEATED));
            }
            let is_taken = columns.iter().any(|known| known.field == column.field);
            if is_taken && column.field != LeadField::Ignore {
                faults.push(FieldFault::new(at("field"), &FIELD_TAKEN));
            }
            columns.push(TemplateColumn { header, ..column });
        }
        let fields: Vec<_> = columns.iter().map(|column| Some(column.field)).collect();
        if let Err(rule) = self.choice.check_mapping(&fields) {
            faults.push(FieldFault::new("/columns", rule));
        }
        if !self.choice.updates() && self.choice.key != ImportKey::Household {
            faults.push(FieldFault::new("/key", &KEY_NOT_FOR_CREATING));
        }
        let (name, ()) = Fault::both(name.map_err(Fault::from), Fault::unless_empty(faults))?;
        Ok(Self {
            name,
            columns,
            ..self
        })
    }
}

impl ImportTemplate {
    /// A new template of somebody.
    ///
    /// # Errors
    /// 422 where a field breaks a rule.
    pub fn create(new: NewTemplate, owner: Id<Principal>, stamp: &Stamp) -> Result<Self, Fault> {
        let new = new.checked()?;
        Ok(Self {
            id: stamp.id(),
            version: 1,
            owner,
            audience: new.audience,
            entity: new.entity,
            name: new.name,
            columns: new.columns,
            choice: new.choice,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    /// The template as it shall be; the same where nothing differs.
    ///
    /// # Errors
    /// As [`ImportTemplate::create`].
    pub fn change(&self, new: NewTemplate, stamp: &Stamp) -> Result<Self, Fault> {
        let new = new.checked()?;
        let changed = Self {
            audience: new.audience,
            name: new.name,
            columns: new.columns,
            choice: new.choice,
            ..self.clone()
        };
        if changed == *self {
            return Ok(changed);
        }
        Ok(Self {
            version: self.version + 1,
            updated_at: stamp.now(),
            ..changed
        })
    }
}

/// The fields of a table with these headings; columns that a template doesn't know hold nothing.
pub fn mapping(columns: &[TemplateColumn], headers: &[&str]) -> Vec<Option<LeadField>> {
    let mut taken = Vec::new();
    let field = |header: &&str| {
        let column = columns
            .iter()
            .find(|column| is_same(&column.header, header))?;
        let is_free = column.field == LeadField::Ignore || !taken.contains(&column.field);
        taken.push(column.field);
        is_free.then_some(column.field)
    };
    headers.iter().map(field).collect()
}

/// Whether two headings are the same but for punctuation and remarks in brackets.
fn is_same(one: &str, other: &str) -> bool {
    let (a, b) = (plain(one), plain(other));
    if a.is_empty() {
        one.trim() == other.trim()
    } else {
        a == b
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::choice::{ImportAction, ListChange};

    fn column(header: &str, field: LeadField) -> TemplateColumn {
        TemplateColumn {
            header: header.into(),
            field,
        }
    }

    #[test]
    fn headings_are_known_again_wherever_they_stand() {
        let columns = [
            column("学员", LeadField::Name),
            column("家长手机", LeadField::Phone),
        ];
        assert_eq!(
            mapping(&columns, &["星座", "*家长 手机（必填）", "学员", "学员"]),
            [None, Some(LeadField::Phone), Some(LeadField::Name), None]
        );
    }

    #[test]
    fn each_heading_and_each_field_stands_once() {
        let template = |columns: Vec<TemplateColumn>| {
            let new = NewTemplate {
                audience: TemplateAudience::Own,
                entity: ImportEntity::Customers,
                name: "地推表".into(),
                columns,
                choice: Choice {
                    action: ImportAction::Create,
                    key: ImportKey::Household,
                    lists: ListChange::Append,
                },
            };
            let faults = new.checked().map_err(|fault| fault.fields);
            faults
                .map_err(|all| all.iter().map(|one| one.rule.code).collect::<Vec<_>>())
                .map(drop)
        };
        assert_eq!(template(vec![column("学员", LeadField::Name)]), Ok(()));
        let twice = vec![
            column("学员", LeadField::Name),
            column("学员：", LeadField::Name),
        ];
        assert_eq!(
            template(twice),
            Err(vec!["heading_repeated", "field_taken"])
        );
        let nameless = vec![column("电话", LeadField::Phone)];
        assert_eq!(template(nameless), Err(vec!["name_column_missing"]));
    }
}
