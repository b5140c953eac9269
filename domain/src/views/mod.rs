//! Views (视图): searches that are kept under a name, for oneself, one's team or everybody.
//!
//! A view says what is looked for, never what is found: it is run with the rights of whoever runs it.
//! What it looks for is kept as it was read, with the version of the language of its conditions.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    access::Principal, conditions::VERSION, custom_fields::SEALED, fault::Fault, id::Id,
    organization::Team, rules, stamp::Stamp, text, text_enum,
};

rules! {
    VIEW_OUTDATED = Conflict "view_outdated" {
        "视图的条件已不再适用", "The view can't be read any more";
        "请重新设置该视图的条件。", "Its conditions were kept by an older version: set what it looks for anew." }
    VIEW_NOT_OWN = Denied "view_not_own" {
        "这是他人的视图", "Somebody else's view";
        "只有创建人可以修改；也可以另存为自己的视图。", "Only whoever made it changes it; keep a view of your own." }
    VIEW_TEAM_MISSING = Invalid "view_team_missing" {
        "不属于任何团队", "In no team";
        "没有所属团队，不能与团队共享。", "Who is in no team has none to show it to." }
    VIEW_HAS_FILTERS = Invalid "view_has_filters" {
        "视图已有筛选", "The view has filters";
        "请用 conditions 进一步限定。", "Narrow it by conditions." }
    VIEW_TOO_LARGE = Invalid "view_too_large" {
        "视图的条件过长", "The view looks for too much";
        "最多 {max} 字节，请减少条件中的值。", "At most {max} bytes: name fewer values." }
    TOO_MANY_VIEWS = Conflict "too_many_views" {
        "视图过多", "Too many views";
        "每人最多 {max} 个，请先删除不用的视图。", "One keeps at most {max}: delete those that are of no use." }
}

text_enum! {
    /// Who sees a view beside its owner.
    Audience as "ViewAudience" {
        Own = "own" { "仅本人", "Oneself" }
        Team = "team" { "团队", "The team" }
        Institution = "institution" { "全机构", "Everybody" }
    }
}

text_enum! {
    /// What a view finds.
    ViewEntity as "ViewEntity" {
        Customers = "customers" { "客户", "Customers" }
    }
}

/// Longest name, in characters.
pub const NAME_MAX: usize = 100;
/// Longest search, in bytes of JSON.
pub const SEARCH_MAX: usize = 32 * 1024;
/// Views of one person, at most.
pub const VIEWS_MAX: i64 = 200;

/// A search that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct View {
    pub id: Id<View>,
    pub version: i64,
    pub entity: ViewEntity,
    pub name: String,
    pub audience: Audience,
    pub owner: Id<Principal>,
    /// The owner's, when it was last shown to the team.
    pub team: Option<Id<Team>>,
    /// Version of the language of its conditions.
    pub language: i16,
    /// What is looked for, as the contract has it.
    pub search: Value,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Searches hold names.
impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({})", self.id)
    }
}

/// What a view is, as it is asked for.
#[derive(Clone)]
pub struct NewView {
    pub entity: ViewEntity,
    pub name: String,
    pub audience: Audience,
    /// Of the owner, where there is one.
    pub team: Option<Id<Team>>,
    pub search: Value,
}

impl View {
    /// A new view of somebody.
    ///
    /// # Errors
    /// 422 where the name is none, or the owner has no team to show it to.
    pub fn create(new: NewView, owner: Id<Principal>, stamp: &Stamp) -> Result<Self, Fault> {
        Ok(Self {
            id: stamp.id(),
            version: 1,
            entity: new.entity,
            name: text::line("/name", &new.name, NAME_MAX)?,
            audience: new.audience,
            owner,
            team: shown_to(new.audience, new.team)?,
            language: VERSION,
            search: new.search,
            created_at: stamp.now(),
            updated_at: stamp.now(),
        })
    }

    /// The view as it shall be; the same where nothing differs. What it looks for is of the language of
    /// today where it is given anew.
    ///
    /// # Errors
    /// As [`View::create`].
    pub fn change(&self, new: NewView, stamp: &Stamp) -> Result<Self, Fault> {
        let changed = Self {
            name: text::line("/name", &new.name, NAME_MAX)?,
            audience: new.audience,
            team: shown_to(new.audience, new.team)?,
            language: match new.search == self.search {
                true => self.language,
                false => VERSION,
            },
            search: new.search,
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

/// What is typed into a search of its own may be a person.
const TYPED: [&str; 6] = ["query", "name", "phone", "email", "address", "note"];

/// What a search looks for, as the trail and whoever agrees to an export are told: without words that may be
/// those of a person.
pub fn told(search: &Value) -> Value {
    let mut told = search.clone();
    if let Some(told) = told.as_object_mut() {
        for name in TYPED {
            if let Some(typed) = told.get_mut(name) {
                *typed = SEALED.into();
            }
        }
        if let Some(conditions) = told.get_mut("conditions") {
            hide_words(conditions);
        }
    }
    told
}

/// Hides what leaves of a tree compare names and notes with, and parts of words.
fn hide_words(tree: &mut Value) {
    match tree {
        Value::Object(node) => {
            let is = |name: &str, among: &[&str]| {
                let said = node.get(name).and_then(Value::as_str);
                said.is_some_and(|said| among.contains(&said))
            };
            if is("field", &["name", "note"]) || is("op", &["contains", "starts_with"]) {
                if let Some(value) = node.get_mut("value") {
                    *value = SEALED.into();
                }
            } else {
                node.values_mut().for_each(hide_words);
            }
        }
        Value::Array(trees) => trees.iter_mut().for_each(hide_words),
        _ => {}
    }
}

fn shown_to(audience: Audience, team: Option<Id<Team>>) -> Result<Option<Id<Team>>, Fault> {
    match (audience, team) {
        (Audience::Own | Audience::Institution, _) => Ok(None),
        (Audience::Team, Some(team)) => Ok(Some(team)),
        (Audience::Team, None) => Err(Fault::field("/audience", &VIEW_TEAM_MISSING)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_search_no_words_of_a_person_are_told() {
        let leaf =
            |field: &str, op: &str, value: Value| json!({"field": field, "op": op, "value": value});
        let search = |name: Value, words: Value, part: Value| {
            json!({
                "phone": name, "sort": "name", "filters": {"intent": [4]},
                "conditions": {"all": [
                    leaf("name", "in", words.clone()), {"not": leaf("school", "contains", part)},
                    leaf("school", "eq", json!("一中")), leaf("intent", "gte", json!(3)),
                ]},
            })
        };
        let whole = search(json!("13800138000"), json!(["张伟"]), json!("张"));
        let hidden = search(json!("***"), json!("***"), json!("***"));
        assert_eq!(told(&whole), hidden);
    }
}
